//! Agents, their enrolment and certificates, and the companies behind them.

use serde::{Deserialize, Serialize};

use super::ids::{AgentId, CompanyId, EnvironmentId, TenantId};
use super::time::Micros;

/// One installed agent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Agent {
    /// Owner.
    pub tenant: TenantId,
    /// Its id, also in its certificate.
    pub id: AgentId,
    /// The environment it belongs to.
    pub environment: EnvironmentId,
    /// What people call it.
    pub name: String,
    /// Version it last reported.
    pub version: String,
    /// Machine it last reported.
    pub machine: String,
    /// When it was made.
    pub created: Micros,
    /// When it was last heard.
    pub last_seen: Option<Micros>,
    /// Whether a session is open now.
    pub connected: bool,
    /// When it was shut out for good.
    pub revoked: Option<Micros>,
}

/// A one-time token that lets one machine become an agent; only its hash is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EnrollmentToken {
    /// Owner; the token text carries it.
    pub tenant: TenantId,
    /// SHA-256 of the token.
    pub token_sha256: Vec<u8>,
    /// The agent it makes.
    pub agent: AgentId,
    /// Not good after.
    pub expires: Micros,
    /// When it was used.
    pub used: Option<Micros>,
}

/// A certificate given to an agent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Certificate {
    /// Owner.
    pub tenant: TenantId,
    /// Serial number, lower-case hex.
    pub serial: String,
    /// Its holder.
    pub agent: AgentId,
    /// SHA-256 of the public key.
    pub key_sha256: Vec<u8>,
    /// When it was signed.
    pub issued: Micros,
    /// Not good after.
    pub not_after: Micros,
    /// When it was withdrawn.
    pub revoked: Option<Micros>,
}

/// What an agent last said of a company database.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CompanyState {
    /// Never reported.
    Unknown,
    /// Takes work.
    Ready,
    /// SQL Server does not answer.
    Unreachable,
    /// SQL Server refuses the login.
    LoginRefused,
    /// Schema `connect` is missing or out of reach.
    NotPrepared,
    /// The database is older than what was written.
    Restored,
    /// The database belongs elsewhere.
    Copied,
    /// Its owner has decided; the agent is being told to bind it anew.
    Rebinding,
}

/// A GP company database.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Company {
    /// Owner.
    pub tenant: TenantId,
    /// Its id.
    pub id: CompanyId,
    /// The environment it belongs to.
    pub environment: EnvironmentId,
    /// The agent that reaches it.
    pub agent: AgentId,
    /// INTERID: the database's name.
    pub database: String,
    /// What people call it.
    pub name: String,
    /// As last reported.
    pub state: CompanyState,
    /// What is wrong and what to do.
    pub detail: String,
    /// GUID of the binding the cloud knows.
    pub incarnation: Option<String>,
    /// Highest committed journal number the cloud has seen.
    pub highest_journal: i64,
}
