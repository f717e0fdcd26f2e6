//! One watcher: cycles while the company is in order, and says how it does.

use std::sync::Arc;
use std::sync::atomic::AtomicI64;
use std::time::Duration;

use connect_proto::tunnel::v1::agent_message::Message as FromAgent;
use connect_proto::tunnel::v1::{CompanyState, WatchMeans, WatcherReport};
use tokio::sync::{mpsc, watch};
use tokio_util::sync::CancellationToken;

use super::cycle::Cycles;
use super::telling::Telling;
use super::{Pace, scope};
use crate::clock::Clock;
use crate::sqlserver::{By, Company, Watched};
use crate::state::{Progress, Seen};

/// After a cycle that broke.
const REST: Duration = Duration::from_secs(5);

/// What a watcher is made from.
#[derive(Debug)]
pub(super) struct Parts {
    pub(super) company: Arc<Company>,
    pub(super) watched: &'static Watched,
    pub(super) pace: watch::Receiver<Pace>,
    pub(super) seen: Arc<Seen>,
    pub(super) clock: Clock,
    pub(super) tell: mpsc::UnboundedSender<FromAgent>,
    pub(super) acknowledged: mpsc::UnboundedReceiver<i64>,
    /// Numbers batches, over all watchers.
    pub(super) sequence: Arc<AtomicI64>,
}

/// A watcher of a company.
#[derive(Debug)]
pub(super) struct Watcher {
    company: Arc<Company>,
    watched: &'static Watched,
    pace: watch::Receiver<Pace>,
    cycles: Cycles,
}

impl Watcher {
    pub(super) fn new(parts: Parts) -> Self {
        let scope = scope(&parts.company, parts.watched);
        let telling = Telling {
            company: parts.company.database().to_owned(),
            watcher: parts.watched.name,
            progress: Progress::default(),
            scope,
            seen: parts.seen,
            tell: parts.tell,
            acknowledged: parts.acknowledged,
            sequence: parts.sequence,
        };
        let cycles = Cycles::new(
            Arc::clone(&parts.company),
            parts.watched,
            parts.clock,
            telling,
        );
        Self {
            company: parts.company,
            watched: parts.watched,
            pace: parts.pace,
            cycles,
        }
    }

    /// Stopping between any two steps is safe: what was not acknowledged is told again.
    pub(super) async fn run(mut self, stop: CancellationToken) {
        tokio::select! {
            () = stop.cancelled() => {}
            () = self.work() => {}
        }
    }

    async fn work(&mut self) {
        let mut trouble = String::new();
        loop {
            let Pace { interval, sweep } = *self.pace.borrow_and_update();
            let mut wait = interval;
            if self.company.state() == CompanyState::Ready {
                let problem = match self.cycles.next(sweep).await {
                    Ok(()) => String::new(),
                    Err(broken) => {
                        wait = REST;
                        broken.to_string()
                    }
                };
                if problem != trouble && !problem.is_empty() {
                    let (company, watcher) = (self.company.database(), self.watched.name);
                    tracing::warn!(company, watcher, "A watcher does not come on: {problem}");
                }
                self.report(&problem);
                trouble = problem;
            }
            tokio::select! {
                () = tokio::time::sleep(wait) => {}
                // Where nobody holds the other end, stopping is on its way.
                Ok(()) = self.pace.changed() => {}
            }
        }
    }

    fn report(&self, problem: &str) {
        let means = match self.cycles.by() {
            Some(By::ChangeTracking) => WatchMeans::ChangeTracking,
            Some(By::Stamps) => WatchMeans::Stamps,
            Some(By::RowIds) => WatchMeans::RowIds,
            None => WatchMeans::Unspecified,
        };
        self.company.watcher_report(WatcherReport {
            name: self.watched.name.to_owned(),
            means: means.into(),
            detail: problem.to_owned(),
        });
    }
}
