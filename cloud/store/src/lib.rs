//! The only SQL of the cloud: one text for SQLite and PostgreSQL, one file per table family.
//!
//! [`Database`] opens, migrates and hands out the families. Reads go to a pool; every write is a
//! unit of work: its own transaction on PostgreSQL, a savepoint in a joined transaction on SQLite.

mod conn;
mod database;
mod dialect;
mod durable;
mod error;
mod migrate;
mod notify;
mod text;
mod wake;
mod writer;

mod agents;
mod api_keys;
mod artifacts;
mod audit;
mod ca_keys;
mod certificates;
mod commands;
mod companies;
mod enrollment_tokens;
mod environments;
mod events;
mod gates;
mod inbox;
mod lane_counts;
mod lanes;
mod links;
mod operator_keys;
mod payloads;
mod poll_cursors;
mod replay;
mod room;
mod run_rows;
mod runs;
mod secrets;
mod sessions;
mod steps;
mod stores;
mod tenants;
mod transfers;
mod transition;
mod workers;

pub use agents::Agents;
pub use api_keys::ApiKeys;
pub use artifacts::{Artifacts, NewArtifact};
pub use audit::{AuditEntry, AuditRow, Audits};
pub use ca_keys::{CaKey, CaKeys};
pub use certificates::Certificates;
pub use commands::{Answer, Commands, Settled};
pub use companies::{Companies, CompanyReport};
pub use database::{Database, Options};
pub use durable::Durability;
pub use enrollment_tokens::EnrollmentTokens;
pub use environments::Environments;
pub use error::{ApplyError, StoreError};
pub use events::{Events, Inserted};
pub use gates::Gates;
pub use lane_counts::LaneCounts;
pub use lanes::Lanes;
pub use links::Links;
pub use operator_keys::{OperatorKey, OperatorKeys};
pub use payloads::Payloads;
pub use poll_cursors::PollCursors;
pub use replay::{Replay, Replayed, replay_of};
pub use room::Room;
pub use runs::{RunFilter, Runs, fingerprint};
pub use secrets::Secrets;
pub use sessions::{Session, Sessions};
pub use steps::Steps;
pub use stores::{StoreChange, Stores};
pub use tenants::Tenants;
pub use transfers::Transfers;
pub use workers::Workers;
