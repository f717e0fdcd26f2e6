//! Runs that let their lane go: what is behind them goes on, and they come back once.

use connect_core::domain::event::Event;
use connect_core::domain::ids::RunId;
use connect_core::domain::lane::{ClaimedLane, Fence, LaneNext};
use connect_core::domain::run::RunState;
use connect_core::domain::time::Micros;
use connect_core::domain::wait::{Wait, WaitKind, Woken};
use connect_store::{Replay, ReplayFrom, Replayed};

use crate::support::{NOW, World, id, insert_tenant};

on_both!(
    what_is_behind_a_waiting_run_goes_on,
    an_event_that_comes_later_brings_the_run_back,
    an_event_that_came_already_brings_it_back_at_once,
    a_time_that_comes_brings_it_back_once,
    an_answer_and_the_time_at_once_bring_it_back_once,
    a_dead_run_goes_on_as_the_same_run,
    two_that_let_a_run_go_on_let_it_go_on_once,
    waits_are_walled,
);

fn wait(run: RunId, kind: WaitKind, due: Option<Micros>, world: &World) -> Wait {
    Wait {
        tenant: world.tenant,
        run,
        step: "rest".to_owned(),
        kind,
        topics: match kind {
            WaitKind::Event => vec!["order.paid".to_owned()],
            WaitKind::Time | WaitKind::Approval => Vec::new(),
        },
        due,
        reason: "waits".to_owned(),
        created: NOW,
    }
}

/// Lets the run of a claimed lane wait.
async fn leave(
    world: &World,
    fence: Fence,
    lane: &ClaimedLane,
    kind: WaitKind,
    due: Option<Micros>,
) -> RunId {
    let mut run = lane.run.clone().unwrap_or_else(|| world.run(lane));
    run.state = RunState::Waiting;
    let id = run.id;
    let wait = wait(id, kind, due, world);
    let next = LaneNext::Leave { wait };
    let transition = World::transition(lane, fence, run, next);
    world.database.runs().apply(transition).await.unwrap();
    id
}

async fn paid(world: &World, order: &str) -> Event {
    let event = Event {
        topic: "order.paid".to_owned(),
        ..world.event(order, &id().to_string())
    };
    let lane = world.lane(order);
    world.database.events().insert(&event, &lane).await.unwrap();
    event
}

async fn what_is_behind_a_waiting_run_goes_on(world: World) {
    world.place("1").await;
    let behind = paid(&world, "1").await;
    let fence = world.worker().await;
    let lane = world.claim_one(fence).await;
    let run = leave(&world, fence, &lane, WaitKind::Approval, None).await;
    let (next, _) = world.succeed(fence).await;
    assert_eq!(next.event.id, behind.id);
    assert!(
        world.claim(fence, 10).await.is_empty(),
        "nothing is left to do"
    );
    let waits = world.database.waits();
    let found = waits.find(world.tenant, run).await.unwrap().unwrap();
    assert_eq!(found, wait(run, WaitKind::Approval, None, &world));
    let listed = waits.list(world.tenant, WaitKind::Approval, None, 10).await;
    assert_eq!(listed.unwrap(), [found]);
    let others = waits.list(world.tenant, WaitKind::Event, None, 10).await;
    assert!(others.unwrap().is_empty());
}

async fn an_event_that_comes_later_brings_the_run_back(world: World) {
    world.place("1").await;
    let fence = world.worker().await;
    let lane = world.claim_one(fence).await;
    let run = leave(&world, fence, &lane, WaitKind::Event, None).await;
    world.place("1").await;
    world.succeed(fence).await;
    assert!(
        world.claim(fence, 10).await.is_empty(),
        "not what it waits for"
    );
    let event = paid(&world, "1").await;
    // The event's own work comes first, then the run that waited.
    let (own, _) = world.succeed(fence).await;
    assert_eq!(own.event.id, event.id);
    let back = world.claim_one(fence).await;
    assert_eq!(back.run.as_ref().map(|run| run.id), Some(run));
    let Some(Woken::Event {
        step,
        event: by,
        topic,
        ..
    }) = &back.woken
    else {
        panic!("{:?}", back.woken);
    };
    assert_eq!(
        (step.as_str(), *by, topic.as_str()),
        ("rest", event.id, "order.paid")
    );
    let waits = world.database.waits();
    assert_eq!(waits.find(world.tenant, run).await.unwrap(), None);
}

async fn an_event_that_came_already_brings_it_back_at_once(world: World) {
    world.place("1").await;
    let fence = world.worker().await;
    let lane = world.claim_one(fence).await;
    // It waits for a person first; meanwhile the order is paid, and that is worked on.
    let run = leave(&world, fence, &lane, WaitKind::Approval, None).await;
    let event = paid(&world, "1").await;
    world.succeed(fence).await;
    let decided = Woken::Decided {
        step: "rest".to_owned(),
        approved: true,
        by: "Ann".to_owned(),
        note: String::new(),
    };
    let waits = world.database.waits();
    assert!(
        waits
            .delete(world.tenant, run, decided.clone(), NOW)
            .await
            .unwrap()
    );
    let back = world.claim_one(fence).await;
    assert_eq!(back.woken, Some(decided));
    leave(&world, fence, &back, WaitKind::Event, None).await;
    let again = world.claim_one(fence).await;
    assert_eq!(again.run.as_ref().map(|run| run.id), Some(run));
    let Some(Woken::Event { event: by, .. }) = again.woken else {
        panic!("{:?}", again.woken);
    };
    assert_eq!(by, event.id);
}

