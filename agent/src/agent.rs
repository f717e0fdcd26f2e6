//! Puts the agent together: companies, their watcher, the tunnel, the status file.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use connect_proto::tunnel::v1::agent_message::Message as FromAgent;
use connect_proto::tunnel::v1::{CompanyReport, CompanyState, WatcherReport};
use futures::future::join_all;
use secrecy::SecretString;
use tokio::sync::{mpsc, watch as latest};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::clock::Clock;
use crate::commands::{self, Desk};
use crate::config::Config;
use crate::doctor::Doctor;
use crate::secrets::{self, SQL_PASSWORD, SecretStore};
use crate::sqlserver::Gp;
use crate::state::{CompanyStatus, Identity, MarkKeeper, Seen, StateDir, Status};
use crate::tunnel::{Tunnel, TunnelConfig, TunnelParts, TunnelStatus};
use crate::watch;

/// The status is written when something has changed, at most at every tick.
const TICK: Duration = Duration::from_secs(1);
/// How often a company that works is looked at again, and a status without news written.
const CHECK_EVERY: u32 = 30;
/// The first look at the companies may take this long before the tunnel is opened anyway.
const FIRST_LOOK: Duration = Duration::from_secs(5);

/// Everything a command of the agent needs, opened once.
#[derive(Debug)]
pub struct Parts {
    pub config: Config,
    pub clock: Clock,
    pub state: StateDir,
    pub secrets: Arc<dyn SecretStore>,
    pub marks: Arc<MarkKeeper>,
}

impl Parts {
    /// Opens state directory and secret store.
    pub fn open(config: Config, clock: Clock) -> anyhow::Result<Self> {
        let state = StateDir::open(&config.state_dir)?;
        let secrets = Arc::from(secrets::open(&config)?);
        let marks = Arc::new(MarkKeeper::open(state.clone())?);
        Ok(Self {
            config,
            clock,
            state,
            secrets,
            marks,
        })
    }

    /// The SQL password: from the environment or a file when configured, else from the store.
    pub fn password(&self) -> anyhow::Result<Option<SecretString>> {
        match self.config.configured_password()? {
            Some(password) => Ok(Some(password)),
            None => Ok(self.secrets.get(SQL_PASSWORD)?),
        }
    }

    /// Sets up the GP side for an enrolled agent.
    pub fn gp(&self, identity: &Identity) -> anyhow::Result<Gp> {
        Ok(Gp::new(
            &self.config,
            &identity.environment,
            self.password()?,
            &self.marks,
        )?)
    }

    /// The doctor, who also works when the agent is not enrolled or GP is not set up.
    pub fn doctor(&self, gp: Result<Arc<Gp>, String>) -> Doctor {
        Doctor {
            config: self.config.clone(),
            state: self.state.clone(),
            secrets: Arc::clone(&self.secrets),
            gp,
            clock: self.clock,
        }
    }
}

/// Runs until shutdown.
pub async fn run(
    parts: Parts,
    machine_name: String,
    shutdown: CancellationToken,
) -> anyhow::Result<()> {
    let identity = parts
        .state
        .identity()?
        .context("the agent is not enrolled; run `connect-agent enroll --token ...` first")?;
    let gp = Arc::new(parts.gp(&identity)?);
    let doctor = Arc::new(parts.doctor(Ok(Arc::clone(&gp))));
    look_at_all(&gp, FIRST_LOOK).await;
    let (report_sender, reports) = latest::channel(report(&gp));
    let (status_sender, status) = latest::channel(TunnelStatus::default());
    let (rebind_sender, rebinds) = mpsc::unbounded_channel();
    let (order_sender, orders) = mpsc::unbounded_channel();
    let tunnel = Tunnel::new(
        TunnelConfig {
            cloud: parts.config.cloud.clone(),
            machine_name,
            parallel: parallel(&gp),
        },
        commands::handler(Desk {
            gp: Arc::clone(&gp),
            doctor,
        }),
        TunnelParts {
            secrets: Arc::clone(&parts.secrets),
            state: parts.state.clone(),
            clock: parts.clock,
            reports,
            status: status_sender,
            rebinds: rebind_sender,
            orders: order_sender,
        },
    );
    tracing::info!(
        agent.id = identity.agent_id,
        version = env!("CARGO_PKG_VERSION"),
        "Starting"
    );
    let ended = CancellationToken::new();
    let tasks = TaskTracker::new();
    let tell = tunnel.teller();
    if let Some(watching) = watching(&parts, &gp, tell, orders) {
        tasks.spawn(watch::run(watching, ended.clone()));
    }
    let watcher = Watcher {
        parts,
        gp,
        reports: report_sender,
        status,
        rebinds,
    };
    tasks.spawn(watcher.run(ended.clone()));
    tunnel.run(shutdown).await;
    ended.cancel();
    tasks.close();
    tasks.wait().await;
    tracing::info!("Stopped");
    Ok(())
}

/// How many commands each company is worked on at once.
fn parallel(gp: &Gp) -> Vec<(String, u32)> {
    let parallel = gp.companies();
    parallel
        .map(|company| (company.database().to_owned(), company.parallel()))
        .collect()
}

