//! Deposits: receipts are taken into one, it is entered, and posted to the checkbook.

use std::sync::Arc;

use rust_decimal::Decimal;

use super::super::super::clock;
use super::super::super::error::Stop;
use super::super::super::heap::rows::{Access, Cell, Row};
use super::super::super::value::Value;
use super::super::call::Call;
use super::super::lookup;
use super::{DEPOSIT, codes};

/// The deposit type of one with receipts; 2 is one without.
const WITH_RECEIPTS: i64 = 1;

/// Runs `taBRBankDepositsLine`: takes a receipt into a deposit.
pub fn line(call: &mut Call<'_, '_>) -> Result<(), Stop> {
    call.check_elements();
    if call.failed() {
        return Ok(());
    }
    lookup::known(call, "CHEKBKID", lookup::CHECKBOOK, codes::LINE_CHECKBOOK)?;
    let deposit = call.text("depositnumber");
    let posted = posted(call, &deposit)?;
    call.fail_if(posted, codes::LINE_DEPOSIT);
    let receipt = receipt(call)?;
    let free = receipt.filter(|row| {
        row.int("VOIDED") == 0
            && row.int("DEPOSITED") == 0
            && ["", deposit.as_str()].contains(&row.text("depositnumber"))
    });
    call.fail_if(free.is_none(), codes::LINE_RECEIPT);
    let Some(receipt) = free.filter(|_| !call.failed()) else {
        return Ok(());
    };
    let mut cells: Vec<Cell<'_>> = vec![("depositnumber", deposit.as_str().into())];
    let named = ["BANKNAME", "BNKBRNCH"].map(|name| (name, call.text(name)));
    for (name, text) in named.iter().filter(|(_, text)| !text.is_empty()) {
        cells.push((name, text.as_str().into()));
    }
    call.set(&receipt, &cells)
}

fn receipt(call: &mut Call<'_, '_>) -> Result<Option<Row>, Stop> {
    let (checkbook, number) = (call.text("CHEKBKID"), call.text("RCPTNMBR"));
    let record = call.money("CMRECNUM");
    let mut key: Vec<Cell<'_>> = Vec::new();
    if !record.is_zero() {
        key.push(("CMRECNUM", record.into()));
    }
    if !number.is_empty() {
        key.push(("RCPTNMBR", number.as_str().into()));
    }
    if key.is_empty() {
        return Ok(None);
    }
    if !checkbook.is_empty() {
        key.push(("CHEKBKID", checkbook.as_str().into()));
    }
    call.find("CM20300", &key, Access::Update)
}

fn posted(call: &mut Call<'_, '_>, deposit: &str) -> Result<bool, Stop> {
    let checkbook = call.text("CHEKBKID");
    let key = [
        ("CHEKBKID", checkbook.as_str().into()),
        ("CMTrxNum", deposit.into()),
        ("CMTrxType", DEPOSIT.into()),
    ];
    Ok(!call.rows("CM20200", &key)?.is_empty())
}

/// The receipts in a deposit.
fn receipts(call: &mut Call<'_, '_>) -> Result<Vec<Row>, Stop> {
    let (checkbook, deposit) = (call.text("CHEKBKID"), call.text("depositnumber"));
    let key = [
        ("CHEKBKID", checkbook.as_str().into()),
        ("depositnumber", deposit.as_str().into()),
    ];
    call.rows("CM20300", &key)
}

