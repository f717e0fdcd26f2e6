//! Shadow runs: what settings as they would become had made of what happened before.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use connect_core::domain::artifact::{ArtifactKind, Route};
use connect_core::domain::event::Event;
use connect_core::domain::ids::{EnvironmentId, RunId};
use connect_core::domain::run::{Run, RunState, StepRecord, StepState};
use connect_core::domain::time::Micros;
use connect_core::engine::difference;
use connect_core::engine::workflow::rehearsal::{Rehearsal, World};
use connect_core::engine::workflow::{EventFacts, RunInput};
use connect_core::engine::{Value, complete};
use connect_proto::econnect::{Document, Limits, read};
use connect_store::{Parts, RunFilter};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::rehearsals::{DraftBody, compiled, drafts, perform};
use super::settings::Draft;
use crate::api::Shared;
use crate::api::auth::{Caller, Viewer};
use crate::api::extract::Path;
use crate::api::form::Form;
use crate::api::problem::Problem;
use crate::api::view::{FailureView, word};
use crate::error::Error;
use crate::records;

/// Runs compared at once.
const MOST: i64 = 200;
const PAGE: i64 = 100;
/// Kinds of steps whose answers came from outside.
const ANSWERED: [&str; 7] = [
    "read_store",
    "find_link",
    "reserve_link",
    "write_gp",
    "write_store",
    "wait_for_event",
    "approval",
];

/// Which past runs to compare with, and what with.
#[derive(Debug, Deserialize, ToSchema)]
#[expect(dead_code, reason = "describes the body; a form reads it")]
pub(crate) struct Past {
    /// The environment.
    environment_id: Uuid,
    /// Settings to put in place of those in force.
    drafts: Option<Vec<DraftBody>>,
    /// Runs that began at this time or later.
    since: String,
    /// Runs that began before; without it now.
    until: Option<String>,
    /// How many at most, the newest; 1 to 200, 50 when not given.
    limit: Option<i64>,
}

/// What would have been otherwise.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ShadowView {
    /// Runs that were looked at.
    pub looked_at: usize,
    /// Those that would have come out the same.
    pub same: usize,
    /// Those that cannot be compared: they went through lists or called others, are not over, or
    /// their bodies are no longer kept.
    pub not_comparable: Vec<Uuid>,
    /// Those that would have come out otherwise.
    pub different: Vec<ShadowedRun>,
}

/// A run that would have come out otherwise.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ShadowedRun {
    /// The run.
    pub run_id: Uuid,
    /// What it was about: `order`, ...
    pub entity: String,
    /// nop's id.
    pub entity_id: String,
    /// How it ended: `succeeded` or `dead`.
    pub state_before: String,
    /// How it would end.
    pub state_after: String,
    /// What people read.
    pub summary_before: String,
    /// What they would read.
    pub summary_after: String,
    /// Why it would be dead.
    pub failure: Option<FailureView>,
    /// What documents would say otherwise.
    pub fields: Vec<DifferenceView>,
}

/// An element of a document that would not be what it was.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct DifferenceView {
    /// The step that writes the document.
    pub step: String,
    /// The node; which of that name where there are several: `taSopLineIvcInsert[2]`.
    pub node: String,
    /// The element; none: the whole node.
    pub element: Option<String>,
    /// What it said; none: it was not there.
    pub before: Option<String>,
    /// What it would say; none: it would not be there.
    pub after: Option<String>,
}

