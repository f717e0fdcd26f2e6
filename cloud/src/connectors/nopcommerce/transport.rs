//! One call to a store's API: token, concurrency, limits, and what an answer's status means.

use std::sync::Arc;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use connect_core::domain::failure::{Failure, FailureClass};
use connect_core::domain::store::Flavour;
use reqwest::header::{CONTENT_TYPE, LOCATION, RETRY_AFTER};
use reqwest::{Method, RequestBuilder, Response, StatusCode};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use tokio::sync::{Mutex, Semaphore};
use tokio::time::Instant;

use super::convert::unreadable;
use super::{struck, wire};
use crate::shops::Credentials;

/// The way to one store.
pub(super) struct Transport {
    http: reqwest::Client,
    base: String,
    pub(super) flavour: Flavour,
    credentials: Credentials,
    login: Mutex<Login>,
    permits: Semaphore,
    max_answer_bytes: usize,
}

/// What the last login came to.
enum Login {
    None,
    Token(Arc<str>),
    /// Remembered, so that all the work waiting for a store does not log in again one by one: an
    /// account that is refused too often gets locked.
    Refused(Instant, Failure),
}

// A gate that a refused login closes is not probed earlier either.
const REFUSAL_KEPT: Duration = Duration::from_mins(1);

/// A call; `name` stands in metrics and messages instead of its path.
#[derive(Clone, Copy)]
pub(super) struct Call<'a> {
    pub(super) name: &'static str,
    pub(super) path: &'a str,
    pub(super) query: &'a [(&'static str, String)],
}

impl Transport {
    pub(super) fn new(
        http: reqwest::Client,
        base: &str,
        flavour: Flavour,
        credentials: Credentials,
        settings: &crate::connectors::http::Settings,
    ) -> Self {
        Self {
            http,
            base: base.trim_end_matches('/').to_owned(),
            flavour,
            credentials,
            login: Mutex::new(Login::None),
            permits: Semaphore::new(settings.concurrency.max(1)),
            max_answer_bytes: settings.max_answer_bytes,
        }
    }

    /// Reads; safe to repeat.
    pub(super) async fn get<T: DeserializeOwned>(&self, call: Call<'_>) -> Result<T, Failure> {
        let (status, body) = self.authorized(Method::GET, call, None).await?;
        expect_success(call.name, status, &body)?;
        parse(call.name, &body)
    }

    /// Reads what may not exist.
    pub(super) async fn find<T: DeserializeOwned>(
        &self,
        call: Call<'_>,
    ) -> Result<Option<T>, Failure> {
        let (status, body) = self.authorized(Method::GET, call, None).await?;
        if status == StatusCode::NOT_FOUND {
            return Ok(None);
        }
        expect_success(call.name, status, &body)?;
        parse(call.name, &body).map(Some)
    }

    /// Writes; not safe to repeat, so what may have arrived is in doubt.
    pub(super) async fn post(&self, call: Call<'_>, body: &Value) -> Result<Bytes, Failure> {
        let (status, answer) = self.authorized(Method::POST, call, Some(body)).await?;
        expect_success(call.name, status, &answer)?;
        Ok(answer)
    }

    /// Logs in afresh, whatever is remembered.
    pub(super) async fn login(&self) -> Result<(), Failure> {
        let mut login = self.login.lock().await;
        self.log_in(&mut login).await.map(drop)
    }

    /// Calls without a token: a store that answers has its protection switched off.
    pub(super) async fn answers_strangers(&self, call: Call<'_>) -> Result<bool, Failure> {
        let request = self.http.get(self.url(call.path)).query(call.query);
        let (status, _) = self.send(call.name, request, true).await?;
        Ok(status.is_success())
    }

    /// Reads a page of text outside the API, if the store has it.
    pub(super) async fn page(&self, name: &'static str, path: &str) -> Option<String> {
        let (status, body) = self
            .send(name, self.http.get(self.url(path)), true)
            .await
            .ok()?;
        status
            .is_success()
            .then(|| String::from_utf8_lossy(&body).into_owned())
    }

