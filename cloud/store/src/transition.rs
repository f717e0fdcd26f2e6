//! One transition of a run: all that it writes, fenced, in one unit of work.

use connect_core::domain::ids::CommandId;
use connect_core::domain::lane::{GateKey, GateKind, LaneNext};
use connect_core::domain::run::{Run, RunState, Transition};
use connect_core::domain::time::Micros;
use sqlx::AssertSqlSafe;
use uuid::Uuid;

use crate::commands;
use crate::conn::{Conn, on};
use crate::dialect;
use crate::error::{ApplyError, StoreError};
use crate::gates;
use crate::links;
use crate::parts;
use crate::payloads::{self, Packed, Packer};
use crate::runs::{Runs, fingerprint};
use crate::steps;
use crate::text::{compress, json, word};
use crate::waits;

impl Runs<'_> {
    /// Writes a transition, all of it or nothing. The lane must be the fence's, and no link may
    /// be another run's.
    pub async fn apply(&self, transition: Transition) -> Result<(), ApplyError> {
        let prepared = Prepared::of(transition)?;
        self.0
            .write(prepared, |conn, prepared| Box::pin(apply(conn, prepared)))
            .await
    }
}

/// A transition with its bodies compressed before the unit of work begins.
struct Prepared {
    transition: Transition,
    snapshot: Vec<u8>,
    bodies: Vec<Packed>,
}

impl Prepared {
    fn of(transition: Transition) -> Result<Self, StoreError> {
        let run = &transition.run;
        let mut packer = Packer::default();
        let mut bodies = Vec::new();
        for step in &transition.steps {
            steps::pack(run.tenant, run.id, step, &mut packer, &mut bodies)?;
        }
        if let Some(new) = &transition.command {
            let place = payloads::document(run.tenant, new.command.document);
            bodies.push(packer.pack(place, &new.document)?);
        }
        if let Some(result) = &transition.result {
            bodies.push(parts::pack(run, result, &mut packer)?);
        }
        let snapshot = match run.snapshot.as_slice() {
            [] => Vec::new(),
            snapshot => compress(snapshot)?,
        };
        Ok(Self {
            transition,
            snapshot,
            bodies,
        })
    }
}

/// What the lane's row said when it was locked.
struct Held {
    command: Option<Uuid>,
    run: Option<Uuid>,
}

/// How a lane is left when its worker lets go.
#[derive(Default)]
struct Rest {
    due: Option<Micros>,
    gate: Option<GateKey>,
    held: bool,
    command: Option<Uuid>,
    /// Jobs taken off its head.
    done: i64,
}

async fn apply(conn: &mut Conn, prepared: &Prepared) -> Result<(), ApplyError> {
    let transition = &prepared.transition;
    let run = &transition.run;
    if transition.next == LaneNext::PassOver {
        hold(conn, transition).await?;
        return Ok(done(conn, transition).await?);
    }
    let ends = match run.state {
        RunState::Succeeded | RunState::Dead | RunState::Superseded => run.part_of.as_ref(),
        RunState::Queued | RunState::Running | RunState::Waiting => None,
    };
    let whole = match ends {
        Some(part) => Some((part, parts::lock_whole(conn, run.tenant, part.run).await?)),
        None => None,
    };
    let held = hold(conn, transition).await?;
    links::apply(conn, &transition.links).await?;
    upsert(conn, prepared).await?;
    if held.run.is_none() {
        waits::arrive(conn, transition).await?;
    }
    steps::insert(conn, run.tenant, run.id, &transition.steps).await?;
    payloads::insert(conn, &prepared.bodies).await?;
    if let Some(new) = &transition.command {
        commands::insert(conn, &new.command).await?;
    }
    if let Some(gate) = &transition.close {
        gates::close(conn, gate).await?;
    }
    if let Some(key) = transition.open {
        gates::open_by_success(conn, run.tenant, key, transition.now).await?;
    }
    if let Some(parts) = &transition.parts {
        parts::begin(conn, transition, parts).await?;
    }
    if transition.supersedes {
        supersede(conn, run).await?;
    }
    next(conn, transition, &held).await?;
    if let Some((part, whole)) = whole {
        parts::ended(conn, transition, part, &whole).await?;
    }
    Ok(())
}

/// Older dead letters of the run's workflow about the same record need nobody any more.
async fn supersede(conn: &mut Conn, run: &Run) -> Result<(), StoreError> {
    let (dead, superseded) = (word(&RunState::Dead)?, word(&RunState::Superseded)?);
    on!(conn, c => sqlx::query(
        "UPDATE run
         SET state = $7
         WHERE tenant = $1 AND store = $2 AND entity = $3 AND entity_id = $4 AND workflow = $5
           AND state = $6 AND id <> $8",
    )
    .bind(run.tenant.0)
    .bind(run.store.0)
    .bind(&run.entity)
    .bind(&run.entity_id)
    .bind(&run.workflow)
    .bind(dead)
    .bind(superseded)
    .bind(run.id.0)
    .execute(c)
    .await
    .map(|_| ()))?;
    Ok(())
}

