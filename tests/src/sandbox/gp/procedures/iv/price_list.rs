//! `taIVCreateItemPriceListHeader`: closes the prices sent before it into an item's price list.

use super::super::super::error::Stop;
use super::super::super::heap::rows::{Access, Cell};
use super::super::call::Call;
use super::codes;
use super::price::{self, Unknown};

/// Runs the procedure.
pub fn run(call: &mut Call<'_, '_>) -> Result<(), Stop> {
    call.check_elements();
    if call.failed() {
        return Ok(());
    }
    let number = call.text("ITEMNMBR");
    let key = [("ITEMNMBR", number.as_str().into())];
    let Some(item) = call.find("IV00101", &key, Access::Update)? else {
        call.fail(codes::LIST_ITEM);
        return Ok(());
    };
    let method = call.int("PRICMTHD", item.int("PRICMTHD"));
    call.fail_if(!(1..=6).contains(&method), codes::LIST_METHOD);
    let listed = !item.text("PRCLEVEL").is_empty() && call.int("UpdateIfExists", 1) == 0;
    call.fail_if(listed, codes::LIST_EXISTS);
    let unknown = Unknown {
        level: codes::LIST_LEVEL,
        unit: codes::LIST_UNIT,
        currency: codes::LIST_CURRENCY,
    };
    let Some(subject) = price::subject(call, &item, &unknown)? else {
        return Ok(());
    };
    if call.failed() {
        return Ok(());
    }
    if !call.exists("IV00107", &subject.key(&number))? {
        call.fail(codes::LIST_EMPTY);
        return Ok(());
    }
    let group = call.text("PriceGroup");
    let mut cells: Vec<Cell<'_>> = vec![
        ("PRICMTHD", method.into()),
        ("PRCLEVEL", subject.level.as_str().into()),
        ("SELNGUOM", subject.unit.as_str().into()),
    ];
    if call.given("PriceGroup") {
        cells.push(("PriceGroup", group.as_str().into()));
    }
    call.set(&item, &cells)
}
