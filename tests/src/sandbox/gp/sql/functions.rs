//! T-SQL's functions in SQLite's words.

#![expect(
    clippy::wildcard_enum_match_arm,
    reason = "what is not known of a foreign syntax tree is refused"
)]

use sqlparser::ast::{
    DuplicateTreatment, Expr, Function, FunctionArg, FunctionArgExpr, FunctionArguments,
    OrderByKind, Value as Literal, WindowType,
};

use super::super::error::SqlError;
use super::super::value::{Family, SqlType};
use super::coerce::{self, common};
use super::compile::{Compiled, Compiler, Typed, literal};
use super::system::System;

impl Compiler<'_> {
    /// Compiles a function call.
    pub fn function(&mut self, function: &Function) -> Compiled<Typed> {
        let name = function
            .name
            .to_string()
            .replace(['[', ']'], "")
            .to_ascii_uppercase();
        let (arguments, distinct, star) = arguments(function)?;
        let literals: Vec<Option<String>> = arguments
            .iter()
            .map(|argument| literal_text(argument))
            .collect();
        if let Some(system) = System::function(&name, &literals) {
            return Ok(self.system(system));
        }
        if let Some(part) = date_function(&name, &arguments) {
            let taken = usize::from(name.starts_with("DATE"));
            return self.date(&name, &part, &arguments[taken..]);
        }
        let mut typed = Vec::with_capacity(arguments.len());
        for argument in &arguments {
            typed.push(self.expression(argument)?);
        }
        let result = match aggregate(&name, &typed, distinct, star)? {
            Some(result) => result,
            None => match text_function(&name, &typed)? {
                Some(result) => result,
                None => self.other(&name, &typed)?,
            },
        };
        let Some(over) = &function.over else {
            return Ok(result);
        };
        let over = self.window(over)?;
        Ok(Typed {
            sql: format!("{} OVER ({over})", result.sql),
            ..result
        })
    }

    fn window(&mut self, window: &WindowType) -> Compiled<String> {
        let WindowType::WindowSpec(spec) = window else {
            return Err(SqlError::unsupported("named windows"));
        };
        let mut parts = Vec::new();
        for each in &spec.partition_by {
            parts.push(self.expression(each)?.sql);
        }
        let mut sql = if parts.is_empty() {
            String::new()
        } else {
            format!("PARTITION BY {}", parts.join(", "))
        };
        if !spec.order_by.is_empty() {
            let order = self.ordering(&OrderByKind::Expressions(spec.order_by.clone()), &[])?;
            sql.extend([" ORDER BY ", order.as_str()]);
        }
        Ok(sql)
    }

    fn date(&mut self, name: &str, part: &str, arguments: &[&Expr]) -> Compiled<Typed> {
        let mut typed = Vec::new();
        for argument in arguments {
            typed.push(self.expression(argument)?);
        }
        let time = |typed: &Typed| coerce::to(typed, SqlType::DateTime);
        let part = literal(part);
        let want = |count: usize| {
            if typed.len() == count {
                Ok(())
            } else {
                Err(SqlError::new(
                    174,
                    format!("The {name} function has other arguments."),
                ))
            }
        };
        match name {
            "DATEADD" => {
                want(2)?;
                let kind = typed[1]
                    .kind
                    .filter(|kind| kind.family() == Family::Time)
                    .unwrap_or(SqlType::DateTime);
                Ok(Typed::new(
                    format!("d_add({part}, {}, {})", typed[0].sql, time(&typed[1])),
                    kind,
                ))
            }
            "DATEDIFF" => {
                want(2)?;
                Ok(Typed::new(
                    format!("d_diff({part}, {}, {})", time(&typed[0]), time(&typed[1])),
                    SqlType::Int,
                ))
            }
            _ => {
                want(1)?;
                Ok(Typed::new(
                    format!("d_part({part}, {})", time(&typed[0])),
                    SqlType::Int,
                ))
            }
        }
    }

    fn named_thing(&self, name: &str, typed: &[Typed]) -> Compiled<Typed> {
        let place = &self.registry.databases[self.database].name;
        let looked_up = |column: &str, table: &str, key: &str, value: &Typed, kind: SqlType| {
            let sql = format!(
                "(SELECT {column} FROM \"{place}\".\"{table}\" WHERE {key} = {})",
                value.sql
            );
            Ok(Typed::new(sql, kind))
        };
        let word = SqlType::NVarChar(Some(128));
        match (name, typed) {
            ("TYPE_NAME", [id]) => looked_up("name", "sys.types", "user_type_id", id, word),
            ("OBJECT_NAME", [id]) => looked_up("name", "sys.all_objects", "object_id", id, word),
            ("SCHEMA_NAME", [id]) => looked_up("name", "sys.schemas", "schema_id", id, word),
            ("DB_NAME", [id]) => looked_up("name", "sys.databases", "database_id", id, word),
            ("DB_ID", [name]) => looked_up(
                "database_id",
                "sys.databases",
                "name",
                name,
                SqlType::SmallInt,
            ),
            ("CHANGE_TRACKING_MIN_VALID_VERSION", [id]) => looked_up(
                "min_valid_version",
                "sys.change_tracking_tables",
                "object_id",
                id,
                SqlType::BigInt,
            ),
            ("OBJECT_ID", [name, ..]) => Ok(Typed::new(
                format!(
                    "(SELECT o.object_id FROM \"{place}\".\"sys.all_objects\" o JOIN \"{place}\".\"sys.schemas\" s ON s.schema_id = o.schema_id WHERE (s.name || '.' || o.name) = {0} COLLATE GP OR (s.name = 'dbo' AND o.name = {0}))",
                    name.sql
                ),
                SqlType::Int,
            )),
            ("HAS_PERMS_BY_NAME", [name, _kind, _right]) => Ok(self.right_on(name)),
            _ => Err(SqlError::unsupported(format!(
                "function {name} with {} arguments",
                typed.len()
            ))),
        }
    }

    /// The sandbox's one login may do everything to what is there; NULL for what is not.
    fn right_on(&self, name: &Typed) -> Typed {
        let places = self.registry.databases.iter().map(|each| {
            let place = &each.name;
            let object = format!("'{place}.' || s.name || '.' || o.name");
            format!(
                "EXISTS (SELECT 1 FROM \"{place}\".\"sys.all_objects\" o JOIN \"{place}\".\"sys.schemas\" s ON s.schema_id = o.schema_id WHERE {object} = {0} COLLATE GP)",
                name.sql
            )
        });
        let mut places: Vec<_> = places.collect();
        let own = &self.registry.databases[self.database].name;
        places.push(format!(
            "EXISTS (SELECT 1 FROM \"{own}\".\"sys.all_objects\" o JOIN \"{own}\".\"sys.schemas\" s ON s.schema_id = o.schema_id WHERE (s.name || '.' || o.name) = {0} COLLATE GP)",
            name.sql
        ));
        let sql = format!("CASE WHEN {} THEN 1 END", places.join(" OR "));
        Typed::new(sql, SqlType::Int)
    }

    fn other(&self, name: &str, typed: &[Typed]) -> Compiled<Typed> {
        match (name, typed) {
            ("ISNULL", [value, default]) => {
                let kind = value.kind.or(default.kind);
                let default =
                    kind.map_or_else(|| default.sql.clone(), |kind| coerce::to(default, kind));
                Ok(Typed {
                    sql: format!("coalesce({}, {default})", value.sql),
                    kind,
                    column: false,
                })
            }
            ("COALESCE", values) if values.len() > 1 => {
                let kind = values
                    .iter()
                    .fold(None, |kind, value| common(kind, value.kind));
                let all: Vec<String> = values
                    .iter()
                    .map(|value| {
                        kind.map_or_else(|| value.sql.clone(), |kind| coerce::to(value, kind))
                    })
                    .collect();
                Ok(Typed {
                    sql: format!("coalesce({})", all.join(", ")),
                    kind,
                    column: false,
                })
            }
            ("NULLIF", [a, b]) => {
                let (x, y) = coerce::comparable(a, b);
                Ok(like(
                    format!("(CASE WHEN {x} = {y} THEN NULL ELSE {} END)", a.sql),
                    a,
                ))
            }
            ("IIF", [test, a, b]) => {
                let kind = common(a.kind, b.kind);
                let bring = |typed: &Typed| {
                    kind.map_or_else(|| typed.sql.clone(), |kind| coerce::to(typed, kind))
                };
                Ok(Typed {
                    sql: format!("iif({}, {}, {})", test.sql, bring(a), bring(b)),
                    kind,
                    column: false,
                })
            }
            ("ABS", [value]) => Ok(like(format!("abs({})", value.sql), value)),
            ("ROUND", [value, digits]) => {
                let scale = value.kind.map_or(0, SqlType::scale);
                Ok(like(
                    format!("n_round({}, {scale}, {})", value.sql, digits.sql),
                    value,
                ))
            }
            ("NEWID" | "NEWSEQUENTIALID", []) => Ok(Typed::new("newid()", SqlType::Guid)),
            ("ROW_NUMBER" | "RANK" | "DENSE_RANK", []) => Ok(Typed::new(
                format!("{}()", name.to_lowercase()),
                SqlType::BigInt,
            )),
            _ => self.named_thing(name, typed),
        }
    }
}

