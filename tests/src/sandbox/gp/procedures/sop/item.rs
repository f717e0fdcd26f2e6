//! The item of a line or component: its site, unit, cost and accounts.

use rust_decimal::{Decimal, RoundingStrategy};

use super::super::super::error::Stop;
use super::super::super::heap::rows::{Access, Row};
use super::super::super::value::Value;
use super::super::call::Call;
use super::super::iv::master;
use super::{codes, stock};

/// The item type of kits.
pub const KIT: i64 = 3;

/// What is known of a line's item.
#[derive(Debug)]
pub struct Item {
    /// None for what is not of the inventory.
    pub row: Option<Row>,
    pub site: String,
    pub unit: String,
    pub base_quantity: Decimal,
}

impl Item {
    /// Whether the item is a kit.
    pub fn is_kit(&self) -> bool {
        self.row
            .as_ref()
            .is_some_and(|row| row.int("ITEMTYPE") == KIT)
    }
}

/// The codes of the procedure that names an item.
#[derive(Debug, Clone, Copy)]
pub struct ItemCodes {
    pub unknown: i32,
    pub inactive: i32,
    pub unit: i32,
    pub unassigned: i32,
}

/// Looks the item of a call up; a blank unit is its selling unit, a blank site its default one.
pub fn find(
    call: &mut Call<'_, '_>,
    codes: ItemCodes,
    unit: String,
    site: String,
) -> Result<Item, Stop> {
    let number = call.text("ITEMNMBR");
    let key = [("ITEMNMBR", number.as_str().into())];
    let row = call.find("IV00101", &key, Access::Dirty)?;
    let site = if site.is_empty() {
        default_site(call, row.as_ref())?
    } else {
        site
    };
    let Some(found) = &row else {
        call.fail_if(call.int("NONINVEN", 0) != 1, codes.unknown);
        return Ok(Item {
            row,
            site,
            unit,
            base_quantity: Decimal::ONE,
        });
    };
    call.fail_if(found.int("INACTIVE") != 0, codes.inactive);
    let unit = if unit.is_empty() {
        found.text("SELNGUOM").to_owned()
    } else {
        unit
    };
    let measure = master::unit(call, found.text("UOMSCHDL"), &unit)?;
    call.fail_if(measure.is_none(), codes.unit);
    let (unit, base_quantity) = measure.unwrap_or((unit, Decimal::ONE));
    check_site(call, found, &site, codes.unassigned)?;
    Ok(Item {
        row,
        site,
        unit,
        base_quantity,
    })
}

/// An item with quantities is assigned to the site it is taken from.
pub fn check_site(call: &mut Call<'_, '_>, item: &Row, site: &str, code: i32) -> Result<(), Stop> {
    if !stock::kept(item) {
        return Ok(());
    }
    let number = item.text("ITEMNMBR");
    let assigned = master::quantities(call, number, site, Access::Dirty)?;
    let known = call.exists("IV40700", &[("LOCNCODE", site.into())])?;
    call.fail_if(known && assigned.is_none(), code);
    Ok(())
}

/// The item's own site, or that of the sales setup.
pub fn default_site(call: &mut Call<'_, '_>, item: Option<&Row>) -> Result<String, Stop> {
    let own = item.map_or("", |item| item.text("LOCNCODE"));
    if !own.is_empty() {
        return Ok(own.to_owned());
    }
    let setup = call.find("SOP40100", &[("SETUPKEY", 1.into())], Access::Committed)?;
    Ok(setup.map_or_else(String::new, |setup| setup.text("LOCNCODE").to_owned()))
}

/// Rounds half away from zero, as GP does.
pub fn round(amount: Decimal, decimals: u32) -> Decimal {
    amount.round_dp_with_strategy(decimals, RoundingStrategy::MidpointAwayFromZero)
}

/// A quantity in base units as one in a unit.
pub fn in_units(quantity: Decimal, base: Decimal) -> Decimal {
    if base.is_zero() {
        return quantity;
    }
    round(quantity / base, 5)
}

/// The decimals of an item's quantities and prices.
pub fn decimals(row: &Row) -> [(&'static str, Value); 3] {
    [
        ("DECPLQTY", row.int("DECPLQTY").into()),
        ("DECPLCUR", row.int("DECPLCUR").into()),
        ("ODECPLCU", row.int("DECPLCUR").into()),
    ]
}

/// A unit cost and what a quantity of it costs, each in both currencies.
pub fn cost_cells(unit: Decimal, extended: Decimal) -> [(&'static str, Value); 4] {
    [
        ("UNITCOST", unit.into()),
        ("ORUNTCST", unit.into()),
        ("EXTDCOST", extended.into()),
        ("OREXTCST", extended.into()),
    ]
}

/// Account columns of a line and the item's columns they default from.
const ACCOUNTS: [(&str, &str); 8] = [
    ("INVINDX", "IVIVINDX"),
    ("CSLSINDX", "IVCOGSIX"),
    ("SLSINDX", "IVSLSIDX"),
    ("MKDNINDX", "IVSLDSIX"),
    ("RTNSINDX", "IVSLRNIX"),
    ("INUSINDX", "IVINUSIX"),
    ("INSRINDX", "IVINSVIX"),
    ("DMGDINDX", "IVDMGIDX"),
];

/// The accounts of an item.
pub fn own_accounts(row: &Row) -> Vec<(&'static str, Value)> {
    let accounts = ACCOUNTS.iter();
    accounts
        .map(|(element, column)| (*element, row.int(column).into()))
        .collect()
}

/// The accounts of a line: those sent as strings, the item's otherwise.
pub fn accounts(call: &mut Call<'_, '_>, item: &Item) -> Result<Vec<(&'static str, Value)>, Stop> {
    let mut found = Vec::new();
    for (element, column) in ACCOUNTS {
        let text = call.text(element);
        let mut index = item.row.as_ref().map(|row| row.int(column));
        if !text.is_empty() {
            index = super::super::account_index(call, &text)?;
            call.fail_if(index.is_none(), codes::DISTRIBUTION_ACCOUNT);
        }
        found.push((element, index.unwrap_or_default().into()));
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use rust_decimal::Decimal;

    use super::round;

    #[test]
    fn halves_go_away_from_zero() {
        for (amount, rounded) in [
            ("1.005", "1.01"),
            ("-1.005", "-1.01"),
            ("2.675", "2.68"),
            ("1.004", "1.00"),
        ] {
            let amount: Decimal = amount.parse().expect("a number");
            assert_eq!(round(amount, 2).to_string(), rounded);
        }
    }
}
