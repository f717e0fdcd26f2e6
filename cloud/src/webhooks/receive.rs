//! Takes one delivery: judge it on its raw bytes, read the envelope, store it, then answer.

use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::body::{Body, Bytes};
use axum::extract::rejection::{PathRejection, QueryRejection};
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use connect_core::domain::event::{Event, Source};
use connect_core::domain::ids::EventId;
use connect_core::domain::lane::LaneKey;
use connect_store::Inserted;
use futures::StreamExt as _;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::envelope::{self, Happening, Unreadable};
use super::hooks::Hook;
use super::verify::{Signed, Verdict};
use crate::app::Services;
use crate::crash;
use crate::error::{Error, ErrorKind};
use crate::shops;

// Read past the limit and thrown away, so that the sender gets to read why.
const DRAINED_BYTES: usize = 32 * 1024 * 1024;
// Senders wait no longer for the answer.
const PATIENCE: Duration = Duration::from_secs(15);

/// What became of a delivery that was taken.
#[derive(Debug, Serialize)]
struct Taken {
    /// The event; none when the delivery told nothing of interest.
    event_id: Option<Uuid>,
    /// All of them, when it told several things.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    event_ids: Vec<Uuid>,
}

/// Takes a delivery.
pub(super) async fn receive(
    State(services): State<Arc<Services>>,
    key: Result<Path<String>, PathRejection>,
    headers: HeaderMap,
    body: Body,
) -> Response {
    let taken = async {
        let Path(key) = key.map_err(|_| Error::not_found("store"))?;
        Box::pin(take(&services, &key, &headers, body)).await
    };
    match taken.await {
        Ok(taken) => (StatusCode::ACCEPTED, Json(taken)).into_response(),
        Err(error) => {
            count(error.code);
            error.into_response()
        }
    }
}

async fn take(
    services: &Services,
    key: &str,
    headers: &HeaderMap,
    body: Body,
) -> Result<Taken, Error> {
    let limit = services.config.limits.webhook_body_bytes;
    let body = tokio::time::timeout(PATIENCE, read(body, limit))
        .await
        .map_err(|_| Error::invalid("body_too_slow", "the body did not arrive in time"))??;
    let hook = services.hooks.find(services, key).await?;
    let hook = hook.ok_or_else(|| Error::not_found("store"))?;
    match text(headers, "ms-signature") {
        Some(signature) => take_legacy(services, &hook, signature, &body).await,
        None => take_standard(services, &hook, headers, &body).await,
    }
}

async fn take_standard(
    services: &Services,
    hook: &Hook,
    headers: &HeaderMap,
    body: &[u8],
) -> Result<Taken, Error> {
    let header = |name| text(headers, name).ok_or_else(unsigned);
    let signed = Signed {
        id: header("webhook-id")?,
        timestamp: header("webhook-timestamp")?,
        signature: header("webhook-signature")?,
    };
    let verdict = hook.keys.verify(signed, body, services.clock.now());
    if verdict == Verdict::Forged {
        return Err(forged());
    }
    let envelope = envelope::read(body).map_err(unreadable)?;
    let new = check_installation(hook, envelope.installation.as_deref())?;
    if let Verdict::Skewed { age_seconds } = verdict {
        return Err(skewed(services, hook, age_seconds).await);
    }
    if envelope.id != signed.id || !is_delivery_id(signed.id) {
        return Err(Error::invalid(
            "id_mismatch",
            "the body's id must be the webhook-id header's",
        ));
    }
    if is_elsewhere(hook, envelope.nop_store) {
        let message = "this happened in another shop of the installation than the one connected";
        return Err(Error::invalid("other_nop_store", message));
    }
    if let Some(installation) = new {
        learn(services, hook, installation).await?;
    }
    let (event, lane) = event(services, hook, envelope.id, envelope.happening);
    let inserted = services.database.events().insert(&event, &lane).await?;
    crash::point("cloud.event.stored");
    Ok(Taken {
        event_id: Some(told(inserted)),
        event_ids: Vec::new(),
    })
}