/// Locks the lane if it is still the fence's, with that job at its head.
async fn hold(conn: &mut Conn, transition: &Transition) -> Result<Held, ApplyError> {
    let sql = format!(
        "SELECT lane.command, job.run
         FROM lane
         JOIN job ON job.tenant = lane.tenant AND job.lane_group = lane.lane_group
                 AND job.lane_key = lane.lane_key AND job.number = lane.head
         WHERE lane.tenant = $1 AND lane.lane_group = $2 AND lane.lane_key = $3
           AND lane.head = $4 AND lane.worker = $5 AND lane.epoch = $6
           AND EXISTS (SELECT 1 FROM worker
                       WHERE worker.id = $5 AND worker.epoch = $6 AND NOT worker.expired)
         {lock}",
        lock = dialect::lock_rows(conn),
    );
    let row: Option<(Option<Uuid>, Option<Uuid>)> = on!(conn, c => sqlx::query_as(AssertSqlSafe(sql))
            .bind(transition.lane.tenant.0)
            .bind(transition.lane.group)
            .bind(&transition.lane.key)
            .bind(transition.number)
            .bind(transition.fence.worker.0)
            .bind(transition.fence.epoch)
            .fetch_optional(c)
            .await)?;
    match row {
        Some((command, run)) if transition.run.tenant == transition.lane.tenant => {
            Ok(Held { command, run })
        }
        Some(_) | None => Err(ApplyError::Fenced),
    }
}

async fn upsert(conn: &mut Conn, prepared: &Prepared) -> Result<(), StoreError> {
    let run: &Run = &prepared.transition.run;
    let lane = &prepared.transition.lane;
    let state = word(&run.state)?;
    let failure = run.failure.as_ref().map(json).transpose()?;
    on!(conn, c => sqlx::query(
        "INSERT INTO run (tenant, id, environment, event, store, company, entity, entity_id,
                          workflow, workflow_version, revision, lane_group, lane_key, state,
                          summary, snapshot, gp_key, started, finished, failure, failure_code,
                          fingerprint, replay_of)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18,
                 $19, $20, $21, $22, $23)
         ON CONFLICT (tenant, id) DO UPDATE
         SET company = excluded.company, workflow = excluded.workflow,
             workflow_version = excluded.workflow_version, revision = excluded.revision,
             state = excluded.state, summary = excluded.summary, snapshot = excluded.snapshot, gp_key = excluded.gp_key,
             finished = excluded.finished, failure = excluded.failure,
             failure_code = excluded.failure_code, fingerprint = excluded.fingerprint",
    )
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
    .bind(lane.group)
    .bind(&lane.key)
    .bind(state)
    .bind(&run.summary)
    .bind(&prepared.snapshot)
    .bind(&run.gp_key)
    .bind(run.started.0)
    .bind(run.finished.map(|at| at.0))
    .bind(failure)
    .bind(run.failure.as_ref().map(|failure| failure.code.clone()))
    .bind(run.failure.as_ref().map(fingerprint))
    .bind(run.replay_of.map(|id| id.0))
    .execute(c)
    .await
    .map(|_| ()))?;
    Ok(())
}

async fn next(conn: &mut Conn, transition: &Transition, held: &Held) -> Result<(), StoreError> {
    let new = transition.command.as_ref().map(|new| new.command.id.0);
    let leaves = matches!(
        transition.next,
        LaneNext::Done | LaneNext::PassOver | LaneNext::Leave { .. }
    );
    if !leaves && held.run != Some(transition.run.id.0) {
        bind_run(conn, transition).await?;
    }
    let rest = match &transition.next {
        LaneNext::Keep if held.command == new => return Ok(()),
        LaneNext::Keep => return keep(conn, transition, new).await,
        LaneNext::Done | LaneNext::PassOver => return done(conn, transition).await,
        LaneNext::Leave { wait } => {
            done(conn, transition).await?;
            return waits::insert(conn, transition, wait).await;
        }
        LaneNext::AwaitParts => {
            let ended = parts::all_ended(conn, transition.run.tenant, transition.run.id).await?;
            Rest {
                due: ended.then_some(transition.now),
                ..Rest::default()
            }
        }
        LaneNext::Release { due } => ready(conn, transition, *due, new).await?,
        LaneNext::AwaitCommand => awaiting(conn, transition, new.or(held.command)).await?,
        LaneNext::Park { gate } => parked(conn, transition, *gate, new).await?,
        LaneNext::Hold => Rest {
            held: true,
            ..Rest::default()
        },
    };
    let_go(conn, transition, &rest).await
}

