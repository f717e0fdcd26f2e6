//! Exact values: what expressions, mappings and workflows work on.

use std::collections::BTreeMap;
use std::fmt;

use rust_decimal::Decimal;
use serde::de::Error as _;
use serde::ser::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use thiserror::Error;

/// A JSON value whose numbers are exact decimals.
///
/// Numbers go from JSON text to [`Decimal`] and back without a binary float on the way, and keep
/// their scale: `216.5000` stays `216.5000`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Value {
    /// Nothing.
    #[default]
    Null,
    /// Yes or no.
    Bool(bool),
    /// An exact number.
    Number(Decimal),
    /// Characters.
    Text(String),
    /// Values in order.
    List(Vec<Value>),
    /// Values by name.
    Map(BTreeMap<String, Value>),
}

/// Why a text is not a value.
#[derive(Debug, Error)]
pub enum ValueError {
    /// Not JSON.
    #[error("not JSON: {0}")]
    Json(#[from] serde_json::Error),
    /// A number outside what 28 decimal digits hold.
    #[error("{path}: the number {text} has more digits than can be kept exactly")]
    Number {
        /// Where it stands.
        path: String,
        /// As written.
        text: String,
    },
}

impl Value {
    /// Reads a JSON text.
    pub fn from_json(text: &str) -> Result<Self, ValueError> {
        Self::from_serde(serde_json::from_str(text)?)
    }

    /// Takes over a value of serde_json, whose numbers still are texts.
    pub fn from_serde(value: serde_json::Value) -> Result<Self, ValueError> {
        convert(value).map_err(|BadNumber { mut path, text }| {
            path.reverse();
            let path = path.concat();
            let path = path.strip_prefix('.').unwrap_or(&path);
            ValueError::Number {
                path: if path.is_empty() { "." } else { path }.into(),
                text,
            }
        })
    }

    /// Writes a JSON text.
    pub fn to_json(&self) -> String {
        // A value holds nothing that JSON cannot say, so writing it into memory cannot fail.
        serde_json::to_string(self).unwrap_or_default()
    }

    /// Makes a map.
    pub fn map<K: Into<String>>(entries: impl IntoIterator<Item = (K, Value)>) -> Self {
        Self::Map(
            entries
                .into_iter()
                .map(|(name, value)| (name.into(), value))
                .collect(),
        )
    }

    /// Finds what stands at a path such as `order.items[0].sku`; `None` where the way ends early.
    pub fn at(&self, path: &str) -> Option<&Self> {
        path.split('.').try_fold(self, |value, part| {
            let (name, mut rest) = part.split_at(part.find('[').unwrap_or(part.len()));
            // A list may begin a path, as in `[0].sku`.
            let mut found = if name.is_empty() && !rest.is_empty() {
                value
            } else {
                value.get(name)?
            };
            while let Some(inside) = rest.strip_prefix('[') {
                let (index, after) = inside.split_once(']')?;
                found = found.as_list()?.get(index.parse::<usize>().ok()?)?;
                rest = after;
            }
            Some(found)
        })
    }

    /// Writes a value as people compare it: without blanks at its ends, a number without zeros
    /// behind.
    pub(super) fn plain(&self) -> String {
        match self {
            Self::Number(number) => number.normalize().to_string(),
            Self::Text(text) => text.trim().to_owned(),
            Self::Null | Self::Bool(_) | Self::List(_) | Self::Map(_) => self.to_string(),
        }
    }

    /// Finds what stands at a path such as `items[0].quantity`, to change it; a field that is not
    /// there is made, an entry of a list is not.
    pub fn at_mut(&mut self, path: &str) -> Option<&mut Self> {
        path.split('.').try_fold(self, |value, part| {
            let (name, indexes) = part.split_at(part.find('[').unwrap_or(part.len()));
            let field = match value {
                Self::Map(map) => map.entry(name.to_owned()).or_default(),
                Self::Null | Self::Bool(_) | Self::Number(_) | Self::Text(_) | Self::List(_) => {
                    return None;
                }
            };
            let mut indexes = indexes.split('[').skip(1);
            indexes.try_fold(field, |value, index| {
                let index: usize = index.strip_suffix(']')?.parse().ok()?;
                match value {
                    Self::List(list) => list.get_mut(index),
                    Self::Null | Self::Bool(_) | Self::Number(_) | Self::Text(_) | Self::Map(_) => {
                        None
                    }
                }
            })
        })
    }

    /// Gives an entry of a map.
    pub fn get(&self, name: &str) -> Option<&Self> {
        self.as_map()?.get(name)
    }

