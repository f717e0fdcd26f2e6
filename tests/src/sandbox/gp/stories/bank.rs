//! Bank transactions, receipts, deposits and voids: what they write, and what is refused.

use super::super::procedures::br::codes;
use super::difference::{changes, snapshot};
use super::payables::{refused, succeed};
use super::{Connection, Element, Node, call, connect, one, sandbox, with, without};
use Element::{Money, Number, Text};

const DISTRIBUTION: &str = "taBRBankTransactionDist";
const TRANSACTION: &str = "taBRBankTransactionHeader";
const VOID: &str = "taBRBankTransactionVoid";
const LINE: &str = "taBRBankDepositsLine";
const DEPOSIT: &str = "taBRBankDepositsHeader";
const POST: &str = "taBRPostBankDeposits";

fn side(option: i32, side: &'static str) -> Node {
    vec![
        ("Option", Number(option)),
        ("ACTNUMST", Text("000-4100-01")),
        (side, Money("44.49")),
        ("DistRef", Text("Fees of May")),
    ]
}

fn check() -> Node {
    vec![
        ("Option", Number(1)),
        ("CMTrxType", Number(3)),
        ("TRXDATE", Text("2026-03-05")),
        ("CHEKBKID", Text("UPTOWN TRUST")),
        ("CMTrxNum", Text("20017")),
        ("paidtorcvdfrom", Text("A Travel Company")),
        ("DSCRIPTN", Text("Payment fees")),
        ("TRXAMNT", Money("44.49")),
        ("GLPOSTDT", Text("2026-03-06")),
        ("BACHNUMB", Text("WEBBANK")),
    ]
}

fn receipt() -> Node {
    with(
        without(check(), "BACHNUMB"),
        &[
            ("Option", Number(2)),
            ("CMTrxNum", Text("R-1")),
            ("RcpType", Number(3)),
            ("CARDNAME", Text("VISA")),
        ],
    )
}

/// Distributions wait in the transaction of the document they belong to.
async fn entered(client: &mut Connection, dist: &Node, procedure: &str, node: &Node) {
    client.begin_transaction().await.unwrap();
    succeed(client, DISTRIBUTION, dist).await;
    succeed(client, procedure, node).await;
    client.commit_transaction().await.unwrap();
}

