//! Moves payloads that are too big for a message, named and checked by their SHA-256.

use aws_lc_rs::digest::{SHA256, digest};
use connect_proto::tunnel::v1::payload::Content;
use connect_proto::tunnel::v1::transfer_client::TransferClient;
use connect_proto::tunnel::v1::{Chunk, DownloadRequest, Payload, TransferRef};
use thiserror::Error;
use tonic::transport::Channel;

/// Payloads above this travel by transfer.
pub(super) const INLINE_LIMIT: usize = 256 * 1024;
const CHUNK: usize = 64 * 1024;
const LARGEST: u64 = 64 * 1024 * 1024;

/// Why a payload did not arrive.
#[derive(Debug, Error)]
pub(super) enum TransferError {
    #[error("the payload is missing")]
    Missing,
    #[error("the payload of {0} bytes is over the limit of {LARGEST}")]
    TooLarge(u64),
    #[error("the payload does not have the announced content")]
    Digest,
    #[error("the transfer failed")]
    Call(#[from] Box<tonic::Status>),
}

/// Brings in a payload, wherever it is.
pub(super) async fn fetch(
    channel: &Channel,
    payload: Option<Payload>,
) -> Result<Vec<u8>, TransferError> {
    match payload.and_then(|payload| payload.content) {
        Some(Content::Inline(bytes)) => Ok(bytes),
        Some(Content::Transfer(reference)) => download(channel, reference).await,
        None => Err(TransferError::Missing),
    }
}

/// Makes a payload of the bytes, sending large ones ahead.
pub(super) async fn store(channel: &Channel, bytes: Vec<u8>) -> Result<Payload, TransferError> {
    if bytes.len() <= INLINE_LIMIT {
        return Ok(Payload {
            content: Some(Content::Inline(bytes)),
        });
    }
    let sha256 = digest(&SHA256, &bytes).as_ref().to_vec();
    let length = bytes.len() as u64;
    let named = sha256.clone();
    let chunks: Vec<Chunk> = bytes
        .chunks(CHUNK)
        .enumerate()
        .map(|(index, data)| Chunk {
            sha256: if index == 0 {
                named.clone()
            } else {
                Vec::new()
            },
            data: data.to_vec(),
        })
        .collect();
    TransferClient::new(channel.clone())
        .upload(tokio_stream::iter(chunks))
        .await
        .map_err(Box::new)?;
    Ok(Payload {
        content: Some(Content::Transfer(TransferRef { sha256, length })),
    })
}

async fn download(channel: &Channel, reference: TransferRef) -> Result<Vec<u8>, TransferError> {
    if reference.length > LARGEST {
        return Err(TransferError::TooLarge(reference.length));
    }
    let request = DownloadRequest {
        sha256: reference.sha256.clone(),
    };
    let answer = TransferClient::new(channel.clone()).download(request).await;
    let mut stream = answer.map_err(Box::new)?.into_inner();
    let mut bytes = Vec::new();
    while let Some(chunk) = stream.message().await.map_err(Box::new)? {
        bytes.extend_from_slice(&chunk.data);
        if bytes.len() as u64 > reference.length {
            return Err(TransferError::Digest);
        }
    }
    if digest(&SHA256, &bytes).as_ref() != reference.sha256 {
        return Err(TransferError::Digest);
    }
    Ok(bytes)
}
