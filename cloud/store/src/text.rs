//! Enums as words, failures as JSON and bodies as zstd, both ways.

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::error::StoreError;

const LEVEL: i32 = 3;
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
    zstd::bulk::compress(content, LEVEL).map_err(StoreError::Compression)
}

pub(crate) fn expand(content: &[u8]) -> Result<Vec<u8>, StoreError> {
    let mut expanded = Vec::new();
    let reader = zstd::stream::read::Decoder::new(content).map_err(StoreError::Compression)?;
    let mut bounded = std::io::Read::take(reader, LARGEST_BODY as u64);
    std::io::Read::read_to_end(&mut bounded, &mut expanded).map_err(StoreError::Compression)?;
    Ok(expanded)
}

pub(crate) fn corrupt(table: &'static str, column: &'static str, row: String) -> StoreError {
    StoreError::Corrupt { table, column, row }
}