/// An expression of another's type.
fn like(sql: String, typed: &Typed) -> Typed {
    Typed {
        sql,
        kind: typed.kind,
        column: false,
    }
}

fn arguments(function: &Function) -> Compiled<(Vec<&Expr>, bool, bool)> {
    let FunctionArguments::List(list) = &function.args else {
        return Ok((Vec::new(), false, false));
    };
    let mut found = Vec::new();
    let mut star = false;
    for argument in &list.args {
        match argument {
            FunctionArg::Unnamed(FunctionArgExpr::Expr(expression)) => found.push(expression),
            FunctionArg::Unnamed(FunctionArgExpr::Wildcard) => star = true,
            other => return Err(SqlError::unsupported(format!("argument {other}"))),
        }
    }
    Ok((
        found,
        list.duplicate_treatment == Some(DuplicateTreatment::Distinct),
        star,
    ))
}

fn literal_text(expression: &Expr) -> Option<String> {
    let Expr::Value(value) = expression else {
        return None;
    };
    match &value.value {
        Literal::SingleQuotedString(text) | Literal::NationalStringLiteral(text) => {
            Some(text.clone())
        }
        _ => None,
    }
}

/// The date part of a date function; the part itself is taken off the arguments.
fn date_function(name: &str, arguments: &[&Expr]) -> Option<String> {
    match name {
        "DATEADD" | "DATEDIFF" | "DATEPART" => arguments
            .first()
            .map(|part| part.to_string().to_ascii_lowercase()),
        "YEAR" | "MONTH" | "DAY" => Some(name.to_ascii_lowercase()),
        _ => None,
    }
}

