//! Posting of a receivables batch: its documents become open ones.

use serde_json::{Value as Json, json};

use super::super::clock;
use super::super::error::Stop;
use super::super::heap::rows::{Cell, Row};
use super::super::procedures::rm::summary::{self, Posted};
use super::super::procedures::rm::{PAYMENT, Side};
use super::super::value::Value;
use super::desk::Desk;
use super::refused;

/// Where a batch source keeps its documents, and the amount of one.
const WORK: [(&str, &str, &str); 2] = [
    ("RM_Sales", "RM10301", "DOCAMNT"),
    ("RM_Cash", "RM10201", "ORTRXAMT"),
];

/// Posts a batch at once.
pub(super) fn post(desk: &mut Desk<'_, '_>, source: &str, name: &str) -> Result<Json, Stop> {
    let work = WORK.iter().find(|(known, ..)| *known == source);
    let Some((_, table, amount)) = work else {
        return Err(refused("Only sales and receivables batches are posted."));
    };
    let key: [Cell<'_>; 2] = [("BCHSOURC", source.into()), ("BACHNUMB", name.into())];
    let batch = desk.one("SY00500", &key)?;
    if batch.int("BCHSTTUS") != 0 {
        return Err(refused("The batch is not available."));
    }
    let documents = desk.rows(table, &key)?;
    for document in &documents {
        open(desk, document, amount)?;
    }
    desk.remove(&batch)?;
    Ok(json!({ "posted": documents.len() }))
}

fn open(desk: &mut Desk<'_, '_>, document: &Row, amount: &str) -> Result<(), Stop> {
    let (kind, number) = (document.int("RMDTYPAL"), document.text("DOCNUMBR"));
    let payment = kind == PAYMENT;
    let trail = if payment { "CRJ" } else { "SLS" };
    let trail = format!("RM{trail}{:08}", document.number);
    let amount = document.money(amount);
    let mut cells = vec![
        ("TRXSORCE", trail.as_str().into()),
        ("ORTRXAMT", amount.into()),
        ("CURTRXAM", amount.into()),
        ("POSTDATE", Value::Time(clock::today())),
        ("PSTUSRID", "sa".into()),
        ("CSPORNBR", document.text("CSTPONBR").into()),
        ("SLSTERCD", document.text("SALSTERR").into()),
        ("TRXDSCRN", described(document).into()),
    ];
    if payment {
        // Its checkbook stands in the column of its kind.
        let column = match document.int("CSHRCTYP") {
            0 => "CBKIDCHK",
            1 => "CBKIDCSH",
            _ => "CBKIDCRD",
        };
        cells.push((column, document.text("CHEKBKID").into()));
    }
    desk.copy(document, "RM20101", &cells)?;
    let key: [Cell<'_>; 2] = [("RMDTYPAL", kind.into()), ("DOCNUMBR", number.into())];
    let entered = desk.one("RM00401", &key)?;
    let cells = [("DCSTATUS", 2.into()), ("TRXSORCE", trail.as_str().into())];
    desk.set(&entered, &cells)?;
    for row in desk.rows("RM10101", &key)? {
        let cells = [
            ("TRXSORCE", trail.as_str().into()),
            ("POSTED", 1.into()),
            ("DCSTATUS", 2.into()),
        ];
        desk.set(&row, &cells)?;
    }
    let side = Side::of(kind).unwrap_or(Side::Credit);
    let owed = side.of_amount(amount);
    let customer = [("CUSTNMBR", document.text("CUSTNMBR").into())];
    let summary = desk.one("RM00103", &customer)?;
    let (unposted, less) = if payment {
        ("UNPSTDCA", amount)
    } else {
        ("UNPSTDSA", owed)
    };
    let posted = Posted {
        kind,
        date: document.time("DOCDATE"),
        amount,
        owed,
        sales: document.money("SLSAMNT"),
        cost: document.money("COSTAMNT"),
    };
    let mut cells = summary::posted(&summary, &posted);
    cells.push((unposted, (summary.money(unposted) - less).into()));
    desk.set(&summary, &cells)?;
    desk.remove(document)
}

fn described(document: &Row) -> &str {
    // Each of the two tables has one of these columns.
    match document.text("TRXDSCRN") {
        "" => document.text("DOCDESCR"),
        sent => sent,
    }
}
