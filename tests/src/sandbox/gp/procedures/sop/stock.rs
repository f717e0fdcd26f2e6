//! Quantities of a line: what is there, what is allocated, back ordered or cancelled.

use rust_decimal::{Decimal, RoundingStrategy};

use super::super::super::error::Stop;
use super::super::super::heap::rows::{Access, Row};
use super::super::super::value::Value;
use super::super::call::Call;
use super::super::iv::master;
use super::codes;
use super::item::Item;

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

/// What a line needs of the stock of an item.
#[derive(Debug, Clone)]
pub struct Need {
    pub item: String,
    pub site: String,
    /// Base units for one unit of the line.
    pub each: Decimal,
    /// Base units that the line holds at the site already.
    pub held: Decimal,
}

/// How a quantity divides.
#[derive(Debug, Clone, Copy, Default)]
struct Division {
    allocated: Decimal,
    back: Decimal,
    cancelled: Decimal,
}

/// How the quantity of a line divides, in units of the line.
#[derive(Debug, Clone, Copy)]
pub struct Plan {
    division: Division,
}

impl Plan {
    /// What is to be allocated.
    pub fn allocated(&self) -> Decimal {
        self.division.allocated
    }

    /// The quantities by column.
    pub fn quantities(&self, call: &Call<'_, '_>) -> Vec<(&'static str, Decimal)> {
        split(call, self.division)
    }

    /// The quantities by column, with those that were sent as they stand.
    pub fn all_quantities(&self, call: &Call<'_, '_>) -> Vec<(&'static str, Decimal)> {
        let mut quantities = self.quantities(call);
        let sent = ["QTYFULFI"].into_iter().chain(RETURNED);
        let sent = sent.filter_map(|column| Some((column, call.optional_money(column)?)));
        for (column, amount) in sent {
            if quantities.iter().all(|(known, _)| *known != column) {
                quantities.push((column, amount));
            }
        }
        quantities
    }
}

/// What a line of an item with quantities needs; a line that is sent again gives back what it held.
pub fn needs(item: &Item, existing: Option<&Row>) -> Vec<Need> {
    let Some(row) = item.row.as_ref().filter(|row| kept(row)) else {
        return Vec::new();
    };
    let each = if item.base_quantity.is_zero() {
        Decimal::ONE
    } else {
        item.base_quantity
    };
    vec![Need {
        item: row.text("ITEMNMBR").to_owned(),
        site: item.site.clone(),
        each,
        held: held(existing, &item.site),
    }]
}

/// Splits the line's quantity by what is there of everything it needs; nothing changes yet.
pub fn plan(call: &mut Call<'_, '_>, item: &Item, needs: &[Need]) -> Result<Plan, Stop> {
    let mut division = Division::default();
    // A drop-shipped line comes from the vendor.
    let takes_stock = matches!(call.int("SOPTYPE", 0), 2 | 3 | 6) && call.int("DROPSHIP", 0) == 0;
    if !takes_stock || needs.is_empty() {
        return Ok(Plan { division });
    }
    let allocates = allocates(call)?;
    let access = if allocates {
        Access::Update
    } else {
        Access::Dirty
    };
    let mut available: Option<Decimal> = None;
    for need in needs {
        if let Some(row) = master::quantities(call, &need.item, &need.site, access)? {
            let there = row.money("QTYONHND") - row.money("ATYALLOC") + need.held;
            let units = (there / need.each).max(Decimal::ZERO);
            available = Some(available.map_or(units, |least| least.min(units)));
        }
    }
    if let Some(mut available) = available {
        if let Some(kit) = item.row.as_ref().filter(|_| item.is_kit()) {
            // Kits are whole, as far as their decimals go.
            let decimals = u32::try_from(kit.int("DECPLQTY") - 1).unwrap_or_default();
            available = available.round_dp_with_strategy(decimals, RoundingStrategy::ToZero);
        }
        division = divide(call, item, available);
    }
    if !allocates {
        division.allocated = Decimal::ZERO;
    }
    Ok(Plan { division })
}

/// Allocates what was planned.
pub fn take(call: &mut Call<'_, '_>, needs: &[Need], plan: &Plan) -> Result<(), Stop> {
    for need in needs {
        let quantity = plan.allocated() * need.each;
        if quantity.is_zero() {
            continue;
        }
        let site = master::quantities(call, &need.item, &need.site, Access::Update)?;
        if let Some(site) = site {
            allocate(call, &site, &need.item, quantity)?;
        }
    }
    Ok(())
}

/// What a row holds in base units at the site it is sent for again.
pub fn held(existing: Option<&Row>, site: &str) -> Decimal {
    existing
        .filter(|line| line.text("LOCNCODE").eq_ignore_ascii_case(site))
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

fn split(call: &Call<'_, '_>, division: Division) -> Vec<(&'static str, Decimal)> {
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
    quantities
}

/// ALLOCATE 1 allocates; 0 follows the document id; a line without one allocates.
pub fn allocates(call: &mut Call<'_, '_>) -> Result<bool, Stop> {
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
