//! `taPMManualCheck`: a payment to a vendor that was made outside of GP, in a batch until posted.

use rust_decimal::Decimal;

use super::super::super::clock;
use super::super::super::error::Stop;
use super::super::super::heap::rows::{Access, Cell, Row};
use super::super::super::value::Value;
use super::super::call::Call;
use super::super::currency::{Codes, Currency};
use super::super::lookup;
use super::super::sm::batch::{self, Batch};
use super::distribution::{self, Line, STEP};
use super::lookups::{self, VendorCodes};
use super::{PAYMENT, codes};

/// The source of payment batches.
const SOURCE: &str = "PM_Payment";
/// Ways to pay: check, cash, credit card.
const CHECK: i64 = 0;
const CARD: i64 = 2;
/// Distribution types of payables.
const CASH: i64 = 1;
const PAYABLE: i64 = 2;

const CURRENCY: Codes = Codes {
    unknown: codes::PAYMENT_CURRENCY,
    no_rate: codes::PAYMENT_NO_RATE,
};

/// Runs the procedure.
pub fn run(call: &mut Call<'_, '_>) -> Result<(), Stop> {
    call.check_elements();
    if call.failed() {
        return Ok(());
    }
    let number = call.text("BACHNUMB");
    batch::lock(call, SOURCE, &number)?;
    check_way(call)?;
    check_numbers(call)?;
    let refusals = VendorCodes {
        unknown: codes::PAYMENT_VENDOR,
        inactive: codes::PAYMENT_VENDOR_INACTIVE,
        held: codes::PAYMENT_VENDOR_HOLD,
    };
    let vendor = lookups::vendor(call, refusals)?;
    let sent = distributions(call)?;
    check_distributions(call, &sent);
    let currency = Currency::sent(call, "DOCDATE", CURRENCY)?;
    let Some(vendor) = vendor.filter(|_| !call.failed()) else {
        return Ok(());
    };
    let amount = currency.functional_of(call.money("DOCAMNT"));
    write(call, &vendor, &currency, amount)?;
    if call.int("CREATEDIST", 1) == 1 {
        distribute(call, &vendor)?;
    }
    let rows = distributions(call)?;
    currency.restate_sides(call, &rows)?;
    let date = Value::Time(posting_date(call));
    for row in distributions(call)? {
        call.set(&row, &[("PSTGDATE", date.clone())])?;
    }
    let checkbook = call.text("BatchCHEKBKID");
    let joined = Batch {
        source: SOURCE,
        number: &number,
        series: 4,
        checkbook: &checkbook,
        date: posting_date(call),
    };
    batch::join(call, &joined, 1, amount)
}

fn check_way(call: &mut Call<'_, '_>) -> Result<(), Stop> {
    let way = call.int("PYENTTYP", CHECK);
    call.fail_if(!(CHECK..=CARD).contains(&way), codes::PAYMENT_TYPE);
    call.fail_if(
        call.money("DOCAMNT") <= Decimal::ZERO,
        codes::PAYMENT_AMOUNT,
    );
    let unnamed = |name: &str| call.text(name).is_empty();
    let (no_card, no_checkbook) = (unnamed("CARDNAME"), unnamed("CHEKBKID"));
    call.fail_if(way == CARD && no_card, codes::PAYMENT_CARD);
    call.fail_if(way != CARD && no_checkbook, codes::PAYMENT_CHECKBOOK);
    lookup::known(call, "CARDNAME", lookup::CARD, codes::PAYMENT_CARD)?;
    for element in ["CHEKBKID", "BatchCHEKBKID"] {
        lookup::known(call, element, lookup::CHECKBOOK, codes::PAYMENT_CHECKBOOK)?;
    }
    Ok(())
}

fn check_numbers(call: &mut Call<'_, '_>) -> Result<(), Stop> {
    let known = lookups::known(call, PAYMENT.control, &call.text("PMNTNMBR"))?;
    call.fail_if(known, codes::PAYMENT_EXISTS);
    // A checkbook's check is written once.
    let (checkbook, number) = (call.text("CHEKBKID"), call.text("DOCNUMBR"));
    if call.int("PYENTTYP", CHECK) == CHECK && !checkbook.is_empty() {
        let key = [
            ("CNTRLTYP", PAYMENT.control.into()),
            ("CHEKBKID", checkbook.as_str().into()),
            ("DOCNUMBR", number.as_str().into()),
        ];
        let written = call.exists("PM00400", &key)?;
        call.fail_if(written, codes::PAYMENT_CHECK_EXISTS);
    }
    Ok(())
}

/// The payment's distributions, as they are now.
fn distributions(call: &mut Call<'_, '_>) -> Result<Vec<Row>, Stop> {
    let number = call.text("PMNTNMBR");
    let key = [
        ("VCHRNMBR", number.as_str().into()),
        ("CNTRLTYP", PAYMENT.control.into()),
    ];
    call.rows("PM10100", &key)
}

