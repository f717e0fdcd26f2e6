//! Values the server itself supplies: @@variables and functions about session, server and database.

use super::super::value::SqlType;

/// One such value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum System {
    TranCount,
    XactState,
    Spid,
    RowCount,
    Identity,
    LastError,
    ErrorNumber,
    ErrorMessage,
    LockTimeout,
    Version,
    ServerName,
    Language,
    Now,
    UtcNow,
    PreciseNow,
    DatabaseName,
    DatabaseId(Option<String>),
    Login,
    User,
    Host,
    Application,
    ServerProperty(String),
    DatabaseProperty(String, String),
    ObjectId(String),
    SchemaId(String),
    ColumnLength(String, String),
    /// Rights, roles: the sandbox's one login may do everything.
    Granted,
    /// Of change tracking.
    TrackedVersion,
    Number(i64),
}

impl System {
    /// The type of the value.
    pub fn kind(&self) -> SqlType {
        match self {
            System::TranCount
            | System::RowCount
            | System::LastError
            | System::ErrorNumber
            | System::LockTimeout
            | System::ObjectId(_)
            | System::SchemaId(_)
            | System::Granted
            | System::Number(_) => SqlType::Int,
            System::XactState | System::Spid | System::DatabaseId(_) | System::ColumnLength(..) => {
                SqlType::SmallInt
            }
            System::Identity => SqlType::Numeric(38, 0),
            System::Version | System::ErrorMessage => SqlType::NVarChar(Some(4000)),
            System::Now | System::UtcNow => SqlType::DateTime,
            System::PreciseNow => SqlType::DateTime2(7),
            System::ServerName
            | System::Language
            | System::DatabaseName
            | System::Login
            | System::User
            | System::Host
            | System::Application
            | System::ServerProperty(_)
            | System::DatabaseProperty(..) => SqlType::NVarChar(Some(128)),
            System::TrackedVersion => SqlType::BigInt,
        }
    }

    /// A `@@` variable by its name.
    pub fn variable(name: &str) -> Option<System> {
        Some(match name.to_ascii_uppercase().as_str() {
            "@@TRANCOUNT" => System::TranCount,
            "@@SPID" => System::Spid,
            "@@ROWCOUNT" => System::RowCount,
            "@@IDENTITY" => System::Identity,
            "@@ERROR" => System::LastError,
            "@@VERSION" => System::Version,
            "@@SERVERNAME" | "@@SERVICENAME" => System::ServerName,
            "@@LOCK_TIMEOUT" => System::LockTimeout,
            "@@LANGUAGE" => System::Language,
            "@@DATEFIRST" => System::Number(7),
            "@@TEXTSIZE" => System::Number(i64::from(i32::MAX)),
            "@@MAX_PRECISION" => System::Number(38),
            "@@OPTIONS" => System::Number(5496),
            "@@NESTLEVEL" | "@@PROCID" | "@@MICROSOFTVERSION" => System::Number(0),
            _ => return None,
        })
    }

    /// A function without arguments, or with arguments that are all literal texts.
    pub fn function(name: &str, arguments: &[Option<String>]) -> Option<System> {
        let text = |index: usize| arguments.get(index).cloned().flatten();
        Some(
            match (name.to_ascii_uppercase().as_str(), arguments.len()) {
                ("XACT_STATE", 0) => System::XactState,
                ("SCOPE_IDENTITY", 0) => System::Identity,
                ("ERROR_NUMBER", 0) => System::ErrorNumber,
                ("ERROR_MESSAGE", 0) => System::ErrorMessage,
                ("GETDATE" | "CURRENT_TIMESTAMP", 0) => System::Now,
                ("GETUTCDATE", 0) => System::UtcNow,
                ("SYSUTCDATETIME" | "SYSDATETIME", 0) => System::PreciseNow,
                ("DB_NAME", 0) => System::DatabaseName,
                ("DB_ID", 0) => System::DatabaseId(None),
                ("DB_ID", 1) => System::DatabaseId(Some(text(0)?)),
                ("SUSER_SNAME" | "SUSER_NAME" | "SYSTEM_USER" | "ORIGINAL_LOGIN", 0) => {
                    System::Login
                }
                ("USER_NAME" | "CURRENT_USER" | "USER" | "SESSION_USER", 0) => System::User,
                ("HOST_NAME", 0) => System::Host,
                ("APP_NAME", 0) => System::Application,
                ("SERVERPROPERTY", 1) => System::ServerProperty(text(0)?),
                ("DATABASEPROPERTYEX", 2) => System::DatabaseProperty(text(0)?, text(1)?),
                ("OBJECT_ID", 1 | 2) => System::ObjectId(text(0)?),
                ("SCHEMA_ID", 1) => System::SchemaId(text(0)?),
                ("SCHEMA_ID", 0) => System::SchemaId("dbo".to_owned()),
                ("COL_LENGTH", 2) => System::ColumnLength(text(0)?, text(1)?),
                ("IS_MEMBER" | "IS_ROLEMEMBER" | "HAS_DBACCESS", 1 | 2) => System::Granted,
                ("IS_SRVROLEMEMBER", 1 | 2) => System::Number(0),
                ("CHANGE_TRACKING_CURRENT_VERSION", 0) => System::TrackedVersion,
                ("DATABASE_PRINCIPAL_ID", _) => System::Number(5),
                _ => return None,
            },
        )
    }
}