    async fn authorized(
        &self,
        method: Method,
        call: Call<'_>,
        body: Option<&Value>,
    ) -> Result<(StatusCode, Bytes), Failure> {
        let safe = method == Method::GET;
        let mut token = self.token().await?;
        for last in [false, true] {
            let mut request = self
                .http
                .request(method.clone(), self.url(call.path))
                .query(call.query)
                .bearer_auth(&token);
            if let Some(body) = body {
                request = request
                    .header(CONTENT_TYPE, "application/json")
                    .body(body.to_string());
            }
            let (status, answer) = self.send(call.name, request, safe).await?;
            if status != StatusCode::UNAUTHORIZED {
                return Ok((status, answer));
            }
            if !last {
                token = self.renewed_token(&token).await?;
            }
        }
        // A fresh token is refused too: so would the next one be.
        let refused = refused_login();
        let mut login = self.login.lock().await;
        if matches!(&*login, Login::Token(held) if *held == token) {
            *login = Login::Refused(Instant::now(), refused.clone());
        }
        Err(refused)
    }

    async fn token(&self) -> Result<Arc<str>, Failure> {
        let mut login = self.login.lock().await;
        match &*login {
            Login::Token(token) => Ok(Arc::clone(token)),
            Login::Refused(at, refused) if at.elapsed() < REFUSAL_KEPT => Err(refused.clone()),
            Login::Refused(..) | Login::None => self.log_in(&mut login).await,
        }
    }

    /// Replaces a token the store refused, unless another call has done so already.
    async fn renewed_token(&self, refused: &Arc<str>) -> Result<Arc<str>, Failure> {
        let mut login = self.login.lock().await;
        match &*login {
            Login::Token(token) if token != refused => Ok(Arc::clone(token)),
            Login::Refused(at, refused) if at.elapsed() < REFUSAL_KEPT => Err(refused.clone()),
            Login::Token(_) | Login::Refused(..) | Login::None => self.log_in(&mut login).await,
        }
    }

    async fn log_in(&self, login: &mut Login) -> Result<Arc<str>, Failure> {
        let fetched = self.fetch_token().await;
        *login = match &fetched {
            Ok(token) => Login::Token(Arc::clone(token)),
            Err(failure) if failure.class == FailureClass::Authentication => {
                Login::Refused(Instant::now(), failure.clone())
            }
            Err(_) => Login::None,
        };
        fetched
    }

    async fn fetch_token(&self) -> Result<Arc<str>, Failure> {
        let Credentials {
            username,
            email,
            password,
        } = &self.credentials;
        let (path, body) = match self.flavour {
            Flavour::Official => (
                "/api-backend/Authenticate/GetToken",
                json!({"username": username, "email": email.as_ref().unwrap_or(username),
                       "password": password.reveal()}),
            ),
            Flavour::Opensource => (
                "/token",
                json!({"guest": false, "username": username, "password": password.reveal(),
                       "remember_me": false}),
            ),
        };
        let request = self
            .http
            .post(self.url(path))
            .header(CONTENT_TYPE, "application/json")
            .body(body.to_string());
        let (status, answer) = self.send("token", request, true).await?;
        if matches!(status, StatusCode::BAD_REQUEST | StatusCode::UNAUTHORIZED) {
            return Err(refused_login());
        }
        expect_success("token", status, &answer)?;
        let token: wire::Token = parse("token", &answer)?;
        token
            .token
            .filter(|token| !token.is_empty())
            .map(Arc::from)
            .ok_or_else(refused_login)
    }

