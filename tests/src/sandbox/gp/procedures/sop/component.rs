//! `taSopLineIvcInsertComponent`: a component of a kit, sent by the caller after the kit's line.

use rust_decimal::Decimal;

use super::super::super::error::Stop;
use super::super::super::heap::rows::{Access, Cell, Row};
use super::super::call::Call;
use super::super::lookup;
use super::claim::{self, Claim, ClaimCodes};
use super::item::{self, Item, ItemCodes, KIT};
use super::line::{STEP, numbered_quantities};
use super::{codes, document, kit, stock, tracked};

const ITEM: ItemCodes = ItemCodes {
    unknown: codes::COMPONENT_ITEM,
    inactive: codes::COMPONENT_INACTIVE,
    unit: codes::COMPONENT_UNIT,
    unassigned: codes::COMPONENT_UNASSIGNED,
};

const CLAIM: ClaimCodes = ClaimCodes {
    mode: codes::COMPONENT_MODE,
    numbers: codes::COMPONENT_NUMBERS,
};

/// Columns a component has from its line.
const FROM_LINE: [&str; 8] = [
    "ReqShipDate",
    "FUFILDAT",
    "ACTLSHIP",
    "SHIPMTHD",
    "DROPSHIP",
    "SALSTERR",
    "SLPRSNID",
    "PRSTADCD",
];

/// A component as it is written.
#[derive(Debug)]
pub struct Component<'c> {
    pub parent: &'c Row,
    pub item: &'c Item,
    pub number: &'c str,
    pub description: &'c str,
    pub sequence: i64,
    /// Of one unit.
    pub cost: Decimal,
    pub quantity: Decimal,
    pub quantities: Vec<(&'static str, Decimal)>,
    /// The part of the quantity that has serial or lot numbers, in base units.
    pub numbered: Option<Decimal>,
    pub existing: Option<&'c Row>,
}

/// Runs the procedure.
pub fn run(call: &mut Call<'_, '_>) -> Result<(), Stop> {
    call.check_elements();
    if call.failed() {
        return Ok(());
    }
    check_document(call)?;
    check_values(call)?;
    let Some(parent) = parent(call)? else {
        return Ok(());
    };
    let (sequence, existing) = place(call)?;
    let mut site = call.text("LOCNCODE");
    if site.is_empty() {
        parent.text("LOCNCODE").clone_into(&mut site);
    }
    let item = item::find(call, ITEM, call.text("CMPITUOM"), site)?;
    call.fail_if(item.is_kit(), codes::COMPONENT_KIT);
    if call.failed() {
        return Ok(());
    }
    let component = Sent {
        parent,
        item,
        sequence,
        existing,
    };
    component.settle(call)
}

/// A component that passed its checks.
struct Sent {
    parent: Row,
    item: Item,
    sequence: i64,
    existing: Option<Row>,
}

impl Sent {
    /// Takes its stock and its numbers, and writes it.
    fn settle(&self, call: &mut Call<'_, '_>) -> Result<(), Stop> {
        let existing = self.existing.as_ref();
        let needs = stock::needs(&self.item, existing);
        let plan = stock::plan(call, &self.item, &needs)?;
        let claim = Claim {
            item: &self.item,
            sequence: call.int("LNITMSEQ", 0),
            component: self.sequence,
            each: Decimal::ONE,
            existing,
            codes: CLAIM,
        };
        let numbers = claim::plan(call, &claim, &plan)?;
        if call.failed() {
            return Ok(());
        }
        if let Some(row) = existing {
            stock::release(call, row)?;
        }
        stock::take(call, &needs, &plan)?;
        let numbered = match numbers {
            Some(numbers) => Some(claim::settle(call, &claim, &numbers)?),
            None => None,
        };
        self.write(call, &plan, numbered)?;
        kit::cost(call, claim.sequence)
    }

    fn write(
        &self,
        call: &mut Call<'_, '_>,
        plan: &stock::Plan,
        numbered: Option<Decimal>,
    ) -> Result<(), Stop> {
        let row = self.item.row.as_ref();
        let own = row.map_or(Decimal::ZERO, |row| row.money("CURRCOST"));
        let sent = call.optional_money("UNITCOST");
        let (number, mut description) = (call.text("ITEMNMBR"), call.text("ITEMDESC"));
        if description.is_empty() {
            row.map_or("", |row| row.text("ITEMDESC"))
                .clone_into(&mut description);
        }
        let component = Component {
            parent: &self.parent,
            item: &self.item,
            number: row.map_or(&number, |row| row.text("ITEMNMBR")),
            description: &description,
            sequence: self.sequence,
            cost: sent.unwrap_or(own * self.item.base_quantity),
            quantity: call.money("QUANTITY"),
            quantities: plan.all_quantities(call),
            numbered,
            existing: self.existing.as_ref(),
        };
        write(call, &component)
    }
}

