//! TLS: the server's certificate, and handshake records carried inside PRELOGIN packets.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, ready};

use anyhow::Context as _;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use tokio_rustls::rustls::server::NoServerSessionStorage;
use tokio_rustls::rustls::{self, ServerConfig, SupportedProtocolVersion, version};

use super::packet::PRELOGIN;

/// The certificate and the two ways TLS is offered.
#[derive(Clone)]
pub struct Tls {
    /// Inside PRELOGIN packets, TLS 1.2 only: clients send their TLS 1.3 Finished unframed.
    pub framed: TlsAcceptor,
    /// TDS 8, TLS before everything else.
    pub strict: TlsAcceptor,
    /// The self-signed certificate clients may pin.
    pub certificate_pem: String,
}

impl std::fmt::Debug for Tls {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Tls").finish_non_exhaustive()
    }
}

impl Tls {
    /// Makes a new self-signed certificate for localhost.
    pub fn generate() -> anyhow::Result<Tls> {
        let names = vec!["localhost".to_owned(), "127.0.0.1".to_owned()];
        let made = rcgen::generate_simple_self_signed(names).context("making the certificate")?;
        let key = made.signing_key.serialize_der();
        let offer =
            |versions: &[&'static SupportedProtocolVersion]| -> anyhow::Result<TlsAcceptor> {
                let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
                let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.clone()));
                let mut config = ServerConfig::builder_with_provider(provider)
                    .with_protocol_versions(versions)?
                    .with_no_client_auth()
                    .with_single_cert(vec![made.cert.der().clone()], key)?;
                // A ticket after the handshake would straddle the change from framed to plain records.
                config.send_tls13_tickets = 0;
                config.session_storage = Arc::new(NoServerSessionStorage {});
                config.alpn_protocols = vec![b"tds/8.0".to_vec()];
                Ok(TlsAcceptor::from(Arc::new(config)))
            };
        Ok(Tls {
            framed: offer(&[&version::TLS12])?,
            strict: offer(&[&version::TLS12, &version::TLS13])?,
            certificate_pem: made.cert.pem(),
        })
    }
}

/// A stream that wraps what it carries in PRELOGIN packets until the handshake is over.
#[derive(Debug)]
pub struct Framed {
    stream: TcpStream,
    handshake: Arc<AtomicBool>,
    header: [u8; 8],
    header_filled: usize,
    left: usize,
    out: Vec<u8>,
}

impl Framed {
    /// Wraps the stream; the flag ends the framing when it is cleared.
    pub fn new(stream: TcpStream) -> (Self, Arc<AtomicBool>) {
        let handshake = Arc::new(AtomicBool::new(true));
        let framed = Framed {
            stream,
            handshake: Arc::clone(&handshake),
            header: [0; 8],
            header_filled: 0,
            left: 0,
            out: Vec::new(),
        };
        (framed, handshake)
    }

    fn poll_header(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<bool>> {
        let mut rest = ReadBuf::new(&mut self.header[self.header_filled..]);
        ready!(Pin::new(&mut self.stream).poll_read(cx, &mut rest))?;
        let read = rest.filled().len();
        if read == 0 {
            return Poll::Ready(Ok(false));
        }
        self.header_filled += read;
        if self.header_filled == self.header.len() {
            if self.header[0] != PRELOGIN {
                return Poll::Ready(Err(io::Error::new(
                    io::ErrorKind::InvalidData,
                    "not a TLS handshake packet",
                )));
            }
            self.left =
                usize::from(u16::from_be_bytes([self.header[2], self.header[3]])).saturating_sub(8);
            self.header_filled = 0;
        }
        Poll::Ready(Ok(true))
    }
}

impl AsyncRead for Framed {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let me = &mut *self;
        if !me.handshake.load(Ordering::Acquire) {
            return Pin::new(&mut me.stream).poll_read(cx, buffer);
        }
        while me.left == 0 {
            if !ready!(me.poll_header(cx))? {
                return Poll::Ready(Ok(()));
            }
        }
        let want = me.left.min(buffer.remaining());
        let mut part = ReadBuf::new(buffer.initialize_unfilled_to(want));
        ready!(Pin::new(&mut me.stream).poll_read(cx, &mut part))?;
        let read = part.filled().len();
        buffer.advance(read);
        me.left -= read;
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Framed {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        data: &[u8],
    ) -> Poll<io::Result<usize>> {
        let me = &mut *self;
        if !me.handshake.load(Ordering::Acquire) && me.out.is_empty() {
            return Pin::new(&mut me.stream).poll_write(cx, data);
        }
        if me.out.is_empty() {
            me.out.extend_from_slice(&[PRELOGIN, 1, 0, 0, 0, 0, 0, 0]);
        }
        me.out.extend_from_slice(data);
        let length = u16::try_from(me.out.len())
            .unwrap_or(u16::MAX)
            .to_be_bytes();
        me.out[2..4].copy_from_slice(&length);
        Poll::Ready(Ok(data.len()))
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let me = &mut *self;
        while !me.out.is_empty() {
            let written = ready!(Pin::new(&mut me.stream).poll_write(cx, &me.out))?;
            me.out.drain(..written);
        }
        Pin::new(&mut me.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
