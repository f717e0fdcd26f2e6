//! Seals secrets: a data key for each tenant, wrapped by the master key, both AES-256-GCM.

pub mod token;

use std::fmt;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use aws_lc_rs::rand;
use connect_core::domain::ids::TenantId;
use secrecy::ExposeSecret as _;
use zeroize::Zeroizing;

use crate::config;

const KEY_BYTES: usize = 32;
/// First byte of everything sealed: names the layout, so that another can follow.
const LAYOUT: u8 = 1;

/// Why something could not be sealed or opened.
#[derive(Debug, thiserror::Error)]
pub enum SecretError {
    /// There is no master key and none may be made.
    #[error("master key file {} is missing; set secrets.create_if_missing or secrets.master_key", .0.display())]
    NoMasterKey(PathBuf),
    /// The master key file cannot be read or written.
    #[error("master key file {}", path.display())]
    MasterKeyFile {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// The master key is not 64 hexadecimal digits.
    #[error("the master key from {0} is not 64 hexadecimal digits")]
    BadMasterKey(String),
    /// Sealed bytes that this key does not open, or that were moved from another place.
    #[error("sealed value of {0} cannot be opened: wrong key, or altered")]
    Unopenable(String),
    /// The system gives no random bytes.
    #[error("no random bytes")]
    NoRandomness,
}

/// Where a sealed value lives; sealed bytes cannot be moved to another place.
#[derive(Clone, Copy, Debug)]
pub struct Place<'a> {
    /// Whose it is; `None` for what belongs to the whole installation.
    pub tenant: Option<TenantId>,
    /// Table of the row.
    pub table: &'a str,
    /// Key of the row.
    pub row: &'a str,
    /// Column of the value.
    pub column: &'a str,
}

impl fmt::Display for Place<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.tenant {
            Some(tenant) => write!(f, "{tenant}|")?,
            None => f.write_str("global|")?,
        }
        write!(f, "{}|{}|{}", self.table, self.row, self.column)
    }
}

/// Seals and opens with the master key and what it wraps.
pub struct Sealer {
    master: LessSafeKey,
}

impl Sealer {
    /// Takes the master key from the settings; a first start may make its file.
    pub fn from_config(settings: &config::Secrets) -> Result<Self, SecretError> {
        let given = settings.master_key.expose_secret();
        if !given.is_empty() {
            return Self::from_hex(given, "secrets.master_key");
        }
        let path = &settings.master_key_file;
        match std::fs::read_to_string(path) {
            Ok(text) => Self::from_hex(&Zeroizing::new(text), &path.display().to_string()),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                if !settings.create_if_missing {
                    return Err(SecretError::NoMasterKey(path.clone()));
                }
                create_master_key(path)
            }
            Err(source) => Err(SecretError::MasterKeyFile {
                path: path.clone(),
                source,
            }),
        }
    }

    /// A sealer with this master key.
    pub fn new(master_key: &[u8; KEY_BYTES]) -> Self {
        Self {
            master: aead_key(master_key),
        }
    }

    /// A fresh data key for a tenant, wrapped; belongs into the tenant's row.
    pub fn new_tenant_key(&self, tenant: TenantId) -> Result<Vec<u8>, SecretError> {
        let key = random_key()?;
        seal_with(&self.master, &wrapping_place(tenant), key.as_slice())
    }

    /// Seals a tenant's value for its place, under the tenant's wrapped data key.
    pub fn seal(
        &self,
        wrapped_key: &[u8],
        place: &Place<'_>,
        value: &[u8],
    ) -> Result<Vec<u8>, SecretError> {
        seal_with(
            &self.unwrap_key(wrapped_key, place)?,
            &place.to_string(),
            value,
        )
    }

    /// Opens a tenant's value sealed for that very place.
    pub fn open(
        &self,
        wrapped_key: &[u8],
        place: &Place<'_>,
        sealed: &[u8],
    ) -> Result<Zeroizing<Vec<u8>>, SecretError> {
        open_with(
            &self.unwrap_key(wrapped_key, place)?,
            &place.to_string(),
            sealed,
        )
    }

    /// Seals a value of the whole installation under the master key itself.
    pub fn seal_global(&self, place: &Place<'_>, value: &[u8]) -> Result<Vec<u8>, SecretError> {
        seal_with(&self.master, &place.to_string(), value)
    }

    /// Opens a value of the whole installation.
    pub fn open_global(
        &self,
        place: &Place<'_>,
        sealed: &[u8],
    ) -> Result<Zeroizing<Vec<u8>>, SecretError> {
        open_with(&self.master, &place.to_string(), sealed)
    }

    fn from_hex(text: &str, origin: &str) -> Result<Self, SecretError> {
        let bytes = Zeroizing::new(
            from_hex(text.trim()).ok_or_else(|| SecretError::BadMasterKey(origin.to_owned()))?,
        );
        let key: &[u8; KEY_BYTES] = bytes
            .as_slice()
            .try_into()
            .map_err(|_| SecretError::BadMasterKey(origin.to_owned()))?;
        Ok(Self::new(key))
    }

    fn unwrap_key(&self, wrapped: &[u8], place: &Place<'_>) -> Result<LessSafeKey, SecretError> {
        let tenant = place
            .tenant
            .ok_or_else(|| SecretError::Unopenable(place.to_string()))?;
        let key = open_with(&self.master, &wrapping_place(tenant), wrapped)?;
        let key: &[u8; KEY_BYTES] = key
            .as_slice()
            .try_into()
            .map_err(|_| SecretError::Unopenable(wrapping_place(tenant)))?;
        Ok(aead_key(key))
    }
}

