//! Everything about SQL Server: connections, the journal, eConnect calls. The only tiberius.

mod address;
mod admission;
mod answer;
mod batches;
mod binding;
mod calling;
mod company;
mod compile;
mod connection;
mod econnect;
mod error;
mod health;
mod journal;
mod numbers;
mod opening;
mod plan;
mod pool;
mod preflight;
mod prepared;
mod procedures;
mod proving;
mod queries;
mod refusal;
mod reply;
mod statements;
mod tls;
mod values;
mod view;
mod watching;
mod writing;

use std::collections::BTreeMap;
use std::sync::Arc;

use secrecy::SecretString;
use thiserror::Error;

pub use company::Company;
pub use econnect::{Progress, Request, execute, locked_failure, settle};
pub use error::SqlError;
pub use health::{Finding, examine, procedures_of, served_procedures, verify_sql};
pub use queries::{
    By, GROUPS_AT_ONCE, Looked, Mark, Own as OwnQuery, OwnProblem, QueryError, Reach,
    Request as QueryRequest, RowsRead, WATCHED, Watched, choose, described as described_queries,
    newest, noticed, printed as query_texts, rows_behind, rows_of, run as query,
};
pub use refusal::of_sql_error;
pub use statements::{ALL as STATEMENTS, grant, procedure_line, several_line};
pub use tls::{Fingerprint, TlsProblem};

use crate::config::{Config, SqlAuth, SqlTls};
use crate::state::MarkKeeper;
use address::Address;
use connection::{ConnectOptions, Login};
use tls::Trust;

/// The GP installation with its companies.
#[derive(Debug)]
pub struct Gp {
    companies: BTreeMap<String, Arc<Company>>,
    own_queries: Arc<[OwnQuery]>,
}

/// Why the GP side cannot be set up.
#[derive(Debug, Error)]
pub enum GpError {
    #[error("gp.server is not HOST, HOST,PORT or HOST\\INSTANCE")]
    Address,
    #[error("no password for the SQL login is stored; give it to `enroll --sql-password-file`")]
    NoPassword,
    #[error(transparent)]
    Config(#[from] crate::config::ConfigError),
}

impl Gp {
    /// Makes the companies of the configuration; nothing is connected yet.
    pub fn new(
        config: &Config,
        environment: &str,
        password: Option<SecretString>,
        marks: &Arc<MarkKeeper>,
    ) -> Result<Self, GpError> {
        let options = options(config, password)?;
        let allowed = Arc::new(config.allow.nodes.clone());
        let own_queries: Arc<[OwnQuery]> = config.own_queries()?.into();
        let company = |company: &crate::config::Company| {
            let made = company::CompanyConfig {
                database: company.database.clone(),
                parallel: company.parallel,
                environment: environment.to_owned(),
                environment_check: config.gp.environment_check,
                allowed: Arc::clone(&allowed) as Arc<dyn company::NodeRule>,
                own_queries: Arc::clone(&own_queries),
            };
            let made = Company::new(made, options.clone(), Arc::clone(marks));
            (company.database.clone(), Arc::new(made))
        };
        Ok(Self {
            companies: config.gp.companies.iter().map(company).collect(),
            own_queries: Arc::clone(&own_queries),
        })
    }

    pub fn company(&self, database: &str) -> Option<&Arc<Company>> {
        self.companies.get(database)
    }

    /// The queries of the owner's file.
    pub fn own_queries(&self) -> &[OwnQuery] {
        &self.own_queries
    }

    pub fn companies(&self) -> impl Iterator<Item = &Arc<Company>> {
        self.companies.values()
    }
}

fn options(config: &Config, password: Option<SecretString>) -> Result<ConnectOptions, GpError> {
    let gp = &config.gp;
    let login = match gp.auth {
        SqlAuth::Windows => Login::Windows,
        SqlAuth::Sql => Login::Sql {
            user: gp.user.clone().unwrap_or_default(),
            password: password.ok_or(GpError::NoPassword)?,
        },
    };
    Ok(ConnectOptions {
        address: Address::parse(&gp.server).ok_or(GpError::Address)?,
        trust: match (gp.fingerprint, gp.tls) {
            (Some(fingerprint), _) => Trust::Fingerprint(fingerprint),
            (None, SqlTls::Ca) => Trust::Authority(gp.ca_file.clone()),
            (None, SqlTls::Trust) => Trust::Any,
        },
        certificate_name: gp.certificate_name.clone(),
        login,
        system_database: gp.system_database.clone(),
        lock_timeout_ms: gp.lock_timeout_ms,
    })
}
