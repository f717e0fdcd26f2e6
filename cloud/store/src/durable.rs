//! Refuses a database that could forget what it acknowledged.

use sqlx::Row;

use crate::conn::{Conn, Kind};
use crate::database::Database;
use crate::error::StoreError;

/// The settings that decide whether a commit survives a power cut, as the live connection has them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Durability {
    /// Name and value of each.
    pub settings: Vec<(&'static str, String)>,
}

/// A setting, what it may be, and how that is told to people.
type Rule = (&'static str, &'static [&'static str], &'static str);

const SQLITE: &[Rule] = &[
    ("journal_mode", &["wal"], "wal"),
    ("synchronous", &["2", "3"], "2 (full)"),
];

const POSTGRES: &[Rule] = &[
    ("fsync", &["on"], "on"),
    ("synchronous_commit", &["on", "remote_apply"], "on"),
    ("full_page_writes", &["on"], "on"),
];

impl Database {
    /// Reads the settings from the connection that writes, and names the one that is not durable.
    pub async fn check_durable(&self) -> Result<Durability, StoreError> {
        let found = self.write((), |conn, ()| Box::pin(settings(conn))).await?;
        for ((setting, value), (_, good, wanted)) in found.settings.iter().zip(rules(&found)) {
            if !good.contains(&value.as_str()) {
                return Err(StoreError::NotDurable {
                    setting,
                    value: value.clone(),
                    wanted,
                });
            }
        }
        Ok(found)
    }
}

fn rules(found: &Durability) -> &'static [Rule] {
    match found.settings.first() {
        Some(("journal_mode", _)) => SQLITE,
        _ => POSTGRES,
    }
}

async fn settings(conn: &mut Conn) -> Result<Durability, StoreError> {
    let mut settings = Vec::new();
    match &mut conn.kind {
        Kind::Sqlite(handle) => {
            let row = sqlx::query("PRAGMA journal_mode")
                .fetch_one(&mut **handle)
                .await?;
            settings.push(("journal_mode", row.try_get::<String, _>(0)?));
            let row = sqlx::query("PRAGMA synchronous")
                .fetch_one(&mut **handle)
                .await?;
            settings.push(("synchronous", row.try_get::<i64, _>(0)?.to_string()));
        }
        Kind::Postgres(handle) => {
            for (setting, _, _) in POSTGRES {
                let row = sqlx::query("SELECT current_setting($1)")
                    .bind(setting)
                    .fetch_one(handle.get())
                    .await?;
                settings.push((setting, row.try_get::<String, _>(0)?));
            }
        }
    }
    Ok(Durability { settings })
}
