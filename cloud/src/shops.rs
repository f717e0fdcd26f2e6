//! What a store keeps secret, how its webhook address names it, and the way to its client.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use connect_core::domain::failure::{Failure, FailureClass};
use connect_core::domain::ids::{StoreId, TenantId};
use connect_core::domain::store::{PollCursor, Store};
use connect_core::domain::time::Micros;
use secrecy::{ExposeSecret as _, SecretString};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::app::Services;
use crate::connectors::nopcommerce::Client;
use crate::error::Error;
use crate::secrets::{Place, Sealer, random_bytes, sha256, to_hex};

/// How long replaced webhook secrets stay good.
pub const OLDER_SECRETS_SECONDS: i64 = 24 * 3_600;
const MOST_SECRETS: usize = 4;
const LONGEST_SCOPE: usize = 80;

/// How a shop is named in effect keys: by its address, without what may differ from one time it is
/// typed to the next; a digest of it where it is long.
pub fn effect_scope(base_url: &str) -> String {
    let address = base_url
        .split_once("://")
        .map_or(base_url, |(_, rest)| rest);
    let address = address.trim_end_matches('/').to_ascii_lowercase();
    let plain = address.len() <= LONGEST_SCOPE
        && address
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b".:-_~".contains(&byte));
    if plain {
        return address;
    }
    to_hex(&sha256(address.as_bytes())[..16])
}

/// What an API user logs in with.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Credentials {
    /// Login name.
    pub username: String,
    /// Where it differs from the login name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// Password.
    pub password: Password,
}

/// A password: hidden from logs, written out only to be sealed or sent.
#[derive(Clone, Debug, Deserialize)]
#[serde(transparent)]
pub struct Password(SecretString);

impl Password {
    /// Takes a password in.
    pub fn new(text: impl Into<String>) -> Self {
        Self(SecretString::from(text.into()))
    }

    /// The password itself.
    pub fn reveal(&self) -> &str {
        self.0.expose_secret()
    }
}

impl Serialize for Password {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.reveal())
    }
}

/// The secrets a store signs its webhooks with, newest first.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(transparent)]
pub struct WebhookSecrets(Vec<WebhookSecret>);

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct WebhookSecret {
    text: Password,
    /// Not good after.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    until: Option<Micros>,
}

impl WebhookSecrets {
    /// The first secret, and its text to show once.
    pub fn first() -> Result<(String, Self), Error> {
        let text = new_webhook_secret()?;
        let secret = WebhookSecret {
            text: Password::new(text.clone()),
            until: None,
        };
        Ok((text, Self(vec![secret])))
    }

    /// Makes a newer secret; the others stay good for a day. Its text, to show once.
    pub fn rotate(&mut self, now: Micros) -> Result<String, Error> {
        let text = new_webhook_secret()?;
        self.0
            .retain(|secret| secret.until.is_none_or(|until| now <= until));
        for secret in &mut self.0 {
            secret
                .until
                .get_or_insert(now.plus_seconds(OLDER_SECRETS_SECONDS));
        }
        self.0.insert(
            0,
            WebhookSecret {
                text: Password::new(text.clone()),
                until: None,
            },
        );
        self.0.truncate(MOST_SECRETS);
        Ok(text)
    }

    /// The secrets that are good now.
    pub fn good(&self, now: Micros) -> impl Iterator<Item = &str> {
        let good = self
            .0
            .iter()
            .filter(move |secret| secret.until.is_none_or(|until| now <= until));
        good.map(|secret| secret.text.reveal())
    }
}

fn new_webhook_secret() -> Result<String, Error> {
    Ok(format!(
        "whsec_{}",
        STANDARD.encode(random_bytes(32)?.as_slice())
    ))
}

/// The name of a store in its webhook address: `s`, its tenant, itself.
pub fn hook_key(tenant: TenantId, store: StoreId) -> String {
    format!("s{}{}", tenant.0.simple(), store.0.simple())
}

/// Whose webhook address it is, when it looks like one at all.
pub fn read_hook_key(text: &str) -> Option<(TenantId, StoreId)> {
    let digits = text
        .strip_prefix('s')
        .filter(|digits| digits.len() == 64 && digits.is_ascii())?;
    let (tenant, store) = digits.split_at(32);
    Some((
        TenantId(Uuid::try_parse(tenant).ok()?),
        StoreId(Uuid::try_parse(store).ok()?),
    ))
}

/// A sealed column of a store.
#[derive(Clone, Copy, Debug)]
pub enum Column {
    /// [`Credentials`].
    Credentials,
    /// [`WebhookSecrets`].
    WebhookSecrets,
}

/// The tenant's way to its stores' secrets.
#[derive(Debug)]
pub struct StoreSealer<'s> {
    sealer: &'s Sealer,
    tenant: TenantId,
    wrapped_key: Vec<u8>,
}

