//! Rows by column name, for procedures and seeds.

use std::sync::Arc;

use rusqlite::params_from_iter;
use rust_decimal::Decimal;

use super::super::convert::assign;
use super::super::error::{SqlError, Stop};
use super::super::value::Value;
use super::codec::{decode, encode};
use super::locks::Mode;
use super::schema::Table;
use super::work::Work;

/// How a procedure reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Waits for rows others are writing.
    Committed,
    /// Reads whatever lies there.
    Dirty,
    /// Waits and keeps the row for an update.
    Update,
}

/// A row of a table.
#[derive(Debug, Clone)]
pub struct Row {
    pub table: Arc<Table>,
    pub number: i64,
    pub values: Vec<Value>,
}

impl Row {
    /// The value of a column; an unknown column is a mistake in the sandbox itself.
    pub fn get(&self, column: &str) -> &Value {
        let index = self.table.column(column);
        index.map_or(&Value::Null, |index| &self.values[index])
    }

    /// Text without its padding.
    pub fn text(&self, column: &str) -> &str {
        self.get(column)
            .text()
            .unwrap_or_default()
            .trim_end_matches(' ')
    }

    /// An integer.
    pub fn int(&self, column: &str) -> i64 {
        self.get(column).int().unwrap_or_default()
    }

    /// An exact amount.
    pub fn money(&self, column: &str) -> Decimal {
        match self.get(column) {
            Value::Numeric(number) => number.decimal(),
            Value::Int(number) => Decimal::from(*number),
            Value::Null | Value::Float(_) | Value::Text(_) | Value::Bytes(_) | Value::Time(_) => {
                Decimal::ZERO
            }
        }
    }

    /// A time in ticks.
    pub fn time(&self, column: &str) -> i64 {
        if let Value::Time(ticks) = self.get(column) {
            *ticks
        } else {
            0
        }
    }
}

/// A column with the value it shall have.
pub type Cell<'c> = (&'c str, Value);

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Value::Text(text.to_owned())
    }
}

impl From<i64> for Value {
    fn from(number: i64) -> Self {
        Value::Int(number)
    }
}

impl From<Decimal> for Value {
    fn from(number: Decimal) -> Self {
        Value::Numeric(number.into())
    }
}

impl Work<'_> {
    /// A dbo table by its name.
    pub fn table(&self, database: usize, name: &str) -> Result<Arc<Table>, SqlError> {
        let table = self.inner.registry.table(database, "dbo", name);
        table
            .cloned()
            .ok_or_else(|| SqlError::new(208, format!("Invalid object name '{name}'.")))
    }

    /// The rows whose columns equal the given values.
    pub fn select(
        &mut self,
        table: &Arc<Table>,
        key: &[Cell<'_>],
        access: Access,
    ) -> Result<Vec<Row>, Stop> {
        let mut condition = String::new();
        let mut stored = Vec::with_capacity(key.len());
        for (name, value) in key {
            let index = column(table, name)?;
            let kind = table.columns[index].kind;
            condition.push_str(if condition.is_empty() {
                " WHERE "
            } else {
                " AND "
            });
            condition.extend(["\"", table.columns[index].name.as_str(), "\" = ?"]);
            stored.push(encode(
                &assign(value, kind, name).unwrap_or(Value::Null),
                kind,
            ));
        }
        if access != Access::Dirty {
            self.check_before_images(table, &condition, &stored)?;
        }
        let sql = format!(
            "SELECT \"{}\", {} FROM {}{condition}",
            table.row_id, table.list, table.stored
        );
        let rows = self.read(table, &sql, stored)?;
        for row in &rows {
            match access {
                Access::Committed => self.check_readable(table, row.number, Mode::Shared)?,
                Access::Update => self.lock(table, row.number, Mode::Update)?,
                Access::Dirty => {}
            }
        }
        Ok(rows)
    }

    fn read(
        &self,
        table: &Arc<Table>,
        sql: &str,
        stored: Vec<rusqlite::types::Value>,
    ) -> Result<Vec<Row>, SqlError> {
        let mut statement = self.inner.connection.prepare_cached(sql)?;
        let mut found = statement.query(params_from_iter(stored))?;
        let mut rows = Vec::new();
        while let Some(row) = found.next()? {
            let mut values = Vec::with_capacity(table.columns.len());
            for (index, column) in table.columns.iter().enumerate() {
                values.push(decode(row.get_ref(index + 1)?, Some(column.kind)));
            }
            rows.push(Row {
                table: Arc::clone(table),
                number: row.get(0)?,
                values,
            });
        }
        Ok(rows)
    }

    /// Rows another transaction deleted or changed away still count for a committed read.
    fn check_before_images(
        &self,
        table: &Table,
        condition: &str,
        stored: &[rusqlite::types::Value],
    ) -> Result<(), Stop> {
        if table.view || !self.others_in(table) {
            return Ok(());
        }
        let join = if condition.is_empty() {
            " WHERE"
        } else {
            " AND"
        };
        let sql = format!(
            "SELECT locked_by({0}, \"_row\", 0) FROM {1}{condition}{join} locked_by({0}, \"_row\", 0) IS NOT NULL LIMIT 1",
            table.id, table.before
        );
        let mut statement = self.inner.connection.prepare_cached(&sql)?;
        let mut found = statement.query(params_from_iter(stored))?;
        match found.next()? {
            Some(row) => Err(Stop::Blocked(row.get::<_, u32>(0)?.into())),
            None => Ok(()),
        }
    }

    /// The one row with a key.
    pub fn find(
        &mut self,
        table: &Arc<Table>,
        key: &[Cell<'_>],
        access: Access,
    ) -> Result<Option<Row>, Stop> {
        Ok(self.select(table, key, access)?.into_iter().next())
    }

    /// Inserts a row from the given cells; every other column takes its default.
    pub fn add(&mut self, table: &Arc<Table>, cells: &[Cell<'_>]) -> Result<i64, Stop> {
        let mut values: Vec<Option<Value>> = vec![None; table.columns.len()];
        for (name, value) in cells {
            values[column(table, name)?] = Some(value.clone());
        }
        let mut whole = Vec::with_capacity(values.len());
        for (index, value) in values.into_iter().enumerate() {
            whole.push(match value {
                Some(value) => value,
                None => Work::default(table, index)?,
            });
        }
        self.insert(table, whole)
    }

    /// Adds a row with the columns both tables have, some of them with values of their own.
    pub fn copy(
        &mut self,
        row: &Row,
        into: &Arc<Table>,
        changed: &[Cell<'_>],
    ) -> Result<i64, Stop> {
        let names = into.columns.iter().map(|column| column.name.as_str());
        let mut cells: Vec<Cell<'_>> = names
            .filter(|name| !name.starts_with("DEX_ROW") && row.table.column(name).is_some())
            .filter(|name| changed.iter().all(|(other, _)| other != name))
            .map(|name| (name, row.get(name).clone()))
            .collect();
        cells.extend(changed.iter().cloned());
        self.add(into, &cells)
    }

    /// Changes cells of a row.
    pub fn set(&mut self, table: &Arc<Table>, row: i64, cells: &[Cell<'_>]) -> Result<(), Stop> {
        let mut changes = Vec::with_capacity(cells.len());
        for (name, value) in cells {
            changes.push((column(table, name)?, value.clone()));
        }
        self.update(table, row, &changes)
    }
}

fn column(table: &Table, name: &str) -> Result<usize, SqlError> {
    table.column(name).ok_or_else(|| {
        SqlError::new(
            207,
            format!("Invalid column name '{name}' in {}.", table.full_name()),
        )
    })
}
