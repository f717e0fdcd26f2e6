//! nopCommerce storefronts.

use connect_core::domain::ids::{EnvironmentId, StoreId, TenantId};
use connect_core::domain::lane::{Gate, GateKey, GateKind};
use connect_core::domain::store::Store;
use connect_core::domain::time::Micros;
use sqlx::{AssertSqlSafe, FromRow};
use uuid::Uuid;

use crate::conn::{Conn, on};
use crate::database::Database;
use crate::dialect;
use crate::error::{StoreError, Undone};
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

    /// Adds one, unless another store of its environment is the same shop: that is a duplicate.
    pub async fn insert(&self, store: &Store) -> Result<(), StoreError> {
        self.0
            .write(store.clone(), |conn, store| Box::pin(insert(conn, store)))
            .await
    }

    /// Writes what changes and nothing else; the store as it then is. Pausing closes the store's
    /// gate, resuming opens it. A change to another store's shop is a duplicate.
    pub async fn update(
        &self,
        tenant: TenantId,
        id: StoreId,
        change: StoreChange,
        now: Micros,
    ) -> Result<Option<Store>, StoreError> {
        let outcome = self
            .0
            .write(
                (tenant, id, change, now),
                |conn, (tenant, id, change, now)| {
                    Box::pin(changed(conn, (*tenant, *id), change, *now))
                },
            )
            .await;
        Undone::told(outcome)
    }

    /// Replaces the webhook secrets, if they are still the ones known; says whether it did.
    pub async fn update_webhook_secrets(
        &self,
        tenant: TenantId,
        id: StoreId,
        known: Vec<u8>,
        secrets: Vec<u8>,
    ) -> Result<bool, StoreError> {
        let outcome = self
            .0
            .write(
                (tenant, id, known, secrets),
                |conn, (tenant, id, known, secrets)| {
                    Box::pin(update_webhook_secrets(conn, (*tenant, *id), known, secrets))
                },
            )
            .await;
        Undone::told(outcome)
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
        let outcome = self
            .0
            .write((tenant, id), |conn, &(tenant, id)| {
                Box::pin(delete(conn, tenant, id))
            })
            .await;
        Undone::told(outcome)
    }
}

