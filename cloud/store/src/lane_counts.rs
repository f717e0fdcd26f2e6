//! How a tenant's lanes stand, counted.

use connect_core::domain::time::Micros;
use sqlx::FromRow;

/// How a tenant's lanes stand.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LaneCounts {
    /// All with unfinished work.
    pub all: i64,
    /// Held by a worker.
    pub working: i64,
    /// Ready, or waiting for a time.
    pub due: i64,
    /// Behind a closed gate.
    pub parked: i64,
    /// Behind a dead letter.
    pub held: i64,
    /// When the longest waiting of the due ones became due.
    pub oldest_due: Option<Micros>,
}

#[derive(FromRow)]
pub(crate) struct CountsRow {
    counted: i64,
    working: i64,
    waiting: i64,
    parked: i64,
    held: i64,
    oldest: Option<i64>,
}

impl From<CountsRow> for LaneCounts {
    fn from(row: CountsRow) -> Self {
        Self {
            all: row.counted,
            working: row.working,
            due: row.waiting,
            parked: row.parked,
            held: row.held,
            oldest_due: row.oldest.map(Micros),
        }
    }
}
