//! Places orders: decides a plan, finds a buyer, fills the cart and works out the money.

mod cart;
mod people;
mod plan;
mod settle;
mod totals;

pub use plan::Kind;

use jiff::Timestamp;
use rust_decimal::Decimal;

use super::model::{
    Card, Item, Note, Order, OrderStatus, PaymentStatus, ShippingStatus, TaxDisplay,
};
use super::random::Random;
use super::state::Tables;
use super::world::Region;
use people::Party;
use plan::{Buyer, Delivery, Plan};
use settle::Settlement;
use totals::{Basket, Charge, Totals};

/// A test card number that the shop stores though it should not; nobody else may ever hold it.
pub const PLANTED_CARD_NUMBER: &str = "4111111111111111";

/// Places orders of a kind until there are as many as asked for, and returns their ids.
pub(crate) fn place(tables: &mut Tables, kind: Kind, count: usize, now: Timestamp) -> Vec<i64> {
    let mut placed = Vec::new();
    while placed.len() < count {
        let plan = Plan::decide(kind, &mut tables.random);
        let party = people::party(tables, &plan, now);
        let customer_id = party.customer_id;
        placed.push(place_one(tables, &plan, party, now));
        let pair = kind == Kind::NewCustomerPair
            || (kind == Kind::Any && plan.buyer == Buyer::New && tables.random.percent(40));
        if pair && placed.len() < count {
            let again = Plan {
                buyer: Buyer::Known,
                ..plan
            };
            let party = people::of_customer(tables, customer_id, &again, now);
            placed.push(place_one(tables, &again, party, now));
        }
    }
    placed
}

fn place_one(tables: &mut Tables, plan: &Plan, party: Party, now: Timestamp) -> i64 {
    let taxed_at = match plan.delivery {
        Delivery::Shipped => &party.shipping,
        Delivery::Pickup | Delivery::Nothing => &party.billing,
    };
    let region = tables.region_of(taxed_at).cloned();
    let region = region.unwrap_or_else(|| tables.world.store.regions[0].clone());
    let items = cart::fill(tables, plan, &region);
    let wrapping = checkout_attributes(tables, plan);
    let payment = settle::payment_method(tables, plan);
    let (shipping_name, shipping) = shipping(tables, plan, &region);
    let basket = Basket {
        lines: items
            .iter()
            .map(|i| Charge {
                net: i.price_excl_tax,
                rate: i.tax_rate,
            })
            .collect(),
        attributes: wrapping
            .net
            .map(|net| Charge {
                net,
                rate: region.rate,
            })
            .into_iter()
            .collect(),
        subtotal_discount: subtotal_discount(tables, plan, &items),
        shipping,
        fee: Charge {
            net: payment.fee,
            rate: fee_rate(&region),
        },
        rounds_subtotal: tables.rounds_subtotal,
    };
    let totals = totals::add_up(&basket);
    let id = tables.numbers.next("order", 1001);
    let settlement = settle::settle(tables, plan, &party, &totals, payment, now);
    let order = write(
        tables,
        id,
        plan,
        party,
        items,
        &totals,
        settlement,
        wrapping,
        shipping_name,
        now,
    );
    keep(tables, order)
}

/// What the buyer ticked at checkout: wrapping at a price, or a free text.
#[derive(Debug, Default)]
struct CheckoutAttributes {
    net: Option<Decimal>,
    description: String,
    xml: Option<String>,
}

fn checkout_attributes(tables: &mut Tables, plan: &Plan) -> CheckoutAttributes {
    if !plan.checkout_attributes {
        return CheckoutAttributes::default();
    }
    let price = *tables
        .random
        .pick(&[Decimal::new(1000, 2), Decimal::new(495, 2)]);
    let text = "Leave at dock 4 & ring twice";
    let with_text = tables.random.percent(50);
    let wrapping = "<CheckoutAttribute ID=\"1\"><CheckoutAttributeValue><Value>2</Value>\
                    </CheckoutAttributeValue></CheckoutAttribute>";
    let note = "<CheckoutAttribute ID=\"3\"><CheckoutAttributeValue>\
                <Value>Leave at dock 4 &amp; ring twice</Value>\
                </CheckoutAttributeValue></CheckoutAttribute>";
    let mut description = format!("Gift wrapping: Yes [+${price:.2}]");
    if with_text {
        description = format!("{description}<br />Delivery instructions: {text}");
    }
    let inner = if with_text {
        format!("{wrapping}{note}")
    } else {
        wrapping.to_owned()
    };
    CheckoutAttributes {
        net: Some(price),
        description,
        xml: Some(format!("<Attributes>{inner}</Attributes>")),
    }
}

/// Value added tax is on fees too; sales tax is not.
fn fee_rate(region: &Region) -> Decimal {
    if region.reduced_rate.is_some() {
        region.rate
    } else {
        Decimal::ZERO
    }
}

fn subtotal_discount(tables: &mut Tables, plan: &Plan, items: &[Item]) -> Decimal {
    if !plan.subtotal_discount {
        return Decimal::ZERO;
    }
    let lines: Decimal = items.iter().map(|item| item.price_excl_tax).sum();
    if tables.random.percent(50) {
        totals::percent_of(lines, Decimal::from(5))
    } else {
        Decimal::from(10).min(totals::percent_of(lines, Decimal::from(50)))
    }
}

