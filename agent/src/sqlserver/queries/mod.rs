//! The named queries the cloud may ask: fixed here, or in the owner's local file; paged and typed.

mod catalogue;
mod declare;
mod described;
mod given;
mod looks;
mod noticing;
mod open;
mod own;
mod print;
mod reading;
mod rows;
mod text;
mod token;
mod tracked;
mod watched;

use serde_json::{Map, Value};
use thiserror::Error;

pub(super) use described::all as described_columns;
pub(super) use looks::Looks;
pub use noticing::{Looked, Mark, Reach, newest, noticed};
pub(super) use open::{Oldest, ask as oldest_open, is_denied};
pub use own::{Own, Problem as OwnProblem};
pub(crate) use print::compilable;
pub use print::{described, printed};
pub(super) use tracked::NOT_TRACKED;
pub use tracked::choose;
pub use watched::{By, GROUPS_AT_ONCE, RowsRead, WATCHED, Watched, rows_behind, rows_of};

use super::company::Company;
use super::error::SqlError;
use super::pool::Lease;
use super::reply::Cell;
use declare::Query;
use given::Parameters;
use token::{KeyValue, Place};

/// A page has so many rows when the caller does not say.
const USUAL_PAGE: usize = 500;
/// No page has more rows than this, whatever the caller says.
const LARGEST_PAGE: usize = 5_000;
/// A page ends behind the row that brings it over this, so that no command grows without bound.
const PAGE_BYTES: usize = 4 * 1024 * 1024;

/// SQL Server's word for a session that gave way in a deadlock.
const DEADLOCK: i32 = 1205;

/// What is asked for.
#[derive(Debug, Clone, Default)]
pub struct Request {
    pub name: String,
    pub parameters: Parameters,
    /// Rows at most; 0 leaves it to the agent.
    pub page_size: usize,
    /// Empty for the first page.
    pub page_token: String,
}

/// Rows as a JSON array, and the token of the next page; empty behind the last one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    pub rows_json: Vec<u8>,
    pub next_page_token: String,
}

/// Why a query has no rows to give.
#[derive(Debug, Error)]
pub enum QueryError {
    #[error("the agent has no query of this name")]
    Unknown,
    #[error("it has no parameter {name}; it takes {known}")]
    UnknownParameter { name: String, known: String },
    #[error("it needs the parameter {0}")]
    Missing(String),
    #[error("it needs to know what to look for: {0}")]
    MissingOneOf(String),
    #[error("{given} cannot be given together; it takes {ways}")]
    NotTogether { given: String, ways: String },
    #[error("the parameter {parameter} {problem}")]
    Misfit { parameter: String, problem: String },
    #[error("the page token cannot be used: {0}")]
    Token(&'static str),
    #[error("a row cannot be given: {0}")]
    Row(String),
    #[error(transparent)]
    Sql(#[from] SqlError),
}

impl QueryError {
    fn unknown_parameter<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> Self {
        let known: Vec<_> = known.collect();
        let known = match known.as_slice() {
            [] => "none".to_owned(),
            known => known.join(", "),
        };
        let name = name.to_owned();
        Self::UnknownParameter { name, known }
    }
}

/// A row, and where it stands.
struct Found {
    row: Map<String, Value>,
    place: Place,
}

/// Reads one page.
pub async fn run(company: &Company, request: &Request) -> Result<Page, QueryError> {
    let page = Box::pin(once(company, request)).await;
    match &page {
        // An idle connection may have died unseen.
        Err(QueryError::Sql(SqlError::Broken(_))) => company.connection_lost(),
        // Between a reader and a writer the server has the reader give way.
        Err(QueryError::Sql(error)) if error.number() == Some(DEADLOCK) => {}
        Ok(_) | Err(_) => return page,
    }
    Box::pin(once(company, request)).await
}

async fn once(company: &Company, request: &Request) -> Result<Page, QueryError> {
    let size = match request.page_size {
        0 => USUAL_PAGE,
        size => size.min(LARGEST_PAGE),
    };
    let question = given::question(&request.name, &request.parameters);
    let after = match request.page_token.as_str() {
        "" => None,
        token => Some(token::read(&question, token).map_err(QueryError::Token)?),
    };
    let declared = catalogue::all().find(|query| query.name == request.name);
    let own = company.own_queries();
    let found = match (declared, own.iter().find(|own| own.name == request.name)) {
        (Some(query), _) => fixed(company, query, request, (size, after)).await?,
        (None, Some(own)) => {
            own.read(company, &request.parameters, (size, after))
                .await?
        }
        (None, None) => return Err(QueryError::Unknown),
    };
    cut(&question, found, size)
}

/// Reads the rows of a fixed query behind a place, one more than the page holds if there is one.
async fn fixed(
    company: &Company,
    query: &'static Query,
    request: &Request,
    (size, after): (usize, Option<Place>),
) -> Result<Vec<Found>, QueryError> {
    const STRANGE: QueryError = QueryError::Token("it has another key");
    let asked = given::asked(query, &request.parameters)?;
    let first = after.as_ref().map_or(0, |place| place.source);
    if first >= query.sources.len() {
        return Err(STRANGE);
    }
    let mut lease = company.lease().await?;
    let mut found = Vec::new();
    for (number, source) in query.sources.iter().enumerate().skip(first) {
        let wanted = size + 1 - found.len();
        let wanted = i32::try_from(wanted).unwrap_or(i32::MAX);
        let after = after.as_ref().filter(|place| place.source == number);
        let after = after.map(|place| place.key.as_slice());
        let page = text::page(query, source, &asked, (wanted, after)).ok_or(STRANGE)?;
        found.extend(read(&mut lease, page, number).await?);
        if found.len() > size {
            break;
        }
    }
    lease.give_back();
    Ok(found)
}

async fn read(
    lease: &mut Lease,
    page: text::Text,
    source: usize,
) -> Result<Vec<Found>, QueryError> {
    let rows = lease.connection.rows(page.sql, page.values).await?;
    let row = |cells: Vec<Cell>| {
        let key = page.key.iter().map(|place| {
            let key = cells.get(*place).and_then(KeyValue::of);
            key.ok_or_else(|| QueryError::Row("its key is empty".to_owned()))
        });
        let key = key.collect::<Result<_, _>>()?;
        Ok(Found {
            row: rows::object(&page.columns, &cells),
            place: Place { source, key },
        })
    };
    rows.rows.into_iter().map(row).collect()
}

/// Makes the page: as many rows as it may have, and where the next one begins if there is more.
fn cut(question: &str, found: Vec<Found>, size: usize) -> Result<Page, QueryError> {
    let broken = |error: serde_json::Error| QueryError::Row(error.to_string());
    let total = found.len();
    let mut rows_json = vec![b'['];
    let mut last = None;
    let mut given = 0;
    for found in found.into_iter().take(size) {
        if given > 0 {
            rows_json.push(b',');
        }
        serde_json::to_writer(&mut rows_json, &found.row).map_err(broken)?;
        given += 1;
        last = Some(found.place);
        if rows_json.len() >= PAGE_BYTES {
            break;
        }
    }
    rows_json.push(b']');
    let next_page_token = match last {
        Some(place) if given < total => token::write(question, &place).map_err(broken)?,
        Some(_) | None => String::new(),
    };
    Ok(Page {
        rows_json,
        next_page_token,
    })
}

#[cfg(test)]
mod dialect_tests;
#[cfg(test)]
mod tests;
