//! What can go wrong between a caller and the tables.

use std::sync::Arc;

use connect_core::domain::ids::RunId;
use connect_core::domain::link::LinkKey;

/// A statement, a row or a setting that is not as it must be.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// A row with this key is there already.
    #[error("a row with the same key exists ({constraint})")]
    Duplicate {
        /// Name of the constraint, or of its columns.
        constraint: String,
    },
    /// What a change was based on is no longer so.
    #[error("{table} has changed meanwhile")]
    Stale {
        /// The table.
        table: &'static str,
    },
    /// The database would forget what it acknowledged.
    #[error("the database is not durable: {setting} is {value}, it must be {wanted}")]
    NotDurable {
        /// The setting.
        setting: &'static str,
        /// As found.
        value: String,
        /// What is needed.
        wanted: &'static str,
    },
    /// A row that this program cannot have written.
    #[error("corrupt row {row} of table {table}: column {column}")]
    Corrupt {
        /// The table.
        table: &'static str,
        /// The column.
        column: &'static str,
        /// The row's key, or the text found.
        row: String,
    },
    /// The URL names no database this program knows.
    #[error("database URL must begin with sqlite: or postgres: ({url})")]
    UnknownDatabase {
        /// Scheme of the URL as given.
        url: String,
    },
    /// The transaction could not be committed: none of its units of work took place.
    #[error("commit failed")]
    Commit(#[source] Arc<sqlx::Error>),
    /// The database is being closed.
    #[error("the database is closed")]
    Closed,
    /// A unit of work panicked and was rolled back.
    #[error("a unit of work panicked")]
    Panicked,
    /// A body could not be compressed or read back.
    #[error("payload compression failed")]
    Compression(#[source] std::io::Error),
    /// The schema could not be brought up to date.
    #[error("migration failed")]
    Migrate(#[from] sqlx::migrate::MigrateError),
    /// The database refused a statement or could not be reached.
    #[error("database statement failed")]
    Statement(#[source] sqlx::Error),
}

impl StoreError {
    /// Whether the same call may come through a moment later.
    pub fn retry(&self) -> bool {
        match self {
            Self::Statement(cause) => transient(cause) || unreachable(cause),
            Self::Commit(cause) => transient(cause) || unreachable(cause),
            Self::Duplicate { .. }
            | Self::Stale { .. }
            | Self::NotDurable { .. }
            | Self::Corrupt { .. }
            | Self::UnknownDatabase { .. }
            | Self::Closed
            | Self::Panicked
            | Self::Compression(_)
            | Self::Migrate(_) => false,
        }
    }
}

impl From<sqlx::Error> for StoreError {
    fn from(cause: sqlx::Error) -> Self {
        match cause.as_database_error() {
            Some(refusal) if refusal.is_unique_violation() => Self::Duplicate {
                constraint: refusal
                    .constraint()
                    .map_or_else(|| refusal.message().to_owned(), str::to_owned),
            },
            _ => Self::Statement(cause),
        }
    }
}

/// Why a transition was not written. Nothing of it took place.
#[derive(Debug, thiserror::Error)]
pub enum ApplyError {
    /// The lane is no longer this worker's.
    #[error("the lane is held by another worker")]
    Fenced,
    /// Another run holds a link that this one wanted to insert.
    #[error("link {} {} is held by run {run}", key.kind, key.store_key)]
    LinkTaken {
        /// Which link.
        key: LinkKey,
        /// The holder's GP key.
        gp_key: String,
        /// Whether GP holds it already.
        complete: bool,
        /// The holder.
        run: RunId,
    },
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<sqlx::Error> for ApplyError {
    fn from(cause: sqlx::Error) -> Self {
        Self::Store(cause.into())
    }
}

/// Tells a unit of work that may simply be done again from one that failed for good.
pub(crate) trait Transient {
    fn is_transient(&self) -> bool;
}

/// What was rolled back for certain may be done again at once; a database that cannot be reached
/// is left to the caller, who may have to ask whether the commit took place.
impl Transient for StoreError {
    fn is_transient(&self) -> bool {
        match self {
            // Whatever came before the commit is rolled back with its connection.
            Self::Statement(cause) => transient(cause) || matches!(cause, sqlx::Error::Io(_)),
            Self::Commit(cause) => transient(cause),
            Self::Duplicate { .. }
            | Self::Stale { .. }
            | Self::NotDurable { .. }
            | Self::Corrupt { .. }
            | Self::UnknownDatabase { .. }
            | Self::Closed
            | Self::Panicked
            | Self::Compression(_)
            | Self::Migrate(_) => false,
        }
    }
}

impl Transient for ApplyError {
    fn is_transient(&self) -> bool {
        match self {
            Self::Store(cause) => cause.is_transient(),
            Self::Fenced | Self::LinkTaken { .. } => false,
        }
    }
}

/// Why a unit of work was undone. One that finds nothing to do leaves no audit row either.
pub(crate) enum Undone<T> {
    /// There was nothing to do.
    Nothing(T),
    /// The database failed.
    Failed(StoreError),
}

impl<T> Undone<T> {
    /// What callers are told of a unit of work.
    pub(crate) fn told(outcome: Result<T, Self>) -> Result<T, StoreError> {
        match outcome {
            Ok(done) | Err(Self::Nothing(done)) => Ok(done),
            Err(Self::Failed(error)) => Err(error),
        }
    }
}

impl<T> From<StoreError> for Undone<T> {
    fn from(error: StoreError) -> Self {
        Self::Failed(error)
    }
}

impl<T> Transient for Undone<T> {
    fn is_transient(&self) -> bool {
        match self {
            Self::Nothing(_) => false,
            Self::Failed(error) => error.is_transient(),
        }
    }
}

/// The database is not reachable, or has no connection left.
fn unreachable(cause: &sqlx::Error) -> bool {
    let broken = matches!(
        cause,
        sqlx::Error::PoolTimedOut | sqlx::Error::Io(_) | sqlx::Error::Tls(_)
    );
    // Connection exceptions, too many connections, shutting down or starting up.
    let refused = cause
        .as_database_error()
        .and_then(sqlx::error::DatabaseError::code)
        .is_some_and(|code| code.starts_with("08") || code.starts_with("57P0") || code == "53300");
    broken || refused
}

/// PostgreSQL: serialization failure, deadlock. SQLite: busy, locked, busy snapshot.
fn transient(cause: &sqlx::Error) -> bool {
    cause
        .as_database_error()
        .and_then(sqlx::error::DatabaseError::code)
        .is_some_and(|code| matches!(code.as_ref(), "40001" | "40P01" | "5" | "6" | "517"))
}
