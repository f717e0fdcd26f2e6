//! What the agent owes the cloud, without I/O: lanes, credits, unacknowledged results. Outlives connections.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::{Duration, Instant};

use connect_proto::tunnel::v1::agent_message::Message as FromAgent;
use connect_proto::tunnel::v1::cloud_message::Message as FromCloud;
use connect_proto::tunnel::v1::command_result::Outcome;
use connect_proto::tunnel::v1::{
    Command, CommandResult, Credit, Draining, ErrorClass, Failure, Settings,
};

use crate::watch::Order;

/// How many commands may queue for each one that is worked on.
const QUEUE_FACTOR: u32 = 4;
const DEFAULT_TIMEOUT: Duration = Duration::from_mins(2);

/// A command that may be worked on now.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Started {
    pub(super) command: Command,
    pub(super) received: Instant,
    pub(super) deadline: Instant,
}

/// What the caller has to do.
#[derive(Debug, PartialEq)]
pub(super) enum Action {
    Send(FromAgent),
    Start(Box<Started>),
    Cancel(String),
    /// The cloud wants this connection to end once nothing is left to do on it.
    Drain {
        reconnect_after: Duration,
    },
    MaxAge(Duration),
    /// The owner decided: bind this company anew.
    Rebind(String),
    /// For the watchers.
    Order(Order),
}

#[derive(Debug)]
struct Company {
    parallel: u32,
    configured: u32,
    running: BTreeMap<String, String>,
    waiting: VecDeque<Started>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Link {
    Down,
    Up,
    Draining,
}

/// The agent's obligations over all connections.
#[derive(Debug)]
pub(super) struct Session {
    companies: BTreeMap<String, Company>,
    unacknowledged: BTreeMap<String, CommandResult>,
    link: Link,
}

impl Session {
    /// Starts with nothing to do; `companies` says how many commands each may work on at once.
    pub(super) fn new(companies: impl IntoIterator<Item = (String, u32)>) -> Self {
        let company = |parallel| Company {
            parallel,
            configured: parallel,
            running: BTreeMap::new(),
            waiting: VecDeque::new(),
        };
        let mut all: BTreeMap<_, _> = companies
            .into_iter()
            .map(|(name, parallel)| (name, company(parallel)))
            .collect();
        // Commands about the agent itself name no company.
        all.insert(String::new(), company(2));
        Self {
            companies: all,
            unacknowledged: BTreeMap::new(),
            link: Link::Down,
        }
    }

    /// The commands the cloud must not send again: queued, running, or done and not acknowledged.
    pub(super) fn known_commands(&self) -> Vec<String> {
        let held = self.companies.values().flat_map(Company::held_ids);
        let known: BTreeSet<_> = held.chain(self.unacknowledged.keys().cloned()).collect();
        known.into_iter().collect()
    }

    /// A connection was welcomed: grants credits and repeats results.
    pub(super) fn opened(&mut self) -> Vec<Action> {
        self.link = Link::Up;
        let credits = self
            .companies
            .iter()
            .map(|(name, company)| credit(name, company.room()));
        let results = self.unacknowledged.values().cloned().map(FromAgent::Result);
        credits.chain(results).map(Action::Send).collect()
    }

    /// The connection is gone; work goes on.
    pub(super) fn closed(&mut self) {
        self.link = Link::Down;
    }

    /// Takes nothing new on this connection.
    pub(super) fn drain(&mut self) -> Vec<Action> {
        if self.link != Link::Up {
            return Vec::new();
        }
        self.link = Link::Draining;
        vec![Action::Send(FromAgent::Draining(Draining {}))]
    }

    /// Nothing is left that the cloud waits for.
    pub(super) fn is_idle(&self) -> bool {
        self.unacknowledged.is_empty()
            && self
                .companies
                .values()
                .all(|c| c.running.is_empty() && c.waiting.is_empty())
    }

    pub(super) fn in_flight(&self) -> u32 {
        let held: usize = self
            .companies
            .values()
            .map(|c| c.running.len() + c.waiting.len())
            .sum();
        u32::try_from(held).unwrap_or(u32::MAX)
    }

    pub(super) fn unacknowledged(&self) -> u32 {
        u32::try_from(self.unacknowledged.len()).unwrap_or(u32::MAX)
    }

