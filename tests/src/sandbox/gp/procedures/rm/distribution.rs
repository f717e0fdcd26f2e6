//! `taRMDistribution`: one distribution of a receivables document, sent before it; and those the
//! documents make themselves.

use rust_decimal::Decimal;

use super::super::super::error::Stop;
use super::super::super::heap::rows::{Access, Cell, Row};
use super::super::account::{self, Wrong};
use super::super::call::Call;
use super::super::lookup;
use super::{PAYMENT, Side, codes};

const STEP: i64 = 16_384;
/// GP numbers its receivables distribution types up to this one.
const LAST_TYPE: i64 = 24;

pub const CASH: i64 = 1;
pub const RECEIVABLE: i64 = 3;

/// Runs the procedure.
pub fn run(call: &mut Call<'_, '_>) -> Result<(), Stop> {
    call.check_elements();
    if call.failed() {
        return Ok(());
    }
    check(call)?;
    let wrong = Wrong {
        unknown: codes::DIST_ACCOUNT,
        inactive: codes::DIST_ACCOUNT_INACTIVE,
    };
    let account = account::named(call, "DSTINDX", wrong)?;
    let none = call.text("ACTNUMST").is_empty() && call.int("DSTINDX", 0) == 0;
    call.fail_if(none, codes::DIST_ACCOUNT_MISSING);
    let (kind, number) = (call.int("RMDTYPAL", 0), call.text("DOCNUMBR"));
    let others = of(call, kind, &number)?;
    let last = others.iter().map(|row| row.int("SEQNUMBR")).max();
    let sequence = match call.int("SEQNUMBR", 0) {
        0 => last.unwrap_or_default() + STEP,
        sent => sent,
    };
    let twice = others.iter().any(|row| row.int("SEQNUMBR") == sequence);
    call.fail_if(twice, codes::DIST_TWICE);
    let Some(account) = account.filter(|_| !call.failed()) else {
        return Ok(());
    };
    let line = Line {
        kind,
        number: &number,
        customer: &call.text("CUSTNMBR"),
        reference: &call.text("DistRef"),
        sequence,
        of: call.int("DISTTYPE", 0),
        account,
        amount: call.money("DEBITAMT") - call.money("CRDTAMNT"),
    };
    write(call, &line)
}

fn check(call: &mut Call<'_, '_>) -> Result<(), Stop> {
    let kind = call.int("RMDTYPAL", 0);
    let known = Side::of(kind).is_some() || kind == PAYMENT;
    call.fail_if(!known, codes::DIST_DOCUMENT);
    let of = call.int("DISTTYPE", 0);
    call.fail_if(!(1..=LAST_TYPE).contains(&of), codes::DIST_TYPE);
    let (debit, credit) = (call.money("DEBITAMT"), call.money("CRDTAMNT"));
    let negative = debit < Decimal::ZERO || credit < Decimal::ZERO;
    call.fail_if(
        negative || debit.is_zero() == credit.is_zero(),
        codes::DIST_SIDES,
    );
    let customer = call.text("CUSTNMBR");
    let known = call.exists("RM00101", &[("CUSTNMBR", customer.as_str().into())])?;
    call.fail_if(!known, codes::DIST_CUSTOMER);
    let entered = super::entered(call, kind, &call.text("DOCNUMBR"))?;
    call.fail_if(entered, codes::DIST_ENTERED);
    Ok(())
}

/// The distributions of a document, in work.
pub fn of(call: &mut Call<'_, '_>, kind: i64, number: &str) -> Result<Vec<Row>, Stop> {
    call.rows(
        "RM10101",
        &[("RMDTYPAL", kind.into()), ("DOCNUMBR", number.into())],
    )
}

/// A document node's codes for what is wrong with its distributions.
#[derive(Debug, Clone, Copy)]
pub struct Refusals {
    pub customer: i32,
    pub sent: i32,
    pub create: i32,
    pub unbalanced: i32,
    pub receivable: i32,
}

