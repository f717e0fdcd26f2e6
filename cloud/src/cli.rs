//! The command line.

use std::io::Write as _;
use std::path::PathBuf;
use std::sync::Arc;

use anyhow::Context as _;
use clap::{Parser, Subcommand};
use connect_store::OperatorKey;
use secrecy::ExposeSecret as _;

use crate::api;
use crate::app::{App, StopSignal, open_database};
use crate::clock::{Clock, IdSource, SystemClock};
use crate::config::{Config, Layers};
use crate::secrets::token::NewSecret;
use crate::telemetry;

/// Integration Hero Connect: the control plane.
#[derive(Debug, Parser)]
#[command(name = "connect-cloud", version)]
pub struct Cli {
    /// Settings file; its keys replace the defaults, environment variables replace both.
    #[arg(long, global = true, env = "CONNECT_CONFIG")]
    config: Option<PathBuf>,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Runs API, webhooks, tunnel and workers until told to stop.
    Serve(Serve),
    /// Brings the database to this version's tables.
    Migrate,
    /// Makes an operator key, which makes tenants, and prints it once.
    CreateAdmin {
        /// What the key is called.
        #[arg(long, default_value = "admin")]
        name: String,
    },
    /// Prints the web API's OpenAPI document.
    Openapi,
    /// Prints the settings in force, each with its origin; secrets are masked.
    CheckConfig,
}

/// How to serve.
#[derive(Debug, Default, clap::Args)]
pub struct Serve {
    /// Also write the line with the bound addresses to this file.
    #[arg(long)]
    pub ready_file: Option<PathBuf>,
    /// Stop when this process is gone.
    #[arg(long)]
    pub parent_pid: Option<u32>,
}

impl Cli {
    /// Does what was asked.
    pub fn run(self) -> anyhow::Result<()> {
        let layers = Layers::load(self.config.as_deref())?;
        let config = Config::from_layers(&layers)?;
        match self.command {
            Command::CheckConfig => print(&layers.describe()),
            Command::Openapi => print(&api::openapi().to_pretty_json()?),
            Command::Serve(serve) => {
                telemetry::install_logs(&config.log)?;
                block_on(Box::pin(serve_until_told(config, serve)))
            }
            Command::Migrate => {
                telemetry::install_logs(&config.log)?;
                block_on(migrate(&config))
            }
            Command::CreateAdmin { name } => {
                telemetry::install_logs(&config.log)?;
                block_on(create_admin(&config, name))
            }
        }
    }
}

async fn serve_until_told(config: Config, serve: Serve) -> anyhow::Result<()> {
    let told = StopSignal::catch().context("signals to stop")?;
    let clock = Arc::new(SystemClock::with_offset_seconds(
        config.clock.offset_seconds,
    ));
    let app = Box::pin(App::build(config, clock)).await?;
    let ready = app.ready().to_line()?;
    if let Some(path) = &serve.ready_file {
        write_whole(path, &ready)?;
    }
    print(&ready)?;
    app.run(told, serve.parent_pid).await
}

async fn migrate(config: &Config) -> anyhow::Result<()> {
    let database = open_database(config).await?;
    database.migrate().await?;
    tracing::info!(
        database.kind = database.kind(),
        "The database is up to date"
    );
    database.close().await;
    Ok(())
}

async fn create_admin(config: &Config, name: String) -> anyhow::Result<()> {
    let database = open_database(config).await?;
    database.migrate().await?;
    let clock: Arc<dyn Clock> = Arc::new(SystemClock::with_offset_seconds(
        config.clock.offset_seconds,
    ));
    let id = IdSource::new(clock.clone()).next();
    let secret = NewSecret::random()?;
    let key = OperatorKey {
        id,
        name,
        secret_sha256: secret.sha256,
        created: clock.now(),
        revoked: None,
    };
    database.operator_keys().insert(&key).await?;
    database.close().await;
    print(&format!(
        "ihco_{}_{}",
        id.simple(),
        secret.text.expose_secret()
    ))
}

/// Writes beside and renames, so that nobody reads half a line.
fn write_whole(path: &std::path::Path, text: &str) -> anyhow::Result<()> {
    let beside = path.with_extension("part");
    std::fs::write(&beside, text)
        .and_then(|()| std::fs::rename(&beside, path))
        .with_context(|| format!("ready file {}", path.display()))
}

fn print(text: &str) -> anyhow::Result<()> {
    let mut out = std::io::stdout().lock();
    out.write_all(text.as_bytes())?;
    if !text.ends_with('\n') {
        out.write_all(b"\n")?;
    }
    out.flush().context("standard output")
}

fn block_on(work: impl Future<Output = anyhow::Result<()>>) -> anyhow::Result<()> {
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?
        .block_on(work)
}
