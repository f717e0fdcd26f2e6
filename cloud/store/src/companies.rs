//! GP company databases as agents report them.

use connect_core::domain::agent::{Company, CompanyState};
use connect_core::domain::ids::{AgentId, CompanyId, EnvironmentId, TenantId};
use sqlx::FromRow;
use uuid::Uuid;

use crate::conn::{Conn, on};
use crate::database::Database;
use crate::error::StoreError;
use crate::text::{from_word, word};

/// What an agent says of one company.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CompanyReport {
    /// Owner.
    pub tenant: TenantId,
    /// The id it gets if it was never reported before.
    pub new_id: CompanyId,
    /// The agent's environment.
    pub environment: EnvironmentId,
    /// The agent.
    pub agent: AgentId,
    /// INTERID.
    pub database: String,
    /// What GP calls it.
    pub name: String,
    /// As found.
    pub state: CompanyState,
    /// What is wrong and what to do.
    pub detail: String,
}

/// GP company databases.
#[derive(Debug)]
pub struct Companies<'d>(pub(crate) &'d Database);

impl Database {
    /// GP company databases as agents report them.
    pub fn companies(&self) -> Companies<'_> {
        Companies(self)
    }
}

impl Companies<'_> {
    /// Finds one.
    pub async fn find(
        &self,
        tenant: TenantId,
        id: CompanyId,
    ) -> Result<Option<Company>, StoreError> {
        let mut conn = self.0.read().await?;
        let row: Option<Row> = on!(conn, c => sqlx::query_as(
            "SELECT tenant, id, environment, agent, database, name, state, detail, incarnation,
                    highest_journal
             FROM company
             WHERE tenant = $1 AND id = $2",
        )
        .bind(tenant.0)
        .bind(id.0)
        .fetch_optional(c)
        .await)?;
        row.map(Company::try_from).transpose()
    }

    /// Finds one by its agent and INTERID.
    pub async fn find_by_database(
        &self,
        tenant: TenantId,
        agent: AgentId,
        database: &str,
    ) -> Result<Option<Company>, StoreError> {
        let mut conn = self.0.read().await?;
        select(&mut conn, tenant, agent, database).await
    }

    /// Lists a tenant's, oldest first.
    pub async fn list(&self, tenant: TenantId) -> Result<Vec<Company>, StoreError> {
        let mut conn = self.0.read().await?;
        let rows: Vec<Row> = on!(conn, c => sqlx::query_as(
            "SELECT tenant, id, environment, agent, database, name, state, detail, incarnation,
                    highest_journal
             FROM company
             WHERE tenant = $1
             ORDER BY id",
        )
        .bind(tenant.0)
        .fetch_all(c)
        .await)?;
        rows.into_iter().map(Company::try_from).collect()
    }

    /// Writes a report, of a new company or a known one, and returns the company as it now is.
    /// Incarnation and journal mark stay as they were.
    pub async fn update_report(&self, report: &CompanyReport) -> Result<Company, StoreError> {
        self.0
            .write(report.clone(), |conn, report| {
                Box::pin(update_report(conn, report))
            })
            .await
    }

    /// Writes the GUID of the binding the cloud knows from now on.
    pub async fn update_incarnation(
        &self,
        tenant: TenantId,
        id: CompanyId,
        incarnation: &str,
    ) -> Result<bool, StoreError> {
        self.0
            .write(
                (tenant, id, incarnation.to_owned()),
                |conn, (tenant, id, incarnation)| {
                    Box::pin(update_incarnation(conn, *tenant, *id, incarnation))
                },
            )
            .await
    }

    /// Raises the highest committed journal number seen; a lower one changes nothing.
    pub async fn update_journal(
        &self,
        tenant: TenantId,
        id: CompanyId,
        journal: i64,
    ) -> Result<(), StoreError> {
        self.0
            .write((tenant, id, journal), |conn, &(tenant, id, journal)| {
                Box::pin(update_journal(conn, tenant, id, journal))
            })
            .await
    }

    /// An owner's decision: whatever is reported next, bound anew, is the company from now on.
    pub async fn update_resolved(
        &self,
        tenant: TenantId,
        id: CompanyId,
    ) -> Result<bool, StoreError> {
        self.0
            .write((tenant, id), |conn, &(tenant, id)| {
                Box::pin(resolve(conn, tenant, id))
            })
            .await
    }
}

