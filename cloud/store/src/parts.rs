//! Runs that are parts of another one: begun in chunks, counted as they end.

use std::collections::HashMap;

use connect_core::domain::failure::Failure;
use connect_core::domain::ids::{EventId, RunId, TenantId};
use connect_core::domain::run::{NewParts, PartOf, PartsEnded, Run, RunState, Transition};
use connect_core::domain::wait::{Queued, Woken};
use sqlx::AssertSqlSafe;
use uuid::Uuid;

use crate::conn::{Conn, on};
use crate::dialect::{self, MOST_ROWS};
use crate::error::StoreError;
use crate::inbox;
use crate::payloads::{Packed, Packer, Place};
use crate::runs::Runs;
use crate::text::{compress, expand, from_json, from_word, word};

/// Failures told of one step.
const MOST_FAILURES: i64 = 100;
const RESULT: &str = "result";

impl Runs<'_> {
    /// Finds what became of the parts of a run's step.
    pub async fn find_parts(
        &self,
        tenant: TenantId,
        run: RunId,
        step: &str,
    ) -> Result<PartsEnded, StoreError> {
        let mut conn = self.0.read().await?;
        let mut ended = PartsEnded::default();
        let rows: Vec<(String, bool, i64)> = on!(conn, c => sqlx::query_as(
            "SELECT part.state, part.part_open, COUNT(*)
             FROM run AS part
             JOIN whole ON whole.tenant = part.tenant AND whole.run = part.parent
                       AND whole.round = part.part_round
             WHERE part.tenant = $1 AND part.parent = $2 AND part.part_step = $3
             GROUP BY part.state, part.part_open",
        )
        .bind(tenant.0)
        .bind(run.0)
        .bind(step)
        .fetch_all(c)
        .await)?;
        for (state, open, count) in rows {
            match from_word("run", "state", &state)? {
                _ if open => ended.left += count,
                RunState::Succeeded => ended.succeeded += count,
                // One that was left out while it began counts as left out.
                RunState::Dead
                | RunState::Superseded
                | RunState::Queued
                | RunState::Running
                | RunState::Waiting => ended.failed += count,
            }
        }
        if ended.failed > 0 {
            ended.failures = failures(&mut conn, tenant, run, step).await?;
        }
        Ok(ended)
    }

    /// Lists what the parts of a run's step gave, in their order: JSON, none where one gave
    /// nothing.
    pub async fn list_results(
        &self,
        tenant: TenantId,
        run: RunId,
        step: &str,
    ) -> Result<Vec<Option<Vec<u8>>>, StoreError> {
        let mut conn = self.0.read().await?;
        let rows: Vec<(Option<Vec<u8>>,)> = on!(conn, c => sqlx::query_as(
            "SELECT payload.content
             FROM run AS part
             JOIN whole ON whole.tenant = part.tenant AND whole.run = part.parent
                       AND whole.round = part.part_round
             LEFT JOIN payload ON payload.tenant = part.tenant AND payload.owner = part.id
                              AND payload.number = 0 AND payload.part = $4
             WHERE part.tenant = $1 AND part.parent = $2 AND part.part_step = $3
               AND part.state = 'succeeded'
             ORDER BY part.part_number",
        )
        .bind(tenant.0)
        .bind(run.0)
        .bind(step)
        .bind(RESULT)
        .fetch_all(c)
        .await)?;
        rows.into_iter()
            .map(|(content,)| content.map(|content| expand(&content)).transpose())
            .collect()
    }
}

async fn failures(
    conn: &mut Conn,
    tenant: TenantId,
    run: RunId,
    step: &str,
) -> Result<Vec<(String, Failure)>, StoreError> {
    let rows: Vec<(String, Option<String>)> = on!(conn, c => sqlx::query_as(
        "SELECT part.part, part.failure
         FROM run AS part
         JOIN whole ON whole.tenant = part.tenant AND whole.run = part.parent
                   AND whole.round = part.part_round
         WHERE part.tenant = $1 AND part.parent = $2 AND part.part_step = $3
           AND part.state IN ('dead', 'superseded') AND part.failure IS NOT NULL
         ORDER BY part.part_number
         LIMIT $4",
    )
    .bind(tenant.0)
    .bind(run.0)
    .bind(step)
    .bind(MOST_FAILURES)
    .fetch_all(c)
    .await)?;
    rows.into_iter()
        .filter_map(|(path, failure)| Some((path, failure?)))
        .map(|(path, failure)| {
            let failure = from_json("run", "failure", &path, &failure)?;
            Ok((path, failure))
        })
        .collect()
}

