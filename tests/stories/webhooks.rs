//! Webhooks: only what the store really sent is stored, and only once.

use std::collections::BTreeSet;
use std::time::{SystemTime, UNIX_EPOCH};

use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use connect_tests::harness::api::items;
use connect_tests::harness::wait::wait_for;
use connect_tests::harness::world::World;
use reqwest::StatusCode;
use serde_json::{Value, json};

use super::support::{LIMIT, documents_of, plain, run_of, world};

/// Learnt from the first signed delivery, and held to from then on.
const INSTALLATION: &str = "0b5c9a52-6f0e-4f0f-8d63-5f6f0c0f7a11";

struct Delivery {
    id: String,
    age: i64,
    secret: String,
    body: String,
}

fn delivery(world: &World, body: &Value) -> Delivery {
    Delivery {
        id: body["id"].as_str().unwrap_or("evt_1").to_owned(),
        age: 0,
        secret: world.tenancy.webhook_secret.clone(),
        body: body.to_string(),
    }
}

fn envelope(id: &str, order: &Value) -> Value {
    json!({
        "id": id, "topic": "order.placed", "store_url": "http://127.0.0.1",
        "installation_id": INSTALLATION, "store_id": 1, "entity": "order",
        "entity_id": plain(&order["id"]), "occurred_at": "2026-11-23T10:00:00Z", "sequence": 1,
    })
}

async fn send(url: &str, delivery: &Delivery) -> StatusCode {
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap()
        .as_secs();
    let timestamp = i64::try_from(now).unwrap() - delivery.age;
    let secret = STANDARD
        .decode(delivery.secret.trim_start_matches("whsec_"))
        .unwrap();
    let key = hmac::Key::new(hmac::HMAC_SHA256, &secret);
    let signed = format!("{}.{timestamp}.{}", delivery.id, delivery.body);
    let signature = STANDARD.encode(hmac::sign(&key, signed.as_bytes()));
    reqwest::Client::builder()
        .build()
        .unwrap()
        .post(url)
        .header("content-type", "application/json")
        .header("webhook-id", &delivery.id)
        .header("webhook-timestamp", timestamp.to_string())
        .header("webhook-signature", format!("v1,{signature}"))
        .body(delivery.body.clone())
        .send()
        .await
        .unwrap()
        .status()
}

