//! Texts, addresses and dates.
#![expect(
    clippy::needless_pass_by_value,
    reason = "helpers are alike, whatever they do with what they are given"
)]

use std::borrow::Cow;

use super::super::functions::{address, dates, text};
use super::calls::{self, Arguments, count, only_text};
use super::evaluate::Run;
use super::item::{Item, Map};
use super::operators;
use crate::engine::moment;

pub(super) fn text_of<'a>(_: &mut Run<'a>, of: Item<'a>) -> Option<Item<'a>> {
    calls::text(of).map(Item::Text)
}

pub(super) fn to_string<'a>(_: &mut Run<'a>, of: Item<'a>) -> Option<Item<'a>> {
    if let Item::Text(_) = of {
        return Some(of);
    }
    operators::shown(&of).map(|text| Item::text(text.into_owned()))
}

pub(super) fn upper<'a>(_: &mut Run<'a>, of: Item<'a>) -> Option<Item<'a>> {
    Some(Item::text(calls::text(of)?.to_uppercase()))
}

pub(super) fn lower<'a>(_: &mut Run<'a>, of: Item<'a>) -> Option<Item<'a>> {
    Some(Item::text(calls::text(of)?.to_lowercase()))
}

pub(super) fn to_upper<'a>(_: &mut Run<'a>, of: Item<'a>) -> Option<Item<'a>> {
    Some(Item::text(only_text(&of)?.to_uppercase()))
}

pub(super) fn to_lower<'a>(_: &mut Run<'a>, of: Item<'a>) -> Option<Item<'a>> {
    Some(Item::text(only_text(&of)?.to_lowercase()))
}

pub(super) fn trim<'a>(_: &mut Run<'a>, of: Item<'a>) -> Option<Item<'a>> {
    calls::text(of).map(trimmed).map(Item::Text)
}

fn trimmed(text: Cow<'_, str>) -> Cow<'_, str> {
    match text {
        Cow::Borrowed(text) => Cow::Borrowed(text.trim()),
        Cow::Owned(text) => Cow::Owned(text.trim().to_owned()),
    }
}

pub(super) fn truncate<'a>(_: &mut Run<'a>, of: Item<'a>, length: Item<'a>) -> Option<Item<'a>> {
    let length = count(&length)?;
    let text = calls::text(of)?;
    Some(Item::text(text.chars().take(length).collect::<String>()))
}

pub(super) fn pad_left<'a>(
    _: &mut Run<'a>,
    [of, length, fill, ..]: Arguments<'a>,
) -> Option<Item<'a>> {
    let (length, of) = (count(&length)?, calls::text(of)?);
    Some(Item::text(text::padded(&of, length, only_text(&fill)?)))
}

pub(super) fn join<'a>(run: &mut Run<'a>, parts: Item<'a>, between: Item<'a>) -> Option<Item<'a>> {
    let between = only_text(&between)?;
    let mut joined = String::new();
    for part in calls::list(run, parts)?.iter() {
        if part.is_blank() {
            continue;
        }
        if !joined.is_empty() {
            joined.push_str(between);
        }
        joined.push_str(calls::text(part)?.trim());
    }
    Some(Item::text(joined))
}

pub(super) fn starts_with<'a>(_: &mut Run<'a>, of: Item<'a>, part: Item<'a>) -> Option<Item<'a>> {
    let starts = only_text(&of)?.starts_with(only_text(&part)?);
    Some(Item::Bool(starts))
}

pub(super) fn ends_with<'a>(_: &mut Run<'a>, of: Item<'a>, part: Item<'a>) -> Option<Item<'a>> {
    let ends = only_text(&of)?.ends_with(only_text(&part)?);
    Some(Item::Bool(ends))
}

pub(super) fn base32_sha256<'a>(
    _: &mut Run<'a>,
    of: Item<'a>,
    length: Item<'a>,
) -> Option<Item<'a>> {
    let (length, of) = (count(&length)?, calls::text(of)?);
    Some(Item::text(text::stand_in(&of, length)))
}

pub(super) fn normalise_address<'a>(run: &mut Run<'a>, address: Item<'a>) -> Option<Item<'a>> {
    let address = calls::map(run, address)?;
    let part = |map: &Map<'a>, name: &str| -> Option<String> {
        let text = calls::text(map.get(name).unwrap_or(Item::Nothing))?;
        Some(address::tidied(&text))
    };
    let mut parts = Vec::with_capacity(address::FIELDS.len() + address::GROUPS.len());
    for name in address::FIELDS {
        parts.push(part(&address, name)?);
    }
    for (group, field) in address::GROUPS {
        let group = address.get(group).unwrap_or(Item::Nothing);
        parts.push(part(&calls::map(run, group)?, field)?);
    }
    Some(Item::text(parts.join("\n")))
}

pub(super) fn address_lines<'a>(
    run: &mut Run<'a>,
    [lines, width, most, ..]: Arguments<'a>,
) -> Option<Item<'a>> {
    let (width, most) = (count(&width)?, count(&most)?);
    let given = calls::list(run, lines)?;
    let given = given
        .iter()
        .map(|line| Some(calls::text(line)?.trim().to_owned()));
    let lines = address::fitted(given.collect::<Option<_>>()?, width, most);
    let lines = lines.into_iter().map(|line| {
        if line.is_empty() {
            Item::Nothing
        } else {
            Item::text(line)
        }
    });
    Item::list(lines.collect())
}

pub(super) fn local_date<'a>(_: &mut Run<'a>, at: Item<'a>, zone: Item<'a>) -> Option<Item<'a>> {
    let at = calls::text(at)?;
    let zoned = dates::zoned("local_date", &at, only_text(&zone)?).ok()?;
    Some(Item::text(zoned.date().to_string()))
}

pub(super) fn format_date<'a>(
    _: &mut Run<'a>,
    [at, zone, pattern, ..]: Arguments<'a>,
) -> Option<Item<'a>> {
    let at = calls::text(at)?;
    let zoned = dates::zoned("format_date", &at, only_text(&zone)?).ok()?;
    let written = moment::write(only_text(&pattern)?, zoned.datetime());
    Some(Item::text(written))
}

pub(super) fn fill_date<'a>(
    _: &mut Run<'a>,
    template: Item<'a>,
    day: Item<'a>,
) -> Option<Item<'a>> {
    let (template, day) = (calls::text(template)?, calls::text(day)?);
    dates::filled(&template, &day).ok().map(Item::text)
}

pub(super) fn instant<'a>(_: &mut Run<'a>, at: Item<'a>) -> Option<Item<'a>> {
    let at = dates::instant("instant", &calls::text(at)?).ok()?;
    Some(Item::Number(at.as_microsecond().into()))
}
