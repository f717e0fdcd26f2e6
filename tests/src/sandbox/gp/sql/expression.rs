//! T-SQL expressions rewritten for SQLite, with exact arithmetic and GP's comparisons.

#![expect(
    clippy::wildcard_enum_match_arm,
    reason = "what is not known of a foreign syntax tree is refused"
)]

use sqlparser::ast::{BinaryOperator, CaseWhen, DataType, Expr, UnaryOperator, Value as Literal};

use super::super::error::SqlError;
use super::super::value::{Family, Numeric, SqlType};
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
            Expr::Value(value) => constant(&value.value),
            Expr::Nested(inner) => {
                let inner = self.expression(inner)?;
                Ok(Typed {
                    sql: format!("({})", inner.sql),
                    ..inner
                })
            }
            Expr::UnaryOp { op, expr } => self.unary(*op, expr),
            Expr::BinaryOp { left, op, right } => self.binary(left, op, right),
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
                let escape = escape_char
                    .as_deref()
                    .map(|escape| self.expression(escape))
                    .transpose()?;
                self.like(*negated, expr, pattern, escape)
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
                let inner = Typed {
                    sql: String::new(),
                    kind: query.columns.first().and_then(|c| c.kind),
                    column: true,
                };
                let target = common(value.kind, inner.kind);
                let left =
                    target.map_or_else(|| value.sql.clone(), |target| coerce::to(&value, target));
                Ok(truth(format!(
                    "({left} {}IN ({}))",
                    not(*negated),
                    query.sql
                )))
            }
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
            other => Err(SqlError::unsupported(format!("expression {other}"))),
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
            let kind = self.variables.get(&key).copied();
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
            BinaryOperator::Plus => plus(&a, &b),
            BinaryOperator::Minus => minus(&a, &b),
            BinaryOperator::Multiply => multiply(&a, &b),
            BinaryOperator::Divide => divide(&a, &b),
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

    fn case(
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
            sql.push_str(&format!(" WHEN {test} THEN {}", bring(result)));
        }
        if let Some(otherwise) = &otherwise {
            sql.push_str(&format!(" ELSE {}", bring(otherwise)));
        }
        sql.push_str(" END)");
        Ok(Typed {
            sql,
            kind,
            column: false,
        })
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

fn not(negated: bool) -> &'static str {
    if negated { "NOT " } else { "" }
}

fn constant(value: &Literal) -> Compiled<Typed> {
    let text = |text: &str, wide: bool| {
        let length = u16::try_from(text.chars().count().max(1))
            .ok()
            .filter(|n| *n <= 4000);
        Typed::new(
            literal(text),
            if wide {
                SqlType::NVarChar(length)
            } else {
                SqlType::VarChar(length)
            },
        )
    };
    match value {
        Literal::Number(digits, _) => number(digits),
        Literal::SingleQuotedString(value) | Literal::DoubleQuotedString(value) => {
            Ok(text(value, false))
        }
        Literal::NationalStringLiteral(value) => Ok(text(value, true)),
        Literal::HexStringLiteral(value) => Ok(Typed::new(
            format!("x'{value}'"),
            SqlType::VarBinary(Some(8000)),
        )),
        Literal::Null => Ok(Typed {
            sql: "NULL".to_owned(),
            kind: None,
            column: false,
        }),
        other => Err(SqlError::unsupported(format!("literal {other}"))),
    }
}

fn number(digits: &str) -> Compiled<Typed> {
    let parsed =
        Numeric::parse(digits).ok_or_else(|| SqlError::unsupported(format!("number {digits}")))?;
    if digits.contains('.') {
        let precision = u8::try_from(digits.len() - 1).unwrap_or(38).min(38);
        return Ok(Typed::new(
            parsed.units.to_string(),
            SqlType::Numeric(precision, parsed.scale),
        ));
    }
    let kind = if i32::try_from(parsed.units).is_ok() {
        SqlType::Int
    } else {
        SqlType::BigInt
    };
    Ok(Typed::new(parsed.units.to_string(), kind))
}

