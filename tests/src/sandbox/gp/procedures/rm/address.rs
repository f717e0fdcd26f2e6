//! `taCreateCustomerAddress`: an address of a customer.

use super::super::super::clock;
use super::super::super::error::Stop;
use super::super::super::heap::rows::{Access, Cell};
use super::super::super::value::Value;
use super::super::call::Call;
use super::super::lookup;
use super::codes;

/// Runs the procedure.
pub fn run(call: &mut Call<'_, '_>) -> Result<(), Stop> {
    call.check_elements();
    if call.failed() {
        return Ok(());
    }
    let (customer, address) = (call.text("CUSTNMBR"), call.text("ADRSCODE"));
    let known = call.exists("RM00101", &[("CUSTNMBR", customer.as_str().into())])?;
    call.fail_if(!known, codes::ADDRESS_CUSTOMER);
    let key = [
        ("CUSTNMBR", customer.as_str().into()),
        ("ADRSCODE", address.as_str().into()),
    ];
    let exists = call.exists("RM00102", &key)?;
    call.fail_if(
        exists && call.int("UpdateIfExists", 1) == 0,
        codes::ADDRESS_EXISTS,
    );
    lookup::known(call, "SHIPMTHD", lookup::SHIPPING, codes::ADDRESS_SHIPPING)?;
    lookup::known(call, "TAXSCHID", lookup::SCHEDULE, codes::ADDRESS_SCHEDULE)?;
    lookup::known(call, "LOCNCODE", lookup::SITE, codes::ADDRESS_SITE)?;
    lookup::known(
        call,
        "SALSTERR",
        lookup::TERRITORY,
        codes::ADDRESS_TERRITORY,
    )?;
    lookup::salesperson(call, codes::ADDRESS_SALESPERSON)?;
    if call.failed() {
        return Ok(());
    }
    write(call, &customer, &address)
}

/// Makes the address, or changes what was sent of it.
pub fn write(call: &mut Call<'_, '_>, customer: &str, address: &str) -> Result<(), Stop> {
    let mut cells = call.columns_of("RM00102")?;
    for (element, column) in [
        ("ZIPCODE", "ZIP"),
        ("PHNUMBR1", "PHONE1"),
        ("PHNUMBR2", "PHONE2"),
        ("PHNUMBR3", "PHONE3"),
    ] {
        if let Some(value) = call.value(element).cloned() {
            cells.push((column.to_owned(), value));
        }
    }
    cells.retain(|(name, _)| !["CUSTNMBR", "ADRSCODE", "DEX_ROW_ID"].contains(&name.as_str()));
    let mut all: Vec<Cell<'_>> = cells
        .iter()
        .map(|(name, value)| (name.as_str(), value.clone()))
        .collect();
    all.push(("MODIFDT", Value::Time(clock::today())));
    let key = [("CUSTNMBR", customer.into()), ("ADRSCODE", address.into())];
    if let Some(row) = call.find("RM00102", &key, Access::Update)? {
        return call.set(&row, &all);
    }
    all.extend(key);
    all.push(("CREATDDT", Value::Time(clock::today())));
    call.add("RM00102", &all).map(|_| ())
}
