//! T-SQL expressions rewritten for SQLite, with exact arithmetic and GP's comparisons.

#![expect(
    clippy::wildcard_enum_match_arm,
    reason = "what is not known of a foreign syntax tree is refused"
)]

use sqlparser::ast::{BinaryOperator, DataType, Expr, UnaryOperator};

use super::super::error::SqlError;
use super::super::value::{Family, SqlType};
use super::arithmetic;
use super::coerce::{self, common, comparable};
use super::compile::{Compiled, Compiler, Source, Typed, literal, type_text};
use super::system::System;

impl Compiler<'_> {
    /// Compiles an expression.
    pub fn expression(&mut self, expression: &Expr) -> Compiled<Typed> {
        match expression {
            Expr::Identifier(ident) => self.identifier(&ident.value),
            Expr::CompoundIdentifier(parts) => {
                let name = parts.last().map_or("", |part| part.value.as_str());
                let qualifier = parts
                    .len()
                    .checked_sub(2)
                    .map(|at| parts[at].value.as_str());
                self.column(qualifier, name)
            }
            Expr::Value(value) => arithmetic::constant(&value.value),
            Expr::Nested(inner) => {
                let inner = self.expression(inner)?;
                Ok(Typed {
                    sql: format!("({})", inner.sql),
                    ..inner
                })
            }
            Expr::UnaryOp { op, expr } => self.unary(*op, expr),
            Expr::BinaryOp { left, op, right } => self.binary(left, op, right),
            Expr::Subquery(query) => {
                let query = self.subquery(query)?;
                let kind = query.columns.first().and_then(|column| column.kind);
                Ok(Typed {
                    sql: format!("({})", query.sql),
                    kind,
                    column: false,
                })
            }
            Expr::Case {
                operand,
                conditions,
                else_result,
                ..
            } => self.case(operand.as_deref(), conditions, else_result.as_deref()),
            Expr::Cast {
                kind,
                expr,
                data_type,
                ..
            } => self.cast(
                expr,
                data_type,
                &[],
                !matches!(kind, sqlparser::ast::CastKind::Cast),
            ),
            Expr::Convert {
                is_try,
                expr,
                data_type: Some(data_type),
                styles,
                ..
            } => self.cast(expr, data_type, styles, *is_try),
            Expr::Collate { expr, .. } => self.expression(expr),
            Expr::Function(function) => self.function(function),
            other => self.text_expression(other),
        }
    }

    fn text_expression(&mut self, expression: &Expr) -> Compiled<Typed> {
        match expression {
            Expr::Substring {
                expr,
                substring_from: Some(from),
                substring_for: Some(length),
                ..
            } => {
                let (value, from, length) = (
                    self.expression(expr)?,
                    self.expression(from)?,
                    self.expression(length)?,
                );
                let kind = value
                    .kind
                    .filter(|kind| kind.family() == Family::Text)
                    .map(SqlType::cut);
                let sql = format!(
                    "substr({}, {}, {})",
                    coerce::text(&value),
                    from.sql,
                    length.sql
                );
                Ok(Typed {
                    sql,
                    kind: kind.or(Some(SqlType::NVarChar(Some(4000)))),
                    column: false,
                })
            }
            Expr::Trim {
                expr,
                trim_what: None,
                ..
            } => {
                let value = self.expression(expr)?;
                Ok(Typed {
                    sql: format!("trim({})", value.sql),
                    kind: value.kind.map(SqlType::cut),
                    column: false,
                })
            }
            other => self.predicate(other),
        }
    }

    /// Compiles a condition.
    pub fn condition(&mut self, expression: &Expr) -> Compiled<String> {
        Ok(self.expression(expression)?.sql)
    }

    fn identifier(&mut self, name: &str) -> Compiled<Typed> {
        if name.starts_with("@@") {
            let system = System::variable(name).ok_or_else(|| SqlError::unsupported(name))?;
            return Ok(self.system(system));
        }
        if name.starts_with('@') {
            let key = name.to_ascii_lowercase();
            let kind = self.variables.get(key.as_str()).copied();
            let kind = kind.ok_or_else(|| {
                SqlError::severe(
                    137,
                    15,
                    format!("Must declare the scalar variable \"{name}\"."),
                )
            })?;
            return Ok(self.parameter(Source::Variable(key), kind));
        }
        match self.column(None, name) {
            Ok(column) => Ok(column),
            Err(error) => match System::function(name, &[]) {
                Some(system) => Ok(self.system(system)),
                None => Err(error),
            },
        }
    }

    /// A value the server supplies, as a parameter.
    pub fn system(&mut self, system: System) -> Typed {
        let kind = system.kind();
        self.parameter(Source::System(system), kind)
    }

    fn unary(&mut self, operator: UnaryOperator, operand: &Expr) -> Compiled<Typed> {
        let value = self.expression(operand)?;
        match operator {
            UnaryOperator::Not => Ok(truth(format!("(NOT {})", value.sql))),
            UnaryOperator::Minus => {
                let direct = value.sql.bytes().all(|byte| byte.is_ascii_digit());
                let sql = if direct {
                    format!("-{}", value.sql)
                } else {
                    format!("n_sub(0, {})", value.sql)
                };
                Ok(Typed {
                    sql,
                    kind: value.kind,
                    column: false,
                })
            }
            UnaryOperator::Plus => Ok(value),
            UnaryOperator::BitwiseNot => Ok(Typed {
                sql: format!("(~{})", value.sql),
                kind: value.kind,
                column: false,
            }),
            other => Err(SqlError::unsupported(format!("operator {other}"))),
        }
    }

    fn binary(&mut self, left: &Expr, operator: &BinaryOperator, right: &Expr) -> Compiled<Typed> {
        let (a, b) = (self.expression(left)?, self.expression(right)?);
        self.scanned.extend(coerce::widened(&a, &b));
        let compare = |sign: &str| {
            let (x, y) = comparable(&a, &b);
            Ok(truth(format!("({x} {sign} {y})")))
        };
        match operator {
            BinaryOperator::And => Ok(truth(format!("({} AND {})", a.sql, b.sql))),
            BinaryOperator::Or => Ok(truth(format!("({} OR {})", a.sql, b.sql))),
            BinaryOperator::Eq => compare("="),
            BinaryOperator::NotEq => compare("<>"),
            BinaryOperator::Lt => compare("<"),
            BinaryOperator::LtEq => compare("<="),
            BinaryOperator::Gt => compare(">"),
            BinaryOperator::GtEq => compare(">="),
            BinaryOperator::Plus => Ok(arithmetic::plus(&a, &b)),
            BinaryOperator::Minus => Ok(arithmetic::minus(&a, &b)),
            BinaryOperator::Multiply => Ok(arithmetic::multiply(&a, &b)),
            BinaryOperator::Divide => Ok(arithmetic::divide(&a, &b)),
            BinaryOperator::Modulo => Ok(Typed {
                sql: format!("n_mod({}, {})", a.sql, b.sql),
                kind: common(a.kind, b.kind),
                column: false,
            }),
            BinaryOperator::BitwiseAnd | BinaryOperator::BitwiseOr => Ok(Typed {
                sql: format!("({} {operator} {})", a.sql, b.sql),
                kind: common(a.kind, b.kind),
                column: false,
            }),
            other => Err(SqlError::unsupported(format!("operator {other}"))),
        }
    }

    fn cast(
        &mut self,
        value: &Expr,
        target: &DataType,
        styles: &[Expr],
        quiet: bool,
    ) -> Compiled<Typed> {
        let value = self.expression(value)?;
        let text = target.to_string();
        let target = SqlType::parse(&text).ok_or_else(|| {
            SqlError::new(243, format!("Type {text} is not a defined system type."))
        })?;
        let target = if text.contains('(') {
            target
        } else {
            without_length(target)
        };
        let style = styles
            .first()
            .map(|style| self.expression(style))
            .transpose()?;
        if let (Some(style), Some(Family::Time), Family::Text) =
            (&style, value.family(), target.family())
        {
            let cut = target.max_chars().unwrap_or(8000);
            return Ok(Typed::new(
                format!("substr(d_text({}, {}), 1, {cut})", value.sql, style.sql),
                target,
            ));
        }
        let source = value.kind.map(type_text).unwrap_or_default();
        let name = if quiet { "c_try" } else { "c_cast" };
        Ok(Typed::new(
            format!(
                "{name}({}, {}, {})",
                value.sql,
                literal(&source),
                literal(&type_text(target))
            ),
            target,
        ))
    }
}

/// CAST without a length means 30 characters.
fn without_length(kind: SqlType) -> SqlType {
    match kind {
        SqlType::Char(_) => SqlType::Char(30),
        SqlType::NChar(_) => SqlType::NChar(30),
        SqlType::VarChar(Some(_)) => SqlType::VarChar(Some(30)),
        SqlType::NVarChar(Some(_)) => SqlType::NVarChar(Some(30)),
        other => other,
    }
}

/// A condition's value.
pub fn truth(sql: String) -> Typed {
    Typed::new(sql, SqlType::Bit)
}
