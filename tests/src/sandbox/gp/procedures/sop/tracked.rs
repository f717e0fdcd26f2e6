//! The serial and lot numbers of a sales document: whose they are, taken from stock and given back.

use rust_decimal::Decimal;

use super::super::super::error::Stop;
use super::super::super::heap::rows::{Access, Cell, Row};
use super::super::call::Call;
use super::super::iv::master;
use super::super::lookup;
use super::{codes, document, item, stock};

/// The document type whose numbers come back instead of going out.
pub const RETURN: i64 = 4;

/// The line or component that numbers belong to.
#[derive(Debug, Clone, Copy)]
pub struct Owner<'o> {
    pub item: &'o str,
    pub sequence: i64,
    pub component: i64,
}

/// A number as it is written.
#[derive(Debug, Clone, Copy)]
pub struct Number<'n> {
    pub text: &'n str,
    /// In base units.
    pub quantity: Decimal,
    pub quantity_type: i64,
    /// The row of the serial or lot master it is taken from or was sold from.
    pub receipt: Option<&'n Row>,
}

/// The codes in which the procedures of serial and lot numbers differ.
#[derive(Debug)]
pub struct NumberCodes {
    pub kind: i32,
    pub document: i32,
    pub locked: i32,
    pub sequence: i32,
    pub item: i32,
    pub untracked: i32,
    pub site: i32,
    pub quantity_type: i32,
    pub bin: i32,
    pub drop_ship: i32,
    pub other: i32,
}

/// What a sent number is for.
#[derive(Debug)]
pub struct Place {
    pub item: Row,
    pub site: String,
    /// The line or component, if it was sent before its numbers.
    pub line: Option<Row>,
    /// The numbers it has already.
    pub held: Vec<Row>,
}

impl Place {
    /// The line or component by its sequences.
    pub fn owner(&self, call: &Call<'_, '_>) -> Owner<'_> {
        named(call, &self.item)
    }

    /// Whether a line that is there already has no room for a quantity beside what it holds.
    pub fn full(&self, more: Decimal, replaced: &[Row]) -> bool {
        self.line.as_ref().is_some_and(|line| {
            let column = if line.int("SOPTYPE") == RETURN {
                "QUANTITY"
            } else {
                "ATYALLOC"
            };
            let room = line.money(column) * line.money("QTYBSUOM");
            total(&self.held) - total(replaced) + more > room
        })
    }
}

/// Finds what a sent number is for, unless that is refused.
pub fn place(
    call: &mut Call<'_, '_>,
    tracking: i64,
    codes: &NumberCodes,
) -> Result<Option<Place>, Stop> {
    check_values(call, codes);
    check_document(call, codes)?;
    lookup::known(call, "LOCNCODE", lookup::SITE, codes.site)?;
    let number = call.text("ITEMNMBR");
    let item = master::item(call, &number)?;
    let Some(item) = item.filter(|row| row.int("INACTIVE") == 0) else {
        call.fail(codes.item);
        return Ok(None);
    };
    call.fail_if(item.int("ITMTRKOP") != tracking, codes.untracked);
    let owner = named(call, &item);
    let line = line(call, owner.sequence, owner.component)?;
    let mut site = call.text("LOCNCODE");
    if site.is_empty() {
        site = match &line {
            Some(line) => line.text("LOCNCODE").to_owned(),
            None => item::default_site(call, Some(&item))?,
        };
    }
    let other = line.as_ref().is_some_and(|line| {
        let same = line.text("ITEMNMBR").eq_ignore_ascii_case(owner.item);
        !same || !line.text("LOCNCODE").eq_ignore_ascii_case(&site)
    });
    call.fail_if(other, codes.other);
    let held = rows(call, owner)?;
    Ok((!call.failed()).then_some(Place {
        item,
        site,
        line,
        held,
    }))
}

