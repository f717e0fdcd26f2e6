//! `taCreateItemVendors`: gives an item a vendor.

use rust_decimal::Decimal;

use super::super::super::error::Stop;
use super::super::super::heap::rows::Access;
use super::super::call::Call;
use super::super::lookup::Setup;
use super::{codes, master};

pub const VENDOR: Setup = Setup {
    table: "PM00200",
    key: "VENDORID",
};
/// VENDSTTS of a vendor that nothing is bought from.
const INACTIVE: i64 = 2;

/// Runs the procedure.
pub fn run(call: &mut Call<'_, '_>) -> Result<(), Stop> {
    call.check_elements();
    if call.failed() {
        return Ok(());
    }
    check(call)?;
    let (item, vendor) = (call.text("ITEMNMBR"), call.text("VENDORID"));
    let key = [
        ("ITEMNMBR", item.as_str().into()),
        ("VENDORID", vendor.as_str().into()),
    ];
    let existing = call.find("IV00103", &key, Access::Update)?;
    call.fail_if(
        existing.is_some() && call.int("UpdateIfExists", 1) == 0,
        codes::ITEM_VENDOR_EXISTS,
    );
    if call.failed() {
        return Ok(());
    }
    let sent = call.columns_of("IV00103")?;
    let mut cells = master::borrowed(&sent);
    if let Some(row) = existing {
        return call.set(&row, &cells);
    }
    for (column, value) in [("FREEONBOARD", 1), ("ORDERMULTIPLE", 1)] {
        if !call.given(column) {
            cells.push((column, value.into()));
        }
    }
    call.add("IV00103", &cells).map(|_| ())
}

fn check(call: &mut Call<'_, '_>) -> Result<(), Stop> {
    let number = call.text("ITEMNMBR");
    let item = master::item(call, &number)?;
    call.fail_if(item.is_none(), codes::ITEM_VENDOR_ITEM);
    let vendor = call.text("VENDORID");
    let key = [(VENDOR.key, vendor.as_str().into())];
    match call.find(VENDOR.table, &key, Access::Committed)? {
        None => call.fail(codes::ITEM_VENDOR_UNKNOWN),
        Some(row) => call.fail_if(row.int("VENDSTTS") == INACTIVE, codes::ITEM_VENDOR_INACTIVE),
    }
    let currency = call.text("Last_Currency_ID");
    if !currency.is_empty() {
        let table = call.work.table(call.system, "MC40200")?;
        let key = [("CURNCYID", currency.as_str().into())];
        let known = call.work.find(&table, &key, Access::Committed)?;
        call.fail_if(known.is_none(), codes::ITEM_VENDOR_CURRENCY);
    }
    let unit = call.text("PRCHSUOM");
    if let Some(item) = item.filter(|_| !unit.is_empty()) {
        let known = master::unit(call, item.text("UOMSCHDL"), &unit)?;
        call.fail_if(known.is_none(), codes::ITEM_VENDOR_UNIT);
    }
    let elements = [
        "QTYRQSTN",
        "MINORQTY",
        "MAXORDQTY",
        "ECORDQTY",
        "ORDERMULTIPLE",
    ];
    let negative = elements
        .iter()
        .any(|element| call.money(element) < Decimal::ZERO);
    let (least, most) = (call.money("MINORQTY"), call.money("MAXORDQTY"));
    call.fail_if(
        negative || !most.is_zero() && most < least,
        codes::ITEM_VENDOR_QUANTITY,
    );
    Ok(())
}
