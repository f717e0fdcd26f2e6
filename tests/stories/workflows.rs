//! Workflows of a user's own: they wait for payments and people, go through lists, call each other.

use connect_tests::harness::api::items;
use connect_tests::harness::wait::wait_for;
use connect_tests::harness::world::{COMPANY, Options, World};
use futures::StreamExt as _;
use serde_json::{Value, json};

use super::support::{LIMIT, databases, plain, run_of, start, written};

/// The API that can leave notes on orders.
const WITH_NOTES: &str = "official";

async fn publish_workflow(world: &World, name: &str, body: Value) {
    let body = json!({"environment_id": world.tenancy.environment_id, "body": body});
    world
        .api
        .put(&format!("/workflows/{name}"), &body)
        .await
        .unwrap();
}

/// A workflow in place of the packaged one, so that the store's route goes by it.
fn flow(steps: &Value) -> Value {
    json!({"format": 1, "name": "order_to_sop", "title": "Of our own",
           // A look through the store's API finds again what these workflows put nowhere.
           "trigger": {"topics": ["order.placed"], "when": "event.source != \"poll\"",
                       "otherwise": "not for us"},
           "start": steps[0]["key"], "steps": steps})
}

fn read(next: &str) -> Value {
    json!({"key": format!("read_for_{next}"), "title": "Read", "as": "order", "next": next,
           "do": {"read_store": {"order": "event.entity_id"}}})
}

fn stop(key: &str, summary: &str) -> Value {
    json!({"key": key, "title": "End",
           "do": {"stop": {"outcome": "succeeded", "summary": summary}}})
}

/// The one run of an order that a workflow works on, once it is as wanted.
async fn run_when(world: &World, order: &Value, what: &str, is: impl Fn(&Value) -> bool) -> Value {
    let path = format!(
        "/runs?entity=order&entity_id={}&part_of=none",
        plain(&order["id"])
    );
    wait_for(what, LIMIT, || async {
        let runs = items(&world.api.get(&path).await?);
        let found = runs.iter().find(|run| is(run));
        anyhow::ensure!(found.is_some(), "{runs:?}");
        Ok(found.cloned())
    })
    .await
    .unwrap_or_else(|error| panic!("{error:#}\ncloud: {}", world.cloud.tail()))
}

fn says(words: &'static str) -> impl Fn(&Value) -> bool {
    move |run| {
        run["summary"]
            .as_str()
            .is_some_and(|summary| summary.contains(words))
    }
}

