//! A small cloud for the agent's own tests: enrolment, renewal and one scripted session at a time.

use std::net::SocketAddr;
use std::path::Path;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use connect_proto::tunnel::v1::agent_message::Message as FromAgent;
use connect_proto::tunnel::v1::cloud_message::Message as FromCloud;
use connect_proto::tunnel::v1::enrollment_server::{Enrollment, EnrollmentServer};
use connect_proto::tunnel::v1::tunnel_server::{Tunnel, TunnelServer};
use connect_proto::tunnel::v1::{
    AgentMessage, Certificate, ChallengeRequest, ChallengeResponse, CloudMessage, EnrollRequest,
    EnrollResponse, RenewRequest, RenewResponse, Welcome,
};
use futures::Stream;
use rcgen::{
    BasicConstraints, CertificateParams, CertificateSigningRequestParams, CertifiedIssuer, DnType,
    ExtendedKeyUsagePurpose, IsCa, KeyPair,
};
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tokio_stream::StreamExt;
use tokio_stream::wrappers::{ReceiverStream, TcpListenerStream};
use tonic::transport::{Identity, Server, ServerTlsConfig};
use tonic::{Request, Response, Status, Streaming};

/// A session the agent opened, from the cloud's side.
pub(crate) struct Session {
    pub(crate) to_agent: mpsc::Sender<Result<CloudMessage, Status>>,
    pub(crate) from_agent: mpsc::Receiver<FromAgent>,
}

/// What the cloud counts.
#[derive(Debug, Default)]
pub(crate) struct Counts {
    pub(crate) enrolled: u32,
    pub(crate) renewed: u32,
}

pub(crate) struct Cloud {
    pub(crate) address: SocketAddr,
    pub(crate) ca_pem: String,
    pub(crate) sessions: mpsc::Receiver<Session>,
    pub(crate) counts: Arc<Mutex<Counts>>,
}

#[derive(Clone)]
struct Service {
    issuer: Arc<CertifiedIssuer<'static, KeyPair>>,
    sessions: mpsc::Sender<Session>,
    counts: Arc<Mutex<Counts>>,
    /// When certificates made now may be renewed, in milliseconds from now.
    renew_after_ms: i64,
    now_unix_ms: i64,
}

impl Cloud {
    /// Starts on a free port.
    pub(crate) async fn start(now_unix_ms: i64, renew_after_ms: i64) -> Self {
        let issuer = Arc::new(authority());
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (sender, sessions) = mpsc::channel(4);
        let counts = Arc::default();
        let service = Service {
            issuer: Arc::clone(&issuer),
            sessions: sender,
            counts: Arc::clone(&counts),
            renew_after_ms,
            now_unix_ms,
        };
        let ca_pem = issuer.pem();
        let tls = ServerTlsConfig::new()
            .identity(server_identity(&issuer))
            .client_ca_root(tonic::transport::Certificate::from_pem(&ca_pem))
            .client_auth_optional(true);
        let server = Server::builder()
            .tls_config(tls)
            .unwrap()
            .add_service(EnrollmentServer::new(service.clone()))
            .add_service(TunnelServer::new(service))
            .serve_with_incoming(TcpListenerStream::new(listener));
        tokio_util::task::TaskTracker::new().spawn(server);
        Self {
            address,
            ca_pem,
            sessions,
            counts,
        }
    }

    /// The next session the agent opens, welcomed; its hello comes first out of it.
    pub(crate) async fn session(&mut self) -> Session {
        let waiting = tokio::time::timeout(Duration::from_secs(20), self.sessions.recv());
        let session = waiting
            .await
            .expect("a session in time")
            .expect("the cloud runs");
        let welcome = Welcome {
            protocol: 1,
            heartbeat_seconds: 30,
            ..Welcome::default()
        };
        session.send(FromCloud::Welcome(welcome)).await;
        session
    }

    /// A configuration for an agent of this cloud.
    pub(crate) fn config(&self, dir: &Path, gp: &str) -> String {
        let ca = dir.join("cloud-ca.pem");
        std::fs::write(&ca, &self.ca_pem).unwrap();
        let url = format!("https://{}", self.address);
        format!(
            "state_dir = '{dir}/state'\n[cloud]\nenroll_url = '{url}'\ntunnel_url = '{url}'\n\
             ca_file = '{ca}'\n{gp}",
            dir = dir.display(),
            ca = ca.display(),
        )
    }
}

