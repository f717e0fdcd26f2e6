//! What an effect key keeps: its number, its revision, one document.

use connect_proto::tunnel::v1::ErrorClass;
use serde_json::json;

use super::stage::{Order, Stage, execute, good, number, refused};

/// The order again, as a change of the document that is there.
fn changed(po: &str) -> String {
    good(po)
        .replace(
            "<QtyShrtOpt>",
            "<UpdateIfExists>1</UpdateIfExists><QtyShrtOpt>",
        )
        .replace(
            "</taSopHdrIvcInsert>",
            "<UpdateExisting>1</UpdateExisting></taSopHdrIvcInsert>",
        )
}

#[tokio::test(flavor = "multi_thread")]
async fn an_update_keeps_the_recorded_number_and_an_older_one_is_refused() {
    let mut stage = Stage::set().await;
    let mut session = stage.agent(None).await;
    let first = Order::new("c1", "u1", &good("U1")).revision(1);
    session.send(first.command()).await;
    let sop_number = number(&mut session, false).await;
    let second = Order::new("c2", "u1", &changed("U1")).revision(3);
    session.send(second.command()).await;
    assert_eq!(number(&mut session, false).await, sop_number);
    let late = Order::new("c3", "u1", &changed("U1")).revision(2);
    session.send(late.command()).await;
    assert_eq!(refused(&mut session).await.code, "older_revision");
    let again = Order::new("c4", "u1", &changed("U1")).revision(3);
    session.send(again.command()).await;
    assert_eq!(number(&mut session, true).await, sop_number);
    let other = changed("U1").replace("<DOCID>STDORD", "<DOCID>OTHER");
    session
        .send(Order::new("c5", "u1", &other).revision(4).command())
        .await;
    assert_eq!(refused(&mut session).await.code, "recorded_number");
    assert_eq!(stage.documents("U1").await.len(), 1);
    let journal = stage.rows("connect.Journal").await;
    assert_eq!((journal.len(), &journal[0]["Revision"]), (1, &json!(3)));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_gapless_number_is_taken_in_the_writing_transaction_and_kept() {
    let mut stage = Stage::set().await;
    let mut session = stage.agent(None).await;
    let wrong = good("G1").replace("<DOCAMNT>179.85", "<DOCAMNT>179.86");
    let order = |id, document: &str| Order::new(id, "g1", document).gapless();
    session.send(order("c1", &wrong).command()).await;
    refused(&mut session).await;
    assert!(stage.rows("connect.Journal").await.is_empty());
    session.send(execute("c2", "g2", &good("G2"))).await;
    let next = number(&mut session, false).await;
    let gapless = order("c3", &good("G1")).revision(1);
    session.send(gapless.command()).await;
    let sop_number = number(&mut session, false).await;
    let digits = |text: &str| {
        text.trim_start_matches(char::is_alphabetic)
            .parse::<u32>()
            .unwrap()
    };
    assert_eq!(digits(&sop_number), digits(&next) + 1, "no gap");
    let update = order("c4", &changed("G1")).revision(2);
    session.send(update.command()).await;
    assert_eq!(number(&mut session, false).await, sop_number);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reserved_number_that_was_used_by_hand_is_replaced_once() {
    let mut stage = Stage::set().await;
    let mut session = stage.agent(None).await;
    let wrong = good("H1").replace("<DOCAMNT>179.85", "<DOCAMNT>179.86");
    session.send(execute("c1", "h1", &wrong)).await;
    refused(&mut session).await;
    let kept = stage.rows("connect.Journal").await[0]["Numbers"].clone();
    let kept: serde_json::Value = serde_json::from_str(kept.as_str().unwrap()).unwrap();
    let kept = kept[0]["n"].as_str().unwrap().to_owned();
    let by_hand =
        format!("INSERT INTO SOP10100 (SOPTYPE, SOPNUMBE, CUSTNMBR) VALUES (2, '{kept}', 'HAND')");
    stage.sql(&by_hand).await;
    session.send(execute("c2", "h1", &good("H1"))).await;
    let sop_number = number(&mut session, false).await;
    assert_ne!(sop_number, kept);
    assert_eq!(stage.documents("H1").await.len(), 1);
    let journal = stage.rows("connect.Journal").await;
    assert!(
        journal[0]["Numbers"]
            .as_str()
            .unwrap()
            .contains(&sop_number)
    );
    // A number that is refused again is not replaced again.
    let fault =
        json!({"procedure": "taSopHdrIvcInsert", "kind": "error", "code": 2221, "times": 9});
    stage.fault(fault).await;
    session.send(execute("c3", "h3", &good("H3"))).await;
    assert_eq!(refused(&mut session).await.class(), ErrorClass::Duplicate);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_document_takes_three_round_trips_beside_its_calls() {
    let mut stage = Stage::set().await;
    let mut session = stage.agent(None).await;
    session.send(execute("c1", "w1", &good("W1"))).await;
    number(&mut session, false).await;
    let calls = 3;
    // The pre-flight asks for a new customer in the text that reserves the number.
    for effect in ["w2", "w3", "w4"] {
        let before = stage.requests().await;
        session.send(execute(effect, effect, &good(effect))).await;
        number(&mut session, false).await;
        assert_eq!(stage.requests().await - before, calls + 3, "{effect}");
    }
}
