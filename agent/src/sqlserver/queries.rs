//! The named queries the cloud may ask, each with its fixed statements.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::company::Company;
use super::error::SqlError;
use super::reply::Cell;
use super::statements::{self, Statement};
use super::values::SqlValue;

const SOP_COLUMNS: &[&str] = &[
    "SOPTYPE", "SOPNUMBE", "DOCID", "DOCDATE", "CUSTNMBR", "BACHNUMB", "DOCAMNT", "CSTPONBR",
];

/// Names and parameters of all queries, for `describe`.
pub const NAMES: &[(&str, &[&str])] = &[
    ("companies", &[]),
    ("setup.document_ids", &[]),
    ("setup.sites", &[]),
    ("sop_document", &["CSTPONBR", "SOPNUMBE"]),
];

/// Why a query has no rows to give.
#[derive(Debug)]
pub enum QueryError {
    Unknown,
    /// The parameter that has to be there.
    Missing(&'static str),
    Sql(SqlError),
}

/// Runs a query and gives its rows as JSON objects; amounts are texts, dates ISO.
pub async fn run(
    company: &Company,
    name: &str,
    parameters: &BTreeMap<String, String>,
) -> Result<Vec<Value>, QueryError> {
    let (statements, columns, bound): (&[&Statement], &[&str], Vec<SqlValue>) = match name {
        "companies" => (
            &[&statements::COMPANIES],
            &["CMPANYID", "INTERID", "CMPNYNAM"],
            Vec::new(),
        ),
        "setup.document_ids" => (
            &[&statements::DOCUMENT_IDS],
            &["SOPTYPE", "DOCID", "SOPNUMBE"],
            Vec::new(),
        ),
        "setup.sites" => (&[&statements::SITES], &["LOCNCODE", "LOCNDSCR"], Vec::new()),
        "sop_document" => sop_document(parameters)?,
        _ => return Err(QueryError::Unknown),
    };
    let mut found = read(company, statements, columns, &bound).await;
    if matches!(found, Err(SqlError::Broken(_))) {
        // An idle connection may have died unseen.
        company.connection_lost();
        found = read(company, statements, columns, &bound).await;
    }
    found.map_err(QueryError::Sql)
}

async fn read(
    company: &Company,
    statements: &[&Statement],
    columns: &[&str],
    bound: &[SqlValue],
) -> Result<Vec<Value>, SqlError> {
    let mut lease = company.lease().await?;
    let mut rows = Vec::new();
    for statement in statements {
        let found = lease.connection.query(statement, bound.to_vec()).await?;
        rows.extend(found.iter().map(|row| object(columns, row)));
    }
    lease.give_back();
    Ok(rows)
}

type Prepared = (
    &'static [&'static Statement],
    &'static [&'static str],
    Vec<SqlValue>,
);

fn sop_document(parameters: &BTreeMap<String, String>) -> Result<Prepared, QueryError> {
    static BY_ORDER: [&Statement; 2] = [&statements::SOP_WORK, &statements::SOP_HISTORY];
    static BY_NUMBER: [&Statement; 2] = [
        &statements::SOP_WORK_NUMBER,
        &statements::SOP_HISTORY_NUMBER,
    ];
    let value = |name: &str| {
        parameters
            .get(name)
            .map(|text| SqlValue::from(text.as_str()))
    };
    match (value("SOPNUMBE"), value("CSTPONBR")) {
        (Some(number), _) => Ok((&BY_NUMBER, SOP_COLUMNS, vec![number])),
        (None, Some(order)) => Ok((&BY_ORDER, SOP_COLUMNS, vec![order])),
        (None, None) => Err(QueryError::Missing("CSTPONBR")),
    }
}

fn object(columns: &[&str], row: &[Cell]) -> Value {
    let fields = columns
        .iter()
        .zip(row)
        .map(|(name, cell)| ((*name).to_owned(), json(cell)));
    Value::Object(fields.collect::<Map<_, _>>())
}

fn json(cell: &Cell) -> Value {
    match cell {
        Cell::Null | Cell::Other => Value::Null,
        Cell::Text(text) => Value::from(text.trim_end_matches(' ')),
        Cell::Int(number) => Value::from(*number),
        Cell::Numeric(number) => Value::from(number.to_string()),
        Cell::DateTime(moment) => {
            let (date, time) = (moment.date(), moment.time());
            Value::from(format!(
                "{date}T{:02}:{:02}:{:02}",
                time.hour(),
                time.minute(),
                time.second()
            ))
        }
    }
}
