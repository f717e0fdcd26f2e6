//! `taSopLotAuto`: a quantity of one lot, or of the oldest lots, for a line or kit component.

use rust_decimal::Decimal;

use super::super::super::clock;
use super::super::super::error::Stop;
use super::super::super::heap::rows::Row;
use super::super::call::Call;
use super::super::iv::master;
use super::tracked::{self, Number, NumberCodes, Place, RETURN};
use super::{codes, stock};

static CODES: NumberCodes = NumberCodes {
    kind: codes::LOT_TYPE,
    document: codes::LOT_DOCUMENT,
    locked: codes::LOT_LOCKED,
    sequence: codes::LOT_SEQUENCE,
    item: codes::LOT_ITEM,
    untracked: codes::LOT_UNTRACKED,
    site: codes::LOT_SITE,
    quantity_type: codes::LOT_QUANTITY_TYPE,
    bin: codes::LOT_BIN,
    drop_ship: codes::LOT_DROP_SHIP,
    other: codes::LOT_OTHER,
};

/// Runs the procedure.
pub fn run(call: &mut Call<'_, '_>) -> Result<(), Stop> {
    call.check_elements();
    if call.failed() {
        return Ok(());
    }
    let Some(place) = tracked::place(call, master::LOT, &CODES)? else {
        return Ok(());
    };
    let Some((quantity, fulfilled)) = quantities(call, &place)? else {
        return Ok(());
    };
    let replaced = replaced(call, &place);
    call.fail_if(place.full(quantity, &replaced), codes::LOT_FULFILLED);
    if call.failed() {
        return Ok(());
    }
    if call.int("SOPTYPE", 0) == RETURN {
        come_back(call, &place, &replaced, quantity)?;
    } else {
        go_out(call, &place, &replaced, quantity)?;
    }
    if call.failed() {
        return Ok(());
    }
    tracked::tell(call, &place, fulfilled - tracked::total(&replaced))
}

/// The quantity in base units and what of it is fulfilled; that cannot be more than is allocated.
fn quantities(call: &mut Call<'_, '_>, place: &Place) -> Result<Option<(Decimal, Decimal)>, Stop> {
    let schedule = place.item.text("UOMSCHDL");
    let Some((_, base)) = master::unit(call, schedule, &call.text("UOFM"))? else {
        call.fail(codes::LOT_UNIT);
        return Ok(None);
    };
    let quantity = call.money("QUANTITY") * base;
    let sent = call.optional_money("QTYFULFI");
    let fulfilled = sent.map_or(quantity, |sent| sent * base);
    let wrong = quantity <= Decimal::ZERO || fulfilled < Decimal::ZERO;
    call.fail_if(wrong, codes::LOT_QUANTITY);
    let allocated = if call.int("SOPTYPE", 0) == RETURN || stock::allocates(call)? {
        quantity
    } else {
        Decimal::ZERO
    };
    call.fail_if(fulfilled > allocated, codes::LOT_FULFILLED);
    Ok(Some((quantity, fulfilled)))
}

/// The numbers of the line that the sent lot takes the place of.
fn replaced(call: &mut Call<'_, '_>, place: &Place) -> Vec<Row> {
    let updates = call.int("UpdateIfExists", 0) == 1;
    let (lot, given) = (call.text("LOTNUMBR"), call.text("LOTNUMBRToReplace"));
    let of = |wanted: &str| -> Vec<Row> {
        let same = |row: &&Row| row.text("SERLTNUM").eq_ignore_ascii_case(wanted);
        place.held.iter().filter(same).cloned().collect()
    };
    // A lot may come back in several states.
    let state = call.int("QTYTYPE", 1);
    let mut twice = of(&lot);
    twice.retain(|row| row.int("QTYTYPE") == state);
    if given.is_empty() {
        call.fail_if(!twice.is_empty() && !updates, codes::LOT_TWICE);
        return twice;
    }
    let found = of(&given);
    call.fail_if(found.is_empty() || !updates, codes::LOT_REPLACED);
    let beside = !twice.is_empty() && !given.eq_ignore_ascii_case(&lot);
    call.fail_if(beside, codes::LOT_TWICE);
    found
}

