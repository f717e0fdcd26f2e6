//! The row API: reads and writes of one transaction, each row locked as SQL Server would.

use std::sync::Arc;

use rusqlite::types::Value as Stored;
use rusqlite::{ErrorCode, params_from_iter};

use super::super::clock;
use super::super::convert::assign;
use super::super::error::{SqlError, Stop};
use super::super::value::Value;
use super::codec::{decode, encode};
use super::locks::{Mode, Resource, TxId};
use super::schema::{Default, Table};
use super::stamps::moves;
use super::{Inner, Undo};

/// GP's time of a row's last change, in UTC.
const STAMP: &str = "DEX_ROW_TS";

/// The heap seen by one transaction.
#[derive(Debug)]
pub struct Work<'a> {
    pub inner: &'a mut Inner,
    pub tx: TxId,
}

/// The statements of the row API for one table.
#[derive(Debug)]
pub struct Texts {
    pub insert: String,
    pub fetch: String,
    pub delete: String,
    /// Copies a row's present state to the before-images.
    pub keep: String,
    pub restore: String,
    pub forget: String,
}

impl Texts {
    /// Writes the statements.
    pub fn new(table: &Table) -> Texts {
        let columns: Vec<String> = table
            .columns
            .iter()
            .map(|column| format!("\"{}\"", column.name))
            .collect();
        let list = columns.join(", ");
        let hidden = table.identity().is_none();
        let all = if hidden {
            format!("\"_row\", {list}")
        } else {
            list.clone()
        };
        let source = if hidden {
            format!("\"_row\", {list}")
        } else {
            list.clone()
        };
        let places = vec!["?"; columns.len() + usize::from(hidden)].join(", ");
        let Table {
            stored,
            before,
            row_id,
            ..
        } = table;
        Texts {
            insert: format!("INSERT INTO {stored} ({all}) VALUES ({places})"),
            fetch: format!("SELECT {list} FROM {stored} WHERE \"{row_id}\" = ?1"),
            delete: format!("DELETE FROM {stored} WHERE \"{row_id}\" = ?1"),
            keep: format!(
                "INSERT INTO {before} (\"_seq\", \"_row\", {list}) SELECT ?1, \"{row_id}\", {list} FROM {stored} WHERE \"{row_id}\" = ?2"
            ),
            restore: format!(
                "INSERT INTO {stored} ({all}) SELECT {source} FROM {before} WHERE \"_seq\" = ?1"
            ),
            forget: format!("DELETE FROM {before} WHERE \"_seq\" = ?1"),
        }
    }
}

