//! Trades one-time tokens and expiring certificates for new certificates.

use std::sync::Arc;

use connect_core::domain::agent::{Agent, Certificate};
use connect_core::domain::ids::{AgentId, TenantId};
use connect_core::domain::time::Micros;
use connect_proto::tunnel::v1;
use connect_proto::tunnel::v1::enrollment_server::Enrollment;
use connect_store::AuditEntry;
use tonic::{Request, Response, Status};

use super::auth;
use super::nonces::Nonces;
use super::pki::{self, AgentLeaf, Issued};
use super::status::status;
use crate::app::Services;
use crate::error::{Error, Result};
use crate::secrets::{sha256, token};

const RENEW_CONTEXT: &[u8] = b"connect-renew-v1";
/// An agent switched off for longer needs a person and a new token.
const RENEWABLE_AFTER_EXPIRY_SECONDS: i64 = 90 * 86_400;
const LONGEST_WORD: usize = 200;

/// The enrolment service: for callers without a certificate that is still good.
#[derive(Debug)]
pub(crate) struct EnrollmentService {
    services: Arc<Services>,
    nonces: Nonces,
}

impl EnrollmentService {
    pub(crate) fn new(services: Arc<Services>) -> Self {
        Self {
            services,
            nonces: Nonces::default(),
        }
    }
}

#[tonic::async_trait]
impl Enrollment for EnrollmentService {
    async fn enroll(
        &self,
        request: Request<v1::EnrollRequest>,
    ) -> Result<Response<v1::EnrollResponse>, Status> {
        let answer = self.enroll_agent(request.into_inner()).await;
        answer.map(Response::new).map_err(|error| status(&error))
    }

    async fn challenge(
        &self,
        request: Request<v1::ChallengeRequest>,
    ) -> Result<Response<v1::ChallengeResponse>, Status> {
        let answer = self.challenge_agent(&request.into_inner());
        answer.map(Response::new).map_err(|error| status(&error))
    }

    async fn renew(
        &self,
        request: Request<v1::RenewRequest>,
    ) -> Result<Response<v1::RenewResponse>, Status> {
        let answer = self.renew_agent(request.into_inner()).await;
        answer.map(Response::new).map_err(|error| status(&error))
    }
}

impl EnrollmentService {
    async fn enroll_agent(&self, asked: v1::EnrollRequest) -> Result<v1::EnrollResponse> {
        // The request is read first: a broken one must not use the token up.
        let request = pki::Request::from_der(&asked.csr_der)?;
        let refused = || {
            Error::unauthenticated(
                "token_refused",
                "the enrolment token is unknown, used or expired; make a new one",
            )
        };
        let (tenant, token_sha256) =
            token::read_enrollment_token(&asked.token).ok_or_else(refused)?;
        let now = self.services.clock.now();
        let tokens = self.services.database.enrollment_tokens();
        let agent = tokens
            .claim(tenant, &token_sha256, now)
            .await?
            .ok_or_else(refused)?;
        let agent = self.agent(tenant, agent).await?;
        let issued = self
            .services
            .authority
            .issue_agent(&request, tenant, agent.id, now)?;
        self.replace_certificates(&agent, &issued, now).await?;
        self.note_agent(&agent, &asked.agent_version, &asked.machine_name, now)
            .await?;
        let environments = self.services.database.environments();
        let environment = environments.find(tenant, agent.environment).await?;
        tracing::info!(agent.id = %agent.id, tenant.id = %tenant, "An agent enrolled");
        Ok(v1::EnrollResponse {
            agent_id: agent.id.to_string(),
            tenant_id: tenant.to_string(),
            environment: environment.map(|found| found.name).unwrap_or_default(),
            certificate: Some(self.to_message(issued)),
        })
    }

    fn challenge_agent(&self, asked: &v1::ChallengeRequest) -> Result<v1::ChallengeResponse> {
        let agent: AgentId = asked
            .agent_id
            .parse()
            .map_err(|_| Error::invalid("bad_agent_id", "the agent id is not one"))?;
        let now = self.services.clock.now();
        let nonce = Nonces::make(&self.services.sealer, agent, now)?;
        Ok(v1::ChallengeResponse {
            nonce: nonce.bytes,
            expires_unix_ms: nonce.expires.millis(),
        })
    }

    async fn renew_agent(&self, asked: v1::RenewRequest) -> Result<v1::RenewResponse> {
        let services = &self.services;
        let now = services.clock.now();
        let request = pki::Request::from_der(&asked.csr_der)?;
        let leaf = services.authority.read_agent(&asked.certificate_der)?;
        self.check_proof(&leaf, &request, &asked, now)?;
        let agent = auth::holder(services, &leaf).await?;
        let issued = services
            .authority
            .issue_agent(&request, leaf.tenant, leaf.agent, now)?;
        let audit = renewal(&leaf, &issued, now);
        let database = services.database.audited(audit);
        database
            .certificates()
            .insert(&row(leaf.tenant, leaf.agent, &issued))
            .await?;
        self.note_agent(&agent, &asked.agent_version, &agent.machine, now)
            .await?;
        tracing::info!(agent.id = %leaf.agent, tenant.id = %leaf.tenant, "A certificate was renewed");
        Ok(v1::RenewResponse {
            certificate: Some(self.to_message(issued)),
        })
    }

