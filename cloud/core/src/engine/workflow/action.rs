//! What the engine asks of its caller, and what it is told.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::model::{ClosedPeriod, Semantics};
use crate::domain::event::Source;
use crate::domain::failure::Failure;
use crate::domain::ids::RunId;
use crate::domain::run::StepState;
use crate::domain::time::Micros;
use crate::engine::value::Value;

/// Facts that stay the same for the whole run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RunInput {
    /// The run; pauses are spread by it.
    pub run: RunId,
    /// Which doing of the work this is: 1, and one more each time a person asks to do it again.
    pub generation: u32,
    /// When it began; mappings take today's date from it, so that a retry makes the same document.
    #[serde(default)]
    pub began: Micros,
    /// What happened.
    pub event: EventFacts,
    /// `{id, name, base_url, time_zone, currency, nop_store_id, created}`; `created` is an instant
    /// as text.
    pub store: Value,
    /// The route's profile, which the run's revision keeps.
    #[serde(skip)]
    pub profile: Arc<Value>,
    /// `{id, database, name}`.
    pub company: Value,
    /// What a run was handed that is part of another one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub part: Option<Part>,
    /// What a person put right in what steps give.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub edits: Vec<Edit>,
}

/// A value that a person put right.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Edit {
    /// Where, beginning with the name of what a step gives: `order.billing_address.email`.
    pub path: String,
    /// What stands there now.
    pub value: Value,
}

/// What a run was handed that does the work of another one's step.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Part {
    /// Names it among all that its whole does: step and entry, `lines:SKU-1`; of nested ones both,
    /// `orders:1042/lines:SKU-1`. The same whenever the work is done again.
    pub path: String,
    /// Keys of the `for_each` steps whose body it walks, `lines` or `orders/lines`; none for
    /// another workflow.
    pub body: Option<String>,
    /// Values by name.
    pub given: BTreeMap<String, Value>,
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct EventFacts {
    /// `order.placed`, ...
    pub topic: String,
    /// `order`, ...
    pub entity: String,
    /// nop's id.
    pub entity_id: String,
    /// When, by the store's word.
    pub occurred: Micros,
    /// How we came to know.
    pub source: Source,
    /// What came with it: what changed in GP, what a person or a program handed in.
    #[serde(default, skip_serializing_if = "Value::is_null")]
    pub body: Value,
}

/// What happened to a run.
#[derive(Clone, Debug, PartialEq)]
pub enum Happened {
    /// It begins, or another worker took it over and needs the action again.
    Begin,
    /// The action of a step came out.
    Answer {
        /// The step.
        step: String,
        /// How.
        outcome: Result<Value, Failure>,
    },
    /// The time it waited for has come.
    Due,
    /// What a step waited for has come: the event, or a person's answer.
    Arrived {
        /// The step.
        step: String,
        /// The event, or `{approved, by, note}`.
        value: Value,
    },
    /// All entries of a list are done, or the workflow that was called is.
    Items {
        /// The step.
        step: String,
        /// How.
        items: Items,
    },
    /// A person wants a dead run to go on from the step it failed at.
    Resumed {
        /// What they put right.
        edits: Vec<Edit>,
    },
}

/// What became of the parts of a step.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Items {
    /// Parts that came through.
    pub succeeded: u32,
    /// Parts that are dead, or were left out.
    pub failed: u32,
    /// Why the first of them failed, with the names of their entries.
    pub failures: Vec<(String, Failure)>,
    /// What they gave, in order, where that was asked for.
    pub results: Vec<Value>,
}