fn check_distributions(call: &mut Call<'_, '_>, sent: &[Row]) {
    let vendor = call.text("VENDORID");
    let other = |row: &Row| !row.text("VENDORID").eq_ignore_ascii_case(&vendor);
    call.fail_if(sent.iter().any(other), codes::PAYMENT_DIST_VENDOR);
    match call.int("CREATEDIST", 1) {
        1 => call.fail_if(!sent.is_empty(), codes::PAYMENT_DIST_SENT),
        0 if sent.is_empty() => call.fail(codes::PAYMENT_DIST_MISSING),
        0 => {
            let net = |row: &Row| row.money("DEBITAMT") - row.money("CRDTAMNT");
            let all: Decimal = sent.iter().map(net).sum();
            call.fail_if(!all.is_zero(), codes::PAYMENT_UNBALANCED);
            let payable = sent.iter().filter(|row| row.int("DISTTYPE") == PAYABLE);
            let payable: Decimal = payable.map(net).sum();
            call.fail_if(
                payable != call.money("DOCAMNT"),
                codes::PAYMENT_PAYABLE_DIFFERS,
            );
        }
        _ => call.fail(codes::PAYMENT_CREATE_DIST),
    }
}

fn write(
    call: &mut Call<'_, '_>,
    vendor: &Row,
    currency: &Currency,
    amount: Decimal,
) -> Result<(), Stop> {
    let number = call.text("PMNTNMBR");
    let of_both: [Cell<'_>; 7] = [
        ("VENDORID", vendor.text("VENDORID").into()),
        ("DOCNUMBR", call.text("DOCNUMBR").as_str().into()),
        ("DOCTYPE", PAYMENT.kind.into()),
        ("CNTRLTYP", PAYMENT.control.into()),
        ("BCHSOURC", SOURCE.into()),
        ("CHEKBKID", call.text("CHEKBKID").as_str().into()),
        ("DOCDATE", Value::Time(call.time("DOCDATE"))),
    ];
    let mut key = of_both.to_vec();
    key.extend([("CNTRLNUM", number.as_str().into()), ("DCSTATUS", 1.into())]);
    call.add("PM00400", &key)?;
    let mut payment = of_both.to_vec();
    for name in ["BACHNUMB", "CARDNAME", "TRXDSCRN", "MDFUSRID", "PTDUSRID"] {
        payment.push((name, call.text(name).as_str().into()));
    }
    payment.extend([
        ("PMNTNMBR", number.as_str().into()),
        ("VCHRNMBR", number.as_str().into()),
        ("DOCAMNT", amount.into()),
        ("CURTRXAM", amount.into()),
        ("PYENTTYP", call.int("PYENTTYP", CHECK).into()),
        ("CURNCYID", currency.id.as_str().into()),
        ("PSTGDATE", Value::Time(posting_date(call))),
        ("MODIFDT", Value::Time(clock::today())),
    ]);
    if call.int("PYENTTYP", CHECK) == CHECK {
        payment.push(("CHEKAMNT", amount.into()));
    }
    call.add("PM10400", &payment).map(|_| ())
}

/// The payable against the cash of the checkbook, or of the card's.
fn distribute(call: &mut Call<'_, '_>, vendor: &Row) -> Result<(), Stop> {
    let checkbook = checkbook(call)?;
    let cash = match vendor.int("PMCSHIDX") {
        0 => checkbook.map_or(0, |row| row.int("ACTINDX")),
        own => own,
    };
    let payable = lookups::of_vendor(call, vendor, "PMAPINDX", PAYABLE)?;
    let (number, amount) = (call.text("PMNTNMBR"), call.money("DOCAMNT"));
    let sides = [
        (PAYABLE, payable, amount, Decimal::ZERO),
        (CASH, cash, Decimal::ZERO, amount),
    ];
    for (place, (kind, account, debit, credit)) in (1..).zip(sides) {
        let line = Line {
            voucher: &number,
            control: PAYMENT.control,
            vendor: vendor.text("VENDORID"),
            reference: "",
            sequence: STEP * place,
            kind,
            account,
            debit,
            credit,
        };
        distribution::write(call, &line)?;
    }
    Ok(())
}

fn checkbook(call: &mut Call<'_, '_>) -> Result<Option<Row>, Stop> {
    let mut checkbook = call.text("CHEKBKID");
    if call.int("PYENTTYP", CHECK) == CARD {
        let card = call.text("CARDNAME");
        let key = [("CARDNAME", card.as_str().into())];
        let card = call.find("SY03100", &key, Access::Committed)?;
        checkbook = card.map_or_else(String::new, |row| row.text("CKBKNUM1").to_owned());
    }
    let key = [("CHEKBKID", checkbook.as_str().into())];
    call.find("CM00100", &key, Access::Committed)
}

fn posting_date(call: &Call<'_, '_>) -> i64 {
    match call.time("PSTGDATE") {
        0 => call.time("DOCDATE"),
        sent => sent,
    }
}
