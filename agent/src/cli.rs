//! The command line: what a person or the service manager can ask of the agent.

use std::collections::BTreeSet;
use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::Context;
use clap::{Parser, Subcommand, ValueEnum};
use connect_proto::econnect::catalogue;
use secrecy::SecretString;
use tokio_util::sync::CancellationToken;

use crate::agent::{self, Parts};
use crate::clock::Clock;
use crate::config::{self, Config};
use crate::secrets::SQL_PASSWORD;
use crate::sqlserver::{self, Gp};
use crate::telemetry;
use crate::tunnel::{self, Enrolment};

const INSTALL_SCRIPT: &str = include_str!("../../installer/sql/connect.sql");
const DYNGRP_SCRIPT: &str = include_str!("../../installer/sql/rights-dyngrp.sql");
const REMOVE_SCRIPT: &str = include_str!("../../installer/sql/remove.sql");

/// Integration Hero Connect's agent: runs beside Dynamics GP and carries out the cloud's commands.
#[derive(Debug, Parser)]
#[command(name = "connect-agent", version)]
pub struct Cli {
    /// The agent's configuration file.
    #[arg(long, global = true, default_value = "connect-agent.toml")]
    config: PathBuf,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Stays connected to the cloud and works until it is told to stop.
    Run,
    /// Trades a one-time token for the agent's certificate.
    Enroll(Enroll),
    /// Renews the certificate now, even an expired one.
    Renew,
    /// Prints the last known state as JSON.
    Status,
    /// Examines connections, rights and procedures, and says what to do.
    Doctor {
        /// As JSON, for scripts.
        #[arg(long)]
        json: bool,
        /// Only has SQL Server compile every statement and compares what queries would give;
        /// nothing is run or written.
        #[arg(long)]
        verify_sql: bool,
    },
    /// Prints every statement the agent can send, or the script that prepares a company.
    Sql(Sql),
    /// Binds a restored or copied company database anew: the owner's decision.
    Rebind {
        #[arg(long)]
        company: String,
        /// What happened to the database.
        #[arg(long = "as")]
        became: Became,
    },
}

#[derive(Debug, clap::Args)]
struct Enroll {
    /// The token from the console; without it only the password is stored.
    #[arg(long, env = "CONNECT_ENROLL_TOKEN", hide_env_values = true)]
    token: Option<String>,
    /// The cloud's enrolment address, instead of the configured one.
    #[arg(long)]
    server: Option<String>,
    /// The cloud's authority file, instead of the configured one.
    #[arg(long)]
    ca: Option<PathBuf>,
    /// File with the SQL login's password, which is kept in the secret store.
    #[arg(long)]
    sql_password_file: Option<PathBuf>,
}

