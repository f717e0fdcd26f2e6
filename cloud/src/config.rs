//! Settings: the defaults, a file over them, the environment over both; anything unknown is an error.

pub mod environment;
mod layers;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use secrecy::SecretString;
use serde::Deserialize;

pub use layers::{Layers, Origin};

/// Why the settings cannot be used; names the key and where it came from.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file is not there or not readable.
    #[error("configuration file {path}: {source}")]
    File {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// The file is not TOML.
    #[error("configuration file {path} is not TOML: {message}")]
    Syntax {
        /// The file.
        path: PathBuf,
        /// Where and why.
        message: String,
    },
    /// No such key.
    #[error("unknown setting {key} (from {origin}){hint}")]
    UnknownKey {
        /// `web.listn`.
        key: String,
        /// Who set it.
        origin: Origin,
        /// A near name, if any.
        hint: String,
    },
    /// A value the key cannot take.
    #[error("setting {key} (from {origin}): {message}")]
    BadValue {
        /// `web.listen`.
        key: String,
        /// Who set it.
        origin: Origin,
        /// What it takes.
        message: String,
    },
}

/// All settings.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Web API and webhooks.
    pub web: Web,
    /// The agents' listener.
    pub tunnel: Tunnel,
    /// Metrics and health.
    pub admin: Admin,
    /// The database.
    pub database: Database,
    /// The master key.
    pub secrets: Secrets,
    /// Log output.
    pub log: Log,
    /// Workers of this process.
    pub worker: Worker,
    /// Sizes and times nothing may exceed.
    pub limits: Limits,
    /// Business time.
    pub clock: Clock,
}

/// `[web]`
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Web {
    /// Address to bind.
    pub listen: SocketAddr,
    /// How others reach it; empty: the address bound.
    pub public_url: String,
}

/// `[tunnel]`
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tunnel {
    /// Address to bind.
    pub listen: SocketAddr,
    /// How agents reach it; empty: the address bound.
    pub public_url: String,
    /// Names in the server certificate.
    pub server_names: Vec<String>,
    /// Own certificate chain; empty: issued by the private CA.
    pub certificate_file: String,
    /// Key of the own certificate.
    pub private_key_file: String,
    /// Time for one TLS handshake.
    pub handshake_timeout_seconds: u64,
    /// Time between two heartbeats.
    pub heartbeat_seconds: u32,
    /// Age at which a session is asked to reconnect, give or take a tenth.
    pub session_max_age_seconds: u32,
    /// Time between two looks for open commands.
    pub poll_ms: u64,
}

/// `[admin]`
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Admin {
    /// Address to bind.
    pub listen: SocketAddr,
}

/// `[database]`
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Database {
    /// Where it is; may hold a password.
    pub url: SecretString,
    /// Size of the pool.
    pub connections: u32,
}

/// `[secrets]`
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Secrets {
    /// File with the master key.
    pub master_key_file: PathBuf,
    /// Whether a first start makes the file.
    pub create_if_missing: bool,
    /// The key itself; empty: taken from the file.
    pub master_key: SecretString,
}

/// How log lines look.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LogFormat {
    /// For people.
    Text,
    /// For machines.
    Json,
}

/// `[log]`
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Log {
    /// How lines look.
    pub format: LogFormat,
    /// Which lines are written.
    pub filter: String,
}

/// `[worker]`
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Worker {
    /// Whether this process works on lanes.
    pub enabled: bool,
    /// Lanes worked on at once.
    pub parallel: usize,
    /// Silence after which a worker loses its lanes.
    pub lease_seconds: u32,
    /// Time between two looks for lanes.
    pub poll_ms: u64,
}

/// `[limits]`
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Limits {
    /// One webhook's body.
    pub webhook_body_bytes: usize,
    /// One API request's body.
    pub request_body_bytes: usize,
    /// One document through the tunnel.
    pub document_bytes: usize,
    /// Time a shutdown gives to work in progress.
    pub shutdown_seconds: u64,
    /// Lets calls to stores reach loopback, private and link-local addresses.
    pub allow_private_networks: bool,
    /// Calls at one time to one store.
    pub store_calls: usize,
    /// Time for one call to a store.
    pub store_timeout_seconds: u64,
}

/// `[clock]`
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Clock {
    /// How far business time runs ahead.
    pub offset_seconds: i64,
}

impl Config {
    /// Reads defaults, file and environment.
    pub fn load(file: Option<&Path>) -> Result<Self, ConfigError> {
        Self::from_layers(&Layers::load(file)?)
    }

    /// The settings that the layers amount to, checked.
    pub fn from_layers(layers: &Layers) -> Result<Self, ConfigError> {
        let config: Self = layers.decode()?;
        config.check(layers)?;
        Ok(config)
    }

    /// Time a TLS handshake may take.
    pub fn handshake_timeout(&self) -> Duration {
        Duration::from_secs(self.tunnel.handshake_timeout_seconds)
    }

    fn check(&self, layers: &Layers) -> Result<(), ConfigError> {
        self.check_numbers(layers)?;
        self.check_tunnel(layers)?;
        for (key, url) in [
            ("web.public_url", &self.web.public_url),
            ("tunnel.public_url", &self.tunnel.public_url),
        ] {
            let fine = url.is_empty()
                || ((url.starts_with("http://") || url.starts_with("https://"))
                    && !url.ends_with('/'));
            layers.demand(
                key,
                fine,
                "must be http:// or https:// without a slash at its end",
            )?;
        }
        layers.demand(
            "clock.offset_seconds",
            self.clock.offset_seconds == 0 || cfg!(feature = "crash-points"),
            "is only there in test builds",
        )
    }

