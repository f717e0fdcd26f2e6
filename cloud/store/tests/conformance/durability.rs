//! Settings of the live connections, and units of work that fail alone.

use std::sync::Arc;

use connect_store::{Database, Options, StoreError};
use sqlx::{AssertSqlSafe, ConnectOptions, Connection};

use crate::support::World;

on_both!(
    live_settings_are_durable,
    failing_unit_fails_alone,
    committed_work_is_there_after_reopening
);

async fn live_settings_are_durable(world: World) {
    let found = world.database.check_durable().await.unwrap().settings;
    let wanted: Vec<(&str, &str)> = match world.database.kind() {
        "sqlite" => vec![("journal_mode", "wal"), ("synchronous", "2")],
        _ => vec![
            ("fsync", "on"),
            ("synchronous_commit", "on"),
            ("full_page_writes", "on"),
        ],
    };
    let found: Vec<_> = found
        .iter()
        .map(|(name, value)| (*name, value.as_str()))
        .collect();
    assert_eq!(found, wanted);
}

/// Units that are joined into one transaction: those that break a key fail, the others stand.
async fn failing_unit_fails_alone(world: World) {
    let world = Arc::new(world);
    let taken = world.event("0", "taken");
    let events = world.database.events();
    events.insert(&taken, &world.lane("0")).await.unwrap();
    let mut tries = tokio::task::JoinSet::new();
    for place in 0..60 {
        let (world, taken) = (Arc::clone(&world), taken.clone());
        tries.spawn(async move {
            let mut event = world.event(&place.to_string(), &place.to_string());
            if place % 3 == 0 {
                event.id = taken.id;
            }
            let lane = world.lane(&place.to_string());
            (
                place,
                event.id,
                world.database.events().insert(&event, &lane).await,
            )
        });
    }
    for (place, id, outcome) in tries.join_all().await {
        if place % 3 == 0 {
            assert!(
                matches!(outcome, Err(StoreError::Duplicate { .. })),
                "{outcome:?}"
            );
        } else {
            outcome.unwrap();
            let found = events.find(world.tenant, id).await.unwrap().unwrap();
            assert_eq!(found.entity_id, place.to_string());
        }
    }
    let fence = world.worker().await;
    assert_eq!(
        world.claim(fence, 1000).await.len(),
        41,
        "no lane without its job"
    );
}

async fn committed_work_is_there_after_reopening(world: World) {
    let event = world.place("1").await;
    let again = Database::open(&world.url, &Options::default())
        .await
        .unwrap();
    again.migrate().await.unwrap();
    let found = again.events().find(world.tenant, event).await.unwrap();
    assert_eq!(found.unwrap().entity_id, "1");
}

#[tokio::test]
async fn postgres_that_forgets_is_refused() {
    let world = crate::support::postgres().await;
    let options: sqlx::postgres::PgConnectOptions = world.url.parse().unwrap();
    let mut connection = options.connect().await.unwrap();
    let (address, _) = world.url.split_once('?').unwrap();
    let (_, name) = address.rsplit_once('/').unwrap();
    let statement = format!("ALTER DATABASE {name} SET synchronous_commit = off");
    sqlx::query(AssertSqlSafe(statement))
        .execute(&mut connection)
        .await
        .unwrap();
    connection.close().await.unwrap();
    let refused = Database::open(&world.url, &Options::default()).await;
    assert!(matches!(
        refused,
        Err(StoreError::NotDurable {
            setting: "synchronous_commit",
            ..
        })
    ));
}

#[tokio::test]
async fn unknown_database_is_refused() {
    let refused = Database::open("mysql://root@localhost/connect", &Options::default()).await;
    assert!(matches!(refused, Err(StoreError::UnknownDatabase { .. })));
}
