//! What watchers have told the cloud of each row, and how far they have come: one file.

use std::collections::HashMap;
use std::path::PathBuf;

use redb::{Database, DatabaseError, ReadableDatabase, TableDefinition};
use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::StateDir;

/// Scope and row to the row's fingerprint. A scope is a watcher of a company; a row begins with
/// its group and [`GROUP_END`].
const ROWS: TableDefinition<'_, (&str, &str), u64> = TableDefinition::new("rows");
const PROGRESS: TableDefinition<'_, &str, &str> = TableDefinition::new("progress");
const FILE: &str = "watch.redb";
/// All watchers together look at few pages at a time.
const CACHE_BYTES: usize = 4 * 1024 * 1024;
const GROUP_END: char = '\u{1f}';
const AFTER_GROUP: char = '\u{20}';

/// How far a watcher has come.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Progress {
    /// The company's binding it was told under.
    pub incarnation: String,
    /// What rows looked like then; other columns make other fingerprints.
    pub shape: String,
    /// By what means it looks; what wrote none looked without change tracking.
    #[serde(default)]
    pub by: String,
    /// Where the next look for changes begins, as the watcher's means count.
    pub mark: i64,
    /// When the oldest transaction began that was open at the last wide look, by the server's
    /// clock; 0 if none was seen.
    #[serde(default)]
    pub open_since: i64,
    /// When the last full read was begun, by the agent's clock; 0 before the first has ended.
    pub swept_unix_ms: i64,
    /// What happened before the mark is known by a full read only, which has not ended.
    #[serde(default)]
    pub owed: bool,
}

/// A row with its fingerprint; without one the row is gone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told {
    pub group: String,
    pub row: String,
    pub fingerprint: Option<u64>,
}

/// The file cannot be read or written.
#[derive(Debug, Error)]
#[error("the watchers' file {path}: {problem}")]
pub struct SeenError {
    path: PathBuf,
    problem: String,
}

/// The store of all watchers.
#[derive(Debug)]
pub struct Seen {
    path: PathBuf,
    database: Database,
}

impl Seen {
    /// Opens the file. A damaged one is begun anew: watchers then read everything again.
    pub fn open(state: &StateDir) -> Result<Self, SeenError> {
        let path = state.path.join(FILE);
        let open = || {
            let mut builder = Database::builder();
            builder.set_cache_size(CACHE_BYTES);
            builder.create(&path)
        };
        let database = open().or_else(|error| {
            // Another process is at work with it.
            if matches!(error, DatabaseError::DatabaseAlreadyOpen) {
                return Err(error);
            }
            tracing::warn!("The watchers' file is begun anew: {error}");
            std::fs::remove_file(&path).ok();
            open()
        });
        let database = database.map_err(|error| failed(&path, &error))?;
        let seen = Self { path, database };
        seen.prepare()?;
        Ok(seen)
    }

    /// Makes the tables, so that readers find them.
    fn prepare(&self) -> Result<(), SeenError> {
        let write = self.database.begin_write().map_err(|e| self.failed(&e))?;
        write.open_table(ROWS).map_err(|e| self.failed(&e))?;
        write.open_table(PROGRESS).map_err(|e| self.failed(&e))?;
        write.commit().map_err(|e| self.failed(&e))
    }

    pub fn progress(&self, scope: &str) -> Result<Progress, SeenError> {
        let read = self.database.begin_read().map_err(|e| self.failed(&e))?;
        let table = read.open_table(PROGRESS).map_err(|e| self.failed(&e))?;
        let found = table.get(scope).map_err(|e| self.failed(&e))?;
        let known = found.and_then(|text| serde_json::from_str(text.value()).ok());
        Ok(known.unwrap_or_default())
    }

    /// The rows of a group.
    pub fn group(&self, scope: &str, group: &str) -> Result<Vec<(String, u64)>, SeenError> {
        let (first, end) = bounds(group);
        self.range(scope, &first, &end)
    }

