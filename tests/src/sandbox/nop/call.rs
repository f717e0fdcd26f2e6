//! One API call and its answer, in plain data, so that both flavours route by matching.

use std::collections::HashMap;

use axum::body::Body;
use axum::http::{HeaderValue, Method, StatusCode, header};
use axum::response::Response;
use serde_json::{Value, json};

/// What a client asked for.
#[derive(Debug)]
pub(crate) struct Call {
    pub(crate) method: Method,
    pub(crate) path: String,
    pub(crate) query: HashMap<String, String>,
    pub(crate) authorization: Option<String>,
    pub(crate) body: Vec<u8>,
}

impl Call {
    /// Splits the request; names in the query are the same in any case, as in ASP.NET.
    pub(crate) fn new(
        method: Method,
        uri: &axum::http::Uri,
        authorization: Option<&HeaderValue>,
        body: Vec<u8>,
    ) -> Self {
        let query = uri.query().map(parse_query).unwrap_or_default();
        let authorization = authorization
            .and_then(|value| value.to_str().ok())
            .map(str::to_owned);
        Self {
            method,
            path: uri.path().to_owned(),
            query,
            authorization,
            body,
        }
    }

    pub(crate) fn segments(&self) -> Vec<&str> {
        self.path
            .split('/')
            .filter(|segment| !segment.is_empty())
            .collect()
    }

    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        let found = self.query.get(&name.to_ascii_lowercase())?;
        (!found.is_empty()).then_some(found.as_str())
    }

    pub(crate) fn number(&self, name: &str) -> Option<i64> {
        self.text(name)?.parse().ok()
    }

    pub(crate) fn json(&self) -> Option<Value> {
        serde_json::from_slice(&self.body).ok()
    }
}

fn parse_query(query: &str) -> HashMap<String, String> {
    query
        .split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            (unescape(name).to_ascii_lowercase(), unescape(value))
        })
        .collect()
}

/// Undoes percent escapes and plus signs; what is broken stays as it is.
pub(crate) fn unescape(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let escaped = bytes.get(at + 1..at + 3).filter(|_| bytes[at] == b'%');
        let byte = escaped
            .and_then(|hex| std::str::from_utf8(hex).ok())
            .and_then(|hex| u8::from_str_radix(hex, 16).ok());
        if let Some(byte) = byte {
            out.push(byte);
            at += 3;
        } else {
            out.push(if bytes[at] == b'+' { b' ' } else { bytes[at] });
            at += 1;
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

/// What the shop says to a call.
#[derive(Debug)]
pub(crate) enum Answer {
    Json(StatusCode, Value),
    Text(StatusCode, String),
    Empty,
}

impl Answer {
    pub(crate) fn ok(value: impl Into<Value>) -> Self {
        Self::Json(StatusCode::OK, value.into())
    }

    pub(crate) fn refused(status: StatusCode, value: Value) -> Self {
        Self::Json(status, value)
    }

    /// ASP.NET's answer to an argument it cannot use.
    pub(crate) fn bad_request(field: &str, message: &str) -> Self {
        Self::Json(
            StatusCode::BAD_REQUEST,
            json!({
                "type": "https://tools.ietf.org/html/rfc7231#section-6.5.1",
                "title": "One or more validation errors occurred.",
                "status": 400,
                "errors": { field: [message] },
            }),
        )
    }

    /// Writes the answer; one of the plugins indents its JSON.
    pub(crate) fn into_response(self, indented: bool) -> Response {
        let (status, kind, body) = match self {
            Self::Json(status, value) => {
                let text = if indented {
                    format!("{value:#}")
                } else {
                    value.to_string()
                };
                (status, "application/json; charset=utf-8", text)
            }
            Self::Text(status, text) => (status, "text/plain; charset=utf-8", text),
            Self::Empty => (StatusCode::OK, "text/plain; charset=utf-8", String::new()),
        };
        let mut response = Response::new(Body::from(body));
        *response.status_mut() = status;
        response
            .headers_mut()
            .insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
        response
    }
}

#[cfg(test)]
mod tests {
    use super::{parse_query, unescape};

    #[test]
    fn queries_are_unescaped_and_their_names_lowered() {
        let query = parse_query("createdFromUtc=2026-01-01T00%3A00%3A00&Sku=a%20b+c&flag");
        assert_eq!(query["createdfromutc"], "2026-01-01T00:00:00");
        assert_eq!(query["sku"], "a b c");
        assert_eq!(query["flag"], "");
        assert_eq!(unescape("100%"), "100%");
    }
}
