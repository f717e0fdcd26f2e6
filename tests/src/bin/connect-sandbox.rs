//! Runs one part of the sandbox world as a process of its own.

use std::process::ExitCode;

use clap::{Parser, Subcommand};
use connect_tests::judge;
use connect_tests::sandbox::{gp, nop};
use mimalloc::MiMalloc;

/// The stand-ins' share of the machine is to be small where they run beside what is measured.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

#[derive(Debug, Parser)]
#[command(about = "Stand-ins for the systems Connect joins, and a judge over them")]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Dynamics GP on SQL Server.
    Gp(gp::command::Args),
    /// A nopCommerce shop.
    Store(nop::cli::Args),
    /// Compares a shop with a GP company, document by document.
    Judge(judge::cli::Args),
}

// The GP sandbox has one heap: a second thread would mostly wait for the first.
#[tokio::main(worker_threads = 1)]
async fn main() -> anyhow::Result<ExitCode> {
    match Cli::parse().command {
        Command::Gp(args) => gp::command::run(args).await.map(|()| ExitCode::SUCCESS),
        Command::Store(args) => nop::cli::run(args).await.map(|()| ExitCode::SUCCESS),
        Command::Judge(args) => judge::cli::run(args).await,
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    #[test]
    fn the_command_line_is_well_formed() {
        super::Cli::command().debug_assert();
    }
}
