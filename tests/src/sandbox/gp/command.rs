//! `connect-sandbox gp`: runs the sandbox as a process of its own.

use std::net::SocketAddr;
use std::path::PathBuf;

use anyhow::Context as _;

use super::{Config, PASSWORD, Sandbox, USER, seed};
use crate::sandbox::process;

/// The options of the subcommand.
#[derive(Clone, Debug, clap::Args)]
#[group(skip)]
pub struct Args {
    /// Where to speak TDS.
    #[arg(long, default_value = "127.0.0.1:0")]
    pub listen: SocketAddr,
    /// Where to offer the control API.
    #[arg(long, default_value = "127.0.0.1:0")]
    pub control: SocketAddr,
    /// The shared world; the built-in one if left out.
    #[arg(long)]
    pub seed_file: Option<PathBuf>,
    /// The company databases.
    #[arg(long, value_delimiter = ',', default_value = "TWO,TWO2")]
    pub companies: Vec<String>,
    #[command(flatten)]
    pub process: process::Args,
}

/// Runs until a signal comes or the parent is gone.
pub async fn run(args: Args) -> anyhow::Result<()> {
    let world = match &args.seed_file {
        Some(path) => {
            std::fs::read_to_string(path).with_context(|| format!("reading {}", path.display()))?
        }
        None => seed::WORLD.to_owned(),
    };
    let config = Config {
        listen: args.listen,
        control: args.control,
        world,
        companies: args.companies,
    };
    let sandbox = Sandbox::start(config).await?;
    let ending = args.process.announce(&serde_json::json!({
        "tds": sandbox.address.to_string(),
        "control": sandbox.control_url(),
        "certificate_pem": sandbox.certificate_pem,
        "sql_user": USER,
        "sql_password": PASSWORD,
    }))?;
    ending.came().await;
    sandbox.stop().await;
    Ok(())
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    #[derive(Debug, Parser)]
    struct Whole {
        #[command(flatten)]
        args: super::Args,
    }

    #[test]
    fn the_options_parse() {
        let whole = Whole::parse_from(["gp", "--listen", "127.0.0.1:14330", "--companies", "A,B"]);
        assert_eq!(whole.args.listen.port(), 14330);
        assert_eq!(whole.args.companies, ["A", "B"]);
    }
}
