//! Tells how lanes, credits and results behave over connections.

use connect_proto::tunnel::v1::{CancelCommand, Drain, Executed, ResultAck};

use super::*;

fn message(action: &Action) -> Option<&FromAgent> {
    if let Action::Send(message) = action {
        Some(message)
    } else {
        None
    }
}

fn session() -> Session {
    let mut session = Session::new([("TWO".to_owned(), 2)]);
    session.opened();
    session
}

fn command(id: &str, lane: &str) -> FromCloud {
    FromCloud::Command(Command {
        command_id: id.to_owned(),
        company: "TWO".to_owned(),
        lane: lane.to_owned(),
        timeout_ms: 1_000,
        ..Command::default()
    })
}

fn done(id: &str) -> CommandResult {
    result(id, Outcome::Executed(Executed::default()))
}

fn started(actions: &[Action]) -> Vec<String> {
    let id = |action: &Action| {
        let Action::Start(started) = action else {
            return None;
        };
        Some(started.command.command_id.clone())
    };
    actions.iter().filter_map(id).collect()
}

fn sent_results(actions: &[Action]) -> Vec<String> {
    let id = |message: &FromAgent| {
        if let FromAgent::Result(result) = message {
            Some(result.command_id.clone())
        } else {
            None
        }
    };
    actions.iter().filter_map(message).filter_map(id).collect()
}

fn credits(actions: &[Action], company: &str) -> u32 {
    let amount = |message: &FromAgent| {
        if let FromAgent::Credit(credit) = message
            && credit.company == company
        {
            return credit.amount;
        }
        0
    };
    actions.iter().filter_map(message).map(amount).sum()
}

#[test]
fn a_lane_is_kept_in_order_while_others_pass() {
    let mut session = session();
    let now = Instant::now();
    assert_eq!(started(&session.received(command("a1", "a"), now)), ["a1"]);
    assert!(started(&session.received(command("a2", "a"), now)).is_empty());
    assert_eq!(started(&session.received(command("b1", "b"), now)), ["b1"]);
    assert!(started(&session.received(command("c1", "c"), now)).is_empty());
    assert_eq!(started(&session.finished(done("b1"), now)), ["c1"]);
    assert_eq!(started(&session.finished(done("a1"), now)), ["a2"]);
}

#[test]
fn credits_are_what_room_is_left() {
    let mut session = Session::new([("TWO".to_owned(), 2)]);
    assert_eq!(credits(&session.opened(), "TWO"), 10);
    let now = Instant::now();
    for n in 0..10 {
        session.received(command(&n.to_string(), "one"), now);
    }
    let refused = session.received(command("11", "one"), now);
    assert_eq!(sent_results(&refused), ["11"]);
    session.closed();
    assert_eq!(credits(&session.opened(), "TWO"), 0);
    assert_eq!(credits(&session.finished(done("0"), now), "TWO"), 1);
}

#[test]
fn a_result_is_repeated_until_it_is_acknowledged() {
    let mut session = session();
    let now = Instant::now();
    session.received(command("a", ""), now);
    session.closed();
    assert!(sent_results(&session.finished(done("a"), now)).is_empty());
    assert_eq!(session.known_commands(), ["a"]);
    assert_eq!(sent_results(&session.opened()), ["a"]);
    assert_eq!(
        sent_results(&session.received(command("a", ""), now)),
        ["a"]
    );
    session.received(
        FromCloud::ResultAck(ResultAck {
            command_id: "a".to_owned(),
        }),
        now,
    );
    assert!(session.is_idle());
    session.closed();
    assert!(sent_results(&session.opened()).is_empty());
}

#[test]
fn a_command_sent_twice_runs_once() {
    let mut session = session();
    let now = Instant::now();
    assert_eq!(started(&session.received(command("a", ""), now)), ["a"]);
    assert!(session.received(command("a", ""), now).is_empty());
}

#[test]
fn draining_takes_nothing_new_and_finishes_the_rest() {
    let mut session = session();
    let now = Instant::now();
    session.received(command("a", ""), now);
    let drain = Drain {
        reason: "move".to_owned(),
        reconnect_after_ms: 5,
    };
    let actions = session.received(FromCloud::Drain(drain), now);
    assert!(actions.contains(&Action::Drain {
        reconnect_after: Duration::from_millis(5)
    }));
    assert!(session.received(command("b", ""), now).is_empty());
    let actions = session.finished(done("a"), now);
    assert_eq!(sent_results(&actions), ["a"]);
    assert_eq!(credits(&actions, "TWO"), 0);
}

#[test]
fn a_waiting_command_can_be_cancelled_and_a_late_one_is_not_begun() {
    let mut session = session();
    let now = Instant::now();
    session.received(command("a1", "a"), now);
    session.received(command("a2", "a"), now);
    session.received(command("a3", "a"), now);
    let cancel = FromCloud::Cancel(CancelCommand {
        command_id: "a2".to_owned(),
    });
    assert_eq!(sent_results(&session.received(cancel, now)), ["a2"]);
    let late = now + Duration::from_secs(2);
    let actions = session.finished(done("a1"), late);
    assert!(started(&actions).is_empty());
    assert_eq!(sent_results(&actions), ["a1", "a3"]);
    let cancel = FromCloud::Cancel(CancelCommand {
        command_id: "a2".to_owned(),
    });
    assert!(session.received(cancel, now).is_empty());
}

#[test]
fn an_unknown_company_is_refused() {
    let mut session = session();
    let strange = Command {
        company: "XXX".to_owned(),
        ..Command::default()
    };
    let actions = session.received(FromCloud::Command(strange), Instant::now());
    assert_eq!(sent_results(&actions).len(), 1);
}

#[test]
fn the_cloud_lowers_parallel_work_but_never_raises_it() {
    let mut session = session();
    let now = Instant::now();
    let settings = |parallel| Settings {
        parallel_per_company: parallel,
        ..Settings::default()
    };
    session.settings(settings(1), now);
    session.received(command("a", ""), now);
    assert!(started(&session.received(command("b", ""), now)).is_empty());
    let actions = session.settings(settings(9), now);
    assert_eq!(started(&actions), ["b"]);
    assert!(started(&session.received(command("c", ""), now)).is_empty());
}