/// The head job learns which run works on it.
async fn bind_run(conn: &mut Conn, transition: &Transition) -> Result<(), StoreError> {
    on!(conn, c => sqlx::query(
        "UPDATE job
         SET run = $5
         WHERE tenant = $1 AND lane_group = $2 AND lane_key = $3 AND number = $4",
    )
    .bind(transition.lane.tenant.0)
    .bind(transition.lane.group)
    .bind(&transition.lane.key)
    .bind(transition.number)
    .bind(transition.run.id.0)
    .execute(c)
    .await
    .map(|_| ()))?;
    Ok(())
}

/// An answer once used up must not come back with the next claim: the command of an earlier
/// transition is forgotten.
async fn keep(
    conn: &mut Conn,
    transition: &Transition,
    command: Option<Uuid>,
) -> Result<(), StoreError> {
    on!(conn, c => sqlx::query(
        "UPDATE lane
         SET command = $4
         WHERE tenant = $1 AND lane_group = $2 AND lane_key = $3",
    )
    .bind(transition.lane.tenant.0)
    .bind(transition.lane.group)
    .bind(&transition.lane.key)
    .bind(command)
    .execute(c)
    .await
    .map(|_| ()))?;
    Ok(())
}

/// Ready at that time, unless the store's gate was closed meanwhile.
async fn ready(
    conn: &mut Conn,
    transition: &Transition,
    due: Micros,
    command: Option<Uuid>,
) -> Result<Rest, StoreError> {
    let key = GateKey {
        kind: GateKind::Store,
        target: transition.lane.group,
    };
    let closed = gates::locked(conn, transition.lane.tenant, key)
        .await?
        .is_some();
    Ok(Rest {
        due: (!closed).then_some(due),
        gate: closed.then_some(key),
        command,
        ..Rest::default()
    })
}

async fn awaiting(
    conn: &mut Conn,
    transition: &Transition,
    command: Option<Uuid>,
) -> Result<Rest, StoreError> {
    let answered = match command {
        // Nobody has seen it yet.
        Some(_) if transition.command.is_some() => false,
        Some(id) => commands::is_answered(conn, transition.lane.tenant, CommandId(id)).await?,
        // Nothing to wait for would be waiting for ever.
        None => true,
    };
    Ok(Rest {
        due: answered.then_some(transition.now),
        command,
        ..Rest::default()
    })
}

/// Behind the gate, unless it was opened meanwhile.
async fn parked(
    conn: &mut Conn,
    transition: &Transition,
    key: GateKey,
    command: Option<Uuid>,
) -> Result<Rest, StoreError> {
    let closed = gates::locked(conn, transition.lane.tenant, key)
        .await?
        .is_some();
    Ok(Rest {
        due: (!closed).then_some(transition.now),
        gate: closed.then_some(key),
        command,
        ..Rest::default()
    })
}

async fn let_go(conn: &mut Conn, transition: &Transition, rest: &Rest) -> Result<(), StoreError> {
    let kind = rest.gate.map(|gate| word(&gate.kind)).transpose()?;
    on!(conn, c => sqlx::query(
        "UPDATE lane
         SET worker = NULL, epoch = NULL, claimed = NULL, due = $4, command = $5, gate_kind = $6,
             gate_target = $7, held = $8, parked = $9, head = head + $10
         WHERE tenant = $1 AND lane_group = $2 AND lane_key = $3",
    )
    .bind(transition.lane.tenant.0)
    .bind(transition.lane.group)
    .bind(&transition.lane.key)
    .bind(rest.due.map(|at| at.0))
    .bind(rest.command)
    .bind(kind)
    .bind(rest.gate.map(|gate| gate.target))
    .bind(rest.held)
    .bind(rest.gate.map(|_| transition.now.0))
    .bind(rest.done)
    .execute(c)
    .await
    .map(|_| ()))?;
    conn.wakes.lanes |= rest.due.is_some_and(|due| due <= transition.now);
    Ok(())
}

/// Takes the head job off; the next one is ready at once, and a lane without work is no more.
async fn done(conn: &mut Conn, transition: &Transition) -> Result<(), StoreError> {
    on!(conn, c => sqlx::query(
        "DELETE FROM job
         WHERE tenant = $1 AND lane_group = $2 AND lane_key = $3 AND number = $4",
    )
    .bind(transition.lane.tenant.0)
    .bind(transition.lane.group)
    .bind(&transition.lane.key)
    .bind(transition.number)
    .execute(c)
    .await
    .map(|_| ()))?;
    let freed = on!(conn, c => sqlx::query(
        "DELETE FROM lane
         WHERE tenant = $1 AND lane_group = $2 AND lane_key = $3 AND next_number = $4",
    )
    .bind(transition.lane.tenant.0)
    .bind(transition.lane.group)
    .bind(&transition.lane.key)
    .bind(transition.number + 1)
    .execute(c)
    .await
    .map(|done| done.rows_affected()))?;
    if freed > 0 {
        return Ok(());
    }
    let rest = Rest {
        done: 1,
        ..ready(conn, transition, transition.now, None).await?
    };
    let_go(conn, transition, &rest).await
}
