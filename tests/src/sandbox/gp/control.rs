//! The control API: what tests read and order over HTTP.

mod sessions;

use std::collections::HashMap;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::Deserialize;
use serde_json::{Map, Value as JsonValue, json};

use super::clock;
use super::error::SqlError;
use super::faults::Fault;
use super::heap::snapshot::Backup;
use super::server::Server;
use super::value::{SqlType, Value, moment};

struct Control {
    server: Arc<Server>,
    backups: Mutex<HashMap<String, Backup>>,
}

/// Every route.
pub fn router(server: Arc<Server>) -> Router {
    let sessions = sessions::router(Arc::clone(&server));
    let control = Arc::new(Control {
        server,
        backups: Mutex::new(HashMap::new()),
    });
    Router::new()
        .route("/tables/{database}/{table}", get(table))
        .route("/stats", get(stats))
        .route("/faults", post(add_fault).delete(clear_faults))
        .route("/backup/{database}", post(backup))
        .route("/restore/{database}", post(restore))
        .route("/server", post(set_server))
        .route("/login", post(set_login))
        .route("/user-options", post(set_user_options))
        .route("/forget-prepared", post(forget_prepared))
        .route("/rename-server", post(rename))
        .route("/clock", post(set_clock))
        .with_state(control)
        .merge(sessions)
}

enum Problem {
    Missing(String),
    Bad(String),
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let (status, text) = match self {
            Problem::Missing(text) => (StatusCode::NOT_FOUND, text),
            Problem::Bad(text) => (StatusCode::BAD_REQUEST, text),
        };
        (status, Json(json!({ "error": text }))).into_response()
    }
}

impl From<SqlError> for Problem {
    fn from(error: SqlError) -> Self {
        Problem::Bad(error.to_string())
    }
}

/// A value as JSON: text without padding, exact numbers as text, times in ISO form.
fn json_value(value: &Value, kind: SqlType) -> JsonValue {
    match value {
        Value::Null => JsonValue::Null,
        Value::Int(number) => json!(number),
        Value::Numeric(number) => json!(number.to_string()),
        Value::Float(number) => json!(number),
        Value::Text(text) if kind.padded() => json!(text.trim_end_matches(' ')),
        Value::Text(text) => json!(text),
        Value::Bytes(raw) => json!(hexadecimal(raw)),
        Value::Time(ticks) => json!(moment(*ticks).strftime("%Y-%m-%dT%H:%M:%S%.3f").to_string()),
    }
}

fn hexadecimal(raw: &[u8]) -> String {
    let mut text = String::with_capacity(raw.len() * 2);
    for byte in raw {
        text.push(char::from_digit(u32::from(byte >> 4), 16).unwrap_or('0'));
        text.push(char::from_digit(u32::from(byte & 15), 16).unwrap_or('0'));
    }
    text
}

async fn table(
    State(control): State<Arc<Control>>,
    Path((database, table)): Path<(String, String)>,
) -> Result<Json<JsonValue>, Problem> {
    let inner = control.server.heap.lock();
    let place = inner
        .registry
        .database(&database)
        .ok_or_else(|| Problem::Missing(format!("no database {database}")))?;
    let (schema, name) = table.split_once('.').unwrap_or(("dbo", &table));
    let found = inner.registry.table(place, schema, name).cloned();
    let found = found.ok_or_else(|| Problem::Missing(format!("no table {table}")))?;
    let rows = if found.view {
        Vec::new()
    } else {
        inner.committed(&found)?
    };
    let list: Vec<JsonValue> = rows
        .iter()
        .map(|row| {
            let pairs = found.columns.iter().zip(row);
            let object: Map<String, JsonValue> = pairs
                .map(|(column, value)| (column.name.clone(), json_value(value, column.kind)))
                .collect();
            JsonValue::Object(object)
        })
        .collect();
    Ok(Json(JsonValue::Array(list)))
}

async fn stats(State(control): State<Arc<Control>>) -> Json<JsonValue> {
    let (procedures, batches) = control.server.counts();
    Json(json!({
        "procedures": procedures,
        "batches": batches,
        "logins": control.server.logins.load(Ordering::Relaxed),
        "requests": control.server.requests.load(Ordering::Relaxed),
        "connections": control.server.connections.load(Ordering::Relaxed),
        "cpu_seconds": cpu_seconds(),
    }))
}

