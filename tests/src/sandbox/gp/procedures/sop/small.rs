//! Rows beside the document: user-defined fields, comments, tracking numbers.

use super::super::super::error::Stop;
use super::super::super::heap::rows::{Access, Cell};
use super::super::call::Call;
use super::codes;

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

/// `taCreateSOPTrackingInfo`: a tracking number of a document that is there, posted or not.
pub fn tracking_info(call: &mut Call<'_, '_>) -> Result<(), Stop> {
    call.check_elements();
    if call.failed() {
        return Ok(());
    }
    let (kind, number) = (call.int("SOPTYPE", 0), call.text("SOPNUMBE"));
    let document = [
        ("SOPTYPE", kind.into()),
        ("SOPNUMBE", number.as_str().into()),
    ];
    let known = call.exists("SOP10100", &document)? || call.exists("SOP30200", &document)?;
    call.fail_if(!known, codes::TRACKING_DOCUMENT);
    let mut key = document.to_vec();
    key.push((
        "Tracking_Number",
        call.text("Tracking_Number").as_str().into(),
    ));
    let twice = call.exists("SOP10107", &key)?;
    call.fail_if(twice, codes::TRACKING_TWICE);
    if call.failed() {
        return Ok(());
    }
    call.add("SOP10107", &key).map(|_| ())
}

/// `taSopMultiBin`: the companies of the sandbox keep no bins, and GP refuses bins where they are off.
pub fn multi_bin(call: &mut Call<'_, '_>) -> Result<(), Stop> {
    call.check_elements();
    call.fail(codes::BINS_OFF);
    Ok(())
}

const COMMENTS: [&str; 5] = [
    "COMMENT_1",
    "COMMENT_2",
    "COMMENT_3",
    "COMMENT_4",
    "CMMTTEXT",
];

/// Writes the comments a header or line was sent with; the key says whose they are.
pub fn comments(call: &mut Call<'_, '_>, table: &str, key: &[Cell<'_>]) -> Result<(), Stop> {
    let sent = COMMENTS
        .into_iter()
        .filter_map(|column| Some((column, call.value(column)?.clone())));
    let mut cells: Vec<Cell<'_>> = sent.collect();
    if cells
        .iter()
        .all(|(_, value)| value.text().is_none_or(str::is_empty))
    {
        return Ok(());
    }
    if let Some(row) = call.find(table, key, Access::Update)? {
        return call.set(&row, &cells);
    }
    cells.extend(key.iter().cloned());
    call.add(table, &cells).map(|_| ())
}
