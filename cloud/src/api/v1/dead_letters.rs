//! Dead letters: runs that need a person, why, and doing them again once the cause is gone.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use connect_core::domain::ids::RunId;
use connect_core::domain::run::{Run, RunState};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::replay::{self, Again, ReplayBody, ReplayView};
use super::runs;
use crate::api::Shared;
use crate::api::auth::{Caller, Operator, Viewer};
use crate::api::extract::{Path, Query};
use crate::api::form::Form;
use crate::api::page::{Page, PageQuery, Paging};
use crate::api::problem::Problem;
use crate::api::view::RunView;
use crate::error::Error;

/// Dead letters done again with one call.
pub(super) const MOST_AT_ONCE: usize = 1_000;

/// Which dead letters.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct DeadLetterQuery {
    /// Stable code of the failure.
    code: Option<String>,
}

/// Which dead letters to do again: some by id, or all with one code.
#[derive(Debug, Deserialize, ToSchema)]
#[expect(dead_code, reason = "describes the body; a form reads it")]
pub(crate) struct ReplayMany {
    /// Runs by id.
    ids: Option<Vec<Uuid>>,
    /// Stable code of the failure.
    code: Option<String>,
    /// `start` (when not given), or `failed_step`: goes on where it failed.
    from: Option<String>,
    /// `newest` (when not given) or `same`: the versions to work under.
    version: Option<String>,
    /// Forgets the links the runs made, so that GP is asked again.
    forget_links: Option<bool>,
}

/// What became of a list.
#[derive(Debug, Default, Serialize, ToSchema)]
pub(crate) struct ReplayedMany {
    /// Queued again.
    replayed: Vec<ReplayView>,
    /// Not there.
    not_found: Vec<Uuid>,
    /// There, but no dead letters any more.
    not_dead: Vec<Uuid>,
    /// Left as they are: no route of their store is on.
    no_route: Vec<Uuid>,
    /// Parts of runs: their wholes must be done again, or they go on from their failed step.
    parts: Vec<Uuid>,
    /// Whether more are left; ask again.
    pub more: bool,
}

/// Lists the dead letters, newest first.
#[utoipa::path(
    get, path = "/dead-letters", tag = "dead letters", params(DeadLetterQuery, PageQuery),
    responses((status = 200, body = Page<RunView>), (status = "default", body = Problem)),
    security(("api_key" = []))
)]
pub(crate) async fn list(
    State(shared): State<Arc<Shared>>,
    Viewer(caller): Viewer,
    Query(query): Query<DeadLetterQuery>,
    paging: Paging,
) -> Result<Json<Page<RunView>>, Error> {
    let before = paging.after.map(RunId);
    let runs = shared.services.database.runs();
    let code = query.code.as_deref();
    let rows = runs
        .list_dead(caller.tenant, code, before, paging.fetch())
        .await?;
    Ok(Json(Page::cut(
        rows,
        paging.limit,
        |run| run.id.0,
        RunView::from,
    )))
}

/// Shows a dead letter: class, code, and every fault with field, value and repair.
#[utoipa::path(
    get, path = "/dead-letters/{run_id}", tag = "dead letters", params(("run_id" = Uuid, Path)),
    responses((status = 200, body = RunView), (status = "default", body = Problem)),
    security(("api_key" = []))
)]
pub(crate) async fn show(
    State(shared): State<Arc<Shared>>,
    Viewer(caller): Viewer,
    Path(id): Path<String>,
) -> Result<Json<RunView>, Error> {
    let run = runs::find(&shared, &caller, &id).await?;
    if run.state != RunState::Dead {
        return Err(Error::not_found("dead letter"));
    }
    Ok(Json(run.into()))
}

