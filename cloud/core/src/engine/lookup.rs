//! Lookup tables: which values belong to which keys, as people keep them.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use super::problem::{Problem, Problems};
use super::value::Value;

/// The only format so far.
pub const FORMAT: u32 = 1;
/// The most rows of a table.
const MOST_ROWS: usize = 100_000;
/// The column in which a row may say that it goes before others that fit too.
const PRIORITY: &str = "priority";

/// Tables by name.
pub type Lookups = BTreeMap<String, Arc<Compiled>>;

/// A table as people write it: JSON.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Lookup {
    /// [`FORMAT`].
    pub format: u32,
    /// Its name among the tables.
    pub name: String,
    /// What it is for, for people.
    pub title: String,
    /// The columns that are asked by.
    pub keys: Vec<Key>,
    /// The columns that are given.
    pub gives: Vec<String>,
    /// Rows: groups of the columns' values. A key that is blank or `*` fits anything; of several
    /// rows that fit, that with the highest `priority` is taken, then that which says most, then
    /// the first.
    pub rows: Vec<Value>,
    /// What is given when no row fits.
    #[serde(default)]
    pub otherwise: Otherwise,
    /// What to tell people when no row fits.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub repair: String,
}

/// A column that is asked by.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Key {
    /// Its name.
    pub name: String,
    /// How its cells are compared.
    #[serde(rename = "match", default)]
    pub compare: Match,
}

/// How cells are compared with what is asked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Match {
    /// Letter by letter; blanks at the ends do not count, and numbers are compared by size.
    #[default]
    Exact,
    /// As above, but capitals and small letters are alike.
    IgnoreCase,
    /// Cells are ranges: `58000..58899`, `..99.99`, `100..`. Numbers are compared by size, and
    /// postal codes as far as the bound is written: `58899-1234` lies within `58899`.
    Range,
    /// Cells are patterns in which `*` stands for any characters; capitals and small letters are
    /// alike.
    Pattern,
}

/// What is given when no row fits.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Otherwise {
    /// Nothing is: the work needs a person.
    #[default]
    Error,
    /// Nothing.
    Nothing,
    /// These values by column.
    Default(Value),
}

/// A table ready to ask.
#[derive(Debug)]
pub struct Compiled {
    name: String,
    keys: Vec<Key>,
    gives: Vec<String>,
    rows: Vec<Row>,
    /// Places of rows whose keys say one thing each, where all rows are such.
    index: Option<HashMap<Vec<String>, usize>>,
    otherwise: Otherwise,
    repair: String,
}

#[derive(Debug)]
struct Row {
    cells: Vec<Cell>,
    values: Value,
    priority: Decimal,
}

#[derive(Debug)]
enum Cell {
    Anything,
    One(String),
    Range(String, String),
    Pattern(String),
}

/// No row of a table fits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NoRow {
    /// What was asked, for people.
    pub message: String,
    /// What to do.
    pub repair: String,
}

/// Compiles a table, or tells all that is wrong with it.
pub fn compile(json: &str) -> Result<Compiled, Vec<Problem>> {
    let mut problems = Problems::default();
    let lookup: Lookup = match serde_json::from_str(json) {
        Ok(lookup) => lookup,
        Err(error) => {
            problems.add("lookup", error.to_string());
            return problems.finish(None);
        }
    };
    check_columns(&lookup, &mut problems);
    let rows: Vec<Row> = lookup
        .rows
        .iter()
        .enumerate()
        .filter_map(|(place, row)| compile_row(&lookup, place, row, &mut problems))
        .collect();
    let index = index(&rows, &mut problems);
    problems.finish(Some(Compiled {
        name: lookup.name,
        keys: lookup.keys,
        gives: lookup.gives,
        rows,
        index,
        otherwise: lookup.otherwise,
        repair: lookup.repair,
    }))
}

fn check_columns(lookup: &Lookup, problems: &mut Problems) {
    if lookup.format != FORMAT {
        problems.add("format", format!("must be {FORMAT}"));
    }
    if lookup.keys.is_empty() {
        problems.add("keys", "must name at least one column");
    }
    if lookup.gives.is_empty() {
        problems.add("gives", "must name at least one column");
    }
    if lookup.rows.len() > MOST_ROWS {
        problems.add("rows", format!("must be at most {MOST_ROWS}"));
    }
    let keys = lookup.keys.iter().map(|key| &key.name);
    let mut seen = vec![PRIORITY];
    for name in keys.chain(&lookup.gives) {
        if seen.contains(&name.as_str()) {
            problems.add("keys", format!("the column name `{name}` is taken"));
        }
        seen.push(name);
    }
    if let Otherwise::Default(values) = &lookup.otherwise {
        let columns = values.as_map().map(|map| map.keys().collect::<Vec<_>>());
        match columns {
            None => problems.add("otherwise.default", "must be a group of values by column"),
            Some(columns) => {
                for name in columns {
                    if !lookup.gives.contains(name) {
                        let message = format!("there is no column `{name}`");
                        problems.add("otherwise.default", message);
                    }
                }
            }
        }
    }
}

