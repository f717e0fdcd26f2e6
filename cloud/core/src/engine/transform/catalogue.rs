//! Every transform there is.

use super::{
    Entry, currency, dates, html, identifiers, nop, numbers, people, phone, places, street, text,
};

/// The transforms by group, in the order people read them.
static GROUPS: [&[Entry]; 11] = [
    text::ENTRIES,
    numbers::ENTRIES,
    currency::ENTRIES,
    dates::ENTRIES,
    places::ENTRIES,
    street::ENTRIES,
    people::ENTRIES,
    phone::ENTRIES,
    identifiers::ENTRIES,
    html::ENTRIES,
    nop::ENTRIES,
];

/// Gives every transform.
pub fn entries() -> impl Iterator<Item = &'static Entry> {
    GROUPS.iter().copied().flatten()
}

/// Finds a transform by its name.
pub fn entry(name: &str) -> Option<&'static Entry> {
    entries().find(|entry| entry.name == name)
}