impl<'s> StoreSealer<'s> {
    /// Reads the tenant's wrapped key.
    pub async fn of(services: &'s Services, tenant: TenantId) -> Result<Self, Error> {
        let row = services.database.tenants().find(tenant).await?;
        let row = row.ok_or_else(|| Error::not_found("tenant"))?;
        Ok(Self {
            sealer: &services.sealer,
            tenant,
            wrapped_key: row.wrapped_key,
        })
    }

    /// Seals a value for its column.
    pub fn seal<T: Serialize>(
        &self,
        store: StoreId,
        column: Column,
        value: &T,
    ) -> Result<Vec<u8>, Error> {
        let json = serde_json::to_vec(value).map_err(Error::internal)?;
        let row = store.to_string();
        Ok(self
            .sealer
            .seal(&self.wrapped_key, &self.place(&row, column), &json)?)
    }

    /// Opens a column.
    pub fn open<T: DeserializeOwned>(
        &self,
        store: StoreId,
        column: Column,
        sealed: &[u8],
    ) -> Result<T, Error> {
        let row = store.to_string();
        let json = self
            .sealer
            .open(&self.wrapped_key, &self.place(&row, column), sealed)?;
        // serde's words could quote what was sealed.
        serde_json::from_slice(&json)
            .map_err(|_| Error::internal("a sealed value is not as written"))
    }

    fn place<'p>(&self, row: &'p str, column: Column) -> Place<'p> {
        let column = match column {
            Column::Credentials => "credentials",
            Column::WebhookSecrets => "webhook_secrets",
        };
        Place {
            tenant: Some(self.tenant),
            table: "store",
            row,
            column,
        }
    }
}

/// The client of a store, made when there is none for its settings.
pub async fn client(services: &Services, store: &Store) -> Result<Arc<Client>, Failure> {
    if let Some(client) = services.clients.find(store) {
        return Ok(client);
    }
    let opened = async {
        let sealer = StoreSealer::of(services, store.tenant).await?;
        sealer.open::<Credentials>(store.id, Column::Credentials, &store.credentials)
    };
    let credentials = opened.await.map_err(|error| {
        tracing::error!(store.id = %store.id, error.report = error.report(), "credentials not opened");
        let class = if error.retry() { FailureClass::Unavailable } else { FailureClass::Bug };
        Failure::new(class, "store_credentials_sealed", "The store's credentials cannot be opened.")
    })?;
    services.clients.make(store, credentials)
}

/// Lets a worker look through the store's orders as soon as it can.
pub async fn poll_soon(services: &Services, tenant: TenantId, store: StoreId) -> Result<(), Error> {
    let cursors = services.database.poll_cursors();
    let known = cursors.find(tenant, store).await?;
    // A look under way may put its own cursor over this one: the next look then finds the rest.
    let cursor = known.map(|known| known.cursor).unwrap_or_default();
    let due = services.clock.now();
    cursors
        .update(&PollCursor {
            tenant,
            store,
            cursor,
            due,
        })
        .await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hook_key_names_tenant_and_store() {
        let (tenant, store) = (TenantId(Uuid::from_u128(1)), StoreId(Uuid::from_u128(2)));
        assert_eq!(
            read_hook_key(&hook_key(tenant, store)),
            Some((tenant, store))
        );
        for bad in [
            "",
            "s",
            "nobody",
            &"s0".repeat(32),
            &format!("s{}", "é".repeat(32)),
        ] {
            assert_eq!(read_hook_key(bad), None, "{bad}");
        }
    }

    #[test]
    fn a_replaced_secret_stays_good_for_a_day() {
        let (first, mut secrets) = WebhookSecrets::first().expect("a secret");
        let second = secrets.rotate(Micros(0)).expect("another");
        let good =
            |secrets: &WebhookSecrets, at| secrets.good(at).map(str::to_owned).collect::<Vec<_>>();
        let day = Micros(0).plus_seconds(OLDER_SECRETS_SECONDS);
        assert_eq!(good(&secrets, day), [second.clone(), first]);
        assert_eq!(good(&secrets, day.plus_seconds(1)), [second]);
        let sealed = serde_json::to_string(&secrets).expect("JSON");
        let back: WebhookSecrets = serde_json::from_str(&sealed).expect("back");
        assert_eq!(good(&back, Micros(0)).len(), 2);
        assert!(!format!("{secrets:?}").contains("whsec_"));
    }

    #[test]
    fn a_shop_is_the_same_however_its_address_is_typed() {
        for typed in ["https://Shop.example", "http://shop.example/"] {
            assert_eq!(effect_scope(typed), "shop.example");
        }
        let below = effect_scope("https://shop.example/de");
        assert_ne!(below, effect_scope("https://shop.example/en"));
        assert_eq!(below.len(), 32);
    }
}
