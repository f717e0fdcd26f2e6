//! Turns the text of an eConnect element into a typed parameter, exactly or not at all.

use connect_proto::econnect::Value;
use rust_decimal::Decimal;
use time::{Date, Month, PrimitiveDateTime, Time};

/// A value as SQL Server gets it.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum SqlValue {
    Null,
    Text(String),
    TinyInt(u8),
    SmallInt(i16),
    Int(i32),
    BigInt(i64),
    Bit(bool),
    Numeric(Decimal),
    DateTime(PrimitiveDateTime),
}

impl From<&str> for SqlValue {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

/// The type of a procedure's parameter on the live server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum ParameterType {
    /// At most so many characters; `None` has no limit.
    Text(Option<usize>),
    TinyInt,
    SmallInt,
    Int,
    BigInt,
    Bit,
    Numeric {
        precision: u32,
        scale: u32,
    },
    DateTime,
    Other(String),
}

/// Why a value does not fit its parameter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Misfit {
    TooLong { length: usize, limit: usize },
    NotA(&'static str),
    OutOfRange,
    UnknownType(String),
}

impl ParameterType {
    /// Reads the type from `sys.all_parameters`; `max_length` counts bytes there.
    pub(super) fn from_server(name: &str, max_length: i64, precision: i64, scale: i64) -> Self {
        let characters = |bytes_each| match usize::try_from(max_length) {
            Ok(bytes) if max_length > 0 => Some(bytes / bytes_each),
            _ => None,
        };
        let digits = |n: i64| u32::try_from(n).unwrap_or_default();
        match name.to_ascii_lowercase().as_str() {
            "char" | "varchar" => Self::Text(characters(1)),
            "nchar" | "nvarchar" => Self::Text(characters(2)),
            "text" | "ntext" => Self::Text(None),
            "tinyint" => Self::TinyInt,
            "smallint" => Self::SmallInt,
            "int" => Self::Int,
            "bigint" => Self::BigInt,
            "bit" => Self::Bit,
            "numeric" | "decimal" => Self::Numeric {
                precision: digits(precision),
                scale: digits(scale),
            },
            "money" => Self::Numeric {
                precision: 19,
                scale: 4,
            },
            "datetime" | "smalldatetime" | "date" | "datetime2" => Self::DateTime,
            other => Self::Other(other.to_owned()),
        }
    }

    /// The parameter for an element: empty is the type's zero, nil is NULL.
    pub(super) fn bind(&self, value: &Value) -> Result<SqlValue, Misfit> {
        match value {
            Value::Nil => Ok(SqlValue::Null),
            Value::Empty => Ok(self.zero()),
            Value::Text(text) => self.parse(text),
        }
    }

    /// What empty is to the type.
    pub(super) fn zero(&self) -> SqlValue {
        match self {
            Self::Text(_) | Self::Other(_) => SqlValue::Text(String::new()),
            Self::TinyInt => SqlValue::TinyInt(0),
            Self::SmallInt => SqlValue::SmallInt(0),
            Self::Int => SqlValue::Int(0),
            Self::BigInt => SqlValue::BigInt(0),
            Self::Bit => SqlValue::Bit(false),
            Self::Numeric { .. } => SqlValue::Numeric(Decimal::ZERO),
            Self::DateTime => SqlValue::DateTime(PrimitiveDateTime::new(NO_DATE, Time::MIDNIGHT)),
        }
    }

    fn parse(&self, text: &str) -> Result<SqlValue, Misfit> {
        let trimmed = text.trim();
        match self {
            Self::Text(limit) => {
                // GP ignores blanks at the end, so they do not count.
                let length = text.trim_end_matches(' ').chars().count();
                match limit {
                    Some(limit) if length > *limit => Err(Misfit::TooLong {
                        length,
                        limit: *limit,
                    }),
                    Some(_) | None => Ok(SqlValue::Text(text.to_owned())),
                }
            }
            Self::TinyInt => whole(trimmed).map(SqlValue::TinyInt),
            Self::SmallInt => whole(trimmed).map(SqlValue::SmallInt),
            Self::Int => whole(trimmed).map(SqlValue::Int),
            Self::BigInt => whole(trimmed).map(SqlValue::BigInt),
            Self::Bit => match trimmed {
                "0" | "false" => Ok(SqlValue::Bit(false)),
                "1" | "true" => Ok(SqlValue::Bit(true)),
                _ => Err(Misfit::NotA("0 or 1")),
            },
            Self::Numeric { precision, scale } => amount(trimmed, *precision, *scale),
            Self::DateTime => moment(trimmed).map(SqlValue::DateTime),
            Self::Other(name) => Err(Misfit::UnknownType(name.clone())),
        }
    }
}

impl std::fmt::Display for Misfit {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::TooLong { length, limit } => {
                write!(f, "has {length} characters, GP takes at most {limit}")
            }
            Self::NotA(what) => write!(f, "is not {what}"),
            Self::OutOfRange => f.write_str("is out of the range GP can hold"),
            Self::UnknownType(name) => {
                write!(f, "has the type {name}, which the agent cannot send")
            }
        }
    }
}

const NO_DATE: Date = match Date::from_calendar_date(1900, Month::January, 1) {
    Ok(date) => date,
    Err(_) => panic!("1900-01-01 is a date"),
};

fn whole<T: TryFrom<i64>>(text: &str) -> Result<T, Misfit> {
    let number: i64 = text.parse().map_err(|_| Misfit::NotA("a whole number"))?;
    T::try_from(number).map_err(|_| Misfit::OutOfRange)
}

