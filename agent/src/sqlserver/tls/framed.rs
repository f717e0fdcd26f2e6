//! Handshake records travel inside PRELOGIN packets of TDS; what follows the handshake does not.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

pub(super) const HEADER: usize = 8;
pub(super) const PRELOGIN: u8 = 0x12;
/// The last packet of a message.
const LAST: u8 = 1;
/// The size a login may not exceed before another one is agreed on.
const LARGEST: usize = 4096 - HEADER;

/// A stream that frames what goes through it until the handshake is over.
#[derive(Debug)]
pub(super) struct Framed<S> {
    inner: S,
    plain: bool,
    /// What has been written since the last flush, without headers.
    written: Vec<u8>,
    /// Packets on their way, from `sent` on.
    packets: Vec<u8>,
    sent: usize,
    header: [u8; HEADER],
    have: usize,
    /// What is left of the packet that is being read.
    left: usize,
}

/// One packet of a message.
pub(super) fn packet(payload: &[u8], last: bool) -> Vec<u8> {
    let size = u16::try_from(payload.len() + HEADER).unwrap_or(u16::MAX);
    let [high, low] = size.to_be_bytes();
    let mut packet = vec![PRELOGIN, u8::from(last) * LAST, high, low, 0, 0, 1, 0];
    packet.extend_from_slice(payload);
    packet
}

/// The size a packet's header tells, at least the header's own.
pub(super) fn size(header: [u8; HEADER]) -> usize {
    usize::from(u16::from_be_bytes([header[2], header[3]])).max(HEADER)
}

impl<S> Framed<S> {
    pub(super) fn new(inner: S) -> Self {
        Self {
            inner,
            plain: false,
            written: Vec::new(),
            packets: Vec::new(),
            sent: 0,
            header: [0; HEADER],
            have: 0,
            left: 0,
        }
    }

    /// The handshake is over.
    pub(super) fn finish(&mut self) {
        self.plain = true;
    }
}

impl<S: AsyncWrite + Unpin> Framed<S> {
    fn poll_send(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if !self.written.is_empty() {
            let mut chunks = self.written.chunks(LARGEST).peekable();
            while let Some(chunk) = chunks.next() {
                let last = chunks.peek().is_none();
                self.packets.extend_from_slice(&packet(chunk, last));
            }
            self.written.clear();
        }
        while self.sent < self.packets.len() {
            let rest = &self.packets[self.sent..];
            match ready!(Pin::new(&mut self.inner).poll_write(cx, rest))? {
                0 => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
                written => self.sent += written,
            }
        }
        self.packets.clear();
        self.sent = 0;
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncRead + Unpin> Framed<S> {
    /// Whether there is a packet to read from; not at the stream's end.
    fn poll_packet(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<bool>> {
        while self.left == 0 {
            let mut buffer = ReadBuf::new(&mut self.header[self.have..]);
            ready!(Pin::new(&mut self.inner).poll_read(cx, &mut buffer))?;
            match buffer.filled().len() {
                0 => return Poll::Ready(Ok(false)),
                read => self.have += read,
            }
            if self.have == HEADER {
                self.left = size(self.header) - HEADER;
                self.have = 0;
            }
        }
        Poll::Ready(Ok(true))
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncRead for Framed<S> {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let me = self.get_mut();
        if me.plain {
            return Pin::new(&mut me.inner).poll_read(cx, buf);
        }
        ready!(me.poll_send(cx))?;
        if !ready!(me.poll_packet(cx))? {
            return Poll::Ready(Ok(()));
        }
        let wanted = me.left.min(buf.remaining());
        let mut part = ReadBuf::new(buf.initialize_unfilled_to(wanted));
        ready!(Pin::new(&mut me.inner).poll_read(cx, &mut part))?;
        let read = part.filled().len();
        me.left -= read;
        buf.advance(read);
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Framed<S> {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        let me = self.get_mut();
        if me.plain {
            return Pin::new(&mut me.inner).poll_write(cx, buf);
        }
        me.written.extend_from_slice(buf);
        Poll::Ready(Ok(buf.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let me = self.get_mut();
        if !me.plain {
            ready!(me.poll_send(cx))?;
        }
        Pin::new(&mut me.inner).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().inner).poll_shutdown(cx)
    }
}
