//! Dead letters with one cause, told together, and what people say about them.

use serde::{Deserialize, Serialize};

use super::failure::Failure;
use super::ids::RunId;
use super::time::Micros;

/// How far people are with an issue.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum IssueState {
    /// Nobody has said anything.
    #[default]
    Open,
    /// Somebody is at it.
    InWork,
    /// It is known, and nobody wants to hear of it.
    Muted,
}

/// What somebody noted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Note {
    /// When.
    pub at: Micros,
    /// Who.
    pub author: String,
    /// In their words.
    pub text: String,
}

/// Dead letters with one cause.
#[derive(Clone, Debug, PartialEq)]
pub struct Issue {
    /// Names the cause.
    pub fingerprint: String,
    /// How many there are, up to 10,001 over all causes.
    pub count: i64,
    /// When the oldest of them died.
    pub first: Micros,
    /// When the newest of them died.
    pub last: Micros,
    /// The newest of them.
    pub newest: RunId,
    /// Its workflow.
    pub workflow: String,
    /// Why it is dead.
    pub failure: Failure,
    /// Who looks after it.
    pub owner: Option<String>,
    /// How far people are.
    pub state: IssueState,
    /// What they noted, oldest first.
    pub notes: Vec<Note>,
}
