//! Takes lanes with ready work and carries their runs forward: engine, store and connectors together.

mod context;
mod gates;
mod lane;
mod perform;
mod polling;
mod progress;

use std::sync::Arc;
use std::time::Duration;

use connect_core::domain::ids::WorkerId;
use connect_core::domain::lane::Fence;
use tokio::sync::Semaphore;

use crate::app::Services;
use crate::error::{Error, Result};

/// Before a worker that failed begins a new life.
const PAUSE: Duration = Duration::from_secs(2);

/// Works until the process shuts down.
pub async fn run(services: Arc<Services>) {
    let contexts = Arc::new(context::Contexts::default());
    services.tasks.spawn(polling::run(services.clone()));
    while !services.shutdown.is_cancelled() {
        match as_worker(&services, &contexts).await {
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

/// One life of a worker: ends with an error when its lease is lost.
async fn as_worker(services: &Arc<Services>, contexts: &Arc<context::Contexts>) -> Result<()> {
    let settings = &services.config.worker;
    let worker = WorkerId(services.ids.next());
    let lease = Duration::from_secs(settings.lease_seconds.into());
    let fence = services.database.workers().insert(worker, lease).await?;
    let slots = Arc::new(Semaphore::new(settings.parallel));
    let heartbeat = beat(services, fence, lease / 3);
    let work = claim_and_work(services, contexts, fence, &slots);
    let outcome = tokio::select! {
        outcome = heartbeat => outcome,
        outcome = work => outcome,
        () = services.shutdown.cancelled() => Ok(()),
    };
    // Lanes in work end their current transition; what they hold then is free for others.
    let all = u32::try_from(settings.parallel).unwrap_or(u32::MAX);
    drop(tokio::time::timeout(Duration::from_secs(10), slots.acquire_many(all)).await);
    services.database.workers().delete(fence).await?;
    outcome
}

async fn beat(services: &Services, fence: Fence, every: Duration) -> Result<()> {
    loop {
        tokio::time::sleep(every).await;
        services
            .database
            .workers()
            .update(fence)
            .await
            .map_err(Error::internal)?;
    }
}

async fn claim_and_work(
    services: &Arc<Services>,
    contexts: &Arc<context::Contexts>,
    fence: Fence,
    slots: &Arc<Semaphore>,
) -> Result<()> {
    let mut woken = services.database.subscribe_lanes();
    let poll = Duration::from_millis(services.config.worker.poll_ms);
    loop {
        let claimed = claim_round(services, contexts, fence, slots).await?;
        if claimed == 0 {
            tokio::select! {
                _changed = woken.changed() => {}
                () = tokio::time::sleep(poll) => {}
            }
        }
    }
}

/// Claims for each tenant with ready work as much as there are free slots; returns how many lanes.
async fn claim_round(
    services: &Arc<Services>,
    contexts: &Arc<context::Contexts>,
    fence: Fence,
    slots: &Arc<Semaphore>,
) -> Result<usize> {
    let mut claimed = 0;
    for tenant in services
        .database
        .lanes()
        .tenants_with_ready(services.clock.now())
        .await?
    {
        // At least one slot, so that a full worker waits here and not in a busy loop.
        let first = slots
            .clone()
            .acquire_owned()
            .await
            .map_err(Error::internal)?;
        let mut permits = vec![first];
        while let Ok(permit) = slots.clone().try_acquire_owned() {
            permits.push(permit);
        }
        let limit = i64::try_from(permits.len()).unwrap_or(i64::MAX);
        let now = services.clock.now();
        let lanes = services
            .database
            .lanes()
            .claim(tenant, fence, now, limit)
            .await
            .map_err(Error::internal)?;
        claimed += lanes.len();
        for (lane, permit) in lanes.into_iter().zip(permits) {
            let work = lane::work(services.clone(), contexts.clone(), fence, lane);
            services.tasks.spawn(async move {
                work.await;
                drop(permit);
            });
        }
    }
    Ok(claimed)
}
