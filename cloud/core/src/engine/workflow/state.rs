//! Where a run stands: a small versioned snapshot.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::action::RunInput;
use crate::domain::failure::Failure;
use crate::domain::time::Micros;
use crate::engine::retry::Tries;
use crate::engine::value::Value;

/// The only format so far; a later one reads this one too.
const FORMAT: u32 = 1;

/// Where a run stands.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct State {
    format: u32,
    /// What it works on.
    pub(super) input: RunInput,
    /// Results of steps, by name.
    #[serde(with = "shared")]
    pub(super) results: BTreeMap<String, Arc<Value>>,
    /// What it does now.
    pub(super) phase: Phase,
    /// How it ends once what is done at the end is done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) ending: Option<Ending>,
}

/// A step that failed for good.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct At {
    pub(super) step: String,
    pub(super) attempt: u32,
}

fn first() -> u32 {
    1
}

/// How a run ends.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Ending {
    /// It did its work.
    Succeeded { summary: String, result: Value },
    /// There was rightly nothing to do.
    Stopped { summary: String, result: Value },
    /// It needs a person.
    Dead {
        failure: Failure,
        /// Where to go on; none: at the beginning.
        #[serde(default)]
        at: Option<At>,
    },
}

/// What a run does now.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Phase {
    /// Not begun.
    New,
    /// An effect was asked for.
    Asked {
        step: String,
        attempt: u32,
        tries: Tries,
    },
    /// A failed step is tried again later.
    Pausing {
        step: String,
        attempt: u32,
        tries: Tries,
        until: Micros,
        reason: String,
    },
    /// A step lets time pass, or waits for an event or a person.
    Waiting {
        step: String,
        #[serde(default = "first")]
        attempt: u32,
        until: Option<Micros>,
        reason: String,
    },
    /// Parts of a step are begun, `begun` of `total` so far, or worked on.
    Items {
        step: String,
        attempt: u32,
        tries: Tries,
        begun: u32,
        total: u32,
    },
    /// It did its work.
    Succeeded { summary: String },
    /// There was rightly nothing to do.
    Stopped { summary: String },
    /// It needs a person.
    Dead {
        failure: Failure,
        /// Where to go on; none: at the beginning.
        #[serde(default)]
        at: Option<At>,
    },
}

/// Why a snapshot cannot be gone on with.
#[derive(Debug, Error)]
pub enum StateError {
    /// Written by a newer program.
    #[error("the snapshot has format {found}, this program reads {FORMAT}")]
    Format {
        /// As written.
        found: u32,
    },
    /// Not a snapshot.
    #[error("the snapshot is damaged: {0}")]
    Damaged(#[from] serde_json::Error),
}

#[derive(Deserialize)]
struct Header {
    format: u32,
}

impl State {
    pub(super) fn new(input: RunInput) -> Self {
        Self {
            format: FORMAT,
            input,
            results: BTreeMap::new(),
            phase: Phase::New,
            ending: None,
        }
    }

    /// Writes the snapshot.
    pub fn to_bytes(&self) -> Vec<u8> {
        // Every part of a state is plain JSON data, so writing it into memory cannot fail.
        serde_json::to_vec(self).unwrap_or_default()
    }

    /// Reads a snapshot. The profile is not part of it: the run's revision has it.
    pub fn from_bytes(bytes: &[u8], profile: Arc<Value>) -> Result<Self, StateError> {
        let read = serde_json::from_slice(bytes);
        let format = match &read {
            Ok(Self { format, .. }) => *format,
            Err(_) => serde_json::from_slice::<Header>(bytes)?.format,
        };
        if format != FORMAT {
            return Err(StateError::Format { found: format });
        }
        let mut state: Self = read?;
        state.input.profile = profile;
        Ok(state)
    }

    /// Gives the step whose answer the run waits for.
    pub fn asked(&self) -> Option<&str> {
        match &self.phase {
            Phase::Asked { step, .. } => Some(step),
            Phase::New
            | Phase::Items { .. }
            | Phase::Pausing { .. }
            | Phase::Waiting { .. }
            | Phase::Succeeded { .. }
            | Phase::Stopped { .. }
            | Phase::Dead { .. } => None,
        }
    }

    /// Gives what a step made, by its result name.
    pub fn result(&self, name: &str) -> Option<&Value> {
        self.results.get(name).map(AsRef::as_ref)
    }

    /// Gives what the run works on.
    pub fn input(&self) -> &RunInput {
        &self.input
    }
}

/// Values that formulas and snapshot share, written as if they were the snapshot's own.
mod shared {
    use std::collections::BTreeMap;
    use std::sync::Arc;

    use serde::{Deserialize, Deserializer, Serializer};

    use crate::engine::value::Value;

    pub(super) fn serialize<S: Serializer>(
        values: &BTreeMap<String, Arc<Value>>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.collect_map(values.iter().map(|(name, value)| (name, value.as_ref())))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<BTreeMap<String, Arc<Value>>, D::Error> {
        let values = BTreeMap::<String, Value>::deserialize(deserializer)?;
        let shared = |(name, value)| (name, Arc::new(value));
        Ok(values.into_iter().map(shared).collect())
    }
}
