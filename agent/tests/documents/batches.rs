//! Batches that are being posted, marked or open at a user take no document.

use std::time::Duration;

use connect_proto::tunnel::v1::ErrorClass;
use connect_proto::tunnel::v1::command_result::Outcome;
use serde_json::{Value, json};

use super::stage::{Order, Stage, execute, good, number, refused, result};

const BATCH: &str = "WHERE BCHSOURC = 'Sales Entry' AND BACHNUMB = 'WEB20250304'";

async fn batch_of(stage: &Stage, order: &str) -> Value {
    stage.documents(order).await[0]["BACHNUMB"].clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_batch_under_work_takes_no_document_until_it_is_free() {
    let mut stage = Stage::set().await;
    let mut session = stage.agent(None).await;
    session.send(execute("c0", "b0", &good("B0"))).await;
    number(&mut session, false).await;
    let user = "INTO DYNAMICS.dbo.SY00800 (BCHSOURC, BACHNUMB, CMPNYNAM, USERID) VALUES \
                ('Sales Entry', 'WEB20250304'";
    let states = [
        ("UPDATE SY00500 SET BCHSTTUS = 1", "is being posted"),
        ("UPDATE SY00500 SET BCHSTTUS = 7", "interrupted"),
        ("UPDATE SY00500 SET MKDTOPST = 1", "is marked to be posted"),
        (user, "is open at a user"),
    ];
    for (index, (sql, words)) in states.into_iter().enumerate() {
        if sql == user {
            stage
                .sql(&format!("INSERT {sql}, 'Fabrikam, Inc.', 'sarah')"))
                .await;
        } else {
            stage.sql(&format!("{sql} {BATCH}")).await;
        }
        let (id, key) = (format!("c{index}"), format!("k{index}"));
        session.send(execute(&id, &key, &good(&key))).await;
        let failure = refused(&mut session).await;
        assert_eq!(
            (failure.class(), failure.code.as_str()),
            (ErrorClass::Busy, "batch_closed")
        );
        assert!(failure.message.contains(words), "{}", failure.message);
        assert_eq!(failure.retry_after_ms, 30_000);
        let error = &failure.errors[0];
        assert_eq!(
            (error.element.as_str(), error.value.as_str()),
            ("BACHNUMB", "WEB20250304")
        );
        assert!(stage.documents(&key).await.is_empty());
        stage
            .sql(&format!(
                "UPDATE SY00500 SET BCHSTTUS = 0, MKDTOPST = 0 {BATCH}"
            ))
            .await;
        stage.sql("DELETE FROM DYNAMICS.dbo.SY00800").await;
        session
            .send(execute(&format!("{id}-again"), &key, &good(&key)))
            .await;
        number(&mut session, false).await;
        assert_eq!(stage.documents(&key).await.len(), 1);
    }
    // Another company's user is in nobody's way.
    stage
        .sql(&format!("INSERT {user}, 'Fabrikam Test', 'sarah')"))
        .await;
    session.send(execute("c9", "k9", &good("K9"))).await;
    number(&mut session, false).await;
    assert_eq!(stage.rows("SOP10100").await.len(), 6);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_next_batch_is_joined_where_that_is_allowed() {
    let mut stage = Stage::set().await;
    let mut session = stage.agent(None).await;
    let order = |key: &str| Order::new(key, key, &good(key)).next_batches(2).command();
    session.send(order("n1")).await;
    let first = number(&mut session, false).await;
    assert_eq!(batch_of(&stage, "n1").await, "WEB20250304");
    stage
        .sql(&format!("UPDATE SY00500 SET BCHSTTUS = 1 {BATCH}"))
        .await;
    session.send(order("n2")).await;
    let second = match result(&mut session).await.outcome {
        Some(Outcome::Executed(executed)) => executed.keys,
        other => panic!("executed, not {other:?}"),
    };
    let told = second.iter().find(|key| key.element == "BACHNUMB");
    assert_eq!(told.unwrap().value, "WEB20250304-2");
    assert_eq!(batch_of(&stage, "n2").await, "WEB20250304-2");
    assert!(second.iter().all(|key| key.value != first));
    stage
        .sql("UPDATE SY00500 SET MKDTOPST = 1 WHERE BACHNUMB = 'WEB20250304-2'")
        .await;
    session.send(order("n3")).await;
    number(&mut session, false).await;
    assert_eq!(batch_of(&stage, "n3").await, "WEB20250304-3");
    stage
        .sql("UPDATE SY00500 SET MKDTOPST = 1 WHERE BACHNUMB = 'WEB20250304-3'")
        .await;
    session.send(order("n4")).await;
    let failure = refused(&mut session).await;
    assert_eq!(failure.code, "batch_closed");
    assert!(
        failure.message.contains("WEB20250304-3"),
        "{}",
        failure.message
    );
    let totals = stage.rows("SY00500").await;
    assert!(
        totals.iter().all(|batch| batch["NUMOFTRX"] == 1),
        "{totals:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_posting_that_begins_meanwhile_waits_for_the_document() {
    let mut stage = Stage::set().await;
    let mut session = stage.agent(None).await;
    session.send(execute("c0", "p0", &good("P0"))).await;
    number(&mut session, false).await;
    stage
        .fault(json!({"procedure": "taSopHdrIvcInsert", "kind": "delay", "ms": 1500}))
        .await;
    session.send(execute("c1", "p1", &good("P1"))).await;
    // The header is called once its batch is locked.
    while stage.calls("taSopHdrIvcInsert").await < 2 {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let begun = std::time::Instant::now();
    stage
        .sql(&format!("UPDATE SY00500 SET BCHSTTUS = 1 {BATCH}"))
        .await;
    assert!(
        begun.elapsed() > Duration::from_millis(500),
        "{:?}",
        begun.elapsed()
    );
    number(&mut session, false).await;
    let batch = &stage.rows("SY00500").await[0];
    assert_eq!(
        (&batch["NUMOFTRX"], &batch["BCHSTTUS"]),
        (&json!(2), &json!(1))
    );
}
