//! Payloads too large for a session's messages, in chunks, named by their digest.

use std::pin::Pin;
use std::sync::Arc;

use connect_proto::tunnel::v1;
use connect_proto::tunnel::v1::transfer_server::Transfer;
use futures::Stream;
use tonic::{Request, Response, Status, Streaming};

use super::auth;
use super::status::status;
use crate::app::Services;
use crate::error::{Error, ErrorKind, Result};
use crate::secrets::sha256;

/// Payloads above this travel by transfer.
pub(crate) const INLINE_LIMIT: usize = 256 * 1024;
const CHUNK: usize = 64 * 1024;
/// Transfers are copies on their way: what they carry is kept elsewhere.
const KEPT_SECONDS: i64 = 2 * 86_400;
const FORGOTTEN_AT_ONCE: i64 = 100;

/// The transfer service.
#[derive(Debug)]
pub(crate) struct TransferService {
    services: Arc<Services>,
}

impl TransferService {
    pub(crate) fn new(services: Arc<Services>) -> Self {
        Self { services }
    }
}

#[tonic::async_trait]
impl Transfer for TransferService {
    async fn upload(
        &self,
        request: Request<Streaming<v1::Chunk>>,
    ) -> Result<Response<v1::UploadResponse>, Status> {
        let identity = auth::authenticate(&self.services, request.peer_certs().as_ref())
            .await
            .map_err(|error| status(&error))?;
        let limit = self.services.config.limits.document_bytes;
        let (named, content) = collect(request.into_inner(), limit).await?;
        let digest = sha256(&content);
        if digest != named {
            let error = Error::invalid("digest_differs", "the content does not have its digest");
            return Err(status(&error));
        }
        let now = self.services.clock.now();
        let transfers = self.services.database.transfers();
        let kept = async {
            transfers
                .insert(identity.tenant(), &digest, &content, now)
                .await?;
            let before = now.plus_seconds(-KEPT_SECONDS);
            transfers
                .delete_before(identity.tenant(), before, FORGOTTEN_AT_ONCE)
                .await
        };
        kept.await.map_err(|error| status(&error.into()))?;
        Ok(Response::new(v1::UploadResponse { sha256: digest }))
    }

    type DownloadStream = Pin<Box<dyn Stream<Item = Result<v1::Chunk, Status>> + Send>>;

    async fn download(
        &self,
        request: Request<v1::DownloadRequest>,
    ) -> Result<Response<Self::DownloadStream>, Status> {
        let content = self.find(request).await.map_err(|error| status(&error))?;
        Ok(Response::new(Box::pin(futures::stream::iter(chunks(
            content,
        )))))
    }
}

impl TransferService {
    async fn find(&self, request: Request<v1::DownloadRequest>) -> Result<Vec<u8>> {
        let identity = auth::authenticate(&self.services, request.peer_certs().as_ref()).await?;
        let transfers = self.services.database.transfers();
        let found = transfers
            .find(identity.tenant(), &request.into_inner().sha256)
            .await?;
        found.ok_or_else(|| Error::not_found("transfer"))
    }
}

async fn collect(
    mut stream: Streaming<v1::Chunk>,
    limit: usize,
) -> Result<(Vec<u8>, Vec<u8>), Status> {
    let mut named = Vec::new();
    let mut content = Vec::new();
    while let Some(chunk) = stream.message().await? {
        if named.is_empty() {
            named = chunk.sha256;
        }
        if content.len() + chunk.data.len() > limit {
            let message = format!("the content is over {limit} bytes");
            return Err(status(&Error::new(
                ErrorKind::TooLarge,
                "too_large",
                message,
            )));
        }
        content.extend_from_slice(&chunk.data);
    }
    Ok((named, content))
}

fn chunks(content: Vec<u8>) -> impl Iterator<Item = Result<v1::Chunk, Status>> + Send {
    let digest = sha256(&content);
    let count = content.len().div_ceil(CHUNK).max(1);
    (0..count).map(move |index| {
        let end = content.len().min((index + 1) * CHUNK);
        Ok(v1::Chunk {
            sha256: if index == 0 {
                digest.clone()
            } else {
                Vec::new()
            },
            data: content[index * CHUNK..end].to_vec(),
        })
    })
}
