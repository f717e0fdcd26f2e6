//! A bounded set of connections to one company database; a doubtful one is closed, never reused.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::connection::{ConnectOptions, SqlConnection};
use super::error::SqlError;

/// Beyond this the server or a firewall may have dropped the connection unseen.
const IDLE_LIMIT: Duration = Duration::from_mins(2);

/// The connections of one company.
#[derive(Debug)]
pub(super) struct Pool {
    options: ConnectOptions,
    database: String,
    idle: Arc<Mutex<Vec<Idle>>>,
    permits: Arc<Semaphore>,
}

#[derive(Debug)]
struct Idle {
    connection: SqlConnection,
    since: Instant,
}

/// A connection taken out of the pool; closed on drop unless it is given back.
#[derive(Debug)]
pub(super) struct Lease {
    pub(super) connection: SqlConnection,
    /// It was used before, so the server may have gone away meanwhile.
    pub(super) reused: bool,
    idle: Arc<Mutex<Vec<Idle>>>,
    _permit: OwnedSemaphorePermit,
}

impl Pool {
    pub(super) fn new(options: ConnectOptions, database: &str, size: u32) -> Self {
        Self {
            options,
            database: database.to_owned(),
            idle: Arc::default(),
            permits: Arc::new(Semaphore::new(size as usize)),
        }
    }

    pub(super) fn lock_timeout_ms(&self) -> u32 {
        self.options.lock_timeout_ms
    }

    /// Takes an idle connection or opens one; waits while all are out.
    pub(super) async fn lease(&self) -> Result<Lease, SqlError> {
        let permit = self.permit().await?;
        if let Some(connection) = self.take_idle() {
            return Ok(self.lent(connection, true, permit));
        }
        let connection = SqlConnection::open(&self.options, &self.database).await?;
        Ok(self.lent(connection, false, permit))
    }

    /// Opens a connection even when idle ones are there.
    pub(super) async fn lease_fresh(&self) -> Result<Lease, SqlError> {
        let permit = self.permit().await?;
        let connection = SqlConnection::open(&self.options, &self.database).await?;
        Ok(self.lent(connection, false, permit))
    }

    /// Closes all idle connections, as after the database was replaced.
    pub(super) fn clear(&self) {
        self.idle
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clear();
    }

    async fn permit(&self) -> Result<OwnedSemaphorePermit, SqlError> {
        let permits = Arc::clone(&self.permits);
        permits
            .acquire_owned()
            .await
            .map_err(|error| SqlError::Unexpected(error.to_string()))
    }

    fn take_idle(&self) -> Option<SqlConnection> {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        idle.retain(|idle| idle.since.elapsed() < IDLE_LIMIT);
        idle.pop().map(|idle| idle.connection)
    }

    fn lent(&self, connection: SqlConnection, reused: bool, permit: OwnedSemaphorePermit) -> Lease {
        Lease {
            connection,
            reused,
            idle: Arc::clone(&self.idle),
            _permit: permit,
        }
    }
}

impl Lease {
    /// Gives the connection back; only when it is between transactions and fully read.
    pub(super) fn give_back(self) {
        let idle = Idle {
            connection: self.connection,
            since: Instant::now(),
        };
        self.idle
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(idle);
    }
}
