//! Postal addresses: one form for comparing, and lines that fit.

use rhai::{Dynamic, Engine, Map};

use super::{Given, count, list, map, text};

/// All of an address that GP keeps, in a fixed order.
pub(in crate::engine::expression) const FIELDS: &[&str] = &[
    "company",
    "first_name",
    "last_name",
    "address1",
    "address2",
    "city",
    "county",
    "zip_postal_code",
    "phone_number",
    "fax_number",
];

/// The same of what stands in groups of the address.
pub(in crate::engine::expression) const GROUPS: &[(&str, &str)] = &[
    ("state", "abbreviation"),
    ("state", "name"),
    ("country", "two_letter_iso_code"),
];

pub(super) fn register(engine: &mut Engine) {
    engine.register_fn("normalise_address", |address: Dynamic| normalise(&address));
    engine.register_fn(
        "address_lines",
        |lines: Dynamic, width: Dynamic, most: Dynamic| address_lines(&lines, &width, &most),
    );
}

/// Writes an address so that two ways of typing the same one come out alike.
fn normalise(address: &Dynamic) -> Given<String> {
    const HELPER: &str = "normalise_address";
    let address = map(HELPER, "the address", address)?;
    let nothing = Dynamic::UNIT;
    let part = |map: &Map, name: &str| -> Given<String> {
        let text = text(HELPER, name, map.get(name).unwrap_or(&nothing))?;
        Ok(tidied(&text))
    };
    let mut parts = FIELDS
        .iter()
        .map(|name| part(&address, name))
        .collect::<Given<Vec<_>>>()?;
    for (group, field) in GROUPS.iter().copied() {
        let group = map(HELPER, group, address.get(group).unwrap_or(&nothing))?;
        parts.push(part(&group, field)?);
    }
    Ok(parts.join("\n"))
}

/// Writes a part of an address in one form.
pub(in crate::engine::expression) fn tidied(text: &str) -> String {
    let words: Vec<&str> = text.split_whitespace().collect();
    words.join(" ").to_lowercase()
}

fn address_lines(lines: &Dynamic, width: &Dynamic, most: &Dynamic) -> Given {
    const HELPER: &str = "address_lines";
    let (width, most) = (
        count(HELPER, "width", width)?,
        count(HELPER, "lines", most)?,
    );
    let given = list(HELPER, "lines", lines)?;
    let given = given
        .iter()
        .map(|line| Ok(text(HELPER, "line", line)?.trim().to_owned()))
        .collect::<Given<Vec<_>>>()?;
    let lines = fitted(given, width, most).into_iter().map(|line| {
        if line.is_empty() {
            Dynamic::UNIT
        } else {
            line.into()
        }
    });
    Ok(Dynamic::from_array(lines.collect()))
}

/// Gives address lines of at most `width` characters: a line too long goes on in the next, between
/// words. Every line keeps its place while all fit; what does not fit stays in the last line.
pub(in crate::engine::expression) fn fitted(
    mut given: Vec<String>,
    width: usize,
    most: usize,
) -> Vec<String> {
    let mut wrapped: Vec<String> = Vec::new();
    if given.iter().any(|line| line.chars().count() > width) {
        given.retain(|line| !line.is_empty());
        for line in given {
            wrap(&line, width, &mut wrapped);
        }
    } else {
        wrapped = given;
    }
    while wrapped.len() > most.max(1) {
        let last = wrapped.pop().unwrap_or_default();
        if let Some(line) = wrapped.last_mut() {
            line.push(' ');
            line.push_str(&last);
        }
    }
    wrapped.resize(most, String::new());
    wrapped
}

fn wrap(line: &str, width: usize, into: &mut Vec<String>) {
    let mut current = String::new();
    for word in line.split_whitespace() {
        if !current.is_empty() && current.chars().count() + 1 + word.chars().count() > width {
            into.push(std::mem::take(&mut current));
        }
        if !current.is_empty() {
            current.push(' ');
        }
        current.push_str(word);
    }
    into.push(current);
}
