//! When workflows start by themselves: each time brings one event, however many replicas look.

use connect_core::domain::event::Event;
use connect_core::domain::ids::{EnvironmentId, RouteId, StoreId, TenantId};
use connect_core::domain::lane::LaneKey;
use connect_core::domain::schedule::{Scheduled, Unscheduled};
use connect_core::domain::time::Micros;
use sqlx::{AssertSqlSafe, FromRow};
use uuid::Uuid;

use crate::conn::{Conn, on};
use crate::database::Database;
use crate::dialect;
use crate::error::StoreError;
use crate::inbox;

/// When workflows start by themselves.
#[derive(Debug)]
pub struct Schedules<'d>(pub(crate) &'d Database);

impl Database {
    /// When workflows start by themselves.
    pub fn schedules(&self) -> Schedules<'_> {
        Schedules(self)
    }
}

impl Schedules<'_> {
    /// Lists tenants with an environment whose schedules were taken from settings no longer in
    /// force. Takes no locks.
    pub async fn tenants_with_stale(&self) -> Result<Vec<TenantId>, StoreError> {
        let mut conn = self.0.read().await?;
        let rows: Vec<(Uuid,)> = on!(conn, c => sqlx::query_as(
            "SELECT tenant
             FROM tenant
             WHERE EXISTS (SELECT 1 FROM environment
                           WHERE environment.tenant = tenant.tenant
                             AND COALESCE(environment.scheduled, 0)
                              <> (SELECT COALESCE(MAX(revision.number), 0) FROM revision
                                  WHERE revision.tenant = environment.tenant
                                    AND revision.environment = environment.id))",
        )
        .fetch_all(c)
        .await)?;
        Ok(rows.into_iter().map(|(id,)| TenantId(id)).collect())
    }

    /// Lists such environments of a tenant. Takes no locks.
    pub async fn list_stale(&self, tenant: TenantId) -> Result<Vec<Unscheduled>, StoreError> {
        let mut conn = self.0.read().await?;
        let rows: Vec<(Uuid, i64)> = on!(conn, c => sqlx::query_as(
            "SELECT environment.id, MAX(revision.number)
             FROM environment
             JOIN revision ON revision.tenant = environment.tenant
                          AND revision.environment = environment.id
             WHERE environment.tenant = $1
             GROUP BY environment.id, environment.scheduled
             HAVING COALESCE(environment.scheduled, 0) <> MAX(revision.number)",
        )
        .bind(tenant.0)
        .fetch_all(c)
        .await)?;
        let stale = rows.into_iter().map(|(environment, revision)| Unscheduled {
            tenant,
            environment: EnvironmentId(environment),
            revision,
        });
        Ok(stale.collect())
    }

    /// Puts schedules in place of an environment's. One that is as it was keeps its next time.
    pub async fn update(
        &self,
        taken: Unscheduled,
        schedules: Vec<Scheduled>,
    ) -> Result<(), StoreError> {
        self.0
            .write((taken, schedules), |conn, (taken, schedules)| {
                Box::pin(replace(conn, *taken, schedules))
            })
            .await
    }

    /// Lists tenants with a schedule whose time has come. Takes no locks.
    pub async fn tenants_with_due(&self, now: Micros) -> Result<Vec<TenantId>, StoreError> {
        let mut conn = self.0.read().await?;
        let rows: Vec<(Uuid,)> = on!(conn, c => sqlx::query_as(
            "SELECT tenant
             FROM tenant
             WHERE EXISTS (SELECT 1 FROM schedule
                           WHERE schedule.tenant = tenant.tenant AND schedule.due <= $1)",
        )
        .bind(now.0)
        .fetch_all(c)
        .await)?;
        Ok(rows.into_iter().map(|(id,)| TenantId(id)).collect())
    }

    /// Lists a tenant's schedules whose time has come, the oldest first. Takes no locks.
    pub async fn list_due(
        &self,
        tenant: TenantId,
        now: Micros,
        limit: i64,
    ) -> Result<Vec<Scheduled>, StoreError> {
        let mut conn = self.0.read().await?;
        let rows: Vec<Row> = on!(conn, c => sqlx::query_as(
            "SELECT tenant, route, place, environment, store, workflow, schedule, zone, due
             FROM schedule
             WHERE tenant = $1 AND due <= $2
             ORDER BY due
             LIMIT $3",
        )
        .bind(tenant.0)
        .bind(now.0)
        .bind(limit)
        .fetch_all(c)
        .await)?;
        Ok(rows.into_iter().map(Scheduled::from).collect())
    }

    /// Lists an environment's schedules.
    pub async fn list(
        &self,
        tenant: TenantId,
        environment: EnvironmentId,
    ) -> Result<Vec<Scheduled>, StoreError> {
        let mut conn = self.0.read().await?;
        let rows: Vec<Row> = on!(conn, c => sqlx::query_as(
            "SELECT tenant, route, place, environment, store, workflow, schedule, zone, due
             FROM schedule
             WHERE tenant = $1 AND environment = $2
             ORDER BY workflow, route, place",
        )
        .bind(tenant.0)
        .bind(environment.0)
        .fetch_all(c)
        .await)?;
        Ok(rows.into_iter().map(Scheduled::from).collect())
    }

    /// Moves a schedule on to its next time and stores the event that its time brings, together;
    /// false when somebody else has, or the schedule is no more what it was.
    pub async fn claim(
        &self,
        due: Scheduled,
        next: Option<Micros>,
        event: Option<(Event, LaneKey)>,
    ) -> Result<bool, StoreError> {
        self.0
            .write((due, next, event), |conn, (due, next, event)| {
                Box::pin(claim(conn, due, *next, event.as_ref()))
            })
            .await
    }
}

