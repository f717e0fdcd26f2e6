//! Closed gates, and how a tenant's work stands.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use connect_core::domain::lane::GateKey;
use serde::Serialize;
use utoipa::ToSchema;

use crate::api::auth::{Operator, Viewer};
use crate::api::extract::Path;
use crate::api::page::Page;
use crate::api::problem::Problem;
use crate::api::view::{GATE_KINDS, GateView, RUN_STATES, instant};
use crate::api::{Shared, id_of};
use crate::error::Error;

/// How a tenant's work stands.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct StatusView {
    /// Runs by state; counting stops at 10,001.
    runs: BTreeMap<&'static str, i64>,
    /// Lanes with work that goes on by itself.
    lanes_waiting: i64,
    /// Lanes held behind a dead letter.
    lanes_held: i64,
    /// Lanes behind a closed gate.
    lanes_parked: i64,
    /// When the longest waiting work became due.
    oldest_due_at: Option<String>,
    /// Agents connected now.
    agents_connected: usize,
    /// Closed gates.
    gates_closed: usize,
}

/// Lists the closed gates.
#[utoipa::path(
    get, path = "/gates", tag = "gates",
    responses((status = 200, body = Page<GateView>), (status = "default", body = Problem)),
    security(("api_key" = []))
)]
pub(crate) async fn list(
    State(shared): State<Arc<Shared>>,
    Viewer(caller): Viewer,
) -> Result<Json<Page<GateView>>, Error> {
    let gates = shared.services.database.gates().list(caller.tenant).await?;
    Ok(Json(Page::whole(
        gates.into_iter().map(GateView::from).collect(),
    )))
}

/// Opens a gate: what waits behind it goes on.
#[utoipa::path(
    post, path = "/gates/{kind}/{id}/open", tag = "gates",
    params(("kind" = String, Path), ("id" = Uuid, Path)),
    responses((status = 204), (status = "default", body = Problem)),
    security(("api_key" = []))
)]
pub(crate) async fn open(
    State(shared): State<Arc<Shared>>,
    Operator(caller): Operator,
    Path((kind, id)): Path<(String, String)>,
) -> Result<StatusCode, Error> {
    let missing = || Error::not_found("closed gate");
    let known = GATE_KINDS.iter().find(|(name, _)| *name == kind);
    let (_, kind) = *known.ok_or_else(missing)?;
    let key = GateKey {
        kind,
        target: id_of(&id, "closed gate")?,
    };
    let now = shared.services.clock.now();
    let gates = shared.services.database.gates();
    gates.find(caller.tenant, key).await?.ok_or_else(missing)?;
    let database = shared.audited(&caller, "gate.open", &id);
    database.gates().delete(caller.tenant, key, now).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Shows how the tenant's work stands.
#[utoipa::path(
    get, path = "/status", tag = "status",
    responses((status = 200, body = StatusView), (status = "default", body = Problem)),
    security(("api_key" = []))
)]
pub(crate) async fn status(
    State(shared): State<Arc<Shared>>,
    Viewer(caller): Viewer,
) -> Result<Json<StatusView>, Error> {
    let database = &shared.services.database;
    let lanes = database.lanes().find_counts(caller.tenant).await?;
    let mut runs = BTreeMap::new();
    for (name, state) in RUN_STATES {
        runs.insert(
            name,
            database.runs().find_count(caller.tenant, state).await?,
        );
    }
    let agents = database.agents().list(caller.tenant).await?;
    let gates = database.gates().list(caller.tenant).await?;
    Ok(Json(StatusView {
        runs,
        lanes_waiting: lanes.all - lanes.held,
        lanes_held: lanes.held,
        lanes_parked: lanes.parked,
        oldest_due_at: lanes.oldest_due.map(instant),
        agents_connected: agents.iter().filter(|agent| agent.connected).count(),
        gates_closed: gates.len(),
    }))
}
