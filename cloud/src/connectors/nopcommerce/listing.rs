//! Finds new orders for polling: closed windows of creation time, or ids ascending.

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
        }
    }

    fn since(&self) -> Micros {
        self.newest.plus_seconds(-OVERLAP_SECONDS).max(self.floor)
    }
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
    let (heads, more) = match transport.flavour {
        Flavour::Official => search(transport, nop_store, cursor.since(), &window).await?,
        Flavour::Opensource => ascending(transport, cursor.floor, &window).await?,
    };
    let mut orders = Vec::with_capacity(heads.len());
    let mut next = cursor.clone();
    let mut last_id = window.last_id;
    for head in heads {
        last_id = last_id.max(head.id);
        let created = convert::micros(&head.created_on_utc, "orders.created_on_utc")?;
        let elsewhere = nop_store != 0 && head.store_id.is_some_and(|store| store != nop_store);
        if elsewhere || created < cursor.floor {
            continue;
        }
        next.newest = next.newest.max(created);
        orders.push(Found {
            id: head.id,
            created,
        });
    }
    let settled = next.newest.plus_seconds(-OVERLAP_SECONDS);
    let old = orders
        .iter()
        .filter(|order| order.created < settled)
        .map(|order| order.id)
        .max();
    next.settled_id = next.settled_id.max(old.unwrap_or(0));
    next.window = more.then_some(Window {
        to: window.to,
        page: window.page + 1,
        last_id,
    });
    Ok(Page { orders, next, more })
}

async fn search(
    transport: &Transport,
    nop_store: i64,
    since: Micros,
    window: &Window,
) -> Result<(Vec<wire::OrderHead>, bool), Failure> {
    let mut query = vec![
        ("createdFromUtc", text(since)?),
        ("createdToUtc", text(window.to)?),
        ("pageIndex", window.page.to_string()),
        ("pageSize", PAGE.to_string()),
    ];
    if nop_store != 0 {
        query.push(("storeId", nop_store.to_string()));
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
    floor: Micros,
    window: &Window,
) -> Result<(Vec<wire::OrderHead>, bool), Failure> {
    let query = [
        ("since_id", window.last_id.to_string()),
        // The plugin's lower bound is exclusive.
        ("created_at_min", text(floor.plus_seconds(-1))?),
        ("limit", PAGE.to_string()),
        ("fields", "id,store_id,created_on_utc".to_owned()),
    ];
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