/// Plays past runs through a workflow as it would become, and tells what would differ. Nothing is
/// read or written outside: what stores and GP answered then is answered again.
#[utoipa::path(
    post, path = "/workflows/{name}/shadow", tag = "workflows", params(("name" = String, Path)),
    request_body = Past,
    responses((status = 200, body = ShadowView), (status = "default", body = Problem)),
    security(("api_key" = []))
)]
pub(crate) async fn shadow(
    State(shared): State<Arc<Shared>>,
    Viewer(caller): Viewer,
    Path(name): Path<String>,
    mut form: Form,
) -> Result<Json<ShadowView>, Error> {
    let environment = EnvironmentId(form.id("environment_id"));
    let drafts = drafts(&mut form);
    let since = instant_of(&mut form, "since");
    if since.is_none() {
        form.missing("since");
    }
    let until = instant_of(&mut form, "until");
    let limit = form.optional_count("limit").unwrap_or(50);
    if !(1..=MOST).contains(&limit) {
        form.refuse("limit", &format!("must be 1 to {MOST}"));
    }
    form.finish()?;
    shared.environment(&caller, environment).await?;
    let mut draft = Draft::in_force(&shared, &caller, environment).await?;
    for (kind, own, body) in drafts {
        draft.put(kind, &own, body);
    }
    let range = Range {
        since: since.unwrap_or_default(),
        until: until.unwrap_or_else(|| shared.services.clock.now()),
        limit,
    };
    let mut past = Vec::new();
    for run in runs(&shared, &caller, environment, &name, range).await? {
        past.push(load(&shared, &caller, &draft, run).await?);
    }
    let compared = tokio::task::spawn_blocking(move || compare(&draft, &name, past));
    compared.await.map_err(Error::internal)?.map(Json)
}

fn instant_of(form: &mut Form, field: &'static str) -> Option<Micros> {
    let text = form.optional_text(field, 40)?;
    let at = text.parse::<Timestamp>().ok();
    if at.is_none() {
        form.refuse(field, "must be an instant such as 2026-03-05T15:18:22Z");
    }
    at.map(|at| Micros(at.as_microsecond()))
}

#[derive(Clone, Copy)]
struct Range {
    since: Micros,
    until: Micros,
    limit: i64,
}

/// The workflow's runs that began within the range, the newest first.
async fn runs(
    shared: &Shared,
    caller: &Caller,
    environment: EnvironmentId,
    name: &str,
    range: Range,
) -> Result<Vec<Run>, Error> {
    let filter = RunFilter {
        parts: Parts::None,
        ..RunFilter::default()
    };
    let mut before = Some(first_id_at(range.until));
    let mut found = Vec::new();
    let limit = usize::try_from(range.limit).unwrap_or(usize::MAX);
    while found.len() < limit {
        let runs = shared.services.database.runs();
        let page = runs.list(caller.tenant, &filter, before, PAGE).await?;
        let Some(last) = page.last() else { break };
        before = Some(last.id);
        let over = last.started < range.since;
        found.extend(page.into_iter().filter(|run| {
            run.environment == environment && run.workflow == name && run.started >= range.since
        }));
        if over {
            break;
        }
    }
    found.truncate(limit);
    Ok(found)
}

/// The smallest id that a run begun then can have: ids sort by time.
fn first_id_at(at: Micros) -> RunId {
    let millis = u128::try_from(at.millis()).unwrap_or(0);
    RunId(Uuid::from_u128(millis << 80))
}

/// What is known of a past run.
struct PastRun {
    run: Run,
    input: Option<RunInput>,
    steps: Vec<StepRecord>,
}

async fn load(shared: &Shared, caller: &Caller, draft: &Draft, run: Run) -> Result<PastRun, Error> {
    let database = &shared.services.database;
    let event = database.events().find(caller.tenant, run.event).await?;
    let store = database.stores().find(caller.tenant, run.store).await?;
    let company = match run.company {
        Some(id) => database.companies().find(caller.tenant, id).await?,
        None => None,
    };
    let input = match (event, store, company) {
        (Some(event), Some(store), Some(company)) => {
            let facts = (records::store(&store), records::company(&company));
            Some(input(draft, &run, event, facts)?)
        }
        (_, _, _) => None,
    };
    let table = database.steps();
    let mut steps = Vec::new();
    for step in table.list(caller.tenant, run.id).await? {
        let whole = table.find(caller.tenant, run.id, step.number).await?;
        steps.push(whole.unwrap_or(step));
    }
    Ok(PastRun { run, input, steps })
}

fn input(
    draft: &Draft,
    run: &Run,
    event: Event,
    (store, company): (Value, Value),
) -> Result<RunInput, Error> {
    let body = event.body.as_deref().map(Value::from_json).transpose();
    Ok(RunInput {
        run: run.id,
        generation: 1,
        began: run.started,
        event: EventFacts {
            topic: event.topic,
            entity: event.entity,
            entity_id: event.entity_id,
            occurred: event.occurred,
            source: event.source,
            body: body.map_err(Error::internal)?.unwrap_or_default(),
        },
        store,
        profile: Arc::new(profile(draft, run)?),
        company,
        part: None,
        edits: Vec::new(),
    })
}

