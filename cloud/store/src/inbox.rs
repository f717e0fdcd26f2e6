//! Joins events that arrive at one time into one unit of work with few statements.

use std::collections::{BTreeMap, HashMap, HashSet};

use connect_core::domain::event::Event;
use connect_core::domain::ids::TenantId;
use connect_core::domain::lane::LaneKey;
use connect_core::domain::time::Micros;
use connect_core::domain::wait::Queued;
use futures::future::join_all;
use sqlx::AssertSqlSafe;
use tokio::sync::{mpsc, oneshot};
use uuid::Uuid;

use crate::conn::{Conn, on};
use crate::database::Database;
use crate::dialect::{self, MOST_ROWS};
use crate::error::StoreError;
use crate::events::{self, Inserted};
use crate::text::{json, word};

const WAITING: usize = 4096;

/// An event, its place, and who waits to hear that it is durable.
struct Arrival {
    event: Event,
    lane: LaneKey,
    answer: oneshot::Sender<Result<Inserted, StoreError>>,
}

/// Where events are handed in.
#[derive(Clone, Debug)]
pub(crate) struct Inbox(mpsc::Sender<Arrival>);

impl Inbox {
    /// Starts the task; it ends when the last handle is gone.
    #[expect(
        clippy::disallowed_methods,
        reason = "it outlives every tracker: it ends when the last handle is gone"
    )]
    pub(crate) fn start(database: Database) -> Self {
        let (sender, waiting) = mpsc::channel(WAITING);
        tokio::spawn(run(database, waiting));
        Self(sender)
    }

    /// Stores an event; durable when this returns.
    pub(crate) async fn insert(&self, event: Event, lane: LaneKey) -> Result<Inserted, StoreError> {
        let (answer, told) = oneshot::channel();
        let arrival = Arrival {
            event,
            lane,
            answer,
        };
        self.0.send(arrival).await.map_err(|_| StoreError::Closed)?;
        told.await.unwrap_or(Err(StoreError::Panicked))
    }
}

async fn run(database: Database, mut waiting: mpsc::Receiver<Arrival>) {
    let mut batch = Vec::with_capacity(MOST_ROWS);
    while waiting.recv_many(&mut batch, MOST_ROWS).await > 0 {
        let mut of_tenants: HashMap<TenantId, Vec<Arrival>> = HashMap::new();
        for arrival in batch.drain(..) {
            let tenant = arrival.event.tenant;
            of_tenants.entry(tenant).or_default().push(arrival);
        }
        let stored = of_tenants
            .into_values()
            .map(|arrivals| store(&database, arrivals));
        join_all(stored).await;
    }
}

/// Stores one tenant's arrivals together; one by one if that fails, so that each gets its own
/// answer.
async fn store(database: &Database, arrivals: Vec<Arrival>) {
    let found: Vec<(Event, LaneKey)> = arrivals
        .iter()
        .map(|arrival| (arrival.event.clone(), arrival.lane.clone()))
        .collect();
    let single = found.len() == 1;
    let together = database.write(found, |conn, found| Box::pin(insert(conn, found)));
    match together.await {
        Ok(stored) => {
            for (arrival, stored) in arrivals.into_iter().zip(stored) {
                // A sender that no longer waits will send again.
                drop(arrival.answer.send(Ok(stored)));
            }
        }
        Err(error) if single => {
            if let Some(arrival) = arrivals.into_iter().next() {
                drop(arrival.answer.send(Err(error)));
            }
        }
        Err(_) => {
            // Side by side: where the database cannot be reached, all wait for it at once.
            join_all(arrivals.into_iter().map(|arrival| alone(database, arrival))).await;
        }
    }
}

async fn alone(database: &Database, arrival: Arrival) {
    let input = [(arrival.event, arrival.lane)];
    let stored = database.write(input, |conn, found| Box::pin(insert(conn, found)));
    let stored = stored.await.map(|stored| stored[0]);
    drop(arrival.answer.send(stored));
}

/// Stores events of one tenant at the ends of their lanes, in the order given; those whose
/// deliveries are known change nothing.
pub(crate) async fn insert(
    conn: &mut Conn,
    found: &[(Event, LaneKey)],
) -> Result<Vec<Inserted>, StoreError> {
    let mut stored = Vec::with_capacity(found.len());
    for found in found.chunks(MOST_ROWS) {
        let new = insert_events(conn, found).await?;
        let fresh: Vec<Queued> = found
            .iter()
            .filter(|(event, _)| new.contains(&event.id.0))
            .map(|(event, lane)| Queued::event(event, lane.clone()))
            .collect();
        if let Some((event, _)) = found.first() {
            append(conn, &fresh, event.received).await?;
        }
        for (event, _) in found {
            stored.push(if new.contains(&event.id.0) {
                Inserted::New { event: event.id }
            } else {
                events::repeated(conn, event).await?
            });
        }
    }
    Ok(stored)
}

