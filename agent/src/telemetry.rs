//! Sends log lines to standard error, as text or JSON, without payloads.

use tracing_subscriber::EnvFilter;

use crate::config::{self, LogFormat};

/// The driver logs every error of the server, with the values in its text; what an error means is
/// told by whoever asked.
const USUAL: &str = "info,tiberius=off,h2=warn,hyper=warn";

/// Starts logging; `CONNECT_LOG` narrows or widens what is written.
pub fn start(format: LogFormat) {
    let filter = config::environment("CONNECT_LOG")
        .and_then(|text| EnvFilter::try_new(text).ok())
        .unwrap_or_else(|| EnvFilter::new(USUAL));
    let builder = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr);
    let started = match format {
        LogFormat::Text => builder.with_ansi(false).try_init(),
        LogFormat::Json => builder.json().flatten_event(true).try_init(),
    };
    if let Err(error) = started {
        tracing::debug!(%error, "Logging was already started");
    }
}
