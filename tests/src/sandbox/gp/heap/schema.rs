//! The heap's dictionary: databases, tables, columns and keys.

use std::collections::HashMap;
use std::sync::Arc;

use super::super::value::{Family, SqlType, Value};

/// What a column holds when an insert leaves it out.
#[derive(Debug, Clone, PartialEq)]
pub enum Default {
    /// NULL, or an error where the column takes none.
    Missing,
    Constant(Value),
    Now,
    UtcNow,
    NewId,
}

/// One column.
#[derive(Debug, Clone, PartialEq)]
pub struct Column {
    pub name: String,
    pub kind: SqlType,
    pub nullable: bool,
    pub identity: bool,
    pub default: Default,
}

impl Column {
    /// A column with GP's rules: never NULL, blanks, zeros and 1900-01-01 by default.
    pub fn gp(name: &str, kind: SqlType, identity: bool) -> Column {
        let default = match kind.family() {
            _ if name == "DEX_ROW_TS" => Default::UtcNow,
            Family::Text | Family::Guid => Default::Constant(Value::Text(String::new())),
            Family::Int | Family::Numeric | Family::Float => Default::Constant(Value::Int(0)),
            Family::Time => Default::Constant(Value::Time(0)),
            Family::Binary => Default::Constant(Value::Bytes(vec![0; 4])),
        };
        Column {
            name: name.to_owned(),
            kind,
            nullable: false,
            identity,
            default,
        }
    }
}

/// One table, or a read-only view of the system catalogue.
#[derive(Debug)]
pub struct Table {
    pub id: u32,
    pub database: usize,
    pub schema: String,
    pub name: String,
    /// The quoted name in SQLite.
    pub stored: String,
    /// The quoted name of the table of before-images; empty for views.
    pub before: String,
    pub columns: Vec<Column>,
    /// The quoted column names, for select lists.
    pub list: String,
    /// Column sets that are unique, the primary key first.
    pub uniques: Vec<Vec<usize>>,
    /// The column that is SQLite's row id: the identity column or a hidden one.
    pub row_id: String,
    pub view: bool,
    pub binary: bool,
    /// Changes of its rows stamp what they belong to.
    pub triggers: bool,
    by_name: HashMap<String, usize>,
}

impl Table {
    /// The position of a column, whatever the case of its name.
    pub fn column(&self, name: &str) -> Option<usize> {
        if let Some(&index) = self.by_name.get(name) {
            return Some(index);
        }
        self.by_name.get(&name.to_ascii_lowercase()).copied()
    }

    /// The position of the identity column.
    pub fn identity(&self) -> Option<usize> {
        self.columns.iter().position(|column| column.identity)
    }

    /// `schema.name`, the way messages print it.
    pub fn full_name(&self) -> String {
        format!("{}.{}", self.schema, self.name)
    }
}

/// What a table is made from.
#[derive(Debug, Clone)]
pub struct TableSpec {
    pub schema: String,
    pub name: String,
    pub columns: Vec<Column>,
    pub uniques: Vec<Vec<usize>>,
}

/// One database.
#[derive(Debug, Clone)]
pub struct Database {
    pub name: String,
    pub schemas: Vec<String>,
    pub created: i64,
    pub recovery_fork: String,
    pub family: String,
    pub next_object: i64,
    /// Its columns compare by code, and so by case.
    pub binary: bool,
}

/// All tables by name.
#[derive(Debug, Default)]
pub struct Registry {
    pub databases: Vec<Database>,
    pub tables: Vec<Arc<Table>>,
    names: HashMap<(usize, String, String), u32>,
    /// Whether logins see what goes on in the server (VIEW SERVER STATE).
    pub server_state: bool,
}

impl Registry {
    /// The number of a database by its name.
    pub fn database(&self, name: &str) -> Option<usize> {
        self.databases
            .iter()
            .position(|database| database.name.eq_ignore_ascii_case(name))
    }

    /// A table by database, schema and name, whatever their case.
    pub fn table(&self, database: usize, schema: &str, name: &str) -> Option<&Arc<Table>> {
        let key = (
            database,
            schema.to_ascii_lowercase(),
            name.to_ascii_lowercase(),
        );
        self.names.get(&key).map(|&id| &self.tables[id as usize])
    }

