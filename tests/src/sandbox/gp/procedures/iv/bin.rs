//! `taIVTransactionMultiBinInsert`: the bin of a line, where a company uses bins.

use super::super::super::error::Stop;
use super::super::super::heap::rows::Access;
use super::super::call::Call;
use super::codes;

/// Runs the procedure.
pub fn run(call: &mut Call<'_, '_>) -> Result<(), Stop> {
    call.check_elements();
    if call.failed() {
        return Ok(());
    }
    let setup = call.find("IV40100", &[("SETUPKEY", 1.into())], Access::Committed)?;
    let on = setup.is_some_and(|row| row.int("ENABLEMULTIBIN") != 0);
    call.fail(if on {
        codes::BIN_UNBUILT
    } else {
        codes::BIN_OFF
    });
    Ok(())
}
