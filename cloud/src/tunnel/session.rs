//! One agent's work stream: sends what is open, settles what is answered, ends when it must.

use std::sync::Arc;
use std::time::Duration;

use connect_core::domain::command::Command;
use connect_core::domain::ids::CommandId;
use connect_proto::tunnel::v1;
use connect_proto::tunnel::v1::agent_message::Message as FromAgent;
use connect_proto::tunnel::v1::cloud_message::Message as ToAgent;
use connect_proto::tunnel::v1::command_result::Outcome;
use connect_store::{Answer, Settled, StoreError};
use futures::StreamExt as _;
use futures::future::join_all;
use futures::stream::FuturesUnordered;
use prost::Message as _;
use tokio::sync::{broadcast, mpsc};
use tokio::task::{JoinError, JoinHandle};
use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;
use tonic::{Status, Streaming};

use super::auth::Identity;
use super::changes::{self, Watching};
use super::company::{Reports, Verdict};
use super::dispatch::Dispatch;
use super::marks::{Marks, journal_number, outcome};
use super::outgoing;
use super::timing::{at, jittered, ticks};
use crate::app::Services;
use crate::crash;
use crate::error::{Error, Result};

/// Between two looks for open commands that wake-ups ask for.
const LOOK_GAP: Duration = Duration::from_millis(5);
/// Before a command that could not be put together is tried again.
const LOOK_AGAIN: Duration = Duration::from_millis(500);
/// How often the tables are asked whether the session may go on.
const GUARD_EVERY: Duration = Duration::from_secs(2);
/// Heartbeats missed until the agent counts as gone.
const SILENT_BEATS: u32 = 3;
/// Time an agent has to finish what is in flight once told to drain.
const DRAIN_LIMIT: Duration = Duration::from_mins(1);
const SEEN_EVERY_BEATS: u32 = 6;
/// More open commands than this are looked at in slices.
const LOOK_LIMIT: i64 = 2_000;

/// Which command, the journal number in its answer, and how storing that came out.
type Settling = (CommandId, Option<i64>, Result<Settled, StoreError>);

/// The way to the agent. It has no bound of its own: credits bound commands, and acknowledgements
/// are no more than results. A bound could block both sides, each waiting for the other to read.
#[derive(Clone, Debug)]
pub(crate) struct Outgoing(mpsc::UnboundedSender<Result<v1::CloudMessage, Status>>);

impl Outgoing {
    pub(crate) fn new(sender: mpsc::UnboundedSender<Result<v1::CloudMessage, Status>>) -> Self {
        Self(sender)
    }

    /// Sends a message; a stream that is gone is noticed where it is read.
    pub(crate) fn send(&self, message: ToAgent) {
        let message = v1::CloudMessage {
            message: Some(message),
        };
        self.0.send(Ok(message)).ok();
    }

    fn refuse(&self, status: Status) {
        self.0.send(Err(status)).ok();
    }
}

/// A session that is open.
pub(crate) struct Session {
    pub(crate) identity: Identity,
    pub(crate) dispatch: Dispatch,
    pub(crate) reports: Reports,
    services: Arc<Services>,
    epoch: i64,
    end: CancellationToken,
    outgoing: Outgoing,
    /// Tasks of their own: one that holds a database connection must go on while the session
    /// waits for another.
    settling: FuturesUnordered<JoinHandle<Settling>>,
    marks: Marks,
    watching: Watching,
    heard: Instant,
    looked: Instant,
    look_at: Option<Instant>,
    /// A wake-up told of commands that were not looked for yet.
    missed: bool,
    drain_until: Option<Instant>,
    beats: u32,
}

/// Why a session ends.
#[derive(Debug)]
enum End {
    /// The agent closed it, or its connection broke.
    Left,
    /// The agent was not heard of for too long.
    Silent,
    /// Another session of the agent, a revocation, or an operator took it away.
    Taken(&'static str),
    /// Draining took too long.
    Drained,
    /// The database or our own code failed.
    Failed(Error),
}

impl Session {
    pub(crate) fn new(
        services: Arc<Services>,
        identity: Identity,
        epoch: i64,
        end: CancellationToken,
        outgoing: Outgoing,
    ) -> Self {
        let now = Instant::now();
        Self {
            identity,
            dispatch: Dispatch::default(),
            reports: Reports::default(),
            services,
            epoch,
            end,
            outgoing,
            settling: FuturesUnordered::new(),
            marks: Marks::default(),
            watching: Watching::default(),
            heard: now,
            looked: now,
            look_at: Some(now),
            missed: false,
            drain_until: None,
            beats: 0,
        }
    }

