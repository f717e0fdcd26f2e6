//! Harness, sandboxes, judge and demo: everything that tests the product from outside.
#![expect(
    clippy::disallowed_methods,
    reason = "test code reads the environment and makes ids of its own"
)]

pub mod demo;
pub mod harness;
pub mod judge;
pub mod sandbox;
