//! The agents' side of the house: certificates, enrolment, sessions, commands and their results.

mod auth;
mod authority;
mod changes;
mod company;
mod dispatch;
mod enrol;
mod listener;
mod marks;
mod nonces;
mod open;
mod outgoing;
mod pki;
pub mod registry;
mod session;
mod status;
mod timing;
mod transfer;

#[cfg(test)]
#[expect(clippy::wildcard_enum_match_arm, reason = "tests")]
mod tests;

use std::sync::Arc;
use std::time::Duration;

use connect_proto::tunnel::v1::enrollment_server::EnrollmentServer;
use connect_proto::tunnel::v1::transfer_server::TransferServer;
use connect_proto::tunnel::v1::tunnel_server::TunnelServer;
use tokio::net::TcpListener;
use tokio_stream::wrappers::ReceiverStream;
use tonic::transport::Server;

use crate::app::Services;
use enrol::EnrollmentService;
use listener::Tls;
use open::TunnelService;
use transfer::TransferService;

pub use pki::Authority;

const ENROLMENT_MESSAGE_BYTES: usize = 64 * 1024;
const TUNNEL_MESSAGE_BYTES: usize = 4 * 1024 * 1024;
const KEEP_ALIVE_EVERY: Duration = Duration::from_secs(20);
const KEEP_ALIVE_TIMEOUT: Duration = Duration::from_secs(20);

/// Serves enrolment, sessions and transfers on one TLS listener until shutdown.
pub fn start(services: &Arc<Services>, listener: TcpListener) -> anyhow::Result<()> {
    let tls = Tls::build(
        services.authority.clone(),
        services.clock.clone(),
        services.config.tunnel.clone(),
    )?;
    let stop = services.shutdown.clone();
    let connections = listener::accept(listener, tls, &services.tasks, stop.clone());
    let enrolment = EnrollmentServer::new(EnrollmentService::new(services.clone()))
        .max_decoding_message_size(ENROLMENT_MESSAGE_BYTES);
    let tunnel = TunnelServer::new(TunnelService::new(services.clone()))
        .max_decoding_message_size(TUNNEL_MESSAGE_BYTES);
    let transfer = TransferServer::new(TransferService::new(services.clone()));
    let serving = Server::builder()
        .http2_keepalive_interval(Some(KEEP_ALIVE_EVERY))
        .http2_keepalive_timeout(Some(KEEP_ALIVE_TIMEOUT))
        .add_service(enrolment)
        .add_service(tunnel)
        .add_service(transfer)
        .serve_with_incoming_shutdown(ReceiverStream::new(connections), stop.cancelled_owned());
    services.tasks.spawn(async move {
        if let Err(error) = serving.await {
            tracing::error!(error = %error, "The tunnel's listener failed");
        }
    });
    Ok(())
}
