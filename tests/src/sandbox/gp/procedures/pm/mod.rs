//! Payables Management.

pub mod account;
pub mod address;
pub mod codes;
pub mod distribution;
pub mod tax;
pub mod transaction;
pub mod transaction_lines;

use super::{Family, numbers};

/// The procedures of the series.
pub static FAMILY: Family = Family {
    nodes: &[
        ("taPMTransactionTaxInsert", tax::run),
        ("taPMDistribution", distribution::run),
        ("taPMTransactionInsert", transaction::run),
        ("taCreateVendorAddress", address::run),
    ],
    helpers: &[("taGetPMNextVoucherNumber", numbers::voucher)],
    codes: codes::ALL,
};

/// What a payables document type is to the vendor's account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    /// Invoices, finance and miscellaneous charges: the company owes more.
    Owed,
    /// Returns and credit memos: the company owes less.
    Credited,
}

impl Effect {
    /// Of a document type a voucher can have.
    pub fn of(kind: i64) -> Option<Self> {
        match kind {
            1..=3 => Some(Self::Owed),
            4 | 5 => Some(Self::Credited),
            _ => None,
        }
    }
}