/// Adds what a run gave the one it is part of.
pub(crate) fn pack<'r>(
    run: &Run,
    result: &'r [u8],
    packer: &mut Packer<'r>,
) -> Result<Packed, StoreError> {
    let place = Place {
        tenant: run.tenant,
        owner: run.id.0,
        number: 0,
        part: RESULT,
    };
    packer.pack(place, result)
}

/// Begins parts of the transition's run. One that came through in an earlier round is left as it
/// is; one that did not goes on from where it failed, one that was left out begins.
pub(crate) async fn begin(
    conn: &mut Conn,
    transition: &Transition,
    parts: &NewParts,
) -> Result<(), StoreError> {
    let whole = &transition.run;
    let round = round(conn, whole, parts.first).await?;
    for chunk in parts.runs.chunks(MOST_ROWS) {
        let known = known(conn, whole, chunk).await?;
        let mut queued = Vec::new();
        let mut open: i64 = 0;
        let mut fresh = Vec::new();
        for (run, lane) in chunk {
            let path = run.part_of.as_ref().map_or("", |part| part.path.as_str());
            let (id, woken) = match known.get(path) {
                None => {
                    fresh.push(run);
                    (run.id, None)
                }
                Some((id, RunState::Superseded)) => (*id, None),
                Some((id, RunState::Dead)) => {
                    let edits = "[]".to_owned();
                    (*id, Some(Woken::Resumed { edits }))
                }
                Some((id, state)) => {
                    let left = *state != RunState::Succeeded;
                    recount(conn, whole.tenant, *id, round, left).await?;
                    open += i64::from(left);
                    continue;
                }
            };
            if known.contains_key(path) {
                again(conn, run, id, round).await?;
            }
            open += 1;
            queued.push(Queued {
                lane: lane.clone(),
                event: EventId(run.event.0),
                run: Some(id),
                woken,
            });
        }
        insert(conn, &fresh, chunk, round).await?;
        inbox::append(conn, &queued, transition.now).await?;
        add_open(conn, whole, open).await?;
    }
    Ok(())
}

/// The whole's round; the first parts begin the next one.
async fn round(conn: &mut Conn, whole: &Run, first: bool) -> Result<i64, StoreError> {
    let (round,): (i64,) = on!(conn, c => sqlx::query_as(
        "INSERT INTO whole (tenant, run, round, parts_left)
         VALUES ($1, $2, 1, 0)
         ON CONFLICT (tenant, run) DO UPDATE
         SET round = whole.round + $3,
             parts_left = CASE WHEN $3 = 1 THEN 0 ELSE whole.parts_left END
         RETURNING round",
    )
    .bind(whole.tenant.0)
    .bind(whole.id.0)
    .bind(i64::from(first))
    .fetch_one(c)
    .await)?;
    Ok(round)
}

async fn add_open(conn: &mut Conn, whole: &Run, open: i64) -> Result<(), StoreError> {
    on!(conn, c => sqlx::query(
        "UPDATE whole
         SET parts_left = parts_left + $3
         WHERE tenant = $1 AND run = $2",
    )
    .bind(whole.tenant.0)
    .bind(whole.id.0)
    .bind(open)
    .execute(c)
    .await
    .map(|_| ()))?;
    Ok(())
}

/// The parts that are there already, by path.
async fn known(
    conn: &mut Conn,
    whole: &Run,
    chunk: &[(Run, connect_core::domain::lane::LaneKey)],
) -> Result<HashMap<String, (RunId, RunState)>, StoreError> {
    let sql = format!(
        "SELECT part, id, state
         FROM run
         WHERE tenant = $1 AND parent = $2 AND part IN (VALUES {places})",
        places = dialect::places_from(3, chunk.len(), 1),
    );
    let rows: Vec<(String, Uuid, String)> = on!(conn, c => {
        let mut query = sqlx::query_as(AssertSqlSafe(sql)).bind(whole.tenant.0).bind(whole.id.0);
        for (run, _) in chunk {
            query = query.bind(run.part_of.as_ref().map(|part| part.path.clone()));
        }
        query.fetch_all(c).await
    })?;
    rows.into_iter()
        .map(|(path, id, state)| Ok((path, (RunId(id), from_word("run", "state", &state)?))))
        .collect()
}

