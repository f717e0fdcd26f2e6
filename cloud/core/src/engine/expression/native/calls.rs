//! Helper functions in their native form, and how they read what they are given.

use std::borrow::Cow;
use std::collections::BTreeMap;

use rust_decimal::Decimal;

use super::evaluate::Run;
use super::item::{Item, List, Map};
pub(super) use super::operators::number;
use super::{lists, numbers, rules, texts};
use crate::engine::value::Value;

/// The most a helper is given.
pub(super) const MOST_ARGUMENTS: usize = 5;

/// What a helper is given; the rest is nothing.
pub(super) type Arguments<'a> = [Item<'a>; MOST_ARGUMENTS];

/// A helper, by how much it is given.
#[derive(Clone, Copy, Debug)]
pub(super) enum Helper {
    One(for<'a> fn(&mut Run<'a>, Item<'a>) -> Option<Item<'a>>),
    Two(for<'a> fn(&mut Run<'a>, Item<'a>, Item<'a>) -> Option<Item<'a>>),
    Few(for<'a> fn(&mut Run<'a>, Arguments<'a>) -> Option<Item<'a>>),
}

/// Finds the helper of a name that takes so many arguments.
pub(super) fn helper(name: &str, arguments: usize) -> Option<Helper> {
    let helper = match (name, arguments) {
        ("len", 1) => Helper::One(lists::len),
        ("is_empty", 1) => Helper::One(lists::is_empty),
        ("contains", 2) => Helper::Two(lists::contains),
        ("keys", 1) => Helper::One(lists::keys),
        ("values", 1) => Helper::One(lists::values),
        ("lookup", 2) => Helper::Two(lists::lookup),
        ("coalesce", 2..=5) => Helper::Few(lists::coalesce),
        ("is_blank", 1) => Helper::One(lists::is_blank),
        ("item", 2) => Helper::Two(lists::item),
        ("flatten", 1) => Helper::One(lists::flatten),
        ("group_sum", 3) => Helper::Few(lists::group_sum),
        ("nearest", 3) => Helper::Few(lists::nearest),
        ("nearest_index", 3) => Helper::Few(lists::nearest_index),
        ("match_rule", 2) => Helper::Two(rules::match_rule),
        ("first_rule", 2) => Helper::Two(rules::first_rule),
        ("money", 2) => Helper::Two(numbers::money),
        ("round_half_up", 2) => Helper::Two(numbers::round_half_up),
        ("round_half_even", 2) => Helper::Two(numbers::round_half_even),
        ("unit", 1) => Helper::One(numbers::unit),
        ("sum", 1) => Helper::One(numbers::sum),
        ("abs", 1) => Helper::One(numbers::abs),
        ("sign", 1) => Helper::One(numbers::sign),
        ("min", 2) => Helper::Two(numbers::min),
        ("max", 2) => Helper::Two(numbers::max),
        ("floor", 1) => Helper::One(numbers::floor),
        ("ceiling", 1) => Helper::One(numbers::ceiling),
        ("int", 1) => Helper::One(numbers::int),
        ("fraction", 1) => Helper::One(numbers::fraction),
        ("allocate", 3) => Helper::Few(numbers::allocate),
        ("allocate_to", 4) => Helper::Few(numbers::allocate_to),
        ("settle", 3) => Helper::Few(numbers::settle),
        ("index_of_largest", 1) => Helper::One(numbers::index_of_largest),
        ("decimal", 1) => Helper::One(numbers::decimal),
        ("text", 1) => Helper::One(texts::text_of),
        ("to_string", 1) => Helper::One(texts::to_string),
        ("upper", 1) => Helper::One(texts::upper),
        ("lower", 1) => Helper::One(texts::lower),
        ("to_upper", 1) => Helper::One(texts::to_upper),
        ("to_lower", 1) => Helper::One(texts::to_lower),
        ("trim", 1) => Helper::One(texts::trim),
        ("truncate", 2) => Helper::Two(texts::truncate),
        ("pad_left", 3) => Helper::Few(texts::pad_left),
        ("join", 2) => Helper::Two(texts::join),
        ("starts_with", 2) => Helper::Two(texts::starts_with),
        ("ends_with", 2) => Helper::Two(texts::ends_with),
        ("base32_sha256", 2) => Helper::Two(texts::base32_sha256),
        ("normalise_address", 1) => Helper::One(texts::normalise_address),
        ("address_lines", 3) => Helper::Few(texts::address_lines),
        ("local_date", 2) => Helper::Two(texts::local_date),
        ("format_date", 3) => Helper::Few(texts::format_date),
        ("fill_date", 2) => Helper::Two(texts::fill_date),
        ("instant", 1) => Helper::One(texts::instant),
        (_, _) => return None,
    };
    Some(helper)
}

/// Reads a small whole number.
pub(super) fn count(item: &Item<'_>) -> Option<usize> {
    let number = number(item)?;
    let count = usize::try_from(number).ok()?;
    (number.fract().is_zero() && count <= 10_000).then_some(count)
}

/// Reads text; a number counts as its digits, nothing as no text.
pub(super) fn text(item: Item<'_>) -> Option<Cow<'_, str>> {
    match item {
        Item::Nothing => Some("".into()),
        Item::Text(text) => Some(text),
        Item::Whole(number) => Some(number.to_string().into()),
        Item::Number(number) => Some(number.normalize().to_string().into()),
        Item::Bool(_) | Item::List(_) | Item::Map(_) => None,
    }
}

/// Reads text that nothing else counts as.
pub(super) fn only_text<'i>(item: &'i Item<'_>) -> Option<&'i str> {
    if let Item::Text(text) = item {
        Some(text)
    } else {
        None
    }
}

/// Reads a list, and counts its entries as steps; nothing counts as a list without any.
pub(super) fn list<'a>(run: &mut Run<'a>, item: Item<'a>) -> Option<List<'a>> {
    match item {
        Item::Nothing => Some(List::EMPTY),
        Item::List(list) => {
            run.charge(list.len() as u64)?;
            Some(list)
        }
        Item::Bool(_) | Item::Whole(_) | Item::Number(_) | Item::Text(_) | Item::Map(_) => None,
    }
}

/// Reads a map, and counts its fields as steps; nothing counts as a map without any.
pub(super) fn map<'a>(run: &mut Run<'a>, item: Item<'a>) -> Option<Map<'a>> {
    static EMPTY: BTreeMap<String, Value> = BTreeMap::new();
    match item {
        Item::Nothing => Some(Map::Given(&EMPTY)),
        Item::Map(map) => {
            run.charge(map.len() as u64)?;
            Some(map)
        }
        Item::Bool(_) | Item::Whole(_) | Item::Number(_) | Item::Text(_) | Item::List(_) => None,
    }
}

/// Reads a list of numbers.
pub(super) fn numbers<'a>(run: &mut Run<'a>, item: Item<'a>) -> Option<Vec<Decimal>> {
    let list = list(run, item)?;
    list.iter().map(|entry| number(&entry)).collect()
}

/// Gives a place as the language counts it; -1 where there is none.
pub(super) fn place<'a>(place: Option<usize>) -> Item<'a> {
    let place = place.and_then(|place| i64::try_from(place).ok());
    Item::Whole(place.unwrap_or(-1))
}
