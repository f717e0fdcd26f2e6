//! A fresh database of either kind with one tenant in it, and short ways to make things.

pub(crate) mod postgres;

use std::time::Duration;

use connect_core::domain::agent::{Agent, CompanyState};
use connect_core::domain::command::Command;
use connect_core::domain::event::{Event, Source};
use connect_core::domain::failure::{Failure, FailureClass, Fault};
use connect_core::domain::ids::{
    AgentId, CommandId, CompanyId, EnvironmentId, EventId, PayloadId, RunId, StoreId, TenantId,
    WorkerId,
};
use connect_core::domain::lane::{ClaimedLane, Fence, LaneKey, LaneNext};
use connect_core::domain::link::{Link, LinkKey};
use connect_core::domain::run::{NewCommand, Run, RunState, StepRecord, StepState, Transition};
use connect_core::domain::store::{Flavour, Store};
use connect_core::domain::tenant::{Environment, Tenant};
use connect_core::domain::time::Micros;
use connect_store::{CompanyReport, Database, Options, Room};
use tempfile::TempDir;
use uuid::Uuid;

/// Business time of most tests; lease time is the database's own.
pub(crate) const NOW: Micros = Micros(1_760_000_000_000_000);

/// A migrated database with one tenant, environment, store, agent and company.
pub(crate) struct World {
    pub(crate) database: Database,
    pub(crate) url: String,
    pub(crate) tenant: TenantId,
    pub(crate) environment: EnvironmentId,
    pub(crate) store: StoreId,
    pub(crate) agent: AgentId,
    pub(crate) company: CompanyId,
    _directory: TempDir,
}

#[expect(clippy::disallowed_methods, reason = "tests make their own ids")]
pub(crate) fn id() -> Uuid {
    Uuid::now_v7()
}

pub(crate) async fn sqlite() -> World {
    let directory = TempDir::new().unwrap();
    let url = format!("sqlite://{}", directory.path().join("connect.db").display());
    World::new(url, directory).await
}

pub(crate) async fn postgres() -> World {
    let url = postgres::fresh().await;
    World::new(url, TempDir::new().unwrap()).await
}

impl World {
    async fn new(url: String, directory: TempDir) -> Self {
        let database = Database::open(&url, &Options::default()).await.unwrap();
        database.migrate().await.unwrap();
        let tenant = insert_tenant(&database).await;
        let environment = EnvironmentId(id());
        database
            .environments()
            .insert(&Environment {
                tenant,
                id: environment,
                name: "production".to_owned(),
                created: NOW,
            })
            .await
            .unwrap();
        let store = insert_store(&database, tenant, environment).await;
        let agent = insert_agent(&database, tenant, environment).await;
        let company = CompanyId(id());
        let report = report(tenant, company, environment, agent);
        database.companies().update_report(&report).await.unwrap();
        Self {
            database,
            url,
            tenant,
            environment,
            store,
            agent,
            company,
            _directory: directory,
        }
    }

    pub(crate) fn lane(&self, order: &str) -> LaneKey {
        LaneKey {
            tenant: self.tenant,
            group: self.store.0,
            key: format!("order:{order}"),
        }
    }

    pub(crate) fn event(&self, order: &str, delivery: &str) -> Event {
        Event {
            tenant: self.tenant,
            id: EventId(id()),
            environment: self.environment,
            store: self.store,
            source: Source::Webhook,
            delivery: delivery.to_owned(),
            topic: "order.placed".to_owned(),
            entity: "order".to_owned(),
            entity_id: order.to_owned(),
            occurred: NOW,
            received: NOW,
            revision: 1,
            route: None,
            body: None,
        }
    }

    /// Stores an event about an order under a delivery of its own.
    pub(crate) async fn place(&self, order: &str) -> EventId {
        let event = self.event(order, &id().to_string());
        self.database
            .events()
            .insert(&event, &self.lane(order))
            .await
            .unwrap();
        event.id
    }

    pub(crate) async fn worker(&self) -> Fence {
        self.worker_for(Duration::from_mins(10)).await
    }

    pub(crate) async fn worker_for(&self, lease: Duration) -> Fence {
        self.database
            .workers()
            .insert(WorkerId(id()), lease)
            .await
            .unwrap()
    }

    pub(crate) async fn claim(&self, fence: Fence, limit: i64) -> Vec<ClaimedLane> {
        self.claim_at(fence, NOW, limit).await
    }

    pub(crate) async fn claim_at(&self, fence: Fence, now: Micros, limit: i64) -> Vec<ClaimedLane> {
        self.database
            .lanes()
            .claim(self.tenant, fence, now, Room::of(limit))
            .await
            .unwrap()
    }

    /// Claims the one lane that must be ready.
    pub(crate) async fn claim_one(&self, fence: Fence) -> ClaimedLane {
        let mut lanes = self.claim(fence, 10).await;
        assert_eq!(lanes.len(), 1, "{lanes:?}");
        lanes.remove(0)
    }

    pub(crate) fn run(&self, lane: &ClaimedLane) -> Run {
        Run {
            tenant: self.tenant,
            id: RunId(id()),
            environment: self.environment,
            event: lane.event.id,
            store: self.store,
            company: Some(self.company),
            entity: "order".to_owned(),
            entity_id: lane.event.entity_id.clone(),
            workflow: "order_to_sop".to_owned(),
            workflow_version: 1,
            revision: lane.event.revision,
            state: RunState::Running,
            summary: "working".to_owned(),
            snapshot: b"{\"at\":\"read_store\"}".to_vec(),
            gp_key: None,
            started: NOW,
            finished: None,
            failure: None,
            replay_of: None,
            part_of: None,
        }
    }