impl Work<'_> {
    /// Locks a row, or stops because another transaction holds it.
    pub fn lock(&mut self, table: &Table, row: i64, mode: Mode) -> Result<(), Stop> {
        self.inner
            .locks()
            .take(self.tx, Resource::Row(table.id, row), mode)
            .map_err(Stop::Blocked)
    }

    /// Stops if another transaction holds a row in a way a reader waits for.
    pub fn check_readable(&self, table: &Table, row: i64, mode: Mode) -> Result<(), Stop> {
        let holder = self
            .inner
            .locks()
            .conflict(self.tx, &Resource::Row(table.id, row), mode);
        holder.map_or(Ok(()), |holder| Err(Stop::Blocked(holder)))
    }

    /// Whether any other transaction has locks in the table.
    pub fn others_in(&self, table: &Table) -> bool {
        self.inner.locks().others_in(self.tx, table.id)
    }

    /// The value a column takes when an insert leaves it out.
    pub fn default(table: &Table, index: usize) -> Result<Value, SqlError> {
        let column = &table.columns[index];
        Ok(match &column.default {
            Default::Constant(value) => value.clone(),
            Default::Now => Value::Time(clock::now()),
            Default::UtcNow => Value::Time(clock::utc_now()),
            Default::NewId => Value::Text(clock::new_guid()),
            Default::Missing if column.nullable || column.identity => Value::Null,
            Default::Missing => {
                return Err(SqlError::new(
                    515,
                    format!(
                        "Cannot insert the value NULL into column '{}', table '{}'; column does not allow nulls.",
                        column.name,
                        table.full_name()
                    ),
                ));
            }
        })
    }

    /// Inserts a whole row and answers its row number; the identity column is filled here.
    pub fn insert(&mut self, table: &Arc<Table>, mut values: Vec<Value>) -> Result<i64, Stop> {
        let row = self.inner.next_row(table)?;
        for (column, value) in table.columns.iter().zip(&mut values) {
            if column.identity {
                *value = Value::Int(row);
                continue;
            }
            *value = assign(value, column.kind, &column.name)?;
            if value.is_null() && !column.nullable {
                return Err(null_refused(table, &column.name).into());
            }
        }
        self.check_vanished_keys(table, &values)?;
        let mut stored: Vec<Stored> = Vec::with_capacity(values.len() + 1);
        if table.identity().is_none() {
            stored.push(Stored::Integer(row));
        }
        stored.extend(
            table
                .columns
                .iter()
                .zip(&values)
                .map(|(column, value)| encode(value, column.kind)),
        );
        let texts = self.inner.texts(table.id);
        let done = self
            .inner
            .connection
            .prepare_cached(&texts.insert)?
            .execute(params_from_iter(stored));
        if let Err(error) = done {
            return Err(self.duplicate(table, &values, None, error));
        }
        self.inner.note(
            self.tx,
            Undo::Inserted {
                table: table.id,
                row,
            },
        );
        self.lock(table, row, Mode::Exclusive)?;
        self.stamp_owners(table, row)?;
        Ok(row)
    }

    /// Changes columns of a row.
    pub fn update(
        &mut self,
        table: &Arc<Table>,
        row: i64,
        changes: &[(usize, Value)],
    ) -> Result<(), Stop> {
        self.lock(table, row, Mode::Exclusive)?;
        if moves(table, changes.iter().map(|(index, _)| *index)) {
            self.stamp_owners(table, row)?;
        }
        let mut sets = Vec::with_capacity(changes.len() + 1);
        let mut stored = Vec::with_capacity(changes.len() + 2);
        for (index, value) in changes {
            let column = &table.columns[*index];
            let value = assign(value, column.kind, &column.name)?;
            if value.is_null() && !column.nullable {
                return Err(null_refused(table, &column.name).into());
            }
            sets.push(format!("\"{}\" = ?", column.name));
            stored.push(encode(&value, column.kind));
        }
        if let Some(now) = own_stamp(table, changes)? {
            sets.push(format!("\"{STAMP}\" = ?"));
            stored.push(now);
        }
        if sets.is_empty() {
            return Ok(());
        }
        let seq = self.keep(table, row)?;
        let sql = format!(
            "UPDATE {} SET {} WHERE \"{}\" = ?",
            table.stored,
            sets.join(", "),
            table.row_id
        );
        stored.push(Stored::Integer(row));
        let done = self
            .inner
            .connection
            .prepare_cached(&sql)?
            .execute(params_from_iter(stored));
        if let Err(error) = done {
            let mut values = self.fetch(table, row)?.unwrap_or_default();
            for (index, value) in changes {
                values[*index] = value.clone();
            }
            self.inner.note(
                self.tx,
                Undo::Changed {
                    table: table.id,
                    row,
                    seq,
                },
            );
            return Err(self.duplicate(table, &values, Some(row), error));
        }
        self.inner.note(
            self.tx,
            Undo::Changed {
                table: table.id,
                row,
                seq,
            },
        );
        self.stamp_owners(table, row)
    }

    /// Deletes a row.
    pub fn delete(&mut self, table: &Arc<Table>, row: i64) -> Result<(), Stop> {
        self.lock(table, row, Mode::Exclusive)?;
        self.stamp_owners(table, row)?;
        let seq = self.keep(table, row)?;
        let texts = self.inner.texts(table.id);
        self.inner
            .connection
            .prepare_cached(&texts.delete)?
            .execute([row])?;
        self.inner.note(
            self.tx,
            Undo::Changed {
                table: table.id,
                row,
                seq,
            },
        );
        Ok(())
    }

    /// Reads a row as it lies there, whoever wrote it.
    pub fn fetch(&mut self, table: &Table, row: i64) -> Result<Option<Vec<Value>>, SqlError> {
        let texts = self.inner.texts(table.id);
        let mut statement = self.inner.connection.prepare_cached(&texts.fetch)?;
        let mut rows = statement.query([row])?;
        let Some(found) = rows.next()? else {
            return Ok(None);
        };
        let mut values = Vec::with_capacity(table.columns.len());
        for (index, column) in table.columns.iter().enumerate() {
            values.push(decode(found.get_ref(index)?, Some(column.kind)));
        }
        Ok(Some(values))
    }

    fn keep(&mut self, table: &Table, row: i64) -> Result<i64, SqlError> {
        let seq = self.inner.next_seq;
        self.inner.next_seq += 1;
        let texts = self.inner.texts(table.id);
        self.inner
            .connection
            .prepare_cached(&texts.keep)?
            .execute([seq, row])?;
        Ok(seq)
    }

    /// A key another open transaction has deleted or changed away is still its own until it ends.
    fn check_vanished_keys(&self, table: &Table, values: &[Value]) -> Result<(), Stop> {
        if !self.others_in(table) {
            return Ok(());
        }
        for (number, unique) in table.uniques.iter().enumerate() {
            let range = Resource::Key(
                table.id,
                key_text(number, unique.iter().map(|&index| &values[index])),
            );
            if let Some(holder) = self
                .inner
                .locks()
                .conflict(self.tx, &range, Mode::Exclusive)
            {
                return Err(Stop::Blocked(holder));
            }
            let (condition, stored) = key_condition(table, unique, values);
            let sql = format!(
                "SELECT locked_by({}, \"_row\", 2) FROM {} WHERE {condition} AND locked_by({}, \"_row\", 2) IS NOT NULL LIMIT 1",
                table.id, table.before, table.id
            );
            let mut statement = self.inner.connection.prepare_cached(&sql)?;
            let mut rows = statement.query(params_from_iter(stored))?;
            if let Some(found) = rows.next()? {
                return Err(Stop::Blocked(found.get::<_, u32>(0)?.into()));
            }
        }
        Ok(())
    }

    /// Turns a broken unique key into a wait for its owner, or error 2627.
    fn duplicate(
        &self,
        table: &Table,
        values: &[Value],
        own: Option<i64>,
        error: rusqlite::Error,
    ) -> Stop {
        if error.sqlite_error_code() != Some(ErrorCode::ConstraintViolation) {
            return error.into();
        }
        for unique in &table.uniques {
            let (condition, stored) = key_condition(table, unique, values);
            let sql = format!(
                "SELECT \"{}\" FROM {} WHERE {condition}",
                table.row_id, table.stored
            );
            let row: Result<i64, _> =
                self.inner
                    .connection
                    .query_row(&sql, params_from_iter(stored), |found| found.get(0));
            let Ok(row) = row else { continue };
            if Some(row) == own {
                continue;
            }
            if let Err(stop) = self.check_readable(table, row, Mode::Shared) {
                return stop;
            }
            let shown: Vec<String> = unique.iter().map(|&index| shown(&values[index])).collect();
            return SqlError::severe(
                2627,
                14,
                format!(
                    "Violation of UNIQUE KEY constraint 'PK{}'. Cannot insert duplicate key in object '{}'. The duplicate key value is ({}).",
                    table.name,
                    table.full_name(),
                    shown.join(", ")
                ),
            )
            .into();
        }
        error.into()
    }
}

