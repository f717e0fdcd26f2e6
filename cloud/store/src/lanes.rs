//! The ordered queues: finding tenants with ready work, and claiming lanes of one of them.

use std::collections::HashMap;

use connect_core::domain::event::Event;
use connect_core::domain::ids::{CommandId, RunId, TenantId};
use connect_core::domain::lane::{ClaimedLane, CommandAnswer, Fence, GateKey, LaneKey};
use connect_core::domain::run::Run;
use connect_core::domain::time::Micros;
use sqlx::{AssertSqlSafe, FromRow};
use uuid::Uuid;

use crate::conn::{Conn, on};
use crate::database::Database;
use crate::dialect;
use crate::error::{ApplyError, StoreError};
use crate::events::{self, EventRow};
use crate::lane_counts::{CountsRow, LaneCounts};
use crate::room::{Room, rotation, share};
use crate::run_rows::{self, RunRow};
use crate::text::{from_json, from_word};
use crate::workers;

/// How long a gate's probe has before the next one may go.
const PROBE_SECONDS: i64 = 60;

/// The ordered queues.
#[derive(Debug)]
pub struct Lanes<'d>(pub(crate) &'d Database);

#[derive(Clone)]
struct Claim {
    tenant: TenantId,
    fence: Fence,
    now: Micros,
    room: Room,
}

/// Group and key of a lane.
type Place = (Uuid, String);

/// The lanes picked, each with the closed gate that let it through.
type Picked = HashMap<Place, Option<GateKey>>;

impl Database {
    /// The ordered queues.
    pub fn lanes(&self) -> Lanes<'_> {
        Lanes(self)
    }
}

impl Lanes<'_> {
    /// Lists tenants with a lane to claim: ready, let through by a gate's probe, or left by a
    /// worker that lost its lease. Takes no locks.
    pub async fn tenants_with_ready(&self, now: Micros) -> Result<Vec<TenantId>, StoreError> {
        let mut conn = self.0.read().await?;
        let sql = format!(
            "SELECT tenant
             FROM tenant
             WHERE EXISTS (SELECT 1 FROM lane
                           WHERE lane.tenant = tenant.tenant
                             AND lane.worker IS NULL AND lane.due IS NOT NULL AND lane.due <= $1)
                OR EXISTS (SELECT 1 FROM lane
                           WHERE lane.tenant = tenant.tenant AND lane.worker IS NOT NULL
                             AND NOT EXISTS (SELECT 1 FROM worker
                                             WHERE worker.id = lane.worker
                                               AND worker.epoch = lane.epoch
                                               AND NOT worker.expired
                                               AND worker.heartbeat + worker.lease_micros > {now}))
                OR EXISTS (SELECT 1 FROM gate
                           WHERE gate.tenant = tenant.tenant AND gate.probe <= $1
                             AND EXISTS (SELECT 1 FROM lane
                                         WHERE lane.tenant = gate.tenant
                                           AND lane.gate_kind = gate.kind
                                           AND lane.gate_target = gate.target))",
            now = dialect::database_now(&conn),
        );
        let rows: Vec<(Uuid,)> = on!(conn, c => sqlx::query_as(AssertSqlSafe(sql))
            .bind(now.0)
            .fetch_all(c)
            .await)?;
        Ok(rows.into_iter().map(|(id,)| TenantId(id)).collect())
    }

    /// Takes lanes of a tenant as far as there is room, in turn over its stores, with all that is
    /// needed to go on. A gate whose probe time has come lets one of its lanes through.
    pub async fn claim(
        &self,
        tenant: TenantId,
        fence: Fence,
        now: Micros,
        room: Room,
    ) -> Result<Vec<ClaimedLane>, ApplyError> {
        let claim = Claim {
            tenant,
            fence,
            now,
            room,
        };
        self.0
            .write(claim, |conn, claim| Box::pin(run(conn, claim)))
            .await
    }

    /// Lets a lane go until `due` without a transition; nothing happens when it is no longer held.
    pub async fn update_due(
        &self,
        key: &LaneKey,
        fence: Fence,
        due: Micros,
    ) -> Result<(), StoreError> {
        let input = (key.clone(), fence, due);
        self.0
            .write(input, |conn, input| Box::pin(let_go(conn, input)))
            .await
    }

    /// Counts a tenant's lanes by how they stand.
    pub async fn find_counts(&self, tenant: TenantId) -> Result<LaneCounts, StoreError> {
        let mut conn = self.0.read().await?;
        let row: CountsRow = on!(conn, c => sqlx::query_as(
            "SELECT COUNT(*) AS counted,
                    COUNT(worker) AS working,
                    COUNT(CASE WHEN worker IS NULL THEN due END) AS waiting,
                    COUNT(gate_kind) AS parked,
                    COUNT(CASE WHEN held THEN 1 END) AS held,
                    MIN(CASE WHEN worker IS NULL THEN due END) AS oldest
             FROM lane
             WHERE tenant = $1",
        )
        .bind(tenant.0)
        .fetch_one(c)
        .await)?;
        Ok(row.into())
    }
}

