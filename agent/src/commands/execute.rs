//! `execute`: one eConnect document, exactly once for its effect key.

use aws_lc_rs::digest::{SHA256, digest};
use connect_proto::econnect::{self, Document, Limits, Options, ReadError};
use connect_proto::tunnel::v1::command_result::Outcome;
use connect_proto::tunnel::v1::{
    ErrorClass, ExecuteDocument, Executed, Failure, GpError, Semantics,
};

use super::failure;
use crate::sqlserver::{self, Company, Progress, Request};
use crate::tunnel::Work;

const LONGEST_KEY: usize = 200;
const LONGEST_COMMAND_ID: usize = 36;
/// More than anybody posts at once.
const MOST_BATCHES: u32 = 9;
const TIMED_OUT: &str = "timed_out";

/// Executes the document within the command's time.
pub(super) async fn run(company: &Company, work: &Work, body: &ExecuteDocument) -> Outcome {
    match executed(company, work, body, &work.document).await {
        Ok(executed) => Outcome::Executed(executed),
        Err(failure) => Outcome::Failure(failure),
    }
}

/// Executes a document of the command, or says why nothing was written.
pub(super) async fn executed(
    company: &Company,
    work: &Work,
    body: &ExecuteDocument,
    xml: &[u8],
) -> Result<Executed, Failure> {
    check_key(&body.effect_key)?;
    check_command_id(&work.command.command_id)?;
    let document = read(company, xml)?;
    let hash = hex(digest(&SHA256, xml).as_ref());
    let progress = Progress::default();
    let request = Request {
        effect_key: &body.effect_key,
        command_id: &work.command.command_id,
        document: &document,
        payload_hash: &hash,
        revision: body.revision,
        update: body.semantics() == Semantics::Update,
        gapless: body.gapless,
        next_batches: body.next_batches.min(MOST_BATCHES),
        closed_period: body.closed_period,
        deadline: work.deadline,
        progress: &progress,
    };
    let deadline = tokio::time::Instant::from_std(work.deadline);
    // Dropping the execution closes its connection, and the server rolls back.
    let stopped = tokio::select! {
        outcome = Box::pin(admitted(company, &request, &body.expected_incarnation)) => {
            return outcome;
        }
        () = tokio::time::sleep_until(deadline) => TIMED_OUT,
        () = work.cancelled.cancelled() => "cancelled",
    };
    if progress.is_committing() {
        return sqlserver::settle(company, &request).await;
    }
    if progress.was_locked() && stopped == TIMED_OUT {
        return Err(sqlserver::locked_failure());
    }
    let message = "The document was not finished in its time; nothing was written.";
    Err(failure(ErrorClass::Unavailable, stopped, message))
}

/// Nothing is asked of a server that refuses the login or cannot be reached until it is due.
async fn admitted(
    company: &Company,
    request: &Request<'_>,
    expected_incarnation: &str,
) -> Result<Executed, Failure> {
    // Bulks and single documents share what the company may be asked at once.
    let _turn = company.turn().await;
    company.admit().await?;
    check_incarnation(company, expected_incarnation).await?;
    sqlserver::execute(company, request).await
}

/// The journal's column holds no more, and a cut id would not be found again.
fn check_command_id(id: &str) -> Result<(), Failure> {
    if (1..=LONGEST_COMMAND_ID).contains(&id.len()) && id.is_ascii() {
        return Ok(());
    }
    let message = format!("A command id has 1 to {LONGEST_COMMAND_ID} ASCII characters.");
    Err(failure(ErrorClass::Bug, "command_id", message))
}

fn check_key(key: &str) -> Result<(), Failure> {
    let length = key.chars().count();
    if (1..=LONGEST_KEY).contains(&length) && key.is_ascii() {
        return Ok(());
    }
    let message = format!("An effect key has 1 to {LONGEST_KEY} ASCII characters.");
    Err(failure(ErrorClass::Bug, "effect_key", message))
}

async fn check_incarnation(company: &Company, expected: &str) -> Result<(), Failure> {
    if expected.is_empty() || company.incarnation() == expected {
        return Ok(());
    }
    // The agent may be the one who is late.
    company.recheck().await?;
    if company.incarnation() == expected {
        return Ok(());
    }
    let message = "The company was bound again since the command was made.";
    Err(failure(ErrorClass::Parked, "incarnation_differs", message))
}

fn read(company: &Company, xml: &[u8]) -> Result<Document, Failure> {
    let options = Options {
        limits: Limits::default(),
        any_order: false,
    };
    econnect::read_with(xml, &options, &|node| company.allows_node(node))
        .map_err(|e| unreadable(&e))
}

fn unreadable(error: &ReadError) -> Failure {
    let message = format!("The document cannot be read: {error}");
    let mut failure = failure(ErrorClass::InvalidData, "document_invalid", message);
    failure.errors.push(GpError {
        text: error.kind.to_string(),
        node: error.node_path.clone(),
        element: error.element.clone().unwrap_or_default(),
        repair: "Correct the mapping, and replay.".to_owned(),
        ..GpError::default()
    });
    failure
}

fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write;
    bytes
        .iter()
        .fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
            // Writing to a string cannot fail.
            let written = write!(text, "{byte:02x}");
            debug_assert!(written.is_ok());
            text
        })
}
