//! Bank Reconciliation.

pub mod codes;
pub mod deposit;
pub mod distribution;
pub mod journal;
pub mod transaction;
pub mod void;

use rust_decimal::Decimal;

use super::super::clock;
use super::super::error::Stop;
use super::super::heap::rows::{Access, Row};
use super::super::value::Value;
use super::Family;
use super::call::Call;

/// The procedures of the series.
pub static FAMILY: Family = Family {
    nodes: &[
        ("taBRBankTransactionDist", distribution::run),
        ("taBRBankTransactionHeader", transaction::run),
        ("taBRBankTransactionVoid", void::run),
        ("taBRBankDepositsLine", deposit::line),
        ("taBRBankDepositsHeader", deposit::header),
        ("taBRPostBankDeposits", deposit::post),
    ],
    helpers: &[],
    codes: codes::ALL,
};

/// What the option of a node stands for.
pub const TRANSACTION: i64 = 1;
pub const RECEIPT: i64 = 2;
pub const VOID_TRANSACTION: i64 = 3;
pub const VOID_RECEIPT: i64 = 4;
/// The transaction type of a posted deposit.
pub const DEPOSIT: i64 = 1;
/// The transaction type of a receipt.
pub const RECEIVED: i64 = 2;
/// Two decimals, as columns of decimal places tell them: 1 to 6 for 0 to 5.
pub const DECIMALS: i64 = 3;

/// The checkbook a node names, locked.
fn checkbook(call: &mut Call<'_, '_>) -> Result<Option<Row>, Stop> {
    let checkbook = call.text("CHEKBKID");
    let key = [("CHEKBKID", checkbook.as_str().into())];
    call.find("CM00100", &key, Access::Update)
}

/// The number of the next bank record.
fn record(call: &mut Call<'_, '_>) -> Result<Decimal, Stop> {
    let key = [("SETUPKEY", 1.into())];
    let Some(setup) = call.find("CM40101", &key, Access::Update)? else {
        return Ok(Decimal::ONE);
    };
    let number = setup.money("NXTRECNM");
    call.set(&setup, &[("NXTRECNM", (number + Decimal::ONE).into())])?;
    Ok(number)
}

/// Changes what a checkbook holds.
fn changes(call: &mut Call<'_, '_>, more: Decimal) -> Result<(), Stop> {
    if let Some(row) = checkbook(call)? {
        let cells = [
            ("CURRBLNC", (row.money("CURRBLNC") + more).into()),
            ("MODIFDT", Value::Time(clock::today())),
        ];
        call.set(&row, &cells)?;
    }
    Ok(())
}
