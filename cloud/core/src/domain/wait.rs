//! Runs that let their lane go: what they wait for, and what brings them back.

use serde::{Deserialize, Serialize};

use super::event::Event;
use super::ids::{EventId, RunId, TenantId};
use super::lane::LaneKey;
use super::time::Micros;

/// What a run waits for outside its lane.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WaitKind {
    /// The time alone.
    Time,
    /// An event of its lane, since it began.
    Event,
    /// A person's answer.
    Approval,
}

/// A run that waits outside its lane; its lane goes on without it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wait {
    /// Owner.
    pub tenant: TenantId,
    /// Which run.
    pub run: RunId,
    /// The step it waits at.
    pub step: String,
    /// What for.
    pub kind: WaitKind,
    /// Topics of the event, any of them.
    pub topics: Vec<String>,
    /// When it goes on in any case.
    pub due: Option<Micros>,
    /// What for, for people: the question, where a person is asked.
    pub reason: String,
    /// Since when.
    pub created: Micros,
}

/// What brings a run back that had let its lane go.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Woken {
    /// Its time has come.
    Due,
    /// The event it waited for.
    Event {
        /// The step that waited.
        step: String,
        /// Which event.
        event: EventId,
        /// Its topic.
        topic: String,
        /// When it happened, by the store's word.
        occurred: Micros,
    },
    /// A person answered.
    Decided {
        /// The step that waited.
        step: String,
        /// Yes or no.
        approved: bool,
        /// Who.
        by: String,
        /// In their words.
        note: String,
    },
    /// It was dead, and a person wants it to go on from the step it failed at.
    Resumed {
        /// JSON list of what they put right: `[{"path": …, "value": …}]`.
        edits: String,
    },
    /// It begins anew, with what a person put right.
    Edited {
        /// The same.
        edits: String,
    },
}

/// Work put at the end of a lane.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Queued {
    /// Where.
    pub lane: LaneKey,
    /// What it is about.
    pub event: EventId,
    /// The run that goes on; none: the event is new.
    pub run: Option<RunId>,
    /// What brings the run back.
    pub woken: Option<Woken>,
}

impl Queued {
    /// The work that a new event brings.
    pub fn event(event: &Event, lane: LaneKey) -> Self {
        Self {
            lane,
            event: event.id,
            run: None,
            woken: None,
        }
    }
}
