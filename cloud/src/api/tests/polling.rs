//! Looking through a store's orders: found once, however often looked and however told.

use std::sync::atomic::{AtomicI64, Ordering};

use axum::extract::Query;
use axum::routing::{get, post};
use connect_core::domain::event::{Event, Source};
use connect_core::domain::ids::{CompanyId, EventId, RunId, StoreId, WorkerId};
use connect_core::domain::lane::{Gate, GateKey, GateKind, LaneKey, LaneNext};
use connect_core::domain::link::{Link, LinkKey};
use connect_core::domain::run::{Run, RunState, Transition};
use connect_core::domain::store::{PollCursor, Store};
use connect_core::domain::time::Micros;

use super::*;
use crate::polling::{self, Polled};

#[derive(serde::Deserialize)]
struct Asked {
    since_id: i64,
    payment_status: Option<String>,
}

/// A store of the open-source API with orders 1 to `count`, one a minute from the beginning.
async fn shop(count: i64, beginning: Micros) -> String {
    shop_with_paid(count, beginning, Arc::default()).await
}

/// The same; orders up to an id are paid.
async fn shop_with_paid(count: i64, beginning: Micros, paid: Arc<AtomicI64>) -> String {
    let orders = move |Query(asked): Query<Asked>| async move {
        let order = |id: i64| {
            let created = super::super::view::instant(beginning.plus_seconds(60 * id));
            json!({"id": id, "store_id": 1, "created_on_utc": created})
        };
        let last = match asked.payment_status.as_deref() {
            Some("Paid") => paid.load(Ordering::Relaxed).min(count),
            Some(_) => 0,
            None => count,
        };
        let page: Vec<Value> = (asked.since_id + 1..=last).take(100).map(order).collect();
        axum::Json(json!({"orders": page}))
    };
    let router = Router::new().route("/api/orders", get(orders)).route(
        "/token",
        post(async || axum::Json(json!({"access_token": "t"}))),
    );
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0")
        .await
        .expect("a port");
    let address = listener.local_addr().expect("an address");
    #[expect(clippy::disallowed_methods, reason = "a test's own server")]
    tokio::spawn(async move { axum::serve(listener, router).await });
    format!("http://{address}")
}

async fn store_at(cloud: &Cloud, tenant: &Tenant, address: &str) -> Store {
    let mut body = store_body(tenant);
    body["base_url"] = json!(address);
    body["flavour"] = json!("opensource");
    let made = cloud
        .call(&tenant.key, Method::POST, "/stores", Some(body))
        .await;
    let made = made.expect(StatusCode::CREATED);
    let stores = cloud.services.database.stores();
    let store = stores.find(tenant.id, StoreId(id(&made["id"]))).await;
    store.expect("read").expect("there")
}

async fn look(cloud: &Cloud, store: &Store) -> (Polled, PollCursor) {
    let cursors = cloud.services.database.poll_cursors();
    let cursor = cursors
        .find(store.tenant, store.id)
        .await
        .expect("read")
        .expect("a cursor");
    let next = cloud.services.clock.now().plus_seconds(300);
    let polled = polling::poll(&cloud.services, store, &cursor, next)
        .await
        .expect("a look");
    let after = cursors
        .find(store.tenant, store.id)
        .await
        .expect("read")
        .expect("a cursor");
    assert_eq!(after.due, next);
    (polled, after)
}

#[tokio::test]
async fn every_order_since_the_store_was_added_is_found_once() {
    let cloud = Cloud::start().await;
    let tenant = cloud.tenant("Fabrikam").await;
    let now = cloud.services.clock.now();
    // Orders 1 to 50 are older than the store, the last of all an hour younger.
    let address = shop(250, now.plus_seconds(-60 * 50)).await;
    let store = store_at(&cloud, &tenant, &address).await;
    let (first, cursor) = look(&cloud, &store).await;
    assert!((199..=200).contains(&first.new), "{first:?}");
    assert!(!first.more);
    let (second, again) = look(&cloud, &store).await;
    assert_eq!(second.new, 0);
    assert!(
        second.seen < 20,
        "only the last minutes are looked at again: {second:?}"
    );
    assert_eq!(cursor.cursor, again.cursor);
    let events = cloud.get(&tenant.key, "/events?limit=200").await;
    let events = events["items"].as_array().expect("a list");
    assert!(
        events
            .iter()
            .all(|event| event["source"] == "poll" && event["revision"] == 1)
    );
}

