//! The records expressions read: which fields they have.

use std::collections::BTreeMap;

use super::value::Value;

/// The fields of a record.
type Fields = &'static [(&'static str, Shape)];

/// What stands at a place of a record.
#[derive(Clone, Copy, Debug)]
enum Shape {
    /// A single value.
    One,
    /// A group of exactly these fields.
    Group(Fields),
    /// A list of groups.
    List(Fields),
    /// A group whose fields are not fixed.
    Open,
}

use Shape::{Group, List, One, Open};

const COUNTRY: Fields = &[
    ("name", One),
    ("two_letter_iso_code", One),
    ("three_letter_iso_code", One),
];

const STATE: Fields = &[("name", One), ("abbreviation", One)];

const ADDRESS: Fields = &[
    ("first_name", One),
    ("last_name", One),
    ("email", One),
    ("company", One),
    ("address1", One),
    ("address2", One),
    ("city", One),
    ("county", One),
    ("zip_postal_code", One),
    ("phone_number", One),
    ("fax_number", One),
    ("country", Group(COUNTRY)),
    ("state", Group(STATE)),
];

const CUSTOMER: Fields = &[
    ("id", One),
    ("customer_guid", One),
    ("username", One),
    ("email", One),
    ("first_name", One),
    ("last_name", One),
    ("company", One),
    ("is_guest", One),
    ("is_tax_exempt", One),
    ("vat_number", One),
    ("active", One),
    ("deleted", One),
];

const ITEM: Fields = &[
    ("id", One),
    ("product_id", One),
    ("sku", One),
    ("product_name", One),
    ("quantity", One),
    ("unit_price_incl_tax", One),
    ("unit_price_excl_tax", One),
    ("price_incl_tax", One),
    ("price_excl_tax", One),
    ("discount_amount_incl_tax", One),
    ("discount_amount_excl_tax", One),
    ("attribute_description", One),
    ("is_gift_card", One),
];

const ORDER: Fields = &[
    ("id", One),
    ("order_guid", One),
    ("custom_order_number", One),
    ("store_id", One),
    ("customer_id", One),
    ("created_on_utc", One),
    ("paid_date_utc", One),
    ("order_status", One),
    ("payment_status", One),
    ("shipping_status", One),
    ("deleted", One),
    ("payment_method_system_name", One),
    ("customer_currency_code", One),
    ("currency_rate", One),
    ("vat_number", One),
    ("customer_tax_display_type", One),
    ("order_subtotal_incl_tax", One),
    ("order_subtotal_excl_tax", One),
    ("order_sub_total_discount_incl_tax", One),
    ("order_sub_total_discount_excl_tax", One),
    ("order_shipping_incl_tax", One),
    ("order_shipping_excl_tax", One),
    ("payment_method_additional_fee_incl_tax", One),
    ("payment_method_additional_fee_excl_tax", One),
    ("tax_rates", List(&[("rate", One), ("amount", One)])),
    ("order_tax", One),
    ("order_discount", One),
    ("order_total", One),
    ("refunded_amount", One),
    ("shipping_method", One),
    ("pickup_in_store", One),
    ("checkout_attribute_description", One),
    ("custom_values", Open),
    ("authorization_transaction_id", One),
    ("capture_transaction_id", One),
    ("billing_address", Group(ADDRESS)),
    ("shipping_address", Group(ADDRESS)),
    ("pickup_address", Group(ADDRESS)),
    ("customer", Group(CUSTOMER)),
    ("items", List(ITEM)),
    (
        "gift_cards_used",
        List(&[("gift_card_id", One), ("used_value", One)]),
    ),
    ("reward_points_used_amount", One),
];

const EVENT: Fields = &[
    ("topic", One),
    ("entity", One),
    ("entity_id", One),
    ("occurred", One),
    ("source", One),
    ("generation", One),
];

const STORE: Fields = &[
    ("id", One),
    ("name", One),
    ("base_url", One),
    ("time_zone", One),
    ("currency", One),
    ("nop_store_id", One),
    ("created", One),
];

const COMPANY: Fields = &[("id", One), ("database", One), ("name", One)];

