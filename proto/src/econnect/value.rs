//! SQL types of elements, and whether a text is a value of one.

use rust_decimal::Decimal;
use thiserror::Error;

/// The SQL type of an element's parameter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SqlType {
    /// `char(n)`: blank padded, in the server's code page.
    Char(u16),
    /// `varchar(n)`, in the server's code page.
    Varchar(u16),
    /// Text without a limit.
    Text,
    /// 0 to 255.
    Tinyint,
    /// 16 bits.
    Smallint,
    /// 32 bits.
    Int,
    /// 64 bits.
    Bigint,
    /// An exact decimal.
    Numeric {
        /// All digits.
        precision: u8,
        /// Digits after the point.
        scale: u8,
    },
    /// A date with a time of day; GP uses midnight for dates and 1900-01-01 for none.
    Datetime,
    /// Characters whose length no source confirms.
    UnconfirmedText,
    /// An integer that is `smallint` or `tinyint`; no source confirms which.
    UnconfirmedInteger,
}

/// Why a text is not a value of a SQL type.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum ValueError {
    /// More characters than the parameter holds; it would be cut without a word.
    #[error("{length} characters, at most {limit} fit")]
    TooLong {
        /// Characters given.
        length: usize,
        /// Characters that fit.
        limit: usize,
    },
    /// A character that Windows code page 1252 does not have.
    #[error("the character U+{:04X} does not exist in code page 1252", u32::from(*character))]
    NotInCodePage {
        /// The first such character.
        character: char,
    },
    /// Not a whole number in plain digits.
    #[error("not a whole number")]
    NotInteger,
    /// A whole number outside the type's range.
    #[error("outside {minimum} to {maximum}")]
    OutOfRange {
        /// The smallest value.
        minimum: i64,
        /// The largest value.
        maximum: i64,
    },
    /// Not a decimal number in plain digits with a point.
    #[error("not a decimal number")]
    NotDecimal,
    /// More digits before the point than the type holds.
    #[error("{digits} digits before the point, at most {limit} fit")]
    TooManyDigits {
        /// Digits given, without leading zeros.
        digits: usize,
        /// Digits that fit.
        limit: usize,
    },
    /// More decimals than the type keeps; the rest would be rounded away.
    #[error("{decimals} decimals, at most {limit} are kept")]
    TooManyDecimals {
        /// Decimals given, without trailing zeros.
        decimals: usize,
        /// Decimals that are kept.
        limit: usize,
    },
    /// Not a date as `2025-03-04`, or with a time as `2025-03-04T15:18:22`.
    #[error("not a date as 2025-03-04 or 2025-03-04T15:18:22.727")]
    NotDate,
}

impl SqlType {
    /// Checks that a text is a value of this type without anything lost.
    pub fn check(self, text: &str) -> Result<(), ValueError> {
        match self {
            Self::Char(limit) | Self::Varchar(limit) => check_text(text, Some(limit)),
            Self::Text | Self::UnconfirmedText => check_text(text, None),
            Self::Tinyint => check_integer(text, 0, i64::from(u8::MAX)),
            Self::Smallint | Self::UnconfirmedInteger => {
                check_integer(text, i64::from(i16::MIN), i64::from(i16::MAX))
            }
            Self::Int => check_integer(text, i64::from(i32::MIN), i64::from(i32::MAX)),
            Self::Bigint => check_integer(text, i64::MIN, i64::MAX),
            Self::Numeric { precision, scale } => {
                Numeric { precision, scale }.parse(text).map(|_| ())
            }
            Self::Datetime => check_datetime(text),
        }
    }

    /// Tells whether values are dates.
    pub fn is_date(self) -> bool {
        self == Self::Datetime
    }

    /// Tells whether values are characters.
    pub fn is_text(self) -> bool {
        match self {
            Self::Char(_) | Self::Varchar(_) | Self::Text | Self::UnconfirmedText => true,
            Self::Tinyint
            | Self::Smallint
            | Self::Int
            | Self::Bigint
            | Self::Numeric { .. }
            | Self::Datetime
            | Self::UnconfirmedInteger => false,
        }
    }
}

/// The shape of an exact SQL decimal: at most `precision` digits, `scale` of them after the point.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Numeric {
    /// All digits.
    pub precision: u8,
    /// Digits after the point.
    pub scale: u8,
}

impl Numeric {
    /// `numeric(19,5)`, the type of GP's money and quantities.
    pub const MONEY: Self = Self {
        precision: 19,
        scale: 5,
    };

