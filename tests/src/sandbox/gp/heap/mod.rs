//! The heap: SQLite holding every row in place, with locks and undo logs beside it.

pub mod catalogue;
pub mod codec;
pub mod dates;
pub mod functions;
pub mod locks;
pub mod principals;
pub mod rows;
pub mod schema;
pub mod snapshot;
pub mod stamps;
pub mod tracking;
pub mod work;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rusqlite::Connection;
use tokio::sync::watch;

use super::error::SqlError;
use locks::{Locks, TxId};
use schema::{Registry, Table};
use work::Work;

/// Every database of the sandbox's server.
pub struct Heap {
    inner: Mutex<Inner>,
}

impl std::fmt::Debug for Heap {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Heap").finish_non_exhaustive()
    }
}

/// What one piece of work sees under the heap's mutex; nothing waits while holding it.
pub struct Inner {
    pub connection: Connection,
    pub registry: Registry,
    pub locks: Arc<Mutex<Locks>>,
    transactions: HashMap<TxId, Transaction>,
    next_tx: TxId,
    next_seq: i64,
    next_rows: HashMap<u32, i64>,
    texts: HashMap<u32, Arc<work::Texts>>,
    /// Changes with every change of the dictionary.
    pub version: u64,
    tracking: tracking::Tracking,
}

/// An open transaction: what to undo, and the ear of those who wait for its end.
struct Transaction {
    undo: Vec<Undo>,
    ended: watch::Sender<()>,
}

/// One change to take back.
#[derive(Debug, Clone, Copy)]
pub enum Undo {
    Inserted { table: u32, row: i64 },
    Changed { table: u32, row: i64, seq: i64 },
}

/// What a transaction was refused, where that is known.
pub type Refused = Option<(locks::Resource, locks::Mode)>;

impl Heap {
    /// Makes an empty heap with the given databases.
    pub fn new(databases: &[String]) -> Result<Heap, SqlError> {
        let connection = Connection::open_in_memory()?;
        connection.set_prepared_statement_cache_capacity(4000);
        connection.execute_batch(
            "PRAGMA synchronous = OFF; PRAGMA journal_mode = MEMORY; PRAGMA temp_store = MEMORY;",
        )?;
        let locks = Arc::new(Mutex::new(Locks::default()));
        functions::register(&connection, &locks)?;
        let mut inner = Inner {
            connection,
            registry: Registry::default(),
            locks,
            transactions: HashMap::new(),
            next_tx: 1,
            next_seq: 1,
            next_rows: HashMap::new(),
            texts: HashMap::new(),
            version: 1,
            tracking: tracking::Tracking::default(),
        };
        for name in databases {
            inner.add_database(name)?;
        }
        Ok(Heap {
            inner: Mutex::new(inner),
        })
    }

    /// Opens the heap for one piece of work.
    pub fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until a transaction has ended, and until nobody else has what was refused: the work
    /// is done again from its start. A circle of waits is a deadlock.
    pub async fn wait(
        &self,
        waiter: TxId,
        holder: TxId,
        refused: Refused,
        timeout: Option<Duration>,
    ) -> Result<(), SqlError> {
        let waiting = self.wait_in_turn(waiter, holder, refused);
        let outcome = match timeout {
            Some(limit) => tokio::time::timeout(limit, waiting).await,
            None => Ok(waiting.await),
        };
        self.lock().locks().stop_waiting(waiter);
        outcome.unwrap_or_else(|_| {
            Err(SqlError::new(
                1222,
                "Lock request time out period exceeded.",
            ))
        })
    }

    async fn wait_in_turn(
        &self,
        waiter: TxId,
        mut holder: TxId,
        refused: Refused,
    ) -> Result<(), SqlError> {
        while let Some(mut ended) = self.watch(waiter, holder)? {
            // The sender is dropped when the transaction ends, which is the only event there is.
            let _ended = ended.changed().await;
            let inner = self.lock();
            inner.locks().stop_waiting(waiter);
            let next = refused
                .as_ref()
                .and_then(|(resource, mode)| inner.locks().conflict(waiter, resource, *mode));
            match next {
                Some(next) => holder = next,
                None => break,
            }
        }
        Ok(())
    }

    /// The end of a transaction that another waits for; none when it has ended.
    fn watch(&self, waiter: TxId, holder: TxId) -> Result<Option<watch::Receiver<()>>, SqlError> {
        let inner = self.lock();
        let Some(transaction) = inner.transactions.get(&holder) else {
            return Ok(None);
        };
        if inner.locks().wait(waiter, holder) {
            return Err(SqlError::severe(
                1205,
                13,
                "Transaction was deadlocked on lock resources with another process and has been chosen as the deadlock victim. Rerun the transaction.",
            ));
        }
        Ok(Some(transaction.ended.subscribe()))
    }
}

