//! The JSON of both store APIs, as far as it is used: what is not named here, card fields above all, is dropped while parsing.

#![expect(clippy::struct_field_names, reason = "the names are nopCommerce's own")]

use serde::Deserialize;
use serde_json::Number;

/// An order; the official API gives ids where the open-source one gives names and nested objects.
#[derive(Debug, Deserialize)]
pub(super) struct Order {
    pub(super) id: i64,
    pub(super) order_guid: Option<String>,
    pub(super) custom_order_number: Option<String>,
    pub(super) store_id: i64,
    pub(super) customer_id: i64,
    pub(super) billing_address_id: Option<i64>,
    pub(super) shipping_address_id: Option<i64>,
    pub(super) pickup_address_id: Option<i64>,
    pub(super) billing_address: Option<Address>,
    pub(super) shipping_address: Option<Address>,
    #[serde(alias = "pick_up_in_store")]
    pub(super) pickup_in_store: Option<bool>,
    pub(super) order_status_id: Option<i64>,
    pub(super) order_status: Option<String>,
    pub(super) shipping_status_id: Option<i64>,
    pub(super) shipping_status: Option<String>,
    pub(super) payment_status_id: Option<i64>,
    pub(super) payment_status: Option<String>,
    pub(super) payment_method_system_name: Option<String>,
    pub(super) customer_currency_code: Option<String>,
    pub(super) currency_rate: Number,
    pub(super) customer_tax_display_type_id: i64,
    pub(super) vat_number: Option<String>,
    pub(super) order_subtotal_incl_tax: Number,
    pub(super) order_subtotal_excl_tax: Number,
    pub(super) order_sub_total_discount_incl_tax: Number,
    pub(super) order_sub_total_discount_excl_tax: Number,
    pub(super) order_shipping_incl_tax: Number,
    pub(super) order_shipping_excl_tax: Number,
    pub(super) payment_method_additional_fee_incl_tax: Number,
    pub(super) payment_method_additional_fee_excl_tax: Number,
    pub(super) tax_rates: Option<String>,
    pub(super) order_tax: Number,
    pub(super) order_discount: Number,
    pub(super) order_total: Number,
    pub(super) refunded_amount: Number,
    pub(super) checkout_attribute_description: Option<String>,
    pub(super) checkout_attributes_xml: Option<String>,
    pub(super) authorization_transaction_id: Option<String>,
    pub(super) capture_transaction_id: Option<String>,
    pub(super) paid_date_utc: Option<String>,
    pub(super) shipping_method: Option<String>,
    pub(super) custom_values_xml: Option<String>,
    pub(super) deleted: Option<bool>,
    pub(super) created_on_utc: String,
    pub(super) redeemed_reward_points_entry_id: Option<i64>,
    pub(super) order_items: Option<Vec<Item>>,
}

/// An order line.
#[derive(Debug, Deserialize)]
pub(super) struct Item {
    pub(super) id: i64,
    pub(super) product_id: Option<i64>,
    pub(super) product: Option<Product>,
    pub(super) quantity: i64,
    pub(super) unit_price_incl_tax: Number,
    pub(super) unit_price_excl_tax: Number,
    pub(super) price_incl_tax: Number,
    pub(super) price_excl_tax: Number,
    pub(super) discount_amount_incl_tax: Number,
    pub(super) discount_amount_excl_tax: Number,
    pub(super) attribute_description: Option<String>,
    pub(super) attributes_xml: Option<String>,
    pub(super) product_attributes: Option<Vec<SelectedAttribute>>,
}

/// An attribute picked for a line, as the open-source API lists it.
#[derive(Debug, Deserialize)]
pub(super) struct SelectedAttribute {
    pub(super) id: i64,
    pub(super) value: Option<String>,
}

/// A product.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Product {
    pub(super) id: i64,
    pub(super) name: Option<String>,
    pub(super) sku: Option<String>,
    #[serde(default)]
    pub(super) is_gift_card: bool,
    pub(super) product_attribute_combinations: Option<Vec<Combination>>,
}

