//! Every order the generator makes must be one a shop could have taken.

use jiff::Timestamp;
use rust_decimal::Decimal;

use super::totals::cents;
use super::{Kind, place};
use crate::sandbox::nop::model::{Address, Order, PaymentStatus, ShippingStatus};
use crate::sandbox::nop::state::Tables;
use crate::sandbox::nop::world::World;

/// Letters of the code page GP keeps its texts in that are not Latin-1.
const WINDOWS_LETTERS: &str = "€‚ƒ„…†‡ˆ‰Š‹ŒŽ‘’“”•–—˜™š›œžŸ";

fn shop(seed: u64) -> Tables {
    let opened: Timestamp = "2026-03-01T12:00:00Z".parse().expect("a time");
    Tables::new(World::load(None).expect("the world"), seed, opened)
}

fn orders(kind: Kind, count: usize, seed: u64) -> (Tables, Vec<Order>) {
    let mut tables = shop(seed);
    let now: Timestamp = "2026-03-04T15:18:22.727Z".parse().expect("a time");
    let ids = place(&mut tables, kind, count, now);
    let orders = ids.iter().map(|id| tables.orders[id].clone()).collect();
    (tables, orders)
}

fn credits(order: &Order) -> Decimal {
    let cards: Decimal = order
        .gift_cards_used
        .iter()
        .map(|used| used.used_value)
        .sum();
    cards
        + order
            .reward_points_used
            .as_ref()
            .map_or(Decimal::ZERO, |spent| spent.used_amount)
}

#[test]
fn the_money_identity_holds_for_every_order() {
    let (_, kept) = orders(Kind::Any, 1000, 3);
    let (_, rounded) = orders(Kind::Any, 1000, 4);
    let in_cents = |o: &Order| cents(o.order_subtotal_excl_tax) == o.order_subtotal_excl_tax;
    assert!(
        rounded.iter().all(in_cents),
        "shops of even seeds round their subtotals"
    );
    assert!(!kept.iter().all(in_cents));
    for order in kept.iter().chain(&rounded) {
        let owed = order.order_subtotal_excl_tax - order.order_sub_total_discount_excl_tax
            + order.order_shipping_excl_tax
            + order.payment_method_additional_fee_excl_tax
            + order.order_tax
            - order.order_discount
            - credits(order);
        let off = (owed - order.order_total).abs();
        assert!(off < Decimal::new(1, 2), "order {}: off by {off}", order.id);
        assert_eq!(cents(order.order_total), order.order_total);
        assert!(order.order_total >= Decimal::ZERO);
    }
}

#[test]
fn the_tax_split_sums_up_to_the_tax_in_ascending_rates() {
    let (_, orders) = orders(Kind::Any, 2000, 4);
    for order in &orders {
        let sum: Decimal = order.tax_rates.iter().map(|split| split.amount).sum();
        assert_eq!(sum, order.order_tax);
        assert!(
            order
                .tax_rates
                .windows(2)
                .all(|pair| pair[0].rate < pair[1].rate)
        );
        assert!(
            order
                .tax_rates
                .iter()
                .all(|split| split.amount > Decimal::ZERO)
        );
    }
    assert!(orders.iter().any(|o| {
        o.payment_method_additional_fee_incl_tax > o.payment_method_additional_fee_excl_tax
    }));
    assert!(orders.iter().any(|order| order.tax_rates.len() == 2));
    assert!(orders.iter().any(|order| order.tax_rates.is_empty()));
}

#[test]
fn lines_are_unit_times_quantity_and_fit_the_columns() {
    let (_, orders) = orders(Kind::Any, 1000, 5);
    let lines: Vec<_> = orders.iter().flat_map(|order| &order.items).collect();
    for line in &lines {
        assert_eq!(
            line.unit_price_excl_tax * Decimal::from(line.quantity),
            line.price_excl_tax
        );
        assert!(line.price_excl_tax.round_dp(4) == line.price_excl_tax);
    }
    let odd = |line: &&&crate::sandbox::nop::model::Item| {
        cents(line.price_excl_tax) != line.price_excl_tax
    };
    assert!(
        lines.iter().filter(odd).count() > 50,
        "too few lines have four decimals"
    );
}

#[test]
fn the_same_seed_makes_the_same_orders() {
    let text = |seed| serde_json::to_string(&orders(Kind::Any, 50, seed).1).expect("orders");
    assert_eq!(text(9), text(9));
    assert_ne!(text(9), text(10));
}

