//! Inventory.

pub mod codes;
pub mod currency;
pub mod item;
pub mod item_cells;
pub mod kit;
pub mod master;
pub mod price;
pub mod price_list;
pub mod site;
pub mod vendor;

use super::Family;

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
    ],
    helpers: &[],
    codes: codes::ALL,
};
