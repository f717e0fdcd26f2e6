//! GP's triggers that stamp a record when rows that belong to it change.

use std::sync::Arc;

use super::super::clock;
use super::super::error::Stop;
use super::super::value::Value;
use super::rows::{Access, Cell};
use super::schema::Table;
use super::work::Work;

/// A table, and the record that each change of its rows stamps.
const STAMPED: [(&str, &str, &[&str]); 4] = [
    ("IV00102", "IV00101", &["ITEMNMBR"]),
    (
        "IV00108",
        "IV00107",
        &["ITEMNMBR", "CURNCYID", "PRCLEVEL", "UOFM"],
    ),
    ("IV00108", "IV40800", &["PRCLEVEL"]),
    ("IV40202", "IV40201", &["UOMSCHDL"]),
];

/// Whether changes of a table's rows stamp anything.
pub fn has_trigger(name: &str) -> bool {
    STAMPED.iter().any(|(child, ..)| *child == name)
}

/// Whether a change of columns gives a row to another record.
pub fn moves(table: &Table, mut changed: impl Iterator<Item = usize>) -> bool {
    let owners = STAMPED.iter().filter(|(child, ..)| *child == table.name);
    let keys: Vec<_> = owners.flat_map(|(.., columns)| columns.iter()).collect();
    table.triggers && changed.any(|at| keys.contains(&&table.columns[at].name.as_str()))
}

impl Work<'_> {
    /// Stamps what a row belongs to, as it is now.
    pub fn stamp_owners(&mut self, table: &Arc<Table>, row: i64) -> Result<(), Stop> {
        if !table.triggers {
            return Ok(());
        }
        let Some(values) = self.fetch(table, row)? else {
            return Ok(());
        };
        for (_, owner, columns) in STAMPED.iter().filter(|(child, ..)| *child == table.name) {
            let owner = self.table(table.database, owner)?;
            let key: Vec<Cell<'_>> = columns
                .iter()
                .filter_map(|column| Some((*column, values[table.column(column)?].clone())))
                .collect();
            let Some(found) = self.find(&owner, &key, Access::Dirty)? else {
                continue;
            };
            let now = Value::Time(clock::utc_now());
            self.set(&owner, found.number, &[("DEX_ROW_TS", now)])?;
        }
        Ok(())
    }
}
