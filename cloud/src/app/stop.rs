//! The operating system's word to stop.

/// SIGTERM and SIGINT (Ctrl-C on Windows), caught from the moment this is made: before anybody is
/// told that the process is ready, or a stop in between would end it on the spot.
#[derive(Debug)]
pub struct StopSignal {
    #[cfg(unix)]
    terminate: tokio::signal::unix::Signal,
    #[cfg(unix)]
    interrupt: tokio::signal::unix::Signal,
    #[cfg(windows)]
    interrupt: tokio::signal::windows::CtrlC,
}

impl StopSignal {
    /// Catches the signals from now on.
    #[cfg(unix)]
    pub fn catch() -> std::io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};

        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
        })
    }

    /// Catches the signals from now on.
    #[cfg(windows)]
    pub fn catch() -> std::io::Result<Self> {
        let interrupt = tokio::signal::windows::ctrl_c()?;
        Ok(Self { interrupt })
    }

    /// Returns when one has come since.
    #[cfg(unix)]
    pub(super) async fn came(mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }

    /// Returns when one has come since.
    #[cfg(windows)]
    pub(super) async fn came(mut self) {
        self.interrupt.recv().await;
    }
}
