//! The columns of IV00101: as sent, and for a new item what its class and GP give.

use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;

use super::super::super::clock;
use super::super::super::error::Stop;
use super::super::super::heap::rows::Row;
use super::super::super::value::Value;
use super::super::call::Call;
use super::{codes, master};

/// Elements of account numbers, and the columns of their indexes.
const ACCOUNTS: [(&str, &str); 15] = [
    ("IVIVACTNUMST", "IVIVINDX"),
    ("IVIVOFACTNUMST", "IVIVOFIX"),
    ("IVCOGSACTNUMST", "IVCOGSIX"),
    ("IVSLSACTNUMST", "IVSLSIDX"),
    ("IVSLDSACTNUMST", "IVSLDSIX"),
    ("IVSLRNACTNUMST", "IVSLRNIX"),
    ("IVINUSACTNUMST", "IVINUSIX"),
    ("IVINSVACTNUMST", "IVINSVIX"),
    ("IVDMGACTNUMST", "IVDMGIDX"),
    ("IVVARACTNUMST", "IVVARIDX"),
    ("DPSHPACTNUMST", "DPSHPIDX"),
    ("PURPVACTNUMST", "PURPVIDX"),
    ("UPPVACTNUMST", "UPPVIDX"),
    ("IVRETACTNUMST", "IVRETIDX"),
    ("ASMVRACTNUMST", "ASMVRIDX"),
];

/// Columns a class gives to its new items, texts first.
const CLASS_TEXTS: [&str; 14] = [
    "LOTTYPE",
    "ITMGEDSC",
    "ITMTSHID",
    "Purchase_Item_Tax_Schedu",
    "UOMSCHDL",
    "USCATVLS_1",
    "USCATVLS_2",
    "USCATVLS_3",
    "USCATVLS_4",
    "USCATVLS_5",
    "USCATVLS_6",
    "PRCLEVEL",
    "PriceGroup",
    "TCC",
];
const CLASS_NUMBERS: [&str; 26] = [
    "ITEMTYPE",
    "ITMTRKOP",
    "KPERHIST",
    "KPTRXHST",
    "KPCALHST",
    "KPDSTHST",
    "ALWBKORD",
    "TAXOPTNS",
    "Purchase_Tax_Options",
    "VCTNMTHD",
    "DECPLQTY",
    "IVIVINDX",
    "IVIVOFIX",
    "IVCOGSIX",
    "IVSLSIDX",
    "IVSLDSIX",
    "IVSLRNIX",
    "IVINUSIX",
    "IVINSVIX",
    "IVDMGIDX",
    "IVVARIDX",
    "DPSHPIDX",
    "PURPVIDX",
    "UPPVIDX",
    "IVRETIDX",
    "PRICMTHD",
];
/// What GP enters for a new item where neither caller nor class says.
const DEFAULTS: [(&str, i64); 9] = [
    ("ITEMTYPE", 1),
    ("ITMTRKOP", 1),
    ("VCTNMTHD", 1),
    ("TAXOPTNS", 1),
    ("Purchase_Tax_Options", 1),
    ("PRICMTHD", 1),
    ("DECPLQTY", 1),
    ("DECPLCUR", 3),
    ("ABCCODE", 1),
];

/// The sent elements as columns; unknown accounts fail.
pub fn sent(call: &mut Call<'_, '_>) -> Result<Vec<(String, Value)>, Stop> {
    let mut cells = call.columns_of("IV00101")?;
    cells.retain(|(name, _)| name != "ITEMSHWT" && name != "NOTEINDX");
    // GP keeps hundredths of a weight.
    if let Some(weight) = call.optional_money("ITEMSHWT") {
        let hundredths = (weight * Decimal::ONE_HUNDRED).round().to_i64();
        let hundredths = hundredths.unwrap_or_default();
        cells.push(("ITEMSHWT".to_owned(), hundredths.into()));
    }
    for (element, column) in ACCOUNTS {
        if !call.given(element) {
            continue;
        }
        let text = call.text(element);
        let index = if text.is_empty() {
            Some(0)
        } else {
            super::super::account_index(call, &text)?
        };
        call.fail_if(index.is_none(), codes::ITEM_ACCOUNT);
        cells.push((column.to_owned(), index.unwrap_or_default().into()));
    }
    cells.push(("MODIFDT".to_owned(), Value::Time(clock::today())));
    Ok(cells)
}

/// A new item: what was sent over its class over GP's defaults.
pub fn new(
    call: &mut Call<'_, '_>,
    class: Option<&Row>,
    sent: Vec<(String, Value)>,
) -> Result<Vec<(String, Value)>, Stop> {
    let mut cells = sent;
    let mut put = |name: &str, value: Value| {
        if !cells.iter().any(|(known, _)| known == name) {
            cells.push((name.to_owned(), value));
        }
    };
    if let Some(class) = class {
        for column in CLASS_TEXTS
            .into_iter()
            .filter(|each| !class.text(each).is_empty())
        {
            put(column, class.text(column).into());
        }
        for column in CLASS_NUMBERS
            .into_iter()
            .filter(|each| class.int(each) != 0)
        {
            put(column, class.int(column).into());
        }
    }
    for (column, value) in DEFAULTS {
        put(column, value.into());
    }
    let description = call.text("ITEMDESC");
    for (column, length) in [("ITMSHNAM", 15), ("ITMGEDSC", 10)] {
        let short: String = description.chars().take(length).collect();
        put(column, short.trim_end().into());
    }
    put("CREATDDT", Value::Time(clock::today()));
    let schedule = cells.iter().find(|(name, _)| name == "UOMSCHDL");
    let schedule = schedule
        .and_then(|(_, value)| value.text())
        .unwrap_or_default();
    let schedule = schedule.trim_end().to_owned();
    if let Some((unit, _)) = master::unit(call, &schedule, "")? {
        for column in ["SELNGUOM", "PRCHSUOM"] {
            if !cells.iter().any(|(known, _)| known == column) {
                cells.push((column.to_owned(), unit.as_str().into()));
            }
        }
    }
    Ok(cells)
}