async fn pay(world: &World, order: &Value) {
    let path = format!("/orders/{}/pay", plain(&order["id"]));
    world.shop.post(&path, &json!({})).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_waits_for_its_payment_and_blocks_nothing() {
    for database in databases() {
        let options = Options {
            database,
            ..Options::default()
        };
        let mut world = start(options).await;
        let waits = json!({"key": "pay", "title": "Paid?", "as": "payment", "next": "read_for_end",
            "do": {"wait_for_event": {"topics": ["order.paid"], "seconds": "3600",
                   "timed_out": "late", "reason": "waits for the payment"}}});
        let steps = json!([
            waits,
            read("end"),
            stop("end", "{payment.topic}: {order.payment_status}"),
            stop("late", "never paid")
        ]);
        publish_workflow(&world, "order_to_sop", flow(&steps)).await;
        let placed = world.shop.place(3, "simple").await.unwrap();
        for order in &placed {
            run_when(
                &world,
                order,
                "the run to wait",
                says("waits for the payment"),
            )
            .await;
        }
        // What waits is in the database alone.
        world.cloud.kill().unwrap();
        world.restart_cloud(&[]).await.unwrap();
        pay(&world, &placed[1]).await;
        let run = run_when(
            &world,
            &placed[1],
            "the run to end",
            says("order.paid: Paid"),
        )
        .await;
        assert_eq!(run["state"], "succeeded");
        // The payment's own event was worked on, not held behind the run that waited for it.
        let passed = run_when(
            &world,
            &placed[1],
            "the other event",
            says("No route of this store takes order.paid"),
        )
        .await;
        assert_eq!(passed["state"], "succeeded");
        let waiting = run_when(&world, &placed[0], "the others", says("waits for")).await;
        assert_eq!(waiting["state"], "waiting");
        world.end(false).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_is_asked_and_the_answer_decides() {
    let world = start(Options::default()).await;
    let ask = json!({"key": "ask", "title": "Ask", "as": "answer", "next": "yes",
        "do": {"approval": {"question": "Ship {order.order_total} to {order.billing_address.city}?",
               "refused": "no"}}});
    let steps = json!([
        read("ask"),
        ask,
        stop("yes", "approved by {answer.by}"),
        stop("no", "refused: {answer.note}")
    ]);
    publish_workflow(&world, "order_to_sop", flow(&steps)).await;
    let placed = world.shop.place(2, "simple").await.unwrap();
    let asked = wait_for("the questions", LIMIT, || async {
        let asked = items(&world.api.get("/approvals").await?);
        Ok((asked.len() == 2).then_some(asked))
    })
    .await
    .unwrap();
    let total = plain(&placed[0]["order_total"]);
    let question = |run: &Value| {
        let asked = asked.iter().find(|asked| asked["run_id"] == run["id"]);
        asked.unwrap()["question"].as_str().unwrap().to_owned()
    };
    let mut runs = Vec::new();
    for order in &placed {
        runs.push(run_when(&world, order, "the run", |run| run["state"] == "waiting").await);
    }
    // The same amount, however many zeros end it.
    let exact = |text: &str| match text.split_once('.') {
        Some((whole, cents)) => format!("{whole}.{}", cents.trim_end_matches('0')),
        None => format!("{text}."),
    };
    let told = question(&runs[0]);
    let told = told.split(' ').nth(1).unwrap();
    assert_eq!(exact(told), exact(&total));
    for (run, approved) in runs.iter().zip([true, false]) {
        let path = format!("/approvals/{}", plain(&run["id"]));
        let answer = json!({"approved": approved, "note": "too dear"});
        world.api.post(&path, &answer).await.unwrap();
        // A second answer comes too late.
        let again = world
            .api
            .post(&path, &answer)
            .await
            .unwrap_err()
            .to_string();
        assert!(again.contains("no_question"), "{again}");
    }
    let yes = run_when(&world, &placed[0], "a yes", says("approved by")).await;
    assert_eq!(yes["state"], "succeeded");
    run_when(&world, &placed[1], "a no", says("refused: too dear")).await;
    world.end(false).await.unwrap();
}

/// Notes each line of an order in the store, but for those whose place the profile forbids.
fn lines(forbidden: &str) -> Value {
    let check = json!({"key": "allowed", "title": "Allowed?", "next": "note",
        "do": {"check": {"checks": [{"name": "it", "require": format!("line.place != {forbidden}"),
               "code": "forbidden", "message": "Line {line.place} is not allowed.",
               "field": "place", "value": "line.place", "repair": "Allow it."}]}}});
    let note = json!({"key": "note", "title": "Note",
        "do": {"write_store": {"order": "event.entity_id", "note": "line {line.place} done"}}});
    let each = json!({"key": "lines", "title": "Lines", "as": "done", "next": "end",
        "do": {"for_each": {"items": "[1, 2, 3, 4, 5].map(|n| #{place: n})", "as": "line",
               "key": "line.place", "parallel": 2,
               "body": {"start": "allowed", "steps": [check, note]}}}});
    flow(&json!([
        each,
        stop("end", "{done.succeeded} of {done.total}")
    ]))
}

async fn notes(world: &World, order: &Value) -> Vec<String> {
    let order = world.shop.order(&plain(&order["id"])).await.unwrap();
    let notes = order["notes"].as_array().cloned().unwrap_or_default();
    let texts = notes.iter().map(|note| plain(&note["note"]));
    let mut ours: Vec<String> = texts.filter(|text| text.contains(" done")).collect();
    ours.sort();
    ours
}

#[tokio::test(flavor = "multi_thread")]
async fn each_entry_is_done_once_and_the_failed_ones_again() {
    for database in databases() {
        let options = Options {
            flavour: WITH_NOTES.into(),
            database,
            ..Options::default()
        };
        let mut world = start(options).await;
        publish_workflow(&world, "order_to_sop", lines("4")).await;
        // Killed while parts are begun, while they are worked on, and while they are waited for.
        world.cloud.kill().unwrap();
        let mut orders = Vec::new();
        for point in [
            "cloud.parts.begun",
            "cloud.parts.awaited",
            "cloud.store.marked:3",
        ] {
            world
                .restart_cloud(&[("CONNECT_CRASH_POINT", point)])
                .await
                .unwrap();
            orders.extend(world.shop.place(1, "simple").await.unwrap());
            assert!(world.cloud.killed_itself(LIMIT).await.unwrap(), "{point}");
        }
        world.restart_cloud(&[]).await.unwrap();
        for order in &orders {
            let dead = run_when(&world, order, "the whole to fail", |run| {
                run["state"] == "dead"
            })
            .await;
            assert_eq!(dead["failure"]["code"], "items_failed", "{dead}");
            let fault = &dead["failure"]["faults"][0];
            assert_eq!(
                (&fault["field"], &fault["code"]),
                (&json!("lines:4"), &json!("forbidden"))
            );
            let done = ["line 1 done", "line 2 done", "line 3 done", "line 5 done"];
            assert_eq!(notes(&world, order).await, done);
        }
        publish_workflow(&world, "order_to_sop", lines("0")).await;
        for order in &orders {
            let dead = run_when(&world, order, "the whole", |run| run["state"] == "dead").await;
            let path = format!("/runs/{}/replay", plain(&dead["id"]));
            world
                .api
                .post(&path, &json!({"from": "failed_step"}))
                .await
                .unwrap();
            let ended = run_when(&world, order, "the whole to end", says("5 of 5")).await;
            assert_eq!(ended["id"], dead["id"], "the same run went on");
            let all: Vec<String> = (1..=5).map(|line| format!("line {line} done")).collect();
            assert_eq!(notes(&world, order).await, all);
            let parts = format!("/runs?part_of={}", plain(&dead["id"]));
            let parts = items(&world.api.get(&parts).await.unwrap());
            assert!(
                parts.iter().all(|part| part["state"] == "succeeded"),
                "{parts:?}"
            );
            assert_eq!(parts.len(), 5);
        }
        world.end(false).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_workflow_calls_another_and_a_person_puts_right_what_it_read() {
    let world = start(Options::default()).await;
    let double = json!({"format": 1, "name": "double", "title": "Double",
        "trigger": {"topics": [], "when": null, "called_with": ["amount"]}, "start": "check",
        "steps": [
            {"key": "check", "title": "Check", "next": "end",
             "do": {"check": {"checks": [{"name": "it", "require": "amount > 0", "code": "not_positive",
                    "message": "The amount is {amount}.", "repair": "Correct it."}]}}},
            {"key": "end", "title": "End", "do": {"stop": {"outcome": "succeeded",
             "summary": "doubled", "result": "amount * 2"}}}]});
    publish_workflow(&world, "double", double).await;
    let set = json!({"key": "set", "title": "Set", "as": "input", "next": "call",
        "do": {"set": {"values": [{"name": "amount", "expression": "event.body.amount"}]}}});
    let call = json!({"key": "call", "title": "Call", "as": "twice", "next": "end",
        "do": {"call": {"workflow": "double",
               "given": [{"name": "amount", "expression": "input.amount"}]}}});
    let own = flow(&json!([set, call, stop("end", "twice is {twice}")]));
    publish_workflow(&world, "order_to_sop", own).await;
    let path = format!(
        "/stores/{}/workflows/order_to_sop/start",
        world.tenancy.store_id
    );
    let about = |id: &str, amount: &str| {
        let amount: Value = serde_json::from_str(amount).unwrap();
        json!({"entity": "order", "entity_id": id, "input": {"amount": amount}, "key": id})
    };
    let first = world.api.post(&path, &about("7", "20.10")).await.unwrap();
    let again = world.api.post(&path, &about("7", "20.10")).await.unwrap();
    assert_eq!(
        (&again["event_id"], &again["repeated"]),
        (&first["event_id"], &json!(true))
    );
    let seven = json!({"id": "7"});
    let run = run_when(&world, &seven, "the sum", says("twice is 40.2")).await;
    assert_eq!(run["state"], "succeeded");
    world.api.post(&path, &about("8", "-1")).await.unwrap();
    let eight = json!({"id": "8"});
    let dead = run_when(&world, &eight, "the refusal", |run| run["state"] == "dead").await;
    assert_eq!(
        dead["failure"]["code"], "not_positive",
        "the cause, not only that it failed"
    );
    let replay = format!("/runs/{}/replay", plain(&dead["id"]));
    let wrong = json!({"edits": [{"path": "event.body.amount", "value": 5}]});
    let refused = world
        .api
        .post(&replay, &wrong)
        .await
        .unwrap_err()
        .to_string();
    assert!(refused.contains("nothing a step gives"), "{refused}");
    let right = json!({"from": "start", "edits": [{"path": "input.amount", "value": 5}]});
    world.api.post(&replay, &right).await.unwrap();
    run_when(&world, &eight, "the sum", says("twice is 10")).await;
    world.end(false).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_done_at_the_end_changes_no_end() {
    let world = start(Options {
        flavour: WITH_NOTES.into(),
        ..Options::default()
    })
    .await;
    let mut own = flow(&json!([
        read("check"),
        {"key": "check", "title": "Check", "next": "end",
         "do": {"check": {"checks": [{"name": "it", "require": "false", "code": "never",
                "message": "It never holds.", "repair": "Nothing helps."}]}}},
        stop("end", "done"),
        {"key": "told", "title": "Tell", "do": {"write_store": {"order": "event.entity_id",
         "note": "{failure.code} done"}}}
    ]));
    own["at_end"] = json!({"failed": "told"});
    publish_workflow(&world, "order_to_sop", own).await;
    let placed = world.shop.place(1, "simple").await.unwrap();
    let dead = run_of(&world, &placed[0], "dead").await;
    assert_eq!(dead["failure"]["code"], "never");
    assert_eq!(notes(&world, &placed[0]).await, ["never done"]);
    world.end(false).await.unwrap();
}

async fn watch(world: &World) {
    let company = &world.tenancy.company_id;
    let path = format!("/companies/{company}/watchers/item_quantities");
    let often = json!({"interval_ms": 250});
    world.api.put(&path, &often).await.unwrap();
}

async fn set_on_hand(world: &World, on_hand: u32) {
    let sql = format!(
        "UPDATE IV00102 SET QTYONHND = {on_hand} \
         WHERE ITEMNMBR = 'HA100G' AND LOCNCODE = 'WAREHOUSE'"
    );
    world.gp.sql(COMPANY, &sql).await.unwrap();
}

async fn runs_of_changes(world: &World) -> Vec<Value> {
    let path = "/runs?entity=item_quantities&limit=200";
    items(&world.api.get(path).await.unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_in_gp_starts_a_workflow_once() {
    for database in databases() {
        let options = Options {
            database,
            ..Options::default()
        };
        let mut world = start(options).await;
        let mut own = flow(&json!([stop(
            "end",
            "{event.entity_id} has {event.body.content.QTYONHND}"
        )]));
        own["trigger"]["changes"] = json!(["item_quantities"]);
        publish_workflow(&world, "order_to_sop", own).await;
        let company = world.tenancy.company_id.clone();
        watch(&world).await;
        // What is there when watching begins did not change: a change is made until one is seen.
        let mut on_hand = 0;
        wait_for("the first change", LIMIT, || {
            on_hand += 1;
            let world = &world;
            async move {
                set_on_hand(world, on_hand).await;
                Ok((!runs_of_changes(world).await.is_empty()).then_some(()))
            }
        })
        .await
        .unwrap();
        set_on_hand(&world, 7_777).await;
        let last = wait_for("the last change", LIMIT, || async {
            let runs = runs_of_changes(&world).await;
            let is = |run: &&Value| run["summary"].to_string().contains("7777");
            Ok(runs.iter().find(is).cloned())
        })
        .await
        .unwrap();
        assert_eq!(last["summary"], "HA100G|WAREHOUSE has 7777.00000");
        world.cloud.kill().unwrap();
        world.restart_cloud(&[]).await.unwrap();
        let changes = world
            .api
            .get(&format!("/companies/{company}/changes?limit=200"))
            .await;
        let changes = items(&changes.unwrap()).len();
        wait_for("a run for each change", LIMIT, || async {
            let runs = runs_of_changes(&world).await;
            anyhow::ensure!(
                runs.len() <= changes,
                "{} runs, {changes} changes",
                runs.len()
            );
            Ok((runs.len() == changes).then_some(()))
        })
        .await
        .unwrap();
        world.end(false).await.unwrap();
    }
}

/// A workflow that makes a customer's document with a territory looked up by country.
async fn publish_territories(world: &World, rows: Value) {
    let put = async |path: &str, body: Value| {
        let body = json!({"environment_id": world.tenancy.environment_id, "body": body});
        world.api.put(path, &body).await.unwrap();
    };
    let table = json!({"format": 1, "name": "territories", "title": "Territories",
        "keys": [{"name": "country"}], "gives": ["SALSTERR"], "rows": rows});
    put("/lookups/territories", table).await;
    let customer = json!({"format": 1, "name": "territory", "title": "A customer",
        "document": "RMCustomerMasterType", "inputs": ["event"], "prepare": [],
        "nodes": [{"rule": "customer", "node": "taUpdateCreateCustomerRcd", "elements": [
            {"element": "CUSTNMBR", "constant": "WEB1"},
            {"element": "CUSTNAME", "constant": "Anna Field"},
            {"element": "SALSTERR", "lookup": {"table": "territories",
             "keys": {"country": "event.body.country"}}}]}]});
    put("/mappings/territory", customer).await;
    let map = json!({"key": "map", "title": "Map", "as": "customer", "next": "end",
        "do": {"map": {"mapping": "territory"}}});
    put(
        "/workflows/order_to_sop",
        flow(&json!([map, stop("end", "mapped")])),
    )
    .await;
}

/// A thousand customers of countries that no row is for.
async fn start_a_thousand(world: &World) {
    let path = format!(
        "/stores/{}/workflows/order_to_sop/start",
        world.tenancy.store_id
    );
    let begun = (0..1_000).map(|number: u32| {
        let path = &path;
        async move {
            let country = if number.is_multiple_of(10) {
                "CA"
            } else {
                "MX"
            };
            let body = json!({"entity": "customer", "entity_id": number.to_string(),
                              "input": {"country": country}});
            world.api.post(path, &body).await.unwrap();
        }
    });
    futures::stream::iter(begun)
        .buffer_unordered(32)
        .collect::<Vec<()>>()
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_thousand_dead_letters_go_through_once_a_row_is_added() {
    for database in databases() {
        let world = start(Options {
            database,
            ..Options::default()
        })
        .await;
        publish_territories(
            &world,
            json!([{"country": "US", "SALSTERR": "TERRITORY 1"}]),
        )
        .await;
        start_a_thousand(&world).await;
        let issue = wait_for("the dead letters", LIMIT, || async {
            let issues = items(&world.api.get("/issues").await?);
            let whole = issues.iter().find(|issue| issue["count"] == 1_000);
            Ok(whole.cloned())
        })
        .await
        .unwrap();
        assert_eq!(
            (&issue["step"], &issue["state"]),
            (&json!("map"), &json!("open"))
        );
        let repair = issue["failure"]["faults"][0]["repair"].as_str().unwrap();
        assert!(repair.contains("territories"), "{issue}");
        let of = format!("/issues/{}", plain(&issue["id"]));
        let note = json!({"owner": "Ann", "state": "in_work", "note": "rows are missing"});
        let said = world.api.patch(&of, &note).await.unwrap();
        assert_eq!(said["notes"][0]["text"], "rows are missing");
        let rows = json!([{"country": "US", "SALSTERR": "TERRITORY 1"},
                          {"country": "MX", "SALSTERR": "TERRITORY 2"},
                          {"country": "CA", "SALSTERR": "TERRITORY 3"}]);
        publish_territories(&world, rows).await;
        let replay = json!({"from": "failed_step"});
        let done = world
            .api
            .post(&format!("{of}/replay"), &replay)
            .await
            .unwrap();
        assert_eq!(
            done["replayed"].as_array().map(Vec::len),
            Some(1_000),
            "{done}"
        );
        assert_eq!(done["more"], false);
        wait_for("all to go through", LIMIT, || async {
            let status = world.api.get("/status").await?;
            let counts = &status["runs"];
            let all = counts["succeeded"] == 1_000 && counts["dead"] == 0;
            Ok(all.then_some(()))
        })
        .await
        .unwrap();
        assert!(items(&world.api.get("/issues").await.unwrap()).is_empty());
        world.end(false).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_shadow_run_shows_what_a_draft_would_change_and_writes_nothing() {
    for database in databases() {
        let world = start(Options {
            database,
            ..Options::default()
        })
        .await;
        let orders = world.shop.place(12, "any").await.unwrap();
        world.settled(orders.len() as u64, LIMIT).await.unwrap();
        let before = written(&world).await;
        let path = "/workflows/order_to_sop/shadow";
        let environment = &world.tenancy.environment_id;
        let mut wish = json!({"environment_id": environment, "since": "2026-01-01T00:00:00Z"});
        let shown = world.api.post(path, &wish).await.unwrap();
        assert!(shown["same"].as_u64() >= Some(12), "{shown}");
        assert_eq!(
            shown["different"],
            json!([]),
            "what is in force changes nothing"
        );
        let place = format!("/mappings/order_to_sop?environment_id={environment}");
        let in_force = world.api.get(&place).await.unwrap();
        let mut mapping = in_force["body"].clone();
        let nodes = mapping["nodes"].as_array_mut().unwrap();
        let header = nodes
            .iter_mut()
            .find(|node| node["node"] == "taSopHdrIvcInsert");
        let elements = header.unwrap()["elements"].as_array_mut().unwrap();
        elements.retain(|rule| rule["element"] != "REFRENCE");
        elements.push(json!({"element": "REFRENCE", "constant": "SHADOW"}));
        wish["drafts"] = json!([{"kind": "mapping", "name": "order_to_sop", "body": mapping}]);
        let shown = world.api.post(path, &wish).await.unwrap();
        let different = shown["different"].as_array().unwrap();
        assert!(different.len() >= 12, "{shown}");
        for run in different {
            let fields = run["fields"].as_array().unwrap();
            assert_eq!(fields.len(), 1, "{run}");
            let field = &fields[0];
            assert_eq!(
                (&field["node"], &field["element"], &field["after"]),
                (
                    &json!("taSopHdrIvcInsert"),
                    &json!("REFRENCE"),
                    &json!("SHADOW")
                )
            );
        }
        assert_eq!(written(&world).await, before);
        let still = world.api.get(&place).await.unwrap();
        assert_eq!(
            still["version"], in_force["version"],
            "nothing was published"
        );
        world.end(false).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_workflow_is_tried_on_a_sample() {
    let world = start(Options::default()).await;
    let path = "/workflows/order_to_sop/try";
    let draft = json!({"kind": "workflow", "name": "order_to_sop", "body": lines("4")});
    let mut sample = json!({"environment_id": world.tenancy.environment_id, "drafts": [draft],
        "records": {"event": {"topic": "order.placed", "entity": "order", "entity_id": "7"}}});
    let tried = world.api.post(path, &sample).await.unwrap();
    assert_eq!(tried["state"], "dead");
    assert_eq!(tried["failure"]["code"], "items_failed", "{tried}");
    sample["drafts"][0]["body"] = lines("0");
    let tried = world.api.post(path, &sample).await.unwrap();
    assert_eq!(
        (&tried["state"], &tried["summary"]),
        (&json!("succeeded"), &json!("5 of 5"))
    );
    let steps = tried["steps"].as_array().unwrap();
    let notes = steps
        .iter()
        .filter(|step| step["within"] == "lines" && step["step"] == "note");
    let asked = notes.filter(|step| step["state"] == "intended").count();
    assert_eq!(asked, 5, "{tried}");
    // A read has nothing to give unless the sample says so.
    let reads = flow(&json!([
        read("end"),
        stop("end", "total {order.order_total}")
    ]));
    sample["drafts"][0]["body"] = reads;
    let tried = world.api.post(path, &sample).await.unwrap();
    assert_eq!(tried["failure"]["code"], "no_sample");
    sample["answers"] = json!({"read_for_end": {"order_total": 12.30}});
    let tried = world.api.post(path, &sample).await.unwrap();
    assert_eq!(tried["summary"], "total 12.3", "{tried}");
    assert!(items(&world.api.get("/runs").await.unwrap()).is_empty());
    world.end(false).await.unwrap();
}
