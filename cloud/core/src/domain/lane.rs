//! The ordered queue of work about one key.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::event::Event;
use super::ids::{TenantId, WorkerId};
use super::run::Run;
use super::time::Micros;
use super::wait::{Wait, Woken};

/// Which lane: work of one group (a store) about one key (`order:1042`).
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct LaneKey {
    /// Owner.
    pub tenant: TenantId,
    /// The store's id, or the company's.
    pub group: Uuid,
    /// `order:1042`.
    pub key: String,
}

/// Proof of being the worker that holds a lane: writes without it are refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fence {
    /// The worker.
    pub worker: WorkerId,
    /// Raised each time a worker's lease was lost.
    pub epoch: i64,
}

/// A lane a worker now holds, with all it needs to go on.
#[derive(Clone, Debug)]
pub struct ClaimedLane {
    /// Which.
    pub key: LaneKey,
    /// Place of the head job.
    pub number: i64,
    /// What the head job is about.
    pub event: Event,
    /// The run in progress, if it has begun.
    pub run: Option<Run>,
    /// Result of the command the run waited for, as stored by the tunnel.
    pub result: Option<CommandAnswer>,
    /// What brought the run back, where it had let the lane go.
    pub woken: Option<Woken>,
    /// The closed gate that let it through, to see whether work comes through again.
    pub through: Option<GateKey>,
}

/// An agent's stored answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CommandAnswer {
    /// Which command.
    pub command: super::ids::CommandId,
    /// Protobuf of `connect.tunnel.v1.CommandResult`.
    pub result: Vec<u8>,
}

/// What becomes of the lane when a transition commits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LaneNext {
    /// The worker keeps it and goes on.
    Keep,
    /// Head job done: the next job, if any, is due at once.
    Done,
    /// Let go until then (backoff, timer).
    Release {
        /// When to go on.
        due: Micros,
    },
    /// Head job done, and nothing is written of its run: it is over, or was left out.
    PassOver,
    /// Head job done for now: the run comes back at the lane's end when what it waits for has come.
    /// The next job, if any, is due at once.
    Leave {
        /// What it waits for.
        wait: Wait,
    },
    /// Let go until the command is answered.
    AwaitCommand,
    /// Let go until all parts of the run have ended.
    AwaitParts,
    /// Let go until the gate opens.
    Park {
        /// The closed gate.
        gate: GateKey,
    },
    /// Head job is a dead letter; the lane is held until a person acts.
    Hold,
}

/// What a gate stands before.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GateKind {
    /// All work through an agent.
    Agent,
    /// All calls to a store.
    Store,
    /// All writes to a company.
    Company,
}

/// Which gate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct GateKey {
    /// What it stands before.
    pub kind: GateKind,
    /// The agent's, store's or company's id.
    pub target: Uuid,
}

/// A closed gate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gate {
    /// Owner.
    pub tenant: TenantId,
    /// Which.
    pub key: GateKey,
    /// Why, for people.
    pub reason: String,
    /// When it closed.
    pub closed: Micros,
    /// When to let one piece of work through to see; none: a person opens it.
    pub probe: Option<Micros>,
    /// How often it was probed in vain.
    pub probes: i64,
}
