//! What becomes of events for which there is no plan, and of work this program cannot do.

use connect_core::domain::failure::{Failure, FailureClass, Fault};
use connect_core::domain::ids::RunId;
use connect_core::domain::lane::{ClaimedLane, Fence, Gate, GateKey, GateKind, LaneNext};
use connect_core::domain::run::{Run, RunState, Transition};

use super::perform::applied;
use crate::app::Services;
use crate::error::Result;

/// Ends an event that no workflow takes, with a run that says so.
pub(super) async fn nothing_to_do(
    services: &Services,
    fence: Fence,
    claimed: &ClaimedLane,
    summary: String,
) -> Result<()> {
    let mut run = bare_run(services, claimed, RunState::Succeeded, summary);
    run.finished = Some(services.clock.now());
    let transition = bare(services, fence, claimed, run, LaneNext::Done);
    applied(services.database.runs().apply(transition).await)
}

/// Lets an event wait behind its store's gate until a person opens the way.
pub(super) async fn nowhere_to_go(
    services: &Services,
    fence: Fence,
    claimed: &ClaimedLane,
    reason: String,
) -> Result<()> {
    let gate = GateKey {
        kind: GateKind::Store,
        target: claimed.event.store.0,
    };
    let run = match &claimed.run {
        Some(run) => Run {
            state: RunState::Waiting,
            summary: reason.clone(),
            ..run.clone()
        },
        None => bare_run(services, claimed, RunState::Waiting, reason.clone()),
    };
    let mut transition = bare(services, fence, claimed, run, LaneNext::Park { gate });
    transition.close = Some(Gate {
        tenant: claimed.event.tenant,
        key: gate,
        reason,
        closed: services.clock.now(),
        probe: None,
        probes: 0,
    });
    applied(services.database.runs().apply(transition).await)
}

/// Passes over a job whose run is over.
pub(super) async fn pass_over(
    services: &Services,
    fence: Fence,
    claimed: &ClaimedLane,
    run: &Run,
) -> Result<()> {
    let transition = bare(services, fence, claimed, run.clone(), LaneNext::PassOver);
    applied(services.database.runs().apply(transition).await)
}

/// Makes a dead letter of work that this program keeps failing at.
pub(super) async fn broken(services: &Services, fence: Fence, claimed: &ClaimedLane) -> Result<()> {
    let message = "Connect itself failed at this again and again; nothing is wrong with the order.";
    let mut failure = Failure::new(FailureClass::Bug, "internal_error", message);
    failure.faults.push(Fault {
        code: "internal_error".to_owned(),
        message: message.to_owned(),
        repair: "Look for this run in the cloud's log, report what it says, and replay.".to_owned(),
        ..Fault::default()
    });
    let mut run = claimed
        .run
        .clone()
        .unwrap_or_else(|| bare_run(services, claimed, RunState::Dead, String::new()));
    message.clone_into(&mut run.summary);
    run.state = RunState::Dead;
    run.failure = Some(failure);
    run.finished = Some(services.clock.now());
    let next = match run.part_of {
        Some(_) => LaneNext::Done,
        None => LaneNext::Hold,
    };
    let transition = bare(services, fence, claimed, run, next);
    applied(services.database.runs().apply(transition).await)
}

pub(super) fn run_id(services: &Services, claimed: &ClaimedLane) -> RunId {
    let begun = claimed.run.as_ref().map(|run| run.id);
    begun.unwrap_or_else(|| RunId(services.ids.next()))
}

/// A run of an event for which there is no plan.
fn bare_run(services: &Services, claimed: &ClaimedLane, state: RunState, summary: String) -> Run {
    let event = &claimed.event;
    Run {
        tenant: event.tenant,
        id: run_id(services, claimed),
        environment: event.environment,
        event: event.id,
        store: event.store,
        company: None,
        entity: event.entity.clone(),
        entity_id: event.entity_id.clone(),
        workflow: String::new(),
        workflow_version: 0,
        revision: event.revision,
        state,
        summary,
        snapshot: Vec::new(),
        gp_key: None,
        started: services.clock.now(),
        finished: None,
        failure: None,
        replay_of: connect_store::replay_of(event),
        // The whole waits for its parts, also for one that can do nothing.
        part_of: claimed.run.as_ref().and_then(|run| run.part_of.clone()),
    }
}

fn bare(
    services: &Services,
    fence: Fence,
    claimed: &ClaimedLane,
    run: Run,
    next: LaneNext,
) -> Transition {
    Transition {
        lane: claimed.key.clone(),
        number: claimed.number,
        fence,
        run,
        steps: Vec::new(),
        command: None,
        links: Vec::new(),
        parts: None,
        result: None,
        supersedes: false,
        close: None,
        open: None,
        next,
        now: services.clock.now(),
    }
}
