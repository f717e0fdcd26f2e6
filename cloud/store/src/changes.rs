//! What changed in GP: told twice it is stored once, by comparing with what was known.

use std::collections::HashSet;

use connect_core::domain::change::{Change, Found, Told};
use connect_core::domain::event::Event;
use connect_core::domain::ids::{ChangeId, CompanyId, TenantId};
use connect_core::domain::lane::LaneKey;
use connect_core::domain::time::Micros;
use sqlx::{AssertSqlSafe, FromRow};
use uuid::Uuid;

use crate::conn::{Conn, on};
use crate::database::Database;
use crate::dialect::{self, MOST_ROWS};
use crate::error::StoreError;
use crate::inbox;
use crate::text::{from_word, word};

/// What changed in GP.
#[derive(Debug)]
pub struct Changes<'d>(pub(crate) &'d Database);

impl Database {
    /// What changed in GP.
    pub fn changes(&self) -> Changes<'_> {
        Changes(self)
    }
}

impl Changes<'_> {
    /// Lists a company's, newest first, those before `before` when given.
    pub async fn list(
        &self,
        tenant: TenantId,
        company: CompanyId,
        before: Option<ChangeId>,
        limit: i64,
    ) -> Result<Vec<Change>, StoreError> {
        let mut conn = self.0.read().await?;
        let rows: Vec<Row> = on!(conn, c => sqlx::query_as(
            "SELECT tenant, id, company, watcher, record, content, own, found, received
             FROM gp_change
             WHERE tenant = $1 AND company = $2 AND id < $3
             ORDER BY id DESC
             LIMIT $4",
        )
        .bind(tenant.0)
        .bind(company.0)
        .bind(before.map_or(Uuid::max(), |id| id.0))
        .bind(limit)
        .fetch_all(c)
        .await)?;
        rows.into_iter().map(Change::try_from).collect()
    }

    /// Lists tenants with a change that no workflow was given yet. Takes no locks.
    pub async fn tenants_with_untaken(&self) -> Result<Vec<TenantId>, StoreError> {
        let mut conn = self.0.read().await?;
        let rows: Vec<(Uuid,)> = on!(conn, c => sqlx::query_as(
            "SELECT tenant
             FROM tenant
             WHERE EXISTS (SELECT 1 FROM gp_change
                           WHERE gp_change.tenant = tenant.tenant AND gp_change.taken IS NULL)",
        )
        .fetch_all(c)
        .await)?;
        Ok(rows.into_iter().map(|(id,)| TenantId(id)).collect())
    }

    /// Lists a tenant's changes that no workflow was given yet, the oldest first. Takes no locks.
    pub async fn list_untaken(
        &self,
        tenant: TenantId,
        limit: i64,
    ) -> Result<Vec<Change>, StoreError> {
        let mut conn = self.0.read().await?;
        let rows: Vec<Row> = on!(conn, c => sqlx::query_as(
            "SELECT tenant, id, company, watcher, record, content, own, found, received
             FROM gp_change
             WHERE tenant = $1 AND taken IS NULL
             ORDER BY id
             LIMIT $2",
        )
        .bind(tenant.0)
        .bind(limit)
        .fetch_all(c)
        .await)?;
        rows.into_iter().map(Change::try_from).collect()
    }

    /// Takes changes of a tenant and stores the events they bring, together. Done twice the second
    /// time changes nothing: the events' deliveries are known.
    pub async fn claim(
        &self,
        tenant: TenantId,
        changes: Vec<ChangeId>,
        events: Vec<(Event, LaneKey)>,
        now: Micros,
    ) -> Result<(), StoreError> {
        self.0
            .write((tenant, changes, events, now), |conn, input| {
                let (tenant, changes, events, now) = input;
                Box::pin(take(conn, *tenant, changes, events, *now))
            })
            .await
    }

    /// Stores what one watcher of one company told, and gives how many records were not known to
    /// be so. With `first` records that were never told are only remembered, not told on: they
    /// did not change, the agent has just begun to watch.
    pub async fn insert(&self, told: Vec<Told>, first: bool) -> Result<usize, StoreError> {
        self.0
            .write((told, first), |conn, (told, first)| {
                Box::pin(insert(conn, told, *first))
            })
            .await
    }
}

async fn take(
    conn: &mut Conn,
    tenant: TenantId,
    changes: &[ChangeId],
    events: &[(Event, LaneKey)],
    now: Micros,
) -> Result<(), StoreError> {
    inbox::insert(conn, events).await?;
    for changes in changes.chunks(MOST_ROWS) {
        let sql = format!(
            "UPDATE gp_change
             SET taken = $2
             WHERE tenant = $1 AND id IN (VALUES {places})",
            places = dialect::places_from(3, changes.len(), 1),
        );
        on!(conn, c => {
            let mut query = sqlx::query(AssertSqlSafe(sql)).bind(tenant.0).bind(now.0);
            for change in changes {
                query = query.bind(change.0);
            }
            query.execute(c).await.map(|_| ())
        })?;
    }
    Ok(())
}

