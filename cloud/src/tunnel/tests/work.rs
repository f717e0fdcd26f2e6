//! Commands go out once, answers come in once, whatever happens to the connection.

use std::time::Duration;

use connect_core::domain::command::Command;
use connect_core::domain::event::{Event, Source};
use connect_core::domain::ids::{
    CommandId, CompanyId, EnvironmentId, EventId, PayloadId, RunId, StoreId, WorkerId,
};
use connect_core::domain::lane::{ClaimedLane, Fence, LaneKey, LaneNext};
use connect_core::domain::run::{NewCommand, Run, RunState, Transition};
use connect_proto::tunnel::v1;
use connect_proto::tunnel::v1::agent_message::Message as FromAgent;
use connect_proto::tunnel::v1::cloud_message::Message as ToAgent;
use connect_proto::tunnel::v1::command::Body;
use connect_proto::tunnel::v1::command_result::Outcome;
use connect_proto::tunnel::v1::payload::Content;
use connect_proto::tunnel::v1::transfer_client::TransferClient;
use prost::Message as _;

use super::harness::{Cloud, Held, Link, hello};

const LEASE: Duration = Duration::from_mins(10);

#[tokio::test]
async fn a_command_is_sent_settled_and_acknowledged_once() {
    let cloud = Cloud::start().await;
    let held = cloud.enrolled().await;
    let worker = Worker::start(&cloud, &held).await;
    let mut link = cloud.ready(&held, hello(), 10).await;
    let id = worker.command(1, b"<eConnect/>").await;

    let command = link.next_command().await;
    assert_eq!(command.command_id, id.to_string());
    assert_eq!(command.company, "TWO");
    assert_eq!(document(&command), Content::Inline(b"<eConnect/>".to_vec()));

    link.send(FromAgent::Result(executed(id, 7))).await;
    assert_acknowledged(&mut link, id).await;
    let answered = worker.claim_one().await;
    assert_eq!(journal_number(&answered), Some(7));

    // The acknowledgement was lost: the agent says it again, and nothing happens again.
    link.send(FromAgent::Result(executed(id, 8))).await;
    assert_acknowledged(&mut link, id).await;
    let commands = cloud.services.database.commands();
    let kept = commands
        .find_answer(held.tenant, id)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(
        v1::CommandResult::decode(kept.as_slice()).unwrap(),
        executed(id, 7)
    );
    assert!(worker.claim().await.is_empty());
    cloud.stop().await;
}

#[tokio::test]
async fn after_a_break_only_what_the_agent_does_not_hold_is_sent_again() {
    let cloud = Cloud::start().await;
    let held = cloud.enrolled().await;
    let worker = Worker::start(&cloud, &held).await;
    let first = worker.command(1, b"<eConnect/>").await;
    let second = worker.command(2, b"<eConnect/>").await;
    let mut link = cloud.ready(&held, hello(), 10).await;
    assert_eq!(link.next_command().await.command_id, first.to_string());
    assert_eq!(link.next_command().await.command_id, second.to_string());
    drop(link);

    // It still works on the first and never got the second.
    let mut again = hello();
    again.commands_in_flight = vec![first.to_string()];
    let mut link = cloud.ready(&held, again, 10).await;
    assert_eq!(link.next_command().await.command_id, second.to_string());
    link.send(FromAgent::Result(executed(first, 1))).await;
    assert_acknowledged(&mut link, first).await;
    let third = worker.command(3, b"<eConnect/>").await;
    assert_eq!(link.next_command().await.command_id, third.to_string());
    cloud.stop().await;
}

#[tokio::test]
async fn credits_bound_what_goes_out() {
    let cloud = Cloud::start().await;
    let held = cloud.enrolled().await;
    let worker = Worker::start(&cloud, &held).await;
    let mut ids = Vec::new();
    for order in 0..3 {
        ids.push(worker.command(order, b"<eConnect/>").await);
    }
    let mut link = cloud.ready(&held, hello(), 1).await;
    assert_eq!(link.next_command().await.command_id, ids[0].to_string());
    link.send(FromAgent::Result(executed(ids[0], 1))).await;
    // Were there no bound, a command would come before this acknowledgement.
    assert_acknowledged(&mut link, ids[0]).await;
    for id in &ids[1..] {
        let company = "TWO".to_owned();
        link.send(FromAgent::Credit(v1::Credit { company, amount: 1 }))
            .await;
        assert_eq!(link.next_command().await.command_id, id.to_string());
    }
    cloud.stop().await;
}