/// What a worker writes when it ends the head of the only lane.
#[expect(clippy::too_many_lines, reason = "one line for each field")]
async fn end_run(cloud: &Cloud, tenant: &Tenant, company: Option<CompanyId>) {
    let services = &cloud.services;
    let worker = WorkerId(services.ids.next());
    let lease = std::time::Duration::from_mins(1);
    let workers = services.database.workers();
    let fence = workers.insert(worker, lease).await.expect("a worker");
    let now = services.clock.now();
    let lanes = services.database.lanes();
    let one = connect_store::Room::of(1);
    let claimed = lanes
        .claim(tenant.id, fence, now, one)
        .await
        .expect("a lane");
    let lane = claimed.into_iter().next().expect("a lane");
    let run = Run {
        tenant: tenant.id,
        id: RunId(services.ids.next()),
        environment: tenant.environment,
        event: lane.event.id,
        store: lane.event.store,
        company,
        entity: "order".into(),
        entity_id: lane.event.entity_id.clone(),
        workflow: "order_to_sop".into(),
        workflow_version: 1,
        revision: 1,
        state: RunState::Succeeded,
        summary: "nothing to do".into(),
        snapshot: Vec::new(),
        gp_key: None,
        started: now,
        finished: Some(now),
        failure: None,
        replay_of: None,
        part_of: None,
    };
    let link = company.map(|company| Link {
        key: LinkKey {
            tenant: tenant.id,
            company,
            kind: "order".into(),
            store: lane.event.store,
            store_key: lane.event.entity_id.clone(),
        },
        gp_key: "ORD1".into(),
        complete: true,
        written_sha256: None,
        run: run.id,
        updated: now,
    });
    let transition = Transition {
        lane: lane.key,
        number: lane.number,
        fence,
        run,
        steps: Vec::new(),
        command: None,
        links: link.into_iter().collect(),
        parts: None,
        result: None,
        supersedes: false,
        close: None,
        open: None,
        next: LaneNext::Done,
        now,
    };
    let runs = services.database.runs();
    runs.apply(transition).await.expect("written");
}

async fn hear(cloud: &Cloud, store: &Store, topic: &str, order: i64) {
    let now = cloud.services.clock.now();
    let event = Event {
        tenant: store.tenant,
        id: EventId(cloud.services.ids.next()),
        environment: store.environment,
        store: store.id,
        source: Source::Webhook,
        delivery: format!("msg_{topic}_{order}"),
        topic: topic.into(),
        entity: "order".into(),
        entity_id: order.to_string(),
        occurred: now,
        received: now,
        revision: 1,
        route: None,
        body: None,
    };
    let lane = LaneKey {
        tenant: store.tenant,
        group: store.id.0,
        key: format!("order:{order}"),
    };
    let events = cloud.services.database.events();
    events.insert(&event, &lane).await.expect("stored");
}

/// A store with one order, 1042, a minute older than now.
async fn store_with_one_order(cloud: &Cloud, tenant: &Tenant) -> Store {
    let now = cloud.services.clock.now();
    let address = shop(1042, now.plus_seconds(-60 * 1041)).await;
    store_at(cloud, tenant, &address).await
}

#[tokio::test]
async fn an_order_whose_placing_was_lost_is_found_though_another_topic_was_heard() {
    let cloud = Cloud::start().await;
    let tenant = cloud.tenant("Fabrikam").await;
    let store = store_with_one_order(&cloud, &tenant).await;
    hear(&cloud, &store, "order.updated", 1042).await;
    end_run(&cloud, &tenant, None).await;
    let (polled, _) = look(&cloud, &store).await;
    assert_eq!((polled.seen, polled.new), (1, 1));
}

#[tokio::test]
async fn an_order_that_is_in_gp_is_not_found_again() {
    let cloud = Cloud::start().await;
    let tenant = cloud.tenant("Fabrikam").await;
    let store = store_with_one_order(&cloud, &tenant).await;
    let company = CompanyId(resources::company(&cloud, &tenant).await);
    hear(&cloud, &store, "order.placed", 1042).await;
    end_run(&cloud, &tenant, Some(company)).await;
    let (polled, _) = look(&cloud, &store).await;
    assert_eq!((polled.seen, polled.new), (1, 0));
}

