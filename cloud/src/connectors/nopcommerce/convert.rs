//! Turns what either API said into the canonical order: pure, every refusal names the field.

use connect_core::domain::failure::{Failure, FailureClass, Fault};
use connect_core::domain::time::Micros;
use rust_decimal::Decimal;
use serde_json::Number;

use super::{canonical, sku, struck, wire, xml};

/// What an order is made of, read in however many calls.
pub(super) struct Parts {
    pub(super) order: wire::Order,
    pub(super) items: Vec<(wire::Item, wire::Product)>,
    pub(super) billing: Option<canonical::Address>,
    pub(super) shipping: Option<canonical::Address>,
    pub(super) pickup: Option<canonical::Address>,
    pub(super) customer: canonical::Customer,
    pub(super) gift_cards: Option<Vec<wire::GiftCardUse>>,
    pub(super) reward_points: Option<Number>,
}

/// Puts an order together.
#[expect(clippy::too_many_lines, reason = "one line for each field of an order")]
pub(super) fn order(parts: Parts) -> Result<canonical::Order, Failure> {
    let Parts {
        order,
        items,
        billing,
        shipping,
        pickup,
        customer,
        gift_cards,
        reward_points,
    } = parts;
    let status = named(
        order.order_status.as_deref(),
        order.order_status_id,
        &ORDER_STATUS,
        "order_status",
    )?;
    let payment = named(
        order.payment_status.as_deref(),
        order.payment_status_id,
        &PAYMENT_STATUS,
        "payment_status",
    )?;
    let shipped = named(
        order.shipping_status.as_deref(),
        order.shipping_status_id,
        &SHIPPING_STATUS,
        "shipping_status",
    )?;
    let display_id = Some(order.customer_tax_display_type_id);
    let tax_display = named(
        None,
        display_id,
        &TAX_DISPLAY,
        "customer_tax_display_type_id",
    )?;
    let custom_values = xml::custom_values(order.custom_values_xml.as_deref())
        .map_err(|why| unreadable("order.custom_values_xml", &why))?;
    Ok(canonical::Order {
        id: order.id,
        created_on_utc: instant(&order.created_on_utc, "order.created_on_utc")?,
        paid_date_utc: order
            .paid_date_utc
            .as_deref()
            .map(|text| instant(text, "order.paid_date_utc"))
            .transpose()?,
        tax_rates: tax_rates(order.tax_rates.as_deref().unwrap_or_default())?,
        order_status: status,
        payment_status: payment,
        shipping_status: shipped,
        customer_tax_display_type: tax_display,
        custom_values,
        items: items.into_iter().map(item).collect::<Result<_, _>>()?,
        gift_cards_used: gift_cards.map(|used| used.into_iter().map(gift_card).collect()),
        reward_points_used_amount: reward_points,
        billing_address: billing,
        shipping_address: shipping,
        pickup_address: pickup,
        customer,
        order_guid: order.order_guid,
        custom_order_number: order
            .custom_order_number
            .filter(|number| !number.is_empty()),
        store_id: order.store_id,
        customer_id: order.customer_id,
        deleted: order.deleted.unwrap_or(false),
        payment_method_system_name: order.payment_method_system_name,
        customer_currency_code: order.customer_currency_code,
        currency_rate: order.currency_rate,
        vat_number: order.vat_number,
        order_subtotal_incl_tax: order.order_subtotal_incl_tax,
        order_subtotal_excl_tax: order.order_subtotal_excl_tax,
        order_sub_total_discount_incl_tax: order.order_sub_total_discount_incl_tax,
        order_sub_total_discount_excl_tax: order.order_sub_total_discount_excl_tax,
        order_shipping_incl_tax: order.order_shipping_incl_tax,
        order_shipping_excl_tax: order.order_shipping_excl_tax,
        payment_method_additional_fee_incl_tax: order.payment_method_additional_fee_incl_tax,
        payment_method_additional_fee_excl_tax: order.payment_method_additional_fee_excl_tax,
        order_tax: order.order_tax,
        order_discount: order.order_discount,
        order_total: order.order_total,
        refunded_amount: order.refunded_amount,
        shipping_method: order.shipping_method,
        pickup_in_store: order.pickup_in_store.unwrap_or(false),
        checkout_attribute_description: free_text(order.checkout_attribute_description),
        checkout_attributes_xml: free_xml(order.checkout_attributes_xml),
        authorization_transaction_id: order.authorization_transaction_id,
        capture_transaction_id: order.capture_transaction_id,
    })
}