/// User and system time of this process; the kernel counts in hundredths of a second.
fn cpu_seconds() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let behind_name = stat.rsplit(')').next().unwrap_or_default();
    let fields: Vec<&str> = behind_name.split_whitespace().collect();
    let ticks = |at: usize| {
        fields
            .get(at)
            .and_then(|field| field.parse::<u32>().ok())
            .unwrap_or_default()
    };
    (f64::from(ticks(11)) + f64::from(ticks(12))) / 100.0
}

async fn add_fault(State(control): State<Arc<Control>>, Json(fault): Json<Fault>) -> StatusCode {
    control.server.faults.add(fault);
    StatusCode::NO_CONTENT
}

async fn clear_faults(State(control): State<Arc<Control>>) -> StatusCode {
    control.server.faults.clear();
    StatusCode::NO_CONTENT
}

#[derive(Debug, Deserialize)]
struct Named {
    name: String,
    into: Option<String>,
}

async fn backup(
    State(control): State<Arc<Control>>,
    Path(database): Path<String>,
    Json(named): Json<Named>,
) -> Result<StatusCode, Problem> {
    let mut inner = control.server.heap.lock();
    let place = inner
        .registry
        .database(&database)
        .ok_or_else(|| Problem::Missing(format!("no database {database}")))?;
    let made = inner.backup(place)?;
    drop(inner);
    control
        .backups
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .insert(named.name, made);
    Ok(StatusCode::NO_CONTENT)
}

/// Restores into a database: connections are ended first, as the server needs it for itself.
async fn restore(
    State(control): State<Arc<Control>>,
    Path(database): Path<String>,
    Json(named): Json<Named>,
) -> Result<StatusCode, Problem> {
    let server = &control.server;
    let target = named.into.unwrap_or(database);
    let was_offline = server.offline.swap(true, Ordering::Relaxed);
    server.kick_all();
    for _ in 0..1000 {
        if server.connections.load(Ordering::Relaxed) == 0 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let outcome = put_back(&control, &target, &named.name);
    server.offline.store(was_offline, Ordering::Relaxed);
    outcome
}

fn put_back(control: &Control, target: &str, name: &str) -> Result<StatusCode, Problem> {
    let backups = control
        .backups
        .lock()
        .unwrap_or_else(PoisonError::into_inner);
    let made = backups
        .get(name)
        .ok_or_else(|| Problem::Missing(format!("no backup {name}")))?;
    let mut inner = control.server.heap.lock();
    let place = inner
        .registry
        .database(target)
        .ok_or_else(|| Problem::Missing(format!("no database {target}")))?;
    inner.restore(made, place)?;
    Ok(StatusCode::NO_CONTENT)
}

#[derive(Debug, Deserialize)]
struct ServerOrder {
    offline: bool,
}

async fn set_server(
    State(control): State<Arc<Control>>,
    Json(order): Json<ServerOrder>,
) -> StatusCode {
    control
        .server
        .offline
        .store(order.offline, Ordering::Relaxed);
    if order.offline {
        control.server.kick_all();
    }
    StatusCode::NO_CONTENT
}

#[derive(Debug, Deserialize)]
struct LoginOrder {
    refuse: bool,
}

async fn set_login(
    State(control): State<Arc<Control>>,
    Json(order): Json<LoginOrder>,
) -> StatusCode {
    control
        .server
        .refuse_logins
        .store(order.refuse, Ordering::Relaxed);
    StatusCode::NO_CONTENT
}

#[derive(Debug, Deserialize)]
struct UserOptions {
    on: bool,
}

/// Turns on NOCOUNT, XACT_ABORT and IMPLICIT_TRANSACTIONS for sessions that begin from now on.
async fn set_user_options(
    State(control): State<Arc<Control>>,
    Json(order): Json<UserOptions>,
) -> StatusCode {
    let options = &control.server.user_options;
    options.store(order.on, Ordering::Relaxed);
    StatusCode::NO_CONTENT
}

/// Sessions' handles of prepared statements are unknown from now on.
async fn forget_prepared(State(control): State<Arc<Control>>) -> StatusCode {
    control
        .server
        .prepared_epoch
        .fetch_add(1, Ordering::Relaxed);
    StatusCode::NO_CONTENT
}

#[derive(Debug, Deserialize)]
struct ClockOrder {
    ahead_seconds: i64,
}

/// Sets the server's clock ahead of the machine's.
async fn set_clock(Json(order): Json<ClockOrder>) -> StatusCode {
    clock::set_ahead(order.ahead_seconds);
    StatusCode::NO_CONTENT
}

async fn rename(State(control): State<Arc<Control>>, Json(named): Json<Named>) -> StatusCode {
    control.server.rename(&named.name);
    StatusCode::NO_CONTENT
}