#[tokio::test]
async fn a_large_document_goes_ahead_by_transfer() {
    let cloud = Cloud::start().await;
    let held = cloud.enrolled().await;
    let worker = Worker::start(&cloud, &held).await;
    let content: Vec<u8> = (0..700_000_u32)
        .flat_map(u32::to_le_bytes)
        .take(700_000)
        .collect();
    worker.command(1, &content).await;
    let mut link = cloud.ready(&held, hello(), 10).await;
    let Content::Transfer(reference) = document(&link.next_command().await) else {
        panic!("a transfer was expected");
    };
    assert_eq!(reference.length, 700_000);

    let channel = cloud.channel(Some(held.identity())).await.unwrap();
    let request = v1::DownloadRequest {
        sha256: reference.sha256.clone(),
    };
    let mut stream = TransferClient::new(channel)
        .download(request)
        .await
        .unwrap()
        .into_inner();
    let mut received = Vec::new();
    while let Some(chunk) = stream.message().await.unwrap() {
        received.extend_from_slice(&chunk.data);
    }
    assert_eq!(received, content);

    let stranger = cloud.enrolled().await;
    let channel = cloud.channel(Some(stranger.identity())).await.unwrap();
    let request = v1::DownloadRequest {
        sha256: reference.sha256,
    };
    let refused = TransferClient::new(channel)
        .download(request)
        .await
        .err()
        .unwrap();
    assert_eq!(refused.code(), tonic::Code::NotFound);
    cloud.stop().await;
}

#[tokio::test]
async fn uploads_must_have_the_digest_they_claim() {
    let cloud = Cloud::start().await;
    let held = cloud.enrolled().await;
    let channel = cloud.channel(Some(held.identity())).await.unwrap();
    let mut client = TransferClient::new(channel);
    let digest = crate::secrets::sha256(b"content");
    let chunks = |data: &[u8]| {
        tokio_stream::iter([v1::Chunk {
            sha256: digest.clone(),
            data: data.to_vec(),
        }])
    };
    assert!(client.upload(chunks(b"other")).await.is_err());
    client.upload(chunks(b"content")).await.unwrap();
    let found = cloud
        .services
        .database
        .transfers()
        .find(held.tenant, &digest)
        .await
        .unwrap();
    assert_eq!(found.unwrap(), b"content");
    cloud.stop().await;
}

#[tokio::test]
async fn a_session_carries_hundreds_of_commands_a_second() {
    const COUNT: i64 = 300;
    let cloud = Cloud::start().await;
    let held = cloud.enrolled().await;
    let worker = Worker::start(&cloud, &held).await;
    for order in 0..COUNT {
        worker.command(order, b"<eConnect/>").await;
    }
    let mut link = cloud.ready(&held, hello(), 20).await;
    let began = std::time::Instant::now();
    let mut acknowledged = 0;
    while acknowledged < COUNT {
        match link.next().await {
            ToAgent::Command(command) => {
                let id = command.command_id.parse().unwrap();
                link.send(FromAgent::Result(executed(id, 1))).await;
                let company = "TWO".to_owned();
                link.send(FromAgent::Credit(v1::Credit { company, amount: 1 }))
                    .await;
            }
            ToAgent::ResultAck(_) => acknowledged += 1,
            other => panic!("unexpected: {other:?}"),
        }
    }
    let took = began.elapsed();
    assert!(
        took < Duration::from_secs(15),
        "{COUNT} commands took {took:?}"
    );
    cloud.stop().await;
}

struct Worker<'a> {
    cloud: &'a Cloud,
    held: &'a Held,
    fence: Fence,
    store: StoreId,
}

impl<'a> Worker<'a> {
    async fn start(cloud: &'a Cloud, held: &'a Held) -> Self {
        let ids = &cloud.services.ids;
        let workers = cloud.services.database.workers();
        let fence = workers.insert(WorkerId(ids.next()), LEASE).await.unwrap();
        let store = StoreId(ids.next());
        Self {
            cloud,
            held,
            fence,
            store,
        }
    }

    /// An event about an order, taken up by this worker as far as the command for the agent.
    async fn command(&self, order: i64, document: &[u8]) -> CommandId {
        let database = &self.cloud.services.database;
        let event = self.event(order);
        let lane = LaneKey {
            tenant: event.tenant,
            group: self.store.0,
            key: format!("order:{order}"),
        };
        database.events().insert(&event, &lane).await.unwrap();
        let claimed = self.claim().await;
        let claimed = claimed
            .into_iter()
            .find(|claimed| claimed.key == lane)
            .unwrap();
        let transition = self.transition(&claimed, document);
        let id = transition.command.as_ref().unwrap().command.id;
        database.runs().apply(transition).await.unwrap();
        id
    }

