//! `taSopVoidDocument`: moves a work document to history as voided.

use rust_decimal::Decimal;

use super::super::super::clock;
use super::super::super::error::Stop;
use super::super::super::heap::rows::{Cell, Row};
use super::super::super::value::Value;
use super::super::call::Call;
use super::document::{self, Refusals};
use super::{codes, tracked};

const REFUSALS: Refusals = Refusals {
    kind: codes::VOID_TYPE,
    missing: codes::VOID_MISSING,
    posted: codes::VOID_POSTED,
    voided: codes::VOID_VOIDED,
    locked: codes::VOID_LOCKED,
};

/// Runs the procedure.
pub fn run(call: &mut Call<'_, '_>) -> Result<(), Stop> {
    call.check_elements();
    if call.failed() {
        return Ok(());
    }
    let removes = call.int("RemovePayments", 1);
    call.fail_if(!(0..=1).contains(&removes), codes::VOID_PAYMENTS);
    let Some(header) = document::open(call, REFUSALS)? else {
        return Ok(());
    };
    let lines = document::rows_of(call, &header, "SOP10200")?;
    let moved = lines.iter().any(document::transferred);
    call.fail_if(moved, codes::VOID_TRANSFERRED);
    if call.failed() {
        return Ok(());
    }
    let received = keep_payments(call, &header, removes == 1)?;
    let trail = move_header(call, &header, received)?;
    tracked::release_all(call, &header, &lines)?;
    for line in &lines {
        let cells = [
            ("ATYALLOC", Decimal::ZERO.into()),
            ("EXTQTYAL", Decimal::ZERO.into()),
            ("TRXSORCE", trail.as_str().into()),
        ];
        let history = call.work.table(call.database, "SOP30300")?;
        call.work.copy(line, &history, &cells)?;
        document::remove(call, line)?;
    }
    for table in document::SHARED {
        for row in document::rows_of(call, &header, table)? {
            call.set(&row, &[("TRXSORCE", trail.as_str().into())])?;
        }
    }
    document::remove(call, &header)?;
    document::leave_batch(call, &header)
}

/// Removes payments, deposits only if asked to, and sums up what is left, in the functional and in
/// the originating currency.
fn keep_payments(
    call: &mut Call<'_, '_>,
    header: &Row,
    deposits_too: bool,
) -> Result<[Decimal; 2], Stop> {
    let mut kept = [Decimal::ZERO; 2];
    for payment in document::rows_of(call, header, "SOP10103")? {
        if deposits_too || payment.int("PYMTTYPE") > 3 {
            document::remove(call, &payment)?;
        } else {
            kept[0] += payment.money("AMNTPAID");
            kept[1] += payment.money("OAMTPAID");
        }
    }
    Ok(kept)
}

/// Writes the history header and gives its audit trail code, numbered like the row so that no setup
/// row is held.
fn move_header(
    call: &mut Call<'_, '_>,
    header: &Row,
    received: [Decimal; 2],
) -> Result<String, Stop> {
    let user = call.text("BACHNUMB");
    let batch = if user.is_empty() {
        header.text("BACHNUMB")
    } else {
        &user
    };
    let date = match call.time("VOIDDATE") {
        0 => clock::today(),
        given => given,
    };
    let mut cells: Vec<Cell<'_>> = vec![
        ("VOIDSTTS", 1.into()),
        ("BACHNUMB", batch.into()),
        ("MODIFDT", Value::Time(date)),
    ];
    let rest = [
        header.money("DOCAMNT") - received[0],
        header.money("ORDOCAMT") - received[1],
    ];
    for (own, twin, [functional, originating]) in [
        ("PYMTRCVD", "ORPMTRVD", received),
        ("DEPRECVD", "ORDEPRVD", received),
        ("ACCTAMNT", "ORACTAMT", rest),
    ] {
        cells.extend([(own, functional.into()), (twin, originating.into())]);
    }
    let table = call.work.table(call.database, "SOP30200")?;
    let row = call.work.copy(header, &table, &cells)?;
    let trail = format!("SLSVT{row:08}");
    call.work
        .set(&table, row, &[("TRXSORCE", trail.as_str().into())])?;
    Ok(trail)
}
