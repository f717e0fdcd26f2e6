//! Rules of validation: what a field must be, said without a formula, and how bad it is.

use connect_core::domain::failure::Failure;
use connect_core::engine::Value;
use connect_core::engine::expression::Facts;
use connect_core::engine::lookup::Lookups;
use connect_core::engine::mapping::{self, Warning};
use serde_json::{Value as Json, json};

fn mapping(checks: &[Json]) -> String {
    let prepare: Vec<Json> = checks.iter().map(|check| json!({"check": check})).collect();
    let mapping = json!({
        "format": 1, "name": "m", "title": "M", "document": "RMCustomerMasterType",
        "inputs": ["given", "order"], "prepare": prepare, "nodes": [{
            "rule": "customer", "node": "taUpdateCreateCustomerRcd",
            "elements": [{"element": "CUSTNMBR", "constant": "W1"}]
        }]
    });
    mapping.to_string()
}

fn run(checks: &[Json], given: &Json) -> Result<Vec<Warning>, Failure> {
    let mapping = mapping::compile(&mapping(checks), &Lookups::new()).unwrap();
    let mut facts = Facts::default();
    facts.set("given", Value::from_json(&given.to_string()).unwrap());
    mapping::evaluate(&mapping, &mut facts).map(|(_, trace)| trace.warnings)
}

fn problems(check: &Json) -> Vec<String> {
    let refused = mapping::compile(&mapping(std::slice::from_ref(check)), &Lookups::new());
    let problems = refused.unwrap_err();
    problems.iter().map(ToString::to_string).collect()
}

#[test]
#[expect(clippy::too_many_lines, reason = "one case a line")]
fn a_field_must_be_what_its_rule_says() {
    let zip = json!({"fit": {"path": "given.zip", "pattern": "\\d{5}"}});
    let quantity = json!({"lie_within": {"path": "given.quantity", "from": 1, "to": 99.5}});
    let status = json!({"be_one_of": {"path": "given.status", "values": ["Paid", "Open", 3]}});
    let name = json!({"be_no_longer_than": {"path": "given.name", "length": 3}});
    let filled = json!({"filled": "given.sku"});
    for (must, value, wanted) in [
        (&filled, json!({"sku": "A"}), None),
        (
            &filled,
            json!({"sku": " "}),
            Some(("missing_value", "given.sku is missing")),
        ),
        (
            &filled,
            json!({}),
            Some(("missing_value", "given.sku is missing")),
        ),
        (&zip, json!({"zip": "58102"}), None),
        (&zip, json!({"zip": ""}), None),
        (
            &zip,
            json!({"zip": "58102-1"}),
            Some((
                "wrong_pattern",
                "given.zip \"58102-1\" has not the form it must have",
            )),
        ),
        (&quantity, json!({"quantity": 99.5}), None),
        (&quantity, json!({"quantity": "1.0"}), None),
        (
            &quantity,
            json!({"quantity": 0}),
            Some(("out_of_range", "given.quantity \"0\" is less than 1")),
        ),
        (
            &quantity,
            json!({"quantity": 99.51}),
            Some(("out_of_range", "given.quantity \"99.51\" is more than 99.5")),
        ),
        (
            &quantity,
            json!({"quantity": "two"}),
            Some(("out_of_range", "given.quantity \"two\" is not a number")),
        ),
        (&status, json!({"status": "Open"}), None),
        (
            &status,
            json!({"status": "3.00"}),
            Some((
                "not_in_list",
                "given.status \"3.00\" must be one of Paid, Open, 3",
            )),
        ),
        (&status, json!({"status": 3.00}), None),
        (&name, json!({"name": "Löß"}), None),
        (
            &name,
            json!({"name": "Löße"}),
            Some((
                "too_long",
                "given.name \"Löße\" has 4 characters, at most 3 may be",
            )),
        ),
    ] {
        let check = json!({"name": "rule", "must": must});
        let told = run(&[check], &value).map_err(|failure| {
            let fault = &failure.faults[0];
            assert!(
                fault.repair.starts_with("Correct given."),
                "{}",
                fault.repair
            );
            (fault.code.clone(), fault.message.clone())
        });
        let wanted = wanted.map(|(code, message)| (code.to_owned(), message.to_owned()));
        assert_eq!(told.err(), wanted, "{must} of {value}");
    }
}

#[test]
fn all_that_is_wrong_is_told_together_and_warnings_let_it_go_on() {
    let block = |path: &str| json!({"name": path, "must": {"filled": path}});
    let warn = |path: &str| {
        json!({"name": path, "otherwise": "warn", "must": {"filled": path},
               "message": "no {given.what}"})
    };
    let given = json!({"what": "phone"});
    let both = [block("given.a"), warn("given.b"), block("given.c")];
    let failure = run(&both, &given).unwrap_err();
    let fields: Vec<_> = failure
        .faults
        .iter()
        .map(|fault| fault.field.clone().unwrap())
        .collect();
    assert_eq!(fields, ["given.a", "given.c"]);
    let warnings = run(&[warn("given.b")], &given).unwrap();
    assert_eq!(warnings.len(), 1);
    assert_eq!(
        (
            warnings[0].code.as_str(),
            warnings[0].element.as_str(),
            warnings[0].message.as_str()
        ),
        ("missing_value", "given.b", "no phone")
    );
    let each = json!({"name": "lines", "for_each": {"list": "given.lines", "item": "line"},
        "must": {"filled": "line.sku"}});
    let given = json!({"lines": [{"sku": "A"}, {"sku": ""}, {}]});
    assert_eq!(run(&[each], &given).unwrap_err().faults.len(), 2);
}

#[test]
fn a_rule_that_cannot_judge_is_told_while_it_is_edited() {
    for (check, wanted) in [
        (
            json!({"name": "r"}),
            "prepare.r: needs one of `require` and `must`",
        ),
        (
            json!({"name": "r", "must": {"fit": {"path": "given.a", "pattern": "("}}}),
            "prepare.r.must: is not a regular expression",
        ),
        (
            json!({"name": "r", "must": {"filled": "order.skew"}}),
            "prepare.r.must: there is no field `order.skew`",
        ),
        (
            json!({"name": "r", "must": {"filled": "nowhere.a"}}),
            "prepare.r.must: there is no record `nowhere`",
        ),
        (
            json!({"name": "r", "must": {"lie_within": {"path": "given.a"}}}),
            "prepare.r.must: needs a number for `from`, `to` or both",
        ),
        (
            json!({"name": "r", "must": {"be_one_of": {"path": "given.a", "values": []}}}),
            "prepare.r.must: needs at least one of `values`",
        ),
        (
            json!({"name": "r", "require": "true", "code": "c", "repair": "r"}),
            "prepare.r: must have a `message`",
        ),
    ] {
        let told = problems(&check);
        assert!(told.iter().any(|line| line.starts_with(wanted)), "{told:?}");
    }
}