/// Allocates the quantity; a lot that nobody knows overrides the stock where it may be created.
fn go_out(
    call: &mut Call<'_, '_>,
    place: &Place,
    replaced: &[Row],
    quantity: Decimal,
) -> Result<(), Stop> {
    let lot = call.text("LOTNUMBR");
    let before = usable(call, place, &lot)?;
    let mut free: Decimal = before.iter().map(tracked::free).sum();
    for row in replaced {
        let back = lot.is_empty() || row.text("SERLTNUM").eq_ignore_ascii_case(&lot);
        if back && tracked::taken_from(call, row, &place.site)? {
            free += row.money("SERLTQTY");
        }
    }
    let known = !before.is_empty() || (!lot.is_empty() && known(call, place, &lot)?.is_some());
    let overrides = !known && !lot.is_empty() && call.int("AUTOCREATELOT", 0) == 1;
    call.fail_if(before.is_empty() && !overrides, codes::LOT_UNKNOWN);
    call.fail_if(!before.is_empty() && free < quantity, codes::LOT_SHORT);
    if call.failed() {
        return Ok(());
    }
    for row in replaced {
        tracked::give_back(call, row, Some(&place.site))?;
    }
    let owner = place.owner(call);
    if overrides {
        let number = Number {
            text: &lot,
            quantity,
            quantity_type: 1,
            receipt: None,
        };
        return tracked::add(call, owner, number);
    }
    let receipts = usable(call, place, &lot)?;
    tracked::take_lots(call, owner, &receipts, quantity)
}

/// The receipts to take from: of the lot, of the date that was sent, or without a lot those that have
/// not expired.
fn usable(call: &mut Call<'_, '_>, place: &Place, lot: &str) -> Result<Vec<Row>, Stop> {
    let item = place.item.text("ITEMNMBR");
    let mut receipts = tracked::receipts(call, item, &place.site, lot)?;
    let received = call.time("DATERECD");
    receipts.retain(|row| received == 0 || row.time("DATERECD") == received);
    if lot.is_empty() {
        receipts.retain(|row| !expired(call, row));
    }
    Ok(receipts)
}

/// Whether a lot is past its date on the user's day.
pub fn expired(call: &Call<'_, '_>, receipt: &Row) -> bool {
    let day = match call.time("USERDATE") {
        0 => clock::today(),
        given => given,
    };
    let expires = receipt.time("EXPNDATE");
    expires != 0 && expires < day
}

/// Writes a lot that comes back; an unknown one only where it may be created.
fn come_back(
    call: &mut Call<'_, '_>,
    place: &Place,
    replaced: &[Row],
    quantity: Decimal,
) -> Result<(), Stop> {
    let lot = call.text("LOTNUMBR");
    if lot.is_empty() {
        call.fail(codes::LOT_BLANK);
        return Ok(());
    }
    let known = known(call, place, &lot)?;
    let created = call.int("AUTOCREATELOT", 0) == 1;
    call.fail_if(known.is_none() && !created, codes::LOT_UNKNOWN);
    if call.failed() {
        return Ok(());
    }
    for row in replaced {
        tracked::give_back(call, row, Some(&place.site))?;
    }
    let number = Number {
        text: &lot,
        quantity,
        quantity_type: call.int("QTYTYPE", 1),
        receipt: known.as_ref(),
    };
    tracked::add(call, place.owner(call), number)
}

/// A receipt of a lot, wherever it lies.
fn known(call: &mut Call<'_, '_>, place: &Place, lot: &str) -> Result<Option<Row>, Stop> {
    let key = [
        ("ITEMNMBR", place.item.text("ITEMNMBR").into()),
        ("LOTNUMBR", lot.into()),
    ];
    Ok(call.rows("IV00300", &key)?.into_iter().next())
}
