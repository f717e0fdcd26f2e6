//! Reads the invented company both sandboxes share: what the shop sells, where to, and how.

use anyhow::Context as _;
use rust_decimal::Decimal;
use serde::Deserialize;

/// The part of the world file a shop is made from.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct World {
    pub(crate) items: Vec<WorldItem>,
    pub(crate) combinations: Vec<WorldVariants>,
    pub(crate) gift_card_item: WorldItem,
    pub(crate) store: WorldStore,
}

impl World {
    /// Reads the file given, or the one this crate carries.
    pub(crate) fn load(path: Option<&std::path::Path>) -> anyhow::Result<Self> {
        let text = match path {
            Some(path) => std::fs::read_to_string(path)
                .with_context(|| format!("cannot read the seed file {}", path.display()))?,
            None => include_str!("../../../fixtures/world.json").to_owned(),
        };
        serde_json::from_str(&text).context("the seed file does not describe a world")
    }
}

#[derive(Clone, Debug, Deserialize)]
pub(crate) struct WorldItem {
    #[serde(rename = "ITEMNMBR")]
    pub(crate) number: String,
    #[serde(rename = "ITEMDESC")]
    pub(crate) description: String,
    pub(crate) price: Decimal,
    pub(crate) cost: Decimal,
}

/// A product whose SKUs stand at its variants.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct WorldVariants {
    pub(crate) product: String,
    pub(crate) product_sku: String,
    pub(crate) price: Decimal,
    pub(crate) combinations: Vec<WorldVariant>,
}

#[derive(Clone, Debug, Deserialize)]
pub(crate) struct WorldVariant {
    #[serde(rename = "ITEMNMBR")]
    pub(crate) number: String,
    pub(crate) color: String,
    pub(crate) size: String,
    pub(crate) price: Option<Decimal>,
}

#[derive(Clone, Debug, Deserialize)]
pub(crate) struct WorldStore {
    pub(crate) name: String,
    pub(crate) primary_currency: String,
    pub(crate) display_currencies: Vec<WorldCurrency>,
    pub(crate) regions: Vec<Region>,
    pub(crate) shipping: Vec<Shipping>,
    pub(crate) payment_methods: Vec<PaymentMethod>,
}

#[derive(Clone, Debug, Deserialize)]
pub(crate) struct WorldCurrency {
    pub(crate) code: String,
    pub(crate) rate: Decimal,
}

/// A place the shop sells to, with the tax it charges there in percent.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Region {
    pub(crate) country: String,
    pub(crate) country_name: String,
    pub(crate) three: String,
    pub(crate) state: Option<String>,
    pub(crate) state_name: Option<String>,
    pub(crate) county: Option<String>,
    pub(crate) cities: Vec<(String, String)>,
    pub(crate) rate: Decimal,
    pub(crate) reduced_rate: Option<Decimal>,
}

#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Shipping {
    pub(crate) name: String,
    pub(crate) price: Decimal,
    pub(crate) taxable: bool,
    #[serde(default)]
    pub(crate) pickup: bool,
}

#[derive(Clone, Debug, Deserialize)]
pub(crate) struct PaymentMethod {
    pub(crate) system_name: String,
    pub(crate) fee: Decimal,
    pub(crate) status: String,
}
