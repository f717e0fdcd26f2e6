//! Domain types and the engine: pure, no clock, no database, no network.

#![warn(missing_docs)]

pub mod domain;
pub mod engine;
pub mod templates;
