//! What a nopCommerce shop keeps: the rows behind both of its APIs.

use jiff::Timestamp;
use rust_decimal::Decimal;
use serde::Serialize;

/// Says how far an order has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum OrderStatus {
    Pending,
    Processing,
    Complete,
    Cancelled,
}

impl OrderStatus {
    /// Returns nopCommerce's number of the status.
    pub fn id(self) -> i64 {
        match self {
            Self::Pending => 10,
            Self::Processing => 20,
            Self::Complete => 30,
            Self::Cancelled => 40,
        }
    }
}

/// Says whether an order is paid.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum PaymentStatus {
    Pending,
    Authorized,
    Paid,
    Refunded,
    Voided,
}

impl PaymentStatus {
    /// Returns nopCommerce's number of the status.
    pub fn id(self) -> i64 {
        match self {
            Self::Pending => 10,
            Self::Authorized => 20,
            Self::Paid => 30,
            Self::Refunded => 40,
            Self::Voided => 50,
        }
    }

    /// Reads the name used in the world file.
    pub fn parse(name: &str) -> Option<Self> {
        match name {
            "Pending" => Some(Self::Pending),
            "Authorized" => Some(Self::Authorized),
            "Paid" => Some(Self::Paid),
            "Refunded" => Some(Self::Refunded),
            "Voided" => Some(Self::Voided),
            _ => None,
        }
    }
}

/// Says how far the goods of an order have come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum ShippingStatus {
    ShippingNotRequired,
    NotYetShipped,
}

impl ShippingStatus {
    /// Returns nopCommerce's number of the status.
    pub fn id(self) -> i64 {
        match self {
            Self::ShippingNotRequired => 10,
            Self::NotYetShipped => 20,
        }
    }
}

/// Says whether the buyer saw prices with or without tax.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum TaxDisplay {
    IncludingTax,
    ExcludingTax,
}

impl TaxDisplay {
    /// Returns nopCommerce's number of the display type.
    pub fn id(self) -> i64 {
        match self {
            Self::IncludingTax => 0,
            Self::ExcludingTax => 10,
        }
    }
}

/// A country of the shop.
#[derive(Clone, Debug, Serialize)]
pub struct Country {
    pub id: i64,
    pub name: String,
    pub two_letter_iso_code: String,
    pub three_letter_iso_code: String,
    pub numeric_iso_code: i64,
    pub subject_to_vat: bool,
}

/// A state or province of a country.
#[derive(Clone, Debug, Serialize)]
pub struct State {
    pub id: i64,
    pub country_id: i64,
    pub name: String,
    pub abbreviation: String,
}

/// A postal address; every order has private copies.
#[derive(Clone, Debug, Serialize)]
pub struct Address {
    pub id: i64,
    pub first_name: String,
    pub last_name: String,
    pub email: String,
    pub company: Option<String>,
    pub country_id: Option<i64>,
    pub state_province_id: Option<i64>,
    pub county: Option<String>,
    pub city: String,
    pub address1: String,
    pub address2: Option<String>,
    pub zip_postal_code: String,
    pub phone_number: String,
    pub fax_number: Option<String>,
    pub created_on_utc: Timestamp,
}

/// A buyer; a guest has a row too, but neither name nor e-mail on it.
#[derive(Clone, Debug, Serialize)]
pub struct Customer {
    pub id: i64,
    pub customer_guid: String,
    pub is_guest: bool,
    pub username: Option<String>,
    pub email: Option<String>,
    pub first_name: Option<String>,
    pub last_name: Option<String>,
    pub company: Option<String>,
    pub vat_number: Option<String>,
    pub is_tax_exempt: bool,
    pub billing_address_id: Option<i64>,
    pub shipping_address_id: Option<i64>,
    pub reward_points: i64,
    pub created_on_utc: Timestamp,
}

/// A product of the catalogue.
#[derive(Clone, Debug, Serialize)]
pub struct Product {
    pub id: i64,
    pub sku: Option<String>,
    pub name: String,
    pub price: Decimal,
    pub cost: Decimal,
    pub weight: Decimal,
    pub tax_category_id: i64,
    pub is_tax_exempt: bool,
    pub is_ship_enabled: bool,
    pub is_gift_card: bool,
    pub published: bool,
    pub stock_quantity: i64,
    pub attributes: Vec<Attribute>,
    pub combinations: Vec<Combination>,
    pub created_on_utc: Timestamp,
}

