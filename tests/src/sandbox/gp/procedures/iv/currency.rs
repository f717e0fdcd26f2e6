//! `taUpdateCreateItemCurrencyRcd`: the list price of an item in a currency.

use rust_decimal::Decimal;

use super::super::super::error::Stop;
use super::super::super::heap::rows::{Access, Cell};
use super::super::super::value::Value;
use super::super::call::Call;
use super::{codes, master};

/// Runs the procedure.
pub fn run(call: &mut Call<'_, '_>) -> Result<(), Stop> {
    call.check_elements();
    if call.failed() {
        return Ok(());
    }
    let (item, currency) = (call.text("ITEMNMBR"), call.text("CURNCYID"));
    let unknown = master::item(call, &item)?.is_none();
    call.fail_if(unknown, codes::ITEM_CURRENCY_ITEM);
    let table = call.work.table(call.system, "MC40200")?;
    let key = [("CURNCYID", currency.as_str().into())];
    let master = call.work.find(&table, &key, Access::Committed)?;
    call.fail_if(master.is_none(), codes::ITEM_CURRENCY_UNKNOWN);
    // Zero leaves the decimal places to the currency.
    let decimals = call.int("DECPLCUR", 0);
    call.fail_if(!(0..=6).contains(&decimals), codes::ITEM_CURRENCY_DECIMALS);
    call.fail_if(
        call.money("LISTPRCE") < Decimal::ZERO,
        codes::ITEM_CURRENCY_PRICE,
    );
    let key: [Cell<'_>; 2] = [
        ("ITEMNMBR", item.as_str().into()),
        ("CURNCYID", currency.as_str().into()),
    ];
    let existing = call.find("IV00105", &key, Access::Update)?;
    call.fail_if(
        existing.is_some() && call.int("UpdateIfExists", 1) == 0,
        codes::ITEM_CURRENCY_EXISTS,
    );
    let Some(master) = master.filter(|_| !call.failed()) else {
        return Ok(());
    };
    let decimals = if decimals == 0 {
        master.int("DECPLCUR")
    } else {
        decimals
    };
    let mut cells = vec![
        ("LISTPRCE", Value::from(call.money("LISTPRCE"))),
        ("DECPLCUR", decimals.into()),
        ("CURRNIDX", master.int("CURRNIDX").into()),
    ];
    if let Some(row) = existing {
        return call.set(&row, &cells);
    }
    cells.extend(key);
    call.add("IV00105", &cells).map(|_| ())
}
