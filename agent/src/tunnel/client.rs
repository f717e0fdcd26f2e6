//! Keeps one session open: connects, renews the certificate, moves messages, runs commands.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use connect_proto::tunnel::v1::agent_message::Message as FromAgent;
use connect_proto::tunnel::v1::cloud_message::Message as FromCloud;
use connect_proto::tunnel::v1::command_result::Outcome;
use connect_proto::tunnel::v1::{
    AgentMessage, CloudMessage, Command, CommandResult, CompanyReport, Heartbeat, Welcome,
};
use futures::future::BoxFuture;
use rand::RngExt;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use tonic::transport::Channel;

use super::backoff::Backoff;
use super::enrol::{self, EnrolError};
use super::open::{Connected, Ended, farewell, refused_or_lost};
use super::sending::{SEND_LIMIT, Sending};
use super::session::{Action, Session, Started};
use super::work;
use crate::clock::Clock;
use crate::config::Cloud;
use crate::crash;
use crate::secrets::SecretStore;
use crate::state::{StateDir, StoredCertificate};
use crate::watch::Order;

const STABLE: Duration = Duration::from_secs(30);
const DRAIN_LIMIT: Duration = Duration::from_secs(30);
const REFUSED_WAIT: Duration = Duration::from_mins(1);

/// A command with the time it has and a way to learn that it is no longer wanted.
#[derive(Debug)]
pub struct Work {
    pub command: Command,
    /// The document's bytes, when the command carries one.
    pub document: Vec<u8>,
    pub deadline: Instant,
    pub cancelled: CancellationToken,
    pub(super) channel: Option<Channel>,
    /// Messages ahead of the result.
    pub(super) told: mpsc::UnboundedSender<FromAgent>,
}

/// Does the work of one command.
pub type Handler = Arc<dyn Fn(Work) -> BoxFuture<'static, Outcome> + Send + Sync>;

/// What the tunnel is built from.
#[derive(Debug, Clone)]
pub struct TunnelConfig {
    pub cloud: Cloud,
    pub machine_name: String,
    /// Commands worked on at once, by company.
    pub parallel: Vec<(String, u32)>,
}

/// How the tunnel is doing, for the status file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TunnelStatus {
    pub connected: bool,
    pub session_id: String,
    pub problem: String,
    pub in_flight: u32,
    pub unacknowledged: u32,
}

/// The connection to the cloud and everything owed over it.
pub struct Tunnel {
    pub(super) config: TunnelConfig,
    handler: Handler,
    pub(super) secrets: Arc<dyn SecretStore>,
    pub(super) state: StateDir,
    pub(super) clock: Clock,
    pub(super) reports: watch::Receiver<Vec<CompanyReport>>,
    status: watch::Sender<TunnelStatus>,
    rebinds: mpsc::UnboundedSender<String>,
    orders: mpsc::UnboundedSender<Order>,
    pub(super) session: Session,
    tasks: JoinSet<Done>,
    commands: HashMap<tokio::task::Id, String>,
    cancels: HashMap<String, CancellationToken>,
    /// What running commands tell ahead of their results.
    tell: mpsc::UnboundedSender<FromAgent>,
    told: mpsc::UnboundedReceiver<FromAgent>,
}

/// What the tunnel is handed by its owner.
#[derive(Debug)]
pub struct TunnelParts {
    pub secrets: Arc<dyn SecretStore>,
    pub state: StateDir,
    pub clock: Clock,
    pub reports: watch::Receiver<Vec<CompanyReport>>,
    pub status: watch::Sender<TunnelStatus>,
    /// Companies whose owner wants them bound anew.
    pub rebinds: mpsc::UnboundedSender<String>,
    /// What watchers are told.
    pub orders: mpsc::UnboundedSender<Order>,
}

enum Done {
    Command(Box<CommandResult>),
    Renewed(Result<StoredCertificate, EnrolError>),
}

/// What one connection waits for.
struct Timers {
    heartbeat: tokio::time::Interval,
    silence: Duration,
    heard: Instant,
    renew_at: tokio::time::Instant,
    max_age: Option<tokio::time::Instant>,
    drain: Option<(Instant, Duration)>,
}

impl std::fmt::Debug for Tunnel {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Tunnel")
            .field("config", &self.config)
            .finish_non_exhaustive()
    }
}

