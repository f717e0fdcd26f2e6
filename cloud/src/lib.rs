//! The control plane: configuration, listeners, the agents' tunnel, the web API and the workers.

pub mod addresses;
pub mod api;
pub mod app;
pub mod cli;
pub mod clock;
pub mod config;
pub mod connectors;
pub mod crash;
pub mod error;
pub mod polling;
mod records;
pub mod secrets;
pub mod shops;
pub mod telemetry;
pub mod tunnel;
pub mod webhooks;
pub mod worker;
