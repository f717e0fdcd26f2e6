//! How a run is read from its row.

use connect_core::domain::ids::{CompanyId, EnvironmentId, EventId, RunId, StoreId, TenantId};
use connect_core::domain::run::{PartOf, Run};
use connect_core::domain::time::Micros;
use sqlx::FromRow;
use uuid::Uuid;

use crate::error::StoreError;
use crate::text::{expand, from_json, from_word};

/// What [`RunRow`] reads, but for the snapshot, which lists leave out.
pub(crate) const COLUMNS: &str = "run.tenant, run.id, run.environment, run.event, run.store, \
     run.company, run.entity, run.entity_id, run.workflow, run.workflow_version, run.revision, \
     run.state, run.summary, run.gp_key, run.started, run.finished, run.failure, run.replay_of, \
     run.parent, run.part_step, run.part, run.part_number, run.part_stop";

#[derive(FromRow)]
pub(crate) struct RunRow {
    tenant: Uuid,
    id: Uuid,
    environment: Uuid,
    event: Uuid,
    store: Uuid,
    company: Option<Uuid>,
    entity: String,
    entity_id: String,
    workflow: String,
    workflow_version: i64,
    revision: i64,
    state: String,
    summary: String,
    #[sqlx(default)]
    snapshot: Vec<u8>,
    gp_key: Option<String>,
    started: i64,
    finished: Option<i64>,
    failure: Option<String>,
    replay_of: Option<Uuid>,
    parent: Option<Uuid>,
    part_step: Option<String>,
    part: Option<String>,
    part_number: Option<i64>,
    part_stop: Option<bool>,
}

impl TryFrom<RunRow> for Run {
    type Error = StoreError;

    fn try_from(row: RunRow) -> Result<Self, StoreError> {
        let failure = match &row.failure {
            Some(text) => Some(from_json("run", "failure", &row.id.to_string(), text)?),
            None => None,
        };
        let snapshot = match row.snapshot.as_slice() {
            [] => Vec::new(),
            packed => expand(packed)?,
        };
        Ok(Self {
            tenant: TenantId(row.tenant),
            id: RunId(row.id),
            environment: EnvironmentId(row.environment),
            event: EventId(row.event),
            store: StoreId(row.store),
            company: row.company.map(CompanyId),
            entity: row.entity,
            entity_id: row.entity_id,
            workflow: row.workflow,
            workflow_version: row.workflow_version,
            revision: row.revision,
            state: from_word("run", "state", &row.state)?,
            summary: row.summary,
            snapshot,
            gp_key: row.gp_key,
            started: Micros(row.started),
            finished: row.finished.map(Micros),
            failure,
            replay_of: row.replay_of.map(RunId),
            part_of: row.parent.map(|run| PartOf {
                run: RunId(run),
                step: row.part_step.unwrap_or_default(),
                path: row.part.unwrap_or_default(),
                number: row.part_number.unwrap_or_default(),
                stop: row.part_stop.unwrap_or_default(),
            }),
        })
    }
}
