//! A cloud in this process and agents that speak to it as real ones do.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair};
use connect_core::domain::agent::{Agent, EnrollmentToken};
use connect_core::domain::ids::{AgentId, EnvironmentId, TenantId};
use connect_core::domain::tenant::{Environment, Tenant};
use connect_proto::tunnel::v1;
use connect_proto::tunnel::v1::agent_message::Message as FromAgent;
use connect_proto::tunnel::v1::cloud_message::Message as ToAgent;
use connect_proto::tunnel::v1::enrollment_client::EnrollmentClient;
use connect_proto::tunnel::v1::tunnel_client::TunnelClient;
use rcgen::{CertificateParams, KeyPair};
use secrecy::ExposeSecret as _;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::transport::{Certificate, Channel, ClientTlsConfig, Endpoint, Identity};
use tonic::{Status, Streaming};

use crate::app::{App, Services};
use crate::clock::SystemClock;
use crate::config::{Config, Layers};
use crate::secrets::sha256;
use crate::secrets::token::NewSecret;
use crate::telemetry;
use crate::tunnel::pki::pem;

pub(super) const DAY: i64 = 86_400;
const PATIENCE: Duration = Duration::from_secs(20);

pub(super) struct Cloud {
    pub(super) services: Arc<Services>,
    pub(super) clock: Arc<SystemClock>,
    pub(super) url: String,
    _folder: tempfile::TempDir,
}

pub(super) struct Held {
    pub(super) key: KeyPair,
    pub(super) tenant: TenantId,
    pub(super) agent: AgentId,
    pub(super) certificate: v1::Certificate,
}

pub(super) struct Link {
    pub(super) to_cloud: mpsc::Sender<v1::AgentMessage>,
    pub(super) from_cloud: Streaming<v1::CloudMessage>,
}

impl Cloud {
    pub(super) async fn start() -> Self {
        telemetry::install_crypto();
        let folder = tempfile::tempdir().unwrap();
        let clock = Arc::new(SystemClock::default());
        let app = App::build(config(folder.path()), clock.clone())
            .await
            .unwrap();
        let services = app.services().clone();
        let url = app.ready().tunnel.clone();
        app.start().await.unwrap();
        Self {
            services,
            clock,
            url,
            _folder: folder,
        }
    }

    pub(super) async fn stop(self) {
        self.services.stop().await;
    }

    /// A tenant with one environment and one agent, and the agent's enrolment token.
    pub(super) async fn new_agent(&self) -> (TenantId, AgentId, String) {
        let services = &self.services;
        let (ids, now) = (&services.ids, services.clock.now());
        let tenant = TenantId(ids.next());
        let environment = EnvironmentId(ids.next());
        let agent = AgentId(ids.next());
        let tenant_row = Tenant {
            id: tenant,
            name: "Adventure Works".to_owned(),
            wrapped_key: services.sealer.new_tenant_key(tenant).unwrap(),
            created: now,
        };
        services
            .database
            .tenants()
            .insert(&tenant_row)
            .await
            .unwrap();
        let environment_row = Environment {
            tenant,
            id: environment,
            name: "test".to_owned(),
            created: now,
        };
        services
            .database
            .environments()
            .insert(&environment_row)
            .await
            .unwrap();
        let agent_row = Agent {
            tenant,
            id: agent,
            environment,
            name: "GP server".to_owned(),
            version: String::new(),
            machine: String::new(),
            created: now,
            last_seen: None,
            connected: false,
            revoked: None,
        };
        services.database.agents().insert(&agent_row).await.unwrap();
        (tenant, agent, self.new_token(tenant, agent).await)
    }

    pub(super) async fn new_token(&self, tenant: TenantId, agent: AgentId) -> String {
        let now = self.services.clock.now();
        let secret = NewSecret::enrollment_token(tenant).unwrap();
        let token = EnrollmentToken {
            tenant,
            token_sha256: secret.sha256,
            agent,
            expires: now.plus_seconds(3600),
            used: None,
        };
        let tokens = self.services.database.enrollment_tokens();
        tokens.insert(&token, now).await.unwrap();
        secret.text.expose_secret().to_owned()
    }

