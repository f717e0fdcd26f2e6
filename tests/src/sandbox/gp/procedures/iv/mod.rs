//! Inventory.

pub mod bin;
pub mod codes;
pub mod currency;
pub mod document;
pub mod item;
pub mod item_cells;
pub mod kit;
pub mod line;
pub mod line_codes;
pub mod line_parts;
pub mod lot;
pub mod master;
pub mod price;
pub mod price_list;
pub mod serial;
pub mod site;
pub mod tracked;
pub mod vendor;

use super::{Family, numbers};

/// The procedures of the series.
pub static FAMILY: Family = Family {
    nodes: &[
        ("taUpdateCreateItemRcd", item::run),
        ("taItemSite", site::run),
        ("taUpdateCreateItemCurrencyRcd", currency::run),
        ("taIVCreatePriceLevel", price::level),
        ("taIVCreateItemPriceListLine", price::run),
        ("taIVCreateItemPriceListHeader", price_list::run),
        ("taCreateItemVendors", vendor::run),
        ("taCreateKitItemRcd", kit::run),
        ("taIVTransactionSerialInsert", serial::adjustment),
        ("taIVTransactionLotInsert", lot::adjustment),
        ("taIVTransactionMultiBinInsert", bin::run),
        ("taIVTransactionLineInsert", line::adjustment),
        ("taIVTransactionHeaderInsert", document::adjustment),
        ("taIVTransferSerialInsert", serial::transfer),
        ("taIVTransferLotInsert", lot::transfer),
        ("taIVTransferLineInsert", line::transfer),
        ("taIVTransferHeaderInsert", document::transfer),
    ],
    helpers: &[("taGetIvNumber", numbers::inventory)],
    codes: codes::ALL,
};
