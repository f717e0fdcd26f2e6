//! The web API: every route in reading order, and what all handlers share.

mod auth;
mod describe;
mod extract;
mod form;
mod packaged;
mod page;
mod problem;
mod profile;
mod view;
mod v1 {
    //! Version 1: one file per resource.

    pub(super) mod agents;
    pub(super) mod approvals;
    pub(super) mod artifacts;
    pub(super) mod changes;
    pub(super) mod companies;
    pub(super) mod dead_letters;
    pub(super) mod events;
    pub(super) mod gates;
    pub(super) mod issues;
    pub(super) mod orders;
    pub(super) mod prefixes;
    pub(super) mod rehearsals;
    pub(super) mod replay;
    pub(super) mod routes;
    pub(super) mod runs;
    pub(super) mod settings;
    pub(super) mod shadows;
    pub(super) mod start;
    pub(super) mod stores;
    pub(super) mod tenants;
    pub(super) mod transforms;
}
#[cfg(test)]
mod tests;

use std::sync::Arc;

use axum::extract::DefaultBodyLimit;
use axum::http::{HeaderValue, header};
use axum::response::IntoResponse;
use axum::{Json, Router};
use connect_core::domain::ids::{EnvironmentId, TenantId};
use connect_core::domain::tenant::Environment;
use connect_store::{AuditEntry, Database, StoreError};
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::set_header::SetResponseHeaderLayer;
use utoipa::openapi::OpenApi;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

use crate::app::Services;
use crate::error::{Error, Result};
use auth::{Caller, Remembered};

/// What all handlers share.
#[derive(Debug)]
struct Shared {
    services: Arc<Services>,
    remembered: Remembered,
}

/// Everything under `/api/v1`.
pub fn router(services: Arc<Services>) -> Router {
    let limit = services.config.limits.request_body_bytes;
    let shared = Arc::new(Shared {
        services,
        remembered: Remembered::default(),
    });
    let (router, document) = described().split_for_parts();
    let document = Json(describe::finish(document));
    router
        .route(
            "/api/v1/openapi.json",
            axum::routing::get(async move || document.clone()),
        )
        .fallback(problem::unknown_path)
        .method_not_allowed_fallback(problem::unknown_method)
        .layer(DefaultBodyLimit::max(limit))
        .layer(CatchPanicLayer::custom(problem::panicked))
        .layer(SetResponseHeaderLayer::if_not_present(
            header::CACHE_CONTROL,
            HeaderValue::from_static("no-store"),
        ))
        .with_state(shared)
}

/// The description of the API.
pub fn openapi() -> OpenApi {
    describe::finish(described().into_openapi())
}

