//! Puts the settings' sources over one another, remembering where each value came from.

use std::collections::BTreeMap;
use std::fmt::{self, Write as _};
use std::path::{Path, PathBuf};

use serde::de::DeserializeOwned;
use toml::{Table, Value};

use super::{ConfigError, environment};

const DEFAULTS: &str = include_str!("../../config.default.toml");
const PREFIX: &str = "CONNECT__";
const MASK: &str = "***";

/// Who set a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// The built-in defaults.
    Default,
    /// A configuration file.
    File(PathBuf),
    /// An environment variable.
    Variable(String),
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::File(path) => write!(f, "file {}", path.display()),
            Self::Variable(name) => f.write_str(name),
        }
    }
}

/// The merged settings before they are decoded.
#[derive(Debug)]
pub struct Layers {
    values: BTreeMap<String, (Value, Origin)>,
}

impl Layers {
    /// Defaults, then the file, then the environment.
    pub fn load(file: Option<&Path>) -> Result<Self, ConfigError> {
        let mut layers = Self::defaults();
        if let Some(path) = file {
            let text = std::fs::read_to_string(path).map_err(|source| ConfigError::File {
                path: path.to_owned(),
                source,
            })?;
            layers.add_file(path, &text)?;
        }
        for (name, value) in environment::with_prefix(PREFIX) {
            layers.add_variable(&name, &value)?;
        }
        Ok(layers)
    }

    /// Only the built-in defaults; they also say which keys exist and what type each has.
    pub fn defaults() -> Self {
        let table: Table = DEFAULTS.parse().expect("the built-in defaults are TOML");
        let mut values = BTreeMap::new();
        for (key, value) in flatten(table) {
            values.insert(key, (value, Origin::Default));
        }
        Self { values }
    }

    /// Puts a file's values over what is there.
    pub fn add_file(&mut self, path: &Path, text: &str) -> Result<(), ConfigError> {
        let table: Table = text
            .parse()
            .map_err(|error: toml::de::Error| ConfigError::Syntax {
                path: path.to_owned(),
                message: error.to_string(),
            })?;
        for (key, value) in flatten(table) {
            self.set(key, value, Origin::File(path.to_owned()))?;
        }
        Ok(())
    }

    /// Puts one environment variable's value over what is there.
    pub fn add_variable(&mut self, name: &str, text: &str) -> Result<(), ConfigError> {
        let key = name
            .trim_start_matches(PREFIX)
            .to_ascii_lowercase()
            .replace("__", ".");
        let origin = Origin::Variable(name.to_owned());
        let Some((known, _)) = self.values.get(&key) else {
            return Err(self.unknown(key, origin));
        };
        let Some(value) = parse_like(known, text) else {
            let message = format!("must be {}", kind(known));
            return Err(ConfigError::BadValue {
                key,
                origin,
                message,
            });
        };
        self.set(key, value, origin)
    }

    /// The settings as a struct.
    pub fn decode<T: DeserializeOwned>(&self) -> Result<T, ConfigError> {
        let mut table = Table::new();
        for (key, (value, _)) in &self.values {
            insert(&mut table, key, value.clone());
        }
        T::deserialize(Value::Table(table)).map_err(|error| self.undecodable(&error))
    }

    /// Refuses the settings when a condition on one key does not hold.
    pub fn demand(&self, key: &str, holds: bool, message: &str) -> Result<(), ConfigError> {
        if holds {
            return Ok(());
        }
        Err(ConfigError::BadValue {
            key: key.to_owned(),
            origin: self.origin(key),
            message: message.to_owned(),
        })
    }

    /// One line a key with value and origin, secrets masked; valid TOML.
    pub fn describe(&self) -> String {
        let mut text = String::new();
        for (key, (value, origin)) in &self.values {
            let shown = masked(key, value);
            writeln!(text, "{key} = {shown} # {origin}").expect("text takes text");
        }
        text
    }

