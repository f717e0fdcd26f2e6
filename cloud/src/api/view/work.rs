//! Events, runs, steps and gates on the wire.

use std::collections::BTreeMap;

use connect_core::domain::event::Event;
use connect_core::domain::failure::{Failure, Fault};
use connect_core::domain::lane::{Gate, GateKind};
use connect_core::domain::run::{Run, RunState, StepRecord};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::{instant, word};

/// Something that happened.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct EventView {
    /// Its id.
    pub id: Uuid,
    /// Its environment.
    pub environment_id: Uuid,
    /// Where it happened.
    pub store_id: Uuid,
    /// `webhook`, `poll`, `manual`, `replay`.
    pub source: String,
    /// Unique per store.
    pub delivery: String,
    /// `order.placed`, ...
    pub topic: String,
    /// `order`, ...
    pub entity: String,
    /// nop's id.
    pub entity_id: String,
    /// By the store's word.
    pub occurred_at: String,
    /// When it was stored.
    pub received_at: String,
    /// The revision it runs under.
    pub revision: i64,
}

impl From<Event> for EventView {
    fn from(event: Event) -> Self {
        Self {
            id: event.id.0,
            environment_id: event.environment.0,
            store_id: event.store.0,
            source: word(event.source),
            delivery: event.delivery,
            topic: event.topic,
            entity: event.entity,
            entity_id: event.entity_id,
            occurred_at: instant(event.occurred),
            received_at: instant(event.received),
            revision: event.revision,
        }
    }
}

/// Why something did not come through.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct FailureView {
    /// `rate_limited`, `unavailable`, `invalid_data`, `duplicate`, `business_rule`, ...
    pub class: String,
    /// Stable.
    pub code: String,
    /// One sentence for people.
    pub message: String,
    /// All that is wrong.
    pub faults: Vec<FaultView>,
}

/// One thing wrong, as exact as known.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct FaultView {
    /// GP's or our own code.
    pub code: String,
    /// GP's own words, or ours.
    pub message: String,
    /// eConnect procedure, when GP spoke.
    pub procedure: Option<String>,
    /// Where in the document.
    pub node: Option<String>,
    /// The element or field at fault.
    pub field: Option<String>,
    /// Its value.
    pub value: Option<String>,
    /// What to do.
    pub repair: String,
    /// Key fields of the node.
    pub keys: BTreeMap<String, String>,
}

impl From<Failure> for FailureView {
    fn from(failure: Failure) -> Self {
        Self {
            class: word(failure.class),
            code: failure.code,
            message: failure.message,
            faults: failure.faults.into_iter().map(FaultView::from).collect(),
        }
    }
}

impl From<Fault> for FaultView {
    fn from(fault: Fault) -> Self {
        Self {
            code: fault.code,
            message: fault.message,
            procedure: fault.procedure,
            node: fault.node,
            field: fault.field,
            value: fault.value,
            repair: fault.repair,
            keys: fault.keys,
        }
    }
}

/// One workflow version working on one event.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RunView {
    /// Its id.
    pub id: Uuid,
    /// The same, under the name dead letters use.
    pub run_id: Uuid,
    /// Its environment.
    pub environment_id: Uuid,
    /// What it works on.
    pub event_id: Uuid,
    /// Where that happened.
    pub store_id: Uuid,
    /// Where it goes.
    pub company_id: Option<Uuid>,
    /// `order`, ...
    pub entity: String,
    /// nop's id.
    pub entity_id: String,
    /// Name of the workflow.
    pub workflow: String,
    /// Its version.
    pub workflow_version: i64,
    /// The revision it works under.
    pub revision: i64,
    /// `queued`, `running`, `waiting`, `succeeded`, `dead`, `superseded`.
    pub state: String,
    /// What it waits for, did, or stopped at.
    pub summary: String,
    /// GP key of what it wrote.
    pub gp_key: Option<String>,
    /// Began.
    pub started_at: String,
    /// Ended.
    pub finished_at: Option<String>,
    /// Why it is dead.
    pub failure: Option<FailureView>,
    /// The run it repeats.
    pub replay_of: Option<Uuid>,
    /// The run it is part of.
    pub part_of: Option<PartView>,
}

