//! The agent's binary against the sandbox GP: one order in, one document out, whatever dies between.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use connect_proto::tunnel::v1::agent_message::Message as FromAgent;
use connect_proto::tunnel::v1::command_result::Outcome;
use connect_proto::tunnel::v1::{CompanyState, ErrorClass};
use serde_json::json;
use stage::{Stage, execute, good, number, order, refused, result};

mod asking;
mod batches;
mod bulk;
mod companies;
mod doctor;
mod effects;
mod money;
mod numbers;
mod outcomes;
mod own_queries;
mod preflight;
mod queries;
mod query_ledgers;
mod query_rows;
mod several;
mod stage;
mod stock;
#[path = "../support/mod.rs"]
mod support;
#[cfg(feature = "crash-points")]
mod torture;
mod users;
mod watching;

#[tokio::test(flavor = "multi_thread")]
async fn a_document_is_written_once_and_its_answer_repeated() {
    let mut stage = Stage::set().await;
    let mut session = stage.agent(None).await;
    assert_eq!(stage.cloud.counts.lock().unwrap().enrolled, 1);
    session.send(execute("c1", "k1", &good("P1"))).await;
    let first = number(&mut session, false).await;
    session.send(execute("c2", "k1", &good("P1"))).await;
    assert_eq!(number(&mut session, true).await, first);
    session
        .send(execute("c3", "k1", &order("P1", "100XLG", "1.00", "3.00")))
        .await;
    match result(&mut session).await.outcome {
        Some(Outcome::Executed(executed)) => {
            assert!(executed.already_done && executed.payload_differs);
        }
        other => panic!("executed, not {other:?}"),
    }
    // A key that is there already is no trouble, and no line of it says there was one.
    let log = stage.log();
    assert!(log.contains("INFO") && !log.contains("ERROR"), "{log}");
    let documents = stage.documents("P1").await;
    assert_eq!(documents.len(), 1);
    assert_eq!(documents[0]["SOPNUMBE"], first);
    assert_eq!(documents[0]["DOCAMNT"].as_str(), Some("179.85000"));
}

