//! `taIVTransactionLineInsert` and `taIVTransferLineInsert`: quantities that come, go or move.

use rust_decimal::{Decimal, RoundingStrategy};

use super::super::super::error::Stop;
use super::super::super::heap::rows::{Access, Cell, Row};
use super::super::super::value::Value;
use super::super::call::Call;
use super::{codes, document, line_codes, line_parts, master, tracked};

const STEP: i64 = 16_384;

/// What a line does.
#[derive(Debug)]
pub struct Movement {
    pub kind: i64,
    pub from: String,
    /// Blank unless the quantity is transferred.
    pub to: String,
    pub from_type: i64,
    pub to_type: i64,
    pub codes: &'static line_codes::LineCodes,
}

/// Adjusts a quantity.
pub fn adjustment(call: &mut Call<'_, '_>) -> Result<(), Stop> {
    call.check_elements();
    if call.failed() {
        return Ok(());
    }
    let kind = call.int("IVDOCTYP", 0);
    call.fail_if(!(1..=2).contains(&kind), codes::LINE_TYPE);
    call.fail_if(call.money("TRXQTY").is_zero(), codes::LINE_QUANTITY);
    let movement = Movement {
        kind,
        from: call.text("TRXLOCTN"),
        to: String::new(),
        from_type: 1,
        to_type: 1,
        codes: &line_codes::ADJUSTED,
    };
    run(call, &movement)
}

/// Moves a quantity to another site or quantity type.
pub fn transfer(call: &mut Call<'_, '_>) -> Result<(), Stop> {
    call.check_elements();
    if call.failed() {
        return Ok(());
    }
    let movement = Movement {
        kind: document::TRANSFER,
        from: call.text("TRXLOCTN"),
        to: call.text("TRNSTLOC"),
        from_type: call.int("TRFQTYTY", 1),
        to_type: call.int("TRTQTYTY", 1),
        codes: &line_codes::MOVED,
    };
    call.fail_if(
        call.money("TRXQTY") <= Decimal::ZERO,
        codes::MOVED_LINE_QUANTITY,
    );
    let same = movement.from.eq_ignore_ascii_case(&movement.to);
    call.fail_if(
        same && movement.from_type == movement.to_type,
        codes::MOVED_LINE_NOWHERE,
    );
    let types = [movement.from_type, movement.to_type];
    let wrong = types.iter().any(|each| !(1..=5).contains(each));
    call.fail_if(wrong, codes::MOVED_LINE_QUANTITY_TYPE);
    run(call, &movement)
}

fn run(call: &mut Call<'_, '_>, movement: &Movement) -> Result<(), Stop> {
    let number = call.text("IVDOCNBR");
    let known = document::exists(call, movement.kind, &number)?;
    call.fail_if(known, movement.codes.document);
    let Some(item) = line_parts::item(call, movement)? else {
        return Ok(());
    };
    line_parts::check_sites(call, movement, &item)?;
    let unit = master::unit(call, item.text("UOMSCHDL"), &call.text("UOFM"))?;
    call.fail_if(unit.is_none(), movement.codes.unit);
    call.fail_if(call.money("UNITCOST") < Decimal::ZERO, movement.codes.cost);
    let accounts = line_parts::accounts(call, movement, &item)?;
    let others = document::rows(call, "IV10001", movement.kind, &number)?;
    let sequence = sequence(call, &others);
    let twice = others.iter().any(|row| row.money("LNSEQNBR") == sequence);
    call.fail_if(twice, movement.codes.twice);
    let Some((unit, base)) = unit.filter(|_| !call.failed()) else {
        return Ok(());
    };
    let quantity = call.money("TRXQTY");
    let takes = movement.kind == document::TRANSFER || quantity < Decimal::ZERO;
    let claim = tracked::Claim {
        kind: movement.kind,
        sequence,
        quantity: (quantity * base).abs(),
        takes_from: takes.then_some(movement.from.as_str()),
    };
    let claimed = tracked::claimed(call, &claim, &item)?;
    call.fail_if(claimed.is_none(), movement.codes.numbers);
    if takes {
        line_parts::check_available(call, movement, &item, claim.quantity)?;
    }
    let Some(claimed) = claimed.filter(|_| !call.failed()) else {
        return Ok(());
    };
    for row in claimed {
        call.set(&row, &[("LNSEQNBR", sequence.into())])?;
    }
    if takes && movement.from_type == 1 {
        allocate(call, &item, &movement.from, claim.quantity)?;
    }
    let own = item.money("CURRCOST") * base;
    let sent = call.optional_money("UNITCOST");
    // A transfer's cost is zero where it is absent; GP then takes the item's.
    let sent = sent.filter(|cost| movement.kind != document::TRANSFER || !cost.is_zero());
    let measured = Measured {
        sequence,
        unit: &unit,
        base,
        cost: sent.unwrap_or(own),
        accounts,
    };
    write(call, movement, &item, &measured)
}

/// The sequence that was sent, or the next one.
fn sequence(call: &Call<'_, '_>, others: &[Row]) -> Decimal {
    let sent = call.money("LNSEQNBR");
    if !sent.is_zero() {
        return sent;
    }
    let last = others.iter().map(|row| row.money("LNSEQNBR")).max();
    last.unwrap_or_default() + Decimal::from(STEP)
}

/// Raises the allocation at the site and overall.
fn allocate(
    call: &mut Call<'_, '_>,
    item: &Row,
    site: &str,
    quantity: Decimal,
) -> Result<(), Stop> {
    for place in [site, ""] {
        let number = item.text("ITEMNMBR");
        if let Some(row) = master::quantities(call, number, place, Access::Update)? {
            let raised = row.money("ATYALLOC") + quantity;
            call.set(&row, &[("ATYALLOC", raised.into())])?;
        }
    }
    Ok(())
}

/// What the line comes to.
#[derive(Debug)]
struct Measured<'m> {
    sequence: Decimal,
    unit: &'m str,
    /// Base units in the unit.
    base: Decimal,
    cost: Decimal,
    /// Inventory and its offset.
    accounts: [i64; 2],
}

fn write(
    call: &mut Call<'_, '_>,
    movement: &Movement,
    item: &Row,
    measured: &Measured<'_>,
) -> Result<(), Stop> {
    let quantity = call.money("TRXQTY");
    let extended = (quantity * measured.cost)
        .round_dp_with_strategy(2, RoundingStrategy::MidpointAwayFromZero);
    let cells: [Cell<'_>; 18] = [
        ("IVDOCNBR", call.text("IVDOCNBR").as_str().into()),
        ("IVDOCTYP", movement.kind.into()),
        ("ITEMNMBR", item.text("ITEMNMBR").into()),
        ("LNSEQNBR", measured.sequence.into()),
        ("UOFM", measured.unit.into()),
        ("QTYBSUOM", measured.base.into()),
        ("TRXQTY", quantity.into()),
        ("UNITCOST", measured.cost.into()),
        ("EXTDCOST", extended.into()),
        ("TRXLOCTN", movement.from.as_str().into()),
        ("TRNSTLOC", movement.to.as_str().into()),
        ("TRFQTYTY", movement.from_type.into()),
        ("TRTQTYTY", movement.to_type.into()),
        ("IVIVINDX", measured.accounts[0].into()),
        ("IVIVOFIX", measured.accounts[1].into()),
        ("DECPLCUR", item.int("DECPLCUR").into()),
        ("DECPLQTY", item.int("DECPLQTY").into()),
        (
            "Reason_Code",
            Value::from(call.text("Reason_Code").as_str()),
        ),
    ];
    call.add("IV10001", &cells).map(|_| ())
}
