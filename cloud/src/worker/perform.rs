//! The actions a run asks for: reads and writes of the store, links, documents for GP.

use std::sync::Arc;
use std::time::{Duration, Instant};

use connect_core::domain::command::Command;
use connect_core::domain::failure::{Failure, FailureClass};
use connect_core::domain::ids::{CommandId, PayloadId, StoreId};
use connect_core::domain::lane::{ClaimedLane, Gate, GateKey, LaneNext};
use connect_core::domain::link::{Link, LinkKey};
use connect_core::domain::run::{NewCommand, Run, RunState, Transition};
use connect_core::domain::time::Micros;
use connect_core::domain::wait::Woken;
use connect_core::engine::Value;
use connect_core::engine::workflow::{
    self, Action, EventFacts, GpKey, LinkQuery, LinkToComplete, RunInput, StoreRead, StoreWrite,
};
use connect_store::ApplyError;
use uuid::Uuid;

use super::context::Plan;
use super::lane::{Work, fenced};
use super::parts;
use super::progress::Progress;
use super::unplanned::run_id;
use super::waits;
use crate::app::Services;
use crate::connectors::gp;
use crate::connectors::nopcommerce::Noted;
use crate::error::{Error, Result};
use crate::records;
use crate::shops;

/// A run at its beginning.
pub(super) fn new_run(
    services: &Services,
    plan: &Plan,
    claimed: &ClaimedLane,
    now: Micros,
) -> Result<(Run, Progress)> {
    let event = &claimed.event;
    let id = run_id(services, claimed);
    let body = event.body.as_deref().map(Value::from_json).transpose();
    let input = RunInput {
        run: id,
        generation: 1,
        began: now,
        event: EventFacts {
            topic: event.topic.clone(),
            entity: event.entity.clone(),
            entity_id: event.entity_id.clone(),
            occurred: event.occurred,
            source: event.source,
            body: body.map_err(Error::internal)?.unwrap_or_default(),
        },
        store: records::store(&plan.store),
        profile: Arc::clone(&plan.profile),
        company: records::company(&plan.company),
        part: None,
        edits: match &claimed.woken {
            Some(Woken::Edited { edits }) => waits::edits(edits)?,
            Some(
                Woken::Due | Woken::Event { .. } | Woken::Decided { .. } | Woken::Resumed { .. },
            )
            | None => Vec::new(),
        },
    };
    let progress = Progress::new(workflow::start(&plan.workflow, input), plan.route);
    let run = Run {
        tenant: event.tenant,
        id,
        environment: event.environment,
        event: event.id,
        store: event.store,
        company: Some(plan.company.id),
        entity: event.entity.clone(),
        entity_id: event.entity_id.clone(),
        workflow: plan.workflow_name.clone(),
        workflow_version: plan.workflow_version,
        revision: plan.revision,
        state: RunState::Running,
        summary: String::new(),
        snapshot: Vec::new(),
        gp_key: None,
        started: now,
        finished: None,
        failure: None,
        replay_of: connect_store::replay_of(event),
        part_of: None,
    };
    Ok((run, progress))
}

/// A transition that the database did not take.
pub(super) fn refused(error: ApplyError) -> Error {
    match error {
        ApplyError::Fenced => fenced(),
        ApplyError::Store(cause) => cause.into(),
        ApplyError::LinkTaken { .. } => Error::internal(error),
    }
}

pub(super) fn applied(outcome: Result<(), ApplyError>) -> Result<()> {
    match outcome {
        Ok(()) => Ok(()),
        Err(error) => Err(refused(error)),
    }
}

/// A lease is not stretched to its last moment.
const LEASE_MARGIN: Duration = Duration::from_secs(1);

impl Work {
    /// Reads from the store: safe, so nothing is stored before it.
    pub(super) async fn read_store(
        &self,
        what: &StoreRead,
        timeout_ms: u32,
    ) -> Result<Value, Failure> {
        let StoreRead::Order { id } = what;
        let client = shops::client(&self.services, &self.plan.store).await?;
        let id = order_id(id)?;
        let read = async {
            let order = client.read_order(id).await?;
            Value::from_serde(order).map_err(|error| {
                Failure::new(
                    FailureClass::InvalidData,
                    "order_unreadable",
                    error.to_string(),
                )
            })
        };
        in_time(timeout_ms, "The store", read).await
    }

    /// Writes to the store: its intent is stored first; after a takeover it looks before it writes.
    pub(super) async fn write_store(
        &mut self,
        what: &StoreWrite,
        timeout_ms: u32,
    ) -> Result<Result<Value, Failure>> {
        let StoreWrite::OrderNote { order_id: id, text } = what;
        let client = match shops::client(&self.services, &self.plan.store).await {
            Ok(client) => client,
            Err(failure) => return Ok(Err(failure)),
        };
        if !client.has_notes() {
            return Ok(Ok(noted(Noted::Unsupported)));
        }
        let look_first = std::mem::replace(&mut self.resumed, false);
        if !look_first {
            let summary = format!("telling the store: {text}");
            self.settle(RunState::Running, summary, LaneNext::Keep)
                .await?;
            crate::crash::point("cloud.intent.stored");
        }
        let limit = self.within_lease(timeout_ms).await?;
        let now = self.services.clock.now();
        let write = async {
            let id = order_id(id)?;
            if look_first {
                client.ensure_order_note(id, text, text, now).await
            } else {
                client.add_order_note(id, text, now).await
            }
        };
        let outcome = in_time(limit, "The store", write).await;
        crate::crash::point("cloud.store.marked");
        Ok(outcome.map(noted))
    }

