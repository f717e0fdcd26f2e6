//! `taSopSerial`: one serial number of a line or kit component, sent before it.

use rust_decimal::Decimal;

use super::super::super::error::Stop;
use super::super::super::heap::rows::{Access, Row};
use super::super::call::Call;
use super::super::iv::master;
use super::super::numbers;
use super::tracked::{self, Number, NumberCodes, Place, RETURN};
use super::{codes, stock};

static CODES: NumberCodes = NumberCodes {
    kind: codes::SERIAL_TYPE,
    document: codes::SERIAL_DOCUMENT,
    locked: codes::SERIAL_LOCKED,
    sequence: codes::SERIAL_SEQUENCE,
    item: codes::SERIAL_ITEM,
    untracked: codes::SERIAL_UNTRACKED,
    site: codes::SERIAL_SITE,
    quantity_type: codes::SERIAL_QUANTITY_TYPE,
    bin: codes::SERIAL_BIN,
    drop_ship: codes::SERIAL_DROP_SHIP,
    other: codes::SERIAL_OTHER,
};

/// Runs the procedure.
pub fn run(call: &mut Call<'_, '_>) -> Result<(), Stop> {
    call.check_elements();
    if call.failed() {
        return Ok(());
    }
    let Some(place) = tracked::place(call, master::SERIAL, &CODES)? else {
        return Ok(());
    };
    let fulfilled = fulfilled(call)?;
    let (serial, made) = serial(call, &place)?;
    let Some(replaced) = replaced(call, &place, &serial) else {
        return Ok(());
    };
    call.fail_if(place.full(Decimal::ONE, &replaced), codes::FULFILLED);
    if call.failed() {
        return Ok(());
    }
    let same = replaced.first().filter(|row| named(row, &serial));
    if let Some(row) = same {
        // A number sent again changes the state it comes back in and nothing else.
        return call.set(row, &[("QTYTYPE", call.int("QTYTYPE", 1).into())]);
    }
    let comes_back = call.int("SOPTYPE", 0) == RETURN;
    let receipt = if comes_back {
        sold(call, &place, &serial)?
    } else {
        free(call, &place, &serial)?
    };
    if call.failed() {
        return Ok(());
    }
    for row in &replaced {
        tracked::give_back(call, row, Some(&place.site))?;
    }
    if made {
        call.set(&place.item, &[("LASTGENSN", serial.as_str().into())])?;
    }
    let owner = place.owner(call);
    match &receipt {
        Some(held) if !comes_back => tracked::take_serial(call, owner, held)?,
        receipt => {
            let number = Number {
                text: &serial,
                quantity: Decimal::ONE,
                quantity_type: call.int("QTYTYPE", 1),
                receipt: receipt.as_ref(),
            };
            tracked::add(call, owner, number)?;
        }
    }
    tracked::tell(call, &place, fulfilled - tracked::total(&replaced))
}

/// What of the one piece is fulfilled; it cannot be more than is allocated.
fn fulfilled(call: &mut Call<'_, '_>) -> Result<Decimal, Stop> {
    let quantity = call.optional_money("QUANTITY").unwrap_or(Decimal::ONE);
    let fulfilled = call.optional_money("QTYFULFI").unwrap_or(quantity);
    let wrong = quantity != Decimal::ONE || fulfilled < Decimal::ZERO;
    call.fail_if(wrong, codes::SERIAL_QUANTITY);
    let allocated = if call.int("SOPTYPE", 0) == RETURN || stock::allocates(call)? {
        quantity
    } else {
        Decimal::ZERO
    };
    call.fail_if(fulfilled > allocated, codes::FULFILLED);
    Ok(fulfilled)
}

/// The number as sent, or for a return the next one made from the item's last; whether it was made.
fn serial(call: &mut Call<'_, '_>, place: &Place) -> Result<(String, bool), Stop> {
    let mut serial = call.text("SERLNMBR");
    let comes_back = call.int("SOPTYPE", 0) == RETURN;
    let made = serial.is_empty() && comes_back && call.int("AUTOCREATESERIAL", 0) == 1;
    let last = place.item.text("LASTGENSN");
    if made && last.ends_with(|each: char| each.is_ascii_digit()) {
        serial = numbers::step(last, 1)?;
    }
    call.fail_if(serial.is_empty(), codes::SERIAL_BLANK);
    Ok((serial, made))
}

