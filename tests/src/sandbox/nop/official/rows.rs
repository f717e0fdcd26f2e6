//! Rows as the official plugin writes them: every field, in its order, under its name.

use std::sync::LazyLock;

use serde_json::{Value, json};

use super::super::json::{Record, amount, optional_amount, optional_time, time};
use super::super::model::{
    Address, Card, Combination, Country, Currency, Customer, DiscountUsage, GenericAttribute,
    GiftCard, GiftCardUsage, Item, Note, Order, Product, RewardPoints, State,
};
use super::super::shop::Shop;
use super::super::state::Tables;

macro_rules! template {
    ($name:ident, $file:literal) => {
        static $name: LazyLock<Record> =
            LazyLock::new(|| Record::template(include_str!(concat!("../templates/", $file))));
    };
}

template!(ORDER, "official_order.json");
template!(ITEM, "official_item.json");
template!(ADDRESS, "official_address.json");
template!(CUSTOMER, "official_customer.json");
template!(PRODUCT, "official_product.json");
template!(COMBINATION, "official_combination.json");
template!(CURRENCY, "official_currency.json");
template!(STORE, "official_store.json");

pub(crate) fn order(order: &Order) -> Value {
    let mut row = ORDER.clone();
    row.set("order_guid", order.order_guid.as_str())
        .set("store_id", order.store_id)
        .set("customer_id", order.customer_id)
        .set("billing_address_id", order.billing_address.id)
        .set(
            "shipping_address_id",
            order.shipping_address.as_ref().map(|address| address.id),
        )
        .set(
            "pickup_address_id",
            order.pickup_address.as_ref().map(|address| address.id),
        )
        .set("pickup_in_store", order.pickup_in_store)
        .set("order_status_id", order.order_status.id())
        .set("shipping_status_id", order.shipping_status.id())
        .set("payment_status_id", order.payment_status.id())
        .set(
            "payment_method_system_name",
            order.payment_method_system_name.as_str(),
        )
        .set(
            "customer_tax_display_type_id",
            order.customer_tax_display_type.id(),
        )
        .set(
            "checkout_attributes_xml",
            order.checkout_attributes_xml.clone(),
        )
        .set("custom_order_number", order.custom_order_number.as_str())
        .set(
            "redeemed_reward_points_entry_id",
            order.reward_points_used.as_ref().map(|spent| spent.id),
        )
        .set("id", order.id);
    order_card(&mut row, &order.card);
    order_common(&mut row, order);
    row.into_value()
}

/// Sets the fields both plugins share.
pub(crate) fn order_common(row: &mut Record, order: &Order) {
    row.set(
        "customer_currency_code",
        order.customer_currency_code.as_str(),
    )
    .set("currency_rate", amount(order.currency_rate))
    .set("vat_number", order.vat_number.clone())
    .set("tax_rates", order.tax_rates_text())
    .set(
        "checkout_attribute_description",
        order.checkout_attribute_description.as_str(),
    )
    .set("customer_ip", order.customer_ip.as_str())
    .set(
        "authorization_transaction_id",
        order.authorization_transaction_id.clone(),
    )
    .set(
        "capture_transaction_id",
        order.capture_transaction_id.clone(),
    )
    .set("paid_date_utc", optional_time(order.paid_date_utc))
    .set("shipping_method", order.shipping_method.clone())
    .set(
        "shipping_rate_computation_method_system_name",
        shipping_provider(order),
    )
    .set("custom_values_xml", custom_values(order))
    .set("deleted", order.deleted)
    .set("created_on_utc", time(order.created_on_utc));
    for (field, value) in [
        ("order_subtotal_incl_tax", order.order_subtotal_incl_tax),
        ("order_subtotal_excl_tax", order.order_subtotal_excl_tax),
        (
            "order_sub_total_discount_incl_tax",
            order.order_sub_total_discount_incl_tax,
        ),
        (
            "order_sub_total_discount_excl_tax",
            order.order_sub_total_discount_excl_tax,
        ),
        ("order_shipping_incl_tax", order.order_shipping_incl_tax),
        ("order_shipping_excl_tax", order.order_shipping_excl_tax),
        (
            "payment_method_additional_fee_incl_tax",
            order.payment_method_additional_fee_incl_tax,
        ),
        (
            "payment_method_additional_fee_excl_tax",
            order.payment_method_additional_fee_excl_tax,
        ),
        ("order_tax", order.order_tax),
        ("order_discount", order.order_discount),
        ("order_total", order.order_total),
        ("refunded_amount", order.refunded_amount),
    ] {
        row.set(field, amount(value));
    }
    if order.capture_transaction_id.is_some() {
        row.set("capture_transaction_result", "COMPLETED");
    }
}

