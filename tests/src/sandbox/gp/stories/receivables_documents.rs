//! Receivables documents: what they write, what posting, applying and voiding make of them, and
//! what is refused.

use super::super::Sandbox;
use super::super::procedures::rm::codes;
use super::super::session::Session;
use super::super::user::Act;
use super::difference::{changes, snapshot};
use super::payables::{refused, succeed};
use super::receivables::receipt;
use super::{Element, Node, connect, one, sandbox, with, without};
use Element::{Money, Number, Text};

const TRANSACTION: &str = "taRMTransaction";
const DISTRIBUTION: &str = "taRMDistribution";
const TAX: &str = "taRMTransactionTaxInsert";
const COMMISSION: &str = "taRMCommissions";
const APPLY: &str = "taRMApply";
const UNAPPLY: &str = "taRMUnapplyTransaction";
const VOID: &str = "taRMVoidTransaction";

pub(super) fn memo() -> Node {
    vec![
        ("RMDTYPAL", Number(7)),
        ("DOCNUMBR", Text("CREDT00000042")),
        ("DOCDATE", Text("2026-03-05")),
        ("BACHNUMB", Text("WEBRM")),
        ("CUSTNMBR", Text("AARONFIT0001")),
        ("DOCAMNT", Money("117.00")),
        ("SLSAMNT", Money("100.00")),
        ("FRTAMNT", Money("12.00")),
        ("MISCAMNT", Money("2.00")),
        ("TAXAMNT", Money("5.00")),
        ("TRDISAMT", Money("2.00")),
        ("COSTAMNT", Money("60.00")),
        ("DOCDESCR", Text("Return of N1-1001")),
        ("CSTPONBR", Text("N1-1001")),
    ]
}

pub(super) fn tax() -> Node {
    vec![
        ("CUSTNMBR", Text("AARONFIT0001")),
        ("DOCNUMBR", Text("CREDT00000042")),
        ("RMDTYPAL", Number(7)),
        ("BACHNUMB", Text("WEBRM")),
        ("TAXDTLID", Text("USND-STATE")),
        ("TAXAMNT", Money("5.00")),
        ("STAXAMNT", Money("5.00")),
        ("TAXDTSLS", Money("100.00")),
        ("TDTTXSLS", Money("100.00")),
    ]
}

pub(super) fn commission() -> Node {
    vec![
        ("RMDTYPAL", Number(7)),
        ("DOCNUMBR", Text("CREDT00000042")),
        ("CUSTNMBR", Text("AARONFIT0001")),
        ("SLPRSNID", Text("PAUL W.")),
        ("COMPRCNT", Money("3.5")),
        ("COMDLRAM", Money("3.50")),
        ("DOCAMNT", Money("117.00")),
    ]
}

/// An invoice without anything but sales.
fn invoice() -> Node {
    let plain = ["FRTAMNT", "MISCAMNT", "TAXAMNT", "TRDISAMT", "COSTAMNT"];
    let plain = plain.into_iter().fold(memo(), without);
    with(
        plain,
        &[
            ("RMDTYPAL", Number(1)),
            ("DOCNUMBR", Text("SALES00000042")),
            ("DOCAMNT", Money("100.00")),
        ],
    )
}

fn side(of: i32, account: &'static str, side: &'static str) -> Node {
    vec![
        ("RMDTYPAL", Number(1)),
        ("DOCNUMBR", Text("SALES00000042")),
        ("CUSTNMBR", Text("AARONFIT0001")),
        ("DISTTYPE", Number(of)),
        ("ACTNUMST", Text(account)),
        (side, Money("100.00")),
        ("DistRef", Text("Web order N1-1001")),
    ]
}

async fn posted(sandbox: &Sandbox, source: &str, batch: &str) {
    let (_alive, mut session) = Session::detached(&sandbox.server, "TWO").unwrap();
    let act = Act::PostBatch {
        batch: batch.to_owned(),
        source: Some(source.to_owned()),
    };
    act.done(&mut session).await.unwrap();
}

