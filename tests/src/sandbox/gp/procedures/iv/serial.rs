//! `taIVTransactionSerialInsert` and `taIVTransferSerialInsert`: one serial number of a line.

use rust_decimal::Decimal;

use super::super::super::error::Stop;
use super::super::super::heap::rows::Access;
use super::super::call::Call;
use super::super::numbers;
use super::{codes, document, master, tracked};

/// Where a serial number goes, and the codes of its procedure.
#[derive(Debug)]
struct Way {
    kind: i64,
    takes: bool,
    quantity_type: i64,
    document: i32,
    item: i32,
    untracked: i32,
    blank: i32,
    unknown: i32,
    sold: i32,
    bin: i32,
}

/// A serial number that an adjustment adds or, with ADJTYPE 1, takes.
pub fn adjustment(call: &mut Call<'_, '_>) -> Result<(), Stop> {
    call.check_elements();
    if call.failed() {
        return Ok(());
    }
    let (kind, direction) = (call.int("IVDOCTYP", 0), call.int("ADJTYPE", 0));
    call.fail_if(!(1..=2).contains(&kind), codes::SERIAL_TYPE);
    call.fail_if(!(0..=1).contains(&direction), codes::SERIAL_DIRECTION);
    let way = Way {
        kind,
        takes: direction == 1,
        quantity_type: 1,
        document: codes::SERIAL_DOCUMENT,
        item: codes::SERIAL_ITEM,
        untracked: codes::SERIAL_UNTRACKED,
        blank: codes::SERIAL_BLANK,
        unknown: codes::SERIAL_UNKNOWN,
        sold: codes::SERIAL_SOLD,
        bin: codes::SERIAL_BIN,
    };
    run(call, &way)
}

/// A serial number that moves.
pub fn transfer(call: &mut Call<'_, '_>) -> Result<(), Stop> {
    call.check_elements();
    if call.failed() {
        return Ok(());
    }
    let quantity_type = call.int("QTYTYPE", 1);
    call.fail_if(
        !(1..=5).contains(&quantity_type),
        codes::MOVED_SERIAL_QUANTITY_TYPE,
    );
    let way = Way {
        kind: document::TRANSFER,
        takes: true,
        quantity_type,
        document: codes::MOVED_SERIAL_DOCUMENT,
        item: codes::MOVED_SERIAL_ITEM,
        untracked: codes::MOVED_SERIAL_UNTRACKED,
        blank: codes::MOVED_SERIAL_UNKNOWN,
        unknown: codes::MOVED_SERIAL_UNKNOWN,
        sold: codes::MOVED_SERIAL_SOLD,
        bin: codes::MOVED_SERIAL_BIN,
    };
    run(call, &way)
}

fn run(call: &mut Call<'_, '_>, way: &Way) -> Result<(), Stop> {
    let known = document::exists(call, way.kind, &call.text("IVDOCNBR"))?;
    call.fail_if(known, way.document);
    let bins = ["BIN", "TOBIN"];
    let bin = bins.iter().any(|each| !call.text(each).is_empty());
    call.fail_if(bin, way.bin);
    let number = call.text("ITEMNMBR");
    let item = master::item(call, &number)?;
    let Some(item) = item.filter(|row| row.int("INACTIVE") == 0) else {
        call.fail(way.item);
        return Ok(());
    };
    call.fail_if(item.int("ITMTRKOP") != master::SERIAL, way.untracked);
    let mut serial = call.text("SERLNMBR");
    let makes = serial.is_empty() && !way.takes && call.int("AUTOCREATESERIAL", 0) == 1;
    let last = item.text("LASTGENSN");
    if makes && last.ends_with(|each: char| each.is_ascii_digit()) {
        serial = numbers::step(last, 1)?;
    }
    call.fail_if(serial.is_empty(), way.blank);
    if call.failed() {
        return Ok(());
    }
    if way.takes {
        return take(call, way, &serial);
    }
    let held = call.rows(
        "IV00200",
        &[
            ("ITEMNMBR", number.as_str().into()),
            ("SERLNMBR", serial.as_str().into()),
        ],
    )?;
    let stocked = held.iter().any(|row| row.int("SERLNSLD") == 0);
    let key = [
        ("ITEMNMBR", number.as_str().into()),
        ("SERLTNUM", serial.as_str().into()),
    ];
    let coming = call.exists("IV10002", &key)?;
    if stocked || coming {
        call.fail(codes::SERIAL_EXISTS);
        return Ok(());
    }
    if makes {
        call.set(&item, &[("LASTGENSN", serial.as_str().into())])?;
    }
    tracked::add(call, way.kind, &serial, Decimal::ONE, None)
}

/// Takes a serial number out of stock: no other document can have it then.
fn take(call: &mut Call<'_, '_>, way: &Way, serial: &str) -> Result<(), Stop> {
    let (number, site) = (call.text("ITEMNMBR"), call.text("LOCNCODE"));
    let mut key = vec![
        ("ITEMNMBR", number.as_str().into()),
        ("SERLNMBR", serial.into()),
        ("QTYTYPE", way.quantity_type.into()),
    ];
    if !site.is_empty() {
        key.push(("LOCNCODE", site.as_str().into()));
    }
    let Some(held) = call.find("IV00200", &key, Access::Update)? else {
        call.fail(way.unknown);
        return Ok(());
    };
    if held.int("SERLNSLD") != 0 {
        call.fail(way.sold);
        return Ok(());
    }
    call.set(&held, &[("SERLNSLD", 1.into())])?;
    tracked::add(call, way.kind, serial, Decimal::ONE, Some(&held))
}
