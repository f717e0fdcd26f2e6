//! Looks that watchers of a company share: what two of them ask for within a moment is asked once.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use time::PrimitiveDateTime;
use tokio::sync::Mutex;

use crate::sqlserver::connection::SqlConnection;
use crate::sqlserver::error::SqlError;
use crate::sqlserver::statements::Statement;
use crate::sqlserver::values::SqlValue;

use super::open::Sight;
use super::watched::{clock, group, milliseconds, stamp};

/// How old a look may be: half the usual interval, so that every watcher has a new one each time.
const SHARED_FOR: Duration = Duration::from_millis(500);
/// More rows than this are not kept.
const MOST: usize = 2_000;

/// The last look by each statement.
#[derive(Debug, Default)]
pub(in crate::sqlserver) struct Looks {
    kept: Mutex<HashMap<&'static str, Look>>,
    pub(super) transactions: Sight,
}

/// What showed since a moment.
#[derive(Debug, Clone)]
struct Look {
    since: PrimitiveDateTime,
    seen: Seen,
    at: Instant,
}

/// Groups with the stamps they show by, and the server's clock before they were looked for.
#[derive(Debug, Clone, Default)]
pub(super) struct Seen {
    pub(super) groups: Vec<(String, i64)>,
    pub(super) now: i64,
}

impl Looks {
    /// What a statement shows since a moment: by a look of just now, or a new one.
    pub(super) async fn since(
        &self,
        connection: &mut SqlConnection,
        statement: &'static Statement,
        since: PrimitiveDateTime,
    ) -> Result<Seen, SqlError> {
        let mut looks = self.kept.lock().await;
        if let Some(seen) = looks.get(statement.name).and_then(|look| look.of(since)) {
            return Ok(seen);
        }
        let now = clock(connection).await?;
        let rows = connection
            .query(statement, vec![SqlValue::DateTime(since)])
            .await?;
        let groups = rows.iter().filter_map(|row| group(row, stamp)).collect();
        let seen = Seen { groups, now };
        if seen.groups.len() <= MOST {
            let look = Look {
                since,
                seen: seen.clone(),
                at: Instant::now(),
            };
            looks.insert(statement.name, look);
        } else {
            looks.remove(statement.name);
        }
        Ok(seen)
    }
}

impl Look {
    /// What of it shows since a moment, if it is new enough and reaches back that far.
    fn of(&self, since: PrimitiveDateTime) -> Option<Seen> {
        if self.at.elapsed() > SHARED_FOR || self.since > since {
            return None;
        }
        let since = milliseconds(since)?;
        let groups = self.seen.groups.iter();
        Some(Seen {
            groups: groups.filter(|(_, by)| *by >= since).cloned().collect(),
            now: self.seen.now,
        })
    }
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    #[test]
    fn a_look_is_shared_while_it_is_new_and_reaches_back_far_enough() {
        let moment = |second| datetime!(2026-03-05 10:00) + time::Duration::seconds(second);
        let at = |second| milliseconds(moment(second)).unwrap();
        let look = Look {
            since: moment(0),
            seen: Seen {
                groups: vec![("A".to_owned(), at(1)), ("B".to_owned(), at(5))],
                now: at(9),
            },
            at: Instant::now(),
        };
        let names = |since| {
            let seen = look.of(moment(since))?;
            assert_eq!(seen.now, at(9));
            let groups = seen.groups.into_iter();
            Some(groups.map(|(name, _)| name).collect::<Vec<_>>())
        };
        assert_eq!(names(0), Some(vec!["A".to_owned(), "B".to_owned()]));
        assert_eq!(names(5), Some(vec!["B".to_owned()]));
        assert_eq!(names(-1), None);
        let old = Look {
            at: Instant::now().checked_sub(SHARED_FOR * 2).unwrap(),
            ..look.clone()
        };
        assert!(old.of(moment(5)).is_none());
    }
}
