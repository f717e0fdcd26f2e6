//! Conversions between SQL types: implicit ones of assignments and explicit ones of CAST.

use super::error::SqlError;
use super::value::{Family, Numeric, SqlType, Value, datetime_grid, parse_time, time_text};
use super::wire::codepage;

/// Converts a value for storage in a column or parameter; text that does not fit is an error.
pub fn assign(value: &Value, kind: SqlType, column: &str) -> Result<Value, SqlError> {
    let converted = convert(value, kind)?;
    if let (Value::Text(text), Some(max)) = (&converted, kind.max_chars())
        && text.len() > max
        && text.chars().count() > max
    {
        if text.chars().skip(max).all(|c| c == ' ') {
            return Ok(Value::Text(text.chars().take(max).collect()));
        }
        return Err(SqlError::new(
            2628,
            format!(
                "String or binary data would be truncated in column '{column}'. Truncated value: '{}'.",
                shorten(text, max)
            ),
        ));
    }
    Ok(converted)
}

/// The same as [`cast`], of a value nobody else needs: text that is right already stays as it is.
pub fn cast_owned(value: Value, kind: SqlType) -> Result<Value, SqlError> {
    if let Value::Text(text) = &value
        && kind.family() == Family::Text
        && (kind.unicode() || text.is_ascii())
        && !(kind.padded() && text.ends_with(' '))
        && kind.max_chars().is_none_or(|max| text.len() <= max)
    {
        return Ok(value);
    }
    cast(&value, kind)
}

/// Converts a value as CAST does: text that does not fit is cut.
pub fn cast(value: &Value, kind: SqlType) -> Result<Value, SqlError> {
    let converted = convert(value, kind)?;
    if let (Value::Text(text), Some(max)) = (&converted, kind.max_chars())
        && text.len() > max
    {
        return Ok(Value::Text(shorten(text, max)));
    }
    Ok(converted)
}

fn shorten(text: &str, max: usize) -> String {
    text.chars().take(max).collect()
}

fn convert(value: &Value, kind: SqlType) -> Result<Value, SqlError> {
    if value.is_null() {
        return Ok(Value::Null);
    }
    match kind.family() {
        Family::Int => integer(value, kind),
        Family::Numeric => numeric(value, kind),
        Family::Float => float(value),
        Family::Text => Ok(Value::Text(text(value, kind))),
        Family::Guid => guid(value),
        Family::Time => time(value, kind),
        Family::Binary => Ok(value.text().map_or_else(
            || value.clone(),
            |text| Value::Bytes(text.as_bytes().to_vec()),
        )),
    }
}

fn integer(value: &Value, kind: SqlType) -> Result<Value, SqlError> {
    let number = match value {
        Value::Int(number) => Some(i128::from(*number)),
        // Integers are made by cutting the fraction off, unlike decimals, which round.
        Value::Numeric(number) => Some(number.units / 10_i128.pow(u32::from(number.scale))),
        #[expect(
            clippy::cast_possible_truncation,
            reason = "a float outside the range fails the range check below"
        )]
        Value::Float(number) => Some(*number as i128),
        Value::Text(text) if text.trim().is_empty() => Some(0),
        Value::Text(text) if kind == SqlType::Bit && text.trim().eq_ignore_ascii_case("true") => {
            Some(1)
        }
        Value::Text(text) if kind == SqlType::Bit && text.trim().eq_ignore_ascii_case("false") => {
            Some(0)
        }
        Value::Text(text) => text.trim().parse().ok(),
        Value::Time(_) | Value::Bytes(_) | Value::Null => None,
    };
    let Some(number) = number else {
        return Err(SqlError::new(
            245,
            format!(
                "Conversion failed when converting the value {} to an integer.",
                shown(value)
            ),
        ));
    };
    if kind == SqlType::Bit {
        return Ok(Value::Int(i64::from(number != 0)));
    }
    let range = if kind == SqlType::TinyInt {
        0..=255
    } else if kind == SqlType::SmallInt {
        i128::from(i16::MIN)..=i128::from(i16::MAX)
    } else if kind == SqlType::Int {
        i128::from(i32::MIN)..=i128::from(i32::MAX)
    } else {
        i128::from(i64::MIN)..=i128::from(i64::MAX)
    };
    if !range.contains(&number) {
        return Err(SqlError::new(
            8115,
            "Arithmetic overflow error converting expression to an integer type.",
        ));
    }
    Ok(Value::Int(i64::try_from(number).unwrap_or_default()))
}

fn numeric(value: &Value, kind: SqlType) -> Result<Value, SqlError> {
    let (precision, scale) = if let SqlType::Numeric(precision, scale) = kind {
        (precision, scale)
    } else {
        (19, 4)
    };
    let number = match value {
        Value::Int(number) => Some(Numeric {
            units: i128::from(*number),
            scale: 0,
        }),
        Value::Numeric(number) => Some(*number),
        Value::Float(number) => Numeric::parse(&format!("{number:.10}")),
        Value::Text(text) => Numeric::parse(text),
        Value::Time(_) | Value::Bytes(_) | Value::Null => None,
    };
    let Some(number) = number else {
        return Err(SqlError::new(
            8114,
            format!("Error converting the value {} to numeric.", shown(value)),
        ));
    };
    let scaled = number.rescale(scale);
    if scaled.units.unsigned_abs() >= 10_u128.pow(u32::from(precision.min(38))) {
        return Err(SqlError::new(
            8115,
            "Arithmetic overflow error converting numeric to data type numeric.",
        ));
    }
    Ok(Value::Numeric(scaled))
}