/// A part of an earlier round counts in this one too.
async fn recount(
    conn: &mut Conn,
    tenant: TenantId,
    id: RunId,
    round: i64,
    open: bool,
) -> Result<(), StoreError> {
    on!(conn, c => sqlx::query(
        "UPDATE run
         SET part_round = $3, part_open = $4
         WHERE tenant = $1 AND id = $2",
    )
    .bind(tenant.0)
    .bind(id.0)
    .bind(round)
    .bind(open)
    .execute(c)
    .await
    .map(|_| ()))?;
    Ok(())
}

/// A part that did not come through waits for its turn once more, under the versions that its whole
/// goes by now.
async fn again(conn: &mut Conn, new: &Run, id: RunId, round: i64) -> Result<(), StoreError> {
    recount(conn, new.tenant, id, round, true).await?;
    let state = word(&RunState::Queued)?;
    on!(conn, c => sqlx::query(
        "UPDATE run
         SET state = $3, summary = 'waits for its turn', finished = NULL, revision = $4,
             workflow_version = $5
         WHERE tenant = $1 AND id = $2",
    )
    .bind(new.tenant.0)
    .bind(id.0)
    .bind(state)
    .bind(new.revision)
    .bind(new.workflow_version)
    .execute(c)
    .await
    .map(|_| ()))?;
    Ok(())
}

async fn insert(
    conn: &mut Conn,
    fresh: &[&Run],
    chunk: &[(Run, connect_core::domain::lane::LaneKey)],
    round: i64,
) -> Result<(), StoreError> {
    if fresh.is_empty() {
        return Ok(());
    }
    let sql = format!(
        "INSERT INTO run (tenant, id, environment, event, store, company, entity, entity_id,
                          workflow, workflow_version, revision, lane_group, lane_key, state,
                          summary, snapshot, started, parent, part_step, part, part_number,
                          part_stop, part_round, part_open)
         VALUES {places}",
        places = dialect::places(fresh.len(), 24),
    );
    let mut snapshots = Vec::with_capacity(fresh.len());
    for run in fresh {
        snapshots.push((word(&run.state)?, compress(&run.snapshot)?));
    }
    on!(conn, c => {
        let mut query = sqlx::query(AssertSqlSafe(sql));
        for (run, (state, snapshot)) in fresh.iter().zip(&snapshots) {
            let lane = chunk.iter().find(|(own, _)| own.id == run.id).map(|(_, lane)| lane);
            let part = run.part_of.as_ref();
            query = query
                .bind(run.tenant.0)
                .bind(run.id.0)
                .bind(run.environment.0)
                .bind(run.event.0)
                .bind(run.store.0)
                .bind(run.company.map(|id| id.0))
                .bind(&run.entity)
                .bind(&run.entity_id)
                .bind(&run.workflow)
                .bind(run.workflow_version)
                .bind(run.revision)
                .bind(lane.map(|lane| lane.group))
                .bind(lane.map(|lane| lane.key.clone()))
                .bind(state)
                .bind(&run.summary)
                .bind(snapshot)
                .bind(run.started.0)
                .bind(part.map(|part| part.run.0))
                .bind(part.map(|part| part.step.clone()))
                .bind(part.map(|part| part.path.clone()))
                .bind(part.map(|part| part.number))
                .bind(part.map(|part| part.stop))
                .bind(round)
                .bind(true);
        }
        query.execute(c).await.map(|_| ())
    })?;
    Ok(())
}

/// How the lane of a whole stands while a part of it ends.
pub(crate) enum Whole {
    /// It waits for its parts.
    Waits,
    /// It is at something else, or has ended.
    Goes,
}

