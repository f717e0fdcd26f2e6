//! Watches the process that started us, so that a killed test leaves nothing running.

use std::path::PathBuf;
use std::time::Duration;

const LOOK_EVERY: Duration = Duration::from_millis(250);

/// Returns when the process is gone; never, when none is named.
pub(super) async fn gone(pid: Option<u32>) {
    let Some(pid) = pid else {
        return std::future::pending().await;
    };
    let entry = PathBuf::from(format!("/proc/{pid}"));
    let ours = is_parent(pid);
    // A dead parent may stay visible as a zombie: losing it as our parent counts too.
    while entry.exists() && (!ours || is_parent(pid)) {
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

#[cfg(unix)]
fn is_parent(pid: u32) -> bool {
    std::os::unix::process::parent_id() == pid
}

#[cfg(not(unix))]
fn is_parent(_: u32) -> bool {
    false
}
