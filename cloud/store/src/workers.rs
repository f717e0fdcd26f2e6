//! Workers and their leases, measured by the database's clock; a global table.

use std::time::Duration;

use connect_core::domain::ids::WorkerId;
use connect_core::domain::lane::Fence;
use sqlx::AssertSqlSafe;

use crate::conn::{Conn, on};
use crate::database::Database;
use crate::dialect;
use crate::error::{ApplyError, StoreError};

/// Workers and their leases.
#[derive(Debug)]
pub struct Workers<'d>(pub(crate) &'d Database);

impl Database {
    /// Workers and their leases.
    pub fn workers(&self) -> Workers<'_> {
        Workers(self)
    }
}

impl Workers<'_> {
    /// Begins a lease, or begins anew after one was lost, and returns the proof of it.
    pub async fn insert(&self, worker: WorkerId, lease: Duration) -> Result<Fence, StoreError> {
        let lease = i64::try_from(lease.as_micros()).unwrap_or(i64::MAX / 4);
        self.0
            .write((worker, lease), |conn, &(worker, lease)| {
                Box::pin(register(conn, worker, lease))
            })
            .await
    }

    /// Ends every lease, of whatever worker: for a database that only this process can have open.
    pub async fn delete_all(&self) -> Result<(), StoreError> {
        self.0
            .write((), |conn, ()| Box::pin(retire_all(conn)))
            .await
    }

    /// Prolongs the lease; [`ApplyError::Fenced`] once it is lost.
    pub async fn update(&self, fence: Fence) -> Result<(), ApplyError> {
        self.0
            .write(fence, |conn, fence| Box::pin(heartbeat(conn, *fence)))
            .await
    }

    /// Ends the lease at once: what the worker still holds is taken over without waiting.
    pub async fn delete(&self, fence: Fence) -> Result<(), StoreError> {
        self.0
            .write(fence, |conn, fence| Box::pin(retire(conn, *fence)))
            .await
    }
}

/// Ends all leases: of a database that no other process can have open.
async fn retire_all(conn: &mut Conn) -> Result<(), StoreError> {
    on!(conn, c => sqlx::query(
        "UPDATE worker
         SET epoch = epoch + 1, expired = TRUE
         WHERE NOT expired",
    )
    .execute(c)
    .await
    .map(|_| ()))?;
    Ok(())
}

/// Workers of long ago; no lane names one that is a day past its lease.
async fn forget(conn: &mut Conn) -> Result<(), StoreError> {
    let sql = format!(
        "DELETE FROM worker
         WHERE expired AND heartbeat + lease_micros < {now} - 86400000000
           AND NOT EXISTS (SELECT 1 FROM lane WHERE lane.worker = worker.id)",
        now = dialect::database_now(conn),
    );
    on!(conn, c => sqlx::query(AssertSqlSafe(sql))
        .execute(c)
        .await
        .map(|_| ()))?;
    Ok(())
}

async fn register(conn: &mut Conn, worker: WorkerId, lease: i64) -> Result<Fence, StoreError> {
    forget(conn).await?;
    let sql = format!(
        "INSERT INTO worker (id, epoch, lease_micros, heartbeat, expired)
         VALUES ($1, 1, $2, {now}, FALSE)
         ON CONFLICT (id) DO UPDATE
         SET epoch = worker.epoch + 1, lease_micros = excluded.lease_micros,
             heartbeat = excluded.heartbeat, expired = FALSE
         RETURNING epoch",
        now = dialect::database_now(conn),
    );
    let (epoch,): (i64,) = on!(conn, c => sqlx::query_as(AssertSqlSafe(sql))
        .bind(worker.0)
        .bind(lease)
        .fetch_one(c)
        .await)?;
    Ok(Fence { worker, epoch })
}

async fn heartbeat(conn: &mut Conn, fence: Fence) -> Result<(), ApplyError> {
    let sql = format!(
        "UPDATE worker
         SET heartbeat = {now}
         WHERE id = $1 AND epoch = $2 AND NOT expired",
        now = dialect::database_now(conn),
    );
    let kept = on!(conn, c => sqlx::query(AssertSqlSafe(sql))
        .bind(fence.worker.0)
        .bind(fence.epoch)
        .execute(c)
        .await
        .map(|done| done.rows_affected()))?;
    if kept == 0 {
        return Err(ApplyError::Fenced);
    }
    Ok(())
}

async fn retire(conn: &mut Conn, fence: Fence) -> Result<(), StoreError> {
    on!(conn, c => sqlx::query(
        "UPDATE worker
         SET epoch = epoch + 1, expired = TRUE
         WHERE id = $1 AND epoch = $2 AND NOT expired",
    )
    .bind(fence.worker.0)
    .bind(fence.epoch)
    .execute(c)
    .await
    .map(|_| ()))?;
    conn.wakes.lanes = true;
    Ok(())
}

/// Whether the worker still has its lease.
pub(crate) async fn check(conn: &mut Conn, fence: Fence) -> Result<(), ApplyError> {
    let row: Option<(i64,)> = on!(conn, c => sqlx::query_as(
        "SELECT epoch
         FROM worker
         WHERE id = $1 AND epoch = $2 AND NOT expired",
    )
    .bind(fence.worker.0)
    .bind(fence.epoch)
    .fetch_optional(c)
    .await)?;
    row.map(|_| ()).ok_or(ApplyError::Fenced)
}

/// Ends leases that ran out: their epoch is raised, so that their holders' writes are refused.
pub(crate) async fn expire(conn: &mut Conn) -> Result<(), StoreError> {
    let sql = format!(
        "UPDATE worker
         SET epoch = epoch + 1, expired = TRUE
         WHERE NOT expired AND heartbeat + lease_micros <= {now}",
        now = dialect::database_now(conn),
    );
    on!(conn, c => sqlx::query(AssertSqlSafe(sql))
        .execute(c)
        .await
        .map(|_| ()))?;
    Ok(())
}
