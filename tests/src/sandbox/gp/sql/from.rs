//! FROM clauses: tables, derived tables, common tables and joins.

#![expect(
    clippy::wildcard_enum_match_arm,
    reason = "what is not known of a foreign syntax tree is refused"
)]

use std::sync::Arc;

use sqlparser::ast::{
    Expr, FunctionArg, FunctionArgExpr, JoinConstraint, JoinOperator, ObjectName, TableAlias,
    TableFactor, TableWithJoins,
};

use super::super::error::SqlError;
use super::super::heap::schema::Table;
use super::super::heap::tracking::side_name;
use super::super::value::SqlType;
use super::compile::{
    Compiled, Compiler, FromItem, Hint, OutColumn, TableUse, hints, parts, resolve,
};

impl Compiler<'_> {
    /// Compiles a FROM clause into the innermost scope.
    pub fn from(&mut self, from: &[TableWithJoins]) -> Compiled<String> {
        let mut sql = String::new();
        for (index, each) in from.iter().enumerate() {
            sql.push_str(if index == 0 { " FROM " } else { " CROSS JOIN " });
            sql.push_str(&self.relation(&each.relation)?);
            for join in &each.joins {
                let (word, constraint) = join_words(&join.join_operator)?;
                let relation = self.relation(&join.relation)?;
                sql.extend([" ", word, " ", relation.as_str()]);
                match constraint {
                    Some(JoinConstraint::On(condition)) => {
                        let condition = self.condition(condition)?;
                        sql.extend([" ON ", condition.as_str()]);
                    }
                    Some(JoinConstraint::None) | None => {}
                    Some(_) => return Err(SqlError::unsupported("this kind of join condition")),
                }
            }
        }
        Ok(sql)
    }

    fn relation(&mut self, relation: &TableFactor) -> Compiled<String> {
        match relation {
            TableFactor::Table {
                name,
                alias: Some(alias),
                args: Some(args),
                ..
            } if parts(name)
                .last()
                .is_some_and(|name| name.eq_ignore_ascii_case(CHANGES)) =>
            {
                self.changes(&args.args, alias.name.value.clone())
            }
            TableFactor::Table {
                name,
                alias,
                with_hints,
                args: None,
                ..
            } => self.named_table(name, alias.as_ref(), with_hints),
            TableFactor::Derived {
                lateral: false,
                subquery,
                alias: Some(alias),
                ..
            } => {
                let sub = self.subquery(subquery)?;
                let names: Vec<String> = alias
                    .columns
                    .iter()
                    .map(|column| column.name.value.clone())
                    .collect();
                let columns = named(&sub.columns, &names);
                let fresh = self.alias();
                self.add_item(FromItem {
                    name: alias.name.value.clone(),
                    alias: fresh.clone(),
                    columns,
                    table: None,
                });
                Ok(format!("({}) AS {fresh}", sub.sql))
            }
            other => Err(SqlError::unsupported(format!("table source {other}"))),
        }
    }

    /// A table or common table by its name.
    fn named_table(
        &mut self,
        name: &ObjectName,
        alias: Option<&TableAlias>,
        with_hints: &[Expr],
    ) -> Compiled<String> {
        let written = parts(name);
        let shown = alias.map_or_else(
            || written.last().cloned().unwrap_or_default(),
            |alias| alias.name.value.clone(),
        );
        let fresh = self.alias();
        if let ([single], Some(common)) = (
            written.as_slice(),
            self.common
                .iter()
                .rev()
                .find(|each| written.len() == 1 && each.name.eq_ignore_ascii_case(&written[0])),
        ) {
            let (sql, columns) = (common.alias.clone(), common.columns.clone());
            let _ = single;
            self.add_item(FromItem {
                name: shown,
                alias: fresh.clone(),
                columns,
                table: None,
            });
            return Ok(format!("({sql}) AS {fresh}"));
        }
        let table = self.resolve(name)?;
        let hint = hints(with_hints, self.isolation)?;
        Ok(self.use_table(&table, shown, &fresh, hint))
    }

    /// The rows of a table that changed behind a version, as the script's reader writes it:
    /// `CHANGETABLE('table', version)`.
    fn changes(&mut self, arguments: &[FunctionArg], name: String) -> Compiled<String> {
        let [table, since] = arguments else {
            return Err(SqlError::unsupported("these arguments of CHANGETABLE"));
        };
        let (Some(Expr::Value(table)), Some(since)) = (expression(table), expression(since)) else {
            return Err(SqlError::unsupported("these arguments of CHANGETABLE"));
        };
        let written = table.value.clone().into_string().unwrap_or_default();
        let places: Vec<String> = written.split('.').map(ToOwned::to_owned).collect();
        let table = resolve(self.registry, self.database, &places)?;
        let side = self
            .registry
            .table(table.database, "sys", &side_name(&table));
        let Some(side) = side.cloned() else {
            let text = format!("Change tracking is not enabled on table '{written}'.");
            return Err(SqlError::new(22_105, text));
        };
        let since = self.expression(since)?;
        let fresh = self.alias();
        let columns = side.columns.iter();
        self.add_item(FromItem {
            name,
            alias: fresh.clone(),
            columns: columns.map(|c| (c.name.clone(), Some(c.kind))).collect(),
            table: None,
        });
        Ok(format!(
            "(SELECT * FROM {} WHERE \"SYS_CHANGE_VERSION\" > coalesce({}, 0)) AS {fresh}",
            side.stored, since.sql
        ))
    }

    /// Brings a base table into the innermost scope.
    pub fn use_table(
        &mut self,
        table: &Arc<Table>,
        name: String,
        alias: &str,
        hint: Hint,
    ) -> String {
        let index = self.uses.len();
        let depth = self.scopes.len();
        self.uses.push(TableUse {
            table: Arc::clone(table),
            alias: alias.to_owned(),
            depth,
            hint,
        });
        let columns = table
            .columns
            .iter()
            .map(|column| (column.name.clone(), Some(column.kind)))
            .collect();
        self.add_item(FromItem {
            name,
            alias: alias.to_owned(),
            columns,
            table: Some(index),
        });
        format!("\u{1}{index}\u{2} AS {alias}")
    }

    fn add_item(&mut self, item: FromItem) {
        if let Some(scope) = self.scopes.last_mut() {
            scope.push(item);
        }
    }
}

