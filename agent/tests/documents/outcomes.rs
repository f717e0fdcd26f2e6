//! Locks, lost commits and time that runs out: what is answered, and that a repeat is safe.

use std::time::{Duration, Instant};

use connect_proto::tunnel::v1::ErrorClass;
use serde_json::json;

use super::stage::{Order, Stage, execute, good, number, query, refused};

#[tokio::test(flavor = "multi_thread")]
async fn locks_that_outlive_the_command_answer_busy() {
    let mut stage = Stage::set().await;
    let mut session = stage.agent(None).await;
    for (index, fault) in [
        json!({"procedure": "taSopHdrIvcInsert", "kind": "lock_timeout", "times": 10_000}),
        json!({"procedure": "taSopLineIvcInsert", "kind": "error", "code": 2079, "times": 10_000}),
    ]
    .into_iter()
    .enumerate()
    {
        stage.fault(fault).await;
        let (key, began) = (format!("l{index}"), Instant::now());
        let order = Order::new(&key, &key, &good("L1")).within(4_000);
        session.send(order.command()).await;
        let failure = refused(&mut session).await;
        assert_eq!(
            (failure.class(), failure.code.as_str()),
            (ErrorClass::Busy, "locked")
        );
        assert!(
            began.elapsed() > Duration::from_secs(3),
            "the time was used"
        );
        stage.clear_faults().await;
    }
    assert!(stage.documents("L1").await.is_empty());
    session.send(execute("again", "l1", &good("L1"))).await;
    number(&mut session, false).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_commit_whose_answer_is_lost_is_found() {
    let mut stage = Stage::set().await;
    let mut session = stage.agent(None).await;
    stage
        .fault(json!({"procedure": "COMMIT", "when": "after", "kind": "disconnect"}))
        .await;
    session.send(execute("c1", "m1", &good("M1"))).await;
    let sop_number = number(&mut session, false).await;
    let documents = stage.documents("M1").await;
    assert_eq!(
        (documents.len(), &documents[0]["SOPNUMBE"]),
        (1, &json!(sop_number))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_commit_that_never_happened_is_told_and_repeated() {
    let mut stage = Stage::set().await;
    let mut session = stage.agent(None).await;
    stage
        .fault(json!({"procedure": "COMMIT", "when": "before", "kind": "disconnect"}))
        .await;
    session.send(execute("c1", "n1", &good("N1"))).await;
    let failure = refused(&mut session).await;
    assert_eq!(failure.class(), ErrorClass::Unavailable, "{failure:?}");
    assert_eq!(failure.code, "connection_lost");
    assert!(stage.documents("N1").await.is_empty());
    session.send(execute("c2", "n1", &good("N1"))).await;
    number(&mut session, false).await;
    assert_eq!(stage.documents("N1").await.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_document_out_of_time_leaves_nothing_and_its_connection_is_gone() {
    let mut stage = Stage::set().await;
    let mut session = stage.agent(None).await;
    session.send(execute("c0", "t0", &good("T0"))).await;
    number(&mut session, false).await;
    let connections = stage.connections().await;
    stage
        .fault(json!({"procedure": "taSopHdrIvcInsert", "kind": "delay", "ms": 60_000}))
        .await;
    let order = Order::new("c1", "t1", &good("T1")).within(1_500);
    session.send(order.command()).await;
    let failure = refused(&mut session).await;
    assert_eq!(failure.code, "timed_out", "{failure:?}");
    let until = Instant::now() + Duration::from_secs(5);
    while stage.connections().await >= connections {
        assert!(Instant::now() < until, "the connection is still there");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert!(stage.documents("T1").await.is_empty());
    session.send(execute("c2", "t1", &good("T1"))).await;
    number(&mut session, false).await;
    assert_eq!(stage.documents("T1").await.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_login_is_not_tried_by_every_command() {
    let mut stage = Stage::set().await;
    let mut session = stage.agent(None).await;
    session.send(execute("c0", "a0", &good("A0"))).await;
    number(&mut session, false).await;
    stage.http("POST", "/login", &json!({"refuse": true})).await;
    stage.restart_server().await;
    let before = stage.logins().await;
    for index in 0..6 {
        let key = format!("a{index}");
        let mut order = Order::new(&format!("c-{key}"), &key, &good("A1"));
        order.body.expected_incarnation = format!("another {index}");
        session.send(order.command()).await;
        let failure = refused(&mut session).await;
        assert_eq!(failure.class(), ErrorClass::Authentication, "{failure:?}");
        session.send(query(&format!("q{index}"))).await;
        let failure = refused(&mut session).await;
        assert_eq!(failure.class(), ErrorClass::Authentication, "{failure:?}");
    }
    let tried = stage.logins().await - before;
    assert!((1..=2).contains(&tried), "{tried} logins were tried");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_s_user_options_change_nothing() {
    let mut stage = Stage::set().await;
    stage
        .http("POST", "/user-options", &json!({"on": true}))
        .await;
    let mut session = stage.agent(None).await;
    session.send(execute("c1", "o1", &good("O1"))).await;
    number(&mut session, false).await;
    session
        .send(Order::new("c2", "o2", &good("O2")).gapless().command())
        .await;
    number(&mut session, false).await;
    assert_eq!(stage.documents("O1").await.len(), 1);
    assert_eq!(stage.documents("O2").await.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_command_id_that_the_journal_cannot_hold_is_refused() {
    let mut stage = Stage::set().await;
    let mut session = stage.agent(None).await;
    session
        .send(execute(&"x".repeat(37), "i1", &good("I1")))
        .await;
    assert_eq!(refused(&mut session).await.code, "command_id");
    assert!(stage.rows("connect.Journal").await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_type_whose_procedures_the_server_lacks_is_refused_before_the_first_call() {
    let mut stage = Stage::set().await;
    let document = "<eConnect><POPTransactionType><taPoHdr><POTYPE>1</POTYPE>\
        <PONUMBER>PO0001</PONUMBER><VENDORID>ACETRAVE0001</VENDORID></taPoHdr>\
        </POPTransactionType></eConnect>";
    let script = stage
        .command(&["sql", "--install-script", "--types", "POPTransactionType"])
        .output()
        .unwrap();
    let script = String::from_utf8(script.stdout).unwrap();
    assert!(script.contains("GRANT EXECUTE ON dbo.taPoHdr TO connect_agent;"));
    let mut session = stage.agent(None).await;
    session.send(execute("c1", "s1", document)).await;
    let failure = refused(&mut session).await;
    assert_eq!(failure.code, "document_invalid", "{failure:?}");
    assert!(failure.errors[0].text.contains("no procedure dbo.taPoHdr"));
    assert!(stage.rows("connect.Journal").await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_forgot_what_was_prepared_is_told_again() {
    let mut stage = Stage::set().await;
    let mut session = stage.agent(None).await;
    for (id, forget) in [("f1", false), ("f2", true), ("f3", false)] {
        if forget {
            stage.http("POST", "/forget-prepared", &json!({})).await;
        }
        session.send(execute(id, id, &good(id))).await;
        number(&mut session, false).await;
        assert_eq!(stage.documents(id).await.len(), 1);
    }
}