    async fn claim_one(&self) -> ClaimedLane {
        let mut claimed = self.claim().await;
        assert_eq!(claimed.len(), 1);
        claimed.remove(0)
    }

    async fn claim(&self) -> Vec<ClaimedLane> {
        let services = &self.cloud.services;
        let lanes = services.database.lanes();
        let now = services.clock.now();
        lanes
            .claim(
                self.held.tenant,
                self.fence,
                now,
                connect_store::Room::of(10),
            )
            .await
            .unwrap()
    }

    fn event(&self, order: i64) -> Event {
        let services = &self.cloud.services;
        let now = services.clock.now();
        Event {
            tenant: self.held.tenant,
            id: EventId(services.ids.next()),
            environment: EnvironmentId(services.ids.next()),
            store: self.store,
            source: Source::Webhook,
            delivery: format!("delivery-{order}"),
            topic: "order.placed".to_owned(),
            entity: "order".to_owned(),
            entity_id: order.to_string(),
            occurred: now,
            received: now,
            revision: 1,
            route: None,
            body: None,
        }
    }

    fn transition(&self, claimed: &ClaimedLane, document: &[u8]) -> Transition {
        let services = &self.cloud.services;
        let run = self.run(&claimed.event);
        let command = self.row(&run, &claimed.key);
        Transition {
            lane: claimed.key.clone(),
            number: claimed.number,
            fence: self.fence,
            run,
            steps: Vec::new(),
            command: Some(NewCommand {
                command,
                document: document.to_vec(),
            }),
            links: Vec::new(),
            parts: None,
            result: None,
            supersedes: false,
            close: None,
            open: None,
            next: LaneNext::AwaitCommand,
            now: services.clock.now(),
        }
    }

    fn run(&self, event: &Event) -> Run {
        let services = &self.cloud.services;
        Run {
            tenant: event.tenant,
            id: RunId(services.ids.next()),
            environment: event.environment,
            event: event.id,
            store: event.store,
            company: None,
            entity: event.entity.clone(),
            entity_id: event.entity_id.clone(),
            workflow: "order_to_sop".to_owned(),
            workflow_version: 1,
            revision: 1,
            state: RunState::Waiting,
            summary: String::new(),
            snapshot: Vec::new(),
            gp_key: None,
            started: services.clock.now(),
            finished: None,
            failure: None,
            replay_of: None,
            part_of: None,
        }
    }

    fn row(&self, run: &Run, lane: &LaneKey) -> Command {
        let services = &self.cloud.services;
        let effect_key = format!("TWO/{}/{}/sop/1", self.store, lane.key);
        let body = v1::Command {
            timeout_ms: 60_000,
            body: Some(Body::Execute(v1::ExecuteDocument {
                effect_key: effect_key.clone(),
                semantics: v1::Semantics::Once.into(),
                ..v1::ExecuteDocument::default()
            })),
            ..v1::Command::default()
        };
        Command {
            tenant: run.tenant,
            id: CommandId(services.ids.next()),
            agent: self.held.agent,
            company: CompanyId(services.ids.next()),
            database: "TWO".to_owned(),
            run: run.id,
            lane: lane.clone(),
            effect_key,
            document: PayloadId(services.ids.next()),
            body: body.encode_to_vec(),
            created: services.clock.now(),
        }
    }
}

async fn assert_acknowledged(link: &mut Link, id: CommandId) {
    match link.next().await {
        ToAgent::ResultAck(ack) => assert_eq!(ack.command_id, id.to_string()),
        other => panic!("expected an acknowledgement, got {other:?}"),
    }
}

fn executed(id: CommandId, journal_number: i64) -> v1::CommandResult {
    v1::CommandResult {
        command_id: id.to_string(),
        elapsed_ms: 5,
        outcome: Some(Outcome::Executed(v1::Executed {
            journal_number,
            incarnation: "A".to_owned(),
            ..v1::Executed::default()
        })),
    }
}

fn journal_number(claimed: &ClaimedLane) -> Option<i64> {
    let answer = claimed.result.as_ref()?;
    match v1::CommandResult::decode(answer.result.as_slice())
        .ok()?
        .outcome?
    {
        Outcome::Executed(executed) => Some(executed.journal_number),
        _ => None,
    }
}

fn document(command: &v1::Command) -> Content {
    let Some(Body::Execute(execute)) = &command.body else {
        panic!("not a document: {command:?}");
    };
    execute
        .document
        .clone()
        .and_then(|payload| payload.content)
        .expect("a payload")
}
