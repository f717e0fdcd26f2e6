//! What all series share: batches, internet addresses, error texts.

pub mod batch;
pub mod codes;
pub mod internet;

use super::Family;
use super::update_string;

/// The procedures of the series.
pub static FAMILY: Family = Family {
    nodes: &[
        ("taCreateInternetAddresses", internet::run),
        ("taCreateUpdateBatchHeaderRcd", batch::run),
    ],
    helpers: &[("taUpdateString", update_string::run)],
    codes: codes::ALL,
};