async fn take_legacy(
    services: &Services,
    hook: &Hook,
    signature: &str,
    body: &[u8],
) -> Result<Taken, Error> {
    if !hook.keys.verify_legacy(signature, body) {
        return Err(forged());
    }
    let legacy = envelope::read_legacy(body).map_err(unreadable)?;
    let mut events = Vec::with_capacity(legacy.happenings.len());
    for (place, (nop_store, happening)) in legacy.happenings.into_iter().enumerate() {
        // The plugin tells of every shop of the installation in one body.
        if is_elsewhere(hook, nop_store) {
            count("other_nop_store");
            continue;
        }
        let delivery = format!("legacy:{}:{}:{place}", legacy.id, legacy.digest);
        events.push(event(services, hook, delivery, happening));
    }
    let inserted = services.database.events().insert_many(events, None).await?;
    crash::point("cloud.event.stored");
    let event_ids: Vec<Uuid> = inserted.into_iter().map(told).collect();
    if event_ids.is_empty() {
        count("ignored");
    }
    Ok(Taken {
        event_id: event_ids.first().copied(),
        event_ids,
    })
}

/// What happened, as it is kept, and its place.
fn event(
    services: &Services,
    hook: &Hook,
    delivery: String,
    happening: Happening,
) -> (Event, LaneKey) {
    let now = services.clock.now();
    let key = format!("{}:{}", happening.entity, happening.entity_id);
    let lane = LaneKey {
        tenant: hook.tenant,
        group: hook.store.0,
        key,
    };
    let event = Event {
        tenant: hook.tenant,
        id: EventId(services.ids.next()),
        environment: hook.environment,
        store: hook.store,
        source: Source::Webhook,
        delivery,
        topic: happening.topic.to_owned(),
        entity: happening.entity,
        entity_id: happening.entity_id,
        occurred: happening.occurred.unwrap_or(now),
        received: now,
        revision: hook.revision,
        route: None,
        body: None,
    };
    (event, lane)
}

/// Counts what became of a delivery, and names its event.
fn told(inserted: Inserted) -> Uuid {
    match inserted {
        Inserted::New { event } => {
            count("accepted");
            event.0
        }
        Inserted::Repeated { event } => {
            count("repeated");
            event.0
        }
    }
}

/// A copy of the shop signs with the same secret; only its installation tells it apart. Gives back
/// the installation when it is the first one heard of.
fn check_installation<'g>(hook: &Hook, given: Option<&'g str>) -> Result<Option<&'g str>, Error> {
    match (hook.installation.as_deref(), given) {
        (Some(known), Some(given)) if known == given => Ok(None),
        (None, None) => Ok(None),
        (None, Some(given)) if given.is_empty() || given.len() > 100 => Err(Error::invalid(
            "not_an_envelope",
            "installation_id is not a fingerprint",
        )),
        (None, Some(given)) => Ok(Some(given)),
        (Some(_), Some(_) | None) => Err(other_installation()),
    }
}

fn other_installation() -> Error {
    Error::unauthenticated(
        "other_installation",
        "this comes from another installation than the one connected: a copy of the shop?",
    )
}

/// Takes the word of the first webhook that is accepted for which installation it is; another
/// delivery, here or in another process, may have been first with another one.
async fn learn(services: &Services, hook: &Hook, given: &str) -> Result<(), Error> {
    let stores = services.database.stores();
    let ours = stores
        .claim_installation(hook.tenant, hook.store, given)
        .await?;
    services.hooks.forget();
    if !ours {
        return Err(other_installation());
    }
    tracing::info!(store.id = %hook.store, "learnt the store's installation");
    Ok(())
}