#[tokio::test]
async fn an_order_that_is_paid_late_is_found_when_the_profile_waits_for_that() {
    let cloud = Cloud::start().await;
    let tenant = cloud.tenant("Fabrikam").await;
    let now = cloud.services.clock.now();
    let paid = Arc::new(AtomicI64::new(0));
    let address = shop_with_paid(1042, now.plus_seconds(-60 * 1041), paid.clone()).await;
    let store = store_at(&cloud, &tenant, &address).await;
    let company = resources::company(&cloud, &tenant).await;
    let mut profile = resources::profile();
    profile["trigger"] = json!("order.paid");
    let put = resources::put_profile(&cloud, &tenant, "web", profile).await;
    put.expect(StatusCode::OK);
    let ends = (store.id.0, company);
    let put = resources::put_route(&cloud, &tenant, "web", ends, true).await;
    put.expect(StatusCode::OK);

    let (unpaid, _) = look(&cloud, &store).await;
    assert_eq!(unpaid.new, 1, "as placed");
    end_run(&cloud, &tenant, None).await;
    paid.store(1042, Ordering::Relaxed);
    let (found, _) = look(&cloud, &store).await;
    assert_eq!(found.new, 1, "as paid");
    let events = cloud.get(&tenant.key, "/events").await;
    assert_eq!(events["items"][0]["topic"], "order.paid");
    assert_eq!(events["items"][0]["entity_id"], "1042");
    let (again, _) = look(&cloud, &store).await;
    assert_eq!(again.new, 0);
}

#[tokio::test]
async fn a_store_that_does_not_answer_is_told_apart() {
    let cloud = Cloud::start().await;
    let tenant = cloud.tenant("Fabrikam").await;
    let store = store_at(&cloud, &tenant, "http://127.0.0.1:1").await;
    let cursors = cloud.services.database.poll_cursors();
    let cursor = cursors
        .find(store.tenant, store.id)
        .await
        .expect("read")
        .expect("a cursor");
    let looked = polling::poll(&cloud.services, &store, &cursor, Micros(0)).await;
    let Err(polling::PollError::Store(failure)) = looked else {
        panic!("{looked:?}");
    };
    assert_eq!(failure.code, "store_unreachable");
    let kept = cursors
        .find(store.tenant, store.id)
        .await
        .expect("read")
        .expect("a cursor");
    assert_eq!(kept, cursor);
}

/// Asks until the answer is there.
async fn wait_for<T>(mut ask: impl AsyncFnMut() -> Option<T>) -> T {
    let limit = std::time::Duration::from_secs(20);
    let asked = async {
        loop {
            if let Some(answer) = ask().await {
                return answer;
            }
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        }
    };
    tokio::time::timeout(limit, asked).await.expect("in time")
}

#[tokio::test]
async fn a_store_that_is_away_is_looked_at_when_its_gate_probes_and_opens_it_when_back() {
    let cloud = Cloud::start().await;
    let tenant = cloud.tenant("Fabrikam").await;
    let now = cloud.services.clock.now();
    let away = store_at(&cloud, &tenant, "http://127.0.0.1:1").await;
    let back = store_at(&cloud, &tenant, &shop(0, now).await).await;
    let gates = cloud.services.database.gates();
    let key = |store: &Store| GateKey {
        kind: GateKind::Store,
        target: store.id.0,
    };
    let closed = Gate {
        tenant: tenant.id,
        key: key(&back),
        reason: "The store did not answer.".into(),
        closed: now,
        probe: Some(now.plus_seconds(3_600)),
        probes: 7,
    };
    gates.insert(&closed).await.expect("closed");
    cloud.services.start_work();

    let cursors = cloud.services.database.poll_cursors();
    wait_for(async || {
        let gate = gates.find(tenant.id, key(&away)).await.expect("read")?;
        let cursor = cursors.find(tenant.id, away.id).await.expect("read")?;
        (gate.probe == Some(cursor.due)).then_some(())
    })
    .await;
    wait_for(async || {
        let gate = gates.find(tenant.id, key(&back)).await.expect("read");
        gate.is_none().then_some(())
    })
    .await;
    cloud.services.stop().await;
}
