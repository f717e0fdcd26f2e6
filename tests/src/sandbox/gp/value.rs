//! Values and SQL types as the sandbox knows them, exact for money and times.

use std::fmt;

use jiff::civil;
use rust_decimal::Decimal;

/// Ticks of 100 nanoseconds in one day.
pub const DAY: i64 = 864_000_000_000;

/// One SQL value; times are ticks of 100 ns since 1900-01-01 00:00, GP's empty date.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// SQL NULL.
    Null,
    /// All integer types and bit.
    Int(i64),
    /// Exact decimals and money.
    Numeric(Numeric),
    /// Binary floats.
    Float(f64),
    /// All character types and uniqueidentifier.
    Text(String),
    /// Binary types.
    Bytes(Vec<u8>),
    /// All date and time types.
    Time(i64),
}

/// An exact decimal: `units` divided by ten to the power of `scale`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Numeric {
    /// The digits as one integer.
    pub units: i128,
    /// The number of digits after the point.
    pub scale: u8,
}

impl Numeric {
    /// Moves the number to another scale, rounding half away from zero as SQL Server does.
    #[must_use]
    pub fn rescale(self, scale: u8) -> Numeric {
        Numeric {
            units: rescale(self.units, self.scale, scale),
            scale,
        }
    }

    /// Reads decimal text such as `-12.50`; exponents are refused.
    pub fn parse(text: &str) -> Option<Numeric> {
        let text = text.trim();
        let (negative, digits) = match text.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, text.strip_prefix('+').unwrap_or(text)),
        };
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
        if whole.is_empty() && fraction.is_empty() {
            return None;
        }
        let all = format!("{whole}{fraction}");
        if !all.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        let units: i128 = all.parse().ok()?;
        let scale = u8::try_from(fraction.len()).ok()?;
        Some(Numeric {
            units: if negative { -units } else { units },
            scale,
        })
    }

    /// The number as the decimal type procedures count with.
    pub fn decimal(self) -> Decimal {
        Decimal::try_from_i128_with_scale(self.units, u32::from(self.scale)).unwrap_or_default()
    }
}

impl From<Decimal> for Numeric {
    fn from(value: Decimal) -> Self {
        let scale = u8::try_from(value.scale()).unwrap_or_default();
        Numeric {
            units: value.mantissa(),
            scale,
        }
    }
}

impl fmt::Display for Numeric {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digits = format!(
            "{:0>width$}",
            self.units.unsigned_abs(),
            width = usize::from(self.scale) + 1
        );
        let (whole, fraction) = digits.split_at(digits.len() - usize::from(self.scale));
        let sign = if self.units < 0 { "-" } else { "" };
        if fraction.is_empty() {
            write!(f, "{sign}{whole}")
        } else {
            write!(f, "{sign}{whole}.{fraction}")
        }
    }
}

/// Moves integer units from one decimal scale to another, rounding half away from zero.
pub fn rescale(units: i128, from: u8, to: u8) -> i128 {
    if to >= from {
        return units.saturating_mul(10_i128.pow(u32::from(to - from)));
    }
    let divisor = 10_i128.pow(u32::from(from - to));
    let half = divisor / 2;
    (units + if units < 0 { -half } else { half }) / divisor
}

impl Value {
    /// The text inside, if it is text.
    pub fn text(&self) -> Option<&str> {
        if let Value::Text(text) = self {
            Some(text)
        } else {
            None
        }
    }

    /// The integer inside; numerics without a fraction and digit strings count too.
    pub fn int(&self) -> Option<i64> {
        match self {
            Value::Int(value) => Some(*value),
            Value::Numeric(value) => i64::try_from(value.rescale(0).units).ok(),
            Value::Text(text) => text.trim().parse().ok(),
            Value::Null | Value::Float(_) | Value::Bytes(_) | Value::Time(_) => None,
        }
    }

    /// Whether this is SQL NULL.
    pub fn is_null(&self) -> bool {
        matches!(self, Value::Null)
    }
}

/// A declared length; `None` stands for `max`.
pub type Length = Option<u16>;