    fn set(&mut self, key: String, value: Value, origin: Origin) -> Result<(), ConfigError> {
        let Some((known, _)) = self.values.get(&key) else {
            return Err(self.unknown(key, origin));
        };
        if known.type_str() != value.type_str() {
            let message = format!("must be {}", kind(known));
            return Err(ConfigError::BadValue {
                key,
                origin,
                message,
            });
        }
        self.values.insert(key, (value, origin));
        Ok(())
    }

    fn origin(&self, key: &str) -> Origin {
        self.values
            .get(key)
            .map_or(Origin::Default, |(_, origin)| origin.clone())
    }

    fn unknown(&self, key: String, origin: Origin) -> ConfigError {
        let last = key.rsplit('.').next().unwrap_or(&key).to_owned();
        let near = self
            .values
            .keys()
            .find(|known| known.rsplit('.').next() == Some(last.as_str()));
        let hint = near.map_or_else(String::new, |near| format!("; did you mean {near}?"));
        ConfigError::UnknownKey { key, origin, hint }
    }

    fn undecodable(&self, error: &toml::de::Error) -> ConfigError {
        let text = error.to_string();
        let key = text
            .lines()
            .find_map(|line| line.strip_prefix("in `")?.strip_suffix('`'))
            .unwrap_or_default()
            .to_owned();
        ConfigError::BadValue {
            origin: self.origin(&key),
            key,
            message: error.message().to_owned(),
        }
    }
}

fn flatten(table: Table) -> Vec<(String, Value)> {
    let mut flat = Vec::new();
    for (section, value) in table {
        match value {
            Value::Table(inner) => {
                for (key, value) in inner {
                    flat.push((format!("{section}.{key}"), value));
                }
            }
            Value::String(_)
            | Value::Integer(_)
            | Value::Float(_)
            | Value::Boolean(_)
            | Value::Datetime(_)
            | Value::Array(_) => flat.push((section, value)),
        }
    }
    flat
}

fn insert(table: &mut Table, key: &str, value: Value) {
    let (section, name) = key.split_once('.').unwrap_or(("", key));
    let inner = table
        .entry(section)
        .or_insert_with(|| Value::Table(Table::new()));
    if let Value::Table(inner) = inner {
        inner.insert(name.to_owned(), value);
    }
}

fn parse_like(known: &Value, text: &str) -> Option<Value> {
    match known {
        Value::String(_) => Some(Value::String(text.to_owned())),
        Value::Integer(_) => text.parse().ok().map(Value::Integer),
        Value::Float(_) => text.parse().ok().map(Value::Float),
        Value::Boolean(_) => text.parse().ok().map(Value::Boolean),
        Value::Array(_) => Some(Value::Array(
            text.split(',')
                .map(str::trim)
                .filter(|item| !item.is_empty())
                .map(|item| Value::String(item.to_owned()))
                .collect(),
        )),
        Value::Datetime(_) | Value::Table(_) => None,
    }
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::String(_) => "text",
        Value::Integer(_) => "a whole number",
        Value::Float(_) => "a number",
        Value::Boolean(_) => "true or false",
        Value::Array(_) => "a list",
        Value::Datetime(_) => "a time",
        Value::Table(_) => "a section",
    }
}

fn masked(key: &str, value: &Value) -> Value {
    match (key, value) {
        ("secrets.master_key", Value::String(text)) if !text.is_empty() => {
            Value::String(MASK.to_owned())
        }
        ("database.url", Value::String(url)) => Value::String(without_password(url)),
        _ => value.clone(),
    }
}

fn without_password(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else {
        return url.to_owned();
    };
    // PostgreSQL takes passwords as parameters too.
    let (rest, parameters) = match rest.split_once('?') {
        Some((rest, parameters)) if parameters.contains("pass") => (rest, "?***"),
        Some(_) | None => (rest, ""),
    };
    let Some((login, place)) = rest.rsplit_once('@') else {
        return format!("{scheme}://{rest}{parameters}");
    };
    let user = login.split(':').next().unwrap_or_default();
    format!("{scheme}://{user}:{MASK}@{place}{parameters}")
}
