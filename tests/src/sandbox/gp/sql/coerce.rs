//! Implicit conversion while compiling: both sides of an operation get one type.

use super::super::value::{Family, SqlType};
use super::compile::{Typed, literal, type_text};

/// Brings an expression to a type; unknown types are left as they are.
pub fn to(typed: &Typed, target: SqlType) -> String {
    let Some(kind) = typed.kind else {
        return typed.sql.clone();
    };
    match (kind.family(), target.family()) {
        (Family::Numeric | Family::Int, Family::Numeric) => {
            scaled(&typed.sql, kind.scale(), target.scale())
        }
        (from, into) if from == into => typed.sql.clone(),
        (Family::Guid, Family::Text) | (Family::Text, Family::Guid) => typed.sql.clone(),
        _ => format!(
            "c_cast({}, {}, {})",
            typed.sql,
            literal(&type_text(kind)),
            literal(&type_text(target))
        ),
    }
}

fn scaled(sql: &str, from: u8, to: u8) -> String {
    if from == to {
        return sql.to_owned();
    }
    if from < to
        && let Ok(number) = sql.parse::<i64>()
        && let Some(moved) = number.checked_mul(10_i64.pow(u32::from(to - from)))
    {
        return moved.to_string();
    }
    format!("n_scale({sql}, {from}, {to})")
}

/// The type two operands meet in: the one of higher precedence, with the larger scale.
pub fn common(left: Option<SqlType>, right: Option<SqlType>) -> Option<SqlType> {
    let (Some(a), Some(b)) = (left, right) else {
        return left.or(right);
    };
    if a.family() == Family::Numeric && b.family() == Family::Numeric {
        return Some(SqlType::Numeric(38, a.scale().max(b.scale())));
    }
    if a.family() != b.family() {
        return Some(if a.family() > b.family() { a } else { b });
    }
    Some(if rank(b) > rank(a) { b } else { a })
}

/// Wider types of a family rank higher.
fn rank(kind: SqlType) -> usize {
    let fixed = |n: u16| usize::from(n);
    if let SqlType::Char(n) = kind {
        return fixed(n);
    }
    if let SqlType::VarChar(n) = kind {
        return 10_000 + n.map_or(9_000, fixed);
    }
    if let SqlType::NChar(n) = kind {
        return 20_000 + fixed(n);
    }
    if let SqlType::NVarChar(n) = kind {
        return 30_000 + n.map_or(9_000, fixed);
    }
    if let SqlType::DateTime2(_) = kind {
        return RISING.len();
    }
    RISING
        .iter()
        .position(|each| *each == kind)
        .unwrap_or_default()
}

/// Types without a length, the wider ones of each family later.
const RISING: [SqlType; 9] = [
    SqlType::Bit,
    SqlType::TinyInt,
    SqlType::SmallInt,
    SqlType::Int,
    SqlType::BigInt,
    SqlType::Float,
    SqlType::Date,
    SqlType::SmallDateTime,
    SqlType::DateTime,
];

/// Both sides of a comparison in one type, with GP's collation where no column brings it.
pub fn comparable(left: &Typed, right: &Typed) -> (String, String) {
    let Some(target) = common(left.kind, right.kind) else {
        return (left.sql.clone(), right.sql.clone());
    };
    let (mut a, b) = (to(left, target), to(right, target));
    if target.family() == Family::Text && !left.column && !right.column {
        a = format!("({a}) COLLATE GP");
    }
    (a, b)
}

/// The alias of a `(var)char` column that is compared with national text.
///
/// With GP's collation, `SQL_Latin1_General_CP1_CI_AS`, the server converts the column, not the
/// value: no index on it can be probed, so every row is read and waited for.
pub fn widened(left: &Typed, right: &Typed) -> Option<String> {
    let narrow = |typed: &Typed| {
        typed.column && matches!(typed.kind, Some(SqlType::Char(_) | SqlType::VarChar(_)))
    };
    let wide = |typed: &Typed| {
        !typed.column && matches!(typed.kind, Some(SqlType::NChar(_) | SqlType::NVarChar(_)))
    };
    let column = match (narrow(left) && wide(right), narrow(right) && wide(left)) {
        (true, _) => left,
        (_, true) => right,
        (false, false) => return None,
    };
    let (alias, _) = column.sql.split_once('.')?;
    Some(alias.to_owned())
}

/// An expression as text, blank padded where it is a `char(n)` column, for concatenation.
pub fn text(typed: &Typed) -> String {
    if let (Some(SqlType::Char(n) | SqlType::NChar(n)), true) = (typed.kind, typed.column) {
        return format!(
            "substr({} || {}, 1, {n})",
            typed.sql,
            literal(&" ".repeat(usize::from(n)))
        );
    }
    to(typed, SqlType::NVarChar(None))
}
