//! Runs that let their lane go, and what brings them back.

use std::sync::Arc;
use std::time::Duration;

use connect_core::domain::lane::LaneNext;
use connect_core::domain::run::RunState;
use connect_core::domain::time::Micros;
use connect_core::domain::wait::{Wait, WaitKind, Woken};
use connect_core::engine::Value;
use connect_core::engine::workflow::{Awaited, Edit, Happened};

use super::lane::Work;
use crate::app::Services;
use crate::error::{Error, Result};

/// How often runs whose time has come are looked for.
const EVERY: Duration = Duration::from_millis(500);
/// So many at a time.
const CHUNK: i64 = 100;

/// Brings runs back whose time has come, until the process shuts down.
pub(super) async fn run(services: Arc<Services>) {
    while !services.shutdown.is_cancelled() {
        if let Err(error) = round(&services).await {
            tracing::warn!(
                error = error.report(),
                "waiting runs could not be looked at"
            );
        }
        tokio::select! {
            () = tokio::time::sleep(EVERY) => {}
            () = services.shutdown.cancelled() => {}
        }
    }
}

async fn round(services: &Services) -> Result<()> {
    let waits = services.database.waits();
    let now = services.clock.now();
    for tenant in waits.tenants_with_due(now).await? {
        // One tenant's trouble is not the others'.
        while let Ok(found) = waits.claim(tenant, now, CHUNK).await.inspect_err(
            |error| tracing::warn!(tenant.id = %tenant, %error, "waiting runs stay where they are"),
        ) {
            if found == 0 {
                break;
            }
        }
    }
    Ok(())
}

/// What brought a run back, as the engine takes it.
pub(super) fn happened(woken: Option<&Woken>) -> Result<Happened> {
    Ok(match woken {
        None | Some(Woken::Edited { .. }) => Happened::Begin,
        Some(Woken::Due) => Happened::Due,
        Some(Woken::Event {
            step,
            event,
            topic,
            occurred,
        }) => Happened::Arrived {
            step: step.clone(),
            value: Value::map([
                ("id", Value::from(event.to_string())),
                ("topic", topic.as_str().into()),
                ("occurred", connect_core::engine::instant(*occurred).into()),
            ]),
        },
        Some(Woken::Decided {
            step,
            approved,
            by,
            note,
        }) => Happened::Arrived {
            step: step.clone(),
            value: Value::map([
                ("approved", Value::from(*approved)),
                ("by", by.as_str().into()),
                ("note", note.as_str().into()),
            ]),
        },
        Some(Woken::Resumed { edits: text }) => Happened::Resumed {
            edits: edits(text)?,
        },
    })
}

/// Reads what a person put right.
pub(super) fn edits(json: &str) -> Result<Vec<Edit>> {
    serde_json::from_str(json).map_err(Error::internal)
}

impl Work {
    /// Lets the lane go on without the run, until what it waits for has come.
    pub(super) async fn leave(
        &mut self,
        step: String,
        what: Awaited,
        due: Option<Micros>,
        reason: String,
    ) -> Result<()> {
        let (kind, topics) = match what {
            Awaited::Time => (WaitKind::Time, Vec::new()),
            Awaited::Event { topics } => (WaitKind::Event, topics),
            Awaited::Approval => (WaitKind::Approval, Vec::new()),
        };
        let wait = Wait {
            tenant: self.run.tenant,
            run: self.run.id,
            step,
            kind,
            topics,
            due,
            reason: reason.clone(),
            created: self.services.clock.now(),
        };
        self.settle(RunState::Waiting, reason, LaneNext::Leave { wait })
            .await?;
        crate::crash::point("cloud.wait.stored");
        Ok(())
    }
}