async fn insert(conn: &mut Conn, told: &[Told], first: bool) -> Result<usize, StoreError> {
    let mut new = 0;
    for told in told.chunks(MOST_ROWS) {
        let known = if first {
            known(conn, told).await?
        } else {
            HashSet::new()
        };
        let changed = remember(conn, told).await?;
        let told_on: Vec<&Change> = told
            .iter()
            .map(|told| &told.change)
            .filter(|change| changed.contains(&change.record))
            .filter(|change| !first || known.contains(&change.record))
            .collect();
        if !told_on.is_empty() {
            insert_changes(conn, &told_on).await?;
        }
        new += told_on.len();
    }
    Ok(new)
}

/// The records that were told before.
async fn known(conn: &mut Conn, told: &[Told]) -> Result<HashSet<String>, StoreError> {
    let Some(first) = told.first() else {
        return Ok(HashSet::new());
    };
    let sql = format!(
        "SELECT record
         FROM gp_record
         WHERE tenant = $1 AND company = $2 AND watcher = $3 AND record IN (VALUES {places})",
        places = dialect::places_from(4, told.len(), 1),
    );
    let rows: Vec<(String,)> = on!(conn, c => {
        let mut query = sqlx::query_as(AssertSqlSafe(sql))
            .bind(first.change.tenant.0)
            .bind(first.change.company.0)
            .bind(&first.change.watcher);
        for told in told {
            query = query.bind(&told.change.record);
        }
        query.fetch_all(c).await
    })?;
    Ok(rows.into_iter().map(|(record,)| record).collect())
}

/// Writes down what records are now, and gives those that were not so. One told twice at a time
/// waits here for the other, and is then no news.
async fn remember(conn: &mut Conn, told: &[Told]) -> Result<HashSet<String>, StoreError> {
    if told.is_empty() {
        return Ok(HashSet::new());
    }
    let sql = format!(
        "INSERT INTO gp_record (tenant, company, watcher, record, digest)
         VALUES {places}
         ON CONFLICT (tenant, company, watcher, record) DO UPDATE
         SET digest = excluded.digest
         WHERE gp_record.digest IS DISTINCT FROM excluded.digest
         RETURNING record",
        places = dialect::places(told.len(), 5),
    );
    let rows: Vec<(String,)> = on!(conn, c => {
        let mut query = sqlx::query_as(AssertSqlSafe(sql));
        for told in told {
            query = query
                .bind(told.change.tenant.0)
                .bind(told.change.company.0)
                .bind(&told.change.watcher)
                .bind(&told.change.record)
                .bind(told.digest.as_deref());
        }
        query.fetch_all(c).await
    })?;
    Ok(rows.into_iter().map(|(record,)| record).collect())
}

async fn insert_changes(conn: &mut Conn, changes: &[&Change]) -> Result<(), StoreError> {
    let sql = format!(
        "INSERT INTO gp_change (tenant, id, company, watcher, record, content, own, found,
                                received)
         VALUES {places}",
        places = dialect::places(changes.len(), 9),
    );
    let mut found = Vec::with_capacity(changes.len());
    for change in changes {
        found.push(word(&change.found)?);
    }
    on!(conn, c => {
        let mut query = sqlx::query(AssertSqlSafe(sql));
        for (change, found) in changes.iter().zip(&found) {
            query = query
                .bind(change.tenant.0)
                .bind(change.id.0)
                .bind(change.company.0)
                .bind(&change.watcher)
                .bind(&change.record)
                .bind(change.content.as_deref())
                .bind(change.own)
                .bind(found)
                .bind(change.received.0);
        }
        query.execute(c).await.map(|_| ())
    })?;
    Ok(())
}

#[derive(FromRow)]
struct Row {
    tenant: Uuid,
    id: Uuid,
    company: Uuid,
    watcher: String,
    record: String,
    content: Option<String>,
    own: bool,
    found: String,
    received: i64,
}

impl TryFrom<Row> for Change {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self, StoreError> {
        let found: Found = from_word("gp_change", "found", &row.found)?;
        Ok(Self {
            tenant: TenantId(row.tenant),
            id: ChangeId(row.id),
            company: CompanyId(row.company),
            watcher: row.watcher,
            record: row.record,
            content: row.content,
            own: row.own,
            found,
            received: Micros(row.received),
        })
    }
}