#[tokio::test]
async fn a_credit_memo_is_whole_in_every_table_it_touches() {
    let sandbox = sandbox().await;
    let mut client = connect(&sandbox).await;
    let before = snapshot(&sandbox);
    succeed(&mut client, COMMISSION, &commission()).await;
    succeed(&mut client, TAX, &tax()).await;
    succeed(&mut client, TRANSACTION, &memo()).await;
    let expected = "\
~RM00103 UNPSTDSA=-117
+RM00401 DOCNUMBR=CREDT00000042 RMDTYPAL=7 DCSTATUS=1 BCHSOURC=RM_Sales CUSTNMBR=AARONFIT0001 \
DOCDATE=2026-03-05
+RM10101 DOCNUMBR=CREDT00000042 DCSTATUS=1 DISTTYPE=3 RMDTYPAL=7 SEQNUMBR=16384 \
CUSTNMBR=AARONFIT0001 DSTINDX=2 CRDTAMNT=117 CURNCYID=Z-US$ CURRNIDX=1007 ORCRDAMT=117
+RM10101 DOCNUMBR=CREDT00000042 DCSTATUS=1 DISTTYPE=19 RMDTYPAL=7 SEQNUMBR=32768 \
CUSTNMBR=AARONFIT0001 DSTINDX=6 DEBITAMT=100 CURNCYID=Z-US$ CURRNIDX=1007 ORDBTAMT=100
+RM10101 DOCNUMBR=CREDT00000042 DCSTATUS=1 DISTTYPE=10 RMDTYPAL=7 SEQNUMBR=49152 \
CUSTNMBR=AARONFIT0001 DSTINDX=9 CRDTAMNT=2 CURNCYID=Z-US$ CURRNIDX=1007 ORCRDAMT=2
+RM10101 DOCNUMBR=CREDT00000042 DCSTATUS=1 DISTTYPE=11 RMDTYPAL=7 SEQNUMBR=65536 \
CUSTNMBR=AARONFIT0001 DSTINDX=8 DEBITAMT=12 CURNCYID=Z-US$ CURRNIDX=1007 ORDBTAMT=12
+RM10101 DOCNUMBR=CREDT00000042 DCSTATUS=1 DISTTYPE=12 RMDTYPAL=7 SEQNUMBR=81920 \
CUSTNMBR=AARONFIT0001 DSTINDX=8 DEBITAMT=2 CURNCYID=Z-US$ CURRNIDX=1007 ORDBTAMT=2
+RM10101 DOCNUMBR=CREDT00000042 DCSTATUS=1 DISTTYPE=13 RMDTYPAL=7 SEQNUMBR=98304 \
CUSTNMBR=AARONFIT0001 DSTINDX=4 DEBITAMT=5 CURNCYID=Z-US$ CURRNIDX=1007 ORDBTAMT=5
+RM10101 DOCNUMBR=CREDT00000042 DCSTATUS=1 DISTTYPE=14 RMDTYPAL=7 SEQNUMBR=114688 \
CUSTNMBR=AARONFIT0001 DSTINDX=8 CRDTAMNT=60 CURNCYID=Z-US$ CURRNIDX=1007 ORCRDAMT=60
+RM10101 DOCNUMBR=CREDT00000042 DCSTATUS=1 DISTTYPE=15 RMDTYPAL=7 SEQNUMBR=131072 \
CUSTNMBR=AARONFIT0001 DSTINDX=3 DEBITAMT=60 CURNCYID=Z-US$ CURRNIDX=1007 ORDBTAMT=60
+RM10301 RMDTYPAL=7 RMDNUMWK=CREDT00000042 DOCNUMBR=CREDT00000042 DOCDESCR=Return of N1-1001 \
DOCDATE=2026-03-05 BACHNUMB=WEBRM BCHSOURC=RM_Sales CUSTNMBR=AARONFIT0001 CUSTNAME=Aaron Fitz \
Electrical ADRSCODE=PRIMARY COMDLRAM=3.5 SHIPMTHD=GROUND CSTPONBR=N1-1001 COSTAMNT=60 SLSAMNT=100 TRDISAMT=2 \
FRTAMNT=12 MISCAMNT=2 TAXAMNT=5 DOCAMNT=117 ACCTAMNT=117 CURNCYID=Z-US$ LSTEDTDT=today \
GLPOSTDT=2026-03-05 Tax_Date=2026-03-05
+RM10501 RMDTYPAL=7 DOCNUMBR=CREDT00000042 SEQNUMBR=16384 CUSTNMBR=AARONFIT0001 SLPRSNID=PAUL W. \
COMPRCNT=350 PRCTOSAL=10000 COMMAMNT=3.5 CURRNIDX=1007
+RM10601 BACHNUMB=WEBRM RMDTYPAL=7 DOCNUMBR=CREDT00000042 TAXDTLID=USND-STATE \
CUSTNMBR=AARONFIT0001 TAXAMNT=5 STAXAMNT=5 TAXDTSLS=100 TDTTXSLS=100 ORTAXAMT=5 ACTINDX=4 \
CURRNIDX=1007
+SY00500 GLPOSTDT=2026-03-05 BCHSOURC=RM_Sales BACHNUMB=WEBRM SERIES=3 NUMOFTRX=1 BACHFREQ=1 \
BCHTOTAL=117 MODIFDT=today CREATDDT=today ORIGIN=1";
    assert_eq!(changes(&before, &snapshot(&sandbox)), expected);
}

