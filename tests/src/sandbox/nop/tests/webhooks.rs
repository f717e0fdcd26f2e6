//! Webhooks as their receiver sees them.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use aws_lc_rs::hmac;
use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::{Visit, same_shape, sample};
use crate::sandbox::nop::Flavour;

/// What was received, and how many times to refuse before taking anything.
#[derive(Clone, Default)]
struct Receiver {
    refuses_for_good: bool,
    refusals: Arc<Mutex<u32>>,
    received: Arc<Mutex<Vec<(HeaderMap, String)>>>,
}

impl Receiver {
    async fn listen(&self) -> String {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0")
            .await
            .expect("a port");
        let address = listener.local_addr().expect("an address");
        let routes = Router::new()
            .route("/hook", post(take))
            .with_state(self.clone());
        tokio::task::spawn(async move { axum::serve(listener, routes).await });
        format!("http://{address}/hook")
    }

    /// Waits until so many deliveries came in.
    async fn wait_for(&self, count: usize) -> Vec<(HeaderMap, String)> {
        let all = async {
            loop {
                let received = self.received.lock().expect("the lock").clone();
                if received.len() >= count {
                    return received;
                }
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(30), all)
            .await
            .expect("webhooks arrive")
    }
}

async fn take(State(to): State<Receiver>, headers: HeaderMap, body: String) -> StatusCode {
    if to.refuses_for_good {
        to.received.lock().expect("the lock").push((headers, body));
        return StatusCode::NOT_FOUND;
    }
    {
        let mut refusals = to.refusals.lock().expect("the lock");
        if *refusals > 0 {
            *refusals -= 1;
            return StatusCode::SERVICE_UNAVAILABLE;
        }
    }
    to.received.lock().expect("the lock").push((headers, body));
    tokio::time::sleep(Duration::ZERO).await;
    StatusCode::ACCEPTED
}

#[tokio::test]
async fn a_placed_order_is_told_signed_and_again_until_taken() {
    let visit = Visit::new(Flavour::Official).await;
    let receiver = Receiver::default();
    *receiver.refusals.lock().expect("the lock") = 2;
    let key = STANDARD.encode(b"a key of some length, for tests");
    let secret = format!("whsec_{key}");
    visit
        .control(
            "/webhooks",
            &json!({ "url": receiver.listen().await, "secret": secret }),
        )
        .await;
    let id = visit.place("payment_fee").await;
    let (headers, body) = receiver.wait_for(1).await.remove(0);
    let told: Value = serde_json::from_str(&body).expect("JSON");
    assert_eq!(
        (&told["topic"], &told["entity_id"]),
        (&json!("order.placed"), &json!(id))
    );
    let text = |name: &str| headers[name].to_str().expect("text").to_owned();
    assert_eq!(told["id"], text("webhook-id").as_str());
    let signed = format!(
        "{}.{}.{body}",
        text("webhook-id"),
        text("webhook-timestamp")
    );
    let key = hmac::Key::new(hmac::HMAC_SHA256, b"a key of some length, for tests");
    let tag = STANDARD
        .decode(text("webhook-signature").trim_start_matches("v1,"))
        .expect("Base64");
    hmac::verify(&key, signed.as_bytes(), &tag).expect("the signature fits");
}

#[tokio::test]
async fn paid_orders_are_told_twice_and_duplicates_share_their_id() {
    let visit = Visit::new(Flavour::Official).await;
    let receiver = Receiver::default();
    let url = receiver.listen().await;
    visit
        .control(
            "/webhooks",
            &json!({ "url": url, "secret": "whsec_aGVsbG8=", "duplicate": 1 }),
        )
        .await;
    visit.place("paid").await;
    let received = receiver.wait_for(4).await;
    let mut ids: Vec<String> = received
        .iter()
        .map(|(headers, _)| headers["webhook-id"].to_str().expect("text").to_owned())
        .collect();
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), 2, "two events, each sent twice");
}

#[tokio::test]
async fn the_legacy_body_has_the_recorded_fields() {
    let visit = Visit::new(Flavour::Opensource).await;
    let receiver = Receiver::default();
    let url = receiver.listen().await;
    let secret = "0123456789abcdef0123456789abcdef";
    visit
        .control(
            "/webhooks",
            &json!({ "url": url, "secret": secret, "style": "legacy" }),
        )
        .await;
    visit.place("payment_fee").await;
    let (headers, body) = receiver.wait_for(1).await.remove(0);
    assert!(
        headers["ms-signature"]
            .to_str()
            .expect("text")
            .starts_with("sha256=")
    );
    assert!(body.contains("\r\n"));
    let told: Value = serde_json::from_str(&body).expect("JSON");
    same_shape(&sample("legacy_webhook_orders_create.body"), &told, "body");
}

#[tokio::test]
async fn nothing_is_told_when_webhooks_are_off() {
    let visit = Visit::new(Flavour::Official).await;
    visit.control("/webhooks", &json!({ "style": "off" })).await;
    visit.place("paid").await;
    let url = format!("{}/stats", visit.shop.control());
    let answer = visit.client.get(url).send().await.expect("an answer");
    let stats: Value = answer.json().await.expect("JSON");
    assert_eq!(stats["webhooks"]["raised"], 0);
}

#[tokio::test]
async fn what_is_refused_for_good_is_not_sent_again() {
    let visit = Visit::new(Flavour::Official).await;
    let receiver = Receiver {
        refuses_for_good: true,
        ..Receiver::default()
    };
    let url = receiver.listen().await;
    let hook = json!({ "url": url, "secret": "whsec_aGVsbG8=" });
    visit.control("/webhooks", &hook).await;
    visit.place("payment_fee").await;
    receiver.wait_for(1).await;
    let url = format!("{}/stats", visit.shop.control());
    let given_up = async {
        loop {
            let answer = visit.client.get(&url).send().await.expect("an answer");
            let stats: Value = answer.json().await.expect("JSON");
            if stats["webhooks"]["given_up"] == 1 {
                return stats["webhooks"]["attempts"].clone();
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    let attempts = tokio::time::timeout(Duration::from_secs(30), given_up).await;
    assert_eq!(attempts.expect("it gives up"), 1);
}
