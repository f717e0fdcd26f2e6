//! A Dynamics GP server for tests: the real tables and eConnect procedures behind the real protocol.

pub mod clock;
pub mod command;
pub mod control;
pub mod convert;
pub mod error;
pub mod faults;
pub mod heap;
pub mod procedures;
pub mod seed;
pub mod server;
pub mod session;
pub mod sql;
pub mod tables;
pub mod user;
pub mod value;
pub mod wire;

#[cfg(test)]
mod stories;

use std::net::SocketAddr;
use std::sync::Arc;

use anyhow::Context as _;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use heap::Heap;
use server::Server;
use wire::tls::Tls;

/// The login every sandbox has.
pub const USER: &str = "connect_agent";
/// Its password, which guards nothing.
pub const PASSWORD: &str = "Sandbox#1";

/// What a sandbox is started with.
#[derive(Debug, Clone)]
pub struct Config {
    pub listen: SocketAddr,
    pub control: SocketAddr,
    /// The shared world as JSON text.
    pub world: String,
    pub companies: Vec<String>,
}

impl Default for Config {
    fn default() -> Self {
        Config {
            listen: SocketAddr::from(([127, 0, 0, 1], 0)),
            control: SocketAddr::from(([127, 0, 0, 1], 0)),
            world: seed::WORLD.to_owned(),
            companies: vec!["TWO".to_owned(), "TWO2".to_owned()],
        }
    }
}

/// A running sandbox; it ends when dropped.
#[derive(Debug)]
pub struct Sandbox {
    /// Where TDS is spoken.
    pub address: SocketAddr,
    /// Where the control API is.
    pub control: SocketAddr,
    /// The certificate clients may pin.
    pub certificate_pem: String,
    /// What connections share.
    pub server: Arc<Server>,
    stop: CancellationToken,
    tracker: TaskTracker,
}

impl Sandbox {
    /// Makes the databases, fills them, and starts to listen.
    pub async fn start(config: Config) -> anyhow::Result<Sandbox> {
        let tls = Tls::generate()?;
        let certificate_pem = tls.certificate_pem.clone();
        let heap = databases(&config)?;
        let server = Arc::new(Server::new(heap, tls, USER, PASSWORD));
        let listener = TcpListener::bind(config.listen)
            .await
            .context("listening for TDS")?;
        let control = TcpListener::bind(config.control)
            .await
            .context("listening for control")?;
        let (address, control_address) = (listener.local_addr()?, control.local_addr()?);
        let stop = CancellationToken::new();
        let tracker = TaskTracker::new();
        let serving = Arc::clone(&server).serve(listener, tracker.clone());
        let stopped = stop.clone();
        tracker.spawn(async move {
            tokio::select! {
                () = serving => {}
                () = stopped.cancelled() => {}
            }
        });
        let router = control::router(Arc::clone(&server));
        let stopped = stop.clone();
        tracker.spawn(async move {
            let serving =
                axum::serve(control, router).with_graceful_shutdown(stopped.cancelled_owned());
            if let Err(error) = serving.await {
                tracing::warn!(error = %error, "the control API ended");
            }
        });
        Ok(Sandbox {
            address,
            control: control_address,
            certificate_pem,
            server,
            stop,
            tracker,
        })
    }

    /// The base address of the control API.
    pub fn control_url(&self) -> String {
        format!("http://{}", self.control)
    }

    /// Stops listening and ends all connections.
    pub async fn stop(&self) {
        self.stop.cancel();
        self.server.kick_all();
        self.tracker.close();
        self.tracker.wait().await;
    }
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        self.stop.cancel();
        self.server.kick_all();
    }
}

fn databases(config: &Config) -> anyhow::Result<Heap> {
    let world: serde_json::Value =
        serde_json::from_str(&config.world).context("reading the world")?;
    let mut names = vec![
        "master".to_owned(),
        "tempdb".to_owned(),
        "DYNAMICS".to_owned(),
    ];
    names.extend(config.companies.iter().cloned());
    let heap = Heap::new(&names)?;
    {
        let mut inner = heap.lock();
        tables::create_locks(&mut inner, 1)?;
        tables::create(&mut inner, 2, true)?;
        for (database, name) in names.iter().enumerate().skip(3) {
            let company = seed::company_of(&world, name);
            let binary = company.and_then(|company| company.get("binary"));
            inner.registry.databases[database].binary = binary == Some(&true.into());
            tables::create(&mut inner, database, false)?;
        }
    }
    seed::fill(&heap, 2, &world, true, &config.companies).context("filling the system database")?;
    for (database, name) in names.iter().enumerate().skip(3) {
        seed::fill(&heap, database, &world, false, &config.companies)
            .with_context(|| format!("filling {name}"))?;
    }
    Ok(heap)
}
