//! Runs one part of the sandbox world as a process of its own.

use clap::{Parser, Subcommand};
use connect_tests::sandbox::nop;

#[derive(Debug, Parser)]
#[command(about = "Stand-ins for the systems Connect joins")]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// A nopCommerce shop.
    Store(nop::cli::Args),
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    match Cli::parse().command {
        Command::Store(args) => nop::cli::run(args).await,
    }
}
