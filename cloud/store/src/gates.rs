//! Gates: closed, they park all work behind them; opened, they let it go on with a ramp.

use connect_core::domain::ids::TenantId;
use connect_core::domain::lane::{Gate, GateKey, GateKind};
use connect_core::domain::time::Micros;
use sqlx::{AssertSqlSafe, FromRow};
use uuid::Uuid;

use crate::conn::{Conn, on};
use crate::database::Database;
use crate::dialect;
use crate::error::StoreError;
use crate::text::{from_word, word};

/// Between two lanes that an opened gate lets go on.
const RAMP_MICROS: i64 = 5_000;

/// Closed gates.
#[derive(Debug)]
pub struct Gates<'d>(pub(crate) &'d Database);

impl Database {
    /// Closed gates; one that is not listed is open.
    pub fn gates(&self) -> Gates<'_> {
        Gates(self)
    }
}

impl Gates<'_> {
    /// Finds a gate if it is closed.
    pub async fn find(&self, tenant: TenantId, key: GateKey) -> Result<Option<Gate>, StoreError> {
        let kind = word(&key.kind)?;
        let mut conn = self.0.read().await?;
        let row: Option<Row> = on!(conn, c => sqlx::query_as(
            "SELECT tenant, kind, target, reason, closed, probe, probes
             FROM gate
             WHERE tenant = $1 AND kind = $2 AND target = $3",
        )
        .bind(tenant.0)
        .bind(kind)
        .bind(key.target)
        .fetch_optional(c)
        .await)?;
        row.map(Gate::try_from).transpose()
    }

    /// Lists a tenant's closed gates.
    pub async fn list(&self, tenant: TenantId) -> Result<Vec<Gate>, StoreError> {
        let mut conn = self.0.read().await?;
        let rows: Vec<Row> = on!(conn, c => sqlx::query_as(
            "SELECT tenant, kind, target, reason, closed, probe, probes
             FROM gate
             WHERE tenant = $1
             ORDER BY closed, kind, target",
        )
        .bind(tenant.0)
        .fetch_all(c)
        .await)?;
        rows.into_iter().map(Gate::try_from).collect()
    }

    /// Closes a gate, or keeps it closed. One that a person must open stays so.
    pub async fn insert(&self, gate: &Gate) -> Result<(), StoreError> {
        self.0
            .write(gate.clone(), |conn, gate| Box::pin(close(conn, gate)))
            .await
    }

    /// Opens a gate and lets the work behind it go on, spread over time; says whether it was
    /// closed.
    pub async fn delete(
        &self,
        tenant: TenantId,
        key: GateKey,
        now: Micros,
    ) -> Result<bool, StoreError> {
        self.0
            .write((tenant, key, now), |conn, &(tenant, key, now)| {
                Box::pin(open(conn, tenant, key, now))
            })
            .await
    }
}

pub(crate) async fn close(conn: &mut Conn, gate: &Gate) -> Result<(), StoreError> {
    let kind = word(&gate.key.kind)?;
    on!(conn, c => sqlx::query(
        "INSERT INTO gate (tenant, kind, target, reason, closed, probe, probes)
         VALUES ($1, $2, $3, $4, $5, $6, $7)
         ON CONFLICT (tenant, kind, target) DO UPDATE
         SET reason = excluded.reason, probes = excluded.probes,
             probe = CASE WHEN gate.probe IS NULL THEN NULL ELSE excluded.probe END",
    )
    .bind(gate.tenant.0)
    .bind(&kind)
    .bind(gate.key.target)
    .bind(&gate.reason)
    .bind(gate.closed.0)
    .bind(gate.probe.map(|at| at.0))
    .bind(gate.probes)
    .execute(c)
    .await
    .map(|_| ()))?;
    if gate.key.kind == GateKind::Store {
        park_group(conn, gate, &kind).await?;
    }
    Ok(())
}

