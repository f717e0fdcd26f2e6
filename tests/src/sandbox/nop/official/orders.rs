//! Orders, their lines and notes, and what may be done to them.

use axum::http::StatusCode;
use serde_json::{Value, json};

use super::super::call::{Answer, Call};
use super::super::json::parse_time;
use super::super::model::{Note, Order};
use super::super::shop::Shop;
use super::{not_found, page, rows};

pub(super) fn by_id(shop: &Shop, id: i64) -> Answer {
    one(shop, id, rows::order)
}

pub(super) fn items(shop: &Shop, id: i64) -> Answer {
    one(shop, id, |order| {
        order
            .items
            .iter()
            .map(|item| rows::item(order.id, item))
            .collect()
    })
}

pub(super) fn notes(shop: &Shop, id: i64) -> Answer {
    one(shop, id, |order| {
        order
            .notes
            .iter()
            .map(|note| rows::note(order.id, note))
            .collect()
    })
}

pub(super) fn shipments(shop: &Shop, id: i64) -> Answer {
    one(shop, id, |_| json!([]))
}

pub(super) fn can_pay(shop: &Shop, id: i64) -> Answer {
    one(shop, id, |order| order.may_be_paid().into())
}

pub(super) fn can_cancel(shop: &Shop, id: i64) -> Answer {
    one(shop, id, |order| order.may_be_cancelled().into())
}

pub(super) fn pay(shop: &Shop, id: i64) -> Answer {
    done(shop.pay(id), "You can't mark this order as paid")
}

pub(super) fn cancel(shop: &Shop, id: i64) -> Answer {
    done(shop.cancel(id), "Cannot do cancel for order.")
}

pub(super) fn by_guid(shop: &Shop, call: &Call) -> Answer {
    let guid = call.text("guid").unwrap_or_default().to_ascii_lowercase();
    first(shop, &guid, |order| order.order_guid == guid)
}

pub(super) fn by_custom_number(shop: &Shop, call: &Call) -> Answer {
    let number = call.text("customOrderNumber").unwrap_or_default();
    first(shop, number, |order| order.custom_order_number == number)
}

pub(super) fn by_ids(shop: &Shop, keys: &str) -> Answer {
    let tables = shop.tables();
    let found = ids(keys)
        .filter_map(|id| tables.orders.get(&id))
        .map(rows::order);
    Answer::ok(found.collect::<Value>())
}

/// The newest first, so pages move while orders arrive unless the window is closed.
pub(super) fn search(shop: &Shop, call: &Call) -> Answer {
    let filter = match Filter::read(call) {
        Ok(filter) => filter,
        Err(refused) => return refused,
    };
    let tables = shop.tables();
    let mut found: Vec<&Order> = tables
        .orders
        .values()
        .filter(|order| filter.takes(order))
        .collect();
    found.sort_by_key(|order| std::cmp::Reverse((order.created_on_utc, order.id)));
    page(call, found.len(), |start, size| {
        found
            .iter()
            .skip(start)
            .take(size)
            .map(|order| rows::order(order))
            .collect()
    })
}

pub(super) fn create_note(shop: &Shop, call: &Call) -> Answer {
    let body = call.json().unwrap_or_default();
    let Some(order_id) = body["order_id"].as_i64() else {
        return Answer::bad_request("order_id", "The order_id field is required.");
    };
    let created_on_utc = body["created_on_utc"]
        .as_str()
        .and_then(parse_time)
        .unwrap_or_else(|| shop.now());
    let mut tables = shop.tables_mut();
    let id = tables.numbers.next("note", 10001);
    let Some(order) = tables.orders.get_mut(&order_id) else {
        // The plugin inserts without looking, and the foreign key refuses.
        return broken("An error occurred while saving the entity changes.");
    };
    let note = Note {
        id,
        note: body["note"].as_str().unwrap_or_default().to_owned(),
        display_to_customer: body["display_to_customer"].as_bool().unwrap_or(false),
        created_on_utc,
    };
    let row = rows::note(order_id, &note);
    order.notes.push(note);
    Answer::ok(row)
}

