//! The records expressions read: which fields they have.

use std::collections::BTreeMap;

use super::value::Value;

/// The fields of a record.
type Fields = &'static [(&'static str, Shape)];

/// What stands at a place of a record.
#[derive(Clone, Copy, Debug)]
enum Shape {
    /// A single value of a kind that is not fixed.
    One,
    /// Characters, at most so many; 0 where nop has no limit.
    Text(u16),
    /// An exact number.
    Number,
    /// Yes or no.
    YesNo,
    /// An instant in UTC.
    Instant,
    /// A group of exactly these fields.
    Group(Fields),
    /// A list of groups.
    List(Fields),
    /// A group whose fields are not fixed.
    Open,
}

use Shape::{Group, Instant, List, Number, One, Open, Text, YesNo};

const COUNTRY: Fields = &[
    ("name", Text(0)),
    ("two_letter_iso_code", Text(2)),
    ("three_letter_iso_code", Text(3)),
];

const STATE: Fields = &[("name", Text(0)), ("abbreviation", Text(0))];

const ADDRESS: Fields = &[
    ("first_name", Text(0)),
    ("last_name", Text(0)),
    ("email", Text(0)),
    ("company", Text(0)),
    ("address1", Text(0)),
    ("address2", Text(0)),
    ("city", Text(0)),
    ("county", Text(0)),
    ("zip_postal_code", Text(0)),
    ("phone_number", Text(0)),
    ("fax_number", Text(0)),
    ("custom_attributes_xml", Text(0)),
    ("country", Group(COUNTRY)),
    ("state", Group(STATE)),
];

const CUSTOMER: Fields = &[
    ("id", Number),
    ("customer_guid", Text(36)),
    ("username", Text(1000)),
    ("email", Text(1000)),
    ("first_name", Text(1000)),
    ("last_name", Text(1000)),
    ("company", Text(1000)),
    ("is_guest", YesNo),
    ("is_tax_exempt", YesNo),
    ("vat_number", Text(0)),
    ("custom_attributes_xml", Text(0)),
    ("active", YesNo),
    ("deleted", YesNo),
];

const ITEM: Fields = &[
    ("id", Number),
    ("product_id", Number),
    ("sku", Text(400)),
    ("product_name", Text(0)),
    ("quantity", Number),
    ("unit_price_incl_tax", Number),
    ("unit_price_excl_tax", Number),
    ("price_incl_tax", Number),
    ("price_excl_tax", Number),
    ("discount_amount_incl_tax", Number),
    ("discount_amount_excl_tax", Number),
    ("attribute_description", Text(0)),
    ("attributes_xml", Text(0)),
    ("is_gift_card", YesNo),
];

const ORDER: Fields = &[
    ("id", Number),
    ("order_guid", Text(36)),
    ("custom_order_number", Text(0)),
    ("store_id", Number),
    ("customer_id", Number),
    ("created_on_utc", Instant),
    ("paid_date_utc", Instant),
    ("order_status", Text(0)),
    ("payment_status", Text(0)),
    ("shipping_status", Text(0)),
    ("deleted", YesNo),
    ("payment_method_system_name", Text(0)),
    ("customer_currency_code", Text(5)),
    ("currency_rate", Number),
    ("vat_number", Text(0)),
    ("customer_tax_display_type", Text(0)),
    ("order_subtotal_incl_tax", Number),
    ("order_subtotal_excl_tax", Number),
    ("order_sub_total_discount_incl_tax", Number),
    ("order_sub_total_discount_excl_tax", Number),
    ("order_shipping_incl_tax", Number),
    ("order_shipping_excl_tax", Number),
    ("payment_method_additional_fee_incl_tax", Number),
    ("payment_method_additional_fee_excl_tax", Number),
    ("tax_rates", List(&[("rate", Number), ("amount", Number)])),
    ("order_tax", Number),
    ("order_discount", Number),
    ("order_total", Number),
    ("refunded_amount", Number),
    ("shipping_method", Text(0)),
    ("pickup_in_store", YesNo),
    ("checkout_attribute_description", Text(0)),
    ("checkout_attributes_xml", Text(0)),
    ("custom_values", Open),
    ("authorization_transaction_id", Text(0)),
    ("capture_transaction_id", Text(0)),
    ("billing_address", Group(ADDRESS)),
    ("shipping_address", Group(ADDRESS)),
    ("pickup_address", Group(ADDRESS)),
    ("customer", Group(CUSTOMER)),
    ("items", List(ITEM)),
    (
        "gift_cards_used",
        List(&[("gift_card_id", Number), ("used_value", Number)]),
    ),
    ("reward_points_used_amount", Number),
];

const EVENT: Fields = &[
    ("topic", One),
    ("entity", One),
    ("entity_id", One),
    ("occurred", One),
    ("source", One),
    ("generation", One),
    ("began", Instant),
    ("body", Open),
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
            One | Open | Text(_) | Number | YesNo | Instant => return Ok(()),
        }
    }
    Ok(())
}

/// What a field holds, where that is fixed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Field {
    /// Its kind.
    pub(super) kind: FieldKind,
    /// The most characters it may have; none where there is no limit, or it is no text.
    pub(super) longest: Option<u16>,
}

/// The kind of a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum FieldKind {
    Text,
    Number,
    YesNo,
    Instant,
    Group,
    List,
}

/// Finds what stands at a path of a record whose fields are fixed.
pub(super) fn field(path: &str) -> Option<Field> {
    let mut parts = path.split('.');
    let root = parts.next()?;
    let (_, mut fields) = *RECORDS.iter().find(|(name, _)| *name == root)?;
    let mut shape = Group(fields);
    for part in parts {
        let (name, index) = part.split_at(part.find('[').unwrap_or(part.len()));
        (_, shape) = *fields.iter().find(|(known, _)| *known == name)?;
        match shape {
            Group(inner) if index.is_empty() => fields = inner,
            List(inner) if index.is_empty() => fields = inner,
            List(inner) => {
                fields = inner;
                shape = Group(inner);
            }
            Group(_) | Open | One | Text(_) | Number | YesNo | Instant => fields = &[],
        }
    }
    let (kind, longest) = match shape {
        Text(0) => (FieldKind::Text, None),
        Text(longest) => (FieldKind::Text, Some(longest)),
        Number => (FieldKind::Number, None),
        YesNo => (FieldKind::YesNo, None),
        Instant => (FieldKind::Instant, None),
        Group(_) => (FieldKind::Group, None),
        List(_) => (FieldKind::List, None),
        One | Open => return None,
    };
    Some(Field { kind, longest })
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
            (One | Open | Text(_) | Number | YesNo | Instant | Group(_) | List(_), Some(_)) => true,
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
            (One | Open | Text(_) | Number | YesNo | Instant | Group(_) | List(_), _) => {}
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
