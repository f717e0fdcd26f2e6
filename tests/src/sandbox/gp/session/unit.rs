//! Units of work: each runs whole under the heap's mutex, and again after every wait for a lock.

use super::super::error::{SqlError, Stop};
use super::super::heap::Refused;
use super::super::heap::work::Work;
use super::super::wire::packet;
use super::Session;
use super::state::{Open, State};

/// Why a unit of work did not succeed.
#[derive(Debug)]
pub enum Failure {
    Error(SqlError),
    /// The client sent an attention while the unit waited.
    Cancelled,
    /// The client went away.
    Gone,
}

impl From<SqlError> for Failure {
    fn from(error: SqlError) -> Self {
        Failure::Error(error)
    }
}

impl Session {
    /// Runs work in the session's transaction, or in one of its own.
    pub async fn unit<T>(
        &mut self,
        mut body: impl FnMut(&mut Work<'_>, &State) -> Result<T, Stop>,
    ) -> Result<T, Failure> {
        if self.state.implicit && self.state.open.is_none() {
            self.begin();
        }
        let own = self.state.open.is_none();
        let tx = match &self.state.open {
            Some(open) => open.id,
            None => self.server.heap.lock().begin(),
        };
        let outcome = loop {
            let (holder, refused) = {
                let mut inner = self.server.heap.lock();
                let mark = inner.mark(tx);
                let result = body(&mut inner.work(tx), &self.state);
                match result {
                    Ok(value) => break Ok(value),
                    Err(Stop::Error(error)) => {
                        inner.undo_to(tx, mark)?;
                        break Err(Failure::Error(error));
                    }
                    Err(Stop::Blocked(holder)) => {
                        let refused = inner.locks().take_refused(tx, holder);
                        inner.undo_to(tx, mark)?;
                        (holder, refused)
                    }
                }
            };
            if let Err(failure) = self.wait(tx, holder, refused).await {
                break Err(failure);
            }
        };
        if own {
            let mut inner = self.server.heap.lock();
            if outcome.is_ok() {
                inner.commit(tx)?;
            } else {
                inner.rollback(tx)?;
            }
        } else if matches!(&outcome, Err(Failure::Error(error)) if error.ends_transaction()) {
            self.abandon()?;
        }
        outcome
    }

    async fn wait(&mut self, tx: u64, holder: u64, refused: Refused) -> Result<(), Failure> {
        let server = std::sync::Arc::clone(&self.server);
        let waiting = server
            .heap
            .wait(tx, holder, refused, self.state.lock_timeout);
        tokio::select! {
            done = waiting => done.map_err(Failure::Error),
            interrupted = self.interruption() => Err(interrupted),
        }
    }

    /// Waits for an attention or the end of the connection; other messages are kept for later.
    pub async fn interruption(&mut self) -> Failure {
        loop {
            match self.incoming.recv().await {
                None => return Failure::Gone,
                Some(message) if message.kind == packet::ATTENTION => return Failure::Cancelled,
                Some(message) => self.kept.push_back(message),
            }
        }
    }

    /// Opens a transaction, or one more level of it.
    pub fn begin(&mut self) {
        if let Some(open) = &mut self.state.open {
            open.count += 1;
            return;
        }
        let id = self.server.heap.lock().begin();
        let descriptor = id << 8 | 1;
        self.state.open = Some(Open {
            id,
            count: 1,
            savepoints: Vec::new(),
            doomed: false,
            descriptor,
        });
        self.announce_begin(descriptor);
    }

    /// Closes one level; the outermost makes the changes last.
    pub fn commit(&mut self) -> Result<(), SqlError> {
        let Some(open) = &mut self.state.open else {
            return Err(SqlError::new(
                3902,
                "The COMMIT TRANSACTION request has no corresponding BEGIN TRANSACTION.",
            ));
        };
        if open.doomed {
            return Err(SqlError::new(
                3930,
                "The current transaction cannot be committed and cannot support operations that write to the log file. Roll back the transaction.",
            ));
        }
        open.count -= 1;
        if open.count > 0 {
            return Ok(());
        }
        let (id, descriptor) = (open.id, open.descriptor);
        self.state.open = None;
        self.server.heap.lock().commit(id)?;
        self.announce_end(9, descriptor);
        Ok(())
    }

    /// Takes everything back, or everything after a savepoint.
    pub fn rollback(&mut self, savepoint: Option<&str>) -> Result<(), SqlError> {
        let Some(open) = &mut self.state.open else {
            return Err(SqlError::new(
                3903,
                "The ROLLBACK TRANSACTION request has no corresponding BEGIN TRANSACTION.",
            ));
        };
        if let Some(name) = savepoint.filter(|name| !name.is_empty()) {
            let known = open
                .savepoints
                .iter()
                .rposition(|(each, _)| each.eq_ignore_ascii_case(name));
            if let Some(position) = known {
                let mark = open.savepoints[position].1;
                open.savepoints.truncate(position + 1);
                return self.server.heap.lock().undo_to(open.id, mark);
            }
        }
        self.abandon()
    }

    /// Rolls the whole transaction back, if there is one.
    pub fn abandon(&mut self) -> Result<(), SqlError> {
        let Some(open) = self.state.open.take() else {
            return Ok(());
        };
        self.server.heap.lock().rollback(open.id)?;
        self.announce_end(10, open.descriptor);
        Ok(())
    }

    /// Sets a savepoint.
    pub fn save(&mut self, name: &str) -> Result<(), SqlError> {
        let Some(open) = &mut self.state.open else {
            return Err(SqlError::new(
                628,
                "Cannot issue SAVE TRANSACTION when there is no active transaction.",
            ));
        };
        let mark = self.server.heap.lock().mark(open.id);
        open.savepoints.push((name.to_owned(), mark));
        Ok(())
    }
}
