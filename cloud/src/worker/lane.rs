//! Carries the run at the head of one lane forward, until it waits or ends.

use std::sync::Arc;

use connect_core::domain::failure::Failure;
use connect_core::domain::lane::{ClaimedLane, CommandAnswer, Fence, GateKey, GateKind, LaneNext};
use connect_core::domain::link::Link;
use connect_core::domain::run::{Run, RunState, StepRecord};
use connect_core::engine::Value;
use connect_core::engine::workflow::{self, Action, Happened};

use super::context::{Contexts, Plan};
use super::gates;
use super::perform;
use super::progress::Progress;
use crate::app::Services;
use crate::error::{Error, Result};

/// Works on a claimed lane. What fails here for reasons of ours lets the lane go, to be tried again.
pub(super) async fn work(
    services: Arc<Services>,
    contexts: Arc<Contexts>,
    fence: Fence,
    claimed: ClaimedLane,
) {
    let key = claimed.key.clone();
    let Err(error) = carry(&services, &contexts, fence, claimed).await else {
        return;
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
    let mut pause = 1;
    while !services.shutdown.is_cancelled() {
        let due = services.clock.now().plus_seconds(pause);
        match services.database.lanes().update_due(&key, fence, due).await {
            Ok(()) => return,
            Err(error) => tracing::warn!(lane.key = key.key, %error, "cannot let go of a lane"),
        }
        tokio::time::sleep(std::time::Duration::from_secs(1)).await;
        pause = (pause * 2).min(60);
    }
}

/// Stable code of the error that says another worker holds the lane now.
pub(super) const FENCED: &str = "fenced";

async fn carry(
    services: &Arc<Services>,
    contexts: &Contexts,
    fence: Fence,
    claimed: ClaimedLane,
) -> Result<()> {
    let plan = match contexts.plan(services, &claimed).await? {
        Ok(plan) => plan,
        Err(summary) => return perform::nothing_to_do(services, fence, &claimed, summary).await,
    };
    let now = services.clock.now();
    let resumed = claimed.run.is_some();
    let (run, progress) = match claimed.run {
        Some(run) => {
            let progress = Progress::from_bytes(&run.snapshot)?;
            (run, progress)
        }
        None => perform::new_run(services, &plan, &claimed.event, now),
    };
    let mut work = Work {
        services: services.clone(),
        plan,
        fence,
        lane: claimed.key,
        number: claimed.number,
        run,
        progress,
        steps: Vec::new(),
        links: Vec::new(),
        open: None,
        answer: claimed.result,
        resumed,
    };
    let mut happened = Happened::Begin;
    while let Some(next) = Box::pin(work.advance(happened)).await? {
        happened = next;
    }
    Ok(())
}

/// A run in a worker's hands.
#[derive(Debug)]
pub(super) struct Work {
    pub(super) services: Arc<Services>,
    pub(super) plan: Plan,
    pub(super) fence: Fence,
    pub(super) lane: connect_core::domain::lane::LaneKey,
    pub(super) number: i64,
    pub(super) run: Run,
    pub(super) progress: Progress,
    /// Records not yet written: they ride in the next transition.
    pub(super) steps: Vec<StepRecord>,
    /// Links that the next transition completes.
    pub(super) links: Vec<Link>,
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
        let state = self.progress.engine.clone();
        let advanced = workflow::advance(&self.plan.workflow, state, happened, now);
        self.progress.engine = advanced.state;
        for note in advanced.steps {
            let record = self.progress.record(note, now);
            self.steps.retain(|known| known.number != record.number);
            self.steps.push(record);
        }
        match advanced.action {
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
                Ok(Some(Happened::Answer {
                    step,
                    outcome: Ok(found),
                }))
            }
            Action::ReserveLink {
                step,
                kind,
                store_scoped,
                store_key,
                gp_key,
            } => {
                let link = self.link(&kind, store_scoped, store_key, gp_key);
                let winner = self.reserve(link).await?;
                Ok(Some(Happened::Answer {
                    step,
                    outcome: Ok(winner),
                }))
            }
            Action::ExecuteDocument { step, parties, .. } if self.answer.is_some() => {
                let outcome = self.executed(&parties);
                self.answered(step, GateKind::Company, outcome).await
            }
            Action::ExecuteDocument { .. } => self.execute(advanced.action).await.map(|()| None),
            Action::WriteStore {
                step,
                what,
                timeout_ms,
            } => {
                let outcome = self.write_store(&what, timeout_ms).await?;
                self.answered(step, GateKind::Store, outcome).await
            }
            Action::Wait { until, reason, .. } => {
                self.settle(RunState::Waiting, reason, LaneNext::Release { due: until })
                    .await?;
                Ok(None)
            }
            Action::Succeed { summary } | Action::Stop { summary } => self
                .finish(RunState::Succeeded, summary, None, LaneNext::Done)
                .await
                .map(|()| None),
            Action::Dead { failure } => {
                let summary = failure.message.clone();
                self.finish(RunState::Dead, summary, Some(failure), LaneNext::Hold)
                    .await
                    .map(|()| None)
            }
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
            if self.progress.take_parked(gate) {
                self.open = Some(key);
            }
            return Ok(Some(Happened::Answer { step, outcome }));
        };
        let probes = self.probes(key).await?;
        let now = self.services.clock.now();
        let Some(closed) = gates::closed_by(self.run.tenant, key, failure, probes, now) else {
            return Ok(Some(Happened::Answer { step, outcome }));
        };
        tracing::warn!(
            gate.kind = ?gate,
            failure.code = failure.code,
            "work waits behind a closed gate"
        );
        self.progress.park(gate);
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

/// An error of a transition that another worker's lease forbids.
pub(super) fn fenced() -> Error {
    Error::conflict(FENCED, "another worker holds this lane")
}
