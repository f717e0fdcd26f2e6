//! GP's tables as rows of names and values, read with plain means.

use std::collections::BTreeMap;

use rust_decimal::Decimal;
use serde_json::Value;

/// The tables the judge reads.
pub(super) const TABLES: &[&str] = &[
    "SOP10100", "SOP10200", "SOP10105", "SOP10103", "SOP10102", "SOP10106", "RM00101", "RM00102",
    "SY00500", "IV00101",
];

/// A row; what is not there reads as nothing.
#[derive(Clone, Debug)]
pub(super) struct Row(Value);

impl Row {
    pub(super) fn text(&self, column: &str) -> String {
        match &self.0[column] {
            Value::String(text) => text.trim_end().to_owned(),
            Value::Null => String::new(),
            other => other.to_string(),
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

/// All rows of all tables.
#[derive(Clone, Debug, Default)]
pub(super) struct Books(BTreeMap<String, Vec<Row>>);

impl Books {
    /// Takes over a table, given as a list of rows or as an object with one.
    pub(super) fn add(&mut self, table: &str, told: &Value) {
        let rows = told.as_array().or_else(|| told["rows"].as_array());
        let rows = rows
            .map(|rows| rows.iter().cloned().map(Row).collect())
            .unwrap_or_default();
        self.0.insert(table.to_owned(), rows);
    }

    pub(super) fn rows(&self, table: &str) -> &[Row] {
        self.0.get(table).map(Vec::as_slice).unwrap_or_default()
    }

    /// The rows of a table that hang on a document.
    pub(super) fn of(&self, table: &str, document: &(i64, String)) -> Vec<&Row> {
        self.rows(table)
            .iter()
            .filter(|row| &row.document() == document)
            .collect()
    }
}