/// Text that people type into: nobody keeps them from typing a card's number.
fn free_text(text: Option<String>) -> Option<String> {
    text.map(|text| struck::card_numbers(&text))
}

/// XML that holds such texts; nothing where it is blank.
pub(super) fn free_xml(text: Option<String>) -> Option<String> {
    free_text(text.filter(|text| !text.trim().is_empty()))
}

fn item((item, product): (wire::Item, wire::Product)) -> Result<canonical::Item, Failure> {
    let path = || format!("items[id={}].attributes_xml", item.id);
    let picked = match &item.product_attributes {
        Some(listed) => selected(listed),
        None => xml::attributes(item.attributes_xml.as_deref())
            .map_err(|why| unreadable(&path(), &why))?,
    };
    let combinations = product
        .product_attribute_combinations
        .as_deref()
        .unwrap_or_default();
    let sku = sku::resolve(&product, combinations, &picked).map_err(|why| {
        unreadable(
            &format!("product[id={}].combinations.attributes_xml", product.id),
            &why,
        )
    })?;
    Ok(canonical::Item {
        id: item.id,
        product_id: product.id,
        sku,
        product_name: product.name,
        quantity: item.quantity,
        unit_price_incl_tax: item.unit_price_incl_tax,
        unit_price_excl_tax: item.unit_price_excl_tax,
        price_incl_tax: item.price_incl_tax,
        price_excl_tax: item.price_excl_tax,
        discount_amount_incl_tax: item.discount_amount_incl_tax,
        discount_amount_excl_tax: item.discount_amount_excl_tax,
        attribute_description: free_text(item.attribute_description),
        attributes_xml: free_xml(match &item.product_attributes {
            Some(listed) => xml::written(listed),
            None => item.attributes_xml,
        }),
        is_gift_card: product.is_gift_card,
    })
}

fn selected(listed: &[wire::SelectedAttribute]) -> xml::Attributes {
    let mut picked = xml::Attributes::new();
    for attribute in listed {
        let value = attribute.value.as_deref().unwrap_or_default().trim();
        picked
            .entry(attribute.id)
            .or_default()
            .push(value.to_owned());
    }
    for values in picked.values_mut() {
        values.sort();
    }
    picked
}

fn gift_card(used: wire::GiftCardUse) -> canonical::GiftCardUse {
    canonical::GiftCardUse {
        gift_card_id: used.gift_card_id,
        used_value: used.used_value,
    }
}

/// Makes a customer; the open-source API does not say who is a guest, but guests have no login name.
pub(super) fn customer(customer: wire::Customer, is_guest: Option<bool>) -> canonical::Customer {
    let blank = |text: &Option<String>| text.as_deref().is_none_or(str::is_empty);
    let nameless = blank(&customer.username) && blank(&customer.email);
    canonical::Customer {
        is_guest: is_guest.unwrap_or(nameless),
        id: customer.id,
        customer_guid: customer.customer_guid,
        username: customer.username,
        email: customer.email,
        first_name: customer.first_name,
        last_name: customer.last_name,
        company: customer.company,
        is_tax_exempt: customer.is_tax_exempt,
        vat_number: customer.vat_number,
        custom_attributes_xml: free_xml(customer.custom_customer_attributes_xml),
        active: customer.active.unwrap_or(true),
        deleted: customer.deleted.unwrap_or(false),
    }
}

