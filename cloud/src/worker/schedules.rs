//! Workflows that start by themselves: at their times, and when something changes in GP.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::Arc;
use std::time::Duration;

use connect_core::domain::artifact::{ArtifactKind, Route};
use connect_core::domain::change::Change;
use connect_core::domain::event::{Event, Source};
use connect_core::domain::ids::{CompanyId, EventId, TenantId};
use connect_core::domain::lane::LaneKey;
use connect_core::domain::schedule::{Scheduled, Unscheduled};
use connect_core::domain::time::Micros;
use connect_core::engine::instant;
use connect_core::engine::workflow::schedule::Times;
use connect_core::engine::workflow::{Schedule, Trigger, Workflow};

use crate::app::Services;
use crate::error::{Error, Result};

/// How often times and changes are looked for.
const EVERY: Duration = Duration::from_millis(500);
/// So many at a time.
const CHUNK: i64 = 100;

/// Starts what is due, until the process shuts down.
pub(super) async fn run(services: Arc<Services>) {
    while !services.shutdown.is_cancelled() {
        if let Err(error) = look_at_schedules(&services).await {
            tracing::warn!(error = error.report(), "schedules could not be looked at");
        }
        if let Err(error) = look_at_changes(&services).await {
            tracing::warn!(
                error = error.report(),
                "changes in GP could not be looked at"
            );
        }
        tokio::select! {
            () = tokio::time::sleep(EVERY) => {}
            () = services.shutdown.cancelled() => {}
        }
    }
}

/// A route that is on, with what starts its workflow.
struct Way {
    route: Route,
    trigger: Trigger,
}

/// The ways of a revision.
async fn ways(services: &Services, of: Unscheduled) -> Result<Vec<Way>> {
    let artifacts = services.database.artifacts();
    let contents = artifacts
        .contents(of.tenant, of.environment, of.revision)
        .await?;
    let mut triggers = HashMap::new();
    let mut routes = Vec::new();
    for artifact in contents {
        match artifact.kind {
            ArtifactKind::Workflow => {
                let workflow: Workflow =
                    serde_json::from_str(&artifact.body).map_err(Error::internal)?;
                triggers.insert(artifact.name, workflow.trigger);
            }
            ArtifactKind::Route => {
                let route: Route = serde_json::from_str(&artifact.body).map_err(Error::internal)?;
                routes.push(route);
            }
            ArtifactKind::Mapping | ArtifactKind::Lookup | ArtifactKind::Profile => {}
        }
    }
    let way = |route: Route| {
        let trigger = triggers.get(&route.workflow)?.clone();
        route.enabled.then_some(Way { route, trigger })
    };
    Ok(routes.into_iter().filter_map(way).collect())
}

/// Takes schedules from settings that came into force, and starts the work of times that have come.
pub(super) async fn look_at_schedules(services: &Services) -> Result<()> {
    let schedules = services.database.schedules();
    for tenant in schedules.tenants_with_stale().await? {
        told(
            tenant,
            "schedules are not taken",
            take(services, tenant).await,
        );
    }
    let now = services.clock.now();
    for tenant in schedules.tenants_with_due(now).await? {
        told(
            tenant,
            "schedules do not start",
            ticks(services, tenant, now).await,
        );
    }
    Ok(())
}

/// One tenant's trouble is not the others': it is told, and they go on.
fn told(tenant: TenantId, what: &str, outcome: Result<()>) {
    if let Err(error) = outcome {
        tracing::warn!(tenant.id = %tenant, error = error.report(), "{what}");
    }
}

async fn take(services: &Services, tenant: TenantId) -> Result<()> {
    let schedules = services.database.schedules();
    for stale in schedules.list_stale(tenant).await? {
        let taken = taken_from(services, stale).await?;
        schedules.update(stale, taken).await?;
    }
    Ok(())
}

async fn ticks(services: &Services, tenant: TenantId, now: Micros) -> Result<()> {
    let schedules = services.database.schedules();
    for due in schedules.list_due(tenant, now, CHUNK).await? {
        tick(services, due, now).await?;
    }
    Ok(())
}

/// The schedules of a revision, with their next times.
async fn taken_from(services: &Services, of: Unscheduled) -> Result<Vec<Scheduled>> {
    let now = services.clock.now();
    let mut taken = Vec::new();
    for way in ways(services, of).await? {
        if way.trigger.schedules.is_empty() {
            continue;
        }
        let stores = services.database.stores();
        let Some(store) = stores.find(of.tenant, way.route.store).await? else {
            continue;
        };
        for (place, schedule) in way.trigger.schedules.iter().enumerate() {
            let times = Times::read(schedule, &store.time_zone).map_err(Error::internal)?;
            taken.push(Scheduled {
                tenant: of.tenant,
                route: way.route.id,
                place: i64::try_from(place).unwrap_or(i64::MAX),
                environment: of.environment,
                store: store.id,
                workflow: way.route.workflow.clone(),
                schedule: serde_json::to_string(schedule).map_err(Error::internal)?,
                zone: store.time_zone.clone(),
                due: times.after(now),
            });
        }
    }
    Ok(taken)
}

