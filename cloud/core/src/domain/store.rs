//! A nopCommerce storefront as we know it.

use serde::{Deserialize, Serialize};

use super::ids::{EnvironmentId, StoreId, TenantId};
use super::time::Micros;

/// Which of nopCommerce's two APIs a store offers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Flavour {
    /// nopCommerce's own Web API plugin (backend).
    Official,
    /// The open-source API plugin.
    Opensource,
}

/// One storefront.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Store {
    /// Owner.
    pub tenant: TenantId,
    /// Its id.
    pub id: StoreId,
    /// The environment it belongs to.
    pub environment: EnvironmentId,
    /// What people call it.
    pub name: String,
    /// Names the store in its webhook address; carries the tenant.
    pub hook_key: String,
    /// Root of the storefront, without a trailing slash.
    pub base_url: String,
    /// Names the shop in effect keys: made from the first base URL and never changed, so that a
    /// shop set up again is still the same shop to GP's journal.
    pub effect_scope: String,
    /// Which API it offers.
    pub flavour: Flavour,
    /// nop's own `StoreId` where one installation hosts several; 0 takes all.
    pub nop_store_id: i64,
    /// The installation's fingerprint, learnt from its first signed webhook or given.
    pub installation: Option<String>,
    /// IANA name; document dates are taken in it.
    pub time_zone: String,
    /// ISO code of the primary store currency.
    pub currency: String,
    /// Sealed JSON: the API's user name, e-mail and password.
    pub credentials: Vec<u8>,
    /// Sealed JSON: list of webhook secrets, newest first, and the legacy one.
    pub webhook_secrets: Vec<u8>,
    /// Orders placed before are never imported on their own, whatever the profile says.
    pub created: Micros,
    /// Set while a person holds the store's work.
    pub paused: bool,
}

/// How far polling has come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PollCursor {
    /// Owner.
    pub tenant: TenantId,
    /// The store.
    pub store: StoreId,
    /// The connector's own text: last id seen, window end.
    pub cursor: String,
    /// When to look again.
    pub due: Micros,
}
