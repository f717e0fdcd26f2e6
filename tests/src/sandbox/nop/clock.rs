//! The shop's clock: the machine's time, moved by what a test asks for.

use std::sync::atomic::{AtomicI64, Ordering};

use jiff::{SignedDuration, Timestamp};

/// Tells the time in the shop.
#[derive(Debug, Default)]
pub(crate) struct Clock {
    offset_seconds: AtomicI64,
}

impl Clock {
    pub(crate) fn now(&self) -> Timestamp {
        let offset = SignedDuration::from_secs(self.offset_seconds.load(Ordering::Relaxed));
        let now = Timestamp::now()
            .checked_add(offset)
            .unwrap_or(Timestamp::UNIX_EPOCH);
        // The shop's database keeps microseconds.
        Timestamp::from_microsecond(now.as_microsecond()).unwrap_or(now)
    }

    /// Lets the shop's clock run that many seconds off.
    pub(crate) fn skew(&self, seconds: i64) {
        self.offset_seconds.store(seconds, Ordering::Relaxed);
    }
}
