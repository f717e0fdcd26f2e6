//! A store that does not answer, one order that it cannot give, and a store whose route comes later.

use std::time::Duration;

use connect_tests::harness::api::items;
use connect_tests::harness::wait::wait_for;
use connect_tests::harness::world::World;
use serde_json::{Value, json};

use super::support::{LIMIT, documents, documents_of, plain, run_of, world};

async fn gates(world: &World) -> Vec<Value> {
    items(&world.api.get("/gates").await.unwrap())
}

async fn end_faults(world: &World) {
    let faults = format!("{}/faults", world.shop.control);
    let http = reqwest::Client::new();
    http.delete(faults).send().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn an_outage_parks_the_stores_work_which_goes_on_by_itself() {
    let world = world().await;
    world
        .shop
        .post("/faults", &json!({"path_prefix": "/", "status": 503}))
        .await
        .unwrap();
    let placed = world.shop.place(30, "any").await.unwrap();
    wait_for("the gate to close", LIMIT, || async {
        Ok((!gates(&world).await.is_empty()).then_some(()))
    })
    .await
    .unwrap();
    tokio::time::sleep(Duration::from_secs(3)).await;
    assert!(documents(&world).await.is_empty());
    end_faults(&world).await;
    // Probes that open nothing would bring one order a minute, which is far over the limit.
    world.settled(30, LIMIT).await.unwrap();
    assert!(gates(&world).await.is_empty());
    for order in &placed {
        let run = run_of(&world, order, "succeeded").await;
        assert_eq!(documents_of(&world, order).await.len(), 1);
        let steps = format!("/runs/{}/steps", plain(&run["id"]));
        let steps = world.api.get(&steps).await.unwrap().to_string();
        assert!(!steps.contains("\"attempt\":2"), "{steps}");
    }
    world.end(false).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn one_order_the_store_cannot_give_does_not_stop_the_others() {
    let world = world().await;
    // So many that no other order's id begins with the bad one's.
    let bad = world.shop.place(40, "any").await.unwrap().pop().unwrap();
    world.settled(40, LIMIT).await.unwrap();
    let path = format!("/api/orders/{}", plain(&bad["id"]));
    let fault = json!({"path_prefix": path, "status": 500});
    world.shop.post("/faults", &fault).await.unwrap();
    let replay = format!(
        "/runs/{}/replay",
        plain(&run_of(&world, &bad, "succeeded").await["id"])
    );
    world.api.post(&replay, &json!({})).await.unwrap();
    let mut placed = Vec::new();
    for _ in 0..10 {
        placed.extend(world.shop.place(3, "any").await.unwrap());
        tokio::time::sleep(Duration::from_millis(400)).await;
    }
    for order in &placed {
        run_of(&world, order, "succeeded").await;
        assert_eq!(documents_of(&world, order).await.len(), 1);
    }
    world.end(false).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn orders_that_come_before_the_route_wait_for_it() {
    let world = world().await;
    let route = items(&world.api.get("/routes").await.unwrap()).remove(0);
    let mut body = json!({
        "environment_id": world.tenancy.environment_id,
        "store_id": route["store_id"],
        "company_id": route["company_id"],
        "workflow": route["workflow"],
        "profile": route["profile"],
        "enabled": false,
    });
    world.api.put("/routes/web", &body).await.unwrap();
    let placed = world.shop.place(5, "any").await.unwrap();
    for order in &placed {
        let run = run_of(&world, order, "waiting").await;
        assert!(plain(&run["summary"]).contains("No route"), "{run}");
    }
    assert!(documents(&world).await.is_empty());
    body["enabled"] = json!(true);
    world.api.put("/routes/web", &body).await.unwrap();
    world.settled(5, LIMIT).await.unwrap();
    for order in &placed {
        run_of(&world, order, "succeeded").await;
        assert_eq!(documents_of(&world, order).await.len(), 1);
    }
    world.end(false).await.unwrap();
}
