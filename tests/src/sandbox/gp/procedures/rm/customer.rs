//! `taUpdateCreateCustomerRcd`: makes a customer, or changes the fields that were sent.

use super::super::super::clock;
use super::super::super::error::Stop;
use super::super::super::heap::rows::{Access, Cell, Row};
use super::super::super::value::Value;
use super::super::call::Call;
use super::super::lookup;
use super::codes;

/// Elements whose column in RM00101 has another name.
const RENAMED: [(&str, &str); 15] = [
    ("ZIPCODE", "ZIP"),
    ("PHNUMBR1", "PHONE1"),
    ("PHNUMBR2", "PHONE2"),
    ("PHNUMBR3", "PHONE3"),
    ("RMCSHACTNUMST", "RMCSHACC"),
    ("RMARACTNUMST", "RMARACC"),
    ("RMSLSACTNUMST", "RMSLSACC"),
    ("RMCOSACTNUMST", "RMCOSACC"),
    ("RMIVACTNUMST", "RMIVACC"),
    ("RMTAKACTNUMST", "RMTAKACC"),
    ("RMAVACTNUMST", "RMAVACC"),
    ("RMFCGACTNUMST", "RMFCGACC"),
    ("RMWRACTNUMST", "RMWRACC"),
    ("RMSORACTNUMST", "RMSORACC"),
    ("RMOvrpymtWrtoffACTNUMST", "RMOvrpymtWrtoffAcctIdx"),
];

/// Runs the procedure.
pub fn run(call: &mut Call<'_, '_>) -> Result<(), Stop> {
    call.check_elements();
    if call.failed() {
        return Ok(());
    }
    let number = call.text("CUSTNMBR");
    let existing = call.find(
        "RM00101",
        &[("CUSTNMBR", number.as_str().into())],
        Access::Update,
    )?;
    let class = check(call, existing.is_some())?;
    if call.failed() {
        return Ok(());
    }
    let mut cells = sent(call)?;
    cells.push(("MODIFDT".to_owned(), Value::Time(clock::today())));
    if let Some(row) = &existing {
        call.set(row, &borrowed(&cells))?;
    } else {
        let all = defaults(call, &number, class.as_ref(), cells);
        call.add("RM00101", &borrowed(&all))?;
        call.add("RM00103", &[("CUSTNMBR", number.as_str().into())])?;
    }
    let address = call.text("ADRSCODE");
    if call.int("CreateAddress", 1) == 1 && !address.is_empty() {
        super::address::write(call, &number, &address)?;
    }
    Ok(())
}

fn borrowed(cells: &[(String, Value)]) -> Vec<Cell<'_>> {
    cells
        .iter()
        .map(|(name, value)| (name.as_str(), value.clone()))
        .collect()
}

/// Checks the values; the class row comes back where its defaults roll down.
fn check(call: &mut Call<'_, '_>, exists: bool) -> Result<Option<Row>, Stop> {
    call.fail_if(
        exists && call.int("UpdateIfExists", 1) == 0,
        codes::CUSTOMER_EXISTS,
    );
    call.fail_if(!exists && call.text("CUSTNAME").is_empty(), codes::NAME);
    let class = call.text("CUSTCLAS");
    let rolls = call.int("UseCustomerClass", 0) == 1;
    call.fail_if(rolls && class.is_empty(), codes::CLASS_MISSING);
    let mut row = None;
    if !class.is_empty() {
        row = call.find(
            "RM00201",
            &[("CLASSID", class.as_str().into())],
            Access::Committed,
        )?;
        call.fail_if(row.is_none(), codes::CLASS);
    }
    lookup::known(call, "PYMTRMID", lookup::TERMS, codes::CUSTOMER_TERMS)?;
    lookup::known(call, "SHIPMTHD", lookup::SHIPPING, codes::CUSTOMER_SHIPPING)?;
    lookup::known(call, "TAXSCHID", lookup::SCHEDULE, codes::CUSTOMER_SCHEDULE)?;
    lookup::known(
        call,
        "SALSTERR",
        lookup::TERRITORY,
        codes::CUSTOMER_TERRITORY,
    )?;
    lookup::known(
        call,
        "PRCLEVEL",
        lookup::PRICE_LEVEL,
        codes::CUSTOMER_PRICE_LEVEL,
    )?;
    lookup::known(
        call,
        "CHEKBKID",
        lookup::CHECKBOOK,
        codes::CUSTOMER_CHECKBOOK,
    )?;
    lookup::salesperson(call, codes::CUSTOMER_SALESPERSON)?;
    lookup::currency(call, codes::CUSTOMER_CURRENCY)?;
    Ok(row.filter(|_| rolls))
}

/// The sent elements as columns of RM00101.
fn sent(call: &mut Call<'_, '_>) -> Result<Vec<(String, Value)>, Stop> {
    let mut cells = call.columns_of("RM00101")?;
    for (element, column) in RENAMED {
        let Some(value) = call.value(element).cloned() else {
            continue;
        };
        if element.ends_with("ACTNUMST") {
            let account = super::super::account_index(call, value.text().unwrap_or_default())?;
            cells.push((column.to_owned(), account.unwrap_or_default().into()));
        } else if !cells.iter().any(|(name, _)| name == column) {
            cells.push((column.to_owned(), value));
        }
    }
    cells.retain(|(name, _)| name != "NOTEINDX" && name != "DEX_ROW_ID");
    Ok(cells)
}

/// A new customer: class defaults under what was sent, names from each other.
fn defaults(
    call: &Call<'_, '_>,
    number: &str,
    class: Option<&Row>,
    sent: Vec<(String, Value)>,
) -> Vec<(String, Value)> {
    let mut cells: Vec<(String, Value)> = Vec::new();
    let mut put = |name: &str, value: Value| {
        if !sent
            .iter()
            .any(|(known, _)| known.eq_ignore_ascii_case(name))
        {
            cells.push((name.to_owned(), value));
        }
    };
    let name = call.text("CUSTNAME");
    put("CUSTNMBR", number.into());
    put("STMTNAME", name.as_str().into());
    put(
        "SHRTNAME",
        name.chars().take(15).collect::<String>().as_str().into(),
    );
    let address = call.text("ADRSCODE");
    for column in ["PRBTADCD", "PRSTADCD", "STADDRCD"] {
        put(column, address.as_str().into());
    }
    put("CREATDDT", Value::Time(clock::today()));
    if let Some(class) = class {
        for column in [
            "PYMTRMID", "SHIPMTHD", "TAXSCHID", "PRCLEVEL", "SLPRSNID", "SALSTERR", "CURNCYID",
            "CHEKBKID",
        ] {
            put(column, class.text(column).into());
        }
        for column in ["CRLMTTYP", "BALNCTYP", "RMCSHACC", "RMARACC", "RMSLSACC"] {
            put(column, class.int(column).into());
        }
        put("CRLMTAMT", class.money("CRLMTAMT").into());
    }
    cells.extend(sent);
    cells
}
