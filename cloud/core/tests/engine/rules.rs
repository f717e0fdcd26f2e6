//! What each kind of rule makes, told with small mappings of a customer and its addresses.

use std::sync::Arc;

use connect_core::domain::failure::{Failure, FailureClass};
use connect_core::engine::expression::Facts;
use connect_core::engine::lookup::{self, Lookups};
use connect_core::engine::mapping::{self, Trace};
use connect_core::engine::{Problem, Severity, Value};
use serde_json::{Value as Json, json};

fn tables() -> Lookups {
    let items = json!({
        "format": 1, "name": "codes", "title": "Address codes",
        "keys": [{"name": "kind", "match": "ignore_case"}],
        "gives": ["ADRSCODE"],
        "rows": [{"kind": "Billing", "ADRSCODE": "BILL"}, {"kind": "shipping", "ADRSCODE": "SHIP"}]
    });
    let zones = json!({
        "format": 1, "name": "zones", "title": "Sales territories",
        "keys": [
            {"name": "country"},
            {"name": "postcode", "match": "range"},
            {"name": "company", "match": "pattern"}
        ],
        "gives": ["SALSTERR", "UPSZONE"],
        "rows": [
            {"country": "US", "SALSTERR": "TERRITORY 1", "UPSZONE": "1"},
            {"country": "US", "postcode": "58000..58899", "SALSTERR": "TERRITORY 2"},
            {"country": "US", "postcode": "58102..58102", "company": "field*",
             "SALSTERR": "TERRITORY 3"},
            {"country": "US", "company": "*works", "priority": 9, "SALSTERR": "TERRITORY 4"}
        ],
        "otherwise": {"default": {"SALSTERR": "TERRITORY 9"}}
    });
    [items, zones]
        .into_iter()
        .map(|json| {
            let table = lookup::compile(&json.to_string()).unwrap();
            (table.name().to_owned(), Arc::new(table))
        })
        .collect()
}

/// A mapping of a customer: extra rules for its master, and rules for its addresses.
fn customer(master: &Json, addresses: &Json) -> Json {
    let mut elements = json!([
        {"element": "CUSTNMBR", "constant": "WEB1"},
        {"element": "CUSTNAME", "constant": "Anna Field"}
    ]);
    let mut groups = json!([]);
    for rule in master.as_array().unwrap() {
        let into = if rule.get("title").is_some() {
            &mut groups
        } else {
            &mut elements
        };
        into.as_array_mut().unwrap().push(rule.clone());
    }
    let mut nodes = json!([
        {"rule": "customer", "node": "taUpdateCreateCustomerRcd", "elements": elements,
         "groups": groups}
    ]);
    if !addresses.is_null() {
        nodes.as_array_mut().unwrap().push(addresses.clone());
    }
    json!({
        "format": 1, "name": "customer", "title": "A customer", "document": "RMCustomerMasterType",
        "inputs": ["order", "event", "given"], "prepare": [], "nodes": nodes
    })
}

fn addresses(for_each: &Json) -> Json {
    json!({
        "rule": "address", "node": "taCreateCustomerAddress_Items_taCreateCustomerAddress",
        "for_each": for_each,
        "elements": [
            {"element": "CUSTNMBR", "constant": "WEB1"},
            {"element": "ADRSCODE", "expression": "code"},
            {"element": "ADDRESS1", "expression": "street"}
        ]
    })
}

fn problems(mapping: &Json) -> Vec<String> {
    let problems = mapping::compile(&mapping.to_string(), &tables()).unwrap_err();
    problems.iter().map(ToString::to_string).collect()
}

fn warnings(mapping: &Json) -> Vec<Problem> {
    let compiled = mapping::compile(&mapping.to_string(), &tables()).unwrap();
    compiled.warnings().to_vec()
}

