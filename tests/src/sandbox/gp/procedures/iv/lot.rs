//! `taIVTransactionLotInsert` and `taIVTransferLotInsert`: a quantity of one lot of a line.

use rust_decimal::Decimal;

use super::super::super::error::Stop;
use super::super::super::heap::rows::{Access, Row};
use super::super::call::Call;
use super::{codes, document, master, tracked};

/// Where a lot's quantity goes, and the codes of its procedure.
#[derive(Debug)]
struct Way {
    kind: i64,
    takes: bool,
    quantity_type: i64,
    document: i32,
    item: i32,
    untracked: i32,
    quantity: i32,
    unknown: i32,
    short: i32,
    twice: i32,
    bin: i32,
}

/// A quantity that an adjustment adds or, with ADJTYPE 1, takes.
pub fn adjustment(call: &mut Call<'_, '_>) -> Result<(), Stop> {
    call.check_elements();
    if call.failed() {
        return Ok(());
    }
    let (kind, direction) = (call.int("IVDOCTYP", 0), call.int("ADJTYPE", 0));
    call.fail_if(!(1..=2).contains(&kind), codes::LOT_TYPE);
    call.fail_if(!(0..=1).contains(&direction), codes::LOT_DIRECTION);
    let way = Way {
        kind,
        takes: direction == 1,
        quantity_type: 1,
        document: codes::LOT_DOCUMENT,
        item: codes::LOT_ITEM,
        untracked: codes::LOT_UNTRACKED,
        quantity: codes::LOT_QUANTITY,
        unknown: codes::LOT_UNKNOWN,
        short: codes::LOT_SHORT,
        twice: codes::LOT_TWICE,
        bin: codes::LOT_BIN,
    };
    run(call, &way)
}

/// A quantity that moves.
pub fn transfer(call: &mut Call<'_, '_>) -> Result<(), Stop> {
    call.check_elements();
    if call.failed() {
        return Ok(());
    }
    let quantity_type = call.int("QTYTYPE", 1);
    call.fail_if(
        !(1..=5).contains(&quantity_type),
        codes::MOVED_LOT_QUANTITY_TYPE,
    );
    let way = Way {
        kind: document::TRANSFER,
        takes: true,
        quantity_type,
        document: codes::MOVED_LOT_DOCUMENT,
        item: codes::MOVED_LOT_ITEM,
        untracked: codes::MOVED_LOT_UNTRACKED,
        quantity: codes::MOVED_LOT_QUANTITY,
        unknown: codes::MOVED_LOT_UNKNOWN,
        short: codes::MOVED_LOT_SHORT,
        twice: codes::MOVED_LOT_TWICE,
        bin: codes::MOVED_LOT_BIN,
    };
    run(call, &way)
}

fn run(call: &mut Call<'_, '_>, way: &Way) -> Result<(), Stop> {
    let number = call.text("IVDOCNBR");
    let known = document::exists(call, way.kind, &number)?;
    call.fail_if(known, way.document);
    let bins = ["BIN", "TOBIN"];
    let bin = bins.iter().any(|each| !call.text(each).is_empty());
    call.fail_if(bin, way.bin);
    let quantity = call.money("SERLTQTY");
    call.fail_if(quantity <= Decimal::ZERO, way.quantity);
    let item = master::item(call, &call.text("ITEMNMBR"))?;
    match item.filter(|row| row.int("INACTIVE") == 0) {
        None => call.fail(way.item),
        Some(row) => call.fail_if(row.int("ITMTRKOP") != master::LOT, way.untracked),
    }
    let (lot, line) = (call.text("LOTNUMBR"), call.money("LNSEQNBR"));
    let others = document::rows(call, "IV10002", way.kind, &number)?;
    let twice = others.iter().any(|row| {
        row.money("LNSEQNBR") == line && row.text("SERLTNUM").eq_ignore_ascii_case(&lot)
    });
    call.fail_if(twice, way.twice);
    if call.failed() {
        return Ok(());
    }
    if way.takes {
        return take(call, way, &lot, quantity);
    }
    tracked::add(call, way.kind, &lot, quantity, None)
}

/// Allocates the quantity in the lot's receipts, the oldest first.
fn take(call: &mut Call<'_, '_>, way: &Way, lot: &str, quantity: Decimal) -> Result<(), Stop> {
    let (item, site) = (call.text("ITEMNMBR"), call.text("LOCNCODE"));
    let key = [
        ("ITEMNMBR", item.as_str().into()),
        ("LOCNCODE", site.as_str().into()),
        ("QTYTYPE", way.quantity_type.into()),
        ("LOTNUMBR", lot.into()),
    ];
    let table = call.work.table(call.database, "IV00300")?;
    let mut receipts = call.work.select(&table, &key, Access::Update)?;
    call.fail_if(receipts.is_empty(), way.unknown);
    let free = |row: &Row| row.money("QTYRECVD") - row.money("QTYSOLD") - row.money("ATYALLOC");
    let available: Decimal = receipts.iter().map(free).sum();
    call.fail_if(!receipts.is_empty() && available < quantity, way.short);
    if call.failed() {
        return Ok(());
    }
    receipts.sort_by_key(|row| (row.time("DATERECD"), row.money("DTSEQNUM")));
    let mut rest = quantity;
    for receipt in receipts {
        let part = free(&receipt).min(rest);
        if part <= Decimal::ZERO {
            continue;
        }
        let raised = receipt.money("ATYALLOC") + part;
        call.set(&receipt, &[("ATYALLOC", raised.into())])?;
        tracked::add(call, way.kind, lot, part, Some(&receipt))?;
        rest -= part;
    }
    Ok(())
}