/// The function that tells changes.
pub const CHANGES: &str = "CHANGETABLE";

fn expression(argument: &FunctionArg) -> Option<&Expr> {
    match argument {
        FunctionArg::Unnamed(FunctionArgExpr::Expr(expression)) => Some(expression),
        _ => None,
    }
}

/// Result columns under the names an alias list gives them.
pub fn named(columns: &[OutColumn], names: &[String]) -> Vec<(String, Option<SqlType>)> {
    let name = |index: usize, column: &OutColumn| {
        names
            .get(index)
            .cloned()
            .unwrap_or_else(|| column.name.clone())
    };
    columns
        .iter()
        .enumerate()
        .map(|(index, column)| (name(index, column), column.kind))
        .collect()
}

fn join_words(operator: &JoinOperator) -> Compiled<(&'static str, Option<&JoinConstraint>)> {
    Ok(match operator {
        JoinOperator::Join(constraint) | JoinOperator::Inner(constraint) => {
            ("JOIN", Some(constraint))
        }
        JoinOperator::Left(constraint) | JoinOperator::LeftOuter(constraint) => {
            ("LEFT JOIN", Some(constraint))
        }
        JoinOperator::Right(constraint) | JoinOperator::RightOuter(constraint) => {
            ("RIGHT JOIN", Some(constraint))
        }
        JoinOperator::FullOuter(constraint) => ("FULL JOIN", Some(constraint)),
        JoinOperator::CrossJoin(constraint) => ("CROSS JOIN", Some(constraint)),
        _ => return Err(SqlError::unsupported("this kind of join")),
    })
}
