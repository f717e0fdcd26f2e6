//! Memory of an agent that has nothing to do.

use std::time::Duration;

use connect_tests::harness::world::{Options, World};

use crate::figure::{Figures, resident_mb};

/// What the design allows.
const ALLOWED_MB: f64 = 20.0;

pub(crate) async fn measure(figures: &mut Figures) -> anyhow::Result<()> {
    let world = World::start(&Options::default()).await?;
    tokio::time::sleep(Duration::from_secs(5)).await;
    let fresh = resident_mb(world.agent.id())?;
    figures.add("agent.idle_mb", fresh, "MB", Some(ALLOWED_MB));
    world.shop.place(100, "any").await?;
    world.settled(100, Duration::from_mins(5)).await?;
    tokio::time::sleep(Duration::from_secs(5)).await;
    let after = resident_mb(world.agent.id())?;
    figures.add("agent.idle_after_work_mb", after, "MB", Some(ALLOWED_MB));
    world.end(false).await?;
    Ok(())
}
