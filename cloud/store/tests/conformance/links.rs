//! Links: one run reserves, whoever writes the same key completes.

use std::sync::Arc;

use connect_core::domain::lane::{ClaimedLane, Fence, LaneNext};
use connect_core::domain::link::Link;
use connect_core::domain::run::Run;
use connect_store::ApplyError;

use crate::support::World;

on_both!(
    two_runs_reserve_one_email_at_once,
    own_reservation_is_completed,
    same_key_completes_anothers,
    several_links_are_written_together_or_not_at_all,
    complete_links_stay_complete,
    forgotten_link_is_free_again,
    only_complete_links_count_as_in_gp,
);

async fn two_lanes(world: &World, fence: Fence) -> Vec<ClaimedLane> {
    world.place("1").await;
    world.place("2").await;
    let lanes = world.claim(fence, 10).await;
    assert_eq!(lanes.len(), 2);
    lanes
}

async fn write(
    world: &World,
    fence: Fence,
    lane: &ClaimedLane,
    run: &Run,
    link: Link,
) -> Result<(), ApplyError> {
    let mut transition = World::transition(lane, fence, run.clone(), LaneNext::Keep);
    transition.links = vec![link];
    world.database.runs().apply(transition).await
}

async fn two_runs_reserve_one_email_at_once(world: World) {
    let fence = world.worker().await;
    let lanes = two_lanes(&world, fence).await;
    let world = Arc::new(world);
    for round in 0..10 {
        let email = format!("new{round}@customer.example");
        let mut tries = tokio::task::JoinSet::new();
        for (place, lane) in lanes.iter().cloned().enumerate() {
            let (world, email) = (Arc::clone(&world), email.clone());
            tries.spawn(async move {
                let run = world.run(&lane);
                let link = world.link("customer_email", &email, &format!("W{place}"), run.id);
                (run.id, write(&world, fence, &lane, &run, link).await)
            });
        }
        let outcomes = tries.join_all().await;
        let winner = outcomes
            .iter()
            .find(|(_, outcome)| outcome.is_ok())
            .unwrap();
        let loser = outcomes.iter().find(|(run, _)| *run != winner.0).unwrap();
        let Err(ApplyError::LinkTaken {
            run,
            complete,
            key,
            gp_key,
        }) = &loser.1
        else {
            panic!("{outcomes:?}");
        };
        assert_eq!((*run, *complete), (winner.0, false));
        let held = world.database.links().find(key).await.unwrap().unwrap();
        assert_eq!((held.run, &held.gp_key), (winner.0, gp_key));
    }
}

async fn own_reservation_is_completed(world: World) {
    let fence = world.worker().await;
    let lanes = two_lanes(&world, fence).await;
    let run = world.run(&lanes[0]);
    let mut link = world.link("order", "1", "", run.id);
    write(&world, fence, &lanes[0], &run, link.clone())
        .await
        .unwrap();
    "ORDST2228".clone_into(&mut link.gp_key);
    link.complete = true;
    link.written_sha256 = Some(vec![7; 32]);
    write(&world, fence, &lanes[0], &run, link.clone())
        .await
        .unwrap();
    let links = world.database.links();
    assert_eq!(links.find(&link.key).await.unwrap(), Some(link.clone()));
    let listed = links
        .list_by_gp_key(world.tenant, world.company, "order", "ORDST2228")
        .await;
    assert_eq!(listed.unwrap(), [link]);
}

async fn same_key_completes_anothers(world: World) {
    let fence = world.worker().await;
    let lanes = two_lanes(&world, fence).await;
    let (first, second) = (world.run(&lanes[0]), world.run(&lanes[1]));
    let reserved = world.link("customer", "12", "W000012", first.id);
    write(&world, fence, &lanes[0], &first, reserved.clone())
        .await
        .unwrap();
    let mut completed = world.link("customer", "12", "W000012", second.id);
    completed.complete = true;
    write(&world, fence, &lanes[1], &second, completed.clone())
        .await
        .unwrap();
    let held = world
        .database
        .links()
        .find(&reserved.key)
        .await
        .unwrap()
        .unwrap();
    assert!(held.complete);
    assert_eq!(held.run, first.id, "it stays its maker's");
    "W999999".clone_into(&mut completed.gp_key);
    let other = write(&world, fence, &lanes[1], &second, completed).await;
    assert!(
        matches!(other, Err(ApplyError::LinkTaken { complete: true, .. })),
        "{other:?}"
    );
}

