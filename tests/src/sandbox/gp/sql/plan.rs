//! Plans: a statement's SQLite text with the probes that make it wait for row locks.

#![expect(
    clippy::wildcard_enum_match_arm,
    reason = "what is not known of a foreign syntax tree is refused"
)]

use std::sync::Arc;

use sqlparser::ast::{BinaryOperator, Expr};

use super::super::heap::locks::Mode;
use super::super::heap::schema::Table;
use super::super::value::SqlType;
use super::coerce;
use super::compile::{Compiled, Compiler, OutColumn, Source};
use super::query::{Block, Sub};

/// How to see, before a statement runs, whether rows it would read are locked by others.
#[derive(Debug)]
pub struct Probe {
    pub table: u32,
    pub present: String,
    pub before: String,
}

/// A key to lock where no row has it.
#[derive(Debug)]
pub struct HoldKey {
    pub table: u32,
    pub number: usize,
    pub mode: Mode,
    pub sql: String,
    pub kinds: Vec<SqlType>,
}

/// A statement ready to run.
#[derive(Debug)]
pub struct Plan {
    pub sql: String,
    pub columns: Vec<OutColumn>,
    pub parameters: Vec<(Source, SqlType)>,
    pub probes: Vec<Probe>,
    /// Tables of subqueries: any exclusive lock of another transaction in them is waited for.
    pub whole: Vec<u32>,
    /// Row numbers selected behind the columns, to be locked.
    pub keep: Vec<(Arc<Table>, Mode)>,
    pub hold: Option<HoldKey>,
    pub assigns: Vec<String>,
}

