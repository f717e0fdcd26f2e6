//! The sandbox shop: nopCommerce's two APIs over one state, webhooks, and a back door for tests.

mod call;
pub mod cli;
mod clock;
mod control;
mod faults;
mod generator;
mod json;
mod meter;
pub mod model;
mod official;
mod opensource;
mod random;
mod shop;
mod state;
mod webhooks;
mod world;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use anyhow::Context as _;
use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{StatusCode, header};
use axum::response::Response;
use futures::{StreamExt as _, stream};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use call::{Answer, Call};
use shop::Shop;
use webhooks::Webhooks;
use world::World;

pub use generator::{Kind, PLANTED_CARD_NUMBER};
pub use webhooks::{Settings as WebhookSettings, Style as WebhookStyle};

/// Bodies are small: notes, attributes, wishes.
const MOST_BODY_BYTES: usize = 1 << 20;

/// Which of the two plugins the shop runs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum Flavour {
    #[default]
    Official,
    Opensource,
}

impl Flavour {
    /// Returns the name used on command lines and in answers.
    pub fn name(self) -> &'static str {
        match self {
            Self::Official => "official",
            Self::Opensource => "opensource",
        }
    }
}

/// How to open a shop.
#[derive(Clone, Debug)]
pub struct Config {
    pub listen: SocketAddr,
    pub control: SocketAddr,
    pub flavour: Flavour,
    pub seed: u64,
    pub seed_file: Option<PathBuf>,
    pub webhooks: WebhookSettings,
    pub username: String,
    pub password: String,
    /// The shop's identity; made from the seed when not given.
    pub installation_id: Option<String>,
}

impl Config {
    /// A shop of a flavour on free local ports.
    pub fn local(flavour: Flavour, seed: u64) -> Self {
        let anywhere = SocketAddr::from(([127, 0, 0, 1], 0));
        Self {
            listen: anywhere,
            control: anywhere,
            flavour,
            seed,
            seed_file: None,
            webhooks: WebhookSettings::default(),
            username: "api@store.example".to_owned(),
            password: "sandbox-password".to_owned(),
            installation_id: None,
        }
    }
}

/// An open shop; it closes when dropped.
#[derive(Debug)]
pub struct Sandbox {
    shop: Arc<Shop>,
    address: SocketAddr,
    control: SocketAddr,
    closed: CancellationToken,
    tasks: TaskTracker,
}

impl Sandbox {
    /// Opens the shop and its back door.
    pub async fn start(config: Config) -> anyhow::Result<Self> {
        let world = World::load(config.seed_file.as_deref())?;
        let api = TcpListener::bind(config.listen)
            .await
            .context("the shop cannot listen")?;
        let back = TcpListener::bind(config.control)
            .await
            .context("no back door")?;
        let (address, control) = (api.local_addr()?, back.local_addr()?);
        let (webhooks, queue) = Webhooks::new(config.webhooks.clone(), config.seed);
        let shop = Arc::new(Shop::open(
            &config,
            world,
            format!("http://{address}"),
            webhooks,
        ));
        let (closed, tasks) = (CancellationToken::new(), TaskTracker::new());
        tasks.spawn(webhooks::run(Arc::clone(&shop), queue, closed.clone()));
        let api_routes = Router::new()
            .fallback(serve_api)
            .with_state(Arc::clone(&shop));
        let back_routes = Router::new()
            .fallback(serve_control)
            .with_state(Arc::clone(&shop));
        for (listener, routes) in [(api, api_routes), (back, back_routes)] {
            let ended = closed.clone().cancelled_owned();
            tasks.spawn(async move {
                let served = axum::serve(listener, routes)
                    .with_graceful_shutdown(ended)
                    .await;
                if let Err(error) = served {
                    tracing::error!(%error, "the shop stopped serving");
                }
            });
        }
        Ok(Self {
            shop,
            address,
            control,
            closed,
            tasks,
        })
    }

    /// Returns the address customers' systems are given.
    pub fn base_url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Returns the address of the back door.
    pub fn control(&self) -> String {
        format!("http://{}", self.control)
    }

    /// Describes the shop for whoever started it.
    pub fn ready(&self) -> Value {
        json!({
            "base_url": self.base_url(),
            "control": self.control(),
            "username": self.shop.username,
            "password": self.shop.password,
            "flavour": self.shop.flavour.name(),
            "installation_id": self.shop.installation_id,
        })
    }

    /// Closes the shop and waits for what it was doing.
    pub async fn stop(self) {
        self.closed.cancel();
        self.tasks.close();
        self.tasks.wait().await;
    }
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        self.closed.cancel();
    }
}

async fn serve_api(State(shop): State<Arc<Shop>>, request: Request) -> Response {
    let indented = shop.flavour == Flavour::Opensource;
    let call = match read(request).await {
        Ok(call) => call,
        Err(answer) => return answer.into_response(indented),
    };
    shop.meter.count(call.method.as_str(), &call.path);
    if let Some(fault) = shop.faults.take(&call.path) {
        tokio::time::sleep(fault.delay()).await;
        if fault.cut {
            return cut();
        }
        if let Some(status) = fault
            .status
            .and_then(|code| StatusCode::from_u16(code).ok())
        {
            return Answer::Text(status, String::new()).into_response(indented);
        }
    }
    let answer = match shop.flavour {
        Flavour::Official => official::answer(&shop, &call),
        Flavour::Opensource => opensource::answer(&shop, &call),
    };
    answer.into_response(indented)
}

async fn serve_control(State(shop): State<Arc<Shop>>, request: Request) -> Response {
    match read(request).await {
        Ok(call) => control::answer(&shop, &call),
        Err(answer) => answer,
    }
    .into_response(false)
}

async fn read(request: Request) -> Result<Call, Answer> {
    let (parts, body) = request.into_parts();
    let body = axum::body::to_bytes(body, MOST_BODY_BYTES)
        .await
        .map_err(|error| Answer::Text(StatusCode::PAYLOAD_TOO_LARGE, error.to_string()))?;
    let authorization = parts.headers.get(header::AUTHORIZATION);
    Ok(Call::new(
        parts.method,
        &parts.uri,
        authorization,
        body.to_vec(),
    ))
}

/// Promises more than it sends, so that the connection breaks in the middle.
fn cut() -> Response {
    let broken = std::io::Error::from(std::io::ErrorKind::ConnectionReset);
    let parts = stream::iter([
        Ok(bytes::Bytes::from_static(b"{\"orders\":[{")),
        Err(broken),
    ]);
    let mut response = Response::new(Body::from_stream(parts.boxed()));
    response.headers_mut().insert(
        header::CONTENT_LENGTH,
        header::HeaderValue::from_static("4096"),
    );
    response
}

/// Locks, also where somebody panicked while holding the lock.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests;
