//! Routes: which store's work goes to which company, by which workflow and profile.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use connect_core::domain::artifact::{Artifact, ArtifactKind, Route};
use connect_core::domain::ids::{CompanyId, EnvironmentId, RouteId, StoreId};
use connect_core::domain::lane::{GateKey, GateKind};
use connect_core::domain::run::Run;
use connect_core::domain::store::Store;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::artifacts::{self, InEnvironment};
use super::prefixes::{self, Change};
use crate::api::Shared;
use crate::api::auth::{Caller, Owner, Viewer};
use crate::api::extract::{Path, Query};
use crate::api::form::Form;
use crate::api::page::Page;
use crate::api::problem::Problem;
use crate::error::Error;

/// A route in force.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RouteView {
    /// Its id, the same over all versions.
    id: Uuid,
    /// Unique in the environment.
    name: String,
    /// Its environment.
    environment_id: Uuid,
    /// 1, 2, 3, ...
    version: i64,
    /// From.
    store_id: Uuid,
    /// To.
    company_id: Uuid,
    /// Name of the workflow.
    workflow: String,
    /// Name of the profile.
    profile: String,
    /// Off routes take nothing.
    enabled: bool,
}

/// A route to publish.
#[derive(Debug, Deserialize, ToSchema)]
#[expect(dead_code, reason = "describes the body; a form reads it")]
pub(crate) struct NewRoute {
    /// The environment it goes to.
    environment_id: Uuid,
    /// From.
    store_id: Uuid,
    /// To.
    company_id: Uuid,
    /// Name of a workflow in force.
    workflow: String,
    /// Name of a profile in force.
    profile: String,
    /// On, when not given.
    enabled: Option<bool>,
}

/// Lists the routes in force.
#[utoipa::path(
    get, path = "/routes", tag = "routes", params(InEnvironment),
    responses((status = 200, body = Page<RouteView>), (status = "default", body = Problem)),
    security(("api_key" = []))
)]
pub(crate) async fn list(
    State(shared): State<Arc<Shared>>,
    Viewer(caller): Viewer,
    Query(place): Query<InEnvironment>,
) -> Result<Json<Page<RouteView>>, Error> {
    let asked = place.environment_id.as_deref();
    let environment = shared.environment_or_only(&caller, asked).await?;
    let routes = in_force(&shared, &caller, environment).await?;
    let views = routes
        .into_iter()
        .map(|(artifact, route)| view(artifact, route))
        .collect();
    Ok(Json(Page::whole(views)))
}

/// Shows a route.
#[utoipa::path(
    get, path = "/routes/{name}", tag = "routes", params(("name" = String, Path), InEnvironment),
    responses((status = 200, body = RouteView), (status = "default", body = Problem)),
    security(("api_key" = []))
)]
pub(crate) async fn show(
    State(shared): State<Arc<Shared>>,
    Viewer(caller): Viewer,
    Path(name): Path<String>,
    Query(place): Query<InEnvironment>,
) -> Result<Json<RouteView>, Error> {
    let asked = place.environment_id.as_deref();
    let environment = shared.environment_or_only(&caller, asked).await?;
    let routes = in_force(&shared, &caller, environment).await?;
    let found = routes
        .into_iter()
        .find(|(artifact, _)| artifact.name == name);
    let (artifact, route) = found.ok_or_else(|| Error::not_found("route"))?;
    Ok(Json(view(artifact, route)))
}

/// Publishes the next version of a route, and with it the next revision.
#[utoipa::path(
    put, path = "/routes/{name}", tag = "routes", params(("name" = String, Path)),
    request_body = NewRoute,
    responses((status = 200, body = RouteView), (status = "default", body = Problem)),
    security(("api_key" = []))
)]
pub(crate) async fn publish(
    State(shared): State<Arc<Shared>>,
    Owner(caller): Owner,
    Path(name): Path<String>,
    mut form: Form,
) -> Result<Json<RouteView>, Error> {
    let environment = EnvironmentId(form.id("environment_id"));
    let mut route = Route {
        id: RouteId(shared.services.ids.next()),
        store: StoreId(form.id("store_id")),
        company: CompanyId(form.id("company_id")),
        workflow: form.text("workflow", 60),
        profile: form.text("profile", 60),
        enabled: form.optional_flag("enabled").unwrap_or(true),
    };
    artifacts::check_name(&mut form, &name);
    form.finish()?;
    shared.environment(&caller, environment).await?;
    let after = artifacts::revision_now(&shared, &caller, environment).await?;
    check_ends(&shared, &caller, environment, &route).await?;
    for (artifact, other) in in_force(&shared, &caller, environment).await? {
        if artifact.name == name {
            route.id = other.id;
        } else if route.enabled && other.enabled && other.store == route.store {
            let message = format!("the store's work goes by route {} already", artifact.name);
            return Err(Error::conflict("store_routed_already", message));
        }
    }
    prefixes::check(&shared, &caller, environment, Change::Route(&name, &route)).await?;
    let body = serde_json::to_string(&route).map_err(Error::internal)?;
    let kind = ArtifactKind::Route;
    let change = artifacts::NewVersion {
        environment,
        kind,
        name: &name,
        body,
        after,
    };
    let published = artifacts::publish(&shared, &caller, change).await?;
    if route.enabled {
        let_go_on(&shared, &caller, route.store).await?;
    }
    Ok(Json(RouteView {
        id: route.id.0,
        name,
        environment_id: environment.0,
        version: published.version,
        store_id: route.store.0,
        company_id: route.company.0,
        workflow: route.workflow,
        profile: route.profile,
        enabled: route.enabled,
    }))
}

