//! What changes in GP, and what an agent is to notice there.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use connect_core::domain::change::{Change, Found, Means, Watch, WatcherState};
use connect_core::domain::ids::ChangeId;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;
use uuid::Uuid;

use super::companies::find;
use crate::api::Shared;
use crate::api::auth::{Owner, Viewer};
use crate::api::extract::Path;
use crate::api::form::Form;
use crate::api::page::{Page, PageQuery, Paging};
use crate::api::problem::Problem;
use crate::api::view::instant;
use crate::error::Error;

/// The agent does not look more often.
const SHORTEST_INTERVAL_MS: i64 = 250;
const DAY_MS: i64 = 86_400_000;
const YEAR_SECONDS: i64 = 31_536_000;
const LONGEST_NAME: usize = 60;

/// How a watcher is wanted.
#[derive(Debug, Deserialize, ToSchema)]
#[expect(dead_code, reason = "describes the body; a form reads it")]
pub(crate) struct WantedWatcher {
    /// Milliseconds between two looks for changes: 250 or more; 0 or nothing: a second.
    interval_ms: Option<i64>,
    /// Seconds between two full reads that find what looks have missed; 0 or nothing: a day.
    sweep_seconds: Option<i64>,
}

/// A watcher that is wanted.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct WatcherView {
    /// `item_quantities`, `items`, `item_prices`, `customers`, `sales_documents`,
    /// `tracking_numbers`, `user_defined_fields`, `receivables`, `applied_payments`.
    name: String,
    /// Milliseconds between two looks for changes; 0: a second.
    interval_ms: i64,
    /// Seconds between two full reads; 0: a day.
    sweep_seconds: i64,
    /// How changes show: `change_tracking` (SQL Server's, where it is on), `stamps` (GP's time of a record's last change) or `row_ids` (new rows; the
    /// others by full reads). Null for a watcher the agent does not know, or that has not begun.
    means: Option<&'static str>,
    /// What is in its way.
    problem: Option<String>,
    last_full_read: Option<FullReadView>,
}

/// A full read of everything a watcher looks at.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct FullReadView {
    at: String,
    rows_seen: i64,
    /// Of a first read all, of later ones what looks had missed.
    rows_changed: i64,
}

/// A record of GP that changed.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ChangeView {
    id: Uuid,
    /// Who noticed.
    watcher: String,
    /// The record's key.
    #[schema(value_type = Object)]
    key: Value,
    /// What it is now; null when it is gone.
    #[schema(value_type = Option<Object>)]
    record: Option<Value>,
    /// Connect itself wrote the record within the minute before.
    own: bool,
    /// `look`; `sweep` or `baseline` when a full read found what looks had missed.
    found: &'static str,
    received_at: String,
}

impl From<(Watch, WatcherState)> for WatcherView {
    fn from((watch, state): (Watch, WatcherState)) -> Self {
        Self {
            name: watch.watcher,
            interval_ms: watch.interval_ms,
            sweep_seconds: watch.sweep_seconds,
            means: state.means.map(|means| match means {
                Means::ChangeTracking => "change_tracking",
                Means::Stamps => "stamps",
                Means::RowIds => "row_ids",
            }),
            problem: (!state.problem.is_empty()).then_some(state.problem),
            last_full_read: state.full_read.map(|read| FullReadView {
                at: instant(read.at),
                rows_seen: read.rows_seen,
                rows_changed: read.rows_changed,
            }),
        }
    }
}

impl From<Change> for ChangeView {
    fn from(change: Change) -> Self {
        let json = |text: &str| serde_json::from_str(text).unwrap_or_default();
        Self {
            id: change.id.0,
            watcher: change.watcher,
            key: json(&change.record),
            record: change.content.as_deref().map(json),
            own: change.own,
            found: match change.found {
                Found::Look => "look",
                Found::Sweep => "sweep",
                Found::Baseline => "baseline",
            },
            received_at: instant(change.received),
        }
    }
}

