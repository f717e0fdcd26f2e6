//! Committed states: what tests read, and backups of whole databases.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use rusqlite::Connection;
use rusqlite::backup::Backup as Copying;

use super::super::clock;
use super::super::error::SqlError;
use super::super::value::Value;
use super::codec::decode;
use super::schema::{Database, Table, TableSpec};
use super::{Inner, Undo, functions};

/// A copy of one database as of its last commits.
pub struct Backup {
    connection: Connection,
    database: Database,
    tables: Vec<(TableSpec, bool)>,
    next_rows: Vec<(String, String, i64)>,
}

impl std::fmt::Debug for Backup {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Backup")
            .field("database", &self.database.name)
            .finish_non_exhaustive()
    }
}

impl Inner {
    /// The committed rows of a table.
    pub fn committed(&self, table: &Arc<Table>) -> Result<Vec<Vec<Value>>, SqlError> {
        let mut inserted = HashSet::new();
        let mut earliest: BTreeMap<i64, i64> = BTreeMap::new();
        for step in self
            .transactions
            .values()
            .flat_map(|transaction| &transaction.undo)
        {
            match *step {
                Undo::Inserted { table: id, row } if id == table.id => {
                    inserted.insert(row);
                }
                Undo::Changed {
                    table: id,
                    row,
                    seq,
                } if id == table.id => {
                    let first = earliest.entry(row).or_insert(seq);
                    *first = (*first).min(seq);
                }
                Undo::Inserted { .. } | Undo::Changed { .. } => {}
            }
        }
        let list: Vec<String> = table
            .columns
            .iter()
            .map(|column| format!("\"{}\"", column.name))
            .collect();
        let list = list.join(", ");
        let sql = format!(
            "SELECT \"{}\", {list} FROM {} ORDER BY 1",
            table.row_id, table.stored
        );
        let mut rows = self.numbered(table, &sql)?;
        rows.retain(|(row, _)| !inserted.contains(row) && !earliest.contains_key(row));
        for (row, seq) in earliest.iter().filter(|(row, _)| !inserted.contains(row)) {
            let sql = format!(
                "SELECT {row}, {list} FROM {} WHERE \"_seq\" = {seq}",
                table.before
            );
            rows.extend(self.numbered(table, &sql)?);
        }
        rows.sort_by_key(|(row, _)| *row);
        Ok(rows.into_iter().map(|(_, values)| values).collect())
    }

    fn numbered(&self, table: &Table, sql: &str) -> Result<Vec<(i64, Vec<Value>)>, SqlError> {
        let mut statement = self.connection.prepare(sql)?;
        let mut found = statement.query([])?;
        let mut rows = Vec::new();
        while let Some(row) = found.next()? {
            let mut values = Vec::with_capacity(table.columns.len());
            for (index, column) in table.columns.iter().enumerate() {
                values.push(decode(row.get_ref(index + 1)?, Some(column.kind)));
            }
            rows.push((row.get(0)?, values));
        }
        Ok(rows)
    }

    /// Copies a database; changes not committed yet are left out of the copy.
    pub fn backup(&mut self, database: usize) -> Result<Backup, SqlError> {
        let name = self.registry.databases[database].name.clone();
        let mut connection = Connection::open_in_memory()?;
        functions::register(&connection, &self.locks)?;
        connection.execute(&format!("ATTACH ':memory:' AS \"{name}\""), [])?;
        copy(&self.connection, &mut connection, &name, &name)?;
        let mut steps: Vec<Undo> = Vec::new();
        for transaction in self.transactions.values() {
            steps.extend(transaction.undo.iter().rev());
        }
        for step in steps {
            self.undo_in_copy(&connection, database, step)?;
        }
        let tables: Vec<Arc<Table>> = self.registry.tables_of(database).cloned().collect();
        let next_rows = tables
            .iter()
            .filter_map(|table| {
                Some((
                    table.schema.clone(),
                    table.name.clone(),
                    *self.next_rows.get(&table.id)?,
                ))
            })
            .collect();
        let tables = tables.iter().map(|table| (spec(table), false)).collect();
        Ok(Backup {
            connection,
            database: self.registry.databases[database].clone(),
            tables,
            next_rows,
        })
    }

    /// The steps of one transaction touch rows no other has touched, so their order across transactions is free.
    fn undo_in_copy(
        &mut self,
        copy: &Connection,
        database: usize,
        step: Undo,
    ) -> Result<(), SqlError> {
        let (Undo::Inserted { table, row } | Undo::Changed { table, row, .. }) = step;
        if self.registry.tables[table as usize].database != database {
            return Ok(());
        }
        let texts = self.texts(table);
        copy.prepare_cached(&texts.delete)?.execute([row])?;
        if let Undo::Changed { seq, .. } = step {
            copy.prepare_cached(&texts.restore)?.execute([seq])?;
            copy.prepare_cached(&texts.forget)?.execute([seq])?;
        }
        Ok(())
    }

    /// Puts a backup in the place of a database; its open transactions must have ended before.
    pub fn restore(&mut self, backup: &Backup, into: usize) -> Result<(), SqlError> {
        let name = self.registry.databases[into].name.clone();
        self.connection.flush_prepared_statement_cache();
        let present: Vec<Arc<Table>> = self.registry.tables_of(into).cloned().collect();
        for table in &present {
            self.registry.remove(table);
        }
        copy(
            &backup.connection,
            &mut self.connection,
            &backup.database.name,
            &name,
        )?;
        for (spec, view) in &backup.tables {
            let table = self.registry.add(into, spec.clone(), *view);
            self.next_rows.remove(&table.id);
        }
        for (schema, table, next) in &backup.next_rows {
            if let Some(table) = self.registry.table(into, schema, table).cloned() {
                self.set_next_row(table.id, *next);
            }
        }
        let place = &mut self.registry.databases[into];
        place.schemas.clone_from(&backup.database.schemas);
        place.next_object = backup.database.next_object;
        place.family.clone_from(&backup.database.family);
        place.recovery_fork = clock::new_guid();
        self.version += 1;
        self.refresh_server_rows()
    }
}

fn spec(table: &Table) -> TableSpec {
    TableSpec {
        schema: table.schema.clone(),
        name: table.name.clone(),
        columns: table.columns.clone(),
        uniques: table.uniques.clone(),
    }
}

fn copy(
    from: &Connection,
    to: &mut Connection,
    source: &str,
    target: &str,
) -> Result<(), SqlError> {
    let copying = Copying::new_with_names(from, source, to, target)?;
    Ok(copying.run_to_completion(10_000, std::time::Duration::ZERO, None)?)
}
