//! Requests: RPC calls with their parameters and transaction manager requests.

use bytes::{Buf, Bytes};

use super::super::value::{SqlType, Value};
use super::{take, types, utf16};

/// The procedure an RPC names, by text or by one of the fixed numbers.
#[derive(Debug, Clone)]
pub enum Target {
    Name(String),
    Number(u16),
}

/// One parameter as sent.
#[derive(Debug, Clone)]
pub struct Parameter {
    pub name: String,
    pub output: bool,
    pub default: bool,
    pub kind: SqlType,
    pub value: Value,
}

/// One call.
#[derive(Debug, Clone)]
pub struct Call {
    pub target: Target,
    pub parameters: Vec<Parameter>,
}

/// A transaction manager request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TransactionRequest {
    Begin,
    Commit { begin_again: bool },
    Rollback { name: String, begin_again: bool },
    Save { name: String },
    Other(u16),
}

/// Skips ALL_HEADERS.
pub fn skip_headers(body: &mut Bytes) -> Result<(), String> {
    let length = body.get(..4).map_or(0, |raw| {
        u32::from_le_bytes([raw[0], raw[1], raw[2], raw[3]])
    });
    take(body, length as usize).map(|_| ())
}

/// Reads the text of a SQL batch.
pub fn batch(mut body: Bytes) -> Result<String, String> {
    skip_headers(&mut body)?;
    Ok(utf16(&body))
}

/// Reads one or more calls of an RPC message.
pub fn calls(mut body: Bytes) -> Result<Vec<Call>, String> {
    skip_headers(&mut body)?;
    let mut calls = Vec::new();
    while !body.is_empty() {
        calls.push(call(&mut body)?);
    }
    Ok(calls)
}

fn call(body: &mut Bytes) -> Result<Call, String> {
    let length = take(body, 2)?.get_u16_le();
    let target = if length == 0xFFFF {
        Target::Number(take(body, 2)?.get_u16_le())
    } else {
        Target::Name(utf16(&take(body, usize::from(length) * 2)?))
    };
    take(body, 2)?;
    let mut parameters = Vec::new();
    while let Some(&next) = body.first() {
        if next == 0x80 || next == 0xFF {
            take(body, 1)?;
            break;
        }
        parameters.push(parameter(body)?);
    }
    Ok(Call { target, parameters })
}

fn parameter(body: &mut Bytes) -> Result<Parameter, String> {
    let length = usize::from(take(body, 1)?[0]) * 2;
    let name = utf16(&take(body, length)?);
    let status = take(body, 1)?[0];
    let (kind, value) =
        types::read_parameter(body).map_err(|error| format!("parameter {name}: {error}"))?;
    Ok(Parameter {
        name,
        output: status & 1 != 0,
        default: status & 2 != 0,
        kind,
        value,
    })
}

/// Reads a transaction manager request.
pub fn transaction(mut body: Bytes) -> Result<TransactionRequest, String> {
    skip_headers(&mut body)?;
    let number = take(&mut body, 2)?.get_u16_le();
    let mut name = || -> Result<String, String> {
        let length = usize::from(take(&mut body, 1)?[0]);
        Ok(utf16(&take(&mut body, length)?))
    };
    Ok(match number {
        5 => TransactionRequest::Begin,
        7 => {
            name()?;
            TransactionRequest::Commit {
                begin_again: body.first().is_some_and(|flags| flags & 1 != 0),
            }
        }
        8 => {
            let name = name()?;
            TransactionRequest::Rollback {
                name,
                begin_again: body.first().is_some_and(|flags| flags & 1 != 0),
            }
        }
        9 => TransactionRequest::Save { name: name()? },
        other => TransactionRequest::Other(other),
    })
}
