//! `taRMCommissions`: what a salesperson earns by a receivables document, sent before it.

use rust_decimal::Decimal;

use super::super::super::error::Stop;
use super::super::call::Call;
use super::super::lookup;
use super::{Side, codes};

const STEP: i64 = 16_384;

/// Runs the procedure.
pub fn run(call: &mut Call<'_, '_>) -> Result<(), Stop> {
    call.check_elements();
    if call.failed() {
        return Ok(());
    }
    let (kind, number) = (call.int("RMDTYPAL", 0), call.text("DOCNUMBR"));
    call.fail_if(Side::of(kind).is_none(), codes::COMMISSION_TYPE);
    let customer = call.text("CUSTNMBR");
    let known = call.exists("RM00101", &[("CUSTNMBR", customer.as_str().into())])?;
    call.fail_if(!known, codes::COMMISSION_CUSTOMER);
    lookup::salesperson(call, codes::COMMISSION_SALESPERSON)?;
    lookup::known(
        call,
        "SALSTERR",
        lookup::TERRITORY,
        codes::COMMISSION_TERRITORY,
    )?;
    let entered = super::entered(call, kind, &number)?;
    call.fail_if(entered, codes::COMMISSION_ENTERED);
    let mut key = vec![
        ("RMDTYPAL", kind.into()),
        ("DOCNUMBR", number.as_str().into()),
    ];
    let others = call.rows("RM10501", &key)?;
    let person = call.text("SLPRSNID");
    let mut people = others.iter();
    let twice = people.any(|row| row.text("SLPRSNID").eq_ignore_ascii_case(&person));
    call.fail_if(twice, codes::COMMISSION_TWICE);
    let share = match call.optional_money("PRCTOSAL") {
        Some(sent) => sent * Decimal::ONE_HUNDRED,
        None => Decimal::from(10_000),
    };
    let shares: Decimal = others.iter().map(|row| row.money("PRCTOSAL")).sum();
    call.fail_if(
        shares + share > Decimal::from(10_000),
        codes::COMMISSION_SHARES,
    );
    if call.failed() {
        return Ok(());
    }
    let last = others.iter().map(|row| row.int("SEQNUMBR")).max();
    let sequence = match call.int("SEQNUMBR", 0) {
        0 => last.unwrap_or_default() + STEP,
        sent => sent,
    };
    let (territory, index) = (call.text("SALSTERR"), lookup::functional(call)?.1);
    key.extend([
        ("SEQNUMBR", sequence.into()),
        ("CUSTNMBR", customer.as_str().into()),
        ("SLPRSNID", person.as_str().into()),
        ("SALSTERR", territory.as_str().into()),
        (
            "COMPRCNT",
            (call.money("COMPRCNT") * Decimal::ONE_HUNDRED).into(),
        ),
        ("PRCTOSAL", share.into()),
        ("COMMAMNT", call.money("COMDLRAM").into()),
        ("CURRNIDX", index.into()),
    ]);
    call.add("RM10501", &key).map(|_| ())
}
