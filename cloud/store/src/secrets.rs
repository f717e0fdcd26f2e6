//! Sealed secrets by name.

use connect_core::domain::ids::TenantId;
use connect_core::domain::time::Micros;

use crate::conn::{Conn, on};
use crate::database::Database;
use crate::error::StoreError;

/// Sealed secrets by name.
#[derive(Debug)]
pub struct Secrets<'d>(pub(crate) &'d Database);

impl Database {
    /// Sealed secrets by name.
    pub fn secrets(&self) -> Secrets<'_> {
        Secrets(self)
    }
}

impl Secrets<'_> {
    /// Finds one, still sealed.
    pub async fn find(&self, tenant: TenantId, name: &str) -> Result<Option<Vec<u8>>, StoreError> {
        let mut conn = self.0.read().await?;
        let row: Option<(Vec<u8>,)> = on!(conn, c => sqlx::query_as(
            "SELECT sealed
             FROM secret
             WHERE tenant = $1 AND name = $2",
        )
        .bind(tenant.0)
        .bind(name)
        .fetch_optional(c)
        .await)?;
        Ok(row.map(|(sealed,)| sealed))
    }

    /// Sets one, in place of an older one of the same name.
    pub async fn update(
        &self,
        tenant: TenantId,
        name: &str,
        sealed: Vec<u8>,
        now: Micros,
    ) -> Result<(), StoreError> {
        self.0
            .write(
                (tenant, name.to_owned(), sealed, now),
                |conn, (tenant, name, sealed, now)| {
                    Box::pin(update(conn, *tenant, name, sealed, *now))
                },
            )
            .await
    }

    /// Forgets one.
    pub async fn delete(&self, tenant: TenantId, name: &str) -> Result<bool, StoreError> {
        self.0
            .write((tenant, name.to_owned()), |conn, (tenant, name)| {
                Box::pin(delete(conn, *tenant, name))
            })
            .await
    }
}

async fn update(
    conn: &mut Conn,
    tenant: TenantId,
    name: &str,
    sealed: &[u8],
    now: Micros,
) -> Result<(), StoreError> {
    on!(conn, c => sqlx::query(
        "INSERT INTO secret (tenant, name, sealed, updated)
         VALUES ($1, $2, $3, $4)
         ON CONFLICT (tenant, name) DO UPDATE
         SET sealed = excluded.sealed, updated = excluded.updated",
    )
    .bind(tenant.0)
    .bind(name)
    .bind(sealed)
    .bind(now.0)
    .execute(c)
    .await
    .map(|_| ()))?;
    Ok(())
}

async fn delete(conn: &mut Conn, tenant: TenantId, name: &str) -> Result<bool, StoreError> {
    let changed = on!(conn, c => sqlx::query(
        "DELETE FROM secret
         WHERE tenant = $1 AND name = $2",
    )
    .bind(tenant.0)
    .bind(name)
    .execute(c)
    .await
    .map(|done| done.rows_affected()))?;
    Ok(changed > 0)
}
