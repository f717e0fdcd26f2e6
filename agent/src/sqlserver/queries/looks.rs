//! Looks that watchers of a company share: what two of them ask for within a moment is asked once.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use time::PrimitiveDateTime;
use tokio::sync::Mutex;

use crate::sqlserver::connection::SqlConnection;
use crate::sqlserver::error::SqlError;
use crate::sqlserver::statements::Statement;
use crate::sqlserver::values::SqlValue;

use super::noticing::{Mark, Reach, begin, clock, group, milliseconds, stamp};
use super::open::{Oldest, Sight};

/// How old a look may be: half the usual interval, so that every watcher has a new one each time.
const SHARED_FOR: Duration = Duration::from_millis(500);
/// More rows than this are not kept.
const MOST: usize = 2_000;

/// The last look by each statement.
#[derive(Debug, Default)]
pub(in crate::sqlserver) struct Looks {
    kept: Mutex<HashMap<&'static str, Look>>,
    transactions: Sight,
}

/// What showed since a moment.
#[derive(Debug, Clone)]
struct Look {
    since: PrimitiveDateTime,
    seen: Seen,
    at: Instant,
}

/// Groups with the stamps they show by, and what was so before they were looked for.
#[derive(Debug, Clone, Default)]
pub(super) struct Seen {
    pub(super) groups: Vec<(String, i64)>,
    /// The server's clock.
    pub(super) now: i64,
    /// When the oldest open transaction began, where the look asked; 0 without one in sight.
    pub(super) open_since: Option<i64>,
}

impl Looks {
    /// What a statement shows since where a look begins: by a look of just now, or a new one.
    pub(super) async fn since(
        &self,
        connection: &mut SqlConnection,
        statement: &'static Statement,
        (mark, reach): (Mark, Reach),
    ) -> Result<Seen, SqlError> {
        let since = begin(mark, reach);
        let mut looks = self.kept.lock().await;
        let shared = looks.get(statement.name);
        if let Some(seen) = shared.and_then(|look| look.of(since, reach)) {
            return Ok(seen);
        }
        let now = clock(connection).await?;
        let open_since = match reach {
            Reach::Wide => Some(self.open_since(connection, now).await?),
            Reach::Narrow => None,
        };
        let rows = connection
            .query(statement, vec![SqlValue::DateTime(since)])
            .await?;
        let groups = rows.iter().filter_map(|row| group(row, stamp)).collect();
        let seen = Seen {
            groups,
            now,
            open_since,
        };
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

impl Looks {
    /// When the oldest transaction began that is open at a moment of the server's clock; 0 without
    /// one in sight.
    pub(super) async fn open_since(
        &self,
        connection: &mut SqlConnection,
        now: i64,
    ) -> Result<i64, SqlError> {
        Ok(match self.transactions.oldest(connection).await? {
            // Whole seconds are told, and the clock was read before.
            Oldest::Seconds(age) => now - (age + 2) * 1_000,
            Oldest::None | Oldest::Unseen => 0,
        })
    }
}

impl Look {
    /// What of it shows since a moment, if it is new enough and reaches back that far; a wide look
    /// must know what was open.
    fn of(&self, since: PrimitiveDateTime, reach: Reach) -> Option<Seen> {
        let blind = reach == Reach::Wide && self.seen.open_since.is_none();
        if self.at.elapsed() > SHARED_FOR || self.since > since || blind {
            return None;
        }
        let since = milliseconds(since)?;
        let groups = self.seen.groups.iter();
        Some(Seen {
            groups: groups.filter(|(_, by)| *by >= since).cloned().collect(),
            now: self.seen.now,
            open_since: self.seen.open_since,
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
                open_since: None,
            },
            at: Instant::now(),
        };
        let names = |since| {
            let seen = look.of(moment(since), Reach::Narrow)?;
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
        assert!(old.of(moment(5), Reach::Narrow).is_none());
        // A wide look may not go without what was open before it.
        assert!(look.of(moment(5), Reach::Wide).is_none());
        let mut wide = look.clone();
        wide.seen.open_since = Some(0);
        assert!(wide.of(moment(5), Reach::Wide).is_some());
    }
}
