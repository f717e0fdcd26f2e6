//! Errors as people and programs see them: `application/problem+json` with a stable code (RFC 9457).

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;

use crate::error::{Error, ErrorKind, FieldError};

/// Media type of a problem.
pub(crate) const MEDIA_TYPE: &str = "application/problem+json";

/// The body of every answer that is not a success.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Problem {
    /// `urn:connect:problem:` and the code.
    #[serde(rename = "type")]
    kind: String,
    /// What kind of problem it is, for people.
    title: &'static str,
    /// The HTTP status again.
    status: u16,
    /// Stable, for programs.
    code: &'static str,
    /// What happened here, for people.
    detail: String,
    /// Every field at fault.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    fields: Vec<FieldProblem>,
}

/// One field at fault.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct FieldProblem {
    /// Path of the field: `credentials.username`.
    field: String,
    /// What is wrong and what to do.
    message: String,
}

impl IntoResponse for Error {
    fn into_response(self) -> Response {
        let (status, title) = face(self.kind);
        if status.is_server_error() {
            tracing::error!(
                error.code = self.code,
                error.report = self.report(),
                "request failed"
            );
        }
        let field = |field: FieldError| FieldProblem {
            field: field.field,
            message: field.message,
        };
        let problem = Problem {
            kind: format!("urn:connect:problem:{}", self.code),
            title,
            status: status.as_u16(),
            code: self.code,
            detail: self.message,
            fields: self.fields.into_iter().map(field).collect(),
        };
        let mut response = (status, Json(problem)).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(MEDIA_TYPE));
        if status == StatusCode::UNAUTHORIZED {
            let scheme = HeaderValue::from_static("Bearer");
            headers.insert(header::WWW_AUTHENTICATE, scheme);
        }
        response
    }
}

fn face(kind: ErrorKind) -> (StatusCode, &'static str) {
    match kind {
        ErrorKind::Invalid => (StatusCode::BAD_REQUEST, "The request is not valid"),
        ErrorKind::Unauthenticated => (StatusCode::UNAUTHORIZED, "The caller is not known"),
        ErrorKind::Forbidden => (StatusCode::FORBIDDEN, "The caller may not do this"),
        ErrorKind::NotFound => (StatusCode::NOT_FOUND, "There is nothing here"),
        ErrorKind::NotAllowed => (
            StatusCode::METHOD_NOT_ALLOWED,
            "The address does not do this",
        ),
        ErrorKind::Conflict => (StatusCode::CONFLICT, "It contradicts what is there"),
        ErrorKind::Unprocessable => (
            StatusCode::UNPROCESSABLE_ENTITY,
            "The request would do harm",
        ),
        ErrorKind::TooLarge => (StatusCode::PAYLOAD_TOO_LARGE, "The request is too large"),
        ErrorKind::RateLimited => (StatusCode::TOO_MANY_REQUESTS, "Too many requests"),
        ErrorKind::Unavailable => (StatusCode::SERVICE_UNAVAILABLE, "Not available right now"),
        ErrorKind::Internal => (
            StatusCode::INTERNAL_SERVER_ERROR,
            "Something went wrong here",
        ),
    }
}

/// What an address that does not exist answers.
pub(crate) async fn unknown_path() -> Error {
    std::future::ready(Error::not_found("address")).await
}

/// What a known address answers to a method it does not have.
pub(crate) async fn unknown_method() -> Error {
    std::future::ready(Error::unknown_method()).await
}

/// What a handler that panicked answers; the panic itself is in the log already.
pub(crate) fn panicked(_: Box<dyn std::any::Any + Send>) -> Response {
    Error::internal("a handler panicked").into_response()
}
