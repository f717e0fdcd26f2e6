//! The control plane: configuration, listeners, the agents' tunnel, the web API and the workers.

pub mod app;
pub mod cli;
pub mod clock;
pub mod config;
pub mod connectors;
pub mod crash;
pub mod error;
pub mod secrets;
pub mod telemetry;
pub mod tunnel;
pub mod webhooks;
