//! Versioned settings: what is in force, profiles to publish, revisions.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use connect_core::domain::artifact::{Artifact, ArtifactKind};
use connect_core::domain::ids::EnvironmentId;
use connect_store::{NewArtifact, NewArtifacts, StoreError};
use serde::Deserialize;
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::prefixes::{self, Change};
use super::routes;
use crate::api::auth::{Caller, Owner, Viewer};
use crate::api::extract::{Path, Query};
use crate::api::form::Form;
use crate::api::page::Page;
use crate::api::problem::Problem;
use crate::api::view::{ArtifactView, RevisionView};
use crate::api::{Shared, profile};
use crate::error::Error;

const MOST_REVISIONS: i64 = 50;

/// Which environment.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct InEnvironment {
    /// May be left out where there is only one.
    pub environment_id: Option<String>,
}

/// A profile to publish.
#[derive(Debug, Deserialize, ToSchema)]
#[expect(dead_code, reason = "describes the body; a form reads it")]
pub(crate) struct NewProfile {
    /// The environment it goes to.
    environment_id: Uuid,
    /// What it says.
    #[schema(value_type = Object)]
    body: Value,
}

/// Lists the workflows in force.
#[utoipa::path(
    get, path = "/workflows", tag = "workflows", params(InEnvironment),
    responses((status = 200, body = Page<ArtifactView>), (status = "default", body = Problem)),
    security(("api_key" = []))
)]
pub(crate) async fn list_workflows(
    State(shared): State<Arc<Shared>>,
    Viewer(caller): Viewer,
    Query(place): Query<InEnvironment>,
) -> Result<Json<Page<ArtifactView>>, Error> {
    list(&shared, &caller, &place, ArtifactKind::Workflow).await
}

/// Shows the version of a workflow that is in force.
#[utoipa::path(
    get, path = "/workflows/{name}", tag = "workflows",
    params(("name" = String, Path), InEnvironment),
    responses((status = 200, body = ArtifactView), (status = "default", body = Problem)),
    security(("api_key" = []))
)]
pub(crate) async fn show_workflow(
    State(shared): State<Arc<Shared>>,
    Viewer(caller): Viewer,
    Path(name): Path<String>,
    Query(place): Query<InEnvironment>,
) -> Result<Json<ArtifactView>, Error> {
    show(&shared, &caller, &place, ArtifactKind::Workflow, &name).await
}

/// Lists the mappings in force.
#[utoipa::path(
    get, path = "/mappings", tag = "mappings", params(InEnvironment),
    responses((status = 200, body = Page<ArtifactView>), (status = "default", body = Problem)),
    security(("api_key" = []))
)]
pub(crate) async fn list_mappings(
    State(shared): State<Arc<Shared>>,
    Viewer(caller): Viewer,
    Query(place): Query<InEnvironment>,
) -> Result<Json<Page<ArtifactView>>, Error> {
    list(&shared, &caller, &place, ArtifactKind::Mapping).await
}

/// Shows the version of a mapping that is in force.
#[utoipa::path(
    get, path = "/mappings/{name}", tag = "mappings",
    params(("name" = String, Path), InEnvironment),
    responses((status = 200, body = ArtifactView), (status = "default", body = Problem)),
    security(("api_key" = []))
)]
pub(crate) async fn show_mapping(
    State(shared): State<Arc<Shared>>,
    Viewer(caller): Viewer,
    Path(name): Path<String>,
    Query(place): Query<InEnvironment>,
) -> Result<Json<ArtifactView>, Error> {
    show(&shared, &caller, &place, ArtifactKind::Mapping, &name).await
}

/// Lists the profiles in force.
#[utoipa::path(
    get, path = "/profiles", tag = "profiles", params(InEnvironment),
    responses((status = 200, body = Page<ArtifactView>), (status = "default", body = Problem)),
    security(("api_key" = []))
)]
pub(crate) async fn list_profiles(
    State(shared): State<Arc<Shared>>,
    Viewer(caller): Viewer,
    Query(place): Query<InEnvironment>,
) -> Result<Json<Page<ArtifactView>>, Error> {
    list(&shared, &caller, &place, ArtifactKind::Profile).await
}

