//! What a customer's summary (RM00103) says of the documents of Receivables.

use rust_decimal::Decimal;

use super::PAYMENT;
use crate::sandbox::gp::heap::rows::{Cell, Row};
use crate::sandbox::gp::value::Value;

const INVOICE: i64 = 1;
const RETURN: i64 = 8;

/// A document that is posted.
#[derive(Debug)]
pub struct Posted {
    pub kind: i64,
    /// When it was made.
    pub date: i64,
    /// What it comes to.
    pub amount: Decimal,
    /// What it makes the customer owe; less than nothing for a credit.
    pub owed: Decimal,
    pub sales: Decimal,
    pub cost: Decimal,
}

/// What the summary holds after a document was posted.
pub fn posted(summary: &Row, document: &Posted) -> Vec<Cell<'static>> {
    let mut cells = owing(summary, document.owed);
    let amount = document.amount;
    match document.kind {
        PAYMENT => {
            cells.push(("LPYMTAMT", amount.into()));
            cells.push(("LASTPYDT", Value::Time(document.date)));
            cells.extend(more(summary, ["TCSHRYTD", "TCSHRLTD"], amount));
            return cells;
        }
        INVOICE => {
            if summary.time("FRSTINDT") == 0 {
                cells.push(("FRSTINDT", Value::Time(document.date)));
            }
            cells.extend(more(summary, ["TTLSLYTD", "TTLSLLTD"], document.sales));
            cells.extend(more(summary, ["TCOSTYTD", "TCOSTLTD"], document.cost));
            for name in ["TTLINYTD", "TTLINLTD"] {
                cells.push((name, (summary.int(name) + 1).into()));
            }
        }
        RETURN => cells.extend(more(summary, ["TTLRTYTD", "TTLRTLTD"], amount)),
        _ => {}
    }
    cells.push(("LSTTRXDT", Value::Time(document.date)));
    cells.push(("LSTTRXAM", amount.into()));
    let balance = summary.money("CUSTBLNC") + document.owed;
    for name in ["HIBALYTD", "HIBALLTD"] {
        cells.push((name, summary.money(name).max(balance).into()));
    }
    cells
}

/// What the summary holds after the customer owes so much more, all of it in the newest bucket.
pub fn owing(summary: &Row, owed: Decimal) -> Vec<Cell<'static>> {
    more(summary, ["CUSTBLNC", "AGPERAMT_1"], owed).into()
}

/// Adds an amount to two columns, mostly those of the year and of all time.
pub fn more(summary: &Row, names: [&'static str; 2], amount: Decimal) -> [Cell<'static>; 2] {
    names.map(|name| (name, (summary.money(name) + amount).into()))
}
