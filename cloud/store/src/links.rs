//! What we know belongs together: store entities and GP keys.

use connect_core::domain::ids::{CompanyId, RunId, StoreId, TenantId};
use connect_core::domain::link::{Link, LinkKey};
use connect_core::domain::time::Micros;
use sqlx::{AssertSqlSafe, FromRow};
use uuid::Uuid;

use crate::conn::{Conn, on};
use crate::database::Database;
use crate::dialect;
use crate::error::{ApplyError, StoreError};

/// Store entities and GP keys.
#[derive(Debug)]
pub struct Links<'d>(pub(crate) &'d Database);

impl Database {
    /// What we know belongs together.
    pub fn links(&self) -> Links<'_> {
        Links(self)
    }
}

impl Links<'_> {
    /// Finds one.
    pub async fn find(&self, key: &LinkKey) -> Result<Option<Link>, StoreError> {
        let mut conn = self.0.read().await?;
        select(&mut conn, key).await
    }

    /// Finds all of these, which belong to one tenant and company, in one statement.
    pub async fn list(&self, keys: &[LinkKey]) -> Result<Vec<Link>, StoreError> {
        let Some(first) = keys.first() else {
            return Ok(Vec::new());
        };
        let sql = format!(
            "SELECT tenant, company, kind, store, store_key, gp_key, complete, written_sha256,
                    run, updated
             FROM link
             WHERE tenant = $1 AND company = $2
               AND (kind, store, store_key) IN (VALUES {places})",
            places = dialect::places_from(3, keys.len(), 3),
        );
        let mut conn = self.0.read().await?;
        let rows: Vec<Row> = on!(conn, c => {
            let mut query = sqlx::query_as(AssertSqlSafe(sql))
                .bind(first.tenant.0)
                .bind(first.company.0);
            for key in keys {
                query = query.bind(&key.kind).bind(key.store.0).bind(&key.store_key);
            }
            query.fetch_all(c).await
        })?;
        Ok(rows.into_iter().map(Link::from).collect())
    }

    /// Lists those whose GP side is that key.
    pub async fn list_by_gp_key(
        &self,
        tenant: TenantId,
        company: CompanyId,
        kind: &str,
        gp_key: &str,
    ) -> Result<Vec<Link>, StoreError> {
        let mut conn = self.0.read().await?;
        let rows: Vec<Row> = on!(conn, c => sqlx::query_as(
            "SELECT tenant, company, kind, store, store_key, gp_key, complete, written_sha256,
                    run, updated
             FROM link
             WHERE tenant = $1 AND company = $2 AND kind = $3 AND gp_key = $4
             ORDER BY store, store_key",
        )
        .bind(tenant.0)
        .bind(company.0)
        .bind(kind)
        .bind(gp_key)
        .fetch_all(c)
        .await)?;
        Ok(rows.into_iter().map(Link::from).collect())
    }

    /// Lists those a run made.
    pub async fn list_by_run(&self, tenant: TenantId, run: RunId) -> Result<Vec<Link>, StoreError> {
        let mut conn = self.0.read().await?;
        let rows: Vec<Row> = on!(conn, c => sqlx::query_as(
            "SELECT tenant, company, kind, store, store_key, gp_key, complete, written_sha256,
                    run, updated
             FROM link
             WHERE tenant = $1 AND run = $2
             ORDER BY kind, store, store_key",
        )
        .bind(tenant.0)
        .bind(run.0)
        .fetch_all(c)
        .await)?;
        Ok(rows.into_iter().map(Link::from).collect())
    }

    /// Forgets one, on a person's word.
    pub async fn delete(&self, key: &LinkKey) -> Result<bool, StoreError> {
        self.0
            .write(key.clone(), |conn, key| Box::pin(delete(conn, key)))
            .await
    }
}

/// Inserts a link, or completes one. What another run holds is taken, unless this run completes
/// it with the same GP key.
pub(crate) async fn apply(conn: &mut Conn, link: &Link) -> Result<(), ApplyError> {
    if insert(conn, link).await? || update(conn, link).await? {
        return Ok(());
    }
    let Some(held) = select(conn, &link.key).await? else {
        // Deleted between the two statements: its place is free again.
        insert(conn, link).await?;
        return Ok(());
    };
    Err(ApplyError::LinkTaken {
        key: held.key,
        gp_key: held.gp_key,
        complete: held.complete,
        run: held.run,
    })
}