#[derive(Debug, clap::Args)]
struct Sql {
    /// Prints the script a database administrator runs in each company database.
    #[arg(long)]
    install_script: bool,
    /// Prints the script that removes everything again.
    #[arg(long, conflicts_with = "install_script")]
    remove_script: bool,
    /// How the role gets its rights, with --install-script.
    #[arg(long, default_value = "minimal")]
    rights: Rights,
    /// Further transaction types whose procedures are granted, with --install-script; for
    /// instance POPTransactionType.
    #[arg(long, value_delimiter = ',', value_parser = transaction_type)]
    types: Vec<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Rights {
    /// EXECUTE on the procedures of the served documents, SELECT on what queries read.
    Minimal,
    /// Beside that membership in GP's own role DYNGRP, for sites whose triggers need it.
    Dyngrp,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Became {
    /// It came back from a backup; what is missing since is replayed by choice.
    Restored,
    /// It is a copy of another database and starts a life of its own.
    Copied,
}

impl Cli {
    /// Does what was asked.
    pub async fn run(self) -> anyhow::Result<ExitCode> {
        if let Command::Sql(sql) = &self.command {
            return print_sql(sql, Config::load(&self.config).ok().as_ref());
        }
        let config = Config::load(&self.config)?;
        telemetry::start(config.log_format);
        match self.command {
            Command::Run => run(config).await,
            Command::Enroll(enroll) => enrol(config, enroll).await,
            Command::Renew => renew(config).await,
            Command::Status => status(config),
            Command::Doctor { json, verify_sql } => doctor(config, json, verify_sql).await,
            Command::Rebind { company, became } => rebind(config, &company, became).await,
            Command::Sql(_) => Ok(ExitCode::SUCCESS),
        }
    }
}

async fn run(config: Config) -> anyhow::Result<ExitCode> {
    let shutdown = CancellationToken::new();
    let parts = Parts::open(config, clock())?;
    let running = agent::run(parts, machine_name(), shutdown.clone());
    tokio::pin!(running);
    tokio::select! {
        ended = &mut running => ended?,
        signal = stop_signal() => {
            signal?;
            tracing::info!("Stopping: finishing what is in flight");
            shutdown.cancel();
            running.await?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

async fn enrol(mut config: Config, enroll: Enroll) -> anyhow::Result<ExitCode> {
    if let Some(server) = enroll.server {
        config.cloud.enroll_url = server;
    }
    if let Some(ca) = enroll.ca {
        config.cloud.ca_file = ca;
    }
    let parts = Parts::open(config, clock())?;
    if let Some(file) = &enroll.sql_password_file {
        parts
            .secrets
            .set(SQL_PASSWORD, &config::read_secret_file(file)?)?;
    }
    let Some(token) = enroll.token else {
        anyhow::ensure!(
            enroll.sql_password_file.is_some(),
            "give --token or --sql-password-file"
        );
        say("The password is stored.")?;
        return Ok(ExitCode::SUCCESS);
    };
    let token = SecretString::from(token);
    let machine_name = machine_name();
    let enrolment = Enrolment {
        token: &token,
        machine_name: &machine_name,
    };
    let identity = tunnel::enroll(
        &parts.config.cloud,
        parts.secrets.as_ref(),
        &parts.state,
        enrolment,
    )
    .await?;
    say(&format!(
        "Enrolled as {} in environment {}.",
        identity.agent_id, identity.environment
    ))?;
    Ok(ExitCode::SUCCESS)
}

async fn renew(config: Config) -> anyhow::Result<ExitCode> {
    let parts = Parts::open(config, clock())?;
    tunnel::renew(&parts.config.cloud, parts.secrets.as_ref(), &parts.state).await?;
    say("The certificate was renewed.")?;
    Ok(ExitCode::SUCCESS)
}

fn status(config: Config) -> anyhow::Result<ExitCode> {
    let parts = Parts::open(config, clock())?;
    let status = parts.state.status()?.context("the agent has not run yet")?;
    let status = status.at(parts.clock.now_unix_ms());
    say(&serde_json::to_string_pretty(&status)?)?;
    Ok(ExitCode::SUCCESS)
}

async fn doctor(config: Config, json: bool, verify_sql: bool) -> anyhow::Result<ExitCode> {
    let parts = Parts::open(config, clock())?;
    let gp = match parts.state.identity()? {
        Some(identity) => parts
            .gp(&identity)
            .map(Arc::new)
            .map_err(|error| error.to_string()),
        None => Err("the agent is not enrolled, so its environment is not known".to_owned()),
    };
    let doctor = parts.doctor(gp);
    let findings = if verify_sql {
        doctor.verify_sql().await
    } else {
        doctor.examine().await
    };
    let healthy = findings.iter().all(|finding| finding.passed);
    if json {
        let list: Vec<_> = findings
            .iter()
            .map(|f| {
                serde_json::json!({
                    "name": f.name, "passed": f.passed, "detail": f.detail, "repair": f.repair,
                })
            })
            .collect();
        say(&serde_json::to_string_pretty(&list)?)?;
    } else {
        for finding in &findings {
            let mark = if finding.passed { "ok  " } else { "FAIL" };
            say(&format!("{mark} {}: {}", finding.name, finding.detail))?;
            if !finding.passed {
                say(&format!("     -> {}", finding.repair))?;
            }
        }
    }
    Ok(if healthy {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

async fn rebind(config: Config, company: &str, became: Became) -> anyhow::Result<ExitCode> {
    let parts = Parts::open(config, clock())?;
    let identity = parts
        .state
        .identity()?
        .context("the agent is not enrolled")?;
    let gp = parts.gp(&identity)?;
    let company = served(&gp, company)?;
    let incarnation = company
        .rebind()
        .await
        .map_err(|failure| anyhow::anyhow!("{}: {}", failure.code, failure.message))?;
    let next = match became {
        Became::Restored => "Its runs since the backup can be replayed in the console.",
        Became::Copied => "It starts a life of its own.",
    };
    say(&format!(
        "{} is bound anew as {incarnation}. {next}",
        company.database()
    ))?;
    Ok(ExitCode::SUCCESS)
}

fn served<'a>(gp: &'a Gp, company: &str) -> anyhow::Result<&'a Arc<sqlserver::Company>> {
    gp.company(company)
        .with_context(|| format!("no company {company} in the configuration"))
}

fn print_sql(sql: &Sql, config: Option<&Config>) -> anyhow::Result<ExitCode> {
    let system = config.map_or("DYNAMICS", |config| config.gp.system_database.as_str());
    let none = BTreeSet::new();
    let site = config.map_or(&none, |config| &config.allow.nodes);
    if sql.remove_script {
        say(REMOVE_SCRIPT)?;
    } else if sql.install_script {
        say(INSTALL_SCRIPT)?;
        let usual: Vec<&str> = sqlserver::served_procedures();
        let kinds = sql.types.iter();
        let mut further: Vec<&str> = kinds.flat_map(|k| sqlserver::procedures_of(k)).collect();
        further.extend(site.iter().map(String::as_str));
        for procedure in further {
            if !usual.contains(&procedure) {
                say(&sqlserver::grant(procedure))?;
            }
        }
        if sql.rights == Rights::Dyngrp {
            say(DYNGRP_SCRIPT)?;
        }
    } else {
        for statement in sqlserver::STATEMENTS {
            let text = statement.text(system);
            say(&format!(
                "-- {}\n-- needs: {}\n{text}\n",
                statement.name, statement.right
            ))?;
        }
        let own = config.map(Config::own_queries).transpose()?;
        for text in sqlserver::query_texts(&own.unwrap_or_default()) {
            say(&format!(
                "-- {}; the first page without the comparison of its key\n-- needs: {}\n{}\n",
                text.name,
                text.right.replace("{system}", system),
                text.sql.replace("{system}", system)
            ))?;
        }
        say("-- eConnect procedures, with bound parameters of the server's own types")?;
        say("-- needs: EXECUTE on the procedure")?;
        let mut procedures: Vec<&str> = sqlserver::served_procedures();
        procedures.extend(site.iter().map(String::as_str));
        for procedure in procedures {
            say(&sqlserver::procedure_line(procedure))?;
        }
        say("\n-- up to eight calls that are alike in one text, each behind the one before it")?;
        say(&sqlserver::several_line())?;
        say("\n-- transactions by the protocol's own requests: begin, commit, roll back")?;
    }
    Ok(ExitCode::SUCCESS)
}

fn transaction_type(name: &str) -> Result<String, String> {
    match catalogue::transaction_type(name) {
        Some(_) => Ok(name.to_owned()),
        None => Err("eConnect has no such transaction type".to_owned()),
    }
}

fn say(text: &str) -> anyhow::Result<()> {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{text}")?;
    Ok(())
}

fn machine_name() -> String {
    config::environment("COMPUTERNAME")
        .or_else(|| config::environment("HOSTNAME"))
        .or_else(|| {
            std::fs::read_to_string("/etc/hostname")
                .ok()
                .map(|n| n.trim().to_owned())
        })
        .unwrap_or_else(|| "unknown".to_owned())
}

/// A test may shift the agent's clock, to live through days in seconds.
fn clock() -> Clock {
    let offset = cfg!(feature = "crash-points")
        .then(|| config::environment("CONNECT_CLOCK_OFFSET_SECONDS"))
        .flatten()
        .and_then(|text| text.parse::<i64>().ok());
    offset.map_or_else(Clock::default, |seconds| Clock::with_offset(seconds * 1000))
}

#[cfg(unix)]
async fn stop_signal() -> anyhow::Result<()> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut terminate = signal(SignalKind::terminate())?;
    tokio::select! {
        _ = terminate.recv() => {}
        interrupted = tokio::signal::ctrl_c() => interrupted?,
    }
    Ok(())
}

#[cfg(not(unix))]
async fn stop_signal() -> anyhow::Result<()> {
    tokio::signal::ctrl_c().await?;
    Ok(())
}
