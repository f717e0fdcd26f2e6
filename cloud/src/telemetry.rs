//! Logs to standard error and metrics for Prometheus.

use std::process::ExitCode;
use std::sync::OnceLock;

use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::util::SubscriberInitExt as _;

use crate::config::{Log, LogFormat};

/// Makes aws-lc-rs the process's one TLS provider; comes before anything else.
pub fn install_crypto() {
    // A second call finds it installed, which is as good.
    rustls::crypto::aws_lc_rs::default_provider()
        .install_default()
        .ok();
}

/// Sends log lines to standard error in the format asked for.
pub fn install_logs(settings: &Log) -> anyhow::Result<()> {
    let filter = EnvFilter::try_new(&settings.filter)
        .map_err(|error| anyhow::anyhow!("setting log.filter: {error}"))?;
    let builder = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr);
    match settings.format {
        LogFormat::Text => builder.with_ansi(false).finish().try_init(),
        LogFormat::Json => builder.json().flatten_event(true).finish().try_init(),
    }
    .map_err(|error| anyhow::anyhow!("log output: {error}"))
}

/// The process's metrics, to be rendered at `/metrics`.
pub fn metrics() -> &'static PrometheusHandle {
    static METRICS: OnceLock<PrometheusHandle> = OnceLock::new();
    METRICS.get_or_init(|| {
        PrometheusBuilder::new()
            .install_recorder()
            .expect("metrics are installed once, here")
    })
}

/// What the process exits with; an error is told once, here.
pub fn exit_code(outcome: anyhow::Result<()>) -> ExitCode {
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            use std::io::Write as _;
            writeln!(std::io::stderr(), "connect-cloud: {error:#}").ok();
            ExitCode::FAILURE
        }
    }
}