    pub(super) async fn enrolled(&self) -> Held {
        let (_, _, token) = self.new_agent().await;
        self.enroll(&token).await.unwrap()
    }

    pub(super) async fn enroll(&self, token: &str) -> Result<Held, Status> {
        let key = KeyPair::generate().unwrap();
        let mut client = self.enrollment().await;
        let answer = client.enroll(v1::EnrollRequest {
            token: token.to_owned(),
            csr_der: request(&key),
            machine_name: "GP01".to_owned(),
            agent_version: "0.1.0".to_owned(),
            operating_system: "linux".to_owned(),
        });
        let answer = answer.await?.into_inner();
        assert_eq!(answer.environment, "test");
        Ok(Held {
            key,
            tenant: answer.tenant_id.parse().unwrap(),
            agent: answer.agent_id.parse().unwrap(),
            certificate: answer.certificate.unwrap(),
        })
    }

    pub(super) async fn renew(&self, held: &Held) -> Result<v1::Certificate, Status> {
        let nonce = self.challenge(held).await;
        self.renew_with(held, nonce, &held.key, &held.key).await
    }

    pub(super) async fn challenge(&self, held: &Held) -> Vec<u8> {
        let agent_id = held.agent.to_string();
        let challenge = v1::ChallengeRequest { agent_id };
        self.enrollment()
            .await
            .challenge(challenge)
            .await
            .unwrap()
            .into_inner()
            .nonce
    }

    pub(super) async fn renew_with(
        &self,
        held: &Held,
        nonce: Vec<u8>,
        signs: &KeyPair,
        asks_for: &KeyPair,
    ) -> Result<v1::Certificate, Status> {
        let leaf = held.certificate.leaf_der.clone();
        let renewal = v1::RenewRequest {
            signature: sign(signs, &nonce, &leaf),
            certificate_der: leaf,
            csr_der: request(asks_for),
            nonce,
            agent_version: "0.1.1".to_owned(),
        };
        let answer = self.enrollment().await.renew(renewal).await?.into_inner();
        Ok(answer.certificate.unwrap())
    }

    pub(super) async fn enrollment(&self) -> EnrollmentClient<Channel> {
        EnrollmentClient::new(self.channel(None).await.unwrap())
    }

    pub(super) async fn channel(
        &self,
        identity: Option<Identity>,
    ) -> Result<Channel, tonic::transport::Error> {
        let ca = Certificate::from_pem(self.services.authority.certificate_pem());
        let mut tls = ClientTlsConfig::new().ca_certificate(ca);
        if let Some(identity) = identity {
            tls = tls.identity(identity);
        }
        Endpoint::from_shared(self.url.clone())?
            .tls_config(tls)?
            .connect()
            .await
    }

    pub(super) async fn connect(&self, held: &Held, hello: v1::Hello) -> Result<Link, Status> {
        let channel = self.channel(Some(held.identity())).await;
        let channel = channel.map_err(|error| Status::unknown(format!("{error:?}")))?;
        open(channel, hello).await
    }

    /// Connects, is welcomed and grants credits for company TWO.
    pub(super) async fn ready(&self, held: &Held, hello: v1::Hello, credits: u32) -> Link {
        let mut link = self.connect(held, hello).await.unwrap();
        assert!(matches!(link.next().await, ToAgent::Welcome(_)));
        link.send(FromAgent::Credit(v1::Credit {
            company: "TWO".to_owned(),
            amount: credits,
        }))
        .await;
        link
    }
}

impl Held {
    pub(super) fn identity(&self) -> Identity {
        let chain = pem("CERTIFICATE", &self.certificate.leaf_der);
        Identity::from_pem(chain, self.key.serialize_pem())
    }
}

impl Link {
    pub(super) async fn send(&self, message: FromAgent) {
        let message = v1::AgentMessage {
            message: Some(message),
        };
        self.to_cloud.send(message).await.unwrap();
    }

    /// The next message that is not a heartbeat.
    pub(super) async fn next(&mut self) -> ToAgent {
        self.try_next().await.unwrap().expect("the stream goes on")
    }

