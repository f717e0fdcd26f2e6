//! One connection of either database, and the macro that runs one text on both.

use connect_core::domain::ids::{AgentId, TenantId};
use sqlx::pool::PoolConnection;
use sqlx::{PgConnection, Postgres, Sqlite, Transaction};

/// A connection in a unit of work, or one of the read pool's.
pub(crate) struct Conn {
    pub(crate) kind: Kind,
    pub(crate) wakes: Wakes,
}

pub(crate) enum Kind {
    Postgres(PgHandle),
    Sqlite(PoolConnection<Sqlite>),
}

pub(crate) enum PgHandle {
    Pooled(PoolConnection<Postgres>),
    Transaction(Transaction<'static, Postgres>),
}

impl PgHandle {
    pub(crate) fn get(&mut self) -> &mut PgConnection {
        match self {
            Self::Pooled(connection) => connection,
            Self::Transaction(transaction) => transaction,
        }
    }
}

/// Whom to wake once the unit of work is committed.
#[derive(Clone, Debug, Default)]
pub(crate) struct Wakes {
    pub(crate) lanes: bool,
    pub(crate) commands: Vec<(TenantId, AgentId)>,
}

impl Wakes {
    pub(crate) fn join(&mut self, other: Self) {
        self.lanes |= other.lanes;
        self.commands.extend(other.commands);
    }
}

impl Conn {
    pub(crate) fn new(kind: Kind) -> Self {
        Self {
            kind,
            wakes: Wakes::default(),
        }
    }

    pub(crate) fn take_wakes(&mut self) -> Wakes {
        std::mem::take(&mut self.wakes)
    }
}

/// Repeats one expression for the database at hand: the same text, typed for its driver.
macro_rules! on {
    ($conn:expr, $on:ident => $body:expr) => {
        match &mut $conn.kind {
            $crate::conn::Kind::Postgres(handle) => {
                let $on = handle.get();
                $body
            }
            $crate::conn::Kind::Sqlite(handle) => {
                let $on: &mut sqlx::SqliteConnection = &mut *handle;
                $body
            }
        }
    };
}
pub(crate) use on;
