//! The oldest transaction that is open in a company's database, where the login may see it.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::sqlserver::connection::SqlConnection;
use crate::sqlserver::error::SqlError;
use crate::sqlserver::reply::Cell;
use crate::sqlserver::statements;

/// The login may not look at the server's transactions.
const DENIED: [i32; 3] = [229, 297, 300];
/// When a login that was denied the look tries again.
const TRY_AGAIN: Duration = Duration::from_hours(1);

/// Whether the login sees a server's transactions.
#[derive(Debug, Default)]
pub(in crate::sqlserver) struct Sight(Mutex<Option<Instant>>);

impl Sight {
    /// For how many seconds the oldest transaction that writes has been open; `Unseen` where the
    /// login may not know.
    pub(super) async fn oldest(&self, connection: &mut SqlConnection) -> Result<Oldest, SqlError> {
        let denied = *self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if denied.is_some_and(|at| at.elapsed() < TRY_AGAIN) {
            return Ok(Oldest::Unseen);
        }
        let oldest = ask(connection).await?;
        let denied = (oldest == Oldest::Unseen).then(Instant::now);
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = denied;
        Ok(oldest)
    }
}

/// What is known of open transactions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::sqlserver) enum Oldest {
    Unseen,
    None,
    Seconds(i64),
}

/// Asks the server.
pub(in crate::sqlserver) async fn ask(connection: &mut SqlConnection) -> Result<Oldest, SqlError> {
    let row = match connection
        .query_one(&statements::OLDEST_OPEN, Vec::new())
        .await
    {
        Ok(row) => row,
        Err(error) if is_denied(&error) => return Ok(Oldest::Unseen),
        Err(error) => return Err(error),
    };
    let age = row.as_deref().and_then(<[Cell]>::first);
    Ok(age
        .and_then(Cell::int)
        .map_or(Oldest::None, Oldest::Seconds))
}

/// Whether the server keeps the login from looking.
pub(in crate::sqlserver) fn is_denied(error: &SqlError) -> bool {
    error
        .number()
        .is_some_and(|number| DENIED.contains(&number))
}
