//! Tenants, their environments and the keys to their API.

use serde::{Deserialize, Serialize};

use super::ids::{ApiKeyId, EnvironmentId, TenantId};
use super::time::Micros;

/// One customer organisation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tenant {
    /// Its id, first part of every tenant table's key.
    pub id: TenantId,
    /// What people call it.
    pub name: String,
    /// Its data key, wrapped by the master key.
    pub wrapped_key: Vec<u8>,
    /// When it was made.
    pub created: Micros,
}

/// A separate set of stores, companies, agents and versions inside a tenant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Environment {
    /// Owner.
    pub tenant: TenantId,
    /// Its id.
    pub id: EnvironmentId,
    /// Unique in the tenant: "production", "test".
    pub name: String,
    /// When it was made.
    pub created: Micros,
}

/// What a key's holder may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Everything in the tenant.
    Owner,
    /// Works on runs and dead letters, reads everything.
    Operator,
    /// Reads.
    Viewer,
}

/// A bearer key for the web API; only the hash of its secret is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApiKey {
    /// Owner; the key text carries it, so that a look-up binds the tenant.
    pub tenant: TenantId,
    /// Its id.
    pub id: ApiKeyId,
    /// What people call it.
    pub name: String,
    /// SHA-256 of the secret part.
    pub secret_sha256: Vec<u8>,
    /// What it may do.
    pub role: Role,
    /// When it was made.
    pub created: Micros,
    /// When it was withdrawn.
    pub revoked: Option<Micros>,
}
