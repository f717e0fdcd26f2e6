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

/// Makes an order whose identity holds exactly, with British tax at 20 % and 5 %.
fn order(basket: &Basket) -> Json {
    let four = |amount: i64| Decimal::new(amount, 4);
    let kept = |value: Decimal| {
        if basket.whole_cents {
            cents(value)
        } else {
            value
        }
    };
    let (mut items, mut subtotal) = (Vec::new(), Decimal::ZERO);
    let (mut standard, mut low) = (Decimal::ZERO, Decimal::ZERO);
    for (index, (price, quantity)) in basket.lines.iter().enumerate() {
        let amount = kept(four(*price) * Decimal::from(*quantity));
        subtotal += amount;
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
    let attributes = four(basket.attributes);
    subtotal += attributes;
    let discount = cents(subtotal * Decimal::new(basket.discount_share, 2));
    let (shipping, fee) = (four(basket.shipping), four(basket.fee));
    let cut = |net: Decimal| {
        if subtotal.is_zero() {
            net
        } else {
            net - discount * net / subtotal
        }
    };
    let tax_at = |net: Decimal, percent: i64| cents(net * Decimal::new(percent, 2));
    let (freight_tax, fee_tax) = (tax_at(shipping, 20), tax_at(fee, 20));
    let high = tax_at(cut(standard + attributes), 20) + freight_tax + fee_tax;
    let reduced = tax_at(cut(low), 5);
    let tax = high + reduced;
    let owed = cents(subtotal - discount + shipping + fee + tax);
    let order_discount = four(basket.order_discount).min(owed);
    let gift_cards = four(basket.gift_cards).min(owed - order_discount);
    let points = four(basket.points).min(owed - order_discount - gift_cards);
    let total = owed - order_discount - gift_cards - points;

    let mut order = support::order();
    let fields = order.as_object_mut().unwrap();
    for (name, value) in [
        ("order_subtotal_excl_tax", subtotal),
        ("order_sub_total_discount_excl_tax", discount),
        ("order_discount", order_discount),
        ("order_shipping_excl_tax", shipping),
        ("order_shipping_incl_tax", shipping + freight_tax),
        ("payment_method_additional_fee_excl_tax", fee),
        ("payment_method_additional_fee_incl_tax", fee + fee_tax),
        ("order_tax", tax),
        ("order_total", total),
    ] {
        fields.insert(name.into(), number(value));
    }
    fields.insert("items".into(), items.into());
    let described = if attributes.is_zero() {
        json!(null)
    } else {
        json!("Wrapping")
    };
    fields.insert("checkout_attribute_description".into(), described);
    fields.insert(
        "tax_rates".into(),
        json!([{"rate": 5, "amount": number(reduced)}, {"rate": 20, "amount": number(high)}]),
    );
    let cards = json!([{"gift_card_id": 1, "used_value": number(gift_cards)}]);
    fields.insert(
        "gift_cards_used".into(),
        if basket.told { cards } else { Json::Null },
    );
    let used = if basket.told {
        number(points)
    } else {
        Json::Null
    };
    fields.insert("reward_points_used_amount".into(), used);
    fields["shipping_address"]["country"] = json!({"name": "United Kingdom",
        "two_letter_iso_code": "GB", "three_letter_iso_code": "GBR"});
    fields["shipping_address"]["state"] = Json::Null;
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
