//! What went wrong, in words that say what to do.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// Decides whether and how work is retried.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FailureClass {
    /// Another session works on the same key: uses up no attempt.
    Busy,
    /// Told to slow down.
    RateLimited,
    /// Not reachable, or locked for too long.
    Unavailable,
    /// Login or key refused.
    Authentication,
    /// The data breaks the target's format.
    InvalidData,
    /// It is there already, and not from us.
    Duplicate,
    /// GP or the profile says no.
    BusinessRule,
    /// The agent is too old.
    Unsupported,
    /// The company waits for its owner.
    Parked,
    /// Nobody can tell whether it happened.
    InDoubt,
    /// Ours to mend.
    Bug,
}

/// One thing wrong, as exact as known.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fault {
    /// GP's or our own code.
    pub code: String,
    /// GP's own words, or ours.
    pub message: String,
    /// eConnect procedure, when GP spoke.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub procedure: Option<String>,
    /// Where in the document.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub node: Option<String>,
    /// The element or field at fault.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub field: Option<String>,
    /// Its value.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub value: Option<String>,
    /// What to do.
    pub repair: String,
    /// Key fields of the node.
    #[serde(skip_serializing_if = "BTreeMap::is_empty", default)]
    pub keys: BTreeMap<String, String>,
}

/// Why a step did not come through.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    /// Decides what happens next.
    pub class: FailureClass,
    /// Stable code, ours: `gp_refused`, `money_identity`, `store_unreachable`, ...
    pub code: String,
    /// One sentence for people.
    pub message: String,
    /// All that is wrong.
    #[serde(default)]
    pub faults: Vec<Fault>,
    /// The other side's wish.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub retry_after_ms: Option<i64>,
    /// The step of the workflow that failed, where one did.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub step: Option<String>,
}

impl Failure {
    /// A failure without details.
    pub fn new(class: FailureClass, code: &str, message: impl Into<String>) -> Self {
        Self {
            class,
            code: code.into(),
            message: message.into(),
            faults: Vec::new(),
            retry_after_ms: None,
            step: None,
        }
    }

    /// The same, with one more thing that is wrong.
    #[must_use]
    pub fn with_fault(mut self, fault: Fault) -> Self {
        self.faults.push(fault);
        self
    }
}
