//! Products, buyers and places.

use serde_json::Value;

use super::super::call::{Answer, Call};
use super::super::model::{Combination, Customer, Product};
use super::super::shop::Shop;
use super::super::state::Tables;
use super::orders::ids;
use super::{not_found, page, rows};

pub(super) fn address(shop: &Shop, id: i64) -> Answer {
    let tables = shop.tables();
    let found = tables.addresses.get(&id);
    found.map_or_else(
        || not_found("Address", id),
        |address| Answer::ok(rows::address(address)),
    )
}

pub(super) fn customer(shop: &Shop, id: i64) -> Answer {
    first_customer(shop, &id.to_string(), |customer| customer.id == id)
}

pub(super) fn customer_by_email(shop: &Shop, call: &Call) -> Answer {
    let email = call.text("email").unwrap_or_default();
    first_customer(shop, email, |customer| {
        customer
            .email
            .as_deref()
            .is_some_and(|known| known.eq_ignore_ascii_case(email))
    })
}

pub(super) fn customer_by_guid(shop: &Shop, call: &Call) -> Answer {
    let guid = call.text("guid").unwrap_or_default().to_ascii_lowercase();
    first_customer(shop, &guid, |customer| customer.customer_guid == guid)
}

pub(super) fn customers_by_ids(shop: &Shop, keys: &str) -> Answer {
    let tables = shop.tables();
    let found = ids(keys).filter_map(|id| tables.customers.get(&id));
    Answer::ok(
        found
            .map(|customer| rows::customer(&tables, customer))
            .collect::<Value>(),
    )
}

pub(super) fn customers(shop: &Shop, call: &Call) -> Answer {
    let tables = shop.tables();
    let email = call.text("email");
    let found: Vec<&Customer> = tables
        .customers
        .values()
        .filter(|c| email.is_none_or(|part| c.email.as_deref().is_some_and(|e| e.contains(part))))
        .collect();
    page(call, found.len(), |start, size| {
        let shown = found.iter().skip(start).take(size);
        shown
            .map(|customer| rows::customer(&tables, customer))
            .collect()
    })
}

pub(super) fn is_guest(shop: &Shop, id: i64, wanted: bool) -> Answer {
    let tables = shop.tables();
    let found = tables.customers.get(&id);
    found.map_or_else(
        || not_found("Customer", id),
        |c| Answer::ok(c.is_guest == wanted),
    )
}

pub(super) fn product(shop: &Shop, id: i64) -> Answer {
    first_product(shop, &id.to_string(), |product| product.id == id)
}

pub(super) fn product_by_sku(shop: &Shop, call: &Call) -> Answer {
    let sku = call.text("sku").unwrap_or_default();
    first_product(shop, sku, |product| product.sku.as_deref() == Some(sku))
}

pub(super) fn products_by_ids(shop: &Shop, keys: &str) -> Answer {
    let tables = shop.tables();
    let found = ids(keys)
        .filter_map(|id| tables.products.get(&id))
        .map(rows::product);
    Answer::ok(found.collect::<Value>())
}

pub(super) fn products(shop: &Shop, call: &Call) -> Answer {
    let tables = shop.tables();
    page(call, tables.products.len(), |start, size| {
        tables
            .products
            .values()
            .skip(start)
            .take(size)
            .map(rows::product)
            .collect()
    })
}

pub(super) fn combinations(shop: &Shop, product_id: i64) -> Answer {
    let tables = shop.tables();
    let Some(product) = tables.products.get(&product_id) else {
        return not_found("Product", product_id);
    };
    let rows = product
        .combinations
        .iter()
        .map(|found| rows::combination(product.id, found));
    Answer::ok(rows.collect::<Value>())
}

pub(super) fn combination(shop: &Shop, id: i64) -> Answer {
    first_combination(shop, &id.to_string(), |_, combination| combination.id == id)
}

pub(super) fn combination_by_sku(shop: &Shop, call: &Call) -> Answer {
    let sku = call.text("sku").unwrap_or_default();
    first_combination(shop, sku, |_, combination| combination.sku == sku)
}

/// The body is the attributes of a line, as a JSON string.
pub(super) fn find_combination(shop: &Shop, call: &Call, product: &str) -> Answer {
    let body = call.json().unwrap_or_default();
    let Some(xml) = body.as_str() else {
        return Answer::bad_request(
            "$",
            "The JSON value could not be converted to System.String.",
        );
    };
    first_combination(shop, product, |owner, combination| {
        owner.id.to_string() == product && combination.attributes_xml() == xml
    })
}

pub(super) fn country(shop: &Shop, id: i64) -> Answer {
    let tables = shop.tables();
    let found = tables.country(id);
    found.map_or_else(
        || not_found("Country", id),
        |country| Answer::ok(rows::country(country)),
    )
}

pub(super) fn countries(shop: &Shop) -> Answer {
    Answer::ok(
        shop.tables()
            .countries
            .iter()
            .map(rows::country)
            .collect::<Value>(),
    )
}

pub(super) fn province(shop: &Shop, id: i64) -> Answer {
    let tables = shop.tables();
    let found = tables.province(id);
    found.map_or_else(
        || not_found("State province", id),
        |p| Answer::ok(rows::province(p)),
    )
}

pub(super) fn provinces(shop: &Shop) -> Answer {
    Answer::ok(
        shop.tables()
            .provinces
            .iter()
            .map(rows::province)
            .collect::<Value>(),
    )
}

pub(super) fn provinces_of(shop: &Shop, country_id: i64) -> Answer {
    let tables = shop.tables();
    let found = tables
        .provinces
        .iter()
        .filter(|province| province.country_id == country_id);
    Answer::ok(found.map(rows::province).collect::<Value>())
}

pub(super) fn stores(shop: &Shop) -> Answer {
    Answer::ok(vec![rows::store(shop)])
}

pub(super) fn currencies(shop: &Shop, call: &Call) -> Answer {
    let tables = shop.tables();
    page(call, tables.currencies.len(), |start, size| {
        tables
            .currencies
            .iter()
            .skip(start)
            .take(size)
            .map(rows::currency)
            .collect()
    })
}

fn first_customer(shop: &Shop, key: &str, fits: impl Fn(&Customer) -> bool) -> Answer {
    let tables: &Tables = &shop.tables();
    let found = tables.customers.values().find(|customer| fits(customer));
    found.map_or_else(
        || not_found("Customer", key),
        |customer| Answer::ok(rows::customer(tables, customer)),
    )
}

fn first_product(shop: &Shop, key: &str, fits: impl Fn(&Product) -> bool) -> Answer {
    let tables = shop.tables();
    let found = tables.products.values().find(|product| fits(product));
    found.map_or_else(
        || not_found("Product", key),
        |product| Answer::ok(rows::product(product)),
    )
}

fn first_combination(
    shop: &Shop,
    key: &str,
    fits: impl Fn(&Product, &Combination) -> bool,
) -> Answer {
    let tables = shop.tables();
    let found = tables.products.values().find_map(|product| {
        let found = product
            .combinations
            .iter()
            .find(|combination| fits(product, combination))?;
        Some(rows::combination(product.id, found))
    });
    found.map_or_else(
        || not_found("Product attribute combination", key),
        Answer::ok,
    )
}
