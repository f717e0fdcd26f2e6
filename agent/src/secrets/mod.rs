//! Keeps the tunnel's private key and the SQL password.

#[cfg(not(windows))]
mod sealed;
#[cfg(windows)]
mod windows;

use std::fmt::Debug;

use secrecy::SecretString;
use thiserror::Error;

use crate::config::Config;

/// Name of the tunnel's private key (PKCS#8 PEM).
pub const TUNNEL_KEY: &str = "tunnel-key";
/// Name of the SQL login's password.
pub const SQL_PASSWORD: &str = "sql-password";

/// Stores secrets so that other users of the machine cannot read them.
pub trait SecretStore: Debug + Send + Sync {
    /// The secret of that name, if there is one.
    fn get(&self, name: &str) -> Result<Option<SecretString>, SecretError>;
    /// Stores a secret, replacing an older one.
    fn set(&self, name: &str, secret: &SecretString) -> Result<(), SecretError>;
}

/// Why a secret could not be read or stored.
#[derive(Debug, Error)]
#[error("the secret store failed on {name}: {problem}")]
pub struct SecretError {
    name: String,
    problem: String,
}

impl SecretError {
    fn new(name: &str, problem: impl std::fmt::Display) -> Self {
        Self {
            name: name.to_owned(),
            problem: problem.to_string(),
        }
    }
}

/// Opens the store of this operating system.
#[cfg(windows)]
pub fn open(_config: &Config) -> Result<Box<dyn SecretStore>, SecretError> {
    Ok(Box::new(windows::CredentialManager::open()?))
}

/// Opens the store of this operating system.
#[cfg(not(windows))]
pub fn open(config: &Config) -> Result<Box<dyn SecretStore>, SecretError> {
    Ok(Box::new(sealed::SealedFile::open(
        &config.state_dir,
        config.sealing_key_file(),
    )?))
}
