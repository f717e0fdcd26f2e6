//! Opening a database, and the two ways through it: reads and units of work.

use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use connect_core::domain::ids::{AgentId, TenantId};
use futures::future::BoxFuture;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{PgPool, SqlitePool};
use tokio::sync::{broadcast, oneshot, watch};

use crate::audit::{self, AuditEntry};
use crate::conn::{Conn, Kind, PgHandle, Wakes};
use crate::error::{StoreError, Transient};
use crate::inbox::Inbox;
use crate::notify::Notifier;
use crate::wake::Wake;
use crate::writer::{Done, Unit, Writer};

const ATTEMPTS: u32 = 6;
const STATEMENTS_KEPT: usize = 512;

/// How many connections to keep and how long to wait for one.
#[derive(Clone, Debug)]
pub struct Options {
    /// Connections for reads (SQLite) or for everything (PostgreSQL).
    pub connections: u32,
    /// How long a caller waits for a connection, and SQLite for another process's lock.
    pub wait: Duration,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            connections: 16,
            wait: Duration::from_secs(30),
        }
    }
}

/// A handle to the database; clones share pools, writer and wake-ups.
#[derive(Clone, Debug)]
pub struct Database {
    pub(crate) db: Db,
    wake: Arc<Wake>,
    audit: Option<Arc<AuditEntry>>,
    inbox: Option<Inbox>,
}

#[derive(Clone, Debug)]
pub(crate) enum Db {
    Postgres {
        pool: PgPool,
        notifier: Arc<Notifier>,
    },
    Sqlite {
        connect: Box<SqliteConnectOptions>,
        read: SqlitePool,
        write: Writer,
    },
}

impl Database {
    /// Opens `sqlite://path` (made when missing) or `postgres://...`, and refuses settings under
    /// which an acknowledged write could be lost.
    pub async fn open(url: &str, options: &Options) -> Result<Self, StoreError> {
        let wake = Arc::new(Wake::new());
        let db = match url.split_once(':').map(|(scheme, _)| scheme) {
            Some("sqlite") => open_sqlite(url, options, &wake).await?,
            Some("postgres" | "postgresql") => open_postgres(url, options, &wake).await?,
            other => {
                return Err(StoreError::UnknownDatabase {
                    url: other.unwrap_or("no scheme").to_owned(),
                });
            }
        };
        let mut database = Self {
            db,
            wake,
            audit: None,
            inbox: None,
        };
        database.check_durable().await?;
        // Its own handle has no inbox, so that the task ends with the last of the others.
        database.inbox = Some(Inbox::start(database.clone()));
        Ok(database)
    }

    /// The same database; each unit of work written through this handle also writes the audit row.
    #[must_use]
    pub fn audited(&self, entry: AuditEntry) -> Self {
        Self {
            audit: Some(Arc::new(entry)),
            ..self.clone()
        }
    }

    /// Where events are joined with others; none where each unit writes an audit row.
    pub(crate) fn inbox(&self) -> Option<&Inbox> {
        self.inbox.as_ref().filter(|_| self.audit.is_none())
    }

    /// Changes whenever a commit made lanes ready in this process.
    pub fn subscribe_lanes(&self) -> watch::Receiver<u64> {
        self.wake.subscribe_lanes()
    }

    /// Says for which agent a commit stored a command in this process.
    pub fn subscribe_commands(&self) -> broadcast::Receiver<(TenantId, AgentId)> {
        self.wake.subscribe_commands()
    }

