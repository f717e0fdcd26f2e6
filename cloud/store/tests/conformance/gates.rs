//! Gates: closed, they park; probed, they let one through; opened, they ramp up.

use std::collections::HashSet;

use connect_core::domain::lane::{Gate, GateKey, GateKind, LaneNext};
use connect_core::domain::time::Micros;
use connect_store::StoreChange;

use crate::support::{NOW, World};

on_both!(
    parked_lane_waits_for_its_gate,
    opening_spreads_the_work,
    closed_store_parks_ready_and_new_lanes,
    probe_lets_one_through,
    success_opens_what_a_probe_may_open,
    persons_gate_stays_closed,
    parking_at_an_open_gate_goes_on,
    paused_store_works_no_more_until_resumed,
);

fn agent_gate(world: &World, probe: Option<Micros>) -> Gate {
    gate(world, GateKind::Agent, world.agent.0, probe)
}

fn gate(world: &World, kind: GateKind, target: uuid::Uuid, probe: Option<Micros>) -> Gate {
    Gate {
        tenant: world.tenant,
        key: GateKey { kind, target },
        reason: "the agent is not connected".to_owned(),
        closed: NOW,
        probe,
        probes: 0,
    }
}

/// Claims whatever is ready and parks it at the gate, which closes with it.
async fn park_all(world: &World, gate: &Gate) {
    let fence = world.worker().await;
    for lane in world.claim(fence, 100).await {
        let run = world.run(&lane);
        let mut park = World::transition(&lane, fence, run, LaneNext::Park { gate: gate.key });
        park.close = Some(gate.clone());
        world.database.runs().apply(park).await.unwrap();
    }
}

async fn parked_lane_waits_for_its_gate(world: World) {
    world.place("1").await;
    let gate = agent_gate(&world, None);
    park_all(&world, &gate).await;
    let gates = world.database.gates();
    assert_eq!(
        gates.list(world.tenant).await.unwrap(),
        std::slice::from_ref(&gate)
    );
    assert_eq!(
        gates.find(world.tenant, gate.key).await.unwrap(),
        Some(gate.clone())
    );
    let later = NOW.plus_seconds(1_000_000);
    let fence = world.worker().await;
    assert!(world.claim_at(fence, later, 10).await.is_empty());
    assert!(
        world
            .database
            .lanes()
            .tenants_with_ready(later)
            .await
            .unwrap()
            .is_empty()
    );
    assert_eq!(
        world
            .database
            .lanes()
            .find_counts(world.tenant)
            .await
            .unwrap()
            .parked,
        1
    );
    assert!(gates.delete(world.tenant, gate.key, NOW).await.unwrap());
    assert!(!gates.delete(world.tenant, gate.key, NOW).await.unwrap());
    let lane = world.claim_one(fence).await;
    assert!(lane.run.is_some());
}

async fn opening_spreads_the_work(world: World) {
    for order in 0..5 {
        world.place(&order.to_string()).await;
    }
    let gate = agent_gate(&world, None);
    park_all(&world, &gate).await;
    world
        .database
        .gates()
        .delete(world.tenant, gate.key, NOW)
        .await
        .unwrap();
    let fence = world.worker().await;
    let mut seen = HashSet::new();
    for millis in [0, 5, 10, 15, 20] {
        let lanes = world.claim_at(fence, NOW.plus_millis(millis), 10).await;
        assert_eq!(lanes.len(), 1, "one every few milliseconds");
        seen.insert(lanes[0].key.clone());
    }
    assert_eq!(seen.len(), 5);
}

async fn closed_store_parks_ready_and_new_lanes(world: World) {
    world.place("1").await;
    let gate = gate(&world, GateKind::Store, world.store.0, None);
    world.database.gates().insert(&gate).await.unwrap();
    world.place("2").await;
    let fence = world.worker().await;
    assert!(world.claim(fence, 10).await.is_empty());
    assert_eq!(
        world
            .database
            .lanes()
            .find_counts(world.tenant)
            .await
            .unwrap()
            .parked,
        2
    );
    world
        .database
        .gates()
        .delete(world.tenant, gate.key, NOW)
        .await
        .unwrap();
    let later = NOW.plus_seconds(1);
    assert_eq!(world.claim_at(fence, later, 10).await.len(), 2);
}

async fn probe_lets_one_through(world: World) {
    for order in 0..3 {
        world.place(&order.to_string()).await;
    }
    let probe = NOW.plus_seconds(30);
    let gate = agent_gate(&world, Some(probe));
    park_all(&world, &gate).await;
    let fence = world.worker().await;
    let lanes = world.database.lanes();
    assert!(lanes.tenants_with_ready(NOW).await.unwrap().is_empty());
    assert!(world.claim(fence, 10).await.is_empty());
    assert_eq!(
        lanes.tenants_with_ready(probe).await.unwrap(),
        [world.tenant]
    );
    assert_eq!(world.claim_at(fence, probe, 10).await.len(), 1);
    assert!(
        world.claim_at(fence, probe, 10).await.is_empty(),
        "one at a time"
    );
}

async fn success_opens_what_a_probe_may_open(world: World) {
    for order in 0..3 {
        world.place(&order.to_string()).await;
    }
    let gate = agent_gate(&world, Some(NOW));
    park_all(&world, &gate).await;
    let fence = world.worker().await;
    let lane = world.claim_one(fence).await;
    let run = world.run(&lane);
    let mut done = World::transition(&lane, fence, run, LaneNext::Done);
    done.open = Some(gate.key);
    world.database.runs().apply(done).await.unwrap();
    assert_eq!(
        world
            .database
            .gates()
            .find(world.tenant, gate.key)
            .await
            .unwrap(),
        None
    );
    assert_eq!(
        world.claim_at(fence, NOW.plus_seconds(1), 10).await.len(),
        2
    );
}

async fn persons_gate_stays_closed(world: World) {
    world.place("1").await;
    let fence = world.worker().await;
    let lane = world.claim_one(fence).await;
    let gate = agent_gate(&world, None);
    let gates = world.database.gates();
    gates.insert(&gate).await.unwrap();
    gates.insert(&agent_gate(&world, Some(NOW))).await.unwrap();
    let kept = gates.find(world.tenant, gate.key).await.unwrap().unwrap();
    assert_eq!(kept.probe, None, "nobody's probe opens a person's gate");
    let run = world.run(&lane);
    let mut done = World::transition(&lane, fence, run, LaneNext::Done);
    done.open = Some(gate.key);
    world.database.runs().apply(done).await.unwrap();
    assert!(gates.find(world.tenant, gate.key).await.unwrap().is_some());
}

async fn parking_at_an_open_gate_goes_on(world: World) {
    world.place("1").await;
    let fence = world.worker().await;
    let lane = world.claim_one(fence).await;
    let gate = agent_gate(&world, None);
    let run = world.run(&lane);
    let park = World::transition(&lane, fence, run, LaneNext::Park { gate: gate.key });
    world.database.runs().apply(park).await.unwrap();
    world.claim_one(fence).await;
}

async fn paused_store_works_no_more_until_resumed(world: World) {
    world.place("1").await;
    let stores = world.database.stores();
    let paused = |paused| StoreChange {
        paused: Some(paused),
        ..StoreChange::default()
    };
    let update = |change| stores.update(world.tenant, world.store, change, NOW);
    assert!(update(paused(true)).await.unwrap().is_some());
    let fence = world.worker().await;
    assert!(world.claim(fence, 10).await.is_empty());
    assert!(update(paused(false)).await.unwrap().is_some());
    world.claim_one(fence).await;
}
