//! `make bench`: measures the built product as a whole, one line a figure, and keeps them in a file.
//!
//! What was learnt from these figures is in `README.md` beside this file.
#![expect(clippy::print_stdout, reason = "the bench talks to a person")]
#![expect(
    clippy::disallowed_methods,
    reason = "load is signed with the real time and runs in tasks of its own"
)]

mod direct;
mod executor;
mod figure;
mod idle;
mod intake;
mod load;
mod orders;
#[path = "../../agent/tests/support/mod.rs"]
#[expect(
    dead_code,
    clippy::unwrap_used,
    reason = "the small cloud of the agent's own tests"
)]
mod small_cloud;
mod stage;
mod tunnel;
mod watching;
mod workflows;

use std::path::PathBuf;

use clap::Parser;

use figure::Figures;

#[derive(Debug, Parser)]
struct Arguments {
    /// Write the figures into this file, beside those of the same file's other programs.
    #[arg(long)]
    json: Option<PathBuf>,
    /// Only these groups: intake, orders, executor, tunnel, idle, watching, workflows.
    #[arg(long)]
    only: Vec<String>,
    /// Orders for each throughput figure.
    #[arg(long, default_value_t = 1500)]
    orders: usize,
    /// What `cargo bench` adds.
    #[arg(long, hide = true)]
    bench: bool,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    // Fails only when a provider is set already, which is as good.
    drop(rustls::crypto::aws_lc_rs::default_provider().install_default());
    let arguments = Arguments::parse();
    let asked =
        |group: &str| arguments.only.is_empty() || arguments.only.iter().any(|o| o == group);
    let mut figures = Figures::default();
    if asked("idle") {
        idle::measure(&mut figures).await?;
    }
    if asked("intake") {
        intake::measure(&mut figures).await?;
    }
    if asked("orders") {
        orders::measure(&mut figures, arguments.orders).await?;
    }
    if asked("executor") {
        Box::pin(executor::measure(&mut figures)).await?;
    }
    if asked("tunnel") {
        tunnel::measure(&mut figures).await?;
    }
    if asked("watching") {
        watching::measure(&mut figures).await?;
    }
    if asked("workflows") {
        workflows::measure(&mut figures).await?;
    }
    arguments
        .json
        .map_or(Ok(()), |file| figures.join_into(&file))
}
