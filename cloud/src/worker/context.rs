//! What a run works by: store, company, route, profile and compiled workflow of its revision.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use connect_core::domain::agent::Company;
use connect_core::domain::artifact::{ArtifactKind, Route};
use connect_core::domain::event::{Event, Source};
use connect_core::domain::ids::{CompanyId, EnvironmentId, RouteId, TenantId};
use connect_core::domain::lane::ClaimedLane;
use connect_core::domain::run::Run;
use connect_core::domain::store::Store;
use connect_core::engine::workflow::Compiled;
use connect_core::engine::{Value, complete, settings};
use uuid::Uuid;

use super::progress::Progress;
use crate::app::Services;
use crate::error::{Error, Result};

/// Compiled ones kept; past it all are compiled anew as they are needed.
const REVISIONS_KEPT: usize = 256;
/// How old a row of a store or company may be. Gates and fences are never read from here.
const FRESH: Duration = Duration::from_millis(300);

/// Compiled revisions; a revision never changes, so they are kept.
#[derive(Debug, Default)]
pub(super) struct Contexts {
    revisions: Mutex<HashMap<(TenantId, EnvironmentId, i64), Arc<Revision>>>,
    stores: Recent<Store>,
    companies: Recent<Company>,
}

/// Rows read a moment ago: in a burst every lane asks for the same few.
#[derive(Debug)]
struct Recent<T>(Mutex<HashMap<(TenantId, Uuid), (Instant, T)>>);

impl<T> Default for Recent<T> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<T: Clone> Recent<T> {
    fn find(&self, key: &(TenantId, Uuid)) -> Option<T> {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (read, row) = known.get(key)?;
        (read.elapsed() < FRESH).then(|| row.clone())
    }

    fn insert(&self, key: (TenantId, Uuid), row: T) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.retain(|_, (read, _)| read.elapsed() < FRESH);
        known.insert(key, (Instant::now(), row));
    }
}

/// All that is in force under one revision.
#[derive(Debug)]
struct Revision {
    workflows: HashMap<String, Workflow>,
    profiles: HashMap<String, Arc<Value>>,
    routes: Vec<Route>,
}

#[derive(Clone, Debug)]
struct Workflow {
    version: i64,
    compiled: Arc<Compiled>,
}

/// A route, with the workflow that claimed work goes by.
type Way<'a> = (&'a Route, &'a str, &'a Workflow);

/// A workflow that a run calls.
#[derive(Debug)]
pub(super) struct Called {
    pub(super) version: i64,
    pub(super) workflow: Arc<Compiled>,
}

/// The run of claimed work, if it has begun.
pub(super) fn begun(claimed: &ClaimedLane) -> Option<&Run> {
    claimed.run.as_ref().filter(|run| !run.snapshot.is_empty())
}

/// What one run works by.
#[derive(Clone, Debug)]
pub(super) struct Plan {
    pub(super) store: Store,
    pub(super) company: Company,
    pub(super) route: RouteId,
    pub(super) profile: Arc<Value>,
    pub(super) revision: i64,
    pub(super) workflow_name: String,
    pub(super) workflow_version: i64,
    pub(super) workflow: Arc<Compiled>,
}

/// Why there is no plan for an event.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Unplanned {
    /// Nothing is to be done about it.
    Nothing(String),
    /// It waits behind the store's gate until a person has done something.
    Parked(String),
}

impl Contexts {
    /// The plan for a claimed lane's event, or why there is none.
    pub(super) async fn plan(
        &self,
        services: &Services,
        claimed: &ClaimedLane,
    ) -> Result<Result<Plan, Unplanned>> {
        let event = &claimed.event;
        let Some(store) = self.store(services, event).await? else {
            let text = "The store is no longer set up.".to_owned();
            return Ok(Err(Unplanned::Nothing(text)));
        };
        if store.paused {
            let text = "The store is paused; its work goes on when it is resumed.".to_owned();
            return Ok(Err(Unplanned::Parked(text)));
        }
        let (number, revision) = self.in_force(services, claimed).await?;
        let (route, name, workflow) = match revision.way(claimed)? {
            Ok(found) => found,
            Err(unplanned) => return Ok(Err(unplanned)),
        };
        let Some(company) = self.company(services, event, route.company).await? else {
            let text = "The route's company is no longer set up: publish a route to another.";
            return Ok(Err(Unplanned::Parked(text.to_owned())));
        };
        let Some(profile) = revision.profiles.get(&route.profile).cloned() else {
            let text = format!("The route's profile {:?} is not published.", route.profile);
            return Ok(Err(Unplanned::Parked(text)));
        };
        Ok(Ok(Plan {
            store,
            company,
            route: route.id,
            profile,
            revision: number,
            workflow_name: name.to_owned(),
            workflow_version: workflow.version,
            workflow: workflow.compiled.clone(),
        }))
    }

    /// Another workflow of a run's revision.
    pub(super) async fn called(
        &self,
        services: &Services,
        event: &Event,
        revision: i64,
        name: &str,
    ) -> Result<Option<Called>> {
        let revision = self.revision(services, event, revision).await?;
        Ok(revision.called(name))
    }

    async fn store(&self, services: &Services, event: &Event) -> Result<Option<Store>> {
        let key = (event.tenant, event.store.0);
        if let Some(store) = self.stores.find(&key) {
            return Ok(Some(store));
        }
        let stores = services.database.stores();
        let found = stores.find(event.tenant, event.store).await?;
        Ok(found.inspect(|store| self.stores.insert(key, store.clone())))
    }

