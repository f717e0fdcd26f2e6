//! Sales Order Processing.

pub mod claim;
pub mod codes;
pub mod commission;
pub mod component;
pub mod delete;
pub mod distribution;
pub mod document;
pub mod header;
pub mod header_cells;
pub mod hold;
pub mod item;
pub mod kit;
pub mod line;
pub mod lot;
pub mod payment;
pub mod price;
pub mod serial;
pub mod small;
pub mod stock;
pub mod tax;
pub mod tracked;
pub mod void;

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
        ("taSopVoidDocument", void::run),
        ("taSopDeleteDocument", delete::document),
        ("taSopLineDelete", delete::line),
        ("taSopUpdateCreateProcessHold", hold::on_document),
        ("taCreateProcessHold", hold::master),
        ("taCreateSOPTrackingInfo", small::tracking_info),
        ("taSopMultiBin", small::multi_bin),
        ("taSopCommissions", commission::run),
        ("taSopSerial", serial::run),
        ("taSopLotAuto", lot::run),
        ("taSopLineIvcInsertComponent", component::run),
    ],
    helpers: &[("taGetSopNumber", numbers::sop)],
    codes: codes::ALL,
};
