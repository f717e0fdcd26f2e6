//! SQL texts over HTTP, each in a session of its own or in one that stays open as a user's does.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use axum::{Json, Router};
use serde::Deserialize;
use serde_json::{Map, Value as JsonValue, json};
use tokio::sync::mpsc;

use super::super::server::Server;
use super::super::session::state::Variables;
use super::super::session::unit::Failure;
use super::super::session::{Capture, Session};
use super::super::sql::run::Answer;
use super::super::user::Act;
use super::super::wire::packet::Message;
use super::{Problem, json_value};

struct Sessions {
    server: Arc<Server>,
    open: Mutex<HashMap<u64, Arc<tokio::sync::Mutex<Kept>>>>,
}

/// A session, and the end of its connection: dropped, the client would be gone.
struct Kept {
    session: Session,
    _alive: mpsc::Sender<Message>,
}

pub(super) fn router(server: Arc<Server>) -> Router {
    let sessions = Arc::new(Sessions {
        server,
        open: Mutex::default(),
    });
    Router::new()
        .route("/sql", post(once))
        .route("/user", post(user))
        .route("/sessions", post(open))
        .route("/sessions/{id}", post(run).delete(close))
        .with_state(sessions)
}

#[derive(Debug, Deserialize)]
struct Statement {
    db: String,
    sql: String,
}

#[derive(Debug, Deserialize)]
struct UserOrder {
    db: String,
    #[serde(flatten)]
    act: Act,
}

#[derive(Debug, Deserialize)]
struct Opening {
    db: String,
}

#[derive(Debug, Deserialize)]
struct Text {
    sql: String,
}

/// Runs a text as a session of its own; what it leaves open is rolled back.
async fn once(
    State(sessions): State<Arc<Sessions>>,
    Json(statement): Json<Statement>,
) -> Result<Response, Problem> {
    let mut kept = begin(&sessions.server, &statement.db)?;
    let answer = text(&mut kept.session, &statement.sql).await;
    kept.session.abandon()?;
    Ok(answer)
}

/// Does what a GP user does.
async fn user(
    State(sessions): State<Arc<Sessions>>,
    Json(order): Json<UserOrder>,
) -> Result<Json<JsonValue>, Problem> {
    let mut kept = begin(&sessions.server, &order.db)?;
    match order.act.done(&mut kept.session).await {
        Ok(done) => Ok(Json(done)),
        Err(Failure::Error(error)) => Err(error.into()),
        Err(Failure::Cancelled | Failure::Gone) => Err(Problem::Bad("interrupted".to_owned())),
    }
}

/// Opens a session that keeps its transaction from one text to the next.
async fn open(
    State(sessions): State<Arc<Sessions>>,
    Json(opening): Json<Opening>,
) -> Result<Json<JsonValue>, Problem> {
    let kept = begin(&sessions.server, &opening.db)?;
    let mut open = sessions.open();
    let id = open.keys().max().map_or(1, |last| last + 1);
    open.insert(id, Arc::new(tokio::sync::Mutex::new(kept)));
    Ok(Json(json!({ "session": id })))
}

async fn run(
    State(sessions): State<Arc<Sessions>>,
    Path(id): Path<u64>,
    Json(statement): Json<Text>,
) -> Result<Response, Problem> {
    let found = sessions.open().get(&id).cloned();
    let found = found.ok_or_else(|| unknown(id))?;
    let mut kept = found.lock().await;
    Ok(text(&mut kept.session, &statement.sql).await)
}

/// Ends a session; what it leaves open is rolled back.
async fn close(
    State(sessions): State<Arc<Sessions>>,
    Path(id): Path<u64>,
) -> Result<StatusCode, Problem> {
    let found = sessions.open().remove(&id);
    let found = found.ok_or_else(|| unknown(id))?;
    found.lock().await.session.abandon()?;
    Ok(StatusCode::NO_CONTENT)
}

impl Sessions {
    fn open(&self) -> std::sync::MutexGuard<'_, HashMap<u64, Arc<tokio::sync::Mutex<Kept>>>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn unknown(id: u64) -> Problem {
    Problem::Missing(format!("no session {id}"))
}

fn begin(server: &Arc<Server>, database: &str) -> Result<Kept, Problem> {
    let begun = Session::detached(server, database);
    let (alive, session) =
        begun.ok_or_else(|| Problem::Missing(format!("no database {database}")))?;
    Ok(Kept {
        session,
        _alive: alive,
    })
}

/// Runs a text and gives its result sets and errors.
async fn text(session: &mut Session, sql: &str) -> Response {
    session.capture = Some(Capture::default());
    let outcome = session.text(sql, &mut Variables::default()).await;
    let mut capture = session.capture.take().unwrap_or_default();
    if let Err(Failure::Error(error)) = outcome {
        capture.errors.push(error);
    }
    let results: Vec<JsonValue> = capture.answers.iter().map(result).collect();
    let errors = capture.errors.iter();
    let errors: Vec<JsonValue> = errors
        .map(|error| json!({ "number": error.number, "message": error.message }))
        .collect();
    let status = if errors.is_empty() {
        StatusCode::OK
    } else {
        StatusCode::BAD_REQUEST
    };
    let body = json!({ "results": results, "errors": errors });
    (status, Json(body)).into_response()
}

fn result(answer: &Answer) -> JsonValue {
    let rows = answer.rows.iter().map(|row| {
        let pairs = answer.columns.iter().zip(row);
        let cells: Map<String, JsonValue> = pairs
            .map(|(column, value)| (column.name.clone(), json_value(value, column.kind)))
            .collect();
        JsonValue::Object(cells)
    });
    json!({ "rows": rows.collect::<Vec<_>>(), "affected": answer.affected })
}
