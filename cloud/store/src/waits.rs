//! Runs that let their lane go, and what brings them back to it.

use connect_core::domain::ids::{EventId, RunId, TenantId};
use connect_core::domain::lane::LaneKey;
use connect_core::domain::run::Transition;
use connect_core::domain::time::Micros;
use connect_core::domain::wait::{Queued, Wait, WaitKind, Woken};
use sqlx::{AssertSqlSafe, FromRow};
use uuid::Uuid;

use crate::conn::{Conn, on};
use crate::database::Database;
use crate::dialect;
use crate::error::{StoreError, Undone};
use crate::inbox;
use crate::text::{from_json, from_word, json, word};

/// Runs that let their lane go.
#[derive(Debug)]
pub struct Waits<'d>(pub(crate) &'d Database);

impl Database {
    /// Runs that let their lane go.
    pub fn waits(&self) -> Waits<'_> {
        Waits(self)
    }
}

impl Waits<'_> {
    /// Finds what a run waits for.
    pub async fn find(&self, tenant: TenantId, run: RunId) -> Result<Option<Wait>, StoreError> {
        let mut conn = self.0.read().await?;
        let row: Option<Row> = on!(conn, c => sqlx::query_as(
            "SELECT tenant, run, step, kind, topics, due, reason, created
             FROM wait
             WHERE tenant = $1 AND run = $2",
        )
        .bind(tenant.0)
        .bind(run.0)
        .fetch_optional(c)
        .await)?;
        row.map(Wait::try_from).transpose()
    }

    /// Lists what runs wait for, newest run first, those before `before` when given.
    pub async fn list(
        &self,
        tenant: TenantId,
        kind: WaitKind,
        before: Option<RunId>,
        limit: i64,
    ) -> Result<Vec<Wait>, StoreError> {
        let kind = word(&kind)?;
        let mut conn = self.0.read().await?;
        let rows: Vec<Row> = on!(conn, c => sqlx::query_as(
            "SELECT tenant, run, step, kind, topics, due, reason, created
             FROM wait
             WHERE tenant = $1 AND kind = $2 AND run < $3
             ORDER BY run DESC
             LIMIT $4",
        )
        .bind(tenant.0)
        .bind(kind)
        .bind(before.map_or(Uuid::max(), |run| run.0))
        .bind(limit)
        .fetch_all(c)
        .await)?;
        rows.into_iter().map(Wait::try_from).collect()
    }

    /// Lists tenants with a run whose time has come. Takes no locks.
    pub async fn tenants_with_due(&self, now: Micros) -> Result<Vec<TenantId>, StoreError> {
        let mut conn = self.0.read().await?;
        let rows: Vec<(Uuid,)> = on!(conn, c => sqlx::query_as(
            "SELECT tenant
             FROM tenant
             WHERE EXISTS (SELECT 1 FROM wait
                           WHERE wait.tenant = tenant.tenant AND wait.due <= $1)",
        )
        .bind(now.0)
        .fetch_all(c)
        .await)?;
        Ok(rows.into_iter().map(|(id,)| TenantId(id)).collect())
    }

    /// Puts runs whose time has come back into their lanes, so many at most; returns how many.
    pub async fn claim(
        &self,
        tenant: TenantId,
        now: Micros,
        limit: i64,
    ) -> Result<usize, StoreError> {
        self.0
            .write((tenant, now, limit), |conn, input| {
                Box::pin(due(conn, *input))
            })
            .await
    }

    /// Ends a run's wait and puts it back into its lane; false when it does not wait any more.
    /// Then nothing is audited either.
    pub async fn delete(
        &self,
        tenant: TenantId,
        run: RunId,
        woken: Woken,
        now: Micros,
    ) -> Result<bool, StoreError> {
        let outcome = self
            .0
            .write((tenant, run, woken, now), |conn, input| {
                Box::pin(end(conn, input))
            })
            .await;
        Undone::told(outcome)
    }
}

async fn end(
    conn: &mut Conn,
    (tenant, run, woken, now): &(TenantId, RunId, Woken, Micros),
) -> Result<bool, Undone<bool>> {
    if wake(conn, *tenant, *run, woken, *now).await? {
        Ok(true)
    } else {
        Err(Undone::Nothing(false))
    }
}

async fn due(
    conn: &mut Conn,
    (tenant, now, limit): (TenantId, Micros, i64),
) -> Result<usize, StoreError> {
    let sql = format!(
        "SELECT run
         FROM wait
         WHERE tenant = $1 AND due <= $2
         ORDER BY due
         LIMIT $3
         {lock}",
        lock = dialect::skip_locked(conn),
    );
    let runs: Vec<(Uuid,)> = on!(conn, c => sqlx::query_as(AssertSqlSafe(sql))
        .bind(tenant.0)
        .bind(now.0)
        .bind(limit)
        .fetch_all(c)
        .await)?;
    for (run,) in &runs {
        wake(conn, tenant, RunId(*run), &Woken::Due, now).await?;
    }
    Ok(runs.len())
}

/// Puts a run back at the end of its lane, unless something else has done so.
async fn wake(
    conn: &mut Conn,
    tenant: TenantId,
    run: RunId,
    woken: &Woken,
    now: Micros,
) -> Result<bool, StoreError> {
    let row: Option<(Uuid, String)> = on!(conn, c => sqlx::query_as(
        "DELETE FROM wait
         WHERE tenant = $1 AND run = $2
         RETURNING lane_group, lane_key",
    )
    .bind(tenant.0)
    .bind(run.0)
    .fetch_optional(c)
    .await)?;
    let Some((group, key)) = row else {
        return Ok(false);
    };
    let lane = LaneKey { tenant, group, key };
    queue(conn, lane, run, woken.clone(), now).await?;
    Ok(true)
}