/// The document's elements, `node.element=text`, or why there is none.
fn made(mapping: &Json, order: &str) -> Result<(Vec<String>, Trace<'static>), Failure> {
    let compiled = mapping::compile(&mapping.to_string(), &tables()).unwrap();
    let compiled = Box::leak(Box::new(compiled));
    let mut facts = Facts::default();
    facts.set("given", Value::from_json(order).unwrap());
    facts.set(
        "event",
        Value::from_json(r#"{"began": "2026-03-05T03:00:00Z"}"#).unwrap(),
    );
    let (document, trace) = mapping::evaluate(compiled, &mut facts)?;
    let transaction = &document.transactions[0];
    let lines = transaction.nodes.iter().flat_map(|node| {
        node.elements.iter().map(|element| {
            let text = node.text(&element.name).unwrap_or("(empty)");
            format!("{}.{}={text}", node.name, element.name)
        })
    });
    Ok((lines.collect(), trace))
}

/// What a single rule of the customer makes.
fn one(rule: &Json, order: &str) -> Result<Option<String>, Failure> {
    let (lines, _) = made(&customer(&json!([rule]), &Json::Null), order)?;
    let found = lines.into_iter().nth(2);
    Ok(found.map(|line| line.split_once('=').unwrap().1.to_owned()))
}

#[test]
fn a_lookup_gives_the_row_that_says_most() {
    let rule = json!({"element": "SALSTERR", "lookup": {
        "table": "zones", "give": "SALSTERR",
        "keys": {"country": "given.country", "postcode": "given.zip", "company": "given.company"}
    }});
    let territory = |country: &str, zip: &str, company: &str| {
        let order = json!({"country": country, "zip": zip, "company": company});
        one(&rule, &order.to_string()).unwrap().unwrap()
    };
    assert_eq!(territory("US", "10001", "Elsewhere"), "TERRITORY 1");
    assert_eq!(territory("US", "58899-1234", "Elsewhere"), "TERRITORY 2");
    assert_eq!(territory("US", "58102", "Field & Co"), "TERRITORY 3");
    assert_eq!(territory("US", "58102", "Field Works"), "TERRITORY 4");
    assert_eq!(territory("DE", "58102", "Field"), "TERRITORY 9");
}

#[test]
fn a_key_without_a_row_says_what_to_add() {
    let rule = json!({"element": "ADRSCODE", "lookup": {
        "table": "codes", "keys": {"kind": "given.kind"}
    }});
    let order = |kind: &str| json!({"kind": kind}).to_string();
    assert_eq!(one(&rule, &order(" BILLING ")), Ok(Some("BILL".into())));
    let failure = one(&rule, &order("pickup")).unwrap_err();
    assert_eq!(failure.class, FailureClass::BusinessRule);
    assert_eq!(failure.code, "no_row");
    let fault = &failure.faults[0];
    assert_eq!(
        fault.message,
        "ADRSCODE: the lookup table codes has no row for kind \"pickup\""
    );
    assert_eq!(
        fault.repair,
        "Add a row for kind \"pickup\" to the lookup table codes. Then replay."
    );
    assert_eq!(fault.field.as_deref(), Some("ADRSCODE"));
}

#[test]
fn values_are_joined_and_blank_ones_left_out() {
    let rule = json!({"element": "CNTCPRSN", "concat": {
        "parts": ["given.first", "given.middle", "given.last", "given.number"], "between": " "
    }});
    let order = r#"{"first": "Anna ", "middle": " ", "last": "Field", "number": 4.50}"#;
    assert_eq!(one(&rule, order), Ok(Some("Anna Field 4.5".into())));
}

#[test]
fn today_is_the_day_the_run_began_there() {
    let rule = |zone: &str| json!({"element": "USERDEF1", "today": zone});
    assert_eq!(
        one(&rule("\"America/Chicago\""), "{}"),
        Ok(Some("2026-03-04".into()))
    );
    assert_eq!(
        one(&rule("\"Europe/Berlin\""), "{}"),
        Ok(Some("2026-03-05".into()))
    );
    let failure = one(&rule("\"Mars\""), "{}").unwrap_err();
    assert_eq!(
        failure.message,
        "USERDEF1: \"Mars\" is not a time zone such as America/Chicago"
    );
}

#[test]
fn what_is_missing_is_as_the_rule_says() {
    let rule = |missing: Json| json!({"element": "CITY", "path": "given.city", "missing": missing});
    for blank in [r"{}", r#"{"city": null}"#, r#"{"city": "  "}"#] {
        assert_eq!(one(&rule(json!("omit")), blank), Ok(None));
        assert_eq!(one(&rule(json!("keep")), blank), Ok(None));
        assert_eq!(
            one(&rule(json!("empty")), blank),
            Ok(Some("(empty)".into()))
        );
        assert_eq!(
            one(&rule(json!({"default": "Fargo"})), blank),
            Ok(Some("Fargo".into()))
        );
        let failure = one(&rule(json!("error")), blank).unwrap_err();
        assert_eq!(failure.code, "missing_value");
    }
    let keep = json!({"element": "UpdateIfExists", "path": "given.x", "missing": "keep"});
    assert_eq!(
        problems(&customer(&json!([keep]), &Json::Null)),
        [
            "nodes.customer.UpdateIfExists.missing: GP keeps nothing here: without it the \
             procedure takes 1"
        ]
    );
    let long =
        json!({"element": "CITY", "path": "given.city", "missing": {"default": "x".repeat(36)}});
    assert!(problems(&customer(&json!([long]), &Json::Null))[0].contains("at most 35 fit"));
}

#[test]
fn a_group_comes_and_goes_as_one() {
    let group = json!({"title": "Abroad", "when": "given.country != \"US\"", "elements": [
        {"element": "COUNTRY", "path": "given.country"},
        {"element": "CUSTNAME", "constant": "Abroad"}
    ]});
    let mapping = customer(&json!([group]), &Json::Null);
    let (home, _) = made(&mapping, r#"{"country": "US"}"#).unwrap();
    assert_eq!(home.len(), 2);
    let (abroad, _) = made(&mapping, r#"{"country": "DE"}"#).unwrap();
    assert_eq!(
        abroad,
        [
            "taUpdateCreateCustomerRcd.CUSTNMBR=WEB1",
            "taUpdateCreateCustomerRcd.CUSTNAME=Abroad",
            "taUpdateCreateCustomerRcd.COUNTRY=DE",
        ]
    );
}

#[test]
fn losses_are_warnings_and_refusals_name_the_element() {
    let rule = json!({"element": "CITY", "path": "given.city", "transforms": [{"truncate": 5}]});
    let mapping = customer(&json!([rule]), &Json::Null);
    let (_, trace) = made(&mapping, r#"{"city": "Fargo Springs"}"#).unwrap();
    let warning = &trace.warnings[0];
    assert_eq!(
        (
            warning.code.as_str(),
            warning.element.as_str(),
            warning.message.as_str()
        ),
        ("cut", "CITY", "\"Fargo Springs\" was cut to 5 characters")
    );
    assert!(
        warning.node.contains("taUpdateCreateCustomerRcd"),
        "{}",
        warning.node
    );
    let rule = json!({"element": "STATE", "path": "given.state", "transforms": ["state"]});
    let failure = one(&rule, r#"{"state": "Bavaria"}"#).unwrap_err();
    assert_eq!(failure.code, "unknown_state");
    assert_eq!(
        failure.faults[0].message,
        "STATE: \"Bavaria\" is not a state or province of United States"
    );
    assert_eq!(
        failure.faults[0].repair,
        "Correct the value at its source, or have the mapping keep it. Then replay."
    );
    let list = json!({"element": "STATE", "expression": "given.states"});
    let failure = one(&list, r#"{"states": ["ND"]}"#).unwrap_err();
    assert_eq!(
        failure.message,
        "STATE: it holds a single value, not a list"
    );
}

/// The codes and streets of the addresses a list makes.
fn repeated(for_each: &Json, code: &str, street: &str, order: &str) -> Vec<String> {
    let mut node = addresses(for_each);
    node["node"] = json!("taCreateCustomerAddress");
    node["elements"][1]["expression"] = json!(code);
    node["elements"][2]["expression"] = json!(street);
    let (lines, _) = made(&customer(&json!([]), &node), order).unwrap();
    let own = lines
        .iter()
        .filter(|line| line.starts_with("taCreateCustomerAddress."));
    let texts: Vec<&str> = own.map(|line| line.split_once('=').unwrap().1).collect();
    texts.chunks(3).map(|row| row[1..].join(" ")).collect()
}

const LINES: &str = r#"{"lines": [
    {"sku": "B", "price": 2.50, "quantity": 1, "gift": false, "parts": []},
    {"sku": "A", "price": 1, "quantity": 2, "gift": true,
     "parts": [{"sku": "A1", "each": 3}, {"sku": "A2", "each": 1}]},
    {"sku": "B", "price": 2.5, "quantity": 4, "gift": false, "parts": null},
    {"sku": "C", "price": 10, "quantity": 1, "gift": false, "parts": []}
]}"#;

#[test]
fn lines_are_filtered_sorted_and_numbered() {
    let each = json!({"list": "given.lines", "item": "line", "index": "place", "sequence": "number",
        "where": "!line.gift", "sort": [{"by": "line.price", "descending": true}]});
    assert_eq!(
        repeated(&each, "line.sku + place", "text(number)", LINES),
        ["C0 16384", "B1 32768", "B2 49152"]
    );
}

#[test]
fn alike_lines_become_one() {
    let each = json!({"list": "given.lines", "item": "line",
        "merge": {"by": ["line.sku", "line.price"], "sum": ["quantity"]}});
    // 2.50 and 2.5 are the same price.
    assert_eq!(
        repeated(&each, "line.sku", "text(line.quantity)", LINES),
        ["B 5", "A 2", "C 1"]
    );
}

#[test]
fn bundles_become_their_parts() {
    let each = json!({"list": "given.lines", "item": "line",
        "explode": {"list": "line.parts", "item": "part"}});
    assert_eq!(
        repeated(
            &each,
            "coalesce(part?.sku, line.sku)",
            "text(line.quantity * coalesce(part?.each, 1))",
            LINES
        ),
        ["B 1", "A1 6", "A2 2", "B 4", "C 1"]
    );
}

#[test]
fn a_list_rule_that_cannot_work_is_told() {
    let wrong = |each: Json| {
        let mut node = addresses(&each);
        node["node"] = json!("taCreateCustomerAddress");
        node["elements"][1]["expression"] = json!("line.sku");
        node["elements"][2]["expression"] = json!("line.sku");
        problems(&customer(&json!([]), &node))
    };
    let each = json!({"list": "order.items", "item": "line", "where": "line.skew == ()"});
    assert_eq!(
        wrong(each),
        ["nodes.address.for_each.where: there is no field `line.skew`"]
    );
    let each = json!({"list": "order.items", "item": "a line"});
    assert!(wrong(each)[0].contains("`a line` is not a name"));
    let each = json!({"list": "order.items", "item": "line", "merge": {"by": [], "sum": []}});
    assert_eq!(
        wrong(each),
        ["nodes.address.for_each.merge.by: must name what makes entries alike"]
    );
    let mut twice = customer(&json!([]), &Json::Null);
    let first = twice["nodes"][0].clone();
    twice["nodes"].as_array_mut().unwrap().push(first);
    assert_eq!(
        problems(&twice),
        [
            "nodes.customer: the name is taken",
            "nodes.customer: taUpdateCreateCustomerRcd may occur once: say when",
        ]
    );
}

#[test]
fn kinds_and_lengths_are_checked_while_editing() {
    let told = |rule: Json| problems(&customer(&json!([rule]), &Json::Null));
    let date = json!({"element": "CCRDXPDT", "path": "order.created_on_utc"});
    assert_eq!(
        told(date),
        [
            "nodes.customer.CCRDXPDT: takes a day, `order.created_on_utc` gives an instant: end \
             with `read_date` or `local_date`"
        ]
    );
    let number = json!({"element": "CRLMTAMT", "path": "order.shipping_method"});
    assert_eq!(
        told(number),
        [
            "nodes.customer.CRLMTAMT: takes a number, `order.shipping_method` gives text: end \
             with `number`"
        ]
    );
    let list = json!({"element": "CITY", "path": "order.items"});
    assert_eq!(
        told(list),
        ["nodes.customer.CITY: takes text, `order.items` gives a list: name a single field"]
    );
    let upside_down = json!({"element": "CITY", "path": "order.id",
        "transforms": [{"round": 2}, {"add_days": 2}]});
    assert_eq!(
        told(upside_down),
        ["nodes.customer.CITY: `add_days 2` cannot take what `round 2` gives"]
    );
    let cut = json!({"element": "CITY", "path": "order.id", "transforms": [{"truncate": 50}]});
    assert_eq!(
        told(cut),
        ["nodes.customer.CITY: is cut to 50 characters, GP keeps 35"]
    );
    let missing = json!({"element": "ADRSCODE", "lookup": {"table": "nowhere", "keys": {}}});
    assert_eq!(
        told(missing),
        ["nodes.customer.ADRSCODE.lookup: there is no lookup table `nowhere`"]
    );
    let keyless = json!({"element": "ADRSCODE", "lookup": {"table": "zones", "keys": {"x": "1"}}});
    assert_eq!(told(keyless).len(), 5);
    let two = json!({"element": "CITY", "path": "order.id", "constant": "x"});
    assert!(told(two)[0].contains("needs one of"));
    let long = json!({"element": "CITY", "path": "order.billing_address.city"});
    let warned = warnings(&customer(&json!([long]), &Json::Null));
    assert_eq!(warned[0].severity, Severity::Warning);
    assert_eq!(
        warned[0].to_string(),
        "nodes.customer.CITY: `order.billing_address.city` may have any number of characters, GP \
         keeps 35: cut it with `truncate`, or say in `repair` what people should do"
    );
}

#[test]
fn a_table_that_cannot_be_asked_is_told() {
    let table = |change: fn(&mut Json)| {
        let mut json = json!({
            "format": 1, "name": "t", "title": "T", "keys": [{"name": "a"}], "gives": ["b"],
            "rows": [{"a": "1", "b": "x"}, {"a": 1.0, "b": "y"}]
        });
        change(&mut json);
        let problems = lookup::compile(&json.to_string()).unwrap_err();
        problems.iter().map(ToString::to_string).collect::<Vec<_>>()
    };
    assert_eq!(table(|_| {}), ["rows[1]: 1 stands in rows[0] too"]);
    assert_eq!(
        table(|json| json["rows"] = json!([{"a": "1", "c": "x"}])),
        ["rows[0]: there is no column `c`"]
    );
    assert_eq!(
        table(|json| {
            json["keys"] = json!([{"name": "a", "match": "range"}]);
            json["rows"] = json!([{"a": "9..3", "b": "x"}]);
        }),
        ["rows[0].a: the range ends before it begins"]
    );
    assert_eq!(
        table(|json| {
            json["rows"] = json!([]);
            json["otherwise"] = json!({"default": {"z": 1}});
        }),
        ["otherwise.default: there is no column `z`"]
    );
    assert_eq!(
        table(|json| {
            json["rows"] = json!([]);
            json["gives"] = json!(["a"]);
        }),
        ["keys: the column name `a` is taken"]
    );
}

#[test]
fn a_checkout_attribute_goes_to_a_user_defined_field() {
    let rule = json!({"element": "USERDEF1", "path": "order.checkout_attributes_xml",
        "transforms": [{"attribute": {"attribute": "Cost centre", "names": {"3": "Cost centre"}}},
                       {"truncate": 20}]});
    let mapping = customer(&json!([rule]), &Json::Null);
    assert_eq!(warnings(&mapping), []);
    let compiled = mapping::compile(&mapping.to_string(), &tables()).unwrap();
    let mut facts = Facts::default();
    let xml = "<Attributes><CheckoutAttribute ID=\"2\"><CheckoutAttributeValue><Value>no</Value>\
               </CheckoutAttributeValue></CheckoutAttribute><CheckoutAttribute ID=\"3\">\
               <CheckoutAttributeValue><Value>R&amp;D 4711</Value></CheckoutAttributeValue>\
               </CheckoutAttribute></Attributes>";
    facts.set(
        "order",
        Value::map([("checkout_attributes_xml", Value::from(xml))]),
    );
    let (document, _) = mapping::evaluate(&compiled, &mut facts).unwrap();
    assert_eq!(
        document.transactions[0].nodes[0].text("USERDEF1"),
        Some("R&D 4711")
    );
}

#[test]
fn a_name_given_anew_no_longer_stands_for_the_older_field() {
    let mut node =
        addresses(&json!({"list": "given.lines.filter(|row| row.gift)", "item": "line"}));
    node["node"] = json!("taCreateCustomerAddress");
    node["elements"][1]["expression"] = json!("line.code");
    node["elements"][2]["expression"] = json!("line.street");
    let mut mapping = customer(&json!([]), &node);
    // The outer name is an order's address, which has neither field.
    mapping["prepare"] = json!([{"set": {"name": "line", "expression": "order.billing_address"}}]);
    mapping::compile(&mapping.to_string(), &tables()).unwrap();
}
