//! What agents are to notice in the companies they serve.

use connect_core::domain::change::{FullRead, Means, Watch, WatcherState};
use connect_core::domain::ids::{CompanyId, TenantId};
use connect_core::domain::time::Micros;
use sqlx::FromRow;
use uuid::Uuid;

use crate::conn::{Conn, on};
use crate::database::Database;
use crate::error::StoreError;
use crate::text::{from_word, word};

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
        let listed = self.states(tenant, company).await?.into_iter();
        Ok(listed.map(|(watch, _)| watch).collect())
    }

    /// Lists a company's by name, each with what the agent said of it last.
    pub async fn states(
        &self,
        tenant: TenantId,
        company: CompanyId,
    ) -> Result<Vec<(Watch, WatcherState)>, StoreError> {
        let mut conn = self.0.read().await?;
        let rows: Vec<Row> = on!(conn, c => sqlx::query_as(
            "SELECT w.tenant, w.company, w.watcher, w.interval_ms, w.sweep_seconds, s.means,
                    s.problem, s.full_read, s.rows_seen, s.rows_changed
             FROM watch w
             LEFT JOIN watcher_state s
             ON s.tenant = w.tenant AND s.company = w.company AND s.watcher = w.watcher
             WHERE w.tenant = $1 AND w.company = $2
             ORDER BY w.watcher",
        )
        .bind(tenant.0)
        .bind(company.0)
        .fetch_all(c)
        .await)?;
        rows.into_iter().map(Row::read).collect()
    }

    /// Keeps what an agent says of a watcher, if it is wanted.
    pub async fn report(
        &self,
        tenant: TenantId,
        company: CompanyId,
        watcher: &str,
        means: Option<Means>,
        problem: &str,
    ) -> Result<(), StoreError> {
        let means = means.as_ref().map(word).transpose()?;
        let said = (
            tenant,
            company,
            watcher.to_owned(),
            means,
            problem.to_owned(),
        );
        self.0
            .write(said, |conn, said| Box::pin(report(conn, said)))
            .await
    }

    /// Keeps that a watcher, if it is wanted, has read everything.
    pub async fn full_read(
        &self,
        tenant: TenantId,
        company: CompanyId,
        watcher: &str,
        read: FullRead,
    ) -> Result<(), StoreError> {
        self.0
            .write(
                (tenant, company, watcher.to_owned(), read),
                |conn, (tenant, company, watcher, read)| {
                    Box::pin(full_read(conn, *tenant, *company, watcher, *read))
                },
            )
            .await
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

type Said = (TenantId, CompanyId, String, Option<String>, String);

async fn report(
    conn: &mut Conn,
    (tenant, company, watcher, means, problem): &Said,
) -> Result<(), StoreError> {
    on!(conn, c => sqlx::query(
        "INSERT INTO watcher_state (tenant, company, watcher, means, problem)
         SELECT tenant, company, watcher, CAST($4 AS TEXT), CAST($5 AS TEXT)
         FROM watch
         WHERE tenant = $1 AND company = $2 AND watcher = $3
         ON CONFLICT (tenant, company, watcher) DO UPDATE
         SET means = excluded.means, problem = excluded.problem",
    )
    .bind(tenant.0)
    .bind(company.0)
    .bind(watcher)
    .bind(means)
    .bind(problem)
    .execute(c)
    .await
    .map(|_| ()))?;
    Ok(())
}

async fn full_read(
    conn: &mut Conn,
    tenant: TenantId,
    company: CompanyId,
    watcher: &str,
    read: FullRead,
) -> Result<(), StoreError> {
    on!(conn, c => sqlx::query(
        "INSERT INTO watcher_state (tenant, company, watcher, full_read, rows_seen, rows_changed)
         SELECT tenant, company, watcher, CAST($4 AS BIGINT), CAST($5 AS BIGINT),
                CAST($6 AS BIGINT)
         FROM watch
         WHERE tenant = $1 AND company = $2 AND watcher = $3
         ON CONFLICT (tenant, company, watcher) DO UPDATE
         SET full_read = excluded.full_read, rows_seen = excluded.rows_seen,
             rows_changed = excluded.rows_changed",
    )
    .bind(tenant.0)
    .bind(company.0)
    .bind(watcher)
    .bind(read.at.0)
    .bind(read.rows_seen)
    .bind(read.rows_changed)
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
    means: Option<String>,
    problem: Option<String>,
    full_read: Option<i64>,
    rows_seen: Option<i64>,
    rows_changed: Option<i64>,
}

impl Row {
    fn read(self) -> Result<(Watch, WatcherState), StoreError> {
        let watch = Watch {
            tenant: TenantId(self.tenant),
            company: CompanyId(self.company),
            watcher: self.watcher,
            interval_ms: self.interval_ms,
            sweep_seconds: self.sweep_seconds,
        };
        let means = self
            .means
            .map(|means| from_word("watcher_state", "means", &means));
        let full_read = self.full_read.map(|at| FullRead {
            at: Micros(at),
            rows_seen: self.rows_seen.unwrap_or_default(),
            rows_changed: self.rows_changed.unwrap_or_default(),
        });
        let state = WatcherState {
            means: means.transpose()?,
            problem: self.problem.unwrap_or_default(),
            full_read,
        };
        Ok((watch, state))
    }
}