/// A variant of a product.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Combination {
    pub(super) attributes_xml: Option<String>,
    pub(super) sku: Option<String>,
}

/// An address.
#[derive(Debug, Deserialize)]
pub(super) struct Address {
    pub(super) first_name: Option<String>,
    pub(super) last_name: Option<String>,
    pub(super) email: Option<String>,
    pub(super) company: Option<String>,
    pub(super) country_id: Option<i64>,
    pub(super) state_province_id: Option<i64>,
    pub(super) county: Option<String>,
    pub(super) city: Option<String>,
    pub(super) address1: Option<String>,
    pub(super) address2: Option<String>,
    pub(super) zip_postal_code: Option<String>,
    pub(super) phone_number: Option<String>,
    pub(super) fax_number: Option<String>,
    #[serde(alias = "customer_attributes")]
    pub(super) custom_attributes: Option<String>,
}

/// A customer.
#[derive(Debug, Deserialize)]
pub(super) struct Customer {
    pub(super) id: i64,
    pub(super) customer_guid: Option<String>,
    pub(super) username: Option<String>,
    pub(super) email: Option<String>,
    pub(super) first_name: Option<String>,
    pub(super) last_name: Option<String>,
    pub(super) company: Option<String>,
    pub(super) vat_number: Option<String>,
    pub(super) custom_customer_attributes_xml: Option<String>,
    #[serde(default)]
    pub(super) is_tax_exempt: bool,
    pub(super) active: Option<bool>,
    pub(super) deleted: Option<bool>,
}

/// A country.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Country {
    pub(super) id: Option<i64>,
    pub(super) name: Option<String>,
    pub(super) two_letter_iso_code: Option<String>,
    // The open-source plugin writes this one name in its C# spelling.
    #[serde(alias = "ThreeLetterIsoCode")]
    pub(super) three_letter_iso_code: Option<String>,
}

/// A state or province.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct State {
    pub(super) id: i64,
    pub(super) name: Option<String>,
    pub(super) abbreviation: Option<String>,
}

/// Money of a gift card that went into an order.
#[derive(Debug, Deserialize)]
pub(super) struct GiftCardUse {
    pub(super) gift_card_id: i64,
    pub(super) used_value: Number,
}

/// A change of a customer's reward points.
#[derive(Debug, Deserialize)]
pub(super) struct RewardPoints {
    pub(super) used_amount: Number,
}

/// A note on an order.
#[derive(Debug, Deserialize)]
pub(super) struct OrderNote {
    pub(super) id: i64,
    pub(super) note: Option<String>,
}

/// What polling needs of an order.
#[derive(Debug, Deserialize)]
pub(super) struct OrderHead {
    pub(super) id: i64,
    pub(super) store_id: Option<i64>,
    pub(super) created_on_utc: String,
}

/// A page of the official API's order search.
#[derive(Debug, Deserialize)]
pub(super) struct OrderPage {
    pub(super) has_next_page: bool,
    pub(super) items: Vec<OrderHead>,
}

/// A storefront of the installation.
#[derive(Debug, Deserialize)]
pub(super) struct Storefront {
    pub(super) id: i64,
    pub(super) name: Option<String>,
    pub(super) url: Option<String>,
}

/// The open-source API's envelopes: always a plural list.
#[derive(Debug, Deserialize)]
pub(super) struct Orders {
    pub(super) orders: Vec<Order>,
}

#[derive(Debug, Deserialize)]
pub(super) struct OrderHeads {
    pub(super) orders: Vec<OrderHead>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Customers {
    pub(super) customers: Vec<Customer>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Countries {
    pub(super) countries: Vec<Country>,
}

#[derive(Debug, Deserialize)]
pub(super) struct States {
    #[serde(alias = "stateprovinces")]
    pub(super) state_provinces: Vec<State>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Storefronts {
    pub(super) stores: Vec<Storefront>,
}

/// Answer to a login: `token` in the official API, `access_token` in the open-source one.
#[derive(Deserialize)]
pub(super) struct Token {
    #[serde(alias = "access_token")]
    pub(super) token: Option<String>,
}