impl Tunnel {
    pub fn new(config: TunnelConfig, handler: Handler, parts: TunnelParts) -> Self {
        let session = Session::new(config.parallel.iter().cloned());
        let (tell, told) = mpsc::unbounded_channel();
        Self {
            config,
            handler,
            secrets: parts.secrets,
            state: parts.state,
            clock: parts.clock,
            reports: parts.reports,
            status: parts.status,
            rebinds: parts.rebinds,
            orders: parts.orders,
            session,
            tasks: JoinSet::new(),
            commands: HashMap::new(),
            cancels: HashMap::new(),
            tell,
            told,
        }
    }

    /// Where messages to the cloud go that no command answers.
    pub fn teller(&self) -> mpsc::UnboundedSender<FromAgent> {
        self.tell.clone()
    }

    /// Stays connected until shutdown, then finishes what is in flight within a limit.
    pub async fn run(mut self, shutdown: CancellationToken) {
        let mut backoff = Backoff::new(Duration::from_millis(500), Duration::from_secs(30));
        loop {
            let began = Instant::now();
            let ended = Box::pin(self.connection(&shutdown)).await;
            self.session.closed();
            self.order(Order::Down);
            if began.elapsed() >= STABLE {
                backoff.reset();
            }
            let wait = match ended {
                Ended::Shutdown => break,
                Ended::Reconnect(after) => after,
                Ended::Lost(problem) => {
                    let wait = backoff.next(rand::rng().random());
                    tracing::warn!(problem, wait_ms = wait.as_millis(), "The tunnel is down");
                    self.report(|status| status.problem = problem);
                    wait
                }
                Ended::Refused(problem) => {
                    tracing::error!(problem, "The cloud refuses this agent");
                    self.report(|status| status.problem = problem);
                    REFUSED_WAIT.mul_f64(rand::rng().random_range(0.5..1.0))
                }
            };
            self.report(|status| status.connected = false);
            if self.rest(wait, &shutdown).await {
                break;
            }
        }
        self.tasks.shutdown().await;
    }

    /// Waits before the next attempt, taking in results meanwhile; true means shutdown.
    async fn rest(&mut self, wait: Duration, shutdown: &CancellationToken) -> bool {
        let until = tokio::time::Instant::now() + wait;
        loop {
            tokio::select! {
                () = shutdown.cancelled() => return true,
                () = tokio::time::sleep_until(until) => return false,
                Some(done) = self.tasks.join_next_with_id() => {
                    // The result holds all that was told ahead, and nobody is there to hear it.
                    self.told_so_far();
                    if let Some(result) = self.command_done(done) {
                        let actions = self.session.finished(result, Instant::now());
                        // Without a connection the only actions are starts.
                        for action in actions {
                            if let Action::Start(started) = action {
                                self.start(*started, None);
                            }
                        }
                    }
                }
            }
        }
    }

    async fn connection(&mut self, shutdown: &CancellationToken) -> Ended {
        let opened = tokio::select! {
            () = shutdown.cancelled() => return Ended::Shutdown,
            opened = self.open() => opened,
        };
        let mut link = match opened {
            Ok(link) => link,
            Err(ended) => return ended,
        };
        let session_id = link.welcome.session_id.clone();
        tracing::info!(session.id = session_id, "The tunnel is up");
        self.report(|status| {
            *status = TunnelStatus {
                connected: true,
                session_id,
                ..TunnelStatus::default()
            };
        });
        let mut timers = self.timers(&link.welcome);
        let mut actions = self.session.opened();
        if let Some(settings) = link.welcome.settings {
            actions.extend(self.session.settings(settings, Instant::now()));
        }
        loop {
            let sending = Sending {
                outgoing: &link.outgoing,
                channel: Some(&link.channel),
                shutdown,
                limit: SEND_LIMIT,
            };
            if let Err(ended) = self.perform(actions, &sending, &mut timers).await {
                return ended;
            }
            if let Some(ended) = self.drained(&timers, shutdown) {
                farewell(link).await;
                return ended;
            }
            actions = match self.next(&mut link, &mut timers, shutdown).await {
                Ok(actions) => actions,
                Err(ended) => return ended,
            };
        }
    }

