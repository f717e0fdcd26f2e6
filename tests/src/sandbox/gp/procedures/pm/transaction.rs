//! `taPMTransactionInsert`: closes the taxes and distributions sent before it into a voucher of a batch.

use rust_decimal::Decimal;

use super::super::super::clock;
use super::super::super::error::Stop;
use super::super::super::heap::rows::{Cell, Row};
use super::super::super::value::Value;
use super::super::call::Call;
use super::super::currency::{Codes, Currency};
use super::super::lookup;
use super::super::sm::batch::{self, Batch};
use super::lookups::{self, VendorCodes};
use super::transaction_lines::{self as lines, Lines};
use super::{Effect, codes, tax};

/// The source of payables transaction batches.
const SOURCE: &str = "PM_Trxent";
/// What makes up the document amount, less the trade discount.
const PARTS: [&str; 4] = ["PRCHAMNT", "MSCCHAMT", "FRTAMNT", "TAXAMNT"];

/// Columns that are worked out, whatever was sent.
const MADE: [&str; 5] = ["DOCAMNT", "CHRGAMNT", "PSTGDATE", "CURNCYID", "Tax_Date"];
/// Elements of the document's currency.
const AMOUNTS: [&str; 10] = [
    "PRCHAMNT",
    "MSCCHAMT",
    "FRTAMNT",
    "TAXAMNT",
    "TRDISAMT",
    "DSCDLRAM",
    "TEN99AMNT",
    "DISAMTAV",
    "DISTKNAM",
    "APDSTKAM",
];
const CURRENCY: Codes = Codes {
    unknown: codes::CURRENCY,
    no_rate: codes::NO_RATE,
};

/// Runs the procedure.
pub fn run(call: &mut Call<'_, '_>) -> Result<(), Stop> {
    call.check_elements();
    if call.failed() {
        return Ok(());
    }
    let number = call.text("BACHNUMB");
    batch::lock(call, SOURCE, &number)?;
    let effect = Effect::of(call.int("DOCTYPE", 0));
    call.fail_if(effect.is_none(), codes::TYPE);
    check_amounts(call);
    check_setup(call)?;
    check_numbers(call)?;
    let refusals = VendorCodes {
        unknown: codes::VENDOR,
        inactive: codes::VENDOR_INACTIVE,
        held: codes::VENDOR_HOLD,
    };
    let vendor = lookups::vendor(call, refusals)?;
    let sent = Lines::of(call, &call.text("VCHNUMWK"))?;
    sent.check(call);
    let currency = Currency::sent(call, "DOCDATE", CURRENCY)?;
    let Some((vendor, effect)) = vendor.zip(effect).filter(|_| !call.failed()) else {
        return Ok(());
    };
    let total = currency.sum_of(call, &PARTS) - currency.sum_of(call, &["TRDISAMT"]);
    write(call, &vendor, &currency, total)?;
    if call.int("CREATEDIST", 1) == 1 {
        lines::create(call, &vendor, effect, &sent.taxes)?;
    }
    let voucher = call.text("VCHNUMWK");
    let rows = lines::distributions(call, &voucher)?;
    currency.restate_sides(call, &rows)?;
    currency.restate(call, &sent.taxes, &tax::PAIRS)?;
    lines::date(call, &call.text("VCHNUMWK"), posting_date(call))?;
    let checkbook = call.text("BatchCHEKBKID");
    let joined = Batch {
        source: SOURCE,
        number: &number,
        series: 4,
        checkbook: &checkbook,
        date: posting_date(call),
    };
    batch::join(call, &joined, 1, total)
}

fn check_amounts(call: &mut Call<'_, '_>) {
    let document = call.money("DOCAMNT");
    let mut amounts = PARTS.into_iter().chain(["TRDISAMT", "DOCAMNT"]);
    let negative = amounts.any(|name| call.money(name) < Decimal::ZERO);
    call.fail_if(negative, codes::NEGATIVE);
    let parts: Decimal = PARTS.into_iter().map(|name| call.money(name)).sum();
    call.fail_if(parts - call.money("TRDISAMT") != document, codes::SUM);
    let mut payments = ["CASHAMNT", "CHEKAMNT", "CRCRDAMT"].into_iter();
    let paid = payments.any(|name| !call.money(name).is_zero());
    call.fail_if(paid, codes::PAID);
    let charged = call.money("CHRGAMNT");
    call.fail_if(!charged.is_zero() && charged != document, codes::CHARGE);
}

