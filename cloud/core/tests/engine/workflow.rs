//! How runs go on, wait, fail and are taken over; what is wrong with a workflow or mapping.

use std::sync::Arc;

use crate::support::{World, flow, order};
use connect_core::domain::failure::{Failure, FailureClass};
use connect_core::domain::run::StepState;
use connect_core::domain::time::Micros;
use connect_core::engine::Value;
use connect_core::engine::lookup::Lookups;
use connect_core::engine::mapping;
use connect_core::engine::workflow::{
    self, Action, Advanced, Awaited, Compiled, Happened, Mappings, State, StateError,
};
use connect_core::templates;
use serde_json::{Value as Json, json};

fn answer(step: &str, outcome: Result<Value, Failure>) -> Happened {
    Happened::Answer {
        step: step.into(),
        outcome,
    }
}

/// A run that has just asked the store for the order.
fn asking(flow: &Compiled) -> Advanced {
    let state = workflow::start(flow, World::new(order()).input());
    let began = workflow::advance(flow, state, Happened::Begin, Micros(0));
    assert!(
        matches!(began.action, Action::FindLinks { .. }),
        "{:?}",
        began.action
    );
    let none = Value::map([("order", Value::Null)]);
    let asked = workflow::advance(flow, began.state, answer("find_order", Ok(none)), Micros(0));
    assert_eq!(asked.state.asked(), Some("read_order"));
    asked
}

fn failure(class: FailureClass) -> Failure {
    Failure::new(class, "code", "words")
}

fn fail(flow: &Compiled, state: State, class: FailureClass, now: Micros) -> Advanced {
    workflow::advance(flow, state, answer("read_order", Err(failure(class))), now)
}

fn until(action: &Action) -> Micros {
    let Action::Pause { until, reason, .. } = action else {
        panic!("{action:?}");
    };
    assert_eq!(reason, "words");
    *until
}

#[test]
fn a_store_that_limits_its_rate_is_waited_for_without_end() {
    let flow = flow();
    let mut state = asking(&flow).state;
    let mut now = Micros(0);
    for _ in 0..20 {
        let paused = fail(&flow, state, FailureClass::RateLimited, now);
        let due = until(&paused.action);
        assert!(due > now);
        // Too early changes nothing.
        let early = workflow::advance(&flow, paused.state, Happened::Due, now);
        assert_eq!(until(&early.action), due);
        now = due;
        let again = workflow::advance(&flow, early.state, Happened::Due, now);
        assert!(
            matches!(again.action, Action::ReadStore { .. }),
            "{:?}",
            again.action
        );
        state = again.state;
    }
}

#[test]
fn tries_are_counted_and_end_in_a_dead_letter() {
    let flow = flow();
    let mut state = asking(&flow).state;
    let mut now = Micros(0);
    let mut attempts = Vec::new();
    loop {
        let failed = fail(&flow, state, FailureClass::Bug, now);
        let note = failed.steps.first().unwrap();
        assert_eq!(
            (note.step.as_str(), note.state),
            ("read_order", StepState::Failed)
        );
        attempts.push(note.attempt);
        if let Action::Dead { failure } = &failed.action {
            assert_eq!(failure.class, FailureClass::Bug);
            let again = workflow::advance(&flow, failed.state, Happened::Due, now);
            assert!(
                matches!(again.action, Action::Dead { .. }),
                "an end stays an end"
            );
            break;
        }
        now = until(&failed.action);
        state = workflow::advance(&flow, failed.state, Happened::Due, now).state;
    }
    assert_eq!(attempts, [1, 2, 3]);
}

#[test]
fn what_cannot_get_better_is_dead_at_once() {
    let flow = flow();
    for class in [
        FailureClass::BusinessRule,
        FailureClass::InDoubt,
        FailureClass::InvalidData,
    ] {
        let dead = fail(&flow, asking(&flow).state, class, Micros(0));
        assert!(matches!(dead.action, Action::Dead { .. }), "{class:?}");
    }
}