    /// A call that is not safe to repeat must have ended before another worker can take over.
    async fn within_lease(&self, timeout_ms: u32) -> Result<u32> {
        let wanted = Duration::from_millis(timeout_ms.into());
        if self.lease.left() <= wanted {
            let workers = self.services.database.workers();
            let asked = Instant::now();
            workers.update(self.fence).await.map_err(refused)?;
            self.lease.renewed(asked);
        }
        let most = wanted.min(self.lease.left().saturating_sub(LEASE_MARGIN));
        Ok(u32::try_from(most.as_millis()).unwrap_or(timeout_ms))
    }

    /// Answers each query with the link's GP key, or nothing.
    pub(super) async fn find_links(&self, queries: &[LinkQuery]) -> Result<Value> {
        let keys: Vec<LinkKey> = queries
            .iter()
            .map(|query| self.link_key(&query.kind, query.store_scoped, &query.store_key))
            .collect();
        let links = self.services.database.links().list(&keys).await?;
        let found = queries.iter().zip(&keys).map(|(query, key)| {
            let link = links.iter().find(|link| link.key == *key);
            let value = link.map_or(Value::Null, |link| {
                linked(&link.gp_key, link.complete, None)
            });
            (query.name.clone(), value)
        });
        Ok(Value::map(found))
    }

    /// Inserts a link unless another run's is there; the answer is the winner's.
    pub(super) async fn reserve(&mut self, link: Link) -> Result<Value> {
        let ours = linked(&link.gp_key, false, Some(true));
        let summary = format!("reserving {} {}", link.key.kind, link.gp_key);
        let mut transition = self.transition(RunState::Running, summary, LaneNext::Keep);
        transition.links.push(link);
        match self.write(transition).await {
            Ok(()) => Ok(ours),
            Err(ApplyError::LinkTaken {
                gp_key,
                complete,
                run,
                ..
            }) => Ok(linked(&gp_key, complete, Some(run == self.run.id))),
            Err(error) => Err(refused(error)),
        }
    }

    /// Stores the intent with the command; the tunnel sends it, the answer wakes the lane.
    pub(super) async fn execute(&mut self, action: Action) -> Result<()> {
        let Action::ExecuteDocument {
            purpose,
            generation,
            xml,
            gapless,
            next_batches,
            closed_period,
            timeout_ms,
            ..
        } = action
        else {
            return Ok(());
        };
        let company = self.plan.company.clone();
        let effect_key = self.effect_key(&purpose, generation);
        let id = CommandId(self.services.ids.next());
        let body = gp::execute_body(&gp::Execute {
            command: id,
            database: &company.database,
            lane: &self.lane.key,
            effect_key: &effect_key,
            gapless,
            next_batches,
            closed_period,
            incarnation: company.incarnation.as_deref(),
            timeout_ms,
        });
        let command = Command {
            tenant: self.run.tenant,
            id,
            agent: company.agent,
            company: company.id,
            database: company.database.clone(),
            run: self.run.id,
            lane: self.lane.clone(),
            effect_key,
            document: PayloadId(self.services.ids.next()),
            body,
            created: self.services.clock.now(),
        };
        let summary = format!("waits for Dynamics GP company {}", company.database);
        let mut transition = self.transition(RunState::Waiting, summary, LaneNext::AwaitCommand);
        transition.command = Some(NewCommand {
            command,
            document: xml.into_bytes(),
        });
        self.apply(transition).await?;
        crate::crash::point("cloud.intent.stored");
        Ok(())
    }

    /// The agent's answer as the engine takes it; the links it completes ride in the next
    /// transition.
    pub(super) fn executed(&mut self, parties: &[LinkToComplete]) -> Result<Value, Failure> {
        let Some(answer) = self.answer.take() else {
            return Err(Failure::new(
                FailureClass::Bug,
                "no_answer",
                "There is no answer.",
            ));
        };
        let done = gp::executed(&answer.result)?;
        self.links = parties
            .iter()
            .filter_map(|party| self.completed(party, &done))
            .collect();
        self.run.gp_key = done
            .keys
            .get("SOPNUMBE")
            .cloned()
            .or(self.run.gp_key.take());
        let keys = done
            .keys
            .into_iter()
            .map(|(name, value)| (name, Value::from(value)));
        Ok(Value::map([
            ("keys", Value::map(keys)),
            ("already_done", Value::from(done.already_done)),
            ("payload_differs", Value::from(done.payload_differs)),
        ]))
    }