/// Quotes and back orders take nothing from stock, so they have no numbers.
fn check_values(call: &mut Call<'_, '_>, codes: &NumberCodes) {
    let kind = call.int("SOPTYPE", 0);
    call.fail_if(!matches!(kind, 2 | 3 | 4 | 6), codes.kind);
    let negative = call.int("LNITMSEQ", 0) <= 0 || call.int("CMPNTSEQ", 0) < 0;
    call.fail_if(negative, codes.sequence);
    let state = call.int("QTYTYPE", 1);
    let sold = kind != RETURN && state != 1;
    call.fail_if(!(1..=5).contains(&state) || sold, codes.quantity_type);
    let bin = !call.text("BIN").is_empty() || call.int("CREATEBIN", 0) != 0;
    call.fail_if(bin, codes.bin);
    call.fail_if(call.int("DROPSHIP", 0) != 0, codes.drop_ship);
}

/// A number comes before the header, or with `UpdateIfExists` to a document that nobody has open.
fn check_document(call: &mut Call<'_, '_>, codes: &NumberCodes) -> Result<(), Stop> {
    let number = call.text("SOPNUMBE");
    let key = [
        ("SOPTYPE", call.int("SOPTYPE", 0).into()),
        ("SOPNUMBE", number.as_str().into()),
    ];
    let posted = call.exists("SOP30200", &key)?;
    let header = call.find("SOP10100", &key, Access::Committed)?;
    let updates = call.int("UpdateIfExists", 0) == 1;
    call.fail_if(posted || (header.is_some() && !updates), codes.document);
    if let Some(header) = header {
        let open = lookup::open_by_user(call, header.number)?;
        call.fail_if(open, codes.locked);
    }
    Ok(())
}

/// The line or component that a call names.
fn named<'i>(call: &Call<'_, '_>, item: &'i Row) -> Owner<'i> {
    Owner {
        item: item.text("ITEMNMBR"),
        sequence: call.int("LNITMSEQ", 0),
        component: call.int("CMPNTSEQ", 0),
    }
}

/// The key of a line or component and of what belongs to it.
pub fn key<'k>(
    call: &Call<'_, '_>,
    document: &'k str,
    sequence: i64,
    component: i64,
) -> [Cell<'k>; 4] {
    [
        ("SOPNUMBE", document.into()),
        ("SOPTYPE", call.int("SOPTYPE", 0).into()),
        ("CMPNTSEQ", component.into()),
        ("LNITMSEQ", sequence.into()),
    ]
}

/// A line or component of the call's document.
pub fn line(call: &mut Call<'_, '_>, sequence: i64, component: i64) -> Result<Option<Row>, Stop> {
    let document = call.text("SOPNUMBE");
    let key = key(call, &document, sequence, component);
    call.find("SOP10200", &key, Access::Update)
}

/// The numbers of a line or component.
pub fn rows(call: &mut Call<'_, '_>, owner: Owner<'_>) -> Result<Vec<Row>, Stop> {
    let document = call.text("SOPNUMBE");
    let key = key(call, &document, owner.sequence, owner.component);
    call.rows("SOP10201", &key)
}

/// The quantity of numbers, in base units.
pub fn total(rows: &[Row]) -> Decimal {
    rows.iter().map(|row| row.money("SERLTQTY")).sum()
}

/// Adds a number to a line or component; one without a receipt overrides the stock.
pub fn add(call: &mut Call<'_, '_>, owner: Owner<'_>, number: Number<'_>) -> Result<(), Stop> {
    let last = rows(call, owner)?
        .iter()
        .map(|row| row.int("SLTSQNUM"))
        .max();
    let document = call.text("SOPNUMBE");
    let goes_out = call.int("SOPTYPE", 0) != RETURN;
    let overrides = goes_out && number.receipt.is_none();
    let mut cells: Vec<Cell<'_>> = key(call, &document, owner.sequence, owner.component).to_vec();
    cells.extend([
        ("ITEMNMBR", owner.item.into()),
        ("QTYTYPE", number.quantity_type.into()),
        ("SERLTNUM", number.text.into()),
        ("SERLTQTY", number.quantity.into()),
        ("SLTSQNUM", (last.unwrap_or_default() + 1).into()),
        ("OVRSERLT", i64::from(overrides).into()),
    ]);
    if let Some(receipt) = number.receipt {
        let columns = ["DATERECD", "DTSEQNUM", "UNITCOST", "MFGDATE", "EXPNDATE"];
        cells.extend(columns.map(|column| (column, receipt.get(column).clone())));
    }
    for column in ["DATERECD", "MFGDATE", "EXPNDATE"] {
        let sent = call.value(column).filter(|_| number.receipt.is_none());
        cells.extend(sent.map(|value| (column, value.clone())));
    }
    call.add("SOP10201", &cells).map(|_| ())
}