#[test]
fn a_takeover_gets_the_same_action_again() {
    let flow = flow();
    let asked = asking(&flow);
    let profile = Arc::clone(&asked.state.input().profile);
    let restored = State::from_bytes(&asked.state.to_bytes(), profile).unwrap();
    let again = workflow::advance(&flow, restored, Happened::Begin, Micros(5));
    assert_eq!(again.action, asked.action);
    assert_eq!(again.steps.last().unwrap().attempt, 1);
    // An answer to a step that is not asked changes nothing.
    let stray = answer("write_gp", Ok(Value::Null));
    let stray = workflow::advance(&flow, again.state, stray, Micros(6));
    assert_eq!(stray.action, asked.action);
}

#[test]
fn an_order_that_cannot_be_marked_is_done_all_the_same() {
    let world = World::new(order());
    let flow = flow();
    let mut state = workflow::start(&flow, world.input());
    let mut happened = Happened::Begin;
    let end = loop {
        let advanced = workflow::advance(&flow, state, happened, Micros(0));
        state = advanced.state;
        happened = match &advanced.action {
            Action::WriteStore { step, .. } => {
                answer(step, Err(failure(FailureClass::InvalidData)))
            }
            Action::FindLinks { step, keys } => {
                let nothing = keys.iter().map(|query| (query.name.clone(), Value::Null));
                answer(step, Ok(Value::map(nothing)))
            }
            Action::ReadStore { step, .. } => answer(step, Ok(crate::support::value(order()))),
            Action::ReserveLink { step, gp_key, .. } => {
                let won = json!({"gp_key": gp_key, "complete": false, "ours": true});
                answer(step, Ok(crate::support::value(won)))
            }
            Action::ExecuteDocument { step, .. } => answer(
                step,
                Ok(crate::support::value(json!({"keys": {"SOPNUMBE": "ORD1"}}))),
            ),
            Action::Pause { .. }
            | Action::Await { .. }
            | Action::StartItems(_)
            | Action::AwaitItems { .. }
            | Action::Succeed { .. }
            | Action::Stop { .. }
            | Action::Dead { .. } => break advanced.action,
        };
    };
    let Action::Succeed { summary, .. } = end else {
        panic!("{end:?}");
    };
    assert_eq!(
        summary,
        "In GP as ORD1; the store order could not be marked: words"
    );
}

#[test]
fn snapshots_carry_their_format() {
    let flow = flow();
    let state = asking(&flow).state;
    let bytes = state.to_bytes();
    let profile = || Arc::clone(&state.input().profile);
    assert_eq!(State::from_bytes(&bytes, profile()).unwrap(), state);
    let mut json: Json = serde_json::from_slice(&bytes).unwrap();
    assert_eq!(json["format"], json!(1));
    json["format"] = json!(2);
    let newer = State::from_bytes(json.to_string().as_bytes(), profile());
    assert!(
        matches!(newer, Err(StateError::Format { found: 2 })),
        "{newer:?}"
    );
    assert!(matches!(
        State::from_bytes(b"{}", profile()),
        Err(StateError::Damaged(_))
    ));
    assert!(matches!(
        State::from_bytes(&bytes[1..], profile()),
        Err(StateError::Damaged(_))
    ));
}

#[test]
fn a_step_that_waits_goes_on_when_its_time_has_come() {
    let json = small(&json!([
        {"key": "rest", "title": "Rest", "do": {"wait": {"seconds": "30 * 60", "reason": "half an hour"}}, "next": "end"},
        {"key": "end", "title": "End", "do": {"stop": {"outcome": "succeeded", "summary": "rested"}}}
    ]));
    let flow = workflow::compile(&json, &Mappings::new()).unwrap();
    let state = workflow::start(&flow, World::new(order()).input());
    let waiting = workflow::advance(&flow, state, Happened::Begin, Micros(0));
    let Action::Await { what, until, .. } = waiting.action else {
        panic!("{:?}", waiting.action);
    };
    let until = until.unwrap();
    assert_eq!((what, until), (Awaited::Time, Micros(30 * 60 * 1_000_000)));
    let done = workflow::advance(&flow, waiting.state, Happened::Due, until);
    assert_eq!(
        done.action,
        Action::Succeed {
            summary: "rested".into(),
            result: Value::Null,
        }
    );
}

