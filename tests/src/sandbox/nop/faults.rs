//! Makes the shop misbehave on demand: statuses, delays and cut connections.

use std::sync::Mutex;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::lock;

/// A misbehaviour of calls whose path begins so.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(crate) struct Fault {
    #[serde(default)]
    path_prefix: String,
    /// Answer this status instead of doing anything.
    #[serde(default)]
    pub(crate) status: Option<u16>,
    #[serde(default)]
    delay_ms: u64,
    /// How many calls it hits; without a number, all.
    #[serde(default)]
    times: Option<u64>,
    /// Break the connection off in the middle of the answer.
    #[serde(default)]
    pub(crate) cut: bool,
}

impl Fault {
    pub(crate) fn delay(&self) -> Duration {
        Duration::from_millis(self.delay_ms)
    }
}

/// The faults waiting for their calls.
#[derive(Debug, Default)]
pub(crate) struct Faults(Mutex<Vec<Fault>>);

impl Faults {
    pub(crate) fn add(&self, fault: Fault) {
        lock(&self.0).push(fault);
    }

    pub(crate) fn clear(&self) {
        lock(&self.0).clear();
    }

    /// Takes the first fault that fits the path, and uses up one of its times.
    pub(crate) fn take(&self, path: &str) -> Option<Fault> {
        let mut faults = lock(&self.0);
        let fits = |fault: &Fault| path.starts_with(&fault.path_prefix) && fault.times != Some(0);
        let fault = faults.iter_mut().find(|fault| fits(fault))?;
        if let Some(times) = &mut fault.times {
            *times -= 1;
        }
        Some(fault.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::{Fault, Faults};

    #[test]
    fn a_fault_hits_its_path_as_often_as_asked() {
        let faults = Faults::default();
        let fault = serde_json::json!({"path_prefix": "/api/orders", "status": 503, "times": 2});
        faults.add(serde_json::from_value::<Fault>(fault).expect("a fault"));
        assert!(faults.take("/api/products").is_none());
        assert_eq!(
            faults.take("/api/orders/1").and_then(|fault| fault.status),
            Some(503)
        );
        assert!(faults.take("/api/orders").is_some());
        assert!(faults.take("/api/orders").is_none());
    }
}
