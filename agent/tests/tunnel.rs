//! The agent against a small cloud: enrolment, renewal, sessions that break and come back.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::sync::Arc;

use connect_agent::agent::{self, Parts};
use connect_agent::clock::Clock;
use connect_agent::config::Config;
use connect_agent::tunnel::{self, Enrolment};
use connect_proto::tunnel::v1::agent_message::Message as FromAgent;
use connect_proto::tunnel::v1::cloud_message::Message as FromCloud;
use connect_proto::tunnel::v1::command::Body;
use connect_proto::tunnel::v1::command_result::Outcome;
use connect_proto::tunnel::v1::{Command, CommandResult, Describe, Drain, Hello, ResultAck};
use secrecy::SecretString;
use support::{Cloud, Session};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

mod support;

const NOW: i64 = 1_767_225_600_000;
/// Nothing listens there: these tests are about the tunnel.
const NO_GP: &str = "[gp]\nserver = '127.0.0.1,9'\nuser = 'x'\npassword_file = '/dev/null'\n\
                     [[gp.companies]]\ndatabase = 'TWO'\n";

fn parts(cloud: &Cloud, dir: &tempfile::TempDir, clock: Clock) -> Parts {
    connect_agent::install_tls_provider();
    let file = dir.path().join("agent.toml");
    std::fs::write(&file, cloud.config(dir.path(), NO_GP)).unwrap();
    Parts::open(Config::load(&file).unwrap(), clock).unwrap()
}

async fn enrol(parts: &Parts, token: &str) -> Result<(), tunnel::EnrolError> {
    let token = SecretString::from(token);
    let enrolment = Enrolment {
        token: &token,
        machine_name: "GP01",
    };
    let (cloud, state) = (&parts.config.cloud, &parts.state);
    tunnel::enroll(cloud, parts.secrets.as_ref(), state, enrolment)
        .await
        .map(|_| ())
}

struct Running {
    stop: CancellationToken,
    tasks: TaskTracker,
}

fn run(parts: Parts) -> Running {
    let (stop, tasks) = (CancellationToken::new(), TaskTracker::new());
    tasks.spawn(agent::run(parts, "GP01".to_owned(), stop.clone()));
    tasks.close();
    Running { stop, tasks }
}

impl Running {
    async fn stop(self) {
        self.stop.cancel();
        self.tasks.wait().await;
    }
}

fn clock_at(now_unix_ms: i64) -> Clock {
    Clock::with_offset(now_unix_ms - Clock::default().now_unix_ms())
}

fn describe(id: &str) -> FromCloud {
    FromCloud::Command(Command {
        command_id: id.to_owned(),
        timeout_ms: 5_000,
        body: Some(Body::Describe(Describe {
            what: vec!["companies".to_owned()],
        })),
        ..Command::default()
    })
}

async fn hello(session: &mut Session) -> Hello {
    let pick = |message| {
        let FromAgent::Hello(hello) = message else {
            panic!("hello comes first, not {message:?}");
        };
        Some(hello)
    };
    session.next(pick).await
}

async fn result(session: &mut Session) -> CommandResult {
    let pick = |message| {
        if let FromAgent::Result(result) = message {
            Some(result)
        } else {
            None
        }
    };
    session.next(pick).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_token_is_refused_and_nothing_is_stored() {
    let cloud = Cloud::start(NOW, 3_600_000).await;
    let dir = tempfile::tempdir().unwrap();
    let parts = parts(&cloud, &dir, clock_at(NOW));
    let error = enrol(&parts, "bad").await.unwrap_err();
    assert!(error.to_string().contains("not valid"), "{error}");
    assert!(parts.state.identity().unwrap().is_none());
}

#[tokio::test(flavor = "multi_thread")]
async fn results_are_repeated_on_the_next_session_until_acknowledged() {
    let mut cloud = Cloud::start(NOW, 3_600_000).await;
    let dir = tempfile::tempdir().unwrap();
    let parts = parts(&cloud, &dir, clock_at(NOW));
    enrol(&parts, "good").await.unwrap();
    let running = run(parts);

    let mut first = cloud.session().await;
    let said = hello(&mut first).await;
    assert_eq!(said.companies[0].company, "TWO");
    assert!(said.commands_in_flight.is_empty());
    first.send(describe("c1")).await;
    let answer = result(&mut first).await;
    assert!(
        matches!(answer.outcome, Some(Outcome::Described(_))),
        "{answer:?}"
    );
    drop(first);

    let mut second = cloud.session().await;
    assert_eq!(hello(&mut second).await.commands_in_flight, ["c1"]);
    assert_eq!(result(&mut second).await, answer);
    second
        .send(FromCloud::ResultAck(ResultAck {
            command_id: "c1".to_owned(),
        }))
        .await;
    let drain = Drain {
        reason: "elsewhere".to_owned(),
        reconnect_after_ms: 1,
    };
    second.send(FromCloud::Drain(drain)).await;
    let draining = |message| matches!(message, FromAgent::Draining(_)).then_some(());
    second.next(draining).await;

    let mut third = cloud.session().await;
    assert!(hello(&mut third).await.commands_in_flight.is_empty());
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_expired_certificate_is_renewed_before_connecting() {
    let mut cloud = Cloud::start(NOW, 3_600_000).await;
    let dir = tempfile::tempdir().unwrap();
    let later = NOW + 10 * 24 * 3_600_000;
    let parts = parts(&cloud, &dir, clock_at(later));
    enrol(&parts, "good").await.unwrap();
    let running = run(parts);
    let mut session = cloud.session().await;
    hello(&mut session).await;
    let counts = Arc::clone(&cloud.counts);
    assert!(counts.lock().unwrap().renewed >= 1);
    running.stop().await;
}