impl fmt::Debug for Sealer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sealer").finish_non_exhaustive()
    }
}

/// So many random bytes, for tokens and keys.
pub fn random_bytes(count: usize) -> Result<Zeroizing<Vec<u8>>, SecretError> {
    let mut bytes = Zeroizing::new(vec![0; count]);
    rand::fill(&mut bytes).map_err(|_| SecretError::NoRandomness)?;
    Ok(bytes)
}

/// SHA-256.
pub fn sha256(bytes: &[u8]) -> Vec<u8> {
    aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, bytes)
        .as_ref()
        .to_vec()
}

/// Lower-case hexadecimal digits.
pub fn to_hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let mut text = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        text.push(char::from(DIGITS[usize::from(byte >> 4)]));
        text.push(char::from(DIGITS[usize::from(byte & 15)]));
    }
    text
}

/// The bytes of hexadecimal digits, when it is nothing else.
pub fn from_hex(text: &str) -> Option<Vec<u8>> {
    let digits: Option<Vec<u8>> = text
        .chars()
        .map(|digit| {
            digit
                .to_digit(16)
                .and_then(|value| u8::try_from(value).ok())
        })
        .collect();
    let digits = digits?;
    let (pairs, rest) = digits.as_chunks::<2>();
    rest.is_empty()
        .then(|| pairs.iter().map(|[high, low]| high << 4 | low).collect())
}

fn create_master_key(path: &Path) -> Result<Sealer, SecretError> {
    let failed = |source| SecretError::MasterKeyFile {
        path: path.to_owned(),
        source,
    };
    let key = random_key()?;
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path).map_err(failed)?;
    let line = Zeroizing::new(to_hex(key.as_slice()) + "\n");
    file.write_all(line.as_bytes()).map_err(failed)?;
    file.sync_all().map_err(failed)?;
    tracing::warn!(
        secrets.master_key_file = %path.display(),
        "made a new master key: back it up, sealed secrets are lost without it"
    );
    Ok(Sealer::new(&key))
}

fn random_key() -> Result<Zeroizing<[u8; KEY_BYTES]>, SecretError> {
    let mut key = Zeroizing::new([0; KEY_BYTES]);
    rand::fill(key.as_mut_slice()).map_err(|_| SecretError::NoRandomness)?;
    Ok(key)
}

fn wrapping_place(tenant: TenantId) -> String {
    let row = tenant.to_string();
    Place {
        tenant: Some(tenant),
        table: "tenant",
        row: &row,
        column: "wrapped_key",
    }
    .to_string()
}

fn aead_key(key: &[u8; KEY_BYTES]) -> LessSafeKey {
    LessSafeKey::new(UnboundKey::new(&AES_256_GCM, key).expect("32 bytes are an AES-256 key"))
}

