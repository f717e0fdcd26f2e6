//! Who calls: bearer keys, the roles they carry, and the one place where roles are checked.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use aws_lc_rs::constant_time::verify_slices_are_equal;
use axum::extract::FromRequestParts;
use axum::http::header::AUTHORIZATION;
use axum::http::request::Parts;
use connect_core::domain::ids::{ApiKeyId, TenantId};
use connect_core::domain::tenant::{ApiKey, Role};
use secrecy::{ExposeSecret as _, SecretString};
use tokio::time::Instant;
use uuid::Uuid;

use super::Shared;
use crate::error::{Error, ErrorKind};
use crate::secrets::{sha256, token::NewSecret};

const PREFIX: &str = "ihc_";
const OPERATOR_PREFIX: &str = "ihco_";
// A withdrawn key works no longer than this.
const REMEMBERED: Duration = Duration::from_secs(3);
const MOST_REMEMBERED: usize = 1_000;

/// A known caller inside a tenant.
#[derive(Clone, Debug)]
pub(crate) struct Caller {
    /// Whose data the caller sees.
    pub tenant: TenantId,
    /// Name of the key, kept as the author of what it changes.
    pub name: String,
    key: ApiKeyId,
    role: Role,
}

impl Caller {
    /// Who it is in the audit: names repeat, ids do not.
    pub(crate) fn actor(&self) -> String {
        format!("api_key:{} {}", self.key, self.name)
    }
}

/// A caller who may read.
#[derive(Debug)]
pub(crate) struct Viewer(pub Caller);

/// A caller who may work on runs and dead letters.
#[derive(Debug)]
pub(crate) struct Operator(pub Caller);

/// A caller who may change everything in the tenant.
#[derive(Debug)]
pub(crate) struct Owner(pub Caller);

/// A caller who runs the installation: tenants, and nothing inside them.
#[derive(Debug)]
pub(crate) struct Installation {
    actor: String,
}

impl Installation {
    /// Who it is in the audit.
    pub(crate) fn actor(&self) -> String {
        self.actor.clone()
    }
}

impl FromRequestParts<Arc<Shared>> for Viewer {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, shared: &Arc<Shared>) -> Result<Self, Error> {
        caller(parts, shared, &[Role::Viewer, Role::Operator, Role::Owner])
            .await
            .map(Self)
    }
}

impl FromRequestParts<Arc<Shared>> for Operator {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, shared: &Arc<Shared>) -> Result<Self, Error> {
        caller(parts, shared, &[Role::Operator, Role::Owner])
            .await
            .map(Self)
    }
}

impl FromRequestParts<Arc<Shared>> for Owner {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, shared: &Arc<Shared>) -> Result<Self, Error> {
        caller(parts, shared, &[Role::Owner]).await.map(Self)
    }
}

impl FromRequestParts<Arc<Shared>> for Installation {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, shared: &Arc<Shared>) -> Result<Self, Error> {
        let text = bearer(parts)?;
        let Some((id, secret)) = operator_key(text) else {
            return Err(wrong_kind_or_unknown(text));
        };
        let key = shared.services.database.operator_keys().find(id).await?;
        let known = key.filter(|key| key.revoked.is_none());
        let known = known.ok_or_else(unknown_key)?;
        if !matches(secret, &known.secret_sha256) {
            return Err(unknown_key());
        }
        Ok(Self {
            actor: format!("operator:{} {}", known.id, known.name),
        })
    }
}

/// Keys seen a moment ago, by the hash of their text, so that not every call reads the database.
#[derive(Debug, Default)]
pub(crate) struct Remembered {
    callers: Mutex<HashMap<Vec<u8>, (Instant, Caller)>>,
}

impl Remembered {
    fn find(&self, hash: &[u8]) -> Option<Caller> {
        let callers = self.callers.lock().unwrap_or_else(PoisonError::into_inner);
        let (seen, caller) = callers.get(hash)?;
        (seen.elapsed() < REMEMBERED).then(|| caller.clone())
    }

    fn keep(&self, hash: Vec<u8>, caller: Caller) {
        let mut callers = self.callers.lock().unwrap_or_else(PoisonError::into_inner);
        if callers.len() >= MOST_REMEMBERED {
            callers.clear();
        }
        callers.insert(hash, (Instant::now(), caller));
    }
}

