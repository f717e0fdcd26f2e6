//! What differs between quotes, orders, invoices, returns, back orders and fulfilment orders.

use super::super::procedures::sop::codes;
use super::sales_documents::{done, refused};
use super::{Element, Node, connect, header, line, one, payment, rows, sandbox, with, without};
use Element::{Money, Number, Text};

/// A line of a type; without a document id it allocates where the type does.
fn line_of(kind: i32) -> Node {
    let line = without(line("T1", "AARONFIT0001"), "DOCID");
    with(line, &[("SOPTYPE", Number(kind))])
}

fn header_of(kind: i32, document: &'static str) -> Node {
    with(
        header("T1", "AARONFIT0001"),
        &[
            ("SOPTYPE", Number(kind)),
            ("DOCID", Text(document)),
            ("TAXAMNT", Money("0")),
            ("PYMTRCVD", Money("0")),
            ("DOCAMNT", Money("42.85")),
        ],
    )
}

#[tokio::test]
async fn a_quantity_stands_where_its_type_puts_it() {
    for (kind, document, expected) in [
        (1, "STDQTE", ["3.00000", "0.00000", "0.00000", "0.00000"]),
        (2, "STDORD", ["0.00000", "3.00000", "3.00000", "0.00000"]),
        (3, "STDINV", ["0.00000", "3.00000", "3.00000", "0.00000"]),
        (4, "RTN", ["0.00000", "0.00000", "0.00000", "3.00000"]),
        (5, "BKO", ["0.00000", "3.00000", "0.00000", "0.00000"]),
        (6, "FULORD", ["0.00000", "3.00000", "3.00000", "0.00000"]),
    ] {
        let sandbox = sandbox().await;
        let mut client = connect(&sandbox).await;
        done(&mut client, "taSopLineIvcInsert", &line_of(kind)).await;
        let header = header_of(kind, document);
        done(&mut client, "taSopHdrIvcInsert", &header).await;
        let sql = "SELECT QTYTORDR, QTYTOINV, ATYALLOC, QTYONHND FROM SOP10200";
        assert_eq!(rows(&mut client, sql).await.unwrap(), [expected], "{kind}");
        let site = "SELECT ATYALLOC FROM IV00102 WHERE ITEMNMBR = 'ACCS-CRD-12WH' AND RCRDTYPE = 1";
        assert_eq!(one(&mut client, site).await, expected[2], "{kind}");
        let dates = "SELECT COUNT(*) FROM SOP10100 WHERE '2026-03-05' IN (QUOTEDAT, ORDRDATE, INVODATE, RETUDATE, BACKDATE)";
        assert_eq!(one(&mut client, dates).await, "1", "{kind}");
    }
}

#[tokio::test]
async fn a_return_turns_the_sides_and_says_in_which_state_things_come_back() {
    let sandbox = sandbox().await;
    let mut client = connect(&sandbox).await;
    let procedure = "taSopLineIvcInsert";
    for (returned, damaged) in [("2", "2"), ("2", "0"), ("4", "-1")] {
        let node = with(
            line_of(4),
            &[("QTYRTRND", Money(returned)), ("QTYDMGED", Money(damaged))],
        );
        refused(&sandbox, &mut client, procedure, &node, codes::RETURNED).await;
    }
    let order = with(line_of(2), &[("QTYRTRND", Money("3"))]);
    let never = codes::NOT_RETURNED;
    refused(&sandbox, &mut client, procedure, &order, never).await;
    let node = with(
        line_of(4),
        &[("QTYRTRND", Money("2")), ("QTYDMGED", Money("1"))],
    );
    done(&mut client, procedure, &node).await;
    done(&mut client, "taSopHdrIvcInsert", &header_of(4, "RTN")).await;
    let sql = "SELECT QTYONHND, QTYRTRND, QTYINUSE, QTYINSVC, QTYDMGED FROM SOP10200";
    assert_eq!(
        rows(&mut client, sql).await.unwrap(),
        [["0.00000", "2.00000", "0.00000", "0.00000", "1.00000"]]
    );
    let sides = "SELECT DISTTYPE, DEBITAMT, CRDTAMNT FROM SOP10102 ORDER BY DISTTYPE";
    assert_eq!(
        rows(&mut client, sides).await.unwrap(),
        [
            ["1", "32.85000", "0.00000"],
            ["2", "0.00000", "42.85000"],
            ["6", "0.00000", "2.00000"],
            ["7", "12.00000", "0.00000"],
        ]
    );
}

#[tokio::test]
async fn a_quote_takes_no_payment_and_no_document_takes_bins() {
    let sandbox = sandbox().await;
    let mut client = connect(&sandbox).await;
    let quote = with(
        payment("T1", "AARONFIT0001"),
        &[("SOPTYPE", Number(1)), ("PYMTTYPE", Number(4))],
    );
    let pay = "taCreateSopPaymentInsertRecord";
    refused(&sandbox, &mut client, pay, &quote, codes::PAYMENT_TYPE).await;
    let bin = vec![
        ("SOPTYPE", Number(2)),
        ("SOPNUMBE", Text("T1")),
        ("ITEMNMBR", Text("ACCS-CRD-12WH")),
        ("QUANTITY", Money("1")),
        ("BIN", Text("A-1")),
    ];
    refused(
        &sandbox,
        &mut client,
        "taSopMultiBin",
        &bin,
        codes::BINS_OFF,
    )
    .await;
}
