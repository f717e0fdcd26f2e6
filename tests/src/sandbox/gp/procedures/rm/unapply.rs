//! `taRMUnapplyTransaction`: takes back what a credit memo, return or payment was applied to.

use std::sync::Arc;

use super::super::super::error::Stop;
use super::super::super::heap::rows::{Cell, Row};
use super::super::super::value::Value;
use super::super::call::Call;
use super::{apply, codes};

/// Runs the procedure.
pub fn run(call: &mut Call<'_, '_>) -> Result<(), Stop> {
    call.check_elements();
    if call.failed() {
        return Ok(());
    }
    let (kind, number) = (call.int("RMDTYPAL", 0), call.text("DOCNUMBR"));
    call.fail_if(!(7..=9).contains(&kind), codes::UNAPPLY_TYPE);
    let from = apply::open(call, kind, &number)?;
    let customer = call.text("CUSTNMBR");
    let of_customer = |row: &Row| row.text("CUSTNMBR").eq_ignore_ascii_case(&customer);
    call.fail_if(
        !from.as_ref().is_some_and(of_customer),
        codes::UNAPPLY_MISSING,
    );
    let Some(from) = from.filter(|_| !call.failed()) else {
        return Ok(());
    };
    let mut key: Vec<Cell<'_>> = vec![
        ("APFRDCTY", kind.into()),
        ("APFRDCNM", number.as_str().into()),
    ];
    let to = call.text("APTODCNM");
    if !to.is_empty() {
        key.push(("APTODCTY", call.int("APTODCTY", 0).into()));
        key.push(("APTODCNM", to.as_str().into()));
    }
    let applied = call.rows("RM20201", &key)?;
    call.fail_if(applied.is_empty(), codes::UNAPPLY_NOTHING);
    let mut left = from.money("CURTRXAM");
    for row in &applied {
        left += row.money("APPTOAMT");
        take_back(call, row)?;
    }
    if applied.is_empty() {
        return Ok(());
    }
    call.set(&from, &[("CURTRXAM", left.into())])
}

fn take_back(call: &mut Call<'_, '_>, row: &Row) -> Result<(), Stop> {
    let (taken, written_off) = (row.money("DISTKNAM"), row.money("WROFAMNT"));
    if let Some(to) = apply::open(call, row.int("APTODCTY"), row.text("APTODCNM"))? {
        let left = to.money("CURTRXAM") + row.money("APPTOAMT") + taken + written_off;
        let cells: [Cell<'_>; 4] = [
            ("CURTRXAM", left.into()),
            ("DISTKNAM", (to.money("DISTKNAM") - taken).into()),
            ("WROFAMNT", (to.money("WROFAMNT") - written_off).into()),
            ("DINVPDOF", Value::Time(0)),
        ];
        call.set(&to, &cells)?;
    }
    apply::settles(call, row.text("CUSTNMBR"), -taken, -written_off)?;
    let table = Arc::clone(&row.table);
    call.work.delete(&table, row.number)
}
