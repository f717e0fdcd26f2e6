//! Doing a finished run's work again: a new event in its lane, at the head where it is held.

use connect_core::domain::event::{Event, Source};
use connect_core::domain::ids::{EventId, RunId, TenantId};
use connect_core::domain::lane::LaneKey;
use connect_core::domain::run::{Run, RunState};
use connect_core::domain::time::Micros;
use connect_core::domain::wait::{Queued, Woken};
use sqlx::AssertSqlSafe;

use crate::conn::{Conn, on};
use crate::dialect;
use crate::error::{StoreError, Undone};
use crate::events;
use crate::inbox;
use crate::links;
use crate::runs::{self, Runs};
use crate::text::{json, word};
use crate::waits;

const DELIVERY: &str = "replay:";

/// Where a run's work begins again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReplayFrom {
    /// At the beginning, as a new run.
    Start,
    /// At the step it failed at, as the same run. Dead letters only.
    FailedStep,
}

/// How to do a run's work again.
#[derive(Clone, Debug)]
pub struct Replay {
    /// Where it begins.
    pub from: ReplayFrom,
    /// Id of the event this makes; a run that goes on has its own.
    pub event: EventId,
    /// Revision to work under; none: the run's own.
    pub revision: Option<i64>,
    /// Whether links the run made are forgotten first.
    pub forget_links: bool,
    /// JSON list of what a person put right in what steps give; none: nothing.
    pub edits: Option<String>,
    /// Business time.
    pub now: Micros,
}

/// What became of a replay.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Replayed {
    /// The work is queued.
    Queued {
        /// The new event.
        event: EventId,
    },
    /// The run is not over, or another one has taken its place.
    NotOver {
        /// How it stands.
        state: RunState,
    },
    /// It is part of another run, and cannot be done on its own from the start.
    Part {
        /// The whole.
        whole: RunId,
    },
    /// No such run.
    Unknown,
}

impl Runs<'_> {
    /// Queues a finished run's work again. A dead letter that holds its lane gives way to it at
    /// the head of the lane; the work held behind follows. Where nothing is queued, nothing is
    /// audited.
    pub async fn replay(
        &self,
        tenant: TenantId,
        run: RunId,
        replay: Replay,
    ) -> Result<Replayed, StoreError> {
        let outcome = self
            .0
            .write((tenant, run, replay), |conn, (tenant, run, replay)| {
                Box::pin(queued(conn, *tenant, *run, replay))
            })
            .await;
        Undone::told(outcome)
    }
}

/// Which run an event replays.
pub fn replay_of(event: &Event) -> Option<RunId> {
    match event.source {
        Source::Replay => {
            let (run, _) = event.delivery.strip_prefix(DELIVERY)?.split_once(':')?;
            run.parse().ok()
        }
        Source::Webhook | Source::Poll | Source::Manual | Source::Schedule | Source::Change => None,
    }
}

async fn queued(
    conn: &mut Conn,
    tenant: TenantId,
    id: RunId,
    replay: &Replay,
) -> Result<Replayed, Undone<Replayed>> {
    match again(conn, tenant, id, replay).await? {
        queued @ Replayed::Queued { .. } => Ok(queued),
        nothing @ (Replayed::NotOver { .. } | Replayed::Part { .. } | Replayed::Unknown) => {
            Err(Undone::Nothing(nothing))
        }
    }
}

async fn again(
    conn: &mut Conn,
    tenant: TenantId,
    id: RunId,
    replay: &Replay,
) -> Result<Replayed, StoreError> {
    let Some(lane) = runs::find_lane(conn, tenant, id).await? else {
        return Ok(Replayed::Unknown);
    };
    let holds = lock(conn, &lane, id).await?;
    let Some(run) = runs::find(conn, tenant, id).await? else {
        return Ok(Replayed::Unknown);
    };
    match (replay.from, &run.part_of) {
        (ReplayFrom::FailedStep, _) => return resume(conn, &run, &lane, holds, replay).await,
        (ReplayFrom::Start, Some(part)) => return Ok(Replayed::Part { whole: part.run }),
        (ReplayFrom::Start, None) => {}
    }
    match run.state {
        RunState::Succeeded => {}
        RunState::Dead => supersede(conn, &run).await?,
        RunState::Queued | RunState::Running | RunState::Waiting | RunState::Superseded => {
            return Ok(Replayed::NotOver { state: run.state });
        }
    }
    let Some(event) = event(conn, &run, replay).await? else {
        return Ok(Replayed::Unknown);
    };
    if replay.forget_links {
        links::delete_of_run(conn, tenant, id).await?;
    }
    let woken = replay.edits.clone().map(|edits| Woken::Edited { edits });
    events::insert_event(conn, &event).await?;
    if let Some(number) = holds {
        let head = Head {
            number,
            event: event.id,
            run: None,
            woken: woken.as_ref().map(json).transpose()?,
        };
        release(conn, &lane, &head, event.received).await?;
    } else {
        let mut queued = Queued::event(&event, lane.clone());
        queued.woken = woken;
        inbox::append(conn, &[queued], event.received).await?;
    }
    Ok(Replayed::Queued { event: event.id })
}

