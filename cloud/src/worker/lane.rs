//! Carries the run at the head of one lane forward, until it waits or ends.

use std::collections::HashMap;
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Mutex, PoisonError};

use connect_core::domain::event::Event;
use connect_core::domain::failure::Failure;
use connect_core::domain::lane::{
    ClaimedLane, CommandAnswer, Fence, GateKey, GateKind, LaneKey, LaneNext,
};
use connect_core::domain::link::Link;
use connect_core::domain::run::{Run, RunState, StepRecord};
use connect_core::engine::Value;
use connect_core::engine::workflow::{Action, Happened};

use futures::FutureExt as _;

use super::Shop;
use super::context::{self, Plan, Unplanned};
use super::gates;
use super::lease::Lease;
use super::perform;
use super::progress::Progress;
use super::unplanned;
use super::waits;
use crate::app::Services;
use crate::error::{Error, Result};

/// A gate that this run closed so often while others came through is not the one to blame.
const OWN_TROUBLE: u32 = 3;
/// Work that failed for reasons of ours so often in a row becomes a dead letter.
const TROUBLES: u32 = 5;

/// How often the work on each lane failed for reasons of ours, since it last came through.
#[derive(Debug, Default)]
pub(super) struct Troubles(Mutex<HashMap<LaneKey, u32>>);

impl Troubles {
    fn add(&self, key: &LaneKey) -> u32 {
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let count = counts.entry(key.clone()).or_default();
        *count += 1;
        *count
    }

    fn clear(&self, key: &LaneKey) {
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        counts.remove(key);
    }
}

/// Works on a claimed lane. What fails here for reasons of ours lets the lane go, to be tried
/// again; what keeps failing, and is not the database's, becomes a dead letter.
pub(super) async fn work(shop: Arc<Shop>, fence: Fence, claimed: ClaimedLane) {
    let (key, services) = (claimed.key.clone(), &shop.services);
    let carried = AssertUnwindSafe(carry(&shop, fence, &claimed)).catch_unwind();
    let error = match carried.await {
        Ok(Ok(())) => return shop.troubles.clear(&key),
        Ok(Err(error)) => error,
        Err(_) => Error::internal("the work panicked"),
    };
    if error.code == FENCED {
        tracing::info!(
            lane.key = key.key,
            "another worker has taken this lane over"
        );
        return;
    }
    tracing::error!(
        lane.key = key.key,
        error = error.report(),
        "work on a lane failed"
    );
    if !error.retry() && shop.troubles.add(&key) >= TROUBLES {
        match unplanned::broken(services, fence, &claimed).await {
            Ok(()) => return shop.troubles.clear(&key),
            Err(error) => tracing::error!(
                lane.key = key.key,
                error = error.report(),
                "a dead letter could not be written"
            ),
        }
    }
    let_go(services, &key, fence).await;
}

async fn let_go(services: &Services, key: &LaneKey, fence: Fence) {
    let mut pause = 1;
    while !services.shutdown.is_cancelled() {
        let due = services.clock.now().plus_seconds(pause);
        match services.database.lanes().update_due(key, fence, due).await {
            Ok(()) => return,
            Err(error) => tracing::warn!(lane.key = key.key, %error, "cannot let go of a lane"),
        }
        tokio::time::sleep(std::time::Duration::from_secs(1)).await;
        pause = (pause * 2).min(60);
    }
}

/// Stable code of the error that says another worker holds the lane now.
pub(super) const FENCED: &str = "fenced";

async fn carry(shop: &Arc<Shop>, fence: Fence, claimed: &ClaimedLane) -> Result<()> {
    let services = &shop.services;
    if let Some(run) = claimed.run.as_ref().filter(|run| is_over(run)) {
        return unplanned::pass_over(services, fence, claimed, run).await;
    }
    let plan = match shop.contexts.plan(services, claimed).await? {
        Ok(plan) => plan,
        Err(Unplanned::Nothing(summary)) => {
            return unplanned::nothing_to_do(services, fence, claimed, summary).await;
        }
        Err(Unplanned::Parked(reason)) => {
            return unplanned::nowhere_to_go(services, fence, claimed, reason).await;
        }
    };
    let now = services.clock.now();
    // A run without a snapshot has only waited for a route so far.
    let begun = context::begun(claimed);
    let (run, progress) = match begun {
        Some(run) => {
            let progress = Progress::from_bytes(&run.snapshot, Arc::clone(&plan.profile))?;
            let run = Run {
                workflow_version: plan.workflow_version,
                ..run.clone()
            };
            (run, progress)
        }
        None => perform::new_run(services, &plan, claimed, now)?,
    };
    let mut work = Work {
        shop: shop.clone(),
        services: services.clone(),
        event: claimed.event.clone(),
        plan,
        fence,
        lease: shop.lease.clone(),
        lane: claimed.key.clone(),
        number: claimed.number,
        resumed: progress.engine.state().asked().is_some(),
        run,
        progress,
        steps: Vec::new(),
        links: Vec::new(),
        through: claimed.through,
        open: None,
        answer: claimed.result.clone(),
    };
    let mut happened = waits::happened(claimed.woken.as_ref())?;
    while let Some(next) = Box::pin(work.advance(happened)).await? {
        happened = next;
    }
    Ok(())
}

/// Whether nothing is left to do of a run: a part that was left out and queued again may have two
/// jobs, and what came through must not begin anew.
fn is_over(run: &Run) -> bool {
    match run.state {
        RunState::Succeeded | RunState::Superseded => true,
        RunState::Dead => run.part_of.is_some(),
        RunState::Queued | RunState::Running | RunState::Waiting => false,
    }
}