#[expect(
    clippy::cast_precision_loss,
    reason = "float columns hold binary floats by definition; GP has none"
)]
fn float(value: &Value) -> Result<Value, SqlError> {
    let number = match value {
        Value::Float(number) => Some(*number),
        Value::Int(number) => Some(*number as f64),
        Value::Numeric(number) => number.to_string().parse().ok(),
        Value::Text(text) => text.trim().parse().ok(),
        Value::Time(_) | Value::Bytes(_) | Value::Null => None,
    };
    number
        .map(Value::Float)
        .ok_or_else(|| SqlError::new(8114, "Error converting data type to float."))
}

fn text(value: &Value, kind: SqlType) -> String {
    if let Value::Text(text) = value
        && (kind.unicode() || text.is_ascii())
    {
        let kept = if kind.padded() {
            text.trim_end_matches(' ')
        } else {
            text
        };
        return kept.to_owned();
    }
    let text = match value {
        Value::Text(text) => text.clone(),
        Value::Int(number) => number.to_string(),
        Value::Numeric(number) => number.to_string(),
        Value::Float(number) => number.to_string(),
        Value::Time(ticks) => time_text(*ticks),
        Value::Bytes(raw) => codepage::decode(raw),
        Value::Null => String::new(),
    };
    let text = if kind.unicode() {
        text
    } else {
        codepage::lossy(&text)
    };
    if kind.padded() {
        text.trim_end_matches(' ').to_owned()
    } else {
        text
    }
}

fn guid(value: &Value) -> Result<Value, SqlError> {
    let parsed = value
        .text()
        .and_then(|text| uuid::Uuid::parse_str(text.trim()).ok());
    parsed
        .map(|guid| Value::Text(guid.hyphenated().to_string().to_ascii_uppercase()))
        .ok_or_else(|| {
            SqlError::new(
                8169,
                "Conversion failed when converting from a character string to uniqueidentifier.",
            )
        })
}

fn time(value: &Value, kind: SqlType) -> Result<Value, SqlError> {
    let ticks = match value {
        Value::Time(ticks) => Some(*ticks),
        Value::Text(text) => parse_time(text),
        Value::Int(days) => days.checked_mul(super::value::DAY),
        Value::Numeric(_) | Value::Float(_) | Value::Bytes(_) | Value::Null => None,
    };
    let Some(ticks) = ticks else {
        return Err(SqlError::new(
            241,
            format!(
                "Conversion failed when converting {} to date and/or time.",
                shown(value)
            ),
        ));
    };
    Ok(Value::Time(if kind == SqlType::DateTime {
        datetime_grid(ticks)
    } else if kind == SqlType::SmallDateTime {
        (ticks + 300_000_000).div_euclid(600_000_000) * 600_000_000
    } else if kind == SqlType::Date {
        ticks.div_euclid(super::value::DAY) * super::value::DAY
    } else if matches!(kind, SqlType::Time(_)) {
        ticks.rem_euclid(super::value::DAY)
    } else {
        ticks
    }))
}

fn shown(value: &Value) -> String {
    format!("'{}'", text(value, SqlType::NVarChar(None)))
}

#[cfg(test)]
mod tests {
    use super::{assign, cast};
    use crate::sandbox::gp::value::{Numeric, SqlType, Value};

    #[test]
    fn money_keeps_every_digit() {
        for text in [
            "-99999999999999.99999",
            "12345678901234.56789",
            "0.00001",
            "0",
        ] {
            let value =
                assign(&Value::Text(text.to_owned()), SqlType::Numeric(19, 5), "c").expect(text);
            let Value::Numeric(number) = value else {
                panic!("{text} became {value:?}")
            };
            assert_eq!(
                number.rescale(5),
                Numeric::parse(text).expect("a number").rescale(5)
            );
        }
        assert!(
            assign(
                &Value::Text("100000000000000".to_owned()),
                SqlType::Numeric(19, 5),
                "c"
            )
            .is_err()
        );
    }

    #[test]
    fn long_text_is_refused_by_assignment_and_cut_by_cast() {
        let long = Value::Text("abcdef".to_owned());
        assert_eq!(
            assign(&long, SqlType::Char(3), "c").map_err(|error| error.number),
            Err(2628)
        );
        assert_eq!(
            cast(&long, SqlType::Char(3)),
            Ok(Value::Text("abc".to_owned()))
        );
        let padded = Value::Text("ab      ".to_owned());
        assert_eq!(
            assign(&padded, SqlType::Char(3), "c"),
            Ok(Value::Text("ab".to_owned()))
        );
    }
}
