//! Certificates given to agents.

use connect_core::domain::agent::Certificate;
use connect_core::domain::ids::{AgentId, TenantId};
use connect_core::domain::time::Micros;
use sqlx::FromRow;
use uuid::Uuid;

use crate::conn::{Conn, on};
use crate::database::Database;
use crate::error::StoreError;

/// Certificates given to agents.
#[derive(Debug)]
pub struct Certificates<'d>(pub(crate) &'d Database);

impl Database {
    /// Certificates given to agents.
    pub fn certificates(&self) -> Certificates<'_> {
        Certificates(self)
    }
}

impl Certificates<'_> {
    /// Finds one by its serial number in lower-case hex, withdrawn or not.
    pub async fn find(
        &self,
        tenant: TenantId,
        serial: &str,
    ) -> Result<Option<Certificate>, StoreError> {
        let mut conn = self.0.read().await?;
        let row: Option<Row> = on!(conn, c => sqlx::query_as(
            "SELECT tenant, serial, agent, key_sha256, issued, not_after, revoked
             FROM certificate
             WHERE tenant = $1 AND serial = $2",
        )
        .bind(tenant.0)
        .bind(serial)
        .fetch_optional(c)
        .await)?;
        Ok(row.map(Certificate::from))
    }

    /// Lists an agent's, newest first.
    pub async fn list(
        &self,
        tenant: TenantId,
        agent: AgentId,
    ) -> Result<Vec<Certificate>, StoreError> {
        let mut conn = self.0.read().await?;
        let rows: Vec<Row> = on!(conn, c => sqlx::query_as(
            "SELECT tenant, serial, agent, key_sha256, issued, not_after, revoked
             FROM certificate
             WHERE tenant = $1 AND agent = $2
             ORDER BY issued DESC, serial",
        )
        .bind(tenant.0)
        .bind(agent.0)
        .fetch_all(c)
        .await)?;
        Ok(rows.into_iter().map(Certificate::from).collect())
    }

    /// Adds one.
    pub async fn insert(&self, certificate: &Certificate) -> Result<(), StoreError> {
        self.0
            .write(certificate.clone(), |conn, certificate| {
                Box::pin(insert(conn, certificate))
            })
            .await
    }

    /// Withdraws all of an agent's and says how many.
    pub async fn delete_of_agent(
        &self,
        tenant: TenantId,
        agent: AgentId,
        now: Micros,
    ) -> Result<u64, StoreError> {
        self.0
            .write((tenant, agent, now), |conn, &(tenant, agent, now)| {
                Box::pin(revoke_of_agent(conn, tenant, agent, now))
            })
            .await
    }
}

async fn insert(conn: &mut Conn, certificate: &Certificate) -> Result<(), StoreError> {
    on!(conn, c => sqlx::query(
        "INSERT INTO certificate (tenant, serial, agent, key_sha256, issued, not_after, revoked)
         VALUES ($1, $2, $3, $4, $5, $6, $7)",
    )
    .bind(certificate.tenant.0)
    .bind(&certificate.serial)
    .bind(certificate.agent.0)
    .bind(&certificate.key_sha256)
    .bind(certificate.issued.0)
    .bind(certificate.not_after.0)
    .bind(certificate.revoked.map(|at| at.0))
    .execute(c)
    .await
    .map(|_| ()))?;
    Ok(())
}

pub(crate) async fn revoke_of_agent(
    conn: &mut Conn,
    tenant: TenantId,
    agent: AgentId,
    now: Micros,
) -> Result<u64, StoreError> {
    let changed = on!(conn, c => sqlx::query(
        "UPDATE certificate
         SET revoked = $3
         WHERE tenant = $1 AND agent = $2 AND revoked IS NULL",
    )
    .bind(tenant.0)
    .bind(agent.0)
    .bind(now.0)
    .execute(c)
    .await
    .map(|done| done.rows_affected()))?;
    Ok(changed)
}

#[derive(FromRow)]
struct Row {
    tenant: Uuid,
    serial: String,
    agent: Uuid,
    key_sha256: Vec<u8>,
    issued: i64,
    not_after: i64,
    revoked: Option<i64>,
}

impl From<Row> for Certificate {
    fn from(row: Row) -> Self {
        Self {
            tenant: TenantId(row.tenant),
            serial: row.serial,
            agent: AgentId(row.agent),
            key_sha256: row.key_sha256,
            issued: Micros(row.issued),
            not_after: Micros(row.not_after),
            revoked: row.revoked.map(Micros),
        }
    }
}
