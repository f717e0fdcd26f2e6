//! `taUpdateCreateItemRcd`: makes an item, or changes the fields that were sent.

use rust_decimal::Decimal;

use super::super::super::error::Stop;
use super::super::super::heap::rows::{Access, Row};
use super::super::super::value::Value;
use super::super::call::Call;
use super::super::{lookup, note};
use super::{codes, item_cells, master};

/// Items of these types have quantities in stock.
const KEPT: [i64; 2] = [1, 2];

/// Runs the procedure.
pub fn run(call: &mut Call<'_, '_>) -> Result<(), Stop> {
    call.check_elements();
    if call.failed() {
        return Ok(());
    }
    let number = call.text("ITEMNMBR");
    let key = [("ITEMNMBR", number.as_str().into())];
    let existing = call.find("IV00101", &key, Access::Update)?;
    let class = class(call)?;
    check_choices(call, existing.as_ref(), class.as_ref());
    check_names(call, &number)?;
    check_schedule(call, existing.as_ref(), class.as_ref())?;
    if let Some(row) = &existing {
        check_stocked(call, row)?;
    }
    let mut cells = item_cells::sent(call)?;
    if call.failed() {
        return Ok(());
    }
    if let Some(index) = note::write(call)? {
        cells.push(("NOTEINDX".to_owned(), index.into()));
    }
    if let Some(row) = &existing {
        call.set(row, &master::borrowed(&cells))?;
    } else {
        let all = item_cells::new(call, class.as_ref(), cells)?;
        call.add("IV00101", &master::borrowed(&all))?;
        master::assign(call, &number, "")?;
    }
    let site = call.text("LOCNCODE");
    if !site.is_empty() {
        master::assign(call, &number, &site)?;
    }
    list_price(call, &number)
}

/// The class whose defaults roll down.
fn class(call: &mut Call<'_, '_>) -> Result<Option<Row>, Stop> {
    let class = call.text("ITMCLSCD");
    let rolls = call.int("UseItemClass", 0) == 1;
    if class.is_empty() {
        call.fail_if(rolls, codes::ITEM_CLASS_MISSING);
        return Ok(None);
    }
    let key = [("ITMCLSCD", class.as_str().into())];
    let row = call.find("IV40400", &key, Access::Committed)?;
    call.fail_if(row.is_none(), codes::ITEM_CLASS);
    Ok(row.filter(|_| rolls))
}

/// What the item will hold: as sent, as it is, by its class, or by default.
fn effective(
    call: &Call<'_, '_>,
    existing: Option<&Row>,
    class: Option<&Row>,
    column: &str,
) -> i64 {
    let held = existing.or(class).map_or(1, |row| row.int(column));
    call.int(column, held)
}

fn check_choices(call: &mut Call<'_, '_>, existing: Option<&Row>, class: Option<&Row>) {
    let exists = existing.is_some();
    call.fail_if(
        exists && call.int("UpdateIfExists", 1) == 0,
        codes::ITEM_EXISTS,
    );
    let nameless = call.text("ITEMDESC").is_empty() && (!exists || call.given("ITEMDESC"));
    call.fail_if(nameless, codes::ITEM_DESCRIPTION);
    for (element, last, code) in [
        ("ITEMTYPE", 6, codes::ITEM_TYPE),
        ("VCTNMTHD", 5, codes::ITEM_VALUATION),
        ("ITMTRKOP", 3, codes::ITEM_TRACKING),
        ("TAXOPTNS", 3, codes::ITEM_TAX_OPTION),
        ("Purchase_Tax_Options", 3, codes::ITEM_TAX_OPTION),
        ("PRICMTHD", 6, codes::ITEM_PRICE_METHOD),
        ("DECPLQTY", 6, codes::ITEM_DECIMALS),
        ("DECPLCUR", 6, codes::ITEM_DECIMALS),
    ] {
        call.fail_if(!(1..=last).contains(&call.int(element, 1)), code);
    }
    let kind = effective(call, existing, class, "ITEMTYPE");
    let tracking = effective(call, existing, class, "ITMTRKOP");
    let untrackable = !KEPT.contains(&kind) && tracking > 1;
    call.fail_if(untrackable, codes::ITEM_TRACKING);
    for element in ["STNDCOST", "CURRCOST", "LISTPRCE", "ITEMSHWT"] {
        call.fail_if(call.money(element) < Decimal::ZERO, codes::ITEM_NEGATIVE);
    }
}

