//! How a watcher notices changes: where a look begins, and what it finds.

use time::{Duration, PrimitiveDateTime, Time, UtcDateTime};

use super::tracked;
use super::watched::{By, Means, Watched};
use crate::sqlserver::company::Company;
use crate::sqlserver::connection::SqlConnection;
use crate::sqlserver::error::SqlError;
use crate::sqlserver::reply::Cell;
use crate::sqlserver::statements;
use crate::sqlserver::values::SqlValue;

/// How far back a look reaches. A wide one meets every record of half an hour again, which is much
/// after many were changed; so most looks are narrow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    Narrow,
    Wide,
}

/// How far back a wide look by stamps reaches: longer than transactions stay open. Where the login
/// sees one that is open for longer, looks reach back to where it began.
const WIDE: Duration = Duration::minutes(30);
/// No look reaches back further; a full read has come about meanwhile.
const FURTHEST: Duration = Duration::days(1);
/// How far back the looks between reach: those of most transactions.
const NARROW: Duration = Duration::minutes(1);
/// Stamps are 300ths of a second, and made before they are seen: two changes can have the same.
const SAME_STAMP_MS: i64 = 5_000;
/// How many row ids are looked at again: rows of transactions that were open meanwhile.
const ROWS_AGAIN: i64 = 1_000;

/// Where a look begins.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Mark {
    /// As the watcher's means count.
    pub at: i64,
    /// When the oldest transaction began that was open at the last wide look, in milliseconds of
    /// the server's clock; 0 without one, or where the login does not see transactions.
    pub open_since: i64,
}

/// Which groups changed, each with what its change shows by, and where the next look begins.
#[derive(Debug, Default)]
pub struct Noticed {
    pub groups: Vec<(String, i64)>,
    pub mark: Mark,
    /// What shows by less than this shows by more if it changes again.
    pub final_up_to: i64,
}

/// What a look by a means came to.
#[derive(Debug)]
pub enum Looked {
    Noticed(Noticed),
    /// What happened since the mark is not known any more: only a full read tells.
    Stale,
}

/// Where a first look begins: behind everything there is now.
pub async fn newest(company: &Company, watched: &Watched, by: By) -> Result<Mark, SqlError> {
    let mut lease = company.lease().await?;
    let mut open_since = 0;
    if by == By::ChangeTracking {
        let at = tracked::version(&mut lease.connection).await?;
        lease.give_back();
        return Ok(Mark { at, open_since });
    }
    let at = match watched.means {
        Means::Stamps(_) => {
            let now = clock(&mut lease.connection).await?;
            open_since = company
                .looks()
                .open_since(&mut lease.connection, now)
                .await?;
            now
        }
        Means::RowIds(_, newest) => {
            let row = lease.connection.query_one(newest, Vec::new()).await?;
            let newest = row.as_deref().and_then(<[Cell]>::first);
            newest.and_then(Cell::int).unwrap_or_default()
        }
    };
    lease.give_back();
    Ok(Mark { at, open_since })
}

/// Looks for what changed since `mark`.
pub async fn noticed(
    company: &Company,
    watched: &Watched,
    by: By,
    mark: Mark,
    reach: Reach,
) -> Result<Looked, SqlError> {
    let mut lease = company.lease().await?;
    let connection = &mut lease.connection;
    if by == By::ChangeTracking {
        let looked = tracked::changes(connection, watched, mark.at).await?;
        lease.give_back();
        return Ok(looked);
    }
    let noticed = match watched.means {
        Means::Stamps(statements) => {
            let mut groups = Vec::new();
            let mut now = i64::MAX;
            let mut open = Vec::new();
            for statement in statements {
                let looks = company.looks();
                let seen = looks.since(connection, statement, (mark, reach)).await?;
                groups.extend(seen.groups);
                now = now.min(seen.now);
                open.extend(seen.open_since.filter(|since| *since != 0));
            }
            let open_since = match reach {
                Reach::Wide => open.into_iter().min().unwrap_or_default(),
                Reach::Narrow => mark.open_since,
            };
            Noticed {
                groups,
                mark: Mark {
                    at: now,
                    open_since,
                },
                final_up_to: now - SAME_STAMP_MS,
            }
        }
        Means::RowIds(since, _) => {
            let from = vec![SqlValue::BigInt((mark.at - ROWS_AGAIN).max(0))];
            let rows = connection.query(since, from).await?;
            let groups: Vec<_> = rows
                .iter()
                .filter_map(|row| group(row, Cell::int))
                .collect();
            let highest = groups.iter().map(|(_, id)| *id).max();
            let at = highest.unwrap_or(mark.at).max(mark.at);
            Noticed {
                groups,
                mark: Mark { at, ..mark },
                final_up_to: i64::MAX,
            }
        }
    };
    lease.give_back();
    Ok(Looked::Noticed(noticed))
}