    /// Applies a message from the cloud.
    pub(super) fn received(&mut self, message: FromCloud, now: Instant) -> Vec<Action> {
        match message {
            FromCloud::Command(command) => self.command(command, now),
            FromCloud::Cancel(cancel) => self.cancel(cancel.command_id, now),
            FromCloud::ResultAck(ack) => {
                self.unacknowledged.remove(&ack.command_id);
                Vec::new()
            }
            FromCloud::Settings(settings) => self.settings(settings, now),
            FromCloud::Drain(drain) => {
                let mut actions = self.drain();
                let after = Duration::from_millis(u64::from(drain.reconnect_after_ms));
                actions.push(Action::Drain {
                    reconnect_after: after,
                });
                actions
            }
            FromCloud::Rebind(rebind) => vec![Action::Rebind(rebind.company)],
            FromCloud::Watch(watch) => vec![Action::Order(Order::Told(watch))],
            FromCloud::ChangeAck(ack) => vec![Action::Order(Order::Acknowledged(ack))],
            // A second welcome means nothing; heartbeats matter by arriving; a watcher has one
            // batch on its way, which needs no credit.
            FromCloud::Welcome(_) | FromCloud::Heartbeat(_) | FromCloud::Credit(_) => Vec::new(),
        }
    }

    /// Records the result of a started command and starts what waited for its lane.
    pub(super) fn finished(&mut self, result: CommandResult, now: Instant) -> Vec<Action> {
        let mut actions = Vec::new();
        let name = self.companies.iter_mut().find_map(|(name, company)| {
            company
                .running
                .remove(&result.command_id)
                .map(|_| name.clone())
        });
        actions.extend(self.answer(result));
        if let Some(name) = name {
            actions.extend(self.freed(&name, now));
        }
        actions
    }

    fn command(&mut self, command: Command, now: Instant) -> Vec<Action> {
        if let Some(result) = self.unacknowledged.get(&command.command_id) {
            return vec![Action::Send(FromAgent::Result(result.clone()))];
        }
        let draining = self.link == Link::Draining;
        let known = self
            .companies
            .values()
            .any(|c| c.holds(&command.command_id));
        if known || draining {
            return Vec::new();
        }
        let name = command.company.clone();
        let Some(company) = self.companies.get_mut(&name) else {
            let message = format!("The agent does not serve a company {name}.");
            let failure = failure(ErrorClass::Parked, "unknown_company", message);
            return self
                .answer(result(&command.command_id, failure))
                .into_iter()
                .collect();
        };
        if company.room() == 0 {
            let message = "The agent has more commands of this company than it offered to take.";
            let failure = failure(ErrorClass::RateLimited, "no_credit", message.to_owned());
            return self
                .answer(result(&command.command_id, failure))
                .into_iter()
                .collect();
        }
        let deadline = now + timeout(&command);
        company.waiting.push_back(Started {
            command,
            received: now,
            deadline,
        });
        self.start(&name, now)
    }

    fn cancel(&mut self, command_id: String, now: Instant) -> Vec<Action> {
        let running = self
            .companies
            .values()
            .any(|c| c.running.contains_key(&command_id));
        if running {
            return vec![Action::Cancel(command_id)];
        }
        let name = self.companies.iter_mut().find_map(|(name, company)| {
            let at = company
                .waiting
                .iter()
                .position(|w| w.command.command_id == command_id)?;
            company.waiting.remove(at).map(|_| name.clone())
        });
        let Some(name) = name else { return Vec::new() };
        let message = "The command was cancelled before it began.".to_owned();
        let failure = failure(ErrorClass::Unavailable, "cancelled", message);
        let mut actions: Vec<_> = self
            .answer(result(&command_id, failure))
            .into_iter()
            .collect();
        actions.extend(self.freed(&name, now));
        actions
    }

    pub(super) fn settings(&mut self, settings: Settings, now: Instant) -> Vec<Action> {
        let mut actions = Vec::new();
        if settings.parallel_per_company > 0 {
            let names: Vec<_> = self
                .companies
                .keys()
                .filter(|n| !n.is_empty())
                .cloned()
                .collect();
            for name in names {
                actions.extend(self.set_parallel(&name, settings.parallel_per_company, now));
            }
        }
        if settings.session_max_age_seconds > 0 {
            let age = Duration::from_secs(u64::from(settings.session_max_age_seconds));
            actions.push(Action::MaxAge(age));
        }
        actions
    }

