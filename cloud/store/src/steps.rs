//! Steps of runs, with their bodies in the payload table.

use connect_core::domain::ids::{RunId, TenantId};
use connect_core::domain::run::StepRecord;
use connect_core::domain::time::Micros;
use sqlx::{AssertSqlSafe, FromRow};

use crate::conn::{Conn, on};
use crate::database::Database;
use crate::dialect::{self, MOST_ROWS};
use crate::error::StoreError;
use crate::payloads::{self, Packed, Packer, Place};
use crate::text::{from_json, from_word, json, word};

const INPUT: &str = "input";
const OUTPUT: &str = "output";
const TRACE: &str = "trace";

/// Steps of runs.
#[derive(Debug)]
pub struct Steps<'d>(pub(crate) &'d Database);

impl Database {
    /// Steps of runs.
    pub fn steps(&self) -> Steps<'_> {
        Steps(self)
    }
}

impl Steps<'_> {
    /// Lists a run's steps in order, without their bodies.
    pub async fn list(&self, tenant: TenantId, run: RunId) -> Result<Vec<StepRecord>, StoreError> {
        let mut conn = self.0.read().await?;
        let rows: Vec<Row> = on!(conn, c => sqlx::query_as(
            "SELECT number, step, kind, attempt, state, started, finished, failure
             FROM step
             WHERE tenant = $1 AND run = $2
             ORDER BY number",
        )
        .bind(tenant.0)
        .bind(run.0)
        .fetch_all(c)
        .await)?;
        rows.into_iter().map(StepRecord::try_from).collect()
    }

    /// Finds one step with its bodies.
    pub async fn find(
        &self,
        tenant: TenantId,
        run: RunId,
        number: i64,
    ) -> Result<Option<StepRecord>, StoreError> {
        let mut conn = self.0.read().await?;
        let row: Option<Row> = on!(conn, c => sqlx::query_as(
            "SELECT number, step, kind, attempt, state, started, finished, failure
             FROM step
             WHERE tenant = $1 AND run = $2 AND number = $3",
        )
        .bind(tenant.0)
        .bind(run.0)
        .bind(number)
        .fetch_optional(c)
        .await)?;
        let Some(row) = row else {
            return Ok(None);
        };
        let mut step = StepRecord::try_from(row)?;
        step.input = payloads::find(&mut conn, &place(tenant, run, number, INPUT)).await?;
        step.output = payloads::find(&mut conn, &place(tenant, run, number, OUTPUT)).await?;
        step.trace = payloads::find(&mut conn, &place(tenant, run, number, TRACE)).await?;
        Ok(Some(step))
    }
}

fn place(tenant: TenantId, run: RunId, number: i64, part: &'static str) -> Place {
    Place {
        tenant,
        owner: run.0,
        number,
        part,
    }
}

/// Adds the bodies a step brings; one it does not bring stays as it was.
pub(crate) fn pack<'s>(
    tenant: TenantId,
    run: RunId,
    step: &'s StepRecord,
    packer: &mut Packer<'s>,
    bodies: &mut Vec<Packed>,
) -> Result<(), StoreError> {
    let parts = [
        (INPUT, &step.input),
        (OUTPUT, &step.output),
        (TRACE, &step.trace),
    ];
    for (part, body) in parts {
        if let Some(body) = body {
            bodies.push(packer.pack(place(tenant, run, step.number, part), body)?);
        }
    }
    Ok(())
}

/// Adds steps, or puts them in place of those with their numbers, in one statement.
pub(crate) async fn insert(
    conn: &mut Conn,
    tenant: TenantId,
    run: RunId,
    steps: &[StepRecord],
) -> Result<(), StoreError> {
    let mut rows = Vec::with_capacity(steps.len());
    for step in steps {
        let failure = step.failure.as_ref().map(json).transpose()?;
        rows.push((step, word(&step.state)?, failure));
    }
    for rows in rows.chunks(MOST_ROWS) {
        let sql = format!(
            "INSERT INTO step (tenant, run, number, step, kind, attempt, state, started, finished,
                               failure)
             VALUES {places}
             ON CONFLICT (tenant, run, number) DO UPDATE
             SET step = excluded.step, kind = excluded.kind, attempt = excluded.attempt,
                 state = excluded.state, started = excluded.started,
                 finished = excluded.finished, failure = excluded.failure",
            places = dialect::places(rows.len(), 10),
        );
        on!(conn, c => {
            let mut query = sqlx::query(AssertSqlSafe(sql));
            for (step, state, failure) in rows {
                query = query
                    .bind(tenant.0)
                    .bind(run.0)
                    .bind(step.number)
                    .bind(&step.step)
                    .bind(&step.kind)
                    .bind(step.attempt)
                    .bind(state)
                    .bind(step.started.0)
                    .bind(step.finished.map(|at| at.0))
                    .bind(failure);
            }
            query.execute(c).await.map(|_| ())
        })?;
    }
    Ok(())
}

#[derive(FromRow)]
struct Row {
    number: i64,
    step: String,
    kind: String,
    attempt: i64,
    state: String,
    started: i64,
    finished: Option<i64>,
    failure: Option<String>,
}

impl TryFrom<Row> for StepRecord {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self, StoreError> {
        let failure = match &row.failure {
            Some(text) => Some(from_json("step", "failure", &row.number.to_string(), text)?),
            None => None,
        };
        Ok(Self {
            number: row.number,
            step: row.step,
            kind: row.kind,
            attempt: row.attempt,
            state: from_word("step", "state", &row.state)?,
            started: Micros(row.started),
            finished: row.finished.map(Micros),
            input: None,
            output: None,
            trace: None,
            failure,
        })
    }
}