/// A run in a worker's hands.
#[derive(Debug)]
pub(super) struct Work {
    pub(super) shop: Arc<Shop>,
    pub(super) services: Arc<Services>,
    /// What the run is about.
    pub(super) event: Event,
    pub(super) plan: Plan,
    pub(super) fence: Fence,
    pub(super) lease: Arc<Lease>,
    pub(super) lane: LaneKey,
    pub(super) number: i64,
    pub(super) run: Run,
    pub(super) progress: Progress,
    /// Records not yet written: they ride in the next transition.
    pub(super) steps: Vec<StepRecord>,
    /// Links that the next transition completes.
    pub(super) links: Vec<Link>,
    /// The closed gate that let this lane through, to see whether work comes through again.
    pub(super) through: Option<GateKey>,
    /// The gate that the next transition opens.
    pub(super) open: Option<GateKey>,
    /// The agent's answer, until it is used.
    pub(super) answer: Option<CommandAnswer>,
    /// Another worker, or an earlier life of this one, may have begun the action asked for next.
    pub(super) resumed: bool,
}

impl Work {
    /// Tells the engine what happened and does what it asks; none when the lane was let go.
    async fn advance(&mut self, happened: Happened) -> Result<Option<Happened>> {
        let now = self.services.clock.now();
        let workflow = &self.plan.workflow;
        let (notes, action) = self.progress.engine.advance(workflow, happened, now);
        for note in notes {
            let record = self.progress.record(note, now);
            self.steps.retain(|known| known.number != record.number);
            self.steps.push(record);
        }
        self.act(action).await
    }

    /// Does the one thing that the engine asks for.
    async fn act(&mut self, action: Action) -> Result<Option<Happened>> {
        match action {
            Action::ReadStore {
                step,
                what,
                timeout_ms,
            } => {
                let read = self.read_store(&what, timeout_ms).await;
                self.answered(step, GateKind::Store, read).await
            }
            Action::FindLinks { step, keys } => {
                let found = self.find_links(&keys).await?;
                Ok(Some(answer(step, found)))
            }
            Action::ReserveLink {
                step,
                kind,
                store_scoped,
                store_key,
                gp_key,
            } => {
                let link = self.link(&kind, store_scoped, &store_key, &gp_key);
                let winner = self.reserve(link).await?;
                Ok(Some(answer(step, winner)))
            }
            Action::ExecuteDocument { step, parties, .. } if self.answer.is_some() => {
                let outcome = self.executed(&parties);
                self.answered(step, GateKind::Company, outcome).await
            }
            Action::ExecuteDocument { .. } => self.execute(action).await.map(|()| None),
            Action::WriteStore {
                step,
                what,
                timeout_ms,
            } => {
                let outcome = self.write_store(&what, timeout_ms).await?;
                self.answered(step, GateKind::Store, outcome).await
            }
            Action::Pause { until, reason, .. } => self
                .settle(RunState::Waiting, reason, LaneNext::Release { due: until })
                .await
                .map(|()| None),
            Action::Await {
                step,
                what,
                until,
                reason,
            } => self.leave(step, what, until, reason).await.map(|()| None),
            Action::StartItems(start) => self.start_parts(start).await.map(Some),
            Action::AwaitItems {
                step,
                total,
                collect,
            } => self.await_parts(step, total, collect).await,
            Action::Succeed { summary, result } | Action::Stop { summary, result } => {
                self.succeed(summary, &result).await.map(|()| None)
            }
            Action::Dead { failure } => self.die(failure).await.map(|()| None),
        }
    }

    /// Hands an outcome to the engine, unless it closes a gate: then the run waits behind that.
    async fn answered(
        &mut self,
        step: String,
        gate: GateKind,
        outcome: Result<Value, Failure>,
    ) -> Result<Option<Happened>> {
        self.resumed = false;
        let key = self.gate_key(gate);
        let Err(failure) = &outcome else {
            if self.progress.take_parked(gate) || self.through == Some(key) {
                self.open = Some(key);
            }
            return Ok(Some(Happened::Answer { step, outcome }));
        };
        let (tenant, now) = (self.run.tenant, self.services.clock.now());
        let standing = self.gate(key).await?;
        if standing.is_none() && self.progress.parks() >= OWN_TROUBLE {
            // Others came through each time the gate was opened: this is the work's own trouble.
            return Ok(Some(Happened::Answer { step, outcome }));
        }
        let probes = standing.as_ref().map_or(0, |gate| gate.probes);
        let Some(closed) = gates::closed_by(tenant, key, failure, probes, now) else {
            return Ok(Some(Happened::Answer { step, outcome }));
        };
        tracing::warn!(
            gate.kind = ?gate,
            failure.code = failure.code,
            "work waits behind a closed gate"
        );
        self.progress.park(gate, standing.is_none());
        self.park(closed, failure.message.clone()).await?;
        Ok(None)
    }

    /// The gate before the store, or before the company.
    pub(super) fn gate_key(&self, kind: GateKind) -> GateKey {
        let target = match kind {
            GateKind::Store => self.plan.store.id.0,
            GateKind::Company => self.plan.company.id.0,
            GateKind::Agent => self.plan.company.agent.0,
        };
        GateKey { kind, target }
    }
}

fn answer(step: String, value: Value) -> Happened {
    let outcome = Ok(value);
    Happened::Answer { step, outcome }
}

/// An error of a transition that another worker's lease forbids.
pub(super) fn fenced() -> Error {
    Error::conflict(FENCED, "another worker holds this lane")
}