/// A store's lanes are known by their group: all that are ready step behind the gate at once.
async fn park_group(conn: &mut Conn, gate: &Gate, kind: &str) -> Result<(), StoreError> {
    on!(conn, c => sqlx::query(
        "UPDATE lane
         SET due = NULL, gate_kind = $3, gate_target = $2, parked = due
         WHERE tenant = $1 AND lane_group = $2 AND worker IS NULL AND due IS NOT NULL",
    )
    .bind(gate.tenant.0)
    .bind(gate.key.target)
    .bind(kind)
    .execute(c)
    .await
    .map(|_| ()))?;
    Ok(())
}

pub(crate) async fn open(
    conn: &mut Conn,
    tenant: TenantId,
    key: GateKey,
    now: Micros,
) -> Result<bool, StoreError> {
    let kind = word(&key.kind)?;
    let opened = on!(conn, c => sqlx::query(
        "DELETE FROM gate
         WHERE tenant = $1 AND kind = $2 AND target = $3",
    )
    .bind(tenant.0)
    .bind(&kind)
    .bind(key.target)
    .execute(c)
    .await
    .map(|done| done.rows_affected()))?;
    on!(conn, c => sqlx::query(
        "UPDATE lane
         SET due = $4 + (ramp.place - 1) * $5, gate_kind = NULL, gate_target = NULL, parked = NULL
         FROM (SELECT lane_group, lane_key, ROW_NUMBER() OVER (ORDER BY parked) AS place
               FROM lane
               WHERE tenant = $1 AND gate_kind = $2 AND gate_target = $3) AS ramp
         WHERE lane.tenant = $1 AND lane.gate_kind = $2 AND lane.gate_target = $3
           AND lane.lane_group = ramp.lane_group AND lane.lane_key = ramp.lane_key",
    )
    .bind(tenant.0)
    .bind(&kind)
    .bind(key.target)
    .bind(now.0)
    .bind(RAMP_MICROS)
    .execute(c)
    .await
    .map(|_| ()))?;
    conn.wakes.lanes = true;
    Ok(opened > 0)
}

/// Opens a gate because work came through; one that waits for a person stays closed.
pub(crate) async fn open_by_success(
    conn: &mut Conn,
    tenant: TenantId,
    key: GateKey,
    now: Micros,
) -> Result<(), StoreError> {
    match locked(conn, tenant, key).await? {
        Some(Standing { probe: Some(_) }) => open(conn, tenant, key, now).await.map(|_| ()),
        Some(Standing { probe: None }) | None => Ok(()),
    }
}

/// A closed gate whose row nobody can delete until the unit of work ends: a lane parked now is
/// seen by whoever opens the gate afterwards.
pub(crate) struct Standing {
    pub(crate) probe: Option<i64>,
}

pub(crate) async fn locked(
    conn: &mut Conn,
    tenant: TenantId,
    key: GateKey,
) -> Result<Option<Standing>, StoreError> {
    let kind = word(&key.kind)?;
    let sql = format!(
        "SELECT probe
         FROM gate
         WHERE tenant = $1 AND kind = $2 AND target = $3
         {lock}",
        lock = dialect::lock_rows(conn),
    );
    let row: Option<(Option<i64>,)> = on!(conn, c => sqlx::query_as(AssertSqlSafe(sql))
        .bind(tenant.0)
        .bind(kind)
        .bind(key.target)
        .fetch_optional(c)
        .await)?;
    Ok(row.map(|(probe,)| Standing { probe }))
}

#[derive(FromRow)]
struct Row {
    tenant: Uuid,
    kind: String,
    target: Uuid,
    reason: String,
    closed: i64,
    probe: Option<i64>,
    probes: i64,
}

impl TryFrom<Row> for Gate {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self, StoreError> {
        Ok(Self {
            tenant: TenantId(row.tenant),
            key: GateKey {
                kind: from_word("gate", "kind", &row.kind)?,
                target: row.target,
            },
            reason: row.reason,
            closed: Micros(row.closed),
            probe: row.probe.map(Micros),
            probes: row.probes,
        })
    }
}
