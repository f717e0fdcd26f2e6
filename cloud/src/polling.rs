//! Looks through a store's orders and puts what the inbox does not have yet into it.

use std::collections::HashSet;

use connect_core::domain::event::{Event, Source};
use connect_core::domain::failure::{Failure, FailureClass};
use connect_core::domain::ids::EventId;
use connect_core::domain::lane::LaneKey;
use connect_core::domain::store::{PollCursor, Store};
use connect_core::domain::time::Micros;
use connect_store::Inserted;

use crate::app::Services;
use crate::connectors::nopcommerce::{Cursor, Found};
use crate::error::Error;
use crate::shops;

// A look that takes longer goes on at the next one.
const MOST_PAGES: usize = 50;

/// What a look came to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Polled {
    /// Orders on the pages read.
    pub seen: usize,
    /// Orders the inbox did not have.
    pub new: usize,
    /// Whether there is more to look through right away.
    pub more: bool,
}

/// Why a look ended early.
#[derive(Debug)]
pub enum PollError {
    /// The store: its gate may have to close.
    Store(Failure),
    /// Ours.
    Own(Error),
}

impl From<Failure> for PollError {
    fn from(failure: Failure) -> Self {
        Self::Store(failure)
    }
}

impl From<Error> for PollError {
    fn from(error: Error) -> Self {
        Self::Own(error)
    }
}

/// Looks from where the cursor stands; each page commits with the cursor behind it, due at `next`.
pub async fn poll(
    services: &Services,
    store: &Store,
    cursor: &PollCursor,
    next: Micros,
) -> Result<Polled, PollError> {
    let client = shops::client(services, store).await?;
    let revision = services
        .database
        .artifacts()
        .current(store.tenant, store.environment)
        .await;
    let revision = revision.map_err(Error::from)?.unwrap_or(0);
    let mut position = position(store, cursor)?;
    let mut polled = Polled {
        more: true,
        ..Polled::default()
    };
    for _ in 0..MOST_PAGES {
        let page = client.list_orders(&position, services.clock.now()).await?;
        position = page.next;
        polled.seen += page.orders.len();
        polled.more = page.more;
        let unknown = unknown(services, store, &page.orders).await?;
        let events = unknown
            .into_iter()
            .map(|found| event(services, store, found, revision));
        let due = if page.more {
            services.clock.now()
        } else {
            next
        };
        let text = serde_json::to_string(&position).map_err(Error::internal)?;
        let cursor = PollCursor {
            tenant: store.tenant,
            store: store.id,
            cursor: text,
            due,
        };
        let inserted = services
            .database
            .events()
            .insert_many(events.collect(), Some(cursor))
            .await;
        let inserted = inserted.map_err(Error::from)?;
        polled.new += inserted
            .iter()
            .filter(|one| matches!(one, Inserted::New { .. }))
            .count();
        if !page.more {
            break;
        }
    }
    metrics::counter!("connect_poll_orders_seen_total").increment(polled.seen as u64);
    metrics::counter!("connect_poll_orders_new_total").increment(polled.new as u64);
    Ok(polled)
}

/// Leaves out orders that are in GP already: a run of theirs would find nothing to do. A run that
/// ended otherwise, on another topic say, tells nothing about whether the order was lost.
async fn unknown(services: &Services, store: &Store, found: &[Found]) -> Result<Vec<Found>, Error> {
    let ids: Vec<String> = found.iter().map(|order| order.id.to_string()).collect();
    let links = services.database.links();
    let linked = links
        .list_complete(store.tenant, store.id, "order", &ids)
        .await?;
    let linked: HashSet<String> = linked.into_iter().collect();
    let known = |order: &Found| linked.contains(&order.id.to_string());
    Ok(found.iter().filter(|order| !known(order)).copied().collect())
}

/// Orders from before the store was added are never imported on their own.
fn position(store: &Store, cursor: &PollCursor) -> Result<Cursor, Failure> {
    if cursor.cursor.is_empty() {
        return Ok(Cursor::starting(store.created));
    }
    serde_json::from_str(&cursor.cursor).map_err(|_| {
        Failure::new(
            FailureClass::Bug,
            "poll_cursor_unreadable",
            "The place where looking for orders had come to cannot be read.",
        )
    })
}

fn event(services: &Services, store: &Store, found: Found, revision: i64) -> (Event, LaneKey) {
    let entity_id = found.id.to_string();
    let key = format!("order:{entity_id}");
    let event = Event {
        tenant: store.tenant,
        id: EventId(services.ids.next()),
        environment: store.environment,
        store: store.id,
        source: Source::Poll,
        delivery: format!("poll:order.placed:{entity_id}"),
        topic: "order.placed".into(),
        entity: "order".into(),
        entity_id,
        occurred: found.created,
        received: services.clock.now(),
        revision,
    };
    (
        event,
        LaneKey {
            tenant: store.tenant,
            group: store.id.0,
            key,
        },
    )
}
