//! What the stories share: worlds by database, and looks at runs and documents.

use std::collections::BTreeMap;
use std::time::Duration;

use connect_tests::harness::api::items;
use connect_tests::harness::database::Choice;
use connect_tests::harness::wait::wait_for;
use connect_tests::harness::world::{COMPANY, Options, World};
use connect_tests::judge::{self, Report};
use serde_json::{Value, json};

/// Long enough for a busy machine.
pub(crate) const LIMIT: Duration = Duration::from_mins(2);

/// A world on the embedded database.
pub(crate) async fn world() -> World {
    start(Options::default()).await
}

/// A world with options; a failure shows why.
pub(crate) async fn start(options: Options) -> World {
    match World::start(&options).await {
        Ok(world) => world,
        Err(error) => panic!("the world did not start: {error:#}"),
    }
}

/// Both databases, one after the other.
pub(crate) fn databases() -> [Choice; 2] {
    [Choice::Sqlite, Choice::Postgres]
}

/// The run of an order once it has ended in that state.
pub(crate) async fn run_of(world: &World, order: &Value, state: &str) -> Value {
    let id = plain(&order["id"]);
    let path = format!("/runs?entity_id={id}");
    let what = format!("the run of order {id} to be {state}");
    wait_for(&what, LIMIT, || async {
        let runs = items(&world.api.get(&path).await?);
        // An event that no route takes ends in a run of its own, which wrote nothing.
        let wrote = |run: &&Value| state != "succeeded" || run["gp_key"].is_string();
        let found = runs
            .iter()
            .filter(wrote)
            .find(|run| run["state"] == state)
            .cloned();
        if found.is_none() {
            anyhow::bail!("runs: {runs:?}");
        }
        Ok(found)
    })
    .await
    .unwrap_or_else(|error| panic!("{error:#}\ncloud: {}", world.cloud.tail()))
}

/// The dead letter of an order.
pub(crate) async fn dead_letter_of(world: &World, order: &Value) -> Value {
    let run = run_of(world, order, "dead").await;
    world
        .api
        .get(&format!("/dead-letters/{}", run["id"].as_str().unwrap()))
        .await
        .unwrap()
}

/// Publishes a profile in place of the one in force.
pub(crate) async fn publish(world: &World, profile: &Value) {
    let body = json!({"environment_id": world.tenancy.environment_id, "body": profile});
    world.api.put("/profiles/web", &body).await.unwrap();
}

/// Replays a dead letter from the start, on the newest versions.
pub(crate) async fn replay(world: &World, letter: &Value) {
    let path = format!("/dead-letters/{}/replay", plain(&letter["id"]));
    let how = json!({"from": "start"});
    world.api.post(&path, &how).await.unwrap();
}

/// How many rows GP has of everything a document could write.
pub(crate) async fn written(world: &World) -> Vec<(&'static str, usize)> {
    let mut counts = Vec::new();
    for table in [
        "RM00101", "RM00102", "SOP10100", "SOP10200", "SOP10102", "SOP10103", "SOP10105",
        "SOP10106", "SY00500", "SY01200",
    ] {
        let rows = world.gp.table(COMPANY, table).await.unwrap();
        counts.push((table, rows.len()));
    }
    counts
}

/// Has the store polled, and waits until it was.
pub(crate) async fn look_through(world: &World) {
    let calls = || async {
        let calls = world.shop.stats().await?;
        anyhow::Ok(calls["calls_total"].as_u64())
    };
    let before = calls().await.unwrap();
    let path = format!("/stores/{}/poll", world.tenancy.store_id);
    world.api.post(&path, &json!({})).await.unwrap();
    wait_for("the poll", LIMIT, || async {
        Ok((calls().await? > before).then_some(()))
    })
    .await
    .unwrap();
    world.settled(0, LIMIT).await.unwrap();
}

/// Lets the judge compare all orders of the store with GP under a profile; what it looked at.
pub(crate) async fn judged(world: &World, profile: &Value, orders: u64) -> Report {
    let mut tables = BTreeMap::new();
    for table in judge::tables() {
        let rows = world.gp.table(COMPANY, table).await.unwrap();
        tables.insert((*table).to_owned(), Value::Array(rows));
    }
    let shop = world.shop.orders().await.unwrap();
    let mut report = judge::judge(&shop, &tables, profile, "America/Chicago").unwrap();
    report.hold_to(orders);
    assert_eq!(report.findings, [], "{profile}");
    report
}

/// SOP documents in GP for an order, by customer PO number.
pub(crate) async fn documents_of(world: &World, order: &Value) -> Vec<Value> {
    let number = format!("N1-{}", plain(&order["custom_order_number"]));
    documents(world)
        .await
        .into_iter()
        .filter(|row| row["CSTPONBR"] == number.as_str())
        .collect()
}

/// All SOP documents in GP.
pub(crate) async fn documents(world: &World) -> Vec<Value> {
    world.gp.table(COMPANY, "SOP10100").await.unwrap()
}

/// A JSON number or text as text.
pub(crate) fn plain(value: &Value) -> String {
    value
        .as_str()
        .map_or_else(|| value.to_string(), ToOwned::to_owned)
}
