//! Tells somebody what happened in the shop: signed, concurrent, repeated until taken.

use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rust_decimal::Decimal;
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::sync::mpsc;

use super::lock;
use super::model::Order;
use super::random::Random;
use super::shop::Shop;

mod sender;

pub(crate) use sender::run;

/// Which envelope the shop's plugin writes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Style {
    /// Our own plugin: Standard Webhooks headers, a thin body.
    #[default]
    Standard,
    /// The old plugin: `ms-signature`, the whole order in the body.
    Legacy,
    Off,
}

/// Where webhooks go and how badly.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct Settings {
    #[serde(default)]
    pub url: String,
    /// `whsec_` and Base64 for the standard style, any text for the legacy one.
    #[serde(default)]
    pub secret: String,
    #[serde(default)]
    pub style: Style,
    /// How many of a hundred deliveries are sent twice.
    #[serde(default)]
    pub duplicate: Share,
    /// Let deliveries overtake each other.
    #[serde(default)]
    pub reorder: bool,
    /// How many of a hundred deliveries are never sent.
    #[serde(default)]
    pub drop: Share,
}

/// A share between 0 and 1, kept in percent.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(try_from = "serde_json::Number")]
pub struct Share(u64);

impl TryFrom<serde_json::Number> for Share {
    type Error = String;

    fn try_from(number: serde_json::Number) -> Result<Self, String> {
        let share: Decimal = number
            .to_string()
            .parse()
            .map_err(|_| "not a share".to_owned())?;
        let percent = (share * Decimal::ONE_HUNDRED).round();
        let percent = u64::try_from(percent).map_err(|_| "a share is not negative".to_owned())?;
        Ok(Self(percent.min(100)))
    }
}

/// One thing to tell, whatever the number of attempts.
#[derive(Clone, Debug)]
pub(crate) struct Delivery {
    id: String,
    body: String,
    delay: Duration,
}

/// The shop's end of the line.
#[derive(Debug)]
pub(crate) struct Webhooks {
    settings: Mutex<Settings>,
    queue: mpsc::UnboundedSender<Delivery>,
    random: Mutex<Random>,
    sequence: AtomicU64,
    pub(crate) counts: Counts,
}

/// What became of the deliveries.
#[derive(Debug, Default)]
pub(crate) struct Counts {
    raised: AtomicU64,
    dropped: AtomicU64,
    duplicated: AtomicU64,
    attempts: AtomicU64,
    delivered: AtomicU64,
    given_up: AtomicU64,
}

impl Counts {
    pub(crate) fn read(&self) -> Value {
        let read = |count: &AtomicU64| count.load(Ordering::Relaxed);
        let sent = read(&self.raised) + read(&self.duplicated);
        let over = read(&self.dropped) + read(&self.delivered) + read(&self.given_up);
        json!({
            "pending": sent.saturating_sub(over),
            "raised": read(&self.raised),
            "dropped": read(&self.dropped),
            "duplicated": read(&self.duplicated),
            "attempts": read(&self.attempts),
            "delivered": read(&self.delivered),
            "given_up": read(&self.given_up),
        })
    }
}

impl Webhooks {
    pub(crate) fn new(settings: Settings, seed: u64) -> (Self, mpsc::UnboundedReceiver<Delivery>) {
        let (queue, deliveries) = mpsc::unbounded_channel();
        let webhooks = Self {
            settings: Mutex::new(settings),
            queue,
            random: Mutex::new(Random::new(seed ^ 0x00EB_4000)),
            sequence: AtomicU64::new(0),
            counts: Counts::default(),
        };
        (webhooks, deliveries)
    }

    pub(crate) fn set(&self, settings: Settings) {
        *lock(&self.settings) = settings;
    }

    fn settings(&self) -> Settings {
        lock(&self.settings).clone()
    }

