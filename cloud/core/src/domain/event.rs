//! Something that happened, stored before anything else is done with it.

use serde::{Deserialize, Serialize};

use super::ids::{EnvironmentId, EventId, RouteId, StoreId, TenantId};
use super::time::Micros;

/// How we came to know.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Source {
    /// The store called.
    Webhook,
    /// A look through the store's API found it.
    Poll,
    /// A person asked.
    Manual,
    /// A replay of an earlier run.
    Replay,
    /// Its time had come.
    Schedule,
    /// Something changed in GP.
    Change,
}

/// An event as received.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// Owner.
    pub tenant: TenantId,
    /// Its id.
    pub id: EventId,
    /// The environment of its store.
    pub environment: EnvironmentId,
    /// Where it happened.
    pub store: StoreId,
    /// How we came to know.
    pub source: Source,
    /// Unique per store: the webhook's id, or one made from what a poll found.
    pub delivery: String,
    /// `order.placed`, ...
    pub topic: String,
    /// `order`, `customer`, ...
    pub entity: String,
    /// nop's id of the entity.
    pub entity_id: String,
    /// When it happened, by the store's word.
    pub occurred: Micros,
    /// When it was stored.
    pub received: Micros,
    /// Revision of the environment then.
    pub revision: i64,
    /// The route it is meant for; without one the store's routes decide.
    pub route: Option<RouteId>,
    /// What came with it, JSON: what changed in GP, what a person or a program handed in.
    pub body: Option<String>,
}