    /// The caller holds the certificate's key, now, and asks for a certificate of that same key.
    fn check_proof(
        &self,
        leaf: &AgentLeaf,
        request: &pki::Request,
        asked: &v1::RenewRequest,
        now: Micros,
    ) -> Result<()> {
        let signed = [RENEW_CONTEXT, &asked.nonce, &sha256(&asked.certificate_der)].concat();
        if !pki::verify_p256(&leaf.public_point, &signed, &asked.signature) {
            return Err(Error::unauthenticated(
                "proof_refused",
                "the signature was not made with the certificate's key",
            ));
        }
        // Only now: a nonce must not be used up by somebody without the key.
        if !self
            .nonces
            .take(&self.services.sealer, leaf.agent, &asked.nonce, now)
        {
            return Err(Error::unauthenticated(
                "nonce_refused",
                "the nonce is unknown, used or expired; ask for another",
            ));
        }
        if request.key_sha256() != leaf.key_sha256 {
            return Err(Error::unauthenticated(
                "key_changed",
                "a renewal keeps the key; a new key needs an enrolment token",
            ));
        }
        if now > leaf.not_after.plus_seconds(RENEWABLE_AFTER_EXPIRY_SECONDS) {
            return Err(Error::unauthenticated(
                "certificate_too_old",
                "the certificate expired more than 90 days ago; enrol again with a new token",
            ));
        }
        Ok(())
    }

    async fn agent(&self, tenant: TenantId, id: AgentId) -> Result<Agent> {
        let found = self.services.database.agents().find(tenant, id).await?;
        found.ok_or_else(|| Error::internal(format!("agent {id} of a token does not exist")))
    }

    /// One agent is one machine: a new enrolment shuts the earlier one out.
    async fn replace_certificates(
        &self,
        agent: &Agent,
        issued: &Issued,
        now: Micros,
    ) -> Result<()> {
        let database = &self.services.database;
        database
            .certificates()
            .delete_of_agent(agent.tenant, agent.id, now)
            .await?;
        self.services.registry.kick(agent.tenant, agent.id);
        let entry = entry(agent.tenant, agent.id, "agent.enrolled", now);
        let detail = serde_json::json!({ "serial": issued.serial }).to_string();
        let database = database.audited(AuditEntry { detail, ..entry });
        let row = row(agent.tenant, agent.id, issued);
        database.certificates().insert(&row).await?;
        Ok(())
    }

    async fn note_agent(
        &self,
        agent: &Agent,
        version: &str,
        machine: &str,
        now: Micros,
    ) -> Result<()> {
        let (version, machine) = (shortened(version), shortened(machine));
        let agents = self.services.database.agents();
        agents
            .update_hello(agent.tenant, agent.id, version, machine, now)
            .await?;
        Ok(())
    }

    fn to_message(&self, issued: Issued) -> v1::Certificate {
        v1::Certificate {
            leaf_der: issued.leaf_der,
            chain_der: vec![self.services.authority.certificate().to_vec()],
            not_after_unix_ms: issued.not_after.millis(),
            renew_after_unix_ms: issued.renew_after.millis(),
        }
    }
}

/// A word an agent says of itself, at a length that lists can show.
pub(crate) fn shortened(text: &str) -> &str {
    let end = text
        .char_indices()
        .nth(LONGEST_WORD)
        .map_or(text.len(), |(at, _)| at);
    &text[..end]
}

fn row(tenant: TenantId, agent: AgentId, issued: &Issued) -> Certificate {
    Certificate {
        tenant,
        serial: issued.serial.clone(),
        agent,
        key_sha256: issued.key_sha256.clone(),
        issued: issued.made,
        not_after: issued.not_after,
        revoked: None,
    }
}

fn renewal(leaf: &AgentLeaf, issued: &Issued, now: Micros) -> AuditEntry {
    let expired_seconds = (now.0 - leaf.not_after.0).max(0) / 1_000_000;
    let detail = serde_json::json!({
        "serial": issued.serial,
        "replaces": leaf.serial,
        "expired_seconds": expired_seconds,
    });
    AuditEntry {
        detail: detail.to_string(),
        ..entry(leaf.tenant, leaf.agent, "agent.certificate_renewed", now)
    }
}

fn entry(tenant: TenantId, agent: AgentId, action: &str, now: Micros) -> AuditEntry {
    AuditEntry {
        tenant,
        happened: now,
        actor: format!("agent:{agent}"),
        action: action.to_owned(),
        target: format!("agent:{agent}"),
        detail: String::new(),
    }
}