const PROFILE: Fields = &[
    ("trigger", One),
    ("go_live", One),
    (
        "document",
        Group(&[
            ("sop_type", One),
            ("document_id", One),
            ("batch", One),
            ("site", One),
            ("gapless", One),
            ("next_batches", One),
            ("closed_period", One),
            ("quantity_shortage", One),
        ]),
    ),
    (
        "customer",
        Group(&[
            ("strategy", One),
            ("prefix", One),
            ("class", One),
            ("single", One),
        ]),
    ),
    ("addresses", Group(&[("prefix", One)])),
    ("order_number", Group(&[("prefix", One), ("buyer_po", One)])),
    ("prices", Group(&[("use", One)])),
    (
        "rounding",
        Group(&[("leftover", One), ("limit_cents", One)]),
    ),
    ("checkout_attributes", Group(&[("as", One)])),
    ("gift_cards", Group(CREDIT)),
    ("reward_points", Group(CREDIT)),
    ("unexplained_credit", One),
    ("taxes", Group(&[("rules", Open)])),
    ("payments", Open),
    ("currencies", Open),
    ("shipping_methods", Open),
    ("user_defined", Open),
];

const CREDIT: Fields = &[("as", One), ("PYMTTYPE", One), ("CHEKBKID", One)];

/// The records whose fields are fixed. A profile may have more than the packaged flow reads.
const RECORDS: &[(&str, Fields)] = &[
    ("event", EVENT),
    ("store", STORE),
    ("company", COMPANY),
    ("order", ORDER),
    ("profile", PROFILE),
];

/// The one record that may have fields of its owner's.
const OWN_FIELDS: &str = "profile";

/// Tells whether a path names a field that exists, where that is known.
pub(super) fn check_path(path: &str) -> Result<(), String> {
    let mut parts = path
        .split('.')
        .map(|part| part.split('[').next().unwrap_or(part));
    let root = parts.next().unwrap_or_default();
    let Some((name, fields)) = RECORDS.iter().find(|(name, _)| *name == root) else {
        return Ok(());
    };
    if *name == OWN_FIELDS {
        return Ok(());
    }
    let mut fields = *fields;
    for part in parts {
        let Some((_, shape)) = fields.iter().find(|(name, _)| *name == part) else {
            return Err(format!("there is no field `{path}`"));
        };
        match shape {
            Group(inner) | List(inner) => fields = inner,
            One | Open => return Ok(()),
        }
    }
    Ok(())
}

/// Tells whether a record has every field it may have.
pub(super) fn is_complete(record: &str, value: &Value) -> bool {
    let found = RECORDS.iter().find(|(name, _)| *name == record);
    match (found, value) {
        (Some((_, fields)), Value::Map(map)) => is_full(fields, map),
        (Some(_) | None, _) => true,
    }
}

fn is_full(fields: &[(&str, Shape)], map: &BTreeMap<String, Value>) -> bool {
    fields
        .iter()
        .all(|(name, shape)| match (shape, map.get(*name)) {
            (_, None) => false,
            (Group(inner), Some(Value::Map(map))) => is_full(inner, map),
            (List(inner), Some(Value::List(rows))) => rows
                .iter()
                .all(|row| row.as_map().is_none_or(|map| is_full(inner, map))),
            (One | Open | Group(_) | List(_), Some(_)) => true,
        })
}

/// Gives a record every field it may have: what is not there is nothing.
pub fn complete(record: &str, value: &mut Value) {
    let found = RECORDS.iter().find(|(name, _)| *name == record);
    if let (Some((_, fields)), Value::Map(map)) = (found, value) {
        fill(fields, map);
    }
}

fn fill(fields: &[(&str, Shape)], map: &mut BTreeMap<String, Value>) {
    for (name, shape) in fields {
        let value = map.entry((*name).to_owned()).or_default();
        match (shape, value) {
            (Group(inner), Value::Map(map)) => fill(inner, map),
            (List(inner), Value::List(rows)) => {
                for row in rows {
                    if let Value::Map(map) = row {
                        fill(inner, map);
                    }
                }
            }
            (One | Open | Group(_) | List(_), _) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wrong_field_is_found() {
        assert!(check_path("order.items[0].sku").is_ok());
        assert!(check_path("order.billing_address.country.name").is_ok());
        assert!(check_path("order.custom_values.PO Number").is_ok());
        assert!(check_path("profile.anything").is_ok());
        assert!(check_path("something.else").is_ok());
        assert!(check_path("order.totl").is_err());
        assert!(check_path("order.billing_address.country.nme").is_err());
    }

    #[test]
    fn missing_fields_become_nothing() {
        let mut order = Value::from_json(r#"{"id":1,"items":[{"sku":"A"}]}"#).unwrap();
        assert!(!is_complete("order", &order));
        complete("order", &mut order);
        assert!(is_complete("order", &order));
        assert_eq!(order.at("items[0].quantity"), Some(&Value::Null));
        assert_eq!(order.at("billing_address"), Some(&Value::Null));
        assert_eq!(order.at("id"), Some(&Value::from(1)));
    }
}
