//! Order per key, takeover, fairness.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use connect_core::domain::ids::StoreId;
use connect_core::domain::lane::{LaneKey, LaneNext};
use connect_core::domain::run::RunState;
use connect_store::{ApplyError, Room};
use tokio::sync::Mutex;

use crate::support::{NOW, World, insert_store};

on_both!(
    ready_tenants_are_found,
    jobs_of_a_lane_follow_each_other,
    order_is_kept_under_eight_workers,
    numbers_follow_commits_under_concurrency,
    expired_worker_is_fenced_and_its_lane_taken_over,
    retired_worker_is_taken_over_at_once,
    released_lane_waits_for_its_time,
    stores_take_turns,
);

async fn ready_tenants_are_found(world: World) {
    let lanes = world.database.lanes();
    assert!(lanes.tenants_with_ready(NOW).await.unwrap().is_empty());
    let seen = world.database.subscribe_lanes();
    world.place("1").await;
    assert!(seen.has_changed().unwrap(), "a commit wakes");
    assert_eq!(lanes.tenants_with_ready(NOW).await.unwrap(), [world.tenant]);
    let before = connect_core::domain::time::Micros(NOW.0 - 1);
    assert!(lanes.tenants_with_ready(before).await.unwrap().is_empty());
    let fence = world.worker().await;
    world.claim_one(fence).await;
    assert!(lanes.tenants_with_ready(NOW).await.unwrap().is_empty());
    let counts = lanes.find_counts(world.tenant).await.unwrap();
    assert_eq!((counts.all, counts.working, counts.due), (1, 1, 0));
}

async fn jobs_of_a_lane_follow_each_other(world: World) {
    let first = world.place("1").await;
    let second = world.place("1").await;
    let fence = world.worker().await;
    let lane = world.claim_one(fence).await;
    assert_eq!((lane.number, lane.event.id), (1, first));
    assert!(lane.run.is_none() && lane.result.is_none());
    assert!(
        world.claim(fence, 10).await.is_empty(),
        "held lanes are nobody else's"
    );
    let mut run = world.run(&lane);
    let keep = World::transition(&lane, fence, run.clone(), LaneNext::Keep);
    world.database.runs().apply(keep).await.unwrap();
    run.state = RunState::Succeeded;
    let done = World::transition(&lane, fence, run, LaneNext::Done);
    world.database.runs().apply(done.clone()).await.unwrap();
    let again = world.database.runs().apply(done).await;
    assert!(
        matches!(again, Err(ApplyError::Fenced)),
        "the lane was let go"
    );
    let lane = world.claim_one(fence).await;
    assert_eq!((lane.number, lane.event.id), (2, second));
    let run = world.run(&lane);
    let done = World::transition(&lane, fence, run, LaneNext::Done);
    world.database.runs().apply(done).await.unwrap();
    let counts = world
        .database
        .lanes()
        .find_counts(world.tenant)
        .await
        .unwrap();
    assert_eq!(counts.all, 0, "a lane without work is no more");
}

async fn order_is_kept_under_eight_workers(world: World) {
    const LANES: usize = 6;
    const JOBS: usize = 10;
    let mut wanted: HashMap<String, Vec<_>> = HashMap::new();
    for _ in 0..JOBS {
        for lane in 0..LANES {
            let order = lane.to_string();
            let event = world.place(&order).await;
            wanted
                .entry(world.lane(&order).key)
                .or_default()
                .push(event);
        }
    }
    let world = Arc::new(world);
    let seen = Arc::new(Mutex::new(HashMap::<String, Vec<_>>::new()));
    let mut workers = tokio::task::JoinSet::new();
    for _ in 0..8 {
        let (world, seen) = (Arc::clone(&world), Arc::clone(&seen));
        workers.spawn(async move {
            let fence = world.worker().await;
            while seen.lock().await.values().map(Vec::len).sum::<usize>() < LANES * JOBS {
                for lane in world.claim(fence, 2).await {
                    let entry = (lane.key.key.clone(), lane.event.id);
                    seen.lock().await.entry(entry.0).or_default().push(entry.1);
                    tokio::task::yield_now().await;
                    let run = world.run(&lane);
                    let done = World::transition(&lane, fence, run, LaneNext::Done);
                    world.database.runs().apply(done).await.unwrap();
                }
            }
        });
    }
    workers.join_all().await;
    assert_eq!(*seen.lock().await, wanted);
}