fn is_elsewhere(hook: &Hook, given: Option<i64>) -> bool {
    hook.nop_store != 0 && given.is_some_and(|given| given != hook.nop_store)
}

async fn skewed(services: &Services, hook: &Hook, age_seconds: i64) -> Error {
    metrics::counter!("connect_webhook_clock_skew_total").increment(1);
    tracing::warn!(store.id = %hook.store, webhook.age_seconds = age_seconds, "store clock skew");
    // What it told is not lost: the store's orders are looked through instead.
    let now = services.clock.now();
    let soon = shops::poll_soon(&services.database, now, hook.tenant, hook.store).await;
    if let Err(error) = soon {
        tracing::error!(error.report = error.report(), "no poll could be scheduled");
    }
    Error::unauthenticated(
        "timestamp_out_of_range",
        "the timestamp is more than 5 minutes away: check the store's clock",
    )
}

/// Answers the question the old plugin asks when it is given an address.
pub(super) async fn echo(
    State(services): State<Arc<Services>>,
    key: Result<Path<String>, PathRejection>,
    query: Result<Query<Echo>, QueryRejection>,
) -> Result<Response, Error> {
    let Path(key) = key.map_err(|_| Error::not_found("store"))?;
    let Query(query) = query.map_err(|why| Error::invalid("bad_query", why.body_text()))?;
    let found = services.hooks.find(&services, &key).await?;
    found.ok_or_else(|| Error::not_found("store"))?;
    let echo = query.echo.filter(|text| {
        (1..=64).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_alphanumeric())
    });
    let echo = echo.ok_or_else(|| {
        Error::invalid("nothing_to_echo", "echo must be 1 to 64 letters or digits")
    })?;
    let headers = [
        (header::CONTENT_TYPE, "text/plain"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ];
    Ok((headers, echo).into_response())
}

/// What the address answers to other methods.
pub(super) async fn unknown_method() -> Error {
    std::future::ready(Error::unknown_method()).await
}

/// What a handler that panicked answers; the panic itself is in the log already.
pub(super) fn panicked(_: Box<dyn std::any::Any + Send>) -> Response {
    Error::internal("a webhook handler panicked").into_response()
}

/// Query of an echo.
#[derive(Debug, Deserialize)]
pub(super) struct Echo {
    echo: Option<String>,
}

/// Reads the body up to the limit.
async fn read(body: Body, limit: usize) -> Result<Bytes, Error> {
    let mut stream = body.into_data_stream();
    let mut parts: Vec<Bytes> = Vec::new();
    let mut size = 0_usize;
    while let Some(part) = stream.next().await {
        let part = part.map_err(|_| Error::invalid("body_broken_off", "the body broke off"))?;
        size = size.saturating_add(part.len());
        if size > DRAINED_BYTES {
            break;
        }
        if size <= limit {
            parts.push(part);
        }
    }
    if size > limit {
        let message = format!("the body is larger than {limit} bytes");
        return Err(Error::new(ErrorKind::TooLarge, "body_too_large", message));
    }
    match <[Bytes; 1]>::try_from(parts) {
        Ok([whole]) => Ok(whole),
        Err(parts) => Ok(parts.concat().into()),
    }
}

fn is_delivery_id(text: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
    (1..=100).contains(&text.len()) && text.bytes().all(plain)
}

fn text<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

fn unsigned() -> Error {
    Error::unauthenticated("signature_missing", "the webhook headers are missing")
}

fn forged() -> Error {
    Error::unauthenticated("signature_wrong", "no signature matches the store's secret")
}

fn unreadable(why: Unreadable) -> Error {
    match why {
        Unreadable::Shape(why) => Error::invalid("not_an_envelope", why),
        Unreadable::Topic(topic) => {
            Error::invalid("unknown_topic", format!("there is no topic \"{topic}\""))
        }
    }
}

fn count(outcome: &'static str) {
    metrics::counter!("connect_webhooks_total", "outcome" => outcome).increment(1);
}