/// Does a dead letter again.
#[utoipa::path(
    post, path = "/dead-letters/{run_id}/replay", tag = "dead letters",
    params(("run_id" = Uuid, Path)), request_body = ReplayBody,
    responses((status = 202, body = ReplayView), (status = "default", body = Problem)),
    security(("api_key" = []))
)]
pub(crate) async fn replay_one(
    State(shared): State<Arc<Shared>>,
    Operator(caller): Operator,
    Path(id): Path<String>,
    mut form: Form,
) -> Result<(StatusCode, Json<ReplayView>), Error> {
    let run = runs::find(&shared, &caller, &id).await?;
    let again = Again::read(&mut form);
    form.finish()?;
    if run.state != RunState::Dead {
        return Err(Error::conflict(
            "not_a_dead_letter",
            "the run is no dead letter any more",
        ));
    }
    let view = replay::queue(&shared, &caller, &run, &again).await?;
    Ok((StatusCode::ACCEPTED, Json(view)))
}

/// Does many dead letters again: some by id, or all with one code.
#[utoipa::path(
    post, path = "/dead-letters/replay", tag = "dead letters", request_body = ReplayMany,
    responses((status = 202, body = ReplayedMany), (status = "default", body = Problem)),
    security(("api_key" = []))
)]
pub(crate) async fn replay_many(
    State(shared): State<Arc<Shared>>,
    Operator(caller): Operator,
    mut form: Form,
) -> Result<(StatusCode, Json<ReplayedMany>), Error> {
    let ids = form.optional_ids("ids", MOST_AT_ONCE);
    let code = form.optional_text("code", 100);
    let again = Again::read_for_many(&mut form);
    if ids.is_some() == code.is_some() {
        form.refuse("ids", "give either ids or a code");
    }
    form.finish()?;
    let mut done = ReplayedMany::default();
    let runs = match (ids, code) {
        (Some(ids), _) => by_ids(&shared, &caller, ids, &mut done).await?,
        (None, Some(code)) => by_code(&shared, &caller, &code, &mut done).await?,
        (None, None) => Vec::new(),
    };
    replay_all(&shared, &caller, runs, &again, &mut done).await?;
    Ok((StatusCode::ACCEPTED, Json(done)))
}

/// Does dead letters again, the oldest first.
pub(super) async fn replay_all(
    shared: &Shared,
    caller: &Caller,
    mut runs: Vec<Run>,
    again: &Again,
    done: &mut ReplayedMany,
) -> Result<(), Error> {
    runs.sort_by_key(|run| run.id.0);
    for run in runs {
        match replay::queue(shared, caller, &run, again).await {
            Ok(view) => done.replayed.push(view),
            Err(error) if error.code == "run_not_over" => done.not_dead.push(run.id.0),
            Err(error) if error.code == replay::NO_ROUTE => done.no_route.push(run.id.0),
            Err(error) if error.code == replay::PART => done.parts.push(run.id.0),
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

async fn by_ids(
    shared: &Shared,
    caller: &Caller,
    ids: Vec<Uuid>,
    done: &mut ReplayedMany,
) -> Result<Vec<Run>, Error> {
    let mut dead = Vec::new();
    for id in ids {
        match shared
            .services
            .database
            .runs()
            .find(caller.tenant, RunId(id))
            .await?
        {
            Some(run) if run.state == RunState::Dead => dead.push(run),
            Some(_) => done.not_dead.push(id),
            None => done.not_found.push(id),
        }
    }
    Ok(dead)
}

async fn by_code(
    shared: &Shared,
    caller: &Caller,
    code: &str,
    done: &mut ReplayedMany,
) -> Result<Vec<Run>, Error> {
    let most = i64::try_from(MOST_AT_ONCE).unwrap_or(i64::MAX);
    let runs = shared.services.database.runs();
    let mut dead = runs
        .list_dead(caller.tenant, Some(code), None, most + 1)
        .await?;
    done.more = dead.len() > MOST_AT_ONCE;
    dead.truncate(MOST_AT_ONCE);
    Ok(dead)
}