/// A workflow of these steps.
fn small(steps: &Json) -> String {
    json!({"format": 1, "name": "small", "title": "Small",
           "trigger": {"topics": ["order.placed"], "when": null},
           "start": steps[0]["key"], "steps": steps})
    .to_string()
}

fn workflow_problems(json: &str) -> String {
    let problems = workflow::compile(json, &Mappings::new()).unwrap_err();
    let lines: Vec<String> = problems.iter().map(ToString::to_string).collect();
    lines.join("\n")
}

#[test]
fn a_wrong_graph_is_told_while_it_is_edited() {
    let end =
        json!({"key": "end", "title": "", "do": {"stop": {"outcome": "succeeded", "summary": ""}}});
    let set = |key: &str, formula: &str, next: &str| json!({"key": key, "title": "", "next": next, "do": {"set": {"values": [{"name": "x", "expression": formula}]}}});
    for (steps, part) in [
        (
            json!([set("a", "1", "b"), set("b", "1", "a"), end]),
            "goes in a circle",
        ),
        (
            json!([set("a", "1", "nowhere"), end]),
            "`nowhere`, which is no step",
        ),
        (
            json!([set("a", "1", "end"), set("lost", "1", "end"), end]),
            "steps.lost: is never reached",
        ),
        (json!([set("a", "1", "end"), end, end]), "the key is taken"),
        (json!([set("a", "order.total", "end"), end]), "order"),
        (
            json!([set("a", "event.tpic", "end"), end]),
            "there is no field `event.tpic`",
        ),
        (
            json!([{"key": "a", "title": "", "next": "end", "do": {"map": {"mapping": "none"}}}, end]),
            "there is no mapping `none`",
        ),
        (
            json!([{"key": "a", "title": "", "do": {"read_store": {"order": "event.entity_id"}}}, end]),
            "needs `next`",
        ),
        (
            json!([{"key": "a", "title": "", "next": "end", "timeout_seconds": 0, "do": {"read_store": {"order": "event.entity_id"}}}, end]),
            "timeout_seconds",
        ),
    ] {
        let told = workflow_problems(&small(&steps));
        assert!(told.contains(part), "{told}");
    }
    assert!(workflow_problems("{").contains("workflow: "));
    assert!(workflow_problems(r#"{"format": 1, "nme": ""}"#).contains("nme"));
}

fn mapping_problems(change: impl FnOnce(&mut Json)) -> String {
    let mut json: Json = serde_json::from_str(templates::ORDER_TO_SOP_MAPPING).unwrap();
    change(&mut json);
    let problems = mapping::compile(&json.to_string(), &Lookups::new()).unwrap_err();
    let lines: Vec<String> = problems.iter().map(ToString::to_string).collect();
    lines.join("\n")
}

/// The place of a node's rule in the template.
fn rule<'a>(json: &'a mut Json, name: &str) -> &'a mut Json {
    let nodes = json["nodes"].as_array_mut().unwrap();
    nodes.iter_mut().find(|node| node["rule"] == name).unwrap()
}

#[test]
fn a_wrong_mapping_is_told_while_it_is_edited() {
    let header = |change: Json| {
        mapping_problems(move |json| {
            rule(json, "header")["elements"]
                .as_array_mut()
                .unwrap()
                .push(change);
        })
    };
    for (element, part) in [
        (
            json!({"element": "SOPTIPE", "constant": "2"}),
            "nodes.header.SOPTIPE: taSopHdrIvcInsert has no such element",
        ),
        (
            json!({"element": "PYMTRMID", "constant": "123456789012345678901"}),
            "21 characters, at most 20 fit",
        ),
        (
            json!({"element": "MSTRNUMB", "constant": "x"}),
            "not a whole number",
        ),
        (
            json!({"element": "MSTRNUMB", "constant": ""}),
            "cannot be empty",
        ),
        (json!({"element": "DOCID", "constant": "X"}), "two rules"),
        (
            json!({"element": "REFRENCE", "path": "order.totl"}),
            "there is no field `order.totl`",
        ),
        (
            json!({"element": "REFRENCE", "path": "ordr.id"}),
            "there is no record `ordr`",
        ),
        (
            json!({"element": "REFRENCE", "expression": "order.id +"}),
            "nodes.header.REFRENCE",
        ),
        (json!({"element": "REFRENCE"}), "needs one of"),
        (
            json!({"element": "MSTRNUMB", "constant": "1", "transforms": ["trim"]}),
            "takes a number, `trim` gives text: end with `number`",
        ),
        (
            json!({"element": "REFRENCE", "template": "{order.nope}"}),
            "there is no field `order.nope`",
        ),
    ] {
        let told = header(element);
        assert!(told.contains(part), "{told}");
    }
}

