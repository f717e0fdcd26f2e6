//! Batches: which one a document joins, and what it does when that one cannot be joined.

use connect_proto::econnect::Node;
use connect_proto::tunnel::v1::{ErrorClass, Failure, GpError};

use super::plan::Place;
use super::refusal::failure;

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
    let message = format!("Batch {number} ({}) {}.", batch.source, why.text());
    let mut failure = failure(ErrorClass::Busy, "batch_closed", message.clone());
    failure.errors.push(GpError {
        text: message,
        procedure: place.spec().name.clone(),
        node: place.path(),
        element: ELEMENT.to_owned(),
        value: number.to_owned(),
        repair: why.repair().to_owned(),
        retryable: true,
        ..GpError::default()
    });
    failure.retry_after_ms = LOOK_AGAIN_MS;
    failure
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