async fn several_links_are_written_together_or_not_at_all(world: World) {
    let fence = world.worker().await;
    let lanes = two_lanes(&world, fence).await;
    let (first, second) = (world.run(&lanes[0]), world.run(&lanes[1]));
    let held = world.link("customer", "12", "W000012", first.id);
    write(&world, fence, &lanes[0], &first, held.clone())
        .await
        .unwrap();
    let link = |key: &str, gp_key: &str| world.link("customer", key, gp_key, second.id);
    let runs = world.database.runs();
    let together = |links: Vec<Link>| {
        let mut transition = World::transition(&lanes[1], fence, second.clone(), LaneNext::Keep);
        transition.links = links;
        runs.apply(transition)
    };
    let taken = vec![link("13", "W13"), link("12", "W999"), link("14", "W14")];
    let outcome = together(taken.clone()).await;
    assert!(
        matches!(&outcome, Err(ApplyError::LinkTaken { key, run, .. })
            if *key == held.key && *run == first.id),
        "{outcome:?}"
    );
    let links = world.database.links();
    assert_eq!(links.find(&taken[0].key).await.unwrap(), None);
    assert_eq!(links.find(&held.key).await.unwrap(), Some(held));
    // A document with one address twice names its link twice; the last one is meant.
    let twice = vec![link("13", "OLD"), link("14", "W14"), link("13", "NEW")];
    together(twice.clone()).await.unwrap();
    for link in &twice[1..] {
        assert_eq!(links.find(&link.key).await.unwrap().as_ref(), Some(link));
    }
}

async fn complete_links_stay_complete(world: World) {
    let fence = world.worker().await;
    let lanes = two_lanes(&world, fence).await;
    let run = world.run(&lanes[0]);
    let mut link = world.link("customer", "12", "W000012", run.id);
    link.complete = true;
    write(&world, fence, &lanes[0], &run, link.clone())
        .await
        .unwrap();
    let again = world.link("customer", "12", "", run.id);
    write(&world, fence, &lanes[0], &run, again).await.unwrap();
    let held = world
        .database
        .links()
        .find(&link.key)
        .await
        .unwrap()
        .unwrap();
    assert!(held.complete);
    assert_eq!(held.gp_key, "W000012");
}

async fn forgotten_link_is_free_again(world: World) {
    let fence = world.worker().await;
    let lanes = two_lanes(&world, fence).await;
    let (first, second) = (world.run(&lanes[0]), world.run(&lanes[1]));
    let link = world.link("customer", "12", "W1", first.id);
    write(&world, fence, &lanes[0], &first, link.clone())
        .await
        .unwrap();
    let links = world.database.links();
    assert!(links.delete(&link.key).await.unwrap());
    assert!(!links.delete(&link.key).await.unwrap());
    let link = world.link("customer", "12", "W2", second.id);
    write(&world, fence, &lanes[1], &second, link)
        .await
        .unwrap();
}

async fn only_complete_links_count_as_in_gp(world: World) {
    let fence = world.worker().await;
    world.place("1").await;
    let lane = world.claim_one(fence).await;
    let run = world.run(&lane);
    let mut done = world.link("order", "1", "ORD1", run.id);
    done.complete = true;
    let reserved = world.link("order", "2", "", run.id);
    let mut customer = world.link("customer", "3", "WEB3", run.id);
    customer.complete = true;
    for link in [done, reserved, customer] {
        write(&world, fence, &lane, &run, link).await.unwrap();
    }
    let asked = ["1", "2", "3", "4"].map(str::to_owned);
    let links = world.database.links();
    let found = links
        .list_complete(world.tenant, world.store, "order", &asked)
        .await;
    assert_eq!(found.unwrap(), ["1"]);
    let nobody = connect_core::domain::ids::TenantId(uuid::Uuid::from_u128(99));
    let found = links.list_complete(nobody, world.store, "order", &asked);
    assert!(found.await.unwrap().is_empty());
    let none = links.list_complete(world.tenant, world.store, "order", &[]);
    assert!(none.await.unwrap().is_empty());
}
