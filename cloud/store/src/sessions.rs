//! Which replica holds an agent's session: the newest wins.

use connect_core::domain::ids::{AgentId, TenantId};
use connect_core::domain::time::Micros;
use sqlx::FromRow;
use uuid::Uuid;

use crate::conn::{Conn, on};
use crate::database::Database;
use crate::error::StoreError;

/// An agent's latest session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    /// Raised by each new session; a holder with a lower one has lost it.
    pub epoch: i64,
    /// The process that holds it.
    pub replica: Uuid,
    /// When it began.
    pub opened: Micros,
    /// When it ended.
    pub closed: Option<Micros>,
}

/// Sessions of agents.
#[derive(Debug)]
pub struct Sessions<'d>(pub(crate) &'d Database);

impl Database {
    /// Sessions of agents.
    pub fn sessions(&self) -> Sessions<'_> {
        Sessions(self)
    }
}

impl Sessions<'_> {
    /// Finds an agent's latest session.
    pub async fn find(
        &self,
        tenant: TenantId,
        agent: AgentId,
    ) -> Result<Option<Session>, StoreError> {
        let mut conn = self.0.read().await?;
        let row: Option<Row> = on!(conn, c => sqlx::query_as(
            "SELECT epoch, replica, opened, closed
             FROM agent_session
             WHERE tenant = $1 AND agent = $2",
        )
        .bind(tenant.0)
        .bind(agent.0)
        .fetch_optional(c)
        .await)?;
        Ok(row.map(Session::from))
    }

    /// Begins a session and returns its epoch; whoever held one before has lost it.
    pub async fn claim(
        &self,
        tenant: TenantId,
        agent: AgentId,
        replica: Uuid,
        now: Micros,
    ) -> Result<i64, StoreError> {
        self.0
            .write(
                (tenant, agent, replica, now),
                |conn, &(tenant, agent, replica, now)| {
                    Box::pin(claim(conn, tenant, agent, replica, now))
                },
            )
            .await
    }

    /// Ends the session of that epoch; says `false` when a newer one has taken its place.
    pub async fn delete(
        &self,
        tenant: TenantId,
        agent: AgentId,
        epoch: i64,
        now: Micros,
    ) -> Result<bool, StoreError> {
        self.0
            .write(
                (tenant, agent, epoch, now),
                |conn, &(tenant, agent, epoch, now)| {
                    Box::pin(close(conn, tenant, agent, epoch, now))
                },
            )
            .await
    }

    /// Ends a tenant's sessions that other processes left open: for a single process that starts.
    pub async fn delete_of_others(
        &self,
        tenant: TenantId,
        replica: Uuid,
        now: Micros,
    ) -> Result<u64, StoreError> {
        self.0
            .write((tenant, replica, now), |conn, &(tenant, replica, now)| {
                Box::pin(close_others(conn, tenant, replica, now))
            })
            .await
    }
}

async fn claim(
    conn: &mut Conn,
    tenant: TenantId,
    agent: AgentId,
    replica: Uuid,
    now: Micros,
) -> Result<i64, StoreError> {
    let (epoch,): (i64,) = on!(conn, c => sqlx::query_as(
        "INSERT INTO agent_session (tenant, agent, epoch, replica, opened, closed)
         VALUES ($1, $2, 1, $3, $4, NULL)
         ON CONFLICT (tenant, agent) DO UPDATE
         SET epoch = agent_session.epoch + 1, replica = excluded.replica,
             opened = excluded.opened, closed = NULL
         RETURNING epoch",
    )
    .bind(tenant.0)
    .bind(agent.0)
    .bind(replica)
    .bind(now.0)
    .fetch_one(c)
    .await)?;
    Ok(epoch)
}

async fn close(
    conn: &mut Conn,
    tenant: TenantId,
    agent: AgentId,
    epoch: i64,
    now: Micros,
) -> Result<bool, StoreError> {
    let changed = on!(conn, c => sqlx::query(
        "UPDATE agent_session
         SET closed = $4
         WHERE tenant = $1 AND agent = $2 AND epoch = $3 AND closed IS NULL",
    )
    .bind(tenant.0)
    .bind(agent.0)
    .bind(epoch)
    .bind(now.0)
    .execute(c)
    .await
    .map(|done| done.rows_affected()))?;
    Ok(changed > 0)
}

async fn close_others(
    conn: &mut Conn,
    tenant: TenantId,
    replica: Uuid,
    now: Micros,
) -> Result<u64, StoreError> {
    let changed = on!(conn, c => sqlx::query(
        "UPDATE agent_session
         SET closed = $3
         WHERE tenant = $1 AND replica <> $2 AND closed IS NULL",
    )
    .bind(tenant.0)
    .bind(replica)
    .bind(now.0)
    .execute(c)
    .await
    .map(|done| done.rows_affected()))?;
    Ok(changed)
}

#[derive(FromRow)]
struct Row {
    epoch: i64,
    replica: Uuid,
    opened: i64,
    closed: Option<i64>,
}

impl From<Row> for Session {
    fn from(row: Row) -> Self {
        Self {
            epoch: row.epoch,
            replica: row.replica,
            opened: Micros(row.opened),
            closed: row.closed.map(Micros),
        }
    }
}
