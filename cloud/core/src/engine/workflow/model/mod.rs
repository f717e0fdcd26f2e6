//! A workflow as people write it: JSON.

mod parts;
mod trigger;

use serde::{Deserialize, Serialize};

use crate::engine::checks::Check;
use crate::engine::mapping::Variable;
use crate::engine::retry;

pub use parts::{
    AtEnd, Body, Case, ClosedPeriod, ItemFailure, KeySource, LinkLookup, OnDeadLetter, Outcome,
    Party, Semantics,
};
pub use trigger::{Missed, Schedule, Trigger};

/// The only format so far.
pub const FORMAT: u32 = 1;

/// What starts it, and a graph of steps.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Workflow {
    /// [`FORMAT`].
    pub format: u32,
    /// Its name among the workflows.
    pub name: String,
    /// What it does, for people.
    pub title: String,
    /// What starts it.
    pub trigger: Trigger,
    /// What a dead letter does to the work behind it.
    #[serde(default)]
    pub dead_letter: OnDeadLetter,
    /// What is done when a run has ended.
    #[serde(default, skip_serializing_if = "AtEnd::is_nothing")]
    pub at_end: AtEnd,
    /// Days a run may take; nothing: 90.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub longest_days: Option<u32>,
    /// Key of the first step.
    pub start: String,
    /// The steps, in reading order.
    pub steps: Vec<Step>,
}

/// One step.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Step {
    /// Its key in the graph.
    pub key: String,
    /// What it does, for people.
    pub title: String,
    /// What it does.
    #[serde(rename = "do")]
    pub kind: StepKind,
    /// The name later steps know its result by.
    #[serde(rename = "as", default, skip_serializing_if = "Option::is_none")]
    pub result: Option<String>,
    /// The step after it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
    /// The step that takes over when it fails for good; none makes a dead letter.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on_error: Option<String>,
    /// How long an effect may take.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timeout_seconds: Option<u32>,
    /// How it is tried again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry: Option<retry::Policy>,
}

/// What a step does.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum StepKind {
    /// Asks what GP keys are known for store entities.
    FindLink {
        /// The questions.
        links: Vec<LinkLookup>,
    },
    /// Goes one of several ways.
    Branch {
        /// Ways in order; the first whose formula is true is taken.
        cases: Vec<Case>,
        /// The way when none is.
        otherwise: String,
    },
    /// Reads an order whole.
    ReadStore {
        /// Formula for nop's order id.
        order: String,
    },
    /// Makes sure of things.
    Check {
        /// Values computed first, in order.
        #[serde(default)]
        variables: Vec<Variable>,
        /// What must hold.
        checks: Vec<Check>,
    },
    /// Computes values for later steps; each may use those before it.
    Set {
        /// The values, in order; together they are the result.
        values: Vec<Variable>,
    },
    /// Takes a GP key for a store entity before anything is made under it.
    ReserveLink {
        /// `customer`, `customer_email`, ...; a text with formulas in braces.
        kind: String,
        /// Formula: whether the key holds for this store alone.
        store_scoped: String,
        /// Formula for nop's key.
        store_key: String,
        /// Formula for the GP key wanted.
        gp_key: String,
    },
    /// Makes a document.
    Map {
        /// Name of the mapping.
        mapping: String,
    },
    /// Has the agent execute a document.
    WriteGp {
        /// Result name of the `map` step.
        document: String,
        /// Names the effect: `sop`.
        purpose: String,
        /// Whether a repeat changes what is there.
        #[serde(default)]
        semantics: Semantics,
        /// Formula: whether document numbers may leave no gaps.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        gapless: Option<String>,
        /// Formula: how many next batches may be joined when the document's own takes none.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        next_batches: Option<String>,
        /// Formula: what becomes of a document whose posting date is in a closed period.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        closed_period: Option<String>,
        /// Links that its success completes.
        #[serde(default)]
        links: Vec<Party>,
    },
    /// Leaves a note on the store's order.
    WriteStore {
        /// Formula for nop's order id.
        order: String,
        /// The note: a text with formulas in braces.
        note: String,
    },
    /// Lets time pass; later work about the same key goes on meanwhile.
    Wait {
        /// Formula for the seconds.
        seconds: String,
        /// What for; a text with formulas in braces.
        reason: String,
    },
    /// Lets time pass until an instant; later work about the same key goes on meanwhile.
    WaitUntil {
        /// Formula for the instant, a text such as `2026-03-05T06:00:00Z`.
        at: String,
        /// What for; a text with formulas in braces.
        reason: String,
    },
    /// Waits for something that happens to the run's own record: since the run began, or from now
    /// on. The result is the event.
    WaitForEvent {
        /// Store topics, any of them.
        topics: Vec<String>,
        /// Formula: how many seconds at most.
        seconds: String,
        /// Key of the step for when it did not happen in time.
        timed_out: String,
        /// What for; a text with formulas in braces.
        reason: String,
    },
    /// Asks a person. The result is `{approved, by, note}`.
    Approval {
        /// What is asked: a text with formulas in braces.
        question: String,
        /// Key of the step for when the person says no.
        refused: String,
        /// Formula: how many seconds the person has; without it no end.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        seconds: Option<String>,
        /// Key of the step for when nobody answered; without it the one for no.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        timed_out: Option<String>,
    },
    /// Does steps for each entry of a list. The result is `{total, succeeded, failed}`, with
    /// `results` where they are collected.
    ForEach {
        /// Formula for the list.
        items: String,
        /// The name its steps know an entry by; `index` is its place, from 1.
        #[serde(rename = "as")]
        name: String,
        /// Formula over the entry: what names it, the same whenever the list is read again;
        /// without it its place.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        key: Option<String>,
        /// How many at once, 1 to 32.
        #[serde(default = "one")]
        parallel: u32,
        /// What the failure of an entry means.
        #[serde(default)]
        on_failure: ItemFailure,
        /// Values handed to the steps: beside the records of every run, without `event.body`, they
        /// know nothing else.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        given: Vec<Variable>,
        /// Whether what the entries' `stop` steps give is kept, in the list's order.
        #[serde(default)]
        collect: bool,
        /// The steps.
        body: Body,
    },
    /// Has another workflow do its work, and waits for it. The result is what its `stop` gives.
    Call {
        /// Its name.
        workflow: String,
        /// Values handed to it, by the names its trigger lists; it has no `event.body`.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        given: Vec<Variable>,
    },
    /// Ends the run.
    Stop {
        /// How.
        outcome: Outcome,
        /// What people read: a text with formulas in braces.
        summary: String,
        /// Formula for what a workflow that called this one gets.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        result: Option<String>,
    },
}

fn one() -> u32 {
    1
}