    /// Reads a decimal that fits without loss: a sign, digits, a point, digits; nothing else.
    pub fn parse(self, text: &str) -> Result<Decimal, ValueError> {
        let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
        let (whole, decimals) = unsigned.split_once('.').unwrap_or((unsigned, ""));
        let digits = whole.bytes().chain(decimals.bytes());
        if whole.is_empty() && decimals.is_empty() || !digits.clone().all(|b| b.is_ascii_digit()) {
            return Err(ValueError::NotDecimal);
        }
        let limit = usize::from(self.precision.saturating_sub(self.scale));
        let whole = whole.trim_start_matches('0');
        if whole.len() > limit {
            return Err(ValueError::TooManyDigits {
                digits: whole.len(),
                limit,
            });
        }
        let limit = usize::from(self.scale);
        let decimals = decimals.trim_end_matches('0');
        if decimals.len() > limit {
            return Err(ValueError::TooManyDecimals {
                decimals: decimals.len(),
                limit,
            });
        }
        let sign = if text.starts_with('-') { "-" } else { "" };
        let plain = format!("{sign}0{whole}.{decimals}0");
        let number = plain
            .parse::<Decimal>()
            .map_err(|_| ValueError::NotDecimal)?;
        Ok(number.normalize())
    }
}

/// Checks that every character exists in Windows code page 1252; gives the first that does not.
///
/// Tab, line feed and carriage return count as existing, other control characters do not.
pub fn fits_code_page(text: &str) -> Result<(), char> {
    // Most texts have no other characters, and bytes are quicker gone through.
    let plain = |byte: u8| matches!(byte, b' '..=b'~' | b'\t' | b'\n' | b'\r');
    if text.bytes().all(plain) {
        return Ok(());
    }
    match text.chars().find(|character| !in_code_page(*character)) {
        Some(character) => Err(character),
        None => Ok(()),
    }
}

fn in_code_page(character: char) -> bool {
    /// What code page 1252 has between 0x80 and 0x9F.
    const EXTRA: &str = "€‚ƒ„…†‡ˆ‰Š‹ŒŽ‘’“”•–—˜™š›œžŸ";
    match character {
        '\t' | '\n' | '\r' | ' '..='~' | '\u{A0}'..='\u{FF}' => true,
        other => EXTRA.contains(other),
    }
}

fn check_text(text: &str, limit: Option<u16>) -> Result<(), ValueError> {
    fits_code_page(text).map_err(|character| ValueError::NotInCodePage { character })?;
    let length = text.chars().count();
    match limit.map(usize::from) {
        Some(limit) if length > limit => Err(ValueError::TooLong { length, limit }),
        Some(_) | None => Ok(()),
    }
}

fn check_integer(text: &str, minimum: i64, maximum: i64) -> Result<(), ValueError> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(ValueError::NotInteger);
    }
    // Only overflow is left to fail.
    match text.parse::<i64>() {
        Ok(number) if (minimum..=maximum).contains(&number) => Ok(()),
        Ok(_) | Err(_) => Err(ValueError::OutOfRange { minimum, maximum }),
    }
}

/// Accepts `2025-03-04`, and with a time 19 to 23 characters: `2025-03-04T15:18:22.727`.
fn check_datetime(text: &str) -> Result<(), ValueError> {
    let (date, time) = match text.split_once(['T', ' ']) {
        Some((date, time)) => (date, Some(time)),
        None => (text, None),
    };
    if is_date(date) && time.is_none_or(is_time) {
        Ok(())
    } else {
        Err(ValueError::NotDate)
    }
}

/// SQL Server's `datetime` begins in 1753.
fn is_date(text: &str) -> bool {
    let mut parts = text.split('-');
    let (Some(year), Some(month), Some(day), None) =
        (parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return false;
    };
    let (Some(year), Some(month), Some(day)) = (number(year, 4), number(month, 2), number(day, 2))
    else {
        return false;
    };
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let days = match month {
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        4 | 6 | 9 | 11 => 30,
        2 if leap => 29,
        2 => 28,
        _ => 0,
    };
    year >= 1753 && (1..=days).contains(&day)
}

fn is_time(text: &str) -> bool {
    let (clock, fraction) = match text.split_once('.') {
        Some((clock, fraction)) => (clock, Some(fraction)),
        None => (text, None),
    };
    let mut parts = clock.split(':');
    let (Some(hour), Some(minute), Some(second), None) =
        (parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return false;
    };
    number(hour, 2).is_some_and(|hour| hour < 24)
        && number(minute, 2).is_some_and(|minute| minute < 60)
        && number(second, 2).is_some_and(|second| second < 60)
        && fraction.is_none_or(|digits| (1..=3).any(|length| number(digits, length).is_some()))
}

