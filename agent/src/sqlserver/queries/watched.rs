//! The watchers: which query tells a record's rows, and how its changes show.

use serde_json::{Map, Value};
use time::{Duration, PrimitiveDateTime, Time, UtcDateTime};

use super::open::Oldest;
use super::tracked::{self, Tracked};
use super::{QueryError, Request, run};
use crate::sqlserver::company::Company;
use crate::sqlserver::connection::SqlConnection;
use crate::sqlserver::error::SqlError;
use crate::sqlserver::reply::Cell;
use crate::sqlserver::statements::{self, Statement};
use crate::sqlserver::values::SqlValue;

/// As many groups as a query takes at once.
pub const GROUPS_AT_ONCE: usize = super::declare::LONGEST_LIST;

/// Something that can be watched.
#[derive(Debug)]
pub struct Watched {
    pub name: &'static str,
    /// The query that tells the rows.
    pub query: &'static str,
    /// The query's list parameter: it asks for the rows of groups.
    list: &'static str,
    /// The column that groups rows; changes are noticed by group.
    pub group: &'static str,
    /// Columns that tell a row apart.
    pub key: &'static [&'static str],
    pub(super) means: Means,
    /// The tables its rows come from: change tracking must be on for all of them to notice changes
    /// by it instead.
    pub(super) tracked: &'static [Tracked],
    /// A full read ends at the first row of this state, and only rows before it may vanish:
    /// what is in history stays there.
    pub settled: Option<&'static str>,
}

/// How far back a look reaches. A wide one meets every record of half an hour again, which is much
/// after many were changed; so most looks are narrow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    Narrow,
    Wide,
}

/// How changes show without change tracking.
#[derive(Debug, Clone, Copy)]
pub(super) enum Means {
    /// By `DEX_ROW_TS`, the time of the change and not of its commit. The overlap is as long as a
    /// transaction may be open and still lose nothing.
    Stamps(&'static [&'static Statement]),
    /// New rows by `DEX_ROW_ID`, and the text that tells the newest; changed and deleted rows by
    /// full reads.
    RowIds(&'static Statement, &'static Statement),
}

impl Means {
    pub(super) fn by(self) -> By {
        match self {
            Self::Stamps(_) => By::Stamps,
            Self::RowIds(..) => By::RowIds,
        }
    }
}

/// By what a watcher notices changes on a server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum By {
    ChangeTracking,
    Stamps,
    RowIds,
}

impl By {
    /// What the state file knows it by: marks of one means say nothing to another.
    pub fn name(self) -> &'static str {
        match self {
            Self::ChangeTracking => "change_tracking",
            Self::Stamps => "stamps",
            Self::RowIds => "row_ids",
        }
    }

    /// For the owner.
    pub fn text(self) -> &'static str {
        match self {
            Self::ChangeTracking => "changes show by SQL Server's change tracking",
            Self::Stamps => "changes show by GP's time stamps (DEX_ROW_TS)",
            Self::RowIds => "new rows show by their number, others by the daily full read",
        }
    }
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

macro_rules! tracked {
    ($table:literal, $changes:ident) => {
        Tracked {
            table: $table,
            changes: &statements::$changes,
        }
    };
}

