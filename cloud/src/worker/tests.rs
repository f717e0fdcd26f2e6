//! Workflows that start by themselves: each time brings one run, whatever the clock does.

use std::path::Path;
use std::sync::Arc;

use connect_core::domain::artifact::{ArtifactKind, Route};
use connect_core::domain::event::Source;
use connect_core::domain::ids::{CompanyId, EnvironmentId, RouteId, StoreId, TenantId};
use connect_core::domain::store::{Flavour, Store};
use connect_core::domain::tenant::{Environment, Tenant};
use connect_core::domain::time::Micros;
use connect_store::NewArtifact;
use serde_json::{Value, json};

use super::schedules::look_at_schedules;
use crate::app::{App, Services};
use crate::clock::SystemClock;
use crate::config::{Config, Layers};

const HOUR: i64 = 60 * 60;

/// A cloud whose workers do not run, with a store in it.
struct World {
    services: Arc<Services>,
    clock: Arc<SystemClock>,
    tenant: TenantId,
    environment: EnvironmentId,
    _folder: tempfile::TempDir,
}

impl World {
    async fn start() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().display().to_string();
        let text = format!(
            "[web]\nlisten = \"127.0.0.1:0\"\n[tunnel]\nlisten = \"127.0.0.1:0\"\n\
             [admin]\nlisten = \"127.0.0.1:0\"\n\
             [database]\nurl = \"sqlite://{path}/connect.db\"\n\
             [secrets]\nmaster_key_file = \"{path}/master.key\"\n"
        );
        let mut layers = Layers::defaults();
        layers
            .add_file(Path::new("test.toml"), &text)
            .expect("settings");
        let config = Config::from_layers(&layers).expect("settings");
        let clock = Arc::new(SystemClock::default());
        let app = App::build(config, clock.clone()).await.expect("a cloud");
        let services = app.services().clone();
        let database = &services.database;
        database.migrate().await.expect("a schema");
        let tenant = TenantId(services.ids.next());
        let environment = EnvironmentId(services.ids.next());
        let created = services.clock.now();
        let tenants = database.tenants();
        let row = Tenant {
            id: tenant,
            name: "Fabrikam".to_owned(),
            wrapped_key: vec![1],
            created,
        };
        tenants.insert(&row).await.expect("a tenant");
        let environments = database.environments();
        let row = Environment {
            tenant,
            id: environment,
            name: "production".to_owned(),
            created,
        };
        environments.insert(&row).await.expect("an environment");
        Self {
            services,
            clock,
            tenant,
            environment,
            _folder: folder,
        }
    }

    /// Puts a workflow with these schedules in force, for a store of its own.
    async fn publish(&self, store: StoreId, schedules: Value) {
        let flow = json!({"format": 1, "name": "hourly", "title": "Hourly", "start": "end",
            "trigger": {"when": null, "schedules": schedules},
            "steps": [{"key": "end", "title": "End",
                       "do": {"stop": {"outcome": "succeeded", "summary": "done"}}}]});
        let route = Route {
            id: RouteId(store.0),
            store,
            company: CompanyId(store.0),
            workflow: "hourly".to_owned(),
            profile: "web".to_owned(),
            enabled: true,
        };
        let new = |kind, name: &str, body: Value| NewArtifact {
            kind,
            name: name.to_owned(),
            body: body.to_string(),
        };
        let both = vec![
            new(ArtifactKind::Workflow, "hourly", flow),
            new(ArtifactKind::Route, "web", json!(route)),
        ];
        let artifacts = self.services.database.artifacts();
        let now = self.services.clock.now();
        let published = artifacts.publish(self.tenant, self.environment, both, "Ann", now);
        published.await.expect("a revision");
    }

    async fn store(&self) -> StoreId {
        let id = StoreId(self.services.ids.next());
        let store = Store {
            tenant: self.tenant,
            id,
            environment: self.environment,
            name: "Shop".to_owned(),
            hook_key: "key".to_owned(),
            base_url: "https://shop.example".to_owned(),
            effect_scope: "shop.example".to_owned(),
            flavour: Flavour::Official,
            nop_store_id: 1,
            installation: None,
            time_zone: "America/Chicago".to_owned(),
            currency: "USD".to_owned(),
            credentials: Vec::new(),
            webhook_secrets: Vec::new(),
            created: self.services.clock.now(),
            paused: false,
        };
        let stores = self.services.database.stores();
        stores.insert(&store).await.expect("a store");
        id
    }

    async fn look(&self, offset_seconds: i64) {
        self.clock.set_offset_seconds(offset_seconds);
        look_at_schedules(&self.services).await.expect("a look");
    }

    /// Times at which the workflow started, oldest first.
    async fn started(&self) -> Vec<Micros> {
        let events = self.services.database.events();
        let events = events.list(self.tenant, None, 100).await.expect("events");
        let started = events.iter().rev();
        let started = started.filter(|event| event.source == Source::Schedule);
        started.map(|event| event.occurred).collect()
    }
}

#[tokio::test]
async fn each_time_starts_one_run_however_often_and_whenever_it_is_looked() {
    let world = World::start().await;
    let store = world.store().await;
    world.publish(store, json!([{"cron": "0 * * * *"}])).await;
    world.look(0).await;
    assert!(world.started().await.is_empty());
    world.clock.set_offset_seconds(HOUR);
    let services = &world.services;
    let (first, second) = tokio::join!(look_at_schedules(services), look_at_schedules(services));
    first.expect("a look");
    second.expect("a look");
    let once = world.started().await;
    assert_eq!(once.len(), 1, "{once:?}");
    // Set back, the clock brings the same hour again.
    world.look(0).await;
    world.look(HOUR).await;
    assert_eq!(world.started().await, once);
    // Published anew it goes on where it was; nothing ran for a day: one run makes up for all.
    world.publish(store, json!([{"cron": "0 * * * *"}])).await;
    world.look(25 * HOUR).await;
    world.look(25 * HOUR).await;
    assert_eq!(world.started().await.len(), 2);
}

#[tokio::test]
async fn what_was_missed_may_be_left_out_and_a_schedule_that_is_gone_starts_nothing() {
    let world = World::start().await;
    let store = world.store().await;
    let skipping = json!([{"cron": "30 3 * * *", "zone": "Asia/Tokyo", "missed": "skip"}]);
    world.publish(store, skipping).await;
    world.look(0).await;
    let schedules = world.services.database.schedules();
    let listed = schedules.list(world.tenant, world.environment).await;
    let due = listed.expect("a list")[0].due.expect("a time");
    let until = (due.0 - world.services.clock.now().0) / 1_000_000;
    world.look(until + 2 * HOUR).await;
    assert!(world.started().await.is_empty(), "two hours late");
    world.look(until + 24 * HOUR + 60).await;
    assert_eq!(world.started().await.len(), 1);
    world.publish(store, json!([])).await;
    world.look(until + 48 * HOUR + 60).await;
    assert_eq!(world.started().await.len(), 1);
}