/// Starts the work of a time that has come, and moves on to the next one.
async fn tick(services: &Services, scheduled: Scheduled, now: Micros) -> Result<()> {
    let Some(due) = scheduled.due else {
        return Ok(());
    };
    let schedule: Schedule = serde_json::from_str(&scheduled.schedule).map_err(Error::internal)?;
    let times = Times::read(&schedule, &scheduled.zone).map_err(Error::internal)?;
    let look = times.look(due, now);
    let event = match look.start {
        Some(start) => Some(event_of(services, &scheduled, start, now).await?),
        None => None,
    };
    let schedules = services.database.schedules();
    schedules.claim(scheduled, look.next, event).await?;
    Ok(())
}

async fn event_of(
    services: &Services,
    scheduled: &Scheduled,
    start: Micros,
    now: Micros,
) -> Result<(Event, LaneKey)> {
    let (tenant, environment) = (scheduled.tenant, scheduled.environment);
    let artifacts = services.database.artifacts();
    let revision = artifacts.current(tenant, environment).await?;
    let event = Event {
        tenant,
        id: EventId(services.ids.next()),
        environment,
        store: scheduled.store,
        source: Source::Schedule,
        delivery: format!(
            "schedule:{}:{}:{}",
            scheduled.route, scheduled.place, start.0
        ),
        topic: "schedule".to_owned(),
        entity: "schedule".to_owned(),
        entity_id: scheduled.workflow.clone(),
        occurred: start,
        received: now,
        revision: revision.unwrap_or(0),
        route: Some(scheduled.route),
        body: Some(serde_json::json!({"time": instant(start)}).to_string()),
    };
    let lane = LaneKey {
        tenant,
        group: scheduled.store.0,
        key: format!("schedule:{}:{}", scheduled.workflow, scheduled.place),
    };
    Ok((event, lane))
}

async fn look_at_changes(services: &Services) -> Result<()> {
    let changes = services.database.changes();
    for tenant in changes.tenants_with_untaken().await? {
        told(
            tenant,
            "changes in GP start nothing",
            give(services, tenant).await,
        );
    }
    Ok(())
}

/// Gives a tenant's changes to the workflows that listen.
async fn give(services: &Services, tenant: TenantId) -> Result<()> {
    let changes = services.database.changes();
    let untaken = changes.list_untaken(tenant, CHUNK).await?;
    let mut companies: HashMap<CompanyId, Listeners> = HashMap::new();
    let mut events = Vec::new();
    for change in &untaken {
        let listeners = match companies.entry(change.company) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(new) => new.insert(listeners(services, tenant, change.company).await?),
        };
        // What the agent wrote itself is no news to anybody.
        if !change.own {
            events.extend(listeners.events(services, change)?);
        }
    }
    let taken = untaken.iter().map(|change| change.id).collect();
    let now = services.clock.now();
    changes.claim(tenant, taken, events, now).await?;
    Ok(())
}

/// Who listens to a company.
struct Listeners {
    of: Option<Unscheduled>,
    ways: Vec<Way>,
}

async fn listeners(services: &Services, tenant: TenantId, company: CompanyId) -> Result<Listeners> {
    let nobody = Listeners {
        of: None,
        ways: Vec::new(),
    };
    let found = services.database.companies().find(tenant, company).await?;
    let Some(found) = found else {
        return Ok(nobody);
    };
    let artifacts = services.database.artifacts();
    let Some(revision) = artifacts.current(tenant, found.environment).await? else {
        return Ok(nobody);
    };
    let of = Unscheduled {
        tenant,
        environment: found.environment,
        revision,
    };
    let mut ways = ways(services, of).await?;
    ways.retain(|way| way.route.company == company && !way.trigger.changes.is_empty());
    let of = Some(of);
    Ok(Listeners { of, ways })
}

impl Listeners {
    /// The events that a change brings: one for each route whose workflow listens.
    fn events(&self, services: &Services, change: &Change) -> Result<Vec<(Event, LaneKey)>> {
        let Some(of) = self.of else {
            return Ok(Vec::new());
        };
        let listens = |way: &&Way| way.trigger.changes.contains(&change.watcher);
        let record = name_of(&change.record)?;
        let event = |way: &Way| {
            let event = Event {
                tenant: of.tenant,
                id: EventId(services.ids.next()),
                environment: of.environment,
                store: way.route.store,
                source: Source::Change,
                delivery: format!("change:{}:{}", change.id, way.route.id),
                topic: format!("gp.{}", change.watcher),
                entity: change.watcher.clone(),
                entity_id: record.clone(),
                occurred: change.received,
                received: services.clock.now(),
                revision: of.revision,
                route: Some(way.route.id),
                // Both are JSON already, with their numbers as they were told.
                body: Some(format!(
                    r#"{{"record":{},"content":{}}}"#,
                    change.record,
                    change.content.as_deref().unwrap_or("null")
                )),
            };
            let lane = LaneKey {
                tenant: of.tenant,
                group: way.route.store.0,
                key: format!("{}:{record}", change.watcher),
            };
            (event, lane)
        };
        Ok(self.ways.iter().filter(listens).map(event).collect())
    }
}

/// A record's key as one text: the values of its fields.
fn name_of(record: &str) -> Result<String> {
    let fields: serde_json::Map<String, serde_json::Value> =
        serde_json::from_str(record).map_err(Error::internal)?;
    let value = |value: &serde_json::Value| match value.as_str() {
        Some(text) => text.trim().to_owned(),
        None => value.to_string(),
    };
    let values: Vec<String> = fields.values().map(value).collect();
    Ok(values.join("|"))
}