    /// Lives until the agent leaves, or must.
    pub(crate) async fn run(mut self, mut inbound: Streaming<v1::AgentMessage>) {
        metrics::gauge!("tunnel_sessions").increment(1);
        let end = Box::pin(self.work(&mut inbound)).await;
        metrics::gauge!("tunnel_sessions").decrement(1);
        // What the agent answered is kept even when the session is lost; it just goes unacknowledged.
        while self.settling.next().await.is_some() {}
        self.leave(&end).await;
    }

    async fn work(&mut self, inbound: &mut Streaming<v1::AgentMessage>) -> End {
        let services = self.services.clone();
        let settings = &services.config.tunnel;
        let mut wakes = services.database.subscribe_commands();
        let mut poll = ticks(Duration::from_millis(settings.poll_ms));
        let beat = Duration::from_secs(u64::from(settings.heartbeat_seconds));
        let mut heartbeat = ticks(beat);
        let mut guard = ticks(GUARD_EVERY);
        let max_age = Instant::now() + jittered(settings.session_max_age_seconds);
        loop {
            let draining = self.drain_until.is_some();
            let step = tokio::select! {
                message = inbound.message() => match message {
                    Ok(Some(message)) => self.received(message).await,
                    Ok(None) | Err(_) => return End::Left,
                },
                Some(settled) = self.settling.next() => self.settled(settled),
                wake = wakes.recv() => {
                    self.woken(&wake);
                    Ok(())
                }
                () = at(self.look_at) => self.look().await,
                _ = poll.tick() => self.look_at_all().await,
                _ = guard.tick() => match self.guard().await {
                    Ok(None) => Ok(()),
                    Ok(Some(reason)) => return End::Taken(reason),
                    Err(error) => Err(error),
                },
                _ = heartbeat.tick() => {
                    if self.heard.elapsed() > beat * SILENT_BEATS {
                        return End::Silent;
                    }
                    self.beat().await
                }
                () = self.end.cancelled() => return End::Taken("taken away"),
                () = services.shutdown.cancelled(), if !draining => {
                    self.drain("the cloud restarts", 500);
                    Ok(())
                }
                () = sleep_until(max_age), if !draining => {
                    self.drain("the session is old", 0);
                    Ok(())
                }
                () = at(self.drain_until) => return End::Drained,
            };
            if let Err(error) = step {
                return End::Failed(error);
            }
        }
    }

    async fn received(&mut self, message: v1::AgentMessage) -> Result<()> {
        self.heard = Instant::now();
        match message.message {
            Some(FromAgent::Result(result)) => self.settle(&result),
            Some(FromAgent::Credit(credit)) => {
                self.dispatch.grant(&credit.company, credit.amount);
                self.send_next().await;
                self.look_if_hungry();
            }
            Some(FromAgent::Company(report)) => self.company_reported(report).await?,
            Some(FromAgent::Draining(_)) => {
                self.dispatch.drain();
                self.drain_until.get_or_insert(Instant::now() + DRAIN_LIMIT);
            }
            Some(FromAgent::Changes(batch)) => self.changed(batch),
            // A document of a bulk told early: the command's result holds it too, and is stored.
            Some(FromAgent::Document(_) | FromAgent::Heartbeat(_) | FromAgent::Hello(_)) | None => {
            }
        }
        Ok(())
    }

    /// Stores what changed in GP; unacknowledged, the agent tells it again.
    fn changed(&self, batch: v1::ChangeBatch) {
        let (services, identity) = (self.services.clone(), self.identity.clone());
        let outgoing = self.outgoing.clone();
        self.services.tasks.spawn(async move {
            match changes::take(&services, &identity, &batch).await {
                Ok(Some(ack)) => outgoing.send(ToAgent::ChangeAck(ack)),
                Ok(None) => {}
                Err(error) => {
                    let watcher = batch.watcher.as_str();
                    tracing::warn!(watcher, error = error.report(), "Changes were not stored");
                }
            }
        });
    }

    /// Takes in what the agent says of a company.
    pub(crate) async fn company_reported(&mut self, report: v1::CompanyReport) -> Result<()> {
        let name = report.company.clone();
        let verdict = self
            .reports
            .take(&self.services, &self.identity, report)
            .await?;
        self.act_on(name, &verdict);
        self.tell_watches().await
    }

