//! The watchers: which query tells a record's rows, and how its changes show.

use serde_json::{Map, Value};

use super::tracked::Tracked;
use super::{QueryError, Request, run};
use crate::sqlserver::company::Company;
use crate::sqlserver::statements::{self, Statement};

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

/// Rows of a page.
#[derive(Debug, Default)]
pub struct RowsRead {
    pub rows: Vec<Map<String, Value>>,
    pub next_page_token: String,
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
}
