//! Who a webhook address belongs to, remembered for seconds so that not every delivery reads the database.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use connect_core::domain::ids::{EnvironmentId, StoreId, TenantId};
use tokio::time::Instant;

use super::verify::Keys;
use crate::app::Services;
use crate::error::Error;
use crate::shops::{self, Column, StoreSealer, WebhookSecrets};

// A change made by another replica is seen this soon; one made here at once.
const REMEMBERED: Duration = Duration::from_secs(3);
const MOST_REMEMBERED: usize = 10_000;

/// A store as its webhooks see it.
#[derive(Debug)]
pub struct Hook {
    /// Owner.
    pub tenant: TenantId,
    /// The store.
    pub store: StoreId,
    /// Its environment.
    pub environment: EnvironmentId,
    /// nop's `StoreId`; 0 takes all.
    pub nop_store: i64,
    /// The installation's fingerprint, once known.
    pub installation: Option<String>,
    /// What it may sign with.
    pub keys: Keys,
    /// Revision in force in its environment; 0 before anything was published.
    pub revision: i64,
}

/// The remembered stores, and addresses that are nobody's.
#[derive(Debug, Default)]
pub struct Hooks {
    known: Mutex<Known>,
    // One look at a time: a store's deliveries arrive together when what was known is too old.
    looking: tokio::sync::Mutex<()>,
}

/// What a look came to: addresses that are nobody's are remembered too.
type Seen = Result<Arc<Hook>, Nobody>;

#[derive(Clone, Copy, Debug)]
struct Nobody;

#[derive(Debug, Default)]
struct Known {
    hooks: HashMap<String, (Instant, Seen)>,
    /// Counts what was forgotten: a look that began before must not bring it back.
    forgotten: u64,
}

impl Hooks {
    /// The store of a webhook address.
    pub async fn find(&self, services: &Services, key: &str) -> Result<Option<Arc<Hook>>, Error> {
        let Some((tenant, store)) = shops::read_hook_key(key) else {
            return Ok(None);
        };
        if let Some(hook) = self.remembered(key) {
            return Ok(hook.ok());
        }
        let _one = self.looking.lock().await;
        if let Some(hook) = self.remembered(key) {
            return Ok(hook.ok());
        }
        let forgotten = self.lock().forgotten;
        let hook = read(services, tenant, store, key)
            .await?
            .map(Arc::new)
            .ok_or(Nobody);
        let mut known = self.lock();
        if known.hooks.len() >= MOST_REMEMBERED {
            known.hooks.clear();
        }
        if known.forgotten == forgotten {
            known
                .hooks
                .insert(key.to_owned(), (Instant::now(), hook.clone()));
        }
        Ok(hook.ok())
    }

    /// Forgets what is known, because a store or what is in force changed.
    pub fn forget(&self) {
        let mut known = self.lock();
        known.hooks.clear();
        known.forgotten = known.forgotten.wrapping_add(1);
    }

    fn remembered(&self, key: &str) -> Option<Seen> {
        let known = self.lock();
        let (seen, hook) = known.hooks.get(key)?;
        (seen.elapsed() < REMEMBERED).then(|| hook.clone())
    }

    fn lock(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn read(
    services: &Services,
    tenant: TenantId,
    store: StoreId,
    key: &str,
) -> Result<Option<Hook>, Error> {
    let found = services.database.stores().find(tenant, store).await?;
    let Some(store) = found.filter(|store| store.hook_key == key) else {
        return Ok(None);
    };
    let sealer = StoreSealer::of(services, tenant).await?;
    let secrets: WebhookSecrets =
        sealer.open(store.id, Column::WebhookSecrets, &store.webhook_secrets)?;
    let revision = services
        .database
        .artifacts()
        .current(tenant, store.environment)
        .await?;
    Ok(Some(Hook {
        tenant,
        store: store.id,
        environment: store.environment,
        nop_store: store.nop_store_id,
        installation: store.installation,
        keys: Keys::new(secrets.good(services.clock.now())),
        revision: revision.unwrap_or(0),
    }))
}
