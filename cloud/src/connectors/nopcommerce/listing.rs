//! Finds new and paid orders for polling: closed windows of creation time, or ids ascending.

use connect_core::domain::failure::Failure;
use connect_core::domain::store::Flavour;
use connect_core::domain::time::Micros;
use serde::{Deserialize, Serialize};

use super::convert;
use super::transport::{Call, Transport};
use super::wire;

// Orders become visible a little after their creation time, and clocks differ: look back this far.
const OVERLAP_SECONDS: i64 = 600;
const PAGE: i64 = 100;
// Nothing tells when an order was paid, so paid ones are looked through by when they were placed:
// often those of the last days, now and then all that may still be paid.
const PAID_LATE_SECONDS: i64 = 30 * 86_400;
const PAID_SOON_SECONDS: i64 = 2 * 86_400;
const PAID_LATE_EVERY_SECONDS: i64 = 3_600;
/// nop's `PaymentStatus.Paid`.
const PAID_ID: i64 = 30;

/// How far looking has come; kept as text between looks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cursor {
    /// Orders created before are never looked for.
    pub floor: Micros,
    /// Newest creation time seen.
    pub newest: Micros,
    /// Highest id so old that no lower one can still appear.
    pub settled_id: i64,
    /// The look in progress.
    pub window: Option<Window>,
    /// The look for paid orders in progress.
    #[serde(default)]
    pub paid: Option<Paid>,
    /// End of the last look for paid orders that went back all the way.
    #[serde(default)]
    pub paid_late: Option<Micros>,
}

/// A look for paid orders.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Paid {
    /// Orders created before are left out.
    pub from: Micros,
    /// Whether it goes back all the way.
    pub late: bool,
    /// How far it has come.
    pub window: Window,
}

/// A look over several pages.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Window {
    /// Its end, which keeps pages from drifting while orders arrive.
    pub to: Micros,
    /// Next page, counted from 0.
    pub page: i64,
    /// Last id of the page before.
    pub last_id: i64,
}

/// An order that was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Found {
    /// nop's id.
    pub id: i64,
    /// Created, by the store's clock.
    pub created: Micros,
}

/// One page of a look.
#[derive(Clone, Debug)]
pub struct Page {
    /// What stands on it.
    pub orders: Vec<Found>,
    /// Where to go on.
    pub next: Cursor,
    /// Whether there is more to look through now.
    pub more: bool,
}

impl Cursor {
    /// Looks for orders from then on.
    pub fn starting(floor: Micros) -> Self {
        Self {
            floor,
            newest: floor,
            settled_id: 0,
            window: None,
            paid: None,
            paid_late: None,
        }
    }

    fn since(&self) -> Micros {
        self.newest.plus_seconds(-OVERLAP_SECONDS).max(self.floor)
    }

    /// The look for paid orders in progress, or the next one.
    fn paid(&self, now: Micros) -> Paid {
        if let Some(paid) = &self.paid {
            return paid.clone();
        }
        let late = self
            .paid_late
            .is_none_or(|last| last.plus_seconds(PAID_LATE_EVERY_SECONDS) <= now);
        let back = if late {
            PAID_LATE_SECONDS
        } else {
            PAID_SOON_SECONDS
        };
        Paid {
            from: now.plus_seconds(-back).max(self.floor),
            late,
            window: Window {
                to: now,
                page: 0,
                last_id: 0,
            },
        }
    }
}

/// Which orders are asked for.
struct Asked<'w> {
    from: Micros,
    window: &'w Window,
    paid: bool,
}

/// Reads the next page.
pub(super) async fn page(
    transport: &Transport,
    nop_store: i64,
    cursor: &Cursor,
    now: Micros,
) -> Result<Page, Failure> {
    let window = cursor.window.clone();
    let window = window.unwrap_or(Window {
        to: now,
        page: 0,
        last_id: cursor.settled_id,
    });
    let asked = Asked {
        from: match transport.flavour {
            Flavour::Official => cursor.since(),
            Flavour::Opensource => cursor.floor,
        },
        window: &window,
        paid: false,
    };
    let heads = heads(transport, nop_store, &asked).await?;
    let (more, last_id) = (heads.more, heads.last_id);
    let orders = ours(heads, nop_store, cursor.floor)?;
    let mut next = cursor.clone();
    next.newest = orders
        .iter()
        .map(|order| order.created)
        .fold(next.newest, Micros::max);
    let settled = next.newest.plus_seconds(-OVERLAP_SECONDS);
    let old = orders
        .iter()
        .filter(|order| order.created < settled)
        .map(|order| order.id)
        .max();
    next.settled_id = next.settled_id.max(old.unwrap_or(0));
    next.window = more.then_some(window.after(last_id));
    Ok(Page { orders, next, more })
}

