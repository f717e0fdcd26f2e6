//! Workflows started by a person or a program.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use connect_core::domain::event::{Event, Source};
use connect_core::domain::ids::{EventId, RouteId};
use connect_core::domain::lane::LaneKey;
use connect_core::domain::store::Store;
use connect_store::Inserted;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;
use uuid::Uuid;

use super::{routes, stores};
use crate::api::Shared;
use crate::api::auth::{Caller, Operator};
use crate::api::extract::Path;
use crate::api::form::Form;
use crate::api::problem::Problem;
use crate::error::Error;

/// What to start a workflow with.
#[derive(Debug, Deserialize, ToSchema)]
#[expect(dead_code, reason = "describes the body; a form reads it")]
pub(crate) struct StartBody {
    /// What it is about, `order` say; work about the same record follows in order. Without it the
    /// run stands alone.
    entity: Option<String>,
    /// Which one; needed with `entity`.
    entity_id: Option<String>,
    /// Handed to the workflow as `event.body`.
    #[schema(value_type = Option<Object>)]
    input: Option<Value>,
    /// The caller's own name for this start: asked for again under the same name, nothing is
    /// started again.
    key: Option<String>,
}

/// The event that starts the workflow.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Started {
    /// Its id.
    event_id: Uuid,
    /// Whether this key had started it before.
    repeated: bool,
}

/// Starts a workflow of one of the store's routes.
#[utoipa::path(
    post, path = "/stores/{id}/workflows/{name}/start", tag = "workflows",
    params(("id" = Uuid, Path), ("name" = String, Path)), request_body = StartBody,
    responses((status = 202, body = Started), (status = "default", body = Problem)),
    security(("api_key" = []))
)]
pub(crate) async fn start(
    State(shared): State<Arc<Shared>>,
    Operator(caller): Operator,
    Path((id, name)): Path<(String, String)>,
    mut form: Form,
) -> Result<(StatusCode, Json<Started>), Error> {
    let store = stores::find(&shared, &caller, &id).await?;
    let entity = form.optional_text("entity", 60);
    let entity_id = form.optional_text("entity_id", 100);
    if entity.is_some() != entity_id.is_some() {
        form.refuse("entity_id", "goes together with entity");
    }
    let input = form.optional_value("input");
    let key = form.optional_text("key", 200);
    form.finish()?;
    let Some(route) = routes::going_by(&shared, &caller, &store, &name).await? else {
        let message = format!("no route of the store that is on goes by a workflow {name}");
        return Err(Error::conflict("no_route", message));
    };
    let wish = Wish {
        route,
        workflow: name.clone(),
        record: entity.zip(entity_id),
        input,
        key,
    };
    let (event, lane) = event(&shared, &caller, &store, wish).await?;
    let target = format!("{id}/{name}");
    let database = shared.audited(&caller, "workflow.start", &target);
    let stored = database.events().insert(&event, &lane).await?;
    let (event, repeated) = match stored {
        Inserted::New { event } => (event, false),
        Inserted::Repeated { event } => (event, true),
    };
    Ok((
        StatusCode::ACCEPTED,
        Json(Started {
            event_id: event.0,
            repeated,
        }),
    ))
}

/// What a caller wants started.
struct Wish {
    route: RouteId,
    workflow: String,
    record: Option<(String, String)>,
    input: Option<Value>,
    key: Option<String>,
}

async fn event(
    shared: &Shared,
    caller: &Caller,
    store: &Store,
    wish: Wish,
) -> Result<(Event, LaneKey), Error> {
    let services = &shared.services;
    let now = services.clock.now();
    let id = EventId(services.ids.next());
    let artifacts = services.database.artifacts();
    let revision = artifacts.current(caller.tenant, store.environment).await?;
    let (entity, entity_id) = wish
        .record
        .unwrap_or_else(|| ("workflow".into(), id.to_string()));
    let lane = LaneKey {
        tenant: caller.tenant,
        group: store.id.0,
        key: format!("{entity}:{entity_id}"),
    };
    let key = wish.key.unwrap_or_else(|| id.to_string());
    let event = Event {
        tenant: caller.tenant,
        id,
        environment: store.environment,
        store: store.id,
        source: Source::Manual,
        delivery: format!("start:{}:{key}", wish.workflow),
        topic: "workflow.start".into(),
        entity,
        entity_id,
        occurred: now,
        received: now,
        revision: revision.unwrap_or(0),
        route: Some(wish.route),
        body: wish.input.map(|input| input.to_string()),
    };
    Ok((event, lane))
}
