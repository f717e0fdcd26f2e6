//! Doing work again: at the head of a held lane, at the end of any other.

use connect_core::domain::event::Source;
use connect_core::domain::ids::{EventId, RunId};
use connect_core::domain::lane::LaneNext;
use connect_core::domain::run::RunState;
use connect_store::{Replay, ReplayFrom, Replayed, replay_of};

use crate::support::{NOW, World, id};

on_both!(
    held_lane_goes_on_with_the_replay,
    succeeded_run_is_replayed_at_the_end,
    links_are_forgotten_on_request,
    work_in_progress_is_not_replayed,
    one_replay_however_many_ask,
);

fn replay() -> Replay {
    Replay {
        from: ReplayFrom::Start,
        event: EventId(id()),
        revision: None,
        forget_links: false,
        edits: None,
        now: NOW,
    }
}

async fn held_lane_goes_on_with_the_replay(world: World) {
    let first = world.place("1").await;
    let second = world.place("1").await;
    let fence = world.worker().await;
    let (_, dead) = world.kill(fence).await;
    let again = Replay {
        revision: Some(7),
        ..replay()
    };
    let runs = world.database.runs();
    let event = again.event;
    let queued = runs.replay(world.tenant, dead, again).await.unwrap();
    assert_eq!(queued, Replayed::Queued { event });
    let left = runs.list_dead(world.tenant, None, None, 10).await.unwrap();
    assert!(left.is_empty(), "the dead letter gave way");
    let kept = runs.find(world.tenant, dead).await.unwrap().unwrap();
    assert_eq!(kept.state, RunState::Superseded);
    assert!(kept.failure.is_some(), "history is kept");
    let (lane, _) = world.succeed(fence).await;
    assert_eq!((lane.number, lane.event.id), (1, event));
    assert_eq!(lane.event.source, Source::Replay);
    assert_eq!(lane.event.revision, 7);
    assert_eq!(lane.event.entity_id, "1");
    assert!(lane.run.is_none());
    assert_eq!(replay_of(&lane.event), Some(dead));
    let (lane, _) = world.succeed(fence).await;
    assert_eq!(lane.event.id, second);
    assert_eq!(replay_of(&lane.event), None);
    let events = world.database.events();
    assert!(events.find(world.tenant, first).await.unwrap().is_some());
}

async fn succeeded_run_is_replayed_at_the_end(world: World) {
    world.place("1").await;
    let fence = world.worker().await;
    let (_, run) = world.succeed(fence).await;
    let waiting = world.place("1").await;
    for _ in 0..2 {
        let again = world
            .database
            .runs()
            .replay(world.tenant, run, replay())
            .await
            .unwrap();
        assert!(matches!(again, Replayed::Queued { .. }));
    }
    assert_eq!(world.succeed(fence).await.0.event.id, waiting);
    assert_eq!(replay_of(&world.succeed(fence).await.0.event), Some(run));
    assert_eq!(replay_of(&world.succeed(fence).await.0.event), Some(run));
}

async fn links_are_forgotten_on_request(world: World) {
    world.place("1").await;
    let fence = world.worker().await;
    let lane = world.claim_one(fence).await;
    let mut run = world.run(&lane);
    run.state = RunState::Succeeded;
    let mut done = World::transition(&lane, fence, run.clone(), LaneNext::Done);
    let mut link = world.link("order", "1", "ORDST2228", run.id);
    link.complete = true;
    done.links = vec![link.clone()];
    let runs = world.database.runs();
    runs.apply(done).await.unwrap();
    runs.replay(world.tenant, run.id, replay()).await.unwrap();
    let links = world.database.links();
    assert!(links.find(&link.key).await.unwrap().is_some());
    let forgetful = Replay {
        forget_links: true,
        ..replay()
    };
    runs.replay(world.tenant, run.id, forgetful).await.unwrap();
    assert_eq!(links.find(&link.key).await.unwrap(), None);
}

async fn work_in_progress_is_not_replayed(world: World) {
    world.place("1").await;
    let fence = world.worker().await;
    let lane = world.claim_one(fence).await;
    let run = world.run(&lane);
    let keep = World::transition(&lane, fence, run.clone(), LaneNext::Keep);
    let runs = world.database.runs();
    runs.apply(keep).await.unwrap();
    let refused = runs.replay(world.tenant, run.id, replay()).await.unwrap();
    assert_eq!(
        refused,
        Replayed::NotOver {
            state: RunState::Running
        }
    );
    let unknown = runs
        .replay(world.tenant, RunId(id()), replay())
        .await
        .unwrap();
    assert_eq!(unknown, Replayed::Unknown);
}

async fn one_replay_however_many_ask(world: World) {
    world.place("1").await;
    let fence = world.worker().await;
    let (_, dead) = world.kill(fence).await;
    let mut asks = tokio::task::JoinSet::new();
    for _ in 0..8 {
        let (database, tenant) = (world.database.clone(), world.tenant);
        asks.spawn(async move {
            database
                .runs()
                .replay(tenant, dead, replay())
                .await
                .unwrap()
        });
    }
    let outcomes = asks.join_all().await;
    let queued = outcomes
        .iter()
        .filter(|outcome| matches!(outcome, Replayed::Queued { .. }))
        .count();
    assert_eq!(queued, 1, "{outcomes:?}");
    world.succeed(fence).await;
    assert!(world.claim(fence, 10).await.is_empty());
}