/// Puts a run that has begun at the end of a lane.
pub(crate) async fn queue(
    conn: &mut Conn,
    lane: LaneKey,
    run: RunId,
    woken: Woken,
    now: Micros,
) -> Result<(), StoreError> {
    let row: Option<(Uuid,)> = on!(conn, c => sqlx::query_as(
        "SELECT event
         FROM run
         WHERE tenant = $1 AND id = $2",
    )
    .bind(lane.tenant.0)
    .bind(run.0)
    .fetch_optional(c)
    .await)?;
    let Some((event,)) = row else {
        return Err(crate::text::corrupt("wait", "run", run.to_string()));
    };
    let queued = Queued {
        lane,
        event: EventId(event),
        run: Some(run),
        woken: Some(woken),
    };
    inbox::append(conn, &[queued], now).await
}

/// Lets a run wait outside its lane. An event that it waits for may have come since it began: then
/// it comes back at once.
pub(crate) async fn insert(
    conn: &mut Conn,
    transition: &Transition,
    wait: &Wait,
) -> Result<(), StoreError> {
    let kind = word(&wait.kind)?;
    let topics = json(&wait.topics)?;
    on!(conn, c => sqlx::query(
        "INSERT INTO wait (tenant, run, lane_group, lane_key, step, kind, topics, due, reason,
                           created)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
    )
    .bind(wait.tenant.0)
    .bind(wait.run.0)
    .bind(transition.lane.group)
    .bind(&transition.lane.key)
    .bind(&wait.step)
    .bind(kind)
    .bind(topics)
    .bind(wait.due.map(|due| due.0))
    .bind(&wait.reason)
    .bind(wait.created.0)
    .execute(c)
    .await
    .map(|_| ()))?;
    if wait.kind == WaitKind::Event {
        came_already(conn, transition, wait).await?;
    }
    Ok(())
}

/// Events of the lane whose work began since the run did; the lane is locked, so none begins now,
/// and one that begins later finds the wait.
async fn came_already(
    conn: &mut Conn,
    transition: &Transition,
    wait: &Wait,
) -> Result<(), StoreError> {
    let run = &transition.run;
    let rows: Vec<(Uuid, String, i64)> = on!(conn, c => sqlx::query_as(
        "SELECT event.id, event.topic, event.occurred
         FROM run
         JOIN event ON event.tenant = run.tenant AND event.id = run.event
         WHERE run.tenant = $1 AND run.store = $2 AND run.entity = $3 AND run.entity_id = $4
           AND run.started >= $5 AND run.id <> $6 AND event.id <> $7
         ORDER BY run.id",
    )
    .bind(run.tenant.0)
    .bind(run.store.0)
    .bind(&run.entity)
    .bind(&run.entity_id)
    .bind(run.started.0)
    .bind(run.id.0)
    .bind(run.event.0)
    .fetch_all(c)
    .await)?;
    let came = rows
        .into_iter()
        .find(|(_, topic, _)| wait.topics.contains(topic));
    if let Some((event, topic, occurred)) = came {
        let woken = Woken::Event {
            step: wait.step.clone(),
            event: EventId(event),
            topic,
            occurred: Micros(occurred),
        };
        wake(conn, wait.tenant, wait.run, &woken, transition.now).await?;
    }
    Ok(())
}

#[derive(FromRow)]
struct Waiting {
    run: Uuid,
    step: String,
    topics: String,
    topic: String,
    occurred: i64,
}

/// Brings back the runs that wait in this lane for the event whose work begins now.
pub(crate) async fn arrive(conn: &mut Conn, transition: &Transition) -> Result<(), StoreError> {
    let lane = &transition.lane;
    let rows: Vec<Waiting> = on!(conn, c => sqlx::query_as(
        "SELECT wait.run, wait.step, wait.topics, event.topic, event.occurred
         FROM wait
         JOIN event ON event.tenant = wait.tenant AND event.id = $4
         WHERE wait.tenant = $1 AND wait.lane_group = $2 AND wait.lane_key = $3
           AND wait.kind = 'event'
         ORDER BY wait.run",
    )
    .bind(lane.tenant.0)
    .bind(lane.group)
    .bind(&lane.key)
    .bind(transition.run.event.0)
    .fetch_all(c)
    .await)?;
    for row in rows {
        let topics: Vec<String> = from_json("wait", "topics", &row.run.to_string(), &row.topics)?;
        if topics.contains(&row.topic) {
            let woken = Woken::Event {
                step: row.step,
                event: transition.run.event,
                topic: row.topic,
                occurred: Micros(row.occurred),
            };
            wake(conn, lane.tenant, RunId(row.run), &woken, transition.now).await?;
        }
    }
    Ok(())
}

#[derive(FromRow)]
struct Row {
    tenant: Uuid,
    run: Uuid,
    step: String,
    kind: String,
    topics: String,
    due: Option<i64>,
    reason: String,
    created: i64,
}

impl TryFrom<Row> for Wait {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self, StoreError> {
        Ok(Self {
            tenant: TenantId(row.tenant),
            run: RunId(row.run),
            step: row.step,
            kind: from_word("wait", "kind", &row.kind)?,
            topics: from_json("wait", "topics", &row.run.to_string(), &row.topics)?,
            due: row.due.map(Micros),
            reason: row.reason,
            created: Micros(row.created),
        })
    }
}
