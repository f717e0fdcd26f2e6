//! The shop's own view of its orders, as its back door tells it.

use anyhow::Context as _;
use jiff::Timestamp;
use rust_decimal::Decimal;
use serde::Deserialize;
use serde_json::Value;

/// Everything the back door says about orders.
#[derive(Clone, Debug)]
pub(super) struct Shop {
    pub(super) tells_credits: bool,
    pub(super) tells_numbers: bool,
    pub(super) primary_currency: String,
    pub(super) orders: Vec<Order>,
}

impl Shop {
    pub(super) fn read(told: &Value) -> anyhow::Result<Self> {
        let official = told["flavour"] != "opensource";
        let primary_currency = told["primary_currency"]
            .as_str()
            .unwrap_or("USD")
            .to_owned();
        let rows = told["orders"]
            .as_array()
            .context("the answer has no list of orders")?;
        let read = |row: &Value| {
            let mut order: Order = serde_json::from_value(row.clone())?;
            order.whole = row.clone();
            if !official {
                order.forget_counties();
            }
            Ok(order)
        };
        let orders = rows
            .iter()
            .map(read)
            .collect::<anyhow::Result<Vec<Order>>>()?;
        // The open-source plugin shows neither gift cards, nor points, nor custom numbers, nor counties.
        Ok(Self {
            tells_credits: official,
            tells_numbers: official,
            primary_currency,
            orders,
        })
    }
}

#[derive(Clone, Debug, Deserialize)]
#[expect(clippy::struct_field_names, reason = "the names are the shop's")]
pub(super) struct Order {
    pub(super) id: i64,
    pub(super) custom_order_number: String,
    pub(super) customer_id: i64,
    pub(super) created_on_utc: Timestamp,
    pub(super) order_status: String,
    pub(super) deleted: bool,
    pub(super) payment_status: String,
    pub(super) placed_payment_status: String,
    pub(super) payment_method_system_name: String,
    pub(super) order_subtotal_excl_tax: Decimal,
    pub(super) order_sub_total_discount_excl_tax: Decimal,
    pub(super) order_shipping_incl_tax: Decimal,
    pub(super) order_shipping_excl_tax: Decimal,
    pub(super) payment_method_additional_fee_incl_tax: Decimal,
    pub(super) payment_method_additional_fee_excl_tax: Decimal,
    pub(super) tax_rates: Vec<TaxSplit>,
    pub(super) order_tax: Decimal,
    pub(super) order_discount: Decimal,
    pub(super) order_total: Decimal,
    #[serde(default)]
    pub(super) checkout_attribute_description: String,
    pub(super) shipping_method: Option<String>,
    pub(super) po_number: Option<String>,
    pub(super) authorization_transaction_id: Option<String>,
    pub(super) capture_transaction_id: Option<String>,
    pub(super) billing_address: Address,
    pub(super) shipping_address: Option<Address>,
    pub(super) customer: Option<Customer>,
    pub(super) items: Vec<Item>,
    pub(super) gift_cards_used: Vec<GiftCardUsed>,
    pub(super) reward_points_used: Option<PointsUsed>,
    #[serde(skip)]
    pub(super) whole: Value,
}

impl Order {
    fn forget_counties(&mut self) {
        self.billing_address.county = None;
        if let Some(address) = &mut self.shipping_address {
            address.county = None;
        }
    }

    /// Where the goods go; where nothing ships, to whoever pays.
    pub(super) fn ship_to(&self) -> &Address {
        self.shipping_address
            .as_ref()
            .unwrap_or(&self.billing_address)
    }

    /// Says whether the order may have been taken back before it reached GP.
    pub(super) fn is_withdrawn(&self) -> bool {
        self.deleted || self.order_status == "Cancelled"
    }

    pub(super) fn gift_cards(&self) -> Decimal {
        self.gift_cards_used
            .iter()
            .map(|used| used.used_value)
            .sum()
    }

    pub(super) fn points(&self) -> Decimal {
        self.reward_points_used
            .as_ref()
            .map_or(Decimal::ZERO, |used| used.used_amount)
    }
}

#[derive(Clone, Debug, Deserialize)]
pub(super) struct TaxSplit {
    pub(super) rate: Decimal,
    pub(super) amount: Decimal,
}

#[derive(Clone, Debug, Deserialize)]
pub(super) struct Item {
    pub(super) sku: Option<String>,
    pub(super) quantity: i64,
    pub(super) price_excl_tax: Decimal,
}

#[derive(Clone, Debug, Deserialize)]
pub(super) struct GiftCardUsed {
    pub(super) used_value: Decimal,
}

#[derive(Clone, Debug, Deserialize)]
pub(super) struct PointsUsed {
    pub(super) used_amount: Decimal,
}

#[derive(Clone, Debug, Deserialize)]
pub(super) struct Customer {
    pub(super) is_guest: bool,
    pub(super) email: Option<String>,
    pub(super) first_name: Option<String>,
    pub(super) last_name: Option<String>,
    pub(super) company: Option<String>,
}

#[derive(Clone, Debug, Deserialize)]
pub(super) struct Address {
    pub(super) first_name: String,
    pub(super) last_name: String,
    pub(super) email: String,
    pub(super) company: Option<String>,
    pub(super) city: String,
    pub(super) address1: String,
    pub(super) address2: Option<String>,
    pub(super) zip_postal_code: String,
    pub(super) phone_number: String,
    pub(super) county: Option<String>,
    pub(super) country: Option<Country>,
    pub(super) state: Option<State>,
}

#[derive(Clone, Debug, Deserialize)]
pub(super) struct Country {
    pub(super) name: String,
    pub(super) two_letter_iso_code: String,
}

#[derive(Clone, Debug, Deserialize)]
pub(super) struct State {
    pub(super) abbreviation: String,
}
