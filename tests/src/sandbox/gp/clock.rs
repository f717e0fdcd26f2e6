//! The sandbox's clock and its fresh identities.

use std::sync::atomic::{AtomicI64, Ordering};

use jiff::tz::TimeZone;

use super::value::ticks;

/// How far the sandboxes of this process are ahead of the machine, in seconds.
static AHEAD: AtomicI64 = AtomicI64::new(0);

/// Sets the clock so many seconds ahead of the machine's.
pub fn set_ahead(seconds: i64) {
    AHEAD.store(seconds, Ordering::Relaxed);
}

/// The UTC time as ticks since 1900-01-01.
pub fn utc_now() -> i64 {
    let ahead = jiff::SignedDuration::from_secs(AHEAD.load(Ordering::Relaxed));
    let now = jiff::Timestamp::now().saturating_add(ahead);
    let now = now.unwrap_or(jiff::Timestamp::MAX);
    ticks(now.to_zoned(TimeZone::UTC).datetime())
}

/// The server's local time, which is UTC for the sandbox's server.
pub fn now() -> i64 {
    utc_now()
}

/// Today's date as ticks.
pub fn today() -> i64 {
    now().div_euclid(super::value::DAY) * super::value::DAY
}

/// A fresh guid in SQL Server's spelling.
pub fn new_guid() -> String {
    uuid::Uuid::new_v4()
        .hyphenated()
        .to_string()
        .to_ascii_uppercase()
}
