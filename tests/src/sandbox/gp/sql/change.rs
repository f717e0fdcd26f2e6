//! INSERT, UPDATE and DELETE: which rows and which new values; the row API writes them.

#![expect(
    clippy::wildcard_enum_match_arm,
    reason = "what is not known of a foreign syntax tree is refused"
)]

use std::sync::Arc;

use sqlparser::ast::{
    AssignmentTarget, Delete, Expr, FromTable, Insert, OutputClause, SelectItem,
    SelectItemQualifiedWildcardKind, SetExpr, TableFactor, TableObject, TableWithJoins, Update,
    UpdateTableFromKind,
};

use super::super::error::SqlError;
use super::super::heap::schema::Table;
use super::super::value::SqlType;
use super::compile::{Compiled, Compiler, OutColumn, hints, parts};
use super::plan::Plan;
use super::query::Block;

/// What an INSERT puts in.
#[derive(Debug)]
pub enum Rows {
    /// Rows of expressions; `None` asks for the default.
    Values(Vec<Vec<Option<Plan>>>),
    Query(Box<Plan>),
}

/// A column of an OUTPUT clause: of the new row or of the old one.
#[derive(Debug, Clone)]
pub struct Output {
    pub name: String,
    pub column: usize,
    pub new: bool,
}

/// A change of rows.
#[derive(Debug)]
pub enum Change {
    Insert {
        table: Arc<Table>,
        columns: Vec<usize>,
        rows: Rows,
        output: Vec<Output>,
    },
    /// The plan gives the row number and then the new values.
    Update {
        table: Arc<Table>,
        columns: Vec<usize>,
        plan: Plan,
        output: Vec<Output>,
    },
    Delete {
        table: Arc<Table>,
        plan: Plan,
        output: Vec<Output>,
    },
}

/// Compiles an INSERT; every row of VALUES gets a compiler of its own.
pub fn insert<'a>(fresh: impl Fn() -> Compiler<'a>, insert: &Insert) -> Compiled<Change> {
    let TableObject::TableName(name) = &insert.table else {
        return Err(SqlError::unsupported("INSERT into this"));
    };
    let table = writable(fresh().resolve(name)?)?;
    let mut columns = Vec::new();
    for name in &insert.columns {
        let name = parts(name).pop().unwrap_or_default();
        let index = table
            .column(&name)
            .ok_or_else(|| SqlError::new(207, format!("Invalid column name '{name}'.")))?;
        if table.columns[index].identity {
            return Err(SqlError::new(
                544,
                format!(
                    "Cannot insert explicit value for identity column in table '{}' when IDENTITY_INSERT is set to OFF.",
                    table.name
                ),
            ));
        }
        columns.push(index);
    }
    if columns.is_empty() {
        columns = (0..table.columns.len())
            .filter(|&index| !table.columns[index].identity)
            .collect();
    }
    let output = outputs(&table, insert.output.as_ref())?;
    let rows = match insert.source.as_deref() {
        None => {
            columns.clear();
            Rows::Values(vec![Vec::new()])
        }
        Some(query) => match query.body.as_ref() {
            SetExpr::Values(values) => {
                let mut rows = Vec::new();
                for row in &values.rows {
                    rows.push(value_row(&fresh, &row.content)?);
                }
                Rows::Values(rows)
            }
            _ => Rows::Query(Box::new(fresh().plan(query)?)),
        },
    };
    Ok(Change::Insert {
        table,
        columns,
        rows,
        output,
    })
}

fn value_row<'a>(fresh: &impl Fn() -> Compiler<'a>, row: &[Expr]) -> Compiled<Vec<Option<Plan>>> {
    let mut plans = Vec::with_capacity(row.len());
    for expression in row {
        let default = matches!(expression, Expr::Identifier(ident) if ident.value.eq_ignore_ascii_case("DEFAULT"));
        plans.push(if default {
            None
        } else {
            Some(scalar(fresh(), expression)?)
        });
    }
    Ok(plans)
}

/// Compiles an expression as a statement of its own.
pub fn scalar(mut compiler: Compiler<'_>, expression: &Expr) -> Compiled<Plan> {
    let typed = compiler.expression(expression)?;
    let column = OutColumn {
        name: String::new(),
        kind: typed.kind,
    };
    compiler.finish(
        empty_block(vec![(typed.sql, column)], String::new(), Vec::new()),
        None,
        None,
    )
}

fn empty_block(
    projection: Vec<(String, OutColumn)>,
    from: String,
    selection: Vec<String>,
) -> Block {
    Block {
        projection,
        from,
        selection,
        tail: String::new(),
        order: String::new(),
        limit: String::new(),
        distinct: false,
        grouped: false,
        assigns: Vec::new(),
    }
}

/// Compiles an UPDATE.
pub fn update(mut compiler: Compiler<'_>, update: &Update) -> Compiled<Change> {
    let from = match &update.from {
        Some(UpdateTableFromKind::AfterSet(from) | UpdateTableFromKind::BeforeSet(from)) => {
            from.as_slice()
        }
        None => &[],
    };
    let (target, from_sql) = target(&mut compiler, &update.table, from)?;
    let table = writable(Arc::clone(&compiler.uses[target].table))?;
    let alias = compiler.uses[target].alias.clone();
    let mut projection = vec![row_number(&alias, &table)];
    let mut columns = Vec::new();
    for assignment in &update.assignments {
        let AssignmentTarget::ColumnName(name) = &assignment.target else {
            return Err(SqlError::unsupported("this kind of assignment"));
        };
        let name = parts(name).pop().unwrap_or_default();
        let index = table
            .column(&name)
            .ok_or_else(|| SqlError::new(207, format!("Invalid column name '{name}'.")))?;
        let typed = compiler.expression(&assignment.value)?;
        projection.push((
            typed.sql,
            OutColumn {
                name: String::new(),
                kind: typed.kind,
            },
        ));
        columns.push(index);
    }
    let selection = update
        .selection
        .as_ref()
        .map(|selection| compiler.condition(selection))
        .transpose()?;
    let output = outputs(&table, update.output.as_ref())?;
    let plan = compiler.finish(
        empty_block(projection, from_sql, selection.into_iter().collect()),
        None,
        Some(target),
    )?;
    Ok(Change::Update {
        table,
        columns,
        plan,
        output,
    })
}