fn named(row: &Row, serial: &str) -> bool {
    row.text("SERLTNUM").eq_ignore_ascii_case(serial)
}

/// The number of the line that the sent one takes the place of, if any.
fn replaced(call: &mut Call<'_, '_>, place: &Place, serial: &str) -> Option<Vec<Row>> {
    let updates = call.int("UpdateIfExists", 0) == 1;
    let given = call.text("SERLNMBRToReplace");
    let find = |wanted: &str| place.held.iter().find(|row| named(row, wanted)).cloned();
    let twice = find(serial);
    if given.is_empty() {
        call.fail_if(twice.is_some() && !updates, codes::SERIAL_TWICE);
        return Some(twice.into_iter().collect());
    }
    let found = find(&given).filter(|_| updates);
    call.fail_if(found.is_none(), codes::SERIAL_REPLACED);
    let beside = twice.is_some() && !given.eq_ignore_ascii_case(serial);
    call.fail_if(beside, codes::SERIAL_TWICE);
    found.map(|row| vec![row])
}

/// A free piece at the site; a number that nobody knows overrides the stock where it may be created.
fn free(call: &mut Call<'_, '_>, place: &Place, serial: &str) -> Result<Option<Row>, Stop> {
    let known = known(call, place, serial)?;
    let here = known.iter().filter(|row| {
        row.int("QTYTYPE") == 1 && row.text("LOCNCODE").eq_ignore_ascii_case(&place.site)
    });
    let (free, sold): (Vec<&Row>, Vec<&Row>) = here.partition(|row| row.int("SERLNSLD") == 0);
    if let Some(row) = free.first() {
        return Ok(Some((*row).clone()));
    }
    let taken = !sold.is_empty() || elsewhere(call, place, serial)?;
    let created = known.is_empty() && call.int("AUTOCREATESERIAL", 0) == 1;
    call.fail_if(taken, codes::SERIAL_SOLD);
    call.fail_if(!taken && !created, codes::SERIAL_UNKNOWN);
    Ok(None)
}

/// The piece that was sold under the number; an unknown number comes back only where it may be created.
///
/// The serial master learns of it when the return is posted, as in GP.
fn sold(call: &mut Call<'_, '_>, place: &Place, serial: &str) -> Result<Option<Row>, Stop> {
    let known = known(call, place, serial)?;
    let stocked = known.iter().any(|row| row.int("SERLNSLD") == 0);
    let taken = stocked || elsewhere(call, place, serial)?;
    call.fail_if(taken, codes::SERIAL_STOCKED);
    let created = call.int("AUTOCREATESERIAL", 0) == 1;
    call.fail_if(known.is_empty() && !created, codes::SERIAL_UNKNOWN);
    Ok(known.into_iter().next())
}

/// Every piece that ever came in under a number.
fn known(call: &mut Call<'_, '_>, place: &Place, serial: &str) -> Result<Vec<Row>, Stop> {
    let key = [
        ("ITEMNMBR", place.item.text("ITEMNMBR").into()),
        ("SERLNMBR", serial.into()),
    ];
    let table = call.work.table(call.database, "IV00200")?;
    call.work.select(&table, &key, Access::Update)
}

/// Whether a number is in a document that is not posted.
fn elsewhere(call: &mut Call<'_, '_>, place: &Place, serial: &str) -> Result<bool, Stop> {
    let key = [
        ("ITEMNMBR", place.item.text("ITEMNMBR").into()),
        ("SERLTNUM", serial.into()),
    ];
    let stock = call.exists("IV10002", &key)?;
    let sales = call.rows("SOP10201", &key)?;
    Ok(stock || sales.iter().any(|row| row.int("POSTED") == 0))
}
