//! The fiscal period of a document's posting date, and what to do when it is closed.

use connect_proto::econnect::{Document, Node, Value};
use connect_proto::tunnel::v1::{ClosedPeriod, DocumentKey};
use time::{Date, PrimitiveDateTime};

use super::super::connection::SqlConnection;
use super::super::error::SqlError;
use super::super::reply::Cell;
use super::super::statements;
use super::super::values::{ParameterType, SqlValue};

/// The part of GP whose periods count, by the place of its flag.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Series {
    Financial,
    Sales,
    Purchasing,
    Inventory,
}

impl Series {
    fn name(self) -> &'static str {
        match self {
            Self::Financial => "Financial",
            Self::Sales => "Sales",
            Self::Purchasing => "Purchasing",
            Self::Inventory => "Inventory",
        }
    }

    fn flag(self) -> usize {
        match self {
            Self::Financial => 4,
            Self::Sales => 5,
            Self::Purchasing => 6,
            Self::Inventory => 7,
        }
    }
}

/// Headers that post, and the elements that give the date: the first one is the posting date.
/// Where it is the document's own date, every node of the transaction repeats it.
const POSTING: [(&str, Series, &[&str]); 15] = [
    ("taSopHdrIvcInsert", Series::Sales, &["DOCDATE"]),
    (
        "taRMCashReceiptInsert",
        Series::Sales,
        &["GLPOSTDT", "DOCDATE"],
    ),
    ("taRMTransaction", Series::Sales, &["DOCDATE"]),
    (
        "taRMVoidTransaction",
        Series::Sales,
        &["GLPOSTDT", "VOIDDATE"],
    ),
    ("taRMApply", Series::Sales, &["GLPOSTDT", "APPLYDATE"]),
    ("taRMUnapplyTransaction", Series::Sales, &["GLPOSTDT"]),
    (
        "taGLTransactionHeaderInsert",
        Series::Financial,
        &["TRXDATE"],
    ),
    (
        "taGLTransactionHeaderInsert",
        Series::Financial,
        &["RVRSNGDT"],
    ),
    (
        "taPMTransactionInsert",
        Series::Purchasing,
        &["PSTGDATE", "DOCDATE"],
    ),
    (
        "taPMManualCheck",
        Series::Purchasing,
        &["PSTGDATE", "DOCDATE"],
    ),
    (
        "taIVTransactionHeaderInsert",
        Series::Inventory,
        &["DOCDATE"],
    ),
    ("taIVTransferHeaderInsert", Series::Inventory, &["DOCDATE"]),
    (
        "taBRBankTransactionHeader",
        Series::Financial,
        &["GLPOSTDT", "TRXDATE"],
    ),
    (
        "taBRBankTransactionVoid",
        Series::Financial,
        &["GLPOSTDT", "VOIDDATE"],
    ),
    (
        "taBRBankDepositsHeader",
        Series::Financial,
        &["GLPOSTDT", "DEPDATE"],
    ),
];

/// A date that a document posts on.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Posting {
    pub(super) transaction: usize,
    pub(super) node: usize,
    /// The element that gives the date.
    pub(super) element: &'static str,
    /// The element that a later posting date goes into.
    later: &'static str,
    series: Series,
    date: PrimitiveDateTime,
}

/// A day on which a series posts.
pub(super) type Day = (Series, Date);

impl Posting {
    pub(super) fn day(&self) -> Day {
        (self.series, self.date.date())
    }
}

/// What is wrong with a posting date.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum NotOpen {
    /// No fiscal period holds the date.
    NoPeriod,
    /// Closed for the series, or in a year that is history.
    Closed {
        period: String,
        series: &'static str,
        /// The first day of the next open period.
        next: Option<PrimitiveDateTime>,
    },
}

/// Every date that a document posts on.
pub(super) fn of(document: &Document) -> Vec<Posting> {
    let mut dates = Vec::new();
    for (transaction, content) in document.transactions.iter().enumerate() {
        for (at, node) in content.nodes.iter().enumerate() {
            for (_, series, elements) in POSTING.iter().filter(|(name, ..)| *name == node.name) {
                let given = elements
                    .iter()
                    .find_map(|element| Some((*element, date(node, element)?)));
                let Some((element, date)) = given.filter(|_| posts(node)) else {
                    continue;
                };
                dates.push(Posting {
                    transaction,
                    node: at,
                    element,
                    later: elements[0],
                    series: *series,
                    date,
                });
            }
        }
    }
    dates
}

/// Quotes, orders and back orders never post: the invoice that GP makes of them does, on its date.
fn posts(node: &Node) -> bool {
    let kind = node.text("SOPTYPE").map(str::trim);
    node.name != "taSopHdrIvcInsert" || matches!(kind, Some("3" | "4"))
}

/// 1900-01-01 is GP's empty date.
pub(super) fn date(node: &Node, element: &str) -> Option<PrimitiveDateTime> {
    match ParameterType::DateTime.bind(node.get(element)?) {
        Ok(SqlValue::DateTime(date)) if date.year() > 1900 => Some(date),
        Ok(_) | Err(_) => None,
    }
}

/// Reads the periods and tells what keeps a date from being posted on.
pub(super) async fn not_open(
    connection: &mut SqlConnection,
    posting: &Posting,
) -> Result<Option<NotOpen>, SqlError> {
    let day = SqlValue::DateTime(posting.date.replace_time(time::Time::MIDNIGHT));
    let rows = connection.query(&statements::PERIODS, vec![day]).await?;
    Ok(judge(&rows, posting))
}

