//! The work document that a void, a deletion or a hold changes.

use std::sync::Arc;

use rust_decimal::Decimal;

use super::super::super::clock;
use super::super::super::error::Stop;
use super::super::super::heap::rows::{Access, Cell, Row};
use super::super::super::value::Value;
use super::super::call::Call;
use super::super::lookup;
use super::super::sm::batch;

/// Tables that hold rows of work and history alike and tell them apart by their audit trail code.
pub const SHARED: [&str; 6] = [
    "SOP10101", "SOP10102", "SOP10103", "SOP10104", "SOP10105", "SOP10202",
];

/// The codes with which a procedure refuses a document.
#[derive(Debug, Clone, Copy)]
pub struct Refusals {
    pub kind: i32,
    pub missing: i32,
    pub posted: i32,
    pub voided: i32,
    pub locked: i32,
}

/// The header of the work document a call names, locked, unless it is refused.
///
/// The batch is locked before the header, the order in which the header's own procedure does it.
pub fn open(call: &mut Call<'_, '_>, refusals: Refusals) -> Result<Option<Row>, Stop> {
    let kind = call.int("SOPTYPE", 0);
    if !(1..=6).contains(&kind) {
        call.fail(refusals.kind);
        return Ok(None);
    }
    let number = call.text("SOPNUMBE");
    let key = [
        ("SOPTYPE", kind.into()),
        ("SOPNUMBE", number.as_str().into()),
    ];
    if let Some(seen) = call.find("SOP10100", &key, Access::Committed)? {
        batch::lock(call, seen.text("BCHSOURC"), seen.text("BACHNUMB"))?;
    }
    let Some(header) = call.find("SOP10100", &key, Access::Update)? else {
        let history = call.find("SOP30200", &key, Access::Committed)?;
        call.fail(match history {
            None => refusals.missing,
            Some(row) if row.int("VOIDSTTS") == 1 => refusals.voided,
            Some(_) => refusals.posted,
        });
        return Ok(None);
    };
    let open = lookup::open_by_user(call, header.number)?;
    call.fail_if(open, refusals.locked);
    Ok((!open).then_some(header))
}

/// The rows of a table that belong to the document of a header.
pub fn rows_of(call: &mut Call<'_, '_>, header: &Row, table: &str) -> Result<Vec<Row>, Stop> {
    let key = [
        ("SOPTYPE", header.int("SOPTYPE").into()),
        ("SOPNUMBE", header.text("SOPNUMBE").into()),
    ];
    call.rows(table, &key)
}

/// Whether something of a line went on into another document.
pub fn transferred(line: &Row) -> bool {
    ["QTYPRORD", "QTYPRINV", "QTYPRBAC", "QTYPRBOO"]
        .iter()
        .any(|column| line.money(column) > Decimal::ZERO)
}

/// Deletes a row.
pub fn remove(call: &mut Call<'_, '_>, row: &Row) -> Result<(), Stop> {
    let table = Arc::clone(&row.table);
    call.work.delete(&table, row.number)
}

/// Takes the document of a header out of its batch, which stays even when it is empty.
pub fn leave_batch(call: &mut Call<'_, '_>, header: &Row) -> Result<(), Stop> {
    let (source, number) = (header.text("BCHSOURC"), header.text("BACHNUMB"));
    let Some(row) = batch::lock(call, source, number)? else {
        return Ok(());
    };
    let cells: [Cell<'_>; 3] = [
        ("NUMOFTRX", (row.int("NUMOFTRX") - 1).into()),
        (
            "BCHTOTAL",
            (row.money("BCHTOTAL") - header.money("DOCAMNT")).into(),
        ),
        ("MODIFDT", Value::Time(clock::today())),
    ];
    call.set(&row, &cells)
}
