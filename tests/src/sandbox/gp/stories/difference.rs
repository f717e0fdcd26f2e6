//! Everything a call changed, told row by row: what is not told holds its column's default.

use std::collections::BTreeMap;

use super::super::Sandbox;
use super::super::clock;
use super::super::value::{SqlType, Value, moment};

/// The committed rows of every table of a company, by table and row id.
pub(super) type Snapshot = BTreeMap<(String, i64), Vec<(String, String)>>;

/// Reads every table of company TWO.
pub(super) fn snapshot(sandbox: &Sandbox) -> Snapshot {
    let inner = sandbox.server.heap.lock();
    let database = inner.registry.database("TWO").unwrap();
    let tables: Vec<_> = inner.registry.tables_of(database).cloned().collect();
    let mut found = Snapshot::new();
    for table in tables.iter().filter(|table| table.schema == "dbo") {
        for row in inner.committed(table).unwrap() {
            let mut id = 0;
            let mut cells = Vec::new();
            for (column, value) in table.columns.iter().zip(&row) {
                match column.name.as_str() {
                    "DEX_ROW_ID" => id = value.int().unwrap(),
                    "DEX_ROW_TS" => {}
                    name => cells.extend(told(value, column.kind).map(|t| (name.to_owned(), t))),
                }
            }
            found.insert((table.name.clone(), id), cells);
        }
    }
    found
}

/// A value as text; none when it is what GP's columns hold by default.
fn told(value: &Value, kind: SqlType) -> Option<String> {
    let text = match value {
        Value::Int(number) => number.to_string(),
        Value::Numeric(number) => number.decimal().normalize().to_string(),
        Value::Float(number) => number.to_string(),
        Value::Text(text) if kind.padded() => text.trim_end().to_owned(),
        Value::Text(text) => text.clone(),
        Value::Bytes(raw) if raw.iter().all(|byte| *byte == 0) => return None,
        Value::Bytes(raw) => format!("{raw:?}"),
        Value::Null | Value::Time(0) => return None,
        Value::Time(ticks) if *ticks == clock::today() => "today".to_owned(),
        Value::Time(ticks) => moment(*ticks).date().to_string(),
    };
    (!text.is_empty() && text != "0").then_some(text)
}

/// What changed between two snapshots, a line for each row: `+` new, `-` gone, `~` changed cells.
pub(super) fn changes(before: &Snapshot, after: &Snapshot) -> String {
    let mut lines = Vec::new();
    for ((table, id), cells) in after {
        match before.get(&(table.clone(), *id)) {
            None => lines.push(format!("+{table} {}", shown(cells))),
            Some(old) if old != cells => {
                let new = cells.iter().filter(|cell| !old.contains(cell));
                let mut changed: Vec<_> = new.cloned().collect();
                let names: Vec<_> = cells.iter().map(|(name, _)| name).collect();
                let emptied = old.iter().filter(|(name, _)| !names.contains(&name));
                changed.extend(emptied.map(|(name, _)| (name.clone(), "none".to_owned())));
                lines.push(format!("~{table} {}", shown(&changed)));
            }
            Some(_) => {}
        }
    }
    let gone = before.keys().filter(|key| !after.contains_key(*key));
    lines.extend(gone.map(|(table, _)| format!("-{table}")));
    lines.join("\n")
}

fn shown(cells: &[(String, String)]) -> String {
    let cells: Vec<_> = cells
        .iter()
        .map(|(name, t)| format!("{name}={t}"))
        .collect();
    cells.join(" ")
}