/// How a run is part of another one.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PartView {
    /// The whole.
    pub run_id: Uuid,
    /// The step of the whole that it does.
    pub step: String,
    /// Names it among all parts of the whole: `lines:SKU-1`.
    pub path: String,
    /// Its place in the list, from 1.
    pub number: i64,
}

impl From<Run> for RunView {
    fn from(run: Run) -> Self {
        Self {
            id: run.id.0,
            run_id: run.id.0,
            environment_id: run.environment.0,
            event_id: run.event.0,
            store_id: run.store.0,
            company_id: run.company.map(|company| company.0),
            entity: run.entity,
            entity_id: run.entity_id,
            workflow: run.workflow,
            workflow_version: run.workflow_version,
            revision: run.revision,
            state: word(run.state),
            summary: run.summary,
            gp_key: run.gp_key,
            started_at: instant(run.started),
            finished_at: run.finished.map(instant),
            failure: run.failure.map(FailureView::from),
            replay_of: run.replay_of.map(|run| run.0),
            part_of: run.part_of.map(|part| PartView {
                run_id: part.run.0,
                step: part.step,
                path: part.path,
                number: part.number,
            }),
        }
    }
}

/// Every state by its name.
pub(crate) const RUN_STATES: [(&str, RunState); 6] = [
    ("queued", RunState::Queued),
    ("running", RunState::Running),
    ("waiting", RunState::Waiting),
    ("succeeded", RunState::Succeeded),
    ("dead", RunState::Dead),
    ("superseded", RunState::Superseded),
];

/// One attempt at one step.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct StepView {
    /// Place in the run.
    pub number: i64,
    /// Key of the step in the workflow.
    pub step: String,
    /// `read_store`, `map`, `write_gp`, ...
    pub kind: String,
    /// 1, 2, 3, ...
    pub attempt: i64,
    /// `intended`, `succeeded`, `failed`, `skipped`.
    pub state: String,
    /// Began.
    pub started_at: String,
    /// Ended.
    pub finished_at: Option<String>,
    /// JSON or XML it worked on, as text.
    pub input: Option<String>,
    /// JSON or XML it made, as text.
    pub output: Option<String>,
    /// Whether there is a trace to read.
    pub has_trace: bool,
    /// Why not.
    pub failure: Option<FailureView>,
}

impl From<StepRecord> for StepView {
    fn from(step: StepRecord) -> Self {
        let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
        Self {
            number: step.number,
            step: step.step,
            kind: step.kind,
            attempt: step.attempt,
            state: word(step.state),
            started_at: instant(step.started),
            finished_at: step.finished.map(instant),
            input: step.input.map(text),
            output: step.output.map(text),
            has_trace: step.trace.is_some(),
            failure: step.failure.map(FailureView::from),
        }
    }
}

/// A closed gate.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct GateView {
    /// `agent`, `store`, `company`.
    pub kind: String,
    /// The agent's, store's or company's id.
    pub id: Uuid,
    /// Why it is closed.
    pub reason: String,
    /// When it closed.
    pub closed_at: String,
    /// When one piece of work is let through to see; none: a person opens it.
    pub probe_at: Option<String>,
    /// How often it was probed in vain.
    pub probes: i64,
}

impl From<Gate> for GateView {
    fn from(gate: Gate) -> Self {
        Self {
            kind: word(gate.key.kind),
            id: gate.key.target,
            reason: gate.reason,
            closed_at: instant(gate.closed),
            probe_at: gate.probe.map(instant),
            probes: gate.probes,
        }
    }
}

/// Every kind of gate by its name.
pub(crate) const GATE_KINDS: [(&str, GateKind); 3] = [
    ("agent", GateKind::Agent),
    ("store", GateKind::Store),
    ("company", GateKind::Company),
];
