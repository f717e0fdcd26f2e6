//! How fast one core maps the sample order, computes formulas and carries runs forward, against
//! reading the order's JSON.
#![expect(clippy::print_stdout, reason = "the bench talks to a person")]
#![expect(clippy::unwrap_used, reason = "a bench that cannot go on has failed")]

#[path = "../tests/engine/support.rs"]
#[expect(dead_code, reason = "shared with the tests")]
mod support;

use std::path::PathBuf;
use std::time::{Duration, Instant};

use connect_core::engine::Value;
use connect_core::engine::expression::{Expression, Facts};
use connect_core::engine::lookup::Lookups;
use connect_core::engine::mapping;
use connect_core::templates;
use serde_json::json;

use support::World;

/// That of the cloud's own binary.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// How long each figure is measured, in rounds of which the best counts.
const ROUND: Duration = Duration::from_millis(400);
const ROUNDS: usize = 5;

/// Formulas as mappings have them.
const FORMULAS: [&str; 10] = [
    "order.order_total",
    "order.order_subtotal_excl_tax - order.order_sub_total_discount_excl_tax",
    "money(order.order_shipping_excl_tax, 2)",
    "if order.pickup_in_store == true { order.billing_address } else { order.shipping_address }",
    "coalesce(order.billing_address.company, order.billing_address.last_name)",
    "join([order.billing_address.first_name, order.billing_address.last_name], \" \")",
    "order.payment_status in [\"Paid\", \"Authorized\"] && order.order_total > 0",
    "sum(order.items.map(|item| item.price_excl_tax))",
    "order.items.filter(|item| item.quantity > 0).len()",
    "local_date(order.created_on_utc, \"America/Chicago\")",
];

fn main() {
    let order = five_lines();
    let json = order.to_string();
    let read = per_second(1, || {
        Value::from_json(&json).unwrap();
    });
    let mut figures = vec![
        figure("mapping.orders_per_s", mapped(&order, false), read),
        figure("mapping.traced_orders_per_s", mapped(&order, true), read),
        figure("engine.expressions_per_s", formulas(&order), read),
        figure("engine.transitions_per_s", transitions(&order), read),
    ];
    if let Some(file) = json_file() {
        let before = std::fs::read_to_string(&file).unwrap_or_else(|_| "[]".into());
        let mut all: Vec<serde_json::Value> = serde_json::from_str(&before).unwrap();
        all.append(&mut figures);
        std::fs::write(file, serde_json::to_string_pretty(&all).unwrap()).unwrap();
    }
}

/// The file named after `--json`; figures are added to it.
fn json_file() -> Option<PathBuf> {
    let mut arguments = std::env::args().skip_while(|argument| argument != "--json");
    arguments.nth(1).map(PathBuf::from)
}

fn figure(name: &str, value: f64, baseline: f64) -> serde_json::Value {
    println!("{name:<28} {value:>12.0} /s   (baseline {baseline:.0})");
    json!({"name": name, "value": value, "unit": "1/s", "baseline": baseline})
}

/// How often something that does `count` things is done in a second, by the best round.
fn per_second(count: u32, mut work: impl FnMut()) -> f64 {
    let mut best: f64 = 0.0;
    for _ in 0..ROUNDS {
        let (start, mut done) = (Instant::now(), 0_u32);
        while start.elapsed() < ROUND {
            work();
            done += count;
        }
        best = best.max(f64::from(done) / start.elapsed().as_secs_f64());
    }
    best
}

/// The sample order with five lines.
fn five_lines() -> serde_json::Value {
    let mut order = support::order();
    let items = order["items"].as_array().unwrap().clone();
    // Three free samples leave the order's sums as they are.
    let free = |number: usize| {
        let mut item = items[1].clone();
        item["id"] = json!(10 + number);
        for (name, value) in item.as_object_mut().unwrap() {
            if name.contains("price") || name.contains("amount") {
                *value = json!(0);
            }
        }
        item
    };
    order["items"] = items.iter().cloned().chain((0..3).map(free)).collect();
    order
}

/// The records the packaged mapping reads.
fn facts(order: &serde_json::Value) -> Facts {
    let input = World::new(order.clone()).input();
    let customer = json!({"number": "W000077", "send": true, "bill_to_code": "WAAAAAAAAAA",
        "ship_to_code": "WBBBBBBBBBB", "send_bill_to": true, "send_ship_to": true});
    let mut order = Value::from_json(&order.to_string()).unwrap();
    connect_core::engine::complete("order", &mut order);
    let mut profile = (*input.profile).clone();
    connect_core::engine::complete("profile", &mut profile);
    let mut facts = Facts::default();
    facts.set("order", order);
    facts.set("profile", profile);
    facts.set("store", input.store);
    facts.set("customer", Value::from_json(&customer.to_string()).unwrap());
    facts
}

fn mapped(order: &serde_json::Value, traced: bool) -> f64 {
    let mapping = mapping::compile(templates::ORDER_TO_SOP_MAPPING, &Lookups::new()).unwrap();
    let mut facts = facts(order);
    per_second(1, || {
        let made = if traced {
            mapping::evaluate(&mapping, &mut facts)
        } else {
            mapping::evaluate_untraced(&mapping, &mut facts)
        };
        assert_eq!(made.unwrap().0.transactions.len(), 1);
    })
}

fn formulas(order: &serde_json::Value) -> f64 {
    let mut facts = facts(order);
    let known = facts.names();
    let formulas = FORMULAS.map(|text| Expression::compile(text, &known).unwrap());
    per_second(10, || {
        for formula in &formulas {
            formula.evaluate(&mut facts).unwrap();
        }
    })
}

fn transitions(order: &serde_json::Value) -> f64 {
    let (flow, world) = (support::flow(), World::new(order.clone()));
    let count = world.walk_with(&flow).actions.len();
    per_second(u32::try_from(count).unwrap(), || {
        assert!(world.walk_with(&flow).xml.is_some());
    })
}
