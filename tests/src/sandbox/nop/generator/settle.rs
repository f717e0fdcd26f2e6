//! Decides how an order is paid: discounts on the total, gift cards, reward points, the rest.

use jiff::Timestamp;
use rust_decimal::Decimal;

use crate::sandbox::nop::model::{
    DiscountUsage, GiftCard, GiftCardUsage, PaymentStatus, RewardPoints,
};
use crate::sandbox::nop::state::Tables;

use super::people::Party;
use super::plan::{Cover, Payment, Plan};
use super::totals::{Totals, cents, percent_of};

const FIRST_GIFT_CARD: i64 = 9;

/// The payment method chosen before the total is known, since it may cost a fee.
#[derive(Clone, Debug)]
pub(crate) struct Method {
    name: String,
    pub(crate) fee: Decimal,
    status: PaymentStatus,
}

/// What was left to pay and how it was paid.
#[derive(Debug)]
pub(crate) struct Settlement {
    pub(crate) order_discount: Decimal,
    pub(crate) total: Decimal,
    pub(crate) gift_cards: Vec<GiftCardUsage>,
    pub(crate) reward_points: Option<RewardPoints>,
    pub(crate) discounts: Vec<DiscountUsage>,
    pub(crate) method: String,
    pub(crate) status: PaymentStatus,
    pub(crate) authorization: Option<String>,
    pub(crate) capture: Option<String>,
}

impl Settlement {
    pub(crate) fn paid_date(&self, now: Timestamp) -> Option<Timestamp> {
        (self.status == PaymentStatus::Paid).then_some(now)
    }
}

/// Picks how the buyer wants to pay.
pub(crate) fn payment_method(tables: &mut Tables, plan: &Plan) -> Method {
    // A fee on an order that ends up free would have to be paid by nobody.
    let free = plan.gift_card == Cover::Full || plan.order_discount == Cover::Full;
    let fits = |fee: Decimal, status: &str| match plan.payment {
        Payment::Any => !free || fee.is_zero(),
        Payment::Paid => status == "Paid",
        Payment::Authorized => status == "Authorized",
        Payment::WithFee => !fee.is_zero(),
    };
    let methods: Vec<_> = tables
        .world
        .store
        .payment_methods
        .iter()
        .filter(|method| fits(method.fee, &method.status))
        .collect();
    let method = *tables.random.pick(&methods);
    Method {
        name: method.system_name.clone(),
        fee: method.fee,
        status: PaymentStatus::parse(&method.status).unwrap_or(PaymentStatus::Pending),
    }
}

/// Takes what the plan grants off the total and pays the rest.
pub(crate) fn settle(
    tables: &mut Tables,
    plan: &Plan,
    party: &Party,
    totals: &Totals,
    method: Method,
    now: Timestamp,
) -> Settlement {
    let order_discount = match plan.order_discount {
        Cover::None => Decimal::ZERO,
        Cover::Part => cents(percent_of(totals.owed, Decimal::from(10))),
        Cover::Full => totals.owed,
    };
    let owed = totals.owed - order_discount;
    let gift_cards = use_gift_cards(tables, plan.gift_card, owed, now);
    let owed = owed
        - gift_cards
            .iter()
            .map(|usage| usage.used_value)
            .sum::<Decimal>();
    let reward_points = if plan.reward_points {
        spend_points(tables, party, owed)
    } else {
        None
    };
    let total = owed
        - reward_points
            .as_ref()
            .map_or(Decimal::ZERO, |spent| spent.used_amount);
    let discounts = discounts_used(tables, plan);
    let free = total.is_zero();
    let random = &mut tables.random;
    let status = if free {
        PaymentStatus::Paid
    } else {
        method.status
    };
    Settlement {
        order_discount,
        total,
        gift_cards,
        reward_points,
        discounts,
        method: if free { String::new() } else { method.name },
        status,
        authorization: (status == PaymentStatus::Authorized).then(|| random.hex()),
        capture: (status == PaymentStatus::Paid && !free).then(|| random.hex()),
    }
}

/// Issues gift cards big enough for the part to cover, and spends them.
fn use_gift_cards(
    tables: &mut Tables,
    cover: Cover,
    owed: Decimal,
    now: Timestamp,
) -> Vec<GiftCardUsage> {
    let amounts = match cover {
        Cover::None => return Vec::new(),
        Cover::Part => vec![cents(percent_of(owed, Decimal::from(40)))],
        Cover::Full => {
            let first = cents(percent_of(owed, Decimal::from(70)));
            vec![first, owed - first]
        }
    };
    let spent = amounts.into_iter().filter(|amount| *amount > Decimal::ZERO);
    spent
        .map(|amount| spend_new_card(tables, amount, now))
        .collect()
}

fn spend_new_card(tables: &mut Tables, spent: Decimal, now: Timestamp) -> GiftCardUsage {
    let id = tables.numbers.next("gift card", FIRST_GIFT_CARD);
    let left = tables.random.cents(0, 2500);
    let card = GiftCard {
        id,
        purchased_with_order_item_id: None,
        amount: spent + left,
        remaining: left,
        is_activated: true,
        coupon_code: tables.random.guid()[..13].to_owned(),
        recipient_name: "Dana Reyes".to_owned(),
        recipient_email: "dana.reyes@example.net".to_owned(),
        sender_name: "Pat Morgan".to_owned(),
        sender_email: "pat.morgan@example.com".to_owned(),
        created_on_utc: now,
    };
    tables.gift_cards.insert(id, card);
    let id_of_usage = tables.numbers.next("gift card usage", 31);
    GiftCardUsage {
        id: id_of_usage,
        gift_card_id: id,
        used_value: spent,
    }
}

/// Spends a buyer's points, a hundred of them for one unit of money.
fn spend_points(tables: &mut Tables, party: &Party, owed: Decimal) -> Option<RewardPoints> {
    let customer = tables.customers.get_mut(&party.customer_id)?;
    let worth = Decimal::new(customer.reward_points, 2);
    let most = percent_of(owed, Decimal::from(80)).trunc();
    let used_amount = worth.min(most).trunc();
    let points: i64 = i64::try_from(used_amount.trunc().mantissa()).ok()? * 100;
    if points == 0 {
        return None;
    }
    customer.reward_points -= points;
    let balance = customer.reward_points;
    let id = tables.numbers.next("reward points", 77);
    Some(RewardPoints {
        id,
        points: -points,
        points_balance: balance,
        used_amount,
    })
}

fn discounts_used(tables: &mut Tables, plan: &Plan) -> Vec<DiscountUsage> {
    let taken = [
        (3, plan.line_discount),
        (4, plan.subtotal_discount),
        (5, plan.order_discount != Cover::None),
        (6, plan.free_shipping),
    ];
    let taken = taken
        .into_iter()
        .filter(|(_, taken)| *taken)
        .map(|(discount_id, _)| discount_id);
    taken
        .map(|discount_id| DiscountUsage {
            id: tables.numbers.next("discount usage", 53),
            discount_id,
        })
        .collect()
}
