//! Versioned settings: workflows, mappings, lookup tables, profiles and routes, and the revisions that list them.

use serde::{Deserialize, Serialize};

use super::ids::{CompanyId, EnvironmentId, RouteId, StoreId, TenantId};
use super::time::Micros;

/// What kind of thing is versioned.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ArtifactKind {
    /// A graph of steps.
    Workflow,
    /// Rules that build one document from another.
    Mapping,
    /// A table of which values belong to which keys.
    Lookup,
    /// Settings of a packaged flow for a store and company pair.
    Profile,
    /// Store to company rule; its body is a [`Route`].
    Route,
}

/// One immutable version of one thing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Artifact {
    /// Owner.
    pub tenant: TenantId,
    /// The environment it belongs to.
    pub environment: EnvironmentId,
    /// What it is.
    pub kind: ArtifactKind,
    /// Unique per kind in the environment.
    pub name: String,
    /// 1, 2, 3, ...
    pub version: i64,
    /// JSON.
    pub body: String,
    /// When it was published.
    pub created: Micros,
    /// Who published it.
    pub author: String,
}

/// One line of a revision.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pin {
    /// What it is.
    pub kind: ArtifactKind,
    /// Its name.
    pub name: String,
    /// The version in force.
    pub version: i64,
}

/// All versions in force in an environment at one time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Revision {
    /// Owner.
    pub tenant: TenantId,
    /// The environment.
    pub environment: EnvironmentId,
    /// 1, 2, 3, ... per environment.
    pub number: i64,
    /// What is in force.
    pub pins: Vec<Pin>,
    /// When it came into force.
    pub created: Micros,
}

/// This store's work goes to that company, by that workflow and profile.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Route {
    /// Its id.
    pub id: RouteId,
    /// From.
    pub store: StoreId,
    /// To.
    pub company: CompanyId,
    /// Name of the workflow.
    pub workflow: String,
    /// Name of the profile.
    pub profile: String,
    /// Off routes take nothing.
    pub enabled: bool,
}
