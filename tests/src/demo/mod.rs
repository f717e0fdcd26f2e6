//! The demo: sets the world up, has orders placed, tells of each as it lands, asks the judge.
#![expect(clippy::print_stdout, reason = "the demo talks to a person")]

mod kills;
mod landing;
mod verdict;

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::Mutex;
use tokio_util::sync::CancellationToken;

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

/// How a demo ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The judge found every order in GP, equal to the cent.
    Equal,
    /// The judge found differences.
    Different,
    /// Somebody stopped it.
    Stopped,
}

/// Runs the demo until it is done or told to stop; either way nothing of it is left running.
pub async fn run(demo: Demo, stop: &CancellationToken) -> anyhow::Result<Outcome> {
    println!("starting sandbox GP, sandbox store, cloud and agent ...");
    let options = Options {
        database: demo.database.clone(),
        flavour: demo.flavour.clone(),
        seed: demo.seed,
        ..Options::default()
    };
    let Some(world) = stop.run_until_cancelled(World::start(&options)).await else {
        println!("stopped");
        return Ok(Outcome::Stopped);
    };
    let world = world?;
    addresses(&world);
    let world = Arc::new(Mutex::new(world));
    let landing = Arc::new(Landing::new(&world).await);
    let teller = tokio::spawn(Arc::clone(&landing).tell());
    let outcome = stop
        .run_until_cancelled(drive(&demo, &world, &landing))
        .await;
    teller.abort();
    drop(teller.await);
    drop(landing);
    let world =
        Arc::into_inner(world).ok_or_else(|| anyhow::anyhow!("the world is still in use"))?;
    let outcome = if stop.is_cancelled() {
        println!("stopping ...");
        Ok(Outcome::Stopped)
    } else {
        outcome.unwrap_or(Ok(Outcome::Stopped))
    };
    finish(world.into_inner(), demo.keep, outcome).await
}

async fn finish(
    world: World,
    keep: bool,
    outcome: anyhow::Result<Outcome>,
) -> anyhow::Result<Outcome> {
    let failed = !matches!(outcome, Ok(Outcome::Equal | Outcome::Stopped));
    if let Some(directory) = world.end(keep || failed).await? {
        println!("files and logs: {}", directory.display());
    }
    outcome
}

async fn drive(
    demo: &Demo,
    world: &Arc<Mutex<World>>,
    landing: &Arc<Landing>,
) -> anyhow::Result<Outcome> {
    let start = Instant::now();
    let Some(count) = demo.orders else {
        return keep_placing(demo.pace, landing).await;
    };
    let killed = if demo.kills == 0 {
        landing.place(count).await?;
        None
    } else {
        let counts = (count, demo.kills);
        Some(kills::carry_out(world, landing, counts, &demo.flavour).await?)
    };
    let status = verdict::settled(world, landing).await?;
    let took = start.elapsed();
    if let Some(killed) = &killed {
        println!("{killed}");
        killed.verify(demo.kills)?;
    }
    landing.catch_up().await?;
    println!("runs: {}", status["runs"]);
    println!("{}", landing.summary(took).await);
    let outcome = verdict::judge(world, landing).await?;
    if !demo.exit {
        println!("all settled; Ctrl-C ends");
        std::future::pending::<()>().await;
    }
    Ok(outcome)
}

async fn keep_placing(pace: Duration, landing: &Landing) -> anyhow::Result<Outcome> {
    loop {
        landing.place(1).await?;
        tokio::time::sleep(pace).await;
    }
}

fn addresses(world: &World) {
    let (api, key) = (world.api.base(), world.api_key_file.display());
    println!("web API   {api}/api/v1/openapi.json");
    println!("API key   {key}");
    println!("admin     {}/metrics", world.admin);
    println!("store     {}", world.shop.control);
    println!("GP        {}", world.gp.control);
    println!("files     {}", world.directory().display());
    println!("try       curl -H \"Authorization: Bearer $(cat {key})\" {api}/api/v1/runs");
}
