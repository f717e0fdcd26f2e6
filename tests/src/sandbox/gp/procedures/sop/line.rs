//! `taSopLineIvcInsert`: a line of a sales document, sent before its header.

use rust_decimal::{Decimal, RoundingStrategy};

use super::super::super::error::Stop;
use super::super::super::heap::rows::{Access, Cell, Row};
use super::super::super::heap::work::Work;
use super::super::super::value::Value;
use super::super::call::Call;
use super::super::lookup;
use super::codes;
use super::document;
use super::stock::{self, Stock};

/// The distance between line sequences.
const STEP: i64 = 16_384;

/// What is known of the line's item.
#[derive(Debug)]
pub struct Item {
    pub row: Option<Row>,
    pub site: String,
    pub unit: String,
    pub base_quantity: Decimal,
}

struct Price {
    unit: Decimal,
    extended: Decimal,
    markdown: Decimal,
}

/// Runs the procedure.
pub fn run(call: &mut Call<'_, '_>) -> Result<(), Stop> {
    call.check_elements();
    if call.failed() {
        return Ok(());
    }
    let existing = check_document(call)?;
    check_values(call)?;
    let item = item(call)?;
    if call.failed() {
        return Ok(());
    }
    let price = price(call, &item)?;
    let stock = stock::plan(call, &item, existing.as_ref())?;
    if call.failed() {
        return Ok(());
    }
    write(call, &item, &price, &stock, existing)
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
    let key = [
        ("SOPNUMBE", number.as_str().into()),
        ("SOPTYPE", kind.into()),
        ("CMPNTSEQ", 0.into()),
        ("LNITMSEQ", sequence.into()),
    ];
    let line = call.find("SOP10200", &key, Access::Update)?;
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

/// Looks the item up, its site and its unit of measure.
fn item(call: &mut Call<'_, '_>) -> Result<Item, Stop> {
    let number = call.text("ITEMNMBR");
    let row = call.find(
        "IV00101",
        &[("ITEMNMBR", number.as_str().into())],
        Access::Dirty,
    )?;
    let (mut site, mut unit) = (call.text("LOCNCODE"), call.text("UOFM"));
    if site.is_empty() {
        site = default_site(call, row.as_ref())?;
    }
    let Some(found) = &row else {
        call.fail_if(call.int("NONINVEN", 0) != 1, codes::ITEM);
        return Ok(Item {
            row,
            site,
            unit,
            base_quantity: Decimal::ONE,
        });
    };
    call.fail_if(found.int("INACTIVE") != 0, codes::ITEM_INACTIVE);
    let schedule = found.text("UOMSCHDL").to_owned();
    if unit.is_empty() {
        found.text("SELNGUOM").clone_into(&mut unit);
    }
    if unit.is_empty() {
        let row = call.find(
            "IV40201",
            &[("UOMSCHDL", schedule.as_str().into())],
            Access::Committed,
        )?;
        unit = row.map_or_else(String::new, |row| row.text("BASEUOFM").to_owned());
    }
    let key = [
        ("UOMSCHDL", schedule.as_str().into()),
        ("UOFM", unit.as_str().into()),
    ];
    let measure = call.find("IV40202", &key, Access::Committed)?;
    call.fail_if(measure.is_none(), codes::UNIT);
    let base_quantity = measure.map_or(Decimal::ONE, |row| row.money("QTYBSUOM"));
    if stock::kept(found) {
        let key = [
            ("ITEMNMBR", number.as_str().into()),
            ("RCRDTYPE", 2.into()),
            ("LOCNCODE", site.as_str().into()),
        ];
        let assigned = call.find("IV00102", &key, Access::Dirty)?;
        let known = call.exists("IV40700", &[("LOCNCODE", site.as_str().into())])?;
        call.fail_if(known && assigned.is_none(), codes::ITEM_SITE);
    }
    Ok(Item {
        row,
        site,
        unit,
        base_quantity,
    })
}

fn default_site(call: &mut Call<'_, '_>, item: Option<&Row>) -> Result<String, Stop> {
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

/// Works the price out or checks the one that was sent.
fn price(call: &mut Call<'_, '_>, item: &Item) -> Result<Price, Stop> {
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
    let key = [
        ("ITEMNMBR", number.as_str().into()),
        ("PRCLEVEL", level.as_str().into()),
        ("UOFM", item.unit.as_str().into()),
    ];
    let quantity = call.money("QUANTITY");
    let rows = call.rows("IV00108", &key)?;
    let fits = |row: &&Row| row.money("FROMQTY") <= quantity && quantity <= row.money("TOQTY");
    Ok(rows.iter().find(fits).map(|row| row.money("UOMPRICE")))
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
    item: &Item,
    price: &Price,
    stock: &Stock,
    existing: Option<Row>,
) -> Result<(), Stop> {
    let mut cells = call.columns_of("SOP10200")?;
    cells.retain(|(_, value)| value.text() != Some("''"));
    let sequence = match call.int("LNITMSEQ", 0) {
        0 => next_sequence(call)?,
        given => given,
    };
    let currency = if call.text("CURNCYID").is_empty() {
        0
    } else {
        lookup::functional(call)?.1
    };
    let mut own: Vec<(&str, Value)> = vec![
        ("LNITMSEQ", sequence.into()),
        ("LOCNCODE", item.site.as_str().into()),
        ("UOFM", item.unit.as_str().into()),
        ("QTYBSUOM", item.base_quantity.into()),
        ("CURRNIDX", currency.into()),
    ];
    own.extend(price_cells(price));
    own.extend(
        stock
            .quantities
            .iter()
            .map(|(column, amount)| (*column, (*amount).into())),
    );
    own.extend(item_cells(call, item));
    own.extend(accounts(call, item)?);
    for (name, value) in own {
        cells.retain(|(known, _)| !known.eq_ignore_ascii_case(name));
        cells.push((name.to_owned(), value));
    }
    let cells: Vec<_> = cells
        .iter()
        .map(|(name, value)| (name.as_str(), value.clone()))
        .collect();
    match existing {
        Some(row) => replace(call, &row, cells)?,
        None => call.add("SOP10200", &cells).map(|_| ())?,
    }
    let number = call.text("SOPNUMBE");
    let key = [
        ("SOPNUMBE", number.as_str().into()),
        ("SOPTYPE", call.int("SOPTYPE", 0).into()),
        ("CMPNTSEQ", 0.into()),
        ("LNITMSEQ", sequence.into()),
    ];
    super::small::comments(call, "SOP10202", &key)
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

/// The prices, each in the functional and in the originating currency.
fn price_cells(price: &Price) -> Vec<(&'static str, Value)> {
    let pairs = [
        ("UNITPRCE", "ORUNTPRC", price.unit),
        ("XTNDPRCE", "OXTNDPRC", price.extended),
        ("REMPRICE", "OREPRICE", price.extended),
        ("MRKDNAMT", "ORMRKDAM", price.markdown),
    ];
    pairs
        .into_iter()
        .flat_map(|(own, twin, amount)| [(own, amount.into()), (twin, amount.into())])
        .collect()
}

/// What the line takes from its item.
fn item_cells(call: &Call<'_, '_>, item: &Item) -> Vec<(&'static str, Value)> {
    let Some(row) = &item.row else {
        return Vec::new();
    };
    let cost = call
        .optional_money("UNITCOST")
        .unwrap_or_else(|| row.money("CURRCOST"));
    let extended = round(cost * call.money("QUANTITY"), 2);
    let mut cells: Vec<(&'static str, Value)> = vec![
        ("UNITCOST", cost.into()),
        ("ORUNTCST", cost.into()),
        ("EXTDCOST", extended.into()),
        ("OREXTCST", extended.into()),
        ("DECPLQTY", row.int("DECPLQTY").into()),
        ("DECPLCUR", row.int("DECPLCUR").into()),
        ("ODECPLCU", row.int("DECPLCUR").into()),
        ("ITEMNMBR", row.text("ITEMNMBR").into()),
    ];
    if call.text("ITEMDESC").is_empty() {
        cells.push(("ITEMDESC", row.text("ITEMDESC").into()));
    }
    cells
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

/// The accounts: those sent as strings, the item's otherwise.
fn accounts(call: &mut Call<'_, '_>, item: &Item) -> Result<Vec<(&'static str, Value)>, Stop> {
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
