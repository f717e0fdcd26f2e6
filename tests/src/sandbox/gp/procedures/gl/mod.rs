//! General Ledger.

pub mod codes;
pub mod header;
pub mod line;

use super::{Family, numbers};

/// The procedures of the series.
pub static FAMILY: Family = Family {
    nodes: &[
        ("taGLTransactionHeaderInsert", header::run),
        ("taGLTransactionLineInsert", line::run),
    ],
    helpers: &[("taGetNextJournalEntry", numbers::journal)],
    codes: codes::ALL,
};
