//! Keys of whoever runs the installation; a global table.

use connect_core::domain::time::Micros;
use sqlx::FromRow;
use uuid::Uuid;

use crate::conn::{Conn, on};
use crate::database::Database;
use crate::error::StoreError;

/// A key that makes and lists tenants; only the hash of its secret is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OperatorKey {
    /// Its id, part of the key's text.
    pub id: Uuid,
    /// What people call it.
    pub name: String,
    /// SHA-256 of the secret part.
    pub secret_sha256: Vec<u8>,
    /// When it was made.
    pub created: Micros,
    /// When it was withdrawn.
    pub revoked: Option<Micros>,
}

/// Keys of whoever runs the installation.
#[derive(Debug)]
pub struct OperatorKeys<'d>(pub(crate) &'d Database);

impl Database {
    /// Keys of whoever runs the installation.
    pub fn operator_keys(&self) -> OperatorKeys<'_> {
        OperatorKeys(self)
    }
}

impl OperatorKeys<'_> {
    /// Finds one, withdrawn or not.
    pub async fn find(&self, id: Uuid) -> Result<Option<OperatorKey>, StoreError> {
        let mut conn = self.0.read().await?;
        let row: Option<Row> = on!(conn, c => sqlx::query_as(
            "SELECT id, name, secret_sha256, created, revoked
             FROM operator_key
             WHERE id = $1",
        )
        .bind(id)
        .fetch_optional(c)
        .await)?;
        Ok(row.map(OperatorKey::from))
    }

    /// Lists all, oldest first.
    pub async fn list(&self) -> Result<Vec<OperatorKey>, StoreError> {
        let mut conn = self.0.read().await?;
        let rows: Vec<Row> = on!(conn, c => sqlx::query_as(
            "SELECT id, name, secret_sha256, created, revoked
             FROM operator_key
             ORDER BY id",
        )
        .fetch_all(c)
        .await)?;
        Ok(rows.into_iter().map(OperatorKey::from).collect())
    }

    /// Adds one.
    pub async fn insert(&self, key: &OperatorKey) -> Result<(), StoreError> {
        self.0
            .write(key.clone(), |conn, key| Box::pin(insert(conn, key)))
            .await
    }

    /// Withdraws one; says whether it was there and good.
    pub async fn delete(&self, id: Uuid, now: Micros) -> Result<bool, StoreError> {
        self.0
            .write((id, now), |conn, &(id, now)| {
                Box::pin(revoke(conn, id, now))
            })
            .await
    }
}

async fn insert(conn: &mut Conn, key: &OperatorKey) -> Result<(), StoreError> {
    on!(conn, c => sqlx::query(
        "INSERT INTO operator_key (id, name, secret_sha256, created, revoked)
         VALUES ($1, $2, $3, $4, $5)",
    )
    .bind(key.id)
    .bind(&key.name)
    .bind(&key.secret_sha256)
    .bind(key.created.0)
    .bind(key.revoked.map(|at| at.0))
    .execute(c)
    .await
    .map(|_| ()))?;
    Ok(())
}

async fn revoke(conn: &mut Conn, id: Uuid, now: Micros) -> Result<bool, StoreError> {
    let changed = on!(conn, c => sqlx::query(
        "UPDATE operator_key
         SET revoked = $2
         WHERE id = $1 AND revoked IS NULL",
    )
    .bind(id)
    .bind(now.0)
    .execute(c)
    .await
    .map(|done| done.rows_affected()))?;
    Ok(changed > 0)
}

#[derive(FromRow)]
struct Row {
    id: Uuid,
    name: String,
    secret_sha256: Vec<u8>,
    created: i64,
    revoked: Option<i64>,
}

impl From<Row> for OperatorKey {
    fn from(row: Row) -> Self {
        Self {
            id: row.id,
            name: row.name,
            secret_sha256: row.secret_sha256,
            created: Micros(row.created),
            revoked: row.revoked.map(Micros),
        }
    }
}