#[tokio::test]
async fn distributions_that_were_sent_are_kept() {
    let sandbox = sandbox().await;
    let mut client = connect(&sandbox).await;
    let own = with(invoice(), &[("CREATEDIST", Number(0))]);
    let receivable = side(3, "000-1200-00", "DEBITAMT");
    succeed(&mut client, DISTRIBUTION, &receivable).await;
    refused(&mut client, TRANSACTION, &own, codes::UNBALANCED).await;
    let sales = side(9, "000-4100-01", "CRDTAMNT");
    succeed(&mut client, DISTRIBUTION, &sales).await;
    let made = with(own.clone(), &[("CREATEDIST", Number(1))]);
    refused(&mut client, TRANSACTION, &made, codes::DISTRIBUTIONS_SENT).await;
    let more = [("DOCAMNT", Money("101.00")), ("SLSAMNT", Money("101.00"))];
    let more = with(own.clone(), &more);
    refused(&mut client, TRANSACTION, &more, codes::RECEIVABLE_DIFFERS).await;
    let before = snapshot(&sandbox);
    succeed(&mut client, TRANSACTION, &own).await;
    let told = changes(&before, &snapshot(&sandbox));
    assert!(!told.contains("RM10101"), "{told}");
    assert!(told.contains("~RM00103 UNPSTDSA=100"), "{told}");
    let kept = "SELECT COUNT(*) FROM RM10101 WHERE DOCNUMBR = 'SALES00000042' \
                AND DistRef = 'Web order N1-1001'";
    assert_eq!(one(&mut client, kept).await, "2");
}

fn applied() -> Node {
    vec![
        ("APTODCNM", Text("SALES00000042")),
        ("APFRDCNM", Text("PYMNT00000042")),
        ("APPTOAMT", Money("40.00")),
        ("APFRDCTY", Number(9)),
        ("APTODCTY", Number(1)),
        ("WROFAMNT", Money("1.50")),
        ("APPLYDATE", Text("2026-03-09")),
        ("GLPOSTDT", Text("2026-03-10")),
    ]
}

/// A posted invoice of 100.00 and a posted payment of 44.49.
async fn owed_and_paid(sandbox: &Sandbox) {
    let mut client = connect(sandbox).await;
    succeed(&mut client, TRANSACTION, &invoice()).await;
    succeed(&mut client, "taRMCashReceiptInsert", &receipt()).await;
    posted(sandbox, "RM_Sales", "WEBRM").await;
    posted(sandbox, "RM_Cash", "WEBCASH").await;
}

