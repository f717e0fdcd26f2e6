//! The server side of TDS 7.4 and 8.0: packets, TLS, login, requests and tokens.

pub mod codepage;
pub mod login;
pub mod packet;
pub mod prelogin;
pub mod request;
pub mod tls;
pub mod tokens;
pub mod types;

use bytes::Bytes;

/// Takes the next bytes of a message, or says that it is too short.
pub(super) fn take(body: &mut Bytes, length: usize) -> Result<Bytes, String> {
    if body.len() < length {
        return Err("the message ends too early".to_owned());
    }
    Ok(body.split_to(length))
}

/// Decodes UTF-16 little-endian text.
pub(super) fn utf16(raw: &[u8]) -> String {
    // Nearly all that is sent is ASCII.
    if raw
        .chunks_exact(2)
        .all(|pair| pair[0] < 0x80 && pair[1] == 0)
    {
        let ascii = raw.chunks_exact(2).map(|pair| pair[0]).collect();
        return String::from_utf8(ascii).unwrap_or_default();
    }
    let units: Vec<u16> = raw
        .chunks_exact(2)
        .map(|pair| u16::from_le_bytes([pair[0], pair[1]]))
        .collect();
    String::from_utf16_lossy(&units)
}