/// Ids joined the way the plugin's paths join them.
pub(super) fn ids(keys: &str) -> impl Iterator<Item = i64> + '_ {
    let keys = keys.split([';', ',']).flat_map(|key| key.split("%3B"));
    keys.filter_map(|key| key.trim().parse().ok())
}

fn one(shop: &Shop, id: i64, row: impl FnOnce(&Order) -> Value) -> Answer {
    let tables = shop.tables();
    tables
        .orders
        .get(&id)
        .map_or_else(|| not_found("Order", id), |order| Answer::ok(row(order)))
}

fn first(shop: &Shop, key: &str, fits: impl Fn(&Order) -> bool) -> Answer {
    let tables = shop.tables();
    let found = tables.orders.values().find(|order| fits(order));
    found.map_or_else(
        || not_found("Order", key),
        |order| Answer::ok(rows::order(order)),
    )
}

fn done(outcome: Option<bool>, refusal: &str) -> Answer {
    match outcome {
        Some(true) => Answer::Empty,
        Some(false) => broken(refusal),
        None => Answer::Text(StatusCode::NOT_FOUND, "Order not found".to_owned()),
    }
}

/// Business rules of the shop are plain exceptions, which the plugin answers with 500.
fn broken(message: &str) -> Answer {
    Answer::refused(
        StatusCode::INTERNAL_SERVER_ERROR,
        json!({ "message": message, "inner_exception_message": null, "stack_trace": "" }),
    )
}

/// The filters of the search that the shop has data for.
struct Filter<'a> {
    from: Option<jiff::Timestamp>,
    to: Option<jiff::Timestamp>,
    store: i64,
    customer: i64,
    product: i64,
    method: Option<&'a str>,
    email: Option<&'a str>,
    last_name: Option<&'a str>,
    phone: Option<&'a str>,
    statuses: [Vec<i64>; 3],
}

impl<'a> Filter<'a> {
    fn read(call: &'a Call) -> Result<Self, Answer> {
        let time = |name: &str| match call.text(name) {
            None => Ok(None),
            Some(text) => parse_time(text).map(Some).ok_or_else(|| {
                Answer::bad_request(name, &format!("The value '{text}' is not valid."))
            }),
        };
        let list = |name| ids(call.text(name).unwrap_or_default()).collect::<Vec<i64>>();
        Ok(Self {
            from: time("createdFromUtc")?,
            to: time("createdToUtc")?,
            store: call.number("storeId").unwrap_or(0),
            customer: call.number("customerId").unwrap_or(0),
            product: call.number("productId").unwrap_or(0),
            method: call.text("paymentMethodSystemName"),
            email: call.text("billingEmail"),
            last_name: call.text("billingLastName"),
            phone: call.text("billingPhone"),
            statuses: [list("osIds"), list("psIds"), list("ssIds")],
        })
    }

    fn takes(&self, order: &Order) -> bool {
        let billing = &order.billing_address;
        let holds = |part: Option<&str>, whole: &str| part.is_none_or(|part| whole.contains(part));
        let ours = [
            order.order_status.id(),
            order.payment_status.id(),
            order.shipping_status.id(),
        ];
        let status = |(wanted, id): (&Vec<i64>, i64)| wanted.is_empty() || wanted.contains(&id);
        !order.deleted
            && self.from.is_none_or(|from| order.created_on_utc >= from)
            && self.to.is_none_or(|to| order.created_on_utc <= to)
            && (self.store <= 0 || order.store_id == self.store)
            && (self.customer <= 0 || order.customer_id == self.customer)
            && (self.product <= 0 || order.items.iter().any(|i| i.product_id == self.product))
            && self
                .method
                .is_none_or(|method| order.payment_method_system_name == method)
            && holds(self.email, &billing.email)
            && holds(self.last_name, &billing.last_name)
            && holds(self.phone, &billing.phone_number)
            && self.statuses.iter().zip(ours).all(status)
    }
}
