//! LOGIN7: who logs in, to which database, with which packet size.

use bytes::Bytes;

use super::utf16;

/// The fields of a LOGIN7 the sandbox uses.
#[derive(Clone)]
pub struct Login {
    pub user: String,
    pub password: String,
    pub application: String,
    pub host: String,
    pub database: String,
    pub packet_size: u32,
}

impl std::fmt::Debug for Login {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Login")
            .field("user", &self.user)
            .field("database", &self.database)
            .finish_non_exhaustive()
    }
}

/// Reads a LOGIN7 message.
pub fn read(body: &Bytes) -> Result<Login, String> {
    if body.len() < 94 {
        return Err("the login message is too short".to_owned());
    }
    Ok(Login {
        packet_size: u32::from_le_bytes([body[8], body[9], body[10], body[11]]),
        host: field(body, 36)?,
        user: field(body, 40)?,
        password: password(body, 44)?,
        application: field(body, 48)?,
        database: field(body, 68)?,
    })
}

fn raw(body: &Bytes, at: usize) -> Result<&[u8], String> {
    let offset = usize::from(u16::from_le_bytes([body[at], body[at + 1]]));
    let length = usize::from(u16::from_le_bytes([body[at + 2], body[at + 3]])) * 2;
    body.get(offset..offset + length)
        .ok_or_else(|| "a login field lies outside the message".to_owned())
}

fn field(body: &Bytes, at: usize) -> Result<String, String> {
    raw(body, at).map(utf16)
}

/// The password travels with swapped nibbles, XORed with 0xA5.
fn password(body: &Bytes, at: usize) -> Result<String, String> {
    let plain: Vec<u8> = raw(body, at)?
        .iter()
        .map(|byte| (byte ^ 0xA5).rotate_left(4))
        .collect();
    Ok(utf16(&plain))
}
