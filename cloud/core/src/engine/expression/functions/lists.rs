//! Looking things up in maps and lists.

use rhai::{Dynamic, Engine, INT, Map};
use rust_decimal::Decimal;

use super::{
    Given, TOO_MANY_STEPS, convert, count, fail, is_blank, language, list, map, number, text,
    with_list, with_map,
};

pub(super) fn register(engine: &mut Engine) {
    engine.register_fn("lookup", |table: Dynamic, key: Dynamic| {
        lookup(&table, &key)
    });
    engine.register_fn("coalesce", |a: Dynamic, b: Dynamic| first([a, b]));
    engine.register_fn("coalesce", |a: Dynamic, b: Dynamic, c: Dynamic| {
        first([a, b, c])
    });
    engine.register_fn(
        "coalesce",
        |a: Dynamic, b: Dynamic, c: Dynamic, d: Dynamic| first([a, b, c, d]),
    );
    engine.register_fn(
        "coalesce",
        |a: Dynamic, b: Dynamic, c: Dynamic, d: Dynamic, e: Dynamic| first([a, b, c, d, e]),
    );
    engine.register_fn("is_blank", |value: Dynamic| is_blank(&value));
    engine.register_fn("nearest", |rows: Dynamic, key: &str, x: Dynamic| {
        let rows = list("nearest", "list", &rows)?;
        let place = nearest(&rows, key, &x)?;
        Given::Ok(place.map_or(Dynamic::UNIT, |index| rows[index].clone()))
    });
    engine.register_fn("nearest_index", |rows: Dynamic, key: &str, x: Dynamic| {
        let rows = list("nearest_index", "list", &rows)?;
        let place = nearest(&rows, key, &x)?.and_then(|index| INT::try_from(index).ok());
        Given::Ok(place.unwrap_or(-1))
    });
    engine.register_fn("item", |rows: Dynamic, index: Dynamic| item(&rows, &index));
    engine.register_fn("flatten", |rows: Dynamic| flatten(&rows));
    engine.register_fn(
        "group_sum",
        |rows: Dynamic, keys: Dynamic, amounts: Dynamic| group_sum(&rows, &keys, &amounts),
    );
}

/// Gives a map's entry, or nothing.
fn lookup(table: &Dynamic, key: &Dynamic) -> Given {
    let key = text("lookup", "the key", key)?;
    with_map("lookup", "the table", table, |table| {
        Ok(table.get(key.as_str()).cloned().unwrap_or(Dynamic::UNIT))
    })
}

/// Gives the first that is neither nothing nor blank.
fn first<const N: usize>(values: [Dynamic; N]) -> Dynamic {
    let found = values.into_iter().find(|value| !is_blank(value));
    found.unwrap_or(Dynamic::UNIT)
}

fn nearest(rows: &[Dynamic], key: &str, x: &Dynamic) -> Given<Option<usize>> {
    let x = number("nearest", "the number", x)?;
    let mut best: Option<(usize, Decimal)> = None;
    for (index, row) in rows.iter().enumerate() {
        let row = map("nearest", &format!("list[{index}]"), row)?;
        let have = row.get(key).unwrap_or(&Dynamic::UNIT);
        let Some(distance) = number("nearest", key, have)?.checked_sub(x) else {
            return fail("nearest: too large");
        };
        let distance = distance.abs();
        if best.is_none_or(|(_, least)| distance < least) {
            best = Some((index, distance));
        }
    }
    Ok(best.map(|(index, _)| index))
}

/// Gives a list's entry by a number of either kind.
fn item(rows: &Dynamic, index: &Dynamic) -> Given {
    let index = count("item", "the place", index)?;
    with_list("item", "list", rows, |rows| match rows.get(index) {
        Some(value) => Ok(value.clone()),
        None => fail(format!(
            "item: there is no entry {index} in a list of {}",
            rows.len()
        )),
    })
}

/// Joins lists inside a list.
fn flatten(rows: &Dynamic) -> Given {
    let mut all = Vec::new();
    for row in list("flatten", "list", rows)? {
        all.extend(list("flatten", "entry", &row)?);
    }
    Ok(Dynamic::from_array(all))
}

/// Adds up amounts of rows that agree in all keys; the first row's other fields and place stay.
fn group_sum(rows: &Dynamic, keys: &Dynamic, amounts: &Dynamic) -> Given {
    let names = |value: &Dynamic| -> Given<Vec<String>> {
        let names = list("group_sum", "names", value)?;
        names
            .iter()
            .map(|name| text("group_sum", "name", name))
            .collect()
    };
    let (keys, amounts) = (names(keys)?, names(amounts)?);
    let mut groups: Vec<(Vec<String>, Map)> = Vec::new();
    for row in list("group_sum", "list", rows)? {
        let row = map("group_sum", "row", &row)?;
        let field = |name: &String| row.get(name.as_str()).unwrap_or(&Dynamic::UNIT);
        let key = keys
            .iter()
            .map(|name| text("group_sum", name, field(name)))
            .collect::<Given<Vec<_>>>()?;
        if !language::charge(groups.len()) {
            return fail(TOO_MANY_STEPS);
        }
        let Some((_, group)) = groups.iter_mut().find(|(have, _)| *have == key) else {
            groups.push((key, row));
            continue;
        };
        for name in &amounts {
            let have = group.get(name.as_str()).and_then(convert::number);
            let more = number("group_sum", name, field(name))?;
            let Some(sum) = have.unwrap_or_default().checked_add(more) else {
                return fail(format!("group_sum: {name} is too large"));
            };
            group.insert(name.as_str().into(), Dynamic::from_decimal(sum));
        }
    }
    let rows = groups.into_iter().map(|(_, row)| Dynamic::from_map(row));
    Ok(Dynamic::from_array(rows.collect()))
}