fn compile_row(lookup: &Lookup, place: usize, row: &Value, problems: &mut Problems) -> Option<Row> {
    let location = format!("rows[{place}]");
    let Some(map) = row.as_map() else {
        problems.add(&location, "must be a group of values by column");
        return None;
    };
    for (name, value) in map {
        let known = name == PRIORITY
            || lookup.gives.contains(name)
            || lookup.keys.iter().any(|key| key.name == *name);
        if !known {
            problems.add(&location, format!("there is no column `{name}`"));
        }
        if matches!(value, Value::List(_) | Value::Map(_)) {
            problems.add(&location, format!("`{name}` must be a single value"));
        }
    }
    let mut cells = Vec::with_capacity(lookup.keys.len());
    for key in &lookup.keys {
        let written = map.get(&key.name).unwrap_or(&Value::Null).plain();
        match cell(key.compare, &written) {
            Ok(cell) => cells.push(cell),
            Err(message) => problems.add(&format!("{location}.{}", key.name), message),
        }
    }
    let priority = map
        .get(PRIORITY)
        .map_or(Some(Decimal::ZERO), Value::as_number);
    if priority.is_none() {
        problems.add(&format!("{location}.{PRIORITY}"), "must be a number");
    }
    let values = map.iter().filter(|(name, _)| lookup.gives.contains(name));
    Some(Row {
        cells,
        values: Value::map(values.map(|(name, value)| (name.clone(), value.clone()))),
        priority: priority?,
    })
}

fn cell(compare: Match, written: &str) -> Result<Cell, &'static str> {
    if written.is_empty() || written == "*" {
        return Ok(Cell::Anything);
    }
    Ok(match compare {
        Match::Exact => Cell::One(written.to_owned()),
        Match::IgnoreCase => Cell::One(written.to_lowercase()),
        Match::Pattern => Cell::Pattern(written.to_lowercase()),
        Match::Range => {
            let (from, to) = written.split_once("..").unwrap_or((written, written));
            let (from, to) = (from.trim(), to.trim());
            if let (Ok(from), Ok(to)) = (from.parse::<Decimal>(), to.parse::<Decimal>())
                && from > to
            {
                return Err("the range ends before it begins");
            }
            Cell::Range(from.to_owned(), to.to_owned())
        }
    })
}

/// Indexes rows whose keys say one thing each; two of the same keys are a mistake.
fn index(rows: &[Row], problems: &mut Problems) -> Option<HashMap<Vec<String>, usize>> {
    let mut index = HashMap::with_capacity(rows.len());
    for (place, row) in rows.iter().enumerate() {
        let key = row.cells.iter().map(|cell| match cell {
            Cell::One(text) => Some(text.clone()),
            Cell::Anything | Cell::Range(..) | Cell::Pattern(_) => None,
        });
        let key: Vec<String> = key.collect::<Option<_>>()?;
        let shown = key.join(", ");
        if let Some(first) = index.insert(key, place) {
            let message = format!("{shown} stands in rows[{first}] too");
            problems.add(&format!("rows[{place}]"), message);
        }
    }
    Some(index)
}

impl Compiled {
    /// Gives its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Gives the names of the columns it is asked by.
    pub fn keys(&self) -> impl Iterator<Item = &str> {
        self.keys.iter().map(|key| key.name.as_str())
    }

    /// Tells whether it has a column to give.
    pub fn has(&self, column: &str) -> bool {
        self.gives.iter().any(|name| name == column)
    }

    /// Gives the only column to give, if it is one.
    pub fn only(&self) -> Option<&str> {
        match self.gives.as_slice() {
            [only] => Some(only),
            _ => None,
        }
    }

