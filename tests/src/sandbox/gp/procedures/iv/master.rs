//! Items and their units, as every procedure of the series looks them up.

use rust_decimal::Decimal;

use super::super::super::error::Stop;
use super::super::super::heap::rows::{Access, Cell, Row};
use super::super::super::value::Value;
use super::super::call::Call;

/// Where item tracking stands in ITMTRKOP.
pub const SERIAL: i64 = 2;
pub const LOT: i64 = 3;

/// An item by its number.
pub fn item(call: &mut Call<'_, '_>, number: &str) -> Result<Option<Row>, Stop> {
    let key = [("ITEMNMBR", number.into())];
    call.find("IV00101", &key, Access::Committed)
}

/// A unit of a schedule, blank for its base unit, with the base units in it.
pub fn unit(
    call: &mut Call<'_, '_>,
    schedule: &str,
    unit: &str,
) -> Result<Option<(String, Decimal)>, Stop> {
    let of_schedule = [("UOMSCHDL", schedule.into())];
    let wanted = if unit.is_empty() {
        let row = call.find("IV40201", &of_schedule, Access::Committed)?;
        row.map_or_else(String::new, |row| row.text("BASEUOFM").to_owned())
    } else {
        unit.to_owned()
    };
    let units = call.rows("IV40202", &of_schedule)?;
    let found = units
        .iter()
        .find(|row| row.text("UOFM").eq_ignore_ascii_case(&wanted));
    Ok(found.map(|row| (row.text("UOFM").to_owned(), row.money("QTYBSUOM"))))
}

/// The quantities of an item at a site, or with a blank site overall.
pub fn quantities(
    call: &mut Call<'_, '_>,
    item: &str,
    site: &str,
    access: Access,
) -> Result<Option<Row>, Stop> {
    let kind = if site.is_empty() { 1 } else { 2 };
    let key = [
        ("ITEMNMBR", item.into()),
        ("RCRDTYPE", kind.into()),
        ("LOCNCODE", site.into()),
    ];
    call.find("IV00102", &key, access)
}

/// Gives an item a site, or with a blank site its overall row, unless it has it.
pub fn assign(call: &mut Call<'_, '_>, item: &str, site: &str) -> Result<(), Stop> {
    if quantities(call, item, site, Access::Update)?.is_some() {
        return Ok(());
    }
    let kind = if site.is_empty() { 1 } else { 2 };
    let cells: [Cell<'_>; 3] = [
        ("ITEMNMBR", item.into()),
        ("RCRDTYPE", kind.into()),
        ("LOCNCODE", site.into()),
    ];
    call.add("IV00102", &cells).map(|_| ())
}

/// Owned cells as the row API takes them.
pub fn borrowed(cells: &[(String, Value)]) -> Vec<Cell<'_>> {
    cells
        .iter()
        .map(|(name, value)| (name.as_str(), value.clone()))
        .collect()
}
