//! The price of a line: sent and checked, or from GP's price lists.

use rust_decimal::Decimal;

use super::super::super::error::Stop;
use super::super::super::heap::rows::Row;
use super::super::super::value::Value;
use super::super::call::Call;
use super::super::currency::Pair;
use super::super::lookup;
use super::codes;
use super::item::{Item, round};

/// The prices of a line, in the functional and in the originating currency.
pub const PAIRS: [Pair; 5] = [
    ("UNITPRCE", "ORUNTPRC"),
    ("XTNDPRCE", "OXTNDPRC"),
    ("REMPRICE", "OREPRICE"),
    ("MRKDNAMT", "ORMRKDAM"),
    ("TAXAMNT", "ORTAXAMT"),
];

/// The price of a line.
#[derive(Debug)]
pub struct Price {
    unit: Decimal,
    extended: Decimal,
    markdown: Decimal,
}

/// Works the price out or checks the one that was sent.
pub fn find(call: &mut Call<'_, '_>, item: &Item) -> Result<Price, Stop> {
    let quantity = call.money("QUANTITY");
    let mut unit = call.money("UNITPRCE");
    if call.int("DEFPRICING", 0) == 1 {
        match listed(call, item)? {
            Some(found) => unit = found,
            None => call.fail(codes::NO_PRICE),
        }
    }
    let percent = call.money("MRKDNPCT");
    let markdown = call
        .optional_money("MRKDNAMT")
        .unwrap_or_else(|| round(unit * percent / Decimal::ONE_HUNDRED, 2));
    let net = unit - markdown;
    if call.int("DEFPRICING", 0) == 1 || call.int("DEFEXTPRICE", 0) == 1 {
        return Ok(Price {
            unit,
            extended: round(net * quantity, 2),
            markdown,
        });
    }
    let extended = call.money("XTNDPRCE");
    let multiplied = round(net * quantity, 2) == extended;
    let divided = !quantity.is_zero() && round(extended / quantity, 2) == net;
    call.fail_if(!multiplied && !divided, codes::EXTENDED);
    Ok(Price {
        unit,
        extended,
        markdown,
    })
}

fn listed(call: &mut Call<'_, '_>, item: &Item) -> Result<Option<Decimal>, Stop> {
    let mut level = call.text("PRCLEVEL");
    if level.is_empty() {
        level = item
            .row
            .as_ref()
            .map_or_else(String::new, |row| row.text("PRCLEVEL").to_owned());
    }
    let number = call.text("ITEMNMBR");
    let mut currency = call.text("CURNCYID");
    if currency.is_empty() {
        currency = lookup::functional(call)?.0;
    }
    let key = [
        ("ITEMNMBR", number.as_str().into()),
        ("CURNCYID", currency.as_str().into()),
        ("PRCLEVEL", level.as_str().into()),
        ("UOFM", item.unit.as_str().into()),
    ];
    let quantity = call.money("QUANTITY");
    let rows = call.rows("IV00108", &key)?;
    let fits = |row: &&Row| row.money("FROMQTY") <= quantity && quantity <= row.money("TOQTY");
    Ok(rows.iter().find(fits).map(|row| row.money("UOMPRICE")))
}

/// The prices; the header works the functional ones out.
pub fn cells(call: &Call<'_, '_>, price: &Price) -> Vec<(&'static str, Value)> {
    let pairs = [
        ("UNITPRCE", "ORUNTPRC", price.unit),
        ("XTNDPRCE", "OXTNDPRC", price.extended),
        ("REMPRICE", "OREPRICE", price.extended),
        ("MRKDNAMT", "ORMRKDAM", price.markdown),
        ("TAXAMNT", "ORTAXAMT", call.money("TAXAMNT")),
    ];
    pairs
        .into_iter()
        .flat_map(|(own, twin, amount)| [(own, amount.into()), (twin, amount.into())])
        .collect()
}
