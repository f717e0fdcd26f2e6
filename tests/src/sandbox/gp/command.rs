//! `connect-sandbox gp`: runs the sandbox as a process of its own.

use std::io::Write as _;
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
    /// The port on this machine to speak TDS at, for a person: prints how to log in.
    #[arg(long, conflicts_with = "listen")]
    pub port: Option<u16>,
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
    let local = |port| SocketAddr::from(([127, 0, 0, 1], port));
    let config = Config {
        listen: args.port.map_or(args.listen, local),
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
    if args.port.is_some() {
        eprint_login(&sandbox)?;
    }
    ending.came().await;
    sandbox.stop().await;
    Ok(())
}

/// Tells a person how to look inside; standard output is the ready line's.
fn eprint_login(sandbox: &Sandbox) -> anyhow::Result<()> {
    let (port, control) = (sandbox.address.port(), sandbox.control_url());
    let text = format!(
        "Sandbox GP. To look inside:\n  \
         TDSVER=7.4 tsql -H 127.0.0.1 -p {port} -U {USER} -P '{PASSWORD}' -D TWO\n  \
         sqlcmd -C -S 127.0.0.1,{port} -U {USER} -P '{PASSWORD}' -d TWO\n\
         To act as a GP user:\n  \
         curl -H 'Content-Type: application/json' {control}/user -d '{{\"db\": \"TWO\", \"act\": \
         \"receive\", \"item\": \"100XLG\", \"site\": \"WAREHOUSE\", \"quantity\": \"5\"}}'\n\
         Ctrl-C ends it.\n"
    );
    let mut out = std::io::stderr().lock();
    out.write_all(text.as_bytes()).context("nobody listens")
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
