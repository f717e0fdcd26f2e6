//! `taBRBankTransactionHeader`: enters and posts a bank transaction or receipt with the
//! distributions sent before it.

use rust_decimal::Decimal;

use super::super::super::clock;
use super::super::super::error::Stop;
use super::super::super::heap::rows::{Access, Cell, Row};
use super::super::super::value::Value;
use super::super::call::Call;
use super::super::lookup;
use super::journal::{self, Line};
use super::{RECEIPT, TRANSACTION, codes, distribution};

/// Transaction types: check, withdrawal, increase and decrease adjustment.
const CHECK: i64 = 3;
const INCREASE: i64 = 5;
const DECREASE: i64 = 6;
/// The receipt type of a card.
const CARD: i64 = 3;

/// Runs the procedure.
pub fn run(call: &mut Call<'_, '_>) -> Result<(), Stop> {
    call.check_elements();
    if call.failed() {
        return Ok(());
    }
    let option = call.int("Option", 0);
    let checkbook = super::checkbook(call)?;
    match &checkbook {
        None => call.fail(codes::CHECKBOOK),
        Some(row) => call.fail_if(row.int("INACTIVE") != 0, codes::CHECKBOOK_INACTIVE),
    }
    call.fail_if(![TRANSACTION, RECEIPT].contains(&option), codes::OPTION);
    check(call, option)?;
    let sent = distribution::sent(call, option)?;
    call.fail_if(sent.is_empty(), codes::NO_DISTRIBUTIONS);
    let cash = cash(call, option);
    let net = |row: &Row| row.money("DEBITAMT") - row.money("CRDTAMNT");
    let others: Decimal = sent.iter().map(net).sum();
    call.fail_if(others + cash != Decimal::ZERO, codes::UNBALANCED);
    let Some(checkbook) = checkbook.filter(|_| !call.failed()) else {
        return Ok(());
    };
    let mut lines = vec![Line {
        account: checkbook.int("ACTINDX"),
        amount: cash,
        reference: call.text("DistRef"),
    }];
    lines.extend(sent.iter().map(|row| Line::of(row, "DistRef", false)));
    distribution::take(call, &sent)?;
    let kind = if option == RECEIPT {
        super::RECEIVED
    } else {
        call.int("CMTrxType", CHECK)
    };
    let trail = journal::write(call, kind, (date(call), posting_date(call)), &lines)?;
    if option == RECEIPT {
        return receipt(call, &trail, checkbook.int("ACTINDX"));
    }
    transaction(call, &trail)?;
    super::changes(call, cash)
}

/// What the checkbook's account is debited with.
fn cash(call: &Call<'_, '_>, option: i64) -> Decimal {
    let amount = call.money("TRXAMNT");
    if option == RECEIPT || call.int("CMTrxType", CHECK) == INCREASE {
        amount
    } else {
        -amount
    }
}

fn check(call: &mut Call<'_, '_>, option: i64) -> Result<(), Stop> {
    let kind = call.int("CMTrxType", CHECK);
    call.fail_if(!(CHECK..=DECREASE).contains(&kind), codes::TYPE);
    let of = call.int("RcpType", 1);
    call.fail_if(!(1..=CARD).contains(&of), codes::RECEIPT_TYPE);
    let no_card = call.text("CARDNAME").is_empty();
    call.fail_if(option == RECEIPT && of == CARD && no_card, codes::CARD);
    lookup::known(call, "CARDNAME", lookup::CARD, codes::CARD)?;
    call.fail_if(call.money("TRXAMNT") <= Decimal::ZERO, codes::AMOUNT);
    lookup::currency(call, codes::CURRENCY)?;
    let (sent, mut own) = (call.text("CURNCYID"), lookup::functional(call)?.0);
    let checkbook = call.text("CHEKBKID");
    let key = [("CHEKBKID", checkbook.as_str().into())];
    if let Some(row) = call.find("CM00100", &key, Access::Committed)?
        && !row.text("CURNCYID").is_empty()
    {
        row.text("CURNCYID").clone_into(&mut own);
    }
    let other = !sent.is_empty() && !sent.eq_ignore_ascii_case(&own);
    call.fail_if(other, codes::FOREIGN);
    let known = !rows_of(call, option)?.is_empty();
    call.fail_if(known, codes::EXISTS);
    Ok(())
}

