//! Nothing of one tenant is found, listed, changed or claimed with another tenant's id.

use connect_core::domain::artifact::ArtifactKind;
use connect_core::domain::ids::{EventId, TenantId};
use connect_core::domain::lane::{Gate, GateKey, GateKind, LaneNext};
use connect_core::domain::run::RunState;
use connect_store::{
    Answer, NewArtifact, Replay, ReplayFrom, Replayed, Room, RunFilter, Settled, StoreChange,
};

use crate::support::{NOW, World, id, insert_tenant, step};

on_both!(work_is_walled, settings_are_walled, agents_are_walled);

async fn work_is_walled(world: World) {
    let stranger = insert_tenant(&world.database).await;
    let event = world.place("1").await;
    let fence = world.worker().await;
    let database = &world.database;
    let ready = database.lanes().tenants_with_ready(NOW).await.unwrap();
    assert_eq!(ready, [world.tenant]);
    assert!(
        database
            .lanes()
            .claim(stranger, fence, NOW, Room::of(10))
            .await
            .unwrap()
            .is_empty()
    );
    let lane = world.claim_one(fence).await;
    let mut run = world.run(&lane);
    run.state = RunState::Succeeded;
    let new = world.command(&lane, run.id);
    let (command, document) = (new.command.id, new.command.document);
    let mut done = World::transition(&lane, fence, run.clone(), LaneNext::Done);
    done.command = Some(new);
    done.steps = vec![step(1, b"in")];
    let mut link = world.link("order", "1", "ORDST1", run.id);
    done.links = vec![link.clone()];
    database.runs().apply(done).await.unwrap();

    assert_eq!(database.events().find(stranger, event).await.unwrap(), None);
    assert!(
        database
            .events()
            .list(stranger, None, 10)
            .await
            .unwrap()
            .is_empty()
    );
    assert_eq!(database.runs().find(stranger, run.id).await.unwrap(), None);
    assert_eq!(
        database.runs().find_lane(stranger, run.id).await.unwrap(),
        None
    );
    let all = RunFilter::default();
    assert!(
        database
            .runs()
            .list(stranger, &all, None, 10)
            .await
            .unwrap()
            .is_empty()
    );
    assert_eq!(
        database
            .runs()
            .find_count(stranger, RunState::Succeeded)
            .await
            .unwrap(),
        0
    );
    assert!(
        database
            .steps()
            .list(stranger, run.id)
            .await
            .unwrap()
            .is_empty()
    );
    assert_eq!(
        database.steps().find(stranger, run.id, 1).await.unwrap(),
        None
    );
    assert_eq!(
        database.commands().find(stranger, command).await.unwrap(),
        None
    );
    let open = database
        .commands()
        .list_open(stranger, world.agent, None, 10)
        .await
        .unwrap();
    assert!(open.is_empty());
    let settled = database
        .commands()
        .settle(Answer {
            tenant: stranger,
            agent: world.agent,
            id: command,
            result: Vec::new(),
            now: NOW,
        })
        .await
        .unwrap();
    assert_eq!(settled, Settled::Unknown);
    assert_eq!(
        database.payloads().find(stranger, document).await.unwrap(),
        None
    );
    link.key.tenant = stranger;
    assert_eq!(database.links().find(&link.key).await.unwrap(), None);
    assert!(!database.links().delete(&link.key).await.unwrap());
    let replay = Replay {
        from: ReplayFrom::Start,
        event: EventId(id()),
        revision: None,
        forget_links: true,
        edits: None,
        now: NOW,
    };
    let replayed = database
        .runs()
        .replay(stranger, run.id, replay)
        .await
        .unwrap();
    assert_eq!(replayed, Replayed::Unknown);
    assert_eq!(
        database
            .links()
            .list_by_run(world.tenant, run.id)
            .await
            .unwrap()
            .len(),
        1
    );
}