    /// `sqlite` or `postgres`.
    pub fn kind(&self) -> &'static str {
        match self.db {
            Db::Postgres { .. } => "postgres",
            Db::Sqlite { .. } => "sqlite",
        }
    }

    /// Closes the pools; the SQLite writer ends with the last handle.
    pub async fn close(&self) {
        match &self.db {
            Db::Postgres { pool, .. } => pool.close().await,
            Db::Sqlite { read, .. } => read.close().await,
        }
    }

    /// A connection for statements that only read.
    pub(crate) async fn read(&self) -> Result<Conn, StoreError> {
        let kind = match &self.db {
            Db::Postgres { pool, .. } => Kind::Postgres(PgHandle::Pooled(pool.acquire().await?)),
            Db::Sqlite { read, .. } => Kind::Sqlite(read.acquire().await?),
        };
        Ok(Conn::new(kind))
    }

    /// Runs one unit of work: all of it is durable when this returns `Ok`, none of it stands
    /// otherwise. The unit may run more than once, so it does nothing but SQL.
    pub(crate) async fn write<I, T, E>(&self, input: I, unit: Work<I, T, E>) -> Result<T, E>
    where
        I: Send + Sync + 'static,
        T: Send + 'static,
        E: From<StoreError> + Transient + Send + 'static,
    {
        match &self.db {
            Db::Postgres { pool, notifier } => {
                let (value, wakes) = self.write_postgres(pool, &input, unit).await?;
                notifier.tell(&wakes);
                self.wake.fire(wakes);
                Ok(value)
            }
            Db::Sqlite { write, .. } => self.write_sqlite(write, input, unit).await,
        }
    }

    async fn write_postgres<I, T, E>(
        &self,
        pool: &PgPool,
        input: &I,
        unit: Work<I, T, E>,
    ) -> Result<(T, Wakes), E>
    where
        I: Send + Sync + 'static,
        T: Send + 'static,
        E: From<StoreError> + Transient + Send + 'static,
    {
        let mut attempt = 1;
        loop {
            match self.once_postgres(pool, input, unit).await {
                Err(error) if error.is_transient() && attempt < ATTEMPTS => {
                    tokio::time::sleep(Duration::from_millis(4 << attempt)).await;
                    attempt += 1;
                }
                result => return result,
            }
        }
    }

    async fn once_postgres<I, T, E>(
        &self,
        pool: &PgPool,
        input: &I,
        unit: Work<I, T, E>,
    ) -> Result<(T, Wakes), E>
    where
        I: Send + Sync + 'static,
        T: Send + 'static,
        E: From<StoreError> + Transient + Send + 'static,
    {
        let transaction = pool.begin().await.map_err(StoreError::from)?;
        let mut conn = Conn::new(Kind::Postgres(PgHandle::Transaction(transaction)));
        let value = audited(&mut conn, self.audit.as_deref(), input, unit).await?;
        let wakes = conn.take_wakes();
        if let Kind::Postgres(PgHandle::Transaction(transaction)) = conn.kind {
            let committed = transaction.commit().await;
            committed.map_err(|cause| StoreError::Commit(Arc::new(cause)))?;
        }
        Ok((value, wakes))
    }

    async fn write_sqlite<I, T, E>(
        &self,
        writer: &Writer,
        input: I,
        unit: Work<I, T, E>,
    ) -> Result<T, E>
    where
        I: Send + Sync + 'static,
        T: Send + 'static,
        E: From<StoreError> + Transient + Send + 'static,
    {
        let (sender, answer) = oneshot::channel::<Result<T, E>>();
        let entry = self.audit.clone();
        let boxed: Unit = Box::new(move |conn| {
            Box::pin(async move {
                let result = audited(conn, entry.as_deref(), &input, unit).await;
                Done {
                    kept: result.is_ok(),
                    answer: Box::new(move |committed| {
                        let told = committed.map_err(E::from).and(result);
                        // A caller that no longer waits loses only the answer.
                        drop(sender.send(told));
                    }),
                }
            })
        });
        writer.submit(boxed).await?;
        answer
            .await
            .unwrap_or_else(|_| Err(StoreError::Panicked.into()))
    }
}

/// One unit of work: a plain function of a connection and its input.
pub(crate) type Work<I, T, E> = for<'a> fn(&'a mut Conn, &'a I) -> BoxFuture<'a, Result<T, E>>;

async fn audited<I, T, E: From<StoreError>>(
    conn: &mut Conn,
    entry: Option<&AuditEntry>,
    input: &I,
    unit: Work<I, T, E>,
) -> Result<T, E> {
    let value = unit(conn, input).await?;
    if let Some(entry) = entry {
        audit::insert(conn, entry).await?;
    }
    Ok(value)
}

async fn open_sqlite(url: &str, options: &Options, wake: &Arc<Wake>) -> Result<Db, StoreError> {
    let connect = SqliteConnectOptions::from_str(url)?
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .busy_timeout(options.wait)
        .statement_cache_capacity(STATEMENTS_KEPT)
        .pragma("cache_size", "-32768")
        .pragma("temp_store", "memory");
    let write = SqlitePoolOptions::new()
        .max_connections(1)
        .idle_timeout(None)
        .max_lifetime(None)
        .connect_with(connect.clone())
        .await?;
    let conn = Conn::new(Kind::Sqlite(write.acquire().await?));
    let read = SqlitePoolOptions::new()
        .max_connections(options.connections)
        .acquire_timeout(options.wait)
        // A file does not hang up; asking would cost each read two more switches of threads.
        .test_before_acquire(false)
        .connect_with(connect.clone().pragma("query_only", "ON"))
        .await?;
    let write = Writer::start(conn, Arc::clone(wake));
    Ok(Db::Sqlite {
        connect: Box::new(connect),
        read,
        write,
    })
}

async fn open_postgres(url: &str, options: &Options, wake: &Arc<Wake>) -> Result<Db, StoreError> {
    let connect = PgConnectOptions::from_str(url)?.statement_cache_capacity(STATEMENTS_KEPT);
    let pool = PgPoolOptions::new()
        .max_connections(options.connections)
        .acquire_timeout(options.wait)
        // A connection that broke says so at its first statement, and the unit is done again.
        .test_before_acquire(false)
        .connect_with(connect.clone())
        .await?;
    let notifier = Arc::new(Notifier::start(connect, Arc::clone(wake)));
    Ok(Db::Postgres { pool, notifier })
}
