//! Publishing and trying mappings, workflows and lookup tables: nothing invalid comes into force.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use connect_core::domain::artifact::{Artifact, ArtifactKind};
use connect_core::domain::ids::EnvironmentId;
use connect_core::engine::expression::Facts;
use connect_core::engine::settings::{self, Broken, Settings};
use connect_core::engine::{self, Severity, complete, mapping};
use connect_proto::econnect;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::ToSchema;
use uuid::Uuid;

use super::artifacts::{self, InEnvironment, check_name};
use crate::api::Shared;
use crate::api::auth::{Caller, Owner, Viewer};
use crate::api::extract::{Path, Query};
use crate::api::form::Form;
use crate::api::page::Page;
use crate::api::problem::Problem;
use crate::api::view::{ArtifactView, instant, word};
use crate::error::{Error, ErrorKind};

/// A mapping, workflow or lookup table to publish or to check.
#[derive(Debug, Deserialize, ToSchema)]
#[expect(dead_code, reason = "describes the body; a form reads it")]
pub(crate) struct NewSetting {
    /// The environment it goes to.
    environment_id: Uuid,
    /// What it says; its `name` is that of the address.
    #[schema(value_type = Object)]
    body: Value,
}

/// What is wrong with a setting, and with what needs it.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Checked {
    /// Whether it could be published.
    pub valid: bool,
    /// Errors first, then warnings.
    pub problems: Vec<ProblemView>,
}

/// One thing wrong.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ProblemView {
    /// `lookup`, `mapping` or `workflow`.
    pub kind: String,
    /// Its name: the setting itself, or another that needs it.
    pub name: String,
    /// `error` or `warning`.
    pub severity: String,
    /// Where: `nodes.line.XTNDPRCE`.
    pub location: String,
    /// What.
    pub message: String,
}

/// Records to try a mapping on.
#[derive(Debug, Deserialize, ToSchema)]
#[expect(dead_code, reason = "describes the body; a form reads it")]
pub(crate) struct Trial {
    /// The environment whose lookup tables it asks.
    environment_id: Uuid,
    /// The mapping to try; without it the one in force.
    #[schema(value_type = Option<Object>)]
    body: Option<Value>,
    /// Its records by name: `order`, `profile`, `store`, ...
    #[schema(value_type = Object)]
    records: Value,
}

/// What a mapping made. Nothing was written anywhere.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Tried {
    /// The eConnect document in XML; null where there is none.
    pub document: Option<String>,
    /// Why there is none.
    #[schema(value_type = Option<Object>)]
    pub failure: Option<Value>,
    /// What people should know though it was made.
    #[schema(value_type = Vec<Object>)]
    pub warnings: Value,
    /// Which rule made what from what.
    #[schema(value_type = Option<Object>)]
    pub trace: Option<Value>,
}

/// Lists the lookup tables in force.
#[utoipa::path(
    get, path = "/lookups", tag = "mappings", params(InEnvironment),
    responses((status = 200, body = Page<ArtifactView>), (status = "default", body = Problem)),
    security(("api_key" = []))
)]
pub(crate) async fn list_lookups(
    State(shared): State<Arc<Shared>>,
    Viewer(caller): Viewer,
    Query(place): Query<InEnvironment>,
) -> Result<Json<Page<ArtifactView>>, Error> {
    artifacts::list(&shared, &caller, &place, ArtifactKind::Lookup).await
}

/// Shows a lookup table.
#[utoipa::path(
    get, path = "/lookups/{name}", tag = "mappings", params(("name" = String, Path), InEnvironment),
    responses((status = 200, body = ArtifactView), (status = "default", body = Problem)),
    security(("api_key" = []))
)]
pub(crate) async fn show_lookup(
    State(shared): State<Arc<Shared>>,
    Viewer(caller): Viewer,
    Path(name): Path<String>,
    Query(place): Query<InEnvironment>,
) -> Result<Json<ArtifactView>, Error> {
    artifacts::show(&shared, &caller, &place, ArtifactKind::Lookup, &name).await
}

/// Publishes the next version of a lookup table, and with it the next revision.
#[utoipa::path(
    put, path = "/lookups/{name}", tag = "mappings", params(("name" = String, Path)),
    request_body = NewSetting,
    responses((status = 200, body = ArtifactView), (status = "default", body = Problem)),
    security(("api_key" = []))
)]
pub(crate) async fn publish_lookup(
    State(shared): State<Arc<Shared>>,
    Owner(caller): Owner,
    Path(name): Path<String>,
    form: Form,
) -> Result<Json<ArtifactView>, Error> {
    publish(&shared, &caller, ArtifactKind::Lookup, &name, form).await
}