/// The receipt, or the transaction of the call's type, that a checkbook has by a number.
fn rows_of(call: &mut Call<'_, '_>, option: i64) -> Result<Vec<Row>, Stop> {
    let (checkbook, number) = (call.text("CHEKBKID"), call.text("CMTrxNum"));
    let of_checkbook = ("CHEKBKID", checkbook.as_str().into());
    let number: Value = number.as_str().into();
    if option == RECEIPT {
        return call.rows("CM20300", &[of_checkbook, ("RCPTNMBR", number)]);
    }
    let kind = call.int("CMTrxType", CHECK);
    let key = [
        of_checkbook,
        ("CMTrxNum", number),
        ("CMTrxType", kind.into()),
    ];
    call.rows("CM20200", &key)
}

fn posting_date(call: &Call<'_, '_>) -> i64 {
    match call.time("GLPOSTDT") {
        0 => date(call),
        sent => sent,
    }
}

fn date(call: &Call<'_, '_>) -> i64 {
    match call.time("TRXDATE") {
        0 => clock::today(),
        sent => sent,
    }
}

/// What both kinds of records hold.
fn shared(call: &mut Call<'_, '_>, trail: &str) -> Result<Vec<Cell<'static>>, Stop> {
    let (functional, index) = lookup::functional(call)?;
    let record = super::record(call)?;
    let amount = call.money("TRXAMNT");
    let text = |name: &str| Value::from(call.text(name).as_str());
    Ok(vec![
        ("CMRECNUM", record.into()),
        (
            "sRecNum",
            record.trunc().normalize().to_string().as_str().into(),
        ),
        ("CHEKBKID", text("CHEKBKID")),
        ("CURNCYID", functional.as_str().into()),
        ("CURRNIDX", index.into()),
        ("DECPLCUR", super::DECIMALS.into()),
        ("DSCRIPTN", text("DSCRIPTN")),
        ("GLPOSTDT", Value::Time(posting_date(call))),
        ("POSTEDDT", Value::Time(clock::today())),
        ("MODIFDT", Value::Time(clock::today())),
        ("PTDUSRID", text("USERID")),
        ("MDFUSRID", text("USERID")),
        ("AUDITTRAIL", trail.into()),
        ("SOURCDOC", "CMTRX".into()),
        ("ORIGAMT", amount.into()),
        ("Checkbook_Amount", amount.into()),
    ])
}

fn transaction(call: &mut Call<'_, '_>, trail: &str) -> Result<(), Stop> {
    let mut cells = shared(call, trail)?;
    let text = |name: &str| Value::from(call.text(name).as_str());
    cells.extend([
        ("CMTrxNum", text("CMTrxNum")),
        ("SRCDOCNUM", text("CMTrxNum")),
        ("CMTrxType", call.int("CMTrxType", CHECK).into()),
        ("TRXDATE", Value::Time(date(call))),
        ("TRXAMNT", call.money("TRXAMNT").into()),
        ("paidtorcvdfrom", text("paidtorcvdfrom")),
    ]);
    call.add("CM20200", &cells).map(|_| ())
}

fn receipt(call: &mut Call<'_, '_>, trail: &str, cash: i64) -> Result<(), Stop> {
    let mut cells = shared(call, trail)?;
    let text = |name: &str| Value::from(call.text(name).as_str());
    cells.extend([
        ("RCPTNMBR", text("CMTrxNum")),
        ("SRCDOCNUM", text("CMTrxNum")),
        ("receiptdate", Value::Time(date(call))),
        ("RCPTAMT", call.money("TRXAMNT").into()),
        ("RcpType", call.int("RcpType", 1).into()),
        ("CARDNAME", text("CARDNAME")),
        ("RcvdFrom", text("paidtorcvdfrom")),
        ("Cash_Account_Index", cash.into()),
    ]);
    call.add("CM20300", &cells).map(|_| ())
}
