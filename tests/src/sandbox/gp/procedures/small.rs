//! `taSopUserDefined` and `taSopTrackingNum`: a row each beside the document.

use super::super::error::Stop;
use super::super::heap::rows::{Access, Cell};
use super::call::Call;

/// `taSopUserDefined`.
pub fn user_defined(call: &mut Call<'_, '_>) -> Result<(), Stop> {
    call.check_elements();
    if call.failed() {
        return Ok(());
    }
    let sent = call.columns_of("SOP10106")?;
    let (kind, number) = (call.int("SOPTYPE", 0), call.text("SOPNUMBE"));
    let key = [
        ("SOPTYPE", kind.into()),
        ("SOPNUMBE", number.as_str().into()),
    ];
    let cells: Vec<Cell<'_>> = sent
        .iter()
        .map(|(name, value)| (name.as_str(), value.clone()))
        .collect();
    match call.find("SOP10106", &key, Access::Update)? {
        Some(row) => call.set(&row, &cells),
        None => call.add("SOP10106", &cells).map(|_| ()),
    }
}

/// `taSopTrackingNum`.
pub fn tracking(call: &mut Call<'_, '_>) -> Result<(), Stop> {
    call.check_elements();
    if call.failed() {
        return Ok(());
    }
    let key = [
        ("SOPTYPE", call.int("SOPTYPE", 0).into()),
        ("SOPNUMBE", call.text("SOPNUMBE").as_str().into()),
        (
            "Tracking_Number",
            call.text("Tracking_Number").as_str().into(),
        ),
    ];
    if call.find("SOP10107", &key, Access::Update)?.is_none() {
        call.add("SOP10107", &key)?;
    }
    Ok(())
}