async fn let_go(
    conn: &mut Conn,
    (key, fence, due): &(LaneKey, Fence, Micros),
) -> Result<(), StoreError> {
    on!(conn, c => sqlx::query(
        "UPDATE lane
         SET worker = NULL, epoch = NULL, due = $6
         WHERE tenant = $1 AND lane_group = $2 AND lane_key = $3 AND worker = $4 AND epoch = $5",
    )
    .bind(key.tenant.0)
    .bind(key.group)
    .bind(&key.key)
    .bind(fence.worker.0)
    .bind(fence.epoch)
    .bind(due.0)
    .execute(c)
    .await
    .map(|_| ()))?;
    conn.wakes.lanes = true;
    Ok(())
}

async fn run(conn: &mut Conn, claim: &Claim) -> Result<Vec<ClaimedLane>, ApplyError> {
    workers::check(conn, claim.fence).await?;
    if claim.room.sweep {
        workers::expire(conn).await?;
        take_back(conn, claim).await?;
    }
    let mut room = claim.room.clone();
    let mut picked = Picked::new();
    probes(conn, claim, &mut room, &mut picked).await?;
    let mut groups = ready_groups(conn, claim).await?;
    if let Some(first) = rotation(claim.now, groups.len()) {
        groups.rotate_left(first);
    }
    let share = share(room.lanes, groups.len());
    for quota in [share, room.lanes] {
        let mut more = Vec::new();
        for group in groups {
            let wanted = quota.min(room.left(group));
            let taken = if wanted > 0 {
                pick(conn, claim, group, wanted).await?
            } else {
                Vec::new()
            };
            if i64::try_from(taken.len()).is_ok_and(|taken| taken == wanted) {
                more.push(group);
            }
            for place in taken {
                room.take(group);
                picked.insert(place, None);
            }
        }
        groups = more;
    }
    if picked.is_empty() {
        return Ok(Vec::new());
    }
    Ok(load(conn, claim, picked).await?)
}

/// Frees the lanes of workers that are no more.
async fn take_back(conn: &mut Conn, claim: &Claim) -> Result<(), StoreError> {
    on!(conn, c => sqlx::query(
        "UPDATE lane
         SET worker = NULL, epoch = NULL, claimed = NULL, due = $2
         WHERE tenant = $1 AND worker IS NOT NULL
           AND NOT EXISTS (SELECT 1 FROM worker
                           WHERE worker.id = lane.worker AND worker.epoch = lane.epoch
                             AND NOT worker.expired)",
    )
    .bind(claim.tenant.0)
    .bind(claim.now.0)
    .execute(c)
    .await
    .map(|_| ()))?;
    Ok(())
}

/// The groups with a ready lane, stepping over the index rather than through all lanes.
async fn ready_groups(conn: &mut Conn, claim: &Claim) -> Result<Vec<Uuid>, StoreError> {
    let rows: Vec<(Uuid,)> = on!(conn, c => sqlx::query_as(
        "WITH RECURSIVE ready(lane_group) AS (
             SELECT (SELECT lane.lane_group
                     FROM lane
                     WHERE lane.tenant = $1 AND lane.worker IS NULL
                       AND lane.due IS NOT NULL AND lane.due <= $2
                     ORDER BY lane.lane_group
                     LIMIT 1)
             UNION ALL
             SELECT (SELECT lane.lane_group
                     FROM lane
                     WHERE lane.tenant = $1 AND lane.lane_group > ready.lane_group
                       AND lane.worker IS NULL AND lane.due IS NOT NULL AND lane.due <= $2
                     ORDER BY lane.lane_group
                     LIMIT 1)
             FROM ready
             WHERE ready.lane_group IS NOT NULL
         )
         SELECT lane_group
         FROM ready
         WHERE lane_group IS NOT NULL",
    )
    .bind(claim.tenant.0)
    .bind(claim.now.0)
    .fetch_all(c)
    .await)?;
    Ok(rows.into_iter().map(|(group,)| group).collect())
}

