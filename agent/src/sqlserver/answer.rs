//! The answer to an executed document, and its form in the journal.

use connect_proto::tunnel::v1::{DocumentKey, Executed};
use serde::{Deserialize, Serialize};

use super::company::Company;
use super::econnect::Request;
use super::journal;

/// The answer as it stands in the journal.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Recorded {
    keys: Vec<RecordedKey>,
}

#[derive(Debug, Serialize, Deserialize)]
struct RecordedKey {
    element: String,
    value: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    type_element: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    type_value: String,
}

/// The recorded answer of an effect that is there.
pub(super) fn recorded(
    company: &Company,
    request: &Request<'_>,
    row: &journal::Row,
    already_done: bool,
) -> Executed {
    let recorded: Recorded = serde_json::from_str(&row.answer).unwrap_or_default();
    let key = |key: RecordedKey| DocumentKey {
        element: key.element,
        value: key.value,
        type_element: key.type_element,
        type_value: key.type_value,
    };
    Executed {
        already_done,
        payload_differs: already_done && row.payload_hash != request.payload_hash,
        journal_number: row.journal_id,
        keys: recorded.keys.into_iter().map(key).collect(),
        incarnation: company.incarnation(),
    }
}

/// The answer as the journal keeps it.
pub(super) fn record(keys: &[DocumentKey]) -> String {
    let key = |key: &DocumentKey| RecordedKey {
        element: key.element.clone(),
        value: key.value.clone(),
        type_element: key.type_element.clone(),
        type_value: key.type_value.clone(),
    };
    let recorded = Recorded {
        keys: keys.iter().map(key).collect(),
    };
    serde_json::to_string(&recorded).unwrap_or_default()
}