/// The server's clock, which its stamps are made with.
pub(super) async fn clock(connection: &mut SqlConnection) -> Result<i64, SqlError> {
    let now = connection
        .query_one(&statements::SERVER_CLOCK, Vec::new())
        .await?;
    let now = now.as_deref().and_then(<[Cell]>::first).and_then(stamp);
    now.ok_or_else(|| SqlError::Unexpected("the server told no time".to_owned()))
}

/// A group, and what its change shows by.
pub(super) fn group(row: &[Cell], shows: impl Fn(&Cell) -> Option<i64>) -> Option<(String, i64)> {
    let name = row.first().and_then(Cell::text)?;
    Some((name.to_owned(), shows(row.get(1)?)?))
}

/// A moment as milliseconds since 1970, as the server tells it in UTC.
pub(super) fn stamp(cell: &Cell) -> Option<i64> {
    match cell {
        Cell::DateTime(moment) => milliseconds(*moment),
        Cell::Null | Cell::Text(_) | Cell::Int(_) | Cell::Numeric(_) | Cell::Other => None,
    }
}

/// A moment of the server's clock as milliseconds since 1970.
pub(super) fn milliseconds(moment: PrimitiveDateTime) -> Option<i64> {
    let nanos = moment.assume_utc().unix_timestamp_nanos();
    i64::try_from(nanos / 1_000_000).ok()
}

/// Where a look by stamps begins.
pub(super) fn begin(mark: Mark, reach: Reach) -> PrimitiveDateTime {
    const FIRST: PrimitiveDateTime =
        PrimitiveDateTime::new(time::macros::date!(1900 - 01 - 01), Time::MIDNIGHT);
    let back = |by: Duration| mark.at - i64::try_from(by.whole_milliseconds()).unwrap_or(i64::MAX);
    let begin = match reach {
        Reach::Narrow => back(NARROW),
        Reach::Wide if mark.open_since == 0 => back(WIDE),
        Reach::Wide => back(WIDE).min(mark.open_since).max(back(FURTHEST)),
    };
    let moment = UtcDateTime::from_unix_timestamp_nanos(i128::from(begin) * 1_000_000);
    let moment = moment.map(|at| PrimitiveDateTime::new(at.date(), at.time()));
    moment.map_or(FIRST, |at| at.max(FIRST))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wide_look_begins_half_an_hour_before_the_last_one() {
        let at = time::macros::datetime!(2026-03-05 10:00);
        let now = at.assume_utc().unix_timestamp() * 1_000;
        let mark = Mark {
            at: now,
            open_since: 0,
        };
        let wide = begin(mark, Reach::Wide);
        assert_eq!(wide, time::macros::datetime!(2026-03-05 09:30));
        let narrow = begin(mark, Reach::Narrow);
        assert_eq!(narrow, time::macros::datetime!(2026-03-05 09:59));
        assert_eq!(begin(Mark::default(), Reach::Wide).year(), 1969);
        assert_eq!(stamp(&Cell::DateTime(at)), Some(now));
        // Or where the oldest open transaction began, if that is longer ago; a day at most.
        let open = |hours: i64| Mark {
            at: now,
            open_since: now - hours * 3_600_000,
        };
        let wide = begin(open(3), Reach::Wide);
        assert_eq!(wide, time::macros::datetime!(2026-03-05 07:00));
        assert_eq!(begin(open(0), Reach::Wide), begin(mark, Reach::Wide));
        let wide = begin(open(90), Reach::Wide);
        assert_eq!(wide, time::macros::datetime!(2026-03-04 10:00));
        assert_eq!(begin(open(3), Reach::Narrow), narrow);
    }
}
