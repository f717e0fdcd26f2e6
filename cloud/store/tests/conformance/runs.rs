//! Transitions write all or nothing; runs are found, listed and counted.

use connect_core::domain::ids::{RunId, TenantId};
use connect_core::domain::lane::LaneNext;
use connect_core::domain::run::{RunState, StepState};
use connect_store::{ApplyError, RunFilter, fingerprint};

use crate::support::{NOW, World, id, insert_store, refused, step};

on_both!(
    transition_keeps_run_and_steps,
    later_transition_replaces_what_it_brings,
    refused_transition_writes_nothing,
    head_must_be_the_transitions_job,
    listed_by_what_matters,
    dead_letters_hold_their_lane,
);

async fn transition_keeps_run_and_steps(world: World) {
    world.place("1").await;
    let fence = world.worker().await;
    let lane = world.claim_one(fence).await;
    let run = world.run(&lane);
    let body = b"<xml>many words</xml>".repeat(1000);
    let mut transition = World::transition(&lane, fence, run.clone(), LaneNext::Keep);
    transition.steps = vec![step(1, &body), step(2, b"{}")];
    world.database.runs().apply(transition).await.unwrap();
    let found = world
        .database
        .runs()
        .find(world.tenant, run.id)
        .await
        .unwrap();
    assert_eq!(found.as_ref(), Some(&run));
    let lane_key = world
        .database
        .runs()
        .find_lane(world.tenant, run.id)
        .await
        .unwrap();
    assert_eq!(lane_key, Some(lane.key));
    let steps = world.database.steps();
    let listed = steps.list(world.tenant, run.id).await.unwrap();
    assert_eq!(listed.len(), 2);
    assert!(
        listed
            .iter()
            .all(|step| step.input.is_none() && step.trace.is_none())
    );
    let full = steps.find(world.tenant, run.id, 1).await.unwrap();
    assert_eq!(full, Some(step(1, &body)));
    assert_eq!(steps.find(world.tenant, run.id, 3).await.unwrap(), None);
}

async fn later_transition_replaces_what_it_brings(world: World) {
    world.place("1").await;
    let fence = world.worker().await;
    let lane = world.claim_one(fence).await;
    let mut run = world.run(&lane);
    let mut intended = step(1, b"in");
    intended.state = StepState::Intended;
    intended.finished = None;
    intended.failure = None;
    let mut first = World::transition(&lane, fence, run.clone(), LaneNext::Keep);
    first.steps = vec![intended.clone()];
    world.database.runs().apply(first).await.unwrap();
    run.state = RunState::Succeeded;
    run.gp_key = Some("ORDST2228".to_owned());
    "Dynamics GP order ORDST2228".clone_into(&mut run.summary);
    run.snapshot = Vec::new();
    run.finished = Some(NOW);
    let mut settled = intended;
    settled.state = StepState::Succeeded;
    settled.finished = Some(NOW);
    settled.input = None;
    settled.output = Some(b"out".to_vec());
    let mut second = World::transition(&lane, fence, run.clone(), LaneNext::Done);
    second.steps = vec![settled.clone()];
    world.database.runs().apply(second).await.unwrap();
    let found = world
        .database
        .runs()
        .find(world.tenant, run.id)
        .await
        .unwrap();
    assert_eq!(found.as_ref(), Some(&run));
    let kept = world
        .database
        .steps()
        .find(world.tenant, run.id, 1)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(kept.state, StepState::Succeeded);
    assert_eq!(
        kept.input,
        Some(b"in".to_vec()),
        "a body not brought again stays"
    );
    assert_eq!(kept.output, Some(b"out".to_vec()));
}

async fn refused_transition_writes_nothing(world: World) {
    world.place("1").await;
    let fence = world.worker().await;
    let lane = world.claim_one(fence).await;
    let holder = world.run(&lane);
    let mut first = World::transition(&lane, fence, holder.clone(), LaneNext::Keep);
    first.links = vec![world.link("customer_email", "a@b.c", "W1", holder.id)];
    world.database.runs().apply(first).await.unwrap();

    let run = world.run(&lane);
    let mut refused = World::transition(&lane, fence, run.clone(), LaneNext::AwaitCommand);
    refused.steps = vec![step(1, b"in")];
    let command = world.command(&lane, run.id);
    refused.links = vec![
        world.link("order", "1", "", run.id),
        world.link("customer_email", "a@b.c", "W2", run.id),
    ];
    refused.command = Some(command.clone());
    let refused = world.database.runs().apply(refused).await;
    let Err(ApplyError::LinkTaken {
        gp_key,
        complete,
        run: by,
        ..
    }) = refused
    else {
        panic!("{refused:?}");
    };
    assert_eq!((gp_key.as_str(), complete, by), ("W1", false, holder.id));
    let database = &world.database;
    assert_eq!(
        database.runs().find(world.tenant, run.id).await.unwrap(),
        None
    );
    assert!(
        database
            .steps()
            .list(world.tenant, run.id)
            .await
            .unwrap()
            .is_empty()
    );
    assert!(
        database
            .links()
            .list_by_run(world.tenant, run.id)
            .await
            .unwrap()
            .is_empty()
    );
    let kept = database
        .commands()
        .find(world.tenant, command.command.id)
        .await
        .unwrap();
    assert_eq!(kept, None);
    let document = database
        .payloads()
        .find(world.tenant, command.command.document)
        .await;
    assert_eq!(document.unwrap(), None);
    assert_eq!(
        database
            .lanes()
            .find_counts(world.tenant)
            .await
            .unwrap()
            .working,
        1
    );
}

