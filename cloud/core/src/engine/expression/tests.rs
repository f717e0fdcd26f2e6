//! What formulas can do, and what they cannot.

use super::{Expression, Facts};
use crate::engine::value::Value;

fn facts() -> Facts {
    let json = r#"{
        "order": {"total": 9.90, "nothing": null, "sku": "007", "zip": "58102",
                  "items": [{"price": 1.10, "quantity": 3}, {"price": 12.3456, "quantity": 2}]},
        "rate": 0.0825,
        "rules": [{"country": "US", "state": null, "rate": "8.25", "name": "any state"},
                  {"country": "US", "state": "ND", "rate": "8.25", "name": "state"},
                  {"country": "US", "state": "N*", "rate": "8.25", "name": "pattern"},
                  {"country": "US", "state": "ND", "zip_from": "58000", "zip_to": "58899",
                   "rate": "8.25", "name": "range"},
                  {"country": "*", "rate": "20", "name": "anywhere"}]
    }"#;
    let value = Value::from_json(json).unwrap();
    Facts::new(value.as_map().unwrap())
}

fn evaluate(text: &str) -> Result<String, String> {
    let mut facts = facts();
    let known = facts.names();
    let expression = Expression::compile(text, &known).map_err(|error| error.message)?;
    let value = expression
        .evaluate(&mut facts)
        .map_err(|error| error.message)?;
    Ok(value.to_json())
}

#[track_caller]
fn gives(text: &str, json: &str) {
    assert_eq!(evaluate(text).as_deref(), Ok(json), "{text}");
}

#[track_caller]
fn fails(text: &str, part: &str) {
    let message = evaluate(text).unwrap_err();
    let start = text.get(..100).unwrap_or(text);
    assert!(message.contains(part), "{message} in {start}");
}

#[test]
fn numbers_are_exact() {
    gives("0.1 + 0.2 == 0.3", "true");
    gives("10 / 4 == 2.5", "true");
    gives("order.items[0].quantity / 2 == 1.5", "true");
    gives("order.total * rate", "0.816750");
    gives("1 == 1.00", "true");
    gives("0 * -1.00", "0");
    fails("1 / 0", "cannot be divided by zero");
    fails(
        "order.total / (rate - rate)",
        "9.90 cannot be divided by zero",
    );
    fails("79228162514264337593543950335.0 * 10", "overflow");
}

#[test]
fn rounding_is_half_up_to_exact_decimals() {
    gives("round_half_up(1.005, 2)", "1.01");
    gives("round_half_up(2.5, 0)", "3");
    gives("money(-1.005, 2)", "-1.01");
    gives("money(7, 2)", "7.00");
    gives("money(-0.001, 2)", "0.00");
    fails("money(1, 0.5)", "not a small whole number");
    fails("money(1, 99)", "at most 10 decimals");
    fails("money(order.sku, 2)", "not a number");
}

#[test]
fn shares_make_the_whole() {
    gives("allocate(10, [1, 1, 1], 2)", "[3.34,3.33,3.33]");
    gives("allocate(0.05, [1, 2, 1], 2)", "[0.01,0.03,0.01]");
    gives("allocate(-1, [1, 1, 1], 2)", "[-0.34,-0.33,-0.33]");
    gives("allocate(1, [0, 0], 2)", "[1.00,0.00]");
    gives("allocate(0, [], 2)", "[]");
    fails("allocate(1, [], 2)", "nothing takes the 1.00");
    gives("settle([1.004, 2.004], 3.01, 2)", "[1.00,2.01]");
    gives(
        r#"allocate_to([#{id: "a", rate: "5.0"}, #{id: "b", rate: 3.25}], "rate", 1, 2)"#,
        r#"[{"amount":0.61,"id":"a","rate":"5.0"},{"amount":0.39,"id":"b","rate":3.25}]"#,
    );
    gives("index_of_largest([1, 3, 3])", "1");
    gives("index_of_largest([])", "-1");
    let most = "79228162514264337593543950335.0";
    fails(&format!("settle([{most}, {most}], 1, 0)"), "too large");
    fails(&format!("allocate({most}, [{most}], 0)"), "too large");
    fails(
        &format!("nearest([#{{x: {most}}}], \"x\", -{most})"),
        "too large",
    );
    fails(
        &format!("group_sum([#{{x: {most}}}, #{{x: {most}}}], [], [\"x\"])"),
        "too large",
    );
}

