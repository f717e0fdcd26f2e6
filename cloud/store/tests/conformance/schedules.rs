//! Times and changes in GP start work once, whoever looks.

use connect_core::domain::change::{Change, Found, Told};
use connect_core::domain::event::{Event, Source};
use connect_core::domain::ids::{ChangeId, RouteId};
use connect_core::domain::lane::LaneKey;
use connect_core::domain::schedule::{Scheduled, Unscheduled};
use connect_store::NewArtifact;

use crate::support::{NOW, World, id, insert_tenant};

on_both!(
    a_time_that_two_look_at_starts_work_once,
    a_schedule_that_stays_keeps_its_time,
    an_environment_is_stale_until_its_schedules_are_taken,
    a_change_that_two_take_starts_work_once,
    schedules_and_changes_are_walled,
);

fn scheduled(world: &World, schedule: &str) -> Scheduled {
    Scheduled {
        tenant: world.tenant,
        route: RouteId(uuid::Uuid::from_u128(7)),
        place: 0,
        environment: world.environment,
        store: world.store,
        workflow: "hourly".to_owned(),
        schedule: schedule.to_owned(),
        zone: "UTC".to_owned(),
        due: Some(NOW),
    }
}

fn taken(world: &World, revision: i64) -> Unscheduled {
    Unscheduled {
        tenant: world.tenant,
        environment: world.environment,
        revision,
    }
}

fn event(world: &World, delivery: &str) -> (Event, LaneKey) {
    let event = Event {
        source: Source::Schedule,
        route: Some(RouteId(uuid::Uuid::from_u128(7))),
        body: Some("{\"amount\":1.10}".to_owned()),
        ..world.event("1", delivery)
    };
    (event, world.lane("1"))
}

async fn a_time_that_two_look_at_starts_work_once(world: World) {
    let schedules = world.database.schedules();
    let all = vec![scheduled(&world, "{}")];
    schedules.update(taken(&world, 1), all).await.unwrap();
    assert_eq!(
        schedules.tenants_with_due(NOW).await.unwrap(),
        [world.tenant]
    );
    let due = schedules
        .list_due(world.tenant, NOW, 10)
        .await
        .unwrap()
        .remove(0);
    let next = Some(NOW.plus_seconds(60));
    let claim = |delivery: &str| schedules.claim(due.clone(), next, Some(event(&world, delivery)));
    let (first, second) = tokio::join!(claim("a"), claim("b"));
    let claimed = [first.unwrap(), second.unwrap()];
    assert_eq!(claimed.iter().filter(|claimed| **claimed).count(), 1);
    let fence = world.worker().await;
    let lane = world.claim_one(fence).await;
    assert_eq!(lane.event.body.as_deref(), Some("{\"amount\":1.10}"));
    assert_eq!(lane.event.route, Some(RouteId(uuid::Uuid::from_u128(7))));
    let events = world.database.events().list(world.tenant, None, 10).await;
    assert_eq!(events.unwrap().len(), 1);
    assert!(
        schedules
            .list_due(world.tenant, NOW, 10)
            .await
            .unwrap()
            .is_empty()
    );
}

async fn a_schedule_that_stays_keeps_its_time(world: World) {
    let schedules = world.database.schedules();
    schedules
        .update(taken(&world, 1), vec![scheduled(&world, "{}")])
        .await
        .unwrap();
    let later = |schedule: &str| Scheduled {
        due: Some(NOW.plus_seconds(3_600)),
        ..scheduled(&world, schedule)
    };
    let due = async || {
        let listed = schedules.list(world.tenant, world.environment).await;
        listed
            .unwrap()
            .into_iter()
            .map(|one| one.due)
            .collect::<Vec<_>>()
    };
    schedules
        .update(taken(&world, 2), vec![later("{}")])
        .await
        .unwrap();
    assert_eq!(due().await, [Some(NOW)], "it was due and is so still");
    schedules
        .update(taken(&world, 3), vec![later("{\"cron\":1}")])
        .await
        .unwrap();
    assert_eq!(due().await, [Some(NOW.plus_seconds(3_600))]);
    schedules
        .update(taken(&world, 4), Vec::new())
        .await
        .unwrap();
    assert!(due().await.is_empty());
}

