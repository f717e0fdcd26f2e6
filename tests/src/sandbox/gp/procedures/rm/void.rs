//! `taRMVoidTransaction`: moves a posted document that is applied to nothing to history, voided.

use std::sync::Arc;

use rust_decimal::Decimal;

use super::super::super::error::Stop;
use super::super::super::heap::rows::{Access, Row};
use super::super::super::value::Value;
use super::super::call::Call;
use super::{PAYMENT, Side, apply, codes, summary};

/// Ways to void: by hand, for a payment without cover, for a charge that is waived.
const NOT_COVERED: i64 = 2;
const WAIVED: i64 = 3;
const FINANCE_CHARGE: i64 = 4;

/// Runs the procedure.
pub fn run(call: &mut Call<'_, '_>) -> Result<(), Stop> {
    call.check_elements();
    if call.failed() {
        return Ok(());
    }
    let (kind, number) = (call.int("RMDTYPAL", 0), call.text("DOCNUMBR"));
    let known = Side::of(kind).is_some() || kind == PAYMENT;
    call.fail_if(!known, codes::VOID_TYPE);
    let how = call.int("VOIDSTTS", 0);
    let strange = !(1..=WAIVED).contains(&how)
        || (how == NOT_COVERED && kind != PAYMENT)
        || (how == WAIVED && kind != FINANCE_CHARGE);
    call.fail_if(strange, codes::VOID_HOW);
    let open = apply::open(call, kind, &number)?;
    call.fail_if(open.is_none(), codes::VOID_MISSING);
    let Some(open) = open else {
        return Ok(());
    };
    let customer = call.text("CUSTNMBR");
    let other = !customer.is_empty() && !open.text("CUSTNMBR").eq_ignore_ascii_case(&customer);
    call.fail_if(other, codes::VOID_CUSTOMER);
    let applied = applied(call, &open)?;
    call.fail_if(applied, codes::VOID_APPLIED);
    if call.failed() {
        return Ok(());
    }
    write(call, &open, how)
}

/// Whether a document is applied to another, or another to it.
fn applied(call: &mut Call<'_, '_>, open: &Row) -> Result<bool, Stop> {
    for (kind, number) in [("APFRDCTY", "APFRDCNM"), ("APTODCTY", "APTODCNM")] {
        let key = [
            (kind, open.int("RMDTYPAL").into()),
            (number, open.text("DOCNUMBR").into()),
        ];
        if !call.rows("RM20201", &key)?.is_empty() {
            return Ok(true);
        }
    }
    Ok(false)
}

fn write(call: &mut Call<'_, '_>, open: &Row, how: i64) -> Result<(), Stop> {
    let history = call.work.table(call.database, "RM30101")?;
    let cells = [
        ("VOIDSTTS", how.into()),
        ("VOIDDATE", Value::Time(call.time("VOIDDATE"))),
        ("CURTRXAM", Decimal::ZERO.into()),
    ];
    call.work.copy(open, &history, &cells)?;
    let table = Arc::clone(&open.table);
    call.work.delete(&table, open.number)?;
    let key = [
        ("RMDTYPAL", open.int("RMDTYPAL").into()),
        ("DOCNUMBR", open.text("DOCNUMBR").into()),
    ];
    if let Some(key) = call.find("RM00401", &key, Access::Update)? {
        call.set(&key, &[("DCSTATUS", 3.into())])?;
    }
    let side = Side::of(open.int("RMDTYPAL")).unwrap_or(Side::Credit);
    let less = -side.of_amount(open.money("CURTRXAM"));
    let key = [("CUSTNMBR", open.text("CUSTNMBR").into())];
    let Some(summary) = call.find("RM00103", &key, Access::Update)? else {
        return Ok(());
    };
    let mut cells = summary::owing(&summary, less);
    if open.int("RMDTYPAL") == PAYMENT {
        let amount = open.money("ORTRXAMT");
        cells.extend(summary::more(&summary, ["TCSHRYTD", "TCSHRLTD"], -amount));
        if how == NOT_COVERED {
            cells.extend(summary::more(&summary, ["TNSFCYTD", "TNSFCLIF"], amount));
            for name in ["NONSFYTD", "NONSFLIF"] {
                cells.push((name, (summary.int(name) + 1).into()));
            }
            cells.push(("LSTNSFCD", Value::Time(call.time("VOIDDATE"))));
        }
    }
    call.set(&summary, &cells)
}
