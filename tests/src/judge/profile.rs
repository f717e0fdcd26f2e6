//! The profile as the judge reads it: only what decides how a document must look.

use std::collections::BTreeMap;

use rust_decimal::Decimal;
use serde::Deserialize;

#[derive(Clone, Debug, Deserialize)]
pub(super) struct Profile {
    pub(super) trigger: String,
    pub(super) go_live: jiff::Timestamp,
    pub(super) document: Document,
    pub(super) customer: CustomerRule,
    #[serde(default)]
    pub(super) order_number: OrderNumber,
    pub(super) rounding: Rounding,
    pub(super) gift_cards: Credit,
    pub(super) reward_points: Credit,
    pub(super) unexplained_credit: String,
    pub(super) taxes: Taxes,
    pub(super) payments: Vec<Payment>,
    pub(super) currencies: BTreeMap<String, Currency>,
    #[serde(default)]
    pub(super) shipping_methods: BTreeMap<String, String>,
    #[serde(default)]
    pub(super) user_defined: Vec<UserDefined>,
}

#[derive(Clone, Debug, Deserialize)]
pub(super) struct Document {
    pub(super) sop_type: i64,
    #[serde(rename = "document_id")]
    pub(super) id: String,
    pub(super) batch: String,
    pub(super) site: String,
    /// What becomes of quantities that are not there: `QtyShrtOpt`.
    #[serde(default = "override_shortage")]
    pub(super) quantity_shortage: i64,
}

fn override_shortage() -> i64 {
    2
}

#[derive(Clone, Debug, Deserialize)]
pub(super) struct CustomerRule {
    pub(super) strategy: String,
    #[serde(default)]
    pub(super) prefix: String,
    #[serde(default)]
    pub(super) single: String,
    #[serde(default)]
    pub(super) class: String,
}

#[derive(Clone, Debug, Default, Deserialize)]
pub(super) struct OrderNumber {
    #[serde(default)]
    pub(super) prefix: String,
    #[serde(default)]
    pub(super) buyer_po: bool,
}

#[derive(Clone, Debug, Deserialize)]
pub(super) struct Rounding {
    pub(super) leftover: String,
    pub(super) limit_cents: i64,
}

/// What gift cards or reward points become: a deposit or a trade discount.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Credit {
    #[serde(rename = "as")]
    pub(super) becomes: String,
    #[serde(rename = "PYMTTYPE")]
    pub(super) kind: Option<i64>,
    #[serde(rename = "CHEKBKID")]
    pub(super) checkbook: Option<String>,
}

#[derive(Clone, Debug, Deserialize)]
pub(super) struct Taxes {
    pub(super) rules: Vec<TaxRule>,
}

#[derive(Clone, Debug, Deserialize)]
pub(super) struct TaxRule {
    pub(super) country: String,
    pub(super) state: Option<String>,
    pub(super) county: Option<String>,
    pub(super) postcode_from: Option<String>,
    pub(super) postcode_to: Option<String>,
    pub(super) rate: Decimal,
    pub(super) schedule: String,
    pub(super) details: Vec<TaxDetail>,
}

#[derive(Clone, Debug, Deserialize)]
pub(super) struct TaxDetail {
    #[serde(rename = "TAXDTLID")]
    pub(super) id: String,
    pub(super) rate: Decimal,
}

#[derive(Clone, Debug, Deserialize)]
pub(super) struct Payment {
    pub(super) method: String,
    pub(super) status: String,
    #[serde(rename = "as")]
    pub(super) becomes: String,
    #[serde(rename = "PYMTTYPE")]
    pub(super) kind: Option<i64>,
    #[serde(rename = "CHEKBKID")]
    pub(super) checkbook: Option<String>,
}

#[derive(Clone, Debug, Deserialize)]
pub(super) struct Currency {
    #[serde(rename = "CURNCYID")]
    pub(super) id: String,
    pub(super) decimals: u32,
}

#[derive(Clone, Debug, Deserialize)]
pub(super) struct UserDefined {
    pub(super) element: String,
    pub(super) path: String,
}
