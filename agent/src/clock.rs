//! The one place that reads the wall clock and makes ids.

use std::time::{SystemTime, UNIX_EPOCH};

/// Tells the time; the only source of "now" in the agent.
#[derive(Debug, Clone, Copy, Default)]
pub struct Clock {
    offset_ms: i64,
}

impl Clock {
    /// Makes a clock that runs `offset_ms` ahead of the machine's.
    pub fn with_offset(offset_ms: i64) -> Self {
        Self { offset_ms }
    }

    /// A new random identifier.
    #[expect(clippy::disallowed_methods, reason = "the source of ids")]
    pub fn new_id(&self) -> String {
        uuid::Uuid::new_v4().to_string()
    }

    /// Milliseconds since 1970-01-01T00:00:00Z.
    #[expect(clippy::disallowed_methods, reason = "the source of time")]
    pub fn now_unix_ms(&self) -> i64 {
        let since = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default();
        i64::try_from(since.as_millis())
            .unwrap_or(i64::MAX)
            .saturating_add(self.offset_ms)
    }
}