/// Without a file to remember in nothing is watched; documents are written all the same.
fn watching(
    parts: &Parts,
    gp: &Arc<Gp>,
    tell: mpsc::UnboundedSender<FromAgent>,
    orders: mpsc::UnboundedReceiver<watch::Order>,
) -> Option<watch::Parts> {
    match Seen::open(&parts.state) {
        Ok(seen) => Some(watch::Parts {
            gp: Arc::clone(gp),
            seen: Arc::new(seen),
            clock: parts.clock,
            tell,
            orders,
        }),
        Err(error) => {
            tracing::error!("Nothing in GP is watched: {error}");
            None
        }
    }
}

/// Looks at the companies now and then and keeps the files in the state directory fresh.
struct Watcher {
    parts: Parts,
    gp: Arc<Gp>,
    reports: latest::Sender<Vec<CompanyReport>>,
    status: latest::Receiver<TunnelStatus>,
    rebinds: mpsc::UnboundedReceiver<String>,
}

impl Watcher {
    async fn run(mut self, ended: CancellationToken) {
        let mut tick = tokio::time::interval(TICK);
        let mut ticks = 0u32;
        loop {
            let stop = tokio::select! {
                () = ended.cancelled() => true,
                _ = tick.tick() => false,
                Some(company) = self.rebinds.recv() => {
                    self.rebind(&company).await;
                    continue;
                }
            };
            if let Err(error) = self.parts.marks.flush() {
                tracing::error!("The high marks cannot be written: {error}");
            }
            if stop {
                break;
            }
            let all = ticks.is_multiple_of(CHECK_EVERY);
            ticks = ticks.wrapping_add(1);
            let news = self.look(all).await;
            if all || news || self.status.has_changed().unwrap_or(false) {
                let status = self.current_status();
                self.write_status(&status);
            }
        }
        let last = self.current_status().ended();
        self.write_status(&last);
    }

    /// Does what the owner decided in the console; a company in order is left alone.
    async fn rebind(&mut self, company: &str) {
        let Some(company) = self.gp.company(company) else {
            return;
        };
        let waits = matches!(
            company.state(),
            CompanyState::Restored | CompanyState::Copied
        );
        if !waits {
            return;
        }
        let name = company.database();
        match company.rebind().await {
            Ok(incarnation) => {
                tracing::info!(company = name, incarnation, "The company was bound anew");
                company.check().await;
            }
            Err(failure) => {
                tracing::error!(company = name, code = failure.code, "{}", failure.message);
            }
        }
        self.look(false).await;
    }

    /// Looks at the companies that are due and tells the cloud what has changed; true if anything.
    async fn look(&mut self, all: bool) -> bool {
        let due = self.gp.companies().filter(|company| {
            let ready = company.state() == CompanyState::Ready;
            (ready && all) || (!ready && company.is_due())
        });
        join_all(due.map(|company| company.check())).await;
        let reports = report(&self.gp);
        self.reports.send_if_modified(|known| {
            let same = known.iter().map(essence).eq(reports.iter().map(essence));
            *known = reports;
            !same
        })
    }

    fn current_status(&mut self) -> Status {
        let tunnel = self.status.borrow_and_update().clone();
        let certificate = self.parts.state.certificate().ok().flatten();
        let companies = self.reports.borrow().iter().map(company_status).collect();
        Status {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            written_unix_ms: self.parts.clock.now_unix_ms(),
            tunnel: match (tunnel.connected, tunnel.problem.as_str()) {
                (true, _) => "connected".to_owned(),
                (false, "") => "not connected".to_owned(),
                (false, problem) => format!("not connected: {problem}"),
            },
            session_id: tunnel.session_id,
            certificate_not_after_unix_ms: certificate.map_or(0, |c| c.not_after_unix_ms),
            companies,
            commands_in_flight: tunnel.in_flight,
            results_unacknowledged: tunnel.unacknowledged,
        }
    }

    fn write_status(&self, status: &Status) {
        if let Err(error) = self.parts.state.set_status(status) {
            tracing::warn!("The status file cannot be written: {error}");
        }
    }
}

async fn look_at_all(gp: &Gp, limit: Duration) {
    let looks = join_all(gp.companies().map(|company| company.check()));
    if tokio::time::timeout(limit, looks).await.is_err() {
        tracing::warn!("Not every company answered yet; the tunnel opens anyway");
    }
}

fn report(gp: &Gp) -> Vec<CompanyReport> {
    gp.companies().map(|company| company.report()).collect()
}

/// What is worth a message; the journal's mark moves with every document.
fn essence(report: &CompanyReport) -> (&str, i32, &str, Option<&str>, &[WatcherReport]) {
    let incarnation = report
        .binding
        .as_ref()
        .map(|binding| binding.incarnation.as_str());
    let watchers = report.watchers.as_slice();
    (
        &report.company,
        report.state,
        &report.detail,
        incarnation,
        watchers,
    )
}

fn company_status(report: &CompanyReport) -> (String, CompanyStatus) {
    let status = CompanyStatus {
        state: report.state().as_str_name().to_owned(),
        detail: report.detail.clone(),
        highest_journal: report
            .binding
            .as_ref()
            .map_or(0, |binding| binding.highest_journal),
    };
    (report.company.clone(), status)
}
