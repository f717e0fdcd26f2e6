//! The SQLite writer: one task, one connection, many units of work in one transaction.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use futures::FutureExt;
use futures::future::BoxFuture;
use sqlx::SqliteConnection;
use tokio::sync::mpsc;

use crate::conn::{Conn, Kind, Wakes};
use crate::error::StoreError;
use crate::wake::Wake;

const WAITING: usize = 4096;
const JOINED: usize = 256;

/// A unit of work that knows how to answer its caller.
pub(crate) type Unit = Box<dyn for<'c> FnOnce(&'c mut Conn) -> BoxFuture<'c, Done> + Send>;

/// Tells the caller, after the commit, how it went.
pub(crate) type Answer = Box<dyn FnOnce(Result<(), StoreError>) + Send>;

/// A unit of work that has run; it stands only if `kept` and the transaction commits.
pub(crate) struct Done {
    pub(crate) kept: bool,
    pub(crate) answer: Answer,
}

/// Where units of work are handed in.
#[derive(Clone, Debug)]
pub(crate) struct Writer {
    units: mpsc::Sender<Unit>,
}

impl Writer {
    /// Starts the task; it ends when the last handle is gone.
    #[expect(
        clippy::disallowed_methods,
        reason = "the writer outlives every tracker: it ends when the last handle is gone"
    )]
    pub(crate) fn start(conn: Conn, wake: Arc<Wake>) -> Self {
        let (units, waiting) = mpsc::channel(WAITING);
        tokio::spawn(run(conn, waiting, wake));
        Self { units }
    }

    pub(crate) async fn submit(&self, unit: Unit) -> Result<(), StoreError> {
        self.units.send(unit).await.map_err(|_| StoreError::Closed)
    }
}

async fn run(mut conn: Conn, mut waiting: mpsc::Receiver<Unit>, wake: Arc<Wake>) {
    let mut batch = Vec::with_capacity(JOINED);
    while waiting.recv_many(&mut batch, JOINED).await > 0 {
        join(&mut conn, &mut batch, &wake).await;
    }
}

/// Each unit runs in a savepoint. Statements between units go out together: each costs a switch
/// of threads.
const BEGIN: &str = "BEGIN IMMEDIATE; SAVEPOINT unit";
const NEXT: &str = "RELEASE unit; SAVEPOINT unit";
const UNDO: &str = "ROLLBACK TO unit";
const END: &str = "RELEASE unit; COMMIT";

/// Runs a batch in one transaction and answers every caller after its commit.
async fn join(conn: &mut Conn, batch: &mut Vec<Unit>, wake: &Wake) {
    if let Err(cause) = execute(conn, BEGIN).await {
        tracing::error!(error = %cause, "the writer could not begin a transaction");
        roll_back(conn).await;
        // Dropping the units tells their callers.
        batch.clear();
        return;
    }
    let mut answers = Vec::with_capacity(batch.len());
    let mut wakes = Wakes::default();
    let mut broken = None;
    let mut left = batch.len();
    for unit in batch.drain(..) {
        left -= 1;
        if broken.is_some() {
            continue;
        }
        match one(conn, unit, left == 0).await {
            Ok(Some(answer)) => {
                wakes.join(conn.take_wakes());
                answers.push(answer);
            }
            Ok(None) => drop(conn.take_wakes()),
            Err(cause) => broken = Some(cause),
        }
    }
    let committed = match broken {
        Some(cause) => Err(cause),
        None => execute(conn, END).await,
    };
    match committed {
        Ok(()) => {
            wake.fire(wakes);
            for answer in answers {
                answer(Ok(()));
            }
        }
        Err(cause) => give_up(conn, answers, cause).await,
    }
}

/// Runs one unit in the savepoint that is open, and leaves one open. `None`: it failed alone and
/// its caller knows. An error: the whole transaction is lost.
async fn one(conn: &mut Conn, unit: Unit, last: bool) -> Result<Option<Answer>, sqlx::Error> {
    let done = AssertUnwindSafe(unit(conn)).catch_unwind().await;
    match done {
        Ok(done) if done.kept => {
            if !last {
                execute(conn, NEXT).await?;
            }
            Ok(Some(done.answer))
        }
        Ok(done) => {
            let undone = execute(conn, UNDO).await;
            (done.answer)(Ok(()));
            undone.map(|()| None)
        }
        Err(_) => {
            tracing::error!("a unit of work panicked and was rolled back");
            execute(conn, UNDO).await.map(|()| None)
        }
    }
}

async fn give_up(conn: &mut Conn, answers: Vec<Answer>, cause: sqlx::Error) {
    tracing::error!(error = %cause, units = answers.len(), "a joined transaction was lost");
    roll_back(conn).await;
    drop(conn.take_wakes());
    let cause = Arc::new(cause);
    for answer in answers {
        answer(Err(StoreError::Commit(Arc::clone(&cause))));
    }
}

/// SQLite may have rolled back by itself already; either way nothing of it stands.
async fn roll_back(conn: &mut Conn) {
    if let Err(again) = execute(conn, "ROLLBACK").await {
        tracing::debug!(error = %again, "nothing left to roll back");
    }
}

async fn execute(conn: &mut Conn, statement: &'static str) -> Result<(), sqlx::Error> {
    match &mut conn.kind {
        Kind::Sqlite(handle) => {
            let connection: &mut SqliteConnection = handle;
            sqlx::query(statement).execute(connection).await.map(|_| ())
        }
        Kind::Postgres(_) => Err(sqlx::Error::Protocol("the writer is SQLite's".to_owned())),
    }
}

#[cfg(test)]
mod tests;