fn order_card(row: &mut Record, card: &Card) {
    row.set("allow_storing_credit_card_number", true)
        .set("card_type", card.card_type.as_str())
        .set("card_name", card.card_name.as_str())
        .set("card_number", card.card_number.as_str())
        .set(
            "masked_credit_card_number",
            card.masked_credit_card_number.as_str(),
        )
        .set("card_cvv2", card.card_cvv2.as_str())
        .set("card_expiration_month", card.card_expiration_month.as_str())
        .set("card_expiration_year", card.card_expiration_year.as_str());
}

fn shipping_provider(order: &Order) -> Option<&'static str> {
    order.shipping_method.as_ref()?;
    Some(if order.pickup_in_store {
        "Pickup.PickupInStore"
    } else {
        "Shipping.FixedByWeightByTotal"
    })
}

/// Shops of version 4.90 write a declaration and more elements; both shapes are in the field.
fn custom_values(order: &Order) -> String {
    let Some(number) = &order.po_number else {
        return String::new();
    };
    if order.id % 2 == 0 {
        return format!(
            "<DictionarySerializer><item><key>PO Number</key><value>{number}</value></item>\
             </DictionarySerializer>"
        );
    }
    format!(
        "<?xml version=\"1.0\" encoding=\"utf-16\"?><DictionarySerializer><item>\
         <key>PO Number</key><value>{number}</value><displayToCustomer>true</displayToCustomer>\
         <location>0</location><createdOn>0</createdOn></item></DictionarySerializer>"
    )
}

pub(super) fn item(order_id: i64, item: &Item) -> Value {
    let mut row = ITEM.clone();
    row.set("order_item_guid", item.order_item_guid.as_str())
        .set("order_id", order_id)
        .set("product_id", item.product_id)
        .set("attributes_xml", item.attributes_xml.as_str())
        .set("id", item.id);
    item_common(&mut row, item);
    row.into_value()
}

/// Sets the fields both plugins share.
pub(crate) fn item_common(row: &mut Record, item: &Item) {
    row.set("quantity", item.quantity)
        .set("attribute_description", item.attribute_description.as_str());
    for (field, value) in [
        ("unit_price_incl_tax", item.unit_price_incl_tax),
        ("unit_price_excl_tax", item.unit_price_excl_tax),
        ("price_incl_tax", item.price_incl_tax),
        ("price_excl_tax", item.price_excl_tax),
        ("discount_amount_incl_tax", item.discount_amount_incl_tax),
        ("discount_amount_excl_tax", item.discount_amount_excl_tax),
        ("original_product_cost", item.original_product_cost),
        ("item_weight", item.item_weight),
    ] {
        row.set(field, amount(value));
    }
}

pub(super) fn address(address: &Address) -> Value {
    let mut row = ADDRESS.clone();
    row.set("county", address.county.clone());
    address_common(&mut row, address);
    row.into_value()
}

/// Sets the fields both plugins share.
pub(crate) fn address_common(row: &mut Record, address: &Address) {
    row.set("first_name", address.first_name.as_str())
        .set("last_name", address.last_name.as_str())
        .set("email", address.email.as_str())
        .set("company", address.company.clone())
        .set("country_id", address.country_id)
        .set("state_province_id", address.state_province_id)
        .set("city", address.city.as_str())
        .set("address1", address.address1.as_str())
        .set("address2", address.address2.clone())
        .set("zip_postal_code", address.zip_postal_code.as_str())
        .set("phone_number", address.phone_number.as_str())
        .set("fax_number", address.fax_number.clone())
        .set("created_on_utc", time(address.created_on_utc))
        .set("id", address.id);
}

pub(super) fn customer(tables: &Tables, customer: &Customer) -> Value {
    let mut row = CUSTOMER.clone();
    row.set("customer_guid", customer.customer_guid.as_str())
        .set("username", customer.username.clone())
        .set("email", customer.email.clone())
        .set("is_tax_exempt", customer.is_tax_exempt)
        .set("created_on_utc", time(customer.created_on_utc))
        .set("last_activity_date_utc", time(customer.created_on_utc))
        .set("billing_address_id", customer.billing_address_id)
        .set("shipping_address_id", customer.shipping_address_id)
        .set("first_name", customer.first_name.clone())
        .set("last_name", customer.last_name.clone())
        .set("company", customer.company.clone())
        .set("vat_number", customer.vat_number.clone())
        .set("id", customer.id);
    let home = customer
        .billing_address_id
        .and_then(|id| tables.addresses.get(&id));
    if let Some(home) = home {
        row.set("street_address", home.address1.as_str())
            .set("street_address2", home.address2.clone())
            .set("zip_postal_code", home.zip_postal_code.as_str())
            .set("city", home.city.as_str())
            .set("country_id", home.country_id.unwrap_or(0))
            .set("state_province_id", home.state_province_id.unwrap_or(0))
            .set("phone", home.phone_number.as_str());
    }
    row.into_value()
}