/// Reads the next page of orders that are paid, however they came to be.
pub(super) async fn paid_page(
    transport: &Transport,
    nop_store: i64,
    cursor: &Cursor,
    now: Micros,
) -> Result<Page, Failure> {
    let paid = cursor.paid(now);
    let asked = Asked {
        from: paid.from,
        window: &paid.window,
        paid: true,
    };
    let heads = heads(transport, nop_store, &asked).await?;
    let (more, last_id) = (heads.more, heads.last_id);
    let orders = ours(heads, nop_store, paid.from)?;
    let mut next = cursor.clone();
    if !more && paid.late {
        next.paid_late = Some(paid.window.to);
    }
    next.paid = more.then(|| Paid {
        window: paid.window.after(last_id),
        ..paid
    });
    Ok(Page { orders, next, more })
}

struct Heads {
    orders: Vec<wire::OrderHead>,
    more: bool,
    last_id: i64,
}

async fn heads(transport: &Transport, nop_store: i64, asked: &Asked<'_>) -> Result<Heads, Failure> {
    let (orders, more) = match transport.flavour {
        Flavour::Official => search(transport, nop_store, asked).await?,
        Flavour::Opensource => ascending(transport, asked).await?,
    };
    let last_id = orders.iter().map(|head| head.id).max();
    Ok(Heads {
        last_id: asked.window.last_id.max(last_id.unwrap_or(0)),
        orders,
        more,
    })
}

/// The orders of this storefront, from then on.
fn ours(heads: Heads, nop_store: i64, from: Micros) -> Result<Vec<Found>, Failure> {
    let mut found = Vec::with_capacity(heads.orders.len());
    for head in heads.orders {
        let created = convert::micros(&head.created_on_utc, "orders.created_on_utc")?;
        let elsewhere = nop_store != 0 && head.store_id.is_some_and(|store| store != nop_store);
        if !elsewhere && created >= from {
            found.push(Found {
                id: head.id,
                created,
            });
        }
    }
    Ok(found)
}

impl Window {
    fn after(&self, last_id: i64) -> Self {
        Self {
            to: self.to,
            page: self.page + 1,
            last_id,
        }
    }
}

async fn search(
    transport: &Transport,
    nop_store: i64,
    asked: &Asked<'_>,
) -> Result<(Vec<wire::OrderHead>, bool), Failure> {
    let mut query = vec![
        ("createdFromUtc", text(asked.from)?),
        ("createdToUtc", text(asked.window.to)?),
        ("pageIndex", asked.window.page.to_string()),
        ("pageSize", PAGE.to_string()),
    ];
    if nop_store != 0 {
        query.push(("storeId", nop_store.to_string()));
    }
    if asked.paid {
        query.push(("psIds", PAID_ID.to_string()));
    }
    let call = Call {
        name: "Order/Search",
        path: "/api-backend/Order/Search",
        query: &query,
    };
    let page: wire::OrderPage = transport.get(call).await?;
    Ok((page.items, page.has_next_page))
}

async fn ascending(
    transport: &Transport,
    asked: &Asked<'_>,
) -> Result<(Vec<wire::OrderHead>, bool), Failure> {
    let mut query = vec![
        ("since_id", asked.window.last_id.to_string()),
        // The plugin's lower bound is exclusive.
        ("created_at_min", text(asked.from.plus_seconds(-1))?),
        ("limit", PAGE.to_string()),
        ("fields", "id,store_id,created_on_utc".to_owned()),
    ];
    if asked.paid {
        query.push(("payment_status", "Paid".to_owned()));
    }
    let call = Call {
        name: "orders",
        path: "/api/orders",
        query: &query,
    };
    let found: wire::OrderHeads = transport.get(call).await?;
    let full = i64::try_from(found.orders.len()).is_ok_and(|length| length >= PAGE);
    Ok((found.orders, full))
}

fn text(instant: Micros) -> Result<String, Failure> {
    jiff::Timestamp::from_microsecond(instant.0)
        .map(|instant| instant.to_string())
        .map_err(|_| convert::unreadable("cursor", "a time out of range"))
}