#[tokio::test]
async fn a_check_is_whole_in_every_table_it_touches_and_its_void_too() {
    let sandbox = sandbox().await;
    let mut client = connect(&sandbox).await;
    let before = snapshot(&sandbox);
    entered(&mut client, &side(1, "DEBITAMT"), TRANSACTION, &check()).await;
    let expected = "\
~CM00100 CURRBLNC=-44.49 MODIFDT=today
+CM20200 CMRECNUM=1 sRecNum=1 CHEKBKID=UPTOWN TRUST CMTrxNum=20017 CMTrxType=3 TRXDATE=2026-03-05 \
GLPOSTDT=2026-03-06 TRXAMNT=44.49 CURNCYID=Z-US$ paidtorcvdfrom=A Travel Company DSCRIPTN=Payment \
fees AUDITTRAIL=CMTRX00003328 SOURCDOC=CMTRX SRCDOCNUM=20017 POSTEDDT=today MODIFDT=today \
ORIGAMT=44.49 Checkbook_Amount=44.49 CURRNIDX=1007 DECPLCUR=3
~CM40101 NXTRECNM=2
+GL10000 BACHNUMB=WEBBANK BCHSOURC=GL_Normal JRNENTRY=3328 SOURCDOC=CMTRX REFRENCE=Payment fees \
TRXDATE=2026-03-06 LSTDTEDT=today SQNCLINE=32768 SERIES=2 ORTRXSRC=CMTRX00003328 CURNCYID=Z-US$ \
CURRNIDX=1007 PERIODID=3 OPENYEAR=2026 ORIGINJE=3328 DOCDATE=2026-03-05 Tax_Date=2026-03-06 \
Ledger_ID=1
+GL10001 BACHNUMB=WEBBANK JRNENTRY=3328 SQNCLINE=16384 ACTINDX=1 CURRNIDX=1007 ACCTTYPE=1 \
ORDOCNUM=20017 ORMSTRID=UPTOWN TRUST ORTRXTYP=3 INTERID=TWO CRDTAMNT=44.49 ORCRDAMT=44.49
+GL10001 BACHNUMB=WEBBANK JRNENTRY=3328 SQNCLINE=32768 ACTINDX=6 DSCRIPTN=Fees of May \
CURRNIDX=1007 ACCTTYPE=1 PSTNGTYP=1 ORDOCNUM=20017 ORMSTRID=UPTOWN TRUST ORTRXTYP=3 INTERID=TWO \
DEBITAMT=44.49 ORDBTAMT=44.49
~GL40000 NJRNLENT=3329
+SY00500 GLPOSTDT=2026-03-06 BCHSOURC=GL_Normal BACHNUMB=WEBBANK SERIES=2 NUMOFTRX=1 BACHFREQ=1 \
BCHTOTAL=44.49 MODIFDT=today CREATDDT=today ORIGIN=1";
    assert_eq!(changes(&before, &snapshot(&sandbox)), expected);
    let before = snapshot(&sandbox);
    let void = vec![
        ("Option", Number(3)),
        ("VOIDDATE", Text("2026-03-09")),
        ("GLPOSTDT", Text("2026-03-10")),
        ("CHEKBKID", Text("UPTOWN TRUST")),
        ("CMTrxNum", Text("20017")),
        ("VOIDDESC", Text("Lost in the mail")),
    ];
    succeed(&mut client, VOID, &void).await;
    let expected = "\
~CM00100 CURRBLNC=none
~CM20200 VOIDED=1 VOIDDATE=2026-03-09 VOIDPDATE=2026-03-10 VOIDDESC=Lost in the mail
+GL10000 BACHNUMB=CMTRX00003329 BCHSOURC=GL_Normal JRNENTRY=3329 SOURCDOC=CMTRX REFRENCE=Lost in \
the mail TRXDATE=2026-03-10 LSTDTEDT=today SQNCLINE=32768 SERIES=2 ORTRXSRC=CMTRX00003329 \
CURNCYID=Z-US$ CURRNIDX=1007 PERIODID=3 OPENYEAR=2026 ORIGINJE=3329 DOCDATE=2026-03-09 \
Tax_Date=2026-03-10 Ledger_ID=1
+GL10001 BACHNUMB=CMTRX00003329 JRNENTRY=3329 SQNCLINE=16384 ACTINDX=1 CURRNIDX=1007 ACCTTYPE=1 \
ORDOCNUM=20017 ORMSTRID=UPTOWN TRUST ORTRXTYP=3 INTERID=TWO DEBITAMT=44.49 ORDBTAMT=44.49
+GL10001 BACHNUMB=CMTRX00003329 JRNENTRY=3329 SQNCLINE=32768 ACTINDX=6 DSCRIPTN=Fees of May \
CURRNIDX=1007 ACCTTYPE=1 PSTNGTYP=1 ORDOCNUM=20017 ORMSTRID=UPTOWN TRUST ORTRXTYP=3 INTERID=TWO \
CRDTAMNT=44.49 ORCRDAMT=44.49
~GL40000 NJRNLENT=3330
+SY00500 GLPOSTDT=2026-03-10 BCHSOURC=GL_Normal BACHNUMB=CMTRX00003329 SERIES=2 NUMOFTRX=1 \
BACHFREQ=1 BCHTOTAL=44.49 MODIFDT=today CREATDDT=today ORIGIN=1";
    assert_eq!(changes(&before, &snapshot(&sandbox)), expected);
    refused(&mut client, VOID, &void, codes::VOID_TWICE).await;
}

