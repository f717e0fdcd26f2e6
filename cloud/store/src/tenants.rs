//! Customer organisations.

use connect_core::domain::ids::TenantId;
use connect_core::domain::tenant::Tenant;
use connect_core::domain::time::Micros;
use sqlx::FromRow;
use uuid::Uuid;

use crate::conn::{Conn, on};
use crate::database::Database;
use crate::error::StoreError;

/// Customer organisations.
#[derive(Debug)]
pub struct Tenants<'d>(pub(crate) &'d Database);

impl Database {
    /// Customer organisations.
    pub fn tenants(&self) -> Tenants<'_> {
        Tenants(self)
    }
}

impl Tenants<'_> {
    /// Finds one.
    pub async fn find(&self, tenant: TenantId) -> Result<Option<Tenant>, StoreError> {
        let mut conn = self.0.read().await?;
        let row: Option<Row> = on!(conn, c => sqlx::query_as(
            "SELECT tenant, name, wrapped_key, created
             FROM tenant
             WHERE tenant = $1",
        )
        .bind(tenant.0)
        .fetch_optional(c)
        .await)?;
        Ok(row.map(Tenant::from))
    }

    /// Lists all, oldest first: for operators, and for work done tenant by tenant.
    pub async fn list(&self) -> Result<Vec<Tenant>, StoreError> {
        let mut conn = self.0.read().await?;
        let rows: Vec<Row> = on!(conn, c => sqlx::query_as(
            "SELECT tenant, name, wrapped_key, created
             FROM tenant
             ORDER BY tenant",
        )
        .fetch_all(c)
        .await)?;
        Ok(rows.into_iter().map(Tenant::from).collect())
    }

    /// Adds one.
    pub async fn insert(&self, tenant: &Tenant) -> Result<(), StoreError> {
        self.0
            .write(tenant.clone(), |conn, tenant| {
                Box::pin(insert(conn, tenant))
            })
            .await
    }
}

async fn insert(conn: &mut Conn, tenant: &Tenant) -> Result<(), StoreError> {
    on!(conn, c => sqlx::query(
        "INSERT INTO tenant (tenant, name, wrapped_key, created)
         VALUES ($1, $2, $3, $4)",
    )
    .bind(tenant.id.0)
    .bind(&tenant.name)
    .bind(&tenant.wrapped_key)
    .bind(tenant.created.0)
    .execute(c)
    .await
    .map(|_| ()))?;
    Ok(())
}

#[derive(FromRow)]
struct Row {
    tenant: Uuid,
    name: String,
    wrapped_key: Vec<u8>,
    created: i64,
}

impl From<Row> for Tenant {
    fn from(row: Row) -> Self {
        Self {
            id: TenantId(row.tenant),
            name: row.name,
            wrapped_key: row.wrapped_key,
            created: Micros(row.created),
        }
    }
}
