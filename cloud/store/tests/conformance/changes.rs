//! Changes in GP: stored once however often they are told, listed newest first, walled by tenant.

use connect_core::domain::change::{Change, Found, FullRead, Means, Told, Watch, WatcherState};
use connect_core::domain::ids::ChangeId;

use crate::support::{NOW, World, id, insert_tenant};

on_both!(
    a_record_told_twice_changes_once,
    a_record_told_twice_at_a_time_changes_once,
    what_was_there_at_the_first_look_did_not_change,
    watchers_are_wanted_and_not,
    what_is_said_of_a_wanted_watcher_is_kept,
    changes_are_walled,
);

fn told(world: &World, record: &str, content: Option<&str>) -> Told {
    Told {
        change: Change {
            tenant: world.tenant,
            id: ChangeId(id()),
            company: world.company,
            watcher: "items".to_owned(),
            record: format!("{{\"ITEMNMBR\":\"{record}\"}}"),
            content: content.map(ToOwned::to_owned),
            own: false,
            found: Found::Look,
            received: NOW,
        },
        digest: content.map(|content| content.as_bytes().to_vec()),
    }
}

async fn contents(world: &World) -> Vec<Option<String>> {
    let changes = world.database.changes();
    let listed = changes.list(world.tenant, world.company, None, 1_000);
    let listed = listed.await.unwrap();
    listed
        .into_iter()
        .rev()
        .map(|change| change.content)
        .collect()
}

async fn a_record_told_twice_changes_once(world: World) {
    let changes = world.database.changes();
    let first = told(&world, "A", Some("1"));
    let insert = |told: Vec<Told>| changes.insert(told, false);
    assert_eq!(insert(vec![first.clone()]).await.unwrap(), 1);
    let listed = changes
        .list(world.tenant, world.company, None, 10)
        .await
        .unwrap();
    assert_eq!(listed, [first.change]);
    assert_eq!(insert(vec![told(&world, "A", Some("1"))]).await.unwrap(), 0);
    // There and back again are two changes, and so are gone and there again.
    for content in [Some("2"), Some("1"), None, None, Some("1")] {
        insert(vec![told(&world, "A", content)]).await.unwrap();
    }
    let all = [Some("1"), Some("2"), Some("1"), None, Some("1")];
    let all = all.map(|content| content.map(ToOwned::to_owned));
    assert_eq!(contents(&world).await, all);
    // More than one statement takes, half of it known.
    let many = |from: usize, to: usize| -> Vec<Told> {
        (from..to)
            .map(|n| told(&world, &format!("M{n}"), Some("1")))
            .collect()
    };
    assert_eq!(insert(many(0, 250)).await.unwrap(), 250);
    assert_eq!(insert(many(125, 375)).await.unwrap(), 125);
    let page = changes
        .list(world.tenant, world.company, None, 10)
        .await
        .unwrap();
    let next = changes
        .list(world.tenant, world.company, Some(page[9].id), 10)
        .await
        .unwrap();
    assert!(next[0].id < page[9].id);
}

/// As by an old session that still stores and the next one that is told again.
async fn a_record_told_twice_at_a_time_changes_once(world: World) {
    let changes = world.database.changes();
    for round in 0..20 {
        let both = || (0..100).map(|n| told(&world, &format!("{round}-{n}"), Some("1")));
        let (one, other) = tokio::join!(
            changes.insert(both().collect(), false),
            changes.insert(both().collect(), false)
        );
        assert_eq!(one.unwrap() + other.unwrap(), 100, "round {round}");
    }
}

async fn what_was_there_at_the_first_look_did_not_change(world: World) {
    let changes = world.database.changes();
    let first = vec![told(&world, "A", Some("1")), told(&world, "B", Some("1"))];
    assert_eq!(changes.insert(first, true).await.unwrap(), 0);
    assert!(contents(&world).await.is_empty());
    // The agent lost its memory and tells everything again: what differs did change.
    let again = vec![told(&world, "A", Some("2")), told(&world, "B", Some("1"))];
    assert_eq!(changes.insert(again, true).await.unwrap(), 1);
    assert_eq!(contents(&world).await, [Some("2".to_owned())]);
}