/// The profile that the run's store and company go by now.
fn profile(draft: &Draft, run: &Run) -> Result<Value, Error> {
    let mut found = Value::Null;
    for (kind, _, body) in &draft.bodies {
        if *kind != ArtifactKind::Route {
            continue;
        }
        let route: Route = serde_json::from_str(body).map_err(Error::internal)?;
        if route.store != run.store || Some(route.company) != run.company {
            continue;
        }
        let profile = draft
            .bodies
            .iter()
            .find(|(kind, name, _)| *kind == ArtifactKind::Profile && *name == route.profile);
        if let Some((_, _, body)) = profile {
            found = Value::from_json(body).map_err(Error::internal)?;
        }
    }
    complete("profile", &mut found);
    Ok(found)
}

fn compare(draft: &Draft, name: &str, past: Vec<PastRun>) -> Result<ShadowView, Error> {
    let settings = compiled(draft, name)?;
    let mut view = ShadowView {
        looked_at: past.len(),
        same: 0,
        not_comparable: Vec::new(),
        different: Vec::new(),
    };
    for past in past {
        let over = matches!(past.run.state, RunState::Succeeded | RunState::Dead);
        let plain = |step: &StepRecord| step.kind != "for_each" && step.kind != "call";
        let Some(input) = past
            .input
            .clone()
            .filter(|_| over && past.steps.iter().all(plain))
        else {
            view.not_comparable.push(past.run.id.0);
            continue;
        };
        let world = World {
            answers: answers(&past.steps),
        };
        let rehearsal = perform(&settings, name, input, &world, past.run.started)?;
        match difference_of(past, rehearsal) {
            Some(different) => view.different.push(different),
            None => view.same += 1,
        }
    }
    Ok(view)
}

/// What steps were answered then.
fn answers(steps: &[StepRecord]) -> BTreeMap<String, Value> {
    let answered = steps.iter().filter(|step| {
        step.state == StepState::Succeeded && ANSWERED.contains(&step.kind.as_str())
    });
    let answer = |step: &StepRecord| {
        let text = String::from_utf8(step.output.clone()?).ok()?;
        let value = Value::from_json(&text).unwrap_or(Value::Null);
        Some((step.step.clone(), value))
    };
    answered.filter_map(answer).collect()
}

fn difference_of(past: PastRun, rehearsal: Rehearsal) -> Option<ShadowedRun> {
    let written = past.steps.iter().filter(|step| step.kind == "write_gp");
    let before: BTreeMap<String, String> = written
        .filter_map(|step| {
            let xml = String::from_utf8(step.input.clone()?).ok()?;
            Some((step.step.clone(), xml))
        })
        .collect();
    let after: BTreeMap<String, String> = rehearsal.documents.into_iter().collect();
    let mut fields = Vec::new();
    let steps = before
        .keys()
        .chain(after.keys().filter(|step| !before.contains_key(*step)));
    for step in steps {
        let (was, is) = (document(before.get(step)), document(after.get(step)));
        fields.extend(
            difference::documents(&was, &is)
                .into_iter()
                .map(|one| DifferenceView {
                    step: step.clone(),
                    node: one.node,
                    element: one.element,
                    before: one.before,
                    after: one.after,
                }),
        );
    }
    let (state, summary, failure) = match rehearsal.end {
        Ok(summary) => (RunState::Succeeded, summary, None),
        Err(failure) => (RunState::Dead, failure.message.clone(), Some(failure)),
    };
    let same_failure =
        past.run.failure.as_ref().map(|one| &one.code) == failure.as_ref().map(|one| &one.code);
    if fields.is_empty() && past.run.state == state && same_failure {
        return None;
    }
    Some(ShadowedRun {
        run_id: past.run.id.0,
        entity: past.run.entity,
        entity_id: past.run.entity_id,
        state_before: word(past.run.state),
        state_after: word(state),
        summary_before: past.run.summary,
        summary_after: summary,
        failure: failure.map(FailureView::from),
        fields,
    })
}

fn document(xml: Option<&String>) -> Document {
    xml.and_then(|xml| read(xml.as_bytes(), &Limits::default()).ok())
        .unwrap_or_default()
}
