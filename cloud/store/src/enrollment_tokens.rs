//! One-time tokens that let a machine become an agent.

use connect_core::domain::agent::EnrollmentToken;
use connect_core::domain::ids::{AgentId, TenantId};
use connect_core::domain::time::Micros;
use sqlx::FromRow;
use uuid::Uuid;

use crate::conn::{Conn, on};
use crate::database::Database;
use crate::error::StoreError;

/// One-time tokens.
#[derive(Debug)]
pub struct EnrollmentTokens<'d>(pub(crate) &'d Database);

impl Database {
    /// One-time tokens that let a machine become an agent.
    pub fn enrollment_tokens(&self) -> EnrollmentTokens<'_> {
        EnrollmentTokens(self)
    }
}

impl EnrollmentTokens<'_> {
    /// Finds one by its hash, used or not.
    pub async fn find(
        &self,
        tenant: TenantId,
        token_sha256: &[u8],
    ) -> Result<Option<EnrollmentToken>, StoreError> {
        let mut conn = self.0.read().await?;
        let row: Option<Row> = on!(conn, c => sqlx::query_as(
            "SELECT tenant, token_sha256, agent, expires, used
             FROM enrollment_token
             WHERE tenant = $1 AND token_sha256 = $2",
        )
        .bind(tenant.0)
        .bind(token_sha256)
        .fetch_optional(c)
        .await)?;
        Ok(row.map(EnrollmentToken::from))
    }

    /// Adds one; earlier unused tokens of the same agent are good no more.
    pub async fn insert(&self, token: &EnrollmentToken, now: Micros) -> Result<(), StoreError> {
        self.0
            .write((token.clone(), now), |conn, (token, now)| {
                Box::pin(insert(conn, token, *now))
            })
            .await
    }

    /// Uses one up, exactly once however many try, and returns the agent it makes. `None`:
    /// unknown, used, expired, or its agent is revoked.
    pub async fn claim(
        &self,
        tenant: TenantId,
        token_sha256: &[u8],
        now: Micros,
    ) -> Result<Option<AgentId>, StoreError> {
        self.0
            .write(
                (tenant, token_sha256.to_vec(), now),
                |conn, (tenant, token_sha256, now)| {
                    Box::pin(claim(conn, *tenant, token_sha256, *now))
                },
            )
            .await
    }
}

async fn insert(conn: &mut Conn, token: &EnrollmentToken, now: Micros) -> Result<(), StoreError> {
    on!(conn, c => sqlx::query(
        "UPDATE enrollment_token
         SET used = $3
         WHERE tenant = $1 AND agent = $2 AND used IS NULL",
    )
    .bind(token.tenant.0)
    .bind(token.agent.0)
    .bind(now.0)
    .execute(c)
    .await
    .map(|_| ()))?;
    on!(conn, c => sqlx::query(
        "INSERT INTO enrollment_token (tenant, token_sha256, agent, expires, used)
         VALUES ($1, $2, $3, $4, $5)",
    )
    .bind(token.tenant.0)
    .bind(&token.token_sha256)
    .bind(token.agent.0)
    .bind(token.expires.0)
    .bind(token.used.map(|at| at.0))
    .execute(c)
    .await
    .map(|_| ()))?;
    Ok(())
}

async fn claim(
    conn: &mut Conn,
    tenant: TenantId,
    token_sha256: &[u8],
    now: Micros,
) -> Result<Option<AgentId>, StoreError> {
    let row: Option<(Uuid,)> = on!(conn, c => sqlx::query_as(
        "UPDATE enrollment_token
         SET used = $3
         WHERE tenant = $1 AND token_sha256 = $2 AND used IS NULL AND expires > $3
           AND EXISTS (SELECT 1 FROM agent
                       WHERE agent.tenant = $1 AND agent.id = enrollment_token.agent
                         AND agent.revoked IS NULL)
         RETURNING agent",
    )
    .bind(tenant.0)
    .bind(token_sha256)
    .bind(now.0)
    .fetch_optional(c)
    .await)?;
    Ok(row.map(|(agent,)| AgentId(agent)))
}

#[derive(FromRow)]
struct Row {
    tenant: Uuid,
    token_sha256: Vec<u8>,
    agent: Uuid,
    expires: i64,
    used: Option<i64>,
}

impl From<Row> for EnrollmentToken {
    fn from(row: Row) -> Self {
        Self {
            tenant: TenantId(row.tenant),
            token_sha256: row.token_sha256,
            agent: AgentId(row.agent),
            expires: Micros(row.expires),
            used: row.used.map(Micros),
        }
    }
}