/// Shows the version of a profile that is in force.
#[utoipa::path(
    get, path = "/profiles/{name}", tag = "profiles",
    params(("name" = String, Path), InEnvironment),
    responses((status = 200, body = ArtifactView), (status = "default", body = Problem)),
    security(("api_key" = []))
)]
pub(crate) async fn show_profile(
    State(shared): State<Arc<Shared>>,
    Viewer(caller): Viewer,
    Path(name): Path<String>,
    Query(place): Query<InEnvironment>,
) -> Result<Json<ArtifactView>, Error> {
    show(&shared, &caller, &place, ArtifactKind::Profile, &name).await
}

/// Publishes the next version of a profile, and with it the next revision.
#[utoipa::path(
    put, path = "/profiles/{name}", tag = "profiles", params(("name" = String, Path)),
    request_body = NewProfile,
    responses((status = 200, body = ArtifactView), (status = "default", body = Problem)),
    security(("api_key" = []))
)]
pub(crate) async fn publish_profile(
    State(shared): State<Arc<Shared>>,
    Owner(caller): Owner,
    Path(name): Path<String>,
    mut form: Form,
) -> Result<Json<ArtifactView>, Error> {
    let environment = EnvironmentId(form.id("environment_id"));
    let body = form.value("body");
    check_name(&mut form, &name);
    form.refuse_all(if body.is_null() {
        Vec::new()
    } else {
        profile::check(&body)
    });
    form.finish()?;
    shared.environment(&caller, environment).await?;
    let after = revision_now(&shared, &caller, environment).await?;
    let change = Change::Profile(&name, &body);
    prefixes::check(&shared, &caller, environment, change).await?;
    let (kind, body) = (ArtifactKind::Profile, body.to_string());
    let change = NewVersion {
        environment,
        kind,
        name: &name,
        body,
        after,
    };
    let published = publish(&shared, &caller, change).await?;
    routes::let_go_on_by_profile(&shared, &caller, environment, &name).await?;
    Ok(Json(published))
}

/// Lists the latest revisions, newest first.
#[utoipa::path(
    get, path = "/revisions", tag = "revisions", params(InEnvironment),
    responses((status = 200, body = Page<RevisionView>), (status = "default", body = Problem)),
    security(("api_key" = []))
)]
pub(crate) async fn list_revisions(
    State(shared): State<Arc<Shared>>,
    Viewer(caller): Viewer,
    Query(place): Query<InEnvironment>,
) -> Result<Json<Page<RevisionView>>, Error> {
    let asked = place.environment_id.as_deref();
    let environment = shared.environment_or_only(&caller, asked).await?;
    let artifacts = shared.services.database.artifacts();
    let mut views = Vec::new();
    for (number, _) in artifacts
        .list_revisions(caller.tenant, environment, MOST_REVISIONS)
        .await?
    {
        let found = artifacts
            .find_revision(caller.tenant, environment, number)
            .await?;
        views.extend(found.map(RevisionView::from));
    }
    Ok(Json(Page::whole(views)))
}

/// Everything of a kind that is in force.
pub(super) async fn in_force(
    shared: &Shared,
    caller: &Caller,
    environment: EnvironmentId,
    kind: ArtifactKind,
) -> Result<Vec<Artifact>, Error> {
    let (_, all) = all_in_force(shared, caller, environment).await?;
    Ok(all
        .into_iter()
        .filter(|artifact| artifact.kind == kind)
        .collect())
}

/// Everything that is in force, with the number of its revision; 0 where there is none yet.
pub(super) async fn all_in_force(
    shared: &Shared,
    caller: &Caller,
    environment: EnvironmentId,
) -> Result<(i64, Vec<Artifact>), Error> {
    let artifacts = shared.services.database.artifacts();
    let Some(number) = artifacts.current(caller.tenant, environment).await? else {
        return Ok((0, Vec::new()));
    };
    let all = artifacts
        .contents(caller.tenant, environment, number)
        .await?;
    Ok((number, all))
}