    fn completed(&self, party: &LinkToComplete, done: &gp::Executed) -> Option<Link> {
        let gp_key = match &party.gp_key {
            GpKey::Element(element) => done.keys.get(element)?,
            GpKey::Known(key) => key,
        };
        let mut link = self.link(&party.kind, party.store_scoped, &party.store_key, gp_key);
        link.complete = true;
        Some(link)
    }

    /// Writes everything so far and what becomes of the lane.
    pub(super) async fn settle(
        &mut self,
        state: RunState,
        summary: String,
        next: LaneNext,
    ) -> Result<()> {
        let transition = self.transition(state, summary, next);
        self.apply(transition).await
    }

    /// Writes a transition.
    pub(super) async fn apply(&mut self, transition: Transition) -> Result<()> {
        applied(self.write(transition).await)
    }

    /// Writes a transition; what waited for it is written once it is.
    async fn write(&mut self, transition: Transition) -> Result<(), ApplyError> {
        self.services.database.runs().apply(transition).await?;
        self.steps.clear();
        self.links.clear();
        self.open = None;
        Ok(())
    }

    /// Lets the lane wait behind a gate that closes, or stays closed.
    pub(super) async fn park(&mut self, gate: Gate, reason: String) -> Result<()> {
        let next = LaneNext::Park { gate: gate.key };
        let mut transition = self.transition(RunState::Waiting, reason, next);
        transition.close = Some(gate);
        self.apply(transition).await
    }

    /// A gate, if it is closed.
    pub(super) async fn gate(&self, key: GateKey) -> Result<Option<Gate>> {
        let gates = self.services.database.gates();
        let gate = gates.find(self.run.tenant, key).await;
        gate.map_err(Error::from)
    }

    pub(super) fn transition(
        &mut self,
        state: RunState,
        summary: String,
        next: LaneNext,
    ) -> Transition {
        self.run.state = state;
        self.run.summary = summary;
        // Nobody goes on with a run that did its work.
        self.run.snapshot = match state {
            RunState::Succeeded => Vec::new(),
            RunState::Queued
            | RunState::Running
            | RunState::Waiting
            | RunState::Dead
            | RunState::Superseded => self.progress.to_bytes(),
        };
        Transition {
            lane: self.lane.clone(),
            number: self.number,
            fence: self.fence,
            run: self.run.clone(),
            steps: self.steps.clone(),
            command: None,
            links: self.links.clone(),
            parts: None,
            result: None,
            supersedes: false,
            close: None,
            open: self.open,
            next,
            now: self.services.clock.now(),
        }
    }

    pub(super) fn link(
        &self,
        kind: &str,
        store_scoped: bool,
        store_key: &str,
        gp_key: &str,
    ) -> Link {
        Link {
            key: self.link_key(kind, store_scoped, store_key),
            gp_key: gp_key.to_owned(),
            complete: false,
            written_sha256: None,
            run: self.run.id,
            updated: self.services.clock.now(),
        }
    }

    fn link_key(&self, kind: &str, store_scoped: bool, store_key: &str) -> LinkKey {
        LinkKey {
            tenant: self.run.tenant,
            company: self.plan.company.id,
            kind: kind.to_owned(),
            store: if store_scoped {
                self.plan.store.id
            } else {
                StoreId(Uuid::nil())
            },
            store_key: store_key.to_owned(),
        }
    }

    /// The identity of what the document brings about, the same for every attempt and replay.
    fn effect_key(&self, purpose: &str, generation: u32) -> String {
        let (run, plan) = (&self.run, &self.plan);
        let part = run.part_of.as_ref().map(|_| {
            let input = self.progress.engine.state().input();
            input.part.as_ref().map_or("", |part| part.path.as_str())
        });
        let part = part.map(parts::name).unwrap_or_default();
        format!(
            "{}/{}/{}:{}/{part}{purpose}/{generation}",
            plan.company.database, plan.store.effect_scope, run.entity, run.entity_id,
        )
    }
}

fn noted(noted: Noted) -> Value {
    let noted = match noted {
        Noted::Added => "added",
        Noted::AlreadyThere => "already there",
        Noted::Unsupported => "the store's API has no notes",
    };
    Value::map([("note", Value::from(noted))])
}

fn linked(gp_key: &str, complete: bool, ours: Option<bool>) -> Value {
    let mut entries = vec![
        ("gp_key", Value::from(gp_key)),
        ("complete", Value::from(complete)),
    ];
    entries.extend(ours.map(|ours| ("ours", Value::from(ours))));
    Value::map(entries)
}

fn order_id(id: &str) -> Result<i64, Failure> {
    id.parse().map_err(|_| {
        let message = format!("{id:?} is no order id of nopCommerce.");
        Failure::new(FailureClass::InvalidData, "order_id", message)
    })
}

async fn in_time<T>(
    timeout_ms: u32,
    who: &str,
    call: impl Future<Output = Result<T, Failure>>,
) -> Result<T, Failure> {
    let limit = Duration::from_millis(timeout_ms.into());
    tokio::time::timeout(limit, call).await.unwrap_or_else(|_| {
        let message = format!("{who} did not answer within {} s.", limit.as_secs());
        Err(Failure::new(FailureClass::Unavailable, "timeout", message))
    })
}
