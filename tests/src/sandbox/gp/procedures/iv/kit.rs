//! `taCreateKitItemRcd`: puts a component into a kit.

use rust_decimal::Decimal;

use super::super::super::error::Stop;
use super::super::super::heap::rows::Cell;
use super::super::call::Call;
use super::{codes, master};

const STEP: i64 = 16_384;
/// The item type of kits.
const KIT: i64 = 3;

/// Runs the procedure.
pub fn run(call: &mut Call<'_, '_>) -> Result<(), Stop> {
    call.check_elements();
    if call.failed() {
        return Ok(());
    }
    let (number, component) = (call.text("ITEMNMBR"), call.text("CMPTITNM"));
    match master::item(call, &number)? {
        None => call.fail(codes::KIT_ITEM),
        Some(kit) => call.fail_if(kit.int("ITEMTYPE") != KIT, codes::KIT_TYPE),
    }
    let part = master::item(call, &component)?;
    let amount = call.money("CMPITQTY");
    call.fail_if(amount <= Decimal::ZERO, codes::KIT_QUANTITY);
    let others = call.rows("IV00104", &[("ITEMNMBR", number.as_str().into())])?;
    let twice = others
        .iter()
        .any(|row| row.text("CMPTITNM").eq_ignore_ascii_case(&component));
    call.fail_if(twice, codes::KIT_EXISTS);
    let Some(part) = part else {
        call.fail(codes::KIT_COMPONENT);
        return Ok(());
    };
    call.fail_if(part.int("ITEMTYPE") == KIT, codes::KIT_OF_KITS);
    let unit = master::unit(call, part.text("UOMSCHDL"), &call.text("CMPITUOM"))?;
    call.fail_if(unit.is_none(), codes::KIT_UNIT);
    let Some((unit, _)) = unit.filter(|_| !call.failed()) else {
        return Ok(());
    };
    let last = others.iter().map(|row| row.int("SEQNUMBR")).max();
    let serial = part.int("ITMTRKOP") == master::SERIAL;
    let cells: [Cell<'_>; 6] = [
        ("ITEMNMBR", number.as_str().into()),
        ("SEQNUMBR", (last.unwrap_or_default() + STEP).into()),
        ("CMPTITNM", part.text("ITEMNMBR").into()),
        ("CMPITUOM", unit.as_str().into()),
        ("CMPITQTY", amount.into()),
        ("CMPSERNM", i64::from(serial).into()),
    ];
    call.add("IV00104", &cells).map(|_| ())
}
