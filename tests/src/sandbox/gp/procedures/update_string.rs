//! `taUpdateString`: appends one code to an error string.

use super::super::error::Stop;
use super::super::heap::work::Work;
use super::super::value::Value;
use super::call::{Argument, Call, Reply};
use super::signature::Signature;

/// Runs the procedure.
pub fn run(
    work: &mut Work<'_>,
    database: usize,
    signature: &Signature,
    arguments: &[Argument],
) -> Result<Reply, Stop> {
    let call = Call::bind(work, database, signature, arguments)?;
    let code = call.int("ERRORVALUE", 0);
    let text = format!("{} {code} ", call.text("ERROR").trim());
    let outputs = vec![
        (
            "@i_ierror".to_owned(),
            Value::Text(text.trim_start().to_owned()),
        ),
        ("@o_ierrorstate".to_owned(), Value::Int(0)),
    ];
    Ok(Reply { status: 0, outputs })
}