#[tokio::test]
async fn receipts_go_into_a_deposit_that_is_posted() {
    let sandbox = sandbox().await;
    let mut client = connect(&sandbox).await;
    let before = snapshot(&sandbox);
    entered(&mut client, &side(2, "CRDTAMNT"), TRANSACTION, &receipt()).await;
    let told = changes(&before, &snapshot(&sandbox));
    let row = told.lines().find(|line| line.starts_with("+CM20300"));
    let expected = "\
+CM20300 CMRECNUM=1 sRecNum=1 MODIFDT=today CHEKBKID=UPTOWN TRUST RCPTNMBR=R-1 \
receiptdate=2026-03-05 RCPTAMT=44.49 RcpType=3 CARDNAME=VISA CURNCYID=Z-US$ GLPOSTDT=2026-03-06 \
POSTEDDT=today RcvdFrom=A Travel Company DSCRIPTN=Payment fees SOURCDOC=CMTRX SRCDOCNUM=R-1 \
AUDITTRAIL=CMTRX00003328 ORIGAMT=44.49 Checkbook_Amount=44.49 CURRNIDX=1007 DECPLCUR=3 \
Cash_Account_Index=1";
    assert_eq!(row.unwrap_or_default(), expected);
    // The money is on its way, not in the bank.
    assert!(!told.contains("CURRBLNC"), "{told}");
    let line = vec![
        ("depositnumber", Text("D-1")),
        ("RCPTNMBR", Text("R-1")),
        ("CHEKBKID", Text("UPTOWN TRUST")),
    ];
    let deposit = vec![
        ("CHEKBKID", Text("UPTOWN TRUST")),
        ("depositnumber", Text("D-1")),
        ("DEPDATE", Text("2026-03-09")),
        ("DSCRIPTN", Text("Cards of May")),
        ("DepAmt", Money("44.49")),
    ];
    let post = vec![
        ("CHEKBKID", Text("UPTOWN TRUST")),
        ("depositnumber", Text("D-1")),
    ];
    refused(&mut client, DEPOSIT, &deposit, codes::DEPOSIT_RECEIPTS).await;
    refused(&mut client, POST, &post, codes::POST_MISSING).await;
    let before = snapshot(&sandbox);
    succeed(&mut client, LINE, &line).await;
    let void = vec![
        ("Option", Number(4)),
        ("CHEKBKID", Text("UPTOWN TRUST")),
        ("CMTrxNum", Text("R-1")),
    ];
    refused(&mut client, VOID, &void, codes::VOID_DEPOSITED).await;
    succeed(&mut client, DEPOSIT, &deposit).await;
    refused(&mut client, DEPOSIT, &deposit, codes::DEPOSIT_EXISTS).await;
    succeed(&mut client, POST, &post).await;
    let expected = "\
~CM00100 CURRBLNC=44.49 MODIFDT=today
+CM20200 CMRECNUM=2 sRecNum=2 CHEKBKID=UPTOWN TRUST CMTrxNum=D-1 CMTrxType=1 TRXDATE=2026-03-09 \
GLPOSTDT=2026-03-09 TRXAMNT=44.49 CURNCYID=Z-US$ DSCRIPTN=Cards of May DEPTYPE=1 SOURCDOC=CMDEP \
SRCDOCNUM=D-1 \
POSTEDDT=today MODIFDT=today ORIGAMT=44.49 Checkbook_Amount=44.49 CURRNIDX=1007 DECPLCUR=3
~CM20300 DEPOSITED=1 depositnumber=D-1
~CM40101 NXTRECNM=3";
    assert_eq!(changes(&before, &snapshot(&sandbox)), expected);
    let before = snapshot(&sandbox);
    refused(&mut client, POST, &post, codes::POST_MISSING).await;
    refused(&mut client, LINE, &line, codes::LINE_DEPOSIT).await;
    let again = with(line, &[("depositnumber", Text("D-2"))]);
    refused(&mut client, LINE, &again, codes::LINE_RECEIPT).await;
    refused(&mut client, DEPOSIT, &deposit, codes::DEPOSIT_EXISTS).await;
    assert_eq!(changes(&before, &snapshot(&sandbox)), "");
    // Without receipts only the amount counts.
    let bare = with(
        deposit,
        &[
            ("depositnumber", Text("D-3")),
            ("DEPTYPE", Number(2)),
            ("DepAmt", Money("10.00")),
        ],
    );
    succeed(&mut client, DEPOSIT, &bare).await;
    let post = with(post, &[("depositnumber", Text("D-3"))]);
    succeed(&mut client, POST, &post).await;
    let balance = "SELECT CURRBLNC FROM CM00100 WHERE CHEKBKID = 'UPTOWN TRUST'";
    assert_eq!(one(&mut client, balance).await, "54.49000");
}

