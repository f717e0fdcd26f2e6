//! Brings the schema up to date; both databases have migrations of the same names.

use std::borrow::Cow;

use sqlx::migrate::{Migration, MigrationType, Migrator};
use sqlx::{Connection, SqlSafeStr, SqliteConnection};

use crate::database::{Database, Db};
use crate::error::StoreError;

/// Number, name, SQLite's text, PostgreSQL's text; a number once released never changes.
type Step = (i64, &'static str, &'static str, &'static str);

const STEPS: &[Step] = &[
    (
        1,
        "start",
        include_str!("../migrations/sqlite/0001_start.sql"),
        include_str!("../migrations/postgres/0001_start.sql"),
    ),
    (
        2,
        "changes",
        include_str!("../migrations/sqlite/0002_changes.sql"),
        include_str!("../migrations/postgres/0002_changes.sql"),
    ),
    (
        3,
        "watcher_state",
        include_str!("../migrations/sqlite/0003_watcher_state.sql"),
        include_str!("../migrations/postgres/0003_watcher_state.sql"),
    ),
    (
        4,
        "waits",
        include_str!("../migrations/sqlite/0004_waits.sql"),
        include_str!("../migrations/postgres/0004_waits.sql"),
    ),
];

impl Database {
    /// Applies what is missing; refuses a schema that is newer or was changed by hand.
    pub async fn migrate(&self) -> Result<(), StoreError> {
        match &self.db {
            Db::Postgres { pool, .. } => migrator(|step| step.3).run(pool).await?,
            Db::Sqlite { connect, .. } => {
                let mut connection = SqliteConnection::connect_with(connect).await?;
                migrator(|step| step.2).run(&mut connection).await?;
                connection.close().await?;
            }
        }
        Ok(())
    }
}

fn migrator(text: impl Fn(&Step) -> &'static str) -> Migrator {
    let migrations = STEPS
        .iter()
        .map(|step| {
            Migration::new(
                step.0,
                Cow::Borrowed(step.1),
                MigrationType::Simple,
                text(step).into_sql_str(),
                false,
            )
        })
        .collect();
    Migrator::with_migrations(migrations)
}
