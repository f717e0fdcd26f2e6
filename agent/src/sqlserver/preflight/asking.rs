//! Asks GP about what a document names, and remembers for a while what was found in order.

use std::collections::{HashMap, HashSet};

use super::super::connection::SqlConnection;
use super::super::error::SqlError;
use super::super::reply::Cell;
use super::super::statements::{self, FEW, MANY, Statement};
use super::super::values::SqlValue;
use super::known::Known;
use super::subjects::{Held, Key, Kind, Subject};

/// What a record is like that is not simply there and in use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Trouble {
    Missing,
    Inactive,
    OnHold,
    /// Discontinued, and none of it is left.
    Discontinued,
}

/// A record as GP has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Record {
    Good,
    Inactive,
    Held,
    Discontinued,
}

/// What of a kind is not known to be good yet.
pub(super) fn unknown<'s>(known: &Known, subjects: &'s [Subject]) -> Vec<&'s Subject> {
    let unknown = subjects
        .iter()
        .filter(|subject| !known.records.has(&subject.key));
    unknown.collect()
}

/// Finds what is wrong with subjects that are not known yet.
pub(super) async fn troubles<'s>(
    connection: &mut SqlConnection,
    known: &Known,
    subjects: &[&'s Subject],
) -> Result<Vec<(&'s Subject, Trouble)>, SqlError> {
    let mut records = HashMap::new();
    for kind in Kind::ALL {
        let asked = subjects.iter().filter(|subject| subject.key.kind == kind);
        let names: HashSet<&str> = asked.map(|subject| subject.asked.as_str()).collect();
        if !names.is_empty() {
            ask(connection, kind, names, &mut records).await?;
        }
    }
    let good = records
        .iter()
        .filter(|(_, record)| **record == Record::Good);
    known.records.keep(good.map(|(key, _)| key.clone()));
    let found = subjects.iter().filter_map(|subject| {
        let trouble = match (records.get(&subject.key), subject.held) {
            (None, _) if subject.made => return None,
            (None, _) => Trouble::Missing,
            (Some(Record::Inactive), _) => Trouble::Inactive,
            (Some(Record::Held), Held::Refuses) => Trouble::OnHold,
            (Some(Record::Discontinued), _) => Trouble::Discontinued,
            (Some(Record::Held), Held::Accepts) | (Some(Record::Good), _) => return None,
        };
        Some((*subject, trouble))
    });
    Ok(found.collect())
}

/// Reads the records of one kind.
async fn ask(
    connection: &mut SqlConnection,
    kind: Kind,
    names: HashSet<&str>,
    records: &mut HashMap<Key, Record>,
) -> Result<(), SqlError> {
    let (statement, at_once) = text(kind);
    let mut discontinued = Vec::new();
    for row in rows(connection, statement, at_once, names).await? {
        let (key, record) = record(kind, &row);
        if record == Record::Discontinued {
            discontinued.push(text_at(&row, 0).trim_end().to_owned());
        }
        records.insert(key, record);
    }
    let sold_out = discontinued.iter().map(String::as_str).collect();
    let left = rows(connection, &statements::DISCONTINUED, MANY, sold_out).await?;
    for row in left {
        if matches!(row.get(1), Some(Cell::Numeric(left)) if left.is_sign_positive() && !left.is_zero())
        {
            records.insert(Key::new(kind, "", text_at(&row, 0)), Record::Good);
        }
    }
    Ok(())
}

/// A kind's text, and how many keys it takes at once.
fn text(kind: Kind) -> (&'static Statement, usize) {
    match kind {
        Kind::Customer => (&statements::CUSTOMERS, FEW),
        Kind::Vendor => (&statements::VENDORS, FEW),
        Kind::Item => (&statements::ITEMS, MANY),
        Kind::Unit => (&statements::UNITS, MANY),
        Kind::Site => (&statements::SITES, FEW),
        Kind::Salesperson => (&statements::SALESPEOPLE, FEW),
        Kind::Account => (&statements::ACCOUNTS, MANY),
        Kind::TaxDetail => (&statements::TAX_DETAILS, FEW),
    }
}

async fn rows(
    connection: &mut SqlConnection,
    statement: &'static Statement,
    at_once: usize,
    names: HashSet<&str>,
) -> Result<Vec<Vec<Cell>>, SqlError> {
    let names: Vec<&str> = names.into_iter().collect();
    let mut found = Vec::new();
    for some in names.chunks(at_once) {
        let mut parameters: Vec<SqlValue> = some.iter().map(|name| (*name).into()).collect();
        parameters.resize(at_once, "".into());
        found.extend(connection.query(statement, parameters).await?);
    }
    Ok(found)
}

/// Reads a row by its kind's text: the key, then what tells whether the record is in use.
fn record(kind: Kind, row: &[Cell]) -> (Key, Record) {
    let name = text_at(row, 0);
    let flag = |at: usize| row.get(at).and_then(Cell::int).unwrap_or_default();
    let in_use = |inactive: bool, held: bool| match (inactive, held) {
        (true, _) => Record::Inactive,
        (false, true) => Record::Held,
        (false, false) => Record::Good,
    };
    match kind {
        Kind::Customer => (Key::new(kind, "", name), in_use(flag(1) != 0, flag(2) != 0)),
        // VENDSTTS: 1 active, 2 inactive, 3 temporary.
        Kind::Vendor => (Key::new(kind, "", name), in_use(flag(1) == 2, flag(2) != 0)),
        Kind::Item if flag(1) == 0 && flag(2) == 2 => {
            (Key::new(kind, "", name), Record::Discontinued)
        }
        Kind::Item | Kind::Site | Kind::Salesperson => {
            (Key::new(kind, "", name), in_use(flag(1) != 0, false))
        }
        Kind::Unit => (Key::new(kind, name, text_at(row, 1)), Record::Good),
        Kind::Account => (Key::new(kind, "", name), in_use(flag(1) == 0, false)),
        Kind::TaxDetail => (Key::new(kind, "", name), Record::Good),
    }
}

fn text_at(row: &[Cell], at: usize) -> &str {
    row.get(at).and_then(Cell::text).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_tell_what_is_in_use() {
        let row = |name: &str, flags: &[i64]| {
            let mut row = vec![Cell::Text(name.to_owned())];
            row.extend(flags.iter().map(|flag| Cell::Int(*flag)));
            row
        };
        for (kind, flags, expected) in [
            (Kind::Customer, &[0, 0][..], Record::Good),
            (Kind::Customer, &[1, 1], Record::Inactive),
            (Kind::Customer, &[0, 1], Record::Held),
            (Kind::Vendor, &[3, 0], Record::Good),
            (Kind::Vendor, &[2, 0], Record::Inactive),
            (Kind::Item, &[0, 1], Record::Good),
            (Kind::Item, &[0, 2], Record::Discontinued),
            (Kind::Item, &[1, 2], Record::Inactive),
            (Kind::Account, &[1], Record::Good),
            (Kind::Account, &[0], Record::Inactive),
        ] {
            let (key, found) = record(kind, &row("a ", flags));
            assert_eq!((key, found), (Key::new(kind, "", "A"), expected));
        }
    }
}