/// Runs `taBRBankDepositsHeader`: enters a deposit.
pub fn header(call: &mut Call<'_, '_>) -> Result<(), Stop> {
    call.check_elements();
    if call.failed() {
        return Ok(());
    }
    call.fail_if(call.int("Option", 1) != 1, codes::DEPOSIT_OPTION);
    let kind = call.int("DEPTYPE", WITH_RECEIPTS);
    call.fail_if(!(1..=2).contains(&kind), codes::DEPOSIT_TYPE);
    let known = super::checkbook(call)?.is_some();
    call.fail_if(!known, codes::DEPOSIT_CHECKBOOK);
    let (checkbook, deposit) = (call.text("CHEKBKID"), call.text("depositnumber"));
    let key = [
        ("CHEKBKID", checkbook.as_str().into()),
        ("depositnumber", deposit.as_str().into()),
    ];
    let entered = call.exists("BRDepositWork", &key)? || posted(call, &deposit)?;
    call.fail_if(entered, codes::DEPOSIT_EXISTS);
    let receipts = receipts(call)?;
    call.fail_if(
        receipts.is_empty() == (kind == WITH_RECEIPTS),
        codes::DEPOSIT_RECEIPTS,
    );
    let sum: Decimal = receipts.iter().map(|row| row.money("RCPTAMT")).sum();
    let amount = match call.optional_money("DepAmt") {
        None if kind == WITH_RECEIPTS => sum,
        sent => sent.unwrap_or_default(),
    };
    let differs = kind == WITH_RECEIPTS && amount != sum;
    call.fail_if(differs || amount <= Decimal::ZERO, codes::DEPOSIT_AMOUNT);
    if call.failed() {
        return Ok(());
    }
    let or = |element: &str, default: i64| match call.time(element) {
        0 => default,
        sent => sent,
    };
    let date = or("DEPDATE", clock::today());
    let posted = or("GLPOSTDT", date);
    let (description, user) = (call.text("DSCRIPTN"), call.text("MDFUSRID"));
    let mut cells: Vec<Cell<'_>> = key.to_vec();
    cells.extend([
        ("DEPTYPE", kind.into()),
        ("DEPDATE", Value::Time(date)),
        ("GLPOSTDT", Value::Time(posted)),
        ("DSCRIPTN", description.as_str().into()),
        ("DepAmt", amount.into()),
        ("MDFUSRID", user.as_str().into()),
    ]);
    call.add("BRDepositWork", &cells).map(|_| ())
}

/// Runs `taBRPostBankDeposits`: posts a deposit to its checkbook.
pub fn post(call: &mut Call<'_, '_>) -> Result<(), Stop> {
    call.check_elements();
    if call.failed() {
        return Ok(());
    }
    let known = super::checkbook(call)?.is_some();
    call.fail_if(!known, codes::POST_CHECKBOOK);
    let (checkbook, deposit) = (call.text("CHEKBKID"), call.text("depositnumber"));
    let key = [
        ("CHEKBKID", checkbook.as_str().into()),
        ("depositnumber", deposit.as_str().into()),
    ];
    let entered = call.find("BRDepositWork", &key, Access::Update)?;
    call.fail_if(entered.is_none(), codes::POST_MISSING);
    let Some(entered) = entered.filter(|_| !call.failed()) else {
        return Ok(());
    };
    let (functional, index) = lookup::functional(call)?;
    let record = super::record(call)?;
    let (amount, user) = (entered.money("DepAmt"), call.text("PTDUSRID"));
    let number = record.trunc().normalize().to_string();
    let cells: [Cell<'_>; 20] = [
        ("CMRECNUM", record.into()),
        ("sRecNum", number.as_str().into()),
        ("CHEKBKID", checkbook.as_str().into()),
        ("CMTrxNum", deposit.as_str().into()),
        ("SRCDOCNUM", deposit.as_str().into()),
        ("CMTrxType", DEPOSIT.into()),
        ("DEPTYPE", entered.int("DEPTYPE").into()),
        ("TRXDATE", Value::Time(entered.time("DEPDATE"))),
        ("GLPOSTDT", Value::Time(entered.time("GLPOSTDT"))),
        ("TRXAMNT", amount.into()),
        ("ORIGAMT", amount.into()),
        ("Checkbook_Amount", amount.into()),
        ("CURNCYID", functional.as_str().into()),
        ("CURRNIDX", index.into()),
        ("DECPLCUR", super::DECIMALS.into()),
        ("SOURCDOC", "CMDEP".into()),
        ("DSCRIPTN", entered.text("DSCRIPTN").into()),
        ("POSTEDDT", Value::Time(clock::today())),
        ("MODIFDT", Value::Time(clock::today())),
        ("PTDUSRID", user.as_str().into()),
    ];
    call.add("CM20200", &cells)?;
    for receipt in receipts(call)? {
        call.set(&receipt, &[("DEPOSITED", 1.into())])?;
    }
    let table = Arc::clone(&entered.table);
    call.work.delete(&table, entered.number)?;
    super::changes(call, amount)
}
