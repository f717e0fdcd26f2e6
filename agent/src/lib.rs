//! The agent of Integration Hero Connect: dials out to the cloud and carries out its commands in GP.
//!
//! `tunnel` keeps the session; `commands` are what may come over it; `sqlserver` is everything
//! about GP's databases; `secrets` and `state` are what stays on the machine; `agent` puts them
//! together and `cli` is the way in.

pub mod agent;
pub mod cli;
pub mod clock;
pub mod commands;
pub mod config;
pub mod crash;
pub mod doctor;
pub mod secrets;
pub mod sqlserver;
pub mod state;
pub mod telemetry;
pub mod tunnel;
pub mod watch;

use std::io::Write;

/// Makes aws-lc-rs the provider of TLS; must come before any TLS.
pub fn install_tls_provider() {
    if rustls::crypto::aws_lc_rs::default_provider()
        .install_default()
        .is_err()
    {
        tracing::debug!("A TLS provider was installed already");
    }
}

/// Prints the crash points when the environment asks for them and the build has them.
pub fn list_crash_points() -> std::io::Result<bool> {
    let asked = config::environment("CONNECT_CRASH_LIST").is_some_and(|value| value == "1");
    if !cfg!(feature = "crash-points") || !asked {
        return Ok(false);
    }
    let mut out = std::io::stdout().lock();
    for point in crash::POINTS {
        writeln!(out, "{point}")?;
    }
    Ok(true)
}