/// A SQL Server data type.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SqlType {
    Bit,
    TinyInt,
    SmallInt,
    Int,
    BigInt,
    Numeric(u8, u8),
    Money,
    SmallMoney,
    Real,
    Float,
    Char(u16),
    VarChar(Length),
    NChar(u16),
    NVarChar(Length),
    Text,
    NText,
    Binary(u16),
    VarBinary(Length),
    Image,
    Guid,
    Date,
    Time(u8),
    DateTime,
    SmallDateTime,
    DateTime2(u8),
    DateTimeOffset(u8),
}

/// The families whose members compare with each other directly, lowest precedence first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Family {
    Binary,
    Text,
    Guid,
    Int,
    Numeric,
    Float,
    Time,
}

impl SqlType {
    /// The family the type belongs to.
    pub fn family(self) -> Family {
        match self {
            SqlType::Bit
            | SqlType::TinyInt
            | SqlType::SmallInt
            | SqlType::Int
            | SqlType::BigInt => Family::Int,
            SqlType::Numeric(..) | SqlType::Money | SqlType::SmallMoney => Family::Numeric,
            SqlType::Real | SqlType::Float => Family::Float,
            SqlType::Char(_)
            | SqlType::VarChar(_)
            | SqlType::NChar(_)
            | SqlType::NVarChar(_)
            | SqlType::Text
            | SqlType::NText => Family::Text,
            SqlType::Binary(_) | SqlType::VarBinary(_) | SqlType::Image => Family::Binary,
            SqlType::Guid => Family::Guid,
            SqlType::Date
            | SqlType::Time(_)
            | SqlType::DateTime
            | SqlType::SmallDateTime
            | SqlType::DateTime2(_)
            | SqlType::DateTimeOffset(_) => Family::Time,
        }
    }

    /// The decimal scale of numeric types, 0 for integers.
    pub fn scale(self) -> u8 {
        match self {
            SqlType::Numeric(_, scale) => scale,
            SqlType::Money | SqlType::SmallMoney => 4,
            SqlType::DateTime => 3,
            SqlType::Time(scale) | SqlType::DateTime2(scale) | SqlType::DateTimeOffset(scale) => {
                scale
            }
            SqlType::Bit
            | SqlType::TinyInt
            | SqlType::SmallInt
            | SqlType::Int
            | SqlType::BigInt
            | SqlType::Real
            | SqlType::Float
            | SqlType::Char(_)
            | SqlType::VarChar(_)
            | SqlType::NChar(_)
            | SqlType::NVarChar(_)
            | SqlType::Text
            | SqlType::NText
            | SqlType::Binary(_)
            | SqlType::VarBinary(_)
            | SqlType::Image
            | SqlType::Guid
            | SqlType::Date
            | SqlType::SmallDateTime => 0,
        }
    }

    /// The longest text in characters, where the type has a limit.
    pub fn max_chars(self) -> Option<usize> {
        if let SqlType::Char(n)
        | SqlType::NChar(n)
        | SqlType::VarChar(Some(n))
        | SqlType::NVarChar(Some(n)) = self
        {
            return Some(usize::from(n));
        }
        None
    }

    /// Whether values are blank padded on the wire.
    pub fn padded(self) -> bool {
        matches!(self, SqlType::Char(_) | SqlType::NChar(_))
    }

    /// Whether the text is Unicode; the other text types hold code page 1252 only.
    pub fn unicode(self) -> bool {
        matches!(
            self,
            SqlType::NChar(_) | SqlType::NVarChar(_) | SqlType::NText
        )
    }