fn seal_with(key: &LessSafeKey, place: &str, value: &[u8]) -> Result<Vec<u8>, SecretError> {
    let mut nonce = [0; NONCE_LEN];
    rand::fill(&mut nonce).map_err(|_| SecretError::NoRandomness)?;
    let mut body = value.to_vec();
    key.seal_in_place_append_tag(
        Nonce::assume_unique_for_key(nonce),
        Aad::from(place.as_bytes()),
        &mut body,
    )
    .map_err(|_| SecretError::Unopenable(place.to_owned()))?;
    let mut sealed = Vec::with_capacity(1 + NONCE_LEN + body.len());
    sealed.push(LAYOUT);
    sealed.extend_from_slice(&nonce);
    sealed.append(&mut body);
    Ok(sealed)
}

fn open_with(
    key: &LessSafeKey,
    place: &str,
    sealed: &[u8],
) -> Result<Zeroizing<Vec<u8>>, SecretError> {
    let unopenable = || SecretError::Unopenable(place.to_owned());
    let (&layout, rest) = sealed.split_first().ok_or_else(unopenable)?;
    if layout != LAYOUT {
        return Err(unopenable());
    }
    let (nonce, body) = rest
        .split_first_chunk::<NONCE_LEN>()
        .ok_or_else(unopenable)?;
    let mut body = Zeroizing::new(body.to_vec());
    let length = key
        .open_in_place(
            Nonce::assume_unique_for_key(*nonce),
            Aad::from(place.as_bytes()),
            &mut body,
        )
        .map_err(|_| unopenable())?
        .len();
    body.truncate(length);
    Ok(body)
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    fn place(tenant: u128, row: &str) -> Place<'_> {
        Place {
            tenant: Some(TenantId(Uuid::from_u128(tenant))),
            table: "store",
            row,
            column: "credentials",
        }
    }

    #[test]
    fn a_sealed_value_opens_only_in_its_place() {
        let sealer = Sealer::new(&[7; 32]);
        let key = sealer.new_tenant_key(TenantId(Uuid::from_u128(1))).unwrap();
        let sealed = sealer.seal(&key, &place(1, "a"), b"hunter2").unwrap();
        assert_eq!(
            *sealer.open(&key, &place(1, "a"), &sealed).unwrap(),
            b"hunter2"
        );
        assert!(sealer.open(&key, &place(1, "b"), &sealed).is_err());
        assert!(sealer.open(&key, &place(2, "a"), &sealed).is_err());
        assert!(
            Sealer::new(&[8; 32])
                .open(&key, &place(1, "a"), &sealed)
                .is_err()
        );
        assert!(!sealed.windows(7).any(|window| window == b"hunter2"));
    }

    #[test]
    fn every_altered_byte_is_noticed() {
        let sealer = Sealer::new(&[7; 32]);
        let key = sealer.new_tenant_key(TenantId(Uuid::from_u128(1))).unwrap();
        let sealed = sealer.seal(&key, &place(1, "a"), b"x").unwrap();
        for index in 0..sealed.len() {
            let mut altered = sealed.clone();
            altered[index] ^= 1;
            assert!(
                sealer.open(&key, &place(1, "a"), &altered).is_err(),
                "byte {index}"
            );
        }
        assert!(sealer.open(&key, &place(1, "a"), &[]).is_err());
    }

    #[test]
    fn the_master_key_file_is_made_once_and_kept_private() {
        let folder = tempfile::tempdir().unwrap();
        let settings = |create_if_missing| config::Secrets {
            master_key_file: folder.path().join("master.key"),
            create_if_missing,
            master_key: String::new().into(),
        };
        assert!(matches!(
            Sealer::from_config(&settings(false)),
            Err(SecretError::NoMasterKey(_))
        ));
        let first = Sealer::from_config(&settings(true)).unwrap();
        let key = first.new_tenant_key(TenantId(Uuid::from_u128(1))).unwrap();
        let sealed = first.seal(&key, &place(1, "a"), b"x").unwrap();
        let second = Sealer::from_config(&settings(false)).unwrap();
        assert_eq!(*second.open(&key, &place(1, "a"), &sealed).unwrap(), b"x");
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            let mode = std::fs::metadata(folder.path().join("master.key"))
                .unwrap()
                .permissions();
            assert_eq!(mode.mode() & 0o777, 0o600);
        }
    }

    #[test]
    fn hex_goes_there_and_back() {
        assert_eq!(from_hex(&to_hex(&[0, 15, 255])).unwrap(), [0, 15, 255]);
        assert_eq!(from_hex("0"), None);
        assert_eq!(from_hex("0g"), None);
    }
}
