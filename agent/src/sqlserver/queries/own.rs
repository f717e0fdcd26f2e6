//! Queries of the owner's local file: one SELECT each, read in a transaction that is rolled back.
//!
//! Its text stands in brackets as a table of the agent's own text, where the server takes nothing
//! but a query; what could still reach beyond this database or GP's committed rows is refused by
//! its words. The agent adds the page's bounds and order.

use std::collections::BTreeMap;

use serde_json::Map;

use super::declare::Type;
use super::given::{Given, Parameters, Values, typed};
use super::reading::check;
use super::rows;
use super::text::{Text, behind};
use super::token::{KeyValue, Place};
use super::{Found, QueryError};
use crate::sqlserver::company::Company;
use crate::sqlserver::reply::{Cell, Rows};
use crate::sqlserver::values::SqlValue;

/// What every such query's name begins with.
pub(super) const PREFIX: &str = "own.";

/// A query of the owner, checked.
#[derive(Debug, Clone)]
pub struct Own {
    /// With its prefix, as the cloud names it.
    pub name: String,
    pub(super) text: String,
    pub(super) sql: String,
    pub(super) parameters: BTreeMap<String, Type>,
    pub(super) key: Vec<String>,
}

/// What is wrong with a query of the file, and in which key of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    pub key: String,
    pub problem: String,
}

impl Own {
    /// Checks a query as the file has it: its name there, text, SQL, parameters and page key.
    pub fn new(
        name: &str,
        (text, sql): (&str, &str),
        parameters: &BTreeMap<String, String>,
        page_key: &[String],
    ) -> Result<Self, Problem> {
        let problem = |key: &str, problem: String| Problem {
            key: key.to_owned(),
            problem,
        };
        if !is_name(name) {
            return Err(problem("", NAME.to_owned()));
        }
        let mut typed = BTreeMap::new();
        for (parameter, kind) in parameters {
            let key = format!("parameters.{parameter}");
            if !is_name(parameter) {
                return Err(problem(&key, NAME.to_owned()));
            }
            let kind = Type::parse(kind).ok_or_else(|| problem(&key, KINDS.to_owned()))?;
            typed.insert(parameter.clone(), kind);
        }
        if page_key.is_empty() || !page_key.iter().all(|column| is_name(column)) {
            let what = "name the columns that order the rows and tell them apart, as in \
                        [\"CUSTNMBR\"]";
            return Err(problem("page_key", what.to_owned()));
        }
        check(sql, &typed).map_err(|what| problem("sql", what))?;
        Ok(Self {
            name: [PREFIX, name].concat(),
            text: text.to_owned(),
            sql: sql.trim().to_owned(),
            parameters: typed,
            key: page_key.to_vec(),
        })
    }

    /// Reads rows behind a place, one more than the page holds if there is one.
    pub(super) async fn read(
        &self,
        company: &Company,
        parameters: &Parameters,
        (size, after): (usize, Option<Place>),
    ) -> Result<Vec<Found>, QueryError> {
        let given = self.given(parameters)?;
        let rows = i32::try_from(size + 1).unwrap_or(i32::MAX);
        let after = after.map(|place| place.key);
        let page = self
            .page(&given, (rows, after.as_deref()))
            .ok_or(QueryError::Token("it has another key"))?;
        let mut lease = company.lease().await?;
        lease.connection.begin().await?;
        let rows = lease.connection.rows(page.sql, page.values).await?;
        lease.connection.rollback().await?;
        lease.give_back();
        self.found(&rows, size)
    }

    fn given(&self, parameters: &Parameters) -> Result<Given, QueryError> {
        let unknown = |name: &&String| !self.parameters.contains_key(*name);
        if let Some(unknown) = parameters.keys().find(unknown) {
            let known = self.parameters.keys().map(String::as_str);
            return Err(QueryError::unknown_parameter(unknown, known));
        }
        let mut given = Given::default();
        for (name, kind) in &self.parameters {
            let text = parameters.get(name);
            let text = text.ok_or_else(|| QueryError::Missing(name.clone()))?;
            let value = typed(&kind.parameter(), text).map_err(|problem| QueryError::Misfit {
                parameter: name.clone(),
                problem: problem.to_string(),
            })?;
            given.add(name, *kind, Values::One(value));
        }
        Ok(given)
    }

