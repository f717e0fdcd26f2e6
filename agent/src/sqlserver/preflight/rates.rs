//! Whether GP has a rate for a document in another currency than the company's own.

use connect_proto::econnect::{Document, Node};
use time::{Date, PrimitiveDateTime};

use super::super::connection::SqlConnection;
use super::super::error::SqlError;
use super::super::reply::Cell;
use super::super::statements;
use super::periods::date;

/// The headers that name a currency, and the element with the day its rate is of.
const HEADERS: [(&str, &str); 7] = [
    ("taSopHdrIvcInsert", "DOCDATE"),
    ("taRMCashReceiptInsert", "DOCDATE"),
    ("taRMTransaction", "DOCDATE"),
    ("taGLTransactionHeaderInsert", "TRXDATE"),
    ("taPMTransactionInsert", "DOCDATE"),
    ("taPMManualCheck", "DOCDATE"),
    ("taBRBankTransactionHeader", "TRXDATE"),
];
/// The setting of an exchange table by which a later day's rate counts too.
const NEXT: i64 = 1;
/// The login may not read the tables, not enter the system database, or they are not there: GP has
/// the last word.
const UNREADABLE: [i32; 3] = [208, 229, 916];

/// A currency and the day of the rate.
pub(super) type Wanted = (String, Date);

/// A header in a currency, without a rate of its own.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Priced {
    pub(super) transaction: usize,
    pub(super) node: usize,
    /// As the document writes it.
    currency: String,
    day: PrimitiveDateTime,
}

impl Priced {
    pub(super) fn wanted(&self) -> Wanted {
        (self.currency.to_uppercase(), self.day.date())
    }
}

/// Why GP finds no rate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum NoRate {
    UnknownCurrency,
    NoTable,
    /// None of these tables has one that had begun by the day.
    NoneBegun {
        tables: String,
        day: Date,
    },
}

/// Every header of a document that needs a rate, if its currency is another.
pub(super) fn of(document: &Document) -> Vec<Priced> {
    let mut priced: Vec<Priced> = Vec::new();
    for (transaction, content) in document.transactions.iter().enumerate() {
        for (at, node) in content.nodes.iter().enumerate() {
            let Some((currency, day)) = currency_and_day(node) else {
                continue;
            };
            let of_node = Priced {
                transaction,
                node: at,
                currency,
                day,
            };
            if !priced.iter().any(|p| p.wanted() == of_node.wanted()) {
                priced.push(of_node);
            }
        }
    }
    priced
}

fn currency_and_day(node: &Node) -> Option<(String, PrimitiveDateTime)> {
    let (_, element) = HEADERS.iter().find(|(name, _)| *name == node.name)?;
    let text = |element| node.text(element).map(str::trim).unwrap_or_default();
    // A rate of the caller's own needs no table, and its own rules are GP's to judge.
    let rate: rust_decimal::Decimal = text("XCHGRATE").parse().unwrap_or_default();
    let ruled = !matches!(text("TRXDTDEF"), "" | "-1");
    let currency = text("CURNCYID").to_owned();
    if !rate.is_zero() || ruled || currency.is_empty() {
        return None;
    }
    let day = date(node, "EXCHDATE").or_else(|| date(node, element))?;
    Some((currency, day))
}

/// Reads the currency's exchange tables and tells what keeps it from having a rate.
pub(super) async fn no_rate(
    connection: &mut SqlConnection,
    priced: &Priced,
) -> Result<Option<NoRate>, SqlError> {
    let currency = vec![priced.currency.as_str().into()];
    match connection
        .query(&statements::EXCHANGE_TABLES, currency)
        .await
    {
        Ok(rows) => Ok(judge(&rows, priced)),
        Err(error) if error.number().is_some_and(|n| UNREADABLE.contains(&n)) => {
            tracing::debug!("Exchange rates cannot be read; GP will tell: {error}");
            Ok(None)
        }
        Err(error) => Err(error),
    }
}

