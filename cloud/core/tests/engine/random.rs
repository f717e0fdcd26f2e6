//! Random orders whose money adds up exactly: each becomes a balanced document, or a failure that
//! says by how much it cannot.

use std::sync::OnceLock;

use connect_core::engine::workflow::{Action, Compiled};
use proptest::prelude::*;
use rust_decimal::{Decimal, RoundingStrategy};
use serde_json::{Value as Json, json};

use crate::support::{self, World};

/// What an order is made of, in ten-thousandths where prices are meant.
#[derive(Clone, Debug)]
struct Basket {
    /// Price and quantity.
    lines: Vec<(i64, i64)>,
    attributes: i64,
    discount_share: i64,
    order_discount: i64,
    shipping: i64,
    fee: i64,
    /// Which rate each line has.
    reduced: Vec<bool>,
    gift_cards: i64,
    points: i64,
    told: bool,
    leftover: &'static str,
    whole_cents: bool,
}

fn baskets() -> impl Strategy<Value = Basket> {
    let lines = prop::collection::vec((0_i64..3_000_000, 1_i64..40), 1..8);
    let charges = (
        0_i64..200_000,
        0_i64..40,
        0_i64..100_000,
        0_i64..400_000,
        0_i64..90_000,
    );
    let credits = (0_i64..500_000, 0_i64..300_000, any::<bool>());
    let ways = (
        prop::sample::select(vec!["largest_line", "misc", "dead_letter"]),
        any::<bool>(),
    );
    (
        lines,
        prop::collection::vec(any::<bool>(), 8),
        charges,
        credits,
        ways,
    )
        .prop_map(|(lines, reduced, charges, credits, ways)| Basket {
            lines,
            attributes: charges.0 / 100 * 100,
            discount_share: charges.1,
            order_discount: charges.2 / 100 * 100,
            shipping: charges.3 / 100 * 100,
            fee: charges.4 / 100 * 100,
            reduced,
            gift_cards: credits.0 / 100 * 100,
            points: credits.1 / 100 * 100,
            told: credits.2,
            leftover: ways.0,
            whole_cents: ways.1,
        })
}

fn cents(value: Decimal) -> Decimal {
    value.round_dp_with_strategy(2, RoundingStrategy::MidpointAwayFromZero)
}

fn number(value: Decimal) -> Json {
    serde_json::from_str(&value.to_string()).unwrap()
}

/// The money of a basket, taxed at the British 20 % and 5 %.
struct Money {
    items: Vec<Json>,
    subtotal: Decimal,
    discount: Decimal,
    freight_tax: Decimal,
    fee_tax: Decimal,
    high: Decimal,
    reduced: Decimal,
}

fn four(amount: i64) -> Decimal {
    Decimal::new(amount, 4)
}

fn tax_at(net: Decimal, percent: i64) -> Decimal {
    cents(net * Decimal::new(percent, 2))
}

fn add_up(basket: &Basket) -> Money {
    let kept = |value: Decimal| {
        if basket.whole_cents {
            cents(value)
        } else {
            value
        }
    };
    let (mut items, mut standard, mut low) = (Vec::new(), Decimal::ZERO, Decimal::ZERO);
    for (index, (price, quantity)) in basket.lines.iter().enumerate() {
        let amount = kept(four(*price) * Decimal::from(*quantity));
        *(if basket.reduced[index] {
            &mut low
        } else {
            &mut standard
        }) += amount;
        items.push(
            json!({"id": index, "sku": format!("A{index}"), "product_name": "A",
            "quantity": quantity, "price_excl_tax": number(amount)}),
        );
    }
    standard += four(basket.attributes);
    let subtotal = standard + low;
    let discount = cents(subtotal * Decimal::new(basket.discount_share, 2));
    let cut = |net: Decimal| {
        if subtotal.is_zero() {
            net
        } else {
            net - discount * net / subtotal
        }
    };
    let freight_tax = tax_at(four(basket.shipping), 20);
    let fee_tax = tax_at(four(basket.fee), 20);
    Money {
        items,
        subtotal,
        discount,
        freight_tax,
        fee_tax,
        high: tax_at(cut(standard), 20) + freight_tax + fee_tax,
        reduced: tax_at(cut(low), 5),
    }
}