async fn watchers_are_wanted_and_not(world: World) {
    let watches = world.database.watches();
    let watch = |watcher: &str, interval_ms: i64| Watch {
        tenant: world.tenant,
        company: world.company,
        watcher: watcher.to_owned(),
        interval_ms,
        sweep_seconds: 0,
    };
    for wanted in [
        watch("items", 0),
        watch("customers", 500),
        watch("items", 250),
    ] {
        watches.update(&wanted).await.unwrap();
    }
    let listed = watches.list(world.tenant, world.company).await.unwrap();
    assert_eq!(listed, [watch("customers", 500), watch("items", 250)]);
    assert!(
        watches
            .delete(world.tenant, world.company, "items")
            .await
            .unwrap()
    );
    assert!(
        !watches
            .delete(world.tenant, world.company, "items")
            .await
            .unwrap()
    );
    let listed = watches.list(world.tenant, world.company).await.unwrap();
    assert_eq!(listed, [watch("customers", 500)]);
}

async fn what_is_said_of_a_wanted_watcher_is_kept(world: World) {
    let watches = world.database.watches();
    let watch = |interval_ms: i64| Watch {
        tenant: world.tenant,
        company: world.company,
        watcher: "items".to_owned(),
        interval_ms,
        sweep_seconds: 0,
    };
    let (tenant, company) = (world.tenant, world.company);
    let read = FullRead {
        at: NOW,
        rows_seen: 20,
        rows_changed: 3,
    };
    let said = watches.report(tenant, company, "items", Some(Means::Stamps), "slow");
    said.await.unwrap();
    assert!(watches.states(tenant, company).await.unwrap().is_empty());
    watches.update(&watch(0)).await.unwrap();
    let none = WatcherState::default();
    assert_eq!(
        watches.states(tenant, company).await.unwrap(),
        [(watch(0), none)]
    );
    let said = watches.report(tenant, company, "items", Some(Means::Stamps), "slow");
    said.await.unwrap();
    watches
        .full_read(tenant, company, "items", read)
        .await
        .unwrap();
    // Wanted otherwise, it is still the same watcher.
    watches.update(&watch(500)).await.unwrap();
    let state = WatcherState {
        means: Some(Means::Stamps),
        problem: "slow".to_owned(),
        full_read: Some(read),
    };
    assert_eq!(
        watches.states(tenant, company).await.unwrap(),
        [(watch(500), state)]
    );
    // So it is when it is not wanted for a while: the agent goes on from there.
    watches.delete(tenant, company, "items").await.unwrap();
    watches.update(&watch(500)).await.unwrap();
    let stranger = insert_tenant(&world.database).await;
    let foreign = watches.report(stranger, company, "items", None, "theirs");
    foreign.await.unwrap();
    let kept = watches.states(tenant, company).await.unwrap();
    assert_eq!(kept[0].1.problem, "slow");
}

async fn changes_are_walled(world: World) {
    let stranger = insert_tenant(&world.database).await;
    let (changes, watches) = (world.database.changes(), world.database.watches());
    let wanted = Watch {
        tenant: world.tenant,
        company: world.company,
        watcher: "items".to_owned(),
        interval_ms: 0,
        sweep_seconds: 0,
    };
    watches.update(&wanted).await.unwrap();
    changes
        .insert(vec![told(&world, "A", Some("1"))], false)
        .await
        .unwrap();
    assert!(
        watches
            .list(stranger, world.company)
            .await
            .unwrap()
            .is_empty()
    );
    assert!(
        !watches
            .delete(stranger, world.company, "items")
            .await
            .unwrap()
    );
    assert!(
        changes
            .list(stranger, world.company, None, 10)
            .await
            .unwrap()
            .is_empty()
    );
    // The same record of another tenant is another record.
    let mut foreign = told(&world, "A", Some("1"));
    foreign.change.tenant = stranger;
    assert_eq!(changes.insert(vec![foreign], false).await.unwrap(), 1);
    assert_eq!(contents(&world).await.len(), 1);
}