    async fn send(
        &self,
        name: &'static str,
        request: RequestBuilder,
        safe: bool,
    ) -> Result<(StatusCode, Bytes), Failure> {
        let _permit = self.permits.acquire().await.map_err(|_| closed())?;
        let flavour = match self.flavour {
            Flavour::Official => "official",
            Flavour::Opensource => "opensource",
        };
        metrics::counter!("connect_store_calls_total", "flavour" => flavour, "call" => name)
            .increment(1);
        let response = request
            .send()
            .await
            .map_err(|error| unreachable(name, safe, &error))?;
        let status = response.status();
        if status.is_redirection() {
            return Err(redirected(&response));
        }
        if matches!(
            status,
            StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE
        ) {
            return Err(rate_limited(&response));
        }
        let body = self.read(name, safe, response).await?;
        Ok((status, body))
    }

    async fn read(
        &self,
        name: &'static str,
        safe: bool,
        mut response: Response,
    ) -> Result<Bytes, Failure> {
        let mut body = BytesMut::new();
        while let Some(chunk) = response
            .chunk()
            .await
            .map_err(|error| unreachable(name, safe, &error))?
        {
            if body.len() + chunk.len() > self.max_answer_bytes {
                let limit = self.max_answer_bytes;
                return Err(unreadable(name, &format!("longer than {limit} bytes")));
            }
            body.extend_from_slice(&chunk);
        }
        Ok(body.freeze())
    }

    fn url(&self, path: &str) -> String {
        format!("{}{path}", self.base)
    }
}

impl std::fmt::Debug for Transport {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Transport")
            .field("base", &self.base)
            .field("flavour", &self.flavour)
            .finish_non_exhaustive()
    }
}

fn parse<T: DeserializeOwned>(name: &str, body: &[u8]) -> Result<T, Failure> {
    if body.trim_ascii_start().starts_with(b"<") {
        return Err(Failure::new(
            FailureClass::Unavailable,
            "store_answered_html",
            format!(
                "The store answered {name} with a web page instead of data; it may be closed for maintenance."
            ),
        ));
    }
    // Keeping track of the path costs as much again as reading: only what cannot be read is asked.
    if let Ok(value) = serde_json::from_slice(body) {
        return Ok(value);
    }
    let mut json = serde_json::Deserializer::from_slice(body);
    serde_path_to_error::deserialize(&mut json).map_err(|error| {
        let path = error.path().to_string();
        // serde's text can quote a value, and a value can be anything: only its kind is told.
        let why = match error.inner().classify() {
            serde_json::error::Category::Data => "a value is missing or of the wrong type",
            serde_json::error::Category::Syntax | serde_json::error::Category::Eof => {
                "it is not JSON"
            }
            serde_json::error::Category::Io => "it broke off",
        };
        let missing = missing_field(error.inner());
        let path = match missing {
            Some(field) if path == "." => field,
            Some(field) => format!("{path}.{field}"),
            None => path,
        };
        unreadable(&format!("{name} {path}"), why)
    })
}

fn missing_field(error: &serde_json::Error) -> Option<String> {
    let text = error.to_string();
    let field = text.strip_prefix("missing field `")?;
    field.split('`').next().map(str::to_owned)
}

fn expect_success(name: &str, status: StatusCode, body: &[u8]) -> Result<(), Failure> {
    if status.is_success() {
        return Ok(());
    }
    let words = spoken(body)
        .map(|text| format!(" It says: {text}"))
        .unwrap_or_default();
    let told = |class, code, text: &str| Err(Failure::new(class, code, format!("{text}{words}")));
    match status.as_u16() {
        401 => Err(refused_login()),
        403 => told(
            FailureClass::Authentication,
            "store_forbidden",
            &format!("The store's API user may not call {name}: give its role the permission."),
        ),
        404 => told(
            FailureClass::InvalidData,
            "store_not_found",
            &format!("The store does not know what {name} asked for."),
        ),
        400..500 => told(
            FailureClass::InvalidData,
            "store_refused_request",
            &format!("The store refused {name} with status {status}."),
        ),
        _ => told(
            FailureClass::Unavailable,
            "store_server_error",
            &format!("The store failed at {name} with status {status}."),
        ),
    }
}

