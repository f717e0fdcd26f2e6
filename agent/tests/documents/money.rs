//! Money through the agent: credits that are applied, checks to vendors, and what the bank has.

use std::time::Duration;

use connect_proto::tunnel::v1::ChangeKind;
use serde_json::{Value, json};

use super::stage::{Stage, execute, good, refused};
use super::stock::key;
use super::watching::{baseline, changes, watch};

/// A return of an order's goods, under a number of GP's.
fn memo(amount: &str) -> String {
    format!(
        "<eConnect><RMTransactionType><taRMTransactionTaxInsert_Items><taRMTransactionTaxInsert>\
         <CUSTNMBR>AARONFIT0001</CUSTNMBR><DOCNUMBR/><RMDTYPAL>7</RMDTYPAL>\
         <BACHNUMB>WEBRM</BACHNUMB><TAXDTLID>USND-STATE</TAXDTLID><TAXAMNT>5.00</TAXAMNT>\
         <STAXAMNT>5.00</STAXAMNT><TAXDTSLS>100.00</TAXDTSLS></taRMTransactionTaxInsert>\
         </taRMTransactionTaxInsert_Items><taRMTransaction><RMDTYPAL>7</RMDTYPAL><DOCNUMBR/>\
         <DOCDATE>2025-03-04</DOCDATE><BACHNUMB>WEBRM</BACHNUMB><CUSTNMBR>AARONFIT0001</CUSTNMBR>\
         <DOCAMNT>{amount}</DOCAMNT><SLSAMNT>100.00</SLSAMNT><TAXAMNT>5.00</TAXAMNT>\
         </taRMTransaction></RMTransactionType></eConnect>"
    )
}

/// A debit memo under a number of the caller's.
const DEBIT: &str = "<eConnect><RMTransactionType><taRMTransaction><RMDTYPAL>3</RMDTYPAL>\
    <DOCNUMBR>DM-1</DOCNUMBR><DOCDATE>2025-03-04</DOCDATE><BACHNUMB>WEBRM</BACHNUMB>\
    <CUSTNMBR>AARONFIT0001</CUSTNMBR><DOCAMNT>80.00</DOCAMNT><SLSAMNT>80.00</SLSAMNT>\
    </taRMTransaction></RMTransactionType></eConnect>";

const APPLIED: &str = "<eConnect><RMApplyType><taRMApply><APTODCNM>DM-1</APTODCNM>\
    <APFRDCNM>CREDT00000001</APFRDCNM><APPTOAMT>80.00</APPTOAMT><APFRDCTY>7</APFRDCTY>\
    <APTODCTY>3</APTODCTY></taRMApply></RMApplyType></eConnect>";

const UNAPPLIED: &str = "<eConnect><RMUnapplyTransactionType><taRMUnapplyTransaction>\
    <CUSTNMBR>AARONFIT0001</CUSTNMBR><DOCNUMBR>CREDT00000001</DOCNUMBR><RMDTYPAL>7</RMDTYPAL>\
    </taRMUnapplyTransaction></RMUnapplyTransactionType></eConnect>";

const VOIDED: &str = "<eConnect><RMVoidTransactionType><taRMVoidTransaction>\
    <DOCNUMBR>CREDT00000001</DOCNUMBR><VOIDSTTS>1</VOIDSTTS><RMDTYPAL>7</RMDTYPAL>\
    <VOIDDATE>2025-03-10</VOIDDATE><GLPOSTDT>2025-03-10</GLPOSTDT></taRMVoidTransaction>\
    </RMVoidTransactionType></eConnect>";

/// A new vendor and a check to it, with distributions of the caller's under GP's number.
const CHECK: &str = "<eConnect><PMManualCheckType><taUpdateCreateVendorRcd>\
    <VENDORID>WEBPARTS0001</VENDORID><VENDNAME>Web Parts</VENDNAME></taUpdateCreateVendorRcd>\
    <taPMDistribution_Items><taPMDistribution><DOCTYPE>6</DOCTYPE><VCHRNMBR/>\
    <VENDORID>WEBPARTS0001</VENDORID><DISTTYPE>2</DISTTYPE><ACTNUMST>000-2100-00</ACTNUMST>\
    <DEBITAMT>44.49</DEBITAMT></taPMDistribution><taPMDistribution><DOCTYPE>6</DOCTYPE><VCHRNMBR/>\
    <VENDORID>WEBPARTS0001</VENDORID><DISTTYPE>1</DISTTYPE><ACTNUMST>000-1100-00</ACTNUMST>\
    <CRDTAMNT>44.49</CRDTAMNT></taPMDistribution></taPMDistribution_Items><taPMManualCheck>\
    <BACHNUMB>WEBPAY</BACHNUMB><PMNTNMBR/><VENDORID>WEBPARTS0001</VENDORID>\
    <DOCNUMBR>20017</DOCNUMBR><DOCAMNT>44.49</DOCAMNT><DOCDATE>2025-03-04</DOCDATE>\
    <PYENTTYP>0</PYENTTYP><CHEKBKID>UPTOWN TRUST</CHEKBKID><CREATEDIST>0</CREATEDIST>\
    </taPMManualCheck></PMManualCheckType></eConnect>";