async fn select(
    conn: &mut Conn,
    tenant: TenantId,
    agent: AgentId,
    database: &str,
) -> Result<Option<Company>, StoreError> {
    let row: Option<Row> = on!(conn, c => sqlx::query_as(
        "SELECT tenant, id, environment, agent, database, name, state, detail, incarnation,
                highest_journal
         FROM company
         WHERE tenant = $1 AND agent = $2 AND database = $3",
    )
    .bind(tenant.0)
    .bind(agent.0)
    .bind(database)
    .fetch_optional(c)
    .await)?;
    row.map(Company::try_from).transpose()
}

async fn update_report(conn: &mut Conn, report: &CompanyReport) -> Result<Company, StoreError> {
    let state = word(&report.state)?;
    let row: Row = on!(conn, c => sqlx::query_as(
        "INSERT INTO company (tenant, id, environment, agent, database, name, state, detail,
                              incarnation, highest_journal)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, NULL, 0)
         ON CONFLICT (tenant, agent, database) DO UPDATE
         SET name = excluded.name, state = excluded.state, detail = excluded.detail
         RETURNING tenant, id, environment, agent, database, name, state, detail, incarnation,
                   highest_journal",
    )
    .bind(report.tenant.0)
    .bind(report.new_id.0)
    .bind(report.environment.0)
    .bind(report.agent.0)
    .bind(&report.database)
    .bind(&report.name)
    .bind(state)
    .bind(&report.detail)
    .fetch_one(c)
    .await)?;
    Company::try_from(row)
}

async fn update_incarnation(
    conn: &mut Conn,
    tenant: TenantId,
    id: CompanyId,
    incarnation: &str,
) -> Result<bool, StoreError> {
    let changed = on!(conn, c => sqlx::query(
        "UPDATE company
         SET incarnation = $3
         WHERE tenant = $1 AND id = $2",
    )
    .bind(tenant.0)
    .bind(id.0)
    .bind(incarnation)
    .execute(c)
    .await
    .map(|done| done.rows_affected()))?;
    Ok(changed > 0)
}

async fn update_journal(
    conn: &mut Conn,
    tenant: TenantId,
    id: CompanyId,
    journal: i64,
) -> Result<(), StoreError> {
    on!(conn, c => sqlx::query(
        "UPDATE company
         SET highest_journal = $3
         WHERE tenant = $1 AND id = $2 AND highest_journal < $3",
    )
    .bind(tenant.0)
    .bind(id.0)
    .bind(journal)
    .execute(c)
    .await
    .map(|_| ()))?;
    Ok(())
}

async fn resolve(conn: &mut Conn, tenant: TenantId, id: CompanyId) -> Result<bool, StoreError> {
    let state = word(&CompanyState::Rebinding)?;
    let changed = on!(conn, c => sqlx::query(
        "UPDATE company
         SET state = $3, incarnation = NULL, highest_journal = 0
         WHERE tenant = $1 AND id = $2",
    )
    .bind(tenant.0)
    .bind(id.0)
    .bind(state)
    .execute(c)
    .await
    .map(|done| done.rows_affected()))?;
    Ok(changed > 0)
}

#[derive(FromRow)]
struct Row {
    tenant: Uuid,
    id: Uuid,
    environment: Uuid,
    agent: Uuid,
    database: String,
    name: String,
    state: String,
    detail: String,
    incarnation: Option<String>,
    highest_journal: i64,
}

impl TryFrom<Row> for Company {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self, StoreError> {
        Ok(Self {
            tenant: TenantId(row.tenant),
            id: CompanyId(row.id),
            environment: EnvironmentId(row.environment),
            agent: AgentId(row.agent),
            database: row.database,
            name: row.name,
            state: from_word("company", "state", &row.state)?,
            detail: row.detail,
            incarnation: row.incarnation,
            highest_journal: row.highest_journal,
        })
    }
}