async fn pick(
    conn: &mut Conn,
    claim: &Claim,
    group: Uuid,
    limit: i64,
) -> Result<Vec<Place>, StoreError> {
    let sql = format!(
        "WITH picked AS MATERIALIZED (
             SELECT lane_key
             FROM lane
             WHERE tenant = $1 AND lane_group = $2
               AND worker IS NULL AND due IS NOT NULL AND due <= $3
             ORDER BY due
             LIMIT $6
             {lock}
         )
         UPDATE lane
         SET worker = $4, epoch = $5, claimed = $3, due = NULL, gate_kind = NULL,
             gate_target = NULL, parked = NULL
         WHERE tenant = $1 AND lane_group = $2 AND lane_key IN (SELECT lane_key FROM picked)
         RETURNING lane_group, lane_key",
        lock = dialect::skip_locked(conn),
    );
    let rows: Vec<Place> = on!(conn, c => sqlx::query_as(AssertSqlSafe(sql))
        .bind(claim.tenant.0)
        .bind(group)
        .bind(claim.now.0)
        .bind(claim.fence.worker.0)
        .bind(claim.fence.epoch)
        .bind(limit)
        .fetch_all(c)
        .await)?;
    Ok(rows)
}

/// One lane through each gate whose probe time has come, while there is room.
async fn probes(
    conn: &mut Conn,
    claim: &Claim,
    room: &mut Room,
    picked: &mut Picked,
) -> Result<(), StoreError> {
    let gates: Vec<(String, Uuid)> = on!(conn, c => sqlx::query_as(
        "UPDATE gate
         SET probe = $3
         WHERE tenant = $1 AND probe <= $2
           AND EXISTS (SELECT 1 FROM lane
                       WHERE lane.tenant = $1 AND lane.gate_kind = gate.kind
                         AND lane.gate_target = gate.target)
         RETURNING kind, target",
    )
    .bind(claim.tenant.0)
    .bind(claim.now.0)
    .bind(claim.now.plus_seconds(PROBE_SECONDS).0)
    .fetch_all(c)
    .await)?;
    for (kind, target) in gates {
        if room.lanes <= 0 {
            break;
        }
        for place in probe(conn, claim, &kind, target).await? {
            let kind = from_word("gate", "kind", &kind)?;
            room.take(place.0);
            picked.insert(place, Some(GateKey { kind, target }));
        }
    }
    Ok(())
}

/// The one that waits longest: a lane that is itself the trouble must not be tried again and again.
async fn probe(
    conn: &mut Conn,
    claim: &Claim,
    kind: &str,
    target: Uuid,
) -> Result<Vec<Place>, StoreError> {
    let sql = format!(
        "WITH picked AS MATERIALIZED (
             SELECT lane_group, lane_key
             FROM lane
             WHERE tenant = $1 AND gate_kind = $2 AND gate_target = $3 AND worker IS NULL
             ORDER BY parked
             LIMIT 1
             {lock}
         )
         UPDATE lane
         SET worker = $4, epoch = $5, claimed = $6, due = NULL, gate_kind = NULL,
             gate_target = NULL, parked = NULL
         WHERE tenant = $1
           AND (lane_group, lane_key) IN (SELECT lane_group, lane_key FROM picked)
         RETURNING lane_group, lane_key",
        lock = dialect::skip_locked(conn),
    );
    let rows: Vec<Place> = on!(conn, c => sqlx::query_as(AssertSqlSafe(sql))
        .bind(claim.tenant.0)
        .bind(kind)
        .bind(target)
        .bind(claim.fence.worker.0)
        .bind(claim.fence.epoch)
        .bind(claim.now.0)
        .fetch_all(c)
        .await)?;
    Ok(rows)
}

