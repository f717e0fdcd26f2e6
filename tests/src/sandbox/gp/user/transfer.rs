//! The transfer of an order to an invoice.

use rust_decimal::Decimal;

use super::super::error::Stop;
use super::super::heap::rows::{Cell, Row};
use super::super::procedures::numbers;
use super::super::procedures::sop::document::SHARED;
use super::desk::Desk;
use super::refused;

const ORDER: i64 = 2;
const INVOICE: i64 = 3;

/// Makes the invoice of a whole order and gives its number; the order moves to history.
pub(super) fn order(desk: &mut Desk<'_, '_>, number: &str) -> Result<String, Stop> {
    let header = desk.document(ORDER, number)?;
    let lines = desk.rows_of(&header, "SOP10200")?;
    let whole =
        |line: &Row| line.int("CMPNTSEQ") != 0 || line.money("QTYTOINV") == line.money("QUANTITY");
    if lines.is_empty() || !lines.iter().all(whole) {
        return Err(refused("Orders transfer whole in the sandbox."));
    }
    let (id, invoice) = next_number(desk)?;
    let of_invoice = [
        ("SOPTYPE", INVOICE.into()),
        ("SOPNUMBE", invoice.as_str().into()),
    ];
    let mut cells = of_invoice.to_vec();
    cells.extend([
        ("DOCID", id.as_str().into()),
        ("ORIGTYPE", ORDER.into()),
        ("ORIGNUMB", number.into()),
        ("INVODATE", header.get("DOCDATE").clone()),
    ]);
    desk.copy(&header, "SOP10100", &cells)?;
    for line in &lines {
        let mut cells = of_invoice.to_vec();
        cells.extend([
            ("ORGSEQNM", line.int("LNITMSEQ").into()),
            ("QTYPRINV", Decimal::ZERO.into()),
        ]);
        desk.copy(line, "SOP10200", &cells)?;
        let moved: [Cell<'_>; 4] = [
            ("QTYPRINV", line.money("QTYTOINV").into()),
            ("QTYTOINV", Decimal::ZERO.into()),
            ("ATYALLOC", Decimal::ZERO.into()),
            ("EXTQTYAL", Decimal::ZERO.into()),
        ];
        desk.set(line, &moved)?;
    }
    let others = ["SOP10106", "SOP10107", "SOP10201"];
    for table in SHARED.into_iter().chain(others) {
        for row in desk.rows_of(&header, table)? {
            desk.copy(&row, table, &of_invoice)?;
            // What was paid and which pieces were chosen goes on with the invoice.
            if matches!(table, "SOP10103" | "SOP10201") {
                desk.remove(&row)?;
            }
        }
    }
    let trail = format!("SLSTF{:08}", header.number);
    desk.archive(&header, &trail)?;
    Ok(invoice)
}

/// The next number of the first document id for invoices.
fn next_number(desk: &mut Desk<'_, '_>) -> Result<(String, String), Stop> {
    let ids = desk.rows("SOP40200", &[("SOPTYPE", INVOICE.into())])?;
    let Some(id) = ids.first() else {
        return Err(refused("There is no document id for invoices."));
    };
    let number = id.text("SOPNUMBE").to_owned();
    let next = numbers::step(&number, 1)?;
    desk.set(id, &[("SOPNUMBE", next.as_str().into())])?;
    Ok((id.text("DOCID").to_owned(), number))
}