#[test]
fn a_mapping_that_lacks_what_gp_needs_is_told_too() {
    let told = mapping_problems(|json| {
        let elements = rule(json, "line")["elements"].as_array_mut().unwrap();
        elements.retain(|element| element["element"] != "ITEMNMBR");
    });
    assert_eq!(told, "nodes.line: required element ITEMNMBR has no rule");
    let told = mapping_problems(|json| json["document"] = json!("SOPTransaction"));
    assert!(told.contains("not an eConnect transaction type"), "{told}");
    let told = mapping_problems(|json| rule(json, "tax")["node"] = json!("taRMDistribution"));
    assert!(
        told.contains("SOPTransactionType has no node taRMDistribution"),
        "{told}"
    );
    let told = mapping_problems(|json| json["format"] = json!(2));
    assert_eq!(told, "format: must be 1");
}

#[test]
fn a_document_that_does_not_balance_never_leaves() {
    let broken = |rule_name: &str, element: &str, formula: &str| {
        let mut json: Json = serde_json::from_str(templates::ORDER_TO_SOP_MAPPING).unwrap();
        let elements = rule(&mut json, rule_name)["elements"]
            .as_array_mut()
            .unwrap();
        let found = elements
            .iter_mut()
            .find(|have| have["element"] == element)
            .unwrap();
        *found = json!({"element": element, "expression": formula});
        let mapping = mapping::compile(&json.to_string(), &Lookups::new()).unwrap();
        let mappings = Mappings::from([("order_to_sop".to_owned(), Arc::new(mapping))]);
        let flow = workflow::compile(templates::ORDER_TO_SOP_WORKFLOW, &mappings).unwrap();
        let failure = World::new(order()).walk_with(&flow).failure().clone();
        assert_eq!(failure.code, "unbalanced");
        let told = failure
            .faults
            .iter()
            .map(|fault| format!("{} {}", fault.code, fault.message));
        told.collect::<Vec<_>>().join("\n")
    };
    assert_eq!(
        broken("header", "DOCAMNT", "document_amount + 0.01"),
        "235 DOCAMNT is 182.89, the parts make 182.88: differs by 0.01"
    );
    assert!(
        broken("header", "SUBTOTAL", "subtotal - 1")
            .starts_with("67 SUBTOTAL is 155.94, the lines make 156.94: differs by 1\n235 DOCAMNT")
    );
    assert_eq!(
        broken("line", "UNITPRCE", "line.unit + 0.01"),
        "722 line 100XLG: unit price 59.96, expected 59.95\n\
         722 line HA100G: unit price 12.36, expected 12.35"
    );
    assert!(broken("tax", "STAXAMNT", "1").contains("the tax rows make"));
    assert!(
        broken("payment", "DOCAMNT", "1.00")
            .contains("payments PYMTRCVD is 182.88, the payments make 1.00: differs by 181.88")
    );
}