#[tokio::test]
async fn posting_opens_what_a_customer_owes_and_paid() {
    let sandbox = sandbox().await;
    let before = snapshot(&sandbox);
    owed_and_paid(&sandbox).await;
    let expected = "\
~RM00103 CUSTBLNC=55.51 AGPERAMT_1=55.51 FRSTINDT=2026-03-05 LPYMTAMT=44.49 LASTPYDT=2026-03-05 \
LSTTRXDT=2026-03-05 LSTTRXAM=100 TTLSLYTD=100 TTLSLLTD=100 TCSHRYTD=44.49 TCSHRLTD=44.49 TTLINYTD=1 \
TTLINLTD=1 HIBALYTD=100 HIBALLTD=100
+RM00401 DOCNUMBR=SALES00000042 RMDTYPAL=1 DCSTATUS=2 BCHSOURC=RM_Sales TRXSORCE=RMSLS00000001 \
CUSTNMBR=AARONFIT0001 DOCDATE=2026-03-05
+RM00401 DOCNUMBR=PYMNT00000042 RMDTYPAL=9 DCSTATUS=2 BCHSOURC=RM_Cash TRXSORCE=RMCRJ00000001 \
CUSTNMBR=AARONFIT0001 CHEKNMBR=N1-1001 DOCDATE=2026-03-05
+RM10101 TRXSORCE=RMSLS00000001 POSTED=1 DOCNUMBR=SALES00000042 DCSTATUS=2 DISTTYPE=3 RMDTYPAL=1 \
SEQNUMBR=16384 CUSTNMBR=AARONFIT0001 DSTINDX=2 DEBITAMT=100 CURNCYID=Z-US$ CURRNIDX=1007 \
ORDBTAMT=100
+RM10101 TRXSORCE=RMSLS00000001 POSTED=1 DOCNUMBR=SALES00000042 DCSTATUS=2 DISTTYPE=9 RMDTYPAL=1 \
SEQNUMBR=32768 CUSTNMBR=AARONFIT0001 DSTINDX=6 CRDTAMNT=100 CURNCYID=Z-US$ CURRNIDX=1007 \
ORCRDAMT=100
+RM10101 TRXSORCE=RMCRJ00000001 POSTED=1 DOCNUMBR=PYMNT00000042 DCSTATUS=2 DISTTYPE=1 RMDTYPAL=9 \
SEQNUMBR=16384 CUSTNMBR=AARONFIT0001 DSTINDX=1 DEBITAMT=44.49 CURNCYID=Z-US$ CURRNIDX=1007 \
ORDBTAMT=44.49
+RM10101 TRXSORCE=RMCRJ00000001 POSTED=1 DOCNUMBR=PYMNT00000042 DCSTATUS=2 DISTTYPE=3 RMDTYPAL=9 \
SEQNUMBR=32768 CUSTNMBR=AARONFIT0001 DSTINDX=2 CRDTAMNT=44.49 CURNCYID=Z-US$ CURRNIDX=1007 \
ORCRDAMT=44.49
+RM20101 CUSTNMBR=AARONFIT0001 DOCNUMBR=SALES00000042 BACHNUMB=WEBRM BCHSOURC=RM_Sales \
TRXSORCE=RMSLS00000001 RMDTYPAL=1 DUEDATE=2026-03-05 DOCDATE=2026-03-05 POSTDATE=today PSTUSRID=sa \
GLPOSTDT=2026-03-05 LSTEDTDT=today ORTRXAMT=100 CURTRXAM=100 SLSAMNT=100 TRXDSCRN=Return of N1-1001 \
CSPORNBR=N1-1001 CURNCYID=Z-US$ PYMTRMID=Net 30 SHIPMTHD=GROUND Tax_Date=2026-03-05 ADRSCODE=PRIMARY
+RM20101 CUSTNMBR=AARONFIT0001 DOCNUMBR=PYMNT00000042 CHEKNMBR=N1-1001 BACHNUMB=WEBCASH \
BCHSOURC=RM_Cash TRXSORCE=RMCRJ00000001 RMDTYPAL=9 CBKIDCHK=UPTOWN TRUST DOCDATE=2026-03-05 \
POSTDATE=today PSTUSRID=sa GLPOSTDT=2026-03-06 LSTEDTDT=today ORTRXAMT=44.49 CURTRXAM=44.49 TRXDSCRN=Web order N1-1001 \
CURNCYID=Z-US$";
    assert_eq!(changes(&before, &snapshot(&sandbox)), expected);
}

