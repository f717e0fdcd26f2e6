//! Installed agents.

use connect_core::domain::agent::Agent;
use connect_core::domain::ids::{AgentId, EnvironmentId, TenantId};
use connect_core::domain::time::Micros;
use sqlx::FromRow;
use uuid::Uuid;

use crate::certificates;
use crate::conn::{Conn, on};
use crate::database::Database;
use crate::error::StoreError;

/// Installed agents.
#[derive(Debug)]
pub struct Agents<'d>(pub(crate) &'d Database);

impl Database {
    /// Installed agents.
    pub fn agents(&self) -> Agents<'_> {
        Agents(self)
    }
}

impl Agents<'_> {
    /// Finds one, revoked or not.
    pub async fn find(&self, tenant: TenantId, id: AgentId) -> Result<Option<Agent>, StoreError> {
        let mut conn = self.0.read().await?;
        let row: Option<Row> = on!(conn, c => sqlx::query_as(
            "SELECT agent.tenant, agent.id, agent.environment, agent.name, agent.version,
                    agent.machine, agent.created, agent.last_seen, agent.revoked,
                    (agent_session.agent IS NOT NULL) AS connected
             FROM agent
             LEFT JOIN agent_session ON agent_session.tenant = agent.tenant
                                    AND agent_session.agent = agent.id
                                    AND agent_session.closed IS NULL
             WHERE agent.tenant = $1 AND agent.id = $2",
        )
        .bind(tenant.0)
        .bind(id.0)
        .fetch_optional(c)
        .await)?;
        Ok(row.map(Agent::from))
    }

    /// Lists a tenant's, oldest first.
    pub async fn list(&self, tenant: TenantId) -> Result<Vec<Agent>, StoreError> {
        let mut conn = self.0.read().await?;
        let rows: Vec<Row> = on!(conn, c => sqlx::query_as(
            "SELECT agent.tenant, agent.id, agent.environment, agent.name, agent.version,
                    agent.machine, agent.created, agent.last_seen, agent.revoked,
                    (agent_session.agent IS NOT NULL) AS connected
             FROM agent
             LEFT JOIN agent_session ON agent_session.tenant = agent.tenant
                                    AND agent_session.agent = agent.id
                                    AND agent_session.closed IS NULL
             WHERE agent.tenant = $1
             ORDER BY agent.id",
        )
        .bind(tenant.0)
        .fetch_all(c)
        .await)?;
        Ok(rows.into_iter().map(Agent::from).collect())
    }

    /// Adds one; `connected` is what its session says, not what is given here.
    pub async fn insert(&self, agent: &Agent) -> Result<(), StoreError> {
        self.0
            .write(agent.clone(), |conn, agent| Box::pin(insert(conn, agent)))
            .await
    }

    /// Writes what the agent said of itself in its hello.
    pub async fn update_hello(
        &self,
        tenant: TenantId,
        id: AgentId,
        version: &str,
        machine: &str,
        now: Micros,
    ) -> Result<(), StoreError> {
        self.0
            .write(
                (tenant, id, version.to_owned(), machine.to_owned(), now),
                |conn, (tenant, id, version, machine, now)| {
                    Box::pin(update_hello(conn, (*tenant, *id), version, machine, *now))
                },
            )
            .await
    }

    /// Writes when the agent was last heard.
    pub async fn update_seen(
        &self,
        tenant: TenantId,
        id: AgentId,
        now: Micros,
    ) -> Result<(), StoreError> {
        self.0
            .write((tenant, id, now), |conn, &(tenant, id, now)| {
                Box::pin(update_seen(conn, tenant, id, now))
            })
            .await
    }

    /// Shuts the agent out for good, with all its certificates; says whether it was in.
    pub async fn delete(
        &self,
        tenant: TenantId,
        id: AgentId,
        now: Micros,
    ) -> Result<bool, StoreError> {
        self.0
            .write((tenant, id, now), |conn, &(tenant, id, now)| {
                Box::pin(revoke(conn, tenant, id, now))
            })
            .await
    }
}

async fn insert(conn: &mut Conn, agent: &Agent) -> Result<(), StoreError> {
    on!(conn, c => sqlx::query(
        "INSERT INTO agent (tenant, id, environment, name, version, machine, created, last_seen,
                            revoked)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
    )
    .bind(agent.tenant.0)
    .bind(agent.id.0)
    .bind(agent.environment.0)
    .bind(&agent.name)
    .bind(&agent.version)
    .bind(&agent.machine)
    .bind(agent.created.0)
    .bind(agent.last_seen.map(|at| at.0))
    .bind(agent.revoked.map(|at| at.0))
    .execute(c)
    .await
    .map(|_| ()))?;
    Ok(())
}

async fn update_hello(
    conn: &mut Conn,
    (tenant, id): (TenantId, AgentId),
    version: &str,
    machine: &str,
    now: Micros,
) -> Result<(), StoreError> {
    on!(conn, c => sqlx::query(
        "UPDATE agent
         SET version = $3, machine = $4, last_seen = $5
         WHERE tenant = $1 AND id = $2",
    )
    .bind(tenant.0)
    .bind(id.0)
    .bind(version)
    .bind(machine)
    .bind(now.0)
    .execute(c)
    .await
    .map(|_| ()))?;
    Ok(())
}

async fn update_seen(
    conn: &mut Conn,
    tenant: TenantId,
    id: AgentId,
    now: Micros,
) -> Result<(), StoreError> {
    on!(conn, c => sqlx::query(
        "UPDATE agent
         SET last_seen = $3
         WHERE tenant = $1 AND id = $2",
    )
    .bind(tenant.0)
    .bind(id.0)
    .bind(now.0)
    .execute(c)
    .await
    .map(|_| ()))?;
    Ok(())
}

async fn revoke(
    conn: &mut Conn,
    tenant: TenantId,
    id: AgentId,
    now: Micros,
) -> Result<bool, StoreError> {
    let changed = on!(conn, c => sqlx::query(
        "UPDATE agent
         SET revoked = $3
         WHERE tenant = $1 AND id = $2 AND revoked IS NULL",
    )
    .bind(tenant.0)
    .bind(id.0)
    .bind(now.0)
    .execute(c)
    .await
    .map(|done| done.rows_affected()))?;
    certificates::revoke_of_agent(conn, tenant, id, now).await?;
    on!(conn, c => sqlx::query(
        "UPDATE enrollment_token
         SET used = $3
         WHERE tenant = $1 AND agent = $2 AND used IS NULL",
    )
    .bind(tenant.0)
    .bind(id.0)
    .bind(now.0)
    .execute(c)
    .await
    .map(|_| ()))?;
    Ok(changed > 0)
}

#[derive(FromRow)]
struct Row {
    tenant: Uuid,
    id: Uuid,
    environment: Uuid,
    name: String,
    version: String,
    machine: String,
    created: i64,
    last_seen: Option<i64>,
    revoked: Option<i64>,
    connected: bool,
}

impl From<Row> for Agent {
    fn from(row: Row) -> Self {
        Self {
            tenant: TenantId(row.tenant),
            id: AgentId(row.id),
            environment: EnvironmentId(row.environment),
            name: row.name,
            version: row.version,
            machine: row.machine,
            created: Micros(row.created),
            last_seen: row.last_seen.map(Micros),
            connected: row.connected,
            revoked: row.revoked.map(Micros),
        }
    }
}