    /// The cloud may lower what the owner configured, never raise it.
    fn set_parallel(&mut self, name: &str, wanted: u32, now: Instant) -> Vec<Action> {
        let Some(company) = self.companies.get_mut(name) else {
            return Vec::new();
        };
        let before = company.capacity();
        company.parallel = wanted.min(company.configured);
        let gained = company.capacity().saturating_sub(before);
        let mut actions = self.start(name, now);
        if gained > 0 && self.link == Link::Up {
            actions.push(Action::Send(credit(name, gained)));
        }
        actions
    }

    fn answer(&mut self, result: CommandResult) -> Option<Action> {
        self.unacknowledged
            .insert(result.command_id.clone(), result.clone());
        (self.link != Link::Down).then_some(Action::Send(FromAgent::Result(result)))
    }

    fn freed(&mut self, name: &str, now: Instant) -> Vec<Action> {
        let mut actions = Vec::new();
        if self.link == Link::Up {
            actions.push(Action::Send(credit(name, 1)));
        }
        actions.extend(self.start(name, now));
        actions
    }

    fn start(&mut self, name: &str, now: Instant) -> Vec<Action> {
        let mut actions = Vec::new();
        while let Some(started) = self.companies.get_mut(name).and_then(Company::next) {
            let id = started.command.command_id.clone();
            if started.deadline > now {
                actions.push(Action::Start(Box::new(started)));
                continue;
            }
            let message = "The command's time ran out before its turn came.".to_owned();
            let failure = failure(ErrorClass::Unavailable, "timed_out", message);
            if let Some(company) = self.companies.get_mut(name) {
                company.running.remove(&id);
            }
            actions.extend(self.answer(result(&id, failure)));
            if self.link == Link::Up {
                actions.push(Action::Send(credit(name, 1)));
            }
        }
        actions
    }
}

impl Company {
    fn capacity(&self) -> u32 {
        self.parallel.saturating_mul(1 + QUEUE_FACTOR)
    }

    fn room(&self) -> u32 {
        let held = self.running.len() + self.waiting.len();
        self.capacity()
            .saturating_sub(u32::try_from(held).unwrap_or(u32::MAX))
    }

    fn holds(&self, command_id: &str) -> bool {
        self.running.contains_key(command_id)
            || self
                .waiting
                .iter()
                .any(|w| w.command.command_id == command_id)
    }

    fn held_ids(&self) -> Vec<String> {
        let waiting = self.waiting.iter().map(|w| w.command.command_id.clone());
        self.running.keys().cloned().chain(waiting).collect()
    }

    /// Takes the first waiting command whose lane is free, and marks it running.
    fn next(&mut self) -> Option<Started> {
        if self.running.len() >= self.parallel as usize {
            return None;
        }
        let mut blocked: BTreeSet<&str> = self
            .running
            .values()
            .filter(|lane| !lane.is_empty())
            .map(String::as_str)
            .collect();
        let mut found = None;
        for (at, waiting) in self.waiting.iter().enumerate() {
            let lane = waiting.command.lane.as_str();
            if lane.is_empty() || blocked.insert(lane) {
                found = Some(at);
                break;
            }
        }
        let started = self.waiting.remove(found?)?;
        self.running.insert(
            started.command.command_id.clone(),
            started.command.lane.clone(),
        );
        Some(started)
    }
}

fn timeout(command: &Command) -> Duration {
    match command.timeout_ms {
        0 => DEFAULT_TIMEOUT,
        ms => Duration::from_millis(u64::from(ms)),
    }
}

fn credit(company: &str, amount: u32) -> FromAgent {
    FromAgent::Credit(Credit {
        company: company.to_owned(),
        amount,
    })
}

fn failure(class: ErrorClass, code: &str, message: String) -> Outcome {
    Outcome::Failure(Failure {
        class: class.into(),
        code: code.to_owned(),
        message,
        errors: Vec::new(),
        retry_after_ms: 0,
    })
}

fn result(command_id: &str, outcome: Outcome) -> CommandResult {
    CommandResult {
        command_id: command_id.to_owned(),
        elapsed_ms: 0,
        outcome: Some(outcome),
    }
}

#[cfg(test)]
#[path = "session_tests.rs"]
mod tests;
