//! Wake-ups between replicas: PostgreSQL's NOTIFY, never inside a unit of work; polling is the truth.

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use connect_core::domain::ids::{AgentId, TenantId};
use sqlx::postgres::{PgConnectOptions, PgListener, PgNotification, PgPoolOptions};
use sqlx::{Connection, PgConnection, PgPool};
use tokio::sync::mpsc;
use tokio::task::AbortHandle;

use crate::conn::Wakes;
use crate::wake::Wake;

const CHANNEL: &str = "connect_wake";
const LANES: &str = "lanes";
/// Wake-ups of so much time go out together.
const GATHER: Duration = Duration::from_millis(2);
const AGAIN: Duration = Duration::from_secs(1);

/// Tells other replicas what a commit made ready, and this one what theirs did.
#[derive(Debug)]
pub(crate) struct Notifier {
    wakes: mpsc::UnboundedSender<Wakes>,
    listening: AbortHandle,
}

impl Notifier {
    /// Starts both tasks; they end with this handle.
    #[expect(
        clippy::disallowed_methods,
        reason = "they outlive every tracker: they end when the last handle is gone"
    )]
    pub(crate) fn start(connect: PgConnectOptions, wake: Arc<Wake>) -> Self {
        let own = Arc::new(AtomicU32::new(0));
        let pool = PgPoolOptions::new()
            .max_connections(1)
            .connect_lazy_with(connect.clone());
        let listening = tokio::spawn(listen(pool, wake, Arc::clone(&own)));
        let (wakes, waiting) = mpsc::unbounded_channel();
        tokio::spawn(tell(connect, waiting, own));
        Self {
            wakes,
            listening: listening.abort_handle(),
        }
    }

    /// Passes on what a commit made ready.
    pub(crate) fn tell(&self, wakes: &Wakes) {
        if wakes.lanes || !wakes.commands.is_empty() {
            // A task that is gone cannot tell anybody; they poll.
            drop(self.wakes.send(wakes.clone()));
        }
    }
}

impl Drop for Notifier {
    fn drop(&mut self) {
        self.listening.abort();
    }
}

async fn tell(
    connect: PgConnectOptions,
    mut waiting: mpsc::UnboundedReceiver<Wakes>,
    own: Arc<AtomicU32>,
) {
    let mut connection = None;
    while let Some(mut wakes) = waiting.recv().await {
        tokio::time::sleep(GATHER).await;
        while let Ok(more) = waiting.try_recv() {
            wakes.join(more);
        }
        if let Err(cause) = send(&connect, &mut connection, &own, &wakes).await {
            tracing::warn!(error = %cause, "other replicas could not be woken");
            connection = None;
            tokio::time::sleep(AGAIN).await;
        }
    }
}

async fn send(
    connect: &PgConnectOptions,
    kept: &mut Option<PgConnection>,
    own: &AtomicU32,
    wakes: &Wakes,
) -> Result<(), sqlx::Error> {
    let connection = match kept {
        Some(connection) => connection,
        None => kept.insert(open(connect, own).await?),
    };
    for payload in payloads(wakes) {
        sqlx::query("SELECT pg_notify($1, $2)")
            .bind(CHANNEL)
            .bind(payload)
            .execute(&mut *connection)
            .await?;
    }
    Ok(())
}

async fn open(connect: &PgConnectOptions, own: &AtomicU32) -> Result<PgConnection, sqlx::Error> {
    let mut connection = PgConnection::connect_with(connect).await?;
    let (process,): (i32,) = sqlx::query_as("SELECT pg_backend_pid()")
        .fetch_one(&mut connection)
        .await?;
    own.store(process.unsigned_abs(), Ordering::SeqCst);
    Ok(connection)
}

fn payloads(wakes: &Wakes) -> HashSet<String> {
    let commands = wakes.commands.iter();
    let mut payloads: HashSet<String> = commands
        .map(|(tenant, agent)| format!("{tenant} {agent}"))
        .collect();
    if wakes.lanes {
        payloads.insert(LANES.to_owned());
    }
    payloads
}

async fn listen(pool: PgPool, wake: Arc<Wake>, own: Arc<AtomicU32>) {
    loop {
        if let Err(cause) = hear(&pool, &wake, &own).await {
            tracing::warn!(error = %cause, "wake-ups of other replicas are not heard");
        }
        tokio::time::sleep(AGAIN).await;
    }
}

async fn hear(pool: &PgPool, wake: &Wake, own: &AtomicU32) -> Result<(), sqlx::Error> {
    let mut listener = PgListener::connect_with(pool).await?;
    listener.listen(CHANNEL).await?;
    loop {
        let heard = listener.recv().await?;
        if heard.process_id() != own.load(Ordering::SeqCst) {
            wake.fire(wakes_of(&heard));
        }
    }
}

fn wakes_of(heard: &PgNotification) -> Wakes {
    let payload = heard.payload();
    let target = payload.split_once(' ').and_then(|(tenant, agent)| {
        let tenant = tenant.parse().ok().map(TenantId)?;
        Some((tenant, agent.parse().ok().map(AgentId)?))
    });
    Wakes {
        lanes: payload == LANES,
        commands: target.into_iter().collect(),
    }
}
