//! The inbox: an event, its place in its lane and its job, in one unit of work.

use connect_core::domain::event::Event;
use connect_core::domain::ids::{EnvironmentId, EventId, StoreId, TenantId};
use connect_core::domain::lane::{GateKey, GateKind, LaneKey};
use connect_core::domain::store::PollCursor;
use connect_core::domain::time::Micros;
use sqlx::{AssertSqlSafe, FromRow};
use uuid::Uuid;

use crate::conn::{Conn, on};
use crate::database::Database;
use crate::error::StoreError;
use crate::gates;
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
        self.0
            .write((event.clone(), lane.clone()), |conn, (event, lane)| {
                Box::pin(insert(conn, event, lane))
            })
            .await
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
    let mut inserted = Vec::with_capacity(found.len());
    for (event, lane) in found {
        inserted.push(insert(conn, event, lane).await?);
    }
    if let Some(cursor) = cursor {
        poll_cursors::update(conn, cursor).await?;
    }
    Ok(inserted)
}

pub(crate) async fn insert(
    conn: &mut Conn,
    event: &Event,
    lane: &LaneKey,
) -> Result<Inserted, StoreError> {
    if !insert_event(conn, event).await? {
        return repeated(conn, event).await;
    }
    let number = enqueue(conn, lane, event.received).await?;
    on!(conn, c => sqlx::query(
        "INSERT INTO job (tenant, lane_group, lane_key, number, event, run)
         VALUES ($1, $2, $3, $4, $5, NULL)",
    )
    .bind(lane.tenant.0)
    .bind(lane.group)
    .bind(&lane.key)
    .bind(number)
    .bind(event.id.0)
    .execute(c)
    .await
    .map(|_| ()))?;
    Ok(Inserted::New { event: event.id })
}

pub(crate) async fn insert_event(conn: &mut Conn, event: &Event) -> Result<bool, StoreError> {
    let source = word(&event.source)?;
    let inserted = on!(conn, c => sqlx::query(
        "INSERT INTO event (tenant, id, environment, store, source, delivery, topic, entity,
                            entity_id, occurred, received, revision)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
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
    .execute(c)
    .await
    .map(|done| done.rows_affected()))?;
    Ok(inserted > 0)
}

async fn repeated(conn: &mut Conn, event: &Event) -> Result<Inserted, StoreError> {
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

/// Takes the next number from the lane's row, which stays locked until the commit: a sequence
/// would let a later commit overtake an earlier one.
async fn enqueue(conn: &mut Conn, lane: &LaneKey, now: Micros) -> Result<i64, StoreError> {
    let (next,): (i64,) = on!(conn, c => sqlx::query_as(
        "INSERT INTO lane (tenant, lane_group, lane_key, next_number, head, due, held)
         VALUES ($1, $2, $3, 2, 1, $4, FALSE)
         ON CONFLICT (tenant, lane_group, lane_key) DO UPDATE
         SET next_number = lane.next_number + 1
         RETURNING next_number",
    )
    .bind(lane.tenant.0)
    .bind(lane.group)
    .bind(&lane.key)
    .bind(now.0)
    .fetch_one(c)
    .await)?;
    let number = next - 1;
    if number == 1 {
        park_if_closed(conn, lane, now).await?;
        conn.wakes.lanes = true;
    }
    Ok(number)
}

pub(crate) async fn park_if_closed(
    conn: &mut Conn,
    lane: &LaneKey,
    now: Micros,
) -> Result<(), StoreError> {
    let key = GateKey {
        kind: GateKind::Store,
        target: lane.group,
    };
    if gates::locked(conn, lane.tenant, key).await?.is_none() {
        return Ok(());
    }
    let kind = word(&key.kind)?;
    on!(conn, c => sqlx::query(
        "UPDATE lane
         SET due = NULL, gate_kind = $4, gate_target = $2, parked = $5
         WHERE tenant = $1 AND lane_group = $2 AND lane_key = $3",
    )
    .bind(lane.tenant.0)
    .bind(lane.group)
    .bind(&lane.key)
    .bind(kind)
    .bind(now.0)
    .execute(c)
    .await
    .map(|_| ()))?;
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
     event.received, event.revision";

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
        })
    }
}