    /// Tells what is wanted to be noticed, where that is news.
    async fn tell_watches(&mut self) -> Result<()> {
        let companies = self.reports.ready();
        let news = self
            .watching
            .news(&self.services, &self.identity, companies);
        for watch in news.await? {
            self.outgoing.send(ToAgent::Watch(watch));
        }
        Ok(())
    }

    fn act_on(&mut self, company: String, verdict: &Verdict) {
        self.dispatch.hold(&company, verdict.holds_commands());
        if verdict.wants_rebind() {
            self.outgoing.send(ToAgent::Rebind(v1::Rebind { company }));
        }
    }

    /// Stores an answer; many are under way at once and share the database's commits.
    fn settle(&mut self, result: &v1::CommandResult) {
        crash::point("cloud.result.received");
        let Ok(id) = result.command_id.parse::<CommandId>() else {
            tracing::warn!("A result names no command id");
            return;
        };
        metrics::counter!("tunnel_results_total", "outcome" => outcome(result)).increment(1);
        let journal = journal_number(result);
        let answer = Answer {
            tenant: self.identity.tenant(),
            agent: self.identity.id(),
            id,
            result: result.encode_to_vec(),
            now: self.services.clock.now(),
        };
        let database = self.services.database.clone();
        self.settling.push(self.services.tasks.spawn(async move {
            let settled = database.commands().settle(answer).await;
            (id, journal, settled)
        }));
    }

    /// The answer is durable, or was before, or nobody waits for it: the agent may forget it.
    fn settled(&mut self, settled: Result<Settling, JoinError>) -> Result<()> {
        let (id, journal, stored) = settled.map_err(Error::internal)?;
        if let (Settled::Now { company }, Some(journal)) = (stored?, journal) {
            self.marks.note(company, journal, Instant::now());
        }
        self.dispatch.settled(id);
        let command_id = id.to_string();
        self.outgoing
            .send(ToAgent::ResultAck(v1::ResultAck { command_id }));
        Ok(())
    }

    fn woken(&mut self, wake: &Result<Wake, broadcast::error::RecvError>) {
        let ours = (self.identity.tenant(), self.identity.id());
        let concerns_us = match wake {
            Ok(target) => *target == ours,
            Err(broadcast::error::RecvError::Lagged(_)) => true,
            Err(broadcast::error::RecvError::Closed) => false,
        };
        if concerns_us {
            self.missed = true;
            self.look_if_hungry();
        }
    }

    /// Looks for what a wake-up told of, as soon as the agent would take it.
    fn look_if_hungry(&mut self) {
        if self.missed && self.dispatch.is_hungry() {
            self.look_at.get_or_insert(self.looked + LOOK_GAP);
        }
    }

    /// Looks for open commands and sends what may go out.
    async fn look(&mut self) -> Result<()> {
        self.look_at = None;
        self.looked = Instant::now();
        self.missed = false;
        let open = open_commands(&self.services, &self.identity).await?;
        self.dispatch.offer(open);
        self.send_next().await;
        Ok(())
    }

    /// The look that is the truth: wake-ups may be lost, commands may be settled elsewhere.
    async fn look_at_all(&mut self) -> Result<()> {
        self.looked = Instant::now();
        self.missed = false;
        let open = open_commands(&self.services, &self.identity).await?;
        if i64::try_from(open.len()).is_ok_and(|count| count < LOOK_LIMIT) {
            let ids = open.iter().map(|command| command.id).collect();
            self.dispatch.forget_settled(&ids);
        }
        self.dispatch.offer(open);
        self.send_next().await;
        Ok(())
    }

    async fn send_next(&mut self) {
        let next = self.dispatch.next();
        let made = join_all(
            next.iter()
                .map(|command| outgoing::message(&self.services, command)),
        );
        for (command, message) in next.iter().zip(made.await) {
            match message {
                Ok(message) => {
                    self.outgoing.send(ToAgent::Command(message));
                    metrics::counter!("tunnel_commands_sent_total").increment(1);
                    crash::point("cloud.command.sent");
                }
                Err(error) if error.retry() => {
                    tracing::warn!(command.id = %command.id, error = error.report(), "A command waits");
                    self.dispatch.put_back(command.clone());
                    self.look_at.get_or_insert(Instant::now() + LOOK_AGAIN);
                }
                Err(error) => self.give_up(command, &error),
            }
        }
    }

