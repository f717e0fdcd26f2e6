//! Kits on a line: their components, as the item says unless the caller sends them.

use rust_decimal::Decimal;

use super::super::super::error::Stop;
use super::super::super::heap::rows::{Access, Row};
use super::super::call::Call;
use super::super::iv::master;
use super::claim::{self, Claim, ClaimCodes};
use super::component::{self, Component};
use super::item::{self, Item, KIT};
use super::stock::{self, Need};
use super::{codes, document, tracked};

const CLAIM: ClaimCodes = ClaimCodes {
    mode: codes::NUMBERS_MODE,
    numbers: codes::NUMBERS_DIFFER,
};

/// A component of an exploded kit.
#[derive(Debug)]
struct Part {
    item: Item,
    sequence: i64,
    /// Units of the component in one kit.
    each: Decimal,
    existing: Option<Row>,
    numbers: Option<claim::Plan>,
}

/// A kit as its item says, for one line.
#[derive(Debug)]
pub struct Kit {
    line: i64,
    parts: Vec<Part>,
    /// Components of the line as it was that the kit has no more.
    gone: Vec<Row>,
}

/// Finds the components of a kit's item for a line.
pub fn explode(call: &mut Call<'_, '_>, kit: &Item, line: i64) -> Result<Kit, Stop> {
    let number = call.text("ITEMNMBR");
    let mut rows = call.rows("IV00104", &[("ITEMNMBR", number.as_str().into())])?;
    rows.sort_by_key(|row| row.int("SEQNUMBR"));
    call.fail_if(rows.is_empty(), codes::KIT_EMPTY);
    let mut before = components(call, line)?;
    let mut parts = Vec::new();
    for row in rows {
        let Some(item) = part(call, &row, &kit.site)? else {
            continue;
        };
        let sequence = row.int("SEQNUMBR");
        let place = before.iter().position(|old| {
            let same = old
                .text("ITEMNMBR")
                .eq_ignore_ascii_case(row.text("CMPTITNM"));
            same && old.int("CMPNTSEQ") == sequence
        });
        parts.push(Part {
            item,
            sequence,
            each: row.money("CMPITQTY"),
            existing: place.map(|place| before.swap_remove(place)),
            numbers: None,
        });
    }
    Ok(Kit {
        line,
        parts,
        gone: before,
    })
}

/// The item of a component, if it can be sold at the site.
fn part(call: &mut Call<'_, '_>, row: &Row, site: &str) -> Result<Option<Item>, Stop> {
    let item = master::item(call, row.text("CMPTITNM"))?;
    let Some(item) = item.filter(|item| item.int("INACTIVE") == 0) else {
        call.fail(codes::KIT_PART);
        return Ok(None);
    };
    item::check_site(call, &item, site, codes::KIT_PART_SITE)?;
    let unit = master::unit(call, item.text("UOMSCHDL"), row.text("CMPITUOM"))?;
    let Some((unit, base_quantity)) = unit else {
        call.fail(codes::KIT_PART_UNIT);
        return Ok(None);
    };
    Ok(Some(Item {
        row: Some(item),
        site: site.to_owned(),
        unit,
        base_quantity,
    }))
}

impl Kit {
    /// What one kit needs of the stock of each component.
    pub fn needs(&self) -> Vec<Need> {
        let parts = self.parts.iter().flat_map(|part| {
            let needs = stock::needs(&part.item, part.existing.as_ref());
            needs.into_iter().map(|need| Need {
                each: need.each * part.each,
                ..need
            })
        });
        parts.collect()
    }

    /// Works out the numbers of the components, or refuses them; nothing changes yet.
    pub fn claim(&mut self, call: &mut Call<'_, '_>, stock: &stock::Plan) -> Result<(), Stop> {
        for part in &mut self.parts {
            part.numbers = claim::plan(call, &part.claim(self.line), stock)?;
        }
        Ok(())
    }

