//! Dead letters with one cause, told together.

use connect_core::domain::ids::{RunId, TenantId};
use connect_core::domain::issue::{Issue, IssueState, Note};
use connect_core::domain::run::RunState;
use connect_core::domain::time::Micros;
use sqlx::{AssertSqlSafe, FromRow};
use uuid::Uuid;

use crate::conn::{Conn, on};
use crate::database::Database;
use crate::dialect;
use crate::error::StoreError;
use crate::text::{from_json, from_word, json, word};

/// Dead letters looked at.
const LOOKED_AT: i64 = 10_001;

/// Dead letters with one cause.
#[derive(Debug)]
pub struct Issues<'d>(pub(crate) &'d Database);

/// What a person says of an issue; what is left out stays.
#[derive(Clone, Debug, Default)]
pub struct IssueChange {
    /// Who looks after it; blank: nobody.
    pub owner: Option<String>,
    /// How far people are.
    pub state: Option<IssueState>,
    /// Something to note.
    pub note: Option<Note>,
}

impl Database {
    /// Dead letters with one cause.
    pub fn issues(&self) -> Issues<'_> {
        Issues(self)
    }
}

impl Issues<'_> {
    /// Lists a tenant's issues, those with the most dead letters first. Of more than 10,000 dead
    /// letters the newest are looked at.
    pub async fn list(&self, tenant: TenantId, limit: i64) -> Result<Vec<Issue>, StoreError> {
        self.select(tenant, None, limit).await
    }

    /// Finds one that has dead letters.
    pub async fn find(
        &self,
        tenant: TenantId,
        fingerprint: &str,
    ) -> Result<Option<Issue>, StoreError> {
        let found = self.select(tenant, Some(fingerprint), 1).await?;
        Ok(found.into_iter().next())
    }

    async fn select(
        &self,
        tenant: TenantId,
        fingerprint: Option<&str>,
        limit: i64,
    ) -> Result<Vec<Issue>, StoreError> {
        let dead = word(&RunState::Dead)?;
        let mut conn = self.0.read().await?;
        let rows: Vec<Row> = on!(conn, c => sqlx::query_as(
            "WITH dead AS (
                 SELECT id, fingerprint, finished, workflow, failure
                 FROM run
                 WHERE tenant = $1 AND state = $2 AND fingerprint IS NOT NULL
                   AND ($3 IS NULL OR fingerprint = $3)
                 ORDER BY id DESC
                 LIMIT $4
             ), told AS (
                 SELECT id, fingerprint, workflow, failure,
                        ROW_NUMBER() OVER (PARTITION BY fingerprint ORDER BY id DESC) AS place,
                        COUNT(*) OVER (PARTITION BY fingerprint) AS counted,
                        MIN(finished) OVER (PARTITION BY fingerprint) AS first_seen,
                        MAX(finished) OVER (PARTITION BY fingerprint) AS last_seen
                 FROM dead
             )
             SELECT told.id, told.fingerprint, told.workflow, told.failure, told.counted,
                    told.first_seen, told.last_seen, issue.owner, issue.state, issue.notes
             FROM told
             LEFT JOIN issue ON issue.tenant = $1 AND issue.fingerprint = told.fingerprint
             WHERE told.place = 1
             ORDER BY told.counted DESC, told.id DESC
             LIMIT $5",
        )
        .bind(tenant.0)
        .bind(dead)
        .bind(fingerprint)
        .bind(LOOKED_AT)
        .bind(limit)
        .fetch_all(c)
        .await)?;
        rows.into_iter().map(Issue::try_from).collect()
    }

    /// Keeps what a person says of an issue.
    pub async fn update(
        &self,
        tenant: TenantId,
        fingerprint: &str,
        change: IssueChange,
        now: Micros,
    ) -> Result<(), StoreError> {
        let input = (tenant, fingerprint.to_owned(), change, now);
        self.0
            .write(input, |conn, (tenant, fingerprint, change, now)| {
                Box::pin(update(conn, *tenant, fingerprint, change, *now))
            })
            .await
    }
}

async fn update(
    conn: &mut Conn,
    tenant: TenantId,
    fingerprint: &str,
    change: &IssueChange,
    now: Micros,
) -> Result<(), StoreError> {
    let open = word(&IssueState::Open)?;
    // Inserted first, so that two who say something at once follow each other.
    on!(conn, c => sqlx::query(
        "INSERT INTO issue (tenant, fingerprint, owner, state, notes, updated)
         VALUES ($1, $2, NULL, $3, '[]', $4)
         ON CONFLICT (tenant, fingerprint) DO UPDATE
         SET updated = excluded.updated",
    )
    .bind(tenant.0)
    .bind(fingerprint)
    .bind(open)
    .bind(now.0)
    .execute(c)
    .await
    .map(|_| ()))?;
    let sql = format!(
        "SELECT notes
         FROM issue
         WHERE tenant = $1 AND fingerprint = $2
         {lock}",
        lock = dialect::lock_rows(conn),
    );
    let (notes,): (String,) = on!(conn, c => sqlx::query_as(AssertSqlSafe(sql))
        .bind(tenant.0)
        .bind(fingerprint)
        .fetch_one(c)
        .await)?;
    let mut notes: Vec<Note> = from_json("issue", "notes", fingerprint, &notes)?;
    notes.extend(change.note.clone());
    let state = change.state.as_ref().map(word).transpose()?;
    on!(conn, c => sqlx::query(
        "UPDATE issue
         SET owner = CASE WHEN $3 IS NULL THEN owner ELSE NULLIF($3, '') END,
             state = COALESCE($4, state), notes = $5
         WHERE tenant = $1 AND fingerprint = $2",
    )
    .bind(tenant.0)
    .bind(fingerprint)
    .bind(&change.owner)
    .bind(state)
    .bind(json(&notes)?)
    .execute(c)
    .await
    .map(|_| ()))?;
    Ok(())
}

#[derive(FromRow)]
struct Row {
    id: Uuid,
    fingerprint: String,
    workflow: String,
    failure: String,
    counted: i64,
    first_seen: i64,
    last_seen: i64,
    owner: Option<String>,
    state: Option<String>,
    notes: Option<String>,
}

impl TryFrom<Row> for Issue {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self, StoreError> {
        let id = row.id.to_string();
        Ok(Self {
            count: row.counted,
            first: Micros(row.first_seen),
            last: Micros(row.last_seen),
            newest: RunId(row.id),
            workflow: row.workflow,
            failure: from_json("run", "failure", &id, &row.failure)?,
            owner: row.owner,
            state: match row.state {
                Some(state) => from_word("issue", "state", &state)?,
                None => IssueState::Open,
            },
            notes: match row.notes {
                Some(notes) => from_json("issue", "notes", &row.fingerprint, &notes)?,
                None => Vec::new(),
            },
            fingerprint: row.fingerprint,
        })
    }
}
