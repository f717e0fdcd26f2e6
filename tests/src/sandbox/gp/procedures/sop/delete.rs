//! `taSopDeleteDocument` and `taSopLineDelete`: remove a work document or one of its lines.

use super::super::super::error::Stop;
use super::super::super::heap::rows::Row;
use super::super::call::Call;
use super::document::{self, Refusals};
use super::{codes, kit, tax, tracked};

const DOCUMENT: Refusals = Refusals {
    kind: codes::DELETE_TYPE,
    missing: codes::DELETE_MISSING,
    posted: codes::DELETE_POSTED,
    voided: codes::DELETE_POSTED,
    locked: codes::DELETE_LOCKED,
};

const LINE: Refusals = Refusals {
    kind: codes::LINE_DELETE_SOPTYPE,
    missing: codes::LINE_DELETE_DOCUMENT,
    posted: codes::LINE_DELETE_POSTED,
    voided: codes::LINE_DELETE_POSTED,
    locked: codes::LINE_DELETE_LOCKED,
};

/// The tables beside header and lines that hold rows of a document.
const DETAILS: [&str; 8] = [
    "SOP10101", "SOP10102", "SOP10103", "SOP10104", "SOP10105", "SOP10106", "SOP10107", "SOP10202",
];

/// `taSopDeleteDocument`.
pub fn document(call: &mut Call<'_, '_>) -> Result<(), Stop> {
    call.check_elements();
    if call.failed() {
        return Ok(());
    }
    let removes = call.int("RemovePayments", 1);
    call.fail_if(!(0..=1).contains(&removes), codes::DELETE_PAYMENTS);
    let Some(header) = document::open(call, DOCUMENT)? else {
        return Ok(());
    };
    let lines = document::rows_of(call, &header, "SOP10200")?;
    let moved = lines.iter().any(document::transferred);
    call.fail_if(moved, codes::DELETE_TRANSFERRED);
    let paid = !document::rows_of(call, &header, "SOP10103")?.is_empty();
    call.fail_if(paid && removes == 0, codes::DELETE_PAID);
    if call.failed() {
        return Ok(());
    }
    tracked::release_all(call, &header, &lines)?;
    for line in &lines {
        document::remove(call, line)?;
    }
    for table in DETAILS {
        for row in document::rows_of(call, &header, table)? {
            document::remove(call, &row)?;
        }
    }
    document::remove(call, &header)?;
    document::leave_batch(call, &header)
}

/// `taSopLineDelete`.
///
/// Amounts, distributions and batch stay as they are: the header closes the document and works them
/// out, so a caller who deletes a line sends the header again with `UpdateExisting`.
pub fn line(call: &mut Call<'_, '_>) -> Result<(), Stop> {
    call.check_elements();
    if call.failed() {
        return Ok(());
    }
    let kind = call.int("DeleteType", 0);
    call.fail_if(!(1..=2).contains(&kind), codes::LINE_DELETE_TYPE);
    call.fail_if(
        kind == 2 && call.int("CMPNTSEQ", 0) == 0,
        codes::LINE_DELETE_COMPONENT,
    );
    call.fail_if(
        call.int("RecreateDist", 0) != 0,
        codes::LINE_DELETE_DISTRIBUTIONS,
    );
    let Some(header) = document::open(call, LINE)? else {
        return Ok(());
    };
    let lines = document::rows_of(call, &header, "SOP10200")?;
    let Some(meant) = named(call, &lines, kind) else {
        return Ok(());
    };
    let sequence = meant.int("LNITMSEQ");
    let goes = |row: &&Row| {
        row.int("LNITMSEQ") == sequence
            && (kind == 1 || row.int("CMPNTSEQ") == meant.int("CMPNTSEQ"))
    };
    let moved = lines.iter().filter(goes).any(document::transferred);
    call.fail_if(moved, codes::LINE_DELETE_TRANSFERRED);
    if call.failed() {
        return Ok(());
    }
    let numbers = document::rows_of(call, &header, "SOP10201")?;
    for line in lines.iter().filter(goes) {
        tracked::release(call, line, &numbers)?;
        document::remove(call, line)?;
    }
    let comments = document::rows_of(call, &header, "SOP10202")?;
    for row in comments.iter().filter(goes) {
        document::remove(call, row)?;
    }
    if kind == 2 {
        return kit::cost(call, sequence);
    }
    let commissions = document::rows_of(call, &header, "SOP10101")?;
    for row in commissions.iter().filter(goes) {
        document::remove(call, row)?;
    }
    let taxes = document::rows_of(call, &header, "SOP10105")?;
    for row in taxes.iter().filter(goes) {
        tax::leave(call, row)?;
    }
    Ok(())
}

/// The one line or component the call names by item and, where the item repeats, by sequence.
fn named<'l>(call: &mut Call<'_, '_>, lines: &'l [Row], kind: i64) -> Option<&'l Row> {
    let (item, sequence) = (call.text("ITEMNMBR"), call.int("LNITMSEQ", 0));
    let component = if kind == 1 {
        0
    } else {
        call.int("CMPNTSEQ", 0)
    };
    let mut found = lines.iter().filter(|line| {
        line.text("ITEMNMBR").eq_ignore_ascii_case(&item)
            && line.int("CMPNTSEQ") == component
            && (sequence == 0 || line.int("LNITMSEQ") == sequence)
    });
    let first = found.next();
    call.fail_if(first.is_none(), codes::LINE_DELETE_MISSING);
    call.fail_if(found.next().is_some(), codes::LINE_DELETE_AMBIGUOUS);
    first
}