    /// Gives back what the line's components held as it was.
    pub fn release(&self, call: &mut Call<'_, '_>) -> Result<(), Stop> {
        for part in &self.parts {
            if let Some(row) = &part.existing {
                stock::release(call, row)?;
            }
        }
        for row in &self.gone {
            let owner = tracked::Owner {
                item: row.text("ITEMNMBR"),
                sequence: self.line,
                component: row.int("CMPNTSEQ"),
            };
            let numbers = tracked::rows(call, owner)?;
            tracked::release(call, row, &numbers)?;
            document::remove(call, row)?;
        }
        Ok(())
    }

    /// Writes the components of a line that was written.
    pub fn write(&self, call: &mut Call<'_, '_>, stock: &stock::Plan) -> Result<(), Stop> {
        let Some(parent) = tracked::line(call, self.line, 0)? else {
            return Ok(());
        };
        for part in &self.parts {
            let numbered = match &part.numbers {
                Some(plan) => Some(claim::settle(call, &part.claim(self.line), plan)?),
                None => None,
            };
            component::write(call, &part.component(call, &parent, stock, numbered))?;
        }
        Ok(())
    }
}

impl Part {
    fn claim(&self, line: i64) -> Claim<'_> {
        Claim {
            item: &self.item,
            sequence: line,
            component: self.sequence,
            each: self.each,
            existing: self.existing.as_ref(),
            codes: CLAIM,
        }
    }

    fn component<'c>(
        &'c self,
        call: &Call<'_, '_>,
        parent: &'c Row,
        stock: &stock::Plan,
        numbered: Option<Decimal>,
    ) -> Component<'c> {
        let quantities = stock.all_quantities(call).into_iter();
        let row = self.item.row.as_ref();
        let cost = row.map_or(Decimal::ZERO, |row| row.money("CURRCOST"));
        Component {
            parent,
            item: &self.item,
            number: row.map_or("", |row| row.text("ITEMNMBR")),
            description: row.map_or("", |row| row.text("ITEMDESC")),
            sequence: self.sequence,
            cost: cost * self.item.base_quantity,
            quantity: call.money("QUANTITY") * self.each,
            quantities: quantities
                .map(|(column, kits)| (column, kits * self.each))
                .collect(),
            numbered,
            existing: self.existing.as_ref(),
        }
    }
}

/// The components of a line.
pub fn components(call: &mut Call<'_, '_>, line: i64) -> Result<Vec<Row>, Stop> {
    let document = call.text("SOPNUMBE");
    let key = [
        ("SOPNUMBE", document.as_str().into()),
        ("SOPTYPE", call.int("SOPTYPE", 0).into()),
        ("LNITMSEQ", line.into()),
    ];
    let mut rows = call.rows("SOP10200", &key)?;
    rows.retain(|row| row.int("CMPNTSEQ") != 0);
    Ok(rows)
}

/// A kit costs what its components do.
pub fn cost(call: &mut Call<'_, '_>, line: i64) -> Result<(), Stop> {
    let Some(parent) = tracked::line(call, line, 0)? else {
        return Ok(());
    };
    let rows = components(call, line)?;
    let extended: Decimal = rows.iter().map(|row| row.money("EXTDCOST")).sum();
    let quantity = parent.money("QUANTITY");
    let unit = if quantity.is_zero() {
        Decimal::ZERO
    } else {
        item::round(extended / quantity, 5)
    };
    call.set(&parent, &item::cost_cells(unit, extended))
}

/// Every kit of a document that is closed has components.
pub fn check_lines(call: &mut Call<'_, '_>, lines: &[Row]) -> Result<(), Stop> {
    for line in lines.iter().filter(|line| line.int("CMPNTSEQ") == 0) {
        let sequence = line.int("LNITMSEQ");
        let whole = lines
            .iter()
            .any(|row| row.int("LNITMSEQ") == sequence && row.int("CMPNTSEQ") != 0);
        if whole {
            continue;
        }
        let number = line.text("ITEMNMBR");
        let key = [("ITEMNMBR", number.into())];
        let item = call.find("IV00101", &key, Access::Dirty)?;
        let bare = item.is_some_and(|item| item.int("ITEMTYPE") == KIT);
        call.fail_if(bare, codes::KIT_BARE);
    }
    Ok(())
}
