//! Receivables Management.

pub mod address;
pub mod codes;
pub mod customer;
pub mod receipt;

use super::{Family, numbers};

/// The procedures of the series.
pub static FAMILY: Family = Family {
    nodes: &[
        ("taUpdateCreateCustomerRcd", customer::run),
        ("taCreateCustomerAddress", address::run),
        ("taRMCashReceiptInsert", receipt::run),
    ],
    helpers: &[("taGetPaymentNumber", numbers::receivable)],
    codes: codes::ALL,
};