/// Holds the distributions that were sent against the document, which debits the customer's
/// receivables with an amount, or credits them with a negative one.
pub fn hold_against(call: &mut Call<'_, '_>, sent: &[Row], debit: Decimal, wrong: Refusals) {
    let customer = call.text("CUSTNMBR");
    let other = |row: &Row| !row.text("CUSTNMBR").eq_ignore_ascii_case(&customer);
    call.fail_if(sent.iter().any(other), wrong.customer);
    match call.int("CREATEDIST", 1) {
        1 => call.fail_if(!sent.is_empty(), wrong.sent),
        0 if sent.is_empty() => {}
        0 => {
            let net = |row: &Row| row.money("DEBITAMT") - row.money("CRDTAMNT");
            let all: Decimal = sent.iter().map(net).sum();
            call.fail_if(!all.is_zero(), wrong.unbalanced);
            let receivable = sent.iter().filter(|row| row.int("DISTTYPE") == RECEIVABLE);
            let receivable: Decimal = receivable.map(net).sum();
            call.fail_if(receivable != debit, wrong.receivable);
        }
        _ => call.fail(wrong.create),
    }
}

/// A distribution to be written: an amount above zero is a debit.
#[derive(Debug, Clone, Copy)]
pub struct Line<'a> {
    pub kind: i64,
    pub number: &'a str,
    pub customer: &'a str,
    pub reference: &'a str,
    pub sequence: i64,
    /// The distribution type.
    pub of: i64,
    pub account: i64,
    pub amount: Decimal,
}

/// Writes a distribution.
pub fn write(call: &mut Call<'_, '_>, line: &Line<'_>) -> Result<(), Stop> {
    let (functional, index) = lookup::functional(call)?;
    let debit = line.amount.max(Decimal::ZERO);
    let credit = (-line.amount).max(Decimal::ZERO);
    let cells: [Cell<'_>; 14] = [
        ("DOCNUMBR", line.number.into()),
        ("DCSTATUS", 1.into()),
        ("DISTTYPE", line.of.into()),
        ("RMDTYPAL", line.kind.into()),
        ("SEQNUMBR", line.sequence.into()),
        ("CUSTNMBR", line.customer.into()),
        ("DSTINDX", line.account.into()),
        ("DEBITAMT", debit.into()),
        ("CRDTAMNT", credit.into()),
        ("CURNCYID", functional.as_str().into()),
        ("CURRNIDX", index.into()),
        ("ORDBTAMT", debit.into()),
        ("ORCRDAMT", credit.into()),
        ("DistRef", line.reference.into()),
    ];
    call.add("RM10101", &cells).map(|_| ())
}

/// Writes the distributions a document makes itself: type, account and debit of each.
pub fn write_all(
    call: &mut Call<'_, '_>,
    kind: i64,
    customer: &str,
    sides: &[(i64, i64, Decimal)],
) -> Result<(), Stop> {
    let number = call.text("DOCNUMBR");
    let owing = sides.iter().filter(|(_, _, amount)| !amount.is_zero());
    for (place, (of, account, amount)) in (1..).zip(owing) {
        let line = Line {
            kind,
            number: &number,
            customer,
            reference: "",
            sequence: STEP * place,
            of: *of,
            account: *account,
            amount: *amount,
        };
        write(call, &line)?;
    }
    Ok(())
}

/// The customer's own account, or the one of the sales series of the posting setup.
pub fn account_of(
    call: &mut Call<'_, '_>,
    customer: &Row,
    own: &str,
    number: i64,
) -> Result<i64, Stop> {
    match customer.int(own) {
        0 => posting_account(call, number),
        own => Ok(own),
    }
}

/// An account of the sales series of the posting setup.
pub fn posting_account(call: &mut Call<'_, '_>, number: i64) -> Result<i64, Stop> {
    let key = [("SERIES", 3.into()), ("SEQNUMBR", number.into())];
    let row = call.find("SY01100", &key, Access::Committed)?;
    Ok(row.map_or(0, |row| row.int("ACTINDX")))
}