    /// Waits for the next thing to happen on a connection.
    async fn next(
        &mut self,
        link: &mut Connected,
        timers: &mut Timers,
        shutdown: &CancellationToken,
    ) -> Result<Vec<Action>, Ended> {
        let draining = timers.drain.is_some();
        let drain_end = timers
            .drain
            .map_or_else(Instant::now, |(since, _)| since + DRAIN_LIMIT);
        let max_age = timers.max_age.unwrap_or_else(tokio::time::Instant::now);
        tokio::select! {
            () = shutdown.cancelled(), if !draining => {
                timers.drain = Some((Instant::now(), Duration::ZERO));
                Ok(self.session.drain())
            }
            message = link.incoming.message() => {
                timers.heard = Instant::now();
                match message {
                    Ok(Some(CloudMessage { message: Some(message) })) => {
                        if matches!(message, FromCloud::Command(_)) {
                            crash::point("agent.command.received");
                        }
                        Ok(self.session.received(message, Instant::now()))
                    }
                    Ok(Some(CloudMessage { message: None })) => Ok(Vec::new()),
                    Ok(None) => Err(Ended::Lost("the cloud closed the session".to_owned())),
                    Err(status) => Err(refused_or_lost(&status)),
                }
            }
            Some(done) = self.tasks.join_next_with_id() => {
                // What was told ahead goes ahead.
                let mut actions = self.told_so_far();
                actions.extend(self.task_done(done, timers));
                Ok(actions)
            }
            Some(message) = self.told.recv() => Ok(vec![Action::Send(message)]),
            _ = timers.heartbeat.tick() => {
                if timers.heard.elapsed() > timers.silence {
                    return Err(Ended::Lost("the cloud went silent".to_owned()));
                }
                let clock_unix_ms = self.clock.now_unix_ms();
                Ok(vec![Action::Send(FromAgent::Heartbeat(Heartbeat { clock_unix_ms }))])
            }
            Ok(()) = self.reports.changed() => {
                let reports = self.reports.borrow_and_update().clone();
                Ok(reports.into_iter().map(FromAgent::Company).map(Action::Send).collect())
            }
            () = tokio::time::sleep_until(timers.renew_at) => {
                timers.renew_at += REFUSED_WAIT;
                self.spawn_renewal();
                Ok(Vec::new())
            }
            () = tokio::time::sleep_until(max_age), if timers.max_age.is_some() => {
                timers.max_age = None;
                timers.drain.get_or_insert((Instant::now(), Duration::ZERO));
                Ok(self.session.drain())
            }
            () = tokio::time::sleep_until(drain_end.into()), if draining => Ok(Vec::new()),
        }
    }

    fn told_so_far(&mut self) -> Vec<Action> {
        let told = std::iter::from_fn(|| self.told.try_recv().ok());
        told.map(Action::Send).collect()
    }

    fn task_done(&mut self, done: Joined, timers: &mut Timers) -> Vec<Action> {
        if let Ok((_, Done::Renewed(outcome))) = done {
            return match outcome {
                Ok(_) => {
                    tracing::info!("The certificate was renewed; reconnecting with it");
                    timers.drain.get_or_insert((Instant::now(), Duration::ZERO));
                    self.session.drain()
                }
                Err(error) => {
                    let error = anyhow::Error::from(error);
                    tracing::warn!("The certificate could not be renewed: {error:#}");
                    Vec::new()
                }
            };
        }
        let result = self.command_done(done);
        result.map_or_else(Vec::new, |result| {
            self.session.finished(result, Instant::now())
        })
    }

    fn command_done(&mut self, done: Joined) -> Option<CommandResult> {
        match done {
            Ok((id, Done::Command(result))) => {
                self.commands.remove(&id);
                self.cancels.remove(&result.command_id);
                Some(*result)
            }
            Ok((_, Done::Renewed(_))) => None,
            Err(error) => {
                let command_id = self.commands.remove(&error.id())?;
                self.cancels.remove(&command_id);
                tracing::error!(
                    command.id = command_id,
                    "A command ended in a defect of the agent"
                );
                Some(work::panicked(command_id))
            }
        }
    }