/// Lists what changed in a company, newest first.
#[utoipa::path(
    get, path = "/companies/{id}/changes", tag = "companies",
    params(("id" = Uuid, Path), PageQuery),
    responses((status = 200, body = Page<ChangeView>), (status = "default", body = Problem)),
    security(("api_key" = []))
)]
pub(crate) async fn list(
    State(shared): State<Arc<Shared>>,
    Viewer(caller): Viewer,
    Path(id): Path<String>,
    paging: Paging,
) -> Result<Json<Page<ChangeView>>, Error> {
    let company = find(&shared, &caller, &id).await?;
    let before = paging.after.map(ChangeId);
    let changes = shared.services.database.changes();
    let rows = changes
        .list(caller.tenant, company.id, before, paging.fetch())
        .await?;
    Ok(Json(Page::cut(
        rows,
        paging.limit,
        |change| change.id.0,
        ChangeView::from,
    )))
}

/// Lists what the agent is to notice in a company.
#[utoipa::path(
    get, path = "/companies/{id}/watchers", tag = "companies", params(("id" = Uuid, Path)),
    responses((status = 200, body = Page<WatcherView>), (status = "default", body = Problem)),
    security(("api_key" = []))
)]
pub(crate) async fn watchers(
    State(shared): State<Arc<Shared>>,
    Viewer(caller): Viewer,
    Path(id): Path<String>,
) -> Result<Json<Page<WatcherView>>, Error> {
    let company = find(&shared, &caller, &id).await?;
    let watches = shared.services.database.watches();
    let listed = watches.states(caller.tenant, company.id).await?;
    Ok(Json(Page::whole(
        listed.into_iter().map(WatcherView::from).collect(),
    )))
}

/// Has the agent notice something from now on, or otherwise than before. What is there already is
/// read once and counts as known.
#[utoipa::path(
    put, path = "/companies/{id}/watchers/{name}", tag = "companies",
    params(("id" = Uuid, Path), ("name" = String, Path)),
    request_body = WantedWatcher,
    responses((status = 200, body = WatcherView), (status = "default", body = Problem)),
    security(("api_key" = []))
)]
pub(crate) async fn want(
    State(shared): State<Arc<Shared>>,
    Owner(caller): Owner,
    Path((id, name)): Path<(String, String)>,
    mut form: Form,
) -> Result<Json<WatcherView>, Error> {
    let company = find(&shared, &caller, &id).await?;
    let interval_ms = form.optional_count("interval_ms").unwrap_or_default();
    let sweep_seconds = form.optional_count("sweep_seconds").unwrap_or_default();
    if interval_ms != 0 && !(SHORTEST_INTERVAL_MS..=DAY_MS).contains(&interval_ms) {
        form.refuse("interval_ms", "must be 0, or from 250 to a day");
    }
    if sweep_seconds > YEAR_SECONDS {
        form.refuse("sweep_seconds", "must be at most a year");
    }
    form.finish()?;
    let plain = |c: char| c.is_ascii_lowercase() || c == '_';
    if name.is_empty() || name.len() > LONGEST_NAME || !name.chars().all(plain) {
        return Err(Error::not_found("watcher"));
    }
    let watch = Watch {
        tenant: caller.tenant,
        company: company.id,
        watcher: name,
        interval_ms,
        sweep_seconds,
    };
    let database = shared.audited(&caller, "watcher.want", &id);
    database.watches().update(&watch).await?;
    let watches = shared.services.database.watches();
    let listed = watches.states(caller.tenant, company.id).await?;
    let found = listed
        .into_iter()
        .find(|(found, _)| found.watcher == watch.watcher);
    let (_, state) = found.unwrap_or_else(|| (watch.clone(), WatcherState::default()));
    Ok(Json((watch, state).into()))
}

/// Has the agent notice something no longer.
#[utoipa::path(
    delete, path = "/companies/{id}/watchers/{name}", tag = "companies",
    params(("id" = Uuid, Path), ("name" = String, Path)),
    responses((status = 204), (status = "default", body = Problem)),
    security(("api_key" = []))
)]
pub(crate) async fn unwant(
    State(shared): State<Arc<Shared>>,
    Owner(caller): Owner,
    Path((id, name)): Path<(String, String)>,
) -> Result<StatusCode, Error> {
    let company = find(&shared, &caller, &id).await?;
    let watches = shared.services.database.watches();
    let listed = watches.list(caller.tenant, company.id).await?;
    if !listed.iter().any(|watch| watch.watcher == name) {
        return Err(Error::not_found("watcher"));
    }
    let database = shared.audited(&caller, "watcher.unwant", &id);
    database
        .watches()
        .delete(caller.tenant, company.id, &name)
        .await?;
    Ok(StatusCode::NO_CONTENT)
}