async fn settings_are_walled(world: World) {
    let stranger = insert_tenant(&world.database).await;
    let database = &world.database;
    let one = NewArtifact {
        kind: ArtifactKind::Route,
        name: "main".to_owned(),
        body: "{}".to_owned(),
    };
    let environment = world.environment;
    let artifacts = database.artifacts();
    artifacts
        .publish(world.tenant, environment, vec![one], "ann", NOW)
        .await
        .unwrap();
    assert_eq!(
        artifacts.current(stranger, environment).await.unwrap(),
        None
    );
    assert!(
        artifacts
            .contents(stranger, environment, 1)
            .await
            .unwrap()
            .is_empty()
    );
    assert_eq!(
        artifacts
            .find_revision(stranger, environment, 1)
            .await
            .unwrap(),
        None
    );
    assert_eq!(
        database
            .environments()
            .find(stranger, environment)
            .await
            .unwrap(),
        None
    );
    assert!(
        database
            .environments()
            .list(stranger)
            .await
            .unwrap()
            .is_empty()
    );
    assert_eq!(
        database.stores().find(stranger, world.store).await.unwrap(),
        None
    );
    assert!(database.stores().list(stranger).await.unwrap().is_empty());
    assert!(
        !database
            .stores()
            .delete(stranger, world.store)
            .await
            .unwrap()
    );
    let change = StoreChange {
        name: Some("Theirs".to_owned()),
        ..StoreChange::default()
    };
    let stores = database.stores();
    let updated = stores.update(stranger, world.store, change, NOW).await;
    assert_eq!(updated.unwrap(), None);
    let known = stores.find(world.tenant, world.store).await.unwrap();
    let known = known.unwrap().webhook_secrets;
    let updated = stores.update_webhook_secrets(stranger, world.store, known, vec![1]);
    assert!(!updated.await.unwrap());
    database
        .secrets()
        .update(world.tenant, "smtp", vec![1], NOW)
        .await
        .unwrap();
    assert_eq!(
        database.secrets().find(stranger, "smtp").await.unwrap(),
        None
    );
    assert!(!database.secrets().delete(stranger, "smtp").await.unwrap());
    let gate = Gate {
        tenant: world.tenant,
        key: GateKey {
            kind: GateKind::Store,
            target: world.store.0,
        },
        reason: "paused".to_owned(),
        closed: NOW,
        probe: None,
        probes: 0,
    };
    database.gates().insert(&gate).await.unwrap();
    assert_eq!(
        database.gates().find(stranger, gate.key).await.unwrap(),
        None
    );
    assert!(
        !database
            .gates()
            .delete(stranger, gate.key, NOW)
            .await
            .unwrap()
    );
    assert_eq!(database.gates().list(world.tenant).await.unwrap().len(), 1);
    database
        .transfers()
        .insert(world.tenant, &[1; 32], b"x", NOW)
        .await
        .unwrap();
    assert_eq!(
        database.transfers().find(stranger, &[1; 32]).await.unwrap(),
        None
    );
}

async fn agents_are_walled(world: World) {
    let stranger: TenantId = insert_tenant(&world.database).await;
    let database = &world.database;
    assert_eq!(
        database.agents().find(stranger, world.agent).await.unwrap(),
        None
    );
    assert!(database.agents().list(stranger).await.unwrap().is_empty());
    assert!(
        !database
            .agents()
            .delete(stranger, world.agent, NOW)
            .await
            .unwrap()
    );
    assert_eq!(
        database
            .companies()
            .find(stranger, world.company)
            .await
            .unwrap(),
        None
    );
    assert!(
        database
            .companies()
            .list(stranger)
            .await
            .unwrap()
            .is_empty()
    );
    database
        .companies()
        .update_journal(stranger, world.company, 99)
        .await
        .unwrap();
    let company = database
        .companies()
        .find(world.tenant, world.company)
        .await
        .unwrap();
    assert_eq!(company.unwrap().highest_journal, 0);
    database
        .sessions()
        .claim(world.tenant, world.agent, id(), NOW)
        .await
        .unwrap();
    assert_eq!(
        database
            .sessions()
            .find(stranger, world.agent)
            .await
            .unwrap(),
        None
    );
    assert!(
        !database
            .sessions()
            .delete(stranger, world.agent, 1, NOW)
            .await
            .unwrap()
    );
    assert!(
        database
            .certificates()
            .list(stranger, world.agent)
            .await
            .unwrap()
            .is_empty()
    );
}
