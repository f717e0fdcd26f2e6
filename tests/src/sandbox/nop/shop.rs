//! The shop itself: its tables, its clock, who may call, and what its people do.

use std::collections::HashSet;
use std::sync::{Mutex, RwLock, RwLockReadGuard, RwLockWriteGuard};

use jiff::Timestamp;

use super::clock::Clock;
use super::faults::Faults;
use super::generator::{self, Kind};
use super::lock;
use super::meter::Meter;
use super::model::{GiftCard, Note, Order, OrderStatus, PaymentStatus};
use super::random::Random;
use super::state::Tables;
use super::webhooks::Webhooks;
use super::{Config, Flavour, opensource};

/// A shop that is open.
#[derive(Debug)]
pub(crate) struct Shop {
    pub(crate) name: String,
    pub(crate) flavour: Flavour,
    pub(crate) username: String,
    pub(crate) password: String,
    pub(crate) installation_id: String,
    pub(crate) meter: Meter,
    pub(crate) faults: Faults,
    pub(crate) webhooks: Webhooks,
    pub(crate) clock: Clock,
    base_url: String,
    tables: RwLock<Tables>,
    tokens: Mutex<(Random, HashSet<String>)>,
}

impl Shop {
    pub(crate) fn open(
        config: &Config,
        world: super::world::World,
        base_url: String,
        webhooks: Webhooks,
    ) -> Self {
        let clock = Clock::default();
        let mut names = Random::new(config.seed ^ 0x5170_0000);
        Self {
            name: world.store.name.clone(),
            flavour: config.flavour,
            username: config.username.clone(),
            password: config.password.clone(),
            installation_id: config
                .installation_id
                .clone()
                .unwrap_or_else(|| names.guid()),
            meter: Meter::default(),
            faults: Faults::default(),
            webhooks,
            base_url,
            tables: RwLock::new(Tables::new(world, config.seed, clock.now())),
            tokens: Mutex::new((names, HashSet::new())),
            clock,
        }
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    pub(crate) fn url(&self) -> String {
        format!("{}/", self.base_url)
    }

    pub(crate) fn host(&self) -> String {
        self.base_url.trim_start_matches("http://").to_owned()
    }

    pub(crate) fn tables(&self) -> RwLockReadGuard<'_, Tables> {
        self.tables
            .read()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    pub(crate) fn tables_mut(&self) -> RwLockWriteGuard<'_, Tables> {
        self.tables
            .write()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    /// Gives out a token for the right name and password.
    pub(crate) fn log_in(&self, name: &str, password: &str) -> Option<String> {
        if name != self.username || password != self.password {
            return None;
        }
        let mut tokens = lock(&self.tokens);
        let token = format!("eyJhbGciOiJIUzI1NiJ9.{}.{}", tokens.0.hex(), tokens.0.hex());
        tokens.1.insert(token.clone());
        Some(token)
    }

    /// Takes the last word of the header; one of the plugins insists on `Bearer` before it.
    pub(crate) fn knows_token(&self, header: Option<&str>, bearer: bool) -> bool {
        let Some(header) = header else { return false };
        if bearer && !header.starts_with("Bearer ") {
            return false;
        }
        let token = header.rsplit(' ').next().unwrap_or_default();
        lock(&self.tokens).1.contains(token)
    }

    /// Makes every token invalid, as a new signing secret would.
    pub(crate) fn forget_tokens(&self) {
        lock(&self.tokens).1.clear();
    }

    /// Lets buyers place orders, and raises the webhooks of each.
    pub(crate) fn place(&self, kind: Kind, count: usize) -> Vec<Order> {
        let now = self.now();
        let mut tables = self.tables_mut();
        let placed = generator::place(&mut tables, kind, count, now);
        let orders: Vec<Order> = placed
            .iter()
            .filter_map(|id| tables.orders.get(id).cloned())
            .collect();
        for order in &orders {
            sell_gift_cards(&mut tables, order, now);
            self.raise(&tables, order, "order.placed");
            if order.payment_status == PaymentStatus::Paid {
                self.raise(&tables, order, "order.paid");
            }
        }
        orders
    }

    /// Marks an order as paid; says no when it may not be, and nothing when there is none.
    pub(crate) fn pay(&self, id: i64) -> Option<bool> {
        let now = self.now();
        self.change(id, "order.paid", Order::may_be_paid, |order| {
            order.payment_status = PaymentStatus::Paid;
            order.paid_date_utc = Some(now);
            if order.order_status == OrderStatus::Pending {
                order.order_status = OrderStatus::Processing;
            }
            "Order has been marked as paid"
        })
    }

    /// Cancels an order.
    pub(crate) fn cancel(&self, id: i64) -> Option<bool> {
        self.change(id, "order.cancelled", Order::may_be_cancelled, |order| {
            order.order_status = OrderStatus::Cancelled;
            "Order has been cancelled"
        })
    }

    /// Deletes an order softly: the row stays.
    pub(crate) fn delete(&self, id: i64) -> Option<bool> {
        self.change(
            id,
            "order.deleted",
            |order| !order.deleted,
            |order| {
                order.deleted = true;
                "Order has been deleted"
            },
        )
    }

    /// Changes an order by hand, the way an administrator can.
    pub(crate) fn change(
        &self,
        id: i64,
        topic: &'static str,
        allowed: impl FnOnce(&Order) -> bool,
        change: impl FnOnce(&mut Order) -> &'static str,
    ) -> Option<bool> {
        let now = self.now();
        let mut tables = self.tables_mut();
        let note_id = tables.numbers.next("note", 10001);
        let order = tables.orders.get_mut(&id)?;
        if !allowed(order) {
            return Some(false);
        }
        let note = change(order).to_owned();
        order.notes.push(Note {
            id: note_id,
            note,
            display_to_customer: false,
            created_on_utc: now,
        });
        let order = order.clone();
        self.raise(&tables, &order, topic);
        Some(true)
    }

    /// Sends a webhook about an order as it is now.
    pub(crate) fn raise(&self, tables: &Tables, order: &Order, topic: &'static str) {
        self.webhooks
            .raise(self, order, topic, || opensource::order_row(tables, order));
    }
}

/// Every gift card bought becomes a card, not active before somebody pays attention.
fn sell_gift_cards(tables: &mut Tables, order: &Order, now: Timestamp) {
    for item in order.items.iter().filter(|item| item.is_gift_card) {
        let id = tables.numbers.next("gift card", 9);
        let coupon_code = tables.random.guid()[..13].to_owned();
        let card = GiftCard {
            id,
            purchased_with_order_item_id: Some(item.id),
            amount: item.unit_price_excl_tax,
            remaining: item.unit_price_excl_tax,
            is_activated: false,
            coupon_code,
            recipient_name: "Dana Reyes".to_owned(),
            recipient_email: "dana.reyes@example.net".to_owned(),
            sender_name: "Pat Morgan".to_owned(),
            sender_email: "pat.morgan@example.com".to_owned(),
            created_on_utc: now,
        };
        tables.gift_cards.insert(id, card);
    }
}
