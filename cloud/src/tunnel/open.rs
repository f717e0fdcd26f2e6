//! Begins a session: who is it, what does it say of itself, is there a protocol both speak.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use connect_core::domain::ids::CommandId;
use connect_core::domain::lane::{GateKey, GateKind};
use connect_proto::tunnel::v1;
use connect_proto::tunnel::v1::agent_message::Message as FromAgent;
use connect_proto::tunnel::v1::cloud_message::Message as ToAgent;
use connect_proto::tunnel::v1::tunnel_server::Tunnel;
use tokio::sync::mpsc;
use tokio_stream::wrappers::UnboundedReceiverStream;
use tokio_util::sync::CancellationToken;
use tonic::{Request, Response, Status, Streaming};

use super::auth::{self, Identity};
use super::company::Reports;
use super::dispatch::Dispatch;
use super::enrol::shortened;
use super::session::{Outgoing, Session};
use super::status::status;
use crate::app::Services;
use crate::error::{Error, Result};

const PROTOCOL: u32 = 1;
const HELLO_TIMEOUT: Duration = Duration::from_secs(10);

/// The work stream's service.
#[derive(Debug)]
pub(crate) struct TunnelService {
    services: Arc<Services>,
}

impl TunnelService {
    pub(crate) fn new(services: Arc<Services>) -> Self {
        Self { services }
    }
}

#[tonic::async_trait]
impl Tunnel for TunnelService {
    type SessionStream = UnboundedReceiverStream<Result<v1::CloudMessage, Status>>;

    async fn session(
        &self,
        request: Request<Streaming<v1::AgentMessage>>,
    ) -> Result<Response<Self::SessionStream>, Status> {
        let services = &self.services;
        let identity = auth::authenticate(services, request.peer_certs().as_ref())
            .await
            .map_err(|error| status(&error))?;
        if services.shutdown.is_cancelled() {
            return Err(Status::unavailable("shutting down"));
        }
        let mut inbound = request.into_inner();
        let hello = hello(&mut inbound).await?;
        let (sender, receiver) = mpsc::unbounded_channel();
        let session = open(services, identity, hello, Outgoing::new(sender))
            .await
            .map_err(|error| status(&error))?;
        services.tasks.spawn(session.run(inbound));
        Ok(Response::new(UnboundedReceiverStream::new(receiver)))
    }
}

async fn hello(inbound: &mut Streaming<v1::AgentMessage>) -> Result<v1::Hello, Status> {
    let first = tokio::time::timeout(HELLO_TIMEOUT, inbound.message())
        .await
        .map_err(|_| Status::deadline_exceeded("no hello came"))??;
    let message = first.and_then(|first| first.message);
    let Some(FromAgent::Hello(hello)) = message else {
        return Err(Status::invalid_argument("the first message must be hello"));
    };
    Ok(hello)
}

async fn open(
    services: &Arc<Services>,
    identity: Identity,
    hello: v1::Hello,
    outgoing: Outgoing,
) -> Result<Session> {
    if !(hello.protocol_min..=hello.protocol_max).contains(&PROTOCOL) {
        let message = format!("this cloud speaks protocol {PROTOCOL}; update the agent");
        return Err(Error::invalid("protocol_unsupported", message));
    }
    let (tenant, agent) = (identity.tenant(), identity.id());
    let now = services.clock.now();
    let epoch = services
        .database
        .sessions()
        .claim(tenant, agent, services.replica, now)
        .await?;
    let end = CancellationToken::new();
    services.registry.enter(tenant, agent, epoch, end.clone());
    let (version, machine) = (
        shortened(&hello.agent_version),
        shortened(&hello.machine_name),
    );
    let agents = services.database.agents();
    agents
        .update_hello(tenant, agent, version, machine, now)
        .await?;
    outgoing.send(ToAgent::Welcome(welcome(services, epoch)));
    let mut session = Session::new(services.clone(), identity, epoch, end, outgoing);
    session.dispatch = Dispatch::new(in_flight(&hello));
    session.reports = Reports::default();
    for report in hello.companies {
        session.company_reported(report).await?;
    }
    reopen_gate(services, &session.identity).await?;
    tracing::info!(
        agent.id = %agent,
        tenant.id = %tenant,
        agent.version = shortened(&hello.agent_version),
        session.epoch = epoch,
        "An agent is connected"
    );
    Ok(session)
}

/// Work parked because nobody held the agent's session goes on now.
async fn reopen_gate(services: &Services, identity: &Identity) -> Result<()> {
    let key = GateKey {
        kind: GateKind::Agent,
        target: identity.id().0,
    };
    let gates = services.database.gates();
    if gates.find(identity.tenant(), key).await?.is_some() {
        gates
            .delete(identity.tenant(), key, services.clock.now())
            .await?;
    }
    Ok(())
}

fn welcome(services: &Services, epoch: i64) -> v1::Welcome {
    v1::Welcome {
        protocol: PROTOCOL,
        session_id: format!("{}/{epoch}", services.replica),
        clock_unix_ms: services.clock.now().millis(),
        heartbeat_seconds: services.config.tunnel.heartbeat_seconds,
        renew_after_unix_ms: 0,
        settings: Some(v1::Settings::default()),
    }
}

fn in_flight(hello: &v1::Hello) -> HashSet<CommandId> {
    let known = hello.commands_in_flight.iter();
    known.filter_map(|id| id.parse().ok()).collect()
}
