//! `make demo`: orders travel from a sandbox store into a sandbox GP, and the judge compares.
#![expect(
    clippy::disallowed_methods,
    reason = "the task that hears signals ends with the process"
)]

use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;
use connect_tests::demo::{self, Demo, Outcome};
use connect_tests::harness::database::Choice;
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

/// Runs the whole product on this machine, against sandboxes.
#[derive(Debug, Parser)]
#[command(name = "make demo ARGS=\"...\"")]
struct Arguments {
    /// So many orders; without it one every few seconds until Ctrl-C.
    #[arg(long)]
    orders: Option<usize>,
    /// End when all orders are settled, by the judge's verdict.
    #[arg(long, requires = "orders")]
    exit: bool,
    /// The cloud's database: sqlite, postgres (a temporary server) or a URL.
    #[arg(long, default_value = "sqlite")]
    database: Choice,
    /// Seed of the order generator.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// The store's API: official or opensource.
    #[arg(long, default_value = "opensource", value_parser = ["official", "opensource"])]
    flavour: String,
    /// SIGKILLs of agent and of cloud, each so many.
    #[arg(long, default_value_t = 0, requires = "orders")]
    kills: usize,
    /// Keep the files and logs.
    #[arg(long)]
    keep: bool,
}

#[tokio::main]
async fn main() -> anyhow::Result<ExitCode> {
    // Fails only when a provider is set already, which is as good.
    drop(rustls::crypto::aws_lc_rs::default_provider().install_default());
    let arguments = Arguments::parse();
    let demo = Demo {
        orders: arguments.orders,
        exit: arguments.exit,
        kills: arguments.kills,
        keep: arguments.keep,
        database: arguments.database,
        flavour: arguments.flavour,
        seed: arguments.seed,
        pace: Duration::from_secs(3),
    };
    let stop = CancellationToken::new();
    let told = told_to_stop()?;
    tokio::spawn({
        let stop = stop.clone();
        async move {
            told.await;
            stop.cancel();
        }
    });
    Ok(match demo::run(demo, &stop).await? {
        Outcome::Equal | Outcome::Stopped => ExitCode::SUCCESS,
        Outcome::Different => ExitCode::FAILURE,
    })
}

/// Waits for Ctrl-C or SIGTERM, which are heard from now on.
fn told_to_stop() -> std::io::Result<impl Future<Output = ()>> {
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    })
}