/// Counts a part that has ended, leaves out others if its failure says so, and brings the whole
/// back when it was the last.
pub(crate) async fn ended(
    conn: &mut Conn,
    transition: &Transition,
    part: &PartOf,
    whole: &Whole,
) -> Result<(), StoreError> {
    let run = &transition.run;
    let counted = on!(conn, c => sqlx::query(
        "UPDATE run
         SET part_open = FALSE
         WHERE tenant = $1 AND id = $2 AND part_open",
    )
    .bind(run.tenant.0)
    .bind(run.id.0)
    .execute(c)
    .await
    .map(|done| done.rows_affected()))?;
    if counted == 0 {
        return Ok(());
    }
    let mut ended: i64 = 1;
    if part.stop && run.state == RunState::Dead {
        ended += leave_out(conn, transition, part).await?;
    }
    let (left,): (i64,) = on!(conn, c => sqlx::query_as(
        "UPDATE whole
         SET parts_left = parts_left - $3
         WHERE tenant = $1 AND run = $2
         RETURNING parts_left",
    )
    .bind(run.tenant.0)
    .bind(part.run.0)
    .bind(ended)
    .fetch_one(c)
    .await)?;
    match whole {
        Whole::Waits if left == 0 => bring_back(conn, transition, part.run).await,
        Whole::Waits | Whole::Goes => Ok(()),
    }
}

/// Locks the lane of a whole, before any lane of its parts: the whole's own transitions lock in this
/// order too.
pub(crate) async fn lock_whole(
    conn: &mut Conn,
    tenant: TenantId,
    whole: RunId,
) -> Result<Whole, StoreError> {
    let sql = format!(
        "SELECT lane.worker IS NULL AND lane.due IS NULL AND lane.gate_kind IS NULL
                AND NOT lane.held
         FROM run
         JOIN lane ON lane.tenant = run.tenant AND lane.lane_group = run.lane_group
                  AND lane.lane_key = run.lane_key
         JOIN job ON job.tenant = lane.tenant AND job.lane_group = lane.lane_group
                 AND job.lane_key = lane.lane_key AND job.number = lane.head
         WHERE run.tenant = $1 AND run.id = $2 AND job.run = run.id
         {lock}",
        lock = dialect::lock_lane(conn),
    );
    let row: Option<(bool,)> = on!(conn, c => sqlx::query_as(AssertSqlSafe(sql))
        .bind(tenant.0)
        .bind(whole.0)
        .fetch_optional(c)
        .await)?;
    Ok(match row {
        Some((true,)) => Whole::Waits,
        Some((false,)) | None => Whole::Goes,
    })
}

/// Parts that have not begun never do, in this round.
async fn leave_out(
    conn: &mut Conn,
    transition: &Transition,
    part: &PartOf,
) -> Result<i64, StoreError> {
    let (queued, superseded) = (word(&RunState::Queued)?, word(&RunState::Superseded)?);
    let left_out = on!(conn, c => sqlx::query(
        "UPDATE run
         SET state = $4, finished = $6, part_open = FALSE,
             summary = 'left out: one before it failed'
         WHERE tenant = $1 AND parent = $2 AND part_step = $3 AND state = $5 AND part_open",
    )
    .bind(transition.run.tenant.0)
    .bind(part.run.0)
    .bind(&part.step)
    .bind(superseded)
    .bind(queued)
    .bind(transition.now.0)
    .execute(c)
    .await
    .map(|done| done.rows_affected()))?;
    Ok(i64::try_from(left_out).unwrap_or(i64::MAX))
}

/// The whole goes on.
async fn bring_back(
    conn: &mut Conn,
    transition: &Transition,
    whole: RunId,
) -> Result<(), StoreError> {
    on!(conn, c => sqlx::query(
        "UPDATE lane
         SET due = $3
         WHERE tenant = $1
           AND (lane_group, lane_key) IN (SELECT lane_group, lane_key FROM run
                                          WHERE tenant = $1 AND id = $2)",
    )
    .bind(transition.run.tenant.0)
    .bind(whole.0)
    .bind(transition.now.0)
    .execute(c)
    .await
    .map(|_| ()))?;
    conn.wakes.lanes = true;
    Ok(())
}

/// Whether all parts of a run have ended.
pub(crate) async fn all_ended(
    conn: &mut Conn,
    tenant: TenantId,
    whole: RunId,
) -> Result<bool, StoreError> {
    let row: Option<(i64,)> = on!(conn, c => sqlx::query_as(
        "SELECT parts_left
         FROM whole
         WHERE tenant = $1 AND run = $2",
    )
    .bind(tenant.0)
    .bind(whole.0)
    .fetch_optional(c)
    .await)?;
    Ok(row.is_none_or(|(left,)| left <= 0))
}
