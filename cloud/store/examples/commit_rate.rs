//! Prints how many durable events a database takes a second, one by one and at concurrency 8 and 64.
//!
//! `cargo run --release --example commit_rate [URL]`; without a URL a fresh SQLite file.

#![expect(clippy::print_stdout, reason = "printing is this program's job")]
#![expect(clippy::unwrap_used, reason = "a measurement that fails has no result")]
#![expect(
    clippy::disallowed_methods,
    reason = "a program of its own, with its own ids"
)]

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use connect_core::domain::event::{Event, Source};
use connect_core::domain::ids::{EnvironmentId, EventId, StoreId, TenantId};
use connect_core::domain::lane::LaneKey;
use connect_core::domain::tenant::Tenant;
use connect_core::domain::time::Micros;
use connect_store::{Database, Options};
use uuid::Uuid;

const EVENTS: usize = 4_000;

#[tokio::main]
async fn main() {
    let directory = tempfile::tempdir_in(".").unwrap();
    let file = format!("sqlite://{}", directory.path().join("rate.db").display());
    let url = std::env::args().nth(1).unwrap_or(file);
    let database = Database::open(&url, &Options::default()).await.unwrap();
    database.migrate().await.unwrap();
    println!(
        "{}: {:?}",
        database.kind(),
        database.check_durable().await.unwrap().settings
    );
    let tenant = insert_tenant(&database).await;
    for at_once in [1, 8, 64] {
        measure(&database, tenant, at_once).await;
    }
}

async fn insert_tenant(database: &Database) -> TenantId {
    let id = TenantId(Uuid::now_v7());
    let tenant = Tenant {
        id,
        name: "rate".to_owned(),
        wrapped_key: Vec::new(),
        created: Micros(0),
    };
    database.tenants().insert(&tenant).await.unwrap();
    id
}

async fn measure(database: &Database, tenant: TenantId, at_once: usize) {
    let left = Arc::new(AtomicUsize::new(EVENTS));
    let began = Instant::now();
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..at_once {
        tasks.spawn(insert_events(database.clone(), tenant, Arc::clone(&left)));
    }
    let mut times: Vec<Duration> = tasks.join_all().await.into_iter().flatten().collect();
    let took = began.elapsed();
    times.sort_unstable();
    println!(
        "{at_once:>3} at once: {:.0} events/s, p50 {:?}, p99 {:?}",
        f64::from(u32::try_from(times.len()).unwrap()) / took.as_secs_f64(),
        times[times.len() / 2],
        times[times.len() * 99 / 100],
    );
}

async fn insert_events(
    database: Database,
    tenant: TenantId,
    left: Arc<AtomicUsize>,
) -> Vec<Duration> {
    let store = StoreId(Uuid::now_v7());
    let mut times = Vec::new();
    while left
        .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| {
            left.checked_sub(1)
        })
        .is_ok()
    {
        let id = Uuid::now_v7();
        let event = Event {
            tenant,
            id: EventId(id),
            environment: EnvironmentId(tenant.0),
            store,
            source: Source::Webhook,
            delivery: id.to_string(),
            topic: "order.placed".to_owned(),
            entity: "order".to_owned(),
            entity_id: id.to_string(),
            occurred: Micros(0),
            received: Micros(0),
            revision: 1,
            route: None,
            body: None,
        };
        let lane = LaneKey {
            tenant,
            group: store.0,
            key: format!("order:{id}"),
        };
        let began = Instant::now();
        database.events().insert(&event, &lane).await.unwrap();
        times.push(began.elapsed());
    }
    times
}
