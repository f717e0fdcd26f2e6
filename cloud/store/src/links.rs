//! What we know belongs together: store entities and GP keys.

use connect_core::domain::ids::{CompanyId, RunId, StoreId, TenantId};
use connect_core::domain::link::{Link, LinkKey};
use connect_core::domain::time::Micros;
use sqlx::{AssertSqlSafe, FromRow};
use uuid::Uuid;

use crate::conn::{Conn, on};
use crate::database::Database;
use crate::dialect::{self, MOST_ROWS};
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

    /// Lists which of a store's entities GP holds already, in whatever company.
    pub async fn list_complete(
        &self,
        tenant: TenantId,
        store: StoreId,
        kind: &str,
        store_keys: &[String],
    ) -> Result<Vec<String>, StoreError> {
        if store_keys.is_empty() {
            return Ok(Vec::new());
        }
        // The companies are there for the key's sake, which begins with tenant and company.
        let places: Vec<String> = (4..store_keys.len() + 4).map(|n| format!("${n}")).collect();
        let sql = format!(
            "SELECT DISTINCT store_key
             FROM link
             WHERE tenant = $1 AND kind = $3 AND store = $2 AND complete
               AND company IN (SELECT id FROM company WHERE tenant = $1)
               AND store_key IN ({places})",
            places = places.join(", "),
        );
        let mut conn = self.0.read().await?;
        let rows: Vec<(String,)> = on!(conn, c => {
            let mut query = sqlx::query_as(AssertSqlSafe(sql))
                .bind(tenant.0)
                .bind(store.0)
                .bind(kind);
            for key in store_keys {
                query = query.bind(key);
            }
            query.fetch_all(c).await
        })?;
        Ok(rows.into_iter().map(|(key,)| key).collect())
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

/// Inserts links, or completes them. What another run holds is taken, unless this run completes it
/// with the same GP key.
pub(crate) async fn apply(conn: &mut Conn, links: &[Link]) -> Result<(), ApplyError> {
    // The last one of a key is what is meant; a statement may touch a row once.
    let mut meant: Vec<&Link> = Vec::with_capacity(links.len());
    for link in links {
        meant.retain(|earlier| earlier.key != link.key);
        meant.push(link);
    }
    for meant in meant.chunks(MOST_ROWS) {
        if upsert(conn, meant).await? == meant.len() as u64 {
            continue;
        }
        // One of them is another run's; which one shows when each is written alone.
        for link in meant {
            if upsert(conn, &[link]).await? == 1 {
                continue;
            }
            let Some(held) = select(conn, &link.key).await? else {
                // Deleted between the two statements: its place is free again.
                upsert(conn, &[link]).await?;
                continue;
            };
            return Err(ApplyError::LinkTaken {
                key: held.key,
                gp_key: held.gp_key,
                complete: held.complete,
                run: held.run,
            });
        }
    }
    Ok(())
}

/// How many were written. A complete link never becomes incomplete, and stays its first maker's.
async fn upsert(conn: &mut Conn, links: &[&Link]) -> Result<u64, StoreError> {
    let sql = format!(
        "INSERT INTO link (tenant, company, kind, store, store_key, gp_key, complete,
                           written_sha256, run, updated)
         VALUES {places}
         ON CONFLICT (tenant, company, kind, store, store_key) DO UPDATE
         SET gp_key = CASE WHEN link.complete AND NOT excluded.complete THEN link.gp_key
                           ELSE excluded.gp_key END,
             complete = (link.complete OR excluded.complete), updated = excluded.updated,
             written_sha256 = COALESCE(excluded.written_sha256, link.written_sha256)
         WHERE link.run = excluded.run
            OR (excluded.complete AND link.gp_key = excluded.gp_key)",
        places = dialect::places(links.len(), 10),
    );
    let written = on!(conn, c => {
        let mut query = sqlx::query(AssertSqlSafe(sql));
        for link in links {
            query = query
                .bind(link.key.tenant.0)
                .bind(link.key.company.0)
                .bind(&link.key.kind)
                .bind(link.key.store.0)
                .bind(&link.key.store_key)
                .bind(&link.gp_key)
                .bind(link.complete)
                .bind(&link.written_sha256)
                .bind(link.run.0)
                .bind(link.updated.0);
        }
        query.execute(c).await.map(|done| done.rows_affected())
    })?;
    Ok(written)
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
