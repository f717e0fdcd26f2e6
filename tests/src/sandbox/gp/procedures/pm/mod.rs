//! Payables Management.

pub mod address;
pub mod check;
pub mod codes;
pub mod distribution;
pub mod lookups;
pub mod tax;
pub mod transaction;
pub mod transaction_lines;
pub mod vendor;

use super::{Family, numbers};

/// The procedures of the series.
pub static FAMILY: Family = Family {
    nodes: &[
        ("taPMTransactionTaxInsert", tax::run),
        ("taPMDistribution", distribution::run),
        ("taPMTransactionInsert", transaction::run),
        ("taCreateVendorAddress", address::run),
        ("taUpdateCreateVendorRcd", vendor::run),
        ("taPMManualCheck", check::run),
    ],
    helpers: &[("taGetPMNextVoucherNumber", numbers::voucher)],
    codes: codes::ALL,
};

/// What payments are to Payables: a document type, and a control type of their own numbers.
#[derive(Debug, Clone, Copy)]
pub struct Payment {
    pub kind: i64,
    pub control: i64,
}

pub const PAYMENT: Payment = Payment {
    kind: 6,
    control: 1,
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
