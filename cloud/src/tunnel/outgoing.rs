//! Makes an open command ready to send: its document goes in, or ahead by transfer.

use connect_core::domain::command::Command;
use connect_proto::tunnel::v1;
use connect_proto::tunnel::v1::command::Body;
use connect_proto::tunnel::v1::payload::Content;
use prost::Message as _;

use super::transfer::INLINE_LIMIT;
use crate::app::Services;
use crate::error::{Error, Result};
use crate::secrets::sha256;

/// The message for a command, whole.
pub(crate) async fn message(services: &Services, command: &Command) -> Result<v1::Command> {
    let mut message = v1::Command::decode(command.body.as_slice()).map_err(|cause| {
        Error::internal(format!("command {} is unreadable: {cause}", command.id))
    })?;
    message.command_id = command.id.to_string();
    message.company.clone_from(&command.database);
    if message.lane.is_empty() {
        message.lane = format!("{}/{}", command.lane.group, command.lane.key);
    }
    if let Some(Body::Execute(execute)) = &mut message.body {
        execute.document = Some(document(services, command).await?);
    }
    Ok(message)
}

async fn document(services: &Services, command: &Command) -> Result<v1::Payload> {
    let payloads = services.database.payloads();
    let found = payloads.find(command.tenant, command.document).await?;
    let content = found
        .ok_or_else(|| Error::internal(format!("command {} has no document", command.id)))?
        .content;
    let content = if content.len() <= INLINE_LIMIT {
        Content::Inline(content)
    } else {
        let digest = sha256(&content);
        let length = content.len() as u64;
        let now = services.clock.now();
        let transfers = services.database.transfers();
        transfers
            .insert(command.tenant, &digest, &content, now)
            .await?;
        Content::Transfer(v1::TransferRef {
            sha256: digest,
            length,
        })
    };
    Ok(v1::Payload {
        content: Some(content),
    })
}
