//! `taItemSite`: gives an item a site.

use super::super::super::error::Stop;
use super::super::super::heap::rows::Access;
use super::super::call::Call;
use super::super::lookup;
use super::{codes, master};

/// Runs the procedure.
pub fn run(call: &mut Call<'_, '_>) -> Result<(), Stop> {
    call.check_elements();
    if call.failed() {
        return Ok(());
    }
    let (item, site) = (call.text("ITEMNMBR"), call.text("LOCNCODE"));
    let unknown = master::item(call, &item)?.is_none();
    call.fail_if(unknown, codes::ITEM_SITE_ITEM);
    lookup::known(call, "LOCNCODE", lookup::SITE, codes::ITEM_SITE_SITE)?;
    lookup::known(
        call,
        "PRIMVNDR",
        super::vendor::VENDOR,
        codes::ITEM_SITE_VENDOR,
    )?;
    let known = master::quantities(call, &item, &site, Access::Update)?;
    call.fail_if(
        known.is_some() && call.int("UpdateIfExists", 1) == 0,
        codes::ITEM_SITE_EXISTS,
    );
    if call.failed() {
        return Ok(());
    }
    master::assign(call, &item, "")?;
    master::assign(call, &item, &site)?;
    let mut cells = call.columns_of("IV00102")?;
    cells.retain(|(name, _)| name != "ITEMNMBR" && name != "LOCNCODE");
    let Some(row) = master::quantities(call, &item, &site, Access::Update)? else {
        return Ok(());
    };
    call.set(&row, &master::borrowed(&cells))
}