type Names<const N: usize> = [(i64, &'static str); N];

const ORDER_STATUS: Names<4> = [
    (10, "Pending"),
    (20, "Processing"),
    (30, "Complete"),
    (40, "Cancelled"),
];
const PAYMENT_STATUS: Names<6> = [
    (10, "Pending"),
    (20, "Authorized"),
    (30, "Paid"),
    (35, "PartiallyRefunded"),
    (40, "Refunded"),
    (50, "Voided"),
];
const SHIPPING_STATUS: Names<5> = [
    (10, "ShippingNotRequired"),
    (20, "NotYetShipped"),
    (25, "PartiallyShipped"),
    (30, "Shipped"),
    (40, "Delivered"),
];
const TAX_DISPLAY: Names<2> = [(0, "IncludingTax"), (10, "ExcludingTax")];

/// Finds an enum's name by the name or the number the API gave.
fn named(
    name: Option<&str>,
    id: Option<i64>,
    names: &[(i64, &'static str)],
    field: &str,
) -> Result<&'static str, Failure> {
    let found = names.iter().find(|(known_id, known_name)| match name {
        Some(name) => name == *known_name,
        None => id == Some(*known_id),
    });
    found.map(|(_, known_name)| *known_name).ok_or_else(|| {
        let value = name
            .map(str::to_owned)
            .or_else(|| id.map(|id| id.to_string()))
            .unwrap_or_default();
        unreadable(
            &format!("order.{field}"),
            &format!("unknown value \"{value}\""),
        )
    })
}

/// Splits nop's `rate:amount;   rate:amount;   `.
fn tax_rates(text: &str) -> Result<Vec<canonical::TaxRate>, Failure> {
    let pieces = text
        .split(';')
        .map(str::trim)
        .filter(|piece| !piece.is_empty());
    pieces
        .map(|piece| {
            let broken = || unreadable("order.tax_rates", &format!("the piece \"{piece}\""));
            let (rate, amount) = piece.split_once(':').ok_or_else(broken)?;
            Ok(canonical::TaxRate {
                rate: number(rate).ok_or_else(broken)?,
                amount: number(amount).ok_or_else(broken)?,
            })
        })
        .collect()
}

/// Reads a decimal written in text, keeping its digits.
fn number(text: &str) -> Option<Number> {
    let text = text.trim();
    let decimal: Decimal = text.parse().ok()?;
    let parsed = serde_json::from_str(text);
    parsed
        .or_else(|_| serde_json::from_str(&decimal.to_string()))
        .ok()
}

/// Normalises nop's date-times: without a zone they are UTC.
pub(super) fn instant(text: &str, field: &str) -> Result<String, Failure> {
    timestamp(text, field).map(|instant| instant.to_string())
}

/// The same, as the database keeps instants.
pub(super) fn micros(text: &str, field: &str) -> Result<Micros, Failure> {
    timestamp(text, field).map(|instant| Micros(instant.as_microsecond()))
}

fn timestamp(text: &str, field: &str) -> Result<jiff::Timestamp, Failure> {
    let zoned = text.parse::<jiff::Timestamp>();
    let plain = || {
        let civil = text.parse::<jiff::civil::DateTime>()?;
        civil
            .to_zoned(jiff::tz::TimeZone::UTC)
            .map(|zoned| zoned.timestamp())
    };
    zoned
        .or_else(|_| plain())
        .map_err(|_| unreadable(field, &format!("the date \"{text}\"")))
}

/// A failure for an answer that cannot be read as an order.
pub(super) fn unreadable(path: &str, why: &str) -> Failure {
    let message = format!("The store's answer cannot be read at {path}: {why}.");
    Failure::new(
        FailureClass::InvalidData,
        "store_answer_unreadable",
        message.clone(),
    )
    .with_fault(Fault {
        code: "store_answer_unreadable".into(),
        message,
        field: Some(path.to_owned()),
        repair: "Correct the record in nopCommerce, or update the store's API plugin.".into(),
        ..Fault::default()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_get_one_shape() {
        let cases = [
            ("2025-03-04T15:18:22.7270000", "2025-03-04T15:18:22.727Z"),
            ("2025-03-04T15:18:22", "2025-03-04T15:18:22Z"),
            (
                "2025-03-04T15:18:22.1234567Z",
                "2025-03-04T15:18:22.1234567Z",
            ),
            ("2025-03-04T15:18:22+02:00", "2025-03-04T13:18:22Z"),
        ];
        for (from, to) in cases {
            assert_eq!(instant(from, "x").expect("a date"), to);
        }
        let failure = instant("yesterday", "order.created_on_utc").expect_err("no date");
        assert_eq!(
            failure.faults[0].field.as_deref(),
            Some("order.created_on_utc")
        );
    }

    #[test]
    fn tax_rates_keep_their_digits() {
        let rates = tax_rates("5.0000:2.40;   20:22.00;   ").expect("rates");
        let text = serde_json::to_string(&rates).expect("json");
        assert_eq!(
            text,
            r#"[{"rate":5.0000,"amount":2.40},{"rate":20,"amount":22.00}]"#
        );
        assert!(tax_rates("").expect("none").is_empty());
        assert!(tax_rates("5.0000=2.40;").is_err());
        assert!(tax_rates("5.0000:two;").is_err());
    }
}
