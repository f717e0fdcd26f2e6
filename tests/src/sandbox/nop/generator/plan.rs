//! Decides what kind of order comes next: who buys, and which of nopCommerce's features take part.

use serde::Deserialize;

use crate::sandbox::nop::random::Random;

/// What a test may ask the generator for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A mixture of everything below that a shop sees every day.
    #[default]
    Any,
    /// One registered buyer, standard goods, nothing special.
    Simple,
    Guest,
    Registered,
    /// Two orders of a buyer the shop has not seen before, at once.
    NewCustomerPair,
    Company,
    Combination,
    CheckoutAttributes,
    LineDiscount,
    SubtotalDiscount,
    OrderDiscount,
    FourDecimals,
    GiftCardSold,
    GiftCardUsed,
    RewardPoints,
    Pickup,
    NothingToShip,
    FreeByGiftCard,
    FreeByDiscount,
    PaymentFee,
    PoNumber,
    Multicurrency,
    TwoRates,
    ZeroTax,
    /// To where the county decides which taxes they are.
    County,
    Paid,
    Authorized,
    /// An order for a product GP has never heard of.
    UnknownSku,
    /// An order for a product without any SKU.
    MissingSku,
}

/// Who buys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Buyer {
    Guest,
    Known,
    New,
}

/// How the goods reach the buyer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Delivery {
    Shipped,
    Pickup,
    Nothing,
}

/// Which region the order goes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    Anywhere,
    TwoRates,
    ZeroTax,
    County,
}

/// What pays for part of the order, or all of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cover {
    None,
    Part,
    Full,
}

/// Which goods have to be on the order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Goods {
    pub(crate) four_decimals: bool,
    pub(crate) combination: bool,
    pub(crate) gift_card: bool,
    pub(crate) reduced: bool,
    pub(crate) unknown_sku: bool,
    pub(crate) missing_sku: bool,
}

/// How the buyer pays.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Payment {
    Any,
    Paid,
    Authorized,
    WithFee,
}

/// What the next order looks like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Plan {
    pub(crate) buyer: Buyer,
    pub(crate) company: bool,
    pub(crate) place: Place,
    pub(crate) delivery: Delivery,
    pub(crate) goods: Goods,
    pub(crate) lines: i64,
    pub(crate) line_discount: bool,
    pub(crate) subtotal_discount: bool,
    pub(crate) order_discount: Cover,
    pub(crate) gift_card: Cover,
    pub(crate) reward_points: bool,
    pub(crate) checkout_attributes: bool,
    pub(crate) free_shipping: bool,
    pub(crate) payment: Payment,
    pub(crate) po_number: bool,
    pub(crate) display_currency: bool,
}

impl Plan {
    /// Decides the next order of the kind asked for.
    pub(crate) fn decide(kind: Kind, random: &mut Random) -> Self {
        if kind == Kind::Any {
            Self::everyday(random)
        } else {
            Self::of(kind, random)
        }
    }

    fn plain(lines: i64) -> Self {
        Self {
            buyer: Buyer::Known,
            company: false,
            place: Place::Anywhere,
            delivery: Delivery::Shipped,
            goods: Goods::default(),
            lines,
            line_discount: false,
            subtotal_discount: false,
            order_discount: Cover::None,
            gift_card: Cover::None,
            reward_points: false,
            checkout_attributes: false,
            free_shipping: false,
            payment: Payment::Any,
            po_number: false,
            display_currency: false,
        }
    }

    fn everyday(random: &mut Random) -> Self {
        let mut plan = Self::plain(random.between(1, 5));
        plan.buyer = match random.below(100) {
            0..40 => Buyer::Guest,
            40..80 => Buyer::Known,
            _ => Buyer::New,
        };
        plan.company = random.percent(25);
        plan.delivery = match random.below(100) {
            0..84 => Delivery::Shipped,
            84..94 => Delivery::Pickup,
            _ => Delivery::Nothing,
        };
        plan.goods.four_decimals = random.percent(20);
        plan.goods.combination = random.percent(20);
        plan.goods.gift_card = random.percent(8);
        plan.goods.reduced = random.percent(20);
        plan.line_discount = random.percent(15);
        plan.subtotal_discount = random.percent(12);
        plan.checkout_attributes = random.percent(15);
        plan.free_shipping = random.percent(10);
        plan.po_number = random.percent(15);
        plan.display_currency = random.percent(30);
        plan.decide_who_pays(random);
        plan
    }

    fn decide_who_pays(&mut self, random: &mut Random) {
        match random.below(100) {
            0..6 => self.order_discount = Cover::Part,
            6..8 => self.order_discount = Cover::Full,
            8..14 => self.gift_card = Cover::Part,
            14..18 => self.gift_card = Cover::Full,
            _ => {}
        }
        self.reward_points = self.buyer == Buyer::Known && random.percent(12);
    }

    fn of(kind: Kind, random: &mut Random) -> Self {
        let mut plan = Self::plain(random.between(1, 3));
        match kind {
            Kind::Any | Kind::Simple | Kind::Registered => {}
            Kind::Guest => plan.buyer = Buyer::Guest,
            Kind::NewCustomerPair => plan.buyer = Buyer::New,
            Kind::Company => (plan.buyer, plan.company) = (Buyer::New, true),
            Kind::Combination => plan.goods.combination = true,
            Kind::CheckoutAttributes => plan.checkout_attributes = true,
            Kind::LineDiscount => plan.line_discount = true,
            Kind::SubtotalDiscount => plan.subtotal_discount = true,
            Kind::OrderDiscount => plan.order_discount = Cover::Part,
            Kind::FourDecimals => plan.goods.four_decimals = true,
            Kind::GiftCardSold => plan.goods.gift_card = true,
            Kind::GiftCardUsed => plan.gift_card = Cover::Part,
            Kind::RewardPoints => plan.reward_points = true,
            Kind::Pickup => plan.delivery = Delivery::Pickup,
            Kind::NothingToShip => plan.delivery = Delivery::Nothing,
            Kind::FreeByGiftCard => plan.gift_card = Cover::Full,
            Kind::FreeByDiscount => plan.order_discount = Cover::Full,
            Kind::PaymentFee => plan.payment = Payment::WithFee,
            Kind::PoNumber => plan.po_number = true,
            Kind::Multicurrency => plan.display_currency = true,
            Kind::TwoRates => (plan.place, plan.goods.reduced) = (Place::TwoRates, true),
            Kind::ZeroTax => plan.place = Place::ZeroTax,
            Kind::County => plan.place = Place::County,
            Kind::Paid => plan.payment = Payment::Paid,
            Kind::Authorized => plan.payment = Payment::Authorized,
            Kind::UnknownSku => plan.goods.unknown_sku = true,
            Kind::MissingSku => plan.goods.missing_sku = true,
        }
        plan
    }
}
