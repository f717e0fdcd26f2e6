//! Document numbers: taken from GP by its own procedures and kept in the journal row.

use serde::{Deserialize, Serialize};

use super::connection::{SqlConnection, TextCall};
use super::error::SqlError;
use super::plan::NumberWanted;
use super::reply::{Called, Cell};
use super::statements;
use super::values::SqlValue;

/// GP's counters, each behind a procedure of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Counter {
    /// One for each document id of a sales document type.
    #[default]
    Sop,
    Journal,
    /// Vouchers, and with kind 1 payments.
    Voucher,
    /// One for each receivables document type.
    Receivable,
    /// One each for adjustments, variances and transfers.
    Inventory,
}

/// A node whose number may be left to GP: the header of its transaction.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Numbered {
    pub(super) header: &'static str,
    pub(super) element: &'static str,
    pub(super) counter: Counter,
    pub(super) kind: Kind,
}

/// What the counter's procedure is asked for.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Fixed(u8),
    /// An element of the header.
    Element(&'static str),
}

/// Every header that can be numbered.
pub(super) static NUMBERED: [Numbered; 8] = [
    numbered(
        "taSopHdrIvcInsert",
        "SOPNUMBE",
        Counter::Sop,
        Kind::Element("SOPTYPE"),
    ),
    numbered(
        "taGLTransactionHeaderInsert",
        "JRNENTRY",
        Counter::Journal,
        Kind::Fixed(0),
    ),
    numbered(
        "taPMTransactionInsert",
        "VCHNUMWK",
        Counter::Voucher,
        Kind::Fixed(0),
    ),
    numbered(
        "taPMManualCheck",
        "PMNTNMBR",
        Counter::Voucher,
        Kind::Fixed(1),
    ),
    numbered(
        "taRMTransaction",
        "DOCNUMBR",
        Counter::Receivable,
        Kind::Element("RMDTYPAL"),
    ),
    numbered(
        "taRMCashReceiptInsert",
        "DOCNUMBR",
        Counter::Receivable,
        Kind::Fixed(9),
    ),
    numbered(
        "taIVTransactionHeaderInsert",
        "IVDOCNBR",
        Counter::Inventory,
        Kind::Element("IVDOCTYP"),
    ),
    numbered(
        "taIVTransferHeaderInsert",
        "IVDOCNBR",
        Counter::Inventory,
        Kind::Fixed(3),
    ),
];

const fn numbered(
    header: &'static str,
    element: &'static str,
    counter: Counter,
    kind: Kind,
) -> Numbered {
    Numbered {
        header,
        element,
        counter,
        kind,
    }
}

/// How a node is numbered, if it is a header that can be.
pub(super) fn of_header(node: &str) -> Option<&'static Numbered> {
    NUMBERED.iter().find(|numbered| numbered.header == node)
}

impl Counter {
    pub(super) const ALL: [Self; 5] = [
        Self::Sop,
        Self::Journal,
        Self::Voucher,
        Self::Receivable,
        Self::Inventory,
    ];

    /// The counter a procedure moves.
    pub(super) fn of_procedure(procedure: &str) -> Option<Self> {
        let mut all = Self::ALL.into_iter();
        all.find(|counter| counter.procedure() == procedure)
    }

    /// The procedure that moves it.
    pub(super) fn procedure(self) -> &'static str {
        match self {
            Self::Sop => "taGetSopNumber",
            Self::Journal => "taGetNextJournalEntry",
            Self::Voucher => "taGetPMNextVoucherNumber",
            Self::Receivable => "taGetPaymentNumber",
            Self::Inventory => "taGetIvNumber",
        }
    }
}

/// A number GP gave for a transaction of a document.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Reserved {
    #[serde(rename = "t")]
    pub(super) transaction: usize,
    #[serde(rename = "c", default)]
    pub(super) counter: Counter,
    #[serde(rename = "y")]
    pub(super) kind: u8,
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

/// Takes the next number of a counter, which moves with the surrounding transaction.
pub(super) async fn take(
    connection: &mut SqlConnection,
    wanted: &NumberWanted,
) -> Result<Reserved, NoNumber> {
    let call = TextCall {
        text: statements::number(wanted.counter).fixed(),
        declarations: statements::NUMBER_DECLARATIONS,
        parameters: wanted.parameters().into(),
        outputs: outputs().into(),
    };
    let called = connection.call_text(call).await?;
    if let Some(error) = &called.raised
        && error.is_lock()
    {
        return Err(NoNumber::Sql(error.clone()));
    }
    let state = called
        .output(statements::NUMBER_STATE)
        .and_then(Cell::int)
        .unwrap_or_default();
    let number = given(&called);
    if state != 0 || called.return_code != 0 || called.raised.is_some() || number.is_empty() {
        return Err(NoNumber::Refused(Box::new(called)));
    }
    Ok(wanted.reserved(number))
}

/// What every text that takes a number gives back.
pub(super) fn outputs() -> [(&'static str, SqlValue); 3] {
    [
        (statements::NUMBER, SqlValue::from("")),
        (statements::NUMBER_STATE, SqlValue::Int(0)),
        (statements::RETURN_CODE, SqlValue::Int(0)),
    ]
}

/// The number a call gave, empty when it gave none.
pub(super) fn given(called: &Called) -> String {
    let number = called.output(statements::NUMBER).and_then(Cell::text);
    number.unwrap_or_default().trim().to_owned()
}

impl NumberWanted {
    /// What the counter's procedure is told.
    pub(super) fn parameters(&self) -> [(&'static str, SqlValue); 2] {
        [
            ("@connect_kind", SqlValue::TinyInt(self.kind)),
            ("@connect_document_id", self.document_id.as_str().into()),
        ]
    }

    /// What was asked for, with the number that came.
    pub(super) fn reserved(&self, number: String) -> Reserved {
        Reserved {
            transaction: self.transaction,
            counter: self.counter,
            kind: self.kind,
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
                && reserved.counter == wanted.counter
                && reserved.kind == wanted.kind
                && reserved.document_id == wanted.document_id
        })
}

#[cfg(test)]
mod tests {
    use connect_proto::econnect::catalogue;

    use super::*;

    #[test]
    fn numbers_survive_the_journal_and_fit_only_what_they_were_taken_for() {
        let wanted = NumberWanted {
            transaction: 0,
            counter: Counter::Sop,
            kind: 2,
            document_id: "STDORD".to_owned(),
        };
        let reserved = vec![wanted.reserved("STDORD2295".to_owned())];
        let (before, after) = around(&wanted);
        assert_eq!(format!("{before}STDORD2295{after}"), to_journal(&reserved));
        let kept = from_journal(&to_journal(&reserved));
        assert_eq!(kept, reserved);
        assert!(fit(&kept, std::slice::from_ref(&wanted)));
        let other = |counter, kind| NumberWanted {
            counter,
            kind,
            ..wanted.clone()
        };
        assert!(!fit(&kept, &[other(Counter::Sop, 3)]));
        assert!(!fit(&kept, &[other(Counter::Voucher, 2)]));
        assert!(from_journal("").is_empty());
    }

    #[test]
    fn every_numbered_header_is_in_the_catalogue() {
        for numbered in &NUMBERED {
            let node = catalogue::node(numbered.header).expect(numbered.header);
            assert!(node.element(numbered.element).is_some(), "{numbered:?}");
            assert!(catalogue::takes_number(numbered.header, numbered.element));
            if let Kind::Element(element) = numbered.kind {
                assert!(node.element(element).is_some(), "{numbered:?}");
            }
        }
    }
}
