//! `taUpdateCreateVendorRcd`: makes a vendor, or changes the fields that were sent.

use rust_decimal::Decimal;

use super::super::super::clock;
use super::super::super::error::Stop;
use super::super::super::heap::rows::{Access, Cell, Row};
use super::super::super::value::Value;
use super::super::call::Call;
use super::super::{account_index, lookup, note};
use super::{address, codes};

/// Accounts come as number strings; PM00200 holds their indexes.
const ACCOUNTS: [(&str, &str); 13] = [
    ("PMCSHACTNUMST", "PMCSHIDX"),
    ("PMAPACTNUMST", "PMAPINDX"),
    ("PMDAVACTNUMST", "PMDAVIDX"),
    ("PMDTKACTNUMST", "PMDTKIDX"),
    ("PMFINACTNUMST", "PMFINIDX"),
    ("PMPRCHACTNUMST", "PMPRCHIX"),
    ("PMTDSCACTNUMST", "PMTDSCIX"),
    ("PMMSCHACTNUMST", "PMMSCHIX"),
    ("PMFRTACTNUMST", "PMFRTIDX"),
    ("PMTAXACTNUMST", "PMTAXIDX"),
    ("PMWRTACTNUMST", "PMWRTIDX"),
    ("ACPURACTNUMST", "ACPURIDX"),
    ("PURPVACTNUMST", "PURPVIDX"),
];
/// Elements in percent; GP's columns hold hundredths of a percent.
const PERCENTS: [&str; 2] = ["TRDDISCT", "MINPYPCT"];
const AMOUNTS: [&str; 5] = ["MINORDER", "MINPYDLR", "MAXINDLR", "CRLMTDLR", "MXWOFAMT"];
/// What makes a primary address worth a code.
const ADDRESS: [&str; 6] = [
    "ADDRESS1", "ADDRESS2", "ADDRESS3", "CITY", "STATE", "ZIPCODE",
];
/// Columns of a class that say something of the class itself.
const OF_CLASS: [&str; 7] = [
    "VNDCLSID",
    "VNDCLDSC",
    "DEFLTCLS",
    "MXINVAMT",
    "MODIFDT",
    "CREATDDT",
    "DEX_ROW_ID",
];

type Cells = Vec<(String, Value)>;

/// Runs the procedure.
pub fn run(call: &mut Call<'_, '_>) -> Result<(), Stop> {
    call.check_elements();
    if call.failed() {
        return Ok(());
    }
    let number = call.text("VENDORID");
    let key = [("VENDORID", number.as_str().into())];
    let existing = call.find("PM00200", &key, Access::Update)?;
    check_choices(call, existing.is_some());
    check_amounts(call);
    check_setup(call)?;
    let class = class(call)?;
    let primary = primary(call, existing.as_ref());
    let mut cells = sent(call)?;
    if call.failed() {
        return Ok(());
    }
    if let Some(index) = note::write(call)? {
        cells.push(("NOTEINDX".to_owned(), index.into()));
    }
    cells.push(("MODIFDT".to_owned(), Value::Time(clock::today())));
    if let Some(row) = &existing {
        call.set(row, &borrowed(&cells))?;
    } else {
        let all = new(call, &number, class.as_ref(), cells);
        call.add("PM00200", &borrowed(&all))?;
        call.add("PM00201", &key)?;
    }
    if call.int("CreateAddress", 1) == 1 && !primary.is_empty() {
        address::write(call, &number, &primary)?;
    }
    Ok(())
}

fn borrowed(cells: &Cells) -> Vec<Cell<'_>> {
    let cells = cells.iter();
    cells
        .map(|(name, value)| (name.as_str(), value.clone()))
        .collect()
}

fn check_choices(call: &mut Call<'_, '_>, exists: bool) {
    let update = call.int("UpdateIfExists", 1);
    call.fail_if(exists && update == 0, codes::VENDOR_EXISTS);
    call.fail_if(!(0..=1).contains(&update), codes::VENDOR_UPDATE);
    let named = call.given("VENDNAME");
    let nameless = call.text("VENDNAME").is_empty() && (named || !exists);
    call.fail_if(nameless, codes::VENDOR_NAME);
    for (element, code) in [
        ("UseVendorClass", codes::VENDOR_USE_CLASS),
        ("CreateAddress", codes::VENDOR_CREATE_ADDRESS),
        ("HOLD", codes::VENDOR_ON_HOLD),
    ] {
        let chosen = call.int(element, 0);
        call.fail_if(!(0..=1).contains(&chosen), code);
    }
    let status = call.int("VENDSTTS", 1);
    call.fail_if(!(1..=3).contains(&status), codes::VENDOR_STATUS);
}