/// Reads exactly `length` digits.
fn number(text: &str, length: usize) -> Option<u16> {
    let digits = text.len() == length && text.bytes().all(|byte| byte.is_ascii_digit());
    if digits { text.parse().ok() } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn money_fits_without_loss_or_is_refused() {
        let money = Numeric::MONEY;
        for text in [
            "0",
            "-0",
            "1.50000",
            "99999999999999.99999",
            "-.5",
            "5.",
            "000001",
            "+1.2",
        ] {
            assert!(money.parse(text).is_ok(), "{text}");
        }
        assert_eq!(money.parse("1.10000000").unwrap().to_string(), "1.1");
        assert_eq!(
            money.parse("-12345678901234.00001").unwrap().to_string(),
            "-12345678901234.00001"
        );
        let long = ValueError::TooManyDigits {
            digits: 15,
            limit: 14,
        };
        assert_eq!(money.parse("100000000000000"), Err(long));
        let fine = ValueError::TooManyDecimals {
            decimals: 6,
            limit: 5,
        };
        assert_eq!(money.parse("0.000001"), Err(fine));
        for text in [
            "", "-", ".", "1,000", "1e3", " 1", "1_0", "--1", "NaN", "0x1", "1.2.3", "١",
        ] {
            assert_eq!(money.parse(text), Err(ValueError::NotDecimal), "{text:?}");
        }
    }

    #[test]
    fn integers_stay_in_range() {
        for (kind, text) in [
            (SqlType::Tinyint, "255"),
            (SqlType::Smallint, "-32768"),
            (SqlType::Int, "2147483647"),
            (SqlType::Bigint, "-9223372036854775808"),
            (SqlType::UnconfirmedInteger, "1"),
        ] {
            assert_eq!(kind.check(text), Ok(()), "{text}");
        }
        let range = ValueError::OutOfRange {
            minimum: 0,
            maximum: 255,
        };
        assert_eq!(SqlType::Tinyint.check("256"), Err(range));
        assert_eq!(SqlType::Tinyint.check("-1"), Err(range));
        for text in ["", "-", "1.0", "+1", " 1", "99999999999999999999x"] {
            assert_eq!(
                SqlType::Int.check(text),
                Err(ValueError::NotInteger),
                "{text:?}"
            );
        }
        let huge = "9".repeat(1000);
        assert!(matches!(
            SqlType::Int.check(&huge),
            Err(ValueError::OutOfRange { .. })
        ));
    }

    #[test]
    fn dates_are_iso() {
        for text in [
            "2025-03-04",
            "2024-02-29",
            "1900-01-01T00:00:00",
            "2025-03-04 15:18:22.7",
            "2025-03-04T23:59:59.997",
            "9999-12-31",
        ] {
            assert_eq!(SqlType::Datetime.check(text), Ok(()), "{text}");
        }
        for text in [
            "",
            "3/4/2025",
            "2025-3-4",
            "2025-02-29",
            "1752-12-31",
            "2025-13-01",
            "2025-00-10",
            "2025-03-04T",
            "2025-03-04T24:00:00",
            "2025-03-04T10:00",
            "2025-03-04T10:00:00.",
            "2025-03-04T10:00:00.1234",
            "2025-03-04T10:00:00Z",
            "2025-03-04-05",
            "+025-03-04",
        ] {
            assert_eq!(
                SqlType::Datetime.check(text),
                Err(ValueError::NotDate),
                "{text}"
            );
        }
    }

    #[test]
    fn texts_fit_length_and_code_page() {
        assert_eq!(SqlType::Char(3).check("äß€"), Ok(()));
        let long = ValueError::TooLong {
            length: 4,
            limit: 3,
        };
        assert_eq!(SqlType::Char(3).check("äß€x"), Err(long));
        assert_eq!(fits_code_page("Straße – “Łódź”"), Err('Ł'));
        assert_eq!(fits_code_page("\u{81}"), Err('\u{81}'));
        assert_eq!(fits_code_page("a\u{7}b"), Err('\u{7}'));
        assert_eq!(fits_code_page("one\r\n\ttwo"), Ok(()));
        assert_eq!(SqlType::Text.check(&"x".repeat(100_000)), Ok(()));
    }
}
