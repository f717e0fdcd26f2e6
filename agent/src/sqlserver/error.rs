//! What can go wrong between the agent and SQL Server, told apart by what to do about it.

use thiserror::Error;

use super::tls::TlsProblem;

/// A failed statement or connection.
#[derive(Debug, Clone, Error)]
pub enum SqlError {
    #[error("SQL Server is not reachable: {0}")]
    Unreachable(String),
    #[error("the encrypted connection to SQL Server failed: {0}")]
    Tls(#[from] TlsProblem),
    #[error("SQL Server refused the login: {0}")]
    LoginRefused(String),
    #[error("SQL Server error {number} in {procedure}: {message}")]
    Server {
        number: i32,
        procedure: String,
        message: String,
        fatal: bool,
    },
    #[error("the connection to SQL Server broke: {0}")]
    Broken(String),
    #[error("SQL Server answered in a way we do not know: {0}")]
    Unexpected(String),
}

impl SqlError {
    /// A deadlock or a lock that took too long; worth another try.
    pub fn is_lock(&self) -> bool {
        matches!(self.number(), Some(1205 | 1222))
    }

    /// A unique key that is already there.
    pub fn is_duplicate(&self) -> bool {
        matches!(self.number(), Some(2601 | 2627))
    }

    /// Raised by a text of the agent's own, not inside a procedure of GP.
    pub fn is_from_text(&self) -> bool {
        match self {
            // A procedure that is missing or takes other parameters cannot name itself.
            Self::Server { procedure, .. } => procedure.is_empty() && !self.is_drift(),
            Self::Unreachable(_)
            | Self::Tls(_)
            | Self::LoginRefused(_)
            | Self::Broken(_)
            | Self::Unexpected(_) => false,
        }
    }

    /// The procedure is not what we thought: missing, or with other parameters.
    pub fn is_drift(&self) -> bool {
        matches!(self.number(), Some(201 | 2812 | 8144 | 8145))
    }

    /// The server cannot be reached or does not let the agent in.
    pub fn is_no_way_in(&self) -> bool {
        match self {
            Self::Unreachable(_) | Self::Tls(_) | Self::LoginRefused(_) => true,
            Self::Server { .. } | Self::Broken(_) | Self::Unexpected(_) => false,
        }
    }

    /// Nothing more can be said on the connection.
    pub fn breaks_connection(&self) -> bool {
        match self {
            Self::Server { fatal, .. } => *fatal,
            Self::Unreachable(_)
            | Self::Tls(_)
            | Self::LoginRefused(_)
            | Self::Broken(_)
            | Self::Unexpected(_) => true,
        }
    }

    /// The server's error number.
    pub fn number(&self) -> Option<i32> {
        match self {
            Self::Server { number, .. } => Some(*number),
            Self::Unreachable(_)
            | Self::Tls(_)
            | Self::LoginRefused(_)
            | Self::Broken(_)
            | Self::Unexpected(_) => None,
        }
    }
}
