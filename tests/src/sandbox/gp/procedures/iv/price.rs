//! `taIVCreatePriceLevel` and `taIVCreateItemPriceListLine`: a price for a range of quantities.

use rust_decimal::Decimal;

use super::super::super::clock;
use super::super::super::error::Stop;
use super::super::super::heap::rows::{Access, Cell, Row};
use super::super::super::value::Value;
use super::super::call::Call;
use super::super::lookup;
use super::{codes, master};

/// The end of the last range: as high as GP counts.
const OPEN_END: i64 = 999_999_999_999;

/// Makes a price level.
pub fn level(call: &mut Call<'_, '_>) -> Result<(), Stop> {
    call.check_elements();
    if call.failed() {
        return Ok(());
    }
    let (level, description) = (call.text("PRCLEVEL"), call.text("DSCRIPTN"));
    let known = call.exists("IV40800", &[("PRCLEVEL", level.as_str().into())])?;
    if known {
        call.fail(codes::LEVEL_EXISTS);
        return Ok(());
    }
    let cells: [Cell<'_>; 4] = [
        ("PRCLEVEL", level.as_str().into()),
        ("DSCRIPTN", description.as_str().into()),
        ("CREATDDT", Value::Time(clock::today())),
        ("MODIFDT", Value::Time(clock::today())),
    ];
    call.add("IV40800", &cells).map(|_| ())
}

/// What a price is of.
#[derive(Debug)]
pub struct Subject {
    pub level: String,
    pub unit: String,
    pub currency: String,
    /// Base units in the unit.
    pub base: Decimal,
}

impl Subject {
    pub fn key<'k>(&'k self, item: &'k str) -> [Cell<'k>; 4] {
        [
            ("ITEMNMBR", item.into()),
            ("CURNCYID", self.currency.as_str().into()),
            ("PRCLEVEL", self.level.as_str().into()),
            ("UOFM", self.unit.as_str().into()),
        ]
    }
}

/// Makes a price, or changes it.
pub fn run(call: &mut Call<'_, '_>) -> Result<(), Stop> {
    call.check_elements();
    if call.failed() {
        return Ok(());
    }
    let number = call.text("ITEMNMBR");
    let Some(item) = master::item(call, &number)? else {
        call.fail(codes::PRICE_ITEM);
        return Ok(());
    };
    let unknown = Unknown {
        level: codes::PRICE_LEVEL,
        unit: codes::PRICE_UNIT,
        currency: codes::PRICE_CURRENCY,
    };
    let subject = subject(call, &item, &unknown)?;
    check(call);
    let to = call.optional_money("TOQTY").unwrap_or(OPEN_END.into());
    call.fail_if(to <= Decimal::ZERO, codes::PRICE_QUANTITY);
    let Some(subject) = subject else {
        return Ok(());
    };
    let prices = call.rows("IV00108", &subject.key(&number))?;
    let existing = prices.iter().find(|row| row.money("TOQTY") == to);
    call.fail_if(
        existing.is_some() && call.int("UpdateIfExists", 1) == 0,
        codes::PRICE_EXISTS,
    );
    let last = prices.iter().map(|row| row.money("TOQTY")).max();
    let step = Decimal::new(1, u32::try_from(item.int("DECPLQTY") - 1).unwrap_or(0));
    let from = last.unwrap_or_default() + step;
    call.fail_if(existing.is_none() && from > to, codes::PRICE_OVERLAP);
    if call.failed() {
        return Ok(());
    }
    options(call, &subject, &number)?;
    let price = ("UOMPRICE", Value::from(call.money("UOMPRICE")));
    if let Some(row) = existing {
        return call.set(row, &[price]);
    }
    let mut cells = subject.key(&number).to_vec();
    cells.extend([
        ("TOQTY", to.into()),
        ("FROMQTY", from.into()),
        ("QTYBSUOM", subject.base.into()),
        price,
    ]);
    call.add("IV00108", &cells).map(|_| ())
}

/// The codes for what a price names and GP lacks.
#[derive(Debug)]
pub struct Unknown {
    pub level: i32,
    pub unit: i32,
    pub currency: i32,
}

/// What the price is of: as sent, else the item's level and base unit in the functional currency.
pub fn subject(
    call: &mut Call<'_, '_>,
    item: &Row,
    unknown: &Unknown,
) -> Result<Option<Subject>, Stop> {
    let or = |sent: String, own: &str| {
        if sent.is_empty() {
            own.to_owned()
        } else {
            sent
        }
    };
    let level = or(call.text("PRCLEVEL"), item.text("PRCLEVEL"));
    let known = call.exists("IV40800", &[("PRCLEVEL", level.as_str().into())])?;
    call.fail_if(!known, unknown.level);
    let unit = master::unit(call, item.text("UOMSCHDL"), &call.text("UOFM"))?;
    call.fail_if(unit.is_none(), unknown.unit);
    let (functional, _) = lookup::functional(call)?;
    let currency = or(call.text("CURNCYID"), &functional);
    let key = [
        ("ITEMNMBR", item.text("ITEMNMBR").into()),
        ("CURNCYID", currency.as_str().into()),
    ];
    let priced = call.exists("IV00105", &key)?;
    call.fail_if(!priced, unknown.currency);
    Ok(unit.map(|(unit, base)| Subject {
        level,
        unit,
        currency,
        base,
    }))
}

fn check(call: &mut Call<'_, '_>) {
    for element in ["UOMPRICE", "RNDGAMNT"] {
        call.fail_if(call.money(element) < Decimal::ZERO, codes::PRICE_AMOUNT);
    }
    let how = (0..=3).contains(&call.int("ROUNDHOW", 0));
    let to = (1..=3).contains(&call.int("ROUNDTO", 1));
    call.fail_if(!how || !to, codes::PRICE_ROUNDING);
    let option = call.int("UMSLSOPT", 2);
    call.fail_if(!(1..=3).contains(&option), codes::PRICE_SALES_OPTION);
}

/// The options of all ranges of a price; whole numbers of the unit are sold unless told otherwise.
fn options(call: &mut Call<'_, '_>, subject: &Subject, item: &str) -> Result<(), Stop> {
    let existing = call.find("IV00107", &subject.key(item), Access::Update)?;
    let mut cells: Vec<Cell<'_>> = vec![
        ("RNDGAMNT", call.money("RNDGAMNT").into()),
        ("ROUNDHOW", call.int("ROUNDHOW", 0).into()),
        ("ROUNDTO", call.int("ROUNDTO", 1).into()),
    ];
    if call.given("UMSLSOPT") || existing.is_none() {
        cells.push(("UMSLSOPT", call.int("UMSLSOPT", 2).into()));
    }
    if let Some(row) = existing {
        return call.set(&row, &cells);
    }
    cells.extend(subject.key(item));
    cells.push(("QTYBSUOM", subject.base.into()));
    call.add("IV00107", &cells).map(|_| ())
}
