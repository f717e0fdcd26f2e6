//! The tables of GP's databases, as the table list describes them.

use super::error::SqlError;
use super::heap::Inner;
use super::heap::schema::{Column, TableSpec};
use super::procedures::signature;
use super::value::SqlType;

/// The table lists, one for each part of GP.
static TABLES: [&str; 7] = [
    include_str!("tables/company.csv"),
    include_str!("tables/receivables.csv"),
    include_str!("tables/reads.csv"),
    include_str!("tables/sales.csv"),
    include_str!("tables/inventory.csv"),
    include_str!("tables/payables.csv"),
    include_str!("tables/bank.csv"),
];

/// Tables of the system database; every other table is in each company.
const SYSTEM: [&str; 6] = [
    "SY01500",
    "MC00100",
    "MC40200",
    "MC40300",
    "taErrorCode",
    "SY00800",
];

/// Reads the table list.
pub fn specs() -> Vec<TableSpec> {
    let mut specs: Vec<TableSpec> = Vec::new();
    let mut keys: Vec<Vec<(usize, usize)>> = Vec::new();
    let lists = TABLES.iter().flat_map(|list| {
        csv::Reader::from_reader(list.as_bytes())
            .into_records()
            .flatten()
    });
    for record in lists {
        let field = |index: usize| record.get(index).unwrap_or_default();
        if specs.last().is_none_or(|spec| spec.name != field(0)) {
            specs.push(TableSpec {
                schema: "dbo".to_owned(),
                name: field(0).to_owned(),
                columns: Vec::new(),
                uniques: Vec::new(),
            });
            keys.push(Vec::new());
        }
        let (Some(spec), Some(key)) = (specs.last_mut(), keys.last_mut()) else {
            continue;
        };
        if let Some(place) = field(3)
            .strip_prefix("[PK")
            .and_then(|rest| rest.split(']').next())
        {
            key.push((place.parse().unwrap_or_default(), spec.columns.len()));
        }
        let kind = SqlType::parse(field(2)).unwrap_or(SqlType::Int);
        spec.columns
            .push(Column::gp(field(1), kind, field(2).ends_with("identity")));
    }
    for (spec, mut key) in specs.iter_mut().zip(keys) {
        key.sort_unstable();
        let key: Vec<usize> = key.into_iter().map(|(_, column)| column).collect();
        let identity = key.len() == 1 && spec.columns[key[0]].identity;
        if !key.is_empty() && !identity {
            spec.uniques.push(key);
        }
    }
    specs
}

/// Makes a company database or, with `system`, the system database.
pub fn create(inner: &mut Inner, database: usize, system: bool) -> Result<(), SqlError> {
    for spec in specs() {
        if SYSTEM.contains(&spec.name.as_str()) == system && spec.name != "DEX_LOCK" {
            inner.create_table(database, spec)?;
        }
    }
    inner.add_principal(database, "DYNGRP", "R")?;
    if system {
        return Ok(());
    }
    let mut all: Vec<_> = signature::all().values().collect();
    all.sort_by(|a, b| a.name.cmp(&b.name));
    for each in all {
        inner.add_procedure(database, &each.name, &each.rows())?;
    }
    Ok(())
}

/// Makes the table in which GP notes rows that users have open.
pub fn create_locks(inner: &mut Inner, database: usize) -> Result<(), SqlError> {
    for spec in specs().into_iter().filter(|spec| spec.name == "DEX_LOCK") {
        inner.create_table(database, spec)?;
    }
    Ok(())
}