/// Snapshots as earlier versions wrote them.
const EARLIER: [&str; 4] = [
    // Before runs knew when they began.
    r#"{"format":1,"input":{"run":"00000000-0000-0000-0000-000000000007","generation":1,
        "event":{"topic":"order.placed","entity":"order","entity_id":"1042","occurred":0,
        "source":"webhook"},"store":{"time_zone":"UTC"},"company":{"database":"TWO"}},
        "results":{"order":{"order_total":12.3400}},
        "phase":{"asked":{"step":"read","attempt":1,"tries":{"used":0,"pauses":0}}}}"#,
    // Waits that held their lane.
    r#"{"format":1,"input":{"run":"00000000-0000-0000-0000-000000000007","generation":1,
        "began":1772700000000000,"event":{"topic":"order.placed","entity":"order",
        "entity_id":"1042","occurred":0,"source":"poll"},"store":{},"company":{}},"results":{},
        "phase":{"waiting":{"step":"rest","until":60000000,"reason":"a minute"}}}"#,
    r#"{"format":1,"input":{"run":"00000000-0000-0000-0000-000000000007","generation":2,
        "began":1772700000000000,"event":{"topic":"order.placed","entity":"order",
        "entity_id":"1042","occurred":0,"source":"replay"},"store":{},"company":{}},"results":{},
        "phase":{"pausing":{"step":"read","attempt":2,"tries":{"used":1,"pauses":1},
        "until":60000000,"reason":"busy"}}}"#,
    // Dead letters that did not know where they failed.
    r#"{"format":1,"input":{"run":"00000000-0000-0000-0000-000000000007","generation":1,
        "began":1772700000000000,"event":{"topic":"order.placed","entity":"order",
        "entity_id":"1042","occurred":0,"source":"manual"},"store":{},"company":{}},"results":{},
        "phase":{"dead":{"failure":{"class":"bug","code":"x","message":"x"}}}}"#,
];

fn restful() -> Compiled {
    let json = small(&json!([
        {"key": "read", "title": "Read", "as": "order", "next": "rest",
         "do": {"read_store": {"order": "event.entity_id"}}},
        {"key": "rest", "title": "Rest", "next": "end",
         "do": {"wait": {"seconds": "60", "reason": "a minute"}}},
        {"key": "end", "title": "End",
         "do": {"stop": {"outcome": "succeeded", "summary": "{coalesce(event.began, \"unknown\")}"}}}
    ]));
    workflow::compile(&json, &Mappings::new()).unwrap()
}

#[test]
fn snapshots_of_earlier_versions_go_on() {
    let flow = restful();
    for (place, text) in EARLIER.iter().enumerate() {
        let state = State::from_bytes(text.as_bytes(), Arc::default()).unwrap();
        let now = Micros(1_772_700_000_000_000);
        let happened = match place {
            0 => answer("read", Ok(Value::Null)),
            3 => Happened::Resumed { edits: Vec::new() },
            _ => Happened::Due,
        };
        let on = workflow::advance(&flow, state, happened, now);
        match (place, &on.action) {
            (0, Action::Await { .. }) | (2 | 3, Action::ReadStore { .. }) => {}
            (1, Action::Succeed { summary, .. }) => {
                assert_eq!(summary, "2026-03-05T08:40:00Z");
            }
            (place, action) => panic!("{place}: {action:?}"),
        }
    }
}

#[test]
fn a_run_that_does_not_know_when_it_began_says_nothing_of_1970() {
    let flow = restful();
    let state = State::from_bytes(EARLIER[0].as_bytes(), Arc::default()).unwrap();
    let now = Micros(1_772_700_000_000_000);
    let waiting = workflow::advance(&flow, state, answer("read", Ok(Value::Null)), now);
    let later = now.plus_seconds(60);
    let done = workflow::advance(&flow, waiting.state, Happened::Due, later);
    let Action::Succeed { summary, .. } = done.action else {
        panic!("{:?}", done.action);
    };
    assert_eq!(summary, "unknown");
}