/// A receipt of the bank's by card.
fn receipt(credit: &str) -> String {
    format!(
        "<eConnect><BRBankTransactionType><taBRBankTransactionDist_Items><taBRBankTransactionDist>\
         <Option>2</Option><ACTNUMST>000-4100-01</ACTNUMST><CRDTAMNT>{credit}</CRDTAMNT>\
         </taBRBankTransactionDist></taBRBankTransactionDist_Items><taBRBankTransactionHeader>\
         <Option>2</Option><RcpType>3</RcpType><TRXDATE>2025-03-04</TRXDATE>\
         <CHEKBKID>UPTOWN TRUST</CHEKBKID><CMTrxNum>R-1</CMTrxNum><CARDNAME>VISA</CARDNAME>\
         <TRXAMNT>44.49</TRXAMNT></taBRBankTransactionHeader></BRBankTransactionType></eConnect>"
    )
}

const DEPOSIT: &str = "<eConnect><BRBankDepositsType><taBRBankDepositsLine_Items>\
    <taBRBankDepositsLine><depositnumber>D-1</depositnumber><RCPTNMBR>R-1</RCPTNMBR>\
    <CHEKBKID>UPTOWN TRUST</CHEKBKID></taBRBankDepositsLine></taBRBankDepositsLine_Items>\
    <taBRBankDepositsHeader><DEPDATE>2025-03-04</DEPDATE><CHEKBKID>UPTOWN TRUST</CHEKBKID>\
    <depositnumber>D-1</depositnumber><DepAmt>44.49</DepAmt></taBRBankDepositsHeader>\
    <taBRPostBankDeposits><CHEKBKID>UPTOWN TRUST</CHEKBKID><depositnumber>D-1</depositnumber>\
    </taBRPostBankDeposits></BRBankDepositsType></eConnect>";

async fn posted(stage: &Stage, batch: &str, source: &str) {
    let act = json!({"act": "post_batch", "batch": batch, "source": source, "db": "TWO"});
    stage.http("POST", "/user", &act).await;
}