#[test]
fn names_and_addresses_fit_into_gp() {
    let (_, orders) = orders(Kind::Any, 2000, 6);
    for address in orders.iter().flat_map(Order::addresses) {
        check(address);
    }
}

fn check(address: &Address) {
    let name = format!("{} {}", address.first_name, address.last_name);
    for (text, width) in [
        (name.as_str(), 60),
        (address.company.as_deref().unwrap_or_default(), 64),
        (&address.address1, 60),
        (address.address2.as_deref().unwrap_or_default(), 60),
        (&address.city, 35),
        (&address.zip_postal_code, 10),
        (&address.phone_number, 21),
    ] {
        assert!(
            text.chars().count() <= width,
            "{text} is longer than {width}"
        );
        let kept = |c: char| u32::from(c) < 0x100 || WINDOWS_LETTERS.contains(c);
        assert!(text.chars().all(kept), "{text} does not fit the code page");
    }
}

/// Checks twenty orders of a kind.
fn all(kind: Kind, holds: fn(&Order) -> bool) {
    let (_, orders) = orders(kind, 20, 7);
    assert_eq!(orders.len(), 20);
    for order in &orders {
        assert!(holds(order), "{kind:?}: {order:?}");
    }
}

#[test]
fn kinds_of_goods_have_the_goods_they_are_named_for() {
    fn sku(order: &Order, wanted: Option<&str>) -> bool {
        order.items.iter().any(|item| item.sku.as_deref() == wanted)
    }
    all(Kind::Simple, |o| {
        !sku(o, None) && !sku(o, Some("NOT-IN-GP-0001"))
    });
    all(Kind::Combination, |o| {
        o.items.iter().any(|i| !i.chosen.is_empty())
    });
    all(Kind::GiftCardSold, |o| {
        o.items.iter().any(|i| i.is_gift_card)
    });
    all(Kind::UnknownSku, |o| sku(o, Some("NOT-IN-GP-0001")));
    all(Kind::MissingSku, |o| sku(o, None));
    all(Kind::Pickup, |o| {
        o.pickup_in_store && o.shipping_address.is_none()
    });
    all(Kind::NothingToShip, |o| {
        o.shipping_status == ShippingStatus::ShippingNotRequired
    });
    all(Kind::PoNumber, |o| o.po_number.is_some());
    all(Kind::Multicurrency, |o| o.customer_currency_code != "USD");
}

#[test]
fn kinds_of_money_have_the_money_they_are_named_for() {
    all(Kind::CheckoutAttributes, |o| {
        o.checkout_attributes_xml.is_some()
    });
    all(Kind::SubtotalDiscount, |o| {
        o.order_sub_total_discount_excl_tax > Decimal::ZERO
    });
    all(Kind::OrderDiscount, |o| {
        o.order_discount > Decimal::ZERO && o.order_total > Decimal::ZERO
    });
    all(Kind::GiftCardUsed, |o| {
        !o.gift_cards_used.is_empty() && o.order_total > Decimal::ZERO
    });
    all(Kind::RewardPoints, |o| o.reward_points_used.is_some());
    all(Kind::FreeByGiftCard, |o| {
        o.order_total.is_zero() && !o.gift_cards_used.is_empty()
    });
    all(Kind::FreeByDiscount, |o| {
        o.order_total.is_zero() && o.order_discount > Decimal::ZERO
    });
    all(Kind::PaymentFee, |o| {
        o.payment_method_additional_fee_excl_tax > Decimal::ZERO
    });
    all(Kind::ZeroTax, |o| o.order_tax.is_zero());
    all(Kind::Paid, |o| o.payment_status == PaymentStatus::Paid);
    all(Kind::Authorized, |o| {
        o.payment_status == PaymentStatus::Authorized
    });
}

#[test]
fn a_new_buyer_places_two_orders_at_once() {
    let (_, orders) = orders(Kind::NewCustomerPair, 6, 8);
    for pair in orders.chunks(2) {
        assert_eq!(pair[0].customer_id, pair[1].customer_id);
    }
    assert_ne!(orders[0].customer_id, orders[2].customer_id);
}

#[test]
fn guests_leave_no_name_on_their_row() {
    let (tables, orders) = orders(Kind::Guest, 10, 9);
    for order in &orders {
        let customer = &tables.customers[&order.customer_id];
        assert!(customer.is_guest && customer.email.is_none() && customer.first_name.is_none());
        assert!(!order.billing_address.email.is_empty());
    }
}
