//! When workflows start by themselves.

use super::ids::{EnvironmentId, RouteId, StoreId, TenantId};
use super::time::Micros;

/// A schedule of a workflow, for one of the routes that go by it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scheduled {
    /// Owner.
    pub tenant: TenantId,
    /// The route whose work it starts.
    pub route: RouteId,
    /// Its place among the workflow's schedules, from 0.
    pub place: i64,
    /// The route's environment.
    pub environment: EnvironmentId,
    /// The route's store.
    pub store: StoreId,
    /// The route's workflow.
    pub workflow: String,
    /// The schedule as the workflow says it, JSON.
    pub schedule: String,
    /// The store's time zone.
    pub zone: String,
    /// The next time; none: there is none.
    pub due: Option<Micros>,
}

/// An environment whose schedules were taken from settings no longer in force.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unscheduled {
    /// Owner.
    pub tenant: TenantId,
    /// Which.
    pub environment: EnvironmentId,
    /// The revision in force.
    pub revision: i64,
}