    /// Reads a type as catalogues and declarations write it, such as `numeric(19,5)`.
    pub fn parse(text: &str) -> Option<SqlType> {
        let text = text.trim().to_ascii_lowercase();
        let (name, arguments) = match text.split_once('(') {
            Some((name, rest)) => (
                name.trim(),
                rest.split(')').next().unwrap_or_default().to_owned(),
            ),
            None => (
                text.split_whitespace().next().unwrap_or_default(),
                String::new(),
            ),
        };
        let mut numbers = arguments
            .split(',')
            .map(|part| part.trim().parse::<u16>().ok());
        let first = numbers.next().flatten();
        let second = numbers.next().flatten();
        let length = if arguments.trim() == "max" {
            None
        } else {
            Some(first.unwrap_or(1))
        };
        let narrow = |value: Option<u16>, default: u8| {
            value.and_then(|v| u8::try_from(v).ok()).unwrap_or(default)
        };
        Some(match name {
            "bit" => SqlType::Bit,
            "tinyint" => SqlType::TinyInt,
            "smallint" => SqlType::SmallInt,
            "int" | "integer" => SqlType::Int,
            "bigint" => SqlType::BigInt,
            "numeric" | "decimal" | "dec" => SqlType::Numeric(narrow(first, 18), narrow(second, 0)),
            "money" => SqlType::Money,
            "smallmoney" => SqlType::SmallMoney,
            "real" => SqlType::Real,
            "float" => SqlType::Float,
            "char" | "character" => SqlType::Char(first.unwrap_or(1)),
            "nchar" => SqlType::NChar(first.unwrap_or(1)),
            "varchar" => SqlType::VarChar(length),
            "nvarchar" => SqlType::NVarChar(length),
            "sysname" => SqlType::NVarChar(Some(128)),
            "text" => SqlType::Text,
            "ntext" => SqlType::NText,
            "binary" => SqlType::Binary(first.unwrap_or(1)),
            "varbinary" => SqlType::VarBinary(length),
            "image" => SqlType::Image,
            "uniqueidentifier" => SqlType::Guid,
            "date" => SqlType::Date,
            "time" => SqlType::Time(narrow(first, 7)),
            "datetime" => SqlType::DateTime,
            "smalldatetime" => SqlType::SmallDateTime,
            "datetime2" => SqlType::DateTime2(narrow(first, 7)),
            "datetimeoffset" => SqlType::DateTimeOffset(narrow(first, 7)),
            _ => return None,
        })
    }
}

/// Converts a calendar moment to ticks since 1900-01-01.
pub fn ticks(moment: civil::DateTime) -> i64 {
    let span = moment.duration_since(civil::date(1900, 1, 1).at(0, 0, 0, 0));
    span.as_secs() * 10_000_000 + i64::from(span.subsec_nanos()) / 100
}

/// Converts ticks since 1900-01-01 to a calendar moment.
pub fn moment(ticks: i64) -> civil::DateTime {
    let seconds = ticks.div_euclid(10_000_000);
    let nanos = i32::try_from(ticks.rem_euclid(10_000_000) * 100).unwrap_or_default();
    let span = jiff::SignedDuration::new(seconds, nanos);
    civil::date(1900, 1, 1).at(0, 0, 0, 0).saturating_add(span)
}

/// Rounds ticks to the 1/300 second grid of `datetime`.
pub fn datetime_grid(ticks: i64) -> i64 {
    let day = ticks.div_euclid(DAY);
    day * DAY + from_300ths(to_300ths(ticks.rem_euclid(DAY)))
}

/// Ticks within a day as 1/300 seconds.
pub fn to_300ths(ticks: i64) -> i64 {
    (ticks * 3 + 50_000) / 100_000
}

/// 1/300 seconds as ticks.
pub fn from_300ths(units: i64) -> i64 {
    (units * 100_000 + 1) / 3
}

/// Reads the date and time texts SQL Server clients send (ISO forms and `yyyymmdd`).
pub fn parse_time(text: &str) -> Option<i64> {
    let text = text.trim().trim_end_matches('Z');
    if text.is_empty() {
        return Some(0);
    }
    if text.len() == 8 && text.bytes().all(|byte| byte.is_ascii_digit()) {
        let iso = format!("{}-{}-{}", &text[..4], &text[4..6], &text[6..]);
        return iso
            .parse::<civil::Date>()
            .ok()
            .map(|date| ticks(date.at(0, 0, 0, 0)));
    }
    if let Ok(moment) = text.replacen(' ', "T", 1).parse::<civil::DateTime>() {
        return Some(ticks(moment));
    }
    if let Some(date) = us_date(text) {
        return Some(ticks(date.at(0, 0, 0, 0)));
    }
    text.parse::<civil::Date>()
        .ok()
        .map(|date| ticks(date.at(0, 0, 0, 0)))
}

fn us_date(text: &str) -> Option<civil::Date> {
    let mut parts = text.split('/');
    let month = parts.next()?.parse().ok()?;
    let day = parts.next()?.parse().ok()?;
    let year = parts.next()?.parse().ok()?;
    civil::Date::new(year, month, day).ok()
}

/// Writes ticks as ISO text, the way a `datetime` prints with style 121.
pub fn time_text(ticks: i64) -> String {
    moment(ticks).strftime("%Y-%m-%d %H:%M:%S%.3f").to_string()
}
