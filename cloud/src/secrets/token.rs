//! Texts that let someone in: made here, shown once, kept only as hashes.

use connect_core::domain::ids::TenantId;
use secrecy::{ExposeSecret as _, SecretString};
use uuid::Uuid;

use super::{SecretError, random_bytes, sha256, to_hex};

const SECRET_BYTES: usize = 32;
const ENROLLMENT_PREFIX: &str = "iht_";

/// A new secret and what is kept of it.
#[derive(Debug)]
pub struct NewSecret {
    /// Shown to its holder once.
    pub text: SecretString,
    /// SHA-256 of the text.
    pub sha256: Vec<u8>,
}

impl NewSecret {
    /// 256 random bits as hexadecimal digits.
    pub fn random() -> Result<Self, SecretError> {
        Ok(Self::of(to_hex(&random_bytes(SECRET_BYTES)?)))
    }

    /// An enrolment token, `iht_<tenant>_<secret>`; the hash is of the whole text.
    pub fn enrollment_token(tenant: TenantId) -> Result<Self, SecretError> {
        let secret = Self::random()?;
        Ok(Self::of(format!(
            "{ENROLLMENT_PREFIX}{}_{}",
            tenant.0.simple(),
            secret.text.expose_secret()
        )))
    }

    fn of(text: String) -> Self {
        Self {
            sha256: sha256(text.as_bytes()),
            text: text.into(),
        }
    }
}

/// The tenant an enrolment token names and the token's hash, when it looks like one at all.
pub fn read_enrollment_token(text: &str) -> Option<(TenantId, Vec<u8>)> {
    let (tenant, secret) = text.strip_prefix(ENROLLMENT_PREFIX)?.split_once('_')?;
    let tenant = Uuid::try_parse(tenant).ok()?;
    (secret.len() == SECRET_BYTES * 2).then(|| (TenantId(tenant), sha256(text.as_bytes())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_names_its_tenant_and_matches_its_hash() {
        let tenant = TenantId(Uuid::from_u128(42));
        let token = NewSecret::enrollment_token(tenant).unwrap();
        let (read, hash) = read_enrollment_token(token.text.expose_secret()).unwrap();
        assert_eq!((read, hash), (tenant, token.sha256));
        assert_eq!(read_enrollment_token("iht_nothing"), None);
        assert_eq!(read_enrollment_token("iht_00_11"), None);
    }
}