    async fn company(
        &self,
        services: &Services,
        event: &Event,
        id: CompanyId,
    ) -> Result<Option<Company>> {
        let key = (event.tenant, id.0);
        if let Some(company) = self.companies.find(&key) {
            return Ok(Some(company));
        }
        let companies = services.database.companies();
        let found = companies.find(event.tenant, id).await?;
        Ok(found.inspect(|company| self.companies.insert(key, company.clone())))
    }

    /// The revision a run began under. An event that has no run yet keeps the one it arrived
    /// under, unless that had no route for its store: then the newest.
    async fn in_force(
        &self,
        services: &Services,
        claimed: &ClaimedLane,
    ) -> Result<(i64, Arc<Revision>)> {
        let event = &claimed.event;
        let begun = begun(claimed);
        let number = begun.map_or(event.revision, |run| run.revision);
        let revision = self.revision(services, event, number).await?;
        if begun.is_some() || revision.has_route(event) {
            return Ok((number, revision));
        }
        let artifacts = services.database.artifacts();
        let newest = artifacts.current(event.tenant, event.environment).await;
        let newest = newest?.unwrap_or(number);
        Ok((newest, self.revision(services, event, newest).await?))
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
        let revision = Arc::new(Revision::compile(contents?)?);
        let mut known = self.lock();
        if known.len() >= REVISIONS_KEPT {
            known.clear();
        }
        known.insert(key, Arc::clone(&revision));
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
        let bodies: Vec<_> = artifacts
            .iter()
            .map(|artifact| {
                (
                    artifact.kind,
                    artifact.name.as_str(),
                    artifact.body.as_str(),
                )
            })
            .collect();
        let (mut settings, broken) = settings::compile(&bodies);
        if let Some(broken) = broken.first() {
            let (what, name) = (word(broken.kind), &broken.name);
            let problems = &broken.problems;
            return Err(Error::internal(format!(
                "the {what} {name} does not compile: {problems:?}"
            )));
        }
        let mut revision = Self {
            workflows: HashMap::new(),
            profiles: HashMap::new(),
            routes: Vec::new(),
        };
        for artifact in artifacts {
            match artifact.kind {
                ArtifactKind::Lookup | ArtifactKind::Mapping => {}
                ArtifactKind::Workflow => {
                    if let Some(compiled) = settings.workflows.remove(&artifact.name) {
                        let version = artifact.version;
                        let workflow = Workflow { version, compiled };
                        revision.workflows.insert(artifact.name, workflow);
                    }
                }
                ArtifactKind::Profile => {
                    let mut profile = Value::from_json(&artifact.body).map_err(Error::internal)?;
                    complete("profile", &mut profile);
                    revision.profiles.insert(artifact.name, Arc::new(profile));
                }
                ArtifactKind::Route => {
                    let route = serde_json::from_str(&artifact.body).map_err(Error::internal)?;
                    revision.routes.push(route);
                }
            }
        }
        Ok(revision)
    }

    /// The route and workflow of claimed work: those the run began with, or those that take the
    /// event.
    fn way<'a>(&'a self, claimed: &'a ClaimedLane) -> Result<Result<Way<'a>, Unplanned>> {
        if let Some(run) = begun(claimed)
            && let Some(id) = Progress::route(&run.snapshot)?
        {
            let route = self.routes.iter().find(|route| route.id == id);
            let workflow = self.workflows.get(&run.workflow);
            return match (route, workflow) {
                (Some(route), Some(workflow)) => Ok(Ok((route, &run.workflow, workflow))),
                (_, _) => Err(Error::internal(format!(
                    "revision {} lacks the route or the workflow of run {}",
                    run.revision, run.id
                ))),
            };
        }
        Ok(self.route(&claimed.event))
    }

    fn route<'a>(&'a self, event: &Event) -> Result<Way<'a>, Unplanned> {
        let by_hand = matches!(event.source, Source::Manual | Source::Replay);
        let found = self.routes_of(event).find_map(|route| {
            let workflow = self.workflows.get(&route.workflow)?;
            let takes = match event.route {
                Some(meant) => meant == route.id,
                None => workflow.compiled.listens_to(event.source, &event.topic) || by_hand,
            };
            takes.then_some((route, route.workflow.as_str(), workflow))
        });
        found.ok_or_else(|| {
            if self.has_route(event) {
                let text = match event.route {
                    Some(_) => "The route that this was meant for is no longer on.".to_owned(),
                    None => format!("No route of this store takes {}.", event.topic),
                };
                Unplanned::Nothing(text)
            } else {
                let text = "No route of this store is in force: publish one, and what waits here \
                            goes on.";
                Unplanned::Parked(text.to_owned())
            }
        })
    }

    /// Another workflow of the same revision, which a run calls.
    fn called(&self, name: &str) -> Option<Called> {
        let workflow = self.workflows.get(name)?;
        Some(Called {
            version: workflow.version,
            workflow: Arc::clone(&workflow.compiled),
        })
    }

    fn has_route(&self, event: &Event) -> bool {
        self.routes_of(event).next().is_some()
    }

    fn routes_of(&self, event: &Event) -> impl Iterator<Item = &Route> {
        let store = event.store;
        self.routes
            .iter()
            .filter(move |route| route.enabled && route.store == store)
    }
}

/// The name people know a kind by.
fn word(kind: ArtifactKind) -> &'static str {
    match kind {
        ArtifactKind::Workflow => "workflow",
        ArtifactKind::Mapping => "mapping",
        ArtifactKind::Lookup => "lookup table",
        ArtifactKind::Profile => "profile",
        ArtifactKind::Route => "route",
    }
}
