//! A run as the worker keeps it between lanes: the engine's state, and where its steps stand.

use std::sync::Arc;

use connect_core::domain::ids::RouteId;
use connect_core::domain::lane::GateKind;
use connect_core::domain::run::StepRecord;
use connect_core::domain::time::Micros;
use connect_core::engine::Value;
use connect_core::engine::workflow::{State, StepNote, Walker};
use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};

/// What is written as a run's snapshot.
#[derive(Debug)]
pub(super) struct Progress {
    header: Header,
    /// The engine's part.
    pub(super) engine: Walker,
}

#[derive(Debug, Default, Serialize, Deserialize)]
struct Header {
    /// Step and attempt of each record so far; its place in the list is its number, less one.
    places: Vec<Place>,
    /// The gate it was parked behind last.
    parked: Option<GateKind>,
    /// How often it closed a gate that was open, since work of its own came through there.
    #[serde(default)]
    parks: u32,
    /// The route it works by.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    route: Option<RouteId>,
}

#[derive(Debug, Serialize, Deserialize)]
struct Place {
    step: String,
    attempt: u32,
    started: Micros,
    /// The attempt has come out: one of the same number is another.
    #[serde(default)]
    ended: bool,
}

impl Progress {
    /// A run that has not begun.
    pub(super) fn new(engine: State, route: RouteId) -> Self {
        Self {
            header: Header {
                route: Some(route),
                ..Header::default()
            },
            engine: Walker::new(engine),
        }
    }

    /// Reads from a snapshot which route the run works by.
    pub(super) fn route(bytes: &[u8]) -> Result<Option<RouteId>> {
        let line = bytes.split(|&byte| byte == b'\n').next();
        let header: Header =
            serde_json::from_slice(line.unwrap_or_default()).map_err(Error::internal)?;
        Ok(header.route)
    }

    /// Reads a snapshot: one line of JSON, then the engine's bytes. The profile comes from the
    /// run's revision.
    pub(super) fn from_bytes(bytes: &[u8], profile: Arc<Value>) -> Result<Self> {
        let line = bytes
            .iter()
            .position(|&byte| byte == b'\n')
            .unwrap_or(bytes.len());
        let (header, engine) = bytes.split_at(line);
        let header = serde_json::from_slice(header).map_err(Error::internal)?;
        let engine = State::from_bytes(engine.get(1..).unwrap_or_default(), profile);
        Ok(Self {
            header,
            engine: Walker::new(engine.map_err(Error::internal)?),
        })
    }

    /// Writes the snapshot.
    pub(super) fn to_bytes(&self) -> Vec<u8> {
        // Plain data into memory: this cannot fail.
        let mut bytes = serde_json::to_vec(&self.header).unwrap_or_default();
        bytes.push(b'\n');
        bytes.extend(self.engine.state().to_bytes());
        bytes
    }

    /// Whether it was parked behind a gate of that kind last; it came through now.
    pub(super) fn take_parked(&mut self, kind: GateKind) -> bool {
        self.header.parks = 0;
        self.header
            .parked
            .take_if(|parked| *parked == kind)
            .is_some()
    }

    /// Notes that it is parked behind a gate, and whether it was the one to close it.
    pub(super) fn park(&mut self, kind: GateKind, closed: bool) {
        self.header.parked = Some(kind);
        self.header.parks = self.header.parks.saturating_add(closed.into());
    }

    /// How often it closed a gate that was open, without coming through in between.
    pub(super) fn parks(&self) -> u32 {
        self.header.parks
    }

    /// Turns what the engine noted into a record with its place in the run.
    pub(super) fn record(&mut self, note: StepNote, now: Micros) -> StepRecord {
        use connect_core::domain::run::StepState;
        let places = &mut self.header.places;
        let known = places
            .iter()
            .position(|p| p.step == note.step && p.attempt == note.attempt && !p.ended);
        let at = known.unwrap_or_else(|| {
            places.push(Place {
                step: note.step.clone(),
                attempt: note.attempt,
                started: now,
                ended: false,
            });
            places.len() - 1
        });
        places[at].ended = note.state != StepState::Intended;
        StepRecord {
            number: i64::try_from(at + 1).unwrap_or(i64::MAX),
            step: note.step,
            kind: note.kind,
            attempt: note.attempt.into(),
            state: note.state,
            started: places[at].started,
            finished: (note.state != StepState::Intended).then_some(now),
            input: note.input.map(String::into_bytes),
            output: note.output.map(String::into_bytes),
            trace: note.trace.map(String::into_bytes),
            failure: note.failure,
        }
    }
}
