//! Workflows tried on samples, and on what happened before: nothing is read or written outside.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use connect_core::domain::artifact::ArtifactKind;
use connect_core::domain::event::Source;
use connect_core::domain::ids::{EnvironmentId, RunId};
use connect_core::domain::time::Micros;
use connect_core::engine::settings::Settings;
use connect_core::engine::workflow::rehearsal::{Rehearsal, World, rehearse};
use connect_core::engine::workflow::{EventFacts, RunInput};
use connect_core::engine::{Value, complete};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::settings::{Draft, refused};
use crate::api::Shared;
use crate::api::auth::Viewer;
use crate::api::extract::Path;
use crate::api::form::Form;
use crate::api::problem::Problem;
use crate::api::view::{FailureView, word};
use crate::error::Error;

/// Settings as they would become.
#[derive(Debug, Deserialize, ToSchema)]
pub(crate) struct DraftBody {
    /// `workflow`, `mapping` or `lookup`.
    pub kind: String,
    /// Its name.
    pub name: String,
    /// What it says.
    #[schema(value_type = Object)]
    pub body: serde_json::Value,
}

/// A sample to try a workflow on.
#[derive(Debug, Deserialize, ToSchema)]
#[expect(dead_code, reason = "describes the body; a form reads it")]
pub(crate) struct Sample {
    /// The environment whose settings are in force.
    environment_id: Uuid,
    /// Settings to put in place of those in force.
    drafts: Option<Vec<DraftBody>>,
    /// `event` (topic, entity, entity_id, body), `store`, `profile`, `company`.
    #[schema(value_type = Object)]
    records: serde_json::Value,
    /// What steps would be answered, by their keys: what `read_store` reads, say; `lines/note` is a
    /// step within a list.
    #[schema(value_type = Option<Object>)]
    answers: Option<serde_json::Value>,
}

/// What a rehearsal came to.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RehearsalView {
    /// `succeeded`, or `dead`.
    pub state: String,
    /// What people would read.
    pub summary: String,
    /// Why it would be dead.
    pub failure: Option<FailureView>,
    /// What was done at steps, in order.
    pub steps: Vec<RehearsedStep>,
    /// Documents that GP would have got.
    pub documents: Vec<RehearsedDocument>,
}

/// What was done at a step.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RehearsedStep {
    /// The list it is within, if any: `lines`.
    pub within: String,
    /// Key of the step.
    pub step: String,
    /// `read_store`, `map`, ...
    pub kind: String,
    /// `intended`, `succeeded`, `failed`, `skipped`.
    pub state: String,
    /// What it worked on, as text.
    pub input: Option<String>,
    /// What it made, as text.
    pub output: Option<String>,
    /// Which rule made what from what.
    #[schema(value_type = Option<Object>)]
    pub trace: Option<serde_json::Value>,
    /// Why not.
    pub failure: Option<FailureView>,
}

/// A document that GP would have got.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RehearsedDocument {
    /// The step.
    pub step: String,
    /// eConnect XML.
    pub xml: String,
}

/// Tries a workflow on a sample; nothing is read or written anywhere.
#[utoipa::path(
    post, path = "/workflows/{name}/try", tag = "workflows", params(("name" = String, Path)),
    request_body = Sample,
    responses((status = 200, body = RehearsalView), (status = "default", body = Problem)),
    security(("api_key" = []))
)]
pub(crate) async fn try_workflow(
    State(shared): State<Arc<Shared>>,
    Viewer(caller): Viewer,
    Path(name): Path<String>,
    mut form: Form,
) -> Result<Json<RehearsalView>, Error> {
    let environment = EnvironmentId(form.id("environment_id"));
    let drafts = drafts(&mut form);
    let records = group(&mut form, "records").unwrap_or_default();
    let answers = group(&mut form, "answers").unwrap_or_default();
    form.finish()?;
    shared.environment(&caller, environment).await?;
    let mut draft = Draft::in_force(&shared, &caller, environment).await?;
    for (kind, own, body) in drafts {
        draft.put(kind, &own, body);
    }
    let now = shared.services.clock.now();
    let input = input(records, now);
    let world = World { answers };
    let tried = tokio::task::spawn_blocking(move || {
        let settings = compiled(&draft, &name)?;
        let rehearsal = perform(&settings, &name, input, &world, now)?;
        Ok(RehearsalView::from(rehearsal))
    });
    tried.await.map_err(Error::internal)?.map(Json)
}

