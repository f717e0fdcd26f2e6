//! Named points at which a test may end the process, as a power cut would.

/// Every crash point of the agent, in the order a command passes them.
pub const POINTS: &[&str] = &[
    "agent.command.received",
    "agent.number.reserved",
    "agent.journal.written",
    "agent.document.called",
    "agent.commit.before",
    "agent.commit.after",
    "agent.result.sent",
];

/// Ends the process at once when the environment asks for this point; otherwise does nothing.
#[cfg(feature = "crash-points")]
pub fn point(name: &'static str) {
    debug_assert!(POINTS.contains(&name), "unlisted crash point {name}");
    armed::pass(name);
}

/// Does nothing: this build has no crash points.
#[cfg(not(feature = "crash-points"))]
#[inline]
pub fn point(_name: &'static str) {}

#[cfg(feature = "crash-points")]
mod armed {
    use std::sync::OnceLock;
    use std::sync::atomic::{AtomicU32, Ordering};

    struct Armed {
        name: String,
        passes_left: AtomicU32,
    }

    pub(super) fn pass(name: &str) {
        let Some(armed) = armed() else { return };
        if armed.name == name && armed.passes_left.fetch_sub(1, Ordering::SeqCst) == 1 {
            kill();
        }
    }

    fn armed() -> Option<&'static Armed> {
        static ARMED: OnceLock<Option<Armed>> = OnceLock::new();
        ARMED
            .get_or_init(|| parse(&crate::config::environment("CONNECT_CRASH_POINT")?))
            .as_ref()
    }

    fn parse(text: &str) -> Option<Armed> {
        let (name, pass) = text.split_once(':').unwrap_or((text, "1"));
        let passes = pass.parse().ok().filter(|n| *n > 0)?;
        Some(Armed {
            name: name.to_owned(),
            passes_left: AtomicU32::new(passes),
        })
    }

    #[cfg(unix)]
    fn kill() -> ! {
        let me = rustix::process::getpid();
        if rustix::process::kill_process(me, rustix::process::Signal::KILL).is_err() {
            std::process::abort();
        }
        loop {
            std::thread::park();
        }
    }

    #[cfg(not(unix))]
    fn kill() -> ! {
        std::process::abort()
    }
}
