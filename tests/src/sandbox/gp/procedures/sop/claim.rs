//! What a line or component asks of its serial or lot numbers: those sent, or chosen from stock.

use rust_decimal::Decimal;

use super::super::super::error::Stop;
use super::super::super::heap::rows::{Access, Row};
use super::super::call::Call;
use super::super::iv::master;
use super::item::Item;
use super::tracked::{self, Owner, RETURN};
use super::{lot, stock};

/// The codes of the procedure that asks.
#[derive(Debug, Clone, Copy)]
pub struct ClaimCodes {
    /// The way of allocation is none, or not the one the numbers were sent for.
    pub mode: i32,
    /// The numbers are not what the quantity needs.
    pub numbers: i32,
}

/// A line or component whose numbers are asked for.
#[derive(Debug, Clone, Copy)]
pub struct Claim<'c> {
    pub item: &'c Item,
    pub sequence: i64,
    pub component: i64,
    /// Units of it in one unit of what the call's quantities count.
    pub each: Decimal,
    /// The row as it was, if it is sent again.
    pub existing: Option<&'c Row>,
    pub codes: ClaimCodes,
}

impl<'c> Claim<'c> {
    fn owner(&self) -> Owner<'c> {
        Owner {
            item: self
                .item
                .row
                .as_ref()
                .map_or("", |row| row.text("ITEMNMBR")),
            sequence: self.sequence,
            component: self.component,
        }
    }

    fn tracking(&self) -> i64 {
        self.item.row.as_ref().map_or(0, |row| row.int("ITMTRKOP"))
    }

    /// A quantity of the call in base units.
    fn base(&self, quantity: Decimal) -> Decimal {
        quantity * self.each * self.item.base_quantity
    }
}

/// What is to be done with the numbers.
#[derive(Debug, Default)]
pub struct Plan {
    given_back: Vec<Row>,
    /// To be chosen from stock, as far as there is.
    missing: Decimal,
}

/// How numbers are allocated; elements hold 0, 1 and 2.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mode {
    Automatic,
    Manual,
    Mixed,
}

/// Works out what is to be done, or refuses the numbers; none for what has no numbers.
pub fn plan(
    call: &mut Call<'_, '_>,
    claim: &Claim<'_>,
    stock: &stock::Plan,
) -> Result<Option<Plan>, Stop> {
    let element = match claim.tracking() {
        master::SERIAL => "AUTOALLOCATESERIAL",
        master::LOT => "AUTOALLOCATELOT",
        _ => return Ok(None),
    };
    let mode = match call.int(element, 0) {
        0 => Mode::Automatic,
        1 => Mode::Manual,
        2 => Mode::Mixed,
        _ => {
            call.fail(claim.codes.mode);
            return Ok(None);
        }
    };
    let held = tracked::rows(call, claim.owner())?;
    match call.int("SOPTYPE", 0) {
        2 | 3 | 6 => outgoing(call, claim, claim.base(stock.allocated()), (mode, held)).map(Some),
        RETURN => {
            // Nobody but the caller knows what comes back.
            let differs = returned_otherwise(call, claim, &held);
            call.fail_if(differs, claim.codes.numbers);
            Ok(Some(Plan::default()))
        }
        _ => Ok(None),
    }
}

/// Whether numbers come back in other states than the quantity.
fn returned_otherwise(call: &Call<'_, '_>, claim: &Claim<'_>, held: &[Row]) -> bool {
    let on_hand = stock::returned(call).is_zero();
    (1..).zip(stock::RETURNED).any(|(state, column)| {
        let quantity = match state {
            1 if on_hand => call.money("QUANTITY"),
            _ => call.money(column),
        };
        let numbers = held.iter().filter(|row| row.int("QTYTYPE") == state);
        let numbers: Decimal = numbers.map(|row| row.money("SERLTQTY")).sum();
        numbers != claim.base(quantity)
    })
}

fn outgoing(
    call: &mut Call<'_, '_>,
    claim: &Claim<'_>,
    allocated: Decimal,
    (mode, held): (Mode, Vec<Row>),
) -> Result<Plan, Stop> {
    let sum = tracked::total(&held);
    let fulfilled = call.optional_money("QTYFULFI");
    let wanted = match fulfilled {
        Some(fulfilled) => claim.base(fulfilled),
        None if fulfils_separately(call)? => sum,
        None => allocated,
    };
    let mut strays = false;
    for row in &held {
        strays |= !tracked::taken_from(call, row, &claim.item.site)?;
    }
    let sent = claim.existing.is_none() && !held.is_empty();
    call.fail_if(mode == Mode::Automatic && sent, claim.codes.mode);
    let anew = strays || sum > wanted;
    let refused =
        wanted > allocated || (mode == Mode::Manual && (anew || sum != wanted)) || (sent && anew);
    let missing = if anew { wanted } else { wanted - sum };
    let given_back = if anew { held } else { Vec::new() };
    let short = fulfilled.is_some() && available(call, claim, &given_back)? < missing;
    call.fail_if(refused || short, claim.codes.numbers);
    Ok(Plan {
        given_back,
        missing,
    })
}

/// Whether the document id's orders are fulfilled after they are entered.
fn fulfils_separately(call: &mut Call<'_, '_>) -> Result<bool, Stop> {
    let document = call.text("DOCID");
    let key = [
        ("SOPTYPE", call.int("SOPTYPE", 0).into()),
        ("DOCID", document.as_str().into()),
    ];
    let setup = call.find("SOP40200", &key, Access::Dirty)?;
    Ok(call.int("SOPTYPE", 0) == 2 && setup.is_some_and(|row| row.int("USPFULPR") == 1))
}

/// What can be chosen from: free numbers, and those that are given back to the site.
fn available(
    call: &mut Call<'_, '_>,
    claim: &Claim<'_>,
    given_back: &[Row],
) -> Result<Decimal, Stop> {
    let (item, site) = (claim.owner().item, &claim.item.site);
    let mut sum = if claim.tracking() == master::SERIAL {
        Decimal::from(tracked::free_serials(call, item, site)?.len())
    } else {
        lots(call, claim)?.iter().map(tracked::free).sum()
    };
    for row in given_back.iter().filter(|row| row.int("OVRSERLT") == 0) {
        if tracked::taken_from(call, row, site)? {
            sum += row.money("SERLTQTY");
        }
    }
    Ok(sum)
}

fn lots(call: &mut Call<'_, '_>, claim: &Claim<'_>) -> Result<Vec<Row>, Stop> {
    let mut receipts = tracked::receipts(call, claim.owner().item, &claim.item.site, "")?;
    receipts.retain(|row| !lot::expired(call, row));
    Ok(receipts)
}

/// Carries a plan out and gives the quantity that has numbers now.
pub fn settle(call: &mut Call<'_, '_>, claim: &Claim<'_>, plan: &Plan) -> Result<Decimal, Stop> {
    for row in &plan.given_back {
        let site = claim.existing.map(|line| line.text("LOCNCODE"));
        tracked::give_back(call, row, site)?;
    }
    let owner = claim.owner();
    if plan.missing > Decimal::ZERO && claim.tracking() == master::SERIAL {
        let mut rest = plan.missing;
        for serial in tracked::free_serials(call, owner.item, &claim.item.site)? {
            if rest < Decimal::ONE {
                break;
            }
            tracked::take_serial(call, owner, &serial)?;
            rest -= Decimal::ONE;
        }
    } else if plan.missing > Decimal::ZERO {
        let receipts = lots(call, claim)?;
        tracked::take_lots(call, owner, &receipts, plan.missing)?;
    }
    Ok(tracked::total(&tracked::rows(call, owner)?))
}
