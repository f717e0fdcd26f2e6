//! Looks through the stores' APIs on schedule, so that an order whose webhook was lost is found.

use std::sync::Arc;
use std::time::Duration;

use connect_core::domain::ids::TenantId;
use connect_core::domain::lane::{GateKey, GateKind};
use connect_core::domain::store::PollCursor;

use super::gates;
use crate::app::Services;
use crate::error::{Error, Result};
use crate::polling::{PollError, poll};

/// Between two looks through one store.
const EVERY_SECONDS: i64 = 300;
/// A look that found more than it could take goes on after this.
const MORE_SECONDS: i64 = 1;
/// Stores looked through at once, per tenant and round.
const AT_ONCE: i64 = 4;

/// Polls whatever store is due, until shutdown.
pub(super) async fn run(services: Arc<Services>) {
    while !services.shutdown.is_cancelled() {
        if let Err(error) = round(&services).await {
            tracing::warn!(error = error.report(), "polling stores failed");
        }
        tokio::select! {
            () = tokio::time::sleep(Duration::from_secs(1)) => {}
            () = services.shutdown.cancelled() => {}
        }
    }
}

async fn round(services: &Services) -> Result<()> {
    let now = services.clock.now();
    let cursors = services.database.poll_cursors();
    for tenant in cursors.list_tenants_due(now).await? {
        // Should this process end meanwhile, another look comes after a minute.
        let until = now.plus_seconds(60);
        for cursor in cursors.claim(tenant, now, until, AT_ONCE).await? {
            if let Err(error) = look(services, tenant, &cursor).await {
                tracing::warn!(store.id = %cursor.store, error = error.report(), "a poll failed");
            }
        }
    }
    Ok(())
}

async fn look(services: &Services, tenant: TenantId, cursor: &PollCursor) -> Result<()> {
    let Some(store) = services
        .database
        .stores()
        .find(tenant, cursor.store)
        .await?
    else {
        return Ok(());
    };
    let now = services.clock.now();
    let next = now.plus_seconds(EVERY_SECONDS);
    match poll(services, &store, cursor, next).await {
        Ok(polled) if polled.more => {
            let due = services.clock.now().plus_seconds(MORE_SECONDS);
            let cursor = services
                .database
                .poll_cursors()
                .find(tenant, store.id)
                .await?;
            let Some(cursor) = cursor else { return Ok(()) };
            services
                .database
                .poll_cursors()
                .update(&PollCursor { due, ..cursor })
                .await?;
            Ok(())
        }
        Ok(_) => Ok(()),
        Err(PollError::Own(error)) => Err(error),
        Err(PollError::Store(failure)) => {
            let key = GateKey {
                kind: GateKind::Store,
                target: store.id.0,
            };
            let probes = services.database.gates().find(tenant, key).await?;
            let probes = probes.map_or(0, |gate| gate.probes);
            if let Some(gate) = gates::closed_by(tenant, key, &failure, probes, now) {
                services.database.gates().insert(&gate).await?;
            }
            Err(Error::unavailable(failure.message))
        }
    }
}
