//! Reads the agent's TOML file and the few environment variables it honours.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use secrecy::SecretString;
use serde::Deserialize;
use thiserror::Error;

use crate::sqlserver;

/// Everything the owner of the machine decides.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Certificates, high marks and, off Windows, the sealed secrets.
    pub state_dir: PathBuf,
    #[serde(default)]
    pub log_format: LogFormat,
    pub cloud: Cloud,
    pub gp: Gp,
    #[serde(default)]
    pub allow: Allow,
    #[serde(default)]
    pub secrets: Secrets,
    /// Queries that the cloud may name beside the agent's own, as `own.NAME`.
    #[serde(default)]
    pub queries: BTreeMap<String, OwnQuery>,
}

/// How log lines are written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    #[default]
    Text,
    Json,
}

/// Where the cloud is and how it is recognised.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cloud {
    pub enroll_url: String,
    pub tunnel_url: String,
    /// PEM file of the authority that signs the cloud's server certificate.
    pub ca_file: PathBuf,
    /// HTTP proxy to tunnel through, for instance `http://proxy.example:3128`.
    #[serde(default)]
    pub proxy: Option<String>,
}

/// The GP installation the agent serves.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Gp {
    /// `HOST`, `HOST,PORT` or `HOST\INSTANCE`.
    pub server: String,
    #[serde(default)]
    pub tls: SqlTls,
    #[serde(default)]
    pub ca_file: Option<PathBuf>,
    /// SHA-256 fingerprint of the server's certificate, which is then judged by it alone.
    #[serde(default)]
    pub fingerprint: Option<sqlserver::Fingerprint>,
    /// Name in the server's certificate, when it differs from the host.
    #[serde(default)]
    pub certificate_name: Option<String>,
    #[serde(default)]
    pub auth: SqlAuth,
    #[serde(default)]
    pub user: Option<String>,
    #[serde(default)]
    pub password_env: Option<String>,
    #[serde(default)]
    pub password_file: Option<PathBuf>,
    #[serde(default = "default_system_database")]
    pub system_database: String,
    /// Whether a company bound to another environment is refused.
    #[serde(default = "yes")]
    pub environment_check: bool,
    /// How long a statement waits for a lock before the document is tried again.
    #[serde(default = "default_lock_timeout_ms")]
    pub lock_timeout_ms: u32,
    pub companies: Vec<Company>,
}

/// How the SQL Server's certificate is judged.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SqlTls {
    /// By `ca_file`, or by the machine's own authorities when none is given.
    #[default]
    Ca,
    /// Encrypted, but any certificate will do.
    Trust,
}

/// Who the agent is to SQL Server.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SqlAuth {
    #[default]
    Sql,
    Windows,
}

/// One company database.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Company {
    pub database: String,
    /// Documents worked on at once.
    #[serde(default = "default_parallel")]
    pub parallel: u32,
}

/// What the owner allows beyond the built-in catalogue.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Allow {
    /// Procedures of the site that documents may name as nodes.
    #[serde(default)]
    pub nodes: BTreeSet<String>,
}

/// A query of the owner: one SELECT, its parameters with their types, and how its rows page.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OwnQuery {
    pub sql: String,
    /// What it is for, as the console shows it.
    #[serde(default)]
    pub text: String,
    #[serde(default)]
    pub parameters: BTreeMap<String, String>,
    /// Columns that order its rows and tell them apart.
    pub page_key: Vec<String>,
}

/// Where secrets are kept off Windows.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Secrets {
    /// File with the 32-byte sealing key; by default `CREDENTIALS_DIRECTORY/connect-agent-key`,
    /// else a file in `state_dir`.
    #[serde(default)]
    pub key_file: Option<PathBuf>,
}

/// Why a configuration is not usable; each names the key.
#[derive(Debug, Error)]
pub enum ConfigError {
    #[error("cannot read {path}")]
    Read {
        path: PathBuf,
        source: std::io::Error,
    },
    #[error("{path} is not valid: {source}")]
    Parse {
        path: PathBuf,
        source: Box<toml::de::Error>,
    },
    #[error("{key} is not usable: {problem}")]
    Value { key: String, problem: String },
}

impl Config {
    /// Reads and checks the file.
    pub fn load(path: &Path) -> Result<Self, ConfigError> {
        let text = std::fs::read_to_string(path).map_err(|source| ConfigError::Read {
            path: path.to_owned(),
            source,
        })?;
        let config: Self = toml::from_str(&text).map_err(|source| ConfigError::Parse {
            path: path.to_owned(),
            source: Box::new(source),
        })?;
        config.check()?;
        Ok(config)
    }

