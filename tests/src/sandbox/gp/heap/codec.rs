//! How values lie in SQLite: money as scaled integers, times as ticks, text as it is.

use rusqlite::types::{Value as Stored, ValueRef};

use super::super::value::{Family, Numeric, SqlType, Value};

/// Encodes a value for a column or parameter of a type.
pub fn encode(value: &Value, kind: SqlType) -> Stored {
    match value {
        Value::Null => Stored::Null,
        Value::Int(number) if kind.family() == Family::Numeric => units(
            Numeric {
                units: i128::from(*number),
                scale: 0,
            }
            .rescale(kind.scale())
            .units,
        ),
        Value::Int(number) => Stored::Integer(*number),
        Value::Numeric(number) => units(number.rescale(kind.scale()).units),
        Value::Float(number) => Stored::Real(*number),
        Value::Text(text) => Stored::Text(text.clone()),
        Value::Bytes(raw) => Stored::Blob(raw.clone()),
        Value::Time(ticks) => Stored::Integer(*ticks),
    }
}

/// Scaled units as an integer, or as text where 64 bits do not hold them.
pub fn units(units: i128) -> Stored {
    i64::try_from(units).map_or_else(|_| Stored::Text(units.to_string()), Stored::Integer)
}

/// Reads scaled units back.
pub fn read_units(stored: ValueRef<'_>) -> Option<i128> {
    match stored {
        ValueRef::Integer(number) => Some(i128::from(number)),
        ValueRef::Text(text) => std::str::from_utf8(text).ok()?.parse().ok(),
        ValueRef::Null | ValueRef::Real(_) | ValueRef::Blob(_) => None,
    }
}

/// Decodes what a query gave, by the type it is known to have.
pub fn decode(stored: ValueRef<'_>, kind: Option<SqlType>) -> Value {
    match (stored, kind.map(SqlType::family)) {
        (ValueRef::Null, _) => Value::Null,
        (_, Some(Family::Numeric)) => {
            let scale = kind.map_or(0, SqlType::scale);
            read_units(stored).map_or(Value::Null, |units| {
                Value::Numeric(Numeric { units, scale })
            })
        }
        (ValueRef::Integer(ticks), Some(Family::Time)) => Value::Time(ticks),
        (ValueRef::Integer(number), _) => Value::Int(number),
        (ValueRef::Real(number), _) => Value::Float(number),
        (ValueRef::Text(text), _) => Value::Text(String::from_utf8_lossy(text).into_owned()),
        (ValueRef::Blob(raw), _) => Value::Bytes(raw.to_vec()),
    }
}
