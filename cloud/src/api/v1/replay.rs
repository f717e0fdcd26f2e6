//! Doing a run again: from the start as a new run, or from the step it failed at as the same one.

use connect_core::domain::ids::EventId;
use connect_core::domain::run::Run;
use connect_core::engine::workflow::Edit;
use connect_store::{AuditEntry, Replay, ReplayFrom, Replayed};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::ToSchema;
use uuid::Uuid;

use super::routes;
use crate::api::Shared;
use crate::api::auth::Caller;
use crate::api::form::Form;
use crate::api::view::word;
use crate::error::Error;

/// Records that every run has; what steps give is not among them.
const GIVEN: [&str; 4] = ["event", "store", "profile", "company"];
const MOST_EDITS: usize = 100;

/// How to do a run again.
#[derive(Debug, Deserialize, ToSchema)]
#[expect(dead_code, reason = "describes the body; a form reads it")]
pub(crate) struct ReplayBody {
    /// `start` (when not given), or `failed_step`: a dead letter goes on where it failed.
    from: Option<String>,
    /// `newest` (when not given) or `same`: the versions to work under.
    version: Option<String>,
    /// Forgets the links the run made, so that GP is asked again; what GP holds is still not written twice.
    forget_links: Option<bool>,
    /// What to put right in what steps give.
    edits: Option<Vec<EditBody>>,
}

/// A value to put right.
#[derive(Debug, Deserialize, ToSchema)]
#[expect(dead_code, reason = "describes the body; a form reads it")]
pub(crate) struct EditBody {
    /// Where, beginning with the name of what a step gives: `order.billing_address.email`.
    path: String,
    /// What stands there then.
    #[schema(value_type = Object)]
    value: Value,
}

/// What was queued.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ReplayView {
    /// The run that is done again.
    pub run_id: Uuid,
    /// The event that does it.
    pub event_id: Uuid,
}

/// Stable code of the error that says a replay would go nowhere.
pub(super) const NO_ROUTE: &str = "no_route";

/// Stable code of the error that says a run is part of another one.
pub(super) const PART: &str = "part_of_a_run";

/// How a run is done again.
#[derive(Debug)]
pub(super) struct Again {
    from: ReplayFrom,
    newest: bool,
    forget_links: bool,
    edits: Vec<Edit>,
}

impl Again {
    /// Reads how one run is done again.
    pub(super) fn read(form: &mut Form) -> Self {
        let edits = edits(form);
        Self {
            edits,
            ..Self::read_for_many(form)
        }
    }

    /// Reads how several are: nothing can be put right in all at once.
    pub(super) fn read_for_many(form: &mut Form) -> Self {
        let places = [
            ("start", ReplayFrom::Start),
            ("failed_step", ReplayFrom::FailedStep),
        ];
        let from = form.optional_choice("from", &places);
        let newest = form.optional_choice("version", &[("newest", true), ("same", false)]);
        let forget_links = form.optional_flag("forget_links").unwrap_or(false);
        let from = from.unwrap_or(ReplayFrom::Start);
        if from == ReplayFrom::FailedStep && forget_links {
            form.refuse("forget_links", "goes with a replay from the start only");
        }
        Self {
            from,
            newest: newest.unwrap_or(true),
            forget_links,
            edits: Vec::new(),
        }
    }

    /// What the audit says of it: what was put right by its place, not what it says now.
    fn detail(&self) -> String {
        let paths: Vec<&str> = self.edits.iter().map(|edit| edit.path.as_str()).collect();
        let from = match self.from {
            ReplayFrom::Start => "start",
            ReplayFrom::FailedStep => "failed_step",
        };
        json!({"from": from, "edited": paths}).to_string()
    }
}

fn edits(form: &mut Form) -> Vec<Edit> {
    let Some(value) = form.optional_value("edits") else {
        return Vec::new();
    };
    let edits: Vec<Edit> = match serde_json::from_str(&value.to_string()) {
        Ok(edits) => edits,
        Err(error) => {
            form.refuse(
                "edits",
                &format!("must be a list of path and value: {error}"),
            );
            return Vec::new();
        }
    };
    if edits.len() > MOST_EDITS {
        form.refuse("edits", &format!("must not have more than {MOST_EDITS}"));
    }
    for edit in &edits {
        let root = edit.path.split(['.', '[']).next().unwrap_or_default();
        if root.is_empty() || GIVEN.contains(&root) {
            let message = format!(
                "{:?} is nothing a step gives: begin with the name of a step's result, such as order",
                edit.path
            );
            form.refuse("edits", &message);
        }
    }
    edits
}

/// Queues a replay.
pub(super) async fn queue(
    shared: &Shared,
    caller: &Caller,
    run: &Run,
    again: &Again,
) -> Result<ReplayView, Error> {
    let services = &shared.services;
    let artifacts = services.database.artifacts();
    let newest = artifacts.current(caller.tenant, run.environment).await?;
    let revision = if again.newest { newest } else { None };
    // Work under a revision without a route goes by the newest.
    let routed = match revision {
        Some(_) => false,
        None => routes::is_routed(shared, caller, run, Some(run.revision)).await?,
    };
    if !routed && !routes::is_routed(shared, caller, run, newest).await? {
        return Err(Error::conflict(
            NO_ROUTE,
            "no route of the run's store is on: switch one on first",
        ));
    }
    let replay = Replay {
        from: again.from,
        event: EventId(services.ids.next()),
        revision,
        forget_links: again.forget_links,
        edits: (!again.edits.is_empty()).then(|| json!(again.edits).to_string()),
        now: services.clock.now(),
    };
    let database = services.database.audited(AuditEntry {
        tenant: caller.tenant,
        happened: replay.now,
        actor: caller.actor(),
        action: "run.replay".to_owned(),
        target: run.id.to_string(),
        detail: again.detail(),
    });
    let outcome = database
        .runs()
        .replay(caller.tenant, run.id, replay)
        .await?;
    told(run, outcome)
}

fn told(run: &Run, outcome: Replayed) -> Result<ReplayView, Error> {
    match outcome {
        Replayed::Queued { event } => Ok(ReplayView {
            run_id: run.id.0,
            event_id: event.0,
        }),
        Replayed::NotOver { state } => Err(Error::conflict(
            "run_not_over",
            format!(
                "the run is {}: only what is over can be done again, and only a dead letter goes on",
                word(state)
            ),
        )),
        Replayed::Part { whole } => Err(Error::conflict(
            PART,
            format!(
                "it is part of run {whole}: let it go on from its failed step, or do the whole again"
            ),
        )),
        Replayed::Unknown => Err(Error::not_found("run")),
    }
}
