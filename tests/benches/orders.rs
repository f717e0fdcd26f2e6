//! Orders from the shop's checkout to the committed document, and who spends what on it.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use anyhow::Context;
use connect_tests::harness::database::Choice;
use connect_tests::harness::wait::wait_for;
use connect_tests::harness::world::{COMPANY, Options, World};
use jiff::Timestamp;
use serde_json::json;

use crate::figure::{Figures, cpu_seconds, per_one, per_second, percentile_ms};

const WARM_UP: usize = 60;
const PACED: usize = 200;
const PACE: Duration = Duration::from_millis(50);
const LIMIT: Duration = Duration::from_mins(15);

pub(crate) async fn measure(figures: &mut Figures, orders: usize) -> anyhow::Result<()> {
    let kinds = [
        (Choice::Sqlite, "opensource", ""),
        (Choice::Sqlite, "official", "official_"),
        (Choice::Postgres, "opensource", "postgres_"),
    ];
    for (database, flavour, infix) in kinds {
        let options = Options {
            database,
            flavour: flavour.to_owned(),
            ..Options::default()
        };
        let world = World::start(&options).await?;
        world.shop.place(WARM_UP, "any").await?;
        documents(&world, WARM_UP).await?;
        if infix.is_empty() {
            latency(figures, &world).await?;
        }
        throughput(figures, &world, infix, orders).await?;
        world.end(false).await?;
    }
    Ok(())
}

async fn throughput(
    figures: &mut Figures,
    world: &World,
    infix: &str,
    orders: usize,
) -> anyhow::Result<()> {
    let there = documents_now(world).await?;
    let before = Spent::read(world).await?;
    let start = Instant::now();
    world.shop.place(orders, "any").await?;
    let placed = start.elapsed();
    documents(world, there + orders).await?;
    let took = start.elapsed();
    // What comes after the document is part of an order's cost.
    world.settled(0, LIMIT).await?;
    let spent = Spent::read(world).await?.since(&before);
    let name = |figure: &str| format!("order.{infix}{figure}");
    figures.add(&name("per_s"), per_second(orders, took), "orders/s", None);
    figures.add(
        &name("placing_s"),
        placed.as_secs_f64(),
        "s",
        Some(took.as_secs_f64()),
    );
    figures.add(
        &name("calls"),
        per_one(spent.calls, orders),
        "calls/order",
        None,
    );
    for (who, seconds) in spent.cpu {
        let per_order = per_one(seconds * 1000.0, orders);
        figures.add(&name(&format!("{who}_cpu_ms")), per_order, "ms/order", None);
    }
    Ok(())
}

/// From the moment the shopper asks to the moment the document is committed, at a steady pace.
async fn latency(figures: &mut Figures, world: &World) -> anyhow::Result<()> {
    let there = documents_now(world).await?;
    let mut placed = HashMap::new();
    let mut ticks = tokio::time::interval(PACE);
    for _ in 0..PACED {
        ticks.tick().await;
        let at = Timestamp::now();
        for order in world.shop.place(1, "any").await? {
            placed.insert(order["id"].to_string(), at);
        }
    }
    documents(world, there + placed.len()).await?;
    let mut samples = Vec::with_capacity(placed.len());
    for row in world.gp.table(COMPANY, "connect.Journal").await? {
        let (Some(key), Some(at)) = (row["EffectKey"].as_str(), row["CommittedAt"].as_str()) else {
            continue;
        };
        let order = key.split('/').find_map(|part| part.strip_prefix("order:"));
        if let Some(placed) = order.and_then(|order| placed.get(order)) {
            let committed: Timestamp = format!("{at}Z").parse()?;
            let took = committed.duration_since(*placed);
            samples.push(Duration::try_from(took).unwrap_or_default());
        }
    }
    anyhow::ensure!(
        samples.len() == placed.len(),
        "{} commits seen",
        samples.len()
    );
    figures.add("order.p50_ms", percentile_ms(&mut samples, 50), "ms", None);
    figures.add("order.p99_ms", percentile_ms(&mut samples, 99), "ms", None);
    Ok(())
}

/// Waits until GP holds so many documents.
async fn documents(world: &World, count: usize) -> anyhow::Result<()> {
    wait_for("the documents", LIMIT, || async {
        Ok((documents_now(world).await? >= count).then_some(()))
    })
    .await
}

/// Documents committed so far, by the journal in the company database.
async fn documents_now(world: &World) -> anyhow::Result<usize> {
    let sql = "SELECT COUNT(*) AS n FROM connect.Journal WHERE State = 1";
    let said = world.gp.sql(COMPANY, sql).await?;
    let row = &said["results"][0]["rows"][0];
    let count = row["n"].as_u64().or_else(|| row[0].as_u64());
    let count = count.with_context(|| format!("no count in {said}"))?;
    Ok(usize::try_from(count)?)
}

/// Processor time by process, and calls of the store's API.
struct Spent {
    cpu: Vec<(&'static str, f64)>,
    calls: f64,
}

impl Spent {
    async fn read(world: &World) -> anyhow::Result<Self> {
        let processes = [
            ("cloud", world.cloud.id()),
            ("agent", world.agent.id()),
            ("sandbox_gp", world.gp.process.id()),
            ("sandbox_store", world.shop.process.id()),
        ];
        let mut cpu = Vec::new();
        for (who, process) in processes {
            cpu.push((who, cpu_seconds(process)?));
        }
        let stats = world.shop.stats().await.unwrap_or(json!({}));
        let calls = stats["calls_total"]
            .as_f64()
            .context("no calls in the store's stats")?;
        Ok(Self { cpu, calls })
    }

    fn since(mut self, before: &Self) -> Self {
        for ((_, now), (_, then)) in self.cpu.iter_mut().zip(&before.cpu) {
            *now -= then;
        }
        self.calls -= before.calls;
        self
    }
}
