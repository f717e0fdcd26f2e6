//! nopCommerce storefronts.

use connect_core::domain::ids::{EnvironmentId, StoreId, TenantId};
use connect_core::domain::lane::{Gate, GateKey, GateKind};
use connect_core::domain::store::Store;
use connect_core::domain::time::Micros;
use sqlx::FromRow;
use uuid::Uuid;

use crate::conn::{Conn, on};
use crate::database::Database;
use crate::error::StoreError;
use crate::gates;
use crate::text::{from_word, word};

/// nopCommerce storefronts.
#[derive(Debug)]
pub struct Stores<'d>(pub(crate) &'d Database);

impl Database {
    /// nopCommerce storefronts.
    pub fn stores(&self) -> Stores<'_> {
        Stores(self)
    }
}

impl Stores<'_> {
    /// Finds one.
    pub async fn find(&self, tenant: TenantId, id: StoreId) -> Result<Option<Store>, StoreError> {
        let mut conn = self.0.read().await?;
        select(&mut conn, tenant, id).await
    }

    /// Lists a tenant's, oldest first.
    pub async fn list(&self, tenant: TenantId) -> Result<Vec<Store>, StoreError> {
        let mut conn = self.0.read().await?;
        let rows: Vec<Row> = on!(conn, c => sqlx::query_as(
            "SELECT tenant, id, environment, name, hook_key, base_url, effect_scope, flavour,
                    nop_store_id, installation, time_zone, currency, credentials, webhook_secrets, created, paused
             FROM store
             WHERE tenant = $1
             ORDER BY id",
        )
        .bind(tenant.0)
        .fetch_all(c)
        .await)?;
        rows.into_iter().map(Store::try_from).collect()
    }

    /// Adds one.
    pub async fn insert(&self, store: &Store) -> Result<(), StoreError> {
        self.0
            .write(store.clone(), |conn, store| Box::pin(insert(conn, store)))
            .await
    }

    /// Writes all that can change. Pausing closes the store's gate, resuming opens it.
    pub async fn update(&self, store: &Store, now: Micros) -> Result<bool, StoreError> {
        self.0
            .write((store.clone(), now), |conn, (store, now)| {
                Box::pin(update(conn, store, *now))
            })
            .await
    }

    /// Learns the installation's fingerprint, once: says whether the store's is now this one.
    pub async fn claim_installation(
        &self,
        tenant: TenantId,
        id: StoreId,
        installation: &str,
    ) -> Result<bool, StoreError> {
        self.0
            .write(
                (tenant, id, installation.to_owned()),
                |conn, (tenant, id, installation)| {
                    Box::pin(learn(conn, *tenant, *id, installation))
                },
            )
            .await
    }

    /// Forgets one that has no unfinished work; with work it stays and this says `false`.
    pub async fn delete(&self, tenant: TenantId, id: StoreId) -> Result<bool, StoreError> {
        self.0
            .write((tenant, id), |conn, &(tenant, id)| {
                Box::pin(delete(conn, tenant, id))
            })
            .await
    }
}

async fn select(
    conn: &mut Conn,
    tenant: TenantId,
    id: StoreId,
) -> Result<Option<Store>, StoreError> {
    let row: Option<Row> = on!(conn, c => sqlx::query_as(
        "SELECT tenant, id, environment, name, hook_key, base_url, effect_scope, flavour,
                nop_store_id, installation, time_zone, currency, credentials, webhook_secrets,
                created, paused
         FROM store
         WHERE tenant = $1 AND id = $2",
    )
    .bind(tenant.0)
    .bind(id.0)
    .fetch_optional(c)
    .await)?;
    row.map(Store::try_from).transpose()
}

async fn insert(conn: &mut Conn, store: &Store) -> Result<(), StoreError> {
    let flavour = word(&store.flavour)?;
    on!(conn, c => sqlx::query(
        "INSERT INTO store (tenant, id, environment, name, hook_key, base_url, effect_scope,
                            flavour, nop_store_id, installation, time_zone, currency,
                            credentials, webhook_secrets, created, paused)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)",
    )
    .bind(store.tenant.0)
    .bind(store.id.0)
    .bind(store.environment.0)
    .bind(&store.name)
    .bind(&store.hook_key)
    .bind(&store.base_url)
    .bind(&store.effect_scope)
    .bind(flavour)
    .bind(store.nop_store_id)
    .bind(&store.installation)
    .bind(&store.time_zone)
    .bind(&store.currency)
    .bind(&store.credentials)
    .bind(&store.webhook_secrets)
    .bind(store.created.0)
    .bind(store.paused)
    .execute(c)
    .await
    .map(|_| ()))?;
    Ok(())
}

