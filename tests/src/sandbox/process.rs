//! What a sandbox does as a process: says that it is ready, and ends when it should.

use std::io::Write as _;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::Context as _;
use serde_json::Value;
use tokio::signal::unix::{Signal, SignalKind, signal};

const PARENT_CHECK: Duration = Duration::from_millis(500);

/// Options every sandbox process has.
#[derive(Clone, Debug, clap::Args)]
#[group(skip)]
pub struct Args {
    /// Write the ready line into this file too.
    #[arg(long)]
    ready_file: Option<PathBuf>,
    /// End when this process is gone.
    #[arg(long)]
    parent_pid: Option<u32>,
}

impl Args {
    /// Writes one line of JSON to standard output and into the ready file. Signals to end are heard
    /// from before that: whoever reads the line may send one at once.
    pub fn announce(&self, ready: &Value) -> anyhow::Result<Ending> {
        let ending = Ending {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
            parent_pid: self.parent_pid,
        };
        self.write(ready)?;
        Ok(ending)
    }

    fn write(&self, ready: &Value) -> anyhow::Result<()> {
        let line = format!("{ready}\n");
        let mut out = std::io::stdout().lock();
        out.write_all(line.as_bytes())
            .and_then(|()| out.flush())
            .context("nobody listens")?;
        let Some(path) = &self.ready_file else {
            return Ok(());
        };
        // Whoever waits for the file must never see half of it.
        let partial = path.with_extension("partial");
        std::fs::write(&partial, line)
            .and_then(|()| std::fs::rename(&partial, path))
            .with_context(|| format!("cannot write {}", path.display()))
    }
}

/// What ends the process.
#[derive(Debug)]
pub struct Ending {
    terminate: Signal,
    interrupt: Signal,
    parent_pid: Option<u32>,
}

impl Ending {
    /// Waits for a signal, or for the parent to go.
    pub async fn came(mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
            () = parent_gone(self.parent_pid) => {}
        }
    }
}

async fn parent_gone(pid: Option<u32>) {
    let Some(pid) = pid else {
        return std::future::pending().await;
    };
    let parent = PathBuf::from(format!("/proc/{pid}"));
    while parent.exists() {
        tokio::time::sleep(PARENT_CHECK).await;
    }
}
