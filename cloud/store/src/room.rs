//! How many lanes a claim may take, and of whom.

use std::collections::HashMap;

use connect_core::domain::time::Micros;
use uuid::Uuid;

/// How many lanes to take.
#[derive(Clone, Debug, Default)]
pub struct Room {
    /// In all.
    pub lanes: i64,
    /// Of one group, with those its worker holds already.
    pub of_group: i64,
    /// Lanes the worker holds, by group.
    pub held: HashMap<Uuid, i64>,
    /// Look for leases that ran out first: once a second is enough.
    pub sweep: bool,
}

impl Room {
    /// So many, of whatever group.
    pub fn of(lanes: i64) -> Self {
        Self {
            lanes,
            of_group: i64::MAX,
            held: HashMap::new(),
            sweep: true,
        }
    }

    pub(crate) fn left(&self, group: Uuid) -> i64 {
        let held = self.held.get(&group).copied().unwrap_or(0);
        self.lanes.min(self.of_group.saturating_sub(held)).max(0)
    }

    pub(crate) fn take(&mut self, group: Uuid) {
        self.lanes -= 1;
        *self.held.entry(group).or_default() += 1;
    }
}

/// Which group goes first changes from claim to claim.
pub(crate) fn rotation(now: Micros, groups: usize) -> Option<usize> {
    usize::try_from(now.millis()).ok()?.checked_rem(groups)
}

/// How much of the room each of so many groups gets first.
pub(crate) fn share(limit: i64, groups: usize) -> i64 {
    let groups = i64::try_from(groups.max(1)).unwrap_or(i64::MAX);
    ((limit + groups - 1) / groups).max(1)
}
