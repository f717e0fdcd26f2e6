//! Many documents in one command: each for itself, told as it finishes.

use connect_proto::tunnel::v1::agent_message::Message as FromAgent;
use connect_proto::tunnel::v1::cloud_message::Message as FromCloud;
use connect_proto::tunnel::v1::command::Body;
use connect_proto::tunnel::v1::command_result::Outcome;
use connect_proto::tunnel::v1::{
    Command, DocumentResult, ErrorClass, ExecuteBulk, document_result,
};

use super::stage::{Order, Stage, good, order, result};
use super::support::Session;

fn bulk(id: &str, documents: &[(&str, String)]) -> FromCloud {
    let body = |(key, xml): &(&str, String)| Order::new(id, key, xml).body;
    FromCloud::Command(Command {
        command_id: id.to_owned(),
        company: "TWO".to_owned(),
        timeout_ms: 30_000,
        body: Some(Body::ExecuteBulk(ExecuteBulk {
            documents: documents.iter().map(body).collect(),
        })),
        ..Command::default()
    })
}

/// What was told ahead of the result, and the result.
async fn told(session: &mut Session, count: usize) -> (Vec<DocumentResult>, Vec<DocumentResult>) {
    let mut ahead = Vec::new();
    for _ in 0..count {
        let pick = |message| {
            if let FromAgent::Result(result) = &message {
                panic!("the result came first: {result:?}");
            }
            if let FromAgent::Document(document) = message {
                Some(document)
            } else {
                None
            }
        };
        ahead.push(session.next(pick).await);
    }
    match result(session).await.outcome {
        Some(Outcome::Bulk(bulk)) => (ahead, bulk.documents),
        other => panic!("a bulk, not {other:?}"),
    }
}

fn failure(result: &DocumentResult) -> (ErrorClass, i32) {
    match &result.outcome {
        Some(document_result::Outcome::Failure(failure)) => {
            let code = failure.errors.first().map_or(0, |error| error.code);
            (failure.class(), code)
        }
        other => panic!("a failure, not {other:?}"),
    }
}

fn is_done(result: &DocumentResult, already_done: bool) -> bool {
    matches!(&result.outcome, Some(document_result::Outcome::Executed(executed))
        if executed.already_done == already_done)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failing_document_does_not_stop_the_others() {
    let mut stage = Stage::set().await;
    let mut session = stage.agent(None).await;
    let documents = [
        ("a", good("A")),
        ("b", order("B", "100XLG", "59.95", "180.85")),
        ("c", good("C")),
        ("d", "<eConnect><Nothing/></eConnect>".to_owned()),
        ("e", good("E")),
    ];
    session.send(bulk("c1", &documents)).await;
    let (mut ahead, results) = told(&mut session, 5).await;
    ahead.sort_by_key(|result| result.index);
    assert_eq!(ahead, results);
    assert_eq!(failure(&results[1]), (ErrorClass::InvalidData, 722));
    assert_eq!(failure(&results[3]).0, ErrorClass::InvalidData);
    assert!(
        [0, 2, 4]
            .iter()
            .all(|index| is_done(&results[*index], false))
    );
    // Again, as after a lost answer, with what was wrong corrected.
    let documents = [("a", good("A")), ("b", good("B")), ("c", good("C"))];
    session.send(bulk("c2", &documents)).await;
    let (_, results) = told(&mut session, 3).await;
    assert!(is_done(&results[0], true) && is_done(&results[1], false));
    for name in ["A", "B", "C", "E"] {
        assert_eq!(stage.documents(name).await.len(), 1, "{name}");
    }
    assert_eq!(stage.rows("SOP10100").await.len(), 4);
    assert_eq!(stage.rows("connect.Journal").await.len(), 4);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_empty_bulk_and_one_too_large_are_refused() {
    let mut stage = Stage::set().await;
    let mut session = stage.agent(None).await;
    let many = vec![("x", String::new()); 1_001];
    for (id, documents) in [("c1", &[][..]), ("c2", &many)] {
        session.send(bulk(id, documents)).await;
        match result(&mut session).await.outcome {
            Some(Outcome::Failure(failure)) => assert_eq!(failure.code, "bulk_size"),
            other => panic!("refused, not {other:?}"),
        }
    }
    assert!(stage.rows("connect.Journal").await.is_empty());
}

#[cfg(feature = "crash-points")]
#[tokio::test(flavor = "multi_thread")]
async fn a_bulk_whose_agent_died_is_whole_in_the_end() {
    let mut stage = Stage::set().await;
    let keys: Vec<String> = (0..12).map(|n| format!("k{n}")).collect();
    let documents: Vec<_> = keys.iter().map(|key| (key.as_str(), good(key))).collect();
    let session = stage.agent(Some("agent.commit.after")).await;
    session.send(bulk("c1", &documents)).await;
    stage.wait_for_death();
    let mut session = stage.agent(None).await;
    session.send(bulk("c1", &documents)).await;
    let (_, results) = told(&mut session, 12).await;
    assert!(results.iter().any(|result| is_done(result, true)));
    assert!(
        results
            .iter()
            .all(|result| is_done(result, true) || is_done(result, false))
    );
    assert_eq!(stage.rows("SOP10100").await.len(), 12);
    assert_eq!(stage.rows("connect.Journal").await.len(), 12);
}
