//! Lists and single rows: filters, pages by id, counts.

use axum::http::StatusCode;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::super::call::{Answer, Call};
use super::super::json::parse_time;
use super::super::model::{Customer, Order};
use super::super::shop::Shop;
use super::{envelope, errors, rows};

const DEFAULT_LIMIT: i64 = 50;
const MAX_LIMIT: i64 = 250;

/// Which page of a list sorted by id is wanted.
struct Page {
    limit: usize,
    skip: usize,
    since_id: i64,
}

impl Page {
    fn read(call: &Call) -> Result<Self, Answer> {
        let number = |name: &str, default: i64| match call.text(name) {
            None => Some(default),
            Some(text) => text.parse::<i64>().ok(),
        };
        let limit = number("limit", DEFAULT_LIMIT).filter(|limit| (1..=MAX_LIMIT).contains(limit));
        let page = number("page", 1).filter(|page| *page >= 1);
        let (Some(limit), Some(page)) = (limit, page) else {
            let (field, text) = if limit.is_none() {
                ("limit", "Invalid limit parameter")
            } else {
                ("page", "Invalid page parameter")
            };
            return Err(errors(StatusCode::UNPROCESSABLE_ENTITY, field, text));
        };
        Ok(Self {
            limit: usize::try_from(limit).unwrap_or(0),
            skip: usize::try_from((page - 1) * limit).unwrap_or(usize::MAX),
            since_id: call.number("since_id").unwrap_or(0),
        })
    }

    fn cut<T>(&self, rows: impl Iterator<Item = T>, id: impl Fn(&T) -> i64) -> Vec<T> {
        rows.filter(|row| id(row) > self.since_id)
            .skip(self.skip)
            .take(self.limit)
            .collect()
    }
}

pub(super) fn orders(shop: &Shop, call: &Call) -> Answer {
    let page = match Page::read(call) {
        Ok(page) => page,
        Err(refused) => return refused,
    };
    let filter = Filter::read(call);
    let tables = shop.tables();
    let found = page.cut(
        tables.orders.values().filter(|o| filter.takes(o)),
        |order| order.id,
    );
    envelope(
        call,
        "orders",
        found
            .into_iter()
            .map(|order| rows::order(&tables, order))
            .collect(),
    )
}

pub(super) fn order_count(shop: &Shop, call: &Call) -> Answer {
    let filter = Filter::read(call);
    let tables = shop.tables();
    Answer::ok(json!({ "count": tables.orders.values().filter(|o| filter.takes(o)).count() }))
}

pub(super) fn orders_of_customer(shop: &Shop, call: &Call, customer_id: i64) -> Answer {
    let tables = shop.tables();
    let found = tables
        .orders
        .values()
        .filter(|o| o.customer_id == customer_id && !o.deleted);
    envelope(
        call,
        "orders",
        found.map(|order| rows::order(&tables, order)).collect(),
    )
}

pub(super) fn order(shop: &Shop, call: &Call, id: i64) -> Answer {
    let tables = shop.tables();
    match tables.orders.get(&id).filter(|order| !order.deleted) {
        Some(order) => envelope(call, "orders", vec![rows::order(&tables, order)]),
        None => errors(StatusCode::NOT_FOUND, "order", "not found"),
    }
}

pub(super) fn order_items(shop: &Shop, call: &Call, id: i64) -> Answer {
    let tables = shop.tables();
    match tables.orders.get(&id).filter(|order| !order.deleted) {
        Some(order) => {
            let items = order.items.iter().map(|item| rows::item(&tables, item));
            envelope(call, "order_items", items.collect())
        }
        None => errors(StatusCode::NOT_FOUND, "order", "not found"),
    }
}

pub(super) fn customers(shop: &Shop, call: &Call) -> Answer {
    let page = match Page::read(call) {
        Ok(page) => page,
        Err(refused) => return refused,
    };
    let window = Window::read(call);
    let tables = shop.tables();
    let known = tables
        .customers
        .values()
        .filter(|c| window.takes(c.created_on_utc));
    let found = page.cut(known, |customer| customer.id);
    envelope(
        call,
        "customers",
        found
            .into_iter()
            .map(|c| rows::customer(&tables, c))
            .collect(),
    )
}

pub(super) fn customer_count(shop: &Shop) -> Answer {
    Answer::ok(json!({ "count": shop.tables().customers.len() }))
}