/// Puts work of one tenant at the ends of its lanes, in the order given.
pub(crate) async fn append(
    conn: &mut Conn,
    work: &[Queued],
    now: Micros,
) -> Result<(), StoreError> {
    for work in work.chunks(MOST_ROWS) {
        let numbers = enqueue(conn, work, now).await?;
        insert_jobs(conn, work, &numbers).await?;
    }
    Ok(())
}

/// Inserts the rows; the ids of those that were not known.
async fn insert_events(
    conn: &mut Conn,
    found: &[(Event, LaneKey)],
) -> Result<HashSet<Uuid>, StoreError> {
    let sql = format!(
        "INSERT INTO event (tenant, id, environment, store, source, delivery, topic, entity,
                            entity_id, occurred, received, revision, route, body)
         VALUES {places}
         ON CONFLICT (tenant, store, delivery) DO NOTHING
         RETURNING id",
        places = dialect::places(found.len(), 14),
    );
    let mut sources = Vec::with_capacity(found.len());
    for (event, _) in found {
        sources.push(word(&event.source)?);
    }
    let rows: Vec<(Uuid,)> = on!(conn, c => {
        let mut query = sqlx::query_as(AssertSqlSafe(sql));
        for ((event, _), source) in found.iter().zip(&sources) {
            query = query
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
                .bind(&event.body);
        }
        query.fetch_all(c).await
    })?;
    Ok(rows.into_iter().map(|(id,)| id).collect())
}

/// Takes numbers from the lanes' rows, which stay locked until the commit; always in one order,
/// so that two batches cannot wait for each other. One number for each piece of work, in order.
async fn enqueue(conn: &mut Conn, work: &[Queued], now: Micros) -> Result<Vec<i64>, StoreError> {
    let mut counts: BTreeMap<&LaneKey, i64> = BTreeMap::new();
    for queued in work {
        *counts.entry(&queued.lane).or_default() += 1;
    }
    let Some(first) = work.first() else {
        return Ok(Vec::new());
    };
    let tenant = first.lane.tenant;
    let sql = format!(
        "INSERT INTO lane (tenant, lane_group, lane_key, next_number, head, due, held)
         VALUES {places}
         ON CONFLICT (tenant, lane_group, lane_key) DO UPDATE
         SET next_number = lane.next_number + excluded.next_number - 1
         RETURNING lane_group, lane_key, next_number",
        places = dialect::places(counts.len(), 7),
    );
    let rows: Vec<(Uuid, String, i64)> = on!(conn, c => {
        let mut query = sqlx::query_as(AssertSqlSafe(sql));
        for (lane, count) in &counts {
            query = query
                .bind(lane.tenant.0)
                .bind(lane.group)
                .bind(&lane.key)
                .bind(count + 1)
                .bind(1_i64)
                .bind(now.0)
                .bind(false);
        }
        query.fetch_all(c).await
    })?;
    let mut next: HashMap<LaneKey, i64> = HashMap::with_capacity(rows.len());
    let mut new = Vec::new();
    for (group, key, after) in rows {
        let lane = LaneKey { tenant, group, key };
        let first = after - counts.get(&lane).copied().unwrap_or(0);
        if first == 1 {
            new.push(lane.clone());
        }
        next.insert(lane, first);
    }
    if !new.is_empty() {
        events::park_if_closed(conn, &new, now).await?;
        conn.wakes.lanes = true;
    }
    let number = |queued: &Queued| {
        let number = next.get_mut(&queued.lane)?;
        *number += 1;
        Some(*number - 1)
    };
    Ok(work.iter().filter_map(number).collect())
}

async fn insert_jobs(conn: &mut Conn, work: &[Queued], numbers: &[i64]) -> Result<(), StoreError> {
    if work.is_empty() {
        return Ok(());
    }
    let sql = format!(
        "INSERT INTO job (tenant, lane_group, lane_key, number, event, run, woken)
         VALUES {places}",
        places = dialect::places(work.len(), 7),
    );
    let woken = work
        .iter()
        .map(|queued| queued.woken.as_ref().map(json).transpose());
    let woken: Vec<Option<String>> = woken.collect::<Result<_, _>>()?;
    on!(conn, c => {
        let mut query = sqlx::query(AssertSqlSafe(sql));
        for ((queued, number), woken) in work.iter().zip(numbers).zip(woken) {
            query = query
                .bind(queued.lane.tenant.0)
                .bind(queued.lane.group)
                .bind(&queued.lane.key)
                .bind(number)
                .bind(queued.event.0)
                .bind(queued.run.map(|run| run.0))
                .bind(woken);
        }
        query.execute(c).await.map(|_| ())
    })?;
    Ok(())
}
