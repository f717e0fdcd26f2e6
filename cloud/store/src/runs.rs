//! Runs: finding, listing, counting; what changes them is in `transition` and `replay`.

use connect_core::domain::failure::Failure;
use connect_core::domain::ids::{RunId, StoreId, TenantId};
use connect_core::domain::lane::LaneKey;
use connect_core::domain::run::{Run, RunState};
use sqlx::AssertSqlSafe;
use uuid::Uuid;

use crate::conn::{Conn, on};
use crate::database::Database;
use crate::error::StoreError;
use crate::run_rows::{COLUMNS, RunRow};
use crate::text::word;

/// Counts stop here.
const COUNTED: i64 = 10_001;

/// Which runs to list; what is left out does not matter.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RunFilter {
    /// How they stand.
    pub state: Option<RunState>,
    /// Where they began.
    pub store: Option<StoreId>,
    /// `order`, ...
    pub entity: Option<String>,
    /// nop's id.
    pub entity_id: Option<String>,
    /// Code of their failure.
    pub failure_code: Option<String>,
    /// Those with one cause, see [`fingerprint`].
    pub fingerprint: Option<String>,
    /// Whether they are parts of others.
    pub parts: Parts,
}

/// Which runs to list by whether they are parts of others.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Parts {
    /// Parts and wholes.
    #[default]
    Any,
    /// No parts.
    None,
    /// Parts of that run.
    Of(RunId),
}

/// Runs.
#[derive(Debug)]
pub struct Runs<'d>(pub(crate) &'d Database);

impl Database {
    /// Runs.
    pub fn runs(&self) -> Runs<'_> {
        Runs(self)
    }
}

impl Runs<'_> {
    /// Finds one, with its snapshot.
    pub async fn find(&self, tenant: TenantId, id: RunId) -> Result<Option<Run>, StoreError> {
        let mut conn = self.0.read().await?;
        find(&mut conn, tenant, id).await
    }

    /// Finds the lane a run belongs to.
    pub async fn find_lane(
        &self,
        tenant: TenantId,
        id: RunId,
    ) -> Result<Option<LaneKey>, StoreError> {
        let mut conn = self.0.read().await?;
        find_lane(&mut conn, tenant, id).await
    }

    /// Lists runs without their snapshots, newest first, those before `before` when given.
    pub async fn list(
        &self,
        tenant: TenantId,
        filter: &RunFilter,
        before: Option<RunId>,
        limit: i64,
    ) -> Result<Vec<Run>, StoreError> {
        let sql = format!(
            "SELECT {COLUMNS}
             FROM run
             WHERE tenant = $1 AND id < $2 AND {chosen}
               AND ($7 IS NULL OR entity = $7)
               AND ($8 IS NULL OR failure_code = $8)
               AND ($9 IS NULL OR fingerprint = $9)
               AND {of_whole}
             ORDER BY id DESC
             LIMIT $3",
            chosen = chosen(filter),
            of_whole = match filter.parts {
                Parts::Any => "$10 IS NULL",
                Parts::None => "parent IS NULL AND $10 IS NULL",
                Parts::Of(_) => "parent = $10",
            },
        );
        let state = filter.state.as_ref().map(word).transpose()?;
        let mut conn = self.0.read().await?;
        let rows: Vec<RunRow> = on!(conn, c => sqlx::query_as(AssertSqlSafe(sql))
            .bind(tenant.0)
            .bind(before.map_or(Uuid::max(), |id| id.0))
            .bind(limit)
            .bind(state)
            .bind(filter.store.map(|store| store.0))
            .bind(&filter.entity_id)
            .bind(&filter.entity)
            .bind(&filter.failure_code)
            .bind(&filter.fingerprint)
            .bind(match filter.parts {
                Parts::Any | Parts::None => None,
                Parts::Of(run) => Some(run.0),
            })
            .fetch_all(c)
            .await)?;
        rows.into_iter().map(Run::try_from).collect()
    }

    /// Lists dead letters, newest first: runs that wait for a person.
    pub async fn list_dead(
        &self,
        tenant: TenantId,
        failure_code: Option<&str>,
        before: Option<RunId>,
        limit: i64,
    ) -> Result<Vec<Run>, StoreError> {
        let filter = RunFilter {
            state: Some(RunState::Dead),
            failure_code: failure_code.map(str::to_owned),
            ..RunFilter::default()
        };
        self.list(tenant, &filter, before, limit).await
    }

    /// Counts runs in one state, up to 10,001.
    pub async fn find_count(&self, tenant: TenantId, state: RunState) -> Result<i64, StoreError> {
        let state = word(&state)?;
        let mut conn = self.0.read().await?;
        let (count,): (i64,) = on!(conn, c => sqlx::query_as(
            "SELECT COUNT(*)
             FROM (SELECT 1 AS one FROM run WHERE tenant = $1 AND state = $2 LIMIT $3) AS counted",
        )
        .bind(tenant.0)
        .bind(state)
        .bind(COUNTED)
        .fetch_one(c)
        .await)?;
        Ok(count)
    }
}

/// The most selective condition stands alone, so that its index is used; each text binds all.
fn chosen(filter: &RunFilter) -> &'static str {
    match (filter.store, &filter.entity_id, filter.state) {
        (Some(_), Some(_), _) => "store = $5 AND entity_id = $6 AND ($4 IS NULL OR state = $4)",
        (_, _, Some(_)) => {
            "state = $4 AND ($5 IS NULL OR store = $5) AND ($6 IS NULL OR entity_id = $6)"
        }
        (_, _, None) => {
            "$4 IS NULL AND ($5 IS NULL OR store = $5) AND ($6 IS NULL OR entity_id = $6)"
        }
    }
}

pub(crate) async fn find(
    conn: &mut Conn,
    tenant: TenantId,
    id: RunId,
) -> Result<Option<Run>, StoreError> {
    let sql = format!(
        "SELECT {COLUMNS}, run.snapshot
         FROM run
         WHERE tenant = $1 AND id = $2"
    );
    let row: Option<RunRow> = on!(conn, c => sqlx::query_as(AssertSqlSafe(sql))
        .bind(tenant.0)
        .bind(id.0)
        .fetch_optional(c)
        .await)?;
    row.map(Run::try_from).transpose()
}

pub(crate) async fn find_lane(
    conn: &mut Conn,
    tenant: TenantId,
    id: RunId,
) -> Result<Option<LaneKey>, StoreError> {
    let row: Option<(Uuid, String)> = on!(conn, c => sqlx::query_as(
        "SELECT lane_group, lane_key
         FROM run
         WHERE tenant = $1 AND id = $2",
    )
    .bind(tenant.0)
    .bind(id.0)
    .fetch_optional(c)
    .await)?;
    Ok(row.map(|(group, key)| LaneKey { tenant, group, key }))
}

/// Names the cause of a failure, so that dead letters with one cause can be told together: the step
/// it failed at and its code, then code and field of the first thing wrong.
pub fn fingerprint(failure: &Failure) -> String {
    let step = failure.step.as_deref().unwrap_or_default();
    match failure.faults.first() {
        Some(fault) => format!(
            "{step}|{}|{}|{}",
            failure.code,
            fault.code,
            fault.field.as_deref().unwrap_or_default()
        ),
        None => format!("{step}|{}", failure.code),
    }
}