#[test]
fn lists_are_gone_through_with_closures() {
    gives(
        "sum(order.items.map(|item| item.price * item.quantity))",
        "27.9912",
    );
    gives("order.items.filter(|item| item.price > rate).len()", "2");
    gives("order.items.map(|item, place| place)", "[0,1]");
    fails("sum([1, ()])", "list[1] is nothing");
    fails(
        "order.items.map(|item| item.cost)",
        "there is no field `cost`",
    );
    fails(
        "order.items.map(|item| order.total)",
        "name what it needs in a variable first",
    );
    gives(r#"nearest(order.items, "price", 10).price"#, "12.3456");
    gives(r#"nearest_index([], "price", 10)"#, "-1");
    gives(
        r#"group_sum([#{k: 1, v: 1}, #{k: 2, v: 1}, #{k: 1, v: 2}], ["k"], ["v"])"#,
        r#"[{"k":1,"v":3},{"k":2,"v":1}]"#,
    );
}

#[test]
fn nothing_is_never_taken_for_a_number() {
    fails(
        "order.nothing + 1",
        "`+` was given nothing; empty: order.nothing",
    );
    fails("order.nothing > 1", "cannot be compared");
    fails("1 <= order.nothing", "cannot be compared");
    fails("order.sku > 1", "cannot be compared");
    fails(
        "money(order.nothing, 2)",
        "the amount is nothing; empty: order.nothing",
    );
    fails("order.typo", "there is no field `typo`");
    gives("order.nothing == ()", "true");
    gives("order.nothing?.deeper", "null");
    gives("coalesce(order.nothing, \" \", order.sku)", "\"007\"");
}

#[test]
fn digits_of_a_text_stay_text() {
    gives("order.sku", "\"007\"");
    gives("order.sku + 1", "\"0071\"");
    gives("text(1.50)", "\"1.5\"");
    gives("pad_left(42.0, 6, \"0\")", "\"000042\"");
    gives("trim(\"  a \") + truncate(\"bcd\", 2)", "\"abc\"");
}

#[test]
fn the_most_exact_rule_wins() {
    let rule = |facts: &str| evaluate(&format!("match_rule(rules, #{{{facts}}})?.name"));
    let all = r#"country: "us", state: "ND", zip: "58102-1234", rate: 8.2500"#;
    assert_eq!(rule(all).as_deref(), Ok("\"range\""));
    let outside = r#"country: "US", state: "ND", zip: "59001", rate: 8.25"#;
    assert_eq!(rule(outside).as_deref(), Ok("\"state\""));
    let pattern = r#"country: "US", state: "NY", zip: (), rate: 8.25"#;
    assert_eq!(rule(pattern).as_deref(), Ok("\"pattern\""));
    let any = r#"country: "US", state: (), zip: (), rate: 8.25"#;
    assert_eq!(rule(any).as_deref(), Ok("\"any state\""));
    let anywhere = r#"country: "FR", state: (), zip: (), rate: 20"#;
    assert_eq!(rule(anywhere).as_deref(), Ok("\"anywhere\""));
    let none = r#"country: "FR", state: (), zip: (), rate: 19"#;
    assert_eq!(rule(none).as_deref(), Ok("null"));
    gives(
        r#"first_rule(rules, #{country: "US"}).name"#,
        "\"any state\"",
    );
}

#[test]
fn dates_fall_where_the_store_is() {
    gives(
        r#"local_date("2025-03-04T02:18:22.727", "America/Chicago")"#,
        "\"2025-03-03\"",
    );
    gives(
        r#"local_date("2025-07-01T04:30:00Z", "Europe/Berlin")"#,
        "\"2025-07-01\"",
    );
    gives(
        r#"format_date("2025-03-09T09:30:05Z", "America/Chicago", "dd.MM.yy HH:mm:ss")"#,
        "\"09.03.25 04:30:05\"",
    );
    gives(
        r#"fill_date("WEB{yyyyMMdd}-{MM}", "2025-03-04")"#,
        "\"WEB20250304-03\"",
    );
    gives(
        r#"instant("2025-03-04T02:18:22.7") == instant("2025-03-04T02:18:22.700Z")"#,
        "true",
    );
    fails(
        r#"local_date("2025-03-04T02:18:22Z", "Mars/Base")"#,
        "not a time zone",
    );
    fails(r#"instant("yesterday")"#, "not an instant");
    fails("instant(order.nothing)", "nothing");
    fails(
        r#"fill_date("WEB{yyyy", "2025-03-04")"#,
        "brace is not closed",
    );
}

#[test]
fn nothing_outside_is_reachable_and_nothing_can_be_changed() {
    for text in [
        "eval(\"1\")",
        "print(1)",
        "debug(1)",
        "sleep(1)",
        "exit()",
        "timestamp()",
        "Fn(\"len\")",
        "call(|a| a, 1)",
        "order.items.push(1)",
        "order.items.clear()",
        "import \"x\"",
        "this",
        "let x = 1",
        "x = 1",
        "order.total = 1",
        "fn f() { 1 }",
        "loop { }",
        "while true { }",
        "for x in [1] { x }",
        "throw 1",
        "return 1",
        "{ 1; 2 }",
        "try { 1 } catch { 2 }",
        "range(0, 9)",
        "unknown",
        "unknown(1)",
        "order.total.unknown()",
    ] {
        let refused = evaluate(text);
        assert!(refused.is_err(), "{text} gives {refused:?}");
    }
}

#[test]
fn work_and_size_are_bounded() {
    let list = |count: usize| format!("[{}]", vec!["1"; count].join(","));
    let long = list(500);
    let squared = format!("{long}.filter(|a| {long}.filter(|b| a > b).len() > 0)");
    let bomb = format!("{long}.reduce(|text, one| text + text, \"0123456789abcdef\")");
    for (text, part) in [
        (squared.as_str(), "too many steps"),
        (bomb.as_str(), "too much"),
    ] {
        fails(text, part);
    }
    // Helpers that go through lists are counted too.
    let rows = vec!["#{k: 1}"; 600].join(",");
    let costly = format!("[{rows}].map(|row| group_sum([{rows}], [\"k\"], []))");
    fails(&costly, "too many steps");
    let deep = format!("{}1{}", "(".repeat(200), ")".repeat(200));
    assert!(evaluate(&deep).is_err());
    let closures = vec!["[1].map(|a| a)"; 20].join(" + ");
    assert!(evaluate(&closures).is_err());
}

#[test]
fn reads_are_told() {
    let known = facts().names();
    let reads = |text: &str| Expression::compile(text, &known).unwrap().reads().to_vec();
    assert_eq!(
        reads("order.total + order.items[1].price * rate + order.total"),
        ["order.total", "order.items[1].price", "rate"]
    );
    assert_eq!(
        reads("order.items.map(|item| item.price * rate)"),
        ["order.items", "rate"]
    );
    assert_eq!(reads("order[\"total\"]"), ["order.total"]);
    assert!(reads("1 + 2").is_empty());
}

#[test]
fn texts_hold_formulas() {
    use super::Template;
    let mut facts = facts();
    let known = facts.names();
    let text =
        "{{literal} {order.sku}: {if rate > 1 { \"}\" } else { order.total }}, {order.nothing}";
    let template = Template::compile(text, &known).unwrap();
    assert_eq!(
        template.render(&mut facts).unwrap(),
        "{literal} 007: 9.90, nothing"
    );
    assert_eq!(
        template.reads().collect::<Vec<_>>(),
        ["order.sku", "rate", "order.total", "order.nothing"]
    );
    assert!(Template::compile("{order.sku", &known).is_err());
}

#[test]
fn what_is_wrong_says_where() {
    let told = |text: &str| {
        let mut facts = facts();
        let known = facts.names();
        let made = Expression::compile(text, &known).and_then(|it| it.evaluate(&mut facts));
        made.unwrap_err().to_string()
    };
    for (text, wanted) in [
        ("1 + ", "Script is incomplete (at character 5"),
        (
            "order.total + order.nothing",
            "`+` was given nothing; empty: order.nothing (at character 13",
        ),
        (
            "order.total +\n  money(order.nothing, 2)",
            "money: the amount is nothing; empty: order.nothing (at character 17",
        ),
        ("1 + nowhere", "Undefined variable: nowhere (at character 5"),
        (
            "order.nothing.price + 1",
            "the field `price` is asked of nothing; empty: order.nothing.price (at character 15",
        ),
        (
            "if order.total > 1 { order.sku / 2 } else { 0 }",
            "`/` cannot take text and a number (at character 32",
        ),
    ] {
        assert_eq!(told(text), format!("{wanted} in: {text})"));
    }
}

#[test]
fn every_function_gives_what_its_example_says() {
    let mut names = std::collections::BTreeSet::new();
    for function in super::functions() {
        assert!(
            names.insert(function.name),
            "{} is there twice",
            function.name
        );
        assert!(
            function.example.contains(function.name),
            "{}",
            function.name
        );
        assert!(function.call.contains(function.name), "{}", function.name);
        gives(function.example, function.gives);
    }
}
