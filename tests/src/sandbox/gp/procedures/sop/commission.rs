//! `taSopCommissions`: what a salesperson earns by a document or, with a sequence, by one of its lines.

use rust_decimal::Decimal;

use super::super::super::error::Stop;
use super::super::call::Call;
use super::super::lookup;
use super::codes;

/// Runs the procedure.
pub fn run(call: &mut Call<'_, '_>) -> Result<(), Stop> {
    call.check_elements();
    if call.failed() {
        return Ok(());
    }
    check(call)?;
    let (number, person) = (call.text("SOPNUMBE"), call.text("SLPRSNID"));
    let mut key = vec![
        ("SOPTYPE", call.int("SOPTYPE", 0).into()),
        ("SOPNUMBE", number.as_str().into()),
        ("LNITMSEQ", call.int("LNITMSEQ", 0).into()),
    ];
    let others = call.rows("SOP10101", &key)?;
    let twice = others
        .iter()
        .any(|row| row.text("SLPRSNID").eq_ignore_ascii_case(&person));
    call.fail_if(twice, codes::COMMISSION_TWICE);
    let share = call.money("PRCTOSAL") * Decimal::ONE_HUNDRED;
    let shares: Decimal = others.iter().map(|row| row.money("PRCTOSAL")).sum();
    call.fail_if(
        shares + share > Decimal::from(10_000),
        codes::COMMISSION_SHARES,
    );
    if call.failed() {
        return Ok(());
    }
    let (territory, amount) = (call.text("SALSTERR"), call.money("COMMAMNT"));
    let index = lookup::functional(call)?.1;
    key.extend([
        ("SLPRSNID", person.as_str().into()),
        ("SALSTERR", territory.as_str().into()),
        (
            "COMPRCNT",
            (call.money("COMPRCNT") * Decimal::ONE_HUNDRED).into(),
        ),
        ("PRCTOSAL", share.into()),
        ("COMMAMNT", amount.into()),
        ("OCOMMAMT", amount.into()),
        ("CURRNIDX", index.into()),
    ]);
    call.add("SOP10101", &key).map(|_| ())
}

fn check(call: &mut Call<'_, '_>) -> Result<(), Stop> {
    let kind = call.int("SOPTYPE", 0);
    call.fail_if(!(1..=6).contains(&kind), codes::COMMISSION_SOPTYPE);
    let (customer, number) = (call.text("CUSTNMBR"), call.text("SOPNUMBE"));
    let known = call.exists("RM00101", &[("CUSTNMBR", customer.as_str().into())])?;
    call.fail_if(!known, codes::COMMISSION_CUSTOMER);
    lookup::salesperson(call, codes::COMMISSION_SALESPERSON)?;
    lookup::known(
        call,
        "SALSTERR",
        lookup::TERRITORY,
        codes::COMMISSION_TERRITORY,
    )?;
    let percent = |amount: Decimal| amount >= Decimal::ZERO && amount <= Decimal::ONE_HUNDRED;
    let right = percent(call.money("COMPRCNT")) && percent(call.money("PRCTOSAL"));
    call.fail_if(!right, codes::COMMISSION_PERCENT);
    let negative = call.money("COMMAMNT") < Decimal::ZERO;
    call.fail_if(negative, codes::COMMISSION_NEGATIVE);
    lookup::currency(call, codes::COMMISSION_CURRENCY)?;
    let sequence = call.int("LNITMSEQ", 0);
    if sequence != 0 {
        let key = [
            ("SOPNUMBE", number.as_str().into()),
            ("SOPTYPE", kind.into()),
            ("CMPNTSEQ", 0.into()),
            ("LNITMSEQ", sequence.into()),
        ];
        let line = call.exists("SOP10200", &key)?;
        call.fail_if(!line, codes::COMMISSION_LINE);
    }
    Ok(())
}