/// A choice a product offers, such as its colour.
#[derive(Clone, Debug, Serialize)]
pub struct Attribute {
    pub mapping_id: i64,
    pub attribute_id: i64,
    pub name: String,
    pub values: Vec<AttributeValue>,
}

/// One value of a choice.
#[derive(Clone, Debug, Serialize)]
pub struct AttributeValue {
    pub id: i64,
    pub name: String,
}

/// A variant: the values chosen, and the SKU that stands for them.
#[derive(Clone, Debug, Serialize)]
pub struct Combination {
    pub id: i64,
    pub sku: String,
    pub overridden_price: Option<Decimal>,
    pub stock_quantity: i64,
    /// Pairs of attribute mapping and attribute value.
    pub values: Vec<(i64, i64)>,
}

impl Combination {
    /// Writes the chosen values the way nopCommerce stores them.
    pub fn attributes_xml(&self) -> String {
        use std::fmt::Write as _;
        let mut xml = String::from("<Attributes>");
        for (mapping, value) in &self.values {
            let written = write!(
                xml,
                "<ProductAttribute ID=\"{mapping}\"><ProductAttributeValue><Value>{value}</Value>\
                 </ProductAttributeValue></ProductAttribute>"
            );
            debug_assert!(written.is_ok(), "a String takes every write");
        }
        xml.push_str("</Attributes>");
        xml
    }
}

/// A gift card, sold in the shop or issued by its owner.
#[derive(Clone, Debug, Serialize)]
pub struct GiftCard {
    pub id: i64,
    pub purchased_with_order_item_id: Option<i64>,
    pub amount: Decimal,
    pub remaining: Decimal,
    pub is_activated: bool,
    pub coupon_code: String,
    pub recipient_name: String,
    pub recipient_email: String,
    pub sender_name: String,
    pub sender_email: String,
    pub created_on_utc: Timestamp,
}

/// What an order took from a gift card.
#[derive(Clone, Debug, Serialize)]
pub struct GiftCardUsage {
    pub id: i64,
    pub gift_card_id: i64,
    pub used_value: Decimal,
}

/// Reward points an order spent.
#[derive(Clone, Debug, Serialize)]
pub struct RewardPoints {
    pub id: i64,
    pub points: i64,
    pub points_balance: i64,
    pub used_amount: Decimal,
}

/// A discount that took part in an order.
#[derive(Clone, Debug, Serialize)]
pub struct DiscountUsage {
    pub id: i64,
    pub discount_id: i64,
}

/// A note on an order.
#[derive(Clone, Debug, Serialize)]
pub struct Note {
    pub id: i64,
    pub note: String,
    pub display_to_customer: bool,
    pub created_on_utc: Timestamp,
}

/// The tax an order bears at one rate, in percent.
#[derive(Clone, Debug, Serialize)]
pub struct TaxRate {
    pub rate: Decimal,
    pub amount: Decimal,
}

/// A line of an order.
#[derive(Clone, Debug, Serialize)]
pub struct Item {
    pub id: i64,
    pub order_item_guid: String,
    pub product_id: i64,
    /// The SKU of the chosen variant, or else of the product.
    pub sku: Option<String>,
    pub product_name: String,
    pub quantity: i64,
    pub tax_rate: Decimal,
    pub unit_price_incl_tax: Decimal,
    pub unit_price_excl_tax: Decimal,
    pub price_incl_tax: Decimal,
    pub price_excl_tax: Decimal,
    pub discount_amount_incl_tax: Decimal,
    pub discount_amount_excl_tax: Decimal,
    pub original_product_cost: Decimal,
    pub item_weight: Decimal,
    pub attribute_description: String,
    pub attributes_xml: String,
    /// Pairs of attribute mapping and chosen value.
    pub chosen: Vec<(i64, i64)>,
    pub is_gift_card: bool,
}

