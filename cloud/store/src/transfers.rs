//! Bodies too large for a stream message, by digest, while they are on their way.

use connect_core::domain::ids::TenantId;
use connect_core::domain::time::Micros;

use crate::conn::{Conn, on};
use crate::database::Database;
use crate::error::StoreError;
use crate::text::{compress, expand};

/// Bodies on their way.
#[derive(Debug)]
pub struct Transfers<'d>(pub(crate) &'d Database);

impl Database {
    /// Bodies too large for a stream message.
    pub fn transfers(&self) -> Transfers<'_> {
        Transfers(self)
    }
}

impl Transfers<'_> {
    /// Finds one by the SHA-256 of its content.
    pub async fn find(
        &self,
        tenant: TenantId,
        sha256: &[u8],
    ) -> Result<Option<Vec<u8>>, StoreError> {
        let mut conn = self.0.read().await?;
        let row: Option<(Vec<u8>,)> = on!(conn, c => sqlx::query_as(
            "SELECT content
             FROM transfer_blob
             WHERE tenant = $1 AND sha256 = $2",
        )
        .bind(tenant.0)
        .bind(sha256)
        .fetch_optional(c)
        .await)?;
        row.map(|(content,)| expand(&content)).transpose()
    }

    /// Keeps one; the caller has checked the digest.
    pub async fn insert(
        &self,
        tenant: TenantId,
        sha256: &[u8],
        content: &[u8],
        now: Micros,
    ) -> Result<(), StoreError> {
        let packed = compress(content)?;
        self.0
            .write(
                (tenant, sha256.to_vec(), packed, now),
                |conn, (tenant, sha256, packed, now)| {
                    Box::pin(insert(conn, *tenant, sha256, packed, *now))
                },
            )
            .await
    }

    /// Forgets a tenant's older ones, `limit` at a time, and says how many went.
    pub async fn delete_before(
        &self,
        tenant: TenantId,
        before: Micros,
        limit: i64,
    ) -> Result<u64, StoreError> {
        self.0
            .write((tenant, before, limit), |conn, &(tenant, before, limit)| {
                Box::pin(delete_before(conn, tenant, before, limit))
            })
            .await
    }
}

async fn insert(
    conn: &mut Conn,
    tenant: TenantId,
    sha256: &[u8],
    packed: &[u8],
    now: Micros,
) -> Result<(), StoreError> {
    on!(conn, c => sqlx::query(
        "INSERT INTO transfer_blob (tenant, sha256, content, created)
         VALUES ($1, $2, $3, $4)
         ON CONFLICT (tenant, sha256) DO UPDATE
         SET created = excluded.created",
    )
    .bind(tenant.0)
    .bind(sha256)
    .bind(packed)
    .bind(now.0)
    .execute(c)
    .await
    .map(|_| ()))?;
    Ok(())
}

async fn delete_before(
    conn: &mut Conn,
    tenant: TenantId,
    before: Micros,
    limit: i64,
) -> Result<u64, StoreError> {
    let changed = on!(conn, c => sqlx::query(
        "DELETE FROM transfer_blob
         WHERE tenant = $1 AND created < $2
           AND sha256 IN (SELECT sha256 FROM transfer_blob
                          WHERE tenant = $1 AND created < $2
                          LIMIT $3)",
    )
    .bind(tenant.0)
    .bind(before.0)
    .bind(limit)
    .execute(c)
    .await
    .map(|done| done.rows_affected()))?;
    Ok(changed)
}