    /// Does everything that is asked for, also when the connection ends meanwhile: what was not
    /// sent is repeated on the next one, a command that was not started would be waited for
    /// forever.
    async fn perform(
        &mut self,
        actions: Vec<Action>,
        sending: &Sending<'_>,
        timers: &mut Timers,
    ) -> Result<(), Ended> {
        let mut sent = Ok(());
        for action in actions {
            match action {
                Action::Send(_) if sent.is_err() => {}
                Action::Send(message) => {
                    let is_result = matches!(message, FromAgent::Result(_));
                    let message = AgentMessage {
                        message: Some(message),
                    };
                    sent = sending.send(message).await;
                    if is_result && sent.is_ok() {
                        crash::point("agent.result.sent");
                    }
                }
                Action::Start(started) => self.start(*started, sending.channel.cloned()),
                Action::Cancel(command_id) => {
                    if let Some(token) = self.cancels.get(&command_id) {
                        token.cancel();
                    }
                }
                Action::Drain { reconnect_after } => {
                    timers.drain = Some((Instant::now(), reconnect_after));
                }
                Action::Rebind(company) => {
                    if self.rebinds.send(company).is_err() {
                        tracing::warn!("A decision of the owner came while stopping");
                    }
                }
                Action::Order(order) => self.order(order),
                Action::MaxAge(age) => {
                    let age = age.mul_f64(rand::rng().random_range(0.8..1.0));
                    timers.max_age = Some(tokio::time::Instant::now() + age);
                }
            }
        }
        let (in_flight, unacknowledged) = (self.session.in_flight(), self.session.unacknowledged());
        self.report(|status| {
            status.in_flight = in_flight;
            status.unacknowledged = unacknowledged;
        });
        sent
    }

    fn order(&self, order: Order) {
        if self.orders.send(order).is_err() {
            tracing::debug!("Nobody watches any more");
        }
    }

    fn start(&mut self, started: Started, channel: Option<Channel>) {
        let command_id = started.command.command_id.clone();
        let cancelled = CancellationToken::new();
        self.cancels.insert(command_id.clone(), cancelled.clone());
        let handler = Arc::clone(&self.handler);
        let tell = self.tell.clone();
        let task = self.tasks.spawn(async move {
            Done::Command(Box::new(
                work::run(started, channel, cancelled, handler, tell).await,
            ))
        });
        self.commands.insert(task.id(), command_id);
    }

    fn spawn_renewal(&mut self) {
        let cloud = self.config.cloud.clone();
        let (secrets, state) = (Arc::clone(&self.secrets), self.state.clone());
        self.tasks.spawn(async move {
            Done::Renewed(enrol::renew(&cloud, secrets.as_ref(), &state).await)
        });
    }

    fn drained(&self, timers: &Timers, shutdown: &CancellationToken) -> Option<Ended> {
        let (since, after) = timers.drain?;
        if !self.session.is_idle() && since.elapsed() < DRAIN_LIMIT {
            return None;
        }
        Some(if shutdown.is_cancelled() {
            Ended::Shutdown
        } else {
            Ended::Reconnect(after)
        })
    }

    fn timers(&self, welcome: &Welcome) -> Timers {
        let period = Duration::from_secs(u64::from(welcome.heartbeat_seconds.clamp(1, 300)));
        let stored = self.state.certificate().ok().flatten();
        let renew_after = match (welcome.renew_after_unix_ms, &stored) {
            (0, Some(certificate)) => certificate.renew_after_unix_ms,
            (at, _) => at,
        };
        let room = stored.map_or(0, |c| (c.not_after_unix_ms - renew_after).max(0));
        let jitter = rand::rng().random_range(0..=room / 10);
        let wait = (renew_after + jitter - self.clock.now_unix_ms()).max(1_000);
        let wait = Duration::from_millis(wait.unsigned_abs());
        Timers {
            heartbeat: tokio::time::interval(period),
            silence: period * 3,
            heard: Instant::now(),
            renew_at: tokio::time::Instant::now() + wait,
            max_age: None,
            drain: None,
        }
    }

    fn report(&self, change: impl FnOnce(&mut TunnelStatus)) {
        self.status.send_if_modified(|status| {
            let before = status.clone();
            change(status);
            *status != before
        });
    }
}

type Joined = Result<(tokio::task::Id, Done), tokio::task::JoinError>;

#[cfg(test)]
#[path = "client_tests.rs"]
mod tests;
