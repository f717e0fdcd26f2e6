//! Calls that are alike go to GP several at a time, and fail as if each had gone alone.

use connect_proto::tunnel::v1::{ErrorClass, Failure};
use serde_json::{Value, json};

use super::stage::{Stage, execute, long, number, refused};

const LINE: &str = "taSopLineIvcInsert";

/// A fault of the third line, whose sequence is 49152.
fn at_third(mut fault: Value) -> Value {
    fault["procedure"] = json!(LINE);
    fault["match"] = json!({"LNITMSEQ": "49152"});
    fault
}

async fn nothing_is_left(stage: &Stage) {
    for table in ["SOP10100", "SOP10200", "SOP10102"] {
        let rows = stage.rows(table).await;
        assert!(rows.is_empty(), "{table}: {rows:?}");
    }
    let customers = stage.rows("RM00101").await;
    assert!(customers.len() > 2);
    assert!(!customers.iter().any(|row| row["CUSTNMBR"] == "WS1"));
    let journal = stage.rows("connect.Journal").await;
    assert!(journal.iter().all(|row| row["State"] == 0), "{journal:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn alike_lines_take_few_round_trips_and_arrive_in_order() {
    let mut stage = Stage::set().await;
    let mut session = stage.agent(None).await;
    session.send(execute("c0", "k0", &long("K0", 1))).await;
    number(&mut session, false).await;
    for (lines, trips) in [(1, 1), (2, 1), (3, 2), (7, 3), (15, 4), (100, 13)] {
        let effect = format!("L{lines}");
        // The texts are prepared with the first of them.
        for again in ["A", "B"] {
            let effect = [&effect, again].concat();
            let before = stage.requests().await;
            session
                .send(execute(&effect, &effect, &long(&effect, lines)))
                .await;
            let order = number(&mut session, false).await;
            // Beside the lines: the number, the transaction, the customer, the header, the commit.
            assert_eq!(stage.requests().await - before, trips + 5, "{effect}");
            let rows = stage.rows("SOP10200").await;
            let mut of_order: Vec<_> = rows
                .iter()
                .filter(|row| row["SOPNUMBE"].as_str().unwrap().trim_end() == order)
                .collect();
            of_order.sort_by_key(|row| row["LNITMSEQ"].as_i64());
            let sequences: Vec<_> = of_order
                .iter()
                .map(|row| row["LNITMSEQ"].as_i64())
                .collect();
            let expected: Vec<_> = (1..=lines).map(|line| Some(16_384 * line)).collect();
            assert_eq!(sequences, expected);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_line_that_is_refused_is_named_and_none_behind_it_is_called() {
    let mut stage = Stage::set().await;
    let mut session = stage.agent(None).await;
    let document = long("S1", 9);
    let sixth = "<LNITMSEQ>98304</LNITMSEQ>";
    let (before, after) = document.split_once(sixth).unwrap();
    let at = before.rfind("<ITEMNMBR>100XLG</ITEMNMBR>").unwrap();
    let wrong = before[at..].replacen("<QUANTITY>3<", "<QUANTITY>-3<", 1);
    let document = [&before[..at], &wrong, sixth, after].concat();
    session.send(execute("c1", "k1", &document)).await;
    let failure = refused(&mut session).await;
    assert_eq!(failure.class(), ErrorClass::BusinessRule, "{failure:?}");
    assert_eq!(failure.errors[0].code, 90_047, "{failure:?}");
    assert_eq!(
        failure.errors[0].node,
        "SOPTransactionType/taSopLineIvcInsert_Items/taSopLineIvcInsert[6]"
    );
    assert_eq!(stage.calls(LINE).await, 6);
    nothing_is_left(&stage).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_goes_wrong_in_one_of_several_leaves_nothing() {
    let mut stage = Stage::set().await;
    let mut session = stage.agent(None).await;
    let raised = json!({"kind": "raise", "code": 50_000, "text": "partner code"});
    let told = |failure: &Failure| (failure.code.clone(), failure.errors[0].node.clone());
    let third = "SOPTransactionType/taSopLineIvcInsert_Items/taSopLineIvcInsert[3]";
    for (fault, code, node) in [
        (raised.clone(), "gp_refused", third),
        (
            json!({"kind": "rollback_return_0"}),
            "rolled_back_by_procedure",
            "",
        ),
        (
            json!({"kind": "rollback_return_0", "code": 266}),
            "rolled_back_by_procedure",
            "",
        ),
        (json!({"kind": "doom"}), "rolled_back_by_procedure", ""),
        (json!({"kind": "error", "code": 4_776}), "gp_refused", third),
    ] {
        for when in ["before", "after"] {
            let mut fault = at_third(fault.clone());
            fault["when"] = json!(when);
            fault["times"] = json!(9);
            stage.fault(fault.clone()).await;
            session.send(execute("c1", "s1", &long("S1", 5))).await;
            let failure = refused(&mut session).await;
            assert_eq!(
                told(&failure),
                (code.to_owned(), node.to_owned()),
                "{fault}"
            );
            nothing_is_left(&stage).await;
            stage.clear_faults().await;
        }
    }
    // What passes is tried again on the spot.
    for (at, kind) in ["raise", "deadlock", "lock_timeout", "disconnect"]
        .into_iter()
        .enumerate()
    {
        let effect = format!("T{at}");
        let fault = at_third(json!({"kind": kind, "code": 50_000, "text": "partner code"}));
        stage.fault(fault).await;
        session
            .send(execute(&effect, &effect, &long(&effect, 5)))
            .await;
        number(&mut session, false).await;
    }
    let orders = stage.rows("SOP10100").await;
    assert_eq!(orders.len(), 4);
    assert_eq!(stage.rows("SOP10200").await.len(), 20);
}
