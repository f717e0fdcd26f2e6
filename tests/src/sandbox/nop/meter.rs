//! Counts what the shop was asked, and what it cost.

use std::collections::BTreeMap;
use std::sync::Mutex;

use serde_json::{Value, json};

use super::lock;

/// The kernel counts processor time in hundredths of a second.
const TICKS_PER_SECOND: u64 = 100;

/// Calls by method and path pattern.
#[derive(Debug, Default)]
pub(crate) struct Meter {
    calls: Mutex<BTreeMap<String, u64>>,
}

impl Meter {
    pub(crate) fn count(&self, method: &str, path: &str) {
        *lock(&self.calls)
            .entry(format!("{method} {}", pattern(path)))
            .or_default() += 1;
    }

    pub(crate) fn read(&self) -> Value {
        let calls = lock(&self.calls);
        let total: u64 = calls.values().sum();
        json!({ "calls": *calls, "calls_total": total, "cpu_seconds": cpu_seconds() })
    }
}

/// Replaces what names one entity in a path.
fn pattern(path: &str) -> String {
    let segment = |segment: &str| {
        let id = segment.contains(|c: char| c.is_ascii_digit());
        if id && !segment.starts_with("backend_") {
            "{id}".to_owned()
        } else {
            segment.to_owned()
        }
    };
    path.split('/').map(segment).collect::<Vec<_>>().join("/")
}

/// Reads the processor time of this process, user and system together, as text with two decimals.
pub(crate) fn cpu_seconds() -> String {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    // The process name is in brackets and may hold blanks; times are fields 14 and 15.
    let after_name = stat.rsplit_once(')').map_or("", |(_, rest)| rest);
    let fields: Vec<&str> = after_name.split_whitespace().collect();
    let ticks = |index: usize| {
        fields
            .get(index)
            .and_then(|t| t.parse::<u64>().ok())
            .unwrap_or(0)
    };
    let total = ticks(11) + ticks(12);
    format!(
        "{}.{:02}",
        total / TICKS_PER_SECOND,
        total % TICKS_PER_SECOND
    )
}

#[cfg(test)]
mod tests {
    use super::{Meter, cpu_seconds};

    #[test]
    fn calls_are_counted_by_pattern() {
        let meter = Meter::default();
        meter.count("GET", "/api/orders/12");
        meter.count("GET", "/api/orders/13");
        let read = meter.read();
        assert_eq!(read["calls"]["GET /api/orders/{id}"], 2);
        assert!(cpu_seconds().contains('.'));
    }
}
