//! Durable webhook intake: how many a second, and how soon each is answered.

use std::fs::File;
use std::io::Write;
use std::path::Path;
use std::time::Instant;

use connect_tests::harness::world::{Options, World};
use reqwest::Method;
use serde_json::json;

use crate::figure::{Figures, per_second, percentile_ms};
use crate::load::Sender;

const BURST: usize = 15_000;
const PACED: usize = 5_000;
const PACE: u32 = 500;
const CONNECTIONS: usize = 64;

pub(crate) async fn measure(figures: &mut Figures) -> anyhow::Result<()> {
    let world = World::start(&Options::default()).await?;
    println!("durability                   {}", world.durability);
    // Work behind a paused store waits: this is about taking it in.
    let path = format!("/stores/{}", world.tenancy.store_id);
    let paused = json!({"paused": true});
    let (status, said) = world.api.call(Method::PATCH, &path, Some(&paused)).await?;
    anyhow::ensure!(status.is_success(), "cannot pause the store: {said}");
    let sender = Sender::to(&world)?;
    sender.send_all(sender.deliveries(0, 500), 8).await?;
    let deliveries = sender.deliveries(1_000, PACED);
    let mut acks = sender.send_paced(deliveries, PACE, CONNECTIONS).await?;
    figures.add(
        "intake.ack_p50_ms",
        percentile_ms(&mut acks, 50),
        "ms",
        None,
    );
    figures.add(
        "intake.ack_p99_ms",
        percentile_ms(&mut acks, 99),
        "ms",
        None,
    );
    let deliveries = sender.deliveries(100_000, BURST);
    let start = Instant::now();
    sender.send_all(deliveries, CONNECTIONS).await?;
    let rate = per_second(BURST, start.elapsed());
    let syncs = syncs_per_second(world.directory())?;
    figures.add("intake.events_per_s", rate, "events/s", Some(syncs));
    world.end(false).await?;
    Ok(())
}

/// What the disk does: appends of 4 KiB, each made durable by itself.
fn syncs_per_second(directory: &Path) -> anyhow::Result<f64> {
    let mut file = File::create(directory.join("syncs"))?;
    let block = [7_u8; 4096];
    let start = Instant::now();
    let mut count = 0;
    while start.elapsed().as_millis() < 1000 {
        file.write_all(&block)?;
        file.sync_data()?;
        count += 1;
    }
    Ok(per_second(count, start.elapsed()))
}
