//! Literals and exact arithmetic in SQLite's words.

#![expect(
    clippy::wildcard_enum_match_arm,
    reason = "what is not known of a foreign syntax tree is refused"
)]

use sqlparser::ast::Value as Literal;

use super::super::error::SqlError;
use super::super::value::{Family, Numeric, SqlType};
use super::coerce::{self, common};
use super::compile::{Compiled, Typed, literal};

/// A literal.
pub fn constant(value: &Literal) -> Compiled<Typed> {
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

/// `+` of texts, times or numbers.
pub fn plus(a: &Typed, b: &Typed) -> Typed {
    let text = a.family() == Some(Family::Text) || b.family() == Some(Family::Text);
    if text
        && a.family() != Some(Family::Numeric)
        && b.family() != Some(Family::Numeric)
        && !is_int(a)
        && !is_int(b)
    {
        let sql = format!("({} || {})", coerce::text(a), coerce::text(b));
        return Typed::new(sql, joined(a.kind, b.kind));
    }
    if a.family() == Some(Family::Time) {
        return Typed {
            sql: format!("d_add('day', {}, {})", b.sql, a.sql),
            kind: a.kind,
            column: false,
        };
    }
    combined("n_add", a, b)
}

fn is_int(typed: &Typed) -> bool {
    typed.family() == Some(Family::Int)
}

fn joined(a: Option<SqlType>, b: Option<SqlType>) -> SqlType {
    let length = |kind: Option<SqlType>| kind.and_then(SqlType::max_chars);
    let wide = a.is_some_and(SqlType::unicode) || b.is_some_and(SqlType::unicode);
    let sum = length(a)
        .zip(length(b))
        .and_then(|(x, y)| u16::try_from((x + y).min(if wide { 4000 } else { 8000 })).ok());
    if wide {
        SqlType::NVarChar(sum)
    } else {
        SqlType::VarChar(sum)
    }
}

/// `-` of times or numbers.
pub fn minus(a: &Typed, b: &Typed) -> Typed {
    if a.family() == Some(Family::Time) {
        return Typed {
            sql: format!("d_add('day', -({}), {})", b.sql, a.sql),
            kind: a.kind,
            column: false,
        };
    }
    combined("n_sub", a, b)
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

/// `*`, exact: the scales add up.
pub fn multiply(a: &Typed, b: &Typed) -> Typed {
    if a.family() == Some(Family::Numeric) || b.family() == Some(Family::Numeric) {
        let scale = a.kind.map_or(0, SqlType::scale) + b.kind.map_or(0, SqlType::scale);
        return Typed::new(
            format!("n_mul({}, {})", a.sql, b.sql),
            SqlType::Numeric(38, scale),
        );
    }
    combined("n_mul", a, b)
}

/// `/`: integers are cut, decimals get at least six places.
pub fn divide(a: &Typed, b: &Typed) -> Typed {
    let (from, by) = (
        a.kind.map_or(0, SqlType::scale),
        b.kind.map_or(0, SqlType::scale),
    );
    if a.family() == Some(Family::Numeric) || b.family() == Some(Family::Numeric) {
        let scale = from.max(6).max(by);
        let shift = scale + by - from;
        return Typed::new(
            format!("n_div({}, {}, {shift})", a.sql, b.sql),
            SqlType::Numeric(38, scale),
        );
    }
    Typed {
        sql: format!("n_div({}, {}, 0)", a.sql, b.sql),
        kind: common(a.kind, b.kind),
        column: false,
    }
}

impl SqlType {
    /// The type of a part of such a text: no longer padded.
    #[must_use]
    pub fn cut(self) -> SqlType {
        if let SqlType::Char(n) = self {
            return SqlType::VarChar(Some(n));
        }
        if let SqlType::NChar(n) = self {
            SqlType::NVarChar(Some(n))
        } else {
            self
        }
    }
}
