//! `taPMDistribution`: one distribution of a voucher or payment, sent before it.

use rust_decimal::Decimal;

use super::super::super::error::Stop;
use super::super::super::heap::rows::Cell;
use super::super::account::{self, Wrong};
use super::super::call::Call;
use super::super::lookup;
use super::{Effect, PAYMENT, codes, lookups};

/// What distributions count in.
pub const STEP: i64 = 16_384;
/// GP numbers its payables distribution types up to this one.
const LAST_TYPE: i64 = 23;

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
    let account = account::named(call, "ACTINDX", wrong)?;
    let none = call.text("ACTNUMST").is_empty() && call.int("ACTINDX", 0) == 0;
    call.fail_if(none, codes::DIST_ACCOUNT_MISSING);
    let (voucher, control) = (call.text("VCHRNMBR"), control(call));
    let key = [
        ("VCHRNMBR", voucher.as_str().into()),
        ("CNTRLTYP", control.into()),
    ];
    let others = call.rows("PM10100", &key)?;
    let last = others.iter().map(|row| row.int("DSTSQNUM")).max();
    let sequence = match call.int("DSTSQNUM", 0) {
        0 => last.unwrap_or_default() + STEP,
        sent => sent,
    };
    let twice = others.iter().any(|row| row.int("DSTSQNUM") == sequence);
    call.fail_if(twice, codes::DIST_TWICE);
    let Some(account) = account.filter(|_| !call.failed()) else {
        return Ok(());
    };
    let (vendor, reference) = (call.text("VENDORID"), call.text("DistRef"));
    let line = Line {
        voucher: &voucher,
        control,
        vendor: &vendor,
        reference: &reference,
        sequence,
        kind: call.int("DISTTYPE", 0),
        account,
        debit: call.money("DEBITAMT"),
        credit: call.money("CRDTAMNT"),
    };
    write(call, &line)
}

fn check(call: &mut Call<'_, '_>) -> Result<(), Stop> {
    let document = call.int("DOCTYPE", 0);
    let known = Effect::of(document).is_some() || document == PAYMENT.kind;
    call.fail_if(!known, codes::DIST_DOCUMENT);
    let kind = call.int("DISTTYPE", 0);
    call.fail_if(!(1..=LAST_TYPE).contains(&kind), codes::DIST_TYPE);
    let (debit, credit) = (call.money("DEBITAMT"), call.money("CRDTAMNT"));
    let negative = debit < Decimal::ZERO || credit < Decimal::ZERO;
    call.fail_if(
        negative || debit.is_zero() == credit.is_zero(),
        codes::DIST_SIDES,
    );
    let vendor = call.text("VENDORID");
    let known = call.exists("PM00200", &[("VENDORID", vendor.as_str().into())])?;
    call.fail_if(!known, codes::DIST_VENDOR);
    let entered = lookups::known(call, control(call), &call.text("VCHRNMBR"))?;
    call.fail_if(entered, codes::DIST_VOUCHER);
    Ok(())
}

/// The control type of the document's number.
fn control(call: &Call<'_, '_>) -> i64 {
    if call.int("DOCTYPE", 0) == PAYMENT.kind {
        PAYMENT.control
    } else {
        0
    }
}

/// A distribution to be written.
#[derive(Debug, Clone, Copy)]
pub struct Line<'a> {
    /// Number of the voucher or payment.
    pub voucher: &'a str,
    pub control: i64,
    pub vendor: &'a str,
    pub reference: &'a str,
    pub sequence: i64,
    pub kind: i64,
    pub account: i64,
    pub debit: Decimal,
    pub credit: Decimal,
}

/// Writes a distribution.
pub fn write(call: &mut Call<'_, '_>, line: &Line<'_>) -> Result<(), Stop> {
    let (functional, index) = lookup::functional(call)?;
    let company = call.work.inner.registry.databases[call.database]
        .name
        .clone();
    let cells: [Cell<'_>; 14] = [
        ("VCHRNMBR", line.voucher.into()),
        ("CNTRLTYP", line.control.into()),
        ("VENDORID", line.vendor.into()),
        ("DSTSQNUM", line.sequence.into()),
        ("DISTTYPE", line.kind.into()),
        ("DSTINDX", line.account.into()),
        ("DEBITAMT", line.debit.into()),
        ("CRDTAMNT", line.credit.into()),
        ("ORDBTAMT", line.debit.into()),
        ("ORCRDAMT", line.credit.into()),
        ("CURNCYID", functional.as_str().into()),
        ("CURRNIDX", index.into()),
        ("INTERID", company.as_str().into()),
        ("DistRef", line.reference.into()),
    ];
    call.add("PM10100", &cells).map(|_| ())
}