    /// Gives the text at a path.
    pub fn text_at(&self, path: &str) -> Option<&str> {
        self.at(path)?.as_text()
    }

    /// Gives the text; `None` for all else.
    pub fn as_text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            Self::Null | Self::Bool(_) | Self::Number(_) | Self::List(_) | Self::Map(_) => None,
        }
    }

    /// Gives the number; `None` for all else.
    pub fn as_number(&self) -> Option<Decimal> {
        match self {
            Self::Number(number) => Some(*number),
            Self::Null | Self::Bool(_) | Self::Text(_) | Self::List(_) | Self::Map(_) => None,
        }
    }

    /// Gives the list; `None` for all else.
    pub fn as_list(&self) -> Option<&[Self]> {
        match self {
            Self::List(list) => Some(list),
            Self::Null | Self::Bool(_) | Self::Number(_) | Self::Text(_) | Self::Map(_) => None,
        }
    }

    /// Gives the map; `None` for all else.
    pub fn as_map(&self) -> Option<&BTreeMap<String, Self>> {
        match self {
            Self::Map(map) => Some(map),
            Self::Null | Self::Bool(_) | Self::Number(_) | Self::Text(_) | Self::List(_) => None,
        }
    }

    /// Tells whether it is nothing.
    pub fn is_null(&self) -> bool {
        *self == Self::Null
    }

    /// Names its kind for people.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Null => "nothing",
            Self::Bool(_) => "yes/no",
            Self::Number(_) => "a number",
            Self::Text(_) => "text",
            Self::List(_) => "a list",
            Self::Map(_) => "a group of fields",
        }
    }
}

/// Writes a scalar as people and GP write it; lists and maps as JSON, nothing as nothing.
impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => Ok(()),
            Self::Bool(yes) => yes.fmt(f),
            Self::Number(number) => number.fmt(f),
            Self::Text(text) => f.write_str(text),
            Self::List(_) | Self::Map(_) => f.write_str(&self.to_json()),
        }
    }
}

impl From<bool> for Value {
    fn from(yes: bool) -> Self {
        Self::Bool(yes)
    }
}

impl From<i64> for Value {
    fn from(number: i64) -> Self {
        Self::Number(number.into())
    }
}

impl From<Decimal> for Value {
    fn from(number: Decimal) -> Self {
        Self::Number(number)
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Text(text.into())
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl<T: Into<Value>> From<Option<T>> for Value {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}

impl From<Vec<Value>> for Value {
    fn from(list: Vec<Value>) -> Self {
        Self::List(list)
    }
}

impl Serialize for Value {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Null => serializer.serialize_unit(),
            Self::Bool(yes) => serializer.serialize_bool(*yes),
            Self::Number(number) => number
                .to_string()
                .parse::<serde_json::Number>()
                .map_err(S::Error::custom)?
                .serialize(serializer),
            Self::Text(text) => serializer.serialize_str(text),
            Self::List(list) => serializer.collect_seq(list),
            Self::Map(map) => serializer.collect_map(map),
        }
    }
}

impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::from_serde(serde_json::Value::deserialize(deserializer)?).map_err(D::Error::custom)
    }
}

/// A number that cannot be kept, with the way to it from the inside out.
struct BadNumber {
    path: Vec<String>,
    text: String,
}

impl BadNumber {
    fn within(mut self, part: String) -> Self {
        self.path.push(part);
        self
    }
}

fn convert(value: serde_json::Value) -> Result<Value, BadNumber> {
    Ok(match value {
        serde_json::Value::Null => Value::Null,
        serde_json::Value::Bool(yes) => Value::Bool(yes),
        serde_json::Value::Number(number) => {
            let text = number.as_str();
            let mut number = parse_number(text).ok_or_else(|| BadNumber {
                path: Vec::new(),
                text: text.into(),
            })?;
            if number.is_zero() {
                // There is no minus nought in a ledger.
                number.set_sign_positive(true);
            }
            Value::Number(number)
        }
        serde_json::Value::String(text) => Value::Text(text),
        serde_json::Value::Array(list) => {
            let mut values = Vec::with_capacity(list.len());
            for (index, value) in list.into_iter().enumerate() {
                let value = convert(value).map_err(|bad| bad.within(format!("[{index}]")))?;
                values.push(value);
            }
            Value::List(values)
        }
        serde_json::Value::Object(object) => {
            let mut values = BTreeMap::new();
            for (name, value) in object {
                match convert(value) {
                    Ok(value) => values.insert(name, value),
                    Err(bad) => return Err(bad.within(format!(".{name}"))),
                };
            }
            Value::Map(values)
        }
    })
}

