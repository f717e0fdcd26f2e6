//! Sales Order Processing.

pub mod codes;
pub mod distribution;
pub mod header;
pub mod header_cells;
pub mod line;
pub mod payment;
pub mod small;
pub mod stock;
pub mod tax;

use super::Family;
use super::numbers;

/// The procedures of the series.
pub static FAMILY: Family = Family {
    nodes: &[
        ("taSopHdrIvcInsert", header::run),
        ("taSopLineIvcInsert", line::run),
        ("taSopLineIvcTaxInsert", tax::run),
        ("taCreateSopPaymentInsertRecord", payment::run),
        ("taSopUserDefined", small::user_defined),
        ("taSopDistribution", distribution::run),
        ("taSopTrackingNum", small::tracking),
    ],
    helpers: &[("taGetSopNumber", numbers::sop)],
    codes: codes::ALL,
};