impl Compiler<'_> {
    /// Turns a block into a plan; `target` is the table a change is about.
    pub fn finish(
        mut self,
        mut block: Block,
        hold: Option<HoldKey>,
        target: Option<usize>,
    ) -> Compiled<Plan> {
        let mut probes = Vec::new();
        let mut keep = Vec::new();
        let mut whole = Vec::new();
        for (index, each) in self.uses.clone().into_iter().enumerate() {
            if each.table.view || (each.hint.dirty && target != Some(index)) {
                continue;
            }
            if each.depth > 1 {
                whole.push(each.table.id);
                continue;
            }
            let mode = each
                .hint
                .keep
                .max((target == Some(index)).then_some(Mode::Update))
                .unwrap_or(Mode::Shared);
            let holder = |row: &str| {
                format!(
                    "locked_by({}, {}.\"{row}\", {})",
                    each.table.id, each.alias, mode as u8
                )
            };
            if each.hint.skip_locked {
                block
                    .selection
                    .push(format!("{} IS NULL", holder(&each.table.row_id)));
            } else {
                probes.push(self.probe(&block, index, &holder));
            }
            if let (Some(mode), false, None) = (each.hint.keep, block.grouped, target) {
                let column = OutColumn {
                    name: String::new(),
                    kind: Some(SqlType::BigInt),
                };
                block
                    .projection
                    .push((format!("{}.\"{}\"", each.alias, each.table.row_id), column));
                keep.push((Arc::clone(&each.table), mode));
            }
        }
        let shown = block.projection.len() - keep.len();
        let columns = block.projection.iter().take(shown);
        Ok(Plan {
            sql: self.markers(&block.render(), None),
            columns: columns.map(|(_, column)| column.clone()).collect(),
            parameters: std::mem::take(&mut self.parameters),
            probes,
            whole,
            keep,
            hold,
            assigns: block.assigns,
        })
    }

    /// A plan for a union, which waits for any lock in its tables.
    pub fn finish_whole(self, sub: Sub) -> Plan {
        let whole = self
            .uses
            .iter()
            .filter(|each| !each.table.view && !each.hint.dirty)
            .map(|each| each.table.id)
            .collect();
        Plan {
            sql: self.markers(&sub.sql, None),
            columns: sub.columns,
            parameters: self.parameters,
            probes: Vec::new(),
            whole,
            keep: Vec::new(),
            hold: None,
            assigns: Vec::new(),
        }
    }

    /// A table that is read from end to end waits for its every row.
    fn probe(&self, block: &Block, index: usize, holder: &dyn Fn(&str) -> String) -> Probe {
        let each = &self.uses[index];
        let conditions: &[String] = if self.scanned.contains(&each.alias) {
            &[]
        } else {
            &block.selection
        };
        let probe =
            |holder: &str, before| self.render_probe(&block.from, conditions, holder, before);
        Probe {
            table: each.table.id,
            present: probe(&holder(&each.table.row_id), None),
            before: probe(&holder("_row"), Some(index)),
        }
    }

    fn render_probe(
        &self,
        from: &str,
        conditions: &[String],
        holder: &str,
        before: Option<usize>,
    ) -> String {
        let mut selection = conditions.to_vec();
        selection.push(format!("{holder} IS NOT NULL"));
        let sql = format!(
            "SELECT {holder}{from} WHERE {} LIMIT 1",
            selection.join(" AND ")
        );
        self.markers(&sql, before)
    }

    /// Puts the tables' stored names in the places left for them.
    fn markers(&self, sql: &str, before: Option<usize>) -> String {
        let mut out = String::with_capacity(sql.len());
        let mut rest = sql;
        while let Some((head, tail)) = rest.split_once('\u{1}') {
            out.push_str(head);
            let (number, tail) = tail.split_once('\u{2}').unwrap_or(("0", tail));
            let index: usize = number.parse().unwrap_or_default();
            let table = &self.uses[index].table;
            out.push_str(if before == Some(index) {
                &table.before
            } else {
                &table.stored
            });
            rest = tail;
        }
        out.push_str(rest);
        out
    }

    /// The key a HOLDLOCK shall keep free of rows: equality on all columns of a unique key.
    pub fn hold_key(&mut self, selection: Option<&Expr>) -> Compiled<Option<HoldKey>> {
        let [only] = self.uses.as_slice() else {
            return Ok(None);
        };
        let (Some(mode), true, Some(selection)) = (only.hint.keep, only.hint.hold, selection)
        else {
            return Ok(None);
        };
        let table = Arc::clone(&only.table);
        let mut equal = Vec::new();
        conjuncts(selection, &mut equal);
        let mut bound: Vec<(usize, String)> = Vec::new();
        for (name, value) in equal {
            if let Some(index) = table.column(&name) {
                let value = self.expression(value)?;
                bound.push((index, coerce::to(&value, table.columns[index].kind)));
            }
        }
        for (number, unique) in table.uniques.iter().enumerate() {
            let values: Vec<&String> = unique
                .iter()
                .filter_map(|index| {
                    bound
                        .iter()
                        .find(|(each, _)| each == index)
                        .map(|(_, sql)| sql)
                })
                .collect();
            if values.len() == unique.len() {
                let list: Vec<&str> = values.iter().map(|sql| sql.as_str()).collect();
                let kinds = unique
                    .iter()
                    .map(|&index| table.columns[index].kind)
                    .collect();
                let sql = format!("SELECT {}", list.join(", "));
                return Ok(Some(HoldKey {
                    table: table.id,
                    number,
                    mode,
                    sql,
                    kinds,
                }));
            }
        }
        Ok(None)
    }
}

/// The `column = value` parts of a condition joined by AND.
fn conjuncts<'e>(expression: &'e Expr, found: &mut Vec<(String, &'e Expr)>) {
    match expression {
        Expr::BinaryOp {
            left,
            op: BinaryOperator::And,
            right,
        } => {
            conjuncts(left, found);
            conjuncts(right, found);
        }
        Expr::Nested(inner) => conjuncts(inner, found),
        Expr::BinaryOp {
            left,
            op: BinaryOperator::Eq,
            right,
        } => {
            let name = match left.as_ref() {
                Expr::Identifier(ident) if !ident.value.starts_with('@') => {
                    Some(ident.value.clone())
                }
                Expr::CompoundIdentifier(parts) => parts.last().map(|part| part.value.clone()),
                _ => None,
            };
            found.extend(name.map(|name| (name, right.as_ref())));
        }
        _ => {}
    }
}
