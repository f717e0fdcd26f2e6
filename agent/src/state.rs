//! What the agent remembers between starts: who it is, its certificate, its high marks, its status.

mod seen;

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use thiserror::Error;

pub use seen::{Progress, Seen, SeenError, Told, group_of, row_name};

/// The directory with the agent's files.
#[derive(Debug, Clone)]
pub struct StateDir {
    path: PathBuf,
}

/// Who the agent is to the cloud.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identity {
    pub agent_id: String,
    pub tenant_id: String,
    pub environment: String,
}

/// The client certificate and its chain; the key is in the secret store.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredCertificate {
    pub chain_pem: String,
    pub not_after_unix_ms: i64,
    pub renew_after_unix_ms: i64,
}

/// What the agent knows it wrote in a company; a database that knows less was restored.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mark {
    pub incarnation: String,
    pub highest_journal: i64,
    /// Incarnations that were replaced; one of them coming back means a restore.
    #[serde(default)]
    pub replaced: Vec<String>,
}

/// High marks by company database.
pub type Marks = BTreeMap<String, Mark>;

/// The last known state, for `connect-agent status`.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Status {
    pub version: String,
    pub written_unix_ms: i64,
    pub tunnel: String,
    pub session_id: String,
    pub certificate_not_after_unix_ms: i64,
    pub companies: BTreeMap<String, CompanyStatus>,
    pub commands_in_flight: u32,
    pub results_unacknowledged: u32,
}

/// A running agent writes its status at least every 30 seconds.
const STATUS_LIMIT_MS: i64 = 90_000;
const NOT_RUNNING: &str = "not running";

impl Status {
    /// The status as it is at a time: one that nobody keeps fresh is of an agent that has ended.
    #[must_use]
    pub fn at(mut self, now_unix_ms: i64) -> Self {
        if now_unix_ms - self.written_unix_ms > STATUS_LIMIT_MS {
            self = self.ended();
        }
        self
    }

    /// The status an agent leaves when it ends.
    #[must_use]
    pub fn ended(mut self) -> Self {
        NOT_RUNNING.clone_into(&mut self.tunnel);
        self.session_id.clear();
        self.commands_in_flight = 0;
        self
    }
}

/// The last known state of one company.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CompanyStatus {
    pub state: String,
    pub detail: String,
    pub highest_journal: i64,
}

/// Why a state file could not be used.
#[derive(Debug, Error)]
pub enum StateError {
    #[error("cannot use {path}")]
    Io { path: PathBuf, source: io::Error },
    #[error("{path} is damaged")]
    Damaged {
        path: PathBuf,
        source: serde_json::Error,
    },
}

impl StateDir {
    /// Opens the directory, making it when it is not there.
    pub fn open(path: &Path) -> Result<Self, StateError> {
        std::fs::create_dir_all(path).map_err(|source| StateError::Io {
            path: path.to_owned(),
            source,
        })?;
        Ok(Self {
            path: path.to_owned(),
        })
    }

    pub fn identity(&self) -> Result<Option<Identity>, StateError> {
        self.read("identity.json")
    }

    pub fn set_identity(&self, identity: &Identity) -> Result<(), StateError> {
        self.write("identity.json", identity)
    }

    pub fn certificate(&self) -> Result<Option<StoredCertificate>, StateError> {
        self.read("certificate.json")
    }

    pub fn set_certificate(&self, certificate: &StoredCertificate) -> Result<(), StateError> {
        self.write("certificate.json", certificate)
    }

    pub fn marks(&self) -> Result<Marks, StateError> {
        Ok(self.read("marks.json")?.unwrap_or_default())
    }

    pub fn set_marks(&self, marks: &Marks) -> Result<(), StateError> {
        self.write("marks.json", marks)
    }

    pub fn status(&self) -> Result<Option<Status>, StateError> {
        self.read("status.json")
    }

    /// Not made durable: after a power cut nobody needs it.
    pub fn set_status(&self, status: &Status) -> Result<(), StateError> {
        let (path, text) = self.text("status.json", status)?;
        replace(&path, &text, Durability::Whenever)
            .map_err(|source| StateError::Io { path, source })
    }

    /// Writes and removes a file of a size, for the doctor.
    pub fn prove_room(&self, bytes: usize) -> io::Result<()> {
        let path = self.path.join("probe");
        let written = write_private(&path, &vec![0x55; bytes]);
        let removed = std::fs::remove_file(&path);
        written.and(removed)
    }

    fn read<T: DeserializeOwned>(&self, name: &str) -> Result<Option<T>, StateError> {
        let path = self.path.join(name);
        let text = match std::fs::read(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(source) => return Err(StateError::Io { path, source }),
        };
        serde_json::from_slice(&text)
            .map(Some)
            .map_err(|source| StateError::Damaged { path, source })
    }

    fn write<T: Serialize>(&self, name: &str, value: &T) -> Result<(), StateError> {
        let (path, text) = self.text(name, value)?;
        write_private(&path, &text).map_err(|source| StateError::Io { path, source })
    }