/// Publishes the next version of a mapping, and with it the next revision.
#[utoipa::path(
    put, path = "/mappings/{name}", tag = "mappings", params(("name" = String, Path)),
    request_body = NewSetting,
    responses((status = 200, body = ArtifactView), (status = "default", body = Problem)),
    security(("api_key" = []))
)]
pub(crate) async fn publish_mapping(
    State(shared): State<Arc<Shared>>,
    Owner(caller): Owner,
    Path(name): Path<String>,
    form: Form,
) -> Result<Json<ArtifactView>, Error> {
    publish(&shared, &caller, ArtifactKind::Mapping, &name, form).await
}

/// Publishes the next version of a workflow, and with it the next revision.
#[utoipa::path(
    put, path = "/workflows/{name}", tag = "workflows", params(("name" = String, Path)),
    request_body = NewSetting,
    responses((status = 200, body = ArtifactView), (status = "default", body = Problem)),
    security(("api_key" = []))
)]
pub(crate) async fn publish_workflow(
    State(shared): State<Arc<Shared>>,
    Owner(caller): Owner,
    Path(name): Path<String>,
    form: Form,
) -> Result<Json<ArtifactView>, Error> {
    publish(&shared, &caller, ArtifactKind::Workflow, &name, form).await
}

/// Checks a mapping, workflow or lookup table as publishing would, and publishes nothing.
#[utoipa::path(
    post, path = "/check/{kind}/{name}", tag = "mappings",
    params(("kind" = String, Path, description = "lookup, mapping or workflow"), ("name" = String, Path)),
    request_body = NewSetting,
    responses((status = 200, body = Checked), (status = "default", body = Problem)),
    security(("api_key" = []))
)]
pub(crate) async fn check(
    State(shared): State<Arc<Shared>>,
    Viewer(caller): Viewer,
    Path((kind, name)): Path<(String, String)>,
    form: Form,
) -> Result<Json<Checked>, Error> {
    let kind = match kind.as_str() {
        "lookup" => ArtifactKind::Lookup,
        "mapping" => ArtifactKind::Mapping,
        "workflow" => ArtifactKind::Workflow,
        _ => return Err(Error::not_found("kind")),
    };
    let draft = Draft::read(&shared, &caller, kind, &name, form).await?;
    let (settings, broken) = draft.compile().await?;
    let mut problems: Vec<ProblemView> = broken.iter().flat_map(views).collect();
    problems.extend(warnings(&settings, kind, &name));
    Ok(Json(Checked {
        valid: broken.is_empty(),
        problems,
    }))
}

/// Makes a document from records that are sent along; nothing is written anywhere.
#[utoipa::path(
    post, path = "/mappings/{name}/try", tag = "mappings", params(("name" = String, Path)),
    request_body = Trial,
    responses((status = 200, body = Tried), (status = "default", body = Problem)),
    security(("api_key" = []))
)]
pub(crate) async fn try_mapping(
    State(shared): State<Arc<Shared>>,
    Viewer(caller): Viewer,
    Path(name): Path<String>,
    mut form: Form,
) -> Result<Json<Tried>, Error> {
    let environment = EnvironmentId(form.id("environment_id"));
    let body = form.optional_value("body");
    let records = engine::Value::from_serde(form.value("records"));
    let records = match records {
        Ok(engine::Value::Map(records)) => records,
        Ok(_) => {
            form.refuse("records", "must be a group of records by name");
            BTreeMap::default()
        }
        Err(error) => {
            form.refuse("records", &error.to_string());
            BTreeMap::default()
        }
    };
    form.finish()?;
    shared.environment(&caller, environment).await?;
    let began = instant(shared.services.clock.now());
    let mut draft = Draft::in_force(&shared, &caller, environment).await?;
    if let Some(body) = body {
        draft.put(ArtifactKind::Mapping, &name, body.to_string());
    }
    let tried = tokio::task::spawn_blocking(move || draft.tried(&name, records, &began));
    tried.await.map_err(Error::internal)?.map(Json)
}

async fn publish(
    shared: &Shared,
    caller: &Caller,
    kind: ArtifactKind,
    name: &str,
    form: Form,
) -> Result<Json<ArtifactView>, Error> {
    let draft = Draft::read(shared, caller, kind, name, form).await?;
    let (environment, after, body) = (draft.environment, draft.revision, draft.body(kind, name));
    let (_, broken) = draft.compile().await?;
    if let Some(first) = broken.first() {
        return Err(refused(kind, name, first, &broken));
    }
    let change = artifacts::NewVersion {
        environment,
        kind,
        name,
        body,
        after,
    };
    artifacts::publish(shared, caller, change).await.map(Json)
}

/// Everything in force, with some of it as it would become.
pub(super) struct Draft {
    environment: EnvironmentId,
    revision: i64,
    pub(super) bodies: Vec<(ArtifactKind, String, String)>,
}

impl Draft {
    async fn read(
        shared: &Shared,
        caller: &Caller,
        kind: ArtifactKind,
        name: &str,
        mut form: Form,
    ) -> Result<Self, Error> {
        let environment = EnvironmentId(form.id("environment_id"));
        let body = form.value("body");
        check_name(&mut form, name);
        if body.get("name").is_some_and(|own| own != name) {
            form.refuse("body.name", &format!("must be {name}, as in the address"));
        }
        form.finish()?;
        shared.environment(caller, environment).await?;
        let mut draft = Self::in_force(shared, caller, environment).await?;
        draft.put(kind, name, body.to_string());
        Ok(draft)
    }