    /// The fingerprints of those rows that are known.
    pub fn fingerprints<'n>(
        &self,
        scope: &str,
        names: impl Iterator<Item = &'n String>,
    ) -> Result<HashMap<String, u64>, SeenError> {
        let read = self.database.begin_read().map_err(|e| self.failed(&e))?;
        let table = read.open_table(ROWS).map_err(|e| self.failed(&e))?;
        let mut found = HashMap::new();
        for name in names {
            let known = table.get((scope, name.as_str()));
            if let Some(fingerprint) = known.map_err(|e| self.failed(&e))? {
                found.insert(name.clone(), fingerprint.value());
            }
        }
        Ok(found)
    }

    /// Every row of a scope, in order.
    pub fn rows(&self, scope: &str) -> Result<Vec<(String, u64)>, SeenError> {
        self.range(scope, "", "\u{10ffff}")
    }

    fn range(&self, scope: &str, from: &str, to: &str) -> Result<Vec<(String, u64)>, SeenError> {
        let read = self.database.begin_read().map_err(|e| self.failed(&e))?;
        let table = read.open_table(ROWS).map_err(|e| self.failed(&e))?;
        let range = table.range((scope, from)..(scope, to));
        let rows = range.map_err(|e| self.failed(&e))?.map(|entry| {
            let (key, fingerprint) = entry.map_err(|e| self.failed(&e))?;
            Ok((key.value().1.to_owned(), fingerprint.value()))
        });
        rows.collect()
    }

    /// Remembers what the cloud has acknowledged, durably, together with how far that brings.
    pub fn acknowledged(
        &self,
        scope: &str,
        progress: &Progress,
        told: &[Told],
    ) -> Result<(), SeenError> {
        let write = self.database.begin_write().map_err(|e| self.failed(&e))?;
        {
            let mut rows = write.open_table(ROWS).map_err(|e| self.failed(&e))?;
            for each in told {
                let key = (scope, each.row.as_str());
                match each.fingerprint {
                    Some(fingerprint) => rows.insert(key, fingerprint).map(|_| ()),
                    None => rows.remove(key).map(|_| ()),
                }
                .map_err(|e| self.failed(&e))?;
            }
            self.set(&write, scope, progress)?;
        }
        write.commit().map_err(|e| self.failed(&e))
    }

    /// Forgets a scope's rows and begins it anew.
    pub fn forget(&self, scope: &str, progress: &Progress) -> Result<(), SeenError> {
        let write = self.database.begin_write().map_err(|e| self.failed(&e))?;
        {
            let mut rows = write.open_table(ROWS).map_err(|e| self.failed(&e))?;
            rows.retain_in((scope, "")..(scope, "\u{10ffff}"), |_, _| false)
                .map_err(|e| self.failed(&e))?;
            self.set(&write, scope, progress)?;
        }
        write.commit().map_err(|e| self.failed(&e))
    }

    fn set(
        &self,
        write: &redb::WriteTransaction,
        scope: &str,
        progress: &Progress,
    ) -> Result<(), SeenError> {
        let text = serde_json::to_string(progress).unwrap_or_default();
        let mut table = write.open_table(PROGRESS).map_err(|e| self.failed(&e))?;
        table
            .insert(scope, text.as_str())
            .map_err(|e| self.failed(&e))?;
        Ok(())
    }

    fn failed(&self, problem: &dyn std::fmt::Display) -> SeenError {
        failed(&self.path, problem)
    }
}

/// The name of a row: its group first, so that a group's rows stand together.
pub fn row_name(group: &str, key: &str) -> String {
    format!("{group}{GROUP_END}{key}")
}

/// The group of a row's name.
pub fn group_of(row: &str) -> &str {
    row.split(GROUP_END).next().unwrap_or_default()
}

fn bounds(group: &str) -> (String, String) {
    (
        format!("{group}{GROUP_END}"),
        format!("{group}{AFTER_GROUP}"),
    )
}

fn failed(path: &std::path::Path, problem: &dyn std::fmt::Display) -> SeenError {
    SeenError {
        path: path.to_owned(),
        problem: problem.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(group: &str, key: &str, fingerprint: Option<u64>) -> Told {
        Told {
            group: group.to_owned(),
            row: row_name(group, key),
            fingerprint,
        }
    }

    #[test]
    fn what_was_acknowledged_is_there_after_a_restart_and_a_damaged_file_is_begun_anew() {
        let dir = tempfile::tempdir().unwrap();
        let state = StateDir::open(dir.path()).unwrap();
        let seen = Seen::open(&state).unwrap();
        let progress = Progress {
            mark: 99,
            ..Progress::default()
        };
        let rows = [
            told("A", "1", Some(1)),
            told("A B", "1", Some(2)),
            told("A", "2", Some(3)),
        ];
        seen.acknowledged("TWO/items", &progress, &rows).unwrap();
        seen.acknowledged("TWO/items", &progress, &[told("A", "2", None)])
            .unwrap();
        drop(seen);
        let seen = Seen::open(&state).unwrap();
        assert_eq!(seen.progress("TWO/items").unwrap(), progress);
        assert_eq!(
            seen.group("TWO/items", "A").unwrap(),
            [(row_name("A", "1"), 1)]
        );
        assert_eq!(seen.rows("TWO/items").unwrap().len(), 2);
        assert!(seen.rows("TWO/prices").unwrap().is_empty());
        seen.forget("TWO/items", &Progress::default()).unwrap();
        assert!(seen.rows("TWO/items").unwrap().is_empty());
        drop(seen);
        std::fs::write(dir.path().join(FILE), b"no such thing").unwrap();
        let seen = Seen::open(&state).unwrap();
        assert_eq!(seen.progress("TWO/items").unwrap(), Progress::default());
    }
}
