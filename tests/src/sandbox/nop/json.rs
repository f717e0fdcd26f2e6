//! Writes values the way nopCommerce's plugins do: four decimals, times without a zone.

use jiff::Timestamp;
use rust_decimal::Decimal;
use serde_json::{Map, Number, Value};

/// Writes an amount as a number with four decimals.
pub(crate) fn amount(value: Decimal) -> Value {
    let text = format!("{value:.4}");
    text.parse::<Number>().map_or(Value::Null, Value::Number)
}

pub(crate) fn optional_amount(value: Option<Decimal>) -> Value {
    value.map_or(Value::Null, amount)
}

/// Writes a time as text with seven decimals and no zone; it means UTC.
pub(crate) fn time(value: Timestamp) -> Value {
    Value::String(value.strftime("%Y-%m-%dT%H:%M:%S%.7f").to_string())
}

pub(crate) fn optional_time(value: Option<Timestamp>) -> Value {
    value.map_or(Value::Null, time)
}

/// Reads a time with or without a zone; without one it is UTC.
pub(crate) fn parse_time(text: &str) -> Option<Timestamp> {
    // In a query a plus sign that was not escaped arrives as a blank.
    let text = text.trim().replace(' ', "+");
    if let Ok(time) = text.parse::<Timestamp>() {
        return Some(time);
    }
    let civil = text
        .parse::<jiff::civil::DateTime>()
        .or_else(|_| text.replace('+', "T").parse::<jiff::civil::DateTime>())
        .ok()?;
    civil
        .to_zoned(jiff::tz::TimeZone::UTC)
        .ok()
        .map(|zoned| zoned.timestamp())
}

/// A record whose fields and their order come from a template.
#[derive(Clone, Debug)]
pub(crate) struct Record(Map<String, Value>);

impl Record {
    /// Takes a template of this crate, which is an object.
    pub(crate) fn template(text: &str) -> Self {
        let fields = serde_json::from_str(text).expect("a template of this crate is an object");
        Self(fields)
    }

    /// Sets a field the template has.
    pub(crate) fn set(&mut self, field: &str, value: impl Into<Value>) -> &mut Self {
        let slot = self.0.get_mut(field);
        debug_assert!(slot.is_some(), "the template has no field {field}");
        if let Some(slot) = slot {
            *slot = value.into();
        }
        self
    }

    pub(crate) fn into_value(self) -> Value {
        Value::Object(self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::{amount, parse_time};
    use rust_decimal::Decimal;

    #[test]
    fn amounts_keep_four_decimals() {
        assert_eq!(amount(Decimal::new(2165, 1)).to_string(), "216.5000");
        assert_eq!(amount(Decimal::ZERO).to_string(), "0.0000");
    }

    #[test]
    fn times_are_read_with_and_without_a_zone() {
        let expected = parse_time("2025-03-04T15:18:22.727Z");
        assert!(expected.is_some());
        assert_eq!(parse_time("2025-03-04T15:18:22.7270000"), expected);
        assert_eq!(parse_time("2025-03-04 15:18:22.727"), expected);
        assert_eq!(parse_time("2025-03-04T17:18:22.727 02:00"), expected);
        assert_eq!(parse_time("yesterday"), None);
    }
}
