//! A workflow as people write it: JSON.

use serde::{Deserialize, Serialize};

use crate::engine::checks::Check;
use crate::engine::mapping::Variable;
use crate::engine::retry;

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
    /// Key of the first step.
    pub start: String,
    /// The steps, in reading order.
    pub steps: Vec<Step>,
}

/// What starts a workflow.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Trigger {
    /// Store topics it listens to.
    pub topics: Vec<String>,
    /// A formula over `event`, `store`, `profile`, `company`: false lets the event pass by.
    pub when: Option<String>,
    /// What people read then.
    #[serde(default)]
    pub otherwise: String,
}

/// What a dead letter does to later work about the same key.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OnDeadLetter {
    /// Holds it behind.
    #[default]
    Block,
    /// Lets the newest win.
    Supersede,
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
    /// Lets time pass.
    Wait {
        /// Formula for the seconds.
        seconds: String,
        /// What for; a text with formulas in braces.
        reason: String,
    },
    /// Ends the run.
    Stop {
        /// How.
        outcome: Outcome,
        /// What people read: a text with formulas in braces.
        summary: String,
    },
}

/// One question for a link.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LinkLookup {
    /// The answer's name in the step's result.
    pub name: String,
    /// Kind of link: a text with formulas in braces.
    pub kind: String,
    /// Formula: whether the key holds for this store alone.
    pub store_scoped: String,
    /// Formula for nop's key.
    pub store_key: String,
}

/// One way of a branch.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Case {
    /// Formula.
    pub when: String,
    /// Key of the step.
    pub to: String,
}

/// A link that the success of a document completes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Party {
    /// Kind of link: a text with formulas in braces.
    pub kind: String,
    /// Formula: whether the key holds for this store alone.
    pub store_scoped: String,
    /// Formula for nop's key.
    pub store_key: String,
    /// Where its GP key comes from.
    pub gp_key: KeySource,
    /// Formula: false leaves it out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub when: Option<String>,
}

/// Where a GP key comes from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum KeySource {
    /// The agent's answer names it: SOPNUMBE, CUSTNMBR, ...
    Element(String),
    /// A formula.
    Value(String),
}

/// Whether a repeat changes what is there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Semantics {
    /// Written once; a repeat gives the recorded answer.
    #[default]
    Once,
    /// A newer revision overwrites.
    Update,
}

/// What becomes of a document whose posting date lies in a closed fiscal period.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ClosedPeriod {
    /// A person opens the period or corrects the date.
    #[default]
    Refuse,
    /// It waits until the period is opened.
    Wait,
    /// It is posted on the first day of the next open period, and the answer says so.
    NextOpenDay,
}

impl ClosedPeriod {
    /// The policy of a name.
    pub fn named(name: &str) -> Option<Self> {
        match name {
            "refuse" => Some(Self::Refuse),
            "wait" => Some(Self::Wait),
            "next_open_day" => Some(Self::NextOpenDay),
            _ => None,
        }
    }
}

/// How a run ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// It did its work.
    Succeeded,
    /// There was rightly nothing to do.
    NothingToDo,
}
