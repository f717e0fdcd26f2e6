//! Rounding, sums and shares.
#![expect(
    clippy::needless_pass_by_value,
    reason = "helpers are alike, whatever they do with what they are given"
)]

use std::borrow::Cow;

use rust_decimal::{Decimal, RoundingStrategy};

use super::super::functions::money as amounts;
use super::calls::{self, Arguments, number, only_text};
use super::evaluate::Run;
use super::item::Item;
use crate::engine::rounding::{half_up, rounded};

pub(super) fn money<'a>(_: &mut Run<'a>, amount: Item<'a>, decimals: Item<'a>) -> Option<Item<'a>> {
    let (amount, decimals) = (number(&amount)?, scale(&decimals)?);
    Some(Item::Number(half_up(amount, decimals)))
}

pub(super) fn round_half_up<'a>(
    run: &mut Run<'a>,
    amount: Item<'a>,
    decimals: Item<'a>,
) -> Option<Item<'a>> {
    if let (Item::Number(amount), Item::Whole(decimals)) = (&amount, &decimals) {
        // Of these two kinds the language has a function of its own, which adds no zeros.
        let decimals = u32::try_from(*decimals).ok()?;
        let strategy = RoundingStrategy::MidpointAwayFromZero;
        let rounded = amount.round_dp_with_strategy(decimals, strategy);
        return Some(Item::Number(rounded));
    }
    money(run, amount, decimals)
}

pub(super) fn round_half_even<'a>(
    _: &mut Run<'a>,
    amount: Item<'a>,
    decimals: Item<'a>,
) -> Option<Item<'a>> {
    let (amount, decimals) = (number(&amount)?, scale(&decimals)?);
    let strategy = RoundingStrategy::MidpointNearestEven;
    Some(Item::Number(rounded(amount, decimals, strategy)))
}

pub(super) fn unit<'a>(_: &mut Run<'a>, decimals: Item<'a>) -> Option<Item<'a>> {
    Some(Item::Number(Decimal::new(1, scale(&decimals)?)))
}

pub(super) fn sum<'a>(run: &mut Run<'a>, list: Item<'a>) -> Option<Item<'a>> {
    let list = calls::list(run, list)?;
    let mut entries = list.iter();
    let total = entries.try_fold(Decimal::ZERO, |total, entry| {
        total.checked_add(number(&entry)?)
    });
    total.map(Item::Number)
}

pub(super) fn abs<'a>(_: &mut Run<'a>, of: Item<'a>) -> Option<Item<'a>> {
    if let Item::Whole(of) = of {
        return of.checked_abs().map(Item::Whole);
    }
    Some(Item::Number(number(&of)?.abs()))
}

pub(super) fn sign<'a>(_: &mut Run<'a>, of: Item<'a>) -> Option<Item<'a>> {
    let of = number(&of)?;
    let sign = match (of.is_zero(), of.is_sign_negative()) {
        (true, _) => 0,
        (false, true) => -1,
        (false, false) => 1,
    };
    Some(Item::Whole(sign))
}

pub(super) fn min<'a>(_: &mut Run<'a>, a: Item<'a>, b: Item<'a>) -> Option<Item<'a>> {
    if let (Item::Whole(a), Item::Whole(b)) = (&a, &b) {
        return Some(Item::Whole(*a.min(b)));
    }
    let (a, b) = (number(&a)?, number(&b)?);
    Some(Item::Number(if a <= b { a } else { b }))
}

pub(super) fn max<'a>(_: &mut Run<'a>, a: Item<'a>, b: Item<'a>) -> Option<Item<'a>> {
    if let (Item::Whole(a), Item::Whole(b)) = (&a, &b) {
        return Some(Item::Whole(*a.max(b)));
    }
    let (a, b) = (number(&a)?, number(&b)?);
    Some(Item::Number(if a >= b { a } else { b }))
}

pub(super) fn floor<'a>(_: &mut Run<'a>, of: Item<'a>) -> Option<Item<'a>> {
    fractional(&of).map(|of| Item::Number(of.floor()))
}

pub(super) fn ceiling<'a>(_: &mut Run<'a>, of: Item<'a>) -> Option<Item<'a>> {
    fractional(&of).map(|of| Item::Number(of.ceil()))
}

pub(super) fn int<'a>(_: &mut Run<'a>, of: Item<'a>) -> Option<Item<'a>> {
    fractional(&of).map(|of| Item::Number(of.trunc()))
}

pub(super) fn fraction<'a>(_: &mut Run<'a>, of: Item<'a>) -> Option<Item<'a>> {
    fractional(&of).map(|of| Item::Number(of.fract()))
}

/// Reads a number that is not one of the language's whole ones, which have fewer functions.
fn fractional(item: &Item<'_>) -> Option<Decimal> {
    if let Item::Number(number) = item {
        Some(*number)
    } else {
        None
    }
}

pub(super) fn decimal<'a>(_: &mut Run<'a>, of: Item<'a>) -> Option<Item<'a>> {
    read(&of).map(Item::Number)
}

/// Reads a number that may be written as text.
fn read(item: &Item<'_>) -> Option<Decimal> {
    match only_text(item) {
        Some(text) => text.trim().parse().ok(),
        None => number(item),
    }
}

fn scale(item: &Item<'_>) -> Option<u32> {
    let decimals = u32::try_from(calls::count(item)?).ok()?;
    (decimals <= 10).then_some(decimals)
}

pub(super) fn allocate<'a>(
    run: &mut Run<'a>,
    [total, weights, decimals, ..]: Arguments<'a>,
) -> Option<Item<'a>> {
    let (total, decimals) = (number(&total)?, scale(&decimals)?);
    let weights = calls::numbers(run, weights)?;
    listed(amounts::shares(total, &weights, decimals).ok()?)
}

/// Gives each row its share of a total as `amount`, by the weights in one of its fields.
pub(super) fn allocate_to<'a>(
    run: &mut Run<'a>,
    [rows, weight, total, decimals, ..]: Arguments<'a>,
) -> Option<Item<'a>> {
    let weight = only_text(&weight)?;
    let (total, decimals) = (number(&total)?, scale(&decimals)?);
    let (mut maps, mut weights) = (Vec::new(), Vec::new());
    for row in calls::list(run, rows)?.iter() {
        let row = calls::map(run, row)?;
        weights.push(read(&row.get(weight)?)?);
        maps.push(row.into_fields());
    }
    run.charge(2 * weights.len() as u64)?;
    let shares = amounts::shares(total, &weights, decimals).ok()?;
    let rows = maps.into_iter().zip(shares).map(|(mut row, share)| {
        row.set(Cow::Borrowed("amount"), Item::Number(share));
        Item::map(row)
    });
    Item::list(rows.collect::<Option<_>>()?)
}

pub(super) fn settle<'a>(
    run: &mut Run<'a>,
    [given, total, decimals, ..]: Arguments<'a>,
) -> Option<Item<'a>> {
    let given = calls::numbers(run, given)?;
    let (total, decimals) = (number(&total)?, scale(&decimals)?);
    listed(amounts::balanced("settle", &given, total, decimals).ok()?)
}

fn listed<'a>(amounts: Vec<Decimal>) -> Option<Item<'a>> {
    Item::list(amounts.into_iter().map(Item::Number).collect())
}

pub(super) fn index_of_largest<'a>(run: &mut Run<'a>, list: Item<'a>) -> Option<Item<'a>> {
    let given = calls::numbers(run, list)?;
    Some(calls::place(amounts::largest(&given)))
}
