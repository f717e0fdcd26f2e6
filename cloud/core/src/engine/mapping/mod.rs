//! Mappings: rules that build one eConnect document from records, with a trace.

mod balance;
mod compile;
mod evaluate;
mod model;
mod trace;
mod transform;
mod transliterate;

pub use compile::{Compiled, compile};
pub use evaluate::evaluate;
pub use model::{
    ElementRule, Entry, FORMAT, Mapping, Missing, NamedBy, NodeRule, Transform, Variable,
};
pub use trace::{ElementTrace, NodeTrace, Read, Trace, VariableTrace};
