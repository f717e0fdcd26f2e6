//! SQL Server errors as the sandbox raises them.

use std::fmt;

/// One error message with SQL Server's number, severity and procedure.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SqlError {
    pub number: i32,
    pub severity: u8,
    pub message: String,
    pub procedure: String,
    pub line: u32,
}

impl SqlError {
    /// Makes an error of the usual severity 16.
    pub fn new(number: i32, message: impl Into<String>) -> Self {
        SqlError {
            number,
            severity: 16,
            message: message.into(),
            procedure: String::new(),
            line: 1,
        }
    }

    /// Makes an error of another severity.
    pub fn severe(number: i32, severity: u8, message: impl Into<String>) -> Self {
        SqlError {
            severity,
            ..SqlError::new(number, message)
        }
    }

    /// The answer to everything the sandbox does not know.
    pub fn unsupported(what: impl fmt::Display) -> Self {
        SqlError::new(50001, format!("sandbox: not supported: {what}"))
    }

    /// Names the procedure the error came from.
    #[must_use]
    pub fn in_procedure(mut self, procedure: &str) -> Self {
        procedure.clone_into(&mut self.procedure);
        self
    }

    /// Whether the error ends the transaction whatever XACT_ABORT says.
    pub fn ends_transaction(&self) -> bool {
        self.number == 1205
    }
}

impl fmt::Display for SqlError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.number, self.message)
    }
}

impl std::error::Error for SqlError {}

impl From<rusqlite::Error> for SqlError {
    fn from(error: rusqlite::Error) -> Self {
        if let rusqlite::Error::SqliteFailure(_, Some(text)) = &error
            && let Some(known) = from_function(text)
        {
            return known;
        }
        SqlError::new(50002, format!("sandbox heap: {error}"))
    }
}

/// Rewriting functions report their errors as `number|text`.
fn from_function(text: &str) -> Option<SqlError> {
    let (number, message) = text.split_once('|')?;
    Some(SqlError::new(number.trim().parse().ok()?, message))
}

/// Why a piece of work on the heap ended early.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Stop {
    /// Another transaction holds a needed lock; undo the statement, wait for it, run it again.
    Blocked(u64),
    /// A SQL error.
    Error(SqlError),
}

impl From<SqlError> for Stop {
    fn from(error: SqlError) -> Self {
        Stop::Error(error)
    }
}

impl From<rusqlite::Error> for Stop {
    fn from(error: rusqlite::Error) -> Self {
        Stop::Error(error.into())
    }
}
