//! The one error of the outer layers: what callers are told, and the cause that only the log sees.

use std::error::Error as StdError;
use std::fmt;

use connect_store::StoreError;

use crate::secrets::SecretError;

/// What kind of answer an error becomes at an edge.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorKind {
    /// The request itself is wrong.
    Invalid,
    /// No or no valid key, token or certificate.
    Unauthenticated,
    /// Known, but not allowed.
    Forbidden,
    /// Not there, or another tenant's.
    NotFound,
    /// The address is known, but does not do this.
    NotAllowed,
    /// Contradicts what is there.
    Conflict,
    /// Well formed, but what it asks for would do harm.
    Unprocessable,
    /// Over a size limit.
    TooLarge,
    /// Asked for too often.
    RateLimited,
    /// Something needed does not answer; trying again helps.
    Unavailable,
    /// Ours to mend.
    Internal,
}

/// One field of a request and what is wrong with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldError {
    /// Path of the field: `credentials.username`.
    pub field: String,
    /// What is wrong and what to do.
    pub message: String,
}

/// An error with a public face and a private cause.
#[derive(Debug)]
pub struct Error {
    /// Decides the status at the edge.
    pub kind: ErrorKind,
    /// Stable, for programs: `not_found`, `token_expired`.
    pub code: &'static str,
    /// For people; never holds payloads or secrets.
    pub message: String,
    /// The fields at fault, when it is about fields.
    pub fields: Vec<FieldError>,
    source: Option<Box<dyn StdError + Send + Sync>>,
}

/// Result with the outer layers' error.
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    /// An error of a kind, with its stable code and a sentence for people.
    pub fn new(kind: ErrorKind, code: &'static str, message: impl Into<String>) -> Self {
        Self {
            kind,
            code,
            message: message.into(),
            fields: Vec::new(),
            source: None,
        }
    }

    /// A wrong request.
    pub fn invalid(code: &'static str, message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Invalid, code, message)
    }

    /// A caller nobody knows.
    pub fn unauthenticated(code: &'static str, message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Unauthenticated, code, message)
    }

    /// A thing that is not there, or not the caller's.
    pub fn not_found(what: &str) -> Self {
        Self::new(
            ErrorKind::NotFound,
            "not_found",
            format!("{what} not found"),
        )
    }

    /// What a known address answers to a method it does not have.
    pub fn unknown_method() -> Self {
        Self::new(
            ErrorKind::NotAllowed,
            "method_not_allowed",
            "this address does not take that method",
        )
    }

    /// A request that contradicts what is there.
    pub fn conflict(code: &'static str, message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Conflict, code, message)
    }

    /// Something needed does not answer.
    pub fn unavailable(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Unavailable, "unavailable", message)
    }

    /// A fault of ours: callers learn nothing, the log learns the cause.
    pub fn internal(cause: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        Self::new(ErrorKind::Internal, "internal", "internal error").caused_by(cause)
    }

    /// The same, with the cause for the log.
    #[must_use]
    pub fn caused_by(mut self, cause: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        self.source = Some(cause.into());
        self
    }

    /// The same, naming one more field at fault.
    #[must_use]
    pub fn with_field(mut self, field: impl Into<String>, message: impl Into<String>) -> Self {
        self.fields.push(FieldError {
            field: field.into(),
            message: message.into(),
        });
        self
    }

    /// Whether the same request may work later.
    pub fn retry(&self) -> bool {
        match self.kind {
            ErrorKind::RateLimited | ErrorKind::Unavailable => true,
            ErrorKind::Invalid
            | ErrorKind::Unauthenticated
            | ErrorKind::Forbidden
            | ErrorKind::NotFound
            | ErrorKind::NotAllowed
            | ErrorKind::Conflict
            | ErrorKind::Unprocessable
            | ErrorKind::TooLarge
            | ErrorKind::Internal => false,
        }
    }

    /// The whole chain of causes in one line, for the log.
    pub fn report(&self) -> String {
        let mut text = format!("{}: {}", self.code, self.message);
        let mut next: Option<&dyn StdError> = self.source();
        while let Some(cause) = next {
            text.push_str(": ");
            text.push_str(&cause.to_string());
            next = cause.source();
        }
        text
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.source
            .as_deref()
            .map(|cause| cause as &(dyn StdError + 'static))
    }
}

impl From<StoreError> for Error {
    fn from(error: StoreError) -> Self {
        if error.retry() {
            return Self::unavailable("the database is busy; try again").caused_by(error);
        }
        Self::internal(error)
    }
}

impl From<SecretError> for Error {
    fn from(error: SecretError) -> Self {
        Self::internal(error)
    }
}
