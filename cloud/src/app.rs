//! Puts the parts together: services, listeners, workers, and their orderly end.

mod admin;
mod parent;
mod ready;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use axum::Router;
use connect_store::Database;
use secrecy::ExposeSecret as _;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::clock::{Clock, IdSource, SystemClock};
use crate::config::Config;
use crate::connectors::http;
use crate::connectors::nopcommerce::Clients;
use crate::secrets::Sealer;
use crate::tunnel::registry::Registry;
use crate::webhooks::Hooks;

pub use ready::Ready;

/// What every part of the process shares.
#[derive(Debug)]
pub struct Services {
    /// The tables.
    pub database: Database,
    /// Business time.
    pub clock: Arc<dyn Clock>,
    /// New ids.
    pub ids: IdSource,
    /// Seals and opens secrets.
    pub sealer: Sealer,
    /// Agents with a session in this process.
    pub registry: Registry,
    /// Stores as their webhooks see them.
    pub hooks: Hooks,
    /// Clients of the stores' APIs.
    pub clients: Clients,
    /// The settings.
    pub config: Config,
    /// How the outside reaches us.
    pub urls: Urls,
    /// Every task of the process; a shutdown waits for them.
    pub tasks: TaskTracker,
    /// Cancelled when the process is to end.
    pub shutdown: CancellationToken,
}

/// How the outside reaches us; no slash at the end.
#[derive(Clone, Debug)]
pub struct Urls {
    /// Web API and webhooks.
    pub web: String,
    /// Enrolment and tunnel.
    pub tunnel: String,
}

/// Everything built and bound, not yet serving.
#[derive(Debug)]
pub struct App {
    services: Arc<Services>,
    system_clock: Arc<SystemClock>,
    listeners: Listeners,
    ready: Ready,
}

#[derive(Debug)]
struct Listeners {
    web: TcpListener,
    admin: TcpListener,
}

impl App {
    /// Opens what is needed, then binds the listeners.
    pub async fn build(config: Config, system_clock: Arc<SystemClock>) -> anyhow::Result<Self> {
        let clock: Arc<dyn Clock> = system_clock.clone();
        let ids = IdSource::new(clock.clone());
        let sealer = Sealer::from_config(&config.secrets)?;
        let database = open_database(&config).await?;
        let clients = Clients::new(outgoing_calls(&config))?;
        let listeners = Listeners {
            web: bind(config.web.listen, "web.listen").await?,
            admin: bind(config.admin.listen, "admin.listen").await?,
        };
        let urls = Urls {
            web: public_url(&config.web.public_url, "http", listeners.web.local_addr()?),
            tunnel: config.tunnel.public_url.clone(),
        };
        let ready = Ready {
            web: format!("http://{}", listeners.web.local_addr()?),
            tunnel: String::new(),
            admin: format!("http://{}", listeners.admin.local_addr()?),
            ca_pem: String::new(),
        };
        let services = Arc::new(Services {
            database,
            hooks: Hooks::default(),
            clients,
            clock,
            ids,
            sealer,
            registry: Registry::default(),
            config,
            urls,
            tasks: TaskTracker::new(),
            shutdown: CancellationToken::new(),
        });
        Ok(Self {
            services,
            system_clock,
            listeners,
            ready,
        })
    }

    /// The bound addresses.
    pub fn ready(&self) -> &Ready {
        &self.ready
    }

    /// What the parts share.
    pub fn services(&self) -> &Arc<Services> {
        &self.services
    }

    /// Serves until a signal comes, the parent is gone, or the shutdown token is cancelled.
    pub async fn run(self, parent_pid: Option<u32>) -> anyhow::Result<()> {
        let services = self.services.clone();
        self.start();
        tokio::select! {
            () = signalled() => tracing::info!("told to stop"),
            () = parent::gone(parent_pid) => tracing::info!("the parent process is gone"),
            () = services.shutdown.cancelled() => {}
        }
        services.stop().await;
        Ok(())
    }

    /// Starts every task and returns.
    pub fn start(self) {
        let Self {
            services,
            system_clock,
            listeners,
            ready,
        } = self;
        let web = web_router(&services);
        services.serve_http("web", listeners.web, web);
        let admin = admin::router(&services, system_clock);
        services.serve_http("admin", listeners.admin, admin);
        tracing::info!(web.url = ready.web, tunnel.url = ready.tunnel, "serving");
    }
}

/// Everything on the web listener: API, webhooks.
pub fn web_router(services: &Arc<Services>) -> Router {
    crate::webhooks::router(services.clone()).merge(crate::api::router(services.clone()))
}

/// How calls to stores behave.
pub fn outgoing_calls(config: &Config) -> http::Settings {
    http::Settings {
        timeout: Duration::from_secs(config.limits.store_timeout_seconds),
        concurrency: config.limits.store_calls,
        allow_private_networks: config.limits.allow_private_networks,
        ..http::Settings::default()
    }
}

async fn open_database(config: &Config) -> anyhow::Result<Database> {
    let options = connect_store::Options {
        connections: config.database.connections,
        ..connect_store::Options::default()
    };
    let database = Database::open(config.database.url.expose_secret(), &options).await?;
    database.migrate().await?;
    Ok(database)
}

impl Services {
    /// Tells every task to end and waits for them, for as long as the settings allow.
    pub async fn stop(&self) {
        self.shutdown.cancel();
        self.tasks.close();
        let limit = Duration::from_secs(self.config.limits.shutdown_seconds);
        if tokio::time::timeout(limit, self.tasks.wait())
            .await
            .is_err()
        {
            tracing::warn!(
                tasks.left = self.tasks.len(),
                "some tasks did not end in time"
            );
        }
    }

    fn serve_http(self: &Arc<Self>, name: &'static str, listener: TcpListener, router: Router) {
        let stop = self.shutdown.clone().cancelled_owned();
        let app = router.into_make_service_with_connect_info::<SocketAddr>();
        let serving = axum::serve(listener, app).with_graceful_shutdown(stop);
        self.tasks.spawn(async move {
            if let Err(error) = serving.await {
                tracing::error!(listener.name = name, error = %error, "listener failed");
            }
        });
    }
}

async fn bind(address: SocketAddr, key: &str) -> anyhow::Result<TcpListener> {
    TcpListener::bind(address)
        .await
        .with_context(|| format!("setting {key}: cannot listen on {address}"))
}

fn public_url(configured: &str, scheme: &str, bound: SocketAddr) -> String {
    if configured.is_empty() {
        return format!("{scheme}://{bound}");
    }
    configured.to_owned()
}

#[cfg(unix)]
async fn signalled() {
    use tokio::signal::unix::{SignalKind, signal};

    let Ok(mut terminate) = signal(SignalKind::terminate()) else {
        return std::future::pending().await;
    };
    tokio::select! {
        _ = terminate.recv() => {}
        _ = tokio::signal::ctrl_c() => {}
    }
}

#[cfg(not(unix))]
async fn signalled() {
    tokio::signal::ctrl_c().await.ok();
}
