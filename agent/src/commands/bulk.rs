//! `execute_bulk`: many documents, one transaction and one effect key each.

use connect_proto::tunnel::v1::agent_message::Message as FromAgent;
use connect_proto::tunnel::v1::command_result::Outcome;
use connect_proto::tunnel::v1::{
    BulkExecuted, DocumentResult, ErrorClass, ExecuteBulk, ExecuteDocument, document_result,
};
use futures::StreamExt;

use super::{execute, failure};
use crate::sqlserver::Company;
use crate::tunnel::Work;

/// As many results as a message holds with room for long errors.
const MOST: usize = 1_000;

/// Executes all of them within the command's time, as many at once as the company allows.
pub(super) async fn run(company: &Company, work: &Work, body: ExecuteBulk) -> Outcome {
    let count = body.documents.len();
    if !(1..=MOST).contains(&count) {
        let message = format!("A bulk has 1 to {MOST} documents, not {count}.");
        return Outcome::Failure(failure(ErrorClass::InvalidData, "bulk_size", message));
    }
    let parallel = usize::try_from(company.parallel()).unwrap_or(1);
    let documents = body.documents.into_iter().enumerate();
    let results = documents.map(|(index, document)| one(company, work, index, document));
    let mut results: Vec<_> = futures::stream::iter(results)
        .buffer_unordered(parallel)
        .collect()
        .await;
    results.sort_by_key(|result: &DocumentResult| result.index);
    Outcome::Bulk(BulkExecuted { documents: results })
}

/// One document; its result is told at once.
async fn one(
    company: &Company,
    work: &Work,
    index: usize,
    mut body: ExecuteDocument,
) -> DocumentResult {
    let executed = match work.payload(body.document.take()).await {
        Ok(xml) => Box::pin(execute::executed(company, work, &body, &xml)).await,
        Err(problem) => Err(failure(ErrorClass::Unavailable, "payload_missing", problem)),
    };
    let result = DocumentResult {
        command_id: work.command.command_id.clone(),
        index: u32::try_from(index).unwrap_or(u32::MAX),
        outcome: Some(match executed {
            Ok(executed) => document_result::Outcome::Executed(executed),
            Err(failure) => document_result::Outcome::Failure(failure),
        }),
    };
    work.tell(FromAgent::Document(result.clone()));
    result
}
