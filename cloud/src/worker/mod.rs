//! Takes lanes with ready work and carries their runs forward: engine, store and connectors together.

mod context;
mod ends;
mod gates;
mod lane;
mod lease;
mod parts;
mod perform;
mod polling;
mod progress;
mod schedules;
mod slots;
mod unplanned;
mod waits;

#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::time::{Duration, Instant};

use connect_core::domain::ids::WorkerId;
use connect_core::domain::lane::Fence;

use lease::Lease;
use slots::Slots;

use crate::app::Services;
use crate::error::Result;

/// Between two claims: under load each then takes several lanes for the same few statements.
const GATHER: Duration = Duration::from_millis(5);
/// Before a worker that failed begins a new life.
const PAUSE: Duration = Duration::from_secs(2);

/// Works until the process shuts down.
pub async fn run(services: Arc<Services>) {
    let lease = Duration::from_secs(services.config.worker.lease_seconds.into());
    let shop = Arc::new(Shop {
        services: services.clone(),
        contexts: context::Contexts::default(),
        troubles: lane::Troubles::default(),
        lease: Arc::new(Lease::new(lease)),
    });
    services.tasks.spawn(polling::run(services.clone()));
    services.tasks.spawn(waits::run(services.clone()));
    services.tasks.spawn(schedules::run(services.clone()));
    while !services.shutdown.is_cancelled() {
        match as_worker(&shop).await {
            Ok(()) => return,
            Err(error) => {
                tracing::warn!(error = error.report(), "worker starts over");
                tokio::select! {
                    () = tokio::time::sleep(PAUSE) => {}
                    () = services.shutdown.cancelled() => {}
                }
            }
        }
    }
}

/// What the lanes in work share.
#[derive(Debug)]
struct Shop {
    services: Arc<Services>,
    contexts: context::Contexts,
    troubles: lane::Troubles,
    lease: Arc<Lease>,
}

/// One life of a worker: ends with an error when its lease is lost.
async fn as_worker(shop: &Arc<Shop>) -> Result<()> {
    let services = &shop.services;
    let settings = &services.config.worker;
    let worker = WorkerId(services.ids.next());
    let asked = Instant::now();
    let lease = shop.lease.length();
    let fence = services.database.workers().insert(worker, lease).await?;
    shop.lease.renewed(asked);
    let slots = Slots::new(settings.parallel);
    let heartbeat = beat(shop, fence);
    let work = claim_and_work(shop, fence, &slots);
    let outcome = tokio::select! {
        outcome = heartbeat => outcome,
        outcome = work => outcome,
        () = services.shutdown.cancelled() => Ok(()),
    };
    // Lanes in work end their current transition; what they hold then is free for others.
    drop(tokio::time::timeout(Duration::from_secs(10), slots.all_free()).await);
    services.database.workers().delete(fence).await?;
    outcome
}

async fn beat(shop: &Shop, fence: Fence) -> Result<()> {
    loop {
        tokio::time::sleep(shop.lease.length() / 3).await;
        let asked = Instant::now();
        let workers = shop.services.database.workers();
        workers.update(fence).await.map_err(perform::refused)?;
        shop.lease.renewed(asked);
    }
}

async fn claim_and_work(shop: &Arc<Shop>, fence: Fence, slots: &Arc<Slots>) -> Result<()> {
    let services = &shop.services;
    let mut woken = services.database.subscribe_lanes();
    let poll = Duration::from_millis(services.config.worker.poll_ms);
    loop {
        let began = tokio::time::Instant::now();
        let claimed = claim_round(shop, fence, slots).await?;
        tokio::time::sleep_until(began + GATHER).await;
        if claimed == 0 {
            tokio::select! {
                _changed = woken.changed() => {}
                () = slots.freed() => {}
                () = tokio::time::sleep(poll) => {}
            }
        }
    }
}

/// Claims for each tenant with ready work its share of the free places; returns how many lanes.
async fn claim_round(shop: &Arc<Shop>, fence: Fence, slots: &Arc<Slots>) -> Result<usize> {
    let services = &shop.services;
    let lanes = services.database.lanes();
    let tenants = lanes.tenants_with_ready(services.clock.now()).await?;
    let mut claimed = 0;
    for (place, tenant) in tenants.iter().enumerate() {
        let mut permits = slots.share(tenants.len() - place).await?;
        let room = slots.room(*tenant, permits.len());
        let now = services.clock.now();
        let found = lanes.claim(*tenant, fence, now, room.clone()).await;
        let found = found.map_err(perform::refused)?;
        slots.claimed(&room, found.len());
        claimed += found.len();
        for lane in found {
            let Some(permit) = permits.pop() else { break };
            let slot = slots.take(&lane.key, permit);
            let work = lane::work(shop.clone(), fence, lane);
            services.tasks.spawn(async move {
                work.await;
                drop(slot);
            });
        }
    }
    Ok(claimed)
}
