//! The eConnect procedures the sandbox has, each a function over the row API.

pub mod call;
pub mod codes;
pub mod signature;

pub mod address;
pub mod batch;
pub mod customer;
pub mod distribution;
pub mod header;
pub mod header_cells;
pub mod internet;
pub mod line;
pub mod lookup;
pub mod note;
pub mod numbers;
pub mod payment;
pub mod small;
pub mod stock;
pub mod tax;
pub mod update_string;

use super::error::{SqlError, Stop};
use super::heap::rows::Access;
use super::heap::work::Work;
use call::{Argument, Call, Reply};
use signature::Signature;

type Body = fn(&mut Call<'_, '_>) -> Result<(), Stop>;

/// The body of a procedure that answers with codes.
fn body(name: &str) -> Option<Body> {
    Some(match name {
        "tasophdrivcinsert" => header::run,
        "tasoplineivcinsert" => line::run,
        "tasoplineivctaxinsert" => tax::run,
        "tacreatesoppaymentinsertrecord" => payment::run,
        "tasopuserdefined" => small::user_defined,
        "tasoptrackingnum" => small::tracking,
        "tasopdistribution" => distribution::run,
        "taupdatecreatecustomerrcd" => customer::run,
        "tacreatecustomeraddress" => address::run,
        "tacreateinternetaddresses" => internet::run,
        "tacreateupdatebatchheaderrcd" => batch::run,
        _ => return None,
    })
}

/// The index of an account by its number string.
fn account_index(call: &mut Call<'_, '_>, text: &str) -> Result<Option<i64>, Stop> {
    let row = call.find("GL00105", &[("ACTNUMST", text.into())], Access::Committed)?;
    Ok(row.map(|row| row.int("ACTINDX")))
}

/// Calls a procedure; its codes come back in the reply, its SQL errors as errors.
pub fn call(
    work: &mut Work<'_>,
    database: usize,
    name: &str,
    arguments: &[Argument],
) -> Result<Reply, Stop> {
    let key = name.to_ascii_lowercase();
    let Some(signature) = signature::all().get(&key) else {
        return Err(
            SqlError::new(2812, format!("Could not find stored procedure '{name}'.")).into(),
        );
    };
    match key.as_str() {
        "tagetsopnumber" => return numbers::sop(work, database, signature, arguments),
        "tagetnextjournalentry" => return numbers::journal(work, database, signature, arguments),
        "taupdatestring" => return update_string::run(work, database, signature, arguments),
        _ => {}
    }
    let Some(body) = body(&key) else {
        return Err(not_built(signature).into());
    };
    let mut call = Call::bind(work, database, signature, arguments)?;
    body(&mut call).map_err(|stop| match stop {
        Stop::Error(error) => Stop::Error(error.in_procedure(&signature.name)),
        Stop::Blocked(holder) => Stop::Blocked(holder),
    })?;
    Ok(call.reply())
}

fn not_built(signature: &Signature) -> SqlError {
    SqlError::new(
        2812,
        format!(
            "Could not find stored procedure '{}' (sandbox: not built).",
            signature.name
        ),
    )
}
