//! The back door for tests: orders on demand, what is inside, and how to break things.

use axum::http::{Method, StatusCode};
use rust_decimal::Decimal;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};

use super::call::{Answer, Call};
use super::generator::Kind;
use super::model::{Address, Order};
use super::shop::Shop;
use super::state::Tables;
use super::world::WorldItem;

/// Answers a call at the back door.
pub(crate) fn answer(shop: &Shop, call: &Call) -> Answer {
    match (&call.method, call.segments().as_slice()) {
        (&Method::GET, []) => Answer::ok(about(shop)),
        (&Method::POST, ["orders"]) => with_body(call, |wish| place(shop, &wish)),
        (&Method::GET, ["orders"]) => Answer::ok(all_orders(shop)),
        (&Method::GET, ["orders", id]) => one_order(shop, id),
        (&Method::POST, ["orders", id, action]) => act(shop, call, id, action),
        (&Method::POST, ["products"]) => with_body(call, |wish| add_product(shop, wish)),
        (&Method::POST, ["products", id]) => with_body(call, |wish| edit_product(shop, id, wish)),
        (&Method::POST, ["customers", id]) => with_body(call, |wish| edit_customer(shop, id, wish)),
        (&Method::POST, ["webhooks"]) => with_body(call, |settings| {
            shop.webhooks.set(settings);
            Answer::Empty
        }),
        (&Method::POST, ["faults"]) => with_body(call, |fault| {
            shop.faults.add(fault);
            Answer::Empty
        }),
        (&Method::DELETE, ["faults"]) => {
            shop.faults.clear();
            Answer::Empty
        }
        (&Method::DELETE, ["tokens"]) => {
            shop.forget_tokens();
            Answer::Empty
        }
        (&Method::POST, ["clock"]) => with_body(call, |clock: ClockWish| {
            shop.clock.skew(clock.offset_seconds);
            Answer::Empty
        }),
        (&Method::GET, ["stats"]) => Answer::ok(stats(shop)),
        _ => Answer::Text(StatusCode::NOT_FOUND, "no such control".to_owned()),
    }
}

fn with_body<T: DeserializeOwned>(call: &Call, act: impl FnOnce(T) -> Answer) -> Answer {
    let body: &[u8] = if call.body.is_empty() {
        b"{}"
    } else {
        &call.body
    };
    match serde_json::from_slice(body) {
        Ok(wish) => act(wish),
        Err(error) => Answer::Text(StatusCode::BAD_REQUEST, error.to_string()),
    }
}

fn about(shop: &Shop) -> Value {
    json!({
        "flavour": shop.flavour.name(),
        "store_url": shop.url(),
        "installation_id": shop.installation_id,
        "username": shop.username,
        "password": shop.password,
    })
}

fn stats(shop: &Shop) -> Value {
    let mut read = shop.meter.read();
    if let Some(fields) = read.as_object_mut() {
        fields.insert("flavour".to_owned(), shop.flavour.name().into());
        fields.insert("orders".to_owned(), shop.tables().orders.len().into());
        fields.insert("webhooks".to_owned(), shop.webhooks.counts.read());
    }
    read
}

#[derive(Deserialize)]
struct PlaceWish {
    #[serde(default = "one")]
    count: usize,
    #[serde(default)]
    kind: Kind,
}

fn one() -> usize {
    1
}

#[derive(Deserialize)]
struct ClockWish {
    offset_seconds: i64,
}

fn place(shop: &Shop, wish: &PlaceWish) -> Answer {
    let placed = shop.place(wish.kind, wish.count);
    let rows = placed.iter().map(|order| {
        json!({
            "id": order.id,
            "custom_order_number": order.custom_order_number,
            "order_guid": order.order_guid,
            "customer_id": order.customer_id,
            "order_total": order.order_total,
            "created_on_utc": order.created_on_utc.to_string(),
        })
    });
    Answer::ok(json!({ "orders": rows.collect::<Value>() }))
}

fn all_orders(shop: &Shop) -> Value {
    let tables = shop.tables();
    let orders = tables
        .orders
        .values()
        .map(|order| canonical(&tables, order));
    json!({
        "flavour": shop.flavour.name(),
        "primary_currency": tables.world.store.primary_currency,
        "orders": orders.collect::<Value>(),
    })
}

fn one_order(shop: &Shop, id: &str) -> Answer {
    let tables = shop.tables();
    let found = id.parse().ok().and_then(|id: i64| tables.orders.get(&id));
    match found {
        Some(order) => Answer::ok(canonical(&tables, order)),
        None => Answer::Text(StatusCode::NOT_FOUND, format!("no order {id}")),
    }
}

/// Writes all the shop knows about an order, with its buyer and its places spelled out.
fn canonical(tables: &Tables, order: &Order) -> Value {
    let mut row = serde_json::to_value(order).unwrap_or_default();
    let Some(fields) = row.as_object_mut() else {
        return row;
    };
    let place = |address: Option<&Address>| address.map(|address| spelled_out(tables, address));
    fields.insert(
        "billing_address".to_owned(),
        spelled_out(tables, &order.billing_address),
    );
    fields.insert(
        "shipping_address".to_owned(),
        place(order.shipping_address.as_ref()).into(),
    );
    fields.insert(
        "pickup_address".to_owned(),
        place(order.pickup_address.as_ref()).into(),
    );
    let customer = tables.customers.get(&order.customer_id);
    fields.insert(
        "customer".to_owned(),
        serde_json::to_value(customer).unwrap_or_default(),
    );
    row
}

