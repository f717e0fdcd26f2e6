//! Works out the document GP must hold for an order, by the judge's own arithmetic.

mod lines;
mod payments;
mod taxes;

use std::collections::BTreeMap;

use rust_decimal::{Decimal, RoundingStrategy};

use super::ledger::told;
use super::profile::{Credit, Profile};
use super::shop::{Order, Shop};

pub(super) use lines::Line;
pub(super) use payments::Payment;
pub(super) use taxes::TaxAmounts;

/// GP's field for the customer's own order number.
const PURCHASE_ORDER_WIDTH: usize = 20;

/// The document an order must have become.
#[derive(Clone, Debug)]
pub(super) struct Expected {
    pub(super) number: String,
    pub(super) lines: Vec<Line>,
    pub(super) freight: Decimal,
    pub(super) misc: Decimal,
    pub(super) trade_discount: Decimal,
    pub(super) tax: Decimal,
    pub(super) freight_tax: Decimal,
    pub(super) misc_tax: Decimal,
    pub(super) details: BTreeMap<String, TaxAmounts>,
    pub(super) schedule: Option<String>,
    /// What may have been paid; more than one where the payment changed after placement.
    pub(super) payments: Vec<Vec<Payment>>,
    pub(super) day: String,
    pub(super) batch: String,
    pub(super) currency: String,
}

impl Expected {
    pub(super) fn subtotal(&self) -> Decimal {
        self.lines.iter().map(|line| line.extended).sum()
    }

    /// What was paid, or of several possibilities the first.
    pub(super) fn paid(&self) -> &[Payment] {
        self.payments.first().map(Vec::as_slice).unwrap_or_default()
    }

    /// Of several possibilities keeps the one that GP holds, if it holds one of them.
    pub(super) fn settle_payments(&mut self, held: &[Payment]) {
        let held = told(held);
        if let Some(place) = self.payments.iter().position(|one| told(one) == held) {
            self.payments.swap(0, place);
        }
    }

    /// GP's own sum.
    pub(super) fn total(&self) -> Decimal {
        self.subtotal() + self.freight + self.misc + self.tax + self.freight_tax + self.misc_tax
            - self.trade_discount
    }
}

/// Why an order cannot become a document.
pub(super) type Refusal = String;

/// Rounds the way accounts are kept.
pub(super) fn round(value: Decimal, decimals: u32) -> Decimal {
    value.round_dp_with_strategy(decimals, RoundingStrategy::MidpointAwayFromZero)
}

/// The number an order must carry in GP, wherever it can be told from the order alone.
pub(super) fn number(order: &Order, shop: &Shop, profile: &Profile) -> String {
    if let (true, Some(own)) = (profile.order_number.buyer_po, &order.po_number) {
        return own.clone();
    }
    let number = if shop.tells_numbers && !order.custom_order_number.is_empty() {
        order.custom_order_number.clone()
    } else {
        order.id.to_string()
    };
    format!("{}{number}", profile.order_number.prefix)
}

/// Works out the document, or why there must be none.
pub(super) fn expect(
    order: &Order,
    shop: &Shop,
    profile: &Profile,
    zone: &jiff::tz::TimeZone,
) -> Result<Expected, Refusal> {
    let currency = profile
        .currencies
        .get(&shop.primary_currency)
        .ok_or_else(|| format!("no currency {}", shop.primary_currency))?;
    let cents = |value| round(value, currency.decimals);
    let number = number(order, shop, profile);
    if number.chars().count() > PURCHASE_ORDER_WIDTH {
        return Err(format!("number {number} is too long"));
    }
    let credits = credits(order, shop, profile)?;
    adds_up(order, Decimal::new(1, currency.decimals))?;
    let attributes = attribute_charge(order, profile, currency.decimals)?;
    let freight = cents(order.order_shipping_excl_tax);
    let freight_tax = cents(order.order_shipping_incl_tax - order.order_shipping_excl_tax);
    let fee = order.payment_method_additional_fee_excl_tax;
    let misc_tax = cents(order.payment_method_additional_fee_incl_tax - fee);
    let charge = cents(fee) + attributes;
    let discount =
        cents(order.order_sub_total_discount_excl_tax + order.order_discount) + credits.discount;
    // The lines have to make what is left of the total when all else is taken away.
    let total = cents(order.order_total) + credits.deposits();
    let goods = total - charge - freight - cents(order.order_tax) + discount;
    let (lines, left) = lines::lines(order, profile, goods, currency.decimals)?;
    let misc = (charge + left).max(Decimal::ZERO);
    let trade_discount = discount - (charge + left).min(Decimal::ZERO);
    let (details, schedule) =
        taxes::rows(order, profile, freight_tax, misc_tax, currency.decimals)?;
    let day = order.created_on_utc.to_zoned(zone.clone()).date();
    Ok(Expected {
        number,
        lines,
        freight,
        misc,
        trade_discount,
        tax: cents(order.order_tax) - freight_tax - misc_tax,
        freight_tax,
        misc_tax,
        details,
        schedule,
        payments: payments::payments(order, profile, &credits, currency.decimals),
        batch: batch(&profile.document.batch, day),
        day: day.to_string(),
        currency: currency.id.clone(),
    })
}

