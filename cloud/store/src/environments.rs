//! Environments inside a tenant.

use connect_core::domain::ids::{EnvironmentId, TenantId};
use connect_core::domain::tenant::Environment;
use connect_core::domain::time::Micros;
use sqlx::FromRow;
use uuid::Uuid;

use crate::conn::{Conn, on};
use crate::database::Database;
use crate::error::StoreError;

/// Environments inside a tenant.
#[derive(Debug)]
pub struct Environments<'d>(pub(crate) &'d Database);

impl Database {
    /// Environments inside a tenant.
    pub fn environments(&self) -> Environments<'_> {
        Environments(self)
    }
}

impl Environments<'_> {
    /// Finds one.
    pub async fn find(
        &self,
        tenant: TenantId,
        id: EnvironmentId,
    ) -> Result<Option<Environment>, StoreError> {
        let mut conn = self.0.read().await?;
        let row: Option<Row> = on!(conn, c => sqlx::query_as(
            "SELECT tenant, id, name, created
             FROM environment
             WHERE tenant = $1 AND id = $2",
        )
        .bind(tenant.0)
        .bind(id.0)
        .fetch_optional(c)
        .await)?;
        Ok(row.map(Environment::from))
    }

    /// Lists a tenant's, oldest first.
    pub async fn list(&self, tenant: TenantId) -> Result<Vec<Environment>, StoreError> {
        let mut conn = self.0.read().await?;
        let rows: Vec<Row> = on!(conn, c => sqlx::query_as(
            "SELECT tenant, id, name, created
             FROM environment
             WHERE tenant = $1
             ORDER BY id",
        )
        .bind(tenant.0)
        .fetch_all(c)
        .await)?;
        Ok(rows.into_iter().map(Environment::from).collect())
    }

    /// Adds one; a second of the same name is [`StoreError::Duplicate`].
    pub async fn insert(&self, environment: &Environment) -> Result<(), StoreError> {
        self.0
            .write(environment.clone(), |conn, environment| {
                Box::pin(insert(conn, environment))
            })
            .await
    }
}

async fn insert(conn: &mut Conn, environment: &Environment) -> Result<(), StoreError> {
    on!(conn, c => sqlx::query(
        "INSERT INTO environment (tenant, id, name, created)
         VALUES ($1, $2, $3, $4)",
    )
    .bind(environment.tenant.0)
    .bind(environment.id.0)
    .bind(&environment.name)
    .bind(environment.created.0)
    .execute(c)
    .await
    .map(|_| ()))?;
    Ok(())
}

#[derive(FromRow)]
struct Row {
    tenant: Uuid,
    id: Uuid,
    name: String,
    created: i64,
}

impl From<Row> for Environment {
    fn from(row: Row) -> Self {
        Self {
            tenant: TenantId(row.tenant),
            id: EnvironmentId(row.id),
            name: row.name,
            created: Micros(row.created),
        }
    }
}