fn spelled_out(tables: &Tables, address: &Address) -> Value {
    let mut row = serde_json::to_value(address).unwrap_or_default();
    let country = address.country_id.and_then(|id| tables.country(id));
    let state = address.state_province_id.and_then(|id| tables.province(id));
    if let Some(fields) = row.as_object_mut() {
        fields.insert(
            "country".to_owned(),
            serde_json::to_value(country).unwrap_or_default(),
        );
        fields.insert(
            "state".to_owned(),
            serde_json::to_value(state).unwrap_or_default(),
        );
    }
    row
}

fn act(shop: &Shop, call: &Call, id: &str, action: &str) -> Answer {
    let Ok(id) = id.parse::<i64>() else {
        return Answer::Text(StatusCode::BAD_REQUEST, format!("{id} is no order id"));
    };
    let outcome = match action {
        "pay" => shop.pay(id),
        "cancel" => shop.cancel(id),
        "delete" => shop.delete(id),
        "notify" => notify(shop, id),
        "edit" => return with_body(call, |wish| edit_order(shop, id, wish)),
        _ => return Answer::Text(StatusCode::NOT_FOUND, format!("no action {action}")),
    };
    told(outcome)
}

fn told(outcome: Option<bool>) -> Answer {
    match outcome {
        Some(true) => Answer::Empty,
        Some(false) => Answer::Text(
            StatusCode::CONFLICT,
            "the order does not allow it".to_owned(),
        ),
        None => Answer::Text(StatusCode::NOT_FOUND, "no such order".to_owned()),
    }
}

/// Tells of the order once more, as a new event.
fn notify(shop: &Shop, id: i64) -> Option<bool> {
    let tables = shop.tables();
    shop.raise(&tables, tables.orders.get(&id)?, "order.placed");
    Some(true)
}

/// What an administrator may type over; amounts are texts.
#[derive(Deserialize)]
struct OrderWish {
    order_total: Option<Decimal>,
    order_discount: Option<Decimal>,
    custom_order_number: Option<String>,
    sku: Option<String>,
}

fn edit_order(shop: &Shop, id: i64, wish: OrderWish) -> Answer {
    let edit = |order: &mut Order| {
        order.order_total = wish.order_total.unwrap_or(order.order_total);
        order.order_discount = wish.order_discount.unwrap_or(order.order_discount);
        if let Some(number) = wish.custom_order_number {
            order.custom_order_number = number;
        }
        if let (Some(sku), Some(item)) = (wish.sku, order.items.first_mut()) {
            item.sku = Some(sku);
        }
        "Order has been edited"
    };
    told(shop.change(id, "order.updated", |_| true, edit))
}

#[derive(Deserialize)]
struct ProductWish {
    sku: Option<String>,
    name: Option<String>,
    price: Option<Decimal>,
}

fn add_product(shop: &Shop, wish: ProductWish) -> Answer {
    let item = WorldItem {
        number: wish.sku.unwrap_or_default(),
        description: wish.name.unwrap_or_else(|| "New product".to_owned()),
        price: wish.price.unwrap_or(Decimal::TEN),
        cost: Decimal::ONE,
    };
    let now = shop.now();
    Answer::ok(json!({ "id": shop.tables_mut().add_product(&item, now) }))
}

/// Products are named by id or by SKU.
fn edit_product(shop: &Shop, key: &str, wish: ProductWish) -> Answer {
    let mut tables = shop.tables_mut();
    let found = tables
        .products
        .values_mut()
        .find(|product| product.id.to_string() == key || product.sku.as_deref() == Some(key));
    let Some(product) = found else {
        return Answer::Text(StatusCode::NOT_FOUND, format!("no product {key}"));
    };
    if let Some(sku) = wish.sku {
        product.sku = (!sku.is_empty()).then_some(sku);
    }
    product.price = wish.price.unwrap_or(product.price);
    if let Some(name) = wish.name {
        product.name = name;
    }
    Answer::ok(json!({ "id": product.id }))
}

/// Sets the texts of a buyer's row that are named.
fn edit_customer(shop: &Shop, id: &str, wish: Map<String, Value>) -> Answer {
    let mut tables = shop.tables_mut();
    let found = id
        .parse()
        .ok()
        .and_then(|id: i64| tables.customers.get_mut(&id));
    let Some(customer) = found else {
        return Answer::Text(StatusCode::NOT_FOUND, format!("no customer {id}"));
    };
    for (field, value) in wish {
        let value = value.as_str().map(str::to_owned);
        match field.as_str() {
            "email" => customer.email = value,
            "company" => customer.company = value,
            "first_name" => customer.first_name = value,
            "last_name" => customer.last_name = value,
            "vat_number" => customer.vat_number = value,
            _ => return Answer::Text(StatusCode::BAD_REQUEST, format!("no field {field}")),
        }
    }
    Answer::Empty
}
