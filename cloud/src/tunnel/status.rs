//! The gRPC edge of the one error.

use tonic::{Code, Status};

use super::pki::PkiError;
use crate::error::{Error, ErrorKind};

/// Turns an error into what the agent sees; a cause is logged here, where it stops.
pub(crate) fn status(error: &Error) -> Status {
    if error.kind == ErrorKind::Internal {
        tracing::error!(error = error.report(), "A call of an agent failed");
    } else {
        tracing::info!(error = error.report(), "A call of an agent was refused");
    }
    let mut status = Status::new(
        code(error.kind),
        format!("{}: {}", error.code, error.message),
    );
    if let Ok(value) = error.code.parse() {
        status.metadata_mut().insert("connect-code", value);
    }
    status
}

impl From<PkiError> for Error {
    fn from(error: PkiError) -> Self {
        match error {
            PkiError::BadRequest(_) | PkiError::WrongKey => {
                let message = error.to_string();
                Self::invalid("bad_certificate_request", message).caused_by(error)
            }
            PkiError::Foreign(_) => {
                Self::unauthenticated("certificate_refused", "the certificate is not accepted")
                    .caused_by(error)
            }
            PkiError::Making(_) | PkiError::Secret(_) => Self::internal(error),
        }
    }
}

fn code(kind: ErrorKind) -> Code {
    match kind {
        ErrorKind::Invalid | ErrorKind::Unprocessable => Code::InvalidArgument,
        ErrorKind::Unauthenticated => Code::Unauthenticated,
        ErrorKind::Forbidden => Code::PermissionDenied,
        ErrorKind::NotFound => Code::NotFound,
        ErrorKind::NotAllowed => Code::Unimplemented,
        ErrorKind::Conflict => Code::FailedPrecondition,
        ErrorKind::TooLarge | ErrorKind::RateLimited => Code::ResourceExhausted,
        ErrorKind::Unavailable => Code::Unavailable,
        ErrorKind::Internal => Code::Internal,
    }
}