async fn head_must_be_the_transitions_job(world: World) {
    world.place("1").await;
    world.place("1").await;
    let fence = world.worker().await;
    let mut lane = world.claim_one(fence).await;
    lane.number = 2;
    let run = world.run(&lane);
    let early = World::transition(&lane, fence, run, LaneNext::Done);
    let early = world.database.runs().apply(early).await;
    assert!(matches!(early, Err(ApplyError::Fenced)));
    let mut foreign = lane.clone();
    foreign.number = 1;
    foreign.key.tenant = TenantId(id());
    let run = world.run(&foreign);
    let foreign = World::transition(&foreign, fence, run, LaneNext::Done);
    let foreign = world.database.runs().apply(foreign).await;
    assert!(matches!(foreign, Err(ApplyError::Fenced)));
}

async fn listed_by_what_matters(world: World) {
    let fence = world.worker().await;
    let mut ids = Vec::new();
    for order in ["1", "2", "3"] {
        world.place(order).await;
        ids.push(world.succeed(fence).await.1);
    }
    world.place("4").await;
    let dead = world.kill(fence).await.1;
    let runs = world.database.runs();
    let all = RunFilter::default();
    let list = |filter: RunFilter, before: Option<RunId>, limit| {
        let (database, tenant) = (world.database.clone(), world.tenant);
        async move {
            let runs = database
                .runs()
                .list(tenant, &filter, before, limit)
                .await
                .unwrap();
            assert!(
                runs.iter().all(|run| run.snapshot.is_empty()),
                "lists stay light"
            );
            runs.into_iter().map(|run| run.id).collect::<Vec<_>>()
        }
    };
    assert_eq!(
        list(all.clone(), None, 10).await,
        [dead, ids[2], ids[1], ids[0]]
    );
    assert_eq!(list(all.clone(), Some(ids[2]), 1).await, [ids[1]]);
    let succeeded = RunFilter {
        state: Some(RunState::Succeeded),
        ..all.clone()
    };
    assert_eq!(list(succeeded, None, 2).await, [ids[2], ids[1]]);
    let of_order = RunFilter {
        store: Some(world.store),
        entity: Some("order".to_owned()),
        entity_id: Some("2".to_owned()),
        ..all.clone()
    };
    assert_eq!(list(of_order.clone(), None, 10).await, [ids[1]]);
    let other_state = RunFilter {
        state: Some(RunState::Dead),
        ..of_order
    };
    assert!(list(other_state, None, 10).await.is_empty());
    let other_store = insert_store(&world.database, world.tenant, world.environment).await;
    let other_store = RunFilter {
        store: Some(other_store),
        ..all.clone()
    };
    assert!(list(other_store, None, 10).await.is_empty());
    let one_cause = RunFilter {
        fingerprint: Some(fingerprint(&refused("4776", "QUANTITY"))),
        ..all
    };
    assert_eq!(list(one_cause, None, 10).await, [dead]);
    let count = runs
        .find_count(world.tenant, RunState::Succeeded)
        .await
        .unwrap();
    assert_eq!(count, 3);
    assert_eq!(
        runs.find_count(world.tenant, RunState::Waiting)
            .await
            .unwrap(),
        0
    );
}

async fn dead_letters_hold_their_lane(world: World) {
    world.place("1").await;
    world.place("1").await;
    let fence = world.worker().await;
    let (_, dead) = world.kill(fence).await;
    assert!(
        world.claim(fence, 10).await.is_empty(),
        "later work is held behind"
    );
    let counts = world
        .database
        .lanes()
        .find_counts(world.tenant)
        .await
        .unwrap();
    assert_eq!((counts.held, counts.all), (1, 1));
    let runs = world.database.runs();
    let letters = runs
        .list_dead(world.tenant, Some("gp_refused"), None, 10)
        .await
        .unwrap();
    assert_eq!(letters.len(), 1);
    assert_eq!(letters[0].id, dead);
    assert_eq!(letters[0].failure, Some(refused("4776", "QUANTITY")));
    let others = runs
        .list_dead(world.tenant, Some("money_identity"), None, 10)
        .await
        .unwrap();
    assert!(others.is_empty());
}
