//! The inbox: an event, its place in its lane and its job, in one unit of work.

use std::collections::BTreeMap;

use connect_core::domain::event::Event;
use connect_core::domain::ids::{EnvironmentId, EventId, RouteId, StoreId, TenantId};
use connect_core::domain::lane::{GateKey, GateKind, LaneKey};
use connect_core::domain::store::PollCursor;
use connect_core::domain::time::Micros;
use sqlx::{AssertSqlSafe, FromRow};
use uuid::Uuid;

use crate::conn::{Conn, on};
use crate::database::Database;
use crate::dialect::{self, MOST_ROWS};
use crate::error::StoreError;
use crate::gates;
use crate::inbox;
use crate::poll_cursors;
use crate::text::{from_word, word};

/// What became of an event that was handed in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Inserted {
    /// Stored, with its place in its lane.
    New {
        /// The event.
        event: EventId,
    },
    /// Its delivery was stored before; nothing happened.
    Repeated {
        /// The event stored then.
        event: EventId,
    },
}

/// The inbox.
#[derive(Debug)]
pub struct Events<'d>(pub(crate) &'d Database);

impl Database {
    /// The inbox.
    pub fn events(&self) -> Events<'_> {
        Events(self)
    }
}

impl Events<'_> {
    /// Finds one.
    pub async fn find(&self, tenant: TenantId, id: EventId) -> Result<Option<Event>, StoreError> {
        let mut conn = self.0.read().await?;
        find(&mut conn, tenant, id).await
    }

    /// Lists a tenant's, newest first, those before `before` when given.
    pub async fn list(
        &self,
        tenant: TenantId,
        before: Option<EventId>,
        limit: i64,
    ) -> Result<Vec<Event>, StoreError> {
        let sql = format!(
            "SELECT {COLUMNS}
             FROM event
             WHERE tenant = $1 AND id < $2
             ORDER BY id DESC
             LIMIT $3"
        );
        let mut conn = self.0.read().await?;
        let rows: Vec<EventRow> = on!(conn, c => sqlx::query_as(AssertSqlSafe(sql))
            .bind(tenant.0)
            .bind(before.map_or(Uuid::max(), |id| id.0))
            .bind(limit)
            .fetch_all(c)
            .await)?;
        rows.into_iter().map(Event::try_from).collect()
    }

    /// Stores an event at the end of its lane, unless its delivery is known.
    pub async fn insert(&self, event: &Event, lane: &LaneKey) -> Result<Inserted, StoreError> {
        if let Some(inbox) = self.0.inbox() {
            return inbox.insert(event.clone(), lane.clone()).await;
        }
        // With an audit row: a unit of work of its own.
        let input = [(event.clone(), lane.clone())];
        let stored = self
            .0
            .write(input, |conn, found| Box::pin(inbox::insert(conn, found)));
        stored.await.map(|stored| stored[0])
    }

    /// Stores what a poll found together with how far it came, all or nothing.
    pub async fn insert_many(
        &self,
        found: Vec<(Event, LaneKey)>,
        cursor: Option<PollCursor>,
    ) -> Result<Vec<Inserted>, StoreError> {
        self.0
            .write((found, cursor), |conn, (found, cursor)| {
                Box::pin(insert_many(conn, found, cursor.as_ref()))
            })
            .await
    }
}

async fn insert_many(
    conn: &mut Conn,
    found: &[(Event, LaneKey)],
    cursor: Option<&PollCursor>,
) -> Result<Vec<Inserted>, StoreError> {
    let inserted = inbox::insert(conn, found).await?;
    if let Some(cursor) = cursor {
        poll_cursors::update(conn, cursor).await?;
    }
    Ok(inserted)
}

pub(crate) async fn insert_event(conn: &mut Conn, event: &Event) -> Result<bool, StoreError> {
    let source = word(&event.source)?;
    let inserted = on!(conn, c => sqlx::query(
        "INSERT INTO event (tenant, id, environment, store, source, delivery, topic, entity,
                            entity_id, occurred, received, revision, route, body)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)
         ON CONFLICT (tenant, store, delivery) DO NOTHING",
    )
    .bind(event.tenant.0)
    .bind(event.id.0)
    .bind(event.environment.0)
    .bind(event.store.0)
    .bind(source)
    .bind(&event.delivery)
    .bind(&event.topic)
    .bind(&event.entity)
    .bind(&event.entity_id)
    .bind(event.occurred.0)
    .bind(event.received.0)
    .bind(event.revision)
    .bind(event.route.map(|route| route.0))
    .bind(&event.body)
    .execute(c)
    .await
    .map(|done| done.rows_affected()))?;
    Ok(inserted > 0)
}

