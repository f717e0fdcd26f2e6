//! Who is connected to this process now, and the means to end a session from outside.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use connect_core::domain::ids::{AgentId, TenantId};
use tokio_util::sync::CancellationToken;

/// The sessions of this process.
#[derive(Debug, Default)]
pub struct Registry {
    sessions: Mutex<HashMap<(TenantId, AgentId), Entry>>,
}

#[derive(Debug)]
struct Entry {
    epoch: i64,
    end: CancellationToken,
}

impl Registry {
    /// Whether this process holds the agent's session.
    pub fn connected(&self, tenant: TenantId, agent: AgentId) -> bool {
        self.lock().contains_key(&(tenant, agent))
    }

    /// How many agents are connected to this process.
    pub fn count(&self) -> usize {
        self.lock().len()
    }

    /// Ends the agent's session at once; whether it had one here.
    pub fn kick(&self, tenant: TenantId, agent: AgentId) -> bool {
        let entry = self.lock().remove(&(tenant, agent));
        entry.inspect(|entry| entry.end.cancel()).is_some()
    }

    /// Notes a session; an older one of the same agent is told to end.
    pub(crate) fn enter(
        &self,
        tenant: TenantId,
        agent: AgentId,
        epoch: i64,
        end: CancellationToken,
    ) {
        let entry = Entry { epoch, end };
        if let Some(older) = self.lock().insert((tenant, agent), entry) {
            older.end.cancel();
        }
    }

    /// Forgets a session, unless a newer one has taken its place.
    pub(crate) fn leave(&self, tenant: TenantId, agent: AgentId, epoch: i64) {
        let mut sessions = self.lock();
        if sessions
            .get(&(tenant, agent))
            .is_some_and(|entry| entry.epoch == epoch)
        {
            sessions.remove(&(tenant, agent));
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<(TenantId, AgentId), Entry>> {
        self.sessions.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
