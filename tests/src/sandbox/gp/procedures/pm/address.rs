//! `taCreateVendorAddress`: an address of a vendor.

use super::super::super::error::Stop;
use super::super::super::heap::rows::{Access, Cell};
use super::super::call::Call;
use super::super::lookup;
use super::codes;

/// Runs the procedure.
pub fn run(call: &mut Call<'_, '_>) -> Result<(), Stop> {
    call.check_elements();
    if call.failed() {
        return Ok(());
    }
    let (vendor, address) = (call.text("VENDORID"), call.text("ADRSCODE"));
    let known = call.exists("PM00200", &[("VENDORID", vendor.as_str().into())])?;
    call.fail_if(!known, codes::ADDRESS_VENDOR);
    let key = [
        ("VENDORID", vendor.as_str().into()),
        ("ADRSCODE", address.as_str().into()),
    ];
    let exists = call.find("PM00300", &key, Access::Update)?.is_some();
    let update = call.int("UpdateIfExists", 1);
    call.fail_if(exists && update == 0, codes::ADDRESS_EXISTS);
    call.fail_if(!(0..=1).contains(&update), codes::ADDRESS_UPDATE);
    lookup::known(call, "SHIPMTHD", lookup::SHIPPING, codes::ADDRESS_SHIPPING)?;
    lookup::known(call, "TAXSCHID", lookup::SCHEDULE, codes::ADDRESS_SCHEDULE)?;
    if call.failed() {
        return Ok(());
    }
    write(call, &vendor, &address)
}

/// Makes the address, or changes what was sent of it.
pub fn write(call: &mut Call<'_, '_>, vendor: &str, address: &str) -> Result<(), Stop> {
    let mut sent = call.columns_of("PM00300")?;
    sent.retain(|(name, _)| !["VENDORID", "ADRSCODE"].contains(&name.as_str()));
    if let Some(phone) = call.value("PHNUMBR3").cloned() {
        sent.push(("PHONE3".to_owned(), phone));
    }
    let mut cells: Vec<Cell<'_>> = sent
        .iter()
        .map(|(name, value)| (name.as_str(), value.clone()))
        .collect();
    let key = [("VENDORID", vendor.into()), ("ADRSCODE", address.into())];
    if let Some(row) = call.find("PM00300", &key, Access::Update)? {
        return call.set(&row, &cells);
    }
    cells.extend(key);
    call.add("PM00300", &cells).map(|_| ())
}