fn aggregate(name: &str, typed: &[Typed], distinct: bool, star: bool) -> Compiled<Option<Typed>> {
    let unique = if distinct { "DISTINCT " } else { "" };
    Ok(Some(match (name, typed) {
        ("COUNT" | "COUNT_BIG", []) if star => Typed::new(
            "count(*)",
            if name == "COUNT" {
                SqlType::Int
            } else {
                SqlType::BigInt
            },
        ),
        ("COUNT" | "COUNT_BIG", [value]) => Typed::new(
            format!("count({unique}{})", value.sql),
            if name == "COUNT" {
                SqlType::Int
            } else {
                SqlType::BigInt
            },
        ),
        ("SUM", [value]) => {
            let kind = match value.kind {
                Some(SqlType::BigInt) => SqlType::BigInt,
                Some(kind) if kind.family() == Family::Numeric => {
                    SqlType::Numeric(38, kind.scale())
                }
                _ => SqlType::Int,
            };
            Typed::new(format!("n_sum({unique}{})", value.sql), kind)
        }
        ("AVG", [value]) => {
            let from = value.kind.map_or(0, SqlType::scale);
            let numeric = value.family() == Some(Family::Numeric);
            let scale = if numeric { from.max(6) } else { 0 };
            let kind = if numeric {
                SqlType::Numeric(38, scale)
            } else {
                SqlType::Int
            };
            Typed::new(
                format!(
                    "n_div(n_sum({unique}{0}), count({unique}{0}), {1})",
                    value.sql,
                    scale - from
                ),
                kind,
            )
        }
        ("MIN" | "MAX", [value]) => Typed {
            sql: format!("{}({})", name.to_lowercase(), value.sql),
            kind: value.kind,
            column: false,
        },
        _ => return Ok(None),
    }))
}

