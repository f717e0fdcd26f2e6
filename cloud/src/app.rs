//! Puts the parts together: services, listeners, workers, and their orderly end.

mod admin;
mod parent;
mod ready;
mod stop;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use axum::Router;
use connect_store::{Database, Durability};
use secrecy::ExposeSecret as _;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use uuid::Uuid;

use crate::clock::{Clock, IdSource, SystemClock};
use crate::config::Config;
use crate::connectors::http;
use crate::connectors::nopcommerce::Clients;
use crate::secrets::Sealer;
use crate::tunnel::registry::Registry;
use crate::tunnel::{self, Authority};
use crate::webhooks::Hooks;

pub use ready::Ready;
pub use stop::StopSignal;

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
    /// The private CA.
    pub authority: Arc<Authority>,
    /// Agents with a session in this process.
    pub registry: Registry,
    /// Stores as their webhooks see them.
    pub hooks: Hooks,
    /// Clients of the stores' APIs.
    pub clients: Clients,
    /// Names this process among its replicas.
    pub replica: Uuid,
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
    tunnel: TcpListener,
    admin: TcpListener,
}

impl App {
    /// Opens what is needed, then binds the listeners.
    pub async fn build(config: Config, system_clock: Arc<SystemClock>) -> anyhow::Result<Self> {
        let clock: Arc<dyn Clock> = system_clock.clone();
        let ids = IdSource::new(clock.clone());
        let sealer = Sealer::from_config(&config.secrets)?;
        let database = open_database(&config).await?;
        database.migrate().await?;
        let clients = Clients::new(outgoing_calls(&config), clock.clone())?;
        let authority = Authority::open(&database, &sealer, ids.next(), clock.now());
        let authority = authority.await.context("the private CA")?;
        let durability = database.check_durable().await?;
        let listeners = Listeners::bind(&config).await?;
        let ready = listeners.ready(&authority, durability)?;
        let urls = Urls {
            web: public_url(&config.web.public_url, &ready.web),
            tunnel: public_url(&config.tunnel.public_url, &ready.tunnel),
        };
        let services = Arc::new(Services {
            database,
            clock,
            replica: ids.random(),
            ids,
            sealer,
            authority: Arc::new(authority),
            registry: Registry::default(),
            hooks: Hooks::default(),
            clients,
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

    /// Serves until the signal comes, the parent is gone, or the shutdown token is cancelled.
    pub async fn run(self, told: StopSignal, parent_pid: Option<u32>) -> anyhow::Result<()> {
        let services = self.services.clone();
        self.start().await?;
        tokio::select! {
            () = told.came() => tracing::info!("Told to stop"),
            () = parent::gone(parent_pid) => tracing::info!("The parent process is gone"),
            () = services.shutdown.cancelled() => {}
        }
        services.stop().await;
        Ok(())
    }

    /// Starts every task and returns.
    pub async fn start(self) -> anyhow::Result<()> {
        let Self {
            services,
            system_clock,
            listeners,
            ready,
        } = self;
        services.end_sessions_of_the_past().await?;
        tunnel::start(&services, listeners.tunnel)?;
        services.serve_http("web", listeners.web, web_router(&services));
        let admin = admin::router(&services, system_clock);
        services.serve_http("admin", listeners.admin, admin);
        if services.config.worker.enabled {
            services.start_work();
        }
        tracing::info!(
            web.url = ready.web,
            tunnel.url = ready.tunnel,
            database.kind = services.database.kind(),
            database.durability = ?ready.durability,
            "Serving"
        );
        Ok(())
    }
}

impl Listeners {
    async fn bind(config: &Config) -> anyhow::Result<Self> {
        Ok(Self {
            web: bind(config.web.listen, "web.listen").await?,
            tunnel: bind(config.tunnel.listen, "tunnel.listen").await?,
            admin: bind(config.admin.listen, "admin.listen").await?,
        })
    }

    fn ready(&self, authority: &Authority, durability: Durability) -> anyhow::Result<Ready> {
        Ok(Ready {
            durability: durability.settings.into_iter().collect(),
            web: format!("http://{}", self.web.local_addr()?),
            tunnel: format!("https://{}", self.tunnel.local_addr()?),
            admin: format!("http://{}", self.admin.local_addr()?),
            ca_pem: authority.certificate_pem(),
        })
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

impl Services {
    /// Starts a worker, which also looks through the stores.
    pub(crate) fn start_work(self: &Arc<Self>) {
        self.tasks.spawn(crate::worker::run(Arc::clone(self)));
    }

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

    /// A database in a file belongs to one process: sessions and leases left open in it ended with
    /// the last.
    async fn end_sessions_of_the_past(&self) -> anyhow::Result<()> {
        if self.database.kind() != "sqlite" {
            return Ok(());
        }
        self.database.workers().delete_all().await?;
        for tenant in self.database.tenants().list().await? {
            let sessions = self.database.sessions();
            sessions
                .delete_of_others(tenant.id, self.replica, self.clock.now())
                .await?;
        }
        Ok(())
    }

    fn serve_http(self: &Arc<Self>, name: &'static str, listener: TcpListener, router: Router) {
        let stop = self.shutdown.clone().cancelled_owned();
        let app = router.into_make_service_with_connect_info::<SocketAddr>();
        let serving = axum::serve(listener, app).with_graceful_shutdown(stop);
        self.tasks.spawn(async move {
            if let Err(error) = serving.await {
                tracing::error!(listener.name = name, error = %error, "A listener failed");
            }
        });
    }
}

/// Opens the configured database; one that could lose acknowledged work is refused.
pub(crate) async fn open_database(config: &Config) -> anyhow::Result<Database> {
    let options = connect_store::Options {
        connections: config.database.connections,
        ..connect_store::Options::default()
    };
    Database::open(config.database.url.expose_secret(), &options)
        .await
        .context("setting database.url")
}

async fn bind(address: SocketAddr, key: &str) -> anyhow::Result<TcpListener> {
    TcpListener::bind(address)
        .await
        .with_context(|| format!("setting {key}: cannot listen on {address}"))
}

fn public_url(configured: &str, bound: &str) -> String {
    if configured.is_empty() {
        bound
    } else {
        configured
    }
    .to_owned()
}