/// Writes a component; its price is in that of the kit.
pub fn write(call: &mut Call<'_, '_>, component: &Component<'_>) -> Result<(), Stop> {
    let (parent, item) = (component.parent, component.item);
    let extended = item::round(component.cost * component.quantity, 2);
    let mut cells: Vec<Cell<'_>> = vec![
        ("SOPTYPE", parent.get("SOPTYPE").clone()),
        ("SOPNUMBE", parent.get("SOPNUMBE").clone()),
        ("LNITMSEQ", parent.get("LNITMSEQ").clone()),
        ("CMPNTSEQ", component.sequence.into()),
        ("ITEMNMBR", component.number.into()),
        ("ITEMDESC", component.description.into()),
        ("NONINVEN", i64::from(item.row.is_none()).into()),
        ("UOFM", item.unit.as_str().into()),
        ("LOCNCODE", item.site.as_str().into()),
        ("QTYBSUOM", item.base_quantity.into()),
        ("CURRNIDX", parent.get("CURRNIDX").clone()),
    ];
    cells.extend(FROM_LINE.map(|column| (column, parent.get(column).clone())));
    cells.extend(item::cost_cells(component.cost, extended));
    if let Some(row) = &item.row {
        cells.extend(item::decimals(row));
        cells.extend(item::own_accounts(row));
    }
    let mut quantities = component.quantities.clone();
    if let Some(numbered) = component.numbered {
        let numbered = item::in_units(numbered, item.base_quantity);
        quantities.retain(|(column, _)| *column != "QTYFULFI");
        quantities.extend(numbered_quantities(call, numbered));
    }
    cells.extend(
        quantities
            .into_iter()
            .map(|(column, amount)| (column, amount.into())),
    );
    match component.existing {
        Some(row) => call.set(row, &cells),
        None => call.add("SOP10200", &cells).map(|_| ()),
    }
}

/// A component comes before the header, or with `UpdateIfExists` to a document that nobody has open.
fn check_document(call: &mut Call<'_, '_>) -> Result<(), Stop> {
    let (kind, number) = (call.int("SOPTYPE", 0), call.text("SOPNUMBE"));
    call.fail_if(!(1..=6).contains(&kind), codes::COMPONENT_TYPE);
    let customer = call.text("CUSTNMBR");
    let known = call.exists("RM00101", &[("CUSTNMBR", customer.as_str().into())])?;
    call.fail_if(!known, codes::COMPONENT_CUSTOMER);
    let key = [
        ("SOPTYPE", kind.into()),
        ("SOPNUMBE", number.as_str().into()),
    ];
    let posted = call.exists("SOP30200", &key)?;
    let header = call.find("SOP10100", &key, Access::Committed)?;
    let updates = call.int("UpdateIfExists", 0) == 1;
    let closed = posted || (header.is_some() && !updates);
    call.fail_if(closed, codes::COMPONENT_DOCUMENT);
    if let Some(header) = header {
        let open = lookup::open_by_user(call, header.number)?;
        call.fail_if(open, codes::COMPONENT_LOCKED);
    }
    Ok(())
}

fn check_values(call: &mut Call<'_, '_>) -> Result<(), Stop> {
    let quantity = call.money("QUANTITY");
    let wrong = quantity <= Decimal::ZERO || call.money("QTYCANCE") > quantity;
    call.fail_if(wrong, codes::COMPONENT_QUANTITY);
    let option = call.int("QtyShrtOpt", 2);
    call.fail_if(!(1..=6).contains(&option), codes::COMPONENT_SHORTAGE);
    let returned = stock::returned(call);
    let back = call.int("SOPTYPE", 0) == tracked::RETURN;
    let below = stock::RETURNED
        .iter()
        .any(|state| call.money(state) < Decimal::ZERO);
    let differs = !returned.is_zero() && (!back || returned != quantity);
    call.fail_if(below || differs, codes::COMPONENT_RETURNED);
    let negative = call.money("UNITCOST") < Decimal::ZERO;
    call.fail_if(negative, codes::COMPONENT_COST);
    lookup::known(call, "LOCNCODE", lookup::SITE, codes::COMPONENT_SITE)?;
    lookup::currency(call, codes::COMPONENT_CURRENCY)
}

/// The line of a kit that the component is for.
fn parent(call: &mut Call<'_, '_>) -> Result<Option<Row>, Stop> {
    let parent = tracked::line(call, call.int("LNITMSEQ", 0), 0)?;
    let mut kit = false;
    if let Some(row) = &parent {
        let key = [("ITEMNMBR", row.get("ITEMNMBR").clone())];
        let item = call.find("IV00101", &key, Access::Dirty)?;
        kit = item.is_some_and(|item| item.int("ITEMTYPE") == KIT);
    }
    call.fail_if(!kit, codes::COMPONENT_LINE);
    Ok(parent.filter(|_| !call.failed()))
}

/// The sequence of the component, and its row if it is sent again.
fn place(call: &mut Call<'_, '_>) -> Result<(i64, Option<Row>), Stop> {
    let sent = call.int("CMPNTSEQ", 0);
    let mut others = kit::components(call, call.int("LNITMSEQ", 0))?;
    if sent == 0 {
        let last = others.iter().map(|row| row.int("CMPNTSEQ")).max();
        return Ok((last.unwrap_or_default() + STEP, None));
    }
    others.retain(|row| row.int("CMPNTSEQ") == sent);
    let existing = others.into_iter().next();
    if let Some(row) = &existing {
        let updates = call.int("UpdateIfExists", 0) == 1;
        call.fail_if(!updates, codes::COMPONENT_EXISTS);
        let same = row
            .text("ITEMNMBR")
            .eq_ignore_ascii_case(&call.text("ITEMNMBR"));
        call.fail_if(!same, codes::COMPONENT_OTHER);
        call.fail_if(document::transferred(row), codes::COMPONENT_TRANSFERRED);
    }
    Ok((sent, existing))
}
