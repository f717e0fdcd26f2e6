//! Kills agent and cloud while orders flow: at random moments and at each named crash point in turn.

use std::fmt;
use std::os::unix::process::ExitStatusExt as _;
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, bail, ensure};
use rand::{RngExt, SeedableRng, rngs::StdRng};
use tokio::sync::Mutex;

use super::landing::Landing;
use crate::harness::binaries;
use crate::harness::process::Process;
use crate::harness::world::World;

const SIGKILL: i32 = 9;
/// The point behind the note on the store's order, and the only API that has notes.
const MARKED: &str = "cloud.store.marked";
const NOTES: &str = "official";

/// What was killed how often.
#[derive(Clone, Debug, Default)]
pub(super) struct Killed {
    agent_random: usize,
    agent_points: usize,
    cloud_random: usize,
    cloud_points: usize,
}

impl fmt::Display for Killed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "SIGKILLs: agent {} ({} at crash points), cloud {} ({} at crash points)",
            self.agent_random + self.agent_points,
            self.agent_points,
            self.cloud_random + self.cloud_points,
            self.cloud_points,
        )
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Victim {
    Agent,
    Cloud,
}

impl Killed {
    /// Fails unless agent and cloud were each killed as often as promised.
    pub(super) fn verify(&self, promised: usize) -> anyhow::Result<()> {
        let agent = self.agent_random + self.agent_points;
        let cloud = self.cloud_random + self.cloud_points;
        ensure!(
            agent == promised && cloud == promised,
            "{promised} kills each were promised: {self}"
        );
        Ok(())
    }
}

/// Places the orders in portions and kills both processes so many times each meanwhile.
///
/// Each kill follows an order placed just before, so none hits an idle system; where there are fewer
/// orders than kills more are placed than asked for.
pub(super) async fn carry_out(
    world: &Arc<Mutex<World>>,
    landing: &Arc<Landing>,
    (orders, kills): (usize, usize),
    flavour: &str,
) -> anyhow::Result<Killed> {
    let mut points = [points("connect-agent")?, points("connect-cloud")?];
    if flavour != NOTES {
        points[1].retain(|name| name != MARKED);
    }
    let mut random = StdRng::seed_from_u64(orders as u64);
    let mut killed = Killed::default();
    // One more follows each portion.
    let portion = (orders / (kills * 2)).saturating_sub(1);
    for round in 0..kills {
        for (victim, points) in [(Victim::Agent, &points[0]), (Victim::Cloud, &points[1])] {
            let left = orders.saturating_sub(landing.count().await);
            landing.place(left.min(portion)).await?;
            let at_point = round % 2 == 1;
            if at_point {
                let name = &points[round / 2 % points.len()];
                at_crash_point(world, landing, victim, name).await?;
            } else {
                at_random(world, landing, victim, &mut random).await?;
            }
            *match (victim, at_point) {
                (Victim::Agent, true) => &mut killed.agent_points,
                (Victim::Agent, false) => &mut killed.agent_random,
                (Victim::Cloud, true) => &mut killed.cloud_points,
                (Victim::Cloud, false) => &mut killed.cloud_random,
            } += 1;
        }
    }
    let left = orders.saturating_sub(landing.count().await);
    landing.place(left).await?;
    Ok(killed)
}

/// Kills the process at some moment; one that had ended otherwise is a failure, not a kill.
async fn at_random(
    world: &Arc<Mutex<World>>,
    landing: &Landing,
    victim: Victim,
    random: &mut StdRng,
) -> anyhow::Result<()> {
    tokio::time::sleep(Duration::from_millis(random.random_range(0..600))).await;
    // What was placed may have landed by now; this one has not.
    landing.place(1).await?;
    tokio::time::sleep(Duration::from_millis(random.random_range(0..50))).await;
    let mut world = world.lock().await;
    let process = process(&mut world, victim);
    let end = process.kill()?;
    ensure!(
        end.signal() == Some(SIGKILL),
        "the {victim:?} ended with {end} before it was killed: {}",
        process.tail()
    );
    restart(&mut world, victim).await
}

fn process(world: &mut World, victim: Victim) -> &mut Process {
    match victim {
        Victim::Agent => &mut world.agent,
        Victim::Cloud => &mut world.cloud,
    }
}

async fn restart(world: &mut World, victim: Victim) -> anyhow::Result<()> {
    match victim {
        Victim::Agent => world.restart_agent(&[]),
        Victim::Cloud => world.restart_cloud(&[]).await,
    }
}

/// Restarts the process so that it kills itself at the point, feeds it orders until it has, restarts.
async fn at_crash_point(
    world: &Arc<Mutex<World>>,
    landing: &Arc<Landing>,
    victim: Victim,
    point: &str,
) -> anyhow::Result<()> {
    let mut world = world.lock().await;
    let armed = [("CONNECT_CRASH_POINT", point)];
    match victim {
        Victim::Agent => {
            world.agent.kill()?;
            world.restart_agent(&armed)?;
        }
        Victim::Cloud => {
            world.cloud.kill()?;
            // It may die of its first piece of work before it could say that it is ready.
            drop(world.restart_cloud(&armed).await);
        }
    }
    for _ in 0..60 {
        landing.place(1).await?;
        let process = process(&mut world, victim);
        if process.killed_itself(Duration::from_secs(1)).await? {
            return restart(&mut world, victim).await;
        }
    }
    bail!("{point} was never passed")
}

/// Points of steps that the packaged flow does not have.
const ELSEWHERE: [&str; 2] = [".wait.", ".parts."];

fn points(binary: &str) -> anyhow::Result<Vec<String>> {
    let output = Command::new(binaries::path(binary)?)
        .env("CONNECT_CRASH_LIST", "1")
        .output()?;
    let names: Vec<String> = String::from_utf8(output.stdout)?
        .lines()
        .map(|line| line.trim().to_owned())
        .filter(|name| !ELSEWHERE.iter().any(|part| name.contains(part)))
        .collect();
    if names.is_empty() {
        return Err(anyhow::anyhow!("built without the feature crash-points"))
            .context(binary.to_owned());
    }
    Ok(names)
}
