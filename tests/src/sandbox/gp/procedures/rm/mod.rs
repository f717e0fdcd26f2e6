//! Receivables Management.

pub mod address;
pub mod codes;
pub mod customer;

use super::Family;

/// The procedures of the series.
pub static FAMILY: Family = Family {
    nodes: &[
        ("taUpdateCreateCustomerRcd", customer::run),
        ("taCreateCustomerAddress", address::run),
    ],
    helpers: &[],
    codes: codes::ALL,
};
