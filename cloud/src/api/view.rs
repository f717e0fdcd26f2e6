//! How things of the domain look on the wire.

mod work;

use connect_core::domain::agent::{Agent, Company};
use connect_core::domain::artifact::{Artifact, Pin, Revision};
use connect_core::domain::tenant::{Environment, Tenant};
use connect_core::domain::time::Micros;
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;
use uuid::Uuid;

pub(crate) use work::{
    EventView, FailureView, GATE_KINDS, GateView, RUN_STATES, RunView, StepView,
};

/// An instant as `2026-11-23T10:00:00.123456Z`.
pub(crate) fn instant(at: Micros) -> String {
    jiff::Timestamp::from_microsecond(at.0)
        .map(|at| at.to_string())
        .unwrap_or_default()
}

/// The name serde gives to a state or class.
pub(crate) fn word(value: impl Serialize) -> String {
    match serde_json::to_value(value) {
        Ok(Value::String(word)) => word,
        Ok(_) | Err(_) => String::new(),
    }
}

/// A customer organisation.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct TenantView {
    /// Its id.
    pub id: Uuid,
    /// What people call it.
    pub name: String,
    /// When it was made.
    pub created_at: String,
    /// An owner's key; shown once, when the tenant is made.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub api_key: Option<String>,
}

impl From<Tenant> for TenantView {
    fn from(tenant: Tenant) -> Self {
        let created_at = instant(tenant.created);
        Self {
            id: tenant.id.0,
            name: tenant.name,
            created_at,
            api_key: None,
        }
    }
}

/// A separate set of stores, companies, agents and versions.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct EnvironmentView {
    /// Its id.
    pub id: Uuid,
    /// Unique in the tenant.
    pub name: String,
    /// When it was made.
    pub created_at: String,
}

impl From<Environment> for EnvironmentView {
    fn from(environment: Environment) -> Self {
        let created_at = instant(environment.created);
        Self {
            id: environment.id.0,
            name: environment.name,
            created_at,
        }
    }
}

/// An installed agent.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct AgentView {
    /// Its id.
    pub id: Uuid,
    /// Its environment.
    pub environment_id: Uuid,
    /// What people call it.
    pub name: String,
    /// Version it last reported.
    pub version: String,
    /// Machine it last reported.
    pub machine: String,
    /// Whether a session is open now.
    pub connected: bool,
    /// When it was made.
    pub created_at: String,
    /// When it was last heard.
    pub last_seen_at: Option<String>,
    /// When it was shut out for good.
    pub revoked_at: Option<String>,
}

impl From<Agent> for AgentView {
    fn from(agent: Agent) -> Self {
        Self {
            id: agent.id.0,
            environment_id: agent.environment.0,
            name: agent.name,
            version: agent.version,
            machine: agent.machine,
            connected: agent.connected && agent.revoked.is_none(),
            created_at: instant(agent.created),
            last_seen_at: agent.last_seen.map(instant),
            revoked_at: agent.revoked.map(instant),
        }
    }
}

/// A one-time token that lets one machine become an agent.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct EnrollmentView {
    /// The agent it makes.
    pub id: Uuid,
    /// Shown once.
    pub enrollment_token: String,
    /// Not good after.
    pub expires_at: String,
    /// Where the agent enrols.
    pub enroll_url: String,
}

/// A GP company database, as its agent reports it.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct CompanyView {
    /// Its id.
    pub id: Uuid,
    /// Its environment.
    pub environment_id: Uuid,
    /// The agent that reaches it.
    pub agent_id: Uuid,
    /// INTERID: the database's name.
    pub database: String,
    /// What people call it.
    pub name: String,
    /// `unknown`, `ready`, `unreachable`, `login_refused`, `not_prepared`, `restored`, `copied`.
    pub state: String,
    /// What is wrong and what to do.
    pub detail: String,
    /// GUID of the binding.
    pub incarnation: Option<String>,
    /// Highest committed journal number seen.
    pub highest_journal: i64,
}

impl From<Company> for CompanyView {
    fn from(company: Company) -> Self {
        Self {
            id: company.id.0,
            environment_id: company.environment.0,
            agent_id: company.agent.0,
            database: company.database,
            name: company.name,
            state: word(company.state),
            detail: company.detail,
            incarnation: company.incarnation,
            highest_journal: company.highest_journal,
        }
    }
}

/// One immutable version of a workflow, mapping or profile.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ArtifactView {
    /// Unique per kind in the environment.
    pub name: String,
    /// Its environment.
    pub environment_id: Uuid,
    /// 1, 2, 3, ...
    pub version: i64,
    /// The revision that brought this version into force, when it was just published.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub revision: Option<i64>,
    /// When it was published.
    pub created_at: String,
    /// Name of the key that published it.
    pub author: String,
    /// What it says.
    #[schema(value_type = Object)]
    pub body: Value,
}

impl ArtifactView {
    /// An artifact as it stands; a body that is not JSON is shown as text.
    pub(crate) fn new(artifact: Artifact, revision: Option<i64>) -> Self {
        let body = serde_json::from_str(&artifact.body).unwrap_or(Value::String(artifact.body));
        Self {
            name: artifact.name,
            environment_id: artifact.environment.0,
            version: artifact.version,
            revision,
            created_at: instant(artifact.created),
            author: artifact.author,
            body,
        }
    }
}

/// A thing in force, without what it says.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PinView {
    /// `workflow`, `mapping`, `profile`, `route`.
    pub kind: String,
    /// Its name.
    pub name: String,
    /// The version in force.
    pub version: i64,
}

impl From<Pin> for PinView {
    fn from(pin: Pin) -> Self {
        Self {
            kind: word(pin.kind),
            name: pin.name,
            version: pin.version,
        }
    }
}

/// All versions in force at one time.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RevisionView {
    /// Its environment.
    pub environment_id: Uuid,
    /// 1, 2, 3, ... per environment.
    pub number: i64,
    /// When it came into force.
    pub created_at: String,
    /// What is in force.
    pub pins: Vec<PinView>,
}

impl From<Revision> for RevisionView {
    fn from(revision: Revision) -> Self {
        Self {
            environment_id: revision.environment.0,
            number: revision.number,
            created_at: instant(revision.created),
            pins: revision.pins.into_iter().map(PinView::from).collect(),
        }
    }
}