fn check_amounts(call: &mut Call<'_, '_>) {
    let whole = Decimal::ZERO..=Decimal::ONE_HUNDRED;
    let percents = PERCENTS.map(|name| call.money(name));
    let strange = percents.iter().any(|percent| !whole.contains(percent));
    call.fail_if(strange, codes::VENDOR_PERCENT);
    let amounts = AMOUNTS.map(|name| call.money(name));
    let negative = amounts.iter().any(|amount| *amount < Decimal::ZERO);
    call.fail_if(negative, codes::VENDOR_NEGATIVE);
}

fn check_setup(call: &mut Call<'_, '_>) -> Result<(), Stop> {
    lookup::known(call, "PYMTRMID", lookup::TERMS, codes::VENDOR_TERMS)?;
    lookup::known(call, "SHIPMTHD", lookup::SHIPPING, codes::VENDOR_SHIPPING)?;
    lookup::known(call, "TAXSCHID", lookup::SCHEDULE, codes::VENDOR_SCHEDULE)?;
    lookup::known(call, "CHEKBKID", lookup::CHECKBOOK, codes::VENDOR_CHECKBOOK)?;
    lookup::currency(call, codes::VENDOR_CURRENCY)
}

/// The class whose defaults roll down.
fn class(call: &mut Call<'_, '_>) -> Result<Option<Row>, Stop> {
    let class = call.text("VNDCLSID");
    let rolls = call.int("UseVendorClass", 0) == 1;
    if class.is_empty() {
        call.fail_if(rolls, codes::VENDOR_CLASS_MISSING);
        return Ok(None);
    }
    let key = [("VNDCLSID", class.as_str().into())];
    let row = call.find("PM00100", &key, Access::Committed)?;
    call.fail_if(row.is_none(), codes::VENDOR_CLASS);
    Ok(row.filter(|_| rolls))
}

/// The code of the primary address: as sent, or as the vendor has it.
fn primary(call: &mut Call<'_, '_>, existing: Option<&Row>) -> String {
    let code = match call.text("VADDCDPR") {
        sent if sent.is_empty() => existing.map_or("", |row| row.text("VADDCDPR")).to_owned(),
        sent => sent,
    };
    let mut lines = ADDRESS.iter();
    let addressed = lines.any(|name| !call.text(name).is_empty());
    let made = call.int("CreateAddress", 1) == 1;
    call.fail_if(
        made && addressed && code.is_empty(),
        codes::VENDOR_ADDRESS_CODE,
    );
    code
}

/// The sent elements as columns of PM00200.
fn sent(call: &mut Call<'_, '_>) -> Result<Cells, Stop> {
    let mut cells = call.columns_of("PM00200")?;
    cells.retain(|(name, _)| name != "VENDORID" && !PERCENTS.contains(&name.as_str()));
    for name in PERCENTS {
        if let Some(percent) = call.optional_money(name) {
            let hundredths = (percent * Decimal::ONE_HUNDRED).round();
            cells.push((name.to_owned(), hundredths.into()));
        }
    }
    if let Some(phone) = call.value("PHNUMBR3").cloned() {
        cells.push(("PHONE3".to_owned(), phone));
    }
    for (element, column) in ACCOUNTS {
        if !call.given(element) {
            continue;
        }
        let account = match call.text(element) {
            blank if blank.is_empty() => Some(0),
            number => account_index(call, &number)?,
        };
        call.fail_if(account.is_none(), codes::VENDOR_ACCOUNT);
        cells.push((column.to_owned(), account.unwrap_or_default().into()));
    }
    Ok(cells)
}

/// A new vendor: what was sent over the defaults of its class, over those of GP's own window.
fn new(call: &Call<'_, '_>, number: &str, class: Option<&Row>, sent: Cells) -> Cells {
    let name = call.text("VENDNAME");
    let short: String = name.chars().take(15).collect();
    let mut cells: Cells = sent;
    let mut put = |column: &str, value: Value| {
        if !cells.iter().any(|(known, _)| known == column) {
            cells.push((column.to_owned(), value));
        }
    };
    put("VENDORID", number.into());
    put("VENDSHNM", short.trim_end().into());
    put("VNDCHKNM", name.as_str().into());
    let address = call.text("VADDCDPR");
    for column in ["VADCDPAD", "VADCDSFR", "VADCDTRO"] {
        put(column, address.as_str().into());
    }
    put("CREATDDT", Value::Time(clock::today()));
    put("VENDSTTS", 1.into());
    if let Some(class) = class {
        put("MAXINDLR", class.get("MXINVAMT").clone());
        let columns = class.table.columns.iter().map(|column| &column.name);
        for column in columns.filter(|name| !OF_CLASS.contains(&name.as_str())) {
            put(column, class.get(column).clone());
        }
    }
    // The reference is silent on these: the window begins with all history kept, no 1099 and no
    // free on board.
    for column in ["KPCALHST", "KGLDSTHS", "KPERHIST", "KPTRXHST"] {
        put(column, 1.into());
    }
    put("TEN99TYPE", 1.into());
    put("FREEONBOARD", 1.into());
    cells
}
