//! `taCreateInternetAddresses`: e-mail and web addresses of a master record.

use super::super::super::error::Stop;
use super::super::super::heap::rows::{Access, Cell};
use super::super::call::Call;
use super::codes;

/// Runs the procedure.
pub fn run(call: &mut Call<'_, '_>) -> Result<(), Stop> {
    call.check_elements();
    if call.failed() {
        return Ok(());
    }
    let kind = call.text("Master_Type").to_ascii_uppercase();
    let (master, address) = (call.text("Master_ID"), call.text("ADRSCODE"));
    let owner = match kind.as_str() {
        "CUS" => Some(("RM00101", "CUSTNMBR")),
        "ITM" => Some(("IV00101", "ITEMNMBR")),
        "VEN" => Some(("PM00200", "VENDORID")),
        "SLP" => Some(("RM00301", "SLPRSNID")),
        "CMP" | "EMP" => None,
        _ => {
            call.fail(codes::MASTER_TYPE);
            return Ok(());
        }
    };
    if let Some((table, column)) = owner {
        let known = call.exists(table, &[(column, master.as_str().into())])?;
        call.fail_if(!known, codes::MASTER);
    }
    if kind == "CUS" {
        let key = [
            ("CUSTNMBR", master.as_str().into()),
            ("ADRSCODE", address.as_str().into()),
        ];
        let known = call.exists("RM00102", &key)?;
        call.fail_if(!known, codes::MASTER_ADDRESS);
    }
    if call.failed() {
        return Ok(());
    }
    let sent = call.columns_of("SY01200")?;
    let mut cells: Vec<Cell<'_>> = sent
        .iter()
        .filter(|(name, _)| {
            !["Master_Type", "Master_ID", "ADRSCODE", "DEX_ROW_ID"].contains(&name.as_str())
        })
        .map(|(name, value)| (name.as_str(), value.clone()))
        .collect();
    let key = [
        ("Master_Type", kind.as_str().into()),
        ("Master_ID", master.as_str().into()),
        ("ADRSCODE", address.as_str().into()),
    ];
    if let Some(row) = call.find("SY01200", &key, Access::Update)? {
        return call.set(&row, &cells);
    }
    cells.extend(key);
    call.add("SY01200", &cells).map(|_| ())
}