fn shipping(tables: &mut Tables, plan: &Plan, region: &Region) -> (Option<String>, Charge) {
    if plan.delivery == Delivery::Nothing {
        return (None, Charge::NONE);
    }
    let pickup = plan.delivery == Delivery::Pickup;
    let ways: Vec<_> = tables
        .world
        .store
        .shipping
        .iter()
        .filter(|w| w.pickup == pickup)
        .collect();
    let way = *tables.random.pick(&ways);
    let net = if plan.free_shipping {
        Decimal::ZERO
    } else {
        way.price
    };
    let rate = if way.taxable {
        region.rate
    } else {
        Decimal::ZERO
    };
    (Some(way.name.clone()), Charge { net, rate })
}

#[expect(
    clippy::too_many_arguments,
    reason = "an order row has that many sources"
)]
fn write(
    tables: &mut Tables,
    id: i64,
    plan: &Plan,
    party: Party,
    items: Vec<Item>,
    totals: &Totals,
    settlement: Settlement,
    wrapping: CheckoutAttributes,
    shipping_method: Option<String>,
    now: Timestamp,
) -> Order {
    let shipped = plan.delivery == Delivery::Shipped;
    let pickup = plan.delivery == Delivery::Pickup;
    let pickup_address = pickup.then(|| people::counter(tables, now));
    let (currency, rate) = display_currency(tables, plan);
    let po_number = plan
        .po_number
        .then(|| format!("PO-{}", tables.random.between(1000, 99999)));
    let random = &mut tables.random;
    Order {
        id,
        order_guid: random.guid(),
        custom_order_number: id.to_string(),
        store_id: 1,
        customer_id: party.customer_id,
        created_on_utc: now,
        paid_date_utc: settlement.paid_date(now),
        order_status: order_status(settlement.status, plan.delivery),
        payment_status: settlement.status,
        placed_payment_status: settlement.status,
        shipping_status: shipping_status(plan.delivery),
        deleted: false,
        payment_method_system_name: settlement.method,
        customer_currency_code: currency,
        currency_rate: rate,
        vat_number: None,
        customer_tax_display_type: tax_display(random),
        order_subtotal_incl_tax: totals.subtotal_incl,
        order_subtotal_excl_tax: totals.subtotal_excl,
        order_sub_total_discount_incl_tax: totals.discount_incl,
        order_sub_total_discount_excl_tax: totals.discount_excl,
        order_shipping_incl_tax: totals.shipping_incl,
        order_shipping_excl_tax: totals.shipping_excl,
        payment_method_additional_fee_incl_tax: totals.fee_incl,
        payment_method_additional_fee_excl_tax: totals.fee_excl,
        tax_rates: totals.splits(),
        order_tax: totals.tax,
        order_discount: settlement.order_discount,
        order_total: settlement.total,
        refunded_amount: Decimal::ZERO,
        checkout_attribute_description: wrapping.description,
        checkout_attributes_xml: wrapping.xml,
        shipping_method,
        pickup_in_store: pickup,
        po_number,
        customer_ip: format!("203.0.113.{}", random.between(1, 254)),
        card: planted_card(),
        authorization_transaction_id: settlement.authorization,
        capture_transaction_id: settlement.capture,
        billing_address: party.billing,
        shipping_address: shipped.then_some(party.shipping),
        pickup_address,
        items,
        gift_cards_used: settlement.gift_cards,
        reward_points_used: settlement.reward_points,
        discounts_used: settlement.discounts,
        notes: Vec::new(),
    }
}

fn order_status(payment: PaymentStatus, delivery: Delivery) -> OrderStatus {
    match (payment, delivery) {
        (PaymentStatus::Paid, Delivery::Nothing) => OrderStatus::Complete,
        (PaymentStatus::Paid | PaymentStatus::Authorized, _) => OrderStatus::Processing,
        (PaymentStatus::Pending | PaymentStatus::Refunded | PaymentStatus::Voided, _) => {
            OrderStatus::Pending
        }
    }
}

fn shipping_status(delivery: Delivery) -> ShippingStatus {
    match delivery {
        Delivery::Nothing => ShippingStatus::ShippingNotRequired,
        Delivery::Shipped | Delivery::Pickup => ShippingStatus::NotYetShipped,
    }
}

fn tax_display(random: &mut Random) -> TaxDisplay {
    if random.percent(50) {
        TaxDisplay::IncludingTax
    } else {
        TaxDisplay::ExcludingTax
    }
}

fn display_currency(tables: &mut Tables, plan: &Plan) -> (String, Decimal) {
    let store = &tables.world.store;
    let other: Vec<_> = store
        .display_currencies
        .iter()
        .filter(|c| c.code != store.primary_currency)
        .collect();
    if !plan.display_currency || other.is_empty() {
        return (store.primary_currency.clone(), Decimal::ONE);
    }
    let chosen = *tables.random.pick(&other);
    (chosen.code.clone(), chosen.rate)
}

fn planted_card() -> Card {
    Card {
        card_type: "Visa".to_owned(),
        card_name: "ROBIN VALE".to_owned(),
        card_number: PLANTED_CARD_NUMBER.to_owned(),
        masked_credit_card_number: "************1111".to_owned(),
        card_cvv2: "737".to_owned(),
        card_expiration_month: "3".to_owned(),
        card_expiration_year: "2030".to_owned(),
    }
}

/// Puts the finished order into the shop's tables.
fn keep(tables: &mut Tables, mut order: Order) -> i64 {
    let id = order.id;
    order.notes.push(Note {
        id: tables.numbers.next("note", 10001),
        note: "Order placed".to_owned(),
        display_to_customer: false,
        created_on_utc: order.created_on_utc,
    });
    for address in order.addresses() {
        tables.addresses.insert(address.id, address.clone());
    }
    tables.orders.insert(id, order);
    id
}

#[cfg(test)]
mod tests;