    /// Answers in the agent's stead: a command that cannot be sent must not wait for ever.
    fn give_up(&mut self, command: &Command, error: &Error) {
        tracing::error!(command.id = %command.id, error = error.report(), "A command cannot be sent");
        let failure = v1::Failure {
            class: v1::ErrorClass::Bug.into(),
            code: "command_unsendable".to_owned(),
            message: "The command could not be put together; the log says why.".to_owned(),
            ..v1::Failure::default()
        };
        self.settle(&v1::CommandResult {
            command_id: command.id.to_string(),
            elapsed_ms: 0,
            outcome: Some(Outcome::Failure(failure)),
        });
    }

    /// Whether the session must end: the tables say so, whichever replica wrote them.
    async fn guard(&mut self) -> Result<Option<&'static str>> {
        let (tenant, id) = (self.identity.tenant(), self.identity.id());
        let database = &self.services.database;
        let certificate = database
            .certificates()
            .find(tenant, &self.identity.serial)
            .await?;
        if certificate.is_none_or(|certificate| certificate.revoked.is_some()) {
            return Ok(Some("revoked"));
        }
        let session = database.sessions().find(tenant, id).await?;
        if session.is_none_or(|session| session.epoch != self.epoch) {
            return Ok(Some("a newer session took its place"));
        }
        if self.services.clock.now() > self.identity.not_after {
            return Ok(Some("certificate expired"));
        }
        for (company, journal) in self.marks.ripe(Instant::now()) {
            let companies = database.companies();
            companies.update_journal(tenant, company, journal).await?;
        }
        for (name, verdict) in self
            .reports
            .look_again(&self.services, &self.identity)
            .await?
        {
            self.act_on(name, &verdict);
        }
        self.tell_watches().await?;
        Ok(None)
    }

    async fn beat(&mut self) -> Result<()> {
        let now = self.services.clock.now();
        self.outgoing.send(ToAgent::Heartbeat(v1::Heartbeat {
            clock_unix_ms: now.millis(),
        }));
        self.beats = self.beats.wrapping_add(1);
        if self.beats.is_multiple_of(SEEN_EVERY_BEATS) {
            let agents = self.services.database.agents();
            agents
                .update_seen(self.identity.tenant(), self.identity.id(), now)
                .await?;
        }
        Ok(())
    }

    fn drain(&mut self, reason: &str, reconnect_after_ms: u32) {
        self.dispatch.drain();
        self.drain_until = Some(Instant::now() + self.drain_limit());
        self.outgoing.send(ToAgent::Drain(v1::Drain {
            reason: reason.to_owned(),
            reconnect_after_ms,
        }));
    }

    /// A shutdown that is cut off would lose the farewell, so it gets less than the whole time.
    fn drain_limit(&self) -> Duration {
        let shutdown = Duration::from_secs(self.services.config.limits.shutdown_seconds);
        DRAIN_LIMIT.min(shutdown.mul_f32(0.8))
    }

    async fn leave(&mut self, end: &End) {
        let (tenant, id) = (self.identity.tenant(), self.identity.id());
        match end {
            End::Left => tracing::info!(agent.id = %id, "An agent left"),
            End::Drained => tracing::info!(agent.id = %id, "A drained session was closed"),
            End::Silent => {
                tracing::warn!(agent.id = %id, "An agent went silent");
                self.outgoing
                    .refuse(Status::deadline_exceeded("no heartbeat came"));
            }
            End::Taken(reason) => {
                tracing::warn!(agent.id = %id, reason, "A session was ended");
                self.outgoing.refuse(taken(reason));
            }
            End::Failed(error) => {
                tracing::error!(agent.id = %id, error = error.report(), "A session failed");
                self.outgoing
                    .refuse(Status::unavailable("the session failed; connect again"));
            }
        }
        self.services.registry.leave(tenant, id, self.epoch);
        let now = self.services.clock.now();
        let sessions = self.services.database.sessions();
        if let Err(error) = sessions.delete(tenant, id, self.epoch, now).await {
            tracing::warn!(agent.id = %id, error = %error, "The end of a session was not noted");
        }
    }
}

type Wake = (
    connect_core::domain::ids::TenantId,
    connect_core::domain::ids::AgentId,
);

async fn open_commands(services: &Services, identity: &Identity) -> Result<Vec<Command>> {
    let commands = services.database.commands();
    let open = commands.list_open(identity.tenant(), identity.id(), None, LOOK_LIMIT);
    Ok(open.await?)
}

fn taken(reason: &str) -> Status {
    match reason {
        "revoked" => Status::unauthenticated("agent_revoked: the agent was revoked"),
        other => Status::aborted(other.to_owned()),
    }
}
