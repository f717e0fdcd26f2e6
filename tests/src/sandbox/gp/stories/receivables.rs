//! Cash receipts: what GP's tables hold afterwards, and what is refused.

use super::super::procedures::rm::codes;
use super::difference::{changes, snapshot};
use super::{Element, Node, answered, call, connect, one, sandbox, with, without};
use Element::{Money, Number, Text};
use tiberius::Command;

pub(super) fn receipt() -> Node {
    vec![
        ("CUSTNMBR", Text("AARONFIT0001")),
        ("DOCNUMBR", Text("PYMNT00000042")),
        ("DOCDATE", Text("2026-03-05")),
        ("ORTRXAMT", Money("44.49")),
        ("GLPOSTDT", Text("2026-03-06")),
        ("BACHNUMB", Text("WEBCASH")),
        ("CSHRCTYP", Number(0)),
        ("CHEKBKID", Text("UPTOWN TRUST")),
        ("CHEKNMBR", Text("N1-1001")),
        ("TRXDSCRN", Text("Web order N1-1001")),
    ]
}

#[tokio::test]
async fn a_cash_receipt_is_whole_in_every_table_it_touches() {
    let sandbox = sandbox().await;
    let mut client = connect(&sandbox).await;
    let before = snapshot(&sandbox);
    let answer = call(&mut client, "taRMCashReceiptInsert", &receipt())
        .await
        .unwrap();
    assert_eq!((answer.status, answer.codes()), (0, Vec::new()));
    let expected = "\
~RM00103 UNPSTDCA=44.49
+RM00401 DOCNUMBR=PYMNT00000042 RMDTYPAL=9 DCSTATUS=1 BCHSOURC=RM_Cash CUSTNMBR=AARONFIT0001 \
CHEKNMBR=N1-1001 DOCDATE=2026-03-05
+RM10101 DOCNUMBR=PYMNT00000042 DCSTATUS=1 DISTTYPE=1 RMDTYPAL=9 SEQNUMBR=16384 \
CUSTNMBR=AARONFIT0001 DSTINDX=1 DEBITAMT=44.49 CURNCYID=Z-US$ CURRNIDX=1007 ORDBTAMT=44.49
+RM10101 DOCNUMBR=PYMNT00000042 DCSTATUS=1 DISTTYPE=3 RMDTYPAL=9 SEQNUMBR=32768 \
CUSTNMBR=AARONFIT0001 DSTINDX=2 CRDTAMNT=44.49 CURNCYID=Z-US$ CURRNIDX=1007 ORCRDAMT=44.49
+RM10201 BACHNUMB=WEBCASH BCHSOURC=RM_Cash DOCNUMBR=PYMNT00000042 CUSTNMBR=AARONFIT0001 RMDTYPAL=9 \
DOCDATE=2026-03-05 CHEKNMBR=N1-1001 CHEKBKID=UPTOWN TRUST CURNCYID=Z-US$ \
TRXDSCRN=Web order N1-1001 LSTEDTDT=today ORTRXAMT=44.49 CURTRXAM=44.49 GLPOSTDT=2026-03-06
+SY00500 GLPOSTDT=2026-03-06 BCHSOURC=RM_Cash BACHNUMB=WEBCASH SERIES=3 NUMOFTRX=1 BACHFREQ=1 \
BCHTOTAL=44.49 MODIFDT=today CREATDDT=today ORIGIN=1";
    assert_eq!(changes(&before, &snapshot(&sandbox)), expected);
    // By card, without distributions of GP's own.
    let before = snapshot(&sandbox);
    let by_card = with(
        without(without(receipt(), "CHEKBKID"), "CHEKNMBR"),
        &[
            ("DOCNUMBR", Text("PYMNT00000043")),
            ("CSHRCTYP", Number(2)),
            ("CRCARDID", Text("VISA")),
            ("CREATEDIST", Number(0)),
        ],
    );
    call(&mut client, "taRMCashReceiptInsert", &by_card)
        .await
        .unwrap();
    let told = changes(&before, &snapshot(&sandbox));
    assert!(told.contains("CSHRCTYP=2 CRCARDID=VISA"), "{told}");
    assert!(!told.contains("RM10101"), "{told}");
    assert!(told.contains("~RM00103 UNPSTDCA=88.98"), "{told}");
    assert!(
        told.contains("~SY00500 NUMOFTRX=2 BCHTOTAL=88.98"),
        "{told}"
    );
}

#[tokio::test]
async fn what_is_wrong_with_a_cash_receipt_has_its_code_and_leaves_nothing() {
    let sandbox = sandbox().await;
    let mut client = connect(&sandbox).await;
    let inactive = "UPDATE RM00101 SET INACTIVE = 1 WHERE CUSTNMBR = 'ADVANCED0001'";
    one(&mut client, inactive).await;
    let known = with(receipt(), &[("DOCNUMBR", Text("KNOWN"))]);
    call(&mut client, "taRMCashReceiptInsert", &known)
        .await
        .unwrap();
    let before = snapshot(&sandbox);
    for (changed, code) in [
        (("CUSTNMBR", Text("NOBODY")), codes::RECEIPT_CUSTOMER),
        (
            ("CUSTNMBR", Text("ADVANCED0001")),
            codes::RECEIPT_CUSTOMER_INACTIVE,
        ),
        (("CSHRCTYP", Number(3)), codes::RECEIPT_TYPE),
        (("ORTRXAMT", Money("0")), codes::RECEIPT_AMOUNT),
        (("ORTRXAMT", Money("-1")), codes::RECEIPT_AMOUNT),
        (("CSHRCTYP", Number(2)), codes::RECEIPT_CARD),
        (("CRCARDID", Text("NOCARD")), codes::RECEIPT_CARD),
        (("CHEKBKID", Text("")), codes::RECEIPT_CHECKBOOK),
        (("CHEKBKID", Text("NOWHERE")), codes::RECEIPT_CHECKBOOK),
        (("BatchCHEKBKID", Text("NOWHERE")), codes::RECEIPT_CHECKBOOK),
        (("CURNCYID", Text("Z-NONE")), codes::RECEIPT_CURRENCY),
        (("CURNCYID", Text("Z-UK")), codes::RECEIPT_NO_RATE),
        (("DOCNUMBR", Text("KNOWN")), codes::RECEIPT_EXISTS),
    ] {
        let node = with(receipt(), std::slice::from_ref(&changed));
        let answer = call(&mut client, "taRMCashReceiptInsert", &node)
            .await
            .unwrap();
        assert!(answer.codes().contains(&code), "{code}: {answer:?}");
        assert_eq!(changes(&before, &snapshot(&sandbox)), "", "{code}");
    }
}

#[tokio::test]
async fn payment_numbers_count_up_pass_known_ones_and_go_by_places() {
    let sandbox = sandbox().await;
    let mut client = connect(&sandbox).await;
    let second = with(receipt(), &[("DOCNUMBR", Text("PYMNT00000002"))]);
    call(&mut client, "taRMCashReceiptInsert", &second)
        .await
        .unwrap();
    for (kind, expected) in [
        (9_u8, "PYMNT00000001"),
        (9, "PYMNT00000003"),
        (7, "CREDT00000001"),
        (2, ""),
    ] {
        let mut command = Command::new("dbo.taGetPaymentNumber");
        command.bind_param("", kind);
        command.bind_param("", 1_u8);
        command.bind_out_param("", "");
        command.bind_out_param("", 0_i32);
        let answer = answered(command, &mut client).await.unwrap();
        assert_eq!(answer.outputs[0], expected);
        assert_eq!(answer.outputs[1] == "0", !expected.is_empty());
    }
}
