//! `taCreateSopPaymentInsertRecord`: a deposit or payment on a sales document.

use rust_decimal::Decimal;

use super::super::super::clock;
use super::super::super::error::Stop;
use super::super::super::heap::rows::{Cell, Row};
use super::super::super::value::Value;
use super::super::call::Call;
use super::super::currency::Pair;
use super::super::lookup;
use super::codes;

const STEP: i64 = 16_384;

/// The amounts of a payment, in the functional and in the originating currency.
pub const PAIRS: [Pair; 2] = [("AMNTPAID", "OAMTPAID"), ("AMNTREMA", "OAMNTREM")];

/// Runs the procedure.
pub fn run(call: &mut Call<'_, '_>) -> Result<(), Stop> {
    call.check_elements();
    if call.failed() {
        return Ok(());
    }
    let action = call.int("Action", 1);
    call.fail_if(!(1..=3).contains(&action), codes::PAYMENT_ACTION);
    let customer = call.text("CUSTNMBR");
    let known = call.exists("RM00101", &[("CUSTNMBR", customer.as_str().into())])?;
    call.fail_if(!known, codes::PAYMENT_CUSTOMER);
    if call.failed() {
        return Ok(());
    }
    if action != 1 {
        return change(call, action);
    }
    check(call)?;
    if call.failed() {
        return Ok(());
    }
    let (kind, number) = (call.int("SOPTYPE", 0), call.text("SOPNUMBE"));
    let key = [
        ("SOPTYPE", kind.into()),
        ("SOPNUMBE", number.as_str().into()),
    ];
    let others = call.rows("SOP10103", &key)?;
    let last = others
        .iter()
        .map(|row| row.int("SEQNUMBR"))
        .max()
        .unwrap_or(0);
    let sequence = match call.int("SEQNUMBR", 0) {
        0 => last + STEP,
        given => given,
    };
    let mut cells = cells(call)?;
    cells.extend(key);
    cells.push(("SEQNUMBR", sequence.into()));
    let row = call.add("SOP10103", &cells)?;
    if call.text("DOCNUMBR").is_empty() {
        let table = call.work.table(call.database, "SOP10103")?;
        let name = format!("PYMNT{row:012}");
        call.work
            .set(&table, row, &[("DOCNUMBR", name.as_str().into())])?;
    }
    Ok(())
}

fn check(call: &mut Call<'_, '_>) -> Result<(), Stop> {
    let kind = call.int("PYMTTYPE", 1);
    let right = match call.int("SOPTYPE", 0) {
        2 | 5 => (1..=3).contains(&kind),
        3 | 4 => (4..=6).contains(&kind) || (1..=3).contains(&kind),
        _ => false,
    };
    call.fail_if(!right, codes::PAYMENT_TYPE);
    call.fail_if(
        call.money("DOCAMNT") <= Decimal::ZERO,
        codes::PAYMENT_AMOUNT,
    );
    let digits = call
        .text("RCTNCCRD")
        .chars()
        .filter(char::is_ascii_digit)
        .count();
    call.fail_if(digits > 4, codes::PAYMENT_CARD_NUMBER);
    let card = matches!(kind, 3 | 6);
    call.fail_if(
        card && call.text("CARDNAME").is_empty(),
        codes::PAYMENT_CARD,
    );
    lookup::known(call, "CARDNAME", lookup::CARD, codes::PAYMENT_CARD)?;
    call.fail_if(
        !card && call.text("CHEKBKID").is_empty(),
        codes::PAYMENT_CHECKBOOK,
    );
    lookup::known(
        call,
        "CHEKBKID",
        lookup::CHECKBOOK,
        codes::PAYMENT_CHECKBOOK,
    )
}

fn cells(call: &mut Call<'_, '_>) -> Result<Vec<Cell<'static>>, Stop> {
    let amount = call.money("DOCAMNT");
    let (currency, index) = lookup::functional(call)?;
    let date = match call.time("DOCDATE") {
        0 => clock::today(),
        given => given,
    };
    Ok(vec![
        ("PYMTTYPE", call.int("PYMTTYPE", 1).into()),
        ("DOCNUMBR", call.text("DOCNUMBR").as_str().into()),
        ("RMDTYPAL", 9.into()),
        ("CHEKBKID", call.text("CHEKBKID").as_str().into()),
        ("CHEKNMBR", call.text("CHEKNMBR").as_str().into()),
        ("CARDNAME", call.text("CARDNAME").as_str().into()),
        ("RCTNCCRD", call.text("RCTNCCRD").as_str().into()),
        ("AUTHCODE", call.text("AUTHCODE").as_str().into()),
        ("AMNTPAID", amount.into()),
        ("OAMTPAID", amount.into()),
        ("AMNTREMA", amount.into()),
        ("OAMNTREM", amount.into()),
        ("DOCDATE", Value::Time(date)),
        ("EXPNDATE", Value::Time(call.time("EXPNDATE"))),
        ("CURNCYID", currency.as_str().into()),
        ("CURRNIDX", index.into()),
        ("GLPOSTDT", Value::Time(date)),
    ])
}

/// Action 2 deletes, 3 changes; both name the payment by its number or sequence.
fn change(call: &mut Call<'_, '_>, action: i64) -> Result<(), Stop> {
    let (kind, number) = (call.int("SOPTYPE", 0), call.text("SOPNUMBE"));
    let rows = call.rows(
        "SOP10103",
        &[
            ("SOPTYPE", kind.into()),
            ("SOPNUMBE", number.as_str().into()),
        ],
    )?;
    let (document, sequence) = (call.text("DOCNUMBR"), call.int("SEQNUMBR", 0));
    let meant = |row: &&Row| {
        (!document.is_empty() && row.text("DOCNUMBR").eq_ignore_ascii_case(&document))
            || (document.is_empty() && sequence != 0 && row.int("SEQNUMBR") == sequence)
    };
    let Some(row) = rows.iter().find(meant).cloned() else {
        call.fail(codes::PAYMENT_UNKNOWN);
        return Ok(());
    };
    if action == 2 {
        let table = std::sync::Arc::clone(&row.table);
        return call.work.delete(&table, row.number);
    }
    check(call)?;
    if call.failed() {
        return Ok(());
    }
    let mut cells = cells(call)?;
    cells.retain(|(name, _)| *name != "DOCNUMBR");
    call.set(&row, &cells)
}
