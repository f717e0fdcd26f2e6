//! Who a client certificate belongs to, and whether it may still come in.

use std::sync::Arc;

use connect_core::domain::agent::Agent;
use connect_core::domain::ids::{AgentId, TenantId};
use connect_core::domain::time::Micros;
use rustls::pki_types::CertificateDer;

use super::pki::AgentLeaf;
use crate::app::Services;
use crate::error::{Error, Result};

/// An agent that proved who it is.
#[derive(Clone, Debug)]
pub(crate) struct Identity {
    pub(crate) agent: Agent,
    pub(crate) serial: String,
    pub(crate) not_after: Micros,
}

impl Identity {
    pub(crate) fn tenant(&self) -> TenantId {
        self.agent.tenant
    }

    pub(crate) fn id(&self) -> AgentId {
        self.agent.id
    }
}

/// Finds the agent behind a connection's client certificate. TLS has checked that the caller
/// holds the key; the tables say whether the certificate is still good.
pub(crate) async fn authenticate(
    services: &Services,
    presented: Option<&Arc<Vec<CertificateDer<'static>>>>,
) -> Result<Identity> {
    let leaf = presented.and_then(|chain| chain.first()).ok_or_else(|| {
        Error::unauthenticated("certificate_required", "a client certificate is required")
    })?;
    let leaf = services.authority.read_agent(leaf)?;
    if services.clock.now() > leaf.not_after {
        return Err(Error::unauthenticated(
            "certificate_expired",
            "the client certificate is expired",
        ));
    }
    let agent = holder(services, &leaf).await?;
    Ok(Identity {
        agent,
        serial: leaf.serial,
        not_after: leaf.not_after,
    })
}

/// The agent that holds this certificate, if neither is withdrawn.
pub(crate) async fn holder(services: &Services, leaf: &AgentLeaf) -> Result<Agent> {
    let database = &services.database;
    let known = database
        .certificates()
        .find(leaf.tenant, &leaf.serial)
        .await?
        .filter(|known| known.agent == leaf.agent && known.key_sha256 == leaf.key_sha256)
        .ok_or_else(|| {
            Error::unauthenticated("certificate_refused", "the certificate is not accepted")
        })?;
    let agent = database.agents().find(leaf.tenant, leaf.agent).await?;
    match agent {
        Some(agent) if agent.revoked.is_none() && known.revoked.is_none() => Ok(agent),
        Some(_) | None => Err(Error::unauthenticated(
            "agent_revoked",
            "the agent or its certificate was revoked",
        )),
    }
}
