//! Between our values and the expression language's.

use rhai::{Array, Dynamic, INT, Map};
use rust_decimal::Decimal;

use crate::engine::value::Value;

/// Gives a value to the language. All numbers become decimals.
pub(super) fn to_dynamic(value: &Value) -> Dynamic {
    match value {
        Value::Null => Dynamic::UNIT,
        Value::Bool(yes) => (*yes).into(),
        Value::Number(number) => Dynamic::from_decimal(*number),
        Value::Text(text) => text.as_str().into(),
        Value::List(list) => Dynamic::from_array(list.iter().map(to_dynamic).collect()),
        Value::Map(map) => {
            let entries = map
                .iter()
                .map(|(name, value)| (name.as_str().into(), to_dynamic(value)));
            Dynamic::from_map(entries.collect::<Map>())
        }
    }
}

/// Takes a value from the language.
pub(super) fn to_value(value: Dynamic) -> Result<Value, String> {
    let value = value.flatten();
    if value.is_unit() {
        return Ok(Value::Null);
    }
    if let Some(mut number) = number(&value) {
        if number.is_zero() {
            // There is no minus nought in a ledger.
            number.set_sign_positive(true);
        }
        return Ok(Value::Number(number));
    }
    if let Ok(yes) = value.as_bool() {
        return Ok(Value::Bool(yes));
    }
    if let Ok(character) = value.as_char() {
        return Ok(Value::Text(character.to_string()));
    }
    let kind = value.type_name();
    if value.is_string() {
        return value.into_string().map(Value::Text).map_err(str::to_owned);
    }
    if value.is_array() {
        let list = value.into_typed_array::<Dynamic>().map_err(str::to_owned)?;
        return list
            .into_iter()
            .map(to_value)
            .collect::<Result<_, _>>()
            .map(Value::List);
    }
    match value.try_cast::<Map>() {
        Some(map) => map
            .into_iter()
            .map(|(name, value)| Ok((name.to_string(), to_value(value)?)))
            .collect::<Result<_, _>>()
            .map(Value::Map),
        None => Err(format!("it gives a {kind}, which is not a value")),
    }
}

/// Reads a number of either kind the language knows.
pub(super) fn number(value: &Dynamic) -> Option<Decimal> {
    if let Ok(number) = value.as_decimal() {
        return Some(number);
    }
    value.as_int().ok().map(|number: INT| Decimal::from(number))
}

/// Reads a list without consuming it.
pub(super) fn list(value: &Dynamic) -> Option<Array> {
    value.clone().flatten().try_cast::<Array>()
}
