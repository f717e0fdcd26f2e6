//! What starts a workflow.

use serde::{Deserialize, Serialize};

/// What starts a workflow, besides a person and the API, which may start any.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Trigger {
    /// Store topics it listens to.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub topics: Vec<String>,
    /// What changes in GP it listens to: names of watchers. What Connect itself wrote there does
    /// not count.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub changes: Vec<String>,
    /// When it starts by itself.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub schedules: Vec<Schedule>,
    /// Names of what a workflow that calls it hands in; without them none may call it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub called_with: Option<Vec<String>>,
    /// A formula over `event`, `store`, `profile`, `company`: false lets the event pass by.
    pub when: Option<String>,
    /// What people read then.
    #[serde(default)]
    pub otherwise: String,
}

/// Times at which a workflow starts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Schedule {
    /// Minute, hour, day of month, month, day of week: `0 6 * * MON-FRI`.
    pub cron: String,
    /// IANA name of the time zone it is meant in; without it the store's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub zone: Option<String>,
    /// What becomes of a time that passed while nothing ran.
    #[serde(default)]
    pub missed: Missed,
}

/// What becomes of times that passed while nothing ran.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Missed {
    /// One run makes up for all of them.
    #[default]
    RunOnce,
    /// They are left out.
    Skip,
}
