//! Numbers of documents that are no sales documents: given by GP, kept by retries, or the caller's.

use connect_proto::tunnel::v1::command_result::Outcome;
use serde_json::{Value, json};

use super::stage::{Order, Stage, execute, refused, result};
use super::support::Session;

/// A journal entry of two lines; blank asks GP for its number.
pub(crate) fn journal(number: &str, credit: &str) -> String {
    let number = match number {
        "" => "<JRNENTRY/>".to_owned(),
        number => format!("<JRNENTRY>{number}</JRNENTRY>"),
    };
    let line = |account: &str, debit: &str, credit: &str| {
        format!(
            "<taGLTransactionLineInsert><BACHNUMB>WEBGL</BACHNUMB>{number}\
             <CRDTAMNT>{credit}</CRDTAMNT><DEBITAMT>{debit}</DEBITAMT>\
             <ACTNUMST>{account}</ACTNUMST></taGLTransactionLineInsert>"
        )
    };
    format!(
        "<eConnect><GLTransactionType><taGLTransactionLineInsert_Items>{}{}\
         </taGLTransactionLineInsert_Items><taGLTransactionHeaderInsert><BACHNUMB>WEBGL</BACHNUMB>\
         {number}<REFRENCE>Fees</REFRENCE><TRXDATE>2025-03-04</TRXDATE><TRXTYPE>0</TRXTYPE>\
         </taGLTransactionHeaderInsert></GLTransactionType></eConnect>",
        line("000-1100-00", "12.34", "0"),
        line("000-1200-00", "0", credit),
    )
}

async fn key(session: &mut Session, already_done: bool) -> String {
    match result(session).await.outcome {
        Some(Outcome::Executed(executed)) => {
            assert_eq!(executed.already_done, already_done);
            let key = executed.keys.iter().find(|key| key.element == "JRNENTRY");
            key.expect("a journal entry").value.clone()
        }
        other => panic!("executed, not {other:?}"),
    }
}

async fn entries(stage: &Stage) -> Vec<Value> {
    let rows = stage.rows("GL10000").await;
    rows.into_iter()
        .map(|row| row["JRNENTRY"].clone())
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_journal_entry_gets_gp_s_number_on_header_and_lines_and_keeps_it() {
    let mut stage = Stage::set().await;
    let mut session = stage.agent(None).await;
    session
        .send(execute("c1", "j1", &journal("", "12.35")))
        .await;
    let failure = refused(&mut session).await;
    assert_eq!(failure.errors[0].code, 94_015, "{failure:?}");
    assert!(entries(&stage).await.is_empty());
    session
        .send(execute("c2", "j1", &journal("", "12.34")))
        .await;
    assert_eq!(key(&mut session, false).await, "3328");
    session
        .send(execute("c3", "j1", &journal("", "12.34")))
        .await;
    assert_eq!(key(&mut session, true).await, "3328");
    session
        .send(execute("c4", "j2", &journal("", "12.34")))
        .await;
    assert_eq!(key(&mut session, false).await, "3329");
    let gapless = Order::new("c5", "j3", &journal("", "12.34")).gapless();
    session.send(gapless.command()).await;
    assert_eq!(key(&mut session, false).await, "3330");
    session
        .send(execute("c6", "j4", &journal("777", "12.34")))
        .await;
    assert_eq!(key(&mut session, false).await, "777");
    assert_eq!(
        entries(&stage).await,
        [3328, 3329, 3330, 777].map(|n| json!(n))
    );
    let lines = stage.rows("GL10001").await;
    assert_eq!(lines.len(), 8);
    assert!(lines.iter().filter(|line| line["JRNENTRY"] == 3329).count() == 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_counter_that_gives_nothing_is_named() {
    let mut stage = Stage::set().await;
    let mut session = stage.agent(None).await;
    stage.sql("DELETE FROM GL40000").await;
    session
        .send(execute("c1", "j1", &journal("", "12.34")))
        .await;
    let failure = refused(&mut session).await;
    assert!(
        failure.errors[0]
            .text
            .contains("no number for the journal entry"),
        "{failure:?}"
    );
    assert!(failure.errors[0].repair.contains("General Ledger Setup"));
    assert!(stage.rows("connect.Journal").await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cash_receipt_gets_gp_s_payment_number() {
    let mut stage = Stage::set().await;
    let mut session = stage.agent(None).await;
    let receipt = "<eConnect><RMCashReceiptsType><taRMCashReceiptInsert>\
        <CUSTNMBR>AARONFIT0001</CUSTNMBR><DOCNUMBR/><DOCDATE>2025-03-04</DOCDATE>\
        <ORTRXAMT>44.49</ORTRXAMT><GLPOSTDT>2025-03-04</GLPOSTDT><BACHNUMB>WEBCASH</BACHNUMB>\
        <CSHRCTYP>0</CSHRCTYP><CHEKBKID>UPTOWN TRUST</CHEKBKID></taRMCashReceiptInsert>\
        </RMCashReceiptsType></eConnect>";
    for (id, effect, already_done) in [("c1", "r1", false), ("c2", "r1", true)] {
        session.send(execute(id, effect, receipt)).await;
        match result(&mut session).await.outcome {
            Some(Outcome::Executed(executed)) => {
                assert_eq!(executed.already_done, already_done);
                assert_eq!(executed.keys[0].element, "DOCNUMBR");
                assert_eq!(executed.keys[0].value, "PYMNT00000001");
            }
            other => panic!("executed, not {other:?}"),
        }
    }
    let receipts = stage.rows("RM10201").await;
    assert_eq!(receipts.len(), 1);
    assert_eq!(receipts[0]["ORTRXAMT"], "44.49000");
}
