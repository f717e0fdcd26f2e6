//! Change tracking: which rows changed with which version of their database, as
//! `CHANGETABLE(CHANGES ...)` tells it. A version is a commit, so that changes count in its order.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use rusqlite::params_from_iter;
use rusqlite::types::Value as Stored;

use super::super::error::SqlError;
use super::super::value::SqlType;
use super::schema::{Column, Default, Table, TableSpec, create_statements};
use super::{Inner, Undo};

/// What is tracked.
#[derive(Debug, Default)]
pub struct Tracking {
    /// The version of each database that tracks.
    versions: HashMap<usize, i64>,
    tables: HashMap<u32, Tracked>,
}

/// Where the changes of a table are kept: the newest of each key.
#[derive(Debug, Clone)]
struct Tracked {
    side: Arc<Table>,
    /// The quoted columns of the primary key.
    keys: Vec<String>,
}

/// What the side tables are called, in schema `sys`.
pub fn side_name(table: &Table) -> String {
    format!("change_tracking_{}", table.id)
}

fn plain(name: &str, kind: SqlType) -> Column {
    Column {
        name: name.to_owned(),
        kind,
        nullable: true,
        identity: false,
        default: Default::Missing,
    }
}

impl Inner {
    /// Switches change tracking of a database.
    pub fn track_database(&mut self, database: usize, on: bool) {
        if on {
            self.tracking.versions.entry(database).or_insert(0);
        } else {
            self.tracking.versions.remove(&database);
        }
    }

    /// The version of the last commit that changed a tracked table.
    pub fn tracked_version(&self, database: usize) -> Option<i64> {
        self.tracking.versions.get(&database).copied()
    }

    /// Switches change tracking of a table; switched on again it knows nothing of before.
    pub fn track_table(&mut self, table: &Arc<Table>, on: bool) -> Result<(), SqlError> {
        let Some(version) = self.tracked_version(table.database) else {
            return Err(SqlError::new(
                22_115,
                "Change tracking is not enabled on the database.",
            ));
        };
        let place = self.registry.databases[table.database].name.clone();
        let object = self.object_id(table.database, &table.schema, &table.name);
        let listed = format!("\"{place}\".\"sys.change_tracking_tables\"");
        if let Some(tracked) = self.tracking.tables.remove(&table.id) {
            let gone = format!("DROP TABLE {}", tracked.side.stored);
            self.connection.execute_batch(&gone)?;
            self.registry.remove(&tracked.side);
            let sql = format!("DELETE FROM {listed} WHERE object_id = ?1");
            self.connection.execute(&sql, [object])?;
        }
        self.version += 1;
        if !on {
            return Ok(());
        }
        let Some(key) = table.uniques.first() else {
            return Err(SqlError::new(
                4_997,
                "Cannot enable change tracking on a table without a primary key.",
            ));
        };
        let mut columns = vec![
            plain("SYS_CHANGE_VERSION", SqlType::BigInt),
            plain("SYS_CHANGE_OPERATION", SqlType::Char(1)),
        ];
        let of_key = key.iter().map(|at| &table.columns[*at]);
        columns.extend(
            of_key
                .clone()
                .map(|column| plain(&column.name, column.kind)),
        );
        let spec = TableSpec {
            schema: "sys".to_owned(),
            name: side_name(table),
            columns,
            uniques: Vec::new(),
        };
        let side = self.registry.add(table.database, spec, true);
        let create = create_statements(&side);
        self.connection
            .execute_batch(create.first().map_or("", String::as_str))?;
        let sql = format!("INSERT INTO {listed} (object_id, min_valid_version) VALUES (?1, ?2)");
        self.connection.execute(&sql, (object, version))?;
        let keys = of_key
            .map(|column| format!("\"{}\"", column.name))
            .collect();
        let tracked = Tracked { side, keys };
        self.tracking.tables.insert(table.id, tracked);
        Ok(())
    }

    /// Notes what a transaction that is being committed changed in tracked tables.
    pub(super) fn track(&mut self, steps: &[Undo]) -> Result<(), SqlError> {
        if self.tracking.tables.is_empty() {
            return Ok(());
        }
        // What a row was before the first change; nothing where it was inserted.
        let mut rows: BTreeMap<(u32, i64), Option<i64>> = BTreeMap::new();
        for step in steps {
            let (table, row, before) = match *step {
                Undo::Inserted { table, row } => (table, row, None),
                Undo::Changed { table, row, seq } => (table, row, Some(seq)),
            };
            if self.tracking.tables.contains_key(&table) {
                rows.entry((table, row)).or_insert(before);
            }
        }
        let mut versions: HashMap<usize, i64> = HashMap::new();
        for ((table, row), before) in rows {
            let table = Arc::clone(&self.registry.tables[table as usize]);
            let Some(version) = self.tracked_version(table.database) else {
                continue;
            };
            let version = *versions.entry(table.database).or_insert(version + 1);
            self.track_row(&table, row, before, version)?;
        }
        self.tracking.versions.extend(versions);
        Ok(())
    }

    fn track_row(
        &self,
        table: &Table,
        row: i64,
        before: Option<i64>,
        version: i64,
    ) -> Result<(), SqlError> {
        let Some(Tracked { side, keys }) = self.tracking.tables.get(&table.id) else {
            return Ok(());
        };
        let (list, stored, row_id) = (keys.join(", "), &table.stored, &table.row_id);
        let now = format!("SELECT {list} FROM {stored} WHERE \"{row_id}\" = ?1");
        let now = self.key(&now, row, keys.len())?;
        let (operation, key) = match (before, now) {
            (None, None) => return Ok(()),
            (None, Some(key)) => ("I", key),
            (Some(_), Some(key)) => ("U", key),
            (Some(seq), None) => {
                let was = format!("SELECT {list} FROM {} WHERE \"_seq\" = ?1", table.before);
                let Some(key) = self.key(&was, seq, keys.len())? else {
                    return Ok(());
                };
                ("D", key)
            }
        };
        let same = keys
            .iter()
            .zip(1..)
            .map(|(key, at)| format!("{key} = ?{at}"));
        let same = same.collect::<Vec<_>>().join(" AND ");
        let sql = format!("DELETE FROM {} WHERE {same}", side.stored);
        self.connection
            .prepare_cached(&sql)?
            .execute(params_from_iter(key.iter()))?;
        let places = vec!["?"; keys.len() + 2].join(", ");
        let sql = format!(
            "INSERT INTO {} (\"SYS_CHANGE_VERSION\", \"SYS_CHANGE_OPERATION\", {list}) VALUES ({places})",
            side.stored
        );
        let mut values = vec![Stored::Integer(version), Stored::Text(operation.to_owned())];
        values.extend(key);
        self.connection
            .prepare_cached(&sql)?
            .execute(params_from_iter(values))?;
        Ok(())
    }

    fn key(&self, sql: &str, at: i64, columns: usize) -> Result<Option<Vec<Stored>>, SqlError> {
        let mut statement = self.connection.prepare_cached(sql)?;
        let mut found = statement.query([at])?;
        let Some(row) = found.next()? else {
            return Ok(None);
        };
        let key = (0..columns).map(|column| row.get::<_, Stored>(column));
        Ok(Some(key.collect::<Result<_, _>>()?))
    }
}