/// The free serial numbers of an item at a site, the oldest first.
pub fn free_serials(call: &mut Call<'_, '_>, item: &str, site: &str) -> Result<Vec<Row>, Stop> {
    let key = [
        ("ITEMNMBR", item.into()),
        ("LOCNCODE", site.into()),
        ("QTYTYPE", 1.into()),
        ("SERLNSLD", 0.into()),
    ];
    let table = call.work.table(call.database, "IV00200")?;
    let mut found = call.work.select(&table, &key, Access::Update)?;
    found.sort_by_key(|row| (row.time("DATERECD"), row.money("DTSEQNUM")));
    Ok(found)
}

/// The receipts of an item's lots at a site, or of one of them, the oldest first.
pub fn receipts(
    call: &mut Call<'_, '_>,
    item: &str,
    site: &str,
    lot: &str,
) -> Result<Vec<Row>, Stop> {
    let mut key = vec![
        ("ITEMNMBR", item.into()),
        ("LOCNCODE", site.into()),
        ("QTYTYPE", 1.into()),
    ];
    if !lot.is_empty() {
        key.push(("LOTNUMBR", lot.into()));
    }
    let table = call.work.table(call.database, "IV00300")?;
    let mut found = call.work.select(&table, &key, Access::Update)?;
    found.sort_by_key(|row| (row.time("DATERECD"), row.money("DTSEQNUM")));
    Ok(found)
}

/// What a receipt of a lot has left.
pub fn free(receipt: &Row) -> Decimal {
    receipt.money("QTYRECVD") - receipt.money("QTYSOLD") - receipt.money("ATYALLOC")
}

/// Takes a serial number out of stock: no other document can have it then.
pub fn take_serial(call: &mut Call<'_, '_>, owner: Owner<'_>, held: &Row) -> Result<(), Stop> {
    call.set(held, &[("SERLNSLD", 1.into())])?;
    let number = Number {
        text: held.text("SERLNMBR"),
        quantity: Decimal::ONE,
        quantity_type: 1,
        receipt: Some(held),
    };
    add(call, owner, number)
}

/// Allocates a quantity in receipts of lots, in their order, as far as they have it.
pub fn take_lots(
    call: &mut Call<'_, '_>,
    owner: Owner<'_>,
    receipts: &[Row],
    quantity: Decimal,
) -> Result<(), Stop> {
    let mut rest = quantity;
    for receipt in receipts {
        let part = free(receipt).min(rest);
        if part <= Decimal::ZERO {
            continue;
        }
        let raised = receipt.money("ATYALLOC") + part;
        call.set(receipt, &[("ATYALLOC", raised.into())])?;
        rest -= part;
        if let Some(row) = taken_before(call, owner, receipt)? {
            let more = row.money("SERLTQTY") + part;
            call.set(&row, &[("SERLTQTY", more.into())])?;
            continue;
        }
        let number = Number {
            text: receipt.text("LOTNUMBR"),
            quantity: part,
            quantity_type: 1,
            receipt: Some(receipt),
        };
        add(call, owner, number)?;
    }
    Ok(())
}

/// The number of a line or component that a receipt of its lot has a part of already.
fn taken_before(
    call: &mut Call<'_, '_>,
    owner: Owner<'_>,
    receipt: &Row,
) -> Result<Option<Row>, Stop> {
    let same = |row: &Row| {
        row.text("SERLTNUM")
            .eq_ignore_ascii_case(receipt.text("LOTNUMBR"))
            && row.time("DATERECD") == receipt.time("DATERECD")
            && row.money("DTSEQNUM") == receipt.money("DTSEQNUM")
    };
    Ok(rows(call, owner)?.into_iter().find(same))
}

