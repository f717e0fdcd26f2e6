//! When a session does something of its own accord.

use std::future::pending;
use std::time::Duration;

use rand::RngExt as _;
use tokio::time::{Instant, MissedTickBehavior, interval, sleep_until};

/// Waits for a moment; for ever when there is none.
pub(super) async fn at(when: Option<Instant>) {
    match when {
        Some(when) => sleep_until(when).await,
        None => pending().await,
    }
}

/// Ticks that are not made up for.
pub(super) fn ticks(every: Duration) -> tokio::time::Interval {
    let mut ticks = interval(every);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    ticks
}

/// The age give or take a tenth, so that sessions begun together do not end together.
pub(super) fn jittered(seconds: u32) -> Duration {
    let factor = rand::rng().random_range(0.9..1.1);
    Duration::from_secs(u64::from(seconds)).mul_f64(factor)
}
