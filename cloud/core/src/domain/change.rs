//! What changes in GP: what an agent is to notice, and what it noticed.

use serde::{Deserialize, Serialize};

use super::ids::{ChangeId, CompanyId, TenantId};
use super::time::Micros;

/// A watcher that is wanted for a company.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Watch {
    /// Owner.
    pub tenant: TenantId,
    /// Where.
    pub company: CompanyId,
    /// `item_quantities`, ...
    pub watcher: String,
    /// Milliseconds between two looks; 0 leaves it to the agent.
    pub interval_ms: i64,
    /// Seconds between two full reads; 0 is a day.
    pub sweep_seconds: i64,
}

/// By what means an agent notices changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Means {
    /// By SQL Server's change tracking.
    ChangeTracking,
    /// By GP's time stamps.
    Stamps,
    /// New rows by their number, the others by full reads.
    RowIds,
}

/// What an agent says of a watcher.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct WatcherState {
    /// None for a watcher the agent does not know, or that has not begun.
    pub means: Option<Means>,
    /// What is in its way; blank when nothing is.
    pub problem: String,
    /// The last full read.
    pub full_read: Option<FullRead>,
}

/// A full read of everything a watcher looks at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FullRead {
    /// When it had been told.
    pub at: Micros,
    /// Rows that were read.
    pub rows_seen: i64,
    /// Rows that were not known to be so: of a first read all, of later ones what looks had missed.
    pub rows_changed: i64,
}

/// How a change was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Found {
    /// By a look for changes.
    Look,
    /// By a full read: looks had missed it.
    Sweep,
    /// By a full read after the agent had lost its memory; told because it differs from what was
    /// known here.
    Baseline,
}

/// A record of GP that is not what it was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// Owner.
    pub tenant: TenantId,
    /// Its id; later ones are greater.
    pub id: ChangeId,
    /// Where.
    pub company: CompanyId,
    /// Who noticed.
    pub watcher: String,
    /// The record's key, a JSON object.
    pub record: String,
    /// What it is now, a JSON object; none when it is gone.
    pub content: Option<String>,
    /// The agent wrote the record within the minute before.
    pub own: bool,
    /// How it was found.
    pub found: Found,
    /// When it was told.
    pub received: Micros,
}

/// A record as an agent tells it, with the digest of what it is now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Told {
    /// What it is.
    pub change: Change,
    /// Tells two contents apart; none when the record is gone.
    pub digest: Option<Vec<u8>>,
}