/// The next version of one thing.
pub(super) struct NewVersion<'n> {
    pub environment: EnvironmentId,
    pub kind: ArtifactKind,
    pub name: &'n str,
    pub body: String,
    /// The revision it was checked against, 0 where there was none; another in force by then
    /// refuses it.
    pub after: i64,
}

/// The number of the revision in force, to be asked for before anything is checked against it; 0
/// where there is none yet.
pub(super) async fn revision_now(
    shared: &Shared,
    caller: &Caller,
    environment: EnvironmentId,
) -> Result<i64, Error> {
    let artifacts = shared.services.database.artifacts();
    let current = artifacts.current(caller.tenant, environment).await?;
    Ok(current.unwrap_or(0))
}

/// Publishes the next version of one thing.
pub(super) async fn publish(
    shared: &Shared,
    caller: &Caller,
    change: NewVersion<'_>,
) -> Result<ArtifactView, Error> {
    let NewVersion {
        environment,
        kind,
        name,
        body,
        after,
    } = change;
    let action = format!("{}.publish", crate::api::view::word(kind));
    let database = shared.audited(caller, &action, name);
    let artifact = NewArtifact {
        kind,
        name: name.to_owned(),
        body,
    };
    let now = shared.services.clock.now();
    let artifacts = database.artifacts();
    let revision = artifacts
        .publish(
            caller.tenant,
            environment,
            NewArtifacts {
                artifacts: vec![artifact],
                after: Some(after),
            },
            &caller.name,
            now,
        )
        .await
        .map_err(changed_meanwhile)?;
    // Events from here on run under the new revision.
    shared.services.hooks.forget();
    let pin = revision
        .pins
        .iter()
        .find(|pin| pin.kind == kind && pin.name == name);
    let version = pin.map(|pin| pin.version).unwrap_or_default();
    let published = artifacts
        .find(caller.tenant, environment, kind, name, version)
        .await?;
    let published = published.ok_or_else(|| Error::internal("what was published is not there"))?;
    Ok(ArtifactView::new(published, Some(revision.number)))
}

/// Names stand in paths and in routes.
pub(super) fn check_name(form: &mut Form, name: &str) {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.');
    if name.is_empty() || name.len() > 60 || !name.bytes().all(plain) {
        form.refuse(
            "name",
            "must have 1 to 60 letters, digits, dots, dashes or underscores",
        );
    }
}

fn changed_meanwhile(error: StoreError) -> Error {
    if !matches!(error, StoreError::Stale { .. }) {
        return error.into();
    }
    let message = "something else was published meanwhile: check it again, then publish";
    Error::conflict("changed_meanwhile", message)
}

pub(super) async fn list(
    shared: &Shared,
    caller: &Caller,
    place: &InEnvironment,
    kind: ArtifactKind,
) -> Result<Json<Page<ArtifactView>>, Error> {
    let asked = place.environment_id.as_deref();
    let environment = shared.environment_or_only(caller, asked).await?;
    let found = in_force(shared, caller, environment, kind).await?;
    let views = found
        .into_iter()
        .map(|artifact| ArtifactView::new(artifact, None))
        .collect();
    Ok(Json(Page::whole(views)))
}

pub(super) async fn show(
    shared: &Shared,
    caller: &Caller,
    place: &InEnvironment,
    kind: ArtifactKind,
    name: &str,
) -> Result<Json<ArtifactView>, Error> {
    let asked = place.environment_id.as_deref();
    let environment = shared.environment_or_only(caller, asked).await?;
    let found = in_force(shared, caller, environment, kind).await?;
    let artifact = found.into_iter().find(|artifact| artifact.name == name);
    let artifact = artifact.ok_or_else(|| Error::not_found(&crate::api::view::word(kind)))?;
    Ok(Json(ArtifactView::new(artifact, None)))
}
