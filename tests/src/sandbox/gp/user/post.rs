//! Posting of a sales batch.

use rust_decimal::Decimal;
use serde_json::{Value as Json, json};

use super::super::clock;
use super::super::error::Stop;
use super::super::heap::rows::{Cell, Row};
use super::super::procedures::rm::summary::{self, Posted};
use super::super::session::Session;
use super::super::session::unit::Failure;
use super::super::value::Value;
use super::desk::Desk;
use super::refused;

const SOURCE: &str = "Sales Entry";
const INVOICE: i64 = 3;
const RETURN: i64 = 4;
/// Receivables' types of what an invoice, a return and a payment become.
const RM_INVOICE: i64 = 1;
const RM_RETURN: i64 = 8;
const RM_PAYMENT: i64 = 9;

/// Posts as GP does: the batch is claimed first, then each document moves by itself, then the
/// batch goes.
pub(super) async fn batch(session: &mut Session, name: &str) -> Result<Json, Failure> {
    let database = session.state.database;
    let documents = session.unit(|work, _| claim(&mut Desk { work, database }, name));
    let documents = documents.await?;
    for header in &documents {
        let posted = session.unit(|work, _| document(&mut Desk { work, database }, header));
        posted.await?;
    }
    let gone = session.unit(|work, _| {
        let mut desk = Desk { work, database };
        let row = desk.one("SY00500", &key(name))?;
        desk.remove(&row)
    });
    gone.await?;
    Ok(json!({ "posted": documents.len() }))
}

fn key(name: &str) -> [Cell<'_>; 2] {
    [("BCHSOURC", SOURCE.into()), ("BACHNUMB", name.into())]
}

/// Marks the batch as being posted and gives its documents.
fn claim(desk: &mut Desk<'_, '_>, name: &str) -> Result<Vec<Row>, Stop> {
    let batch = desk.one("SY00500", &key(name))?;
    if batch.int("BCHSTTUS") != 0 {
        return Err(refused("The batch is not available."));
    }
    let documents = desk.rows("SOP10100", &key(name))?;
    let postable = |header: &Row| matches!(header.int("SOPTYPE"), INVOICE | RETURN);
    if documents.is_empty() || !documents.iter().all(postable) {
        return Err(refused("Only invoices and returns can be posted."));
    }
    desk.set(&batch, &[("BCHSTTUS", 1.into())])?;
    Ok(documents)
}

fn document(desk: &mut Desk<'_, '_>, header: &Row) -> Result<(), Stop> {
    let trail = format!("SLSTE{:08}", header.number);
    let returns = header.int("SOPTYPE") == RETURN;
    for line in desk.rows_of(header, "SOP10200")? {
        let base = line.money("QTYBSUOM");
        let (moved, held) = (line.money("QUANTITY") * base, line.money("ATYALLOC") * base);
        let key = [("ITEMNMBR", line.text("ITEMNMBR").into())];
        let kept = desk.find("IV00101", &key)?;
        if kept.is_some_and(|item| matches!(item.int("ITEMTYPE"), 1 | 2)) {
            let on_hand = if returns {
                line.money("QTYONHND") * base
            } else {
                -moved
            };
            desk.stock(line.text("ITEMNMBR"), line.text("LOCNCODE"), on_hand, -held)?;
        }
    }
    desk.sell_numbers(header, returns)?;
    receivables(desk, header, &trail)?;
    let cells = [
        ("GLPOSTDT", Value::Time(header.time("DOCDATE"))),
        ("POSTEDDT", Value::Time(clock::today())),
        ("PTDUSRID", "sa".into()),
    ];
    desk.set(header, &cells)?;
    let header = desk.document(header.int("SOPTYPE"), header.text("SOPNUMBE"))?;
    desk.archive(&header, &trail)
}