async fn update(conn: &mut Conn, store: &Store, now: Micros) -> Result<bool, StoreError> {
    let Some(before) = select(conn, store.tenant, store.id).await? else {
        return Ok(false);
    };
    on!(conn, c => sqlx::query(
        "UPDATE store
         SET name = $3, base_url = $4, nop_store_id = $5, installation = $6, time_zone = $7,
             currency = $8, credentials = $9, webhook_secrets = $10, paused = $11
         WHERE tenant = $1 AND id = $2",
    )
    .bind(store.tenant.0)
    .bind(store.id.0)
    .bind(&store.name)
    .bind(&store.base_url)
    .bind(store.nop_store_id)
    .bind(&store.installation)
    .bind(&store.time_zone)
    .bind(&store.currency)
    .bind(&store.credentials)
    .bind(&store.webhook_secrets)
    .bind(store.paused)
    .execute(c)
    .await
    .map(|_| ()))?;
    if before.paused != store.paused {
        pause(conn, store, now).await?;
    }
    Ok(true)
}

async fn pause(conn: &mut Conn, store: &Store, now: Micros) -> Result<(), StoreError> {
    let key = GateKey {
        kind: GateKind::Store,
        target: store.id.0,
    };
    if !store.paused {
        return gates::open(conn, store.tenant, key, now).await.map(|_| ());
    }
    let gate = Gate {
        tenant: store.tenant,
        key,
        reason: "paused by a person".to_owned(),
        closed: now,
        probe: None,
        probes: 0,
    };
    gates::close(conn, &gate).await
}

async fn learn(
    conn: &mut Conn,
    tenant: TenantId,
    id: StoreId,
    installation: &str,
) -> Result<bool, StoreError> {
    on!(conn, c => sqlx::query(
        "UPDATE store
         SET installation = $3
         WHERE tenant = $1 AND id = $2 AND installation IS NULL",
    )
    .bind(tenant.0)
    .bind(id.0)
    .bind(installation)
    .execute(c)
    .await
    .map(|_| ()))?;
    let store = select(conn, tenant, id).await?;
    Ok(store.is_some_and(|store| store.installation.as_deref() == Some(installation)))
}

async fn delete(conn: &mut Conn, tenant: TenantId, id: StoreId) -> Result<bool, StoreError> {
    let changed = on!(conn, c => sqlx::query(
        "DELETE FROM store
         WHERE tenant = $1 AND id = $2
           AND NOT EXISTS (SELECT 1 FROM lane WHERE lane.tenant = $1 AND lane.lane_group = $2)",
    )
    .bind(tenant.0)
    .bind(id.0)
    .execute(c)
    .await
    .map(|done| done.rows_affected()))?;
    on!(conn, c => sqlx::query(
        "DELETE FROM poll_cursor
         WHERE tenant = $1 AND store = $2
           AND NOT EXISTS (SELECT 1 FROM store WHERE store.tenant = $1 AND store.id = $2)",
    )
    .bind(tenant.0)
    .bind(id.0)
    .execute(c)
    .await
    .map(|_| ()))?;
    Ok(changed > 0)
}

#[derive(FromRow)]
struct Row {
    tenant: Uuid,
    id: Uuid,
    environment: Uuid,
    name: String,
    hook_key: String,
    base_url: String,
    effect_scope: String,
    flavour: String,
    nop_store_id: i64,
    installation: Option<String>,
    time_zone: String,
    currency: String,
    credentials: Vec<u8>,
    webhook_secrets: Vec<u8>,
    created: i64,
    paused: bool,
}

impl TryFrom<Row> for Store {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self, StoreError> {
        Ok(Self {
            tenant: TenantId(row.tenant),
            id: StoreId(row.id),
            environment: EnvironmentId(row.environment),
            name: row.name,
            hook_key: row.hook_key,
            base_url: row.base_url,
            effect_scope: row.effect_scope,
            flavour: from_word("store", "flavour", &row.flavour)?,
            nop_store_id: row.nop_store_id,
            installation: row.installation,
            time_zone: row.time_zone,
            currency: row.currency,
            credentials: row.credentials,
            webhook_secrets: row.webhook_secrets,
            created: Micros(row.created),
            paused: row.paused,
        })
    }
}