/// The time a changed row is stamped with, unless the change gives one.
fn own_stamp(table: &Table, changes: &[(usize, Value)]) -> Result<Option<Stored>, SqlError> {
    let Some(stamp) = table.column(STAMP) else {
        return Ok(None);
    };
    if changes.iter().any(|(index, _)| *index == stamp) {
        return Ok(None);
    }
    let kind = table.columns[stamp].kind;
    let now = assign(&Value::Time(clock::utc_now()), kind, STAMP)?;
    Ok(Some(encode(&now, kind)))
}

/// A key as one text, for locks on keys that have no row.
pub fn key_text<'v>(number: usize, values: impl Iterator<Item = &'v Value>) -> String {
    let parts: Vec<String> = values
        .map(|value| shown(value).trim_end().to_uppercase())
        .collect();
    format!("{number}:{}", parts.join("\u{1}"))
}

fn shown(value: &Value) -> String {
    match value {
        Value::Null => "<NULL>".to_owned(),
        Value::Int(number) => number.to_string(),
        Value::Numeric(number) => number.to_string(),
        Value::Float(number) => number.to_string(),
        Value::Text(text) => text.clone(),
        Value::Time(ticks) => super::super::value::time_text(*ticks),
        Value::Bytes(raw) => format!("{raw:02x?}"),
    }
}

fn key_condition(table: &Table, unique: &[usize], values: &[Value]) -> (String, Vec<Stored>) {
    let parts: Vec<String> = unique
        .iter()
        .map(|&index| format!("\"{}\" = ?", table.columns[index].name))
        .collect();
    let stored = unique
        .iter()
        .map(|&index| encode(&values[index], table.columns[index].kind))
        .collect();
    (parts.join(" AND "), stored)
}

fn null_refused(table: &Table, column: &str) -> SqlError {
    SqlError::new(
        515,
        format!(
            "Cannot insert the value NULL into column '{column}', table '{}'; column does not allow nulls.",
            table.full_name()
        ),
    )
}