async fn a_time_that_comes_brings_it_back_once(world: World) {
    world.place("1").await;
    let fence = world.worker().await;
    let lane = world.claim_one(fence).await;
    let due = NOW.plus_seconds(60);
    let run = leave(&world, fence, &lane, WaitKind::Time, Some(due)).await;
    let waits = world.database.waits();
    assert!(waits.tenants_with_due(NOW).await.unwrap().is_empty());
    assert_eq!(waits.claim(world.tenant, NOW, 10).await.unwrap(), 0);
    assert_eq!(waits.tenants_with_due(due).await.unwrap(), [world.tenant]);
    let (first, second) = tokio::join!(
        waits.claim(world.tenant, due, 10),
        waits.claim(world.tenant, due, 10),
    );
    assert_eq!(first.unwrap() + second.unwrap(), 1);
    let back = world.claim_at(fence, due, 10).await.remove(0);
    assert_eq!(
        (back.run.map(|run| run.id), back.woken),
        (Some(run), Some(Woken::Due))
    );
    assert!(world.claim_at(fence, due, 10).await.is_empty());
}

async fn an_answer_and_the_time_at_once_bring_it_back_once(world: World) {
    world.place("1").await;
    let fence = world.worker().await;
    let lane = world.claim_one(fence).await;
    let run = leave(&world, fence, &lane, WaitKind::Approval, Some(NOW)).await;
    let waits = world.database.waits();
    let decided = Woken::Decided {
        step: "rest".to_owned(),
        approved: false,
        by: "Ann".to_owned(),
        note: "no".to_owned(),
    };
    let (timed, answered) = tokio::join!(
        waits.claim(world.tenant, NOW, 10),
        waits.delete(world.tenant, run, decided, NOW),
    );
    let timed = timed.unwrap();
    // On PostgreSQL the one may have seen the row that the other took.
    assert!(timed == 1 || answered.unwrap());
    let lane = world.claim_one(fence).await;
    assert!(lane.woken.is_some());
    let mut ended = lane.run.clone().unwrap();
    ended.state = RunState::Succeeded;
    let done = World::transition(&lane, fence, ended, LaneNext::Done);
    world.database.runs().apply(done).await.unwrap();
    assert!(world.claim(fence, 10).await.is_empty(), "it came back once");
}

fn go_on() -> Replay {
    Replay {
        from: ReplayFrom::FailedStep,
        event: connect_core::domain::ids::EventId(id()),
        revision: Some(9),
        forget_links: false,
        edits: Some("[]".to_owned()),
        now: NOW,
    }
}

async fn a_dead_run_goes_on_as_the_same_run(world: World) {
    let event = world.place("1").await;
    world.place("1").await;
    let fence = world.worker().await;
    let (_, dead) = world.kill(fence).await;
    let runs = world.database.runs();
    let queued = runs.replay(world.tenant, dead, go_on()).await.unwrap();
    assert_eq!(queued, Replayed::Queued { event });
    let lane = world.claim_one(fence).await;
    let run = lane.run.clone().unwrap();
    assert_eq!(
        (run.id, run.state, run.revision),
        (dead, RunState::Waiting, 9)
    );
    let edits = "[]".to_owned();
    assert_eq!(lane.woken, Some(Woken::Resumed { edits }));
    let again = runs.replay(world.tenant, dead, go_on()).await.unwrap();
    assert_eq!(
        again,
        Replayed::NotOver {
            state: RunState::Waiting
        }
    );
}

async fn two_that_let_a_run_go_on_let_it_go_on_once(world: World) {
    world.place("1").await;
    let fence = world.worker().await;
    let (_, dead) = world.kill(fence).await;
    let runs = world.database.runs();
    let (first, second) = tokio::join!(
        runs.replay(world.tenant, dead, go_on()),
        runs.replay(world.tenant, dead, go_on()),
    );
    let outcomes = [first.unwrap(), second.unwrap()];
    let queued = outcomes
        .iter()
        .filter(|outcome| matches!(outcome, Replayed::Queued { .. }));
    assert_eq!(queued.count(), 1, "{outcomes:?}");
}

async fn waits_are_walled(world: World) {
    let stranger = insert_tenant(&world.database).await;
    world.place("1").await;
    let fence = world.worker().await;
    let lane = world.claim_one(fence).await;
    let run = leave(&world, fence, &lane, WaitKind::Time, Some(NOW)).await;
    let waits = world.database.waits();
    assert_eq!(waits.find(stranger, run).await.unwrap(), None);
    let listed = waits.list(stranger, WaitKind::Time, None, 10).await;
    assert!(listed.unwrap().is_empty());
    assert_eq!(waits.claim(stranger, NOW, 10).await.unwrap(), 0);
    assert!(!waits.delete(stranger, run, Woken::Due, NOW).await.unwrap());
    assert!(waits.find(world.tenant, run).await.unwrap().is_some());
}
