//! The account a payables node names.

use super::super::super::error::Stop;
use super::super::super::heap::rows::{Access, Row};
use super::super::call::Call;

/// The codes of a node for a wrong account.
#[derive(Debug, Clone, Copy)]
pub struct Wrong {
    pub unknown: i32,
    pub inactive: i32,
}

/// The index of the account by its number, which wins over its index; none if neither was sent or
/// the number is unknown.
pub fn named(call: &mut Call<'_, '_>, wrong: Wrong) -> Result<Option<i64>, Stop> {
    let text = call.text("ACTNUMST");
    let index = if text.is_empty() {
        match call.int("ACTINDX", 0) {
            0 => return Ok(None),
            sent => Some(sent),
        }
    } else {
        super::super::account_index(call, &text)?
    };
    let row = match index {
        Some(index) => call.find("GL00100", &[("ACTINDX", index.into())], Access::Committed)?,
        None => None,
    };
    match row {
        None => call.fail(wrong.unknown),
        Some(row) => call.fail_if(row.int("ACTIVE") == 0, wrong.inactive),
    }
    Ok(index)
}

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
