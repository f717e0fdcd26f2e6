//! Changes by SQL Server's change tracking, where the owner has switched it on for every table
//! that a watcher looks at. Nothing here switches or tunes it.

use std::collections::HashMap;

use super::noticing::{Looked, Mark, Noticed, group};
use super::watched::{By, Watched};
use crate::sqlserver::company::Company;
use crate::sqlserver::connection::SqlConnection;
use crate::sqlserver::error::SqlError;
use crate::sqlserver::reply::Cell;
use crate::sqlserver::statements::{self, Statement};
use crate::sqlserver::values::SqlValue;

/// Change tracking is not on for the table, or not any more.
pub(in crate::sqlserver) const NOT_TRACKED: [i32; 2] = [22_105, 22_106];

/// A table that may be tracked, and what tells its changes behind a version.
#[derive(Debug)]
pub(super) struct Tracked {
    pub(super) table: &'static str,
    pub(super) changes: &'static Statement,
}

/// What a database tracks.
#[derive(Debug, Default)]
struct State {
    version: i64,
    /// From which version on a table's changes are known.
    valid_from: HashMap<String, i64>,
}

/// The best means that this server offers for a watcher.
pub async fn choose(company: &Company, watched: &Watched) -> Result<By, SqlError> {
    let mut lease = company.lease().await?;
    let state = state(&mut lease.connection).await?;
    lease.give_back();
    let all = watched.tracked.iter();
    let tracked = { all }.all(|tracked| state.valid_from.contains_key(tracked.table));
    Ok(if tracked {
        By::ChangeTracking
    } else {
        watched.means.by()
    })
}

/// The version of the last commit.
pub(super) async fn version(connection: &mut SqlConnection) -> Result<i64, SqlError> {
    Ok(state(connection).await?.version)
}

/// What changed behind a version. The version that the next look begins at is taken before
/// anything is read.
pub(super) async fn changes(
    connection: &mut SqlConnection,
    watched: &Watched,
    since: i64,
) -> Result<Looked, SqlError> {
    let before = state(connection).await?;
    // Switched off meanwhile, or of a database that went back in time.
    if !before.knows(watched, since) || since > before.version {
        return Ok(Looked::Stale);
    }
    let mut groups = Vec::new();
    // Most looks find that nothing was committed.
    if since < before.version {
        for tracked in watched.tracked {
            let since = vec![SqlValue::BigInt(since)];
            match connection.query(tracked.changes, since).await {
                Ok(rows) => groups.extend(rows.iter().filter_map(|row| group(row, Cell::int))),
                Err(error) if error.number().is_some_and(|n| NOT_TRACKED.contains(&n)) => {
                    return Ok(Looked::Stale);
                }
                Err(error) => return Err(error),
            }
        }
        // Cleaned up while it was read.
        if !state(connection).await?.knows(watched, since) {
            return Ok(Looked::Stale);
        }
    }
    Ok(Looked::Noticed(Noticed {
        groups,
        mark: Mark {
            at: before.version,
            open_since: 0,
        },
        final_up_to: i64::MAX,
    }))
}

impl State {
    /// Whether everything behind a version is known of every table a watcher looks at.
    fn knows(&self, watched: &Watched, since: i64) -> bool {
        let mut tables = watched.tracked.iter();
        tables.all(|tracked| {
            let from = self.valid_from.get(tracked.table);
            from.is_some_and(|from| *from <= since)
        })
    }
}

/// A row for each tracked table, with the version its changes are known from, NULL without the
/// right to see them, and the database's version.
async fn state(connection: &mut SqlConnection) -> Result<State, SqlError> {
    let rows = connection
        .query(&statements::TRACKED_TABLES, Vec::new())
        .await?;
    let mut state = State::default();
    for row in &rows {
        let int = |at: usize| row.get(at).and_then(Cell::int);
        state.version = int(2).unwrap_or_default();
        if let (Some(table), Some(from)) = (row.first().and_then(Cell::text), int(1)) {
            state.valid_from.insert(table.trim_end().to_owned(), from);
        }
    }
    Ok(state)
}