    fn text<T: Serialize>(&self, name: &str, value: &T) -> Result<(PathBuf, Vec<u8>), StateError> {
        let path = self.path.join(name);
        match serde_json::to_vec_pretty(value) {
            Ok(text) => Ok((path, text)),
            Err(source) => Err(StateError::Damaged { path, source }),
        }
    }
}

/// The high marks in memory; written to disk now and then, and at once when they start over.
#[derive(Debug)]
pub struct MarkKeeper {
    state: StateDir,
    marks: Mutex<Marks>,
    dirty: AtomicBool,
}

impl MarkKeeper {
    pub fn open(state: StateDir) -> Result<Self, StateError> {
        let marks = Mutex::new(state.marks()?);
        Ok(Self {
            state,
            marks,
            dirty: AtomicBool::new(false),
        })
    }

    /// What is known of a company, if anything.
    pub fn get(&self, company: &str) -> Option<Mark> {
        self.lock().get(company).cloned()
    }

    /// A journal row of this company was committed.
    pub fn raise(&self, company: &str, journal_id: i64) {
        let mut marks = self.lock();
        let Some(mark) = marks.get_mut(company) else {
            return;
        };
        if journal_id > mark.highest_journal {
            mark.highest_journal = journal_id;
            self.dirty.store(true, Ordering::Relaxed);
        }
    }

    /// Starts over with a company that was bound (again).
    pub fn adopt(&self, company: &str, incarnation: &str, highest: i64) -> Result<(), StateError> {
        {
            let mut marks = self.lock();
            let mark = marks.entry(company.to_owned()).or_default();
            let before = std::mem::replace(&mut mark.incarnation, incarnation.to_owned());
            if !before.is_empty() && before != incarnation {
                mark.replaced.push(before);
            }
            mark.highest_journal = highest;
            self.dirty.store(true, Ordering::Relaxed);
        }
        self.flush()
    }

    /// Writes what has changed.
    pub fn flush(&self) -> Result<(), StateError> {
        if !self.dirty.swap(false, Ordering::Relaxed) {
            return Ok(());
        }
        let marks = self.lock().clone();
        self.state.set_marks(&marks)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Marks> {
        self.marks.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Replaces a file in one step, readable by its owner only; a crash leaves the old or the new.
pub fn write_private(path: &Path, content: &[u8]) -> io::Result<()> {
    replace(path, content, Durability::Now)
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Durability {
    Now,
    Whenever,
}

fn replace(path: &Path, content: &[u8], durability: Durability) -> io::Result<()> {
    let mut temporary = path.as_os_str().to_owned();
    temporary.push(".new");
    let temporary = PathBuf::from(temporary);
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(&temporary)?;
    file.write_all(content)?;
    if durability == Durability::Now {
        file.sync_all()?;
    }
    drop(file);
    std::fs::rename(&temporary, path)?;
    match durability {
        Durability::Now => sync_directory(path),
        Durability::Whenever => Ok(()),
    }
}

/// On Unix a rename is durable only once its directory is.
#[cfg(unix)]
fn sync_directory(path: &Path) -> io::Result<()> {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => std::fs::File::open(parent)?.sync_all(),
        _ => Ok(()),
    }
}

#[cfg(not(unix))]
fn sync_directory(_path: &Path) -> io::Result<()> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_back_and_absence_is_not_an_error() {
        let dir = tempfile::tempdir().expect("directory");
        let state = StateDir::open(&dir.path().join("deep/er")).expect("opens");
        assert_eq!(state.identity().expect("read"), None);
        let mark = Mark {
            incarnation: "x".to_owned(),
            highest_journal: 7,
            ..Mark::default()
        };
        state
            .set_marks(&Marks::from([("TWO".to_owned(), mark.clone())]))
            .expect("written");
        assert_eq!(state.marks().expect("read")["TWO"], mark);
    }

    #[test]
    fn an_old_status_is_of_an_agent_that_does_not_run() {
        let status = Status {
            written_unix_ms: 1_000_000,
            tunnel: "connected".to_owned(),
            ..Status::default()
        };
        assert_eq!(status.clone().at(1_089_000).tunnel, "connected");
        assert_eq!(status.at(1_091_000).tunnel, "not running");
    }

    #[test]
    fn a_damaged_file_is_named() {
        let dir = tempfile::tempdir().expect("directory");
        std::fs::write(dir.path().join("marks.json"), "{").expect("written");
        let error = StateDir::open(dir.path())
            .expect("opens")
            .marks()
            .expect_err("damaged");
        assert!(error.to_string().contains("marks.json"));
    }

    #[cfg(unix)]
    #[test]
    fn files_are_for_the_owner_only() {
        use std::os::unix::fs::PermissionsExt;
        let dir = tempfile::tempdir().expect("directory");
        let file = dir.path().join("secret");
        write_private(&file, b"x").expect("written");
        let mode = std::fs::metadata(&file)
            .expect("there")
            .permissions()
            .mode();
        assert_eq!(mode & 0o777, 0o600);
    }
}
