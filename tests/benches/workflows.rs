//! Workflows without a store or GP in them: what the queue and the engine around it take.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use anyhow::Context;
use connect_tests::harness::api::items;
use connect_tests::harness::database::Choice;
use connect_tests::harness::wait::wait_for;
use connect_tests::harness::world::{Options, World};
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::figure::{Figures, per_second, percentile_ms};
use crate::load::Sender;

const BURST: usize = 4_000;
const PACED: usize = 1_500;
const PACE: u32 = 100;
const CONNECTIONS: usize = 16;
/// Steps of the workflow that each event starts.
const STEPS: usize = 3;
const LIMIT: Duration = Duration::from_mins(10);

pub(crate) async fn measure(figures: &mut Figures) -> anyhow::Result<()> {
    for (database, infix) in [(Choice::Sqlite, ""), (Choice::Postgres, "postgres_")] {
        let world = World::start(&Options {
            database,
            ..Options::default()
        })
        .await?;
        let name = |figure: &str| format!("workflow.{infix}{figure}");
        publish(&world, &three_steps()).await?;
        let sender = Sender::to(&world)?;
        sender.send_all(sender.deliveries(0, 300), 8).await?;
        ended(&world, 300).await?;
        sender
            .send_paced(sender.deliveries(10_000, PACED), PACE, CONNECTIONS)
            .await?;
        ended(&world, 300 + PACED).await?;
        let mut took = latencies(&world, PACED).await?;
        figures.add(&name("p50_ms"), percentile_ms(&mut took, 50), "ms", None);
        figures.add(&name("p99_ms"), percentile_ms(&mut took, 99), "ms", None);
        let deliveries = sender.deliveries(100_000, BURST);
        let start = Instant::now();
        sender.send_all(deliveries, 64).await?;
        let taken = per_second(BURST, start.elapsed());
        ended(&world, 300 + PACED + BURST).await?;
        let rate = per_second(BURST * STEPS, start.elapsed());
        figures.add(&name("steps_per_s"), rate, "steps/s", Some(taken));
        let small = list(&world, 1_000).await?;
        let large = list(&world, 10_000).await?;
        let ratio = large.as_secs_f64() / small.as_secs_f64();
        figures.add(&name("foreach_ratio"), ratio, "", Some(10.0));
        let rate = per_second(10_000, large);
        figures.add(&name("items_per_s"), rate, "items/s", None);
        world.end(false).await?;
    }
    Ok(())
}

async fn publish(world: &World, flow: &Value) -> anyhow::Result<()> {
    let body = json!({"environment_id": world.tenancy.environment_id, "body": flow});
    world.api.put("/workflows/order_to_sop", &body).await?;
    Ok(())
}

fn flow(steps: &Value) -> Value {
    json!({"format": 1, "name": "order_to_sop", "title": "Bench", "start": steps[0]["key"],
           "trigger": {"topics": ["order.placed"], "when": null}, "steps": steps})
}

fn three_steps() -> Value {
    flow(&json!([
        {"key": "find", "title": "Find", "as": "known", "next": "set",
         "do": {"find_link": {"links": [{"name": "order", "kind": "order",
                "store_scoped": "true", "store_key": "event.entity_id"}]}}},
        {"key": "set", "title": "Set", "as": "sum", "next": "end",
         "do": {"set": {"values": [{"name": "total", "expression": "12.50 * 3"}]}}},
        {"key": "end", "title": "End",
         "do": {"stop": {"outcome": "succeeded", "summary": "{sum.total}"}}}
    ]))
}

fn through_a_list() -> Value {
    flow(&json!([
        {"key": "all", "title": "All", "as": "done", "next": "end",
         "do": {"for_each": {"items": "event.body.list", "as": "entry", "parallel": 16,
                "body": {"start": "set", "steps": [
                    {"key": "set", "title": "Set", "do": {"set": {"values": [
                        {"name": "twice", "expression": "entry.amount * 2"}]}}}]}}}},
        {"key": "end", "title": "End",
         "do": {"stop": {"outcome": "succeeded", "summary": "{done.succeeded}"}}}
    ]))
}

/// Waits until so many runs have ended.
async fn ended(world: &World, count: usize) -> anyhow::Result<()> {
    wait_for("the runs", LIMIT, || async {
        let status = world.api.get("/status").await?;
        let ended = status["runs"]["succeeded"].as_u64().unwrap_or(0);
        let idle = status["lanes_waiting"].as_u64() == Some(0);
        // Counts stop at 10,001; bursts stay below.
        Ok((idle && ended >= count as u64).then_some(()))
    })
    .await
}

/// From the moment an event was taken to the moment its run had ended, by the cloud's own clock, of
/// the newest so many.
async fn latencies(world: &World, count: usize) -> anyhow::Result<Vec<Duration>> {
    let mut received = HashMap::new();
    for event in pages(world, "/events", count).await? {
        received.insert(event["id"].to_string(), instant(&event["received_at"])?);
    }
    let mut took = Vec::with_capacity(count);
    for run in pages(world, "/runs?state=succeeded", count).await? {
        if let Some(received) = received.get(&run["event_id"].to_string()) {
            let ended = instant(&run["finished_at"])?.duration_since(*received);
            took.push(Duration::try_from(ended).unwrap_or_default());
        }
    }
    anyhow::ensure!(took.len() * 10 >= count * 9, "{} runs seen", took.len());
    Ok(took)
}

fn instant(value: &Value) -> anyhow::Result<Timestamp> {
    Ok(value.as_str().context("no instant")?.parse()?)
}

/// The newest so many of a list.
async fn pages(world: &World, path: &str, count: usize) -> anyhow::Result<Vec<Value>> {
    let mut all = Vec::with_capacity(count);
    let mut cursor = String::new();
    while all.len() < count {
        let joint = if path.contains('?') { '&' } else { '?' };
        let page = world
            .api
            .get(&format!("{path}{joint}limit=200{cursor}"))
            .await?;
        all.extend(items(&page));
        let Some(next) = page["next_cursor"].as_str() else {
            break;
        };
        cursor = format!("&cursor={next}");
    }
    all.truncate(count);
    Ok(all)
}

/// How long a run takes that goes through a list.
async fn list(world: &World, count: usize) -> anyhow::Result<Duration> {
    publish(world, &through_a_list()).await?;
    let entries: Vec<Value> = (0..count).map(|n| json!({"amount": n})).collect();
    let path = format!(
        "/stores/{}/workflows/order_to_sop/start",
        world.tenancy.store_id
    );
    let id = format!("list-{count}");
    let input = json!({"list": entries});
    let body = json!({"entity": "list", "entity_id": id, "input": input});
    world.api.post(&path, &body).await?;
    let path = format!("/runs?entity=list&entity_id={id}&state=succeeded&part_of=none");
    let summary = count.to_string();
    let run = wait_for("the list", LIMIT, || async {
        let runs = items(&world.api.get(&path).await?);
        let whole = runs.into_iter().next();
        Ok(whole.filter(|run| run["summary"] == summary.as_str()))
    });
    let run = match run.await {
        Ok(run) => run,
        Err(error) => return Err(error.context(world.cloud.tail())),
    };
    let took = instant(&run["finished_at"])?.duration_since(instant(&run["started_at"])?);
    Ok(Duration::try_from(took)?)
}
