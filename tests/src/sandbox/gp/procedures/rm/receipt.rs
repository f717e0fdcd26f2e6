//! `taRMCashReceiptInsert`: a payment of a customer, in a batch until it is posted.

use rust_decimal::Decimal;

use super::super::super::clock;
use super::super::super::error::Stop;
use super::super::super::heap::rows::{Access, Cell, Row};
use super::super::super::value::Value;
use super::super::call::Call;
use super::super::currency::{Codes, Currency};
use super::super::lookup;
use super::super::sm::batch::{self, Batch};
use super::distribution::{self, Refusals};
use super::{PAYMENT, codes};

/// The source of cash receipt batches.
const SOURCE: &str = "RM_Cash";

const CURRENCY: Codes = Codes {
    unknown: codes::RECEIPT_CURRENCY,
    no_rate: codes::RECEIPT_NO_RATE,
};

/// Runs the procedure.
pub fn run(call: &mut Call<'_, '_>) -> Result<(), Stop> {
    call.check_elements();
    if call.failed() {
        return Ok(());
    }
    batch::lock(call, SOURCE, &call.text("BACHNUMB"))?;
    check(call)?;
    let (unknown, inactive) = (codes::RECEIPT_CUSTOMER, codes::RECEIPT_CUSTOMER_INACTIVE);
    let customer = super::customer_of(call, unknown, inactive)?;
    let currency = Currency::sent(call, "DOCDATE", CURRENCY)?;
    let Some(customer) = customer.filter(|_| !call.failed()) else {
        return Ok(());
    };
    let amount = currency.functional_of(call.money("ORTRXAMT"));
    write(call, &customer, &currency, amount)?;
    if call.int("CREATEDIST", 1) == 1 {
        distribute(call, &customer)?;
    }
    let rows = distribution::of(call, PAYMENT, &call.text("DOCNUMBR"))?;
    currency.restate_sides(call, &rows)?;
    let (number, checkbook) = (call.text("BACHNUMB"), call.text("BatchCHEKBKID"));
    let joined = Batch {
        source: SOURCE,
        number: &number,
        series: 3,
        checkbook: &checkbook,
        date: call.time("GLPOSTDT"),
    };
    batch::join(call, &joined, 1, amount)
}

fn check(call: &mut Call<'_, '_>) -> Result<(), Stop> {
    let kind = call.int("CSHRCTYP", 0);
    call.fail_if(!(0..=2).contains(&kind), codes::RECEIPT_TYPE);
    call.fail_if(
        call.money("ORTRXAMT") <= Decimal::ZERO,
        codes::RECEIPT_AMOUNT,
    );
    let of_card = kind == 2;
    call.fail_if(
        of_card && call.text("CRCARDID").is_empty(),
        codes::RECEIPT_CARD,
    );
    let card = lookup::Setup {
        table: "SY03100",
        key: "CARDNAME",
    };
    lookup::known(call, "CRCARDID", card, codes::RECEIPT_CARD)?;
    call.fail_if(
        !of_card && call.text("CHEKBKID").is_empty(),
        codes::RECEIPT_CHECKBOOK,
    );
    for element in ["CHEKBKID", "BatchCHEKBKID"] {
        lookup::known(call, element, lookup::CHECKBOOK, codes::RECEIPT_CHECKBOOK)?;
    }
    let number = call.text("DOCNUMBR");
    let known = super::entered(call, PAYMENT, &number)?;
    call.fail_if(known, codes::RECEIPT_EXISTS);
    let sent = distribution::of(call, PAYMENT, &number)?;
    let refusals = Refusals {
        customer: codes::RECEIPT_CHILD_CUSTOMER,
        sent: codes::RECEIPT_DIST_SENT,
        create: codes::RECEIPT_CREATE_DIST,
        unbalanced: codes::RECEIPT_UNBALANCED,
        receivable: codes::RECEIPT_RECEIVABLE_DIFFERS,
    };
    if !known {
        let debit = -call.money("ORTRXAMT");
        distribution::hold_against(call, &sent, debit, refusals);
    }
    Ok(())
}

fn write(
    call: &mut Call<'_, '_>,
    customer: &Row,
    currency: &Currency,
    amount: Decimal,
) -> Result<(), Stop> {
    let (number, date) = (call.text("DOCNUMBR"), call.time("DOCDATE"));
    let of_both: [Cell<'_>; 6] = [
        ("DOCNUMBR", number.as_str().into()),
        ("RMDTYPAL", PAYMENT.into()),
        ("BCHSOURC", SOURCE.into()),
        ("CUSTNMBR", customer.text("CUSTNMBR").into()),
        ("CHEKNMBR", call.text("CHEKNMBR").as_str().into()),
        ("DOCDATE", Value::Time(date)),
    ];
    let mut key = of_both.to_vec();
    key.push(("DCSTATUS", 1.into()));
    call.add("RM00401", &key)?;
    let mut receipt = of_both.to_vec();
    receipt.extend([
        ("BACHNUMB", call.text("BACHNUMB").as_str().into()),
        ("CSHRCTYP", call.int("CSHRCTYP", 0).into()),
        ("CHEKBKID", call.text("CHEKBKID").as_str().into()),
        ("CRCARDID", call.text("CRCARDID").as_str().into()),
        ("CURNCYID", currency.id.as_str().into()),
        ("TRXDSCRN", call.text("TRXDSCRN").as_str().into()),
        ("LSTEDTDT", Value::Time(clock::today())),
        ("LSTUSRED", call.text("LSTUSRED").as_str().into()),
        ("ORTRXAMT", amount.into()),
        ("CURTRXAM", amount.into()),
        ("GLPOSTDT", Value::Time(call.time("GLPOSTDT"))),
    ]);
    call.add("RM10201", &receipt)?;
    let key = [("CUSTNMBR", customer.text("CUSTNMBR").into())];
    if let Some(summary) = call.find("RM00103", &key, Access::Update)? {
        let unposted = summary.money("UNPSTDCA") + amount;
        call.set(&summary, &[("UNPSTDCA", unposted.into())])?;
    }
    Ok(())
}

/// Cash in the checkbook's account against the customer's receivables.
fn distribute(call: &mut Call<'_, '_>, customer: &Row) -> Result<(), Stop> {
    let (checkbook, amount) = (call.text("CHEKBKID"), call.money("ORTRXAMT"));
    let key = [("CHEKBKID", checkbook.as_str().into())];
    let checkbook = call.find("CM00100", &key, Access::Committed)?;
    let cash = match checkbook {
        Some(row) => row.int("ACTINDX"),
        None => distribution::posting_account(call, 3)?,
    };
    let receivable = distribution::account_of(call, customer, "RMARACC", 2)?;
    let sides = [
        (distribution::CASH, cash, amount),
        (distribution::RECEIVABLE, receivable, -amount),
    ];
    distribution::write_all(call, PAYMENT, customer.text("CUSTNMBR"), &sides)
}
