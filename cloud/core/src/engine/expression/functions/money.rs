//! Rounding, sums and shares, as an accountant does them.

use rhai::{Dynamic, Engine, INT, ImmutableString};
use rust_decimal::{Decimal, RoundingStrategy};

use super::{Given, count, fail, list, map, number, numbers};
use crate::engine::rounding::{self, half_up};

pub(super) fn register(engine: &mut Engine) {
    // Two whole numbers divide exactly too: 10 / 4 is 2.5.
    engine.register_fn("/", |a: INT, b: INT| divide(a.into(), b.into()));
    engine.register_fn("/", |a: INT, b: Decimal| divide(a.into(), b));
    engine.register_fn("/", |a: Decimal, b: INT| divide(a, b.into()));
    engine.register_fn("/", divide);
    // Without these the language would call any two different things not larger.
    for operator in ["<", "<=", ">", ">="] {
        engine.register_fn(operator, |(): (), _: Dynamic| unordered());
        engine.register_fn(operator, |_: Dynamic, (): ()| unordered());
        engine.register_fn(operator, |_: ImmutableString, _: Decimal| unordered());
        engine.register_fn(operator, |_: Decimal, _: ImmutableString| unordered());
        engine.register_fn(operator, |_: ImmutableString, _: INT| unordered());
        engine.register_fn(operator, |_: INT, _: ImmutableString| unordered());
    }
    engine.register_fn("round_half_up", |value: Dynamic, decimals: Dynamic| {
        rounded("round_half_up", &value, &decimals)
    });
    engine.register_fn("round_half_even", |value: Dynamic, decimals: Dynamic| {
        let value = number("round_half_even", "the amount", &value)?;
        let decimals = scale("round_half_even", &decimals)?;
        Given::Ok(rounding::rounded(
            value,
            decimals,
            RoundingStrategy::MidpointNearestEven,
        ))
    });
    engine.register_fn("money", |value: Dynamic, decimals: Dynamic| {
        rounded("money", &value, &decimals)
    });
    engine.register_fn("unit", |decimals: Dynamic| {
        Given::Ok(Decimal::new(1, scale("unit", &decimals)?))
    });
    engine.register_fn("decimal", |value: Dynamic| decimal("decimal", &value));
    engine.register_fn("sum", |list: Dynamic| sum(&list));
    engine.register_fn(
        "allocate",
        |total: Dynamic, weights: Dynamic, decimals: Dynamic| allocate(&total, &weights, &decimals),
    );
    engine.register_fn(
        "allocate_to",
        |rows: Dynamic, weight: &str, total: Dynamic, decimals: Dynamic| {
            allocate_to(&rows, weight, &total, &decimals)
        },
    );
    engine.register_fn(
        "settle",
        |amounts: Dynamic, total: Dynamic, decimals: Dynamic| settle(&amounts, &total, &decimals),
    );
    engine.register_fn("index_of_largest", |list: Dynamic| -> Given<INT> {
        let amounts = numbers("index_of_largest", "list", &list)?;
        let index = largest(&amounts).and_then(|index| INT::try_from(index).ok());
        Ok(index.unwrap_or(-1))
    });
}

fn unordered() -> Given<bool> {
    fail("nothing, or a text and a number, cannot be compared")
}

fn divide(a: Decimal, b: Decimal) -> Given<Decimal> {
    if b.is_zero() {
        return fail(format!("{a} cannot be divided by zero"));
    }
    a.checked_div(b)
        .map_or_else(|| fail(format!("{a} / {b} is too large")), Ok)
}

fn rounded(helper: &str, value: &Dynamic, decimals: &Dynamic) -> Given<Decimal> {
    let value = number(helper, "the amount", value)?;
    Ok(half_up(value, scale(helper, decimals)?))
}

fn scale(helper: &str, decimals: &Dynamic) -> Given<u32> {
    match u32::try_from(count(helper, "decimals", decimals)?) {
        Ok(decimals) if decimals <= 10 => Ok(decimals),
        Ok(_) | Err(_) => fail(format!("{helper}: at most 10 decimals")),
    }
}

fn sum(list: &Dynamic) -> Given<Decimal> {
    total(&numbers("sum", "list", list)?)
}

pub(in crate::engine::expression) fn total(amounts: &[Decimal]) -> Given<Decimal> {
    let total = amounts
        .iter()
        .try_fold(Decimal::ZERO, |total, amount| total.checked_add(*amount));
    total.map_or_else(|| fail("sum: too large"), Ok)
}

