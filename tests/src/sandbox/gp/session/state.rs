//! What one connection carries from statement to statement.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use rustc_hash::FxHashMap;

use super::super::clock;
use super::super::error::SqlError;
use super::super::heap::locks::TxId;
use super::super::heap::work::Work;
use super::super::sql::run::Environment;
use super::super::sql::script::Isolation;
use super::super::sql::system::System;
use super::super::sql::{Declared, Kinds, Script};
use super::super::value::{Numeric, SqlType, Value};

/// An open transaction of a session.
#[derive(Debug)]
pub struct Open {
    pub id: TxId,
    pub count: i64,
    pub savepoints: Vec<(String, usize)>,
    pub doomed: bool,
    /// What clients know the transaction by.
    pub descriptor: u64,
}

/// A statement prepared by sp_prepare and its kin.
#[derive(Debug, Clone)]
pub struct Handle {
    pub script: Arc<Script>,
    pub declared: Arc<Declared>,
    /// The server's epoch at that time.
    pub epoch: u64,
}

/// The state of a session.
#[derive(Debug)]
pub struct State {
    pub spid: i64,
    pub database: usize,
    pub login: String,
    pub host: String,
    pub application: String,
    pub server_name: String,
    pub open: Option<Open>,
    pub lock_timeout: Option<Duration>,
    pub abort_on_error: bool,
    pub no_count: bool,
    pub no_exec: bool,
    pub implicit: bool,
    pub isolation: Isolation,
    pub row_count: i64,
    pub identity: Option<i64>,
    pub last_error: i64,
    pub caught: Option<SqlError>,
    pub handles: HashMap<i64, Handle>,
    pub next_handle: i64,
}

/// The variables of a running batch.
#[derive(Debug, Default, Clone)]
pub struct Variables {
    pub kinds: Arc<Kinds>,
    /// By lower-case name.
    pub values: FxHashMap<Arc<str>, Value>,
}

impl Variables {
    /// Declares a variable.
    pub fn declare(&mut self, name: &str, kind: SqlType, value: Value) {
        let key: Arc<str> = Arc::from(name.to_ascii_lowercase());
        Arc::make_mut(&mut self.kinds).insert(Arc::clone(&key), kind);
        self.values.insert(key, value);
    }

    /// The value of a variable, whatever the case of its name.
    pub fn find(&self, name: &str) -> Option<&Value> {
        let found = self.values.get(name);
        found.or_else(|| self.values.get(name.to_ascii_lowercase().as_str()))
    }
}

/// The state and variables a statement runs with.
#[derive(Debug)]
pub struct Scope<'a> {
    pub state: &'a State,
    pub variables: &'a Variables,
}

impl Environment for Scope<'_> {
    fn variable(&self, name: &str) -> Value {
        self.variables
            .values
            .get(name)
            .cloned()
            .unwrap_or(Value::Null)
    }

    fn system(&self, system: &System, work: &Work<'_>) -> Value {
        self.state.system(system, work)
    }
}

fn text(value: impl Into<String>) -> Value {
    Value::Text(value.into())
}

fn whole(number: i64) -> Value {
    Value::Numeric(Numeric {
        units: i128::from(number),
        scale: 0,
    })
}

const VERSION: &str = "Microsoft SQL Server 2019 - 15.0.4312.2 (X64) (Connect sandbox, not the product)\n\tDeveloper Edition (64-bit)";

fn database_property(name: &str, binary: bool) -> Value {
    match name.to_ascii_lowercase().as_str() {
        "status" => text("ONLINE"),
        "updateability" => text("READ_WRITE"),
        "recovery" => text("FULL"),
        "collation" if binary => text("Latin1_General_BIN"),
        "collation" => text("SQL_Latin1_General_CP1_CI_AS"),
        _ => Value::Null,
    }
}

/// Settings that a text run by `sp_executesql` gives back at its end.
#[derive(Debug, Clone, Copy)]
pub struct Settings {
    lock_timeout: Option<Duration>,
    abort_on_error: bool,
    no_count: bool,
    implicit: bool,
    isolation: Isolation,
}

impl State {
    /// The settings as they are.
    pub fn settings(&self) -> Settings {
        Settings {
            lock_timeout: self.lock_timeout,
            abort_on_error: self.abort_on_error,
            no_count: self.no_count,
            implicit: self.implicit,
            isolation: self.isolation,
        }
    }

    /// Puts settings back.
    pub fn restore(&mut self, settings: Settings) {
        self.lock_timeout = settings.lock_timeout;
        self.abort_on_error = settings.abort_on_error;
        self.no_count = settings.no_count;
        self.implicit = settings.implicit;
        self.isolation = settings.isolation;
    }

    /// XACT_STATE().
    pub fn health(&self) -> i64 {
        match &self.open {
            None => 0,
            Some(open) if open.doomed => -1,
            Some(_) => 1,
        }
    }

    /// SCOPE_IDENTITY().
    pub fn scope_identity(&self) -> Value {
        self.identity.map_or(Value::Null, whole)
    }

