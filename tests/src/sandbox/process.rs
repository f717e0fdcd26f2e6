//! What a sandbox does as a process: says that it is ready, and ends when it should.

use std::io::Write as _;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::Context as _;
use serde_json::Value;
use tokio::signal::unix::{SignalKind, signal};

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
    /// Writes one line of JSON to standard output and into the ready file.
    pub fn announce(&self, ready: &Value) -> anyhow::Result<()> {
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

    /// Waits for a signal, or for the parent to go.
    pub async fn until_ended(&self) -> anyhow::Result<()> {
        let mut terminate = signal(SignalKind::terminate())?;
        let mut interrupt = signal(SignalKind::interrupt())?;
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
            () = self.parent_gone() => {}
        }
        Ok(())
    }

    async fn parent_gone(&self) {
        let Some(pid) = self.parent_pid else {
            return std::future::pending().await;
        };
        let parent = PathBuf::from(format!("/proc/{pid}"));
        while parent.exists() {
            tokio::time::sleep(PARENT_CHECK).await;
        }
    }
}