async fn one(stage: &Stage, table: &str) -> Value {
    let rows = stage.rows(table).await;
    assert_eq!(rows.len(), 1, "{table}");
    rows[0].clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_credit_is_written_once_applied_taken_back_and_voided() {
    let mut stage = Stage::set().await;
    let mut session = stage.agent(None).await;
    session.send(execute("c1", "m1", &memo("105.01"))).await;
    let failure = refused(&mut session).await;
    assert_eq!(failure.errors[0].element, "DOCAMNT", "{failure:?}");
    assert!(stage.rows("RM10601").await.is_empty());
    for (id, already_done) in [("c2", false), ("c3", true)] {
        session.send(execute(id, "m1", &memo("105.00"))).await;
        let number = key(&mut session, "DOCNUMBR", already_done).await;
        assert_eq!(number, "CREDT00000001", "the refused number is used again");
    }
    session.send(execute("c4", "d1", DEBIT)).await;
    assert_eq!(key(&mut session, "DOCNUMBR", false).await, "DM-1");
    session.send(execute("c5", "d2", DEBIT)).await;
    let failure = refused(&mut session).await;
    assert_eq!(failure.errors[0].code, 190, "{failure:?}");
    assert_eq!(stage.rows("RM10301").await.len(), 2);
    // Nothing is applied before it is posted.
    session.send(execute("c6", "a1", APPLIED)).await;
    refused(&mut session).await;
    posted(&stage, "WEBRM", "RM_Sales").await;
    for (id, already_done) in [("c7", false), ("c8", true)] {
        session.send(execute(id, "a1", APPLIED)).await;
        key(&mut session, "APFRDCNM", already_done).await;
    }
    assert_eq!(one(&stage, "RM20201").await["APPTOAMT"], "80.00000");
    session.send(execute("c9", "v1", VOIDED)).await;
    refused(&mut session).await;
    session.send(execute("c10", "u1", UNAPPLIED)).await;
    key(&mut session, "DOCNUMBR", false).await;
    assert!(stage.rows("RM20201").await.is_empty());
    session.send(execute("c11", "v1", VOIDED)).await;
    key(&mut session, "DOCNUMBR", false).await;
    let voided = one(&stage, "RM30101").await;
    assert_eq!(voided["ORTRXAMT"], "105.00000");
    assert_eq!(voided["VOIDSTTS"], 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_check_to_a_new_vendor_has_one_number_on_every_node() {
    let mut stage = Stage::set().await;
    let mut session = stage.agent(None).await;
    let mut number = String::new();
    for (id, already_done) in [("c1", false), ("c2", true)] {
        session.send(execute(id, "p1", CHECK)).await;
        number = key(&mut session, "PMNTNMBR", already_done).await;
    }
    let check = one(&stage, "PM10400").await;
    assert_eq!(check["PMNTNMBR"], number.as_str());
    let distributions = stage.rows("PM10100").await;
    assert_eq!(distributions.len(), 2);
    let numbered = distributions.iter();
    assert!({ numbered }.all(|row| row["VCHRNMBR"] == number.as_str()));
    let vendors = stage.rows("PM00200").await;
    let made = vendors
        .iter()
        .filter(|row| row["VENDORID"] == "WEBPARTS0001");
    assert_eq!(made.count(), 1);
    // The same check to the same bank is another document of the same number.
    session.send(execute("c3", "p2", CHECK)).await;
    let failure = refused(&mut session).await;
    assert_eq!(failure.errors[0].code, 93_548, "{failure:?}");
    assert_eq!(stage.rows("PM10100").await.len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_receipt_of_the_bank_is_deposited_and_posted_once() {
    let mut stage = Stage::set().await;
    let mut session = stage.agent(None).await;
    session.send(execute("c1", "r1", &receipt("44.48"))).await;
    let failure = refused(&mut session).await;
    assert_eq!(failure.errors[0].code, 96_032, "{failure:?}");
    assert!(stage.rows("BRDistWork").await.is_empty());
    for (id, already_done) in [("c2", false), ("c3", true)] {
        session.send(execute(id, "r1", &receipt("44.49"))).await;
        assert_eq!(key(&mut session, "CMTrxNum", already_done).await, "R-1");
    }
    assert_eq!(stage.rows("GL10001").await.len(), 2);
    for (id, already_done) in [("c4", false), ("c5", true)] {
        session.send(execute(id, "d1", DEPOSIT)).await;
        assert_eq!(
            key(&mut session, "depositnumber", already_done).await,
            "D-1"
        );
    }
    assert_eq!(one(&stage, "CM20300").await["DEPOSITED"], 1);
    assert_eq!(one(&stage, "CM20200").await["TRXAMNT"], "44.49000");
    let books = stage.rows("CM00100").await;
    let bank = books.iter().find(|row| row["CHEKBKID"] == "UPTOWN TRUST");
    assert_eq!(bank.unwrap()["CURRBLNC"], "44.49000");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_applied_and_taken_back_is_noticed() {
    let mut stage = Stage::set().await;
    let mut session = stage.agent(None).await;
    session.send(execute("c1", "m1", &memo("105.00"))).await;
    key(&mut session, "DOCNUMBR", false).await;
    session.send(execute("c2", "d1", DEBIT)).await;
    key(&mut session, "DOCNUMBR", false).await;
    posted(&stage, "WEBRM", "RM_Sales").await;
    watch(&session, &["applied_payments"], 0).await;
    assert!(baseline(&mut session, "applied_payments").await.is_empty());
    session.send(execute("c3", "a1", APPLIED)).await;
    let (kind, told) = changes(&mut session).await;
    assert_eq!((kind, told.len()), (ChangeKind::Changes, 1));
    assert_eq!(told[0]["row"]["APPTOAMT"], "80.00000");
    let pair =
        json!({"APFRDCTY": 7, "APFRDCNM": "CREDT00000001", "APTODCTY": 3, "APTODCNM": "DM-1"});
    assert_eq!(told[0]["key"], pair);
    session.send(execute("c4", "u1", UNAPPLIED)).await;
    let (kind, told) = changes(&mut session).await;
    let found = (kind, &told[0]["change"], &told[0]["key"]);
    assert_eq!(found, (ChangeKind::Changes, &json!("delete"), &pair));
}

#[tokio::test(flavor = "multi_thread")]
async fn user_defined_fields_are_told_with_their_document_or_by_a_full_read() {
    let mut stage = Stage::set().await;
    let mut session = stage.agent(None).await;
    session.send(execute("c1", "o1", &good("UD1"))).await;
    let order = key(&mut session, "SOPNUMBE", false).await;
    let insert =
        format!("INSERT INTO SOP10106 (SOPTYPE, SOPNUMBE, USERDEF1) VALUES (2, '{order}', 'gift')");
    stage.sql(&insert).await;
    watch(&session, &["user_defined_fields"], 2).await;
    let told = baseline(&mut session, "user_defined_fields").await;
    assert_eq!(told[0]["row"]["USERDEF1"], "gift");
    let saved = format!(
        "UPDATE SOP10106 SET USERDEF1 = 'no gift' WHERE SOPNUMBE = '{order}'; \
         UPDATE SOP10100 SET COMMNTID = '' WHERE SOPNUMBE = '{order}'"
    );
    stage.sql(&saved).await;
    let (_, told) = changes(&mut session).await;
    assert_eq!(told[0]["row"]["USERDEF1"], "no gift");
    // A document that was saved an hour ago, and whose fields change behind its back.
    let long_ago = "UPDATE SOP10100 SET DEX_ROW_TS = DATEADD(hour, -1, GETUTCDATE())";
    stage.sql(long_ago).await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    stage.sql("UPDATE SOP10106 SET USERDEF1 = 'alone'").await;
    let (kind, told) = changes(&mut session).await;
    let found = (kind, &told[0]["row"]["USERDEF1"]);
    assert_eq!(found, (ChangeKind::Sweep, &json!("alone")));
}
