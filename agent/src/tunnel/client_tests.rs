//! What a connection that ends in the middle of things leaves behind.

use connect_proto::tunnel::v1::command_result::Outcome;
use secrecy::SecretString;

use super::*;
use crate::secrets::SecretError;

#[derive(Debug)]
struct NoSecrets;

impl SecretStore for NoSecrets {
    fn get(&self, _: &str) -> Result<Option<SecretString>, SecretError> {
        Ok(None)
    }

    fn set(&self, _: &str, _: &SecretString) -> Result<(), SecretError> {
        Ok(())
    }
}

/// A tunnel for one company that works on one command at a time, done as soon as begun.
fn tunnel(dir: &std::path::Path) -> Tunnel {
    let config = TunnelConfig {
        cloud: Cloud {
            enroll_url: String::new(),
            tunnel_url: String::new(),
            ca_file: std::path::PathBuf::new(),
            proxy: None,
        },
        machine_name: "GP01".to_owned(),
        parallel: vec![("TWO".to_owned(), 1)],
    };
    let (_, reports) = watch::channel(Vec::new());
    let (status, _) = watch::channel(TunnelStatus::default());
    let (rebinds, _) = mpsc::unbounded_channel();
    let parts = TunnelParts {
        secrets: Arc::new(NoSecrets),
        state: StateDir::open(dir).unwrap(),
        clock: Clock::default(),
        reports,
        status,
        rebinds,
        orders: mpsc::unbounded_channel().0,
    };
    let done = Outcome::Executed(connect_proto::tunnel::v1::Executed::default());
    let handler: Handler = Arc::new(move |_| {
        let done = done.clone();
        Box::pin(async move { done })
    });
    Tunnel::new(config, handler, parts)
}

fn command(id: &str) -> FromCloud {
    FromCloud::Command(Command {
        command_id: id.to_owned(),
        company: "TWO".to_owned(),
        lane: id.to_owned(),
        body: Some(connect_proto::tunnel::v1::command::Body::Diagnose(
            connect_proto::tunnel::v1::Diagnose {},
        )),
        ..Command::default()
    })
}

/// The end of a connection must not take with it the command whose turn it was: it would be held
/// as running for ever, and the cloud would wait for it.
#[tokio::test]
async fn a_command_whose_turn_comes_as_the_connection_ends_is_worked_on() {
    let dir = tempfile::tempdir().unwrap();
    let mut tunnel = tunnel(dir.path());
    let (outgoing, cloud) = mpsc::channel(8);
    let shutdown = CancellationToken::new();
    let sending = Sending {
        outgoing: &outgoing,
        channel: None,
        shutdown: &shutdown,
        limit: SEND_LIMIT,
    };
    let mut timers = tunnel.timers(&Welcome::default());
    tunnel.session.opened();
    let now = Instant::now();
    let mut actions = tunnel.session.received(command("first"), now);
    actions.extend(tunnel.session.received(command("second"), now));
    assert!(tunnel.perform(actions, &sending, &mut timers).await.is_ok());
    drop(cloud);
    for expected in [1, 0] {
        let done = tunnel.tasks.join_next_with_id().await.expect("a task");
        let actions = tunnel.task_done(done, &mut timers);
        let ended = tunnel.perform(actions, &sending, &mut timers).await;
        assert!(matches!(ended, Err(Ended::Lost(_))));
        assert_eq!(tunnel.tasks.len(), expected);
    }
    assert_eq!(
        (tunnel.session.in_flight(), tunnel.session.unacknowledged()),
        (0, 2)
    );
}