    pub(crate) fn transition(
        lane: &ClaimedLane,
        fence: Fence,
        run: Run,
        next: LaneNext,
    ) -> Transition {
        Transition {
            lane: lane.key.clone(),
            number: lane.number,
            fence,
            run,
            steps: Vec::new(),
            command: None,
            links: Vec::new(),
            parts: None,
            result: None,
            supersedes: false,
            close: None,
            open: None,
            next,
            now: NOW,
        }
    }

    pub(crate) fn command(&self, lane: &ClaimedLane, run: RunId) -> NewCommand {
        NewCommand {
            command: Command {
                tenant: self.tenant,
                id: CommandId(id()),
                agent: self.agent,
                company: self.company,
                database: "TWO".to_owned(),
                run,
                lane: lane.key.clone(),
                effect_key: "TWO/s1/order:1/sop/1".to_owned(),
                document: PayloadId(id()),
                body: b"body".to_vec(),
                created: NOW,
            },
            document: b"<eConnect/>".repeat(50),
        }
    }

    pub(crate) fn link(&self, kind: &str, store_key: &str, gp_key: &str, run: RunId) -> Link {
        Link {
            key: LinkKey {
                tenant: self.tenant,
                company: self.company,
                kind: kind.to_owned(),
                store: self.store,
                store_key: store_key.to_owned(),
            },
            gp_key: gp_key.to_owned(),
            complete: false,
            written_sha256: None,
            run,
            updated: NOW,
        }
    }

    /// Claims the one ready lane and ends its head job as a dead letter.
    pub(crate) async fn kill(&self, fence: Fence) -> (ClaimedLane, RunId) {
        let lane = self.claim_one(fence).await;
        let mut run = self.run(&lane);
        run.state = RunState::Dead;
        run.finished = Some(NOW);
        run.failure = Some(refused("4776", "QUANTITY"));
        let id = run.id;
        let transition = Self::transition(&lane, fence, run, LaneNext::Hold);
        self.database.runs().apply(transition).await.unwrap();
        (lane, id)
    }

    /// Claims the one ready lane and ends its head job well.
    pub(crate) async fn succeed(&self, fence: Fence) -> (ClaimedLane, RunId) {
        let lane = self.claim_one(fence).await;
        let mut run = self.run(&lane);
        run.state = RunState::Succeeded;
        run.finished = Some(NOW);
        let id = run.id;
        let transition = Self::transition(&lane, fence, run, LaneNext::Done);
        self.database.runs().apply(transition).await.unwrap();
        (lane, id)
    }
}

pub(crate) fn refused(code: &str, field: &str) -> Failure {
    Failure::new(FailureClass::BusinessRule, "gp_refused", "GP refused").with_fault(Fault {
        code: code.to_owned(),
        message: "GP's words".to_owned(),
        field: Some(field.to_owned()),
        repair: "mend it".to_owned(),
        ..Fault::default()
    })
}

pub(crate) fn step(number: i64, input: &[u8]) -> StepRecord {
    StepRecord {
        number,
        step: "map".to_owned(),
        kind: "map".to_owned(),
        attempt: 1,
        state: StepState::Succeeded,
        started: NOW,
        finished: Some(NOW),
        input: Some(input.to_vec()),
        output: None,
        trace: Some(b"{}".to_vec()),
        failure: Some(refused("67", "DOCAMNT")),
    }
}

pub(crate) async fn insert_tenant(database: &Database) -> TenantId {
    let tenant = TenantId(id());
    database
        .tenants()
        .insert(&Tenant {
            id: tenant,
            name: "Fabrikam".to_owned(),
            wrapped_key: vec![1, 2, 3],
            created: NOW,
        })
        .await
        .unwrap();
    tenant
}

pub(crate) async fn insert_store(
    database: &Database,
    tenant: TenantId,
    environment: EnvironmentId,
) -> StoreId {
    let store = store(tenant, environment);
    database.stores().insert(&store).await.unwrap();
    store.id
}

pub(crate) fn store(tenant: TenantId, environment: EnvironmentId) -> Store {
    let store = StoreId(id());
    Store {
        tenant,
        id: store,
        environment,
        name: "Shop".to_owned(),
        hook_key: store.to_string(),
        base_url: format!("https://shop.example/{store}"),
        effect_scope: format!("shop.example/{store}"),
        flavour: Flavour::Official,
        nop_store_id: 0,
        installation: None,
        time_zone: "America/Chicago".to_owned(),
        currency: "USD".to_owned(),
        credentials: vec![4],
        webhook_secrets: vec![5],
        created: NOW,
        paused: false,
    }
}

pub(crate) async fn insert_agent(
    database: &Database,
    tenant: TenantId,
    environment: EnvironmentId,
) -> AgentId {
    let agent = AgentId(id());
    database
        .agents()
        .insert(&Agent {
            tenant,
            id: agent,
            environment,
            name: "GP server".to_owned(),
            version: String::new(),
            machine: String::new(),
            created: NOW,
            last_seen: None,
            connected: false,
            revoked: None,
        })
        .await
        .unwrap();
    agent
}

pub(crate) fn report(
    tenant: TenantId,
    new_id: CompanyId,
    environment: EnvironmentId,
    agent: AgentId,
) -> CompanyReport {
    CompanyReport {
        tenant,
        new_id,
        environment,
        agent,
        database: "TWO".to_owned(),
        name: "Fabrikam, Inc.".to_owned(),
        state: CompanyState::Ready,
        detail: String::new(),
    }
}
