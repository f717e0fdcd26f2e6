//! Secrets in the Windows Credential Manager of the service's account.

use std::collections::HashMap;

use keyring_core::{Entry, Error};
use secrecy::{ExposeSecret, SecretString};

use super::{SecretError, SecretStore};

const SERVICE: &str = "Integration Hero Connect";

/// The Credential Manager; entries stay on this machine and do not roam with the profile.
#[derive(Debug)]
pub(super) struct CredentialManager;

impl CredentialManager {
    pub(super) fn open() -> Result<Self, SecretError> {
        let store = windows_native_keyring_store::Store::new()
            .map_err(|error| SecretError::new("credential manager", error))?;
        keyring_core::set_default_store(store);
        Ok(Self)
    }

    fn entry(name: &str) -> Result<Entry, SecretError> {
        let modifiers = HashMap::from([("persistence", "Local")]);
        Entry::new_with_modifiers(SERVICE, name, &modifiers)
            .map_err(|error| SecretError::new(name, error))
    }
}

impl SecretStore for CredentialManager {
    fn get(&self, name: &str) -> Result<Option<SecretString>, SecretError> {
        match Self::entry(name)?.get_password() {
            Ok(text) => Ok(Some(SecretString::from(text))),
            Err(Error::NoEntry) => Ok(None),
            Err(error) => Err(SecretError::new(name, error)),
        }
    }

    fn set(&self, name: &str, secret: &SecretString) -> Result<(), SecretError> {
        Self::entry(name)?
            .set_password(secret.expose_secret())
            .map_err(|error| SecretError::new(name, error))
    }
}