/// Compiles a DELETE.
pub fn delete(mut compiler: Compiler<'_>, delete: &Delete) -> Compiled<Change> {
    let (FromTable::WithFromKeyword(from) | FromTable::WithoutKeyword(from)) = &delete.from;
    let Some(first) = from.first() else {
        return Err(SqlError::unsupported("DELETE without a table"));
    };
    let (target, from_sql) = target(&mut compiler, first, &[])?;
    let table = writable(Arc::clone(&compiler.uses[target].table))?;
    let alias = compiler.uses[target].alias.clone();
    let selection = delete
        .selection
        .as_ref()
        .map(|selection| compiler.condition(selection))
        .transpose()?;
    let output = outputs(&table, delete.output.as_ref())?;
    let block = empty_block(
        vec![row_number(&alias, &table)],
        from_sql,
        selection.into_iter().collect(),
    );
    let plan = compiler.finish(block, None, Some(target))?;
    Ok(Change::Delete {
        table,
        plan,
        output,
    })
}

fn row_number(alias: &str, table: &Table) -> (String, OutColumn) {
    (
        format!("{alias}.\"{}\"", table.row_id),
        OutColumn {
            name: String::new(),
            kind: Some(SqlType::BigInt),
        },
    )
}

/// Opens the scope of a change; a target that names an alias of the FROM clause means that table.
fn target(
    compiler: &mut Compiler<'_>,
    table: &TableWithJoins,
    from: &[TableWithJoins],
) -> Compiled<(usize, String)> {
    let TableFactor::Table {
        name,
        with_hints,
        alias,
        ..
    } = &table.relation
    else {
        return Err(SqlError::unsupported("a change of this"));
    };
    compiler.scopes.push(Vec::new());
    if from.is_empty() {
        let resolved = compiler.resolve(name)?;
        let shown = alias.as_ref().map_or_else(
            || parts(name).pop().unwrap_or_default(),
            |alias| alias.name.value.clone(),
        );
        let fresh = compiler.alias();
        let hint = hints(with_hints, compiler.isolation)?;
        let sql = compiler.use_table(&resolved, shown, &fresh, hint);
        return Ok((0, format!(" FROM {sql}")));
    }
    let sql = compiler.from(from)?;
    let wanted = parts(name).pop().unwrap_or_default();
    let scope = compiler
        .scopes
        .last()
        .map(Vec::as_slice)
        .unwrap_or_default();
    let found = scope
        .iter()
        .find(|item| item.name.eq_ignore_ascii_case(&wanted))
        .and_then(|item| item.table);
    let found = found.or_else(|| {
        compiler
            .uses
            .iter()
            .position(|each| each.table.name.eq_ignore_ascii_case(&wanted))
    });
    let index =
        found.ok_or_else(|| SqlError::new(208, format!("Invalid object name '{wanted}'.")))?;
    Ok((index, sql))
}

fn writable(table: Arc<Table>) -> Compiled<Arc<Table>> {
    if table.view {
        return Err(SqlError::new(
            259,
            "Ad hoc updates to system catalogs are not allowed.",
        ));
    }
    Ok(table)
}

fn outputs(table: &Table, clause: Option<&OutputClause>) -> Compiled<Vec<Output>> {
    let Some(OutputClause::Output {
        select_items,
        into_table: None,
        ..
    }) = clause
    else {
        return if clause.is_none() {
            Ok(Vec::new())
        } else {
            Err(SqlError::unsupported("OUTPUT INTO"))
        };
    };
    let mut found = Vec::new();
    for item in select_items {
        let (expression, alias) = match item {
            SelectItem::UnnamedExpr(expression) => (expression, None),
            SelectItem::ExprWithAlias { expr, alias } => (expr, Some(alias.value.clone())),
            SelectItem::QualifiedWildcard(SelectItemQualifiedWildcardKind::ObjectName(name), _) => {
                let new = !name.to_string().eq_ignore_ascii_case("deleted");
                let all = table.columns.iter().enumerate();
                found.extend(all.map(|(column, each)| Output {
                    name: each.name.clone(),
                    column,
                    new,
                }));
                continue;
            }
            other => return Err(SqlError::unsupported(format!("OUTPUT {other}"))),
        };
        let Expr::CompoundIdentifier(parts) = expression else {
            return Err(SqlError::unsupported(format!("OUTPUT {expression}")));
        };
        let name = parts.last().map_or("", |part| part.value.as_str());
        let column = table
            .column(name)
            .ok_or_else(|| SqlError::new(207, format!("Invalid column name '{name}'.")))?;
        let new = !parts
            .first()
            .is_some_and(|part| part.value.eq_ignore_ascii_case("deleted"));
        found.push(Output {
            name: alias.unwrap_or_else(|| table.columns[column].name.clone()),
            column,
            new,
        });
    }
    Ok(found)
}