/// Gives the place of the largest amount by size, the first of equals.
pub(in crate::engine::expression) fn largest(amounts: &[Decimal]) -> Option<usize> {
    let mut best: Option<(usize, Decimal)> = None;
    for (index, amount) in amounts.iter().enumerate() {
        if best.is_none_or(|(_, most)| amount.abs() > most) {
            best = Some((index, amount.abs()));
        }
    }
    best.map(|(index, _)| index)
}

/// Splits a total by weights; what rounding leaves goes to the largest share.
fn allocate(amount: &Dynamic, weights: &Dynamic, decimals: &Dynamic) -> Given<Dynamic> {
    let amount = number("allocate", "the total", amount)?;
    let weights = numbers("allocate", "weights", weights)?;
    let decimals = scale("allocate", decimals)?;
    shares(amount, &weights, decimals).map(listed)
}

/// Gives what falls to each weight, together exactly the amount.
pub(in crate::engine::expression) fn shares(
    amount: Decimal,
    weights: &[Decimal],
    decimals: u32,
) -> Given<Vec<Decimal>> {
    let weight = total(weights)?;
    let share = |own: &Decimal| -> Given<Decimal> {
        if weight.is_zero() {
            return Ok(Decimal::ZERO);
        }
        let product = amount.checked_mul(*own);
        product.map_or_else(
            || fail("allocate: too large"),
            |product| divide(product, weight),
        )
    };
    let shares = weights.iter().map(share).collect::<Given<Vec<_>>>()?;
    balanced("allocate", &shares, amount, decimals)
}

/// Gives each row its share of a total as `amount`, by the weights in one of its fields.
fn allocate_to(rows: &Dynamic, weight: &str, total: &Dynamic, decimals: &Dynamic) -> Given {
    let mut maps = Vec::new();
    let mut weights = Vec::new();
    for row in list("allocate_to", "list", rows)? {
        let row = map("allocate_to", "row", &row)?;
        let own = row.get(weight).unwrap_or(&Dynamic::UNIT);
        weights.push(Dynamic::from_decimal(decimal("allocate_to", own)?));
        maps.push(row);
    }
    let shares = list(
        "allocate_to",
        "shares",
        &allocate(total, &Dynamic::from_array(weights), decimals)?,
    )?;
    let rows = maps.into_iter().zip(shares).map(|(mut row, share)| {
        row.insert("amount".into(), share);
        Dynamic::from_map(row)
    });
    Ok(Dynamic::from_array(rows.collect()))
}

/// Reads a number that may be written as text, as rates in profiles are.
fn decimal(helper: &str, value: &Dynamic) -> Given<Decimal> {
    let written = value.as_immutable_string_ref().ok();
    match written.map(|text| text.trim().parse::<Decimal>()) {
        Some(Ok(number)) => Ok(number),
        Some(Err(_)) => fail(format!("{helper}: \"{value}\" is not a number")),
        None => number(helper, "the value", value),
    }
}

/// Rounds amounts so that they make the total; the difference goes to the largest.
fn settle(amounts: &Dynamic, total: &Dynamic, decimals: &Dynamic) -> Given<Dynamic> {
    let amounts = numbers("settle", "amounts", amounts)?;
    let total = number("settle", "the total", total)?;
    let decimals = scale("settle", decimals)?;
    balanced("settle", &amounts, total, decimals).map(listed)
}

/// Rounds amounts so that they make exactly another; the difference goes to the largest.
pub(in crate::engine::expression) fn balanced(
    helper: &str,
    amounts: &[Decimal],
    amount: Decimal,
    decimals: u32,
) -> Given<Vec<Decimal>> {
    let mut shares: Vec<Decimal> = amounts.iter().map(|own| half_up(*own, decimals)).collect();
    let Some(rest) = half_up(amount, decimals).checked_sub(total(&shares)?) else {
        return fail(format!("{helper}: too large"));
    };
    match largest(&shares) {
        Some(index) => shares[index] = total(&[shares[index], rest])?,
        None if rest.is_zero() => {}
        None => return fail(format!("{helper}: nothing takes the {rest} that is left")),
    }
    Ok(shares)
}

fn listed(amounts: Vec<Decimal>) -> Dynamic {
    let amounts = amounts.into_iter().map(Dynamic::from_decimal);
    Dynamic::from_array(amounts.collect())
}
