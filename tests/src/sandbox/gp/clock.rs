//! The sandbox's clock and its fresh identities.

use jiff::tz::TimeZone;

use super::value::ticks;

/// The UTC time as ticks since 1900-01-01.
pub fn utc_now() -> i64 {
    ticks(jiff::Timestamp::now().to_zoned(TimeZone::UTC).datetime())
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
