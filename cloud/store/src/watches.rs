//! What agents are to notice in the companies they serve.

use connect_core::domain::change::Watch;
use connect_core::domain::ids::{CompanyId, TenantId};
use sqlx::FromRow;
use uuid::Uuid;

use crate::conn::{Conn, on};
use crate::database::Database;
use crate::error::StoreError;

/// What agents are to notice.
#[derive(Debug)]
pub struct Watches<'d>(pub(crate) &'d Database);

impl Database {
    /// What agents are to notice in the companies they serve.
    pub fn watches(&self) -> Watches<'_> {
        Watches(self)
    }
}

impl Watches<'_> {
    /// Lists a company's, by name.
    pub async fn list(
        &self,
        tenant: TenantId,
        company: CompanyId,
    ) -> Result<Vec<Watch>, StoreError> {
        let mut conn = self.0.read().await?;
        let rows: Vec<Row> = on!(conn, c => sqlx::query_as(
            "SELECT tenant, company, watcher, interval_ms, sweep_seconds
             FROM watch
             WHERE tenant = $1 AND company = $2
             ORDER BY watcher",
        )
        .bind(tenant.0)
        .bind(company.0)
        .fetch_all(c)
        .await)?;
        Ok(rows.into_iter().map(Watch::from).collect())
    }

    /// Wants a watcher, or wants it otherwise.
    pub async fn update(&self, watch: &Watch) -> Result<(), StoreError> {
        self.0
            .write(watch.clone(), |conn, watch| Box::pin(update(conn, watch)))
            .await
    }

    /// Wants a watcher no longer; false when it was not wanted.
    pub async fn delete(
        &self,
        tenant: TenantId,
        company: CompanyId,
        watcher: &str,
    ) -> Result<bool, StoreError> {
        self.0
            .write(
                (tenant, company, watcher.to_owned()),
                |conn, (tenant, company, watcher)| {
                    Box::pin(delete(conn, *tenant, *company, watcher))
                },
            )
            .await
    }
}

async fn update(conn: &mut Conn, watch: &Watch) -> Result<(), StoreError> {
    on!(conn, c => sqlx::query(
        "INSERT INTO watch (tenant, company, watcher, interval_ms, sweep_seconds)
         VALUES ($1, $2, $3, $4, $5)
         ON CONFLICT (tenant, company, watcher) DO UPDATE
         SET interval_ms = excluded.interval_ms, sweep_seconds = excluded.sweep_seconds",
    )
    .bind(watch.tenant.0)
    .bind(watch.company.0)
    .bind(&watch.watcher)
    .bind(watch.interval_ms)
    .bind(watch.sweep_seconds)
    .execute(c)
    .await
    .map(|_| ()))?;
    Ok(())
}

async fn delete(
    conn: &mut Conn,
    tenant: TenantId,
    company: CompanyId,
    watcher: &str,
) -> Result<bool, StoreError> {
    let deleted = on!(conn, c => sqlx::query(
        "DELETE FROM watch
         WHERE tenant = $1 AND company = $2 AND watcher = $3",
    )
    .bind(tenant.0)
    .bind(company.0)
    .bind(watcher)
    .execute(c)
    .await
    .map(|done| done.rows_affected()))?;
    Ok(deleted > 0)
}

#[derive(FromRow)]
struct Row {
    tenant: Uuid,
    company: Uuid,
    watcher: String,
    interval_ms: i64,
    sweep_seconds: i64,
}

impl From<Row> for Watch {
    fn from(row: Row) -> Self {
        Self {
            tenant: TenantId(row.tenant),
            company: CompanyId(row.company),
            watcher: row.watcher,
            interval_ms: row.interval_ms,
            sweep_seconds: row.sweep_seconds,
        }
    }
}