#[expect(clippy::too_many_lines, reason = "every route, in reading order")]
fn described() -> OpenApiRouter<Arc<Shared>> {
    use v1::{
        agents, approvals, artifacts, changes, companies, dead_letters, events, gates, issues,
        orders, rehearsals, runs, settings, shadows, start, stores, tenants, transforms,
    };

    let routes = OpenApiRouter::new()
        .routes(routes!(tenants::create, tenants::list))
        .routes(routes!(
            tenants::create_environment,
            tenants::list_environments
        ))
        .routes(routes!(stores::create, stores::list))
        .routes(routes!(stores::show, stores::change, stores::remove))
        .routes(routes!(stores::rotate_secret))
        .routes(routes!(orders::import_order))
        .routes(routes!(stores::poll))
        .routes(routes!(start::start))
        .routes(routes!(agents::create, agents::list))
        .routes(routes!(agents::show))
        .routes(routes!(agents::new_token))
        .routes(routes!(agents::revoke))
        .routes(routes!(companies::list))
        .routes(routes!(companies::show))
        .routes(routes!(companies::resolve))
        .routes(routes!(changes::list))
        .routes(routes!(changes::watchers))
        .routes(routes!(changes::want, changes::unwant))
        .routes(routes!(artifacts::list_workflows))
        .routes(routes!(
            artifacts::show_workflow,
            settings::publish_workflow
        ))
        .routes(routes!(rehearsals::try_workflow))
        .routes(routes!(shadows::shadow))
        .routes(routes!(artifacts::list_mappings))
        .routes(routes!(artifacts::show_mapping, settings::publish_mapping))
        .routes(routes!(settings::try_mapping))
        .routes(routes!(settings::list_lookups))
        .routes(routes!(settings::show_lookup, settings::publish_lookup))
        .routes(routes!(settings::check))
        .routes(routes!(transforms::list))
        .routes(routes!(transforms::list_functions))
        .routes(routes!(artifacts::list_profiles))
        .routes(routes!(artifacts::show_profile, artifacts::publish_profile))
        .routes(routes!(v1::routes::list))
        .routes(routes!(v1::routes::show, v1::routes::publish))
        .routes(routes!(artifacts::list_revisions))
        .routes(routes!(events::list))
        .routes(routes!(runs::list))
        .routes(routes!(runs::show))
        .routes(routes!(runs::steps))
        .routes(routes!(runs::trace))
        .routes(routes!(runs::replay_run))
        .routes(routes!(dead_letters::list))
        .routes(routes!(dead_letters::replay_many))
        .routes(routes!(dead_letters::show))
        .routes(routes!(dead_letters::replay_one))
        .routes(routes!(issues::list))
        .routes(routes!(issues::show, issues::change))
        .routes(routes!(issues::replay))
        .routes(routes!(approvals::list))
        .routes(routes!(approvals::answer))
        .routes(routes!(gates::list))
        .routes(routes!(gates::open))
        .routes(routes!(gates::status));
    OpenApiRouter::with_openapi(describe::begin()).nest("/api/v1", routes)
}

impl Shared {
    /// The database, which writes down who changed what in the same unit of work.
    fn audited(&self, caller: &Caller, action: &str, target: &str) -> Database {
        self.audited_by(caller.actor(), caller.tenant, action, target)
    }

    /// The same, for whoever it is.
    fn audited_by(&self, actor: String, tenant: TenantId, action: &str, target: &str) -> Database {
        self.services.database.audited(AuditEntry {
            tenant,
            happened: self.services.clock.now(),
            actor,
            action: action.to_owned(),
            target: target.to_owned(),
            detail: String::new(),
        })
    }

    /// An environment of the caller's tenant.
    async fn environment(&self, caller: &Caller, id: EnvironmentId) -> Result<Environment> {
        let found = self
            .services
            .database
            .environments()
            .find(caller.tenant, id)
            .await?;
        found.ok_or_else(|| Error::not_found("environment"))
    }

    /// The environment asked for; the only one when none was named.
    async fn environment_or_only(
        &self,
        caller: &Caller,
        asked: Option<&str>,
    ) -> Result<EnvironmentId> {
        if let Some(asked) = asked {
            let id = EnvironmentId(id_of(asked, "environment")?);
            return self
                .environment(caller, id)
                .await
                .map(|environment| environment.id);
        }
        let all = self
            .services
            .database
            .environments()
            .list(caller.tenant)
            .await?;
        match all.as_slice() {
            [only] => Ok(only.id),
            [] | [_, ..] => Err(
                Error::invalid("invalid_fields", "some parameters are not valid").with_field(
                    "environment_id",
                    "is required: there is not just one environment",
                ),
            ),
        }
    }
}

/// An id in a path; what is no id names nothing.
fn id_of(text: &str, what: &str) -> Result<Uuid> {
    Uuid::try_parse(text).map_err(|_| Error::not_found(what))
}

/// Turns a taken name into the field at fault.
fn duplicate_is(error: StoreError, field: &str, message: &str) -> Error {
    if !matches!(error, StoreError::Duplicate { .. }) {
        return error.into();
    }
    Error::conflict("already_exists", "something with this name exists already")
        .with_field(field, message)
}

/// A body that is JSON already.
fn raw_json(bytes: Vec<u8>) -> axum::response::Response {
    let media = HeaderValue::from_static("application/json");
    ([(header::CONTENT_TYPE, media)], bytes).into_response()
}