/// An order with all that hangs on it.
#[derive(Clone, Debug, Serialize)]
pub struct Order {
    pub id: i64,
    pub order_guid: String,
    pub custom_order_number: String,
    pub store_id: i64,
    pub customer_id: i64,
    pub created_on_utc: Timestamp,
    pub paid_date_utc: Option<Timestamp>,
    pub order_status: OrderStatus,
    pub payment_status: PaymentStatus,
    /// The payment status the order was placed with.
    pub placed_payment_status: PaymentStatus,
    pub shipping_status: ShippingStatus,
    pub deleted: bool,
    pub payment_method_system_name: String,
    pub customer_currency_code: String,
    pub currency_rate: Decimal,
    pub vat_number: Option<String>,
    pub customer_tax_display_type: TaxDisplay,
    pub order_subtotal_incl_tax: Decimal,
    pub order_subtotal_excl_tax: Decimal,
    pub order_sub_total_discount_incl_tax: Decimal,
    pub order_sub_total_discount_excl_tax: Decimal,
    pub order_shipping_incl_tax: Decimal,
    pub order_shipping_excl_tax: Decimal,
    pub payment_method_additional_fee_incl_tax: Decimal,
    pub payment_method_additional_fee_excl_tax: Decimal,
    pub tax_rates: Vec<TaxRate>,
    pub order_tax: Decimal,
    pub order_discount: Decimal,
    pub order_total: Decimal,
    pub refunded_amount: Decimal,
    pub checkout_attribute_description: String,
    pub checkout_attributes_xml: Option<String>,
    pub shipping_method: Option<String>,
    pub pickup_in_store: bool,
    /// The buyer's own order number, typed into the payment form.
    pub po_number: Option<String>,
    pub customer_ip: String,
    pub card: Card,
    pub authorization_transaction_id: Option<String>,
    pub capture_transaction_id: Option<String>,
    pub billing_address: Address,
    pub shipping_address: Option<Address>,
    pub pickup_address: Option<Address>,
    pub items: Vec<Item>,
    pub gift_cards_used: Vec<GiftCardUsage>,
    pub reward_points_used: Option<RewardPoints>,
    pub discounts_used: Vec<DiscountUsage>,
    pub notes: Vec<Note>,
}

impl Order {
    /// Writes the tax split the way nopCommerce stores it.
    pub fn tax_rates_text(&self) -> String {
        let texts = self.tax_rates.iter().map(|split| {
            let (rate, amount) = (split.rate, split.amount);
            format!("{rate:.4}:{amount:.2};   ")
        });
        texts.collect::<Vec<_>>().concat()
    }

    /// Returns every address the order holds a copy of.
    pub fn addresses(&self) -> impl Iterator<Item = &Address> {
        std::iter::once(&self.billing_address)
            .chain(self.shipping_address.as_ref())
            .chain(self.pickup_address.as_ref())
    }
}

/// Card fields a careless shop stores; whoever reads orders has to drop them.
#[derive(Clone, Debug, Serialize)]
pub struct Card {
    pub card_type: String,
    pub card_name: String,
    pub card_number: String,
    pub masked_credit_card_number: String,
    pub card_cvv2: String,
    pub card_expiration_month: String,
    pub card_expiration_year: String,
}

/// A currency the shop shows prices in.
#[derive(Clone, Debug, Serialize)]
pub struct Currency {
    pub id: i64,
    pub currency_code: String,
    pub rate: Decimal,
}

/// A key and value hung on an entity of the shop.
#[derive(Clone, Debug, Serialize)]
pub struct GenericAttribute {
    pub id: i64,
    pub entity_id: i64,
    pub key_group: String,
    pub key: String,
    pub value: String,
    pub store_id: i64,
    pub saved_on_utc: Timestamp,
}

impl Order {
    /// Says whether the shop lets the order be marked as paid.
    pub fn may_be_paid(&self) -> bool {
        self.order_status != OrderStatus::Cancelled
            && matches!(
                self.payment_status,
                PaymentStatus::Pending | PaymentStatus::Authorized
            )
    }

    /// Says whether the shop lets the order be cancelled.
    pub fn may_be_cancelled(&self) -> bool {
        self.order_status != OrderStatus::Cancelled
    }
}
