//! The engine and the packaged order flow, through their public face.

#![expect(clippy::unwrap_used, reason = "tests")]

mod graphs;
mod order_flow;
mod random;
mod rules;
mod support;
mod validation;
mod workflow;
