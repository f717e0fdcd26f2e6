//! The inbox: durable, once per delivery, all or nothing.

use connect_core::domain::lane::LaneNext;
use connect_core::domain::store::PollCursor;
use connect_store::Inserted;

use crate::support::{NOW, World, id};

on_both!(
    a_batch_keeps_order_and_knows_its_own_repeats,
    repeated_delivery_changes_nothing,
    one_delivery_wins_however_many_try,
    poll_stores_finds_and_cursor_together,
    listed_newest_first,
);

async fn repeated_delivery_changes_nothing(world: World) {
    let first = world.event("1042", "d1");
    let again = world.event("1042", "d1");
    let events = world.database.events();
    let stored = events.insert(&first, &world.lane("1042")).await.unwrap();
    assert_eq!(stored, Inserted::New { event: first.id });
    let stored = events.insert(&again, &world.lane("1042")).await.unwrap();
    assert_eq!(stored, Inserted::Repeated { event: first.id });
    assert_eq!(
        events.find(world.tenant, first.id).await.unwrap(),
        Some(first)
    );
    assert_eq!(events.find(world.tenant, again.id).await.unwrap(), None);
    let fence = world.worker().await;
    world.succeed(fence).await;
    assert!(world.claim(fence, 10).await.is_empty(), "one job, not two");
}

async fn one_delivery_wins_however_many_try(world: World) {
    let lane = world.lane("7");
    let mut tries = tokio::task::JoinSet::new();
    for _ in 0..16 {
        let (database, lane, event) = (world.database.clone(), lane.clone(), world.event("7", "d"));
        tries.spawn(async move { database.events().insert(&event, &lane).await.unwrap() });
    }
    let outcomes = tries.join_all().await;
    let new = outcomes
        .iter()
        .filter(|outcome| matches!(outcome, Inserted::New { .. }))
        .count();
    assert_eq!(new, 1, "{outcomes:?}");
}

async fn poll_stores_finds_and_cursor_together(world: World) {
    let cursor = PollCursor {
        tenant: world.tenant,
        store: world.store,
        cursor: "last=2".to_owned(),
        due: NOW.plus_seconds(60),
    };
    let found = vec![
        (world.event("1", "poll:1"), world.lane("1")),
        (world.event("2", "poll:2"), world.lane("2")),
        (world.event("1", "poll:1"), world.lane("1")),
    ];
    let stored = world
        .database
        .events()
        .insert_many(found, Some(cursor.clone()))
        .await
        .unwrap();
    assert!(matches!(
        stored[..],
        [
            Inserted::New { .. },
            Inserted::New { .. },
            Inserted::Repeated { .. }
        ]
    ));
    let cursors = world.database.poll_cursors();
    let kept = cursors.find(world.tenant, world.store).await.unwrap();
    assert_eq!(kept, Some(cursor));

    // The second event's id is taken: nothing of the whole find is kept.
    let taken = world.event("1", "poll:9");
    let clash = connect_core::domain::event::Event {
        delivery: "poll:10".to_owned(),
        ..taken.clone()
    };
    let found = vec![(taken.clone(), world.lane("1")), (clash, world.lane("1"))];
    let refused = world.database.events().insert_many(found, None).await;
    assert!(matches!(
        refused,
        Err(connect_store::StoreError::Duplicate { .. })
    ));
    let events = world.database.events();
    assert_eq!(events.find(world.tenant, taken.id).await.unwrap(), None);
}

async fn listed_newest_first(world: World) {
    let mut placed = Vec::new();
    for order in ["1", "2", "3"] {
        placed.push(world.place(order).await);
    }
    let events = world.database.events();
    let page = events.list(world.tenant, None, 2).await.unwrap();
    let ids: Vec<_> = page.iter().map(|event| event.id).collect();
    assert_eq!(ids, [placed[2], placed[1]]);
    let page = events.list(world.tenant, Some(placed[1]), 2).await.unwrap();
    let ids: Vec<_> = page.iter().map(|event| event.id).collect();
    assert_eq!(ids, [placed[0]]);
    let nobody = connect_core::domain::ids::TenantId(id());
    assert!(events.list(nobody, None, 2).await.unwrap().is_empty());
}

async fn a_batch_keeps_order_and_knows_its_own_repeats(world: World) {
    world.place("1").await;
    let found = [("1", "a"), ("2", "b"), ("1", "c"), ("2", "b"), ("1", "d")];
    let found: Vec<_> = found
        .map(|(order, delivery)| (world.event(order, delivery), world.lane(order)))
        .into();
    let ids: Vec<_> = found.iter().map(|(event, _)| event.id).collect();
    let events = world.database.events();
    let stored = events.insert_many(found, None).await.unwrap();
    let new = |at: usize| Inserted::New { event: ids[at] };
    assert_eq!(stored[..3], [new(0), new(1), new(2)]);
    assert_eq!(stored[3], Inserted::Repeated { event: ids[1] });
    assert_eq!(stored[4], new(4));
    let fence = world.worker().await;
    let mut worked = Vec::new();
    loop {
        let claimed = world.claim(fence, 1).await;
        let Some(lane) = claimed.into_iter().next() else {
            break;
        };
        worked.push((lane.key.key.clone(), lane.number, lane.event.id));
        let run = world.run(&lane);
        let done = World::transition(&lane, fence, run, LaneNext::Done);
        world.database.runs().apply(done).await.unwrap();
    }
    let of = |key: &str| -> Vec<_> {
        let mine = worked.iter().filter(|(lane, _, _)| lane == key);
        mine.map(|(_, number, event)| (*number, *event)).collect()
    };
    assert_eq!(of("order:1")[1..], [(2, ids[0]), (3, ids[2]), (4, ids[4])]);
    assert_eq!(of("order:2"), [(1, ids[1])]);
}
