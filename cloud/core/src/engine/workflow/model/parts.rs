//! The smaller parts of a workflow.

use serde::{Deserialize, Serialize};

use super::Step;

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

/// What is done when a run has ended; its end stays what it is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AtEnd {
    /// Key of the first step after a success.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub succeeded: Option<String>,
    /// Key of the first step before a dead letter; `failure` says why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failed: Option<String>,
}

impl AtEnd {
    /// Whether there is nothing to do.
    pub fn is_nothing(&self) -> bool {
        self.succeeded.is_none() && self.failed.is_none()
    }
}

/// The steps done for each entry of a list. A step without `next` ends the entry's work.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Body {
    /// Key of the first step.
    pub start: String,
    /// The steps, in reading order.
    pub steps: Vec<Step>,
}

/// What the failure of an entry means for a `for_each`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ItemFailure {
    /// The others are done; then the step fails.
    #[default]
    Fail,
    /// Those not begun are left out, and the step fails.
    Stop,
    /// The step comes through; its result counts the failures.
    Continue,
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
