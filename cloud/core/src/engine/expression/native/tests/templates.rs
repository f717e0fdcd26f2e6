//! The formulas of the packaged templates, in the order in which they are computed.

use super::{Fared, compare_compiled};
use crate::engine::expression::{Expression, Facts, Template};
use crate::engine::value::Value;
use crate::templates;

/// An order of two lines, one of them with a price of many decimals.
const ORDER: &str = r#"{
    "id": 1042, "custom_order_number": "1042", "customer_id": 77,
    "created_on_utc": "2026-03-05T03:18:22.727Z", "payment_status": "Paid",
    "payment_method_system_name": "Payments.Manual", "deleted": false,
    "order_subtotal_excl_tax": 156.9400, "order_sub_total_discount_excl_tax": 0.0000,
    "order_shipping_incl_tax": 12.9900, "order_shipping_excl_tax": 12.0000,
    "payment_method_additional_fee_incl_tax": 0, "payment_method_additional_fee_excl_tax": 0,
    "tax_rates": [{"rate": 8.2500, "amount": 13.9400}], "order_tax": 13.9400,
    "order_discount": 0.0000, "order_total": 182.8800, "shipping_method": "Ground",
    "capture_transaction_id": "CAP-1", "pickup_in_store": false,
    "billing_address": {"first_name": "Anna", "last_name": "Field", "address1": "100 Main Street",
        "city": "Fargo", "zip_postal_code": "58102", "email": "anna@example.com",
        "country": {"name": "United States", "two_letter_iso_code": "US"},
        "state": {"name": "North Dakota", "abbreviation": "ND"}},
    "shipping_address": null,
    "customer": {"id": 77, "email": "Anna@Example.com", "is_guest": false, "company": ""},
    "items": [{"sku": "100XLG", "quantity": 2, "price_excl_tax": 119.9000},
              {"sku": "HA100G", "quantity": 3, "price_excl_tax": 37.0368}],
    "gift_cards_used": [], "reward_points_used_amount": 0}"#;

const PROFILE: &str = include_str!("../../../../../../../tests/fixtures/profile.json");

const OTHERS: &str = r#"{
    "store": {"id": "s1", "currency": "USD", "time_zone": "America/Chicago", "created": "2026-01-01T00:00:00Z"},
    "customer": {"number": "W000077", "send": true, "bill_to_code": "WA", "ship_to_code": "WB",
                 "send_bill_to": true, "send_ship_to": true},
    "event": {"source": "webhook", "topic": "order.placed", "entity_id": "1042", "generation": 1},
    "links": {"order": {"gp_key": "ORD1", "complete": false}}, "known": {"customer": null}, "reserved": {"gp_key": "W000077", "complete": true},
    "wanted": {"number": "W000077", "owner": "s1/77"}, "numbered": {"gp_key": "s1/77"},
    "parties": {"number": "W000077", "bill_to_code": "WA", "ship_to_code": "WB", "send": true},
    "addresses": {"bill_to": null, "ship_to": {"complete": true}},
    "document": {}, "written": {"keys": {"SOPNUMBE": "ORD1"}}, "failure": {"message": "x"}}"#;

/// How the formulas of a template fared.
#[derive(Debug, Default)]
struct Tally {
    native: usize,
    other: Vec<String>,
}

impl Tally {
    fn formula(&mut self, text: &str, facts: &mut Facts) {
        let Ok(formula) = Expression::compile(text, &facts.names()) else {
            return;
        };
        match compare_compiled(&formula, facts) {
            Fared::Native => self.native += 1,
            Fared::NotNative | Fared::LeftToLanguage => self.other.push(text.to_owned()),
        }
    }

    /// Tries whatever in a rule may be a formula or a text with formulas, with the names its lists
    /// give.
    fn rule(&mut self, rule: &Value, facts: &mut Facts) {
        let mark = facts.mark();
        if let Some(each) = rule.get("for_each") {
            let list = each.text_at("list").unwrap_or_default();
            self.formula(list, facts);
            let entries = Expression::compile(list, &facts.names());
            let entries = entries.unwrap().evaluate(facts).unwrap();
            let first = entries.at("[0]").cloned().unwrap_or_default();
            facts.set(each.text_at("item").unwrap(), first);
            if let Some(index) = each.text_at("index") {
                facts.set(index, Value::from(0));
            }
        }
        self.parts(rule, facts);
        facts.reset(mark);
    }

    fn parts(&mut self, value: &Value, facts: &mut Facts) {
        match value {
            Value::Text(text) => {
                self.formula(text, facts);
                if let Ok(template) = Template::compile(text, &facts.names()) {
                    for formula in template.formulas() {
                        self.formula(formula.text(), facts);
                    }
                }
            }
            Value::List(list) => list.iter().for_each(|value| self.rule(value, facts)),
            Value::Map(map) => map
                .iter()
                .filter(|(name, _)| *name != "for_each")
                .for_each(|(_, value)| self.rule(value, facts)),
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }
}

fn facts() -> Facts {
    let mut facts = Facts::default();
    for (name, json) in [("order", ORDER), ("profile", PROFILE)] {
        let mut value = Value::from_json(json).unwrap();
        crate::engine::complete(name, &mut value);
        facts.set(name, value);
    }
    let others = Value::from_json(OTHERS).unwrap();
    for (name, value) in others.as_map().unwrap() {
        facts.set(name, value.clone());
    }
    facts
}

#[test]
fn formulas_of_the_mapping_agree() {
    let mapping = Value::from_json(templates::ORDER_TO_SOP_MAPPING).unwrap();
    let (mut facts, mut tally) = (facts(), Tally::default());
    for entry in mapping.at("prepare").unwrap().as_list().unwrap() {
        let Some(set) = entry.get("set") else {
            tally.rule(entry, &mut facts);
            continue;
        };
        let text = set.text_at("expression").unwrap();
        tally.formula(text, &mut facts);
        let formula = Expression::compile(text, &facts.names()).unwrap();
        let value = formula.evaluate(&mut facts).unwrap();
        facts.set(set.text_at("name").unwrap(), value);
    }
    for rule in mapping.at("nodes").unwrap().as_list().unwrap() {
        tally.rule(rule, &mut facts);
    }
    assert!(tally.native > 250, "{tally:?}");
    assert_eq!(tally.other, Vec::<String>::new());
}

#[test]
fn formulas_of_the_workflow_agree() {
    let workflow = Value::from_json(templates::ORDER_TO_SOP_WORKFLOW).unwrap();
    let (mut facts, mut tally) = (facts(), Tally::default());
    tally.rule(&workflow, &mut facts);
    assert!(tally.native > 100, "{tally:?}");
    // Names of events, which look like paths.
    assert_eq!(tally.other, ["order.placed", "order.paid"]);
}
