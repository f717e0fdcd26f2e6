//! Checks of values against setup tables, shared by the procedures.

use super::super::error::Stop;
use super::super::heap::rows::{Access, Row};
use super::call::Call;

/// A setup table and its key column.
#[derive(Debug, Clone, Copy)]
pub struct Setup {
    pub table: &'static str,
    pub key: &'static str,
}

pub const SHIPPING: Setup = Setup {
    table: "SY03000",
    key: "SHIPMTHD",
};
pub const TERMS: Setup = Setup {
    table: "SY03300",
    key: "PYMTRMID",
};
pub const SCHEDULE: Setup = Setup {
    table: "TX00101",
    key: "TAXSCHID",
};
pub const TERRITORY: Setup = Setup {
    table: "RM00303",
    key: "SALSTERR",
};
pub const SALESPERSON: Setup = Setup {
    table: "RM00301",
    key: "SLPRSNID",
};
pub const PRICE_LEVEL: Setup = Setup {
    table: "IV40800",
    key: "PRCLEVEL",
};
pub const SITE: Setup = Setup {
    table: "IV40700",
    key: "LOCNCODE",
};
pub const CHECKBOOK: Setup = Setup {
    table: "CM00100",
    key: "CHEKBKID",
};
pub const CARD: Setup = Setup {
    table: "SY03100",
    key: "CARDNAME",
};

/// Two single quotes stand for a blank schedule.
const BLANK: &str = "''";

/// Fails with a code if an element names something its setup table lacks.
pub fn known(call: &mut Call<'_, '_>, element: &str, setup: Setup, code: i32) -> Result<(), Stop> {
    let value = call.text(element);
    if value.is_empty() || value == BLANK {
        return Ok(());
    }
    let found = call.exists(setup.table, &[(setup.key, value.as_str().into())])?;
    call.fail_if(!found, code);
    Ok(())
}

/// Fails if an element names an unknown or inactive salesperson.
pub fn salesperson(call: &mut Call<'_, '_>, unknown: i32) -> Result<(), Stop> {
    let value = call.text("SLPRSNID");
    if value.is_empty() {
        return Ok(());
    }
    match call.find(
        "RM00301",
        &[("SLPRSNID", value.as_str().into())],
        Access::Committed,
    )? {
        None => call.fail(unknown),
        Some(row) => call.fail_if(
            row.int("INACTIVE") != 0,
            super::sop::codes::SALESPERSON_INACTIVE,
        ),
    }
    Ok(())
}

/// Fails if an element names a currency the system database lacks.
pub fn currency(call: &mut Call<'_, '_>, code: i32) -> Result<(), Stop> {
    let value = call.text("CURNCYID");
    if value.is_empty() {
        return Ok(());
    }
    let found = currency_row(call, &value)?;
    call.fail_if(found.is_none(), code);
    Ok(())
}

/// A currency of the system database.
pub fn currency_row(call: &mut Call<'_, '_>, id: &str) -> Result<Option<Row>, Stop> {
    let table = call.work.table(call.system, "MC40200")?;
    let key = [("CURNCYID", id.into())];
    call.work.find(&table, &key, Access::Committed)
}

/// The index of the currency that is sent, or of the functional one.
pub fn currency_index(call: &mut Call<'_, '_>) -> Result<i64, Stop> {
    let value = call.text("CURNCYID");
    if value.is_empty() {
        return Ok(functional(call)?.1);
    }
    let found = currency_row(call, &value)?;
    Ok(found.map_or(0, |row| row.int("CURRNIDX")))
}

/// The functional currency and its index.
pub fn functional(call: &mut Call<'_, '_>) -> Result<(String, i64), Stop> {
    let table = call.work.table(call.database, "MC40000")?;
    let rows = call.work.select(&table, &[], Access::Committed)?;
    Ok(rows.first().map_or_else(
        || (String::new(), 0),
        |row| (row.text("FUNLCURR").to_owned(), row.int("FUNCRIDX")),
    ))
}

/// Whether a GP user has the document open.
pub fn open_by_user(call: &mut Call<'_, '_>, row: i64) -> Result<bool, Stop> {
    let Some(place) = call.work.inner.registry.database("tempdb") else {
        return Ok(false);
    };
    let path = format!(
        "{}.dbo.SOP10100",
        call.work.inner.registry.databases[call.database].name
    );
    let table = call.work.table(place, "DEX_LOCK")?;
    let key = [
        ("row_id", row.into()),
        ("table_path_name", path.as_str().into()),
    ];
    Ok(call.work.find(&table, &key, Access::Committed)?.is_some())
}
