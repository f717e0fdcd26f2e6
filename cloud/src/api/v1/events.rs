//! What happened in the stores.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use connect_core::domain::ids::EventId;

use crate::api::Shared;
use crate::api::auth::Viewer;
use crate::api::page::{Page, PageQuery, Paging};
use crate::api::problem::Problem;
use crate::api::view::EventView;
use crate::error::Error;

/// Lists the events, newest first.
#[utoipa::path(
    get, path = "/events", tag = "events", params(PageQuery),
    responses((status = 200, body = Page<EventView>), (status = "default", body = Problem)),
    security(("api_key" = []))
)]
pub(crate) async fn list(
    State(shared): State<Arc<Shared>>,
    Viewer(caller): Viewer,
    paging: Paging,
) -> Result<Json<Page<EventView>>, Error> {
    let before = paging.after.map(EventId);
    let events = shared.services.database.events();
    let rows = events.list(caller.tenant, before, paging.fetch()).await?;
    Ok(Json(Page::cut(
        rows,
        paging.limit,
        |event| event.id.0,
        EventView::from,
    )))
}