/// The query is "field:value"; the shop knows the fields people look buyers up by.
pub(super) fn customer_search(shop: &Shop, call: &Call) -> Answer {
    let page = match Page::read(call) {
        Ok(page) => page,
        Err(refused) => return refused,
    };
    let query = call.text("query").unwrap_or_default();
    let (field, value) = query.split_once(':').unwrap_or((query, ""));
    let fits = |customer: &Customer| {
        let own = match field.trim() {
            "email" => customer.email.as_deref(),
            "username" => customer.username.as_deref(),
            "first_name" => customer.first_name.as_deref(),
            "last_name" => customer.last_name.as_deref(),
            _ => None,
        };
        own.is_some_and(|own| own.eq_ignore_ascii_case(value.trim()))
    };
    let tables = shop.tables();
    let found = page.cut(tables.customers.values().filter(|c| fits(c)), |customer| {
        customer.id
    });
    envelope(
        call,
        "customers",
        found
            .into_iter()
            .map(|c| rows::customer(&tables, c))
            .collect(),
    )
}

pub(super) fn customer(shop: &Shop, call: &Call, id: i64) -> Answer {
    let tables = shop.tables();
    match tables.customers.get(&id) {
        Some(found) => envelope(call, "customers", vec![rows::customer(&tables, found)]),
        None => errors(StatusCode::NOT_FOUND, "customer", "not found"),
    }
}

pub(super) fn products(shop: &Shop, call: &Call) -> Answer {
    let page = match Page::read(call) {
        Ok(page) => page,
        Err(refused) => return refused,
    };
    let wanted = id_list(call);
    let tables = shop.tables();
    let known = tables.products.values();
    let known = known.filter(|product| wanted.is_empty() || wanted.contains(&product.id));
    let found = page.cut(known, |product| product.id);
    envelope(
        call,
        "products",
        found.into_iter().map(rows::product).collect(),
    )
}

pub(super) fn product_count(shop: &Shop) -> Answer {
    Answer::ok(json!({ "count": shop.tables().products.len() }))
}

pub(super) fn product(shop: &Shop, call: &Call, id: i64) -> Answer {
    let tables = shop.tables();
    match tables.products.get(&id) {
        Some(found) => envelope(call, "products", vec![rows::product(found)]),
        None => errors(StatusCode::NOT_FOUND, "product", "not found"),
    }
}

pub(super) fn countries(shop: &Shop, call: &Call) -> Answer {
    envelope(
        call,
        "countries",
        shop.tables().countries.iter().map(rows::country).collect(),
    )
}

pub(super) fn provinces(shop: &Shop, call: &Call) -> Answer {
    envelope(
        call,
        "state_provinces",
        shop.tables().provinces.iter().map(rows::province).collect(),
    )
}

pub(super) fn stores(shop: &Shop, call: &Call) -> Answer {
    envelope(call, "stores", vec![rows::store(shop)])
}

pub(super) fn currencies(shop: &Shop, call: &Call, only_primary: bool) -> Answer {
    let tables = shop.tables();
    let primary = &tables.world.store.primary_currency;
    let found = tables.currencies.iter();
    let found = found.filter(|currency| !only_primary || &currency.currency_code == primary);
    envelope(
        call,
        "currencies",
        found.map(rows::currency).collect::<Vec<Value>>(),
    )
}

fn id_list(call: &Call) -> Vec<i64> {
    let ids = call.text("ids").unwrap_or_default().split(',');
    ids.filter_map(|id| id.trim().parse().ok()).collect()
}

/// A window on creation times; both ends are outside of it.
struct Window {
    after: Option<Timestamp>,
    before: Option<Timestamp>,
}

impl Window {
    fn read(call: &Call) -> Self {
        let time = |name| call.text(name).and_then(parse_time);
        Self {
            after: time("created_at_min"),
            before: time("created_at_max"),
        }
    }

    fn takes(&self, created: Timestamp) -> bool {
        self.after.is_none_or(|after| created > after)
            && self.before.is_none_or(|before| created < before)
    }
}

/// The filters orders have; what cannot be read is ignored, as the plugin does.
struct Filter<'a> {
    ids: Vec<i64>,
    window: Window,
    customer: Option<i64>,
    statuses: [Option<&'a str>; 3],
}

impl<'a> Filter<'a> {
    fn read(call: &'a Call) -> Self {
        Self {
            ids: id_list(call),
            window: Window::read(call),
            customer: call.number("customer_id").filter(|id| *id > 0),
            statuses: ["status", "payment_status", "shipping_status"].map(|name| call.text(name)),
        }
    }

    fn takes(&self, order: &Order) -> bool {
        let ours = [
            format!("{:?}", order.order_status),
            format!("{:?}", order.payment_status),
            format!("{:?}", order.shipping_status),
        ];
        let status = |(wanted, own): (Option<&str>, &String)| {
            wanted.is_none_or(|wanted| wanted.eq_ignore_ascii_case(own))
        };
        !order.deleted
            && (self.ids.is_empty() || self.ids.contains(&order.id))
            && self.window.takes(order.created_on_utc)
            && self
                .customer
                .is_none_or(|customer| customer == order.customer_id)
            && self.statuses.into_iter().zip(&ours).all(status)
    }
}
