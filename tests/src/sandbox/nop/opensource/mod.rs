//! The open-source API plugin: its endpoints in one place, in reading order.

mod lists;
mod rows;

use axum::http::{Method, StatusCode};
use serde_json::{Map, Value, json};

use super::call::{Answer, Call};
use super::json::time;
use super::shop::Shop;

pub(crate) use rows::order as order_row;

/// Answers a call of this flavour.
pub(crate) fn answer(shop: &Shop, call: &Call) -> Answer {
    let segments = call.segments();
    match (&call.method, segments.as_slice()) {
        (&Method::POST, ["token"] | ["api", "token"]) => return token(shop, call),
        (&Method::GET, ["api", "swagger", "v1", "swagger.json"]) => return Answer::ok(swagger()),
        _ => {}
    }
    if !shop.knows_token(call.authorization.as_deref(), true) {
        return Answer::Text(StatusCode::UNAUTHORIZED, String::new());
    }
    match (&call.method, segments.as_slice()) {
        (&Method::GET, ["token", "check"]) => Answer::Empty,
        (&Method::GET, ["api", rest @ ..]) => get(shop, call, rest),
        _ => Answer::Text(StatusCode::NOT_FOUND, String::new()),
    }
}

fn get(shop: &Shop, call: &Call, segments: &[&str]) -> Answer {
    match segments {
        ["orders"] => lists::orders(shop, call),
        ["orders", "count"] => lists::order_count(shop, call),
        ["orders", "customer", id] => with_id(id, |id| lists::orders_of_customer(shop, call, id)),
        ["orders", id] => with_id(id, |id| lists::order(shop, call, id)),
        ["orders", id, "items"] => with_id(id, |id| lists::order_items(shop, call, id)),
        ["customers"] => lists::customers(shop, call),
        ["customers", "count"] => lists::customer_count(shop),
        ["customers", "search"] => lists::customer_search(shop, call),
        ["customers", id] => with_id(id, |id| lists::customer(shop, call, id)),
        ["products"] => lists::products(shop, call),
        ["products", "count"] => lists::product_count(shop),
        ["products", id] => with_id(id, |id| lists::product(shop, call, id)),
        ["countries"] => lists::countries(shop, call),
        ["stateprovinces"] => lists::provinces(shop, call),
        ["stores"] | ["stores", "current"] => lists::stores(shop, call),
        ["currencies"] => lists::currencies(shop, call, false),
        ["currencies", "primary" | "current"] => lists::currencies(shop, call, true),
        _ => Answer::Text(StatusCode::NOT_FOUND, String::new()),
    }
}

fn with_id(text: &str, answer: impl FnOnce(i64) -> Answer) -> Answer {
    match text.parse::<i64>() {
        Ok(id) if id > 0 => answer(id),
        _ => errors(StatusCode::BAD_REQUEST, "id", "invalid id"),
    }
}

fn token(shop: &Shop, call: &Call) -> Answer {
    let body = call.json().unwrap_or_default();
    let name = body["username"].as_str().unwrap_or_default();
    let Some(token) = shop.log_in(name, body["password"].as_str().unwrap_or_default()) else {
        return Answer::Text(
            StatusCode::FORBIDDEN,
            "Wrong username or password".to_owned(),
        );
    };
    let now = shop.now();
    let year = jiff::SignedDuration::from_hours(24 * 365);
    let ends = now.checked_add(year).unwrap_or(now);
    let zoned = |at| Value::String(format!("{}Z", time(at).as_str().unwrap_or_default()));
    Answer::ok(json!({
        "access_token": token,
        "token_type": "Bearer",
        "created_at_utc": zoned(now),
        "expires_at_utc": zoned(ends),
        "username": name,
        "customer_id": 4,
        "customer_guid": shop.installation_id,
    }))
}

fn swagger() -> Value {
    let info = json!({ "title": "API for nopCommerce", "version": "v1" });
    json!({ "openapi": "3.0.1", "info": info })
}

/// Puts rows under their plural name; `fields` only cuts what is written.
fn envelope(call: &Call, name: &str, rows: Vec<Value>) -> Answer {
    let fields: Option<Vec<&str>> = call
        .text("fields")
        .map(|fields| fields.split(',').map(str::trim).collect());
    let cut = |row: Value| match (&fields, row) {
        (Some(fields), Value::Object(row)) => {
            let kept = row
                .into_iter()
                .filter(|(field, _)| fields.contains(&field.as_str()));
            Value::Object(kept.collect())
        }
        (_, row) => row,
    };
    let mut body = Map::new();
    body.insert(name.to_owned(), rows.into_iter().map(cut).collect());
    Answer::ok(Value::Object(body))
}

fn errors(status: StatusCode, field: &str, text: &str) -> Answer {
    Answer::refused(status, json!({ "errors": { field: [text] } }))
}
