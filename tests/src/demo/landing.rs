//! Places orders and notices each as its run ends.
#![expect(clippy::print_stdout, reason = "the demo talks to a person")]

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tokio::sync::Mutex;

use crate::harness::api::{Api, items};
use crate::harness::gp::answer;
use crate::harness::world::World;

/// Orders under way and landed.
#[derive(Debug)]
pub(super) struct Landing {
    api: Api,
    store_control: String,
    http: reqwest::Client,
    placed: Mutex<HashMap<String, Placed>>,
}

#[derive(Debug)]
struct Placed {
    number: String,
    total: String,
    at: Instant,
    landed: Option<Duration>,
}

impl Landing {
    pub(super) async fn new(world: &Arc<Mutex<World>>) -> Self {
        let world = world.lock().await;
        Self {
            api: world.api.clone(),
            store_control: world.shop.control.clone(),
            http: reqwest::Client::new(),
            placed: Mutex::new(HashMap::new()),
        }
    }

    /// Has shoppers place so many orders, all kinds.
    pub(super) async fn place(&self, count: usize) -> anyhow::Result<()> {
        let at = Instant::now();
        let url = format!("{}/orders", self.store_control);
        let body = json!({"count": count, "kind": "any"});
        let orders = items(&answer(self.http.post(url).json(&body)).await?["orders"]);
        let mut placed = self.placed.lock().await;
        for order in orders {
            let number = plain(&order["custom_order_number"]);
            let total = plain(&order["order_total"]);
            placed.insert(
                plain(&order["id"]),
                Placed {
                    number,
                    total,
                    at,
                    landed: None,
                },
            );
        }
        Ok(())
    }

    /// So many orders were placed.
    pub(super) async fn count(&self) -> usize {
        self.placed.lock().await.len()
    }

    /// Prints a line for each order as it lands, for ever.
    pub(super) async fn tell(self: Arc<Self>) {
        loop {
            // A cloud that is being killed does not answer; the next look will.
            drop(self.look().await);
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    }

    /// Tells of every order that landed and was not told of yet.
    pub(super) async fn catch_up(&self) -> anyhow::Result<()> {
        self.look_through(true).await
    }

    async fn look(&self) -> anyhow::Result<()> {
        self.look_through(false).await
    }

    /// Reads runs, newest first: all of them, or until a page brings nothing new.
    async fn look_through(&self, all: bool) -> anyhow::Result<()> {
        let mut cursor = String::new();
        loop {
            let page = self.api.get(&format!("/runs?limit=200{cursor}")).await?;
            let fresh = self.note(&items(&page)).await;
            match page["next_cursor"].as_str() {
                Some(next) if fresh || all => cursor = format!("&cursor={next}"),
                Some(_) | None => return Ok(()),
            }
        }
    }

    /// Whether any of the page was not known to have landed.
    async fn note(&self, runs: &[Value]) -> bool {
        let mut placed = self.placed.lock().await;
        let mut fresh = false;
        for run in runs {
            let Some(order) = placed.get_mut(&plain(&run["entity_id"])) else {
                continue;
            };
            if order.landed.is_some() {
                continue;
            }
            fresh = true;
            let state = run["state"].as_str().unwrap_or_default();
            let Some(document) = run["gp_key"].as_str() else {
                if state == "dead" {
                    order.landed = Some(order.at.elapsed());
                    println!("{:>8}  dead letter  {}", order.number, run["summary"]);
                }
                continue;
            };
            if state == "succeeded" {
                let took = order.at.elapsed();
                order.landed = Some(took);
                let (number, total) = (&order.number, &order.total);
                println!(
                    "{number:>8}  {document:<12} {total:>12}  {:>6} ms",
                    took.as_millis()
                );
            }
        }
        fresh
    }

    /// Orders per second over the time taken.
    pub(super) async fn summary(&self, took: Duration) -> String {
        let placed = self.placed.lock().await;
        let landed = placed
            .values()
            .filter(|order| order.landed.is_some())
            .count();
        let millis = took.as_millis().max(1);
        let tenths = u128::try_from(placed.len()).unwrap_or(0) * 10_000 / millis;
        format!(
            "{} orders placed, {landed} seen landing, {}.{} orders/s over {}.{:03} s",
            placed.len(),
            tenths / 10,
            tenths % 10,
            millis / 1000,
            millis % 1000,
        )
    }
}

fn plain(value: &Value) -> String {
    value
        .as_str()
        .map_or_else(|| value.to_string(), ToOwned::to_owned)
}
