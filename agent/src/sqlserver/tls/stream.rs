//! The encrypted stream as the driver sees it: a server that has greeted and needs no encryption.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio_rustls::client::TlsStream;

use super::framed::{Framed, HEADER, size};

/// An encrypted connection; the driver's greeting is answered here, with the server's answer to
/// ours.
#[derive(Debug)]
pub(in crate::sqlserver) struct Secured {
    tls: Box<TlsStream<Framed<TcpStream>>>,
    /// What is still to come of the driver's greeting; its header, until that is complete.
    asking: Option<Vec<u8>>,
    answer: Vec<u8>,
}

impl Secured {
    pub(super) fn new(tls: TlsStream<Framed<TcpStream>>, answer: Vec<u8>) -> Self {
        Self {
            tls: Box::new(tls),
            asking: Some(Vec::new()),
            answer,
        }
    }

    /// How many bytes of `written` belong to the driver's greeting, which ends here.
    fn greeted(&mut self, written: &[u8]) -> usize {
        let Some(asked) = &mut self.asking else {
            return 0;
        };
        let mut taken = 0;
        for byte in written {
            asked.push(*byte);
            taken += 1;
            let header = asked.first_chunk::<HEADER>();
            if header.is_some_and(|header| asked.len() == size(*header)) {
                self.asking = None;
                break;
            }
        }
        taken
    }
}

impl AsyncRead for Secured {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let me = self.get_mut();
        if me.answer.is_empty() {
            return Pin::new(&mut me.tls).poll_read(cx, buf);
        }
        let given = me.answer.len().min(buf.remaining());
        buf.put_slice(&me.answer[..given]);
        me.answer.drain(..given);
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Secured {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        let me = self.get_mut();
        match me.greeted(buf) {
            0 => Pin::new(&mut me.tls).poll_write(cx, buf),
            taken => Poll::Ready(Ok(taken)),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().tls).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().tls).poll_shutdown(cx)
    }
}
