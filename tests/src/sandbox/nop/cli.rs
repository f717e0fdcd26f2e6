//! The `store` command: a shop as a process of its own.

use std::net::SocketAddr;
use std::path::PathBuf;

use crate::sandbox::process;

use super::{Config, Flavour, Sandbox, WebhookSettings};

/// Runs a sandbox shop.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[arg(long, default_value = "127.0.0.1:0")]
    listen: SocketAddr,
    #[arg(long, default_value = "127.0.0.1:0")]
    control: SocketAddr,
    #[arg(long, value_enum, default_value_t)]
    flavour: Flavour,
    /// The same seed makes the same orders.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// A world other than the one built in.
    #[arg(long)]
    seed_file: Option<PathBuf>,
    #[arg(long, requires = "webhook_secret")]
    webhook_url: Option<String>,
    #[arg(long)]
    webhook_secret: Option<String>,
    #[arg(long)]
    installation_id: Option<String>,
    #[command(flatten)]
    process: process::Args,
}

/// Opens the shop, says where it is, and stays until told to end.
pub async fn run(args: Args) -> anyhow::Result<()> {
    let config = Config {
        listen: args.listen,
        control: args.control,
        seed_file: args.seed_file,
        webhooks: WebhookSettings {
            url: args.webhook_url.unwrap_or_default(),
            secret: args.webhook_secret.unwrap_or_default(),
            ..WebhookSettings::default()
        },
        installation_id: args.installation_id,
        ..Config::local(args.flavour, args.seed)
    };
    let sandbox = Sandbox::start(config).await?;
    let ending = args.process.announce(&sandbox.ready())?;
    ending.came().await;
    // Idle keep-alive connections of a client must not hold the end up.
    drop(sandbox);
    Ok(())
}
