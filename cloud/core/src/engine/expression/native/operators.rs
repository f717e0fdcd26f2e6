//! Operators, as the language has them.

use std::borrow::Cow;
use std::cmp::Ordering;

use rust_decimal::Decimal;

use super::super::language::MAX_TEXT;
use super::item::Item;
use super::node::Operator;

pub(super) fn apply<'a>(operator: Operator, a: Item<'a>, b: Item<'a>) -> Option<Item<'a>> {
    match operator {
        Operator::Plus => plus(a, b),
        Operator::Minus | Operator::Times | Operator::Divided | Operator::Modulo => {
            compute(operator, &a, &b)
        }
        Operator::Equal => equal(&a, &b).map(Item::Bool),
        Operator::Unequal => equal(&a, &b).map(|equal| Item::Bool(!equal)),
        Operator::Less => Some(Item::Bool(compared(&a, &b)?.is_lt())),
        Operator::LessOrEqual => Some(Item::Bool(compared(&a, &b)?.is_le())),
        Operator::Greater => Some(Item::Bool(compared(&a, &b)?.is_gt())),
        Operator::GreaterOrEqual => Some(Item::Bool(compared(&a, &b)?.is_ge())),
    }
}

pub(super) fn minus<'a>(item: &Item<'a>) -> Option<Item<'a>> {
    match item {
        Item::Whole(number) => number.checked_neg().map(Item::Whole),
        Item::Number(number) => Some(Item::Number(-*number)),
        Item::Nothing | Item::Bool(_) | Item::Text(_) | Item::List(_) | Item::Map(_) => None,
    }
}

/// Reads a number of either kind.
pub(super) fn number(item: &Item<'_>) -> Option<Decimal> {
    match item {
        Item::Whole(number) => Some((*number).into()),
        Item::Number(number) => Some(*number),
        Item::Nothing | Item::Bool(_) | Item::Text(_) | Item::List(_) | Item::Map(_) => None,
    }
}

/// Writes an item as the language shows it within a text.
pub(super) fn shown<'i>(item: &'i Item<'_>) -> Option<Cow<'i, str>> {
    match item {
        Item::Nothing => Some("".into()),
        Item::Bool(yes) => Some(if *yes { "true" } else { "false" }.into()),
        Item::Whole(number) => Some(number.to_string().into()),
        Item::Number(number) => Some(number.to_string().into()),
        Item::Text(text) => Some(text.as_ref().into()),
        Item::List(_) | Item::Map(_) => None,
    }
}

fn plus<'a>(a: Item<'a>, b: Item<'a>) -> Option<Item<'a>> {
    match (a, b) {
        (Item::List(a), Item::List(b)) => Item::list(a.iter().chain(b.iter()).collect()),
        (text @ Item::Text(_), Item::Nothing) | (Item::Nothing, text @ Item::Text(_)) => Some(text),
        (a @ Item::Text(_), b) | (a, b @ Item::Text(_)) => {
            let (a, b) = (shown(&a)?, shown(&b)?);
            if a.len() + b.len() > MAX_TEXT {
                return None;
            }
            Some(Item::text([a, b].concat()))
        }
        (a, b) => compute(Operator::Plus, &a, &b),
    }
}

/// Computes with two numbers; whole ones stay whole unless they are divided.
fn compute<'a>(operator: Operator, a: &Item<'_>, b: &Item<'_>) -> Option<Item<'a>> {
    if let (Item::Whole(a), Item::Whole(b)) = (a, b) {
        match operator {
            Operator::Plus => return a.checked_add(*b).map(Item::Whole),
            Operator::Minus => return a.checked_sub(*b).map(Item::Whole),
            Operator::Times => return a.checked_mul(*b).map(Item::Whole),
            Operator::Modulo => return a.checked_rem(*b).map(Item::Whole),
            Operator::Divided
            | Operator::Equal
            | Operator::Unequal
            | Operator::Less
            | Operator::LessOrEqual
            | Operator::Greater
            | Operator::GreaterOrEqual => {}
        }
    }
    let (a, b) = (number(a)?, number(b)?);
    let computed = match operator {
        Operator::Plus => a.checked_add(b),
        Operator::Minus => a.checked_sub(b),
        Operator::Times => a.checked_mul(b),
        Operator::Divided => a.checked_div(b),
        Operator::Modulo => a.checked_rem(b),
        Operator::Equal
        | Operator::Unequal
        | Operator::Less
        | Operator::LessOrEqual
        | Operator::Greater
        | Operator::GreaterOrEqual => None,
    };
    computed.map(Item::Number)
}

/// Tells whether two items are equal. Different kinds never are; lists and maps are the language's
/// to compare.
pub(super) fn equal(a: &Item<'_>, b: &Item<'_>) -> Option<bool> {
    match (a, b) {
        (Item::List(_), Item::List(_)) | (Item::Map(_), Item::Map(_)) => None,
        (Item::Nothing, Item::Nothing) => Some(true),
        (Item::Bool(a), Item::Bool(b)) => Some(a == b),
        (Item::Text(a), Item::Text(b)) => Some(a == b),
        (a, b) => Some(number(a).is_some_and(|a| number(b) == Some(a))),
    }
}

fn compared(a: &Item<'_>, b: &Item<'_>) -> Option<Ordering> {
    match (a, b) {
        (Item::Bool(a), Item::Bool(b)) => Some(a.cmp(b)),
        (Item::Text(a), Item::Text(b)) => Some(a.cmp(b)),
        (a, b) => Some(number(a)?.cmp(&number(b)?)),
    }
}
