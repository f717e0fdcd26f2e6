//! What a line names: its item, sites and accounts, and the quantity that is there.

use rust_decimal::Decimal;

use super::super::super::error::Stop;
use super::super::super::heap::rows::{Access, Row};
use super::super::call::Call;
use super::line::Movement;
use super::master;

/// An active item that GP keeps quantities of.
pub fn item(call: &mut Call<'_, '_>, movement: &Movement) -> Result<Option<Row>, Stop> {
    let number = call.text("ITEMNMBR");
    let item = master::item(call, &number)?;
    match &item {
        None => call.fail(movement.codes.item),
        Some(row) => {
            call.fail_if(row.int("INACTIVE") != 0, movement.codes.inactive);
            let kept = super::super::sop::stock::kept(row);
            call.fail_if(!kept, movement.codes.unkept);
        }
    }
    Ok(item)
}

/// Sites are active, and the item has them.
pub fn check_sites(call: &mut Call<'_, '_>, movement: &Movement, item: &Row) -> Result<(), Stop> {
    for site in [&movement.from, &movement.to] {
        if site.is_empty() {
            continue;
        }
        let key = [("LOCNCODE", site.as_str().into())];
        let row = call.find("IV40700", &key, Access::Committed)?;
        if row.is_none_or(|row| row.int("INACTIVE") != 0) {
            call.fail(movement.codes.site);
            continue;
        }
        let number = item.text("ITEMNMBR");
        let row = master::quantities(call, number, site, Access::Committed)?;
        call.fail_if(row.is_none(), movement.codes.unassigned);
    }
    Ok(())
}

/// The inventory account and its offset: as sent, the item's, or of the posting accounts.
pub fn accounts(
    call: &mut Call<'_, '_>,
    movement: &Movement,
    item: &Row,
) -> Result<[i64; 2], Stop> {
    let mut found = [0, 0];
    let elements = [
        ("InventoryAccount", "IVIVINDX"),
        ("InventoryAccountOffSet", "IVIVOFIX"),
    ];
    for (place, (element, column)) in (1..).zip(elements) {
        let (text, index) = (call.text(element), call.int(column, 0));
        let account = if !text.is_empty() {
            super::super::account_index(call, &text)?
        } else if index != 0 {
            let known = call.exists("GL00100", &[("ACTINDX", index.into())])?;
            known.then_some(index)
        } else if item.int(column) != 0 {
            Some(item.int(column))
        } else {
            let key = [("SERIES", 5.into()), ("SEQNUMBR", place.into())];
            let row = call.find("SY01100", &key, Access::Committed)?;
            row.map(|row| row.int("ACTINDX"))
        };
        match account {
            None => call.fail(movement.codes.account),
            Some(index) => found[usize::from(place == 2)] = index,
        }
    }
    Ok(found)
}

/// Unless overridden, no more is taken than the site has free.
pub fn check_available(
    call: &mut Call<'_, '_>,
    movement: &Movement,
    item: &Row,
    needed: Decimal,
) -> Result<(), Stop> {
    let number = item.text("ITEMNMBR");
    let site = master::quantities(call, number, &movement.from, Access::Update)?;
    let free = site.map_or(Decimal::ZERO, |row| match movement.from_type {
        2 => row.money("QTYRTRND"),
        3 => row.money("QTYINUSE"),
        4 => row.money("QTYINSVC"),
        5 => row.money("QTYDMGED"),
        _ => row.money("QTYONHND") - row.money("ATYALLOC"),
    });
    let binding = call.int("OverrideQty", 1) == 0;
    call.fail_if(binding && needed > free, movement.codes.short);
    Ok(())
}
