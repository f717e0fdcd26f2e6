//! Notices what changes in GP and tells the cloud: one task for each watcher of a company.

mod compare;
mod cycle;
mod telling;
mod watcher;

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::AtomicI64;
use std::time::Duration;

use connect_proto::tunnel::v1::agent_message::Message as FromAgent;
use connect_proto::tunnel::v1::{ChangeAck, Watch, WatchMeans, Watcher as Wanted, WatcherReport};
use tokio::sync::{mpsc, watch};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::clock::Clock;
use crate::sqlserver::{Company, Gp, WATCHED, Watched};
use crate::state::Seen;
use watcher::Watcher;

const USUAL_INTERVAL: Duration = Duration::from_secs(1);
const SHORTEST_INTERVAL: Duration = Duration::from_millis(250);
const USUAL_SWEEP: Duration = Duration::from_hours(24);

/// What the tunnel hands on.
#[derive(Debug, PartialEq)]
pub enum Order {
    /// What the cloud wants to be noticed in a company.
    Told(Watch),
    Acknowledged(ChangeAck),
    /// The session has ended: the next one says anew what is wanted.
    Down,
}

/// What watchers are made from.
#[derive(Debug)]
pub struct Parts {
    pub gp: Arc<Gp>,
    pub seen: Arc<Seen>,
    pub clock: Clock,
    /// Where batches go.
    pub tell: mpsc::UnboundedSender<FromAgent>,
    pub orders: mpsc::UnboundedReceiver<Order>,
}

/// How often a watcher looks, and how often it reads everything.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Pace {
    interval: Duration,
    sweep: Duration,
}

/// A watcher at work.
struct Running {
    pace: watch::Sender<Pace>,
    acks: mpsc::UnboundedSender<i64>,
    stop: CancellationToken,
}

/// Company and watcher.
type Name = (String, String);

/// Runs watchers as the cloud wants them, until the end.
pub async fn run(mut parts: Parts, ended: CancellationToken) {
    let sequence = Arc::new(AtomicI64::new(0));
    let tasks = TaskTracker::new();
    let mut running: HashMap<Name, Running> = HashMap::new();
    loop {
        let order = tokio::select! {
            () = ended.cancelled() => break,
            order = parts.orders.recv() => order,
        };
        match order {
            None => break,
            Some(Order::Down) => {
                for (_, watcher) in running.drain() {
                    watcher.stop.cancel();
                }
            }
            Some(Order::Acknowledged(ack)) => {
                if let Some(watcher) = running.get(&(ack.company, ack.watcher)) {
                    // A watcher that has stopped waits for nothing.
                    watcher.acks.send(ack.sequence).ok();
                }
            }
            Some(Order::Told(told)) => {
                let Some(company) = parts.gp.company(&told.company) else {
                    continue;
                };
                stop_unwanted(&mut running, &told);
                for wanted in told.watchers {
                    begin(&parts, company, wanted, &sequence, &tasks, &mut running);
                }
            }
        }
    }
    for watcher in running.values() {
        watcher.stop.cancel();
    }
    tasks.close();
    tasks.wait().await;
}

/// What is no longer wanted ends; its task leaves nothing half done.
fn stop_unwanted(running: &mut HashMap<Name, Running>, told: &Watch) {
    running.retain(|(company, name), watcher| {
        let wanted = told.watchers.iter().any(|wanted| wanted.name == *name);
        let stays = *company != told.company || wanted;
        if !stays {
            watcher.stop.cancel();
        }
        stays
    });
}

fn begin(
    parts: &Parts,
    company: &Arc<Company>,
    wanted: Wanted,
    sequence: &Arc<AtomicI64>,
    tasks: &TaskTracker,
    running: &mut HashMap<Name, Running>,
) {
    let name = (company.database().to_owned(), wanted.name.clone());
    if let Some(watcher) = running.get(&name) {
        // It goes on, with the acknowledgements that are on their way to it.
        let wanted = pace(&wanted);
        watcher
            .pace
            .send_if_modified(|pace| std::mem::replace(pace, wanted) != wanted);
        return;
    }
    let Some(watched) = WATCHED.iter().find(|known| known.name == wanted.name) else {
        company.watcher_report(WatcherReport {
            name: wanted.name,
            means: WatchMeans::Unspecified.into(),
            detail: "This version of the agent does not know it; update the agent.".to_owned(),
        });
        return;
    };
    let (acks, acknowledged) = mpsc::unbounded_channel();
    let stop = CancellationToken::new();
    let (pace, told) = watch::channel(pace(&wanted));
    let watcher = Watcher::new(watcher::Parts {
        company: Arc::clone(company),
        watched,
        pace: told,
        seen: Arc::clone(&parts.seen),
        clock: parts.clock,
        tell: parts.tell.clone(),
        acknowledged,
        sequence: Arc::clone(sequence),
    });
    tasks.spawn(watcher.run(stop.clone()));
    running.insert(name, Running { pace, acks, stop });
}

fn pace(wanted: &Wanted) -> Pace {
    let interval = match wanted.interval_ms {
        0 => USUAL_INTERVAL,
        ms => Duration::from_millis(u64::from(ms)).max(SHORTEST_INTERVAL),
    };
    let sweep = match wanted.sweep_seconds {
        0 => USUAL_SWEEP,
        seconds => Duration::from_secs(u64::from(seconds)),
    };
    Pace { interval, sweep }
}

/// Where a watcher's memory of a company is kept.
fn scope(company: &Company, watched: &Watched) -> String {
    format!("{}/{}", company.database(), watched.name)
}
