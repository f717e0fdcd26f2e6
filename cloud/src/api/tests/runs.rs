//! Runs, dead letters and gates as people see them.

use connect_core::domain::failure::{Failure, FailureClass, Fault};
use connect_core::domain::ids::{RunId, StoreId};
use connect_core::domain::lane::{Gate, GateKey, GateKind, LaneNext};
use connect_core::domain::run::{Run, RunState, StepRecord, StepState, Transition};

use super::*;

/// A run that ended as a dead letter, as a worker would have written it.
#[expect(clippy::too_many_lines, reason = "one story")]
pub(super) async fn dead_run(cloud: &Cloud, tenant: &Tenant, store: &Value, code: &str) -> Uuid {
    let services = &cloud.services;
    let path = format!(
        "/stores/{}/orders/1042/import",
        store["id"].as_str().expect("an id")
    );
    cloud
        .call(&tenant.key, Method::POST, &path, None)
        .await
        .expect(StatusCode::ACCEPTED);
    let worker = connect_core::domain::ids::WorkerId(services.ids.next());
    let lease = std::time::Duration::from_mins(1);
    let fence = services
        .database
        .workers()
        .insert(worker, lease)
        .await
        .expect("a worker");
    let now = services.clock.now();
    let claimed = services
        .database
        .lanes()
        .claim(tenant.id, fence, now, connect_store::Room::of(1))
        .await
        .expect("a lane");
    let lane = claimed.into_iter().next().expect("a lane");
    let fault = Fault {
        code: "9539".into(),
        message: "The document ID does not exist".into(),
        procedure: Some("taSopHdrIvcInsert".into()),
        field: Some("DOCID".into()),
        value: Some("STDORD".into()),
        repair: "Add the document id in GP".into(),
        ..Fault::default()
    };
    let failure =
        Failure::new(FailureClass::BusinessRule, code, "GP refused the order").with_fault(fault);
    let id = RunId(services.ids.next());
    let step = StepRecord {
        number: 1,
        step: "write".into(),
        kind: "write_gp".into(),
        attempt: 1,
        state: StepState::Failed,
        started: now,
        finished: Some(now),
        input: Some(b"<eConnect/>".to_vec()),
        output: None,
        trace: Some(br#"{"rules":[]}"#.to_vec()),
        failure: Some(failure.clone()),
    };
    let run = Run {
        tenant: tenant.id,
        id,
        environment: tenant.environment,
        event: lane.event.id,
        store: StoreId(self::id(&store["id"])),
        company: None,
        entity: "order".into(),
        entity_id: "1042".into(),
        workflow: "order_to_sop".into(),
        workflow_version: 1,
        revision: 1,
        state: RunState::Dead,
        summary: "GP refused the order".into(),
        snapshot: Vec::new(),
        gp_key: None,
        started: now,
        finished: Some(now),
        failure: Some(failure),
        replay_of: None,
        part_of: None,
    };
    let transition = Transition {
        lane: lane.key,
        number: lane.number,
        fence,
        run,
        steps: vec![step],
        command: None,
        links: Vec::new(),
        parts: None,
        result: None,
        supersedes: false,
        close: None,
        open: None,
        next: LaneNext::Hold,
        now,
    };
    services
        .database
        .runs()
        .apply(transition)
        .await
        .expect("written");
    id.0
}

#[tokio::test]
#[expect(clippy::too_many_lines, reason = "one story")]
async fn a_dead_letter_says_what_to_do_and_is_replayed() {
    let cloud = Cloud::start().await;
    let tenant = cloud.tenant("Fabrikam").await;
    let store = cloud.store(&tenant).await;
    let run = dead_run(&cloud, &tenant, &store, "gp_refused").await;
    let letters = cloud
        .get(&tenant.key, "/dead-letters?code=gp_refused")
        .await;
    assert_eq!(letters["items"][0]["run_id"], json!(run));
    let letter = cloud
        .get(&tenant.key, &format!("/dead-letters/{run}"))
        .await;
    let fault = &letter["failure"]["faults"][0];
    assert_eq!(letter["failure"]["class"], "business_rule");
    for (field, value) in [
        ("code", "9539"),
        ("procedure", "taSopHdrIvcInsert"),
        ("field", "DOCID"),
        ("value", "STDORD"),
        ("repair", "Add the document id in GP"),
    ] {
        assert_eq!(fault[field], value);
    }
    let steps = cloud.get(&tenant.key, &format!("/runs/{run}/steps")).await;
    assert_eq!(steps["items"][0]["input"], "<eConnect/>");
    assert_eq!(steps["items"][0]["has_trace"], true);
    let trace = cloud
        .get(&tenant.key, &format!("/runs/{run}/steps/1/trace"))
        .await;
    assert_eq!(trace, json!({"rules": []}));
    let status = cloud.get(&tenant.key, "/status").await;
    assert_eq!(
        (
            &status["runs"]["dead"],
            &status["lanes_waiting"],
            &status["lanes_held"]
        ),
        (&json!(1), &json!(0), &json!(1))
    );

    let path = format!("/dead-letters/{run}/replay");
    let from = json!({"from": "start"});
    let nowhere = cloud
        .call(&tenant.key, Method::POST, &path, Some(from.clone()))
        .await;
    nowhere.problem(StatusCode::CONFLICT, "no_route");
    resources::routed(&cloud, &tenant, &store).await;
    let queued = cloud
        .call(&tenant.key, Method::POST, &path, Some(from.clone()))
        .await;
    let queued = queued.expect(StatusCode::ACCEPTED);
    let events = cloud.get(&tenant.key, "/events").await;
    assert_eq!(events["items"][0]["id"], queued["event_id"]);
    assert_eq!(events["items"][0]["source"], "replay");
    let status = cloud.get(&tenant.key, "/status").await;
    assert_eq!(status["lanes_waiting"], 1);
    let running = format!("/runs/{run}/replay");
    let again = cloud.call(&tenant.key, Method::POST, &running, None).await;
    again.problem(StatusCode::CONFLICT, "run_not_over");
    let audited = resources::audited(&cloud, &tenant).await;
    let replays = audited.iter().filter(|(action, _)| action == "run.replay");
    assert_eq!(replays.count(), 1, "only what was done is audited");
    let middle = json!({"from": "middle"});
    let wrong = cloud
        .call(&tenant.key, Method::POST, &path, Some(middle))
        .await;
    assert_eq!(
        wrong.problem(StatusCode::BAD_REQUEST, "invalid_fields"),
        ["from"]
    );
}

#[tokio::test]
async fn dead_letters_with_one_code_are_replayed_together() {
    let cloud = Cloud::start().await;
    let tenant = cloud.tenant("Fabrikam").await;
    let store = cloud.store(&tenant).await;
    let run = dead_run(&cloud, &tenant, &store, "gp_refused").await;
    let neither = cloud
        .call(
            &tenant.key,
            Method::POST,
            "/dead-letters/replay",
            Some(json!({})),
        )
        .await;
    assert_eq!(
        neither.problem(StatusCode::BAD_REQUEST, "invalid_fields"),
        ["ids"]
    );
    let none = json!({"code": "other"});
    let none = cloud
        .call(
            &tenant.key,
            Method::POST,
            "/dead-letters/replay",
            Some(none),
        )
        .await;
    assert_eq!(none.expect(StatusCode::ACCEPTED)["replayed"], json!([]));
    let code = json!({"code": "gp_refused"});
    let nowhere = cloud
        .call(
            &tenant.key,
            Method::POST,
            "/dead-letters/replay",
            Some(code.clone()),
        )
        .await;
    assert_eq!(
        nowhere.expect(StatusCode::ACCEPTED)["no_route"],
        json!([run])
    );
    resources::routed(&cloud, &tenant, &store).await;
    let all = cloud
        .call(
            &tenant.key,
            Method::POST,
            "/dead-letters/replay",
            Some(code),
        )
        .await;
    assert_eq!(
        all.expect(StatusCode::ACCEPTED)["replayed"][0]["run_id"],
        json!(run)
    );
}

#[tokio::test]
async fn runs_are_filtered_and_paged() {
    let cloud = Cloud::start().await;
    let tenant = cloud.tenant("Fabrikam").await;
    let store = cloud.store(&tenant).await;
    let run = dead_run(&cloud, &tenant, &store, "gp_refused").await;
    let count = async |query: &str| {
        let page = cloud.get(&tenant.key, &format!("/runs?{query}")).await;
        page["items"].as_array().map_or(0, Vec::len)
    };
    assert_eq!(count("state=dead&entity_id=1042").await, 1);
    assert_eq!(count("state=succeeded").await, 0);
    assert_eq!(count("entity_id=1").await, 0);
    assert_eq!(
        count(&format!(
            "store_id={}",
            store["id"].as_str().expect("an id")
        ))
        .await,
        1
    );
    let shown = cloud.get(&tenant.key, &format!("/runs/{run}")).await;
    assert_eq!(
        (&shown["state"], &shown["entity_id"]),
        (&json!("dead"), &json!("1042"))
    );
    let wrong = cloud
        .call(
            &tenant.key,
            Method::GET,
            "/runs?state=lost&store_id=1",
            None,
        )
        .await;
    assert_eq!(
        wrong.problem(StatusCode::BAD_REQUEST, "invalid_fields"),
        ["state", "store_id"]
    );
}

#[tokio::test]
async fn gates_are_listed_and_opened() {
    let cloud = Cloud::start().await;
    let tenant = cloud.tenant("Fabrikam").await;
    let store = cloud.store(&tenant).await;
    let gate = Gate {
        tenant: tenant.id,
        key: GateKey {
            kind: GateKind::Store,
            target: id(&store["id"]),
        },
        reason: "the store does not answer".into(),
        closed: cloud.services.clock.now(),
        probe: None,
        probes: 3,
    };
    cloud
        .services
        .database
        .gates()
        .insert(&gate)
        .await
        .expect("closed");
    let gates = cloud.get(&tenant.key, "/gates").await;
    assert_eq!(
        (&gates["items"][0]["kind"], &gates["items"][0]["probes"]),
        (&json!("store"), &json!(3))
    );
    let path = format!("/gates/store/{}/open", store["id"].as_str().expect("an id"));
    cloud
        .call(&tenant.key, Method::POST, &path, None)
        .await
        .expect(StatusCode::NO_CONTENT);
    let again = cloud.call(&tenant.key, Method::POST, &path, None).await;
    again.problem(StatusCode::NOT_FOUND, "not_found");
}

#[tokio::test]
async fn a_route_that_is_switched_on_lets_the_stores_work_go_on() {
    let cloud = Cloud::start().await;
    let tenant = cloud.tenant("Fabrikam").await;
    let store = cloud.store(&tenant).await;
    let key = GateKey {
        kind: GateKind::Store,
        target: id(&store["id"]),
    };
    let gates = cloud.services.database.gates();
    let gate = Gate {
        tenant: tenant.id,
        key,
        reason: "No route of this store takes order.placed.".into(),
        closed: cloud.services.clock.now(),
        probe: None,
        probes: 0,
    };
    gates.insert(&gate).await.expect("closed");
    let company = resources::routed(&cloud, &tenant, &store).await;
    assert_eq!(gates.find(tenant.id, key).await.expect("read"), None);

    let path = format!("/stores/{}", store["id"].as_str().expect("an id"));
    let paused = json!({"paused": true});
    let paused = cloud
        .call(&tenant.key, Method::PATCH, &path, Some(paused))
        .await;
    paused.expect(StatusCode::OK);
    let ends = (key.target, company);
    let put = resources::put_route(&cloud, &tenant, "web", ends, true).await;
    put.expect(StatusCode::OK);
    let kept = gates.find(tenant.id, key).await.expect("read");
    assert!(kept.is_some(), "what a person holds stays held");
}
