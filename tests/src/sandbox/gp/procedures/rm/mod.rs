//! Receivables Management.

pub mod address;
pub mod apply;
pub mod codes;
pub mod commission;
pub mod customer;
pub mod distribution;
pub mod receipt;
pub mod summary;
pub mod tax;
pub mod transaction;
pub mod unapply;
pub mod void;

use rust_decimal::Decimal;

use super::super::error::Stop;
use super::super::heap::rows::{Access, Row};
use super::call::Call;
use super::{Family, numbers};

/// The procedures of the series.
pub static FAMILY: Family = Family {
    nodes: &[
        ("taUpdateCreateCustomerRcd", customer::run),
        ("taCreateCustomerAddress", address::run),
        ("taRMCashReceiptInsert", receipt::run),
        ("taRMDistribution", distribution::run),
        ("taRMTransactionTaxInsert", tax::run),
        ("taRMCommissions", commission::run),
        ("taRMTransaction", transaction::run),
        ("taRMApply", apply::run),
        ("taRMUnapplyTransaction", unapply::run),
        ("taRMVoidTransaction", void::run),
    ],
    helpers: &[("taGetPaymentNumber", numbers::receivable)],
    codes: codes::ALL,
};

/// The document type of payments.
pub const PAYMENT: i64 = 9;

/// What a receivables document is to the customer's account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// Invoices, debit memos, charges, service and warranty: the customer owes more.
    Debit,
    /// Credit memos and returns: the customer owes less.
    Credit,
}

impl Side {
    /// Of a document type a transaction can have.
    pub fn of(kind: i64) -> Option<Self> {
        match kind {
            1 | 3..=6 => Some(Self::Debit),
            7 | 8 => Some(Self::Credit),
            _ => None,
        }
    }

    /// What an amount is to what the customer owes.
    pub fn of_amount(self, amount: Decimal) -> Decimal {
        match self {
            Self::Debit => amount,
            Self::Credit => -amount,
        }
    }
}

/// Whether a document is entered already, in work, open or history.
pub fn entered(call: &mut Call<'_, '_>, kind: i64, number: &str) -> Result<bool, Stop> {
    let key = [("RMDTYPAL", kind.into()), ("DOCNUMBR", number.into())];
    call.exists("RM00401", &key)
}

/// The customer a document names, which must be active.
pub fn customer_of(
    call: &mut Call<'_, '_>,
    unknown: i32,
    inactive: i32,
) -> Result<Option<Row>, Stop> {
    let number = call.text("CUSTNMBR");
    let key = [("CUSTNMBR", number.as_str().into())];
    let customer = call.find("RM00101", &key, Access::Committed)?;
    match &customer {
        None => call.fail(unknown),
        Some(row) => call.fail_if(row.int("INACTIVE") != 0, inactive),
    }
    Ok(customer)
}