    /// The text of a page; `None` when `after` is not a key of the query.
    pub(super) fn page(&self, given: &Given, page: (i32, Option<&[KeyValue]>)) -> Option<Text> {
        let (rows, after) = page;
        let mut text = Text::default();
        let top = text.bind(Type::Int, SqlValue::Int(rows));
        let inner = text.filled(&self.sql, given);
        let keys: Vec<_> = self.key.iter().map(|key| format!("q.[{key}]")).collect();
        let columns: Vec<_> = keys.iter().map(String::as_str).collect();
        let condition = match after {
            None => String::new(),
            Some(after) if after.len() == keys.len() => {
                let bound = after.iter().map(|value| {
                    let kind = type_of(value);
                    Some(text.bind(kind, value.bound(&kind.parameter())?))
                });
                let bound: Vec<_> = bound.collect::<Option<_>>()?;
                format!("\nWHERE {}", behind(&columns, &bound))
            }
            Some(_) => return None,
        };
        text.sql = format!(
            "SELECT TOP ({top}) q.*\nFROM (\n{inner}\n) AS q{condition}\nORDER BY {}",
            columns.join(", ")
        );
        Some(text)
    }

    fn found(&self, rows: &Rows, size: usize) -> Result<Vec<Found>, QueryError> {
        let place = |key: &String| {
            let place = rows
                .columns
                .iter()
                .position(|c| c.eq_ignore_ascii_case(key));
            place.ok_or_else(|| QueryError::Row(format!("it has no column {key} (page_key)")))
        };
        if rows.rows.is_empty() {
            return Ok(Vec::new());
        }
        let places: Vec<_> = self.key.iter().map(place).collect::<Result<_, _>>()?;
        let mut found: Vec<Found> = Vec::with_capacity(rows.rows.len());
        for cells in &rows.rows {
            let key = places.iter().map(|place| {
                let key = cells.get(*place).and_then(KeyValue::of);
                key.ok_or_else(|| QueryError::Row("a column of page_key is NULL".to_owned()))
            });
            let key: Vec<_> = key.collect::<Result<_, _>>()?;
            let same = found.last().is_some_and(|last| last.place.key == key);
            if same && found.len() == size {
                let what = "page_key does not tell its rows apart";
                return Err(QueryError::Row(what.to_owned()));
            }
            let mut row = Map::new();
            for (name, cell) in rows.columns.iter().zip(cells) {
                if matches!(cell, Cell::Other) {
                    let what = format!("the type of {name} is not read; CAST it in the query");
                    return Err(QueryError::Row(what));
                }
                row.insert(name.clone(), rows::plain(cell));
            }
            let place = Place { source: 0, key };
            found.push(Found { row, place });
        }
        Ok(found)
    }
}

/// What a key's value is compared as. GP's columns are `char`: as national text their order is
/// another one.
fn type_of(value: &KeyValue) -> Type {
    match value {
        KeyValue::Text(_) => Type::VarChar(8000),
        KeyValue::Int(_) => Type::BigInt,
        KeyValue::Numeric(_) => Type::Numeric(28, 10),
        KeyValue::Moment(_) => Type::DateTime,
    }
}

const NAME: &str = "a name begins with a letter and has letters, digits and underscores, \
                    40 at most";
const KINDS: &str = "the type is one of char(n), varchar(n), tinyint, smallint, int, bigint, \
                     numeric(p,s), datetime";

fn is_name(name: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '_';
    name.starts_with(|c: char| c.is_ascii_alphabetic())
        && name.len() <= 40
        && name.chars().all(plain)
}
