//! Mappings: rules that build one eConnect document from records, with a trace.

mod balance;
mod compile;
mod element;
mod evaluate;
mod faults;
mod fill;
mod model;
mod source;
mod trace;

pub use compile::{Compiled, compile};
pub use evaluate::{evaluate, evaluate_untraced};
pub use model::{ElementRule, Entry, FORMAT, Mapping, Missing, NamedBy, NodeRule, Variable};
pub use trace::{ElementTrace, NodeTrace, Read, Trace, VariableTrace, Warning};
