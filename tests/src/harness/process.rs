//! One child process: started with a log file, stopped by signal, never left behind.

use std::collections::HashSet;
use std::fs::File;
use std::ops::Range;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{LazyLock, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use rand::RngExt;
use serde_json::Value;

use super::binaries;
use super::wait::wait_for;

/// How long a process that nobody waits for has to end by itself.
const PATIENCE: Duration = Duration::from_secs(5);
/// Below what Linux and Windows hand out, and not where the temporary PostgreSQL looks.
const LASTING: Range<u16> = 10_000..20_000;

/// How to start a binary of ours.
#[derive(Clone, Debug)]
pub struct Launch {
    /// Name of the binary.
    pub binary: &'static str,
    /// Its arguments.
    pub arguments: Vec<String>,
    /// Environment on top of ours.
    pub environment: Vec<(String, String)>,
    /// Where its output goes, appended over restarts.
    pub log: PathBuf,
}

impl Launch {
    /// The same, ending by itself when this process is gone.
    #[must_use]
    pub fn with_parent(mut self) -> Self {
        let own = std::process::id().to_string();
        self.arguments.extend(["--parent-pid".to_owned(), own]);
        self
    }
}

/// A running child.
#[derive(Debug)]
pub struct Process {
    child: Child,
    name: &'static str,
    log: PathBuf,
}

impl Process {
    /// Starts it; its output is appended to the log.
    pub fn start(launch: &Launch) -> anyhow::Result<Self> {
        let log = File::options()
            .create(true)
            .append(true)
            .open(&launch.log)
            .with_context(|| format!("cannot open {}", launch.log.display()))?;
        let child = Command::new(binaries::path(launch.binary)?)
            .args(&launch.arguments)
            .envs(launch.environment.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log)
            .spawn()
            .with_context(|| format!("cannot start {}", launch.binary))?;
        Ok(Self {
            child,
            name: launch.binary,
            log: launch.log.clone(),
        })
    }

    /// Waits for the JSON line that the process writes into its ready file.
    pub async fn ready(&mut self, file: &Path) -> anyhow::Result<Value> {
        let (name, log) = (self.name, self.log.clone());
        for _ in 0..2400 {
            if let Ok(text) = std::fs::read_to_string(file)
                && let Ok(value) = serde_json::from_str(&text)
            {
                return Ok(value);
            }
            if let Some(status) = self.child.try_wait()? {
                bail!("{name} ended with {status}: {}", tail(&log));
            }
            tokio::time::sleep(Duration::from_millis(25)).await;
        }
        bail!("{name} was not ready within a minute: {}", tail(&log))
    }

    /// Whether it still runs.
    pub fn running(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(None))
    }

    /// Process id while it runs.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// SIGKILL, at once; how it ended, which is otherwise when it had ended already.
    pub fn kill(&mut self) -> anyhow::Result<ExitStatus> {
        self.child
            .kill()
            .with_context(|| format!("cannot kill {}", self.name))?;
        Ok(self.child.wait()?)
    }

    /// SIGTERM, then waits for the end.
    pub async fn stop(&mut self) -> anyhow::Result<ExitStatus> {
        if self.running() {
            signal(self.id(), "TERM")?;
        }
        if let Some(status) = self.ended(Duration::from_secs(20)).await? {
            return Ok(status);
        }
        self.kill()?;
        bail!(
            "{} did not end within 20 s of SIGTERM: {}",
            self.name,
            tail(&self.log)
        )
    }

    /// Stops it where it is (SIGSTOP) or lets it go on (SIGCONT).
    pub fn freeze(&self, frozen: bool) -> anyhow::Result<()> {
        signal(self.id(), if frozen { "STOP" } else { "CONT" })
    }

    /// Waits until it has died by SIGKILL, as at a crash point; false while it still runs.
    pub async fn killed_itself(&mut self, limit: Duration) -> anyhow::Result<bool> {
        match self.ended(limit).await? {
            None => Ok(false),
            Some(status) if status.signal() == Some(9) => Ok(true),
            Some(status) => bail!("{} ended with {status}: {}", self.name, tail(&self.log)),
        }
    }

    async fn ended(&mut self, limit: Duration) -> anyhow::Result<Option<ExitStatus>> {
        let start = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait()? {
                return Ok(Some(status));
            }
            if start.elapsed() > limit {
                return Ok(None);
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    /// Last lines of its log.
    pub fn tail(&self) -> String {
        tail(&self.log)
    }
}

impl Drop for Process {
    /// Asks for a clean end and insists after a while; gone already is as good.
    fn drop(&mut self) {
        if self.running() {
            drop(signal(self.id(), "TERM"));
        }
        let start = Instant::now();
        while self.running() && start.elapsed() < PATIENCE {
            std::thread::sleep(Duration::from_millis(10));
        }
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// Sends a signal by its name.
pub fn signal(id: u32, name: &str) -> anyhow::Result<()> {
    let status = Command::new("kill")
        .arg(format!("-{name}"))
        .arg(id.to_string())
        .status()?;
    if !status.success() {
        bail!("kill -{name} {id}: {status}");
    }
    Ok(())
}

/// A port for a server that must come back at the same address.
///
/// It lies below the range that systems hand out by themselves: nobody is given it while the server is down.
pub fn lasting_port() -> anyhow::Result<u16> {
    for _ in 0..200 {
        let port = rand::rng().random_range(LASTING);
        if std::net::TcpListener::bind(("127.0.0.1", port)).is_ok() && taken().insert(port) {
            return Ok(port);
        }
    }
    bail!(
        "no port is free between {} and {}",
        LASTING.start,
        LASTING.end
    )
}

/// Ports given to servers of this process, which may be down right now.
fn taken() -> MutexGuard<'static, HashSet<u16>> {
    static TAKEN: LazyLock<Mutex<HashSet<u16>>> = LazyLock::new(Mutex::default);
    TAKEN.lock().unwrap_or_else(PoisonError::into_inner)
}

fn tail(log: &Path) -> String {
    let text = std::fs::read_to_string(log).unwrap_or_default();
    let lines: Vec<_> = text.lines().collect();
    lines[lines.len().saturating_sub(30)..].join("\n")
}

/// Waits until a TCP address accepts connections.
pub async fn accepts(address: &str) -> anyhow::Result<()> {
    wait_for(address, Duration::from_secs(30), || async {
        Ok(tokio::net::TcpStream::connect(address).await.ok().map(drop))
    })
    .await
}