    /// Finds the values for keys, in the order of [`Self::keys`]: a group by column, or nothing
    /// where the table says so.
    pub fn find(&self, asked: &[Value]) -> Result<Value, NoRow> {
        let texts: Vec<String> = asked.iter().map(Value::plain).collect();
        if let Some(row) = self.row(&texts) {
            return Ok(row.values.clone());
        }
        match &self.otherwise {
            Otherwise::Nothing => Ok(Value::Null),
            Otherwise::Default(values) => Ok(values.clone()),
            Otherwise::Error => Err(self.no_row(&texts)),
        }
    }

    fn row(&self, asked: &[String]) -> Option<&Row> {
        if let Some(index) = &self.index {
            let key = self
                .keys
                .iter()
                .zip(asked)
                .map(|(key, text)| match key.compare {
                    Match::IgnoreCase => text.to_lowercase(),
                    Match::Exact | Match::Range | Match::Pattern => text.clone(),
                });
            let place = index.get(&key.collect::<Vec<_>>())?;
            return self.rows.get(*place);
        }
        let mut best: Option<((Decimal, u32), &Row)> = None;
        for row in &self.rows {
            let Some(score) = self.score(row, asked) else {
                continue;
            };
            let rank = (row.priority, score);
            if best.as_ref().is_none_or(|(most, _)| rank > *most) {
                best = Some((rank, row));
            }
        }
        best.map(|(_, row)| row)
    }

    /// Tells how much of what is asked a row says: 4 a cell that says one thing, 2 a range, 1 a
    /// pattern; none where it says something else.
    fn score(&self, row: &Row, asked: &[String]) -> Option<u32> {
        let mut score = 0;
        for ((cell, key), text) in row.cells.iter().zip(&self.keys).zip(asked) {
            let (fits, worth) = match cell {
                Cell::Anything => (true, 0),
                Cell::One(one) if key.compare == Match::IgnoreCase => {
                    (*one == text.to_lowercase(), 4)
                }
                Cell::One(one) => (one == text, 4),
                Cell::Range(from, to) => (lies_within(text, from, to), 2),
                Cell::Pattern(pattern) => (fits_pattern(pattern, &text.to_lowercase()), 1),
            };
            if !fits {
                return None;
            }
            score += worth;
        }
        Some(score)
    }

    fn no_row(&self, asked: &[String]) -> NoRow {
        let asked = self.keys.iter().zip(asked);
        let asked: Vec<String> = asked
            .map(|(key, text)| format!("{} \"{text}\"", key.name))
            .collect();
        let asked = asked.join(", ");
        let repair = if self.repair.is_empty() {
            format!("Add a row for {asked} to the lookup table {}.", self.name)
        } else {
            self.repair.clone()
        };
        NoRow {
            message: format!("the lookup table {} has no row for {asked}", self.name),
            repair,
        }
    }
}

fn lies_within(text: &str, from: &str, to: &str) -> bool {
    if let Ok(number) = text.parse::<Decimal>() {
        let bound = |bound: &str| bound.parse::<Decimal>().ok();
        let numeric = |text: &str| text.is_empty() || bound(text).is_some();
        if numeric(from) && numeric(to) {
            return bound(from).is_none_or(|from| from <= number)
                && bound(to).is_none_or(|to| number <= to);
        }
    }
    (from.is_empty() || inside(text, from, true)) && (to.is_empty() || inside(text, to, false))
}

/// Tells whether a text fits a pattern in which `*` stands for any characters.
pub(super) fn fits_pattern(pattern: &str, text: &str) -> bool {
    let mut parts = pattern.split('*');
    let Some(mut rest) = text.strip_prefix(parts.next().unwrap_or_default()) else {
        return false;
    };
    let parts: Vec<&str> = parts.collect();
    let Some((last, middle)) = parts.split_last() else {
        return rest.is_empty();
    };
    for part in middle {
        let Some(place) = rest.find(part) else {
            return false;
        };
        rest = &rest[place + part.len()..];
    }
    rest.ends_with(last)
}

/// Compares postal codes: without blanks, in one case, and only as far as the bound is written, so
/// that `58899-1234` lies within `58899`.
pub(super) fn inside(text: &str, bound: &str, low: bool) -> bool {
    let tidy = |text: &str| -> String {
        let kept = text.chars().filter(|c| !c.is_whitespace() && *c != '-');
        kept.flat_map(char::to_uppercase).collect()
    };
    let (text, bound) = (tidy(text), tidy(bound));
    if text.is_empty() {
        return false;
    }
    let text: String = text.chars().take(bound.chars().count()).collect();
    if low { text >= bound } else { text <= bound }
}