#[tokio::test]
async fn an_applied_payment_is_taken_back_as_if_it_had_not_been() {
    let sandbox = sandbox().await;
    owed_and_paid(&sandbox).await;
    let mut client = connect(&sandbox).await;
    let before = snapshot(&sandbox);
    succeed(&mut client, APPLY, &applied()).await;
    let expected = "\
~RM00103 CUSTBLNC=54.01 AGPERAMT_1=54.01 TWROFYTD=1.5 TWROFLTD=1.5
~RM20101 CURTRXAM=58.5 WROFAMNT=1.5
~RM20101 CURTRXAM=4.49
+RM20201 CUSTNMBR=AARONFIT0001 DATE1=2026-03-09 GLPOSTDT=2026-03-10 POSTED=1 \
APTODCNM=SALES00000042 APTODCTY=1 APTODCDT=2026-03-05 ApplyToGLPostDate=2026-03-05 CURNCYID=Z-US$ \
CURRNIDX=1007 APPTOAMT=40 WROFAMNT=1.5 ORAPTOAM=40 ORWROFAM=1.5 APFRDCNM=PYMNT00000042 APFRDCTY=9 \
APFRDCDT=2026-03-05 ApplyFromGLPostDate=2026-03-06 FROMCURR=Z-US$ APFRMAPLYAMT=40 \
APFRMWROFAMT=1.5 ActualApplyToAmount=40 ActualWriteOffAmount=1.5";
    assert_eq!(changes(&before, &snapshot(&sandbox)), expected);
    refused(&mut client, APPLY, &applied(), codes::APPLY_TWICE).await;
    let void = vec![
        ("DOCNUMBR", Text("SALES00000042")),
        ("RMDTYPAL", Number(1)),
        ("VOIDSTTS", Number(1)),
        ("VOIDDATE", Text("2026-03-11")),
        ("GLPOSTDT", Text("2026-03-11")),
    ];
    refused(&mut client, VOID, &void, codes::VOID_APPLIED).await;
    let back = vec![
        ("CUSTNMBR", Text("AARONFIT0001")),
        ("DOCNUMBR", Text("PYMNT00000042")),
        ("RMDTYPAL", Number(9)),
    ];
    let other = [("APTODCNM", Text("SALES99")), ("APTODCTY", Number(1))];
    let other = with(back.clone(), &other);
    refused(&mut client, UNAPPLY, &other, codes::UNAPPLY_NOTHING).await;
    succeed(&mut client, UNAPPLY, &back).await;
    assert_eq!(changes(&before, &snapshot(&sandbox)), "");
    // What is settled in full is paid off.
    let settled = with(
        applied(),
        &[("APPTOAMT", Money("44.49")), ("WROFAMNT", Money("55.51"))],
    );
    succeed(&mut client, APPLY, &settled).await;
    let told = changes(&before, &snapshot(&sandbox));
    assert!(told.contains("CUSTBLNC=none AGPERAMT_1=none"), "{told}");
    assert!(told.contains("DINVPDOF=2026-03-09"), "{told}");
}

