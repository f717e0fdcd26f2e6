//! `connect-cloud`: the control plane's one binary.

use std::process::ExitCode;

use clap::Parser;
use connect_cloud::cli::Cli;
use connect_cloud::{crash, telemetry};
use mimalloc::MiMalloc;

/// Half of a mapping's time is making and dropping small values.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

fn main() -> ExitCode {
    if crash::list_asked_for() {
        return crash::print_list();
    }
    telemetry::install_crypto();
    telemetry::exit_code(Cli::parse().run())
}
