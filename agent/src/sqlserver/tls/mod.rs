//! The encryption between the agent and SQL Server.
//!
//! The driver would take an authority's file or nothing, and tells little of what went wrong. So
//! the agent makes the encrypted stream itself ([MS-TDS] 2.2.6.5, PRELOGIN), always for the whole
//! session, and hands the driver a server that needs none.
//!
//! [MS-TDS]: https://learn.microsoft.com/openspecs/windows_protocols/ms-tds

mod fingerprint;
mod framed;
mod judge;
mod problem;
mod stream;
#[cfg(test)]
mod tests;

use std::io;
use std::sync::Arc;

use rustls::crypto::aws_lc_rs;
use rustls::pki_types::ServerName;
use rustls::{AlertDescription, ClientConfig, PeerIncompatible, PeerMisbehaved};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

pub use fingerprint::Fingerprint;
pub(super) use judge::Trust;
pub use problem::TlsProblem;
pub(super) use stream::Secured;

use super::error::SqlError;
use framed::{Framed, HEADER, packet, size};
use judge::Judge;

/// Options of a PRELOGIN message: version, encryption, instance, thread, MARS.
const VERSION: u8 = 0;
const ENCRYPTION: u8 = 1;
const END: u8 = 0xFF;
const ENCRYPT_ON: u8 = 1;
const ENCRYPT_NOT_SUPPORTED: u8 = 2;
const ENCRYPT_REQUIRED: u8 = 3;

/// Agrees with the server on encryption and shakes hands; `name` is the one in its certificate.
pub(super) async fn secure(
    mut stream: TcpStream,
    trust: &Trust,
    name: &str,
) -> Result<Secured, SqlError> {
    let broken = |error: io::Error| SqlError::Unreachable(format!("within the greeting: {error}"));
    let (judge, connector) = connector(trust)?;
    let name = server_name(trust, name)?;
    stream.write_all(&greeting()).await.map_err(broken)?;
    let mut answer = read_message(&mut stream).await.map_err(broken)?;
    match encryption(&mut answer) {
        None => {
            let what = "what answers does not speak SQL Server's protocol";
            return Err(SqlError::Unreachable(what.to_owned()));
        }
        Some(level) => match *level {
            ENCRYPT_ON | ENCRYPT_REQUIRED => *level = ENCRYPT_NOT_SUPPORTED,
            _ => return Err(TlsProblem::NotOffered.into()),
        },
    }
    let mut tls = connector
        .connect(name, Framed::new(stream))
        .await
        .map_err(|error| problem(&error, &judge))?;
    tls.get_mut().0.finish();
    Ok(Secured::new(tls, answer))
}

/// TLS 1.2 only: SQL Server knows 1.3 only where TLS comes before everything else (TDS 8).
fn connector(trust: &Trust) -> Result<(Arc<Judge>, TlsConnector), TlsProblem> {
    let provider = Arc::new(aws_lc_rs::default_provider());
    let judge = Arc::new(Judge::new(trust, Arc::clone(&provider))?);
    let config = ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&rustls::version::TLS12])
        .map_err(|error| TlsProblem::Other(error.to_string()))?
        .dangerous()
        .with_custom_certificate_verifier(Arc::clone(&judge) as _)
        .with_no_client_auth();
    Ok((judge, TlsConnector::from(Arc::new(config))))
}

/// Where the certificate's name does not matter, neither does what the server is called.
fn server_name(trust: &Trust, name: &str) -> Result<ServerName<'static>, TlsProblem> {
    match (ServerName::try_from(name.to_owned()), trust) {
        (Ok(name), _) => Ok(name),
        (Err(_), Trust::Fingerprint(_) | Trust::Any) => Ok(ServerName::IpAddress(
            std::net::Ipv4Addr::UNSPECIFIED.into(),
        )),
        (Err(_), Trust::Authority(_)) => Err(TlsProblem::Other(format!(
            "{name} is no name that a certificate can have; set gp.certificate_name"
        ))),
    }
}

/// The client's PRELOGIN message, which asks for encryption.
fn greeting() -> Vec<u8> {
    let mut heads = Vec::new();
    let mut values = Vec::new();
    let options: [(u8, &[u8]); 5] = [
        (VERSION, &[0; 6]),
        (ENCRYPTION, &[ENCRYPT_ON]),
        (2, &[0]),
        (3, &[0; 4]),
        (4, &[0]),
    ];
    let mut at = u16::try_from(options.len() * 5 + 1).unwrap_or(u16::MAX);
    for (token, value) in options {
        let length = u16::try_from(value.len()).unwrap_or(u16::MAX);
        heads.push(token);
        heads.extend_from_slice(&at.to_be_bytes());
        heads.extend_from_slice(&length.to_be_bytes());
        values.extend_from_slice(value);
        at += length;
    }
    heads.push(END);
    heads.extend_from_slice(&values);
    packet(&heads, true)
}

/// One packet with its header: a server's greeting never takes two.
async fn read_message(stream: &mut TcpStream) -> io::Result<Vec<u8>> {
    let mut header = [0; HEADER];
    stream.read_exact(&mut header).await?;
    let mut message = header.to_vec();
    message.resize(size(header), 0);
    stream.read_exact(&mut message[HEADER..]).await?;
    Ok(message)
}

/// Where a greeting tells the level of encryption.
fn encryption(message: &mut [u8]) -> Option<&mut u8> {
    let body = message.get_mut(HEADER..)?;
    let mut at = 0;
    while *body.get(at)? != END {
        let head = body.get(at..at + 5)?;
        if head[0] == ENCRYPTION {
            let offset = usize::from(u16::from_be_bytes([head[1], head[2]]));
            return body.get_mut(offset);
        }
        at += 5;
    }
    None
}

/// What a failed handshake says about the server.
#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "rustls's enums; what is not told apart is told in its words"
)]
fn problem(error: &io::Error, judge: &Judge) -> TlsProblem {
    let Some(inner) = error.get_ref() else {
        return TlsProblem::Ended;
    };
    let Some(tls) = inner.downcast_ref::<rustls::Error>() else {
        return TlsProblem::Ended;
    };
    match tls {
        rustls::Error::InvalidCertificate(certificate) => judge.refused(certificate),
        rustls::Error::PeerIncompatible(PeerIncompatible::ServerDoesNotSupportTls12Or13)
        | rustls::Error::AlertReceived(AlertDescription::ProtocolVersion) => TlsProblem::OldVersion,
        rustls::Error::AlertReceived(
            AlertDescription::HandshakeFailure | AlertDescription::InsufficientSecurity,
        )
        | rustls::Error::PeerMisbehaved(PeerMisbehaved::SelectedUnofferedCipherSuite) => {
            TlsProblem::NoCipher
        }
        other => TlsProblem::Other(other.to_string()),
    }
}