impl Session {
    pub(crate) async fn send(&self, message: FromCloud) {
        let message = CloudMessage {
            message: Some(message),
        };
        self.to_agent
            .send(Ok(message))
            .await
            .expect("the agent listens");
    }

    /// The next message that `pick` takes; others are passed over.
    pub(crate) async fn next<T>(&mut self, mut pick: impl FnMut(FromAgent) -> Option<T>) -> T {
        let found = async {
            while let Some(message) = self.from_agent.recv().await {
                if let Some(found) = pick(message) {
                    return found;
                }
            }
            panic!("the agent ended the session");
        };
        tokio::time::timeout(Duration::from_secs(20), found)
            .await
            .expect("a message in time")
    }
}

#[tonic::async_trait]
impl Enrollment for Service {
    async fn enroll(
        &self,
        request: Request<EnrollRequest>,
    ) -> Result<Response<EnrollResponse>, Status> {
        let request = request.into_inner();
        if request.token != "good" {
            return Err(Status::unauthenticated("the token is not valid"));
        }
        self.counts.lock().unwrap().enrolled += 1;
        Ok(Response::new(EnrollResponse {
            agent_id: "agent-1".to_owned(),
            tenant_id: "tenant-1".to_owned(),
            environment: "test".to_owned(),
            certificate: Some(self.sign(&request.csr_der)),
        }))
    }

    async fn challenge(
        &self,
        _: Request<ChallengeRequest>,
    ) -> Result<Response<ChallengeResponse>, Status> {
        Ok(Response::new(ChallengeResponse {
            nonce: b"nonce".to_vec(),
            expires_unix_ms: 0,
        }))
    }

    async fn renew(
        &self,
        request: Request<RenewRequest>,
    ) -> Result<Response<RenewResponse>, Status> {
        let request = request.into_inner();
        self.counts.lock().unwrap().renewed += 1;
        let certificate = Some(self.sign(&request.csr_der));
        Ok(Response::new(RenewResponse { certificate }))
    }
}

#[tonic::async_trait]
impl Tunnel for Service {
    type SessionStream = Pin<Box<dyn Stream<Item = Result<CloudMessage, Status>> + Send>>;

    async fn session(
        &self,
        request: Request<Streaming<AgentMessage>>,
    ) -> Result<Response<Self::SessionStream>, Status> {
        if request.peer_certs().is_none_or(|certs| certs.is_empty()) {
            return Err(Status::unauthenticated("no client certificate"));
        }
        let mut incoming = request.into_inner();
        let (to_agent, outgoing) = mpsc::channel(64);
        let (forward, from_agent) = mpsc::channel(256);
        self.sessions
            .send(Session {
                to_agent,
                from_agent,
            })
            .await
            .unwrap();
        tokio_util::task::TaskTracker::new().spawn(async move {
            while let Some(Ok(AgentMessage {
                message: Some(message),
            })) = incoming.next().await
            {
                if forward.send(message).await.is_err() {
                    break;
                }
            }
        });
        Ok(Response::new(Box::pin(ReceiverStream::new(outgoing))))
    }
}

impl Service {
    fn sign(&self, csr_der: &[u8]) -> Certificate {
        let csr = CertificateSigningRequestParams::from_der(&csr_der.into()).unwrap();
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
        let leaf = params.signed_by(&csr.public_key, &self.issuer).unwrap();
        Certificate {
            leaf_der: leaf.der().to_vec(),
            chain_der: Vec::new(),
            not_after_unix_ms: self.now_unix_ms + self.renew_after_ms.max(0) + 3_600_000,
            renew_after_unix_ms: self.now_unix_ms + self.renew_after_ms,
        }
    }
}

fn authority() -> CertifiedIssuer<'static, KeyPair> {
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params
        .distinguished_name
        .push(DnType::CommonName, "test authority");
    CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap()
}

fn server_identity(issuer: &CertifiedIssuer<'static, KeyPair>) -> Identity {
    let key = KeyPair::generate().unwrap();
    let params = CertificateParams::new(vec!["127.0.0.1".to_owned()]).unwrap();
    let leaf = params.signed_by(&key, issuer).unwrap();
    Identity::from_pem(leaf.pem(), key.serialize_pem())
}