fn check_setup(call: &mut Call<'_, '_>) -> Result<(), Stop> {
    lookup::known(call, "PYMTRMID", lookup::TERMS, codes::TERMS)?;
    lookup::known(call, "SHIPMTHD", lookup::SHIPPING, codes::SHIPPING)?;
    for element in ["TAXSCHID", "PCHSCHID", "FRTSCHID", "MSCSCHID"] {
        lookup::known(call, element, lookup::SCHEDULE, codes::SCHEDULE)?;
    }
    for element in ["CHEKBKID", "BatchCHEKBKID"] {
        lookup::known(call, element, lookup::CHECKBOOK, codes::CHECKBOOK)?;
    }
    Ok(())
}

fn check_numbers(call: &mut Call<'_, '_>) -> Result<(), Stop> {
    let known = lookups::voucher_known(call, &call.text("VCHNUMWK"))?;
    call.fail_if(known, codes::VOUCHER_EXISTS);
    let (vendor, document) = (call.text("VENDORID"), call.text("DOCNUMBR"));
    let key = [
        ("CNTRLTYP", 0.into()),
        ("VENDORID", vendor.as_str().into()),
        ("DOCNUMBR", document.as_str().into()),
    ];
    let used = call.exists("PM00400", &key)?;
    call.fail_if(used, codes::DOCUMENT_EXISTS);
    Ok(())
}

fn write(
    call: &mut Call<'_, '_>,
    vendor: &Row,
    currency: &Currency,
    total: Decimal,
) -> Result<(), Stop> {
    let (voucher, due) = (call.text("VCHNUMWK"), or_document_date(call, "DUEDATE"));
    let of_both: [Cell<'_>; 7] = [
        ("VENDORID", vendor.text("VENDORID").into()),
        ("DOCNUMBR", call.text("DOCNUMBR").as_str().into()),
        ("DOCTYPE", call.int("DOCTYPE", 0).into()),
        ("BCHSOURC", SOURCE.into()),
        ("DOCDATE", Value::Time(call.time("DOCDATE"))),
        ("DUEDATE", Value::Time(due)),
        ("DISCDATE", Value::Time(call.time("DISCDATE"))),
    ];
    let mut key = of_both.to_vec();
    key.extend([
        ("CNTRLNUM", voucher.as_str().into()),
        ("CNTRLTYP", 0.into()),
        ("DCSTATUS", 1.into()),
    ]);
    call.add("PM00400", &key)?;
    let or_vendors = |name: &str| match call.text(name) {
        sent if sent.is_empty() => vendor.text(name).to_owned(),
        sent => sent,
    };
    let inherited = ["VADDCDPR", "VADCDTRO", "PYMTRMID", "TAXSCHID", "SHIPMTHD"]
        .map(|name| (name, or_vendors(name)));
    let sent = call.columns_of("PM10000")?;
    let named: Vec<&str> = of_both.iter().map(|(name, _)| *name).collect();
    let mut cells: Vec<Cell<'_>> = sent
        .iter()
        .map(|(name, value)| (name.as_str(), value.clone()))
        .filter(|(name, _)| !named.contains(name))
        .filter(|(name, _)| !inherited.iter().any(|(own, _)| own == name))
        .filter(|(name, _)| !MADE.contains(name))
        .collect();
    currency.convert(&mut cells, &AMOUNTS);
    for (name, value) in &inherited {
        cells.push((name, value.as_str().into()));
    }
    cells.extend(of_both);
    cells.extend([
        ("VCHRNMBR", voucher.as_str().into()),
        ("DOCAMNT", total.into()),
        ("CHRGAMNT", total.into()),
        ("CURTRXAM", total.into()),
        ("CURNCYID", currency.id.as_str().into()),
        ("PSTGDATE", Value::Time(posting_date(call))),
        ("Tax_Date", Value::Time(or_document_date(call, "Tax_Date"))),
        ("MODIFDT", Value::Time(clock::today())),
    ]);
    call.add("PM10000", &cells).map(|_| ())
}

fn posting_date(call: &Call<'_, '_>) -> i64 {
    or_document_date(call, "PSTGDATE")
}

fn or_document_date(call: &Call<'_, '_>, element: &str) -> i64 {
    match call.time(element) {
        0 => call.time("DOCDATE"),
        sent => sent,
    }
}
