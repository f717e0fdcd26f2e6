//! Tenants and their environments.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use connect_core::domain::ids::{ApiKeyId, EnvironmentId, TenantId};
use connect_core::domain::tenant::{Environment, Role, Tenant};
use secrecy::ExposeSecret as _;
use serde::Deserialize;
use utoipa::ToSchema;

use crate::api::auth::{self, Installation, Owner, Viewer};
use crate::api::form::Form;
use crate::api::packaged;
use crate::api::page::Page;
use crate::api::problem::Problem;
use crate::api::view::{EnvironmentView, TenantView};
use crate::api::{Shared, duplicate_is};
use crate::error::Error;

/// A name is all it takes.
#[derive(Debug, Deserialize, ToSchema)]
pub(crate) struct NamedBody {
    /// What people call it: 1 to 100 characters.
    #[expect(dead_code, reason = "describes the body; a form reads it")]
    name: String,
}

/// Makes a tenant and its owner's key.
#[utoipa::path(
    post, path = "/tenants", tag = "tenants", request_body = NamedBody,
    responses((status = 201, body = TenantView), (status = "default", body = Problem)),
    security(("operator_key" = []))
)]
pub(crate) async fn create(
    State(shared): State<Arc<Shared>>,
    operator: Installation,
    mut form: Form,
) -> Result<(StatusCode, Json<TenantView>), Error> {
    let name = form.text("name", 100);
    form.finish()?;
    let services = &shared.services;
    let created = services.clock.now();
    let id = TenantId(services.ids.next());
    let wrapped_key = services.sealer.new_tenant_key(id)?;
    let tenant = Tenant {
        id,
        name,
        wrapped_key,
        created,
    };
    let key_id = ApiKeyId(services.ids.next());
    let (key, text) = auth::new_key(id, key_id, "owner", Role::Owner, created)?;
    let audited = |action, target: &str| shared.audited_by(operator.actor(), id, action, target);
    let database = audited("tenant.create", &id.to_string());
    database.tenants().insert(&tenant).await?;
    let database = audited("api_key.create", &key_id.to_string());
    database.api_keys().insert(&key).await?;
    let mut view = TenantView::from(tenant);
    view.api_key = Some(text.expose_secret().to_owned());
    Ok((StatusCode::CREATED, Json(view)))
}

/// Lists the tenants of the installation.
#[utoipa::path(
    get, path = "/tenants", tag = "tenants",
    responses((status = 200, body = Page<TenantView>), (status = "default", body = Problem)),
    security(("operator_key" = []))
)]
pub(crate) async fn list(
    State(shared): State<Arc<Shared>>,
    _: Installation,
) -> Result<Json<Page<TenantView>>, Error> {
    let tenants = shared.services.database.tenants().list().await?;
    Ok(Json(Page::whole(
        tenants.into_iter().map(TenantView::from).collect(),
    )))
}

/// Makes an environment and publishes the packaged workflows and mappings in it.
#[utoipa::path(
    post, path = "/environments", tag = "environments", request_body = NamedBody,
    responses((status = 201, body = EnvironmentView), (status = "default", body = Problem)),
    security(("api_key" = []))
)]
pub(crate) async fn create_environment(
    State(shared): State<Arc<Shared>>,
    Owner(caller): Owner,
    mut form: Form,
) -> Result<(StatusCode, Json<EnvironmentView>), Error> {
    let name = form.text("name", 60);
    form.finish()?;
    let services = &shared.services;
    let created = services.clock.now();
    let id = EnvironmentId(services.ids.next());
    let environment = Environment {
        tenant: caller.tenant,
        id,
        name,
        created,
    };
    let database = shared.audited(&caller, "environment.create", &id.to_string());
    database
        .environments()
        .insert(&environment)
        .await
        .map_err(|error| duplicate_is(error, "name", "is the name of another environment"))?;
    let artifacts = packaged::artifacts();
    let database = shared.audited(&caller, "packaged.publish", &id.to_string());
    database
        .artifacts()
        .publish(caller.tenant, id, artifacts, "Integration Hero", created)
        .await?;
    Ok((StatusCode::CREATED, Json(environment.into())))
}

/// Lists the environments.
#[utoipa::path(
    get, path = "/environments", tag = "environments",
    responses((status = 200, body = Page<EnvironmentView>), (status = "default", body = Problem)),
    security(("api_key" = []))
)]
pub(crate) async fn list_environments(
    State(shared): State<Arc<Shared>>,
    Viewer(caller): Viewer,
) -> Result<Json<Page<EnvironmentView>>, Error> {
    let environments = shared
        .services
        .database
        .environments()
        .list(caller.tenant)
        .await?;
    Ok(Json(Page::whole(
        environments
            .into_iter()
            .map(EnvironmentView::from)
            .collect(),
    )))
}