    pub(super) async fn in_force(
        shared: &Shared,
        caller: &Caller,
        environment: EnvironmentId,
    ) -> Result<Self, Error> {
        let (revision, artifacts) = artifacts::all_in_force(shared, caller, environment).await?;
        let body = |artifact: Artifact| (artifact.kind, artifact.name, artifact.body);
        Ok(Self {
            environment,
            revision,
            bodies: artifacts.into_iter().map(body).collect(),
        })
    }

    pub(super) fn put(&mut self, kind: ArtifactKind, name: &str, body: String) {
        self.bodies
            .retain(|(have, own, _)| (*have, own.as_str()) != (kind, name));
        self.bodies.push((kind, name.to_owned(), body));
    }

    fn body(&self, kind: ArtifactKind, name: &str) -> String {
        let mut bodies = self.bodies.iter();
        let found = bodies.find(|(have, own, _)| (*have, own.as_str()) == (kind, name));
        found.map(|(.., body)| body.clone()).unwrap_or_default()
    }

    /// Compiles on a thread of its own: tables may be large.
    async fn compile(self) -> Result<(Settings, Vec<Broken>), Error> {
        let compiled = tokio::task::spawn_blocking(move || self.compiled());
        compiled.await.map_err(Error::internal)
    }

    pub(super) fn compiled(&self) -> (Settings, Vec<Broken>) {
        let bodies = self.bodies.iter();
        let bodies: Vec<_> = bodies
            .map(|(kind, name, body)| (*kind, name.as_str(), body.as_str()))
            .collect();
        settings::compile(&bodies)
    }

    fn tried(
        &self,
        name: &str,
        records: BTreeMap<String, engine::Value>,
        began: &str,
    ) -> Result<Tried, Error> {
        let (settings, broken) = self.compiled();
        let broken: Vec<Broken> = broken
            .into_iter()
            .filter(|broken| broken.kind == ArtifactKind::Mapping && broken.name == name)
            .collect();
        if let Some(first) = broken.first() {
            return Err(refused(ArtifactKind::Mapping, name, first, &broken));
        }
        let mapping = settings.mappings.get(name);
        let mapping = mapping.ok_or_else(|| Error::not_found("mapping"))?;
        let mut facts = Facts::default();
        let began = engine::Value::map([("began", engine::Value::from(began))]);
        facts.set("event", began);
        for (name, mut record) in records {
            complete(&name, &mut record);
            facts.set(&name, record);
        }
        let made = mapping::evaluate(mapping, &mut facts);
        match made {
            Ok((document, trace)) => Ok(Tried {
                document: Some(econnect::write(&document)),
                failure: None,
                warnings: json!(trace.warnings),
                trace: Some(json!(trace)),
            }),
            Err(failure) => Ok(Tried {
                document: None,
                failure: Some(json!(failure)),
                warnings: json!([]),
                trace: None,
            }),
        }
    }
}

/// The refusal of a change: every problem under its place.
pub(super) fn refused(kind: ArtifactKind, name: &str, first: &Broken, all: &[Broken]) -> Error {
    let own = first.kind == kind && first.name == name;
    let message = if own {
        format!("this {} has mistakes: nothing was published", word(kind))
    } else {
        format!(
            "the {} {} needs it to be otherwise: nothing was published",
            word(first.kind),
            first.name
        )
    };
    let mut error = Error::new(ErrorKind::Unprocessable, "invalid_setting", message);
    let mistakes = all.iter().flat_map(views);
    for problem in mistakes.filter(|problem| problem.severity == word(Severity::Error)) {
        let place = if problem.kind == word(kind) && problem.name == name {
            format!("body.{}", problem.location)
        } else {
            format!("{} {}: {}", problem.kind, problem.name, problem.location)
        };
        error = error.with_field(&place, &problem.message);
    }
    error
}

fn views(broken: &Broken) -> impl Iterator<Item = ProblemView> + '_ {
    broken.problems.iter().map(|problem| ProblemView {
        kind: word(broken.kind),
        name: broken.name.clone(),
        severity: word(problem.severity),
        location: problem.location.clone(),
        message: problem.message.clone(),
    })
}

/// What may make the setting itself refuse some work.
fn warnings(settings: &Settings, kind: ArtifactKind, name: &str) -> Vec<ProblemView> {
    let mapping = settings
        .mappings
        .get(name)
        .filter(|_| kind == ArtifactKind::Mapping);
    let Some(mapping) = mapping else {
        return Vec::new();
    };
    let warnings = Broken {
        kind,
        name: name.to_owned(),
        problems: mapping.warnings().to_vec(),
    };
    views(&warnings).collect()
}
