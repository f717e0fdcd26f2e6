//! Batches: which one a document joins, and what it does when that one cannot be joined.

use connect_proto::econnect::{Document, Node};
use connect_proto::tunnel::v1::{ErrorClass, Failure, GpError};

use super::connection::SqlConnection;
use super::error::SqlError;
use super::plan::Place;
use super::refusal::failure;
use super::reply::Cell;
use super::statements;

/// When a batch that cannot be joined is worth another look.
const LOOK_AGAIN_MS: u32 = 30_000;

/// The headers that put a document into a batch, with the batch's source.
const SOURCES: [(&str, &str); 8] = [
    ("taSopHdrIvcInsert", "Sales Entry"),
    ("taRMCashReceiptInsert", "RM_Cash"),
    ("taRMTransaction", "RM_Sales"),
    ("taGLTransactionHeaderInsert", "GL_Normal"),
    ("taPMTransactionInsert", "PM_Trxent"),
    ("taPMManualCheck", "PM_Payment"),
    ("taIVTransactionHeaderInsert", "IV_Trxent"),
    ("taIVTransferHeaderInsert", "IV_Trans"),
];

/// The element that names a batch.
pub(super) const ELEMENT: &str = "BACHNUMB";

/// GP's batch numbers are this long.
const LONGEST: usize = 15;

/// The name of a batch, or of the next one: `WEB20260305-2`, cut where it would be too long.
pub(super) fn name(number: &str, next: Option<u32>) -> String {
    let Some(next) = next else {
        return number.to_owned();
    };
    let suffix = format!("-{next}");
    let kept = number.chars().take(LONGEST - suffix.len());
    let kept: String = kept.collect();
    [kept.trim_end(), &suffix].concat()
}

/// A batch that a call puts its document into.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Joined {
    pub(super) source: &'static str,
    /// As the document names it.
    pub(super) number: String,
}

/// The batch that a node's call joins, if it joins any.
pub(super) fn joined(node: &Node) -> Option<Joined> {
    let (_, source) = SOURCES.iter().find(|(header, _)| *header == node.name)?;
    let number = node.text(ELEMENT)?.trim();
    (!number.is_empty()).then(|| Joined {
        source,
        number: number.to_owned(),
    })
}

/// Why a batch takes no document, as the check before the call tells it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Closed {
    Posting,
    Marked,
    InUse,
}

impl Closed {
    pub(super) fn of(found: i64) -> Option<Self> {
        match found {
            0 => None,
            2 => Some(Self::Marked),
            3 => Some(Self::InUse),
            _ => Some(Self::Posting),
        }
    }

    fn text(self) -> &'static str {
        match self {
            Self::Posting => "is being posted, or its posting was interrupted",
            Self::Marked => "is marked to be posted",
            Self::InUse => "is open at a user",
        }
    }

    fn repair(self) -> &'static str {
        match self {
            Self::Posting => {
                "Nothing to do while it posts: the document is tried again. If the posting was \
                 interrupted, recover the batch in GP (Batch Recovery)."
            }
            Self::Marked => {
                "Post the batch or take its mark away: the document is tried again. To keep \
                 documents out of batches under work, allow next batches in the profile."
            }
            Self::InUse => {
                "Close the window in which the batch is open: the document is tried again. If \
                 nobody has it open, remove the left-over activity (SY00800) with everyone out."
            }
        }
    }
}

/// The report on a document whose batches are all closed; it costs no attempt.
pub(super) fn closed(place: &Place<'_>, batch: &Joined, number: &str, why: Closed) -> Failure {
    let problem = problem(place, batch, number, why);
    let mut failure = failure(ErrorClass::Busy, "batch_closed", problem.text.clone());
    failure.errors.push(problem);
    failure.retry_after_ms = LOOK_AGAIN_MS;
    failure
}

fn problem(place: &Place<'_>, batch: &Joined, number: &str, why: Closed) -> GpError {
    GpError {
        text: format!("Batch {number} ({}) {}.", batch.source, why.text()),
        procedure: place.spec().name.clone(),
        node: place.path(),
        element: ELEMENT.to_owned(),
        value: number.to_owned(),
        repair: why.repair().to_owned(),
        retryable: true,
        ..GpError::default()
    }
}

/// What batches of a document that is refused anyway are in its way too. Nothing is locked; a
/// batch that somebody holds is left out.
pub(super) async fn problems(
    connection: &mut SqlConnection,
    company_name: &str,
    document: &Document,
) -> Result<Vec<GpError>, SqlError> {
    let mut problems: Vec<GpError> = Vec::new();
    for (transaction, content) in document.transactions.iter().enumerate() {
        for (node, of_node) in content.nodes.iter().enumerate() {
            let Some(batch) = joined(of_node) else {
                continue;
            };
            let asked = vec![
                batch.source.into(),
                batch.number.as_str().into(),
                company_name.into(),
            ];
            let found = match connection.query_one(&statements::BATCH_STATE, asked).await {
                Ok(found) => found,
                Err(error) if error.is_lock() => continue,
                Err(error) => return Err(error),
            };
            let state = found.as_deref().and_then(<[Cell]>::first);
            let Some(why) = state.and_then(Cell::int).and_then(Closed::of) else {
                continue;
            };
            let place = Place {
                document,
                transaction,
                node,
            };
            let problem = problem(&place, &batch, &batch.number, why);
            if !problems.iter().any(|known| known.text == problem.text) {
                problems.push(problem);
            }
        }
    }
    Ok(problems)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn next_batches_have_names_that_fit() {
        assert_eq!(name("WEB20260305", None), "WEB20260305");
        assert_eq!(name("WEB20260305", Some(2)), "WEB20260305-2");
        assert_eq!(name("STOREWEB2026030", Some(10)), "STOREWEB2026-10");
    }
}