/// Rows begin with the period that holds the date, if there is one.
fn judge(rows: &[Vec<Cell>], posting: &Posting) -> Option<NotOpen> {
    let begins = |row: &Vec<Cell>| match row.first() {
        Some(Cell::DateTime(first)) => Some(*first),
        Some(Cell::Null | Cell::Text(_) | Cell::Int(_) | Cell::Numeric(_) | Cell::Other) | None => {
            None
        }
    };
    let flag = |row: &Vec<Cell>, at: usize| row.get(at).and_then(Cell::int).unwrap_or_default();
    let open = |row: &Vec<Cell>| flag(row, 3) == 0 && flag(row, posting.series.flag()) == 0;
    let holds = |row: &&Vec<Cell>| begins(row).is_some_and(|first| first <= posting.date);
    let of_date: Vec<_> = rows.iter().filter(holds).collect();
    let Some(period) = of_date.first() else {
        return Some(NotOpen::NoPeriod);
    };
    if of_date.iter().all(|row| open(row)) {
        return None;
    }
    let later = rows.iter().find(|row| !holds(row) && open(row));
    Some(NotOpen::Closed {
        period: period
            .get(2)
            .and_then(Cell::text)
            .unwrap_or_default()
            .to_owned(),
        series: posting.series.name(),
        next: later.and_then(begins),
    })
}

/// Moves a posting date; the answer tells it.
pub(super) fn moved(
    document: &mut Document,
    posting: &Posting,
    to: PrimitiveDateTime,
) -> Option<DocumentKey> {
    let element = posting.later;
    let day = to.date().to_string();
    let transaction = document.transactions.get_mut(posting.transaction)?;
    let is_own_date = posting.later == posting.element;
    for (at, node) in transaction.nodes.iter_mut().enumerate() {
        let repeats = is_own_date && date(node, element) == Some(posting.date);
        if at == posting.node || repeats {
            node.set(element, Value::Text(day.clone()));
        }
    }
    Some(DocumentKey {
        element: element.to_owned(),
        value: day,
        ..DocumentKey::default()
    })
}

/// What a command asks for where a period is closed.
pub(super) fn policy(value: i32) -> ClosedPeriod {
    ClosedPeriod::try_from(value).unwrap_or(ClosedPeriod::Refuse)
}

#[cfg(test)]
mod tests {
    use connect_proto::econnect::{Transaction, catalogue};
    use time::macros::datetime;

    use super::*;

    fn row(first: PrimitiveDateTime, name: &str, history: i64, sales: i64) -> Vec<Cell> {
        let mut row = vec![Cell::DateTime(first), Cell::DateTime(first)];
        row.push(Cell::Text(name.to_owned()));
        row.extend([history, 0, sales, 0, 0].map(Cell::Int));
        row
    }

    fn invoice() -> Document {
        let line = Node::new("taSopLineIvcInsert").with("DOCDATE", "2026-03-05");
        let header = Node::new("taSopHdrIvcInsert")
            .with("SOPTYPE", "3")
            .with("DOCDATE", "2026-03-05");
        let transaction = Transaction::new("SOPTransactionType")
            .with(line)
            .with(header);
        Document::new().with(transaction)
    }

    #[test]
    fn every_posting_element_is_in_the_catalogue() {
        for (node, _, elements) in POSTING {
            let spec = catalogue::node(node).expect(node);
            for element in elements {
                assert!(spec.element(element).is_some(), "{node} {element}");
            }
        }
    }

    #[test]
    fn a_closed_period_tells_the_next_open_one() {
        let posting = &of(&invoice())[0];
        let march = datetime!(2026-03-01 00:00);
        let (april, may) = (datetime!(2026-04-01 00:00), datetime!(2026-05-01 00:00));
        assert_eq!(judge(&[], posting), Some(NotOpen::NoPeriod));
        assert_eq!(
            judge(&[row(april, "P4", 0, 0)], posting),
            Some(NotOpen::NoPeriod)
        );
        assert_eq!(judge(&[row(march, "P3", 0, 0)], posting), None);
        let closed = |next| NotOpen::Closed {
            period: "P3".to_owned(),
            series: "Sales",
            next,
        };
        let rows = [
            row(march, "P3", 0, 1),
            row(april, "P4", 0, 1),
            row(may, "P5", 0, 0),
        ];
        assert_eq!(judge(&rows, posting), Some(closed(Some(may))));
        assert_eq!(
            judge(&[row(march, "P3", 1, 0)], posting),
            Some(closed(None))
        );
    }

    #[test]
    fn a_moved_date_is_moved_wherever_it_is_repeated() {
        let mut document = invoice();
        let posting = of(&document).remove(0);
        let key = moved(&mut document, &posting, datetime!(2026-05-01 00:00)).unwrap();
        assert_eq!(
            (key.element.as_str(), key.value.as_str()),
            ("DOCDATE", "2026-05-01")
        );
        let dates = document.transactions[0].nodes.iter();
        assert!(
            dates
                .map(|node| node.text("DOCDATE"))
                .all(|date| date == Some("2026-05-01"))
        );
    }

    #[test]
    fn orders_do_not_post_and_a_receipt_keeps_its_own_date() {
        let order = Node::new("taSopHdrIvcInsert")
            .with("SOPTYPE", "2")
            .with("DOCDATE", "2026-03-05");
        let receipt = Node::new("taRMCashReceiptInsert").with("DOCDATE", "2026-03-05");
        let transaction = Transaction::new("RMCashReceiptsType")
            .with(order)
            .with(receipt);
        let mut document = Document::new().with(transaction);
        let postings = of(&document);
        assert_eq!(postings.len(), 1);
        moved(&mut document, &postings[0], datetime!(2026-05-01 00:00)).unwrap();
        let receipt = &document.transactions[0].nodes[1];
        assert_eq!(receipt.text("DOCDATE"), Some("2026-03-05"));
        assert_eq!(receipt.text("GLPOSTDT"), Some("2026-05-01"));
    }
}