    fn check_numbers(&self, layers: &Layers) -> Result<(), ConfigError> {
        let tunnel = &self.tunnel;
        let positive = [
            (
                "tunnel.handshake_timeout_seconds",
                tunnel.handshake_timeout_seconds,
            ),
            (
                "tunnel.heartbeat_seconds",
                u64::from(tunnel.heartbeat_seconds),
            ),
            ("tunnel.poll_ms", tunnel.poll_ms),
            ("database.connections", u64::from(self.database.connections)),
            ("worker.parallel", self.worker.parallel as u64),
            ("worker.lease_seconds", u64::from(self.worker.lease_seconds)),
            ("worker.poll_ms", self.worker.poll_ms),
            ("limits.store_calls", self.limits.store_calls as u64),
            (
                "limits.store_timeout_seconds",
                self.limits.store_timeout_seconds,
            ),
        ];
        for (key, value) in positive {
            layers.demand(key, value > 0, "must be more than 0")?;
        }
        layers.demand(
            "tunnel.session_max_age_seconds",
            tunnel.session_max_age_seconds >= 60,
            "must be at least 60",
        )
    }

    fn check_tunnel(&self, layers: &Layers) -> Result<(), ConfigError> {
        let tunnel = &self.tunnel;
        layers.demand(
            "tunnel.private_key_file",
            tunnel.certificate_file.is_empty() == tunnel.private_key_file.is_empty(),
            "goes together with tunnel.certificate_file",
        )?;
        layers.demand(
            "tunnel.server_names",
            !tunnel.server_names.is_empty() || !tunnel.certificate_file.is_empty(),
            "needs at least one name",
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn load(file: &str, variables: &[(&str, &str)]) -> Result<Config, ConfigError> {
        let mut layers = Layers::defaults();
        layers.add_file(Path::new("site.toml"), file)?;
        for (name, value) in variables {
            layers.add_variable(name, value)?;
        }
        Config::from_layers(&layers)
    }

    #[test]
    fn the_environment_wins_over_the_file_and_the_file_over_the_defaults() {
        let config = load(
            "[web]\nlisten = \"127.0.0.1:1\"\n[admin]\nlisten = \"127.0.0.1:2\"",
            &[("CONNECT__WEB__LISTEN", "127.0.0.1:3")],
        )
        .expect("loads");
        assert_eq!(config.web.listen.port(), 3);
        assert_eq!(config.admin.listen.port(), 2);
        assert_eq!(config.tunnel.listen.port(), 7443);
    }

    #[test]
    fn what_is_wrong_is_named_with_its_place() {
        #[expect(clippy::type_complexity, reason = "a table of cases")]
        let cases: &[(&str, &[(&str, &str)], &str)] = &[
            (
                "[web]\nlistn = \"x\"",
                &[],
                "unknown setting web.listn (from file site.toml)",
            ),
            ("[wep]\nlisten = \"x\"", &[], "unknown setting wep"),
            (
                "[web]\nlisten = 1",
                &[],
                "setting web.listen (from file site.toml): must be text",
            ),
            (
                "[web]\nlisten = \"nowhere\"",
                &[],
                "setting web.listen (from file site.toml)",
            ),
            (
                "",
                &[("CONNECT__WORKER__PARALLEL", "many")],
                "setting worker.parallel (from CONNECT__WORKER__PARALLEL)",
            ),
            (
                "",
                &[("CONNECT__WORKER__PARALEL", "1")],
                "unknown setting worker.paralel",
            ),
            (
                "",
                &[("CONNECT__WORKER__PARALLEL", "0")],
                "setting worker.parallel (from CONNECT__WORKER__PARALLEL): must be more than 0",
            ),
            (
                "[log]\nformat = \"xml\"",
                &[],
                "setting log.format (from file site.toml)",
            ),
            (
                "[tunnel]\ncertificate_file = \"a\"",
                &[],
                "setting tunnel.private_key_file",
            ),
            (
                "[database]\nconnections = -1",
                &[],
                "setting database.connections",
            ),
        ];
        for (file, variables, expected) in cases {
            let text = load(file, variables).expect_err(expected).to_string();
            assert!(text.contains(expected), "{text:?} should say {expected:?}");
        }
    }

    #[test]
    fn lists_come_from_the_environment_with_commas() {
        let config = load(
            "",
            &[("CONNECT__TUNNEL__SERVER_NAMES", "a.example, 10.0.0.1")],
        )
        .expect("loads");
        assert_eq!(config.tunnel.server_names, ["a.example", "10.0.0.1"]);
    }

    #[test]
    fn the_effective_settings_hide_secrets() {
        let mut layers = Layers::defaults();
        layers
            .add_variable("CONNECT__SECRETS__MASTER_KEY", "abcdef0123")
            .expect("known");
        layers
            .add_variable(
                "CONNECT__DATABASE__URL",
                "postgres://connect:hunter2@db/connect",
            )
            .expect("known");
        let text = layers.describe();
        assert!(!text.contains("abcdef0123") && !text.contains("hunter2"));
        assert!(text.contains("postgres://connect:***@db/connect"));
        assert!(text.contains("web.listen = \"127.0.0.1:7080\" # default"));
    }
}
