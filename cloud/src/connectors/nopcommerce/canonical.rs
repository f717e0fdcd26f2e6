//! The one shape in which an order of either API goes on: nop's own names, amounts with their exact text.

use serde::Serialize;
use serde_json::{Map, Number, Value};

/// An order with everything a document needs.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Order {
    /// nop's id.
    pub id: i64,
    /// Not known through the open-source API.
    pub order_guid: Option<String>,
    /// What the buyer sees; not known through the open-source API.
    pub custom_order_number: Option<String>,
    /// nop's `StoreId`.
    pub store_id: i64,
    /// nop's customer id; guests have one too.
    pub customer_id: i64,
    /// `2025-03-04T15:18:22.727Z`.
    pub created_on_utc: String,
    /// As above.
    pub paid_date_utc: Option<String>,
    /// Name of nop's `OrderStatus`.
    pub order_status: &'static str,
    /// Name of nop's `PaymentStatus`.
    pub payment_status: &'static str,
    /// Name of nop's `ShippingStatus`.
    pub shipping_status: &'static str,
    /// Soft-deleted.
    pub deleted: bool,
    /// Empty when nothing was to pay.
    pub payment_method_system_name: Option<String>,
    /// Display currency only: amounts are in the primary store currency.
    pub customer_currency_code: Option<String>,
    /// Display rate.
    pub currency_rate: Number,
    /// Set when EU VAT is on and the number valid.
    pub vat_number: Option<String>,
    /// `IncludingTax` or `ExcludingTax`.
    pub customer_tax_display_type: &'static str,
    /// Lines and priced checkout attributes, before the subtotal discount.
    pub order_subtotal_incl_tax: Number,
    /// Net.
    pub order_subtotal_excl_tax: Number,
    /// Gross.
    pub order_sub_total_discount_incl_tax: Number,
    /// Net.
    pub order_sub_total_discount_excl_tax: Number,
    /// Gross.
    pub order_shipping_incl_tax: Number,
    /// Net.
    pub order_shipping_excl_tax: Number,
    /// Gross.
    pub payment_method_additional_fee_incl_tax: Number,
    /// Net.
    pub payment_method_additional_fee_excl_tax: Number,
    /// Ascending by rate.
    pub tax_rates: Vec<TaxRate>,
    /// All tax.
    pub order_tax: Number,
    /// Discount on the total; does not lower the tax.
    pub order_discount: Number,
    /// To pay, after gift cards and reward points.
    pub order_total: Number,
    /// Cumulative.
    pub refunded_amount: Number,
    /// Display name.
    pub shipping_method: Option<String>,
    /// Fetched by the buyer.
    pub pickup_in_store: bool,
    /// HTML text.
    pub checkout_attribute_description: Option<String>,
    /// nop's XML; not known through the open-source API.
    pub checkout_attributes_xml: Option<String>,
    /// Extras of the payment form, such as `PO Number`.
    pub custom_values: Map<String, Value>,
    /// Gateway's id.
    pub authorization_transaction_id: Option<String>,
    /// Gateway's id.
    pub capture_transaction_id: Option<String>,
    /// The order's own copy.
    pub billing_address: Option<Address>,
    /// None when nothing ships.
    pub shipping_address: Option<Address>,
    /// Not known through the open-source API.
    pub pickup_address: Option<Address>,
    /// Who ordered.
    pub customer: Customer,
    /// Lines in the store's order.
    pub items: Vec<Item>,
    /// None when the API cannot tell.
    pub gift_cards_used: Option<Vec<GiftCardUse>>,
    /// None when the API cannot tell.
    pub reward_points_used_amount: Option<Number>,
}

/// Tax of one rate.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct TaxRate {
    /// Percent.
    pub rate: Number,
    /// Money.
    pub amount: Number,
}

/// An address.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Address {
    /// As typed.
    pub first_name: Option<String>,
    /// As typed.
    pub last_name: Option<String>,
    /// As typed.
    pub email: Option<String>,
    /// As typed.
    pub company: Option<String>,
    /// First line.
    pub address1: Option<String>,
    /// Second line.
    pub address2: Option<String>,
    /// City.
    pub city: Option<String>,
    /// Not known through the open-source API.
    pub county: Option<String>,
    /// Postcode.
    pub zip_postal_code: Option<String>,
    /// Phone.
    pub phone_number: Option<String>,
    /// Fax.
    pub fax_number: Option<String>,
    /// nop's XML.
    pub custom_attributes_xml: Option<String>,
    /// Country.
    pub country: Option<Country>,
    /// State or province.
    pub state: Option<State>,
}

/// A country.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Country {
    /// English name, as the shop spells it.
    pub name: Option<String>,
    /// ISO 3166-1 alpha-2.
    pub two_letter_iso_code: Option<String>,
    /// ISO 3166-1 alpha-3.
    pub three_letter_iso_code: Option<String>,
}

/// A state or province.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct State {
    /// Name.
    pub name: Option<String>,
    /// `ND`.
    pub abbreviation: Option<String>,
}

/// Who ordered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Customer {
    /// nop's id.
    pub id: i64,
    /// nop's GUID.
    pub customer_guid: Option<String>,
    /// None for guests.
    pub username: Option<String>,
    /// None for guests.
    pub email: Option<String>,
    /// As registered.
    pub first_name: Option<String>,
    /// As registered.
    pub last_name: Option<String>,
    /// As registered.
    pub company: Option<String>,
    /// Ordered without an account.
    pub is_guest: bool,
    /// Pays no tax.
    pub is_tax_exempt: bool,
    /// As registered.
    pub vat_number: Option<String>,
    /// nop's XML.
    pub custom_attributes_xml: Option<String>,
    /// May log in.
    pub active: bool,
    /// Soft-deleted.
    pub deleted: bool,
}

/// A line.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Item {
    /// nop's id of the line.
    pub id: i64,
    /// nop's id of the product.
    pub product_id: i64,
    /// The variant's, or else the product's.
    pub sku: Option<String>,
    /// The product's name today.
    pub product_name: Option<String>,
    /// Whole units.
    pub quantity: i64,
    /// After line discounts; may have four decimals.
    pub unit_price_incl_tax: Number,
    /// Net.
    pub unit_price_excl_tax: Number,
    /// Line total.
    pub price_incl_tax: Number,
    /// Net.
    pub price_excl_tax: Number,
    /// Already taken off.
    pub discount_amount_incl_tax: Number,
    /// Net.
    pub discount_amount_excl_tax: Number,
    /// HTML text.
    pub attribute_description: Option<String>,
    /// nop's XML of what was picked.
    pub attributes_xml: Option<String>,
    /// Sells a gift card.
    pub is_gift_card: bool,
}

/// Money of a gift card that went into the order.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct GiftCardUse {
    /// nop's id of the card.
    pub gift_card_id: i64,
    /// In the primary store currency.
    pub used_value: Number,
}
