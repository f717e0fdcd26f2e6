//! Bank Reconciliation.

pub mod codes;

use super::Family;

/// The procedures of the series.
pub static FAMILY: Family = Family {
    nodes: &[],
    helpers: &[],
    codes: codes::ALL,
};
