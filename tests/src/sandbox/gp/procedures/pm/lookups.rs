//! What payables nodes look up: numbers that are taken, and accounts of vendors.

use super::super::super::error::Stop;
use super::super::super::heap::rows::{Access, Row};
use super::super::call::Call;

/// Whether a voucher is entered already, in work, open or history.
pub fn voucher_known(call: &mut Call<'_, '_>, voucher: &str) -> Result<bool, Stop> {
    known(call, 0, voucher)
}

/// Whether a number of a control type is entered already, in work, open or history.
pub fn known(call: &mut Call<'_, '_>, control: i64, number: &str) -> Result<bool, Stop> {
    let key = [("CNTRLTYP", control.into()), ("CNTRLNUM", number.into())];
    call.exists("PM00400", &key)
}

/// The vendor's own account, or the one of the purchasing series of the posting setup.
pub fn of_vendor(
    call: &mut Call<'_, '_>,
    vendor: &Row,
    own: &str,
    number: i64,
) -> Result<i64, Stop> {
    let own = vendor.int(own);
    if own != 0 {
        return Ok(own);
    }
    let key = [("SERIES", 4.into()), ("SEQNUMBR", number.into())];
    let row = call.find("SY01100", &key, Access::Committed)?;
    Ok(row.map_or(0, |row| row.int("ACTINDX")))
}

/// The codes of a document whose vendor does not take it.
#[derive(Debug, Clone, Copy)]
pub struct VendorCodes {
    pub unknown: i32,
    pub inactive: i32,
    pub held: i32,
}

/// The vendor a document names.
pub fn vendor(call: &mut Call<'_, '_>, codes: VendorCodes) -> Result<Option<Row>, Stop> {
    let number = call.text("VENDORID");
    let key = [("VENDORID", number.as_str().into())];
    let vendor = call.find("PM00200", &key, Access::Committed)?;
    match &vendor {
        None => call.fail(codes.unknown),
        Some(row) => {
            call.fail_if(row.int("VENDSTTS") == 2, codes.inactive);
            call.fail_if(row.int("HOLD") != 0, codes.held);
        }
    }
    Ok(vendor)
}
