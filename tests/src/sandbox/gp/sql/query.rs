//! SELECT rewritten for SQLite, with the probes that make readers wait for row locks.

#![expect(
    clippy::wildcard_enum_match_arm,
    reason = "what is not known of a foreign syntax tree is refused"
)]

use std::sync::Arc;

use sqlparser::ast::{
    BinaryOperator, Distinct, Expr, GroupByExpr, JoinConstraint, JoinOperator, LimitClause,
    OrderBy, OrderByKind, Query, Select, SelectItem, SelectItemQualifiedWildcardKind, SetExpr,
    SetOperator, SetQuantifier, TableFactor, TableWithJoins, Top, TopQuantity,
};

use super::super::error::SqlError;
use super::super::heap::locks::Mode;
use super::super::heap::schema::Table;
use super::super::value::SqlType;
use super::coerce;
use super::compile::{
    Compiled, Compiler, FromItem, OutColumn, Source, TableUse, Typed, hints, parts,
};

/// A query inside another one.
#[derive(Debug)]
pub struct Sub {
    pub sql: String,
    pub columns: Vec<OutColumn>,
}

/// The pieces of one SELECT.
#[derive(Debug)]
pub struct Block {
    pub projection: Vec<(String, OutColumn)>,
    pub from: String,
    pub selection: Vec<String>,
    pub tail: String,
    pub order: String,
    pub limit: String,
    pub distinct: bool,
    pub grouped: bool,
    pub assigns: Vec<String>,
}

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
    /// Compiles a whole query as a statement.
    pub fn plan(mut self, query: &Query) -> Compiled<Plan> {
        self.common_tables(query)?;
        let SetExpr::Select(select) = query.body.as_ref() else {
            let sub = self.subquery(query)?;
            return Ok(self.finish_whole(sub));
        };
        self.scopes.push(Vec::new());
        let block = self.block(select, Some(query))?;
        let hold = self.hold_key(select.selection.as_ref())?;
        self.scopes.pop();
        self.finish(block, hold, None)
    }

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
        for index in 0..self.uses.len() {
            let each = self.uses[index].clone();
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
                probes.push(Probe {
                    table: each.table.id,
                    present: self.render_probe(&block, &holder(&each.table.row_id), None),
                    before: self.render_probe(&block, &holder("_row"), Some(index)),
                });
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
        let sql = self.markers(&block.render(), None);
        let columns = block
            .projection
            .iter()
            .take(block.projection.len() - keep.len())
            .map(|(_, column)| column.clone());
        Ok(Plan {
            sql,
            columns: columns.collect(),
            parameters: std::mem::take(&mut self.parameters),
            probes,
            whole,
            keep,
            hold,
            assigns: block.assigns,
        })
    }

    fn finish_whole(self, sub: Sub) -> Plan {
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

    fn render_probe(&self, block: &Block, holder: &str, before: Option<usize>) -> String {
        let mut selection = block.selection.clone();
        selection.push(format!("{holder} IS NOT NULL"));
        let sql = format!(
            "SELECT {holder}{} WHERE {} LIMIT 1",
            block.from,
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

    /// Compiles a query inside another one.
    pub fn subquery(&mut self, query: &Query) -> Compiled<Sub> {
        let known = self.common.len();
        self.common_tables(query)?;
        let mut sub = match query.body.as_ref() {
            SetExpr::Select(select) => {
                self.scopes.push(Vec::new());
                let block = self.block(select, Some(query));
                self.scopes.pop();
                block?.into_sub()
            }
            other => self.set_expression(other)?,
        };
        if !matches!(query.body.as_ref(), SetExpr::Select(_))
            && let Some(order) = &query.order_by
        {
            let text = self.ordering(&order.kind, &sub.columns)?;
            sub.sql = format!("{} ORDER BY {text}", sub.sql);
        }
        self.common.truncate(known);
        Ok(sub)
    }

    fn set_expression(&mut self, expression: &SetExpr) -> Compiled<Sub> {
        match expression {
            SetExpr::Select(select) => {
                self.scopes.push(Vec::new());
                let block = self.block(select, None);
                self.scopes.pop();
                Ok(block?.into_sub())
            }
            SetExpr::Query(query) => self.subquery(query),
            SetExpr::SetOperation {
                left,
                op,
                set_quantifier,
                right,
            } => {
                let (left, right) = (self.set_expression(left)?, self.set_expression(right)?);
                let word = match op {
                    SetOperator::Union => "UNION",
                    SetOperator::Intersect => "INTERSECT",
                    _ => "EXCEPT",
                };
                let all = if *set_quantifier == SetQuantifier::All {
                    " ALL"
                } else {
                    ""
                };
                let mut columns = left.columns;
                for (column, other) in columns.iter_mut().zip(&right.columns) {
                    let kind = coerce::common(column.kind, other.kind);
                    if column
                        .kind
                        .zip(other.kind)
                        .is_some_and(|(a, b)| a.family() != b.family() || a.scale() != b.scale())
                    {
                        return Err(SqlError::unsupported(
                            "a union of different types; cast them",
                        ));
                    }
                    column.kind = kind;
                }
                Ok(Sub {
                    sql: format!("{} {word}{all} {}", left.sql, right.sql),
                    columns,
                })
            }
            other => Err(SqlError::unsupported(format!("query {other}"))),
        }
    }

    fn common_tables(&mut self, query: &Query) -> Compiled<()> {
        let Some(with) = &query.with else {
            return Ok(());
        };
        for each in &with.cte_tables {
            let sub = self.subquery(&each.query)?;
            let columns = named(
                &sub.columns,
                &each
                    .alias
                    .columns
                    .iter()
                    .map(|column| column.name.value.clone())
                    .collect::<Vec<_>>(),
            );
            self.common.push(FromItem {
                name: each.alias.name.value.clone(),
                alias: sub.sql,
                columns,
                table: None,
            });
        }
        Ok(())
    }

    fn block(&mut self, select: &Select, query: Option<&Query>) -> Compiled<Block> {
        if select.into.is_some() {
            return Err(SqlError::unsupported("SELECT INTO"));
        }
        let from = self.from(&select.from)?;
        let selection = select
            .selection
            .as_ref()
            .map(|selection| self.condition(selection))
            .transpose()?;
        let mut block = Block {
            projection: Vec::new(),
            from,
            selection: selection.into_iter().collect(),
            tail: String::new(),
            order: String::new(),
            limit: String::new(),
            distinct: matches!(select.distinct, Some(Distinct::Distinct)),
            grouped: false,
            assigns: Vec::new(),
        };
        for item in &select.projection {
            self.item(item, &mut block)?;
        }
        self.grouping(select, &mut block)?;
        let columns: Vec<OutColumn> = block
            .projection
            .iter()
            .map(|(_, column)| column.clone())
            .collect();
        if let Some(OrderBy { kind, .. }) = query.and_then(|query| query.order_by.as_ref()) {
            block.order = format!(" ORDER BY {}", self.ordering(kind, &columns)?);
        }
        block.limit = self.limit(select.top.as_ref(), query)?;
        let text: Vec<&str> = block
            .projection
            .iter()
            .map(|(sql, _)| sql.as_str())
            .collect();
        block.grouped |= text.iter().any(|sql| is_aggregate(sql)) || block.distinct;
        Ok(block)
    }

    fn grouping(&mut self, select: &Select, block: &mut Block) -> Compiled<()> {
        let GroupByExpr::Expressions(groups, modifiers) = &select.group_by else {
            return Err(SqlError::unsupported("GROUP BY ALL"));
        };
        if !modifiers.is_empty() {
            return Err(SqlError::unsupported("GROUP BY with a modifier"));
        }
        let mut parts = Vec::new();
        for each in groups {
            parts.push(self.expression(each)?.sql);
        }
        if !parts.is_empty() {
            block.grouped = true;
            block.tail = format!(" GROUP BY {}", parts.join(", "));
        }
        if let Some(having) = &select.having {
            let condition = self.condition(having)?;
            block.tail.push_str(&format!(" HAVING {condition}"));
        }
        Ok(())
    }

    fn limit(&mut self, top: Option<&Top>, query: Option<&Query>) -> Compiled<String> {
        if let Some(top) = top {
            if top.percent || top.with_ties {
                return Err(SqlError::unsupported("TOP PERCENT or WITH TIES"));
            }
            return Ok(match &top.quantity {
                Some(TopQuantity::Constant(count)) => format!(" LIMIT {count}"),
                Some(TopQuantity::Expr(count)) => format!(" LIMIT {}", self.expression(count)?.sql),
                None => String::new(),
            });
        }
        let Some(query) = query else {
            return Ok(String::new());
        };
        let offset = match &query.limit_clause {
            Some(LimitClause::LimitOffset {
                limit: None,
                offset: Some(offset),
                ..
            }) => Some(self.expression(&offset.value)?.sql),
            Some(other) => return Err(SqlError::unsupported(format!("clause {other}"))),
            None => None,
        };
        let count = query
            .fetch
            .as_ref()
            .and_then(|fetch| fetch.quantity.as_ref());
        let count = count
            .map(|count| self.expression(count))
            .transpose()?
            .map_or_else(|| "-1".to_owned(), |count| count.sql);
        Ok(offset.map_or_else(String::new, |offset| {
            format!(" LIMIT {count} OFFSET {offset}")
        }))
    }

    fn item(&mut self, item: &SelectItem, block: &mut Block) -> Compiled<()> {
        match item {
            SelectItem::UnnamedExpr(expression) => {
                let name = match expression {
                    Expr::Identifier(ident) if !ident.value.starts_with('@') => ident.value.clone(),
                    Expr::CompoundIdentifier(parts) => parts
                        .last()
                        .map_or_else(String::new, |part| part.value.clone()),
                    _ => String::new(),
                };
                let typed = self.expression(expression)?;
                push(block, typed, name);
            }
            SelectItem::ExprWithAlias { expr, alias } => {
                if alias.value.starts_with('@') {
                    block.assigns.push(alias.value.to_ascii_lowercase());
                }
                let typed = self.expression(expr)?;
                push(block, typed, alias.value.clone());
            }
            SelectItem::Wildcard(_) => self.wildcard(None, block)?,
            SelectItem::QualifiedWildcard(SelectItemQualifiedWildcardKind::ObjectName(name), _) => {
                let name = parts(name).pop().unwrap_or_default();
                self.wildcard(Some(&name), block)?;
            }
            other => return Err(SqlError::unsupported(format!("select item {other}"))),
        }
        Ok(())
    }

    fn wildcard(&self, qualifier: Option<&str>, block: &mut Block) -> Compiled<()> {
        let scope = self.scopes.last().map(Vec::as_slice).unwrap_or_default();
        for item in scope
            .iter()
            .filter(|item| qualifier.is_none_or(|name| item.name.eq_ignore_ascii_case(name)))
        {
            for (name, kind) in &item.columns {
                let typed = Typed {
                    sql: format!("{}.\"{name}\"", item.alias),
                    kind: *kind,
                    column: true,
                };
                push(block, typed, name.clone());
            }
        }
        if block.projection.is_empty() {
            return Err(SqlError::new(263, "Must specify table to select from."));
        }
        Ok(())
    }

    /// Compiles ORDER BY; aliases and positions of the select list come first.
    pub fn ordering(&mut self, kind: &OrderByKind, columns: &[OutColumn]) -> Compiled<String> {
        let OrderByKind::Expressions(list) = kind else {
            return Err(SqlError::unsupported("ORDER BY ALL"));
        };
        let mut parts = Vec::new();
        for each in list {
            let text = match &each.expr {
                Expr::Identifier(ident) => {
                    let position = columns
                        .iter()
                        .position(|column| column.name.eq_ignore_ascii_case(&ident.value));
                    match position {
                        Some(position) => (position + 1).to_string(),
                        None => self.expression(&each.expr)?.sql,
                    }
                }
                other => self.expression(other)?.sql,
            };
            parts.push(if descending(&each.options) {
                format!("{text} DESC")
            } else {
                text
            });
        }
        Ok(parts.join(", "))
    }

    /// Compiles a FROM clause into the innermost scope.
    pub fn from(&mut self, from: &[TableWithJoins]) -> Compiled<String> {
        let mut sql = String::new();
        for (index, each) in from.iter().enumerate() {
            sql.push_str(if index == 0 { " FROM " } else { " CROSS JOIN " });
            sql.push_str(&self.relation(&each.relation)?);
            for join in &each.joins {
                let (word, constraint) = join_words(&join.join_operator)?;
                sql.push_str(&format!(" {word} {}", self.relation(&join.relation)?));
                match constraint {
                    Some(JoinConstraint::On(condition)) => {
                        sql.push_str(&format!(" ON {}", self.condition(condition)?))
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
                alias,
                with_hints,
                args: None,
                ..
            } => {
                let written = parts(name);
                let shown = alias.as_ref().map_or_else(
                    || written.last().cloned().unwrap_or_default(),
                    |alias| alias.name.value.clone(),
                );
                let fresh = self.alias();
                if let ([single], Some(common)) = (
                    written.as_slice(),
                    self.common.iter().rev().find(|each| {
                        written.len() == 1 && each.name.eq_ignore_ascii_case(&written[0])
                    }),
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
                Ok(self.use_table(&table, shown, fresh, hint))
            }
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

    /// Brings a base table into the innermost scope.
    pub fn use_table(
        &mut self,
        table: &Arc<Table>,
        name: String,
        alias: String,
        hint: super::compile::Hint,
    ) -> String {
        let index = self.uses.len();
        let depth = self.scopes.len();
        self.uses.push(TableUse {
            table: Arc::clone(table),
            alias: alias.clone(),
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
            alias: alias.clone(),
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

    /// The key a HOLDLOCK shall keep free of rows: equality on all columns of a unique key.
    fn hold_key(&mut self, selection: Option<&Expr>) -> Compiled<Option<HoldKey>> {
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

impl Block {
    fn render(&self) -> String {
        let list: Vec<String> = self
            .projection
            .iter()
            .map(|(sql, column)| {
                if column.name.is_empty() {
                    sql.clone()
                } else {
                    format!("{sql} AS \"{}\"", column.name)
                }
            })
            .collect();
        let selection = if self.selection.is_empty() {
            String::new()
        } else {
            format!(" WHERE {}", self.selection.join(" AND "))
        };
        format!(
            "SELECT {}{}{}{selection}{}{}{}",
            if self.distinct { "DISTINCT " } else { "" },
            list.join(", "),
            self.from,
            self.tail,
            self.order,
            self.limit
        )
    }

    fn into_sub(self) -> Sub {
        let sql = self.render();
        Sub {
            sql,
            columns: self
                .projection
                .into_iter()
                .map(|(_, column)| column)
                .collect(),
        }
    }
}

fn push(block: &mut Block, typed: Typed, name: String) {
    block.projection.push((
        typed.sql,
        OutColumn {
            name,
            kind: typed.kind,
        },
    ));
}

fn is_aggregate(sql: &str) -> bool {
    ["n_sum(", "count(", "max(", "min("]
        .iter()
        .any(|each| sql.contains(each))
}

fn named(columns: &[OutColumn], names: &[String]) -> Vec<(String, Option<SqlType>)> {
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

fn descending(options: &sqlparser::ast::OrderByOptions) -> bool {
    options.to_string().to_ascii_uppercase().contains("DESC")
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
