//! The account a node names.

use super::super::error::Stop;
use super::super::heap::rows::Access;
use super::account_index;
use super::call::Call;

/// The codes of a node for a wrong account.
#[derive(Debug, Clone, Copy)]
pub struct Wrong {
    pub unknown: i32,
    pub inactive: i32,
}

/// The index of the account by its number, which wins over its index in the element `by_index`;
/// none if neither was sent or the number is unknown.
pub fn named(call: &mut Call<'_, '_>, by_index: &str, wrong: Wrong) -> Result<Option<i64>, Stop> {
    let text = call.text("ACTNUMST");
    let index = if text.is_empty() {
        match call.int(by_index, 0) {
            0 => return Ok(None),
            sent => Some(sent),
        }
    } else {
        account_index(call, &text)?
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
