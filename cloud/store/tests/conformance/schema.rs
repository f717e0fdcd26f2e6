//! Both databases have the same tables, columns and nullability, and keys that begin with the tenant.

use std::collections::{BTreeMap, BTreeSet};

use sqlx::ConnectOptions;
use sqlx::postgres::PgConnectOptions;
use sqlx::sqlite::SqliteConnectOptions;

use crate::support;

/// Tables that belong to no tenant.
const GLOBAL: [&str; 3] = ["ca_key", "operator_key", "worker"];

/// Per table: columns with nullability, and the columns of the primary key in order.
type Tables = BTreeMap<String, (BTreeMap<String, bool>, Vec<String>)>;

#[tokio::test]
async fn both_databases_have_the_same_schema() {
    let sqlite = sqlite_tables(&support::sqlite().await.url).await;
    let postgres = postgres_tables(&support::postgres().await.url).await;
    assert!(sqlite.len() > 25, "{}", sqlite.len());
    assert_eq!(sqlite, postgres);
}

#[tokio::test]
async fn every_key_begins_with_the_tenant() {
    let tables = sqlite_tables(&support::sqlite().await.url).await;
    let global: BTreeSet<&str> = tables
        .iter()
        .filter(|(_, (_, key))| key.first().is_none_or(|column| column != "tenant"))
        .map(|(table, _)| table.as_str())
        .collect();
    assert_eq!(global, BTreeSet::from(GLOBAL));
}

#[test]
fn migrations_are_paired() {
    let names = |kind: &str| -> BTreeSet<String> {
        std::fs::read_dir(format!("{}/migrations/{kind}", env!("CARGO_MANIFEST_DIR")))
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect()
    };
    assert!(!names("sqlite").is_empty());
    assert_eq!(names("sqlite"), names("postgres"));
}

/// Reads the statements in the sources: each binds the tenant, or is about a global table, or asks
/// which tenants have work.
#[test]
fn every_statement_binds_the_tenant() {
    let mut seen = 0;
    for statement in statements() {
        let about_global = GLOBAL.iter().any(|table| {
            ["FROM ", "INTO ", "UPDATE "]
                .iter()
                .any(|verb| statement.starts_with_verb(verb, table))
        });
        let bound = statement.text.contains("tenant = $1")
            || statement.text.contains(" (tenant, ")
            || statement.text.contains(" (tenant)");
        let over_tenants = statement.text.contains("FROM tenant ");
        assert!(
            bound || about_global || over_tenants,
            "{}: {}",
            statement.file,
            statement.text
        );
        seen += 1;
    }
    assert!(seen > 100, "only {seen} statements were found");
}

struct Statement {
    file: String,
    text: String,
}

impl Statement {
    /// Whether the first table after the verb is that one.
    fn starts_with_verb(&self, verb: &str, table: &str) -> bool {
        self.text
            .split_once(verb)
            .is_some_and(|(_, rest)| rest.split([' ', '\n']).next() == Some(table))
    }
}

/// Every string literal that is a statement, in one line.
fn statements() -> Vec<Statement> {
    let sources = format!("{}/src", env!("CARGO_MANIFEST_DIR"));
    let mut found = Vec::new();
    for entry in std::fs::read_dir(sources).unwrap() {
        let path = entry.unwrap().path();
        if !path.is_file() {
            continue;
        }
        let text = std::fs::read_to_string(&path).unwrap();
        let lines = text.lines().map(str::trim);
        let code: Vec<&str> = lines.filter(|line| !line.starts_with("//")).collect();
        let code = code.join(" ");
        let literals = code.split('"').skip(1).step_by(2);
        found.extend(
            literals
                .filter(|text| is_statement(text))
                .map(|text| Statement {
                    file: path.display().to_string(),
                    text: text.to_owned(),
                }),
        );
    }
    found
}

fn is_statement(text: &str) -> bool {
    let reads = text.contains("SELECT ") && text.contains("FROM ");
    let writes = ["INSERT INTO ", "UPDATE ", "DELETE FROM "];
    reads
        || writes
            .iter()
            .any(|verb| text.starts_with(verb) || text.contains(&format!(") {verb}")))
}

async fn sqlite_tables(url: &str) -> Tables {
    let options: SqliteConnectOptions = url.parse().unwrap();
    let mut connection = options.connect().await.unwrap();
    let rows: Vec<(String, String, i64, i64)> = sqlx::query_as(
        "SELECT sqlite_schema.name, columns.name, columns.\"notnull\", columns.pk
         FROM sqlite_schema, pragma_table_info(sqlite_schema.name) AS columns
         WHERE sqlite_schema.type = 'table' AND sqlite_schema.name NOT LIKE '\\_sqlx%' ESCAPE '\\'
         ORDER BY sqlite_schema.name, columns.pk",
    )
    .fetch_all(&mut connection)
    .await
    .unwrap();
    let mut tables = Tables::new();
    for (table, column, required, place) in rows {
        let entry = tables.entry(table).or_default();
        entry.0.insert(column.clone(), required == 0);
        if place > 0 {
            entry.1.push(column);
        }
    }
    tables
}

async fn postgres_tables(url: &str) -> Tables {
    let options: PgConnectOptions = url.parse().unwrap();
    let mut connection = options.connect().await.unwrap();
    let rows: Vec<(String, String, bool)> = sqlx::query_as(
        "SELECT table_name::TEXT, column_name::TEXT, is_nullable = 'YES'
         FROM information_schema.columns
         WHERE table_schema = 'public' AND table_name NOT LIKE '\\_sqlx%'",
    )
    .fetch_all(&mut connection)
    .await
    .unwrap();
    let mut tables = Tables::new();
    for (table, column, nullable) in rows {
        tables.entry(table).or_default().0.insert(column, nullable);
    }
    let keys: Vec<(String, String)> = sqlx::query_as(
        "SELECT usage.table_name::TEXT, usage.column_name::TEXT
         FROM information_schema.table_constraints AS constraints
         JOIN information_schema.key_column_usage AS usage
           ON usage.constraint_name = constraints.constraint_name
          AND usage.table_name = constraints.table_name
         WHERE constraints.constraint_type = 'PRIMARY KEY'
           AND constraints.table_schema = 'public'
           AND usage.table_name NOT LIKE '\\_sqlx%'
         ORDER BY usage.table_name, usage.ordinal_position",
    )
    .fetch_all(&mut connection)
    .await
    .unwrap();
    for (table, column) in keys {
        tables.entry(table).or_default().1.push(column);
    }
    tables
}
