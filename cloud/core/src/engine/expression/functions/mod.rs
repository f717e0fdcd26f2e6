//! Helper functions of formulas.

pub(super) mod address;
mod catalogue;
pub(super) mod dates;
mod lists;
pub(super) mod money;
pub(super) mod rules;
pub(super) mod text;

use rhai::{Dynamic, Engine, EvalAltResult, Map};
use rust_decimal::Decimal;

use super::{TOO_MANY_STEPS, convert, language};
pub(super) use catalogue::FUNCTIONS;
pub use catalogue::{Function, FunctionGroup};

/// What a helper gives.
type Given<T = Dynamic> = Result<T, Box<EvalAltResult>>;

/// Adds every helper.
pub(super) fn register(engine: &mut Engine) {
    money::register(engine);
    lists::register(engine);
    rules::register(engine);
    text::register(engine);
    address::register(engine);
    dates::register(engine);
}

fn fail<T>(message: impl Into<String>) -> Given<T> {
    Err(message.into().into())
}

/// Reads a number argument.
fn number(helper: &str, what: &str, value: &Dynamic) -> Given<Decimal> {
    match convert::number(value) {
        Some(number) => Ok(number),
        None if value.is_unit() => fail(format!("{helper}: {what} is nothing")),
        None => fail(format!(
            "{helper}: {what} is not a number but {}",
            value.type_name()
        )),
    }
}

/// Reads a small whole number argument.
fn count(helper: &str, what: &str, value: &Dynamic) -> Given<usize> {
    let number = number(helper, what, value)?;
    match usize::try_from(number) {
        Ok(count) if number.fract().is_zero() && count <= 10_000 => Ok(count),
        Ok(_) | Err(_) => fail(format!(
            "{helper}: {what} {number} is not a small whole number"
        )),
    }
}

/// Reads a text argument; a number counts as its digits, nothing as no text.
fn text(helper: &str, what: &str, value: &Dynamic) -> Given<String> {
    if value.is_unit() {
        return Ok(String::new());
    }
    if let Some(number) = convert::number(value) {
        return Ok(number.normalize().to_string());
    }
    match value.clone().into_string() {
        Ok(text) => Ok(text),
        Err(kind) => fail(format!("{helper}: {what} is not text but {kind}")),
    }
}

/// Reads a list argument; nothing counts as a list without entries.
fn list(helper: &str, what: &str, value: &Dynamic) -> Given<Vec<Dynamic>> {
    if value.is_unit() {
        return Ok(Vec::new());
    }
    match convert::list(value) {
        Some(list) if language::charge(list.len()) => Ok(list),
        Some(_) => fail(TOO_MANY_STEPS),
        None => fail(format!(
            "{helper}: {what} is not a list but {}",
            value.type_name()
        )),
    }
}

/// Looks at a list argument without copying it; nothing counts as a list without entries.
fn with_list<T>(
    helper: &str,
    what: &str,
    value: &Dynamic,
    look: impl FnOnce(&[Dynamic]) -> Given<T>,
) -> Given<T> {
    if value.is_unit() {
        return look(&[]);
    }
    match value.as_array_ref() {
        Ok(list) if language::charge(list.len()) => look(list.as_slice()),
        Ok(_) => fail(TOO_MANY_STEPS),
        Err(kind) => fail(format!("{helper}: {what} is not a list but {kind}")),
    }
}

/// Looks at a map argument without copying it; nothing counts as a map without entries.
fn with_map<T>(
    helper: &str,
    what: &str,
    value: &Dynamic,
    look: impl FnOnce(&Map) -> Given<T>,
) -> Given<T> {
    if value.is_unit() {
        return look(&Map::new());
    }
    match value.as_map_ref() {
        Ok(map) if language::charge(map.len()) => look(&map),
        Ok(_) => fail(TOO_MANY_STEPS),
        Err(kind) => fail(format!(
            "{helper}: {what} is not a group of fields but {kind}"
        )),
    }
}

/// Reads a list of numbers.
fn numbers(helper: &str, what: &str, value: &Dynamic) -> Given<Vec<Decimal>> {
    with_list(helper, what, value, |list| {
        let each = list.iter().enumerate();
        each.map(|(index, value)| match convert::number(value) {
            Some(number) => Ok(number),
            None => number(helper, &format!("{what}[{index}]"), value),
        })
        .collect()
    })
}

/// Reads a map argument; nothing counts as a map without entries.
fn map(helper: &str, what: &str, value: &Dynamic) -> Given<Map> {
    if value.is_unit() {
        return Ok(Map::new());
    }
    let kind = value.type_name();
    match value.clone().flatten().try_cast::<Map>() {
        Some(map) if language::charge(map.len()) => Ok(map),
        Some(_) => fail(TOO_MANY_STEPS),
        None => fail(format!(
            "{helper}: {what} is not a group of fields but {kind}"
        )),
    }
}

/// Tells whether a value is nothing, or text without a letter.
fn is_blank(value: &Dynamic) -> bool {
    value.is_unit()
        || value
            .as_immutable_string_ref()
            .is_ok_and(|text| text.trim().is_empty())
}
