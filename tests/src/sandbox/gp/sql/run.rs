//! Runs compiled statements on the heap for one transaction.

use std::collections::HashMap;
use std::sync::Arc;

use rusqlite::types::Value as Stored;

use super::super::convert::assign;
use super::super::error::{SqlError, Stop};
use super::super::heap::codec::{decode, encode};
use super::super::heap::locks::{Mode, Resource};
use super::super::heap::schema::Table;
use super::super::heap::work::{Work, key_text};
use super::super::value::{SqlType, Value};
use super::super::wire::tokens::Column;
use super::change::{Change, Output, Rows};
use super::compile::{OutColumn, Source};
use super::plan::{HoldKey, Plan};
use super::system::System;

/// What parameters are filled from.
pub trait Environment {
    /// The value of a variable.
    fn variable(&self, name: &str) -> Value;
    /// The value of a system variable or function.
    fn system(&self, system: &System, work: &Work<'_>) -> Value;
}

/// The rows a statement gave.
#[derive(Debug, Default)]
pub struct Answer {
    pub columns: Vec<Column>,
    pub rows: Vec<Vec<Value>>,
    pub affected: u64,
    pub identity: Option<i64>,
    pub assigns: Vec<String>,
    pub result_set: bool,
}

/// Runs a query.
pub fn query(
    work: &mut Work<'_>,
    plan: &Plan,
    environment: &dyn Environment,
) -> Result<Answer, Stop> {
    let rows = rows(work, plan, environment)?;
    let columns = columns(&plan.columns, &rows);
    let affected = rows.len() as u64;
    Ok(Answer {
        columns,
        rows,
        affected,
        identity: None,
        assigns: plan.assigns.clone(),
        result_set: plan.assigns.is_empty(),
    })
}

/// Types of result columns: known ones, or what the values are.
fn columns(known: &[OutColumn], rows: &[Vec<Value>]) -> Vec<Column> {
    let guess = |index: usize| {
        rows.iter()
            .map(|row| &row[index])
            .find(|value| !value.is_null())
            .map_or(SqlType::Int, |value| match value {
                Value::Int(number) if i32::try_from(*number).is_ok() => SqlType::Int,
                Value::Int(_) => SqlType::BigInt,
                Value::Numeric(number) => SqlType::Numeric(38, number.scale),
                Value::Float(_) => SqlType::Float,
                Value::Bytes(_) => SqlType::VarBinary(None),
                Value::Time(_) => SqlType::DateTime,
                Value::Text(_) | Value::Null => SqlType::NVarChar(None),
            })
    };
    known
        .iter()
        .enumerate()
        .map(|(index, column)| Column {
            name: column.name.clone(),
            kind: column.kind.unwrap_or_else(|| guess(index)),
            nullable: true,
        })
        .collect()
}

/// The statement of a lone variable: its value is known without asking SQLite.
const ALONE: &str = "SELECT ?1";

/// Runs a query and gives its rows; waits for locks come out as `Stop::Blocked`.
pub fn rows(
    work: &mut Work<'_>,
    plan: &Plan,
    environment: &dyn Environment,
) -> Result<Vec<Vec<Value>>, Stop> {
    let parameters = parameters(work, plan, environment)?;
    if plan.sql == ALONE
        && let [column] = plan.columns.as_slice()
    {
        let value = decode((&parameters[0]).into(), column.kind);
        return Ok(vec![vec![value]]);
    }
    for probe in &plan.probes {
        if work.inner.locks().others_in(work.tx, probe.table) {
            blocked_by(work, &probe.present, &parameters)?;
            blocked_by(work, &probe.before, &parameters)?;
        }
    }
    for table in &plan.whole {
        if let Some(holder) = work.inner.locks().any_exclusive(work.tx, *table) {
            return Err(Stop::Blocked(holder));
        }
    }
    let kinds: Vec<Option<SqlType>> = plan.columns.iter().map(|column| column.kind).collect();
    let (rows, locked) = fetch(work, plan, &parameters, &kinds)?;
    for (index, row) in locked {
        let (table, mode) = &plan.keep[index];
        work.lock(table, row, *mode)?;
    }
    if let Some(hold) = plan.hold.as_ref().filter(|_| rows.is_empty()) {
        hold_key(work, hold, &parameters)?;
    }
    Ok(rows)
}

type Fetched = (Vec<Vec<Value>>, Vec<(usize, i64)>);

fn fetch(
    work: &Work<'_>,
    plan: &Plan,
    parameters: &[Stored],
    kinds: &[Option<SqlType>],
) -> Result<Fetched, SqlError> {
    let mut statement = work.inner.connection.prepare_cached(&plan.sql)?;
    let count = statement.parameter_count().min(parameters.len());
    let mut found = statement.query(rusqlite::params_from_iter(&parameters[..count]))?;
    let mut rows = Vec::new();
    let mut locked = Vec::new();
    while let Some(row) = found.next()? {
        let mut values = Vec::with_capacity(kinds.len());
        for (index, kind) in kinds.iter().enumerate() {
            values.push(decode(row.get_ref(index)?, *kind));
        }
        for index in 0..plan.keep.len() {
            if let Some(number) = row.get::<_, Option<i64>>(kinds.len() + index)? {
                locked.push((index, number));
            }
        }
        rows.push(values);
    }
    Ok((rows, locked))
}

fn parameters(
    work: &Work<'_>,
    plan: &Plan,
    environment: &dyn Environment,
) -> Result<Vec<Stored>, SqlError> {
    let mut stored = Vec::with_capacity(plan.parameters.len());
    for (source, kind) in &plan.parameters {
        let value = match source {
            Source::Variable(name) => environment.variable(name),
            Source::System(system) => environment.system(system, work),
        };
        stored.push(encode(&super::super::convert::cast(&value, *kind)?, *kind));
    }
    Ok(stored)
}

fn blocked_by(work: &Work<'_>, sql: &str, parameters: &[Stored]) -> Result<(), Stop> {
    let mut statement = work.inner.connection.prepare_cached(sql)?;
    let count = statement.parameter_count().min(parameters.len());
    let mut found = statement.query(rusqlite::params_from_iter(&parameters[..count]))?;
    match found.next()? {
        Some(row) => Err(Stop::Blocked(
            u64::try_from(row.get::<_, i64>(0)?).unwrap_or_default(),
        )),
        None => Ok(()),
    }
}

fn hold_key(work: &mut Work<'_>, hold: &HoldKey, parameters: &[Stored]) -> Result<(), Stop> {
    let text = {
        let mut statement = work.inner.connection.prepare_cached(&hold.sql)?;
        let count = statement.parameter_count().min(parameters.len());
        let mut found = statement.query(rusqlite::params_from_iter(&parameters[..count]))?;
        let Some(row) = found.next()? else {
            return Ok(());
        };
        let mut values = Vec::new();
        for (index, kind) in hold.kinds.iter().enumerate() {
            values.push(decode(row.get_ref(index)?, Some(*kind)));
        }
        key_text(hold.number, values.iter())
    };
    // A range lock of any strength keeps others from the range: two of them would deadlock on insert.
    let mode = hold.mode.max(Mode::Update);
    work.inner
        .locks()
        .take(work.tx, Resource::Key(hold.table, text), mode)
        .map_err(Stop::Blocked)
}

/// Runs a change of rows.
pub fn change(
    work: &mut Work<'_>,
    change: &Change,
    environment: &dyn Environment,
) -> Result<Answer, Stop> {
    match change {
        Change::Insert {
            table,
            columns,
            rows,
            output,
        } => {
            let mut sources = Vec::new();
            match rows {
                Rows::Query(plan) => {
                    let found = self::rows(work, plan, environment)?;
                    sources.extend(
                        found
                            .into_iter()
                            .map(|row| row.into_iter().map(Some).collect::<Vec<_>>()),
                    );
                }
                Rows::Values(lists) => {
                    for list in lists {
                        sources.push(one_row(work, list, environment)?);
                    }
                }
            }
            insert(work, table, columns, sources, output)
        }
        Change::Update {
            table,
            columns,
            plan,
            output,
        } => {
            let found = rows_once(self::rows(work, plan, environment)?);
            update(work, table, columns, found, output)
        }
        Change::Delete {
            table,
            plan,
            output,
        } => {
            let found = rows_once(self::rows(work, plan, environment)?);
            let mut out = Answer {
                columns: output_columns(table, output),
                ..Answer::default()
            };
            out.result_set = !output.is_empty();
            for row in &found {
                let number = row[0].int().unwrap_or_default();
                work.lock(table, number, Mode::Exclusive)?;
                let old = work.fetch(table, number)?.unwrap_or_default();
                work.delete(table, number)?;
                out.affected += 1;
                if out.result_set {
                    out.rows
                        .push(output.iter().map(|each| old[each.column].clone()).collect());
                }
            }
            Ok(out)
        }
    }
}

/// A join may name a row several times; it is changed once.
fn rows_once(rows: Vec<Vec<Value>>) -> Vec<Vec<Value>> {
    let mut seen = std::collections::HashSet::new();
    rows.into_iter()
        .filter(|row| seen.insert(row[0].int()))
        .collect()
}

fn one_row(
    work: &mut Work<'_>,
    list: &[Option<Plan>],
    environment: &dyn Environment,
) -> Result<Vec<Option<Value>>, Stop> {
    let mut row = Vec::with_capacity(list.len());
    for plan in list {
        row.push(match plan {
            Some(plan) => rows(work, plan, environment)?
                .into_iter()
                .next()
                .and_then(|row| row.into_iter().next()),
            None => None,
        });
    }
    Ok(row)
}

fn insert(
    work: &mut Work<'_>,
    table: &Arc<Table>,
    columns: &[usize],
    sources: Vec<Vec<Option<Value>>>,
    output: &[Output],
) -> Result<Answer, Stop> {
    let mut out = Answer {
        columns: output_columns(table, output),
        result_set: !output.is_empty(),
        ..Answer::default()
    };
    for source in sources {
        if source.len() != columns.len() {
            return Err(SqlError::new(
                213,
                "Column name or number of supplied values does not match table definition.",
            )
            .into());
        }
        let mut given: HashMap<usize, Option<Value>> =
            columns.iter().copied().zip(source).collect();
        let mut whole = Vec::with_capacity(table.columns.len());
        for index in 0..table.columns.len() {
            whole.push(match given.remove(&index).flatten() {
                Some(value) => value,
                None => Work::default(table, index)?,
            });
        }
        let number = work.insert(table, whole)?;
        out.affected += 1;
        out.identity = table.identity().map(|_| number).or(out.identity);
        if out.result_set {
            let new = work.fetch(table, number)?.unwrap_or_default();
            out.rows
                .push(output.iter().map(|each| new[each.column].clone()).collect());
        }
    }
    Ok(out)
}

fn update(
    work: &mut Work<'_>,
    table: &Arc<Table>,
    columns: &[usize],
    found: Vec<Vec<Value>>,
    output: &[Output],
) -> Result<Answer, Stop> {
    let mut out = Answer {
        columns: output_columns(table, output),
        result_set: !output.is_empty(),
        ..Answer::default()
    };
    for row in found {
        let mut values = row.into_iter();
        let number = values
            .next()
            .and_then(|value| value.int())
            .unwrap_or_default();
        let mut changes = Vec::with_capacity(columns.len());
        for (index, value) in columns.iter().zip(values) {
            let column = &table.columns[*index];
            changes.push((*index, assign(&value, column.kind, &column.name)?));
        }
        work.lock(table, number, Mode::Exclusive)?;
        let old = if out.result_set {
            work.fetch(table, number)?.unwrap_or_default()
        } else {
            Vec::new()
        };
        work.update(table, number, &changes)?;
        out.affected += 1;
        if out.result_set {
            let new = work.fetch(table, number)?.unwrap_or_default();
            let pick = |each: &Output| {
                if each.new {
                    new[each.column].clone()
                } else {
                    old[each.column].clone()
                }
            };
            out.rows.push(output.iter().map(pick).collect());
        }
    }
    Ok(out)
}

fn output_columns(table: &Table, output: &[Output]) -> Vec<Column> {
    output
        .iter()
        .map(|each| Column {
            name: each.name.clone(),
            kind: table.columns[each.column].kind,
            nullable: true,
        })
        .collect()
}
