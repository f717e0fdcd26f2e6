//! Work for agents: rows that any replica creates and the holder of the session picks up.

use connect_core::domain::command::Command;
use connect_core::domain::ids::{AgentId, CommandId, CompanyId, PayloadId, RunId, TenantId};
use connect_core::domain::lane::LaneKey;
use connect_core::domain::time::Micros;
use sqlx::{AssertSqlSafe, FromRow};
use uuid::Uuid;

use crate::conn::{Conn, on};
use crate::database::Database;
use crate::error::StoreError;

/// What became of an agent's answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Settled {
    /// Stored, and its lane woken.
    Now,
    /// An answer was stored before; nothing happened.
    Before,
    /// No such command.
    Unknown,
}

/// What an agent answered.
#[derive(Clone, Debug)]
pub struct Answer {
    /// Owner.
    pub tenant: TenantId,
    /// Who answers; only its own commands are settled.
    pub agent: AgentId,
    /// Which command.
    pub id: CommandId,
    /// Protobuf of `connect.tunnel.v1.CommandResult`.
    pub result: Vec<u8>,
    /// Business time.
    pub now: Micros,
}

/// Work for agents.
#[derive(Debug)]
pub struct Commands<'d>(pub(crate) &'d Database);

impl Database {
    /// Work for agents.
    pub fn commands(&self) -> Commands<'_> {
        Commands(self)
    }
}

impl Commands<'_> {
    /// Finds one, answered or not.
    pub async fn find(
        &self,
        tenant: TenantId,
        id: CommandId,
    ) -> Result<Option<Command>, StoreError> {
        let sql = format!(
            "SELECT {COLUMNS}
             FROM command
             WHERE tenant = $1 AND id = $2"
        );
        let mut conn = self.0.read().await?;
        let row: Option<Row> = on!(conn, c => sqlx::query_as(AssertSqlSafe(sql))
            .bind(tenant.0)
            .bind(id.0)
            .fetch_optional(c)
            .await)?;
        Ok(row.map(Command::from))
    }

    /// Finds the stored answer of one: protobuf of `connect.tunnel.v1.CommandResult`.
    pub async fn find_answer(
        &self,
        tenant: TenantId,
        id: CommandId,
    ) -> Result<Option<Vec<u8>>, StoreError> {
        let mut conn = self.0.read().await?;
        let row: Option<(Option<Vec<u8>>,)> = on!(conn, c => sqlx::query_as(
            "SELECT result
             FROM command
             WHERE tenant = $1 AND id = $2",
        )
        .bind(tenant.0)
        .bind(id.0)
        .fetch_optional(c)
        .await)?;
        Ok(row.and_then(|(result,)| result))
    }

    /// Lists an agent's unanswered ones by id, those after `after` when given.
    pub async fn list_open(
        &self,
        tenant: TenantId,
        agent: AgentId,
        after: Option<CommandId>,
        limit: i64,
    ) -> Result<Vec<Command>, StoreError> {
        let sql = format!(
            "SELECT {COLUMNS}
             FROM command
             WHERE tenant = $1 AND agent = $2 AND answered IS NULL AND id > $3
             ORDER BY id
             LIMIT $4"
        );
        let mut conn = self.0.read().await?;
        let rows: Vec<Row> = on!(conn, c => sqlx::query_as(AssertSqlSafe(sql))
            .bind(tenant.0)
            .bind(agent.0)
            .bind(after.map_or(Uuid::nil(), |id| id.0))
            .bind(limit)
            .fetch_all(c)
            .await)?;
        Ok(rows.into_iter().map(Command::from).collect())
    }

    /// Stores an agent's answer and wakes the lane that waits for it, in one unit of work.
    pub async fn settle(&self, answer: Answer) -> Result<Settled, StoreError> {
        self.0
            .write(answer, |conn, answer| Box::pin(settle(conn, answer)))
            .await
    }
}