#[tokio::test]
async fn a_voided_document_is_history_and_owes_nothing() {
    let sandbox = sandbox().await;
    owed_and_paid(&sandbox).await;
    let mut client = connect(&sandbox).await;
    let before = snapshot(&sandbox);
    let void = vec![
        ("CUSTNMBR", Text("AARONFIT0001")),
        ("DOCNUMBR", Text("PYMNT00000042")),
        ("RMDTYPAL", Number(9)),
        ("VOIDSTTS", Number(2)),
        ("VOIDDATE", Text("2026-03-11")),
        ("GLPOSTDT", Text("2026-03-12")),
    ];
    for (changed, code) in [
        (("RMDTYPAL", Number(2)), codes::VOID_TYPE),
        (("VOIDSTTS", Number(3)), codes::VOID_HOW),
        (("VOIDSTTS", Number(4)), codes::VOID_HOW),
        (("DOCNUMBR", Text("PYMNT00000099")), codes::VOID_MISSING),
        (("CUSTNMBR", Text("ADVANCED0001")), codes::VOID_CUSTOMER),
    ] {
        let node = with(void.clone(), std::slice::from_ref(&changed));
        refused(&mut client, VOID, &node, code).await;
        assert_eq!(changes(&before, &snapshot(&sandbox)), "", "{code}");
    }
    succeed(&mut client, VOID, &void).await;
    let expected = "\
~RM00103 TNSFCLIF=44.49 NONSFLIF=1 CUSTBLNC=100 AGPERAMT_1=100 LSTNSFCD=2026-03-11 TNSFCYTD=44.49 \
NONSFYTD=1 TCSHRYTD=none TCSHRLTD=none
~RM00401 DCSTATUS=3
+RM30101 CUSTNMBR=AARONFIT0001 DOCNUMBR=PYMNT00000042 CHEKNMBR=N1-1001 BACHNUMB=WEBCASH \
BCHSOURC=RM_Cash TRXSORCE=RMCRJ00000001 RMDTYPAL=9 DOCDATE=2026-03-05 POSTDATE=today PSTUSRID=sa \
GLPOSTDT=2026-03-06 LSTEDTDT=today ORTRXAMT=44.49 TRXDSCRN=Web order N1-1001 CURNCYID=Z-US$ \
VOIDSTTS=2 VOIDDATE=2026-03-11
-RM20101";
    assert_eq!(changes(&before, &snapshot(&sandbox)), expected);
    refused(&mut client, VOID, &void, codes::VOID_MISSING).await;
}

#[tokio::test]
async fn what_is_wrong_with_an_application_has_its_code_and_leaves_nothing() {
    let sandbox = sandbox().await;
    owed_and_paid(&sandbox).await;
    let mut client = connect(&sandbox).await;
    let theirs = "UPDATE RM20101 SET CUSTNMBR = 'ADVANCED0001' WHERE DOCNUMBR = 'OTHER'";
    let others = with(
        invoice(),
        &[("DOCNUMBR", Text("OTHER")), ("BACHNUMB", Text("OTHER"))],
    );
    succeed(&mut client, TRANSACTION, &others).await;
    posted(&sandbox, "RM_Sales", "OTHER").await;
    one(&mut client, theirs).await;
    let before = snapshot(&sandbox);
    for (changed, code) in [
        (("APFRDCTY", Number(1)), codes::APPLY_FROM_TYPE),
        (("APTODCTY", Number(7)), codes::APPLY_TO_TYPE),
        (("APFRDCNM", Text("PYMNT99")), codes::APPLY_FROM),
        (("APTODCNM", Text("SALES99")), codes::APPLY_TO),
        (("APTODCNM", Text("OTHER")), codes::APPLY_CUSTOMER),
        (("APPTOAMT", Money("0")), codes::APPLY_AMOUNT),
        (("WROFAMNT", Money("-1")), codes::APPLY_AMOUNT),
        (("APPTOAMT", Money("44.50")), codes::APPLY_FROM_LEFT),
        (("WROFAMNT", Money("60.01")), codes::APPLY_TO_LEFT),
        (("DISTKNAM", Money("1")), codes::APPLY_DISCOUNT),
    ] {
        let node = with(applied(), std::slice::from_ref(&changed));
        refused(&mut client, APPLY, &node, code).await;
        assert_eq!(changes(&before, &snapshot(&sandbox)), "", "{code}");
    }
    one(
        &mut client,
        "UPDATE RM20101 SET CURNCYID = 'Z-EURO' WHERE DOCNUMBR = 'SALES00000042'",
    )
    .await;
    refused(&mut client, APPLY, &applied(), codes::APPLY_FOREIGN).await;
    let back = vec![
        ("CUSTNMBR", Text("AARONFIT0001")),
        ("DOCNUMBR", Text("PYMNT00000042")),
        ("RMDTYPAL", Number(9)),
    ];
    for (changed, code) in [
        (("RMDTYPAL", Number(1)), codes::UNAPPLY_TYPE),
        (("DOCNUMBR", Text("PYMNT99")), codes::UNAPPLY_MISSING),
        (("CUSTNMBR", Text("ADVANCED0001")), codes::UNAPPLY_MISSING),
        (("CUSTNMBR", Text("AARONFIT0001")), codes::UNAPPLY_NOTHING),
    ] {
        let node = with(back.clone(), std::slice::from_ref(&changed));
        refused(&mut client, UNAPPLY, &node, code).await;
    }
}

