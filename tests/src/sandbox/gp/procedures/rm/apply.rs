//! `taRMApply`: applies a posted credit memo, return or payment to what a customer owes.

use rust_decimal::Decimal;

use super::super::super::clock;
use super::super::super::error::Stop;
use super::super::super::heap::rows::{Access, Cell, Row};
use super::super::super::value::Value;
use super::super::call::Call;
use super::super::lookup;
use super::{Side, codes, summary};

/// Runs the procedure.
pub fn run(call: &mut Call<'_, '_>) -> Result<(), Stop> {
    call.check_elements();
    if call.failed() {
        return Ok(());
    }
    let (from_kind, to_kind) = (call.int("APFRDCTY", 0), call.int("APTODCTY", 0));
    call.fail_if(!(7..=9).contains(&from_kind), codes::APPLY_FROM_TYPE);
    call.fail_if(Side::of(to_kind) != Some(Side::Debit), codes::APPLY_TO_TYPE);
    let (from, to) = (call.text("APFRDCNM"), call.text("APTODCNM"));
    let from = open(call, from_kind, &from)?;
    call.fail_if(from.is_none(), codes::APPLY_FROM);
    let to = open(call, to_kind, &to)?;
    call.fail_if(to.is_none(), codes::APPLY_TO);
    let Some((from, to)) = from.zip(to).filter(|_| !call.failed()) else {
        return Ok(());
    };
    check(call, &from, &to)?;
    if call.failed() {
        return Ok(());
    }
    write(call, &from, &to)
}

/// An open document, locked.
pub fn open(call: &mut Call<'_, '_>, kind: i64, number: &str) -> Result<Option<Row>, Stop> {
    let key = [("RMDTYPAL", kind.into()), ("DOCNUMBR", number.into())];
    call.find("RM20101", &key, Access::Update)
}

fn check(call: &mut Call<'_, '_>, from: &Row, to: &Row) -> Result<(), Stop> {
    let same = from
        .text("CUSTNMBR")
        .eq_ignore_ascii_case(to.text("CUSTNMBR"));
    call.fail_if(!same, codes::APPLY_CUSTOMER);
    let (functional, _) = lookup::functional(call)?;
    let foreign = [from, to].into_iter().any(|row| {
        let currency = row.text("CURNCYID");
        !currency.is_empty() && !currency.eq_ignore_ascii_case(&functional)
    });
    call.fail_if(foreign, codes::APPLY_FOREIGN);
    let applied = call.money("APPTOAMT");
    let (taken, written_off) = (call.money("DISTKNAM"), call.money("WROFAMNT"));
    let negative = taken < Decimal::ZERO || written_off < Decimal::ZERO;
    call.fail_if(applied <= Decimal::ZERO || negative, codes::APPLY_AMOUNT);
    call.fail_if(applied > from.money("CURTRXAM"), codes::APPLY_FROM_LEFT);
    call.fail_if(
        applied + taken + written_off > to.money("CURTRXAM"),
        codes::APPLY_TO_LEFT,
    );
    call.fail_if(taken > to.money("DISAVAMT"), codes::APPLY_DISCOUNT);
    let twice = call.exists("RM20201", &pair(from, to))?;
    call.fail_if(twice, codes::APPLY_TWICE);
    Ok(())
}

fn pair<'r>(from: &'r Row, to: &'r Row) -> [Cell<'r>; 4] {
    [
        ("APFRDCTY", from.int("RMDTYPAL").into()),
        ("APFRDCNM", from.text("DOCNUMBR").into()),
        ("APTODCTY", to.int("RMDTYPAL").into()),
        ("APTODCNM", to.text("DOCNUMBR").into()),
    ]
}

fn write(call: &mut Call<'_, '_>, from: &Row, to: &Row) -> Result<(), Stop> {
    let (functional, index) = lookup::functional(call)?;
    let applied = call.money("APPTOAMT");
    let (taken, written_off) = (call.money("DISTKNAM"), call.money("WROFAMNT"));
    let or_today = |sent: i64| if sent == 0 { clock::today() } else { sent };
    let date = Value::Time(or_today(call.time("APPLYDATE")));
    let posted = Value::Time(or_today(call.time("GLPOSTDT")));
    let mut cells = pair(from, to).to_vec();
    cells.extend([
        ("CUSTNMBR", to.text("CUSTNMBR").into()),
        ("CPRCSTNM", to.text("CPRCSTNM").into()),
        ("DATE1", date.clone()),
        ("GLPOSTDT", posted),
        ("POSTED", 1.into()),
        ("APTODCDT", Value::Time(to.time("DOCDATE"))),
        ("ApplyToGLPostDate", Value::Time(to.time("GLPOSTDT"))),
        ("APFRDCDT", Value::Time(from.time("DOCDATE"))),
        ("ApplyFromGLPostDate", Value::Time(from.time("GLPOSTDT"))),
        ("CURNCYID", functional.as_str().into()),
        ("FROMCURR", functional.as_str().into()),
        ("CURRNIDX", index.into()),
    ]);
    for (column, amount) in [
        ("APPTOAMT", applied),
        ("ORAPTOAM", applied),
        ("APFRMAPLYAMT", applied),
        ("ActualApplyToAmount", applied),
        ("DISTKNAM", taken),
        ("ORDISTKN", taken),
        ("APFRMDISCTAKEN", taken),
        ("ActualDiscTakenAmount", taken),
        ("WROFAMNT", written_off),
        ("ORWROFAM", written_off),
        ("APFRMWROFAMT", written_off),
        ("ActualWriteOffAmount", written_off),
    ] {
        cells.push((column, amount.into()));
    }
    call.add("RM20201", &cells)?;
    let left = from.money("CURTRXAM") - applied;
    call.set(from, &[("CURTRXAM", left.into())])?;
    let settled = taken + written_off;
    let left = to.money("CURTRXAM") - applied - settled;
    let mut cells: Vec<Cell<'_>> = vec![
        ("CURTRXAM", left.into()),
        ("DISTKNAM", (to.money("DISTKNAM") + taken).into()),
        ("WROFAMNT", (to.money("WROFAMNT") + written_off).into()),
    ];
    if left.is_zero() {
        cells.push(("DINVPDOF", date));
    }
    call.set(to, &cells)?;
    settles(call, to.text("CUSTNMBR"), taken, written_off)
}

/// Tells a customer's summary what was settled without money; less than nothing takes it back.
pub fn settles(
    call: &mut Call<'_, '_>,
    customer: &str,
    taken: Decimal,
    written_off: Decimal,
) -> Result<(), Stop> {
    let key = [("CUSTNMBR", customer.into())];
    let Some(summary) = call.find("RM00103", &key, Access::Update)? else {
        return Ok(());
    };
    let mut cells = summary::owing(&summary, -(taken + written_off));
    cells.extend(summary::more(&summary, ["TDTKNYTD", "TDTKNLTD"], taken));
    cells.extend(summary::more(
        &summary,
        ["TWROFYTD", "TWROFLTD"],
        written_off,
    ));
    call.set(&summary, &cells)
}
