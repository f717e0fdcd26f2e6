//! Agents: made here, enrolled by a one-time token, shut out for good.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use connect_core::domain::agent::{Agent, EnrollmentToken};
use connect_core::domain::ids::{AgentId, EnvironmentId};
use secrecy::ExposeSecret as _;
use serde::Deserialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::api::auth::{Caller, Owner, Viewer};
use crate::api::extract::Path;
use crate::api::form::Form;
use crate::api::page::Page;
use crate::api::problem::Problem;
use crate::api::view::{AgentView, EnrollmentView, instant};
use crate::api::{Shared, id_of};
use crate::error::Error;
use crate::secrets::token::NewSecret;

const TOKEN_SECONDS: i64 = 3_600;

/// What it takes to make an agent.
#[derive(Debug, Deserialize, ToSchema)]
#[expect(dead_code, reason = "describes the body; a form reads it")]
pub(crate) struct NewAgent {
    /// The environment it goes to.
    environment_id: Uuid,
    /// What people call it.
    name: String,
}

/// Makes an agent and the token it enrols with.
#[utoipa::path(
    post, path = "/agents", tag = "agents", request_body = NewAgent,
    responses((status = 201, body = EnrollmentView), (status = "default", body = Problem)),
    security(("api_key" = []))
)]
pub(crate) async fn create(
    State(shared): State<Arc<Shared>>,
    Owner(caller): Owner,
    mut form: Form,
) -> Result<(StatusCode, Json<EnrollmentView>), Error> {
    let environment = EnvironmentId(form.id("environment_id"));
    let name = form.text("name", 100);
    form.finish()?;
    shared.environment(&caller, environment).await?;
    let services = &shared.services;
    let agent = Agent {
        tenant: caller.tenant,
        id: AgentId(services.ids.next()),
        environment,
        name,
        version: String::new(),
        machine: String::new(),
        created: services.clock.now(),
        last_seen: None,
        connected: false,
        revoked: None,
    };
    let database = shared.audited(&caller, "agent.create", &agent.id.to_string());
    database.agents().insert(&agent).await?;
    let action = "agent.create_token";
    let view = enrollment(&shared, &caller, action, agent.id).await?;
    Ok((StatusCode::CREATED, Json(view)))
}

/// Lists the agents.
#[utoipa::path(
    get, path = "/agents", tag = "agents",
    responses((status = 200, body = Page<AgentView>), (status = "default", body = Problem)),
    security(("api_key" = []))
)]
pub(crate) async fn list(
    State(shared): State<Arc<Shared>>,
    Viewer(caller): Viewer,
) -> Result<Json<Page<AgentView>>, Error> {
    let agents = shared
        .services
        .database
        .agents()
        .list(caller.tenant)
        .await?;
    Ok(Json(Page::whole(
        agents.into_iter().map(AgentView::from).collect(),
    )))
}

/// Shows an agent.
#[utoipa::path(
    get, path = "/agents/{id}", tag = "agents", params(("id" = Uuid, Path)),
    responses((status = 200, body = AgentView), (status = "default", body = Problem)),
    security(("api_key" = []))
)]
pub(crate) async fn show(
    State(shared): State<Arc<Shared>>,
    Viewer(caller): Viewer,
    Path(id): Path<String>,
) -> Result<Json<AgentView>, Error> {
    find(&shared, &caller, &id)
        .await
        .map(|agent| Json(agent.into()))
}

/// Makes another token, for a machine that lost its certificate or an agent that moves.
#[utoipa::path(
    post, path = "/agents/{id}/token", tag = "agents", params(("id" = Uuid, Path)),
    responses((status = 201, body = EnrollmentView), (status = "default", body = Problem)),
    security(("api_key" = []))
)]
pub(crate) async fn new_token(
    State(shared): State<Arc<Shared>>,
    Owner(caller): Owner,
    Path(id): Path<String>,
) -> Result<(StatusCode, Json<EnrollmentView>), Error> {
    let agent = find(&shared, &caller, &id).await?;
    if agent.revoked.is_some() {
        return Err(Error::conflict(
            "agent_revoked",
            "this agent is shut out: make a new one",
        ));
    }
    let view = enrollment(&shared, &caller, "agent.renew_token", agent.id).await?;
    Ok((StatusCode::CREATED, Json(view)))
}

/// Shuts an agent out for good: its certificates end and its session with them.
#[utoipa::path(
    post, path = "/agents/{id}/revoke", tag = "agents", params(("id" = Uuid, Path)),
    responses((status = 200, body = AgentView), (status = "default", body = Problem)),
    security(("api_key" = []))
)]
pub(crate) async fn revoke(
    State(shared): State<Arc<Shared>>,
    Owner(caller): Owner,
    Path(id): Path<String>,
) -> Result<Json<AgentView>, Error> {
    let agent = find(&shared, &caller, &id).await?;
    let services = &shared.services;
    let now = services.clock.now();
    let database = shared.audited(&caller, "agent.revoke", &id);
    database
        .agents()
        .delete(caller.tenant, agent.id, now)
        .await?;
    services
        .database
        .certificates()
        .delete_of_agent(caller.tenant, agent.id, now)
        .await?;
    // Other replicas notice by the row within seconds.
    services.registry.kick(caller.tenant, agent.id);
    find(&shared, &caller, &id)
        .await
        .map(|agent| Json(agent.into()))
}

async fn enrollment(
    shared: &Shared,
    caller: &Caller,
    action: &str,
    agent: AgentId,
) -> Result<EnrollmentView, Error> {
    let (services, tenant) = (&shared.services, caller.tenant);
    let now = services.clock.now();
    let token = NewSecret::enrollment_token(tenant)?;
    let expires = now.plus_seconds(TOKEN_SECONDS);
    let row = EnrollmentToken {
        tenant,
        token_sha256: token.sha256,
        agent,
        expires,
        used: None,
    };
    let database = shared.audited(caller, action, &agent.to_string());
    database.enrollment_tokens().insert(&row, now).await?;
    Ok(EnrollmentView {
        id: agent.0,
        enrollment_token: token.text.expose_secret().to_owned(),
        expires_at: instant(expires),
        enroll_url: services.urls.tunnel.clone(),
    })
}

async fn find(shared: &Shared, caller: &Caller, id: &str) -> Result<Agent, Error> {
    let id = AgentId(id_of(id, "agent")?);
    let found = shared
        .services
        .database
        .agents()
        .find(caller.tenant, id)
        .await?;
    found.ok_or_else(|| Error::not_found("agent"))
}