/// The open documents of Receivables, with what was paid on the document applied.
fn receivables(desk: &mut Desk<'_, '_>, header: &Row, trail: &str) -> Result<(), Stop> {
    let (kind, sign) = if header.int("SOPTYPE") == RETURN {
        (RM_RETURN, Decimal::NEGATIVE_ONE)
    } else {
        (RM_INVOICE, Decimal::ONE)
    };
    let (number, amount) = (header.text("SOPNUMBE"), header.money("DOCAMNT"));
    let mut open = amount;
    for payment in desk.rows_of(header, "SOP10103")? {
        let paid = payment.money("AMNTPAID");
        open -= paid;
        receivable(
            desk,
            header,
            RM_PAYMENT,
            payment.text("DOCNUMBR"),
            (paid, Decimal::ZERO),
            trail,
        )?;
        apply(desk, header, (kind, number), payment.text("DOCNUMBR"), paid)?;
    }
    receivable(desk, header, kind, number, (amount, open), trail)?;
    let key = [("CUSTNMBR", header.text("CUSTNMBR").into())];
    let summary = desk.one("RM00103", &key)?;
    let date = header.time("DOCDATE");
    let posted = Posted {
        kind,
        date,
        amount,
        owed: sign * amount,
        sales: header.money("SUBTOTAL"),
        cost: header.money("EXTDCOST"),
    };
    desk.set(&summary, &summary::posted(&summary, &posted))?;
    for payment in desk.rows_of(header, "SOP10103")? {
        let paid = payment.money("AMNTPAID");
        let posted = Posted {
            kind: RM_PAYMENT,
            date,
            amount: paid,
            owed: -sign * paid,
            sales: Decimal::ZERO,
            cost: Decimal::ZERO,
        };
        let summary = desk.one("RM00103", &key)?;
        desk.set(&summary, &summary::posted(&summary, &posted))?;
    }
    Ok(())
}

fn receivable(
    desk: &mut Desk<'_, '_>,
    header: &Row,
    kind: i64,
    number: &str,
    (amount, open): (Decimal, Decimal),
    trail: &str,
) -> Result<(), Stop> {
    let date = Value::Time(header.time("DOCDATE"));
    let customer = header.text("CUSTNMBR");
    let known: [Cell<'_>; 6] = [
        ("DOCNUMBR", number.into()),
        ("RMDTYPAL", kind.into()),
        ("BCHSOURC", SOURCE.into()),
        ("TRXSORCE", trail.into()),
        ("CUSTNMBR", customer.into()),
        ("DOCDATE", date.clone()),
    ];
    let mut document = known.to_vec();
    document.extend([
        ("BACHNUMB", header.text("BACHNUMB").into()),
        ("DUEDATE", Value::Time(header.time("DUEDATE"))),
        ("POSTDATE", Value::Time(clock::today())),
        ("GLPOSTDT", date),
        ("ORTRXAMT", amount.into()),
        ("CURTRXAM", open.into()),
        ("CURNCYID", header.text("CURNCYID").into()),
        ("CSPORNBR", header.text("CSTPONBR").into()),
        ("PYMTRMID", header.text("PYMTRMID").into()),
    ]);
    desk.add("RM20101", &document)?;
    let mut key = known.to_vec();
    key.push(("DCSTATUS", 2.into()));
    let before = [("RMDTYPAL", kind.into()), ("DOCNUMBR", number.into())];
    match desk.find("RM00401", &before)? {
        Some(row) => desk.set(&row, &[("DCSTATUS", 2.into()), ("TRXSORCE", trail.into())]),
        None => desk.add("RM00401", &key).map(|_| ()),
    }
}

fn apply(
    desk: &mut Desk<'_, '_>,
    header: &Row,
    (kind, number): (i64, &str),
    payment: &str,
    amount: Decimal,
) -> Result<(), Stop> {
    let date = Value::Time(header.time("DOCDATE"));
    let cells: [Cell<'_>; 13] = [
        ("CUSTNMBR", header.text("CUSTNMBR").into()),
        ("DATE1", Value::Time(clock::today())),
        ("GLPOSTDT", date.clone()),
        ("POSTED", 1.into()),
        ("APTODCNM", number.into()),
        ("APTODCTY", kind.into()),
        ("APTODCDT", date.clone()),
        ("CURNCYID", header.text("CURNCYID").into()),
        ("APPTOAMT", amount.into()),
        ("APFRDCNM", payment.into()),
        ("APFRDCTY", RM_PAYMENT.into()),
        ("APFRDCDT", date),
        ("ActualApplyToAmount", amount.into()),
    ];
    desk.add("RM20201", &cells).map(|_| ())
}
