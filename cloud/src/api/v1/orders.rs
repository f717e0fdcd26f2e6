//! Orders of a store, imported one by one on a person's word.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use connect_core::domain::event::{Event, Source};
use connect_core::domain::ids::EventId;
use connect_core::domain::lane::LaneKey;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::stores;
use crate::api::Shared;
use crate::api::auth::Operator;
use crate::api::extract::Path;
use crate::api::problem::Problem;
use crate::error::Error;

/// An event that was stored.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct StoredEvent {
    /// Its id.
    event_id: Uuid,
}

/// Imports one order by hand, also one from before the go-live point.
#[utoipa::path(
    post, path = "/stores/{id}/orders/{order_id}/import", tag = "stores",
    params(("id" = Uuid, Path), ("order_id" = i64, Path)),
    responses((status = 202, body = StoredEvent), (status = "default", body = Problem)),
    security(("api_key" = []))
)]
pub(crate) async fn import_order(
    State(shared): State<Arc<Shared>>,
    Operator(caller): Operator,
    Path((id, order_id)): Path<(String, String)>,
) -> Result<(StatusCode, Json<StoredEvent>), Error> {
    let store = stores::find(&shared, &caller, &id).await?;
    let order: i64 = order_id
        .parse()
        .ok()
        .filter(|order| *order > 0)
        .ok_or_else(|| {
            Error::invalid("invalid_fields", "some parameters are not valid")
                .with_field("order_id", "must be nopCommerce's order id")
        })?;
    let services = &shared.services;
    let now = services.clock.now();
    let event_id = EventId(services.ids.next());
    let artifacts = services.database.artifacts();
    let revision = artifacts.current(caller.tenant, store.environment).await?;
    let event = Event {
        tenant: caller.tenant,
        id: event_id,
        environment: store.environment,
        store: store.id,
        source: Source::Manual,
        delivery: format!("manual:order.placed:{order}:{event_id}"),
        topic: "order.placed".into(),
        entity: "order".into(),
        entity_id: order.to_string(),
        occurred: now,
        received: now,
        revision: revision.unwrap_or(0),
        route: None,
        body: None,
    };
    let lane = LaneKey {
        tenant: caller.tenant,
        group: store.id.0,
        key: format!("order:{order}"),
    };
    let database = shared.audited(&caller, "order.import", &format!("{id}/order:{order}"));
    database.events().insert(&event, &lane).await?;
    Ok((
        StatusCode::ACCEPTED,
        Json(StoredEvent {
            event_id: event_id.0,
        }),
    ))
}
