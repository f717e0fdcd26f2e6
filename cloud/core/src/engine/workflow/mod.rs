//! Workflows: a graph of steps, walked by a pure function from what happened to what to do next.

mod action;
mod advance;
pub(in crate::engine) mod calls;
mod compile;
mod compiled;
mod ending;
mod graph;
mod items;
mod model;
mod pure;
pub mod rehearsal;
mod requests;
pub mod schedule;
mod state;
mod steps;
mod told;
mod trigger;
mod waits;

pub use action::{
    Action, Awaited, Edit, EventFacts, GpKey, Happened, Items, LinkQuery, LinkToComplete, Part,
    RunInput, StartItems, StepNote, StoreRead, StoreWrite,
};
pub use advance::{Advanced, Walker, advance, start};
pub use compile::{Mappings, compile};
pub use compiled::Compiled;
pub use model::{
    AtEnd, Body, Case, ClosedPeriod, FORMAT, ItemFailure, KeySource, LinkLookup, Missed,
    OnDeadLetter, Outcome, Party, Schedule, Semantics, Step, StepKind, Trigger, Workflow,
};
pub use state::{State, StateError};