/// The shop's own sum; a difference of less than a cent is rounding.
fn adds_up(order: &Order, cent: Decimal) -> Result<(), Refusal> {
    let stated = order.order_subtotal_excl_tax - order.order_sub_total_discount_excl_tax
        + order.order_shipping_excl_tax
        + order.payment_method_additional_fee_excl_tax
        + order.order_tax
        - order.order_discount
        - order.gift_cards()
        - order.points();
    let off = stated - order.order_total;
    if off.abs() < cent {
        return Ok(());
    }
    Err(format!(
        "the money does not add up: off by {}",
        off.normalize()
    ))
}

/// Credits of an order, by what the profile makes of them.
#[derive(Clone, Debug, Default)]
pub(super) struct Credits {
    pub(super) discount: Decimal,
    pub(super) gift_cards: Decimal,
    pub(super) points: Decimal,
}

impl Credits {
    fn deposits(&self) -> Decimal {
        self.gift_cards + self.points
    }

    fn add(&mut self, rule: &Credit, amount: Decimal, gift_cards: bool) {
        match (rule.becomes.as_str(), gift_cards) {
            ("discount", _) => self.discount += amount,
            (_, true) => self.gift_cards += amount,
            (_, false) => self.points += amount,
        }
    }
}

/// A flavour that does not tell of credits leaves a gap, and the profile says what it is.
fn credits(order: &Order, shop: &Shop, profile: &Profile) -> Result<Credits, Refusal> {
    let (cards, points) = (order.gift_cards(), order.points());
    let mut credits = Credits::default();
    if shop.tells_credits {
        credits.add(&profile.gift_cards, cards, true);
        credits.add(&profile.reward_points, points, false);
        return Ok(credits);
    }
    let gap = cards + points;
    match profile.unexplained_credit.as_str() {
        _ if gap.is_zero() => {}
        "gift_cards" => credits.add(&profile.gift_cards, gap, true),
        "reward_points" => credits.add(&profile.reward_points, gap, false),
        _ => return Err(format!("{gap} is paid by nobody knows what")),
    }
    Ok(credits)
}

/// What priced checkout attributes added to the subtotal; without any it must be the lines.
fn attribute_charge(order: &Order, profile: &Profile, decimals: u32) -> Result<Decimal, Refusal> {
    let lines: Decimal = order.items.iter().map(|item| item.price_excl_tax).sum();
    let beside = order.order_subtotal_excl_tax - lines;
    if !order.checkout_attribute_description.trim().is_empty() {
        let charged = beside.abs() >= Decimal::new(1, decimals);
        return Ok(if charged {
            round(beside, decimals)
        } else {
            Decimal::ZERO
        });
    }
    if beside.abs() > Decimal::new(profile.rounding.limit_cents, decimals) {
        return Err(format!("the subtotal has {beside} beside the lines"));
    }
    Ok(Decimal::ZERO)
}

fn batch(pattern: &str, day: jiff::civil::Date) -> String {
    let Some((before, rest)) = pattern.split_once('{') else {
        return pattern.to_owned();
    };
    let Some((format, after)) = rest.split_once('}') else {
        return pattern.to_owned();
    };
    let date = format
        .replace("yyyy", &format!("{:04}", day.year()))
        .replace("MM", &format!("{:02}", day.month()))
        .replace("dd", &format!("{:02}", day.day()));
    format!("{before}{date}{after}")
}
