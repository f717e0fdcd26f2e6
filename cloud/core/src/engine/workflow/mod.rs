//! Workflows: a graph of steps, walked by a pure function from what happened to what to do next.

mod action;
mod advance;
mod compile;
mod graph;
mod model;
mod pure;
mod requests;
mod state;
mod told;

pub use action::{
    Action, EventFacts, GpKey, Happened, LinkQuery, LinkToComplete, RunInput, StepNote, StoreRead,
    StoreWrite,
};
pub use advance::{Advanced, Walker, advance, start};
pub use compile::{Compiled, Mappings, compile};
pub use model::{
    Case, ClosedPeriod, FORMAT, KeySource, LinkLookup, OnDeadLetter, Outcome, Party, Semantics,
    Step, StepKind, Trigger, Workflow,
};
pub use state::{State, StateError};
