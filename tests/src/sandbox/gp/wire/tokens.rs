//! Response tokens.

use bytes::{BufMut, BytesMut};

use super::super::error::SqlError;
use super::super::value::{SqlType, Value};
use super::types::{self, COLLATION};

/// DONE after a batch or transaction request.
pub const DONE: u8 = 0xFD;
/// DONE at the end of a procedure.
pub const DONE_PROC: u8 = 0xFE;
/// DONE of a statement inside a procedure.
pub const DONE_IN_PROC: u8 = 0xFF;

pub const MORE: u16 = 0x01;
pub const FAILED: u16 = 0x02;
pub const COUNT: u16 = 0x10;
pub const ATTENTION: u16 = 0x20;

/// A column of a result set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    pub name: String,
    pub kind: SqlType,
    pub nullable: bool,
}

fn byte_text(out: &mut BytesMut, text: &str) {
    let units: Vec<u16> = text.encode_utf16().take(255).collect();
    out.put_u8(u8::try_from(units.len()).unwrap_or(u8::MAX));
    for unit in &units {
        out.put_u16_le(*unit);
    }
}

fn short_text(out: &mut BytesMut, text: &str) {
    let units: Vec<u16> = text.encode_utf16().take(4000).collect();
    out.put_u16_le(u16::try_from(units.len()).unwrap_or(u16::MAX));
    for unit in &units {
        out.put_u16_le(*unit);
    }
}

fn with_length(out: &mut BytesMut, token: u8, body: &[u8]) {
    out.put_u8(token);
    out.put_u16_le(u16::try_from(body.len()).unwrap_or(u16::MAX));
    out.extend_from_slice(body);
}

/// COLMETADATA.
pub fn columns(out: &mut BytesMut, columns: &[Column]) {
    out.put_u8(0x81);
    out.put_u16_le(u16::try_from(columns.len()).unwrap_or(u16::MAX));
    for column in columns {
        out.put_u32_le(0);
        out.put_u16_le(u16::from(column.nullable) | 0x08);
        types::write_type(out, column.kind);
        if types::is_long(column.kind) {
            out.put_u8(1);
            short_text(out, "sandbox");
        }
        byte_text(out, &column.name);
    }
}

/// ROW.
pub fn row(out: &mut BytesMut, columns: &[Column], values: &[Value]) {
    out.put_u8(0xD1);
    for (column, value) in columns.iter().zip(values) {
        types::write_value(out, column.kind, value);
    }
}

/// RETURNSTATUS.
pub fn return_status(out: &mut BytesMut, status: i32) {
    out.put_u8(0x79);
    out.put_i32_le(status);
}

/// RETURNVALUE of an output parameter, in the type the client declared.
pub fn return_value(out: &mut BytesMut, ordinal: usize, name: &str, kind: SqlType, value: &Value) {
    out.put_u8(0xAC);
    out.put_u16_le(u16::try_from(ordinal).unwrap_or_default());
    byte_text(out, name);
    out.put_u8(1);
    out.put_u32_le(0);
    out.put_u16_le(1);
    types::write_type(out, kind);
    types::write_value(out, kind, value);
}

/// ERROR.
pub fn error(out: &mut BytesMut, error: &SqlError, server: &str) {
    message(out, 0xAA, error, server);
}

/// INFO, such as PRINT output.
pub fn info(out: &mut BytesMut, number: i32, text: &str, server: &str) {
    message(out, 0xAB, &SqlError::severe(number, 0, text), server);
}

fn message(out: &mut BytesMut, token: u8, error: &SqlError, server: &str) {
    let mut body = BytesMut::new();
    body.put_i32_le(error.number);
    body.put_u8(1);
    body.put_u8(error.severity);
    short_text(&mut body, &error.message);
    byte_text(&mut body, server);
    byte_text(&mut body, &error.procedure);
    body.put_u32_le(error.line);
    with_length(out, token, &body);
}

/// ENVCHANGE with texts: 1 database, 2 language, 4 packet size.
pub fn change(out: &mut BytesMut, kind: u8, new: &str, old: &str) {
    let mut body = BytesMut::new();
    body.put_u8(kind);
    byte_text(&mut body, new);
    byte_text(&mut body, old);
    with_length(out, 0xE3, &body);
}

/// ENVCHANGE of the collation.
pub fn collation(out: &mut BytesMut) {
    change_bytes(out, 7, &COLLATION, &[]);
}

/// ENVCHANGE with bytes: 8 begin, 9 commit, 10 rollback of the transaction descriptor.
pub fn change_bytes(out: &mut BytesMut, kind: u8, new: &[u8], old: &[u8]) {
    let mut body = BytesMut::new();
    body.put_u8(kind);
    for part in [new, old] {
        body.put_u8(u8::try_from(part.len()).unwrap_or_default());
        body.extend_from_slice(part);
    }
    with_length(out, 0xE3, &body);
}

/// LOGINACK for TDS 7.4.
pub fn login_ack(out: &mut BytesMut) {
    let mut body = BytesMut::new();
    body.put_u8(1);
    body.put_u32(0x7400_0004);
    byte_text(&mut body, "Microsoft SQL Server");
    body.extend_from_slice(&[16, 0, 0x10, 0x04]);
    with_length(out, 0xAD, &body);
}

/// DONE, DONEPROC or DONEINPROC.
pub fn done(out: &mut BytesMut, token: u8, status: u16, rows: u64) {
    out.put_u8(token);
    out.put_u16_le(status);
    out.put_u16_le(if status & COUNT == 0 { 0 } else { 0xC1 });
    out.put_u64_le(rows);
}
