//! One workflow version working on one event.

use serde::{Deserialize, Serialize};

use super::command::Command;
use super::failure::Failure;
use super::ids::{CompanyId, EnvironmentId, EventId, PayloadId, RunId, StoreId, TenantId};
use super::lane::{Fence, Gate, LaneKey, LaneNext};
use super::link::Link;
use super::time::Micros;

/// How a run stands. It never disappears.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RunState {
    /// A part of another run whose turn has not come.
    Queued,
    /// A worker has it, or will at once.
    Running,
    /// For a command, a time or a gate.
    Waiting,
    /// Done, or rightly nothing to do.
    Succeeded,
    /// Needs a person.
    Dead,
    /// A newer run took its place.
    Superseded,
}

/// A run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Run {
    /// Owner.
    pub tenant: TenantId,
    /// Its id.
    pub id: RunId,
    /// The environment.
    pub environment: EnvironmentId,
    /// What it works on.
    pub event: EventId,
    /// Where that happened.
    pub store: StoreId,
    /// Where it goes.
    pub company: Option<CompanyId>,
    /// `order`, ...
    pub entity: String,
    /// nop's id.
    pub entity_id: String,
    /// Name of the workflow.
    pub workflow: String,
    /// Its version.
    pub workflow_version: i64,
    /// Revision it works under.
    pub revision: i64,
    /// How it stands.
    pub state: RunState,
    /// What it waits for, did, or stopped at, for people.
    pub summary: String,
    /// What the engine needs to go on.
    pub snapshot: Vec<u8>,
    /// GP key of what it wrote, when known.
    pub gp_key: Option<String>,
    /// Began.
    pub started: Micros,
    /// Ended.
    pub finished: Option<Micros>,
    /// Why it is dead.
    pub failure: Option<Failure>,
    /// The run it repeats.
    pub replay_of: Option<RunId>,
    /// The run it is part of.
    pub part_of: Option<PartOf>,
}

/// How a run is part of another one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PartOf {
    /// The whole.
    pub run: RunId,
    /// The step of the whole that it does.
    pub step: String,
    /// Names it among all parts of the whole: `lines:SKU-1`.
    pub path: String,
    /// Its place in the list, from 1.
    pub number: i64,
    /// Its failure leaves out those that have not begun.
    pub stop: bool,
}

/// Parts of a run to begin, in the transition that says so.
#[derive(Clone, Debug)]
pub struct NewParts {
    /// The step of the whole.
    pub step: String,
    /// With these a round of all parts begins; those of earlier rounds no longer count.
    pub first: bool,
    /// The parts, each with its lane.
    pub runs: Vec<(Run, LaneKey)>,
}

/// What became of the parts of a step, in its last round.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PartsEnded {
    /// How many have not ended.
    pub left: i64,
    /// How many came through.
    pub succeeded: i64,
    /// How many did not.
    pub failed: i64,
    /// The first of these: path and cause.
    pub failures: Vec<(String, Failure)>,
}

/// How a step stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StepState {
    /// Its intent is stored, its outcome is not.
    Intended,
    /// Came through.
    Succeeded,
    /// Did not; may be tried again.
    Failed,
    /// The graph went round it.
    Skipped,
}

/// One attempt at one step, as kept for people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StepRecord {
    /// Place in the run: 1, 2, 3, ... over all attempts; a record with the same place replaces it.
    pub number: i64,
    /// Key of the step in the workflow.
    pub step: String,
    /// `read_store`, `map`, `write_gp`, ...
    pub kind: String,
    /// 1, 2, 3, ...
    pub attempt: i64,
    /// How it stands.
    pub state: StepState,
    /// Began.
    pub started: Micros,
    /// Ended.
    pub finished: Option<Micros>,
    /// JSON or XML it worked on.
    pub input: Option<Vec<u8>>,
    /// JSON or XML it made.
    pub output: Option<Vec<u8>>,
    /// JSON: which rule made what from what.
    pub trace: Option<Vec<u8>>,
    /// Why not.
    pub failure: Option<Failure>,
}

/// All that one transition of a run writes, in one transaction.
#[derive(Clone, Debug)]
pub struct Transition {
    /// The lane it holds.
    pub lane: LaneKey,
    /// Place of the head job.
    pub number: i64,
    /// Proof of holding it.
    pub fence: Fence,
    /// The run as it now stands; inserted when new.
    pub run: Run,
    /// Steps new or changed.
    pub steps: Vec<StepRecord>,
    /// A command to send, with its document.
    pub command: Option<NewCommand>,
    /// Links to insert or complete. One that another run holds makes the whole transition fail.
    pub links: Vec<Link>,
    /// Parts of the run to begin.
    pub parts: Option<NewParts>,
    /// JSON: what the run gave the one it is part of.
    pub result: Option<Vec<u8>>,
    /// With this success older dead letters of its workflow about its record are superseded.
    pub supersedes: bool,
    /// A gate to close, or to keep closed.
    pub close: Option<Gate>,
    /// A gate that this transition's success opens.
    pub open: Option<super::lane::GateKey>,
    /// What becomes of the lane.
    pub next: LaneNext,
    /// Business time.
    pub now: Micros,
}

/// A command with the document it carries.
#[derive(Clone, Debug)]
pub struct NewCommand {
    /// The row.
    pub command: Command,
    /// The document's bytes, stored as a payload under `command.document`.
    pub document: Vec<u8>,
}

/// A body kept for people, by id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Payload {
    /// Owner.
    pub tenant: TenantId,
    /// Its id.
    pub id: PayloadId,
    /// Uncompressed.
    pub content: Vec<u8>,
}
