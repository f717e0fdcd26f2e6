//! Looking things up in lists and maps.
#![expect(
    clippy::needless_pass_by_value,
    reason = "helpers are alike, whatever they do with what they are given"
)]

use std::borrow::Cow;

use rust_decimal::Decimal;

use super::calls::{self, Arguments, only_text};
use super::evaluate::Run;
use super::item::{Fields, Item, List};
use super::operators;

pub(super) fn len<'a>(_: &mut Run<'a>, of: Item<'a>) -> Option<Item<'a>> {
    let length = match of {
        Item::List(list) => list.len(),
        Item::Map(map) => map.len(),
        Item::Text(text) => text.chars().count(),
        Item::Nothing | Item::Bool(_) | Item::Whole(_) | Item::Number(_) => return None,
    };
    i64::try_from(length).ok().map(Item::Whole)
}

pub(super) fn is_empty<'a>(run: &mut Run<'a>, of: Item<'a>) -> Option<Item<'a>> {
    let length = len(run, of)?;
    Some(Item::Bool(matches!(length, Item::Whole(0))))
}

pub(super) fn contains<'a>(run: &mut Run<'a>, of: Item<'a>, value: Item<'a>) -> Option<Item<'a>> {
    match (of, value) {
        (Item::Map(map), Item::Text(name)) => Some(Item::Bool(map.get(&name).is_some())),
        (Item::Text(text), Item::Text(part)) => Some(Item::Bool(text.contains(&*part))),
        (Item::List(list), value) => {
            run.charge(2 * list.len() as u64)?;
            for entry in list.iter() {
                if operators::equal(&entry, &value)? {
                    return Some(Item::Bool(true));
                }
            }
            Some(Item::Bool(false))
        }
        (_, _) => None,
    }
}

pub(super) fn keys<'a>(_: &mut Run<'a>, of: Item<'a>) -> Option<Item<'a>> {
    let Item::Map(map) = of else { return None };
    let fields = map.into_fields().into_iter();
    Item::list(fields.map(|(name, _)| Item::Text(name)).collect())
}

pub(super) fn values<'a>(_: &mut Run<'a>, of: Item<'a>) -> Option<Item<'a>> {
    let Item::Map(map) = of else { return None };
    let fields = map.into_fields().into_iter();
    Item::list(fields.map(|(_, item)| item).collect())
}

pub(super) fn lookup<'a>(run: &mut Run<'a>, table: Item<'a>, key: Item<'a>) -> Option<Item<'a>> {
    let key = calls::text(key)?;
    let found = calls::map(run, table)?.get(&key);
    Some(found.unwrap_or(Item::Nothing))
}

#[expect(clippy::unnecessary_wraps, reason = "helpers are alike")]
pub(super) fn coalesce<'a>(_: &mut Run<'a>, given: Arguments<'a>) -> Option<Item<'a>> {
    let found = given.into_iter().find(|item| !item.is_blank());
    Some(found.unwrap_or(Item::Nothing))
}

#[expect(clippy::unnecessary_wraps, reason = "helpers are alike")]
pub(super) fn is_blank<'a>(_: &mut Run<'a>, value: Item<'a>) -> Option<Item<'a>> {
    Some(Item::Bool(value.is_blank()))
}

pub(super) fn item<'a>(run: &mut Run<'a>, list: Item<'a>, place: Item<'a>) -> Option<Item<'a>> {
    let place = calls::count(&place)?;
    calls::list(run, list)?.get(place)
}

pub(super) fn flatten<'a>(run: &mut Run<'a>, lists: Item<'a>) -> Option<Item<'a>> {
    let mut all = Vec::new();
    for entry in calls::list(run, lists)?.iter() {
        all.extend(calls::list(run, entry)?.iter());
    }
    Item::list(all)
}

pub(super) fn nearest<'a>(
    run: &mut Run<'a>,
    [list, key, x, ..]: Arguments<'a>,
) -> Option<Item<'a>> {
    let list = calls::list(run, list)?;
    let place = nearest_place(run, &list, &key, &x)?;
    let found = usize::try_from(place)
        .ok()
        .and_then(|place| list.get(place));
    Some(found.unwrap_or(Item::Nothing))
}

pub(super) fn nearest_index<'a>(
    run: &mut Run<'a>,
    [list, key, x, ..]: Arguments<'a>,
) -> Option<Item<'a>> {
    let list = calls::list(run, list)?;
    nearest_place(run, &list, &key, &x).map(Item::Whole)
}

/// Gives the place of the nearest entry; -1 in an empty list.
fn nearest_place<'a>(
    run: &mut Run<'a>,
    list: &List<'a>,
    key: &Item<'a>,
    x: &Item<'a>,
) -> Option<i64> {
    let (key, x) = (only_text(key)?, calls::number(x)?);
    let mut best: Option<(i64, Decimal)> = None;
    for (row, place) in list.iter().zip(0..) {
        let have = calls::map(run, row)?.get(key)?;
        let distance = calls::number(&have)?.checked_sub(x)?.abs();
        if best.is_none_or(|(_, least)| distance < least) {
            best = Some((place, distance));
        }
    }
    Some(best.map_or(-1, |(place, _)| place))
}

/// Adds up amounts of rows that agree in all keys; the first row's other fields and place stay.
pub(super) fn group_sum<'a>(
    run: &mut Run<'a>,
    [rows, keys, amounts, ..]: Arguments<'a>,
) -> Option<Item<'a>> {
    let mut names = |item: Item<'a>| -> Option<Vec<Cow<'a, str>>> {
        calls::list(run, item)?.iter().map(calls::text).collect()
    };
    let (keys, amounts) = (names(keys)?, names(amounts)?);
    let mut groups: Vec<(Vec<Cow<'a, str>>, Fields<'a>)> = Vec::new();
    for row in calls::list(run, rows)?.iter() {
        let row = calls::map(run, row)?;
        let field = |name: &Cow<'a, str>| row.get(name).unwrap_or(Item::Nothing);
        let key = keys.iter().map(|name| calls::text(field(name)));
        let key = key.collect::<Option<Vec<_>>>()?;
        run.charge(groups.len() as u64)?;
        let Some((_, group)) = groups.iter_mut().find(|(have, _)| *have == key) else {
            groups.push((key, row.into_fields()));
            continue;
        };
        for name in &amounts {
            let have = group.get(name).and_then(calls::number).unwrap_or_default();
            let sum = have.checked_add(calls::number(&field(name))?)?;
            group.set(name.clone(), Item::Number(sum));
        }
    }
    let rows = groups.into_iter().map(|(_, row)| Item::map(row));
    Item::list(rows.collect::<Option<_>>()?)
}
