//! Document numbers: taken from GP by its own procedure and kept in the journal row.

use serde::{Deserialize, Serialize};

use super::connection::{Call, SqlConnection};
use super::error::SqlError;
use super::plan::NumberWanted;
use super::reply::{Called, Cell};
use super::values::SqlValue;

pub(super) const PROCEDURE: &str = "taGetSopNumber";
pub(super) const NUMBER_OUT: &str = "@O_vSopNumber";
pub(super) const STATE_OUT: &str = "@O_iErrorState";

/// A number GP gave for a transaction of a document.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Reserved {
    #[serde(rename = "t")]
    pub(super) transaction: usize,
    #[serde(rename = "y")]
    pub(super) sop_type: u8,
    #[serde(rename = "d")]
    pub(super) document_id: String,
    #[serde(rename = "n")]
    pub(super) number: String,
}

/// Why no number came.
#[derive(Debug)]
pub(super) enum NoNumber {
    Sql(SqlError),
    /// GP answered with a state instead.
    Refused(Box<Called>),
}

impl From<SqlError> for NoNumber {
    fn from(error: SqlError) -> Self {
        Self::Sql(error)
    }
}

/// Takes the next number of a document id; GP's counter moves with the surrounding transaction.
pub(super) async fn take(
    connection: &mut SqlConnection,
    wanted: &NumberWanted,
) -> Result<Reserved, NoNumber> {
    let call = Call {
        procedure: PROCEDURE,
        parameters: vec![
            ("@I_tSOPTYPE".into(), SqlValue::TinyInt(wanted.sop_type)),
            (
                "@I_cDOCID".into(),
                SqlValue::Text(wanted.document_id.clone()),
            ),
            ("@I_tInc_Dec".into(), SqlValue::TinyInt(1)),
        ],
        outputs: vec![
            (NUMBER_OUT, SqlValue::from("")),
            (STATE_OUT, SqlValue::Int(0)),
        ],
    };
    let called = connection.call(call).await?;
    if let Some(error) = &called.raised
        && error.is_lock()
    {
        return Err(NoNumber::Sql(error.clone()));
    }
    let state = called
        .output(STATE_OUT)
        .and_then(Cell::int)
        .unwrap_or_default();
    let number = given(&called);
    if state != 0 || called.return_code != 0 || called.raised.is_some() || number.is_empty() {
        return Err(NoNumber::Refused(Box::new(called)));
    }
    Ok(wanted.reserved(number))
}

/// The number a call gave, empty when it gave none.
pub(super) fn given(called: &Called) -> String {
    let number = called.output(NUMBER_OUT).and_then(Cell::text);
    number.unwrap_or_default().trim().to_owned()
}

impl NumberWanted {
    /// What was asked for, with the number that came.
    pub(super) fn reserved(&self, number: String) -> Reserved {
        Reserved {
            transaction: self.transaction,
            sop_type: self.sop_type,
            document_id: self.document_id.clone(),
            number,
        }
    }
}

/// The journal's text of one number, cut where the number itself stands.
pub(super) fn around(wanted: &NumberWanted) -> (String, String) {
    const END: &str = "\"}]";
    let whole = to_journal(&[wanted.reserved(String::new())]);
    let before = whole.strip_suffix(END).unwrap_or(&whole);
    (before.to_owned(), END.to_owned())
}

/// How long the journal's text may become: GP's numbers have at most 21 characters.
pub(super) fn longest_text(wanted: &[NumberWanted]) -> usize {
    let longest = |wanted: &NumberWanted| wanted.reserved("9".repeat(21));
    to_journal(&wanted.iter().map(longest).collect::<Vec<_>>()).len()
}

/// The text kept in the journal.
pub(super) fn to_journal(reserved: &[Reserved]) -> String {
    serde_json::to_string(reserved).unwrap_or_default()
}

/// Reads the text kept in the journal; an empty one holds no numbers.
pub(super) fn from_journal(text: &str) -> Vec<Reserved> {
    serde_json::from_str(text).unwrap_or_default()
}

/// Whether the numbers kept are the ones the document needs now.
pub(super) fn fit(reserved: &[Reserved], wanted: &[NumberWanted]) -> bool {
    reserved.len() == wanted.len()
        && reserved.iter().zip(wanted).all(|(reserved, wanted)| {
            reserved.transaction == wanted.transaction
                && reserved.sop_type == wanted.sop_type
                && reserved.document_id == wanted.document_id
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_survive_the_journal_and_fit_only_what_they_were_taken_for() {
        let wanted = NumberWanted {
            transaction: 0,
            sop_type: 2,
            document_id: "STDORD".to_owned(),
        };
        let reserved = vec![Reserved {
            transaction: 0,
            sop_type: 2,
            document_id: "STDORD".to_owned(),
            number: "STDORD2295".to_owned(),
        }];
        let (before, after) = around(&wanted);
        assert_eq!(format!("{before}STDORD2295{after}"), to_journal(&reserved));
        let kept = from_journal(&to_journal(&reserved));
        assert_eq!(kept, reserved);
        assert!(fit(&kept, std::slice::from_ref(&wanted)));
        assert!(!fit(
            &kept,
            &[NumberWanted {
                sop_type: 3,
                ..wanted
            }]
        ));
        assert!(from_journal("").is_empty());
    }
}