fn text_function(name: &str, typed: &[Typed]) -> Compiled<Option<Typed>> {
    let wide = SqlType::NVarChar(Some(4000));
    let kind = |typed: &Typed| {
        typed
            .kind
            .filter(|kind| kind.family() == Family::Text)
            .map_or(wide, SqlType::cut)
    };
    let text = |typed: &Typed| coerce::to(typed, wide);
    Ok(Some(match (name, typed) {
        ("RTRIM" | "LTRIM" | "TRIM" | "UPPER" | "LOWER", [value]) => Typed::new(
            format!("{}({})", name.to_lowercase(), text(value)),
            kind(value),
        ),
        ("LEN", [value]) => Typed::new(format!("length(rtrim({}))", text(value)), SqlType::Int),
        ("DATALENGTH", [value]) => {
            let sql = match value.kind {
                Some(SqlType::Char(n)) if value.column => n.to_string(),
                Some(kind) if kind.unicode() => format!("(length({}) * 2)", value.sql),
                _ => format!("length({})", text(value)),
            };
            Typed::new(sql, SqlType::Int)
        }
        ("LEFT", [value, count]) => Typed::new(
            format!("substr({}, 1, {})", text(value), count.sql),
            kind(value),
        ),
        ("RIGHT", [value, count]) => Typed::new(
            format!("substr({}, -({1}), {1})", text(value), count.sql),
            kind(value),
        ),
        ("SUBSTRING", [value, from, length]) => Typed::new(
            format!("substr({}, {}, {})", text(value), from.sql, length.sql),
            kind(value),
        ),
        _ => return Ok(built_text(name, typed)),
    }))
}

/// Functions that build a text from others.
fn built_text(name: &str, typed: &[Typed]) -> Option<Typed> {
    let wide = SqlType::NVarChar(Some(4000));
    let text = |typed: &Typed| coerce::to(typed, wide);
    Some(match (name, typed) {
        ("REPLACE", [value, from, to]) => Typed::new(
            format!("replace({}, {}, {})", text(value), text(from), text(to)),
            wide,
        ),
        ("CHARINDEX", [part, value]) => Typed::new(
            format!("instr(lower({}), lower({}))", text(value), text(part)),
            SqlType::Int,
        ),
        ("SPACE", [count]) => Typed::new(
            format!("replace(hex(zeroblob({})), '00', ' ')", count.sql),
            wide,
        ),
        ("REPLICATE", [value, count]) => Typed::new(
            format!(
                "replace(hex(zeroblob({})), '00', {})",
                count.sql,
                text(value)
            ),
            wide,
        ),
        ("CONCAT", values) if values.len() > 1 => {
            let parts: Vec<String> = values
                .iter()
                .map(|value| format!("coalesce({}, '')", coerce::text(value)))
                .collect();
            Typed::new(format!("({})", parts.join(" || ")), wide)
        }
        _ => return None,
    })
}
