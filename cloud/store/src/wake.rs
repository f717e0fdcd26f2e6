//! Wake-ups inside the process, sent at commit; polling stays the truth.

use connect_core::domain::ids::{AgentId, TenantId};
use tokio::sync::{broadcast, watch};

use crate::conn::Wakes;

const COMMANDS_KEPT: usize = 4096;

#[derive(Debug)]
pub(crate) struct Wake {
    lanes: watch::Sender<u64>,
    commands: broadcast::Sender<(TenantId, AgentId)>,
}

impl Wake {
    pub(crate) fn new() -> Self {
        Self {
            lanes: watch::Sender::new(0),
            commands: broadcast::Sender::new(COMMANDS_KEPT),
        }
    }

    pub(crate) fn subscribe_lanes(&self) -> watch::Receiver<u64> {
        self.lanes.subscribe()
    }

    pub(crate) fn subscribe_commands(&self) -> broadcast::Receiver<(TenantId, AgentId)> {
        self.commands.subscribe()
    }

    pub(crate) fn fire(&self, wakes: Wakes) {
        if wakes.lanes {
            self.lanes
                .send_modify(|count| *count = count.wrapping_add(1));
        }
        for target in wakes.commands {
            // Nobody listening is no error: the rows are there for whoever looks.
            drop(self.commands.send(target));
        }
    }
}
