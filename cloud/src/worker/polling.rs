//! Looks through the stores' APIs on schedule, so that an order whose webhook was lost is found.

use std::sync::Arc;
use std::time::Duration;

use connect_core::domain::lane::{GateKey, GateKind};
use connect_core::domain::store::PollCursor;
use tokio::sync::Semaphore;

use super::gates;
use crate::app::Services;
use crate::error::{Error, Result};
use crate::polling::{PollError, poll};

/// Between two looks through one store.
const EVERY_SECONDS: i64 = 300;
/// A look that found more than it could take goes on after this.
const MORE_SECONDS: i64 = 1;
/// Stores looked through at once.
const AT_ONCE: usize = 8;
/// A look that takes longer ends; the next one goes on behind the last page that it kept.
const LONGEST: Duration = Duration::from_mins(2);
/// Should this process end meanwhile, another look comes after this: later than a look can last.
const CLAIMED_SECONDS: i64 = 150;

/// Polls whatever store is due, until shutdown.
pub(super) async fn run(services: Arc<Services>) {
    let free = Arc::new(Semaphore::new(AT_ONCE));
    let mut turn = 0;
    while !services.shutdown.is_cancelled() {
        if let Err(error) = round(&services, &free, turn).await {
            tracing::warn!(error = error.report(), "polling stores failed");
        }
        turn = turn.wrapping_add(1);
        tokio::select! {
            () = tokio::time::sleep(Duration::from_secs(1)) => {}
            () = services.shutdown.cancelled() => {}
        }
    }
}

/// Begins a look for each tenant with a store that is due, as many as are free: a store that does
/// not answer holds up no other one.
async fn round(services: &Arc<Services>, free: &Arc<Semaphore>, turn: usize) -> Result<()> {
    let now = services.clock.now();
    let cursors = services.database.poll_cursors();
    let mut tenants = cursors.list_tenants_due(now).await?;
    // Another tenant comes first each time.
    let first = turn % tenants.len().max(1);
    tenants.rotate_left(first);
    let until = now.plus_seconds(CLAIMED_SECONDS);
    for tenant in tenants {
        let Ok(permit) = free.clone().try_acquire_owned() else {
            break;
        };
        let claimed = cursors.claim(tenant, now, until, 1).await?;
        let Some(cursor) = claimed.into_iter().next() else {
            continue;
        };
        let services = Arc::clone(services);
        let tracker = services.tasks.clone();
        tracker.spawn(async move {
            tokio::select! {
                () = in_time(&services, &cursor) => {}
                () = services.shutdown.cancelled() => {}
            }
            drop(permit);
        });
    }
    Ok(())
}

async fn in_time(services: &Services, cursor: &PollCursor) {
    let looked = tokio::time::timeout(LONGEST, look(services, cursor)).await;
    let Ok(looked) = looked else {
        tracing::warn!(store.id = %cursor.store, "a poll took too long");
        return;
    };
    if let Err(error) = looked {
        tracing::warn!(store.id = %cursor.store, error = error.report(), "a poll failed");
    }
}

async fn look(services: &Services, cursor: &PollCursor) -> Result<()> {
    let (tenant, database) = (cursor.tenant, &services.database);
    let Some(store) = database.stores().find(tenant, cursor.store).await? else {
        return Ok(());
    };
    let now = services.clock.now();
    let key = GateKey {
        kind: GateKind::Store,
        target: store.id.0,
    };
    let gate = database.gates().find(tenant, key).await?;
    let next = now.plus_seconds(EVERY_SECONDS);
    match poll(services, &store, cursor, next).await {
        Ok(polled) => {
            // The store answers; a gate that waits for a person stays closed.
            if gate.is_some_and(|gate| gate.probe.is_some()) {
                let now = services.clock.now();
                database.gates().delete(tenant, key, now).await?;
            }
            if polled.more {
                let due = services.clock.now().plus_seconds(MORE_SECONDS);
                let cursors = database.poll_cursors();
                cursors.update_due(tenant, store.id, due).await?;
            }
            Ok(())
        }
        Err(PollError::Own(error)) => Err(error),
        Err(PollError::Store(failure)) => {
            let probes = gate.map_or(0, |gate| gate.probes);
            let closed = gates::closed_by(tenant, key, &failure, probes, services.clock.now());
            let probe = closed.as_ref().and_then(|gate| gate.probe);
            if let Some(gate) = &closed {
                database.gates().insert(gate).await?;
            }
            let due = probe.unwrap_or(next);
            let cursors = database.poll_cursors();
            cursors.update_due(tenant, store.id, due).await?;
            Err(Error::unavailable(failure.message))
        }
    }
}