    /// Puts a table, or its changed form, into the dictionary.
    pub fn add(&mut self, database: usize, spec: TableSpec, view: bool) -> Arc<Table> {
        let key = (
            database,
            spec.schema.to_ascii_lowercase(),
            spec.name.to_ascii_lowercase(),
        );
        let id = self
            .names
            .get(&key)
            .copied()
            .unwrap_or(u32::try_from(self.tables.len()).unwrap_or(u32::MAX));
        let plain = stored_name(&spec.schema, &spec.name);
        let place = &self.databases[database].name;
        let mut by_name = HashMap::new();
        for (index, column) in spec.columns.iter().enumerate() {
            by_name.insert(column.name.to_ascii_lowercase(), index);
            by_name.insert(column.name.clone(), index);
        }
        let identity = spec.columns.iter().find(|column| column.identity);
        let list: Vec<String> = spec
            .columns
            .iter()
            .map(|column| format!("\"{}\"", column.name))
            .collect();
        let table = Arc::new(Table {
            id,
            database,
            stored: format!("\"{place}\".\"{plain}\""),
            before: if view {
                String::new()
            } else {
                format!("\"{place}\".\"{plain}~before\"")
            },
            row_id: identity.map_or_else(|| "_row".to_owned(), |column| column.name.clone()),
            schema: spec.schema,
            triggers: !view && super::stamps::has_trigger(&spec.name),
            name: spec.name,
            columns: spec.columns,
            list: list.join(", "),
            uniques: spec.uniques,
            view,
            binary: !view && self.databases[database].binary,
            by_name,
        });
        if id as usize == self.tables.len() {
            self.tables.push(Arc::clone(&table));
        } else {
            self.tables[id as usize] = Arc::clone(&table);
        }
        self.names.insert(key, id);
        table
    }

    /// Takes a table out of the dictionary; its number is never used again.
    pub fn remove(&mut self, table: &Table) {
        self.names.remove(&(
            table.database,
            table.schema.to_ascii_lowercase(),
            table.name.to_ascii_lowercase(),
        ));
    }

    /// The tables of one database, views left out.
    pub fn tables_of(&self, database: usize) -> impl Iterator<Item = &Arc<Table>> {
        let known = self
            .names
            .values()
            .copied()
            .collect::<std::collections::HashSet<_>>();
        self.tables.iter().filter(move |table| {
            table.database == database && !table.view && known.contains(&table.id)
        })
    }
}

/// The table's name inside its SQLite database: dbo is left out.
pub fn stored_name(schema: &str, name: &str) -> String {
    if schema.eq_ignore_ascii_case("dbo") {
        name.to_owned()
    } else {
        format!("{}.{name}", schema.to_ascii_lowercase())
    }
}

/// The statements that make a table, its unique indexes and its before-image table.
pub fn create_statements(table: &Table) -> Vec<String> {
    let column = |column: &Column| {
        format!(
            "\"{}\"{}",
            column.name,
            collation(column.kind, table.binary)
        )
    };
    let mut body: Vec<String> = Vec::new();
    if table.identity().is_none() {
        body.push("\"_row\" INTEGER PRIMARY KEY".to_owned());
    }
    for each in &table.columns {
        body.push(if each.identity {
            format!("\"{}\" INTEGER PRIMARY KEY", each.name)
        } else {
            column(each)
        });
    }
    let mut statements = vec![format!(
        "CREATE TABLE {} ({})",
        table.stored,
        body.join(", ")
    )];
    let place = table
        .stored
        .split("\".\"")
        .next()
        .unwrap_or_default()
        .trim_start_matches('"')
        .to_owned();
    for (number, unique) in table.uniques.iter().enumerate() {
        let columns: Vec<String> = unique
            .iter()
            .map(|&index| format!("\"{}\"", table.columns[index].name))
            .collect();
        statements.push(format!(
            "CREATE UNIQUE INDEX \"{place}\".\"{}~{number}\" ON \"{}\" ({})",
            stored_name(&table.schema, &table.name),
            stored_name(&table.schema, &table.name),
            columns.join(", ")
        ));
    }
    let before: Vec<String> = table.columns.iter().map(column).collect();
    statements.push(format!(
        "CREATE TABLE {} (\"_seq\" INTEGER PRIMARY KEY, \"_row\" INTEGER, {})",
        table.before,
        before.join(", ")
    ));
    statements
}

/// What a column of a type compares by.
pub fn collation(kind: SqlType, binary: bool) -> &'static str {
    if kind.family() != Family::Text {
        ""
    } else if binary {
        " COLLATE GPBIN"
    } else {
        " COLLATE GP"
    }
}