/// What changes of a store; what is none stays.
#[derive(Clone, Debug, Default)]
pub struct StoreChange {
    /// What people call it.
    pub name: Option<String>,
    /// Root of the storefront, without a trailing slash.
    pub base_url: Option<String>,
    /// nop's own `StoreId`.
    pub nop_store_id: Option<i64>,
    /// The installation's fingerprint.
    pub installation: Option<String>,
    /// IANA name.
    pub time_zone: Option<String>,
    /// ISO code.
    pub currency: Option<String>,
    /// Sealed.
    pub credentials: Option<Vec<u8>>,
    /// Whether a person holds its work.
    pub paused: Option<bool>,
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

/// Two stores of one environment must not be one shop: each of its orders would come twice.
async fn check_shop(conn: &mut Conn, store: &Store) -> Result<(), StoreError> {
    // The environment's row keeps two that are added at once apart.
    let sql = format!(
        "SELECT id
         FROM environment
         WHERE tenant = $1 AND id = $2
         {lock}",
        lock = dialect::lock_rows(conn),
    );
    on!(conn, c => sqlx::query(AssertSqlSafe(sql))
        .bind(store.tenant.0)
        .bind(store.environment.0)
        .fetch_optional(c)
        .await
        .map(|_| ()))?;
    let others: Vec<(String, i64)> = on!(conn, c => sqlx::query_as(
        "SELECT base_url, nop_store_id
         FROM store
         WHERE tenant = $1 AND environment = $2 AND id <> $3",
    )
    .bind(store.tenant.0)
    .bind(store.environment.0)
    .bind(store.id.0)
    .fetch_all(c)
    .await)?;
    let ours = shop(&store.base_url);
    let same = others.iter().any(|(url, nop_store)| {
        let overlap =
            *nop_store == 0 || store.nop_store_id == 0 || *nop_store == store.nop_store_id;
        overlap && shop(url) == ours
    });
    if same {
        return Err(StoreError::Duplicate {
            constraint: "store_shop".to_owned(),
        });
    }
    Ok(())
}

/// The part of an address that tells shops apart: host, port and path.
fn shop(base_url: &str) -> String {
    let rest = base_url
        .split_once("://")
        .map_or(base_url, |(_, rest)| rest)
        .trim_end_matches('/');
    let (authority, path) = match rest.find('/') {
        Some(at) => rest.split_at(at),
        None => (rest, ""),
    };
    let authority = authority.to_ascii_lowercase();
    let host = authority
        .strip_suffix(":443")
        .or_else(|| authority.strip_suffix(":80"))
        .unwrap_or(&authority);
    format!("{host}{path}")
}

async fn insert(conn: &mut Conn, store: &Store) -> Result<(), StoreError> {
    check_shop(conn, store).await?;
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

async fn changed(
    conn: &mut Conn,
    (tenant, id): (TenantId, StoreId),
    change: &StoreChange,
    now: Micros,
) -> Result<Option<Store>, Undone<Option<Store>>> {
    let Some(before) = select(conn, tenant, id).await? else {
        return Err(Undone::Nothing(None));
    };
    update(conn, (tenant, id), change).await?;
    let Some(after) = select(conn, tenant, id).await? else {
        return Err(Undone::Nothing(None));
    };
    if change.base_url.is_some() || change.nop_store_id.is_some() {
        check_shop(conn, &after).await?;
    }
    if before.paused != after.paused {
        pause(conn, &after, now).await?;
    }
    if before.time_zone != after.time_zone {
        schedule_anew(conn, &after).await?;
    }
    Ok(Some(after))
}

async fn update(
    conn: &mut Conn,
    (tenant, id): (TenantId, StoreId),
    change: &StoreChange,
) -> Result<(), StoreError> {
    on!(conn, c => sqlx::query(
        "UPDATE store
         SET name = COALESCE($3, name), base_url = COALESCE($4, base_url),
             nop_store_id = COALESCE($5, nop_store_id),
             installation = COALESCE($6, installation), time_zone = COALESCE($7, time_zone),
             currency = COALESCE($8, currency), credentials = COALESCE($9, credentials),
             paused = COALESCE($10, paused)
         WHERE tenant = $1 AND id = $2",
    )
    .bind(tenant.0)
    .bind(id.0)
    .bind(&change.name)
    .bind(&change.base_url)
    .bind(change.nop_store_id)
    .bind(&change.installation)
    .bind(&change.time_zone)
    .bind(&change.currency)
    .bind(&change.credentials)
    .bind(change.paused)
    .execute(c)
    .await
    .map(|_| ()))?;
    Ok(())
}

/// Schedules go by the store's clocks.
async fn schedule_anew(conn: &mut Conn, store: &Store) -> Result<(), StoreError> {
    on!(conn, c => sqlx::query(
        "UPDATE environment
         SET scheduled = NULL
         WHERE tenant = $1 AND id = $2",
    )
    .bind(store.tenant.0)
    .bind(store.environment.0)
    .execute(c)
    .await
    .map(|_| ()))?;
    Ok(())
}

async fn update_webhook_secrets(
    conn: &mut Conn,
    (tenant, id): (TenantId, StoreId),
    known: &[u8],
    secrets: &[u8],
) -> Result<bool, Undone<bool>> {
    let updated = on!(conn, c => sqlx::query(
        "UPDATE store
         SET webhook_secrets = $4
         WHERE tenant = $1 AND id = $2 AND webhook_secrets = $3",
    )
    .bind(tenant.0)
    .bind(id.0)
    .bind(known)
    .bind(secrets)
    .execute(c)
    .await
    .map(|done| done.rows_affected()))
    .map_err(StoreError::from)?;
    if updated == 0 {
        return Err(Undone::Nothing(false));
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

async fn delete(conn: &mut Conn, tenant: TenantId, id: StoreId) -> Result<bool, Undone<bool>> {
    let deleted = on!(conn, c => sqlx::query(
        "DELETE FROM store
         WHERE tenant = $1 AND id = $2
           AND NOT EXISTS (SELECT 1 FROM lane WHERE lane.tenant = $1 AND lane.lane_group = $2)",
    )
    .bind(tenant.0)
    .bind(id.0)
    .execute(c)
    .await
    .map(|done| done.rows_affected()))
    .map_err(StoreError::from)?;
    if deleted == 0 {
        return Err(Undone::Nothing(false));
    }
    on!(conn, c => sqlx::query(
        "DELETE FROM poll_cursor
         WHERE tenant = $1 AND store = $2",
    )
    .bind(tenant.0)
    .bind(id.0)
    .execute(c)
    .await
    .map(|_| ()))
    .map_err(StoreError::from)?;
    Ok(true)
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

#[cfg(test)]
mod tests {
    use super::shop;

    #[test]
    fn one_shop_is_known_in_every_spelling() {
        for text in [
            "https://Shop.example",
            "http://shop.example/",
            "https://shop.example:443",
        ] {
            assert_eq!(shop(text), "shop.example");
        }
        assert_ne!(
            shop("https://shop.example/eu"),
            shop("https://shop.example")
        );
        assert_ne!(
            shop("http://shop.example:8080"),
            shop("http://shop.example")
        );
    }
}