fn check_names(call: &mut Call<'_, '_>, number: &str) -> Result<(), Stop> {
    let schedule = lookup::SCHEDULE;
    lookup::known(call, "ITMTSHID", schedule, codes::ITEM_TAX_SCHEDULE)?;
    lookup::known(
        call,
        "Purchase_Item_Tax_Schedu",
        schedule,
        codes::ITEM_TAX_SCHEDULE,
    )?;
    lookup::known(call, "LOCNCODE", lookup::SITE, codes::ITEM_SITE)?;
    for element in ["ALTITEM1", "ALTITEM2"] {
        let other = call.text(element);
        if other.is_empty() {
            continue;
        }
        let unknown = master::item(call, &other)?.is_none();
        call.fail_if(
            unknown || other.eq_ignore_ascii_case(number),
            codes::ITEM_ALTERNATE,
        );
    }
    Ok(())
}

/// Every item has a schedule, which its purchasing unit is of.
fn check_schedule(
    call: &mut Call<'_, '_>,
    existing: Option<&Row>,
    class: Option<&Row>,
) -> Result<(), Stop> {
    let held = existing.or(class).map(|row| row.text("UOMSCHDL"));
    let schedule = if call.given("UOMSCHDL") {
        call.text("UOMSCHDL")
    } else {
        held.unwrap_or_default().to_owned()
    };
    if schedule.is_empty() {
        call.fail(codes::ITEM_SCHEDULE_MISSING);
        return Ok(());
    }
    let known = call.exists("IV40201", &[("UOMSCHDL", schedule.as_str().into())])?;
    call.fail_if(!known, codes::ITEM_SCHEDULE);
    let wanted = call.text("PRCHSUOM");
    if known && !wanted.is_empty() {
        let found = master::unit(call, &schedule, &wanted)?;
        call.fail_if(found.is_none(), codes::ITEM_PURCHASE_UNIT);
    }
    Ok(())
}

fn check_stocked(call: &mut Call<'_, '_>, item: &Row) -> Result<(), Stop> {
    let schedule = call.text("UOMSCHDL");
    let changes = call.int("ITEMTYPE", item.int("ITEMTYPE")) != item.int("ITEMTYPE")
        || call.int("ITMTRKOP", item.int("ITMTRKOP")) != item.int("ITMTRKOP")
        || call.given("UOMSCHDL") && !schedule.eq_ignore_ascii_case(item.text("UOMSCHDL"));
    if !changes {
        return Ok(());
    }
    let number = item.text("ITEMNMBR").to_owned();
    let sites = call.rows("IV00102", &[("ITEMNMBR", number.as_str().into())])?;
    let stocked = sites.iter().any(|site| {
        let holds = |column: &&str| !site.money(column).is_zero();
        [
            "QTYONHND", "QTYRTRND", "QTYINUSE", "QTYINSVC", "QTYDMGED", "ATYALLOC",
        ]
        .iter()
        .any(holds)
    });
    call.fail_if(stocked, codes::ITEM_STOCKED);
    Ok(())
}

/// The list price in the functional currency, which every item has.
fn list_price(call: &mut Call<'_, '_>, number: &str) -> Result<(), Stop> {
    let (functional, index) = lookup::functional(call)?;
    let key = [
        ("ITEMNMBR", number.into()),
        ("CURNCYID", functional.as_str().into()),
    ];
    let existing = call.find("IV00105", &key, Access::Update)?;
    let mut cells = Vec::new();
    if let Some(price) = call.optional_money("LISTPRCE") {
        cells.push(("LISTPRCE", Value::from(price)));
    }
    if call.given("DECPLCUR") || existing.is_none() {
        cells.push(("DECPLCUR", call.int("DECPLCUR", 3).into()));
    }
    if let Some(row) = existing {
        return call.set(&row, &cells);
    }
    cells.extend(key);
    cells.push(("CURRNIDX", index.into()));
    call.add("IV00105", &cells).map(|_| ())
}
