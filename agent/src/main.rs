//! `connect-agent`: the service beside Dynamics GP.

use std::process::ExitCode;

use clap::Parser;
use connect_agent::cli::Cli;

fn main() -> anyhow::Result<ExitCode> {
    if connect_agent::list_crash_points()? {
        return Ok(ExitCode::SUCCESS);
    }
    connect_agent::install_tls_provider();
    let cli = Cli::parse();
    tokio::runtime::Builder::new_multi_thread()
        // Beside the main thread. Nearly all here waits: waking a second cost more than it did.
        .worker_threads(1)
        .max_blocking_threads(4)
        .enable_all()
        .build()?
        .block_on(Box::pin(cli.run()))
}
