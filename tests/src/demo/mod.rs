//! The demo: sets the world up, has orders placed, tells of each as it lands, asks the judge.
#![expect(clippy::print_stdout, reason = "the demo talks to a person")]

mod kills;
mod landing;
mod verdict;

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::Mutex;

use crate::harness::database::Choice;
use crate::harness::world::{Options, World};
use landing::Landing;

/// What the demo is asked to do.
#[derive(Clone, Debug)]
pub struct Demo {
    /// So many orders, or one every `pace`.
    pub orders: Option<usize>,
    /// End by itself.
    pub exit: bool,
    /// SIGKILLs of agent and of cloud, each so many.
    pub kills: usize,
    /// Keep files and logs.
    pub keep: bool,
    /// The cloud's database.
    pub database: Choice,
    /// The store's API.
    pub flavour: String,
    /// Seed of the order generator.
    pub seed: u64,
    /// Time between orders when no number is given.
    pub pace: Duration,
}

/// Runs the demo; true when the judge found nothing wrong, or was not asked.
pub async fn run(demo: Demo) -> anyhow::Result<bool> {
    println!("starting sandbox GP, sandbox store, cloud and agent ...");
    let options = Options {
        database: demo.database.clone(),
        flavour: demo.flavour.clone(),
        seed: demo.seed,
        ..Options::default()
    };
    let world = World::start(&options).await?;
    addresses(&world);
    let world = Arc::new(Mutex::new(world));
    let landing = Arc::new(Landing::new(&world).await);
    let teller = tokio::spawn(Arc::clone(&landing).tell());
    let outcome = drive(&demo, &world, &landing).await;
    teller.abort();
    drop(teller.await);
    drop(landing);
    let world =
        Arc::into_inner(world).ok_or_else(|| anyhow::anyhow!("the world is still in use"))?;
    finish(world.into_inner(), demo.keep, outcome).await
}

async fn finish(world: World, keep: bool, outcome: anyhow::Result<bool>) -> anyhow::Result<bool> {
    if let Some(directory) = world.end(keep || !matches!(outcome, Ok(true))).await? {
        println!("files and logs: {}", directory.display());
    }
    outcome
}

async fn drive(
    demo: &Demo,
    world: &Arc<Mutex<World>>,
    landing: &Arc<Landing>,
) -> anyhow::Result<bool> {
    let start = Instant::now();
    let Some(count) = demo.orders else {
        return keep_placing(demo.pace, landing).await;
    };
    let killed = if demo.kills == 0 {
        landing.place(count).await?;
        None
    } else {
        Some(kills::carry_out(world, landing, count, demo.kills).await?)
    };
    let status = verdict::settled(world, landing).await?;
    let took = start.elapsed();
    if let Some(killed) = &killed {
        println!("{killed}");
    }
    println!("runs: {}", status["runs"]);
    println!("{}", landing.summary(took).await);
    let clean = verdict::judge(world, landing).await?;
    if !demo.exit {
        println!("all settled; Ctrl-C ends");
        std::future::pending::<()>().await;
    }
    Ok(clean)
}

async fn keep_placing(pace: Duration, landing: &Landing) -> anyhow::Result<bool> {
    loop {
        landing.place(1).await?;
        tokio::time::sleep(pace).await;
    }
}

fn addresses(world: &World) {
    println!("web API   {}/api/v1/openapi.json", world.api.base());
    println!("admin     {}/metrics", world.admin);
    println!("store     {}", world.shop.control);
    println!("GP        {}", world.gp.control);
    println!("files     {}", world.directory().display());
}
