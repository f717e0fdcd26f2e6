//! `taSopLineIvcInsert`: a line of a sales document, sent before its header.

use rust_decimal::Decimal;

use super::super::super::error::Stop;
use super::super::super::heap::rows::{Access, Cell, Row};
use super::super::super::heap::work::Work;
use super::super::super::value::Value;
use super::super::call::Call;
use super::super::lookup;
use super::claim::{self, Claim, ClaimCodes};
use super::item::{self, Item, ItemCodes};
use super::price::{self, Price};
use super::{codes, document, kit, stock, tracked};

/// The distance between the sequences of lines and of components.
pub const STEP: i64 = 16_384;

const ITEM: ItemCodes = ItemCodes {
    unknown: codes::ITEM,
    inactive: codes::ITEM_INACTIVE,
    unit: codes::UNIT,
    unassigned: codes::ITEM_SITE,
};

const CLAIM: ClaimCodes = ClaimCodes {
    mode: codes::NUMBERS_MODE,
    numbers: codes::NUMBERS_DIFFER,
};

/// A line that passed its checks.
struct Line {
    item: Item,
    sequence: i64,
    price: Price,
    accounts: Vec<(&'static str, Value)>,
    existing: Option<Row>,
}

/// Runs the procedure.
pub fn run(call: &mut Call<'_, '_>) -> Result<(), Stop> {
    call.check_elements();
    if call.failed() {
        return Ok(());
    }
    let existing = check_document(call)?;
    check_values(call)?;
    let (unit, site) = (call.text("UOFM"), call.text("LOCNCODE"));
    let item = item::find(call, ITEM, unit, site)?;
    check_kit(call, &item);
    if call.failed() {
        return Ok(());
    }
    let sequence = match call.int("LNITMSEQ", 0) {
        0 => next_sequence(call)?,
        given => given,
    };
    let line = Line {
        price: price::find(call, &item)?,
        accounts: item::accounts(call, &item)?,
        item,
        sequence,
        existing,
    };
    settle(call, &line)
}

/// Takes the stock and the numbers of a line and of its components, and writes them.
fn settle(call: &mut Call<'_, '_>, line: &Line) -> Result<(), Stop> {
    let (item, existing) = (&line.item, line.existing.as_ref());
    let mut kit = None;
    if item.is_kit() && call.int("KitCompMan", 0) == 0 {
        kit = Some(kit::explode(call, item, line.sequence)?);
    }
    let needs = match &kit {
        Some(kit) => kit.needs(),
        None => stock::needs(item, existing),
    };
    let stock = stock::plan(call, item, &needs)?;
    if let Some(kit) = &mut kit {
        kit.claim(call, &stock)?;
    }
    let claim = Claim {
        item,
        sequence: line.sequence,
        component: 0,
        each: Decimal::ONE,
        existing,
        codes: CLAIM,
    };
    let numbers = claim::plan(call, &claim, &stock)?;
    if call.failed() {
        return Ok(());
    }
    if let Some(row) = existing {
        stock::release(call, row)?;
    }
    if let Some(kit) = &kit {
        kit.release(call)?;
    }
    stock::take(call, &needs, &stock)?;
    let numbered = match numbers {
        Some(numbers) => Some(claim::settle(call, &claim, &numbers)?),
        None => None,
    };
    write(call, line, &stock, numbered)?;
    if let Some(kit) = &kit {
        kit.write(call, &stock)?;
    }
    if item.is_kit() {
        kit::cost(call, line.sequence)?;
    }
    Ok(())
}

/// Components that the caller sends need a sequence to be sent for.
fn check_kit(call: &mut Call<'_, '_>, item: &Item) {
    let manual = call.int("KitCompMan", 0);
    call.fail_if(!(0..=1).contains(&manual), codes::KIT_MANUAL);
    let unnamed = manual == 1 && call.int("LNITMSEQ", 0) == 0;
    call.fail_if(item.is_kit() && unnamed, codes::KIT_SEQUENCE);
}

/// Checks type, customer, document and sequence; an existing line comes back to be changed.
fn check_document(call: &mut Call<'_, '_>) -> Result<Option<Row>, Stop> {
    let (kind, number) = (call.int("SOPTYPE", 0), call.text("SOPNUMBE"));
    call.fail_if(!(1..=6).contains(&kind), codes::LINE_TYPE);
    let customer = call.text("CUSTNMBR");
    let known = call.exists("RM00101", &[("CUSTNMBR", customer.as_str().into())])?;
    call.fail_if(!known, codes::LINE_CUSTOMER);
    let updates = call.int("UpdateIfExists", 0) == 1;
    let key = [
        ("SOPNUMBE", number.as_str().into()),
        ("SOPTYPE", kind.into()),
    ];
    match call.find("SOP10100", &key, Access::Committed)? {
        Some(_) if !updates => call.fail(codes::DUPLICATE),
        Some(header) => {
            let open = lookup::open_by_user(call, header.number)?;
            call.fail_if(open, codes::LINE_LOCKED_BY_USER);
        }
        None => {
            let posted = call.exists("SOP30200", &key)?;
            call.fail_if(posted, codes::DUPLICATE);
        }
    }
    let sequence = call.int("LNITMSEQ", 0);
    if sequence == 0 {
        return Ok(None);
    }
    let line = tracked::line(call, sequence, 0)?;
    if let Some(line) = &line {
        call.fail_if(!updates, codes::LINE_EXISTS);
        call.fail_if(
            !line
                .text("ITEMNMBR")
                .eq_ignore_ascii_case(&call.text("ITEMNMBR")),
            codes::OTHER_ITEM,
        );
        call.fail_if(document::transferred(line), codes::LINE_TRANSFERRED);
    }
    Ok(line)
}

fn check_values(call: &mut Call<'_, '_>) -> Result<(), Stop> {
    let quantity = call.money("QUANTITY");
    call.fail_if(
        quantity <= Decimal::ZERO || call.money("QTYCANCE") > quantity,
        codes::QUANTITY,
    );
    call.fail_if(
        !(1..=6).contains(&call.int("QtyShrtOpt", 2)),
        codes::SHORTAGE_OPTION,
    );
    let returned = stock::returned(call);
    let back = call.int("SOPTYPE", 0) == 4;
    call.fail_if(!back && !returned.is_zero(), codes::NOT_RETURNED);
    let below = stock::RETURNED
        .iter()
        .any(|state| call.money(state) < Decimal::ZERO);
    call.fail_if(
        below || (back && !returned.is_zero() && returned != quantity),
        codes::RETURNED,
    );
    let negative = call.money("UNITPRCE") < Decimal::ZERO || call.money("XTNDPRCE") < Decimal::ZERO;
    call.fail_if(negative, codes::LINE_NEGATIVE);
    lookup::known(
        call,
        "PRCLEVEL",
        lookup::PRICE_LEVEL,
        codes::LINE_PRICE_LEVEL,
    )?;
    lookup::known(call, "SHIPMTHD", lookup::SHIPPING, codes::LINE_SHIPPING)?;
    lookup::known(call, "TAXSCHID", lookup::SCHEDULE, codes::LINE_SCHEDULE)?;
    lookup::known(call, "ITMTSHID", lookup::SCHEDULE, codes::LINE_SCHEDULE)?;
    lookup::known(call, "LOCNCODE", lookup::SITE, codes::LINE_SITE)?;
    lookup::salesperson(call, codes::LINE_SALESPERSON)?;
    lookup::currency(call, codes::LINE_CURNCYID)
}

fn next_sequence(call: &mut Call<'_, '_>) -> Result<i64, Stop> {
    let (kind, number) = (call.int("SOPTYPE", 0), call.text("SOPNUMBE"));
    let lines = call.rows(
        "SOP10200",
        &[
            ("SOPNUMBE", number.as_str().into()),
            ("SOPTYPE", kind.into()),
        ],
    )?;
    Ok(lines
        .iter()
        .map(|line| line.int("LNITMSEQ"))
        .max()
        .unwrap_or(0)
        + STEP)
}

fn write(
    call: &mut Call<'_, '_>,
    line: &Line,
    stock: &stock::Plan,
    numbered: Option<Decimal>,
) -> Result<(), Stop> {
    let mut cells = call.columns_of("SOP10200")?;
    cells.retain(|(_, value)| value.text() != Some("''"));
    let item = &line.item;
    let currency = if call.text("CURNCYID").is_empty() {
        0
    } else {
        lookup::currency_index(call)?
    };
    let mut own: Vec<(&str, Value)> = vec![
        ("LNITMSEQ", line.sequence.into()),
        ("LOCNCODE", item.site.as_str().into()),
        ("UOFM", item.unit.as_str().into()),
        ("QTYBSUOM", item.base_quantity.into()),
        ("CURRNIDX", currency.into()),
    ];
    own.extend(price::cells(call, &line.price));
    let quantities = quantities(call, item, stock, numbered);
    let quantities = quantities.into_iter();
    own.extend(quantities.map(|(column, amount)| (column, amount.into())));
    if let Some(row) = &item.row {
        own.extend(from_item(call, row));
    }
    own.extend(line.accounts.iter().cloned());
    for (name, value) in own {
        cells.retain(|(known, _)| !known.eq_ignore_ascii_case(name));
        cells.push((name.to_owned(), value));
    }
    let cells: Vec<_> = cells
        .iter()
        .map(|(name, value)| (name.as_str(), value.clone()))
        .collect();
    match &line.existing {
        Some(row) => replace(call, row, cells)?,
        None => call.add("SOP10200", &cells).map(|_| ())?,
    }
    let number = call.text("SOPNUMBE");
    let key = tracked::key(call, &number, line.sequence, 0);
    super::small::comments(call, "SOP10202", &key)
}

/// The quantities of the line by column; a later one counts.
fn quantities(
    call: &Call<'_, '_>,
    item: &Item,
    stock: &stock::Plan,
    numbered: Option<Decimal>,
) -> Vec<(&'static str, Decimal)> {
    let mut quantities = stock.quantities(call);
    if let Some(numbered) = numbered {
        let numbered = item::in_units(numbered, item.base_quantity);
        quantities.extend(numbered_quantities(call, numbered));
    }
    if item.is_kit() {
        // GP keeps no quantities of a kit; its components hold what is allocated.
        quantities.extend([("ATYALLOC", Decimal::ZERO), ("EXTQTYAL", Decimal::ZERO)]);
    }
    quantities
}

/// What the line takes from its item.
fn from_item(call: &Call<'_, '_>, row: &Row) -> Vec<(&'static str, Value)> {
    let sent = call.optional_money("UNITCOST");
    let cost = sent.unwrap_or_else(|| row.money("CURRCOST"));
    let extended = item::round(cost * call.money("QUANTITY"), 2);
    let mut cells = item::cost_cells(cost, extended).to_vec();
    cells.extend(item::decimals(row));
    cells.push(("ITEMNMBR", row.text("ITEMNMBR").into()));
    if call.text("ITEMDESC").is_empty() {
        cells.push(("ITEMDESC", row.text("ITEMDESC").into()));
    }
    cells
}

/// How much of a quantity has numbers; what goes out under its numbers is fulfilled.
pub fn numbered_quantities(call: &Call<'_, '_>, numbered: Decimal) -> Vec<(&'static str, Decimal)> {
    let mut quantities = vec![("QTYSLCTD", numbered)];
    if call.int("SOPTYPE", 0) != tracked::RETURN {
        quantities.push(("QTYFULFI", numbered));
    }
    quantities
}

/// Changes a line that is sent again whole: what is not sent falls back to its default.
fn replace<'c>(
    call: &mut Call<'_, '_>,
    line: &'c Row,
    mut cells: Vec<Cell<'c>>,
) -> Result<(), Stop> {
    let table = &line.table;
    let sendable = |name: &str| call.signature.parameter(&format!("@I_v{name}")).is_some();
    for (index, column) in table.columns.iter().enumerate() {
        let name = column.name.as_str();
        let sent = |(known, _): &Cell<'_>| known.eq_ignore_ascii_case(name);
        if sendable(name) && !cells.iter().any(sent) {
            cells.push((name, Work::default(table, index)?));
        }
    }
    call.set(line, &cells)
}