/// What must be done next; exactly one thing.
#[derive(Clone, Debug, PartialEq)]
pub enum Action {
    /// Read from the store; safe to repeat. The answer is the canonical record.
    ReadStore {
        /// The step.
        step: String,
        /// What.
        what: StoreRead,
        /// How long it may take.
        timeout_ms: u32,
    },
    /// Look for links. The answer is a map from each query's name to `{gp_key, complete}`, or
    /// nothing where there is no link.
    FindLinks {
        /// The step.
        step: String,
        /// What for.
        keys: Vec<LinkQuery>,
    },
    /// Insert a link unless there is one. The answer is the winner: `{gp_key, complete, ours}`.
    ReserveLink {
        /// The step.
        step: String,
        /// `customer`, ...
        kind: String,
        /// Whether the key holds for this store alone.
        store_scoped: bool,
        /// nop's key.
        store_key: String,
        /// The GP key wanted.
        gp_key: String,
    },
    /// Have the agent execute a document. The answer is
    /// `{keys: {SOPNUMBE: …}, already_done, payload_differs, journal_number}`.
    ExecuteDocument {
        /// The step.
        step: String,
        /// Names the effect.
        purpose: String,
        /// Which doing of the work.
        generation: u32,
        /// The eConnect document.
        xml: String,
        /// Links that its success completes.
        parties: Vec<LinkToComplete>,
        /// Whether a repeat changes what is there.
        semantics: Semantics,
        /// Whether document numbers may leave no gaps.
        gapless: bool,
        /// How many next batches may be joined when the document's own takes none: 0 to 9.
        next_batches: u32,
        /// What becomes of a document whose posting date is in a closed period.
        closed_period: ClosedPeriod,
        /// How long it may take.
        timeout_ms: u32,
    },
    /// Write to the store; not safe to repeat blindly.
    WriteStore {
        /// The step.
        step: String,
        /// What.
        what: StoreWrite,
        /// How long it may take.
        timeout_ms: u32,
    },
    /// Nothing before then: a failed step is tried again. Later work about the same key waits too.
    Pause {
        /// The step.
        step: String,
        /// When to go on.
        until: Micros,
        /// What for, for people.
        reason: String,
    },
    /// Nothing before something happened. Later work about the same key goes on meanwhile.
    Await {
        /// The step.
        step: String,
        /// What must happen.
        what: Awaited,
        /// When to go on in any case.
        until: Option<Micros>,
        /// What for, for people.
        reason: String,
    },
    /// Begin parts of the run, as runs of their own. Together with this the state is stored, and
    /// then the engine is told [`Happened::Begin`]. A part that is there already is left as it is
    /// if it came through, and goes on from where it failed if it is dead.
    StartItems(StartItems),
    /// Nothing before all parts have ended.
    AwaitItems {
        /// The step.
        step: String,
        /// How many there are.
        total: u32,
        /// Whether what they gave is wanted.
        collect: bool,
    },
    /// The run did its work.
    Succeed {
        /// For people.
        summary: String,
        /// For the run it is part of.
        result: Value,
    },
    /// There was rightly nothing to do.
    Stop {
        /// For people.
        summary: String,
        /// For the run it is part of.
        result: Value,
    },
    /// The run needs a person.
    Dead {
        /// Why.
        failure: Failure,
    },
}

/// What a run waits for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Awaited {
    /// The time alone.
    Time,
    /// An event about the run's own record, since the run began.
    Event {
        /// Any of these topics.
        topics: Vec<String>,
    },
    /// A person's answer.
    Approval,
}

/// Parts of a run to begin.
#[derive(Clone, Debug, PartialEq)]
pub struct StartItems {
    /// The step.
    pub step: String,
    /// `for_each` or `call`.
    pub kind: &'static str,
    /// Another workflow that does the work; none: the step's own body.
    pub workflow: Option<String>,
    /// Place of the first of these among all, from 0: with it a round of all of them begins.
    pub first: u32,
    /// The parts, in the list's order.
    pub parts: Vec<Part>,
    /// How many are worked on at once.
    pub parallel: u32,
    /// Whether those not begun are left out once one has failed.
    pub stop: bool,
}

/// Something to read from a store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StoreRead {
    /// An order, whole.
    Order {
        /// nop's id.
        id: String,
    },
}

/// Something to write to a store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StoreWrite {
    /// A note on an order, for the shop's people.
    OrderNote {
        /// nop's id.
        order_id: String,
        /// The note.
        text: String,
    },
}

/// A question for a link.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LinkQuery {
    /// The answer's name.
    pub name: String,
    /// `order`, `customer`, ...
    pub kind: String,
    /// Whether the key holds for this store alone.
    pub store_scoped: bool,
    /// nop's key.
    pub store_key: String,
}

/// A link that the success of a document completes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LinkToComplete {
    /// `order`, `customer`, ...
    pub kind: String,
    /// Whether the key holds for this store alone.
    pub store_scoped: bool,
    /// nop's key.
    pub store_key: String,
    /// The GP key, or where it comes from.
    pub gp_key: GpKey,
}

/// A GP key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum GpKey {
    /// The agent's answer has it under this element.
    Element(String),
    /// Known already.
    Known(String),
}

/// What one advance did at one step, for people.
///
/// A note with the same step and attempt as an earlier one replaces it.
#[derive(Clone, Debug, PartialEq)]
pub struct StepNote {
    /// Key of the step.
    pub step: String,
    /// `read_store`, `map`, ...
    pub kind: String,
    /// 1, 2, 3, ...
    pub attempt: u32,
    /// How it stands.
    pub state: StepState,
    /// JSON or XML it works on.
    pub input: Option<String>,
    /// JSON or XML it made.
    pub output: Option<String>,
    /// JSON: which rule made what from what.
    pub trace: Option<String>,
    /// Why not.
    pub failure: Option<Failure>,
}
