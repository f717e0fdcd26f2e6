//! Runs: how they stand, what their steps did, and doing them again.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use connect_core::domain::ids::{RunId, StoreId};
use connect_core::domain::run::Run;
use connect_store::{Parts, RunFilter};
use serde::Deserialize;
use utoipa::IntoParams;
use uuid::Uuid;

use super::replay::{self, Again, ReplayBody, ReplayView};
use crate::api::auth::{Caller, Operator, Viewer};
use crate::api::extract::{Path, Query};
use crate::api::form::Form;
use crate::api::page::{Page, PageQuery, Paging};
use crate::api::problem::Problem;
use crate::api::view::{RUN_STATES, RunView, StepView};
use crate::api::{Shared, id_of, raw_json};
use crate::error::Error;

/// Which runs.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct RunQuery {
    /// `queued`, `running`, `waiting`, `succeeded`, `dead`, `superseded`.
    state: Option<String>,
    /// Where they began.
    store_id: Option<String>,
    /// `order`, ...
    entity: Option<String>,
    /// nop's id.
    entity_id: Option<String>,
    /// The run they are parts of; `none` leaves out those that are parts of others.
    part_of: Option<String>,
}

/// Lists runs, newest first.
#[utoipa::path(
    get, path = "/runs", tag = "runs", params(RunQuery, PageQuery),
    responses((status = 200, body = Page<RunView>), (status = "default", body = Problem)),
    security(("api_key" = []))
)]
pub(crate) async fn list(
    State(shared): State<Arc<Shared>>,
    Viewer(caller): Viewer,
    Query(query): Query<RunQuery>,
    paging: Paging,
) -> Result<Json<Page<RunView>>, Error> {
    let filter = filter(query)?;
    let before = paging.after.map(RunId);
    let runs = shared.services.database.runs();
    let rows = runs
        .list(caller.tenant, &filter, before, paging.fetch())
        .await?;
    Ok(Json(Page::cut(
        rows,
        paging.limit,
        |run| run.id.0,
        RunView::from,
    )))
}

/// Shows a run.
#[utoipa::path(
    get, path = "/runs/{id}", tag = "runs", params(("id" = Uuid, Path)),
    responses((status = 200, body = RunView), (status = "default", body = Problem)),
    security(("api_key" = []))
)]
pub(crate) async fn show(
    State(shared): State<Arc<Shared>>,
    Viewer(caller): Viewer,
    Path(id): Path<String>,
) -> Result<Json<RunView>, Error> {
    find(&shared, &caller, &id)
        .await
        .map(|run| Json(run.into()))
}

/// Lists a run's steps with what they worked on and made.
#[utoipa::path(
    get, path = "/runs/{id}/steps", tag = "runs", params(("id" = Uuid, Path)),
    responses((status = 200, body = Page<StepView>), (status = "default", body = Problem)),
    security(("api_key" = []))
)]
pub(crate) async fn steps(
    State(shared): State<Arc<Shared>>,
    Viewer(caller): Viewer,
    Path(id): Path<String>,
) -> Result<Json<Page<StepView>>, Error> {
    let run = find(&shared, &caller, &id).await?;
    let steps = shared.services.database.steps();
    let mut views = Vec::new();
    for step in steps.list(caller.tenant, run.id).await? {
        let whole = steps.find(caller.tenant, run.id, step.number).await?;
        views.push(StepView::from(whole.unwrap_or(step)));
    }
    Ok(Json(Page::whole(views)))
}

/// Shows which rule of a step made what from what.
#[utoipa::path(
    get, path = "/runs/{id}/steps/{number}/trace", tag = "runs",
    params(("id" = Uuid, Path), ("number" = i64, Path)),
    responses((status = 200, body = Object), (status = "default", body = Problem)),
    security(("api_key" = []))
)]
pub(crate) async fn trace(
    State(shared): State<Arc<Shared>>,
    Viewer(caller): Viewer,
    Path((id, number)): Path<(String, String)>,
) -> Result<Response, Error> {
    let run = find(&shared, &caller, &id).await?;
    let number: i64 = number.parse().map_err(|_| Error::not_found("step"))?;
    let step = shared
        .services
        .database
        .steps()
        .find(caller.tenant, run.id, number)
        .await?;
    let step = step.ok_or_else(|| Error::not_found("step"))?;
    let trace = step.trace.ok_or_else(|| Error::not_found("trace"))?;
    Ok(raw_json(trace))
}

/// Does a finished run again from the start, or lets a dead one go on from the step it failed at.
#[utoipa::path(
    post, path = "/runs/{id}/replay", tag = "runs", params(("id" = Uuid, Path)),
    request_body = ReplayBody,
    responses((status = 202, body = ReplayView), (status = "default", body = Problem)),
    security(("api_key" = []))
)]
pub(crate) async fn replay_run(
    State(shared): State<Arc<Shared>>,
    Operator(caller): Operator,
    Path(id): Path<String>,
    mut form: Form,
) -> Result<(StatusCode, Json<ReplayView>), Error> {
    let run = find(&shared, &caller, &id).await?;
    let again = Again::read(&mut form);
    form.finish()?;
    let view = replay::queue(&shared, &caller, &run, &again).await?;
    Ok((StatusCode::ACCEPTED, Json(view)))
}

/// A run of the caller's tenant.
pub(super) async fn find(shared: &Shared, caller: &Caller, id: &str) -> Result<Run, Error> {
    let id = RunId(id_of(id, "run")?);
    let found = shared
        .services
        .database
        .runs()
        .find(caller.tenant, id)
        .await?;
    found.ok_or_else(|| Error::not_found("run"))
}

fn filter(query: RunQuery) -> Result<RunFilter, Error> {
    let mut error = Error::invalid("invalid_fields", "some parameters are not valid");
    let state = query.state.map(|name| {
        RUN_STATES
            .iter()
            .find(|(known, _)| *known == name)
            .map(|(_, state)| *state)
    });
    if state == Some(None) {
        error = error.with_field(
            "state",
            "must be queued, running, waiting, succeeded, dead or superseded",
        );
    }
    let store = query
        .store_id
        .map(|id| Uuid::try_parse(&id).ok().map(StoreId));
    if store == Some(None) {
        error = error.with_field("store_id", "must be an id (UUID)");
    }
    let parts = match query.part_of.as_deref() {
        None => Parts::Any,
        Some("none") => Parts::None,
        Some(id) => {
            if let Ok(id) = Uuid::try_parse(id) {
                Parts::Of(RunId(id))
            } else {
                error = error.with_field("part_of", "must be an id (UUID), or none");
                Parts::Any
            }
        }
    };
    if !error.fields.is_empty() {
        return Err(error);
    }
    Ok(RunFilter {
        parts,
        state: state.flatten(),
        store: store.flatten(),
        entity: query.entity,
        entity_id: query.entity_id,
        failure_code: None,
        fingerprint: None,
    })
}
