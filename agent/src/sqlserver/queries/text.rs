//! Makes the text of a query's page out of its declaration, and the values bound to it.
//!
//! Nothing of a value gets into a text: each `@NAME` of a declaration becomes a numbered
//! parameter, cast to its declared type. A bare parameter is national text, and the server would
//! convert the column and read the whole table.

use super::declare::{Column, Key, LONGEST_LIST, Query, Source, Type};
use super::given::{Asked, Given, Values};
use super::token::KeyValue;
use crate::sqlserver::values::SqlValue;

/// A text with its values.
#[derive(Debug, Default)]
pub(super) struct Text {
    pub(super) sql: String,
    pub(super) values: Vec<SqlValue>,
    /// The columns of its rows, in order; those that are not selected among them.
    pub(super) columns: Vec<&'static Column>,
    /// Places of the page key among the selected columns.
    pub(super) key: Vec<usize>,
    /// What stands for a parameter that the text names more than once.
    bound: Vec<(String, String)>,
}

/// The text of one page of a source: at most `rows` rows, behind `after` if it is given.
///
/// `None` when `after` is not a key of the query.
pub(super) fn page(
    query: &'static Query,
    source: &'static Source,
    asked: &Asked,
    (rows, after): (i32, Option<&[KeyValue]>),
) -> Option<Text> {
    let mut columns: Vec<_> = source.columns().collect();
    columns.extend(&asked.added);
    let selected = columns.iter().filter(|column| column.kind.is_selected());
    let selected: Vec<_> = selected.copied().collect();
    let mut text = Text::default();
    let top = text.bind(Type::Int, SqlValue::Int(rows));
    let list: Vec<_> = selected.iter().map(|column| shown(column)).collect();
    let keys: Vec<_> = query.key.iter().map(|key| keyed(key, &selected)).collect();
    let keys: Vec<(usize, &str)> = keys.into_iter().collect::<Option<_>>()?;
    let conditions = [query.always, source.condition, asked.way.condition];
    let mut conditions: Vec<String> = conditions
        .iter()
        .filter(|condition| !condition.is_empty())
        .map(|condition| text.filled(condition, &asked.given))
        .collect();
    if let Some(after) = after {
        let bound = text.bind_key(query.key, after)?;
        let columns: Vec<_> = keys.iter().map(|(_, sql)| *sql).collect();
        conditions.push(behind(&columns, &bound));
    }
    let order: Vec<_> = keys.iter().map(|(_, sql)| *sql).collect();
    text.sql = format!(
        "SELECT TOP ({top}) {}\nFROM {}{}\nORDER BY {}",
        list.join(", "),
        text.filled(source.from, &asked.given),
        r#where(&conditions),
        order.join(", "),
    );
    text.key = keys.iter().map(|(place, _)| *place).collect();
    text.columns = columns;
    Some(text)
}

fn r#where(conditions: &[String]) -> String {
    if conditions.is_empty() {
        return String::new();
    }
    format!("\nWHERE {}", conditions.join("\nAND "))
}

/// A column as it is selected, under its own name.
fn shown(column: &Column) -> String {
    let Column { name, sql, .. } = column;
    let own = sql.rsplit('.').next() == Some(name) && !sql.contains(' ');
    if own {
        (*sql).to_owned()
    } else {
        format!("{sql} AS [{name}]")
    }
}

fn keyed<'c>(key: &Key, selected: &[&'c Column]) -> Option<(usize, &'c str)> {
    let place = selected.iter().position(|each| each.name == key.column)?;
    Some((place, selected[place].sql))
}

/// The rows behind a key, said so that an index on it is sought and not read from its start.
pub(super) fn behind(columns: &[&str], values: &[String]) -> String {
    match (columns, values) {
        ([column], [value]) => format!("{column} > {value}"),
        ([column, columns @ ..], [value, values @ ..]) => format!(
            "{column} >= {value} AND ({column} > {value} OR ({}))",
            behind(columns, values)
        ),
        _ => "1 = 1".to_owned(),
    }
}

impl Text {
    /// Binds a value; gives what stands for it in the text.
    pub(super) fn bind(&mut self, kind: Type, value: SqlValue) -> String {
        self.values.push(value);
        format!("CAST(@P{} AS {})", self.values.len(), kind.sql())
    }

    fn bind_key(&mut self, keys: &[Key], after: &[KeyValue]) -> Option<Vec<String>> {
        if keys.len() != after.len() {
            return None;
        }
        let pairs = keys.iter().zip(after);
        pairs
            .map(|(key, value)| {
                let value = value.bound(&key.kind.parameter())?;
                Some(self.bind(key.kind, value))
            })
            .collect()
    }

    /// A piece of a declaration with its parameters bound.
    pub(super) fn filled(&mut self, piece: &str, given: &Given) -> String {
        let mut filled = String::with_capacity(piece.len());
        let mut rest = piece;
        while let Some((before, behind)) = rest.split_once('@') {
            let end = behind.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_'));
            let (name, behind) = behind.split_at(end.unwrap_or(behind.len()));
            filled.push_str(before);
            filled.push_str(&self.named(name, given));
            rest = behind;
        }
        filled.push_str(rest);
        filled
    }

    fn named(&mut self, name: &str, given: &Given) -> String {
        if let Some((_, bound)) = self.bound.iter().find(|(known, _)| known == name) {
            return bound.clone();
        }
        let bound = match given.get(name) {
            Some((kind, Values::One(value))) => self.bind(*kind, value.clone()),
            Some((kind, Values::Many(values))) => self.bind_list(*kind, values),
            None => return ["@", name].concat(),
        };
        self.bound.push((name.to_owned(), bound.clone()));
        bound
    }

    /// A list is filled up with its last value: its text is the same whatever its length.
    fn bind_list(&mut self, kind: Type, values: &[SqlValue]) -> String {
        let filler = values.last().into_iter().cycle();
        let all = values.iter().chain(filler).take(LONGEST_LIST);
        let all: Vec<_> = all.map(|value| self.bind(kind, value.clone())).collect();
        all.join(", ")
    }
}
