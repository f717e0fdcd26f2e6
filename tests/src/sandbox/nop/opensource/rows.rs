//! Rows as the open-source plugin writes them, with what it forgets left out.

use std::sync::LazyLock;

use serde_json::{Value, json};

use super::super::json::{Record, amount, optional_amount, time};
use super::super::model::{Address, Attribute, Combination, Customer, Item, Order, Product, State};
use super::super::official::{address_common, item_common, order_common};
use super::super::state::Tables;

pub(super) use super::super::official::{country_row as country, currency_row, store_row as store};

macro_rules! template {
    ($name:ident, $file:literal) => {
        static $name: LazyLock<Record> =
            LazyLock::new(|| Record::template(include_str!(concat!("../templates/", $file))));
    };
}

template!(ORDER, "opensource_order.json");
template!(ITEM, "opensource_item.json");
template!(ADDRESS, "opensource_address.json");
template!(CUSTOMER, "opensource_customer.json");
template!(PRODUCT, "opensource_product.json");
template!(COMBINATION, "opensource_combination.json");
template!(ATTRIBUTE, "opensource_attribute.json");
template!(ATTRIBUTE_VALUE, "opensource_attribute_value.json");

/// No guid, no custom number, no pickup address, no gift cards: the plugin does not tell.
pub(crate) fn order(tables: &Tables, order: &Order) -> Value {
    let mut row = ORDER.clone();
    order_common(&mut row, order);
    let items = order.items.iter().map(|line| item(tables, line));
    row.set("store_id", order.store_id)
        .set("pick_up_in_store", order.pickup_in_store)
        .set(
            "payment_method_system_name",
            order.payment_method_system_name.as_str(),
        )
        .set(
            "customer_tax_display_type_id",
            order.customer_tax_display_type.id(),
        )
        .set("customer_id", order.customer_id)
        .set("billing_address", address(&order.billing_address))
        .set(
            "shipping_address",
            order.shipping_address.as_ref().map(address),
        )
        .set("order_items", items.collect::<Value>())
        .set("order_status", format!("{:?}", order.order_status))
        .set("payment_status", format!("{:?}", order.payment_status))
        .set("shipping_status", format!("{:?}", order.shipping_status))
        .set(
            "customer_tax_display_type",
            format!("{:?}", order.customer_tax_display_type),
        )
        .set("id", order.id);
    row.into_value()
}

/// A line carries the whole product as it is now, and the chosen values by id.
pub(super) fn item(tables: &Tables, item: &Item) -> Value {
    let mut row = ITEM.clone();
    item_common(&mut row, item);
    let chosen = item.chosen.iter();
    let chosen = chosen.map(|(id, value)| json!({ "id": id, "value": value.to_string() }));
    row.set("product_attributes", chosen.collect::<Value>())
        .set(
            "product",
            tables.products.get(&item.product_id).map(product),
        )
        .set("product_id", item.product_id)
        .set("id", item.id);
    row.into_value()
}

/// Country and province stay empty although the fields are there.
fn address(address: &Address) -> Value {
    let mut row = ADDRESS.clone();
    address_common(&mut row, address);
    row.into_value()
}

pub(super) fn customer(tables: &Tables, customer: &Customer) -> Value {
    let mut row = CUSTOMER.clone();
    let own = |id: Option<i64>| id.and_then(|id| tables.addresses.get(&id)).map(address);
    let billing = own(customer.billing_address_id);
    row.set("addresses", billing.iter().cloned().collect::<Value>())
        .set("billing_address", billing)
        .set("shipping_address", own(customer.shipping_address_id))
        .set("customer_guid", customer.customer_guid.as_str())
        .set("username", customer.username.clone())
        .set("email", customer.email.clone())
        .set("first_name", customer.first_name.clone())
        .set("last_name", customer.last_name.clone())
        .set("is_tax_exempt", customer.is_tax_exempt)
        .set("created_on_utc", time(customer.created_on_utc))
        .set("last_activity_date_utc", time(customer.created_on_utc))
        .set("vat_number", customer.vat_number.clone())
        .set("company", customer.company.clone())
        .set("id", customer.id);
    row.into_value()
}

pub(super) fn product(product: &Product) -> Value {
    let mut row = PRODUCT.clone();
    let variants = !product.combinations.is_empty();
    let combinations = product
        .combinations
        .iter()
        .map(|found| combination(product.id, found));
    row.set("name", product.name.as_str())
        .set("short_description", product.name.as_str())
        .set("sku", product.sku.clone())
        .set("manufacturer_part_number", Value::Null)
        .set("is_gift_card", product.is_gift_card)
        .set("is_ship_enabled", product.is_ship_enabled)
        .set("is_tax_exempt", product.is_tax_exempt)
        .set("tax_category_id", product.tax_category_id)
        .set("manage_inventory_method_id", if variants { 2 } else { 1 })
        .set(
            "allow_adding_only_existing_attribute_combinations",
            variants,
        )
        .set("stock_quantity", product.stock_quantity)
        .set("price", amount(product.price))
        .set("product_cost", amount(product.cost))
        .set("weight", amount(product.weight))
        .set("published", product.published)
        .set("created_on_utc", time(product.created_on_utc))
        .set("updated_on_utc", time(product.created_on_utc))
        .set(
            "attributes",
            product.attributes.iter().map(attribute).collect::<Value>(),
        )
        .set(
            "product_attribute_combinations",
            combinations.collect::<Value>(),
        )
        .set("se_name", product.name.to_lowercase().replace(' ', "-"))
        .set("id", product.id);
    row.into_value()
}

fn attribute(attribute: &Attribute) -> Value {
    let mut row = ATTRIBUTE.clone();
    let values = attribute.values.iter().map(|value| {
        let mut row = ATTRIBUTE_VALUE.clone();
        row.set("name", value.name.as_str()).set("id", value.id);
        row.into_value()
    });
    row.set("product_attribute_id", attribute.attribute_id)
        .set("product_attribute_name", attribute.name.as_str())
        .set("attribute_values", values.collect::<Value>())
        .set("id", attribute.mapping_id);
    row.into_value()
}

fn combination(product_id: i64, combination: &Combination) -> Value {
    let mut row = COMBINATION.clone();
    row.set("product_id", product_id)
        .set("attributes_xml", combination.attributes_xml())
        .set("stock_quantity", combination.stock_quantity)
        .set("sku", combination.sku.as_str())
        .set(
            "overridden_price",
            optional_amount(combination.overridden_price),
        )
        .set("id", combination.id);
    row.into_value()
}

/// The plugin's province does not say which country it is in.
pub(super) fn province(province: &State) -> Value {
    json!({
        "name": province.name,
        "abbreviation": province.abbreviation,
        "published": true,
        "display_order": 1,
        "id": province.id,
    })
}

pub(super) fn currency(currency: &super::super::model::Currency) -> Value {
    let mut row = currency_row(currency);
    if let Some(fields) = row.as_object_mut() {
        // This plugin does not know how the currency rounds.
        fields.shift_remove("rounding_type_id");
    }
    row
}