/// Everything about the lanes just claimed, in three queries however many they are.
async fn load(
    conn: &mut Conn,
    claim: &Claim,
    picked: Picked,
) -> Result<Vec<ClaimedLane>, StoreError> {
    let mut heads = heads(conn, claim).await?;
    let mut runs = runs(conn, claim).await?;
    let mut answers = answers(conn, claim).await?;
    let mut lanes = Vec::with_capacity(picked.len());
    for (place, through) in picked {
        let Some(head) = heads.remove(&place) else {
            return Err(crate::text::corrupt("lane", "head", place.1));
        };
        lanes.push(ClaimedLane {
            key: LaneKey {
                tenant: claim.tenant,
                group: place.0,
                key: place.1,
            },
            number: head.head,
            woken: match head.woken {
                Some(text) => Some(from_json("job", "woken", &head.lane_key, &text)?),
                None => None,
            },
            event: Event::try_from(head.event)?,
            run: head.run.and_then(|run| runs.remove(&RunId(run))),
            result: head.command.and_then(|command| answers.remove(&command)),
            through,
        });
    }
    Ok(lanes)
}

async fn heads(conn: &mut Conn, claim: &Claim) -> Result<HashMap<Place, HeadRow>, StoreError> {
    let sql = format!(
        "SELECT lane.lane_group, lane.lane_key, lane.head, lane.command, job.run, job.woken, {columns}
         FROM lane
         JOIN job ON job.tenant = lane.tenant AND job.lane_group = lane.lane_group
                 AND job.lane_key = lane.lane_key AND job.number = lane.head
         JOIN event ON event.tenant = job.tenant AND event.id = job.event
         WHERE lane.tenant = $1 AND lane.worker = $2 AND lane.epoch = $3 AND lane.claimed = $4",
        columns = events::COLUMNS,
    );
    let rows: Vec<HeadRow> = on!(conn, c => sqlx::query_as(AssertSqlSafe(sql))
        .bind(claim.tenant.0)
        .bind(claim.fence.worker.0)
        .bind(claim.fence.epoch)
        .bind(claim.now.0)
        .fetch_all(c)
        .await)?;
    Ok(rows
        .into_iter()
        .map(|row| ((row.lane_group, row.lane_key.clone()), row))
        .collect())
}

async fn runs(conn: &mut Conn, claim: &Claim) -> Result<HashMap<RunId, Run>, StoreError> {
    let sql = format!(
        "SELECT {columns}, run.snapshot
         FROM lane
         JOIN job ON job.tenant = lane.tenant AND job.lane_group = lane.lane_group
                 AND job.lane_key = lane.lane_key AND job.number = lane.head
         JOIN run ON run.tenant = job.tenant AND run.id = job.run
         WHERE lane.tenant = $1 AND lane.worker = $2 AND lane.epoch = $3 AND lane.claimed = $4",
        columns = run_rows::COLUMNS,
    );
    let rows: Vec<RunRow> = on!(conn, c => sqlx::query_as(AssertSqlSafe(sql))
        .bind(claim.tenant.0)
        .bind(claim.fence.worker.0)
        .bind(claim.fence.epoch)
        .bind(claim.now.0)
        .fetch_all(c)
        .await)?;
    rows.into_iter()
        .map(|row| Run::try_from(row).map(|run| (run.id, run)))
        .collect()
}

async fn answers(
    conn: &mut Conn,
    claim: &Claim,
) -> Result<HashMap<Uuid, CommandAnswer>, StoreError> {
    let rows: Vec<(Uuid, Vec<u8>)> = on!(conn, c => sqlx::query_as(
        "SELECT command.id, command.result
         FROM lane
         JOIN command ON command.tenant = lane.tenant AND command.id = lane.command
         WHERE lane.tenant = $1 AND lane.worker = $2 AND lane.epoch = $3 AND lane.claimed = $4
           AND command.result IS NOT NULL",
    )
    .bind(claim.tenant.0)
    .bind(claim.fence.worker.0)
    .bind(claim.fence.epoch)
    .bind(claim.now.0)
    .fetch_all(c)
    .await)?;
    Ok(rows
        .into_iter()
        .map(|(id, result)| {
            let command = CommandId(id);
            (id, CommandAnswer { command, result })
        })
        .collect())
}

#[derive(FromRow)]
struct HeadRow {
    lane_group: Uuid,
    lane_key: String,
    head: i64,
    command: Option<Uuid>,
    run: Option<Uuid>,
    woken: Option<String>,
    #[sqlx(flatten)]
    event: EventRow,
}