/// Reads a JSON number without losing a digit; `None` where 28 digits do not suffice.
fn parse_number(text: &str) -> Option<Decimal> {
    let (mantissa, exponent) = match text.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, exponent.parse::<i32>().ok()?),
        None => (text, 0),
    };
    let exact = Decimal::from_str_exact(mantissa).ok().or_else(|| {
        // Zeros behind the last decimal say nothing and may be more than fit.
        let (_, decimals) = mantissa.split_once('.')?;
        let zeros = decimals.len() - decimals.trim_end_matches('0').len();
        let kept = mantissa.get(..mantissa.len() - zeros)?;
        Decimal::from_str_exact(kept.trim_end_matches('.')).ok()
    })?;
    match exponent {
        0 => Some(exact),
        1..=28 => (0..exponent).try_fold(exact, |shifted, _| shifted.checked_mul(Decimal::TEN)),
        -28..=-1 => {
            let mut shifted = exact.normalize();
            let scale = shifted.scale().checked_add(exponent.unsigned_abs())?;
            shifted.set_scale(scale).ok()?;
            Some(shifted)
        }
        _ if exact.is_zero() => Some(exact),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_keep_every_digit_and_their_scale() {
        for text in [
            "216.5000",
            "0.1",
            "-0.00001",
            "9007199254740993",
            "79228162514264337593543950335",
            "12345678901234567.89123",
        ] {
            assert_eq!(Value::from_json(text).unwrap().to_json(), text);
        }
    }

    #[test]
    fn there_is_no_minus_nought() {
        for text in ["-0", "-0.00", "-0e5"] {
            let written = Value::from_json(text).unwrap().to_json();
            assert!(!written.starts_with('-'), "{text} became {written}");
        }
    }

    #[test]
    fn the_binary_trap_is_not_there() {
        let value = Value::from_json("[0.1,0.2,0.3]").unwrap();
        let sum: Decimal = value.as_list().unwrap()[..2]
            .iter()
            .filter_map(Value::as_number)
            .sum();
        assert_eq!(Value::Number(sum), value.as_list().unwrap()[2]);
    }

    #[test]
    fn exponents_are_exact() {
        for (text, plain) in [
            ("1e3", "1000"),
            ("1.5E-2", "0.015"),
            ("25e-1", "2.5"),
            ("0e99", "0"),
        ] {
            let value = Value::from_json(text).unwrap();
            assert_eq!(value, Value::from_json(plain).unwrap(), "{text}");
        }
        assert!(Value::from_json("1e-40").is_err());
        assert!(Value::from_json("1e40").is_err());
    }

    #[test]
    fn trailing_zeros_beyond_the_range_are_dropped() {
        let text = format!("1.5{}", "0".repeat(40));
        assert_eq!(
            Value::from_json(&text).unwrap(),
            Value::from_json("1.5").unwrap()
        );
    }

    #[test]
    fn a_number_too_long_names_its_path() {
        let text =
            r#"{"order":{"items":[{"price":1},{"price":1.00000000000000000000000000000001}]}}"#;
        let error = Value::from_json(text).unwrap_err().to_string();
        assert!(error.starts_with("order.items[1].price: "), "{error}");
        let error = Value::from_json("792281625142643375935439503360").unwrap_err();
        assert!(error.to_string().starts_with(".: "), "{error}");
    }

    #[test]
    fn paths_find_their_way() {
        let value =
            Value::from_json(r#"{"order":{"items":[{"sku":"A"},{"sku":"B"}],"grid":[[1],[2,3]]}}"#)
                .unwrap();
        assert_eq!(value.text_at("order.items[1].sku"), Some("B"));
        assert_eq!(value.at("order.grid[1][1]"), Some(&Value::from(3)));
        for path in [
            "order.items[2].sku",
            "order.sku",
            "items",
            "order.items[x]",
            "order..id",
        ] {
            assert_eq!(value.at(path), None, "{path}");
        }
    }

    #[test]
    fn it_travels_inside_other_types() {
        #[derive(Serialize, Deserialize)]
        struct Holder {
            amount: Value,
        }
        let holder: Holder = serde_json::from_str(r#"{"amount":1.10}"#).unwrap();
        assert_eq!(
            serde_json::to_string(&holder).unwrap(),
            r#"{"amount":1.10}"#
        );
    }
}
