//! Sends the queue: some at once, each again and again until somebody takes it.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use axum::http::StatusCode;
use tokio::sync::{Semaphore, mpsc};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::{Delivery, Settings, Style, legacy_signature, standard_signature};
use crate::sandbox::nop::shop::Shop;

const AT_ONCE: usize = 32;
const MOST_ATTEMPTS: u32 = 90;
const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);
const PATIENCE: Duration = Duration::from_secs(15);

/// Sends deliveries until the shop closes.
pub(crate) async fn run(
    shop: Arc<Shop>,
    mut queue: mpsc::UnboundedReceiver<Delivery>,
    closed: CancellationToken,
) {
    let client = match reqwest::Client::builder()
        .pool_max_idle_per_host(AT_ONCE)
        .timeout(PATIENCE)
        .build()
    {
        Ok(client) => client,
        Err(error) => {
            tracing::error!(%error, "no webhooks: the HTTP client does not start");
            return;
        }
    };
    let places = Arc::new(Semaphore::new(AT_ONCE));
    let tasks = TaskTracker::new();
    while let Some(Some(delivery)) = closed.run_until_cancelled(queue.recv()).await {
        let Ok(place) = Arc::clone(&places).acquire_owned().await else {
            return;
        };
        let (shop, client, closed) = (Arc::clone(&shop), client.clone(), closed.clone());
        tasks.spawn(async move {
            closed
                .run_until_cancelled(deliver(&shop, &client, &delivery))
                .await;
            drop(place);
        });
    }
}

async fn deliver(shop: &Shop, client: &reqwest::Client, delivery: &Delivery) {
    tokio::time::sleep(delivery.delay).await;
    let counts = &shop.webhooks.counts;
    let mut pause = FIRST_PAUSE;
    for _ in 0..MOST_ATTEMPTS {
        counts.attempts.fetch_add(1, Ordering::Relaxed);
        match attempt(shop, client, delivery).await {
            Outcome::Taken => {
                counts.delivered.fetch_add(1, Ordering::Relaxed);
                return;
            }
            Outcome::Refused => break,
            Outcome::Later => {}
        }
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
    counts.given_up.fetch_add(1, Ordering::Relaxed);
}

/// What an attempt came to.
enum Outcome {
    Taken,
    /// Sending it again would change nothing.
    Refused,
    Later,
}

impl Outcome {
    fn of(status: StatusCode) -> Self {
        match status {
            StatusCode::BAD_REQUEST | StatusCode::NOT_FOUND | StatusCode::PAYLOAD_TOO_LARGE => {
                Self::Refused
            }
            status if status.is_success() => Self::Taken,
            _ => Self::Later,
        }
    }
}

/// Sends once, to where webhooks go by now.
async fn attempt(shop: &Shop, client: &reqwest::Client, delivery: &Delivery) -> Outcome {
    let settings = shop.webhooks.settings();
    let request = client.post(&settings.url).body(delivery.body.clone());
    let request = sign(request, &settings, delivery, shop.now().as_second());
    let request = request.header("content-type", "application/json; charset=utf-8");
    let Ok(response) = request.send().await else {
        return Outcome::Later;
    };
    let status = response.status();
    // Reading to the end lets the connection serve again.
    match response.bytes().await {
        Ok(_) => Outcome::of(status),
        Err(_) => Outcome::Later,
    }
}

fn sign(
    request: reqwest::RequestBuilder,
    settings: &Settings,
    delivery: &Delivery,
    timestamp: i64,
) -> reqwest::RequestBuilder {
    match settings.style {
        Style::Legacy => request.header(
            "ms-signature",
            legacy_signature(&settings.secret, &delivery.body),
        ),
        Style::Standard | Style::Off => {
            let signature =
                standard_signature(&settings.secret, &delivery.id, timestamp, &delivery.body);
            request
                .header("webhook-id", &delivery.id)
                .header("webhook-timestamp", timestamp.to_string())
                .header("webhook-signature", signature)
        }
    }
}
