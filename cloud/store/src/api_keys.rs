//! Bearer keys for the web API.

use connect_core::domain::ids::{ApiKeyId, TenantId};
use connect_core::domain::tenant::ApiKey;
use connect_core::domain::time::Micros;
use sqlx::FromRow;
use uuid::Uuid;

use crate::conn::{Conn, on};
use crate::database::Database;
use crate::error::StoreError;
use crate::text::{from_word, word};

/// Bearer keys for the web API.
#[derive(Debug)]
pub struct ApiKeys<'d>(pub(crate) &'d Database);

impl Database {
    /// Bearer keys for the web API.
    pub fn api_keys(&self) -> ApiKeys<'_> {
        ApiKeys(self)
    }
}

impl ApiKeys<'_> {
    /// Finds one, withdrawn or not.
    pub async fn find(&self, tenant: TenantId, id: ApiKeyId) -> Result<Option<ApiKey>, StoreError> {
        let mut conn = self.0.read().await?;
        let row: Option<Row> = on!(conn, c => sqlx::query_as(
            "SELECT tenant, id, name, secret_sha256, role, created, revoked
             FROM api_key
             WHERE tenant = $1 AND id = $2",
        )
        .bind(tenant.0)
        .bind(id.0)
        .fetch_optional(c)
        .await)?;
        row.map(ApiKey::try_from).transpose()
    }

    /// Lists a tenant's, oldest first.
    pub async fn list(&self, tenant: TenantId) -> Result<Vec<ApiKey>, StoreError> {
        let mut conn = self.0.read().await?;
        let rows: Vec<Row> = on!(conn, c => sqlx::query_as(
            "SELECT tenant, id, name, secret_sha256, role, created, revoked
             FROM api_key
             WHERE tenant = $1
             ORDER BY id",
        )
        .bind(tenant.0)
        .fetch_all(c)
        .await)?;
        rows.into_iter().map(ApiKey::try_from).collect()
    }

    /// Adds one.
    pub async fn insert(&self, key: &ApiKey) -> Result<(), StoreError> {
        self.0
            .write(key.clone(), |conn, key| Box::pin(insert(conn, key)))
            .await
    }

    /// Withdraws one; says whether it was there and good.
    pub async fn delete(
        &self,
        tenant: TenantId,
        id: ApiKeyId,
        now: Micros,
    ) -> Result<bool, StoreError> {
        self.0
            .write((tenant, id, now), |conn, &(tenant, id, now)| {
                Box::pin(revoke(conn, tenant, id, now))
            })
            .await
    }
}

async fn insert(conn: &mut Conn, key: &ApiKey) -> Result<(), StoreError> {
    let role = word(&key.role)?;
    on!(conn, c => sqlx::query(
        "INSERT INTO api_key (tenant, id, name, secret_sha256, role, created, revoked)
         VALUES ($1, $2, $3, $4, $5, $6, $7)",
    )
    .bind(key.tenant.0)
    .bind(key.id.0)
    .bind(&key.name)
    .bind(&key.secret_sha256)
    .bind(role)
    .bind(key.created.0)
    .bind(key.revoked.map(|at| at.0))
    .execute(c)
    .await
    .map(|_| ()))?;
    Ok(())
}

async fn revoke(
    conn: &mut Conn,
    tenant: TenantId,
    id: ApiKeyId,
    now: Micros,
) -> Result<bool, StoreError> {
    let changed = on!(conn, c => sqlx::query(
        "UPDATE api_key
         SET revoked = $3
         WHERE tenant = $1 AND id = $2 AND revoked IS NULL",
    )
    .bind(tenant.0)
    .bind(id.0)
    .bind(now.0)
    .execute(c)
    .await
    .map(|done| done.rows_affected()))?;
    Ok(changed > 0)
}

#[derive(FromRow)]
struct Row {
    tenant: Uuid,
    id: Uuid,
    name: String,
    secret_sha256: Vec<u8>,
    role: String,
    created: i64,
    revoked: Option<i64>,
}

impl TryFrom<Row> for ApiKey {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self, StoreError> {
        Ok(Self {
            tenant: TenantId(row.tenant),
            id: ApiKeyId(row.id),
            name: row.name,
            secret_sha256: row.secret_sha256,
            role: from_word("api_key", "role", &row.role)?,
            created: Micros(row.created),
            revoked: row.revoked.map(Micros),
        })
    }
}
