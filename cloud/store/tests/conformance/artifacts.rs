//! Versions never change; revisions list what is in force.

use std::sync::Arc;

use connect_core::domain::artifact::ArtifactKind;
use connect_store::{NewArtifact, NewArtifacts, StoreError};

use crate::support::{NOW, World};

on_both!(
    publishing_makes_versions_and_revisions,
    publications_follow_each_other,
    what_was_checked_against_another_revision_is_refused
);

fn new(kind: ArtifactKind, name: &str, body: &str) -> NewArtifact {
    NewArtifact {
        kind,
        name: name.to_owned(),
        body: body.to_owned(),
    }
}

async fn publishing_makes_versions_and_revisions(world: World) {
    let (tenant, environment) = (world.tenant, world.environment);
    let artifacts = world.database.artifacts();
    assert_eq!(artifacts.current(tenant, environment).await.unwrap(), None);
    let both = vec![
        new(ArtifactKind::Workflow, "order_to_sop", "w1"),
        new(ArtifactKind::Profile, "main", "p1"),
    ];
    let first = artifacts
        .publish(tenant, environment, both, "ann", NOW)
        .await
        .unwrap();
    assert_eq!((first.number, first.pins.len()), (1, 2));
    let one = vec![new(ArtifactKind::Profile, "main", "p2")];
    let second = artifacts
        .publish(tenant, environment, one, "bob", NOW)
        .await
        .unwrap();
    assert_eq!(
        artifacts.current(tenant, environment).await.unwrap(),
        Some(2)
    );
    let found = artifacts
        .find_revision(tenant, environment, 2)
        .await
        .unwrap();
    assert_eq!(found, Some(second));
    assert_eq!(
        artifacts
            .find_revision(tenant, environment, 3)
            .await
            .unwrap(),
        None
    );
    let bodies = |number| {
        let database = world.database.clone();
        async move {
            let contents = database
                .artifacts()
                .contents(tenant, environment, number)
                .await;
            contents
                .unwrap()
                .into_iter()
                .map(|one| one.body)
                .collect::<Vec<_>>()
        }
    };
    assert_eq!(bodies(1).await, ["p1", "w1"]);
    assert_eq!(bodies(2).await, ["p2", "w1"]);
    let kind = ArtifactKind::Profile;
    let old = artifacts
        .find(tenant, environment, kind, "main", 1)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(
        (old.body.as_str(), old.author.as_str(), old.version),
        ("p1", "ann", 1)
    );
    let listed = artifacts
        .list_revisions(tenant, environment, 10)
        .await
        .unwrap();
    assert_eq!(listed, [(2, NOW), (1, NOW)]);
}

async fn publications_follow_each_other(world: World) {
    let world = Arc::new(world);
    let mut tries = tokio::task::JoinSet::new();
    for _ in 0..8 {
        let world = Arc::clone(&world);
        tries.spawn(async move {
            let one = vec![new(ArtifactKind::Route, "main", "{}")];
            let artifacts = world.database.artifacts();
            let revision = artifacts
                .publish(world.tenant, world.environment, one, "ann", NOW)
                .await;
            revision.unwrap().number
        });
    }
    let mut numbers = tries.join_all().await;
    numbers.sort_unstable();
    assert_eq!(numbers, [1, 2, 3, 4, 5, 6, 7, 8]);
}

async fn what_was_checked_against_another_revision_is_refused(world: World) {
    let world = Arc::new(world);
    let publish = |after: i64| {
        let world = Arc::clone(&world);
        async move {
            let new = NewArtifacts {
                artifacts: vec![new(ArtifactKind::Lookup, "items", "{}")],
                after: Some(after),
            };
            let artifacts = world.database.artifacts();
            artifacts
                .publish(world.tenant, world.environment, new, "ann", NOW)
                .await
        }
    };
    let mut tries = tokio::task::JoinSet::new();
    for _ in 0..4 {
        tries.spawn(publish(0));
    }
    let tried = tries.join_all().await;
    assert_eq!(tried.iter().filter(|tried| tried.is_ok()).count(), 1);
    for refused in tried.into_iter().filter_map(Result::err) {
        assert!(matches!(refused, StoreError::Stale { .. }), "{refused}");
    }
    assert_eq!(publish(1).await.unwrap().number, 2);
    assert!(publish(1).await.is_err());
    let artifacts = world.database.artifacts();
    let current = artifacts.current(world.tenant, world.environment).await;
    assert_eq!(current.unwrap(), Some(2));
}
