//! Opens a connection to the cloud up to its welcome, and ends one politely.

use std::time::Duration;

use connect_proto::tunnel::v1::agent_message::Message as FromAgent;
use connect_proto::tunnel::v1::cloud_message::Message as FromCloud;
use connect_proto::tunnel::v1::tunnel_client::TunnelClient;
use connect_proto::tunnel::v1::{AgentMessage, CloudMessage, Hello, Welcome};
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::Streaming;
use tonic::transport::Channel;

use super::channel::{self, ClientIdentity};
use super::client::Tunnel;
use super::enrol::{self, EnrolError};
use crate::secrets::TUNNEL_KEY;
use crate::state::StoredCertificate;

const PROTOCOL: u32 = 1;
const FEATURES: [&str; 6] = [
    "execute",
    "execute_bulk",
    "query",
    "describe",
    "diagnose",
    "watch",
];
const WELCOME_TIMEOUT: Duration = Duration::from_secs(15);
const FAREWELL_LIMIT: Duration = Duration::from_secs(1);

/// Why a connection ended.
pub(super) enum Ended {
    Shutdown,
    Reconnect(Duration),
    Lost(String),
    Refused(String),
}

/// A session that was welcomed.
pub(super) struct Connected {
    pub(super) channel: Channel,
    pub(super) outgoing: mpsc::Sender<AgentMessage>,
    pub(super) incoming: Streaming<CloudMessage>,
    pub(super) welcome: Welcome,
}

impl Tunnel {
    /// Opens a session: certificate, channel, hello, welcome.
    pub(super) async fn open(&mut self) -> Result<Connected, Ended> {
        let certificate = self.valid_certificate().await.map_err(ended)?;
        let key_pem = self
            .secrets
            .get(TUNNEL_KEY)
            .map_err(EnrolError::from)
            .and_then(|key| key.ok_or(EnrolError::NotEnrolled))
            .map_err(ended)?;
        let identity = ClientIdentity {
            chain_pem: certificate.chain_pem,
            key_pem,
        };
        let target = enrol::target(&self.config.cloud.tunnel_url, &self.config.cloud);
        let target = target.map_err(ended)?;
        let channel = channel::connect(&target, Some(&identity))
            .await
            .map_err(|error| Ended::Lost(format!("{:#}", anyhow::Error::from(error))))?;
        let (outgoing, messages) = mpsc::channel(64);
        let hello = AgentMessage {
            message: Some(FromAgent::Hello(self.hello())),
        };
        outgoing
            .send(hello)
            .await
            .map_err(|_| Ended::Lost("no stream".to_owned()))?;
        let opening = async {
            let mut client = TunnelClient::new(channel.clone());
            let answer = client.session(ReceiverStream::new(messages)).await?;
            let mut incoming = answer.into_inner();
            let first = incoming.message().await?;
            Ok::<_, tonic::Status>((incoming, first))
        };
        let (incoming, first) = tokio::time::timeout(WELCOME_TIMEOUT, opening)
            .await
            .map_err(|_| Ended::Lost("the cloud did not answer the hello".to_owned()))?
            .map_err(|status| refused_or_lost(&status))?;
        match first.and_then(|first| first.message) {
            Some(FromCloud::Welcome(welcome)) if welcome.protocol == PROTOCOL => Ok(Connected {
                channel,
                outgoing,
                incoming,
                welcome,
            }),
            _ => Err(Ended::Lost(
                "the cloud did not begin with a welcome we know".to_owned(),
            )),
        }
    }

    /// The stored certificate, renewed first when it is due or has expired.
    async fn valid_certificate(&self) -> Result<StoredCertificate, EnrolError> {
        let certificate = self.state.certificate()?.ok_or(EnrolError::NotEnrolled)?;
        let now = self.clock.now_unix_ms();
        if now < certificate.renew_after_unix_ms {
            return Ok(certificate);
        }
        match enrol::renew(&self.config.cloud, self.secrets.as_ref(), &self.state).await {
            Ok(renewed) => Ok(renewed),
            // Still good for a while: work goes on, and renewal is tried again.
            Err(error) if now < certificate.not_after_unix_ms => {
                tracing::warn!("The certificate could not be renewed yet: {error}");
                Ok(certificate)
            }
            Err(error) => Err(error),
        }
    }

    fn hello(&mut self) -> Hello {
        Hello {
            protocol_min: PROTOCOL,
            protocol_max: PROTOCOL,
            agent_version: env!("CARGO_PKG_VERSION").to_owned(),
            features: FEATURES.iter().map(|&feature| feature.to_owned()).collect(),
            companies: self.reports.borrow_and_update().clone(),
            commands_in_flight: self.session.known_commands(),
            clock_unix_ms: self.clock.now_unix_ms(),
            machine_name: self.config.machine_name.clone(),
        }
    }
}

/// Ends our side first and lets the cloud end its own, so that the last messages still arrive.
pub(super) async fn farewell(link: Connected) {
    let Connected {
        outgoing,
        mut incoming,
        channel: _channel,
        ..
    } = link;
    drop(outgoing);
    let silence = async { while let Ok(Some(_)) = incoming.message().await {} };
    if tokio::time::timeout(FAREWELL_LIMIT, silence).await.is_err() {
        tracing::debug!("The cloud did not end its side of the session");
    }
}

fn ended(error: EnrolError) -> Ended {
    let refused = matches!(error, EnrolError::Refused(_) | EnrolError::NotEnrolled);
    let problem = format!("{:#}", anyhow::Error::from(error));
    if refused {
        Ended::Refused(problem)
    } else {
        Ended::Lost(problem)
    }
}

/// A refusal is tried again slowly, everything else soon.
pub(super) fn refused_or_lost(status: &tonic::Status) -> Ended {
    use tonic::Code::{PermissionDenied, Unauthenticated};
    let problem = status.message().to_owned();
    if matches!(status.code(), Unauthenticated | PermissionDenied) {
        return Ended::Refused(problem);
    }
    Ended::Lost(problem)
}
