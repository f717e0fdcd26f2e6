//! What a webhook says happened: our plugin's envelope, and the old plugin's notifications.

use std::borrow::Cow;

use connect_core::domain::time::Micros;
use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

use crate::secrets;

/// Everything a store may tell: the list is closed.
const TOPICS: [&str; 20] = [
    "order.placed",
    "order.paid",
    "order.authorized",
    "order.updated",
    "order.status_changed",
    "order.cancelled",
    "order.refunded",
    "order.voided",
    "order.deleted",
    "shipment.created",
    "shipment.updated",
    "shipment.sent",
    "shipment.delivered",
    "customer.registered",
    "customer.updated",
    "customer.deleted",
    "product.created",
    "product.updated",
    "product.deleted",
    "return_request.created",
];
const MORE_TOPICS: [&str; 2] = ["return_request.updated", "stock.changed"];

/// One thing that happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Happening {
    /// From the closed list.
    pub topic: &'static str,
    /// `order`, ...
    pub entity: String,
    /// nop's id.
    pub entity_id: String,
    /// By the store's word; none when it does not say.
    pub occurred: Option<Micros>,
}

/// A read envelope.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Envelope {
    /// Equal to the header's.
    pub id: String,
    /// Fingerprint of the installation that sent it.
    pub installation: Option<String>,
    /// nop's `StoreId`.
    pub nop_store: Option<i64>,
    /// What happened.
    pub happening: Happening,
}

/// Why a body is not an envelope.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unreadable {
    /// Not JSON, or not of the right shape.
    Shape(String),
    /// A topic that is not on the list.
    Topic(String),
}

#[derive(Deserialize)]
struct Wire<'a> {
    #[serde(borrow)]
    id: Cow<'a, str>,
    #[serde(borrow)]
    topic: Cow<'a, str>,
    #[serde(borrow, default)]
    installation_id: Option<Cow<'a, str>>,
    #[serde(default)]
    store_id: Option<i64>,
    #[serde(borrow)]
    entity: Cow<'a, str>,
    entity_id: Value,
    #[serde(borrow)]
    occurred_at: Cow<'a, str>,
}

/// Reads the plugin's body.
pub fn read(body: &[u8]) -> Result<Envelope, Unreadable> {
    let wire: Wire<'_> = serde_json::from_slice(body).map_err(|error| shape(&error))?;
    let topic = known(&wire.topic).ok_or_else(|| Unreadable::Topic(clip(&wire.topic)))?;
    if wire.entity != entity_of(topic) {
        return Err(Unreadable::Shape(format!(
            "entity does not belong to topic {topic}"
        )));
    }
    let occurred = wire.occurred_at.parse::<jiff::Timestamp>();
    let occurred =
        occurred.map_err(|_| Unreadable::Shape("occurred_at is not an RFC 3339 time".into()))?;
    Ok(Envelope {
        id: wire.id.into_owned(),
        installation: wire.installation_id.map(Cow::into_owned),
        nop_store: wire.store_id,
        happening: Happening {
            topic,
            entity: wire.entity.into_owned(),
            entity_id: entity_id(&wire.entity_id, "entity_id")?,
            occurred: Some(Micros(occurred.as_microsecond())),
        },
    })
}

/// What a topic is about; stock is a matter of products.
fn entity_of(topic: &str) -> &str {
    match topic.split('.').next().unwrap_or_default() {
        "stock" => "product",
        entity => entity,
    }
}

fn known(topic: &str) -> Option<&'static str> {
    TOPICS
        .iter()
        .chain(&MORE_TOPICS)
        .find(|known| **known == topic)
        .copied()
}

/// nop's ids are numbers; plugins may write them as text.
fn entity_id(value: &Value, field: &str) -> Result<String, Unreadable> {
    let text = match value {
        Value::Number(number) => number.to_string(),
        Value::String(text) => text.clone(),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => String::new(),
    };
    let fine = (1..=64).contains(&text.len())
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    fine.then_some(text)
        .ok_or_else(|| Unreadable::Shape(format!("{field} is not an id")))
}

/// What the old plugin's body says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Legacy {
    /// Its own id of the delivery, the same over attempts.
    pub id: String,
    /// SHA-256 of what it tells, in hexadecimal; the attempt's number, which changes, is not in it.
    pub digest: String,
    /// nop's `StoreId` is only known for orders.
    pub happenings: Vec<(Option<i64>, Happening)>,
}

#[derive(Deserialize)]
struct LegacyWire<'a> {
    #[serde(rename = "Id")]
    id: String,
    #[serde(rename = "Notifications", borrow)]
    notifications: &'a RawValue,
}

