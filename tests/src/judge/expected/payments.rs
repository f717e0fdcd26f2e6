//! The payments the document must carry.

use rust_decimal::Decimal;

use super::{Credits, round};
use crate::judge::profile::{Credit, Profile};
use crate::judge::shop::Order;

/// A payment GP must hold on the document.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Payment {
    pub(crate) kind: i64,
    pub(crate) checkbook: String,
    pub(crate) amount: Decimal,
    /// The gateway's number, where there is one.
    pub(crate) code: Option<String>,
}

/// Returns what may have been paid: by the status at placement, or by the one of now.
pub(super) fn payments(
    order: &Order,
    profile: &Profile,
    credits: &Credits,
    decimals: u32,
) -> Vec<Vec<Payment>> {
    let by = |status: &str| {
        let mut payments: Vec<Payment> = deposit(order, profile, status, decimals)
            .into_iter()
            .collect();
        payments.extend(credit(&profile.gift_cards, credits.gift_cards));
        payments.extend(credit(&profile.reward_points, credits.points));
        payments.sort();
        payments
    };
    let mut possible = vec![by(&order.placed_payment_status)];
    if order.payment_status != order.placed_payment_status {
        possible.push(by(&order.payment_status));
    }
    possible
}

fn deposit(order: &Order, profile: &Profile, status: &str, decimals: u32) -> Option<Payment> {
    let fits = |wanted: &str, own: &str| wanted == "*" || wanted == own;
    let rule = profile.payments.iter().find(|rule| {
        fits(&rule.method, &order.payment_method_system_name) && fits(&rule.status, status)
    })?;
    let amount = round(order.order_total, decimals);
    if rule.becomes != "deposit" || amount <= Decimal::ZERO {
        return None;
    }
    let code = order
        .capture_transaction_id
        .as_ref()
        .or(order.authorization_transaction_id.as_ref());
    Some(Payment {
        kind: rule.kind.unwrap_or(1),
        checkbook: rule.checkbook.clone().unwrap_or_default(),
        amount,
        code: code.map(|code| code.chars().take(15).collect()),
    })
}

fn credit(rule: &Credit, amount: Decimal) -> Option<Payment> {
    (amount > Decimal::ZERO).then(|| Payment {
        kind: rule.kind.unwrap_or(1),
        checkbook: rule.checkbook.clone().unwrap_or_default(),
        amount,
        code: None,
    })
}