    /// @@TRANCOUNT.
    pub fn count(&self) -> i64 {
        self.open.as_ref().map_or(0, |open| open.count)
    }

    fn system(&self, system: &System, work: &Work<'_>) -> Value {
        let inner = &*work.inner;
        match system {
            System::TranCount => Value::Int(self.count()),
            System::XactState => Value::Int(self.health()),
            System::Spid => Value::Int(self.spid),
            System::RowCount => Value::Int(self.row_count),
            System::Identity => self.scope_identity(),
            System::LastError => Value::Int(self.last_error),
            System::ErrorNumber => {
                let number = self.caught.as_ref().map(|error| i64::from(error.number));
                number.map_or(Value::Null, Value::Int)
            }
            System::ErrorMessage => {
                let message = self.caught.as_ref().map(|error| error.message.clone());
                message.map_or(Value::Null, text)
            }
            System::LockTimeout => {
                let limit = self.lock_timeout.map(|limit| limit.as_millis());
                Value::Int(limit.map_or(-1, |millis| i64::try_from(millis).unwrap_or(i64::MAX)))
            }
            System::Now | System::PreciseNow => Value::Time(clock::now()),
            System::UtcNow => Value::Time(clock::utc_now()),
            System::DatabaseId(name) => {
                let found = name
                    .as_ref()
                    .map_or(Some(self.database), |name| inner.registry.database(name));
                found.map_or(Value::Null, |at| {
                    Value::Int(i64::try_from(at + 1).unwrap_or_default())
                })
            }
            System::DatabaseProperty(database, property) => {
                let known = inner.registry.database(database);
                known.map_or(Value::Null, |at| {
                    let binary = inner.registry.databases[at].binary;
                    database_property(property, binary)
                })
            }
            System::ServerProperty(name) => self.server_property(name),
            System::ObjectId(name) => self.object(name, work),
            System::SchemaId(name) => inner
                .schema_id(self.database, name)
                .map_or(Value::Null, Value::Int),
            System::ColumnLength(table, column) => self.column_length(table, column, work),
            System::Granted => Value::Int(1),
            System::TrackedVersion => inner
                .tracked_version(self.database)
                .map_or(Value::Null, Value::Int),
            System::Number(number) => Value::Int(*number),
            System::Version => text(VERSION),
            System::ServerName => text(self.server_name.clone()),
            System::Language => text("us_english"),
            System::DatabaseName => text(inner.registry.databases[self.database].name.clone()),
            System::Login => text(self.login.clone()),
            System::User => text("dbo"),
            System::Host => text(self.host.clone()),
            System::Application => text(self.application.clone()),
        }
    }

    fn server_property(&self, name: &str) -> Value {
        match name.to_ascii_lowercase().as_str() {
            "servername" => text(self.server_name.clone()),
            "machinename" | "computernamephysicalnetbios" => {
                text(self.server_name.split('\\').next().unwrap_or_default())
            }
            "instancename" => self
                .server_name
                .split_once('\\')
                .map_or(Value::Null, |(_, instance)| text(instance)),
            "productversion" => text("15.0.4312.2"),
            "productlevel" => text("RTM"),
            "edition" => text("Developer Edition (64-bit)"),
            "engineedition" => text("3"),
            "productmajorversion" => text("15"),
            "collation" => text("SQL_Latin1_General_CP1_CI_AS"),
            "isclustered" | "ishadrenabled" | "isintegratedsecurityonly" => text("0"),
            _ => Value::Null,
        }
    }

    fn object(&self, name: &str, work: &Work<'_>) -> Value {
        let (database, schema, object) = self.split(name, work);
        database
            .and_then(|database| work.inner.object_id(database, &schema, &object))
            .map_or(Value::Null, Value::Int)
    }

    /// Splits `db.schema.name`, brackets and omitted parts allowed.
    pub fn split(&self, name: &str, work: &Work<'_>) -> (Option<usize>, String, String) {
        let plain = name.replace(['[', ']', '"'], "");
        let parts: Vec<&str> = plain.split('.').collect();
        let schema = |schema: &str| {
            if schema.is_empty() {
                "dbo".to_owned()
            } else {
                schema.to_owned()
            }
        };
        match parts.as_slice() {
            [database, place, name] => (
                work.inner.registry.database(database),
                schema(place),
                (*name).to_owned(),
            ),
            [place, name] => (Some(self.database), schema(place), (*name).to_owned()),
            _ => (Some(self.database), "dbo".to_owned(), plain.clone()),
        }
    }

    fn column_length(&self, table: &str, column: &str, work: &Work<'_>) -> Value {
        let (database, schema, name) = self.split(table, work);
        let found =
            database.and_then(|database| work.inner.registry.table(database, &schema, &name));
        let kind =
            found.and_then(|table| table.column(column).map(|index| table.columns[index].kind));
        kind.map_or(Value::Null, |kind| {
            Value::Int(super::super::heap::catalogue::describe(kind).1)
        })
    }
}