async fn caller(parts: &Parts, shared: &Shared, roles: &[Role]) -> Result<Caller, Error> {
    let text = bearer(parts)?;
    let hash = sha256(text.as_bytes());
    let caller = if let Some(caller) = shared.remembered.find(&hash) {
        caller
    } else {
        let caller = look_up(text, shared).await?;
        shared.remembered.keep(hash, caller.clone());
        caller
    };
    if roles.contains(&caller.role) {
        return Ok(caller);
    }
    Err(Error::new(
        ErrorKind::Forbidden,
        "role_not_enough",
        "this key's role does not allow that",
    ))
}

async fn look_up(text: &str, shared: &Shared) -> Result<Caller, Error> {
    let Some((tenant, id, secret)) = tenant_key(text) else {
        return Err(wrong_kind_or_unknown(text));
    };
    let key = shared.services.database.api_keys().find(tenant, id).await?;
    let key = key
        .filter(|key| key.revoked.is_none())
        .ok_or_else(unknown_key)?;
    if !matches(secret, &key.secret_sha256) {
        return Err(unknown_key());
    }
    Ok(Caller {
        tenant,
        name: key.name,
        key: id,
        role: key.role,
    })
}

fn bearer(parts: &Parts) -> Result<&str, Error> {
    let header = parts
        .headers
        .get(AUTHORIZATION)
        .and_then(|value| value.to_str().ok());
    let header = header.ok_or_else(|| {
        Error::unauthenticated(
            "key_missing",
            "give an API key as Authorization: Bearer KEY",
        )
    })?;
    let (scheme, text) = header.split_once(' ').unwrap_or_default();
    let text = text.trim();
    if !scheme.eq_ignore_ascii_case("bearer") || text.is_empty() {
        return Err(Error::unauthenticated(
            "key_missing",
            "the Authorization must be Bearer KEY",
        ));
    }
    Ok(text)
}

fn tenant_key(text: &str) -> Option<(TenantId, ApiKeyId, &str)> {
    let mut parts = text.strip_prefix(PREFIX)?.splitn(3, '_');
    let tenant = Uuid::try_parse(parts.next()?).ok()?;
    let id = Uuid::try_parse(parts.next()?).ok()?;
    Some((TenantId(tenant), ApiKeyId(id), parts.next()?))
}

fn operator_key(text: &str) -> Option<(Uuid, &str)> {
    let (id, secret) = text.strip_prefix(OPERATOR_PREFIX)?.split_once('_')?;
    Some((Uuid::try_parse(id).ok()?, secret))
}

fn matches(secret: &str, known_sha256: &[u8]) -> bool {
    verify_slices_are_equal(&sha256(secret.as_bytes()), known_sha256).is_ok()
}

fn unknown_key() -> Error {
    Error::unauthenticated("key_unknown", "this API key is not known")
}

/// A key of the other kind is told so: people hold both.
fn wrong_kind_or_unknown(text: &str) -> Error {
    let message = if operator_key(text).is_some() {
        "an operator key works on tenants only; use a key of the tenant"
    } else if tenant_key(text).is_some() {
        "a tenant's key does not work here; use the operator key"
    } else {
        return unknown_key();
    };
    Error::new(ErrorKind::Forbidden, "wrong_kind_of_key", message)
}

/// Makes a key for a tenant; its text is shown once.
pub(crate) fn new_key(
    tenant: TenantId,
    id: ApiKeyId,
    name: &str,
    role: Role,
    created: connect_core::domain::time::Micros,
) -> Result<(ApiKey, SecretString), Error> {
    let secret = NewSecret::random()?;
    let text = format!(
        "{PREFIX}{}_{}_{}",
        tenant.0.simple(),
        id.0.simple(),
        secret.text.expose_secret()
    );
    let key = ApiKey {
        tenant,
        id,
        name: name.to_owned(),
        secret_sha256: secret.sha256,
        role,
        created,
        revoked: None,
    };
    Ok((key, text.into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_read_as_they_were_made() {
        let tenant = TenantId(Uuid::from_u128(1));
        let id = ApiKeyId(Uuid::from_u128(2));
        let now = connect_core::domain::time::Micros(0);
        let (key, text) = new_key(tenant, id, "first", Role::Owner, now).expect("a key");
        let text = text.expose_secret();
        let (read_tenant, read_id, secret) = tenant_key(text).expect("reads");
        assert_eq!((read_tenant, read_id), (tenant, id));
        assert!(matches(secret, &key.secret_sha256));
        assert!(!matches("other", &key.secret_sha256));
        assert!(operator_key(text).is_none());
        for bad in ["", "ihc_", "ihc_x_y_z", "ihco_1", "Bearer"] {
            assert!(
                tenant_key(bad).is_none() && operator_key(bad).is_none(),
                "{bad}"
            );
        }
    }
}
