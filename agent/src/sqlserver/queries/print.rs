//! Queries for people and for the doctor: descriptions, texts with the rights they need.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::catalogue;
use super::declare::{Column, Query, Role, Source, Type, Way};
use super::given::{Asked, Given, Values};
use super::own::Own;
use super::text;
use super::token::KeyValue;
use crate::sqlserver::values::SqlValue;

/// A text that the agent can send for a query.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Printed {
    pub name: String,
    /// What a login needs to run it.
    pub right: String,
    pub sql: String,
    parameters: usize,
}

/// What can be asked, for people and programs.
pub fn described(own: &[Own]) -> Value {
    let fixed = catalogue::all().map(described_query);
    fixed.chain(own.iter().map(described_own)).collect()
}

fn described_query(query: &'static Query) -> Value {
    let parameter = |parameter: &super::declare::Parameter| {
        let kind = parameter.kind.sql();
        let (kind, default) = match parameter.role {
            Role::Choice => (kind.into_owned(), None),
            Role::List => (format!("JSON array of {kind}"), None),
            Role::Default(value) => (kind.into_owned(), Some(value)),
            Role::Adds(_) => ("0 or 1".to_owned(), Some("0")),
        };
        let required = query
            .ways
            .iter()
            .all(|way| way.by.contains(&parameter.name));
        json!({
            "name": parameter.name, "type": kind, "required": required, "default": default,
        })
    };
    let source = query.sources.first();
    let usual = source.into_iter().flat_map(Source::columns);
    let added = query.parameters.iter().flat_map(|parameter| {
        let columns = match parameter.role {
            Role::Adds(columns) => columns,
            Role::Choice | Role::List | Role::Default(_) => &[],
        };
        let with = format!("{}=1", parameter.name);
        columns.iter().map(move |each| (each, Some(with.clone())))
    });
    let columns = usual.map(|column| (column, None)).chain(added);
    let column = |(column, with): (&Column, Option<String>)| match with {
        None => json!({"name": column.name, "type": column.kind.name()}),
        Some(with) => json!({"name": column.name, "type": column.kind.name(), "with": with}),
    };
    json!({
        "name": query.name,
        "text": query.text,
        "parameters": query.parameters.iter().map(parameter).collect::<Vec<_>>(),
        "by": query.ways.iter().map(|way| way.by).collect::<Vec<_>>(),
        "columns": columns.map(column).collect::<Vec<_>>(),
        "page_key": query.key.iter().map(|key| key.column).collect::<Vec<_>>(),
    })
}

fn described_own(own: &Own) -> Value {
    let parameter = |(name, kind): (&String, &Type)| json!({"name": name, "type": kind.sql(), "required": true, "default": null});
    json!({
        "name": own.name,
        "text": own.text,
        "parameters": own.parameters.iter().map(parameter).collect::<Vec<_>>(),
        "by": [own.parameters.keys().collect::<Vec<_>>()],
        "columns": [],
        "page_key": own.key,
    })
}

/// Every text of the queries, as it reads behind a first page; a first page's text is the same
/// without what the page key is compared with.
pub fn printed(own: &[Own]) -> Vec<Printed> {
    let fixed = fixed().map(|(printed, _)| printed);
    fixed.chain(own.iter().filter_map(own_text)).collect()
}

/// The texts of the fixed queries, with the columns each selects.
pub(super) fn fixed() -> impl Iterator<Item = (Printed, Vec<&'static Column>)> {
    catalogue::all().flat_map(texts)
}

impl Printed {
    pub(super) fn parameters(&self) -> usize {
        self.parameters
    }
}

fn texts(query: &'static Query) -> Vec<(Printed, Vec<&'static Column>)> {
    let mut printed = Vec::new();
    let added = query.parameters.iter().filter_map(|parameter| {
        let adds = matches!(parameter.role, Role::Adds(_));
        adds.then(|| format!(" (with {}=1)", parameter.name))
    });
    let added: String = added.collect();
    let key: Vec<_> = query.key.iter().map(|key| sample_key(key.kind)).collect();
    for way in query.ways {
        let asked = sample(query, way);
        for source in query.sources {
            let Some(page) = text::page(query, source, &asked, (1, Some(&key))) else {
                continue;
            };
            let by = match way.by {
                [] => String::new(),
                by => format!(" by {}", by.join(", ")),
            };
            let tables = tables_of(&page.sql);
            let columns = page.columns.into_iter();
            let columns = columns.filter(|column| column.kind.is_selected()).collect();
            let text = Printed {
                name: format!("query {}{by}{added}", query.name),
                right: format!("SELECT on {}", tables.join(", ")),
                sql: page.sql,
                parameters: page.values.len(),
            };
            printed.push((text, columns));
        }
    }
    printed
}

fn own_text(own: &Own) -> Option<Printed> {
    let mut given = Given::default();
    for (name, kind) in &own.parameters {
        given.add(name, *kind, Values::One(sample_value(*kind)));
    }
    let page = own.page(&given, (1, None))?;
    Some(Printed {
        name: format!(
            "query {} (of this agent's owner, rolled back afterwards)",
            own.name
        ),
        right: "SELECT on what it reads".to_owned(),
        sql: page.sql,
        parameters: page.values.len(),
    })
}

/// The texts as batches that a server compiles without running them.
pub(crate) fn compilable(system_database: &str, own: &[Own]) -> Vec<(String, String)> {
    let batch = |printed: Printed| {
        let numbered = (1..=printed.parameters).map(|n| format!("@P{n} nvarchar(4000)"));
        let numbered: Vec<_> = numbered.collect();
        let sql = printed.sql.replace("{system}", system_database);
        (
            printed.name,
            format!("DECLARE {};\n{sql}", numbered.join(", ")),
        )
    };
    printed(own).into_iter().map(batch).collect()
}

/// Everything that can be asked in one way, with values of the right types.
fn sample(query: &'static Query, way: &'static Way) -> Asked {
    let mut given = Given::default();
    let mut added = Vec::new();
    for parameter in query.parameters {
        let value = sample_value(parameter.kind);
        let values = match parameter.role {
            Role::List => Values::Many(vec![value]),
            Role::Choice | Role::Default(_) => Values::One(value),
            Role::Adds(columns) => {
                added.extend(columns);
                continue;
            }
        };
        given.add(parameter.name, parameter.kind, values);
    }
    Asked { way, given, added }
}

fn sample_key(kind: Type) -> KeyValue {
    match kind {
        Type::Char(_) | Type::VarChar(_) => KeyValue::Text("A".to_owned()),
        Type::TinyInt | Type::SmallInt | Type::Int | Type::BigInt | Type::Numeric(..) => {
            KeyValue::Int(1)
        }
        Type::DateTime => KeyValue::Moment("2025-01-01".to_owned()),
    }
}

fn sample_value(kind: Type) -> SqlValue {
    let bound = sample_key(kind).bound(&kind.parameter());
    bound.unwrap_or(SqlValue::Null)
}

/// The tables a text names: GP's own, those of the system database with `{system}` before them.
pub(super) fn tables_of(sql: &str) -> Vec<String> {
    let mut tables = BTreeSet::new();
    for (at, _) in sql.match_indices("dbo.") {
        let (before, behind) = sql.split_at(at);
        let name = behind.trim_start_matches("dbo.");
        let end = name.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_'));
        let name = &name[..end.unwrap_or(name.len())];
        let system = if before.ends_with("{system}.") {
            "{system}."
        } else {
            ""
        };
        tables.insert(format!("{system}dbo.{name}"));
    }
    tables.into_iter().collect()
}