fn plus(a: &Typed, b: &Typed) -> Compiled<Typed> {
    let text = a.family() == Some(Family::Text) || b.family() == Some(Family::Text);
    if text
        && a.family() != Some(Family::Numeric)
        && b.family() != Some(Family::Numeric)
        && !is_int(a)
        && !is_int(b)
    {
        let kind = joined(a.kind, b.kind);
        return Ok(Typed {
            sql: format!("({} || {})", coerce::text(a), coerce::text(b)),
            kind,
            column: false,
        });
    }
    if a.family() == Some(Family::Time) {
        return Ok(Typed {
            sql: format!("d_add('day', {}, {})", b.sql, a.sql),
            kind: a.kind,
            column: false,
        });
    }
    Ok(combined("n_add", a, b))
}

fn is_int(typed: &Typed) -> bool {
    typed.family() == Some(Family::Int)
}

fn joined(a: Option<SqlType>, b: Option<SqlType>) -> Option<SqlType> {
    let length = |kind: Option<SqlType>| kind.and_then(SqlType::max_chars);
    let wide = a.is_some_and(SqlType::unicode) || b.is_some_and(SqlType::unicode);
    let sum = length(a)
        .zip(length(b))
        .and_then(|(x, y)| u16::try_from((x + y).min(if wide { 4000 } else { 8000 })).ok());
    Some(if wide {
        SqlType::NVarChar(sum)
    } else {
        SqlType::VarChar(sum)
    })
}

fn minus(a: &Typed, b: &Typed) -> Compiled<Typed> {
    if a.family() == Some(Family::Time) {
        return Ok(Typed {
            sql: format!("d_add('day', -({}), {})", b.sql, a.sql),
            kind: a.kind,
            column: false,
        });
    }
    Ok(combined("n_sub", a, b))
}

fn combined(function: &str, a: &Typed, b: &Typed) -> Typed {
    let kind = common(a.kind, b.kind);
    let bring =
        |typed: &Typed| kind.map_or_else(|| typed.sql.clone(), |kind| coerce::to(typed, kind));
    Typed {
        sql: format!("{function}({}, {})", bring(a), bring(b)),
        kind,
        column: false,
    }
}

fn multiply(a: &Typed, b: &Typed) -> Compiled<Typed> {
    if a.family() == Some(Family::Numeric) || b.family() == Some(Family::Numeric) {
        let scale = a.kind.map_or(0, SqlType::scale) + b.kind.map_or(0, SqlType::scale);
        return Ok(Typed::new(
            format!("n_mul({}, {})", a.sql, b.sql),
            SqlType::Numeric(38, scale),
        ));
    }
    Ok(combined("n_mul", a, b))
}

fn divide(a: &Typed, b: &Typed) -> Compiled<Typed> {
    let (from, by) = (
        a.kind.map_or(0, SqlType::scale),
        b.kind.map_or(0, SqlType::scale),
    );
    if a.family() == Some(Family::Numeric) || b.family() == Some(Family::Numeric) {
        let scale = from.max(6).max(by);
        let shift = scale + by - from;
        return Ok(Typed::new(
            format!("n_div({}, {}, {shift})", a.sql, b.sql),
            SqlType::Numeric(38, scale),
        ));
    }
    Ok(Typed {
        sql: format!("n_div({}, {}, 0)", a.sql, b.sql),
        kind: common(a.kind, b.kind),
        column: false,
    })
}

impl SqlType {
    /// The type of a part of such a text: no longer padded.
    pub fn cut(self) -> SqlType {
        match self {
            SqlType::Char(n) => SqlType::VarChar(Some(n)),
            SqlType::NChar(n) => SqlType::NVarChar(Some(n)),
            other => other,
        }
    }
}
