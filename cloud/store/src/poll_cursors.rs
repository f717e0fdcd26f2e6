//! How far polling of each store has come.

use connect_core::domain::ids::{StoreId, TenantId};
use connect_core::domain::store::PollCursor;
use connect_core::domain::time::Micros;
use sqlx::{AssertSqlSafe, FromRow};
use uuid::Uuid;

use crate::conn::{Conn, on};
use crate::database::Database;
use crate::dialect;
use crate::error::StoreError;

/// How far polling of each store has come.
#[derive(Debug)]
pub struct PollCursors<'d>(pub(crate) &'d Database);

impl Database {
    /// How far polling of each store has come.
    pub fn poll_cursors(&self) -> PollCursors<'_> {
        PollCursors(self)
    }
}

impl PollCursors<'_> {
    /// Finds a store's.
    pub async fn find(
        &self,
        tenant: TenantId,
        store: StoreId,
    ) -> Result<Option<PollCursor>, StoreError> {
        let mut conn = self.0.read().await?;
        let row: Option<Row> = on!(conn, c => sqlx::query_as(
            "SELECT tenant, store, cursor, due
             FROM poll_cursor
             WHERE tenant = $1 AND store = $2",
        )
        .bind(tenant.0)
        .bind(store.0)
        .fetch_optional(c)
        .await)?;
        Ok(row.map(PollCursor::from))
    }

    /// Lists the tenants with a store to look at now.
    pub async fn list_tenants_due(&self, now: Micros) -> Result<Vec<TenantId>, StoreError> {
        let mut conn = self.0.read().await?;
        let rows: Vec<(Uuid,)> = on!(conn, c => sqlx::query_as(
            "SELECT tenant
             FROM tenant
             WHERE EXISTS (SELECT 1 FROM poll_cursor
                           WHERE poll_cursor.tenant = tenant.tenant AND poll_cursor.due <= $1)",
        )
        .bind(now.0)
        .fetch_all(c)
        .await)?;
        Ok(rows.into_iter().map(|(id,)| TenantId(id)).collect())
    }

    /// Sets a store's cursor, new or old.
    pub async fn update(&self, cursor: &PollCursor) -> Result<(), StoreError> {
        self.0
            .write(cursor.clone(), |conn, cursor| {
                Box::pin(update(conn, cursor))
            })
            .await
    }

    /// Sets when a store is looked at next, and leaves how far looking has come.
    pub async fn update_due(
        &self,
        tenant: TenantId,
        store: StoreId,
        due: Micros,
    ) -> Result<(), StoreError> {
        self.0
            .write((tenant, store, due), |conn, &(tenant, store, due)| {
                Box::pin(update_due(conn, tenant, store, due))
            })
            .await
    }

    /// Takes cursors that are due and sets them due again at `until`, so that nobody else looks
    /// meanwhile and a look that dies is made again.
    pub async fn claim(
        &self,
        tenant: TenantId,
        now: Micros,
        until: Micros,
        limit: i64,
    ) -> Result<Vec<PollCursor>, StoreError> {
        self.0
            .write(
                (tenant, now, until, limit),
                |conn, &(tenant, now, until, limit)| {
                    Box::pin(claim(conn, tenant, (now, until), limit))
                },
            )
            .await
    }
}

pub(crate) async fn update(conn: &mut Conn, cursor: &PollCursor) -> Result<(), StoreError> {
    on!(conn, c => sqlx::query(
        "INSERT INTO poll_cursor (tenant, store, cursor, due)
         VALUES ($1, $2, $3, $4)
         ON CONFLICT (tenant, store) DO UPDATE
         SET cursor = excluded.cursor, due = excluded.due",
    )
    .bind(cursor.tenant.0)
    .bind(cursor.store.0)
    .bind(&cursor.cursor)
    .bind(cursor.due.0)
    .execute(c)
    .await
    .map(|_| ()))?;
    Ok(())
}

async fn update_due(
    conn: &mut Conn,
    tenant: TenantId,
    store: StoreId,
    due: Micros,
) -> Result<(), StoreError> {
    on!(conn, c => sqlx::query(
        "UPDATE poll_cursor
         SET due = $3
         WHERE tenant = $1 AND store = $2",
    )
    .bind(tenant.0)
    .bind(store.0)
    .bind(due.0)
    .execute(c)
    .await
    .map(|_| ()))?;
    Ok(())
}

async fn claim(
    conn: &mut Conn,
    tenant: TenantId,
    (now, until): (Micros, Micros),
    limit: i64,
) -> Result<Vec<PollCursor>, StoreError> {
    let sql = format!(
        "WITH picked AS MATERIALIZED (
             SELECT store
             FROM poll_cursor
             WHERE tenant = $1 AND due <= $2
             ORDER BY due
             LIMIT $4
             {lock}
         )
         UPDATE poll_cursor
         SET due = $3
         WHERE tenant = $1 AND store IN (SELECT store FROM picked)
         RETURNING tenant, store, cursor, due",
        lock = dialect::skip_locked(conn),
    );
    let rows: Vec<Row> = on!(conn, c => sqlx::query_as(AssertSqlSafe(sql))
        .bind(tenant.0)
        .bind(now.0)
        .bind(until.0)
        .bind(limit)
        .fetch_all(c)
        .await)?;
    Ok(rows.into_iter().map(PollCursor::from).collect())
}

#[derive(FromRow)]
struct Row {
    tenant: Uuid,
    store: Uuid,
    cursor: String,
    due: i64,
}

impl From<Row> for PollCursor {
    fn from(row: Row) -> Self {
        Self {
            tenant: TenantId(row.tenant),
            store: StoreId(row.store),
            cursor: row.cursor,
            due: Micros(row.due),
        }
    }
}
