//! A command's way to the agent and back, against the same bytes over bare TLS.

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::ensure;
use connect_proto::tunnel::v1::command::Body;
use connect_proto::tunnel::v1::{Describe, command_result::Outcome};
use rustls::pki_types::{PrivateKeyDer, ServerName};
use rustls::{ClientConfig, RootCertStore, ServerConfig};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::{TlsAcceptor, TlsConnector};

use crate::figure::{Figures, percentile_ms};
use crate::stage::{PARALLEL, Stage};

const TRIPS: usize = 3_000;
/// As large as a small command with its frames.
const MESSAGE: usize = 128;

pub(crate) async fn measure(figures: &mut Figures) -> anyhow::Result<()> {
    let mut stage = Stage::set(PARALLEL).await?;
    trips(&mut stage, 0, 300).await?;
    let mut tunnel = trips(&mut stage, 1_000, TRIPS).await?;
    let mut bare = echoes(TRIPS).await?;
    let tunnel = percentile_ms(&mut tunnel, 50) * 1000.0;
    let bare = percentile_ms(&mut bare, 50) * 1000.0;
    figures.add("tunnel.rtt_us", tunnel, "us", Some(bare));
    figures.add("tunnel.ratio", tunnel / bare, "x", Some(1.0));
    Ok(())
}

async fn trips(stage: &mut Stage, from: usize, count: usize) -> anyhow::Result<Vec<Duration>> {
    let mut took = Vec::with_capacity(count);
    for number in from..from + count {
        let start = Instant::now();
        let nothing = Describe { what: Vec::new() };
        stage
            .send(format!("t{number}"), Body::Describe(nothing))
            .await;
        let result = stage.result().await;
        took.push(start.elapsed());
        let described = matches!(result.outcome, Some(Outcome::Described(_)));
        ensure!(described, "not described: {:?}", result.outcome);
    }
    Ok(took)
}

async fn echoes(count: usize) -> anyhow::Result<Vec<Duration>> {
    let (server, client) = tls()?;
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    let echoing = tokio::spawn(async move {
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        echo(TlsAcceptor::from(server).accept(stream).await?).await
    });
    let stream = TcpStream::connect(address).await?;
    stream.set_nodelay(true)?;
    let name = ServerName::try_from("localhost")?;
    let mut stream = TlsConnector::from(client).connect(name, stream).await?;
    let mut message = [7_u8; MESSAGE];
    let mut took = Vec::with_capacity(count);
    for _ in 0..count {
        let start = Instant::now();
        stream.write_all(&message).await?;
        stream.read_exact(&mut message).await?;
        took.push(start.elapsed());
    }
    echoing.abort();
    Ok(took)
}

async fn echo(mut stream: impl AsyncRead + AsyncWrite + Unpin) -> anyhow::Result<()> {
    let mut message = [0_u8; MESSAGE];
    loop {
        stream.read_exact(&mut message).await?;
        stream.write_all(&message).await?;
    }
}

fn tls() -> anyhow::Result<(Arc<ServerConfig>, Arc<ClientConfig>)> {
    let own = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()])?;
    let key = PrivateKeyDer::Pkcs8(own.signing_key.serialize_der().into());
    let server = ServerConfig::builder()
        .with_no_client_auth()
        .with_single_cert(vec![own.cert.der().clone()], key)?;
    let mut roots = RootCertStore::empty();
    roots.add(own.cert.der().clone())?;
    let client = ClientConfig::builder()
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok((Arc::new(server), Arc::new(client)))
}
