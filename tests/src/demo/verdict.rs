//! Waits until everything is settled, then lets the judge compare store and GP.
#![expect(clippy::print_stdout, reason = "the demo talks to a person")]

use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;
use tokio::sync::Mutex;

use super::Outcome;
use super::landing::Landing;
use crate::harness::binaries;
use crate::harness::world::{COMPANY, World, fixture};

/// Status once no work is left and every order's run has ended.
pub(super) async fn settled(world: &Arc<Mutex<World>>, landing: &Landing) -> anyhow::Result<Value> {
    let count = landing.count().await as u64;
    world
        .lock()
        .await
        .settled(count, Duration::from_mins(10))
        .await
}

/// Runs the judge as a process of its own, and holds it to the number of orders placed.
pub(super) async fn judge(world: &Arc<Mutex<World>>, landing: &Landing) -> anyhow::Result<Outcome> {
    let world = world.lock().await;
    let profile = world.directory().join("profile.json");
    std::fs::write(&profile, world.profile.to_string())?;
    let zone = fixture("world.json")?["store"]["time_zone"]
        .as_str()
        .unwrap_or("UTC")
        .to_owned();
    let count = landing.count().await;
    let output = Command::new(binaries::path("connect-sandbox")?)
        .arg("judge")
        .args(["--gp-control", &world.gp.control])
        .args(["--store-control", &world.shop.control])
        .args(["--profile", &profile.display().to_string()])
        .args(["--company", COMPANY])
        .args(["--store-time-zone", &zone])
        .args(["--expect-orders", &count.to_string()])
        .output()?;
    print!("{}", String::from_utf8_lossy(&output.stdout));
    print!("{}", String::from_utf8_lossy(&output.stderr));
    let outcome = if output.status.success() {
        Outcome::Equal
    } else {
        Outcome::Different
    };
    println!(
        "{count} orders judged: {}",
        if outcome == Outcome::Equal {
            "all equal"
        } else {
            "NOT EQUAL"
        }
    );
    Ok(outcome)
}