#[tokio::test(flavor = "multi_thread")]
async fn amounts_arrive_exactly() {
    let mut stage = Stage::set().await;
    let mut session = stage.agent(None).await;
    // A third of the largest amount that GP's numeric(19,5) and three pieces leave room for.
    let cases = [
        ("A1", "0.01", "0.03"),
        ("A2", "1.50", "4.50"),
        ("A3", "3333333333.33", "9999999999.99"),
    ];
    for (po, unit, extended) in cases {
        session
            .send(execute(po, po, &order(po, "100XLG", unit, extended)))
            .await;
        let sop_number = number(&mut session, false).await;
        let lines = stage.rows("SOP10200").await;
        let line = lines
            .iter()
            .find(|line| line["SOPNUMBE"] == *sop_number)
            .expect("a line");
        assert_eq!(
            line["XTNDPRCE"].as_str(),
            Some(format!("{extended}000").as_str())
        );
        assert_eq!(
            line["UNITPRCE"].as_str(),
            Some(format!("{unit}000").as_str())
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_names_codes_field_and_repair_and_leaves_nothing_but_the_number() {
    let mut stage = Stage::set().await;
    let mut session = stage.agent(None).await;
    let wrong = good("R1").replace("<DOCAMNT>179.85", "<DOCAMNT>179.86");
    session.send(execute("c1", "r1", &wrong)).await;
    let failure = refused(&mut session).await;
    assert_eq!(failure.class(), ErrorClass::InvalidData, "{failure:?}");
    let error = failure
        .errors
        .iter()
        .find(|error| error.code == 235)
        .expect("code 235");
    assert_eq!(
        (error.element.as_str(), error.value.as_str()),
        ("DOCAMNT", "179.86")
    );
    assert!(!error.repair.is_empty() && !error.text.is_empty());
    assert_eq!(error.node, "SOPTransactionType/taSopHdrIvcInsert");
    assert!(stage.documents("R1").await.is_empty());
    assert!(stage.rows("SOP10200").await.is_empty());
    let reserved = stage.rows("connect.Journal").await;
    assert_eq!(reserved.len(), 1);
    session.send(execute("c2", "r1", &good("R1"))).await;
    let taken = number(&mut session, false).await;
    assert!(
        reserved[0]["Numbers"].as_str().unwrap().contains(&taken),
        "the number is used again"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_server_could_not_take_is_refused_before_the_first_call() {
    let mut stage = Stage::set().await;
    let mut session = stage.agent(None).await;
    let long = good("L1").replace("<BACHNUMB>WEB20250304", "<BACHNUMB>WEB20250304-TOO-LONG");
    let wrong = long.replace("<QUANTITY>3", "<QUANTITY>three");
    session.send(execute("c1", "l1", &wrong)).await;
    let failure = refused(&mut session).await;
    assert_eq!(failure.class(), ErrorClass::InvalidData);
    let elements: Vec<_> = failure
        .errors
        .iter()
        .map(|error| error.element.as_str())
        .collect();
    assert!(
        elements.contains(&"BACHNUMB") && elements.contains(&"QUANTITY"),
        "{elements:?}"
    );
    assert!(stage.rows("connect.Journal").await.is_empty());
    session
        .send(execute(
            "c2",
            "l2",
            &good("L2").replace("taSopHdrIvcInsert", "taEvil"),
        ))
        .await;
    assert_eq!(refused(&mut session).await.class(), ErrorClass::InvalidData);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_procedure_that_rolls_back_by_itself_leaves_nothing() {
    let mut stage = Stage::set().await;
    let mut session = stage.agent(None).await;
    for procedure in [
        "taUpdateCreateCustomerRcd",
        "taSopLineIvcInsert",
        "taSopHdrIvcInsert",
    ] {
        stage
            .fault(json!({"procedure": procedure, "when": "after", "kind": "rollback_return_0", "times": 1}))
            .await;
        session
            .send(execute(procedure, procedure, &good("B1")))
            .await;
        let failure = refused(&mut session).await;
        assert_eq!(failure.code, "rolled_back_by_procedure", "{failure:?}");
        let advice = format!("{procedure}Post");
        assert!(failure.errors[0].repair.contains(&advice), "{failure:?}");
        assert!(stage.documents("B1").await.is_empty());
        assert!(stage.rows("SOP10200").await.is_empty());
        let customers = stage.rows("RM00101").await;
        assert!(
            !customers.iter().any(|row| row["CUSTNMBR"] == "WB1"),
            "after {procedure}"
        );
    }
    session
        .send(execute("last", "taSopHdrIvcInsert", &good("B1")))
        .await;
    number(&mut session, false).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn locks_and_a_lost_connection_are_overcome_within_the_command() {
    let mut stage = Stage::set().await;
    let mut session = stage.agent(None).await;
    for (index, kind) in ["deadlock", "lock_timeout", "disconnect"]
        .into_iter()
        .enumerate()
    {
        stage
            .fault(json!({"procedure": "taSopHdrIvcInsert", "when": "before", "kind": kind, "times": 1}))
            .await;
        let key = format!("d{index}");
        session
            .send(execute(&key, &key, &good(&key.to_uppercase())))
            .await;
        number(&mut session, false).await;
        assert_eq!(
            stage.documents(&key.to_uppercase()).await.len(),
            1,
            "{kind}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restored_company_is_not_written() {
    let mut stage = Stage::set().await;
    let mut session = stage.agent(None).await;
    stage
        .http("POST", "/backup/TWO", &json!({"name": "b"}))
        .await;
    session.send(execute("c1", "k1", &good("S1"))).await;
    number(&mut session, false).await;
    stage
        .http("POST", "/restore/TWO", &json!({"name": "b", "into": "TWO"}))
        .await;
    session.send(execute("c2", "k2", &good("S2"))).await;
    let failure = refused(&mut session).await;
    assert_eq!(failure.class(), ErrorClass::Parked, "{failure:?}");
    assert!(stage.documents("S2").await.is_empty());
    let bound = stage
        .command(&["rebind", "--company", "TWO", "--as", "restored"])
        .output()
        .unwrap();
    assert!(
        bound.status.success(),
        "{}",
        String::from_utf8_lossy(&bound.stderr)
    );
    let ready = |message| {
        let FromAgent::Company(report) = message else {
            return None;
        };
        (report.state() == CompanyState::Ready).then_some(())
    };
    session.next(ready).await;
    session.send(execute("c3", "k2", &good("S2"))).await;
    number(&mut session, false).await;
}

#[cfg(feature = "crash-points")]
#[tokio::test(flavor = "multi_thread")]
async fn killed_at_each_crash_point_there_is_one_document_in_the_end() {
    let mut stage = Stage::set().await;
    for (index, point) in connect_agent::crash::POINTS.iter().enumerate() {
        let (key, po) = (format!("x{index}"), format!("X{index}"));
        let session = stage.agent(Some(point)).await;
        session
            .send(execute(&format!("{key}-1"), &key, &good(&po)))
            .await;
        stage.wait_for_death();
        drop(session);
        let mut session = stage.agent(None).await;
        session
            .send(execute(&format!("{key}-2"), &key, &good(&po)))
            .await;
        let sop_number = result(&mut session).await;
        assert!(
            matches!(sop_number.outcome, Some(Outcome::Executed(_))),
            "{point}: {sop_number:?}"
        );
        assert_eq!(stage.documents(&po).await.len(), 1, "{point}");
        stage.kill_agent();
        drop(session);
    }
    let doctor = stage.command(&["doctor"]).output().unwrap();
    let said = String::from_utf8_lossy(&doctor.stdout).into_owned();
    assert!(doctor.status.success(), "{said}");
}