/// The store's own words, short, with anything like a card number struck out.
fn spoken(body: &[u8]) -> Option<String> {
    let value: Value = serde_json::from_slice(body).ok()?;
    let said = value
        .get("message")
        .or_else(|| value.get("error"))
        .or_else(|| value.get("errors"))?;
    let text = said
        .as_str()
        .map_or_else(|| said.to_string(), str::to_owned);
    let short: String = text.chars().filter(|c| !c.is_control()).take(200).collect();
    Some(struck::long_numbers(&short))
}

fn unreachable(name: &str, safe: bool, error: &reqwest::Error) -> Failure {
    let why = if error.is_timeout() {
        "it did not answer in time".to_owned()
    } else {
        innermost(error)
    };
    // Nothing left for a store that was never reached, so only a later break leaves doubt.
    let (class, code) = match (safe || error.is_connect(), error.is_timeout()) {
        (false, _) => (FailureClass::InDoubt, "store_call_in_doubt"),
        (true, true) => (FailureClass::Unavailable, "store_timeout"),
        (true, false) => (FailureClass::Unavailable, "store_unreachable"),
    };
    Failure::new(
        class,
        code,
        format!("The store could not be asked for {name}: {why}."),
    )
}

fn innermost(error: &dyn std::error::Error) -> String {
    let mut cause = error;
    while let Some(next) = cause.source() {
        cause = next;
    }
    cause.to_string()
}

fn rate_limited(response: &Response) -> Failure {
    let wait = response
        .headers()
        .get(RETRY_AFTER)
        .and_then(|value| value.to_str().ok());
    // The date form needs a clock; the default wait of the class serves as well.
    let seconds = wait
        .and_then(|text| text.trim().parse::<i64>().ok())
        .filter(|wait| *wait >= 0);
    let status = response.status();
    let mut failure = Failure::new(
        FailureClass::RateLimited,
        "store_rate_limited",
        format!("The store asks to slow down (status {status})."),
    );
    failure.retry_after_ms = seconds.map(|seconds| seconds.min(86_400) * 1_000);
    failure
}

fn redirected(response: &Response) -> Failure {
    let target = response
        .headers()
        .get(LOCATION)
        .and_then(|value| value.to_str().ok());
    let target: String = target
        .unwrap_or("another address")
        .chars()
        .take(200)
        .collect();
    Failure::new(
        FailureClass::Unavailable,
        "store_redirects",
        format!("The store redirects to {target}; set that as its base address."),
    )
}

fn refused_login() -> Failure {
    Failure::new(
        FailureClass::Authentication,
        "store_refused_login",
        "The store refuses the API user: check its name, password and permission to use the API.",
    )
}

fn closed() -> Failure {
    Failure::new(
        FailureClass::Bug,
        "store_client_closed",
        "The store's client was closed.",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_parse_error_names_the_path_and_no_value() {
        let body = br#"{"orders":[{"id":"4111111111111111"}]}"#;
        let failure = parse::<wire::Orders>("orders", body).expect_err("not an order");
        assert!(
            failure.message.contains("orders[0].id"),
            "{}",
            failure.message
        );
        assert!(!failure.message.contains("4111"), "{}", failure.message);
        let body = br#"{"orders":[{"id":1,"store_id":2,"customer_id":3}]}"#;
        let failure = parse::<wire::Orders>("orders", body).expect_err("not an order");
        assert!(
            failure.message.contains("orders[0].currency_rate"),
            "{}",
            failure.message
        );
    }

    #[test]
    fn numbers_keep_their_digits_through_the_path_tracker() {
        let body = br#"{"gift_card_id":9,"used_value":40.1000}"#;
        let used: wire::GiftCardUse = parse("use", body).expect("reads");
        assert_eq!(used.used_value.to_string(), "40.1000");
    }
}
