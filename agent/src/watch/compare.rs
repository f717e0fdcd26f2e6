//! What changed: rows as they are now against what the cloud was told of them.

use std::collections::{BTreeMap, HashMap};

use aws_lc_rs::digest::{SHA256, digest};
use serde_json::{Map, Value, json};

use crate::sqlserver::Watched;
use crate::state::{Told, group_of, row_name};

/// A stamp changes without anything else in the row.
const STAMP: &str = "DEX_ROW_TS";
/// The column that tells unposted from posted rows.
const STATE: &str = "transaction_state";
/// The bit of a fingerprint that says the row is settled: no full read meets it again.
const SETTLED: u64 = 1;

/// A row that is not what the cloud was told.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Change {
    pub(super) told: Told,
    pub(super) json: Value,
}

/// A row by its name.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Row {
    pub(super) group: String,
    pub(super) columns: Map<String, Value>,
    pub(super) fingerprint: u64,
}

/// Rows by their names. Of two with one key the later is the true one: a document that is being
/// posted stands in both tables for a moment, unposted first.
pub(super) fn named(watched: &Watched, rows: Vec<Map<String, Value>>) -> BTreeMap<String, Row> {
    let named = rows.into_iter().map(|row| {
        let group = shown(row.get(watched.group));
        let settled = is_settled(watched, &row);
        let name = row_name(&group, &key_text(watched, &row));
        let fingerprint = fingerprint(&row, settled);
        let row = Row {
            group,
            columns: row,
            fingerprint,
        };
        (name, row)
    });
    named.collect()
}

/// Whether a row is of a state that full reads end at.
pub(super) fn is_settled(watched: &Watched, row: &Map<String, Value>) -> bool {
    let state = row.get(STATE).and_then(Value::as_str);
    watched.settled.is_some() && state == watched.settled
}

/// Whether a full read meets a row of this fingerprint.
pub(super) fn is_met_by_full_reads(fingerprint: u64) -> bool {
    fingerprint & SETTLED == 0
}

/// New and changed rows.
pub(super) fn upserts(
    watched: &Watched,
    rows: BTreeMap<String, Row>,
    known: &HashMap<String, u64>,
) -> Vec<Change> {
    let changed = rows
        .into_iter()
        .filter(|(name, row)| known.get(name) != Some(&row.fingerprint));
    let change = changed.map(|(name, row)| Change {
        json: json!({"change": "upsert", "key": key(watched, &row.columns), "row": row.columns}),
        told: Told {
            group: row.group,
            row: name,
            fingerprint: Some(row.fingerprint),
        },
    });
    change.collect()
}

/// Rows that were known and are gone.
pub(super) fn deletes<'k>(
    watched: &Watched,
    rows: &BTreeMap<String, Row>,
    known: impl Iterator<Item = &'k String>,
) -> Vec<Change> {
    let gone = known.filter(|name| !rows.contains_key(*name));
    let change = gone.map(|name| Change {
        json: json!({"change": "delete", "key": key_of_name(watched, name)}),
        told: Told {
            group: group_of(name).to_owned(),
            row: name.clone(),
            fingerprint: None,
        },
    });
    change.collect()
}

fn key(watched: &Watched, row: &Map<String, Value>) -> Value {
    let columns = watched.key.iter();
    columns
        .map(|column| {
            (
                (*column).to_owned(),
                row.get(*column).cloned().unwrap_or_default(),
            )
        })
        .collect::<Map<_, _>>()
        .into()
}

/// The key's values as JSON text, which the name of a row keeps.
fn key_text(watched: &Watched, row: &Map<String, Value>) -> String {
    let values: Vec<_> = watched
        .key
        .iter()
        .map(|column| row.get(*column).cloned().unwrap_or_default())
        .collect();
    Value::Array(values).to_string()
}

/// The key of a row that is gone, out of the name that was kept.
fn key_of_name(watched: &Watched, name: &str) -> Value {
    let text = name.get(group_of(name).len() + 1..).unwrap_or_default();
    let values: Vec<Value> = serde_json::from_str(text).unwrap_or_default();
    let columns = watched.key.iter().map(|column| (*column).to_owned());
    Value::Object(columns.zip(values).collect())
}

fn shown(value: Option<&Value>) -> String {
    match value {
        Some(Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
        None => String::new(),
    }
}

fn fingerprint(row: &Map<String, Value>, settled: bool) -> u64 {
    let mut text = Vec::new();
    for (column, value) in row.iter().filter(|(column, _)| *column != STAMP) {
        text.extend_from_slice(column.as_bytes());
        text.push(0);
        text.extend_from_slice(value.to_string().as_bytes());
        text.push(0);
    }
    let digest = digest(&SHA256, &text);
    let mut first = [0; 8];
    first.copy_from_slice(&digest.as_ref()[..8]);
    (u64::from_be_bytes(first) & !SETTLED) | u64::from(settled)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sqlserver::WATCHED;

    fn watched(name: &str) -> &'static Watched {
        WATCHED.iter().find(|each| each.name == name).unwrap()
    }

    fn row(value: Value) -> Map<String, Value> {
        let Value::Object(row) = value else {
            panic!("an object, not {value}");
        };
        row
    }

    fn quantity(site: &str, on_hand: &str, stamp: &str) -> Map<String, Value> {
        row(
            json!({"ITEMNMBR": "100XLG", "LOCNCODE": site, "QTYONHND": on_hand, "DEX_ROW_TS": stamp}),
        )
    }

    #[test]
    fn new_changed_and_vanished_rows_are_changes_and_stamps_alone_are_none() {
        let quantities = watched("item_quantities");
        let first = named(
            quantities,
            vec![quantity("NORTH", "1", "a"), quantity("SOUTH", "2", "a")],
        );
        let known: HashMap<String, u64> = first
            .iter()
            .map(|(name, row)| (name.clone(), row.fingerprint))
            .collect();
        assert_eq!(upserts(quantities, first.clone(), &HashMap::new()).len(), 2);
        let again = named(
            quantities,
            vec![quantity("NORTH", "1", "b"), quantity("EAST", "3", "b")],
        );
        let gone = deletes(quantities, &again, known.keys());
        let south = json!({"change": "delete", "key": {"ITEMNMBR": "100XLG", "LOCNCODE": "SOUTH"}});
        assert_eq!(gone.iter().map(|c| &c.json).collect::<Vec<_>>(), [&south]);
        let changed = upserts(quantities, again, &known);
        assert_eq!(changed.len(), 1);
        assert_eq!(changed[0].json["key"]["LOCNCODE"], "EAST");
        assert_eq!(changed[0].told.group, "100XLG");
    }

    #[test]
    fn a_posted_document_is_the_true_one_and_settled() {
        let documents = watched("sales_documents");
        let document = |state: &str| {
            row(json!({"SOPTYPE": 3, "SOPNUMBE": "INV1", "transaction_state": state}))
        };
        let both = named(documents, vec![document("work"), document("history")]);
        assert_eq!(both.len(), 1);
        let posted = both.values().next().unwrap();
        assert_eq!(posted.columns["transaction_state"], "history");
        assert!(!is_met_by_full_reads(posted.fingerprint));
        let work = named(documents, vec![document("work")]);
        assert!(is_met_by_full_reads(
            work.values().next().unwrap().fingerprint
        ));
    }
}