    fn check(&self) -> Result<(), ConfigError> {
        https("cloud.enroll_url", &self.cloud.enroll_url)?;
        https("cloud.tunnel_url", &self.cloud.tunnel_url)?;
        if let Some(proxy) = &self.cloud.proxy
            && !proxy.starts_with("http://")
        {
            return Err(value("cloud.proxy", "it must begin with http://"));
        }
        database("gp.system_database", &self.gp.system_database)?;
        if self.gp.companies.is_empty() {
            return Err(value("gp.companies", "name at least one company database"));
        }
        let mut seen = BTreeSet::new();
        for company in &self.gp.companies {
            database("gp.companies.database", &company.database)?;
            if !(1..=64).contains(&company.parallel) {
                return Err(value("gp.companies.parallel", "it must be 1 to 64"));
            }
            if !seen.insert(company.database.to_ascii_uppercase()) {
                return Err(value("gp.companies.database", "a company is named twice"));
            }
        }
        self.own_queries()?;
        if self.gp.auth == SqlAuth::Sql && self.gp.user.is_none() {
            return Err(value("gp.user", "SQL authentication needs a login name"));
        }
        let otherwise = self.gp.tls == SqlTls::Trust || self.gp.ca_file.is_some();
        if self.gp.fingerprint.is_some() && otherwise {
            return Err(value(
                "gp.fingerprint",
                "the certificate is judged by it alone: remove it, or gp.ca_file and gp.tls",
            ));
        }
        if self.gp.auth == SqlAuth::Windows && !cfg!(windows) {
            return Err(value(
                "gp.auth",
                "windows authentication works on Windows only",
            ));
        }
        Ok(())
    }

    /// The owner's queries, checked.
    pub fn own_queries(&self) -> Result<Vec<sqlserver::OwnQuery>, ConfigError> {
        let query = |(name, query): (&String, &OwnQuery)| {
            let OwnQuery {
                sql,
                text,
                parameters,
                page_key,
            } = query;
            let made = sqlserver::OwnQuery::new(name, (text, sql), parameters, page_key);
            made.map_err(|wrong| {
                let key = ["queries", name, wrong.key.as_str()].join(".");
                value(key.trim_end_matches('.'), &wrong.problem)
            })
        };
        self.queries.iter().map(query).collect()
    }

    /// The SQL password given through the environment or a file, if any.
    pub fn configured_password(&self) -> Result<Option<SecretString>, ConfigError> {
        if let Some(name) = &self.gp.password_env {
            return environment(name)
                .map(|text| Some(SecretString::from(text)))
                .ok_or_else(|| value("gp.password_env", "that variable is not set"));
        }
        self.gp
            .password_file
            .as_deref()
            .map(read_secret_file)
            .transpose()
    }

    /// The file that holds the sealing key, when it is not the one in `state_dir`.
    pub fn sealing_key_file(&self) -> Option<PathBuf> {
        self.secrets.key_file.clone().or_else(|| {
            let file =
                PathBuf::from(environment("CREDENTIALS_DIRECTORY")?).join("connect-agent-key");
            file.is_file().then_some(file)
        })
    }
}

/// Reads a file that holds one secret, without its line end.
pub fn read_secret_file(path: &Path) -> Result<SecretString, ConfigError> {
    let text = std::fs::read_to_string(path).map_err(|source| ConfigError::Read {
        path: path.to_owned(),
        source,
    })?;
    Ok(SecretString::from(text.trim_end_matches(['\r', '\n'])))
}

/// Reads an environment variable; the only place that does.
#[expect(
    clippy::disallowed_methods,
    reason = "the place that reads the environment"
)]
pub fn environment(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|text| !text.is_empty())
}

fn https(key: &str, url: &str) -> Result<(), ConfigError> {
    if url.starts_with("https://") {
        Ok(())
    } else {
        Err(value(key, "it must begin with https://"))
    }
}

/// Database names reach SQL text as identifiers, so only plain ones are taken.
fn database(key: &str, name: &str) -> Result<(), ConfigError> {
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '_';
    if !name.is_empty() && name.len() <= 64 && name.chars().all(plain) {
        return Ok(());
    }
    Err(value(
        key,
        "a database name has letters, digits and underscores only",
    ))
}

fn value(key: &str, problem: &str) -> ConfigError {
    ConfigError::Value {
        key: key.to_owned(),
        problem: problem.to_owned(),
    }
}

fn default_system_database() -> String {
    "DYNAMICS".to_owned()
}

fn default_parallel() -> u32 {
    4
}

fn default_lock_timeout_ms() -> u32 {
    2_000
}

fn yes() -> bool {
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = r#"
        state_dir = "/tmp/x"
        [cloud]
        enroll_url = "https://127.0.0.1:7443"
        tunnel_url = "https://127.0.0.1:7443"
        ca_file = "ca.pem"
        [gp]
        server = "127.0.0.1,14330"
        user = "connect_agent"
        [[gp.companies]]
        database = "TWO"
    "#;

    fn problem(text: &str) -> String {
        match toml::from_str::<Config>(text) {
            Ok(config) => config.check().expect_err("a problem").to_string(),
            Err(error) => error.to_string(),
        }
    }

    #[test]
    fn a_small_file_is_enough() {
        let config: Config = toml::from_str(GOOD).expect("valid");
        config.check().expect("usable");
        assert_eq!(config.gp.companies[0].parallel, 4);
        assert_eq!(config.gp.system_database, "DYNAMICS");
    }

    #[test]
    fn a_wrong_key_or_value_is_named() {
        assert!(problem(&GOOD.replace("server", "sever")).contains("sever"));
        assert!(problem(&GOOD.replace("\"TWO\"", "\"TWO]; DROP\"")).contains("gp.companies"));
        assert!(problem(&GOOD.replacen("https", "http", 1)).contains("cloud.enroll_url"));
    }
}
