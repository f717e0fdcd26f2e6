//! Named points where a test makes the process die on the spot; nothing at all in other builds.

use std::process::ExitCode;

/// Every point of this binary: those of the packaged flow in the order an event passes them, then
/// those of steps that it does not have.
pub const POINTS: &[&str] = &[
    "cloud.event.stored",
    "cloud.intent.stored",
    "cloud.command.sent",
    "cloud.result.received",
    "cloud.step.settled",
    "cloud.store.marked",
    "cloud.wait.stored",
    "cloud.parts.begun",
    "cloud.parts.awaited",
];

#[cfg(feature = "crash-points")]
pub use armed::{list_asked_for, point};

/// Dies here when armed; this build never is.
#[cfg(not(feature = "crash-points"))]
#[inline]
pub fn point(_name: &str) {}

/// Whether the names were asked for; this build has none to give.
#[cfg(not(feature = "crash-points"))]
pub fn list_asked_for() -> bool {
    false
}

/// Prints the points' names, one a line.
pub fn print_list() -> ExitCode {
    use std::io::Write as _;

    let mut out = std::io::stdout().lock();
    for name in POINTS {
        if writeln!(out, "{name}").is_err() {
            return ExitCode::FAILURE;
        }
    }
    ExitCode::SUCCESS
}

#[cfg(feature = "crash-points")]
mod armed {
    use std::sync::OnceLock;
    use std::sync::atomic::{AtomicU64, Ordering};

    use rustix::process::{Signal, getpid, kill_process};

    use crate::config::environment;

    struct Armed {
        name: String,
        left: AtomicU64,
    }

    static ARMED: OnceLock<Option<Armed>> = OnceLock::new();

    /// Kills the process without any clean-up when `CONNECT_CRASH_POINT` names this point.
    pub fn point(name: &str) {
        debug_assert!(super::POINTS.contains(&name), "unlisted crash point {name}");
        let Some(armed) = ARMED.get_or_init(read) else {
            return;
        };
        if armed.name == name && armed.left.fetch_sub(1, Ordering::SeqCst) == 1 {
            tracing::error!(crash.point = name, "dying at a crash point");
            kill_process(getpid(), Signal::KILL).ok();
            std::process::abort();
        }
    }

    /// Whether `CONNECT_CRASH_LIST=1` asks for the names instead of a run.
    pub fn list_asked_for() -> bool {
        environment::variable("CONNECT_CRASH_LIST").as_deref() == Some("1")
    }

    fn read() -> Option<Armed> {
        let text = environment::variable("CONNECT_CRASH_POINT")?;
        let (name, pass) = text.split_once(':').unwrap_or((&text, "1"));
        Some(Armed {
            name: name.to_owned(),
            left: AtomicU64::new(pass.parse().unwrap_or(1)),
        })
    }
}