async fn numbers_follow_commits_under_concurrency(world: World) {
    let world = Arc::new(world);
    let mut tries = tokio::task::JoinSet::new();
    for _ in 0..24 {
        let world = Arc::clone(&world);
        tries.spawn(async move { world.place("1").await });
    }
    tries.join_all().await;
    let fence = world.worker().await;
    for number in 1..=24 {
        let (lane, _) = world.succeed(fence).await;
        assert_eq!(lane.number, number);
    }
    assert!(world.claim(fence, 1).await.is_empty());
}

async fn expired_worker_is_fenced_and_its_lane_taken_over(world: World) {
    world.place("1").await;
    let old = world.worker_for(Duration::from_millis(300)).await;
    let lane = world.claim_one(old).await;
    let run = world.run(&lane);
    let keep = World::transition(&lane, old, run.clone(), LaneNext::Keep);
    world.database.runs().apply(keep).await.unwrap();
    let new = world.worker().await;
    assert!(
        world.claim(new, 10).await.is_empty(),
        "the lease still holds"
    );
    let deadline = Instant::now() + Duration::from_secs(20);
    while world
        .database
        .lanes()
        .tenants_with_ready(NOW)
        .await
        .unwrap()
        .is_empty()
    {
        assert!(Instant::now() < deadline, "the lease never ran out");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let taken = world.claim_one(new).await;
    assert_eq!(taken.number, 1);
    assert_eq!(
        taken.run.as_ref(),
        Some(&run),
        "the run goes on where it was"
    );
    let late = World::transition(&lane, old, run.clone(), LaneNext::Done);
    let late = world.database.runs().apply(late).await;
    assert!(matches!(late, Err(ApplyError::Fenced)));
    assert!(matches!(
        world.database.workers().update(old).await,
        Err(ApplyError::Fenced)
    ));
    let late = world
        .database
        .lanes()
        .claim(world.tenant, old, NOW, Room::of(1))
        .await;
    assert!(matches!(late, Err(ApplyError::Fenced)));
    let again = world
        .database
        .workers()
        .insert(old.worker, Duration::from_mins(1))
        .await
        .unwrap();
    assert!(again.epoch > old.epoch);
    world.database.workers().update(again).await.unwrap();
    let done = World::transition(&taken, new, run, LaneNext::Done);
    world.database.runs().apply(done).await.unwrap();
}

async fn retired_worker_is_taken_over_at_once(world: World) {
    world.place("1").await;
    let old = world.worker().await;
    world.claim_one(old).await;
    world.database.workers().delete(old).await.unwrap();
    let new = world.worker().await;
    assert_eq!(world.claim_one(new).await.number, 1);
}

async fn released_lane_waits_for_its_time(world: World) {
    world.place("1").await;
    let fence = world.worker().await;
    let lane = world.claim_one(fence).await;
    let due = NOW.plus_seconds(30);
    let run = world.run(&lane);
    let release = World::transition(&lane, fence, run, LaneNext::Release { due });
    world.database.runs().apply(release).await.unwrap();
    assert!(world.claim(fence, 1).await.is_empty());
    assert_eq!(world.claim_at(fence, due, 1).await.len(), 1);
}

async fn stores_take_turns(world: World) {
    let quiet = insert_store(&world.database, world.tenant, world.environment).await;
    for order in 0..40 {
        world.place(&order.to_string()).await;
    }
    place_at(&world, quiet).await;
    let fence = world.worker().await;
    let claimed = world.claim(fence, 4).await;
    assert_eq!(claimed.len(), 4);
    let of_quiet = claimed
        .iter()
        .filter(|lane| lane.key.group == quiet.0)
        .count();
    assert_eq!(of_quiet, 1, "a busy store does not starve a quiet one");
}

async fn place_at(world: &World, store: StoreId) {
    let mut event = world.event("1", "d");
    event.store = store;
    let lane = LaneKey {
        group: store.0,
        ..world.lane("1")
    };
    world.database.events().insert(&event, &lane).await.unwrap();
}
