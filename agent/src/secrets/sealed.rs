//! Secrets in one file, sealed with AES-256-GCM under a key from another file.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use aws_lc_rs::aead::{AES_256_GCM, Aad, NONCE_LEN, Nonce, RandomizedNonceKey};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use secrecy::{ExposeSecret, SecretString};
use zeroize::Zeroizing;

use super::{SecretError, SecretStore};
use crate::state;

const KEY_LENGTH: usize = 32;

/// A file of sealed secrets; each is bound to its name.
#[derive(Debug)]
pub(super) struct SealedFile {
    file: PathBuf,
    key: RandomizedNonceKey,
}

impl SealedFile {
    pub(super) fn open(state_dir: &Path, key_file: Option<PathBuf>) -> Result<Self, SecretError> {
        let bytes = match key_file {
            Some(file) => read_key(&file)?,
            None => own_key(&state_dir.join("secrets.key"))?,
        };
        let key = RandomizedNonceKey::new(&AES_256_GCM, &bytes)
            .map_err(|error| SecretError::new("sealing key", error))?;
        Ok(Self {
            file: state_dir.join("secrets.sealed"),
            key,
        })
    }

    fn load(&self, name: &str) -> Result<BTreeMap<String, String>, SecretError> {
        let text = match std::fs::read(&self.file) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                return Ok(BTreeMap::new());
            }
            Err(error) => return Err(SecretError::new(name, error)),
        };
        serde_json::from_slice(&text).map_err(|error| SecretError::new(name, error))
    }
}

impl SecretStore for SealedFile {
    fn get(&self, name: &str) -> Result<Option<SecretString>, SecretError> {
        let Some(sealed) = self.load(name)?.remove(name) else {
            return Ok(None);
        };
        let broken = || SecretError::new(name, "the sealed file does not open with this key");
        let bytes = STANDARD.decode(sealed).map_err(|_| broken())?;
        let (nonce, body) = bytes.split_at_checked(NONCE_LEN).ok_or_else(broken)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| broken())?;
        let mut body = Zeroizing::new(body.to_vec());
        let plain = self
            .key
            .open_in_place(nonce, Aad::from(name.as_bytes()), &mut body)
            .map_err(|_| broken())?;
        let text = std::str::from_utf8(plain).map_err(|_| broken())?;
        Ok(Some(SecretString::from(text)))
    }

    fn set(&self, name: &str, secret: &SecretString) -> Result<(), SecretError> {
        let mut all = self.load(name)?;
        let mut body = secret.expose_secret().as_bytes().to_vec();
        let nonce = self
            .key
            .seal_in_place_append_tag(Aad::from(name.as_bytes()), &mut body)
            .map_err(|error| SecretError::new(name, error))?;
        let mut sealed = nonce.as_ref().to_vec();
        sealed.extend_from_slice(&body);
        all.insert(name.to_owned(), STANDARD.encode(sealed));
        let text = serde_json::to_vec(&all).map_err(|error| SecretError::new(name, error))?;
        state::write_private(&self.file, &text).map_err(|error| SecretError::new(name, error))
    }
}

fn read_key(file: &Path) -> Result<Zeroizing<Vec<u8>>, SecretError> {
    let bytes = std::fs::read(file).map_err(|error| SecretError::new("sealing key", error))?;
    if bytes.len() != KEY_LENGTH {
        return Err(SecretError::new(
            "sealing key",
            "the key file must hold exactly 32 bytes",
        ));
    }
    Ok(Zeroizing::new(bytes))
}

fn own_key(file: &Path) -> Result<Zeroizing<Vec<u8>>, SecretError> {
    if file.exists() {
        return read_key(file);
    }
    let mut bytes = Zeroizing::new(vec![0; KEY_LENGTH]);
    aws_lc_rs::rand::fill(&mut bytes).map_err(|error| SecretError::new("sealing key", error))?;
    state::write_private(file, &bytes).map_err(|error| SecretError::new("sealing key", error))?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn open(dir: &Path) -> SealedFile {
        SealedFile::open(dir, None).expect("opens")
    }

    #[test]
    fn a_secret_survives_reopening_and_is_not_readable_in_the_file() {
        let dir = tempfile::tempdir().expect("directory");
        open(dir.path())
            .set("a", &SecretString::from("hunter2 längs"))
            .expect("stored");
        open(dir.path())
            .set("b", &SecretString::from("other"))
            .expect("stored");
        let found = open(dir.path()).get("a").expect("read").expect("there");
        assert_eq!(found.expose_secret(), "hunter2 längs");
        assert!(open(dir.path()).get("c").expect("read").is_none());
        let raw = std::fs::read_to_string(dir.path().join("secrets.sealed")).expect("file");
        assert!(!raw.contains("hunter2"));
    }

    #[test]
    fn another_key_or_another_name_does_not_open_it() {
        let dir = tempfile::tempdir().expect("directory");
        open(dir.path())
            .set("a", &SecretString::from("hunter2"))
            .expect("stored");
        let file = dir.path().join("secrets.sealed");
        let swapped = std::fs::read_to_string(&file)
            .expect("file")
            .replace("\"a\"", "\"b\"");
        std::fs::write(&file, swapped).expect("written");
        assert!(open(dir.path()).get("b").is_err());
        std::fs::write(dir.path().join("secrets.key"), [7u8; 32]).expect("written");
        assert!(open(dir.path()).get("b").is_err());
    }
}