async fn insert(conn: &mut Conn, link: &Link) -> Result<bool, StoreError> {
    let inserted = on!(conn, c => sqlx::query(
        "INSERT INTO link (tenant, company, kind, store, store_key, gp_key, complete,
                           written_sha256, run, updated)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
         ON CONFLICT (tenant, company, kind, store, store_key) DO NOTHING",
    )
    .bind(link.key.tenant.0)
    .bind(link.key.company.0)
    .bind(&link.key.kind)
    .bind(link.key.store.0)
    .bind(&link.key.store_key)
    .bind(&link.gp_key)
    .bind(link.complete)
    .bind(&link.written_sha256)
    .bind(link.run.0)
    .bind(link.updated.0)
    .execute(c)
    .await
    .map(|done| done.rows_affected()))?;
    Ok(inserted > 0)
}

/// A complete link never becomes incomplete, and stays its first maker's.
async fn update(conn: &mut Conn, link: &Link) -> Result<bool, StoreError> {
    let updated = on!(conn, c => sqlx::query(
        "UPDATE link
         SET gp_key = CASE WHEN complete AND NOT $7 THEN gp_key ELSE $6 END,
             complete = (complete OR $7), updated = $10,
             written_sha256 = COALESCE($8, written_sha256)
         WHERE tenant = $1 AND company = $2 AND kind = $3 AND store = $4 AND store_key = $5
           AND (run = $9 OR ($7 AND gp_key = $6))",
    )
    .bind(link.key.tenant.0)
    .bind(link.key.company.0)
    .bind(&link.key.kind)
    .bind(link.key.store.0)
    .bind(&link.key.store_key)
    .bind(&link.gp_key)
    .bind(link.complete)
    .bind(&link.written_sha256)
    .bind(link.run.0)
    .bind(link.updated.0)
    .execute(c)
    .await
    .map(|done| done.rows_affected()))?;
    Ok(updated > 0)
}

async fn select(conn: &mut Conn, key: &LinkKey) -> Result<Option<Link>, StoreError> {
    let row: Option<Row> = on!(conn, c => sqlx::query_as(
        "SELECT tenant, company, kind, store, store_key, gp_key, complete, written_sha256,
                run, updated
         FROM link
         WHERE tenant = $1 AND company = $2 AND kind = $3 AND store = $4 AND store_key = $5",
    )
    .bind(key.tenant.0)
    .bind(key.company.0)
    .bind(&key.kind)
    .bind(key.store.0)
    .bind(&key.store_key)
    .fetch_optional(c)
    .await)?;
    Ok(row.map(Link::from))
}

async fn delete(conn: &mut Conn, key: &LinkKey) -> Result<bool, StoreError> {
    let changed = on!(conn, c => sqlx::query(
        "DELETE FROM link
         WHERE tenant = $1 AND company = $2 AND kind = $3 AND store = $4 AND store_key = $5",
    )
    .bind(key.tenant.0)
    .bind(key.company.0)
    .bind(&key.kind)
    .bind(key.store.0)
    .bind(&key.store_key)
    .execute(c)
    .await
    .map(|done| done.rows_affected()))?;
    Ok(changed > 0)
}

/// Forgets all that a run made.
pub(crate) async fn delete_of_run(
    conn: &mut Conn,
    tenant: TenantId,
    run: RunId,
) -> Result<(), StoreError> {
    on!(conn, c => sqlx::query(
        "DELETE FROM link
         WHERE tenant = $1 AND run = $2",
    )
    .bind(tenant.0)
    .bind(run.0)
    .execute(c)
    .await
    .map(|_| ()))?;
    Ok(())
}

#[derive(FromRow)]
struct Row {
    tenant: Uuid,
    company: Uuid,
    kind: String,
    store: Uuid,
    store_key: String,
    gp_key: String,
    complete: bool,
    written_sha256: Option<Vec<u8>>,
    run: Uuid,
    updated: i64,
}

impl From<Row> for Link {
    fn from(row: Row) -> Self {
        Self {
            key: LinkKey {
                tenant: TenantId(row.tenant),
                company: CompanyId(row.company),
                kind: row.kind,
                store: StoreId(row.store),
                store_key: row.store_key,
            },
            gp_key: row.gp_key,
            complete: row.complete,
            written_sha256: row.written_sha256,
            run: RunId(row.run),
            updated: Micros(row.updated),
        }
    }
}
