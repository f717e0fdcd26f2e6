//! How long the worker's lease is good for at least, by this process's own clock.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// A lease of one length, renewed again and again.
#[derive(Debug)]
pub(super) struct Lease {
    length: Duration,
    /// When the last renewal that came through was asked for.
    asked: Mutex<Option<Instant>>,
}

impl Lease {
    /// A lease not held yet.
    pub(super) fn new(length: Duration) -> Self {
        Self {
            length,
            asked: Mutex::new(None),
        }
    }

    /// Its length.
    pub(super) fn length(&self) -> Duration {
        self.length
    }

    /// Notes a renewal, asked for at that moment: the database counted from then, or later.
    pub(super) fn renewed(&self, asked: Instant) {
        *self.asked.lock().unwrap_or_else(PoisonError::into_inner) = Some(asked);
    }

    /// What is left of it at least.
    pub(super) fn left(&self) -> Duration {
        let asked = *self.asked.lock().unwrap_or_else(PoisonError::into_inner);
        asked.map_or(Duration::ZERO, |asked| {
            self.length.saturating_sub(asked.elapsed())
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lease_runs_out_unless_it_is_renewed() {
        let lease = Lease::new(Duration::from_secs(15));
        assert_eq!(lease.left(), Duration::ZERO);
        let asked = Instant::now();
        lease.renewed(asked);
        assert!(lease.left() > Duration::from_secs(14));
        let long_ago = asked.checked_sub(Duration::from_secs(20));
        lease.renewed(long_ago.unwrap_or(asked));
        assert_eq!(lease.left(), Duration::ZERO);
    }
}