/// Whether the store's work had somewhere to go under a revision; none: under none yet.
pub(super) async fn is_routed(
    shared: &Shared,
    caller: &Caller,
    run: &Run,
    revision: Option<i64>,
) -> Result<bool, Error> {
    let Some(revision) = revision else {
        return Ok(false);
    };
    let artifacts = shared.services.database.artifacts();
    let contents = artifacts
        .contents(caller.tenant, run.environment, revision)
        .await?;
    for artifact in contents {
        if artifact.kind != ArtifactKind::Route {
            continue;
        }
        let route: Route = serde_json::from_str(&artifact.body).map_err(Error::internal)?;
        if route.enabled && route.store == run.store {
            return Ok(true);
        }
    }
    Ok(false)
}

/// The route of the store that goes by a workflow, if one is on.
pub(super) async fn going_by(
    shared: &Shared,
    caller: &Caller,
    store: &Store,
    workflow: &str,
) -> Result<Option<RouteId>, Error> {
    let routes = in_force(shared, caller, store.environment).await?;
    let mut routes = routes.into_iter();
    let found = routes
        .find(|(_, route)| route.enabled && route.store == store.id && route.workflow == workflow);
    Ok(found.map(|(_, route)| route.id))
}

/// Opens the gate behind which the store's work waited for a route. A gate that a person closed
/// stays; a store that is down closes its own again.
async fn let_go_on(shared: &Shared, caller: &Caller, store: StoreId) -> Result<(), Error> {
    let database = &shared.services.database;
    let paused = database.stores().find(caller.tenant, store).await?;
    if paused.is_none_or(|store| store.paused) {
        return Ok(());
    }
    let key = GateKey {
        kind: GateKind::Store,
        target: store.0,
    };
    let now = shared.services.clock.now();
    database.gates().delete(caller.tenant, key, now).await?;
    Ok(())
}

/// The same for every store that goes by a profile.
pub(super) async fn let_go_on_by_profile(
    shared: &Shared,
    caller: &Caller,
    environment: EnvironmentId,
    profile: &str,
) -> Result<(), Error> {
    for (_, route) in in_force(shared, caller, environment).await? {
        if route.enabled && route.profile == profile {
            let_go_on(shared, caller, route.store).await?;
        }
    }
    Ok(())
}

/// Both ends, the workflow and the profile must be there, in the same environment.
async fn check_ends(
    shared: &Shared,
    caller: &Caller,
    environment: EnvironmentId,
    route: &Route,
) -> Result<(), Error> {
    let database = &shared.services.database;
    let store = database.stores().find(caller.tenant, route.store).await?;
    store
        .filter(|store| store.environment == environment)
        .ok_or_else(|| Error::not_found("store"))?;
    let company = database
        .companies()
        .find(caller.tenant, route.company)
        .await?;
    company
        .filter(|company| company.environment == environment)
        .ok_or_else(|| Error::not_found("company"))?;
    let mut error = Error::invalid("invalid_fields", "some fields are not valid");
    for (kind, field, name) in [
        (ArtifactKind::Workflow, "workflow", &route.workflow),
        (ArtifactKind::Profile, "profile", &route.profile),
    ] {
        let known = artifacts::in_force(shared, caller, environment, kind).await?;
        if !known.iter().any(|artifact| artifact.name == *name) {
            error = error.with_field(field, format!("there is no {field} of this name"));
        }
    }
    if error.fields.is_empty() {
        Ok(())
    } else {
        Err(error)
    }
}

async fn in_force(
    shared: &Shared,
    caller: &Caller,
    environment: EnvironmentId,
) -> Result<Vec<(Artifact, Route)>, Error> {
    let found = artifacts::in_force(shared, caller, environment, ArtifactKind::Route).await?;
    let read = |artifact: Artifact| {
        let route = serde_json::from_str(&artifact.body).map_err(Error::internal)?;
        Ok((artifact, route))
    };
    found.into_iter().map(read).collect()
}

fn view(artifact: Artifact, route: Route) -> RouteView {
    RouteView {
        id: route.id.0,
        name: artifact.name,
        environment_id: artifact.environment.0,
        version: artifact.version,
        store_id: route.store.0,
        company_id: route.company.0,
        workflow: route.workflow,
        profile: route.profile,
        enabled: route.enabled,
    }
}