async fn settle(conn: &mut Conn, answer: &Answer) -> Result<Settled, StoreError> {
    let Answer {
        tenant, id, now, ..
    } = *answer;
    let lane: Option<(Uuid, String)> = on!(conn, c => sqlx::query_as(
        "UPDATE command
         SET result = $3, answered = $4
         WHERE tenant = $1 AND id = $2 AND agent = $5 AND answered IS NULL
         RETURNING lane_group, lane_key",
    )
    .bind(tenant.0)
    .bind(id.0)
    .bind(&answer.result)
    .bind(now.0)
    .bind(answer.agent.0)
    .fetch_optional(c)
    .await)?;
    let Some((group, key)) = lane else {
        let before = is_answered(conn, tenant, id).await?;
        return Ok(if before {
            Settled::Before
        } else {
            Settled::Unknown
        });
    };
    wake(conn, &LaneKey { tenant, group, key }, id, now).await?;
    Ok(Settled::Now)
}

/// Locks the lane's row even where nothing changes: a worker that lets go of it at the same
/// moment then sees the answer.
async fn wake(
    conn: &mut Conn,
    lane: &LaneKey,
    command: CommandId,
    now: Micros,
) -> Result<(), StoreError> {
    on!(conn, c => sqlx::query(
        "UPDATE lane
         SET due = CASE WHEN worker IS NULL AND gate_kind IS NULL AND command = $4
                        THEN $5 ELSE due END
         WHERE tenant = $1 AND lane_group = $2 AND lane_key = $3",
    )
    .bind(lane.tenant.0)
    .bind(lane.group)
    .bind(&lane.key)
    .bind(command.0)
    .bind(now.0)
    .execute(c)
    .await
    .map(|_| ()))?;
    conn.wakes.lanes = true;
    Ok(())
}

pub(crate) async fn is_answered(
    conn: &mut Conn,
    tenant: TenantId,
    id: CommandId,
) -> Result<bool, StoreError> {
    let row: Option<(Option<i64>,)> = on!(conn, c => sqlx::query_as(
        "SELECT answered
         FROM command
         WHERE tenant = $1 AND id = $2",
    )
    .bind(tenant.0)
    .bind(id.0)
    .fetch_optional(c)
    .await)?;
    Ok(matches!(row, Some((Some(_),))))
}

pub(crate) async fn insert(conn: &mut Conn, command: &Command) -> Result<(), StoreError> {
    on!(conn, c => sqlx::query(
        "INSERT INTO command (tenant, id, agent, company, database, run, lane_group, lane_key,
                              effect_key, document, body, created)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
    )
    .bind(command.tenant.0)
    .bind(command.id.0)
    .bind(command.agent.0)
    .bind(command.company.0)
    .bind(&command.database)
    .bind(command.run.0)
    .bind(command.lane.group)
    .bind(&command.lane.key)
    .bind(&command.effect_key)
    .bind(command.document.0)
    .bind(&command.body)
    .bind(command.created.0)
    .execute(c)
    .await
    .map(|_| ()))?;
    conn.wakes.commands.push((command.tenant, command.agent));
    Ok(())
}

const COLUMNS: &str = "tenant, id, agent, company, database, run, lane_group, lane_key, \
     effect_key, document, body, created";

#[derive(FromRow)]
struct Row {
    tenant: Uuid,
    id: Uuid,
    agent: Uuid,
    company: Uuid,
    database: String,
    run: Uuid,
    lane_group: Uuid,
    lane_key: String,
    effect_key: String,
    document: Uuid,
    body: Vec<u8>,
    created: i64,
}

impl From<Row> for Command {
    fn from(row: Row) -> Self {
        let tenant = TenantId(row.tenant);
        Self {
            tenant,
            id: CommandId(row.id),
            agent: AgentId(row.agent),
            company: CompanyId(row.company),
            database: row.database,
            run: RunId(row.run),
            lane: LaneKey {
                tenant,
                group: row.lane_group,
                key: row.lane_key,
            },
            effect_key: row.effect_key,
            document: PayloadId(row.document),
            body: row.body,
            created: Micros(row.created),
        }
    }
}