#[tokio::test]
async fn what_is_wrong_with_a_document_has_its_code_and_leaves_nothing() {
    let sandbox = sandbox().await;
    let mut client = connect(&sandbox).await;
    let inactive = "UPDATE RM00101 SET INACTIVE = 1 WHERE CUSTNMBR = 'ADVANCED0001'";
    one(&mut client, inactive).await;
    let known = with(invoice(), &[("DOCNUMBR", Text("KNOWN"))]);
    succeed(&mut client, TRANSACTION, &known).await;
    let known = with(known, &[("RMDTYPAL", Number(7))]);
    succeed(&mut client, TRANSACTION, &known).await;
    succeed(&mut client, TAX, &tax()).await;
    succeed(&mut client, COMMISSION, &commission()).await;
    let before = snapshot(&sandbox);
    for (changed, code) in [
        (("RMDTYPAL", Number(2)), codes::TYPE),
        (("DOCNUMBR", Text("KNOWN")), codes::EXISTS),
        (("CUSTNMBR", Text("NOBODY")), codes::CUSTOMER),
        (("CUSTNMBR", Text("ADVANCED0001")), codes::CUSTOMER_INACTIVE),
        (("FRTAMNT", Money("-12")), codes::NEGATIVE),
        (("DOCAMNT", Money("117.01")), codes::SUM),
        (("CHEKAMNT", Money("1")), codes::PAID),
        (("DISTKNAM", Money("1")), codes::DISCOUNT),
        (("DISAVAMT", Money("118")), codes::DISCOUNT),
        (("PYMTRMID", Text("NEVER")), codes::TERMS),
        (("SHIPMTHD", Text("PIGEON")), codes::SHIPPING),
        (("TAXSCHID", Text("NOSCHED")), codes::SCHEDULE),
        (("SALSTERR", Text("NOWHERE")), codes::TERRITORY),
        (("CRCRDNAM", Text("NOCARD")), codes::CARD),
        (("SLPRSNID", Text("NOBODY")), codes::SALESPERSON),
        (("CBKIDCHK", Text("NOWHERE")), codes::CHECKBOOK),
        (("BatchCHEKBKID", Text("NOWHERE")), codes::CHECKBOOK),
        (("CURNCYID", Text("Z-NONE")), codes::CURRENCY),
        (("CURNCYID", Text("Z-UK")), codes::NO_RATE),
        (("ADRSCODE", Text("NOWHERE")), codes::ADDRESS),
        (("TAXAMNT", Money("4.00")), codes::TAXES_DIFFER),
        (("BACHNUMB", Text("OTHER")), codes::CHILD_CUSTOMER),
        (("CREATEDIST", Number(2)), codes::CREATE_DISTRIBUTIONS),
    ] {
        let node = with(memo(), std::slice::from_ref(&changed));
        refused(&mut client, TRANSACTION, &node, code).await;
        assert_eq!(changes(&before, &snapshot(&sandbox)), "", "{code}");
    }
    let known = ("DOCNUMBR", Text("KNOWN"));
    for (changed, code) in [
        (("RMDTYPAL", Number(9)), codes::TAX_TYPE),
        (("CUSTNMBR", Text("NOBODY")), codes::TAX_CUSTOMER),
        (("TAXDTLID", Text("NO-TAX")), codes::TAX_DETAIL),
        (("TAXDTLID", Text("USND-STATE")), codes::TAX_TWICE),
        (("TAXAMNT", Money("5.01")), codes::TAX_SUM),
        (("TDTTXSLS", Money("-1")), codes::TAX_NEGATIVE),
        (("ACTNUMST", Text("999-0000-00")), codes::TAX_ACCOUNT),
        (known.clone(), codes::TAX_ENTERED),
    ] {
        let node = with(tax(), std::slice::from_ref(&changed));
        refused(&mut client, TAX, &node, code).await;
    }
    for (changed, code) in [
        (("RMDTYPAL", Number(9)), codes::COMMISSION_TYPE),
        (("CUSTNMBR", Text("NOBODY")), codes::COMMISSION_CUSTOMER),
        (("SLPRSNID", Text("NOBODY")), codes::COMMISSION_SALESPERSON),
        (("SALSTERR", Text("NOWHERE")), codes::COMMISSION_TERRITORY),
        (("SLPRSNID", Text("PAUL W.")), codes::COMMISSION_TWICE),
        (("PRCTOSAL", Money("0.01")), codes::COMMISSION_SHARES),
        (known.clone(), codes::COMMISSION_ENTERED),
    ] {
        let node = with(commission(), std::slice::from_ref(&changed));
        refused(&mut client, COMMISSION, &node, code).await;
    }
    let dist = side(3, "000-1200-00", "DEBITAMT");
    for (changed, code) in [
        (("RMDTYPAL", Number(2)), codes::DIST_DOCUMENT),
        (("CUSTNMBR", Text("NOBODY")), codes::DIST_CUSTOMER),
        (("DISTTYPE", Number(25)), codes::DIST_TYPE),
        (("ACTNUMST", Text("")), codes::DIST_ACCOUNT_MISSING),
        (("ACTNUMST", Text("999-0000-00")), codes::DIST_ACCOUNT),
        (("CRDTAMNT", Money("1")), codes::DIST_SIDES),
        (known, codes::DIST_ENTERED),
    ] {
        let node = with(dist.clone(), std::slice::from_ref(&changed));
        refused(&mut client, DISTRIBUTION, &node, code).await;
    }
    assert_eq!(changes(&before, &snapshot(&sandbox)), "");
    let first = with(dist.clone(), &[("SEQNUMBR", Number(100))]);
    succeed(&mut client, DISTRIBUTION, &first).await;
    refused(&mut client, DISTRIBUTION, &first, codes::DIST_TWICE).await;
    one(
        &mut client,
        "UPDATE GL00100 SET ACTIVE = 0 WHERE ACTINDX = 2",
    )
    .await;
    refused(
        &mut client,
        DISTRIBUTION,
        &dist,
        codes::DIST_ACCOUNT_INACTIVE,
    )
    .await;
    let by_number = with(tax(), &[("ACTNUMST", Text("000-1200-00"))]);
    refused(&mut client, TAX, &by_number, codes::TAX_ACCOUNT_INACTIVE).await;
}

