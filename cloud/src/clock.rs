//! Business time and new ids: the only place that reads the system clock or makes an id.

use std::fmt;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use connect_core::domain::time::Micros;
use uuid::{ContextV7, Timestamp, Uuid};

/// Tells business time.
pub trait Clock: Send + Sync + fmt::Debug {
    /// Now.
    fn now(&self) -> Micros;
}

/// The system's clock, moved by an offset that only tests set.
#[derive(Debug, Default)]
pub struct SystemClock {
    offset_micros: AtomicI64,
}

impl SystemClock {
    /// A clock that runs so many seconds ahead of the system's.
    pub fn with_offset_seconds(seconds: i64) -> Self {
        let clock = Self::default();
        clock.set_offset_seconds(seconds);
        clock
    }

    /// Moves the clock to so many seconds ahead of the system's.
    pub fn set_offset_seconds(&self, seconds: i64) {
        self.offset_micros
            .store(seconds.saturating_mul(1_000_000), Ordering::Relaxed);
    }
}

impl Clock for SystemClock {
    #[expect(
        clippy::disallowed_methods,
        reason = "the one place that reads the system's clock"
    )]
    fn now(&self) -> Micros {
        let since = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default();
        let micros = i64::try_from(since.as_micros()).unwrap_or(i64::MAX);
        Micros(micros.saturating_add(self.offset_micros.load(Ordering::Relaxed)))
    }
}

/// Makes ids that sort by the time they were made.
#[derive(Clone)]
pub struct IdSource {
    clock: Arc<dyn Clock>,
    context: Arc<Mutex<ContextV7>>,
}

impl IdSource {
    /// A source that takes its time from the clock.
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        Self {
            clock,
            context: Arc::new(Mutex::new(ContextV7::new())),
        }
    }

    /// The next id; wrap it in the type it is for.
    pub fn next(&self) -> Uuid {
        let micros = self.clock.now().0.max(0);
        let seconds = micros.div_euclid(1_000_000).unsigned_abs();
        let nanos = u32::try_from(micros.rem_euclid(1_000_000) * 1_000).unwrap_or(0);
        let context = self.context.lock().unwrap_or_else(PoisonError::into_inner);
        Uuid::new_v7(Timestamp::from_unix(&*context, seconds, nanos))
    }

    /// An id without order or time in it, for things whose id must not be guessed.
    #[expect(clippy::disallowed_methods, reason = "the one place that makes ids")]
    pub fn random(&self) -> Uuid {
        Uuid::new_v4()
    }
}

impl fmt::Debug for IdSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("IdSource").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_sort_by_the_order_they_were_made_in() {
        let ids = IdSource::new(Arc::new(SystemClock::default()));
        let made: Vec<Uuid> = (0..1_000).map(|_| ids.next()).collect();
        assert!(made.windows(2).all(|pair| pair[0] < pair[1]));
    }

    #[test]
    fn an_offset_moves_the_clock() {
        let clock = SystemClock::default();
        let before = clock.now();
        clock.set_offset_seconds(86_400);
        assert!(clock.now() >= before.plus_seconds(86_400));
    }
}
