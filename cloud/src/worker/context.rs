//! What a run works by: store, company, route, profile and compiled workflow of its revision.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use connect_core::domain::agent::Company;
use connect_core::domain::artifact::{ArtifactKind, Route};
use connect_core::domain::event::{Event, Source};
use connect_core::domain::ids::{EnvironmentId, TenantId};
use connect_core::domain::lane::ClaimedLane;
use connect_core::domain::store::Store;
use connect_core::engine::workflow::{self, Compiled, Mappings};
use connect_core::engine::{Problem, Value, mapping};

use crate::app::Services;
use crate::error::{Error, Result};

/// Compiled revisions; a revision never changes, so they are kept.
#[derive(Debug, Default)]
pub(super) struct Contexts {
    revisions: Mutex<HashMap<(TenantId, EnvironmentId, i64), Arc<Revision>>>,
}

/// All that is in force under one revision.
#[derive(Debug)]
struct Revision {
    workflows: HashMap<String, Workflow>,
    profiles: HashMap<String, Value>,
    routes: Vec<Route>,
}

#[derive(Clone, Debug)]
struct Workflow {
    version: i64,
    compiled: Arc<Compiled>,
}

/// What one run works by.
#[derive(Clone, Debug)]
pub(super) struct Plan {
    pub(super) store: Store,
    pub(super) company: Company,
    pub(super) profile: Value,
    pub(super) workflow_name: String,
    pub(super) workflow_version: i64,
    pub(super) workflow: Arc<Compiled>,
}

impl Contexts {
    /// The plan for a claimed lane's event, or why nothing is to be done about it.
    pub(super) async fn plan(
        &self,
        services: &Services,
        claimed: &ClaimedLane,
    ) -> Result<Result<Plan, String>> {
        let event = &claimed.event;
        let database = &services.database;
        let Some(store) = database
            .stores()
            .find(event.tenant, event.store)
            .await
            .map_err(Error::internal)?
        else {
            return Ok(Err("The store is no longer set up.".to_owned()));
        };
        let number = claimed
            .run
            .as_ref()
            .map_or(event.revision, |run| run.revision);
        let revision = self.revision(services, event, number).await?;
        let Some((route, workflow)) = revision.route(event) else {
            let text = format!("No route of this store takes {}.", event.topic);
            return Ok(Err(text));
        };
        let company = database.companies().find(event.tenant, route.company).await;
        let Some(company) = company.map_err(Error::internal)? else {
            return Ok(Err("The route's company is no longer set up.".to_owned()));
        };
        let profile = revision.profiles.get(&route.profile).cloned();
        let Some(profile) = profile else {
            let text = format!("The route's profile {:?} does not exist.", route.profile);
            return Ok(Err(text));
        };
        Ok(Ok(Plan {
            store,
            company,
            profile,
            workflow_name: route.workflow.clone(),
            workflow_version: workflow.version,
            workflow: workflow.compiled.clone(),
        }))
    }

    async fn revision(
        &self,
        services: &Services,
        event: &Event,
        number: i64,
    ) -> Result<Arc<Revision>> {
        let key = (event.tenant, event.environment, number);
        if let Some(known) = self.lock().get(&key) {
            return Ok(Arc::clone(known));
        }
        let artifacts = services.database.artifacts();
        let contents = artifacts
            .contents(event.tenant, event.environment, number)
            .await;
        let revision = Arc::new(Revision::compile(contents.map_err(Error::internal)?)?);
        self.lock().insert(key, Arc::clone(&revision));
        Ok(revision)
    }

    fn lock(
        &self,
    ) -> std::sync::MutexGuard<'_, HashMap<(TenantId, EnvironmentId, i64), Arc<Revision>>> {
        self.revisions
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

impl Revision {
    fn compile(artifacts: Vec<connect_core::domain::artifact::Artifact>) -> Result<Self> {
        let mut mappings = Mappings::new();
        let mut sources = Vec::new();
        let mut revision = Self {
            workflows: HashMap::new(),
            profiles: HashMap::new(),
            routes: Vec::new(),
        };
        for artifact in artifacts {
            match artifact.kind {
                ArtifactKind::Workflow => sources.push(artifact),
                ArtifactKind::Mapping => {
                    let compiled = mapping::compile(&artifact.body);
                    let compiled = compiled.map_err(|p| broken("mapping", &artifact.name, &p))?;
                    mappings.insert(artifact.name, Arc::new(compiled));
                }
                ArtifactKind::Profile => {
                    let profile = Value::from_json(&artifact.body).map_err(Error::internal)?;
                    revision.profiles.insert(artifact.name, profile);
                }
                ArtifactKind::Route => {
                    let route = serde_json::from_str(&artifact.body).map_err(Error::internal)?;
                    revision.routes.push(route);
                }
            }
        }
        for source in sources {
            let compiled = workflow::compile(&source.body, &mappings)
                .map_err(|problems| broken("workflow", &source.name, &problems))?;
            let workflow = Workflow {
                version: source.version,
                compiled: Arc::new(compiled),
            };
            revision.workflows.insert(source.name, workflow);
        }
        Ok(revision)
    }

    fn route(&self, event: &Event) -> Option<(&Route, &Workflow)> {
        let by_hand = matches!(event.source, Source::Manual | Source::Replay);
        self.routes
            .iter()
            .filter(|route| route.enabled && route.store == event.store)
            .find_map(|route| {
                let workflow = self.workflows.get(&route.workflow)?;
                let listens = workflow.compiled.topics().contains(&event.topic);
                (listens || by_hand).then_some((route, workflow))
            })
    }
}

impl Plan {
    /// The store as formulas see it.
    pub(super) fn store_facts(&self) -> Value {
        let store = &self.store;
        facts([
            ("id", store.id.to_string()),
            ("name", store.name.clone()),
            ("base_url", store.base_url.clone()),
            ("time_zone", store.time_zone.clone()),
            ("currency", store.currency.clone()),
            ("nop_store_id", store.nop_store_id.to_string()),
            ("created", instant(store.created)),
        ])
    }

    /// The company as formulas see it.
    pub(super) fn company_facts(&self) -> Value {
        let company = &self.company;
        facts([
            ("id", company.id.to_string()),
            ("database", company.database.clone()),
            ("name", company.name.clone()),
        ])
    }
}

fn broken(what: &str, name: &str, problems: &[Problem]) -> Error {
    Error::internal(format!("{what} {name} does not compile: {problems:?}"))
}

fn facts<const N: usize>(pairs: [(&str, String); N]) -> Value {
    Value::map(pairs.map(|(name, text)| (name, Value::from(text))))
}

fn instant(at: connect_core::domain::time::Micros) -> String {
    jiff::Timestamp::from_microsecond(at.0)
        .map(|at| at.to_string())
        .unwrap_or_default()
}