/// Removes a number from its document; what was taken from stock at a site goes back.
pub fn give_back(call: &mut Call<'_, '_>, row: &Row, site: Option<&str>) -> Result<(), Stop> {
    if row.int("SOPTYPE") != RETURN && row.int("OVRSERLT") == 0 {
        if let Some(serial) = master_row(call, row, "IV00200", site)? {
            call.set(&serial, &[("SERLNSLD", 0.into())])?;
        } else if let Some(receipt) = master_row(call, row, "IV00300", site)? {
            let lowered = receipt.money("ATYALLOC") - row.money("SERLTQTY");
            call.set(&receipt, &[("ATYALLOC", lowered.into())])?;
        }
    }
    document::remove(call, row)
}

/// Whether a number was taken from a site.
pub fn taken_from(call: &mut Call<'_, '_>, row: &Row, site: &str) -> Result<bool, Stop> {
    Ok(row.int("OVRSERLT") == 1
        || master_row(call, row, "IV00200", Some(site))?.is_some()
        || master_row(call, row, "IV00300", Some(site))?.is_some())
}

/// The row of the serial or lot master that a number was taken from.
fn master_row(
    call: &mut Call<'_, '_>,
    row: &Row,
    table: &str,
    site: Option<&str>,
) -> Result<Option<Row>, Stop> {
    let column = if table == "IV00200" {
        "SERLNMBR"
    } else {
        "LOTNUMBR"
    };
    let mut key = vec![(column, row.get("SERLTNUM").clone())];
    let same = ["ITEMNMBR", "QTYTYPE", "DATERECD", "DTSEQNUM"];
    key.extend(same.map(|column| (column, row.get(column).clone())));
    if let Some(site) = site {
        key.push(("LOCNCODE", site.into()));
    }
    call.find(table, &key, Access::Update)
}

/// Gives back what a line or component has allocated, and its numbers.
pub fn release(call: &mut Call<'_, '_>, line: &Row, numbers: &[Row]) -> Result<(), Stop> {
    for row in numbers.iter().filter(|row| belongs(row, line)) {
        give_back(call, row, Some(line.text("LOCNCODE")))?;
    }
    stock::release(call, line)
}

/// Gives back all that a document has allocated, and its numbers.
///
/// A voided document keeps none either: in GP its numbers can be sold again.
pub fn release_all(call: &mut Call<'_, '_>, header: &Row, lines: &[Row]) -> Result<(), Stop> {
    let numbers = document::rows_of(call, header, "SOP10201")?;
    for line in lines {
        release(call, line, &numbers)?;
    }
    let stray = |number: &&Row| !lines.iter().any(|line| belongs(number, line));
    for row in numbers.iter().filter(stray) {
        give_back(call, row, None)?;
    }
    Ok(())
}

fn belongs(number: &Row, line: &Row) -> bool {
    ["LNITMSEQ", "CMPNTSEQ"]
        .iter()
        .all(|column| number.int(column) == line.int(column))
}

/// Every number of a document that is closed belongs to a line or component of its item.
pub fn check_lines(call: &mut Call<'_, '_>, lines: &[Row], numbers: &[Row]) {
    let stray = numbers.iter().any(|number| {
        let owner = lines.iter().find(|line| belongs(number, line));
        owner.is_none_or(|line| {
            let item = line.text("ITEMNMBR");
            !item.eq_ignore_ascii_case(number.text("ITEMNMBR"))
        })
    });
    call.fail_if(stray, codes::NUMBERS_STRAY);
}

/// Tells a line that was there before its number how much of it is selected and fulfilled.
pub fn tell(call: &mut Call<'_, '_>, place: &Place, fulfilled: Decimal) -> Result<(), Stop> {
    let Some(line) = &place.line else {
        return Ok(());
    };
    let base = line.money("QTYBSUOM");
    let selected = total(&rows(call, place.owner(call))?);
    let mut cells = vec![("QTYSLCTD", item::in_units(selected, base).into())];
    if line.int("SOPTYPE") != RETURN {
        let fulfilled = line.money("QTYFULFI") + item::in_units(fulfilled, base);
        cells.push(("QTYFULFI", fulfilled.into()));
    }
    call.set(line, &cells)
}