async fn claim(
    conn: &mut Conn,
    due: &Scheduled,
    next: Option<Micros>,
    event: Option<&(Event, LaneKey)>,
) -> Result<bool, StoreError> {
    let moved = on!(conn, c => sqlx::query(
        "UPDATE schedule
         SET due = $5
         WHERE tenant = $1 AND route = $2 AND place = $3 AND due = $4 AND schedule = $6",
    )
    .bind(due.tenant.0)
    .bind(due.route.0)
    .bind(due.place)
    .bind(due.due.map(|due| due.0))
    .bind(next.map(|next| next.0))
    .bind(&due.schedule)
    .execute(c)
    .await
    .map(|done| done.rows_affected()))?;
    if moved == 0 {
        return Ok(false);
    }
    if let Some(event) = event {
        inbox::insert(conn, std::slice::from_ref(event)).await?;
    }
    Ok(true)
}

async fn replace(
    conn: &mut Conn,
    taken: Unscheduled,
    schedules: &[Scheduled],
) -> Result<(), StoreError> {
    let sql = format!(
        "SELECT id
         FROM environment
         WHERE tenant = $1 AND id = $2
         {lock}",
        lock = dialect::lock_rows(conn),
    );
    on!(conn, c => sqlx::query(AssertSqlSafe(sql))
        .bind(taken.tenant.0)
        .bind(taken.environment.0)
        .fetch_optional(c)
        .await
        .map(|_| ()))?;
    let before: Vec<Row> = on!(conn, c => sqlx::query_as(
        "DELETE FROM schedule
         WHERE tenant = $1 AND environment = $2
         RETURNING tenant, route, place, environment, store, workflow, schedule, zone, due",
    )
    .bind(taken.tenant.0)
    .bind(taken.environment.0)
    .fetch_all(c)
    .await)?;
    let before: Vec<Scheduled> = before.into_iter().map(Scheduled::from).collect();
    for new in schedules {
        let same = |old: &&Scheduled| {
            Scheduled {
                due: new.due,
                ..(*old).clone()
            } == *new
        };
        let due = before.iter().find(same).map_or(new.due, |old| old.due);
        insert(conn, new, due).await?;
    }
    on!(conn, c => sqlx::query(
        "UPDATE environment
         SET scheduled = $3
         WHERE tenant = $1 AND id = $2",
    )
    .bind(taken.tenant.0)
    .bind(taken.environment.0)
    .bind(taken.revision)
    .execute(c)
    .await
    .map(|_| ()))?;
    Ok(())
}

async fn insert(conn: &mut Conn, new: &Scheduled, due: Option<Micros>) -> Result<(), StoreError> {
    on!(conn, c => sqlx::query(
        "INSERT INTO schedule (tenant, route, place, environment, store, workflow, schedule, zone,
                               due)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
    )
    .bind(new.tenant.0)
    .bind(new.route.0)
    .bind(new.place)
    .bind(new.environment.0)
    .bind(new.store.0)
    .bind(&new.workflow)
    .bind(&new.schedule)
    .bind(&new.zone)
    .bind(due.map(|due| due.0))
    .execute(c)
    .await
    .map(|_| ()))?;
    Ok(())
}

#[derive(FromRow)]
struct Row {
    tenant: Uuid,
    route: Uuid,
    place: i64,
    environment: Uuid,
    store: Uuid,
    workflow: String,
    schedule: String,
    zone: String,
    due: Option<i64>,
}

impl From<Row> for Scheduled {
    fn from(row: Row) -> Self {
        Self {
            tenant: TenantId(row.tenant),
            route: RouteId(row.route),
            place: row.place,
            environment: EnvironmentId(row.environment),
            store: StoreId(row.store),
            workflow: row.workflow,
            schedule: row.schedule,
            zone: row.zone,
            due: row.due.map(Micros),
        }
    }
}
