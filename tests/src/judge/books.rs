//! GP's tables as rows of names and values, read with plain means.

use std::collections::{BTreeMap, HashMap};

use anyhow::Context as _;
use rust_decimal::Decimal;
use serde_json::Value;

/// The tables the judge reads.
pub(super) const TABLES: &[&str] = &[
    "SOP10100", "SOP10200", "SOP10105", "SOP10103", "SOP10102", "SOP10106", "RM00101", "RM00102",
    "SY00500", "IV00101", "IV00102",
];

/// A row; what is not there reads as nothing.
#[derive(Clone, Debug)]
pub(super) struct Row(Value);

impl Row {
    pub(super) fn text(&self, column: &str) -> String {
        match &self.0[column] {
            Value::String(text) => text.trim_end().to_owned(),
            Value::Null => String::new(),
            other @ (Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_)) => {
                other.to_string()
            }
        }
    }

    pub(super) fn number(&self, column: &str) -> i64 {
        self.amount(column).trunc().to_string().parse().unwrap_or(0)
    }

    pub(super) fn amount(&self, column: &str) -> Decimal {
        self.text(column).parse().unwrap_or_default()
    }

    /// Returns the day of a date column.
    pub(super) fn day(&self, column: &str) -> String {
        self.text(column).chars().take(10).collect()
    }

    pub(super) fn has(&self, column: &str) -> bool {
        self.0.get(column).is_some()
    }

    /// The document the row is about or hangs on.
    pub(super) fn document(&self) -> (i64, String) {
        (self.number("SOPTYPE"), self.text("SOPNUMBE"))
    }
}

/// The columns rows are looked up by.
const KEYS: &[&str] = &["CSTPONBR", "CUSTNMBR", "ITEMNMBR", "BACHNUMB"];

/// The rows of a table, and where to find them.
#[derive(Clone, Debug, Default)]
struct Table {
    rows: Vec<Row>,
    by_document: HashMap<(i64, String), Vec<usize>>,
    by_key: HashMap<(&'static str, String), Vec<usize>>,
}

/// All rows of all tables.
#[derive(Clone, Debug, Default)]
pub(super) struct Books(BTreeMap<String, Table>);

impl Books {
    /// Takes over a table, given as a list of rows or as an object with one.
    pub(super) fn add(&mut self, name: &str, told: &Value) -> anyhow::Result<()> {
        let told = told.as_array().or_else(|| told["rows"].as_array());
        let told = told.with_context(|| format!("GP gives no rows of {name}"))?;
        let mut table = Table::default();
        for (index, row) in told.iter().cloned().map(Row).enumerate() {
            if row.has("SOPNUMBE") {
                table
                    .by_document
                    .entry(row.document())
                    .or_default()
                    .push(index);
            }
            for key in KEYS.iter().filter(|key| row.has(key)) {
                table
                    .by_key
                    .entry((key, row.text(key)))
                    .or_default()
                    .push(index);
            }
            table.rows.push(row);
        }
        self.0.insert(name.to_owned(), table);
        Ok(())
    }

    pub(super) fn rows(&self, table: &str) -> &[Row] {
        self.0
            .get(table)
            .map(|table| table.rows.as_slice())
            .unwrap_or_default()
    }

    /// The rows of a table that hang on a document.
    pub(super) fn of(&self, table: &str, document: &(i64, String)) -> Vec<&Row> {
        let Some(table) = self.0.get(table) else {
            return Vec::new();
        };
        let found = table
            .by_document
            .get(document)
            .map(Vec::as_slice)
            .unwrap_or_default();
        found.iter().map(|index| &table.rows[*index]).collect()
    }

    /// The rows of a table that hold a value in one of the key columns.
    pub(super) fn find(&self, table: &str, key: &'static str, value: &str) -> Vec<&Row> {
        let Some(table) = self.0.get(table) else {
            return Vec::new();
        };
        let found = table.by_key.get(&(key, value.to_owned()));
        let found = found.map(Vec::as_slice).unwrap_or_default();
        found.iter().map(|index| &table.rows[*index]).collect()
    }
}