/// Reads the old plugin's body; what it tells of other things is passed over.
pub fn read_legacy(body: &[u8]) -> Result<Legacy, Unreadable> {
    let wire: LegacyWire<'_> = serde_json::from_slice(body).map_err(|error| shape(&error))?;
    let notifications: Vec<serde_json::Map<String, Value>> =
        serde_json::from_str(wire.notifications.get()).map_err(|error| shape(&error))?;
    let digest = secrets::to_hex(&secrets::sha256(wire.notifications.get().as_bytes()));
    let mut happenings = Vec::new();
    for notification in &notifications {
        let action = notification
            .get("Action")
            .and_then(Value::as_str)
            .unwrap_or_default();
        let Some(topic) = legacy_topic(action) else {
            continue;
        };
        // One branch of the plugin wrote the members beside the action, under their C# names.
        let item = notification
            .get("Item")
            .and_then(Value::as_object)
            .unwrap_or(notification);
        let id = item
            .get("id")
            .or_else(|| item.get("Id"))
            .unwrap_or(&Value::Null);
        let entity = entity_of(topic).to_owned();
        let store = item
            .get("store_id")
            .or_else(|| item.get("StoreId"))
            .and_then(Value::as_i64);
        let store = store.filter(|_| entity == "order");
        let entity_id = entity_id(id, "Notifications[].Item.id")?;
        happenings.push((
            store,
            Happening {
                topic,
                entity,
                entity_id,
                occurred: None,
            },
        ));
    }
    Ok(Legacy {
        id: clip(&wire.id),
        digest,
        happenings,
    })
}

/// Both spellings are about: `orders/create` and `orders/created`.
fn legacy_topic(action: &str) -> Option<&'static str> {
    let (what, did) = action.split_once('/')?;
    let did = did
        .strip_suffix('d')
        .filter(|_| did.ends_with("ed"))
        .unwrap_or(did);
    let topic = match (what.strip_suffix('s').unwrap_or(what), did) {
        ("order", "create") => "order.placed",
        ("order", "update") => "order.updated",
        ("order", "delete") => "order.deleted",
        ("customer", "create") => "customer.registered",
        ("customer", "update") => "customer.updated",
        ("customer", "delete") => "customer.deleted",
        ("product", "create") => "product.created",
        ("product", "update") => "product.updated",
        ("product", "delete") => "product.deleted",
        _ => return None,
    };
    Some(topic)
}

fn shape(error: &serde_json::Error) -> Unreadable {
    let (line, column) = (error.line(), error.column());
    let why = match error.classify() {
        serde_json::error::Category::Data => "is not of the right shape",
        serde_json::error::Category::Io
        | serde_json::error::Category::Syntax
        | serde_json::error::Category::Eof => "is not JSON",
    };
    Unreadable::Shape(format!("the body {why} (line {line}, column {column})"))
}

fn clip(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(100).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn body(topic: &str, entity: &str, id: &str) -> String {
        format!(
            r#"{{"id":"evt_1","topic":"{topic}","store_url":"https://shop.example","installation_id":"i1","store_id":1,"entity":"{entity}","entity_id":{id},"occurred_at":"2026-11-23T10:00:00Z","sequence":1,"data":{{"deep":[1,2]}}}}"#
        )
    }

    #[test]
    fn every_topic_is_read_and_no_other() {
        for topic in TOPICS.iter().chain(&MORE_TOPICS) {
            let read = read(body(topic, entity_of(topic), "17").as_bytes()).expect("reads");
            assert_eq!(
                (read.happening.topic, read.happening.entity_id.as_str()),
                (*topic, "17")
            );
        }
        let other = read(body("order.lost", "order", "1").as_bytes());
        assert_eq!(other, Err(Unreadable::Topic("order.lost".into())));
        assert_eq!(TOPICS.len() + MORE_TOPICS.len(), 22);
    }

    #[test]
    fn ids_are_numbers_or_plain_text() {
        assert!(read(body("order.placed", "order", "\"1042\"").as_bytes()).is_ok());
        for bad in ["\"\"", "\"a b\"", "null", "{}", "\"../1\"", "1.5"] {
            assert!(
                read(body("order.placed", "order", bad).as_bytes()).is_err(),
                "{bad}"
            );
        }
        assert!(read(body("order.placed", "customer", "1").as_bytes()).is_err());
        assert!(read(body("stock.changed", "stock", "1").as_bytes()).is_err());
        assert!(matches!(read(b"{not json"), Err(Unreadable::Shape(_))));
        assert!(matches!(read(b"[]"), Err(Unreadable::Shape(_))));
    }

    #[test]
    fn the_recorded_legacy_body_is_read() {
        let text =
            include_bytes!("../../../tests/fixtures/nop/legacy_webhook_orders_create.body.json");
        let legacy = read_legacy(text).expect("reads");
        assert_eq!(legacy.id, "5d9d3f2f0b4b4a5e9f6f0c7c2b1a9e77");
        let (store, happening) = &legacy.happenings[0];
        assert_eq!(*store, Some(1));
        assert_eq!(
            (happening.topic, happening.entity_id.as_str()),
            ("order.placed", "1001")
        );
    }

    #[test]
    fn the_variant_without_item_and_both_spellings_are_read() {
        let text = br#"{"Id":"x","Notifications":[
            {"Action":"orders/updated","Id":7,"StoreId":2,"OrderTotal":1.5},
            {"Action":"product_category_maps/create","Item":{"id":1}},
            {"Action":"customers/delete","Item":{"id":5,"store_id":3}}]}"#;
        let legacy = read_legacy(text).expect("reads");
        let seen: Vec<_> = legacy
            .happenings
            .iter()
            .map(|(store, h)| (*store, h.topic, h.entity_id.as_str()))
            .collect();
        assert_eq!(
            seen,
            [
                (Some(2), "order.updated", "7"),
                (None, "customer.deleted", "5")
            ]
        );
    }
}
