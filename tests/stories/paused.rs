//! A paused store: what happens there is taken, waits without using an attempt, and goes on when resumed.

use connect_tests::harness::api::items;
use connect_tests::harness::wait::wait_for;
use connect_tests::harness::world::{Options, World};
use serde_json::json;

use super::support::{LIMIT, databases, documents, documents_of, plain, run_of, start};

async fn pause(world: &World, paused: bool) {
    let path = format!("/stores/{}", world.tenancy.store_id);
    let change = json!({"paused": paused});
    world.api.patch(&path, &change).await.unwrap();
}

async fn taken(world: &World, count: usize) {
    wait_for("all webhooks to be taken", LIMIT, || async {
        let events = items(&world.api.get("/events?limit=200").await?);
        let hooks = events.iter().filter(|event| event["source"] == "webhook");
        Ok((hooks.count() >= count).then_some(()))
    })
    .await
    .unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_paused_store_takes_events_and_resumes_by_itself() {
    for database in databases() {
        let world = start(Options {
            database,
            ..Options::default()
        })
        .await;
        pause(&world, true).await;
        let held = world.shop.place(5, "simple").await.unwrap();
        taken(&world, 5).await;
        wait_for("the work to be held", LIMIT, || async {
            let status = world.api.get("/status").await?;
            anyhow::ensure!(status["lanes_waiting"].as_u64() >= Some(5), "{status}");
            Ok(Some(()))
        })
        .await
        .unwrap();
        assert!(documents(&world).await.is_empty());
        pause(&world, false).await;
        for order in &held {
            let run = run_of(&world, order, "succeeded").await;
            assert_eq!(documents_of(&world, order).await.len(), 1);
            let steps = format!("/runs/{}/steps", plain(&run["id"]));
            let steps = world.api.get(&steps).await.unwrap().to_string();
            assert!(!steps.contains("\"attempt\":2"), "{steps}");
        }
        world.settled(5, LIMIT).await.unwrap();
        world.end(false).await.unwrap();
    }
}