pub(super) fn product(product: &Product) -> Value {
    let mut row = PRODUCT.clone();
    let variants = !product.combinations.is_empty();
    row.set("visible_individually", true)
        .set("name", product.name.as_str())
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
        .set("id", product.id);
    row.into_value()
}

pub(super) fn combination(product_id: i64, combination: &Combination) -> Value {
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

pub(super) fn note(order_id: i64, note: &Note) -> Value {
    json!({
        "order_id": order_id,
        "note": note.note,
        "download_id": 0,
        "display_to_customer": note.display_to_customer,
        "created_on_utc": time(note.created_on_utc),
        "id": note.id,
    })
}

pub(super) fn gift_card(card: &GiftCard) -> Value {
    json!({
        "purchased_with_order_item_id": card.purchased_with_order_item_id,
        "gift_card_type_id": 0,
        "amount": amount(card.amount),
        "is_gift_card_activated": card.is_activated,
        "gift_card_coupon_code": card.coupon_code,
        "recipient_name": card.recipient_name,
        "recipient_email": card.recipient_email,
        "sender_name": card.sender_name,
        "sender_email": card.sender_email,
        "message": "Happy birthday",
        "is_recipient_notified": false,
        "created_on_utc": time(card.created_on_utc),
        "id": card.id,
    })
}

pub(super) fn gift_card_usage(order: &Order, usage: &GiftCardUsage) -> Value {
    json!({
        "gift_card_id": usage.gift_card_id,
        "used_with_order_id": order.id,
        "used_value": amount(usage.used_value),
        "created_on_utc": time(order.created_on_utc),
        "id": usage.id,
    })
}

pub(super) fn reward_points(order: &Order, spent: &RewardPoints) -> Value {
    json!({
        "customer_id": order.customer_id,
        "store_id": order.store_id,
        "points": spent.points,
        "points_balance": spent.points_balance,
        "used_amount": amount(spent.used_amount),
        "message": format!("Redeemed for order #{}", order.custom_order_number),
        "created_on_utc": time(order.created_on_utc),
        "end_date_utc": null,
        "valid_points": null,
        "used_with_order": order.order_guid,
        "id": spent.id,
    })
}

pub(super) fn discount_usage(order: &Order, usage: &DiscountUsage) -> Value {
    json!({
        "discount_id": usage.discount_id,
        "order_id": order.id,
        "created_on_utc": time(order.created_on_utc),
        "id": usage.id,
    })
}

pub(super) fn generic_attribute(attribute: &GenericAttribute) -> Value {
    json!({
        "entity_id": attribute.entity_id,
        "key_group": attribute.key_group,
        "key": attribute.key,
        "value": attribute.value,
        "store_id": attribute.store_id,
        "created_or_updated_date_utc": time(attribute.saved_on_utc),
        "id": attribute.id,
    })
}

/// The open-source plugin's country has the same fields.
pub(crate) fn country(country: &Country) -> Value {
    json!({
        "name": country.name,
        "allows_billing": true,
        "allows_shipping": true,
        "two_letter_iso_code": country.two_letter_iso_code,
        "three_letter_iso_code": country.three_letter_iso_code,
        "numeric_iso_code": country.numeric_iso_code,
        "subject_to_vat": country.subject_to_vat,
        "published": true,
        "display_order": 1,
        "limited_to_stores": false,
        "id": country.id,
    })
}

pub(super) fn province(province: &State) -> Value {
    json!({
        "country_id": province.country_id,
        "name": province.name,
        "abbreviation": province.abbreviation,
        "published": true,
        "display_order": 1,
        "id": province.id,
    })
}

pub(crate) fn store(shop: &Shop) -> Value {
    let mut row = STORE.clone();
    row.set("name", shop.name.as_str())
        .set("url", shop.url())
        .set("ssl_enabled", false)
        .set("hosts", shop.host())
        .set("company_name", shop.name.as_str());
    row.into_value()
}

pub(crate) fn currency(currency: &Currency) -> Value {
    let mut row = CURRENCY.clone();
    row.set("name", currency.currency_code.as_str())
        .set("currency_code", currency.currency_code.as_str())
        .set("rate", amount(currency.rate))
        .set("display_locale", Value::Null)
        .set("display_order", currency.id)
        .set("id", currency.id);
    row.into_value()
}
