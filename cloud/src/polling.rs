//! Looks through a store's orders and puts what the inbox does not have yet into it.

use std::collections::HashSet;

use connect_core::domain::artifact::{ArtifactKind, Route};
use connect_core::domain::event::{Event, Source};
use connect_core::domain::failure::{Failure, FailureClass};
use connect_core::domain::ids::EventId;
use connect_core::domain::lane::LaneKey;
use connect_core::domain::store::{PollCursor, Store};
use connect_core::domain::time::Micros;
use connect_store::Inserted;
use serde::Deserialize;

use crate::app::Services;
use crate::connectors::nopcommerce::{Cursor, Found, Page};
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
    let artifacts = services.database.artifacts();
    let revision = artifacts.current(store.tenant, store.environment).await;
    let revision = revision.map_err(Error::from)?.unwrap_or(0);
    let mut topics = vec![Topic::Placed];
    if takes_paid(services, store, revision).await? {
        topics.push(Topic::Paid);
    }
    let mut look = Look {
        services,
        store,
        revision,
        position: position(store, cursor)?,
        polled: Polled::default(),
    };
    let mut pages = 0;
    while let Some(topic) = topics.first().copied() {
        if pages == MOST_PAGES {
            look.polled.more = true;
            break;
        }
        pages += 1;
        let now = services.clock.now();
        let page = match topic {
            Topic::Placed => client.list_orders(&look.position, now).await?,
            Topic::Paid => client.list_paid_orders(&look.position, now).await?,
        };
        if !page.more {
            topics.remove(0);
        }
        let due = if topics.is_empty() { next } else { now };
        look.keep(page, topic, due).await?;
    }
    let polled = look.polled;
    metrics::counter!("connect_poll_orders_seen_total").increment(polled.seen as u64);
    metrics::counter!("connect_poll_orders_new_total").increment(polled.new as u64);
    Ok(polled)
}

/// What is looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Topic {
    Placed,
    Paid,
}

impl Topic {
    fn name(self) -> &'static str {
        match self {
            Self::Placed => "order.placed",
            Self::Paid => "order.paid",
        }
    }
}

/// Whether a route in force waits for the store's orders to be paid: one that was not paid when
/// it was found has to be found again.
async fn takes_paid(services: &Services, store: &Store, revision: i64) -> Result<bool, Error> {
    let artifacts = services.database.artifacts();
    let contents = artifacts
        .contents(store.tenant, store.environment, revision)
        .await?;
    let of_kind = |kind: ArtifactKind| {
        contents
            .iter()
            .filter(move |artifact| artifact.kind == kind)
    };
    for route in of_kind(ArtifactKind::Route) {
        let route: Route = serde_json::from_str(&route.body).map_err(Error::internal)?;
        if !route.enabled || route.store != store.id {
            continue;
        }
        let mut profiles = of_kind(ArtifactKind::Profile);
        let Some(profile) = profiles.find(|profile| profile.name == route.profile) else {
            continue;
        };
        let profile: Trigger = serde_json::from_str(&profile.body).map_err(Error::internal)?;
        if profile.trigger == Topic::Paid.name() {
            return Ok(true);
        }
    }
    Ok(false)
}

/// The part of a profile that says when orders are taken.
#[derive(Deserialize)]
struct Trigger {
    #[serde(default)]
    trigger: String,
}

struct Look<'s> {
    services: &'s Services,
    store: &'s Store,
    revision: i64,
    position: Cursor,
    polled: Polled,
}

impl Look<'_> {
    /// Stores what a page has that is new, and how far the look has come.
    async fn keep(&mut self, page: Page, topic: Topic, due: Micros) -> Result<(), Error> {
        let (services, store) = (self.services, self.store);
        self.position = page.next;
        self.polled.seen += page.orders.len();
        let unknown = unknown(services, store, &page.orders).await?;
        let events = unknown
            .into_iter()
            .map(|found| event(services, store, topic, found, self.revision))
            .collect();
        let cursor = PollCursor {
            tenant: store.tenant,
            store: store.id,
            cursor: serde_json::to_string(&self.position).map_err(Error::internal)?,
            due,
        };
        let inbox = services.database.events();
        let inserted = inbox.insert_many(events, Some(cursor)).await?;
        let new = |one: &&Inserted| matches!(one, Inserted::New { .. });
        self.polled.new += inserted.iter().filter(new).count();
        Ok(())
    }
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
    Ok(found
        .iter()
        .filter(|order| !known(order))
        .copied()
        .collect())
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

fn event(
    services: &Services,
    store: &Store,
    topic: Topic,
    found: Found,
    revision: i64,
) -> (Event, LaneKey) {
    let now = services.clock.now();
    let entity_id = found.id.to_string();
    let key = format!("order:{entity_id}");
    let event = Event {
        tenant: store.tenant,
        id: EventId(services.ids.next()),
        environment: store.environment,
        store: store.id,
        source: Source::Poll,
        delivery: format!("poll:{}:{entity_id}", topic.name()),
        topic: topic.name().into(),
        entity: "order".into(),
        entity_id,
        // The store does not tell when an order was paid.
        occurred: match topic {
            Topic::Placed => found.created,
            Topic::Paid => now,
        },
        received: now,
        revision,
        route: None,
        body: None,
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