/// Everything that can be watched.
pub static WATCHED: &[Watched] = &[
    Watched {
        name: "item_quantities",
        query: "item_quantities",
        list: "ITEMNMBRS",
        group: "ITEMNMBR",
        key: &["ITEMNMBR", "LOCNCODE"],
        means: Means::Stamps(&[&statements::STAMPED_ITEMS]),
        tracked: &[tracked!("IV00102", TRACKED_QUANTITIES)],
        settled: None,
    },
    Watched {
        name: "items",
        query: "items",
        list: "ITEMNMBRS",
        group: "ITEMNMBR",
        key: &["ITEMNMBR"],
        means: Means::Stamps(&[&statements::STAMPED_ITEMS]),
        tracked: &[tracked!("IV00101", TRACKED_ITEMS)],
        settled: None,
    },
    Watched {
        name: "item_prices",
        query: "item_prices",
        list: "ITEMNMBRS",
        group: "ITEMNMBR",
        key: &["ITEMNMBR", "CURNCYID", "PRCLEVEL", "UOFM", "TOQTY"],
        means: Means::Stamps(&[
            &statements::STAMPED_PRICE_OPTIONS,
            &statements::STAMPED_PRICES,
        ]),
        tracked: &[
            tracked!("IV00107", TRACKED_PRICE_OPTIONS),
            tracked!("IV00108", TRACKED_PRICES),
            tracked!("IV00105", TRACKED_LIST_PRICES),
            tracked!("IV00101", TRACKED_ITEMS),
        ],
        settled: None,
    },
    Watched {
        name: "customers",
        query: "customers",
        list: "CUSTNMBRS",
        group: "CUSTNMBR",
        key: &["CUSTNMBR"],
        means: Means::Stamps(&[
            &statements::STAMPED_CUSTOMERS,
            &statements::STAMPED_BALANCES,
        ]),
        tracked: &[
            tracked!("RM00101", TRACKED_CUSTOMERS),
            tracked!("RM00103", TRACKED_BALANCES),
        ],
        settled: None,
    },
    Watched {
        name: "sales_documents",
        query: "sop_documents",
        list: "SOPNUMBES",
        group: "SOPNUMBE",
        key: &["SOPTYPE", "SOPNUMBE"],
        means: Means::Stamps(&[
            &statements::STAMPED_SALES_WORK,
            &statements::STAMPED_SALES_HISTORY,
        ]),
        tracked: &[
            tracked!("SOP10100", TRACKED_SALES_WORK),
            tracked!("SOP30200", TRACKED_SALES_HISTORY),
            tracked!("SOP10104", TRACKED_HOLDS),
        ],
        settled: Some("history"),
    },
    Watched {
        name: "tracking_numbers",
        query: "sop_tracking",
        list: "SOPNUMBES",
        group: "SOPNUMBE",
        key: &["SOPTYPE", "SOPNUMBE", "Tracking_Number"],
        means: Means::RowIds(
            &statements::NEW_TRACKING_NUMBERS,
            &statements::NEWEST_TRACKING_NUMBER,
        ),
        tracked: &[tracked!("SOP10107", TRACKED_TRACKING_NUMBERS)],
        settled: None,
    },
    Watched {
        name: "receivables",
        query: "receivables",
        list: "DOCNUMBRS",
        group: "DOCNUMBR",
        key: &["CUSTNMBR", "RMDTYPAL", "DOCNUMBR"],
        means: Means::Stamps(&[
            &statements::STAMPED_OPEN_RECEIVABLES,
            &statements::STAMPED_PAID_RECEIVABLES,
        ]),
        tracked: &[
            tracked!("RM20101", TRACKED_OPEN_RECEIVABLES),
            tracked!("RM30101", TRACKED_PAID_RECEIVABLES),
        ],
        settled: Some("history"),
    },
    // Applying changes what is left of the document it goes to, and that is stamped.
    Watched {
        name: "applied_payments",
        query: "applied",
        list: "APTODCNMS",
        group: "APTODCNM",
        key: &["APFRDCTY", "APFRDCNM", "APTODCTY", "APTODCNM"],
        means: Means::Stamps(&[
            &statements::STAMPED_OPEN_RECEIVABLES,
            &statements::STAMPED_PAID_RECEIVABLES,
        ]),
        tracked: &[
            tracked!("RM20201", TRACKED_APPLIED),
            tracked!("RM30201", TRACKED_APPLIED_HISTORY),
        ],
        settled: Some("history"),
    },
    // Whoever saves a document stamps it; what only changed here shows in the full reads.
    Watched {
        name: "user_defined_fields",
        query: "sop_user_defined",
        list: "SOPNUMBES",
        group: "SOPNUMBE",
        key: &["SOPTYPE", "SOPNUMBE"],
        means: Means::Stamps(&[
            &statements::STAMPED_SALES_WORK,
            &statements::STAMPED_SALES_HISTORY,
        ]),
        tracked: &[tracked!("SOP10106", TRACKED_USER_DEFINED)],
        settled: None,
    },
];

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

