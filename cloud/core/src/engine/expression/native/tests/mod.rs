//! Native results against the language's: equal to the last digit, or left to the language.

mod random;
mod records;
mod templates;

use super::super::{Expression, Facts, functions, language};
use super::evaluate::Run;
use crate::engine::value::Value;

/// How a formula fared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fared {
    /// It has no native form.
    NotNative,
    /// The native form left it to the language.
    LeftToLanguage,
    /// The native form gave what the language gives.
    Native,
}

/// Computes a formula both ways and tells how it fared.
#[track_caller]
fn compare(text: &str, facts: &mut Facts) -> Option<Fared> {
    let formula = Expression::compile(text, &facts.names()).ok()?;
    Some(compare_compiled(&formula, facts))
}

#[track_caller]
fn compare_compiled(formula: &Expression, facts: &mut Facts) -> Fared {
    let Some(native) = &formula.native else {
        return Fared::NotNative;
    };
    let mut run = Run::new(facts);
    let given = run.item(&native.0).map(super::item::Item::into_value);
    let steps = run.steps();
    let by_language = formula.interpret(facts);
    let text = formula.text();
    let Some(given) = given else {
        return Fared::LeftToLanguage;
    };
    match by_language {
        // JSON tells scales apart, which equality of numbers does not.
        Ok(wanted) => assert_eq!(given.to_json(), wanted.to_json(), "{text} over {facts:?}"),
        Err(error) => panic!("{text} gives {given:?}, not {error} over {facts:?}"),
    }
    let counted = language::steps();
    assert!(
        steps >= counted,
        "{text} took {steps} steps, not {counted} over {facts:?}"
    );
    Fared::Native
}

fn facts() -> Facts {
    let json = r#"{
        "order": {"total": 9.90, "nothing": null, "sku": "007", "name": "Ærøskøbing ß ﬁ 😀",
                  "paid": true, "empty": [], "none": {}, "tags": ["Paid", "Open", null],
                  "items": [{"price": 1.10, "quantity": 3, "sku": "A", "tags": ["x"]},
                            {"price": 12.3456, "quantity": 2, "sku": null, "tags": []}]},
        "rate": 0.0825, "word": "Paid", "flag": false, "hollow": null, "whole": 2
    }"#;
    let value = Value::from_json(json).unwrap();
    Facts::new(value.as_map().unwrap())
}

#[track_caller]
fn is_native(text: &str) {
    assert_eq!(compare(text, &mut facts()), Some(Fared::Native), "{text}");
}

#[test]
fn examples_of_the_catalogue_agree() {
    let mut left = Vec::new();
    for function in functions::FUNCTIONS {
        let mut facts = Facts::default();
        if compare(function.example, &mut facts) != Some(Fared::Native) {
            left.push(function.name);
        }
    }
    assert_eq!(left, ["parse_decimal", "split", "sub_string", "index_of"]);
}

#[test]
fn common_formulas_need_no_language() {
    for text in [
        "order.items[1].price",
        "order[\"sku\"]",
        "order.nothing?.deeper.still",
        "hollow?[\"x\"]",
        "-order.total + 1",
        "10 / 4",
        "whole * 2 % 3 - 1.50",
        "order.sku + 1.50 + true + ()",
        "`${order.sku}: ${order.total} ${hollow}`",
        "word in [\"Paid\", \"Open\"] && !(word !in order.tags)",
        "\"ai\" in word",
        "order.nothing == () || order.total == 9.9",
        "hollow ?? order.nothing ?? \"x\"",
        "if flag { 1 } else if order.paid { word } else { () }",
        "if flag { 1 }",
        "[1, order.total, [word]][1]",
        "#{a: order.items, b: whole}.a[0]",
        "[1, 2] + order.tags",
        "order.items.map(|item| item.price * item.quantity)",
        "order.items.map(|item, place| place + whole)",
        "order.items.filter(|item| item.quantity > 2)[0].price",
        "order.items.find(|item| item.sku == ())",
        "[1, 2].map(|a| [3].map(|b| a + b + whole))",
        "order.items.reduce(|sum, item| sum + item.price, 0)",
        "order.items.reduce(|sum, item, place| sum + item.price * place, rate)",
        "order.items.find_map(|item| item.sku)",
        "order.items.all(|item| item.price > 1) != order.items.some(|item| item.price > 9)",
        "sum(order.items.map(|item| item.price))",
        "min(1, 2) + max(1.5, 1) - abs(-1)",
        "round_half_up(order.total, 1) + round_half_up(2.345, whole)",
        "order.name.len() + order.items.len() + order.len()",
        "truncate(order.name, 12) + order.name.to_upper()",
    ] {
        is_native(text);
    }
}

#[test]
fn what_needs_the_language_is_left_to_it() {
    for text in [
        "order.items.map(|item| order.total)",
        "order.items.map(|item| [1].map(|n| [2].map(|m| n)))",
        "switch word { \"Paid\" => 1, _ => 2 }",
        "2 ** 3",
        "order.sku.split(\"0\")",
    ] {
        let fared = compare(text, &mut facts());
        assert_eq!(fared, Some(Fared::NotNative), "{text}");
    }
    for text in [
        "order.missing",
        "order.nothing.deeper",
        "order.nothing?[1 / 0]",
        "order.total / 0",
        "order.nothing > 1",
        "order.items[-1].price",
        "order.sku[0]",
        "order.items == order.items",
        "9223372036854775807 + 1",
        "-order.sku",
        "order.items.len",
    ] {
        let fared = compare(text, &mut facts());
        assert_eq!(fared, Some(Fared::LeftToLanguage), "{text}");
    }
}

#[test]
fn bounds_hold() {
    let list = |count: usize| format!("[{}]", vec!["1"; count].join(","));
    let long = list(500);
    for text in [
        format!("{long}.filter(|a| {long}.filter(|b| a > b).len() > 0)"),
        format!("{long}.reduce(|text, one| text + text, \"0123456789abcdef\")"),
        format!("{long}.reduce(|so_far, one| so_far + so_far, [1])"),
        format!("{long}.map(|a| {long}).map(|a| a)"),
        format!("{long}.reduce(|so_far, one| [so_far, so_far], 1)"),
        format!("{long}.reduce(|so_far, one| #{{a: so_far, b: so_far}}, 1)"),
    ] {
        let mut facts = Facts::default();
        let formula = Expression::compile(&text, &[]).unwrap();
        let (native, start) = (
            formula.native.as_ref().unwrap(),
            &text[..60.min(text.len())],
        );
        assert_eq!(native.evaluate(&facts), None, "{start}");
        assert!(formula.evaluate(&mut facts).is_err(), "{start}");
    }
}