/// Lets a dead run go on: at the head of its lane where it holds it, at its end where it does not.
async fn resume(
    conn: &mut Conn,
    run: &Run,
    lane: &LaneKey,
    holds: Option<i64>,
    replay: &Replay,
) -> Result<Replayed, StoreError> {
    if run.state != RunState::Dead {
        return Ok(Replayed::NotOver { state: run.state });
    }
    let state = word(&RunState::Waiting)?;
    on!(conn, c => sqlx::query(
        "UPDATE run
         SET state = $3, summary = 'goes on from the step it failed at', finished = NULL,
             revision = $4
         WHERE tenant = $1 AND id = $2",
    )
    .bind(run.tenant.0)
    .bind(run.id.0)
    .bind(state)
    .bind(replay.revision.unwrap_or(run.revision))
    .execute(c)
    .await
    .map(|_| ()))?;
    let edits = replay.edits.clone().unwrap_or_else(|| "[]".to_owned());
    let woken = Woken::Resumed { edits };
    match holds {
        Some(number) => {
            let head = Head {
                number,
                event: run.event,
                run: Some(run.id),
                woken: Some(json(&woken)?),
            };
            release(conn, lane, &head, replay.now).await?;
        }
        None => waits::queue(conn, lane.clone(), run.id, woken, replay.now).await?,
    }
    Ok(Replayed::Queued { event: run.event })
}

/// Locks run and lane, so that two replays of one run follow each other; returns the place of the
/// head job if it is this run's dead letter that holds the lane.
async fn lock(conn: &mut Conn, lane: &LaneKey, run: RunId) -> Result<Option<i64>, StoreError> {
    let sql = format!(
        "SELECT id
         FROM run
         WHERE tenant = $1 AND id = $2
         {lock}",
        lock = dialect::lock_rows(conn),
    );
    on!(conn, c => sqlx::query(AssertSqlSafe(sql))
        .bind(lane.tenant.0)
        .bind(run.0)
        .fetch_optional(c)
        .await
        .map(|_| ()))?;
    let sql = format!(
        "SELECT lane.head
         FROM lane
         JOIN job ON job.tenant = lane.tenant AND job.lane_group = lane.lane_group
                 AND job.lane_key = lane.lane_key AND job.number = lane.head
         WHERE lane.tenant = $1 AND lane.lane_group = $2 AND lane.lane_key = $3
           AND lane.held AND job.run = $4
         {lock}",
        lock = dialect::lock_rows(conn),
    );
    let row: Option<(i64,)> = on!(conn, c => sqlx::query_as(AssertSqlSafe(sql))
        .bind(lane.tenant.0)
        .bind(lane.group)
        .bind(&lane.key)
        .bind(run.0)
        .fetch_optional(c)
        .await)?;
    Ok(row.map(|(head,)| head))
}

async fn supersede(conn: &mut Conn, run: &Run) -> Result<(), StoreError> {
    let state = word(&RunState::Superseded)?;
    on!(conn, c => sqlx::query(
        "UPDATE run
         SET state = $3
         WHERE tenant = $1 AND id = $2",
    )
    .bind(run.tenant.0)
    .bind(run.id.0)
    .bind(state)
    .execute(c)
    .await
    .map(|_| ()))?;
    Ok(())
}

/// The run's event once more, under a delivery that names the run.
async fn event(conn: &mut Conn, run: &Run, replay: &Replay) -> Result<Option<Event>, StoreError> {
    let original = events::find(conn, run.tenant, run.event).await?;
    Ok(original.map(|original| Event {
        id: replay.event,
        source: Source::Replay,
        delivery: format!("{DELIVERY}{}:{}", run.id, replay.event),
        received: replay.now,
        revision: replay.revision.unwrap_or(run.revision),
        ..original
    }))
}

/// What a held lane goes on with.
struct Head {
    number: i64,
    event: EventId,
    run: Option<RunId>,
    woken: Option<String>,
}

async fn release(
    conn: &mut Conn,
    lane: &LaneKey,
    head: &Head,
    now: Micros,
) -> Result<(), StoreError> {
    on!(conn, c => sqlx::query(
        "UPDATE job
         SET event = $5, run = $6, woken = $7
         WHERE tenant = $1 AND lane_group = $2 AND lane_key = $3 AND number = $4",
    )
    .bind(lane.tenant.0)
    .bind(lane.group)
    .bind(&lane.key)
    .bind(head.number)
    .bind(head.event.0)
    .bind(head.run.map(|run| run.0))
    .bind(&head.woken)
    .execute(c)
    .await
    .map(|_| ()))?;
    on!(conn, c => sqlx::query(
        "UPDATE lane
         SET held = FALSE, due = $4, command = NULL
         WHERE tenant = $1 AND lane_group = $2 AND lane_key = $3",
    )
    .bind(lane.tenant.0)
    .bind(lane.group)
    .bind(&lane.key)
    .bind(now.0)
    .execute(c)
    .await
    .map(|_| ()))?;
    events::park_if_closed(conn, std::slice::from_ref(lane), now).await?;
    conn.wakes.lanes = true;
    Ok(())
}
