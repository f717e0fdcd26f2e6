//! `taBRBankTransactionDist`: one distribution of the transaction or void that is sent after it.
//!
//! The node names no document: it waits for the next header of the same SQL transaction.

use std::sync::Arc;

use rust_decimal::Decimal;

use super::super::super::error::Stop;
use super::super::super::heap::rows::{Cell, Row};
use super::super::account::{self, Wrong};
use super::super::call::Call;
use super::{TRANSACTION, VOID_RECEIPT, codes};

/// Runs the procedure.
pub fn run(call: &mut Call<'_, '_>) -> Result<(), Stop> {
    call.check_elements();
    if call.failed() {
        return Ok(());
    }
    let option = call.int("Option", 0);
    let known = (TRANSACTION..=VOID_RECEIPT).contains(&option);
    call.fail_if(!known, codes::DIST_OPTION);
    let (debit, credit) = (call.money("DEBITAMT"), call.money("CRDTAMNT"));
    let negative = debit < Decimal::ZERO || credit < Decimal::ZERO;
    call.fail_if(
        negative || debit.is_zero() == credit.is_zero(),
        codes::DIST_SIDES,
    );
    let wrong = Wrong {
        unknown: codes::DIST_ACCOUNT,
        inactive: codes::DIST_ACCOUNT_INACTIVE,
    };
    let account = account::named(call, "ACTINDX", wrong)?;
    let Some(account) = account.filter(|_| !call.failed()) else {
        return Ok(());
    };
    let reference = call.text("DistRef");
    let cells: [Cell<'_>; 6] = [
        ("Trx", transaction(call).into()),
        ("Option1", option.into()),
        ("ACTINDX", account.into()),
        ("DEBITAMT", debit.into()),
        ("CRDTAMNT", credit.into()),
        ("DistRef", reference.as_str().into()),
    ];
    call.add("BRDistWork", &cells).map(|_| ())
}

fn transaction(call: &Call<'_, '_>) -> i64 {
    i64::try_from(call.work.tx).unwrap_or_default()
}

/// What was sent for the document of an option.
pub fn sent(call: &mut Call<'_, '_>, option: i64) -> Result<Vec<Row>, Stop> {
    let key = [
        ("Trx", transaction(call).into()),
        ("Option1", option.into()),
    ];
    call.rows("BRDistWork", &key)
}

/// Takes rows out of the waiting ones.
pub fn take(call: &mut Call<'_, '_>, rows: &[Row]) -> Result<(), Stop> {
    for row in rows {
        let table = Arc::clone(&row.table);
        call.work.delete(&table, row.number)?;
    }
    Ok(())
}