pub(crate) async fn repeated(conn: &mut Conn, event: &Event) -> Result<Inserted, StoreError> {
    let (id,): (Uuid,) = on!(conn, c => sqlx::query_as(
        "SELECT id
         FROM event
         WHERE tenant = $1 AND store = $2 AND delivery = $3",
    )
    .bind(event.tenant.0)
    .bind(event.store.0)
    .bind(&event.delivery)
    .fetch_one(c)
    .await)?;
    Ok(Inserted::Repeated { event: EventId(id) })
}

/// Lanes of one tenant that are ready step behind their store's gate if it is closed.
pub(crate) async fn park_if_closed(
    conn: &mut Conn,
    lanes: &[LaneKey],
    now: Micros,
) -> Result<(), StoreError> {
    let mut groups: BTreeMap<Uuid, Vec<&LaneKey>> = BTreeMap::new();
    for lane in lanes {
        groups.entry(lane.group).or_default().push(lane);
    }
    for (group, lanes) in groups {
        let key = GateKey {
            kind: GateKind::Store,
            target: group,
        };
        let Some(lane) = lanes.first() else { continue };
        if gates::locked(conn, lane.tenant, key).await?.is_some() {
            park(conn, key, &lanes, now).await?;
        }
    }
    Ok(())
}

async fn park(
    conn: &mut Conn,
    gate: GateKey,
    lanes: &[&LaneKey],
    now: Micros,
) -> Result<(), StoreError> {
    let kind = word(&gate.kind)?;
    for lanes in lanes.chunks(MOST_ROWS) {
        let sql = format!(
            "UPDATE lane
             SET due = NULL, gate_kind = $3, gate_target = $2, parked = $4
             WHERE tenant = $1 AND lane_group = $2 AND lane_key IN (VALUES {places})",
            places = dialect::places_from(5, lanes.len(), 1),
        );
        on!(conn, c => {
            let mut query = sqlx::query(AssertSqlSafe(sql))
                .bind(lanes[0].tenant.0)
                .bind(gate.target)
                .bind(&kind)
                .bind(now.0);
            for lane in lanes {
                query = query.bind(&lane.key);
            }
            query.execute(c).await.map(|_| ())
        })?;
    }
    Ok(())
}

pub(crate) async fn find(
    conn: &mut Conn,
    tenant: TenantId,
    id: EventId,
) -> Result<Option<Event>, StoreError> {
    let sql = format!(
        "SELECT {COLUMNS}
         FROM event
         WHERE tenant = $1 AND id = $2"
    );
    let row: Option<EventRow> = on!(conn, c => sqlx::query_as(AssertSqlSafe(sql))
        .bind(tenant.0)
        .bind(id.0)
        .fetch_optional(c)
        .await)?;
    row.map(Event::try_from).transpose()
}

/// What [`EventRow`] reads.
pub(crate) const COLUMNS: &str = "event.tenant, event.id, event.environment, event.store, \
     event.source, event.delivery, event.topic, event.entity, event.entity_id, event.occurred, \
     event.received, event.revision, event.route, event.body";

#[derive(FromRow)]
pub(crate) struct EventRow {
    tenant: Uuid,
    id: Uuid,
    environment: Uuid,
    store: Uuid,
    source: String,
    delivery: String,
    topic: String,
    entity: String,
    entity_id: String,
    occurred: i64,
    received: i64,
    revision: i64,
    route: Option<Uuid>,
    body: Option<String>,
}

impl TryFrom<EventRow> for Event {
    type Error = StoreError;

    fn try_from(row: EventRow) -> Result<Self, StoreError> {
        Ok(Self {
            tenant: TenantId(row.tenant),
            id: EventId(row.id),
            environment: EnvironmentId(row.environment),
            store: StoreId(row.store),
            source: from_word("event", "source", &row.source)?,
            delivery: row.delivery,
            topic: row.topic,
            entity: row.entity,
            entity_id: row.entity_id,
            occurred: Micros(row.occurred),
            received: Micros(row.received),
            revision: row.revision,
            route: row.route.map(RouteId),
            body: row.body,
        })
    }
}
