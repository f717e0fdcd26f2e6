//! TDS packets: messages are read whole and written in packets of the agreed size.

use std::io;

use bytes::{Bytes, BytesMut};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

/// A byte stream a TDS session runs on.
pub trait Stream: AsyncRead + AsyncWrite + Unpin + Send {}

impl<T: AsyncRead + AsyncWrite + Unpin + Send> Stream for T {}

/// A whole message and its type byte.
#[derive(Debug, Clone)]
pub struct Message {
    pub kind: u8,
    pub body: Bytes,
}

pub const BATCH: u8 = 0x01;
pub const RPC: u8 = 0x03;
pub const ATTENTION: u8 = 0x06;
pub const TRANSACTION: u8 = 0x0E;
pub const LOGIN: u8 = 0x10;
pub const PRELOGIN: u8 = 0x12;

/// The largest message taken; a sandbox document is far below it.
const LIMIT: usize = 64 << 20;

/// Reads one message, however many packets it came in.
pub async fn read<R: AsyncRead + Unpin + ?Sized>(stream: &mut R) -> io::Result<Message> {
    let mut body = BytesMut::new();
    loop {
        let mut header = [0_u8; 8];
        stream.read_exact(&mut header).await?;
        let length = usize::from(u16::from_be_bytes([header[2], header[3]]));
        if length < 8 || body.len() + length > LIMIT {
            return Err(io::Error::new(
                io::ErrorKind::InvalidData,
                "bad packet length",
            ));
        }
        let at = body.len();
        body.resize(at + length - 8, 0);
        stream.read_exact(&mut body[at..]).await?;
        if header[1] & 1 != 0 {
            return Ok(Message {
                kind: header[0],
                body: body.freeze(),
            });
        }
    }
}

/// Writes a tabular result in packets of `size` bytes.
pub async fn write<W: AsyncWrite + Unpin + ?Sized>(
    stream: &mut W,
    body: &[u8],
    size: usize,
) -> io::Result<()> {
    let mut out = Vec::with_capacity(body.len() + 8);
    let mut chunks = body.chunks(size - 8).peekable();
    let mut number = 1_u8;
    while let Some(chunk) = chunks.next() {
        let last = u8::from(chunks.peek().is_none());
        let length = u16::try_from(chunk.len() + 8)
            .unwrap_or(u16::MAX)
            .to_be_bytes();
        out.extend_from_slice(&[0x04, last, length[0], length[1], 0, 0, number, 0]);
        out.extend_from_slice(chunk);
        number = number.wrapping_add(1);
    }
    stream.write_all(&out).await?;
    stream.flush().await
}
