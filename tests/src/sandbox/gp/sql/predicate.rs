//! Tests in SQLite's words: IN, BETWEEN, LIKE, EXISTS and CASE.

#![expect(
    clippy::wildcard_enum_match_arm,
    reason = "what is not known of a foreign syntax tree is refused"
)]

use sqlparser::ast::{CaseWhen, Expr};

use super::super::error::SqlError;
use super::super::value::SqlType;
use super::coerce::{self, common, comparable};
use super::compile::{Compiled, Compiler, Typed};
use super::expression::truth;

impl Compiler<'_> {
    /// Compiles a test that gives true or false.
    pub fn predicate(&mut self, expression: &Expr) -> Compiled<Typed> {
        match expression {
            Expr::IsNull(inner) => Ok(truth(format!("({} IS NULL)", self.expression(inner)?.sql))),
            Expr::IsNotNull(inner) => Ok(truth(format!(
                "({} IS NOT NULL)",
                self.expression(inner)?.sql
            ))),
            Expr::InList {
                expr,
                list,
                negated,
            } => self.in_list(expr, list, *negated),
            Expr::Between {
                expr,
                negated,
                low,
                high,
            } => {
                let value = self.expression(expr)?;
                let (low, high) = (self.expression(low)?, self.expression(high)?);
                let (a, b) = comparable(&value, &low);
                let (c, d) = comparable(&value, &high);
                Ok(truth(format!(
                    "({}({a} >= {b} AND {c} <= {d}))",
                    not(*negated)
                )))
            }
            Expr::Like {
                negated,
                expr,
                pattern,
                escape_char,
                ..
            } => {
                let escape = escape_char.as_deref().map(|escape| self.expression(escape));
                self.like(*negated, expr, pattern, escape.transpose()?)
            }
            Expr::Exists { subquery, negated } => {
                let query = self.subquery(subquery)?;
                Ok(truth(format!("({}EXISTS ({}))", not(*negated), query.sql)))
            }
            Expr::InSubquery {
                expr,
                subquery,
                negated,
            } => {
                let value = self.expression(expr)?;
                let query = self.subquery(subquery)?;
                let inner = query.columns.first().and_then(|column| column.kind);
                let target = common(value.kind, inner);
                let left =
                    target.map_or_else(|| value.sql.clone(), |target| coerce::to(&value, target));
                Ok(truth(format!(
                    "({left} {}IN ({}))",
                    not(*negated),
                    query.sql
                )))
            }
            other => Err(SqlError::unsupported(format!("expression {other}"))),
        }
    }

    fn in_list(&mut self, value: &Expr, list: &[Expr], negated: bool) -> Compiled<Typed> {
        let value = self.expression(value)?;
        let mut parts = Vec::with_capacity(list.len());
        for each in list {
            let each = self.expression(each)?;
            let (a, b) = comparable(&value, &each);
            parts.push(format!("{a} = {b}"));
        }
        Ok(truth(format!("({}({}))", not(negated), parts.join(" OR "))))
    }

    fn like(
        &mut self,
        negated: bool,
        value: &Expr,
        pattern: &Expr,
        escape: Option<Typed>,
    ) -> Compiled<Typed> {
        let value = self.expression(value)?;
        let pattern = self.expression(pattern)?;
        if pattern.sql.contains('[') && escape.is_none() {
            return Err(SqlError::unsupported("character classes in LIKE"));
        }
        let escape = escape.map_or_else(String::new, |escape| format!(" ESCAPE {}", escape.sql));
        Ok(truth(format!(
            "({} {}LIKE {}{escape})",
            coerce::to(&value, SqlType::NVarChar(None)),
            not(negated),
            pattern.sql
        )))
    }

    /// Compiles CASE; the result has the highest of the branches' types.
    pub fn case(
        &mut self,
        operand: Option<&Expr>,
        conditions: &[CaseWhen],
        otherwise: Option<&Expr>,
    ) -> Compiled<Typed> {
        let operand = operand
            .map(|operand| self.expression(operand))
            .transpose()?;
        let mut branches = Vec::new();
        for when in conditions {
            let condition = self.expression(&when.condition)?;
            let test = match &operand {
                Some(operand) => {
                    let (a, b) = comparable(operand, &condition);
                    format!("{a} = {b}")
                }
                None => condition.sql,
            };
            branches.push((test, self.expression(&when.result)?));
        }
        let otherwise = otherwise
            .map(|otherwise| self.expression(otherwise))
            .transpose()?;
        let mut kind = otherwise.as_ref().and_then(|otherwise| otherwise.kind);
        for (_, result) in &branches {
            kind = common(result.kind, kind);
        }
        let bring =
            |typed: &Typed| kind.map_or_else(|| typed.sql.clone(), |kind| coerce::to(typed, kind));
        let mut sql = "(CASE".to_owned();
        for (test, result) in &branches {
            sql.extend([" WHEN ", test.as_str(), " THEN ", bring(result).as_str()]);
        }
        if let Some(otherwise) = &otherwise {
            sql.extend([" ELSE ", bring(otherwise).as_str()]);
        }
        sql.push_str(" END)");
        Ok(Typed {
            sql,
            kind,
            column: false,
        })
    }
}

fn not(negated: bool) -> &'static str {
    if negated { "NOT " } else { "" }
}