    pub(super) async fn try_next(&mut self) -> Result<Option<ToAgent>, Status> {
        loop {
            let message = tokio::time::timeout(PATIENCE, self.from_cloud.message());
            match message.await.expect("a message in time")? {
                Some(v1::CloudMessage {
                    message: Some(ToAgent::Heartbeat(_)),
                }) => {}
                Some(message) => return Ok(message.message),
                None => return Ok(None),
            }
        }
    }

    pub(super) async fn next_command(&mut self) -> v1::Command {
        match self.next().await {
            ToAgent::Command(command) => command,
            other => panic!("expected a command, got {other:?}"),
        }
    }

    /// Reads until the stream breaks and says how.
    pub(super) async fn end(mut self) -> Option<Status> {
        loop {
            match self.try_next().await {
                Ok(Some(_)) => {}
                Ok(None) => return None,
                Err(status) => return Some(status),
            }
        }
    }
}

pub(super) async fn open(channel: Channel, hello: v1::Hello) -> Result<Link, Status> {
    let (to_cloud, messages) = mpsc::channel(64);
    let message = v1::AgentMessage {
        message: Some(FromAgent::Hello(hello)),
    };
    to_cloud.send(message).await.unwrap();
    let mut client = TunnelClient::new(channel);
    let answer = client.session(ReceiverStream::new(messages)).await?;
    Ok(Link {
        to_cloud,
        from_cloud: answer.into_inner(),
    })
}

pub(super) fn hello() -> v1::Hello {
    v1::Hello {
        protocol_min: 1,
        protocol_max: 1,
        agent_version: "0.1.0".to_owned(),
        machine_name: "GP01".to_owned(),
        companies: vec![report("A", 0)],
        ..v1::Hello::default()
    }
}

pub(super) fn report(incarnation: &str, highest_journal: i64) -> v1::CompanyReport {
    v1::CompanyReport {
        company: "TWO".to_owned(),
        company_name: "Fabrikam, Inc.".to_owned(),
        state: v1::CompanyState::Ready.into(),
        detail: String::new(),
        binding: Some(v1::Binding {
            environment: "test".to_owned(),
            company: "TWO".to_owned(),
            incarnation: incarnation.to_owned(),
            highest_journal,
            ..v1::Binding::default()
        }),
        parallel: 4,
        watchers: Vec::new(),
    }
}

/// Waits for something that becomes true by itself.
pub(super) async fn wait_for<F: Future<Output = bool>>(what: &str, mut holds: impl FnMut() -> F) {
    let end = tokio::time::Instant::now() + PATIENCE;
    while !holds().await {
        assert!(tokio::time::Instant::now() < end, "in vain: {what}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

fn request(key: &KeyPair) -> Vec<u8> {
    let params = CertificateParams::new(Vec::new()).unwrap();
    params.serialize_request(key).unwrap().der().to_vec()
}

fn sign(key: &KeyPair, nonce: &[u8], leaf: &[u8]) -> Vec<u8> {
    let pair =
        EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, key.serialized_der()).unwrap();
    let message = [b"connect-renew-v1".as_slice(), nonce, &sha256(leaf)].concat();
    pair.sign(&SystemRandom::new(), &message)
        .unwrap()
        .as_ref()
        .to_vec()
}

fn config(folder: &Path) -> Config {
    let mut layers = Layers::defaults();
    let key_file = folder.join("master.key");
    let url = format!("sqlite://{}", folder.join("connect.db").display());
    for (name, value) in [
        ("CONNECT__WEB__LISTEN", "127.0.0.1:0"),
        ("CONNECT__TUNNEL__LISTEN", "127.0.0.1:0"),
        ("CONNECT__ADMIN__LISTEN", "127.0.0.1:0"),
        ("CONNECT__TUNNEL__HEARTBEAT_SECONDS", "1"),
        ("CONNECT__TUNNEL__POLL_MS", "200"),
        ("CONNECT__LIMITS__SHUTDOWN_SECONDS", "5"),
        ("CONNECT__WORKER__ENABLED", "false"),
        ("CONNECT__DATABASE__URL", &url),
        (
            "CONNECT__SECRETS__MASTER_KEY_FILE",
            &key_file.to_string_lossy(),
        ),
    ] {
        layers.add_variable(name, value).unwrap();
    }
    Config::from_layers(&layers).unwrap()
}
