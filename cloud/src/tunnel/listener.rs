//! The tunnel's TLS listener: handshakes under a time limit, client certificates asked for but not demanded.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use connect_core::domain::time::Micros;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, UnixTime};
use rustls::server::WebPkiClientVerifier;
use rustls::time_provider::TimeProvider;
use rustls::{RootCertStore, ServerConfig};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::pki::{Authority, read_pem_files};
use crate::clock::Clock;
use crate::config;

/// A connection whose handshake is done.
pub(crate) type Connection = TlsStream<TcpStream>;

/// Handshakes at once; more wait in the system's queue.
const HANDSHAKES: usize = 256;
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);
/// Age at which an own server certificate is made anew.
const REISSUE_AFTER_SECONDS: i64 = 30 * 86_400;

/// What the TLS side of the listener is built from.
#[derive(Debug)]
pub(crate) struct Tls {
    authority: Arc<Authority>,
    clock: Arc<dyn Clock>,
    settings: config::Tunnel,
    current: Arc<ServerConfig>,
    made: Micros,
}

impl Tls {
    /// Makes or reads the server certificate.
    pub(crate) fn build(
        authority: Arc<Authority>,
        clock: Arc<dyn Clock>,
        settings: config::Tunnel,
    ) -> anyhow::Result<Self> {
        let made = clock.now();
        let current = server_config(&authority, &clock, &settings)?;
        Ok(Self {
            authority,
            clock,
            settings,
            current,
            made,
        })
    }

    fn acceptor(&mut self) -> TlsAcceptor {
        let now = self.clock.now();
        if now > self.made.plus_seconds(REISSUE_AFTER_SECONDS) {
            self.made = now;
            match server_config(&self.authority, &self.clock, &self.settings) {
                Ok(fresh) => self.current = fresh,
                Err(error) => tracing::error!(
                    error = format!("{error:#}"),
                    "The server certificate could not be renewed; the old one stays"
                ),
            }
        }
        TlsAcceptor::from(self.current.clone())
    }
}

/// Accepts until shutdown; connections come out of the receiver as their handshakes finish.
pub(crate) fn accept(
    listener: TcpListener,
    mut tls: Tls,
    tasks: &TaskTracker,
    shutdown: CancellationToken,
) -> mpsc::Receiver<std::io::Result<Connection>> {
    let (ready, connections) = mpsc::channel(HANDSHAKES);
    let limit = Duration::from_secs(tls.settings.handshake_timeout_seconds);
    let handshakes = tasks.clone();
    tasks.spawn(async move {
        loop {
            // Waiting for room first bounds the handshakes under way.
            let Some(Ok(room)) = shutdown.run_until_cancelled(ready.clone().reserve_owned()).await
            else {
                return;
            };
            let Some(accepted) = shutdown.run_until_cancelled(listener.accept()).await else {
                return;
            };
            let (socket, peer) = match accepted {
                Ok(accepted) => accepted,
                Err(error) => {
                    tracing::warn!(error = %error, "The tunnel's listener could not accept");
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                    continue;
                }
            };
            let acceptor = tls.acceptor();
            handshakes.spawn(async move {
                socket.set_nodelay(true).ok();
                match tokio::time::timeout(limit, acceptor.accept(socket)).await {
                    Ok(Ok(connection)) => {
                        room.send(Ok(connection));
                    }
                    Ok(Err(error)) => {
                        metrics::counter!("tunnel_handshakes_failed_total").increment(1);
                        tracing::info!(peer.address = %peer, error = %error, "A TLS handshake failed");
                    }
                    Err(_) => {
                        metrics::counter!("tunnel_handshakes_failed_total").increment(1);
                        tracing::info!(peer.address = %peer, "A TLS handshake took too long");
                    }
                }
            });
        }
    });
    connections
}

fn server_config(
    authority: &Authority,
    clock: &Arc<dyn Clock>,
    settings: &config::Tunnel,
) -> anyhow::Result<Arc<ServerConfig>> {
    let (chain, key) = server_certificate(authority, clock, settings)?;
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let mut roots = RootCertStore::empty();
    roots.add(authority.certificate().clone())?;
    // Enrolment comes without a certificate; every other call demands one.
    let verifier = WebPkiClientVerifier::builder_with_provider(roots.into(), provider.clone())
        .allow_unauthenticated()
        .build()?;
    let time = Arc::new(BusinessTime(clock.clone()));
    let mut config = ServerConfig::builder_with_details(provider, time)
        .with_safe_default_protocol_versions()?
        .with_client_cert_verifier(verifier)
        .with_single_cert(chain, key)
        .context("the tunnel's server certificate")?;
    config.alpn_protocols = vec![b"h2".to_vec()];
    Ok(Arc::new(config))
}

fn server_certificate(
    authority: &Authority,
    clock: &Arc<dyn Clock>,
    settings: &config::Tunnel,
) -> anyhow::Result<(Vec<CertificateDer<'static>>, PrivateKeyDer<'static>)> {
    if !settings.certificate_file.is_empty() {
        return read_pem_files(&settings.certificate_file, &settings.private_key_file);
    }
    let (leaf, key) = authority
        .issue_server(&settings.server_names, clock.now())
        .context("setting tunnel.server_names")?;
    Ok((vec![leaf, authority.certificate().clone()], key))
}

/// Judges certificates by business time, as everything else does.
#[derive(Debug)]
struct BusinessTime(Arc<dyn Clock>);

impl TimeProvider for BusinessTime {
    fn current_time(&self) -> Option<UnixTime> {
        let seconds = u64::try_from(self.0.now().0.div_euclid(1_000_000)).ok()?;
        Some(UnixTime::since_unix_epoch(Duration::from_secs(seconds)))
    }
}
