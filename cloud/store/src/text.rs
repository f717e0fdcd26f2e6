//! Enums as words, failures as JSON and bodies as zstd, both ways.

use std::cell::RefCell;

use serde::Serialize;
use serde::de::DeserializeOwned;
use zstd::bulk::Compressor;

use crate::error::StoreError;

const LEVEL: i32 = 1;
/// Smaller bodies are kept as they are: compressing them costs more than it saves.
const SMALL_BODY: usize = 256;
/// How a compressed body begins; no JSON or XML does.
const MAGIC: [u8; 4] = [0x28, 0xB5, 0x2F, 0xFD];
const LARGEST_BODY: usize = 256 * 1024 * 1024;

/// The snake-case word of a unit variant.
pub(crate) fn word<T: Serialize>(value: &T) -> Result<String, StoreError> {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(word)) => Ok(word),
        _ => Err(corrupt("(memory)", "word", String::new())),
    }
}

/// The unit variant of a snake-case word.
pub(crate) fn from_word<T: DeserializeOwned>(
    table: &'static str,
    column: &'static str,
    word: &str,
) -> Result<T, StoreError> {
    serde_json::from_value(serde_json::Value::String(word.to_owned()))
        .map_err(|_| corrupt(table, column, word.to_owned()))
}

pub(crate) fn json<T: Serialize>(value: &T) -> Result<String, StoreError> {
    serde_json::to_string(value).map_err(|_| corrupt("(memory)", "json", String::new()))
}

pub(crate) fn from_json<T: DeserializeOwned>(
    table: &'static str,
    column: &'static str,
    row: &str,
    text: &str,
) -> Result<T, StoreError> {
    serde_json::from_str(text).map_err(|_| corrupt(table, column, row.to_owned()))
}

pub(crate) fn compress(content: &[u8]) -> Result<Vec<u8>, StoreError> {
    if content.len() < SMALL_BODY && !content.starts_with(&MAGIC) {
        return Ok(content.to_vec());
    }
    // Making a context costs more than compressing an order.
    thread_local! {
        static KEPT: RefCell<Option<Compressor<'static>>> = const { RefCell::new(None) };
    }
    let compressed = KEPT.with_borrow_mut(|kept| match kept {
        Some(compressor) => compressor.compress(content),
        None => kept.insert(Compressor::new(LEVEL)?).compress(content),
    });
    compressed.map_err(StoreError::Compression)
}

pub(crate) fn expand(content: &[u8]) -> Result<Vec<u8>, StoreError> {
    if !content.starts_with(&MAGIC) {
        return Ok(content.to_vec());
    }
    let mut expanded = Vec::new();
    let reader = zstd::stream::read::Decoder::new(content).map_err(StoreError::Compression)?;
    let mut bounded = std::io::Read::take(reader, LARGEST_BODY as u64);
    std::io::Read::read_to_end(&mut bounded, &mut expanded).map_err(StoreError::Compression)?;
    Ok(expanded)
}

pub(crate) fn corrupt(table: &'static str, column: &'static str, row: String) -> StoreError {
    StoreError::Corrupt { table, column, row }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bodies_come_back_whole_however_small_or_odd() {
        let large = vec![b'a'; 10_000];
        let odd = MAGIC.to_vec();
        for body in [&b""[..], b"{}", &odd, &large] {
            assert_eq!(expand(&compress(body).unwrap()).unwrap(), body);
        }
        assert!(compress(&large).unwrap().len() < 100);
        assert_eq!(compress(b"{}").unwrap(), b"{}");
    }
}