impl From<Rehearsal> for RehearsalView {
    fn from(rehearsal: Rehearsal) -> Self {
        let steps = rehearsal
            .steps
            .into_iter()
            .map(|(within, note)| RehearsedStep {
                within,
                step: note.step,
                kind: note.kind,
                state: word(note.state),
                input: note.input,
                output: note.output,
                trace: note
                    .trace
                    .and_then(|trace| serde_json::from_str(&trace).ok()),
                failure: note.failure.map(FailureView::from),
            });
        let documents = rehearsal.documents.into_iter();
        let documents = documents.map(|(step, xml)| RehearsedDocument { step, xml });
        let (state, summary, failure) = match rehearsal.end {
            Ok(summary) => ("succeeded", summary, None),
            Err(failure) => ("dead", failure.message.clone(), Some(failure.into())),
        };
        Self {
            state: state.to_owned(),
            summary,
            failure,
            steps: steps.collect(),
            documents: documents.collect(),
        }
    }
}

/// Reads settings to put in place of those in force.
pub(super) fn drafts(form: &mut Form) -> Vec<(ArtifactKind, String, String)> {
    let Some(value) = form.optional_value("drafts") else {
        return Vec::new();
    };
    let drafts: Vec<DraftBody> = match serde_json::from_str(&value.to_string()) {
        Ok(drafts) => drafts,
        Err(error) => {
            form.refuse(
                "drafts",
                &format!("must be a list of kind, name and body: {error}"),
            );
            return Vec::new();
        }
    };
    let kind = |draft: &DraftBody| match draft.kind.as_str() {
        "workflow" => Some(ArtifactKind::Workflow),
        "mapping" => Some(ArtifactKind::Mapping),
        "lookup" => Some(ArtifactKind::Lookup),
        _ => None,
    };
    let mut read = Vec::new();
    for draft in drafts {
        match kind(&draft) {
            Some(kind) => read.push((kind, draft.name, draft.body.to_string())),
            None => form.refuse("drafts", "kind must be workflow, mapping or lookup"),
        }
    }
    read
}

/// Reads a group of values by name.
fn group(form: &mut Form, field: &'static str) -> Option<BTreeMap<String, Value>> {
    let value = form.optional_value(field)?;
    match Value::from_serde(value) {
        Ok(Value::Map(map)) => Some(map),
        Ok(_) => {
            form.refuse(field, "must be a group of values by name");
            None
        }
        Err(error) => {
            form.refuse(field, &error.to_string());
            None
        }
    }
}

fn input(mut records: BTreeMap<String, Value>, now: Micros) -> RunInput {
    let event = records.remove("event").unwrap_or_default();
    let text = |name: &str| event.text_at(name).unwrap_or_default().to_owned();
    let mut profile = records.remove("profile").unwrap_or_default();
    complete("profile", &mut profile);
    RunInput {
        run: RunId(Uuid::nil()),
        generation: 1,
        began: now,
        event: EventFacts {
            topic: text("topic"),
            entity: text("entity"),
            entity_id: text("entity_id"),
            occurred: now,
            source: Source::Manual,
            body: event.get("body").cloned().unwrap_or_default(),
        },
        store: records.remove("store").unwrap_or_default(),
        profile: Arc::new(profile),
        company: records.remove("company").unwrap_or_default(),
        part: None,
        edits: Vec::new(),
    }
}

/// Compiles everything; refused where the workflow, or what it needs, has mistakes.
pub(super) fn compiled(draft: &Draft, name: &str) -> Result<Settings, Error> {
    let (settings, broken) = draft.compiled();
    match broken.first() {
        Some(first) => Err(refused(ArtifactKind::Workflow, name, first, &broken)),
        None => Ok(settings),
    }
}

/// Walks a workflow of these settings.
pub(super) fn perform(
    settings: &Settings,
    name: &str,
    input: RunInput,
    world: &World,
    now: Micros,
) -> Result<Rehearsal, Error> {
    let workflow = settings.workflows.get(name);
    let workflow = workflow.ok_or_else(|| Error::not_found("workflow"))?;
    let called = |name: &str| settings.workflows.get(name).cloned();
    Ok(rehearse(workflow, &called, input, world, now))
}