/// Makes an order whose identity holds exactly.
fn order(basket: &Basket) -> Json {
    let money = add_up(basket);
    let (shipping, fee) = (four(basket.shipping), four(basket.fee));
    let tax = money.high + money.reduced;
    let owed = cents(money.subtotal - money.discount + shipping + fee + tax);
    let order_discount = four(basket.order_discount).min(owed);
    let gift_cards = four(basket.gift_cards).min(owed - order_discount);
    let points = four(basket.points).min(owed - order_discount - gift_cards);
    let mut order = support::order();
    for (name, value) in [
        ("order_subtotal_excl_tax", money.subtotal),
        ("order_sub_total_discount_excl_tax", money.discount),
        ("order_discount", order_discount),
        ("order_shipping_excl_tax", shipping),
        ("order_shipping_incl_tax", shipping + money.freight_tax),
        ("payment_method_additional_fee_excl_tax", fee),
        (
            "payment_method_additional_fee_incl_tax",
            fee + money.fee_tax,
        ),
        ("order_tax", tax),
        ("order_total", owed - order_discount - gift_cards - points),
    ] {
        order[name] = number(value);
    }
    order["items"] = money.items.into();
    order["tax_rates"] = json!([{"rate": 5, "amount": number(money.reduced)},
        {"rate": 20, "amount": number(money.high)}]);
    if basket.attributes > 0 {
        order["checkout_attribute_description"] = json!("Wrapping");
    }
    let cards = json!([{"gift_card_id": 1, "used_value": number(gift_cards)}]);
    order["gift_cards_used"] = if basket.told { cards } else { Json::Null };
    order["reward_points_used_amount"] = if basket.told {
        number(points)
    } else {
        Json::Null
    };
    order["shipping_address"]["country"] = json!({"name": "United Kingdom",
        "two_letter_iso_code": "GB", "three_letter_iso_code": "GBR"});
    order["shipping_address"]["state"] = Json::Null;
    order
}

fn compiled() -> &'static Compiled {
    static FLOW: OnceLock<Compiled> = OnceLock::new();
    FLOW.get_or_init(support::flow)
}

fn amount(text: Option<&str>) -> Decimal {
    text.map_or(Decimal::ZERO, |text| text.parse().unwrap())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn money_balances_or_the_failure_says_by_how_much(basket in baskets()) {
        let order = order(&basket);
        let total: Decimal = order["order_total"].to_string().parse().unwrap();
        let mut world = World::new(order);
        world.profile["rounding"]["leftover"] = json!(basket.leftover);
        let walked = world.walk_with(compiled());
        if let Action::Dead { failure } = walked.last() {
            // Everything adds up exactly, so only rounding can be in the way.
            prop_assert_eq!(failure.code.as_str(), "rounding", "{:?}", failure);
            let digits = failure.message.chars().any(|letter| letter.is_ascii_digit());
            prop_assert!(digits, "{}", failure.message);
            prop_assert!(!basket.whole_cents, "whole cents leave nothing: {}", failure.message);
            return Ok(());
        }
        let header = walked.header();
        let field = |name: &str| amount(header.text(name));
        let sum = |node: &str, name: &str| -> Decimal {
            walked.nodes(node).iter().map(|node| amount(node.text(name))).sum()
        };
        prop_assert_eq!(field("SUBTOTAL"), sum("taSopLineIvcInsert", "XTNDPRCE"));
        let parts = field("SUBTOTAL") + field("FREIGHT") + field("MISCAMNT") + field("TAXAMNT")
            + field("FRTTXAMT") + field("MSCTXAMT") - field("TRDISAMT");
        prop_assert_eq!(field("DOCAMNT"), parts);
        prop_assert_eq!(field("TAXAMNT"), sum("taSopLineIvcTaxInsert", "STAXAMNT"));
        prop_assert_eq!(field("FRTTXAMT"), sum("taSopLineIvcTaxInsert", "FRTTXAMT"));
        prop_assert_eq!(field("MSCTXAMT"), sum("taSopLineIvcTaxInsert", "MSCTXAMT"));
        let paid = sum("taCreateSopPaymentInsertRecord", "DOCAMNT");
        prop_assert_eq!(field("PYMTRCVD"), paid);
        // Paid in full by the map of payments: gift cards and the card together.
        prop_assert_eq!(field("DOCAMNT"), paid);
        prop_assert!(paid >= cents(total));
        for line in walked.nodes("taSopLineIvcInsert") {
            let unit = amount(line.text("XTNDPRCE")) / amount(line.text("QUANTITY"));
            prop_assert_eq!(amount(line.text("UNITPRCE")), cents(unit));
        }
    }
}
