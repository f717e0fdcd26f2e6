//! Signing keys of the private certificate authority; a global table.

use connect_core::domain::time::Micros;
use sqlx::FromRow;
use uuid::Uuid;

use crate::conn::{Conn, on};
use crate::database::Database;
use crate::error::StoreError;

/// A certificate with its sealed private key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CaKey {
    /// Its id.
    pub id: Uuid,
    /// What it signs or proves: `root`, `server`, ...
    pub purpose: String,
    /// PEM, leaf first.
    pub certificate_pem: String,
    /// The private key, sealed by the master key.
    pub sealed_key: Vec<u8>,
    /// When it was made.
    pub created: Micros,
}

/// Signing keys of the private certificate authority.
#[derive(Debug)]
pub struct CaKeys<'d>(pub(crate) &'d Database);

impl Database {
    /// Signing keys of the private certificate authority.
    pub fn ca_keys(&self) -> CaKeys<'_> {
        CaKeys(self)
    }
}

impl CaKeys<'_> {
    /// Lists those of a purpose, newest first.
    pub async fn list(&self, purpose: &str) -> Result<Vec<CaKey>, StoreError> {
        let mut conn = self.0.read().await?;
        select(&mut conn, purpose).await
    }

    /// Makes `key` the first of its purpose, or returns the one another replica made before.
    pub async fn claim(&self, key: &CaKey) -> Result<CaKey, StoreError> {
        self.0
            .write(key.clone(), |conn, key| Box::pin(claim(conn, key)))
            .await
    }

    /// Adds one, which is from now on the newest of its purpose.
    pub async fn insert(&self, key: &CaKey) -> Result<(), StoreError> {
        self.0
            .write(key.clone(), |conn, key| Box::pin(insert(conn, key)))
            .await
    }
}

/// The first is known by its time of creation, 0: the unique key lets one replica win.
async fn claim(conn: &mut Conn, key: &CaKey) -> Result<CaKey, StoreError> {
    if let Some(newest) = select(conn, &key.purpose).await?.into_iter().next() {
        return Ok(newest);
    }
    on!(conn, c => sqlx::query(
        "INSERT INTO ca_key (id, purpose, certificate_pem, sealed_key, created)
         VALUES ($1, $2, $3, $4, 0)
         ON CONFLICT (purpose, created) DO NOTHING",
    )
    .bind(key.id)
    .bind(&key.purpose)
    .bind(&key.certificate_pem)
    .bind(&key.sealed_key)
    .execute(c)
    .await
    .map(|_| ()))?;
    let newest = select(conn, &key.purpose).await?.into_iter().next();
    Ok(newest.unwrap_or_else(|| key.clone()))
}

async fn insert(conn: &mut Conn, key: &CaKey) -> Result<(), StoreError> {
    on!(conn, c => sqlx::query(
        "INSERT INTO ca_key (id, purpose, certificate_pem, sealed_key, created)
         VALUES ($1, $2, $3, $4, $5)",
    )
    .bind(key.id)
    .bind(&key.purpose)
    .bind(&key.certificate_pem)
    .bind(&key.sealed_key)
    .bind(key.created.0)
    .execute(c)
    .await
    .map(|_| ()))?;
    Ok(())
}

async fn select(conn: &mut Conn, purpose: &str) -> Result<Vec<CaKey>, StoreError> {
    let rows: Vec<Row> = on!(conn, c => sqlx::query_as(
        "SELECT id, purpose, certificate_pem, sealed_key, created
         FROM ca_key
         WHERE purpose = $1
         ORDER BY created DESC",
    )
    .bind(purpose)
    .fetch_all(c)
    .await)?;
    Ok(rows.into_iter().map(CaKey::from).collect())
}

#[derive(FromRow)]
struct Row {
    id: Uuid,
    purpose: String,
    certificate_pem: String,
    sealed_key: Vec<u8>,
    created: i64,
}

impl From<Row> for CaKey {
    fn from(row: Row) -> Self {
        Self {
            id: row.id,
            purpose: row.purpose,
            certificate_pem: row.certificate_pem,
            sealed_key: row.sealed_key,
            created: Micros(row.created),
        }
    }
}