#[tokio::test]
async fn a_receipt_takes_distributions_that_fit_it() {
    let sandbox = sandbox().await;
    let mut client = connect(&sandbox).await;
    let of_receipt = |node: Node| {
        let number = [("RMDTYPAL", Number(9)), ("DOCNUMBR", Text("PYMNT00000042"))];
        with(node, &number)
    };
    let cash = of_receipt(side(1, "000-1100-00", "DEBITAMT"));
    succeed(&mut client, DISTRIBUTION, &cash).await;
    let receipt = with(
        receipt(),
        &[("ORTRXAMT", Money("100.00")), ("CREATEDIST", Number(0))],
    );
    let insert = "taRMCashReceiptInsert";
    refused(&mut client, insert, &receipt, codes::RECEIPT_UNBALANCED).await;
    let receivable = of_receipt(side(3, "000-1200-00", "CRDTAMNT"));
    succeed(&mut client, DISTRIBUTION, &receivable).await;
    for (changed, code) in [
        (
            ("ORTRXAMT", Money("99.00")),
            codes::RECEIPT_RECEIVABLE_DIFFERS,
        ),
        (("CREATEDIST", Number(1)), codes::RECEIPT_DIST_SENT),
        (("CREATEDIST", Number(2)), codes::RECEIPT_CREATE_DIST),
        (
            ("CUSTNMBR", Text("ADVANCED0001")),
            codes::RECEIPT_CHILD_CUSTOMER,
        ),
    ] {
        let node = with(receipt.clone(), std::slice::from_ref(&changed));
        refused(&mut client, insert, &node, code).await;
    }
    let before = snapshot(&sandbox);
    succeed(&mut client, insert, &receipt).await;
    let told = changes(&before, &snapshot(&sandbox));
    assert!(!told.contains("RM10101"), "{told}");
}