async fn an_environment_is_stale_until_its_schedules_are_taken(world: World) {
    let schedules = world.database.schedules();
    let none = schedules.tenants_with_stale().await.unwrap();
    assert!(none.is_empty(), "nothing is published");
    let publish = async || {
        let one = NewArtifact {
            kind: connect_core::domain::artifact::ArtifactKind::Workflow,
            name: "hourly".to_owned(),
            body: "{}".to_owned(),
        };
        let artifacts = world.database.artifacts();
        let published = artifacts.publish(world.tenant, world.environment, vec![one], "Ann", NOW);
        published.await.unwrap().number
    };
    let number = publish().await;
    let tenants = schedules.tenants_with_stale().await.unwrap();
    assert_eq!(tenants, [world.tenant]);
    assert_eq!(
        schedules.list_stale(world.tenant).await.unwrap(),
        [taken(&world, number)]
    );
    schedules
        .update(taken(&world, number), Vec::new())
        .await
        .unwrap();
    assert!(schedules.list_stale(world.tenant).await.unwrap().is_empty());
    let number = publish().await;
    assert_eq!(
        schedules.list_stale(world.tenant).await.unwrap(),
        [taken(&world, number)]
    );
    schedules
        .update(taken(&world, number), Vec::new())
        .await
        .unwrap();
    let change = connect_store::StoreChange {
        time_zone: Some("Europe/Berlin".to_owned()),
        ..connect_store::StoreChange::default()
    };
    let stores = world.database.stores();
    stores
        .update(world.tenant, world.store, change, NOW)
        .await
        .unwrap();
    assert_eq!(
        schedules.list_stale(world.tenant).await.unwrap(),
        [taken(&world, number)]
    );
}

async fn change(world: &World) -> ChangeId {
    let change = Change {
        tenant: world.tenant,
        id: ChangeId(id()),
        company: world.company,
        watcher: "items".to_owned(),
        record: "{\"ITEMNMBR\":\"A\"}".to_owned(),
        content: Some("{}".to_owned()),
        own: false,
        found: Found::Look,
        received: NOW,
    };
    let told = Told {
        change: change.clone(),
        digest: Some(vec![1]),
    };
    world
        .database
        .changes()
        .insert(vec![told], false)
        .await
        .unwrap();
    change.id
}

async fn a_change_that_two_take_starts_work_once(world: World) {
    let changes = world.database.changes();
    assert!(changes.tenants_with_untaken().await.unwrap().is_empty());
    let id = change(&world).await;
    assert_eq!(
        changes.tenants_with_untaken().await.unwrap(),
        [world.tenant]
    );
    let untaken = changes.list_untaken(world.tenant, 10).await.unwrap();
    assert_eq!(
        untaken.iter().map(|change| change.id).collect::<Vec<_>>(),
        [id]
    );
    let take = || {
        let events = vec![event(&world, "change:1")];
        changes.claim(world.tenant, vec![id], events, NOW)
    };
    let (first, second) = tokio::join!(take(), take());
    first.unwrap();
    second.unwrap();
    assert!(
        changes
            .list_untaken(world.tenant, 10)
            .await
            .unwrap()
            .is_empty()
    );
    let events = world.database.events().list(world.tenant, None, 10).await;
    assert_eq!(events.unwrap().len(), 1);
}

async fn schedules_and_changes_are_walled(world: World) {
    let stranger = insert_tenant(&world.database).await;
    let schedules = world.database.schedules();
    schedules
        .update(taken(&world, 1), vec![scheduled(&world, "{}")])
        .await
        .unwrap();
    let id = change(&world).await;
    assert!(
        schedules
            .list_due(stranger, NOW, 10)
            .await
            .unwrap()
            .is_empty()
    );
    assert!(
        schedules
            .list(stranger, world.environment)
            .await
            .unwrap()
            .is_empty()
    );
    let theirs = Scheduled {
        tenant: stranger,
        ..scheduled(&world, "{}")
    };
    assert!(!schedules.claim(theirs, None, None).await.unwrap());
    let changes = world.database.changes();
    assert!(changes.list_untaken(stranger, 10).await.unwrap().is_empty());
    changes
        .claim(stranger, vec![id], Vec::new(), NOW)
        .await
        .unwrap();
    assert_eq!(
        changes.list_untaken(world.tenant, 10).await.unwrap().len(),
        1
    );
}
