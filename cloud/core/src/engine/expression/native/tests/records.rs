//! Random records: nothing, empty lists, negative and very long numbers, texts of all kinds.

use super::random::Choices;
use crate::engine::expression::Facts;
use crate::engine::value::Value;

const RULES: &str = r#"[{"country": "US", "state": null, "rate": "8.25", "sku": "*"},
    {"country": "U*", "zip_from": "58000", "zip_to": "58899", "price": 1},
    {"country": "", "sku": "A", "rate": 8.250}]"#;

/// Makes the facts that the random formulas read.
pub(super) fn facts(choices: &mut Choices<'_>) -> Facts {
    let mut facts = Facts::default();
    let (order, rate, word) = (order(choices), number(choices), text(choices));
    for (name, json) in [
        ("order", order.as_str()),
        ("rules", RULES),
        ("rate", rate),
        ("word", word),
        ("whole", "2"),
    ] {
        facts.set(name, Value::from_json(json).unwrap());
    }
    facts.set("flag", Value::Bool(choices.below(2) == 1));
    facts.set("hollow", Value::Null);
    facts
}

fn order(choices: &mut Choices<'_>) -> String {
    let items: Vec<String> = (0..choices.below(4)).map(|_| item(choices)).collect();
    let amounts: Vec<&str> = (0..choices.below(4)).map(|_| number(choices)).collect();
    let tags: Vec<&str> = (0..choices.below(4)).map(|_| text(choices)).collect();
    let address = if choices.below(5) == 4 {
        "null".to_owned()
    } else {
        address(choices)
    };
    format!(
        r#"{{"total": {}, "small": {}, "large": {}, "zero": 0.00, "sku": {}, "name": {},
            "paid": true, "nothing": null, "empty": [], "items": [{}], "amounts": [{}],
            "tags": [{}], "address": {address}}}"#,
        number(choices),
        number(choices),
        number(choices),
        text(choices),
        text(choices),
        items.join(","),
        amounts.join(","),
        tags.join(","),
    )
}

fn item(choices: &mut Choices<'_>) -> String {
    format!(
        r#"{{"price": {}, "quantity": {}, "sku": {}, "rate": {}, "country": "US"}}"#,
        number(choices),
        number(choices),
        text(choices),
        number(choices)
    )
}

fn address(choices: &mut Choices<'_>) -> String {
    let states = [
        "null",
        r#"{"name": "North Dakota", "abbreviation": "ND"}"#,
        "{}",
    ];
    format!(
        r#"{{"first_name": {}, "city": {}, "zip_postal_code": {}, "country": null, "state": {}}}"#,
        text(choices),
        text(choices),
        text(choices),
        choices.of(&states)
    )
}

fn number(choices: &mut Choices<'_>) -> &'static str {
    choices.of(&[
        "9.90",
        "0",
        "0.00",
        "-1.005",
        "12.3456",
        "7",
        "0.5",
        "null",
        "1e3",
        "79228162514264337593543950335",
        "-0.0000000000000000000000000001",
        "\"8.25\"",
        "1.2345678901234567890123456789",
    ])
}

fn text(choices: &mut Choices<'_>) -> &'static str {
    choices.of(&[
        "\"007\"",
        "\"\"",
        "\" \"",
        "null",
        "\"Paid\"",
        "\"Ærø ß ﬁ 😀 longer text\"",
        "3.50",
        "\"N1-7\"",
        "\"2025-03-04\"",
        "\" a  b \"",
    ])
}