/// Events that came by webhook; polling finds the same orders on its own.
async fn stored(world: &World) -> usize {
    let events = items(&world.api.get("/events?limit=200").await.unwrap());
    events
        .iter()
        .filter(|event| event["source"] == "webhook")
        .count()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_repeated_delivery_is_accepted_and_changes_nothing() {
    let world = world().await;
    world
        .shop
        .post("/webhooks", &json!({"style": "off"}))
        .await
        .unwrap();
    let order = world.shop.place(1, "any").await.unwrap().remove(0);
    let delivery = delivery(&world, &envelope("evt_repeat", &order));
    for _ in 0..3 {
        assert_eq!(
            send(&world.tenancy.hook_url, &delivery).await,
            StatusCode::ACCEPTED
        );
    }
    run_of(&world, &order, "succeeded").await;
    assert_eq!(stored(&world).await, 1);
    assert_eq!(documents_of(&world, &order).await.len(), 1);
    world.end(false).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_order_by_webhook_twice_by_poll_and_by_hand_is_one_document() {
    let mut world = world().await;
    let off = json!({"style": "off"});
    world.shop.post("/webhooks", &off).await.unwrap();
    // Whichever way it is found, nothing can be written until all ways have found it.
    world.agent.stop().await.unwrap();
    let order = world.shop.place(1, "any").await.unwrap().remove(0);
    let store = &world.tenancy.store_id;
    let poll = format!("/stores/{store}/poll");
    world.api.post(&poll, &json!({})).await.unwrap();
    ways(&world, &["poll"]).await;
    for id in ["evt_a", "evt_b"] {
        let delivery = delivery(&world, &envelope(id, &order));
        assert_eq!(
            send(&world.tenancy.hook_url, &delivery).await,
            StatusCode::ACCEPTED
        );
    }
    let import = format!("/stores/{store}/orders/{}/import", plain(&order["id"]));
    world.api.post(&import, &json!({})).await.unwrap();
    ways(&world, &["manual", "poll", "webhook"]).await;
    world.restart_agent(&[]).unwrap();
    run_of(&world, &order, "succeeded").await;
    world.settled(4, LIMIT).await.unwrap();
    assert_eq!(stored(&world).await, 2);
    assert_eq!(documents_of(&world, &order).await.len(), 1);
    world.end(false).await.unwrap();
}

/// Waits until events came these ways.
async fn ways(world: &World, wanted: &[&str]) {
    wait_for("the order to be found", LIMIT, || async {
        let events = items(&world.api.get("/events?limit=200").await?);
        let ways: BTreeSet<_> = events.iter().map(|event| plain(&event["source"])).collect();
        anyhow::ensure!(ways.iter().eq(wanted), "{ways:?}");
        Ok(Some(()))
    })
    .await
    .unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn forged_old_foreign_and_broken_deliveries_store_nothing() {
    let world = world().await;
    world
        .shop
        .post("/webhooks", &json!({"style": "off"}))
        .await
        .unwrap();
    let order = world.shop.place(1, "any").await.unwrap().remove(0);
    let good = envelope("evt_x", &order);
    let url = &world.tenancy.hook_url;

    let first = delivery(&world, &envelope("evt_first", &order));
    assert_eq!(send(url, &first).await, StatusCode::ACCEPTED);

    let mut forged = delivery(&world, &good);
    forged.secret = format!("whsec_{}", STANDARD.encode([7_u8; 32]));
    assert_eq!(send(url, &forged).await, StatusCode::UNAUTHORIZED);

    let mut old = delivery(&world, &good);
    old.age = 301;
    assert_eq!(send(url, &old).await, StatusCode::UNAUTHORIZED);

    let mut copy = good.clone();
    copy["installation_id"] = json!("a-staging-copy");
    assert_eq!(
        send(url, &delivery(&world, &copy)).await,
        StatusCode::UNAUTHORIZED
    );

    let mut broken = delivery(&world, &good);
    broken.body = "{not json".into();
    assert_eq!(send(url, &broken).await, StatusCode::BAD_REQUEST);

    let mut large = delivery(&world, &good);
    large.body = "x".repeat(20 << 20);
    assert_eq!(send(url, &large).await, StatusCode::PAYLOAD_TOO_LARGE);

    let (base, _) = url.rsplit_once('/').unwrap();
    let unknown = format!("{base}/nobody");
    assert_eq!(
        send(&unknown, &delivery(&world, &good)).await,
        StatusCode::NOT_FOUND
    );

    assert_eq!(stored(&world).await, 1, "only the good delivery is stored");
    world.end(false).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn duplicated_and_reordered_webhooks_give_one_document_each() {
    let world = world().await;
    let hook = json!({
        "url": world.tenancy.hook_url, "secret": world.tenancy.webhook_secret,
        "style": "standard", "duplicate": 1.0, "reorder": true,
    });
    world.shop.post("/webhooks", &hook).await.unwrap();
    let placed = world.shop.place(20, "any").await.unwrap();
    for order in &placed {
        run_of(&world, order, "succeeded").await;
    }
    world.settled(20, LIMIT).await.unwrap();
    for order in &placed {
        assert_eq!(documents_of(&world, order).await.len(), 1);
    }
    world.end(false).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn the_old_plugin_proves_the_address_and_its_orders_arrive() {
    let world = world().await;
    let hook = &world.tenancy.hook_url;
    let http = reqwest::Client::builder().build().unwrap();
    // Before it registers an address the plugin wants its echo back.
    let echo = http.get(format!("{hook}?echo=0123456789abcdef0123456789abcdef"));
    let answer = echo.send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::OK);
    let echoed = answer.text().await.unwrap();
    assert_eq!(echoed, "0123456789abcdef0123456789abcdef");
    let legacy = json!({
        "url": hook, "secret": world.tenancy.webhook_secret, "style": "legacy", "duplicate": 1.0,
    });
    world.shop.post("/webhooks", &legacy).await.unwrap();
    let placed = world.shop.place(5, "any").await.unwrap();
    for order in &placed {
        run_of(&world, order, "succeeded").await;
    }
    world.settled(5, LIMIT).await.unwrap();
    assert!(stored(&world).await >= 5, "they came by polling only");
    for order in &placed {
        assert_eq!(documents_of(&world, order).await.len(), 1);
    }
    world.end(false).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn the_old_plugins_signature_counts_too() {
    let world = world().await;
    let forged = json!({
        "url": world.tenancy.hook_url, "secret": "somebody else's", "style": "legacy",
    });
    world.shop.post("/webhooks", &forged).await.unwrap();
    world.shop.place(1, "any").await.unwrap();
    wait_for("the forged delivery to be refused", LIMIT, || async {
        let stats = world.shop.stats().await?;
        let attempts = stats["webhooks"]["attempts"].as_u64();
        Ok((attempts >= Some(2)).then_some(()))
    })
    .await
    .unwrap();
    assert_eq!(stored(&world).await, 0);
    world.end(false).await.unwrap();
}