#[test]
fn a_run_ends_when_it_takes_longer_than_its_workflow_allows() {
    let mut json: Json = serde_json::from_str(&small(&json!([
        {"key": "read", "title": "Read", "as": "order", "next": "end",
         "do": {"read_store": {"order": "event.entity_id"}}},
        {"key": "end", "title": "End", "do": {"stop": {"outcome": "succeeded", "summary": ""}}}
    ])))
    .unwrap();
    json["longest_days"] = json!(2);
    let flow = workflow::compile(&json.to_string(), &Mappings::new()).unwrap();
    let input = World::new(order()).input();
    let day = 24 * 60 * 60;
    for (days, ends) in [(1, false), (3, true)] {
        let now = input.began.plus_seconds(days * day);
        let state = workflow::start(&flow, input.clone());
        let on = workflow::advance(&flow, state, Happened::Begin, now);
        let Action::Dead { failure } = on.action else {
            assert!(!ends, "{:?}", on.action);
            continue;
        };
        assert!(ends, "{failure:?}");
        assert_eq!(
            (failure.code.as_str(), failure.step.as_deref()),
            ("run_too_long", Some("read"))
        );
    }
}

#[test]
fn an_answer_that_is_too_large_to_be_kept_is_a_failure_that_says_so() {
    let flow = restful();
    let state = workflow::start(&flow, World::new(order()).input());
    let asked = workflow::advance(&flow, state, Happened::Begin, Micros(0));
    let large = Value::map([("text", Value::from("x".repeat(17 * 1024 * 1024)))]);
    let on = workflow::advance(&flow, asked.state, answer("read", Ok(large)), Micros(0));
    let Action::Dead { failure } = on.action else {
        panic!("{:?}", on.action);
    };
    assert_eq!(failure.code, "answer_too_large");
    assert!(failure.message.contains("17 MiB"), "{}", failure.message);
}

#[test]
fn calls_that_do_not_fit_are_told_while_they_are_edited() {
    use connect_core::domain::artifact::ArtifactKind;
    use connect_core::engine::settings;

    let called = json!({"format": 1, "name": "b", "title": "B", "start": "end",
        "trigger": {"when": null, "called_with": ["amount"]},
        "steps": [{"key": "end", "title": "End",
                   "do": {"stop": {"outcome": "succeeded", "summary": ""}}}]});
    let calling = |given: Json, workflow: &str| {
        let mut json: Json = serde_json::from_str(&small(&json!([
            {"key": "call", "title": "Call", "next": "end",
             "do": {"call": {"workflow": workflow, "given": given}}},
            {"key": "end", "title": "End", "do": {"stop": {"outcome": "succeeded", "summary": ""}}}
        ])))
        .unwrap();
        json["name"] = json!("a");
        json["trigger"]["called_with"] = json!([]);
        json.to_string()
    };
    let waiting = json!({"format": 1, "name": "w", "title": "W", "start": "wait",
        "trigger": {"when": null, "called_with": []},
        "steps": [{"key": "wait", "title": "Wait", "next": "end",
                   "do": {"wait_for_event": {"topics": ["order.paid"], "seconds": "60",
                          "timed_out": "end", "reason": ""}}},
                  {"key": "end", "title": "End",
                   "do": {"stop": {"outcome": "succeeded", "summary": ""}}}]})
    .to_string();
    let amount = json!([{"name": "amount", "expression": "1"}]);
    for (given, workflow, told) in [
        (json!([]), "b", "`b` must be handed `amount`"),
        (
            json!([{"name": "sum", "expression": "1"}]),
            "b",
            "`b` takes no `sum`",
        ),
        (json!([]), "c", "there is no workflow `c`"),
        (json!([]), "w", "`w` waits for an event"),
        (json!([]), "a", "the calls a > a go in a circle"),
        (amount.clone(), "b", ""),
    ] {
        let (a, b) = (calling(given, workflow), called.to_string());
        let bodies = [
            (ArtifactKind::Workflow, "a", a.as_str()),
            (ArtifactKind::Workflow, "b", b.as_str()),
            (ArtifactKind::Workflow, "w", waiting.as_str()),
        ];
        let (_, broken) = settings::compile(&bodies);
        let problems: Vec<String> = broken
            .iter()
            .flat_map(|broken| &broken.problems)
            .map(ToString::to_string)
            .collect();
        let problems = problems.join("\n");
        assert!(problems.contains(told), "{problems}");
        assert_eq!(problems.is_empty(), told.is_empty(), "{problems}");
    }
}