/// A row for each exchange table: the functional currency, the currency, the table, which days'
/// rates count, and the first and last day a rate begins on.
fn judge(rows: &[Vec<Cell>], priced: &Priced) -> Option<NoRate> {
    let text = |row: &[Cell], at: usize| {
        let text = row.get(at).and_then(Cell::text).unwrap_or_default();
        text.trim_end().to_owned()
    };
    let first = rows.first()?;
    if text(first, 0).eq_ignore_ascii_case(&priced.currency) {
        return None;
    }
    if text(first, 1).is_empty() {
        return Some(NoRate::UnknownCurrency);
    }
    let tables: Vec<String> = rows.iter().map(|row| text(row, 2)).collect();
    if tables.iter().all(String::is_empty) {
        return Some(NoRate::NoTable);
    }
    let has_one = rows.iter().any(|row| {
        let begins = |at: usize| match row.get(at) {
            Some(Cell::DateTime(moment)) => Some(*moment),
            Some(Cell::Null | Cell::Text(_) | Cell::Int(_) | Cell::Numeric(_) | Cell::Other)
            | None => None,
        };
        let next = row.get(3).and_then(Cell::int) == Some(NEXT);
        begins(4).is_some_and(|first| first <= priced.day)
            || (next && begins(5).is_some_and(|last| last >= priced.day))
    });
    (!has_one).then(|| NoRate::NoneBegun {
        tables: tables.join(", "),
        day: priced.day.date(),
    })
}

#[cfg(test)]
mod tests {
    use time::{Month, Time};

    use super::*;

    fn at(day: u8) -> PrimitiveDateTime {
        let date = Date::from_calendar_date(2025, Month::March, day).unwrap();
        PrimitiveDateTime::new(date, Time::MIDNIGHT)
    }

    fn row(currency: &str, table: &str, which: i64, days: Option<(u8, u8)>) -> Vec<Cell> {
        let day = |day| Cell::DateTime(at(day));
        vec![
            Cell::Text("Z-US$          ".to_owned()),
            Cell::Text(currency.to_owned()),
            Cell::Text(table.to_owned()),
            Cell::Int(which),
            days.map_or(Cell::Null, |(first, _)| day(first)),
            days.map_or(Cell::Null, |(_, last)| day(last)),
        ]
    }

    #[test]
    fn a_rate_that_has_begun_or_may_come_later_will_do() {
        let priced = |currency: &str| Priced {
            transaction: 0,
            node: 0,
            currency: currency.to_owned(),
            day: at(10),
        };
        let euro = priced("Z-EURO");
        let none = |tables: &str| {
            Some(NoRate::NoneBegun {
                tables: tables.to_owned(),
                day: at(10).date(),
            })
        };
        assert_eq!(judge(&[row("", "", 0, None)], &priced("Z-US$")), None);
        for (rows, expected) in [
            (vec![], None),
            (vec![row("", "", 0, None)], Some(NoRate::UnknownCurrency)),
            (vec![row("Z-EURO", "", 0, None)], Some(NoRate::NoTable)),
            (vec![row("Z-EURO", "AVG", 0, None)], none("AVG")),
            (vec![row("Z-EURO", "AVG", 0, Some((1, 5)))], None),
            (vec![row("Z-EURO", "AVG", 0, Some((10, 10)))], None),
            (vec![row("Z-EURO", "AVG", 2, Some((11, 20)))], none("AVG")),
            (vec![row("Z-EURO", "AVG", 1, Some((11, 20)))], None),
            (
                vec![
                    row("Z-EURO", "AVG", 0, Some((11, 20))),
                    row("Z-EURO", "BUY", 0, None),
                ],
                none("AVG, BUY"),
            ),
            (
                vec![
                    row("Z-EURO", "AVG", 0, None),
                    row("Z-EURO", "BUY", 0, Some((9, 9))),
                ],
                None,
            ),
        ] {
            assert_eq!(judge(&rows, &euro), expected, "{rows:?}");
        }
    }
}
