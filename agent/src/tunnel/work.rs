//! Runs one command: brings its payload in, does it within its time, sends large answers ahead.

use std::time::Instant;

use connect_proto::tunnel::v1::agent_message::Message as FromAgent;
use connect_proto::tunnel::v1::command::Body;
use connect_proto::tunnel::v1::command_result::Outcome;
use connect_proto::tunnel::v1::payload::Content;
use connect_proto::tunnel::v1::{CommandResult, ErrorClass, Failure, Payload};
use tokio::sync::mpsc::UnboundedSender;
use tokio_util::sync::CancellationToken;
use tonic::transport::Channel;

use super::client::{Handler, Work};
use super::session::Started;
use super::transfer;

/// Does the work and says how it went; never fails otherwise.
pub(super) async fn run(
    started: Started,
    channel: Option<Channel>,
    cancelled: CancellationToken,
    handler: Handler,
    told: UnboundedSender<FromAgent>,
) -> CommandResult {
    let Started {
        mut command,
        received,
        deadline,
    } = started;
    let command_id = command.command_id.clone();
    let payload = match &mut command.body {
        Some(Body::Execute(execute)) => execute.document.take(),
        Some(Body::ExecuteBulk(_) | Body::Query(_) | Body::Describe(_) | Body::Diagnose(_))
        | None => None,
    };
    let is_document = matches!(command.body, Some(Body::Execute(_)));
    let document = match (is_document, &channel) {
        (true, channel) => bring_in(channel.as_ref(), payload).await,
        (false, _) => Ok(Vec::new()),
    };
    let outcome = match document {
        Ok(document) => {
            handler(Work {
                command,
                document,
                deadline,
                cancelled,
                channel: channel.clone(),
                told,
            })
            .await
        }
        Err(problem) => failure(ErrorClass::Unavailable, "payload_missing", problem),
    };
    let outcome = send_ahead(channel.as_ref(), outcome).await;
    let elapsed = Instant::now().duration_since(received).as_millis();
    CommandResult {
        command_id,
        elapsed_ms: u32::try_from(elapsed).unwrap_or(u32::MAX),
        outcome: Some(outcome),
    }
}

impl Work {
    /// The bytes of one document of a bulk.
    pub(crate) async fn payload(&self, payload: Option<Payload>) -> Result<Vec<u8>, String> {
        bring_in(self.channel.as_ref(), payload).await
    }

    /// Sends a message ahead of the result, if there is a connection.
    pub(crate) fn tell(&self, message: FromAgent) {
        if self.told.send(message).is_err() {
            tracing::debug!("Nobody is left to be told how far a command has come");
        }
    }
}

/// The result of a command whose task ended in a panic.
pub(super) fn panicked(command_id: String) -> CommandResult {
    let message = "The agent failed while working on the command; see its log.".to_owned();
    let outcome = Some(failure(ErrorClass::Bug, "agent_defect", message));
    CommandResult {
        command_id,
        elapsed_ms: 0,
        outcome,
    }
}

async fn bring_in(channel: Option<&Channel>, payload: Option<Payload>) -> Result<Vec<u8>, String> {
    match (payload, channel) {
        (
            Some(Payload {
                content: Some(Content::Inline(bytes)),
            }),
            _,
        ) => Ok(bytes),
        (payload, Some(channel)) => transfer::fetch(channel, payload)
            .await
            .map_err(|error| error.to_string()),
        (_, None) => Err("The connection ended before the payload arrived.".to_owned()),
    }
}

async fn send_ahead(channel: Option<&Channel>, outcome: Outcome) -> Outcome {
    let Outcome::Page(mut page) = outcome else {
        return outcome;
    };
    let large = |payload: &Payload| match &payload.content {
        Some(Content::Inline(bytes)) => bytes.len() > transfer::INLINE_LIMIT,
        Some(Content::Transfer(_)) | None => false,
    };
    let Some(payload) = page.rows_json.take_if(|payload| large(payload)) else {
        return Outcome::Page(page);
    };
    let (Some(channel), Some(Content::Inline(bytes))) = (channel, payload.content) else {
        let message = "The connection ended before the rows were sent.".to_owned();
        return failure(ErrorClass::Unavailable, "payload_not_sent", message);
    };
    match transfer::store(channel, bytes).await {
        Ok(payload) => {
            page.rows_json = Some(payload);
            Outcome::Page(page)
        }
        Err(error) => failure(
            ErrorClass::Unavailable,
            "payload_not_sent",
            error.to_string(),
        ),
    }
}

fn failure(class: ErrorClass, code: &str, message: String) -> Outcome {
    Outcome::Failure(Failure {
        class: class.into(),
        code: code.to_owned(),
        message,
        errors: Vec::new(),
        retry_after_ms: 0,
    })
}
