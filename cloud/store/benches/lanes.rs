//! What a claim costs with 100,000 jobs waiting behind 10 heads, against 10 heads alone.
#![expect(clippy::print_stdout, reason = "the bench talks to a person")]
#![expect(clippy::unwrap_used, reason = "a bench that cannot go on has failed")]

#[path = "../tests/support/mod.rs"]
#[expect(dead_code, reason = "shared with the conformance suite")]
mod support;

use std::path::PathBuf;
use std::time::{Duration, Instant};

use connect_core::domain::lane::Fence;
use serde_json::json;

use support::{NOW, World};

const HEADS: usize = 10;
const JOBS: usize = 100_000;
const CLAIMS: usize = 200;
const STORED_AT_ONCE: usize = 1000;

#[tokio::main]
async fn main() {
    let mut figures = Vec::new();
    figures.push(measure("lanes.claim_ms", support::sqlite().await).await);
    figures.push(measure("lanes.postgres_claim_ms", support::postgres().await).await);
    if let Some(file) = json_file() {
        std::fs::write(file, serde_json::to_string_pretty(&figures).unwrap()).unwrap();
    }
}

/// The file named after `--json`.
fn json_file() -> Option<PathBuf> {
    let mut arguments = std::env::args().skip_while(|argument| argument != "--json");
    arguments.nth(1).map(PathBuf::from)
}

async fn measure(name: &str, world: World) -> serde_json::Value {
    store(&world, HEADS).await;
    let fence = world.worker().await;
    let alone = claims(&world, fence).await;
    store(&world, JOBS - HEADS).await;
    let piled = claims(&world, fence).await;
    println!("{name:<28} {piled:>12.2} ms   (baseline {alone:.2})");
    json!({"name": name, "value": piled, "unit": "ms", "baseline": alone})
}

/// Stores so many events about ten orders.
async fn store(world: &World, count: usize) {
    for from in (0..count).step_by(STORED_AT_ONCE) {
        let found = (from..count.min(from + STORED_AT_ONCE)).map(|number| {
            let order = (number % HEADS).to_string();
            let event = world.event(&order, &support::id().to_string());
            (event, world.lane(&order))
        });
        let events = world.database.events();
        events.insert_many(found.collect(), None).await.unwrap();
    }
}

/// Median time of a claim of all heads, in milliseconds.
async fn claims(world: &World, fence: Fence) -> f64 {
    let mut took: Vec<Duration> = Vec::with_capacity(CLAIMS);
    for _ in 0..CLAIMS {
        let start = Instant::now();
        let claimed = world.claim(fence, 64).await;
        took.push(start.elapsed());
        assert_eq!(claimed.len(), HEADS);
        for lane in claimed {
            let lanes = world.database.lanes();
            lanes.update_due(&lane.key, fence, NOW).await.unwrap();
        }
    }
    took.sort_unstable();
    took[CLAIMS / 2].as_secs_f64() * 1000.0
}
