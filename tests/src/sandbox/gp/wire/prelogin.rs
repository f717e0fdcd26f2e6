//! The PRELOGIN exchange: which encryption both sides agree on.

use bytes::{BufMut, Bytes, BytesMut};

/// What the client says about encryption.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encryption {
    /// The client has no TLS; everything stays plain.
    NotSupported,
    /// The client would encrypt the login only.
    LoginOnly,
    /// The client wants everything encrypted.
    Everything,
}

const OFF: u8 = 0;
const ON: u8 = 1;
const NOT_SUPPORTED: u8 = 2;
const REQUIRED: u8 = 3;

/// Reads the client's encryption option; a message without one counts as `LoginOnly`.
pub fn encryption(body: &Bytes) -> Encryption {
    let mut at = 0;
    while at + 5 <= body.len() && body[at] != 0xFF {
        if body[at] == 1 {
            let offset = usize::from(u16::from_be_bytes([body[at + 1], body[at + 2]]));
            return match body.get(offset) {
                Some(&NOT_SUPPORTED) => Encryption::NotSupported,
                Some(&OFF) | None => Encryption::LoginOnly,
                Some(_) => Encryption::Everything,
            };
        }
        at += 5;
    }
    Encryption::LoginOnly
}

/// The server's answer: version, encryption, no MARS. Encryption of the login alone is raised to all.
pub fn answer(encryption: Encryption) -> BytesMut {
    let level = match encryption {
        Encryption::NotSupported => NOT_SUPPORTED,
        Encryption::LoginOnly => REQUIRED,
        Encryption::Everything => ON,
    };
    let mut out = BytesMut::new();
    let options: [(u8, &[u8]); 3] = [(0, &[16, 0, 0x10, 0x04, 0, 0]), (1, &[level]), (4, &[0])];
    let mut offset = u16::try_from(options.len() * 5 + 1).unwrap_or_default();
    for (token, data) in &options {
        let length = u16::try_from(data.len()).unwrap_or_default();
        out.put_u8(*token);
        out.put_u16(offset);
        out.put_u16(length);
        offset += length;
    }
    out.put_u8(0xFF);
    for (_, data) in &options {
        out.extend_from_slice(data);
    }
    out
}