#[tokio::test]
async fn what_is_wrong_with_a_bank_transaction_has_its_code_and_leaves_nothing() {
    let sandbox = sandbox().await;
    let mut client = connect(&sandbox).await;
    entered(&mut client, &side(1, "DEBITAMT"), TRANSACTION, &check()).await;
    let off = "UPDATE CM00100 SET INACTIVE = 1 WHERE CHEKBKID = 'GIFT CARDS'";
    one(&mut client, off).await;
    one(
        &mut client,
        "UPDATE GL00100 SET ACTIVE = 0 WHERE ACTINDX = 2",
    )
    .await;
    let before = snapshot(&sandbox);
    client.begin_transaction().await.unwrap();
    for (changed, code) in [
        (("Option", Number(5)), codes::DIST_OPTION),
        (("ACTNUMST", Text("999-0000-00")), codes::DIST_ACCOUNT),
        (
            ("ACTNUMST", Text("000-1200-00")),
            codes::DIST_ACCOUNT_INACTIVE,
        ),
        (("CRDTAMNT", Money("1")), codes::DIST_SIDES),
        (("DEBITAMT", Money("-1")), codes::DIST_SIDES),
    ] {
        let node = with(side(1, "DEBITAMT"), std::slice::from_ref(&changed));
        refused(&mut client, DISTRIBUTION, &node, code).await;
    }
    let next = with(check(), &[("CMTrxNum", Text("20018"))]);
    refused(&mut client, TRANSACTION, &next, codes::NO_DISTRIBUTIONS).await;
    succeed(&mut client, DISTRIBUTION, &side(1, "DEBITAMT")).await;
    for (changed, code) in [
        (("Option", Number(3)), codes::OPTION),
        (("Option", Number(2)), codes::NO_DISTRIBUTIONS),
        (("CHEKBKID", Text("NOWHERE")), codes::CHECKBOOK),
        (("CHEKBKID", Text("GIFT CARDS")), codes::CHECKBOOK_INACTIVE),
        (("CMTrxType", Number(7)), codes::TYPE),
        (("RcpType", Number(4)), codes::RECEIPT_TYPE),
        (("CARDNAME", Text("NOCARD")), codes::CARD),
        (("TRXAMNT", Money("0")), codes::AMOUNT),
        (("TRXAMNT", Money("44.50")), codes::UNBALANCED),
        (("CMTrxType", Number(5)), codes::UNBALANCED),
        (("CURNCYID", Text("Z-NONE")), codes::CURRENCY),
        (("CURNCYID", Text("Z-EURO")), codes::FOREIGN),
        (("CMTrxNum", Text("20017")), codes::EXISTS),
    ] {
        let node = with(next.clone(), std::slice::from_ref(&changed));
        refused(&mut client, TRANSACTION, &node, code).await;
    }
    let by_card = without(receipt(), "CARDNAME");
    refused(&mut client, TRANSACTION, &by_card, codes::CARD).await;
    client.rollback_transaction().await.unwrap();
    let void = vec![
        ("Option", Number(3)),
        ("CHEKBKID", Text("UPTOWN TRUST")),
        ("CMTrxNum", Text("20017")),
    ];
    for (changed, code) in [
        (("Option", Number(1)), codes::VOID_OPTION),
        (("Option", Number(4)), codes::VOID_MISSING),
        (("CMTrxNum", Text("20099")), codes::VOID_MISSING),
        (("CreateDist", Number(2)), codes::VOID_CREATE_DIST),
    ] {
        let node = with(void.clone(), std::slice::from_ref(&changed));
        refused(&mut client, VOID, &node, code).await;
    }
    let deposit = vec![
        ("CHEKBKID", Text("UPTOWN TRUST")),
        ("depositnumber", Text("D-1")),
        ("DEPTYPE", Number(2)),
        ("DepAmt", Money("1.00")),
    ];
    for (changed, code) in [
        (("Option", Number(2)), codes::DEPOSIT_OPTION),
        (("CHEKBKID", Text("NOWHERE")), codes::DEPOSIT_CHECKBOOK),
        (("DEPTYPE", Number(3)), codes::DEPOSIT_TYPE),
        (("DEPTYPE", Number(1)), codes::DEPOSIT_RECEIPTS),
        (("DepAmt", Money("0")), codes::DEPOSIT_AMOUNT),
    ] {
        let node = with(deposit.clone(), std::slice::from_ref(&changed));
        refused(&mut client, DEPOSIT, &node, code).await;
    }
    let line = vec![
        ("depositnumber", Text("D-1")),
        ("CHEKBKID", Text("NOWHERE")),
        ("RCPTNMBR", Text("R-9")),
    ];
    refused(&mut client, LINE, &line, codes::LINE_CHECKBOOK).await;
    let nameless = without(line, "RCPTNMBR");
    refused(&mut client, LINE, &nameless, codes::LINE_RECEIPT).await;
    let elsewhere = vec![
        ("CHEKBKID", Text("NOWHERE")),
        ("depositnumber", Text("D-1")),
    ];
    refused(&mut client, POST, &elsewhere, codes::POST_CHECKBOOK).await;
    assert_eq!(changes(&before, &snapshot(&sandbox)), "");
    one(
        &mut client,
        "UPDATE CM20200 SET Recond = 1 WHERE CMTrxNum = '20017'",
    )
    .await;
    refused(&mut client, VOID, &void, codes::VOID_RECONCILED).await;
    let answer = call(&mut client, VOID, &void).await.unwrap();
    assert_eq!(answer.codes(), [codes::VOID_RECONCILED]);
}