impl Inner {
    /// The lock table.
    pub fn locks(&self) -> MutexGuard<'_, Locks> {
        self.locks.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Starts a transaction.
    pub fn begin(&mut self) -> TxId {
        let tx = self.next_tx;
        self.next_tx += 1;
        self.transactions.insert(
            tx,
            Transaction {
                undo: Vec::new(),
                ended: watch::channel(()).0,
            },
        );
        tx
    }

    /// Opens the row API for a transaction.
    pub fn work(&mut self, tx: TxId) -> Work<'_> {
        self.locks().current = tx;
        Work { inner: self, tx }
    }

    /// How much a transaction has done so far, to come back to.
    pub fn mark(&self, tx: TxId) -> usize {
        self.transactions
            .get(&tx)
            .map_or(0, |transaction| transaction.undo.len())
    }

    /// Takes back everything done after a mark; locks stay.
    pub fn undo_to(&mut self, tx: TxId, mark: usize) -> Result<(), SqlError> {
        let Some(transaction) = self.transactions.get_mut(&tx) else {
            return Ok(());
        };
        let undo = transaction.undo.split_off(mark.min(transaction.undo.len()));
        for step in undo.into_iter().rev() {
            self.undo(step)?;
        }
        Ok(())
    }

    /// Makes a transaction's changes last and frees its locks.
    pub fn commit(&mut self, tx: TxId) -> Result<(), SqlError> {
        let Some(transaction) = self.transactions.remove(&tx) else {
            return Ok(());
        };
        self.track(&transaction.undo)?;
        for step in &transaction.undo {
            if let Undo::Changed { table, seq, .. } = step {
                let texts = self.texts(*table);
                self.connection
                    .prepare_cached(&texts.forget)?
                    .execute([seq])?;
            }
        }
        self.locks().release(tx);
        Ok(())
    }

    /// Takes a transaction back as a whole and frees its locks.
    pub fn rollback(&mut self, tx: TxId) -> Result<(), SqlError> {
        self.undo_to(tx, 0)?;
        self.transactions.remove(&tx);
        self.locks().release(tx);
        Ok(())
    }

    fn undo(&mut self, step: Undo) -> Result<(), SqlError> {
        match step {
            Undo::Inserted { table, row } => {
                let texts = self.texts(table);
                self.connection
                    .prepare_cached(&texts.delete)?
                    .execute([row])?;
            }
            Undo::Changed { table, row, seq } => {
                let texts = self.texts(table);
                self.connection
                    .prepare_cached(&texts.delete)?
                    .execute([row])?;
                self.connection
                    .prepare_cached(&texts.restore)?
                    .execute([seq])?;
                self.connection
                    .prepare_cached(&texts.forget)?
                    .execute([seq])?;
            }
        }
        Ok(())
    }

    fn note(&mut self, tx: TxId, step: Undo) {
        let (Undo::Inserted { table, .. } | Undo::Changed { table, .. }) = step;
        let database = self.registry.tables[table as usize].database;
        self.locks().writes(tx, database);
        if let Some(transaction) = self.transactions.get_mut(&tx) {
            transaction.undo.push(step);
        }
    }

    /// The statements of the row API for a table, made once.
    fn texts(&mut self, table: u32) -> Arc<work::Texts> {
        if let Some(texts) = self.texts.get(&table) {
            return Arc::clone(texts);
        }
        let texts = Arc::new(work::Texts::new(&self.registry.tables[table as usize]));
        self.texts.insert(table, Arc::clone(&texts));
        texts
    }

    /// The next row number of a table; numbers are never used again, as an identity.
    fn next_row(&mut self, table: &Table) -> Result<i64, SqlError> {
        if !self.next_rows.contains_key(&table.id) {
            let sql = format!(
                "SELECT COALESCE(MAX(\"{}\"), 0) FROM {}",
                table.row_id, table.stored
            );
            let highest: i64 = self.connection.query_row(&sql, [], |row| row.get(0))?;
            self.next_rows.insert(table.id, highest + 1);
        }
        let next = self.next_rows.entry(table.id).or_insert(1);
        let row = *next;
        *next += 1;
        Ok(row)
    }

    /// The row number a table would give next.
    pub fn set_next_row(&mut self, table: u32, next: i64) {
        self.next_rows.insert(table, next);
    }
}