    /// Queues what happened to an order; the old plugin's body carries the whole row.
    pub(crate) fn raise(
        &self,
        shop: &Shop,
        order: &Order,
        topic: &'static str,
        row: impl FnOnce() -> Value,
    ) {
        let settings = self.settings();
        if settings.style == Style::Off || settings.url.is_empty() {
            return;
        }
        self.counts.raised.fetch_add(1, Ordering::Relaxed);
        let sequence = self.sequence.fetch_add(1, Ordering::Relaxed) + 1;
        let (id, twice, lost, delay) = {
            let mut random = lock(&self.random);
            let id = random.guid();
            let twice = random.percent(settings.duplicate.0);
            let lost = random.percent(settings.drop.0);
            let delay = if settings.reorder {
                random.below(400)
            } else {
                0
            };
            (id, twice, lost, Duration::from_millis(delay))
        };
        if lost {
            self.counts.dropped.fetch_add(1, Ordering::Relaxed);
            return;
        }
        let body = match settings.style {
            Style::Legacy => legacy_body(&id, topic, &row()),
            Style::Standard | Style::Off => standard_body(shop, order, topic, &id, sequence),
        };
        let delivery = Delivery { id, body, delay };
        if twice {
            self.counts.duplicated.fetch_add(1, Ordering::Relaxed);
            self.enqueue(delivery.clone());
        }
        self.enqueue(delivery);
    }

    fn enqueue(&self, delivery: Delivery) {
        // The other end is gone only when the shop closes.
        if self.queue.send(delivery).is_err() {
            self.counts.given_up.fetch_add(1, Ordering::Relaxed);
        }
    }
}

fn standard_body(shop: &Shop, order: &Order, topic: &str, id: &str, sequence: u64) -> String {
    json!({
        "id": id,
        "topic": topic,
        "store_url": shop.url(),
        "installation_id": shop.installation_id,
        "store_id": order.store_id,
        "entity": "order",
        "entity_id": order.id,
        "occurred_at": shop.now().to_string(),
        "sequence": sequence,
    })
    .to_string()
}

/// Indented, with Windows line ends: the signature covers these very bytes.
fn legacy_body(id: &str, topic: &str, row: &Value) -> String {
    let action = match topic {
        "order.placed" => "orders/create",
        "order.deleted" => "orders/delete",
        _ => "orders/update",
    };
    let id = id.replace('-', "");
    let body = json!({
        "Id": id,
        "Attempt": 1,
        "Properties": {},
        "Notifications": [{ "Action": action, "Item": row }],
        "WebHookId": "c7b1f4d6a2394b1e8a52f0a4a1d3e9c5",
    });
    format!("{body:#}").replace('\n', "\r\n")
}

/// Signs the way Standard Webhooks say.
fn standard_signature(secret: &str, id: &str, timestamp: i64, body: &str) -> String {
    let key = STANDARD
        .decode(secret.trim_start_matches("whsec_"))
        .unwrap_or_default();
    let key = hmac::Key::new(hmac::HMAC_SHA256, &key);
    let tag = hmac::sign(&key, format!("{id}.{timestamp}.{body}").as_bytes());
    format!("v1,{}", STANDARD.encode(tag.as_ref()))
}

/// Signs the way the old plugin did: upper-case hex over the body alone.
fn legacy_signature(secret: &str, body: &str) -> String {
    use std::fmt::Write as _;
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
    let tag = hmac::sign(&key, body.as_bytes());
    tag.as_ref()
        .iter()
        .fold(String::from("sha256="), |mut text, byte| {
            let written = write!(text, "{byte:02X}");
            debug_assert!(written.is_ok(), "a String takes every write");
            text
        })
}

#[cfg(test)]
mod tests {
    use super::{Settings, legacy_signature, standard_signature};

    #[test]
    fn the_legacy_signature_is_the_recorded_one() {
        let body = include_str!("../../../fixtures/nop/legacy_webhook_orders_create.body.json");
        let headers =
            include_str!("../../../fixtures/nop/legacy_webhook_orders_create.headers.json");
        let headers: serde_json::Value = serde_json::from_str(headers).expect("headers");
        let secret = headers["secret_used"].as_str().expect("a secret");
        assert_eq!(
            legacy_signature(secret, body),
            headers["headers"]["ms-signature"]
        );
    }

    #[test]
    fn the_standard_signature_matches_the_published_example() {
        let signature = standard_signature(
            "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
            "msg_p5jXN8AQM9LWM0D4loKWxJek",
            1_614_265_330,
            "{\"test\": 2432232314}",
        );
        assert_eq!(signature, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    }

    #[test]
    fn shares_are_numbers_between_nothing_and_all() {
        let settings: Settings =
            serde_json::from_str(r#"{"url":"u","duplicate":0.25,"drop":1}"#).expect("settings");
        assert_eq!((settings.duplicate.0, settings.drop.0), (25, 100));
        assert!(serde_json::from_str::<Settings>(r#"{"url":"u","drop":-1}"#).is_err());
    }
}