/// Digits beyond the scale would be rounded by the server, so they are refused here.
fn amount(text: &str, precision: u32, scale: u32) -> Result<SqlValue, Misfit> {
    let plain = |c: char| c.is_ascii_digit() || matches!(c, '.' | '-' | '+');
    if !text.chars().all(plain) {
        return Err(Misfit::NotA("a decimal number"));
    }
    let number = Decimal::from_str_exact(text).map_err(|_| Misfit::NotA("a decimal number"))?;
    let number = number.normalize();
    if number.scale() > scale {
        return Err(Misfit::OutOfRange);
    }
    let whole_digits = number
        .trunc()
        .abs()
        .mantissa()
        .checked_ilog10()
        .map_or(0, |log| log + 1);
    if whole_digits > precision - scale.min(precision) {
        return Err(Misfit::OutOfRange);
    }
    Ok(SqlValue::Numeric(number))
}

fn moment(text: &str) -> Result<PrimitiveDateTime, Misfit> {
    const EXPECTED: Misfit = Misfit::NotA("a date like 2025-03-04 or 2025-03-04T15:18:22");
    let (date, time) = text.split_once(['T', ' ']).unwrap_or((text, "00:00:00"));
    let date = day(date).ok_or(EXPECTED)?;
    if !(1753..=9999).contains(&date.year()) {
        return Err(Misfit::OutOfRange);
    }
    Ok(PrimitiveDateTime::new(
        date,
        clock(time.trim_end_matches('Z')).ok_or(EXPECTED)?,
    ))
}

fn day(text: &str) -> Option<Date> {
    let mut parts = text.split('-');
    let year = parts.next().filter(|year| year.len() == 4)?.parse().ok()?;
    let month = Month::try_from(parts.next()?.parse::<u8>().ok()?).ok()?;
    let date = Date::from_calendar_date(year, month, parts.next()?.parse().ok()?).ok()?;
    parts.next().is_none().then_some(date)
}

fn clock(text: &str) -> Option<Time> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
    let mut parts = whole.split(':').map(str::parse::<u8>);
    let (hour, minute) = (parts.next()?.ok()?, parts.next()?.ok()?);
    let second = parts.next().unwrap_or(Ok(0)).ok()?;
    let digits: String = fraction.chars().chain("000".chars()).take(3).collect();
    let milli = digits.parse().ok()?;
    Time::from_hms_milli(hour, minute, second, milli)
        .ok()
        .filter(|_| parts.next().is_none())
}

#[cfg(test)]
mod tests {
    use super::*;

    const MONEY: ParameterType = ParameterType::Numeric {
        precision: 19,
        scale: 5,
    };

    fn text(text: &str) -> Value {
        Value::Text(text.to_owned())
    }

    #[test]
    fn absent_empty_and_nil_stay_apart() {
        let name = ParameterType::Text(Some(15));
        assert_eq!(name.bind(&Value::Empty), Ok(SqlValue::Text(String::new())));
        assert_eq!(name.bind(&Value::Nil), Ok(SqlValue::Null));
        assert_eq!(
            MONEY.bind(&Value::Empty),
            Ok(SqlValue::Numeric(Decimal::ZERO))
        );
    }

    #[test]
    fn amounts_are_exact_or_refused() {
        let bound = MONEY.bind(&text("53981.87000")).expect("fits");
        assert_eq!(bound, SqlValue::Numeric(Decimal::new(5_398_187, 2)));
        assert_eq!(
            MONEY.bind(&text("99999999999999.99999")).map(|_| ()),
            Ok(())
        );
        assert_eq!(
            MONEY.bind(&text("100000000000000")),
            Err(Misfit::OutOfRange)
        );
        assert_eq!(MONEY.bind(&text("0.000001")), Err(Misfit::OutOfRange));
        for wrong in ["1e3", "1,5", "", "abc", "0x1"] {
            assert!(
                matches!(MONEY.bind(&text(wrong)), Err(Misfit::NotA(_))),
                "{wrong}"
            );
        }
    }

    #[test]
    fn text_is_counted_in_characters_without_trailing_blanks() {
        let name = ParameterType::Text(Some(3));
        assert!(name.bind(&text("äöü  ")).is_ok());
        assert_eq!(
            name.bind(&text("abcd")),
            Err(Misfit::TooLong {
                length: 4,
                limit: 3
            })
        );
    }

    #[test]
    fn whole_numbers_keep_their_width() {
        assert_eq!(
            ParameterType::TinyInt.bind(&text("255")),
            Ok(SqlValue::TinyInt(255))
        );
        assert_eq!(
            ParameterType::TinyInt.bind(&text("256")),
            Err(Misfit::OutOfRange)
        );
        assert_eq!(
            ParameterType::SmallInt.bind(&text("-1")),
            Ok(SqlValue::SmallInt(-1))
        );
        assert!(matches!(
            ParameterType::Int.bind(&text("1.5")),
            Err(Misfit::NotA(_))
        ));
    }

    #[test]
    fn dates_come_as_days_or_moments() {
        let day = ParameterType::DateTime
            .bind(&text("2025-03-04"))
            .expect("date");
        let same = ParameterType::DateTime
            .bind(&text("2025-03-04T00:00:00.000Z"))
            .expect("date");
        assert_eq!(day, same);
        assert!(ParameterType::DateTime.bind(&text("2025-02-29")).is_err());
        assert!(ParameterType::DateTime.bind(&text("03/04/2025")).is_err());
        assert_eq!(
            ParameterType::DateTime.bind(&text("1752-12-31")),
            Err(Misfit::OutOfRange)
        );
    }
}
