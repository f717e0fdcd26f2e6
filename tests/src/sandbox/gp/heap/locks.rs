//! Row locks of transactions and who waits for whom.

use rustc_hash::FxHashMap;

use super::super::clock;

/// The number of a transaction.
pub type TxId = u64;

/// How a row is locked; a later mode conflicts with more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Mode {
    Shared,
    Update,
    Exclusive,
}

impl Mode {
    fn conflicts(self, held: Mode) -> bool {
        match self {
            Mode::Shared => held == Mode::Exclusive,
            Mode::Update => held != Mode::Shared,
            Mode::Exclusive => true,
        }
    }

    /// The mode behind the number a rewritten statement carries.
    pub fn from_number(number: i64) -> Mode {
        match number {
            0 => Mode::Shared,
            1 => Mode::Update,
            _ => Mode::Exclusive,
        }
    }
}

/// A lockable thing: a row of a table, or a key range known by a text.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Resource {
    Row(u32, i64),
    Key(u32, String),
}

impl Resource {
    fn table(&self) -> u32 {
        match self {
            Resource::Row(table, _) | Resource::Key(table, _) => *table,
        }
    }
}

/// All locks held, and the wait-for graph.
#[derive(Debug, Default)]
pub struct Locks {
    held: FxHashMap<Resource, Vec<(TxId, Mode)>>,
    owned: FxHashMap<TxId, Vec<Resource>>,
    tables: FxHashMap<u32, FxHashMap<TxId, usize>>,
    waits: FxHashMap<TxId, TxId>,
    /// The transaction whose statement runs now; the heap runs one at a time.
    pub current: TxId,
    /// The databases that transactions have written in, and since when, in ticks.
    writing: FxHashMap<TxId, Vec<(usize, i64)>>,
    /// What it was refused last.
    refused: Option<(Resource, Mode)>,
}

impl Locks {
    /// Looks for a lock in the way and remembers what was refused.
    pub fn probe(&mut self, tx: TxId, resource: Resource, mode: Mode) -> Option<TxId> {
        let holder = self.conflict(tx, &resource, mode)?;
        self.refused = Some((resource, mode));
        Some(holder)
    }

    /// What was refused because of that holder, if it is known.
    pub fn take_refused(&mut self, tx: TxId, holder: TxId) -> Option<(Resource, Mode)> {
        let (resource, mode) = self.refused.take()?;
        let same = self.conflict(tx, &resource, mode) == Some(holder);
        same.then_some((resource, mode))
    }

    /// Another transaction holding the resource in a mode that conflicts, if any.
    pub fn conflict(&self, tx: TxId, resource: &Resource, mode: Mode) -> Option<TxId> {
        let holders = self.held.get(resource)?;
        holders
            .iter()
            .find(|(holder, held)| *holder != tx && mode.conflicts(*held))
            .map(|(holder, _)| *holder)
    }

    /// Takes a lock, or names the holder in the way.
    pub fn take(&mut self, tx: TxId, resource: Resource, mode: Mode) -> Result<(), TxId> {
        if let Some(holder) = self.conflict(tx, &resource, mode) {
            self.refused = Some((resource, mode));
            return Err(holder);
        }
        let table = resource.table();
        let holders = self.held.entry(resource.clone()).or_default();
        if let Some(mine) = holders.iter_mut().find(|(holder, _)| *holder == tx) {
            mine.1 = mine.1.max(mode);
            return Ok(());
        }
        holders.push((tx, mode));
        self.owned.entry(tx).or_default().push(resource);
        *self.tables.entry(table).or_default().entry(tx).or_default() += 1;
        Ok(())
    }

    /// Whether any other transaction holds a lock in the table.
    pub fn others_in(&self, tx: TxId, table: u32) -> bool {
        self.tables
            .get(&table)
            .is_some_and(|holders| holders.keys().any(|holder| *holder != tx))
    }

    /// Any other transaction that holds an exclusive row lock in the table.
    pub fn any_exclusive(&self, tx: TxId, table: u32) -> Option<TxId> {
        let holders = self.tables.get(&table)?;
        holders.keys().copied().find(|holder| {
            *holder != tx
                && self.owned.get(holder).is_some_and(|owned| {
                    owned.iter().any(|resource| {
                        resource.table() == table && self.holds_exclusive(*holder, resource)
                    })
                })
        })
    }

    /// Whether the transaction itself holds the resource exclusively.
    pub fn holds_exclusive(&self, tx: TxId, resource: &Resource) -> bool {
        self.held
            .get(resource)
            .is_some_and(|holders| holders.contains(&(tx, Mode::Exclusive)))
    }

    /// Releases everything a transaction holds.
    pub fn release(&mut self, tx: TxId) {
        self.writing.remove(&tx);
        for resource in self.owned.remove(&tx).unwrap_or_default() {
            let table = resource.table();
            if let Some(holders) = self.held.get_mut(&resource) {
                holders.retain(|(holder, _)| *holder != tx);
                if holders.is_empty() {
                    self.held.remove(&resource);
                }
            }
            if let Some(counts) = self.tables.get_mut(&table) {
                counts.remove(&tx);
            }
        }
    }

    /// Notes that a transaction writes in a database.
    pub fn writes(&mut self, tx: TxId, database: usize) {
        let written = self.writing.entry(tx).or_default();
        if !written.iter().any(|(known, _)| *known == database) {
            written.push((database, clock::now()));
        }
    }

    /// Who writes where, and since when.
    pub fn writing(&self) -> impl Iterator<Item = (TxId, usize, i64)> {
        let writing = self.writing.iter();
        writing.flat_map(|(tx, written)| {
            let written = written.iter();
            written.map(|(database, since)| (*tx, *database, *since))
        })
    }

    /// Notes that one transaction waits for another; true if that closes a circle.
    pub fn wait(&mut self, waiter: TxId, holder: TxId) -> bool {
        let mut at = holder;
        while let Some(&next) = self.waits.get(&at) {
            if next == waiter {
                return true;
            }
            at = next;
        }
        self.waits.insert(waiter, holder);
        false
    }

    /// Notes that a transaction waits no longer.
    pub fn stop_waiting(&mut self, waiter: TxId) {
        self.waits.remove(&waiter);
    }
}

#[cfg(test)]
mod tests {
    use super::{Locks, Mode, Resource};

    #[test]
    fn exclusive_locks_stop_readers_and_circles_are_found() {
        let mut locks = Locks::default();
        locks
            .take(1, Resource::Row(7, 1), Mode::Exclusive)
            .expect("free");
        assert_eq!(locks.take(2, Resource::Row(7, 1), Mode::Shared), Err(1));
        locks
            .take(2, Resource::Row(7, 2), Mode::Update)
            .expect("free");
        assert_eq!(locks.conflict(1, &Resource::Row(7, 2), Mode::Shared), None);
        assert_eq!(
            locks.conflict(1, &Resource::Row(7, 2), Mode::Update),
            Some(2)
        );
        assert!(!locks.wait(2, 1));
        assert!(locks.wait(1, 2));
        locks.release(1);
        assert_eq!(
            locks.conflict(2, &Resource::Row(7, 1), Mode::Exclusive),
            None
        );
    }
}
