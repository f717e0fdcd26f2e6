//! SELECT rewritten for SQLite, with the probes that make readers wait for row locks.

#![expect(
    clippy::wildcard_enum_match_arm,
    reason = "what is not known of a foreign syntax tree is refused"
)]

use sqlparser::ast::{
    Distinct, Expr, GroupByExpr, LimitClause, OrderBy, OrderByKind, Query, Select, SelectItem,
    SelectItemQualifiedWildcardKind, SetExpr, SetOperator, SetQuantifier, Top, TopQuantity,
};

use super::super::error::SqlError;
use super::coerce;
use super::compile::{Compiled, Compiler, FromItem, OutColumn, Typed, parts};
use super::from::named;
use super::plan::Plan;

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
            block.tail.extend([" HAVING ", condition.as_str()]);
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
}

impl Block {
    /// The block as SQLite text, tables still to be put in.
    pub fn render(&self) -> String {
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

fn descending(options: &sqlparser::ast::OrderByOptions) -> bool {
    options.to_string().to_ascii_uppercase().contains("DESC")
}
