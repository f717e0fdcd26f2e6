//! Quantities of a line: what is there, what is allocated, back ordered or cancelled.

use rust_decimal::Decimal;

use super::super::super::error::Stop;
use super::super::super::heap::rows::{Access, Row};
use super::super::super::value::Value;
use super::super::call::Call;
use super::codes;
use super::line::Item;

/// The quantities of a line by column.
#[derive(Debug)]
pub struct Stock {
    pub quantities: Vec<(&'static str, Decimal)>,
}

/// Whether GP keeps quantities of the item.
pub fn kept(item: &Row) -> bool {
    matches!(item.int("ITEMTYPE"), 1 | 2)
}

/// The states in which a returned quantity comes back.
pub const RETURNED: [&str; 5] = ["QTYONHND", "QTYRTRND", "QTYINUSE", "QTYINSVC", "QTYDMGED"];

/// What a line says of the states its quantity comes back in; zero is all of it on hand.
pub fn returned(call: &Call<'_, '_>) -> Decimal {
    RETURNED.iter().map(|state| call.money(state)).sum()
}

/// How a quantity divides.
#[derive(Debug, Clone, Copy, Default)]
struct Division {
    allocated: Decimal,
    back: Decimal,
    cancelled: Decimal,
}

/// Splits the line's quantity and allocates what shall be; a line that is sent again first gives back
/// what it held.
pub fn plan(call: &mut Call<'_, '_>, item: &Item, existing: Option<&Row>) -> Result<Stock, Stop> {
    let kind = call.int("SOPTYPE", 0);
    let takes_stock = matches!(kind, 2 | 3 | 6) && item.row.as_ref().is_some_and(kept);
    let allocates = takes_stock && allocates(call)?;
    let access = if allocates {
        Access::Update
    } else {
        Access::Dirty
    };
    let mut site = if takes_stock {
        site(call, item, access)?
    } else {
        None
    };
    let base = if item.base_quantity.is_zero() {
        Decimal::ONE
    } else {
        item.base_quantity
    };
    let mut division = Division::default();
    if let Some(row) = &site {
        let there = row.money("QTYONHND") - row.money("ATYALLOC") + held(existing, item);
        division = divide(call, item, (there / base).max(Decimal::ZERO));
    }
    if call.failed() {
        return Ok(split(call, Division::default()));
    }
    if let Some(line) = existing {
        release(call, line)?;
        if allocates {
            site = self::site(call, item, access)?;
        }
    }
    if !allocates {
        division.allocated = Decimal::ZERO;
    } else if let Some(row) = &site {
        let number = call.text("ITEMNMBR");
        allocate(call, row, &number, division.allocated * base)?;
    }
    Ok(split(call, division))
}

fn site(call: &mut Call<'_, '_>, item: &Item, access: Access) -> Result<Option<Row>, Stop> {
    let number = call.text("ITEMNMBR");
    let key = [
        ("ITEMNMBR", number.as_str().into()),
        ("RCRDTYPE", 2.into()),
        ("LOCNCODE", item.site.as_str().into()),
    ];
    call.find("IV00102", &key, access)
}

/// What a line holds in base units at the site it is sent for again.
fn held(existing: Option<&Row>, item: &Item) -> Decimal {
    existing
        .filter(|line| line.text("LOCNCODE").eq_ignore_ascii_case(&item.site))
        .map_or(Decimal::ZERO, |line| {
            line.money("ATYALLOC") * line.money("QTYBSUOM")
        })
}

/// What the shortage option makes of a quantity that is not there.
fn divide(call: &mut Call<'_, '_>, item: &Item, available: Decimal) -> Division {
    let needed = call.money("QUANTITY") - call.money("QTYCANCE");
    let short = (needed - available).max(Decimal::ZERO);
    let all = Division {
        allocated: needed,
        ..Division::default()
    };
    if short.is_zero() {
        return all;
    }
    let option = call.int("QtyShrtOpt", 2);
    let row = item.row.as_ref();
    let no_back_orders = row.is_some_and(|row| row.int("ALWBKORD") == 0);
    call.fail_if(
        matches!(option, 3 | 4) && no_back_orders,
        codes::NO_BACK_ORDER,
    );
    let discontinued = row.is_some_and(|row| row.int("ITEMTYPE") == 2);
    call.fail_if(discontinued, codes::ITEM_DISCONTINUED);
    let there = Division {
        allocated: available,
        ..Division::default()
    };
    match option {
        1 => there,
        3 => Division {
            back: needed,
            ..Division::default()
        },
        4 => Division {
            back: short,
            ..there
        },
        5 => Division {
            cancelled: needed,
            ..Division::default()
        },
        6 => Division {
            cancelled: short,
            ..there
        },
        _ => all,
    }
}

fn split(call: &Call<'_, '_>, division: Division) -> Stock {
    let (kind, quantity) = (call.int("SOPTYPE", 0), call.money("QUANTITY"));
    let Division {
        allocated,
        back,
        cancelled,
    } = division;
    let cancelled = call.money("QTYCANCE") + cancelled;
    let rest = quantity - cancelled - back;
    let mut quantities = vec![
        ("QUANTITY", quantity),
        ("QTYCANCE", cancelled),
        ("QTYTBAOR", back),
        ("ATYALLOC", allocated),
        ("EXTQTYAL", allocated),
        ("QTYREMAI", rest),
        ("QTYREMBO", back),
    ];
    match kind {
        1 => quantities.push(("QTYTORDR", rest)),
        4 if returned(call).is_zero() => quantities.push(("QTYONHND", quantity)),
        4 => {}
        _ => quantities.push(("QTYTOINV", rest)),
    }
    Stock { quantities }
}

/// ALLOCATE 1 allocates; 0 follows the document id; a line without one allocates.
fn allocates(call: &mut Call<'_, '_>) -> Result<bool, Stop> {
    if call.int("ALLOCATE", 0) == 1 {
        return Ok(true);
    }
    let document = call.text("DOCID");
    if document.is_empty() {
        return Ok(true);
    }
    let key = [
        ("SOPTYPE", call.int("SOPTYPE", 0).into()),
        ("DOCID", document.as_str().into()),
    ];
    let setup = call.find("SOP40200", &key, Access::Dirty)?;
    Ok(setup.is_some_and(|setup| setup.int("ALLOCABY") == 1))
}

/// Gives back what a line has allocated.
pub fn release(call: &mut Call<'_, '_>, line: &Row) -> Result<(), Stop> {
    let item = line.text("ITEMNMBR");
    let key = [
        ("ITEMNMBR", item.into()),
        ("RCRDTYPE", 2.into()),
        ("LOCNCODE", line.text("LOCNCODE").into()),
    ];
    let Some(site) = call.find("IV00102", &key, Access::Update)? else {
        return Ok(());
    };
    allocate(
        call,
        &site,
        item,
        -line.money("ATYALLOC") * line.money("QTYBSUOM"),
    )
}

/// Changes the allocation at the site and overall; triggers stamp the item.
fn allocate(
    call: &mut Call<'_, '_>,
    site: &Row,
    item: &str,
    quantity: Decimal,
) -> Result<(), Stop> {
    if quantity.is_zero() {
        return Ok(());
    }
    let more = |row: &Row| Value::from(row.money("ATYALLOC") + quantity);
    let raised = more(site);
    call.set(site, &[("ATYALLOC", raised)])?;
    let key = [
        ("ITEMNMBR", item.into()),
        ("RCRDTYPE", 1.into()),
        ("LOCNCODE", "".into()),
    ];
    if let Some(overall) = call.find("IV00102", &key, Access::Update)? {
        let raised = more(&overall);
        call.set(&overall, &[("ATYALLOC", raised)])?;
    }
    Ok(())
}