/// Rows of a page.
#[derive(Debug, Default)]
pub struct RowsRead {
    pub rows: Vec<Map<String, Value>>,
    pub next_page_token: String,
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
            open_since = oldest(company, &mut lease.connection, now).await?;
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

/// When the oldest open transaction began; 0 without one in sight.
async fn oldest(
    company: &Company,
    connection: &mut SqlConnection,
    now: i64,
) -> Result<i64, SqlError> {
    let oldest = company.looks().transactions.oldest(connection).await?;
    Ok(match oldest {
        // Whole seconds are told, and the clock was read before.
        Oldest::Seconds(age) => now - (age + 2) * 1_000,
        Oldest::None | Oldest::Unseen => 0,
    })
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
            let mut open_since = mark.open_since;
            if reach == Reach::Wide {
                // Before anything is read: what is open now shows in the next wide look.
                let clock = clock(connection).await?;
                open_since = oldest(company, connection, clock).await?;
            }
            for statement in statements {
                let since = begin(mark, reach);
                let seen = company.looks().since(connection, statement, since).await?;
                groups.extend(seen.groups);
                now = now.min(seen.now);
            }
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
fn begin(mark: Mark, reach: Reach) -> PrimitiveDateTime {
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

/// The rows of groups, as they are now.
pub async fn rows_of(
    company: &Company,
    watched: &Watched,
    groups: &[&str],
) -> Result<Vec<Map<String, Value>>, QueryError> {
    let list = serde_json::to_string(groups).unwrap_or_default();
    let mut request = Request {
        name: watched.query.to_owned(),
        parameters: [(watched.list.to_owned(), list)].into(),
        ..Request::default()
    };
    let mut all = Vec::new();
    loop {
        let read = read(company, &request).await?;
        all.extend(read.rows);
        if read.next_page_token.is_empty() {
            return Ok(all);
        }
        request.page_token = read.next_page_token;
    }
}

/// A page of all there is, behind a token.
pub async fn rows_behind(
    company: &Company,
    watched: &Watched,
    page_token: String,
) -> Result<RowsRead, QueryError> {
    let request = Request {
        name: watched.query.to_owned(),
        page_token,
        ..Request::default()
    };
    read(company, &request).await
}

async fn read(company: &Company, request: &Request) -> Result<RowsRead, QueryError> {
    let page = run(company, request).await?;
    let rows = serde_json::from_slice(&page.rows_json);
    Ok(RowsRead {
        rows: rows.map_err(|error| QueryError::Row(error.to_string()))?,
        next_page_token: page.next_page_token,
    })
}

#[cfg(test)]
mod tests {
    use super::super::catalogue;
    use super::*;

    #[test]
    fn every_watcher_has_a_query_that_tells_its_columns() {
        for watched in WATCHED {
            let query = catalogue::all().find(|query| query.name == watched.query);
            let query = query.expect(watched.query);
            assert!(
                query
                    .parameters
                    .iter()
                    .any(|known| known.name == watched.list)
            );
            assert!(query.ways.iter().any(|way| way.by == [watched.list]));
            assert!(
                query.ways.iter().any(|way| way.by.is_empty()),
                "{}",
                watched.name
            );
            for source in query.sources {
                for column in watched.key.iter().chain([&watched.group]) {
                    assert!(
                        source.columns().any(|known| known.name == *column),
                        "{column}"
                    );
                }
            }
        }
    }

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
