//! Who did what, written in the transaction of what was done.

use connect_core::domain::ids::TenantId;
use connect_core::domain::time::Micros;
use sqlx::FromRow;

use crate::conn::{Conn, on};
use crate::database::Database;
use crate::error::StoreError;

/// What [`Database::audited`] adds to a unit of work.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditEntry {
    /// Owner.
    pub tenant: TenantId,
    /// When.
    pub happened: Micros,
    /// `api_key:<id>`, `operator:<id>`, `agent:<id>`, `system`.
    pub actor: String,
    /// `store.created`, `agent.revoked`, ...
    pub action: String,
    /// `store:<id>`, ...
    pub target: String,
    /// JSON without secrets or personal data.
    pub detail: String,
}

/// An audit row as kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditRow {
    /// 1, 2, 3, ... per tenant, without gaps.
    pub seq: i64,
    /// What it says.
    pub entry: AuditEntry,
}

/// Who did what.
#[derive(Debug)]
pub struct Audits<'d>(pub(crate) &'d Database);

impl Database {
    /// Who did what.
    pub fn audits(&self) -> Audits<'_> {
        Audits(self)
    }
}

impl Audits<'_> {
    /// Lists a tenant's, newest first, those before `before` when given.
    pub async fn list(
        &self,
        tenant: TenantId,
        before: Option<i64>,
        limit: i64,
    ) -> Result<Vec<AuditRow>, StoreError> {
        let mut conn = self.0.read().await?;
        let rows: Vec<Row> = on!(conn, c => sqlx::query_as(
            "SELECT seq, happened, actor, action, target, detail
             FROM audit
             WHERE tenant = $1 AND seq < $2
             ORDER BY seq DESC
             LIMIT $3",
        )
        .bind(tenant.0)
        .bind(before.unwrap_or(i64::MAX))
        .bind(limit)
        .fetch_all(c)
        .await)?;
        Ok(rows.into_iter().map(|row| row.of(tenant)).collect())
    }

    /// Adds a row for something that writes nothing else.
    pub async fn insert(&self, entry: &AuditEntry) -> Result<(), StoreError> {
        self.0
            .write(entry.clone(), |conn, entry| Box::pin(insert(conn, entry)))
            .await
    }
}

/// The tenant's counter row is locked by the upsert, so numbers follow the order of commits.
pub(crate) async fn insert(conn: &mut Conn, entry: &AuditEntry) -> Result<(), StoreError> {
    let (seq,): (i64,) = on!(conn, c => sqlx::query_as(
        "INSERT INTO audit_head (tenant, seq)
         VALUES ($1, 1)
         ON CONFLICT (tenant) DO UPDATE
         SET seq = audit_head.seq + 1
         RETURNING seq",
    )
    .bind(entry.tenant.0)
    .fetch_one(c)
    .await)?;
    on!(conn, c => sqlx::query(
        "INSERT INTO audit (tenant, seq, happened, actor, action, target, detail)
         VALUES ($1, $2, $3, $4, $5, $6, $7)",
    )
    .bind(entry.tenant.0)
    .bind(seq)
    .bind(entry.happened.0)
    .bind(&entry.actor)
    .bind(&entry.action)
    .bind(&entry.target)
    .bind(&entry.detail)
    .execute(c)
    .await
    .map(|_| ()))?;
    Ok(())
}

#[derive(FromRow)]
struct Row {
    seq: i64,
    happened: i64,
    actor: String,
    action: String,
    target: String,
    detail: String,
}

impl Row {
    fn of(self, tenant: TenantId) -> AuditRow {
        AuditRow {
            seq: self.seq,
            entry: AuditEntry {
                tenant,
                happened: Micros(self.happened),
                actor: self.actor,
                action: self.action,
                target: self.target,
                detail: self.detail,
            },
        }
    }
}
