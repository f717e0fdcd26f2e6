//! Taxes of single lines and their sums, which are the document's.

use super::super::procedures::sop::codes;
use super::difference::{changes, snapshot};
use super::sales_documents::{deletion, done, refused};
use super::{
    Connection, Element, Node, connect, header, line, one, rows, sandbox, tax, with, without,
};
use Element::{Money, Number, Text};

const LINE: &str = "taSopLineIvcInsert";
const HEADER: &str = "taSopHdrIvcInsert";
const TAX: &str = "taSopLineIvcTaxInsert";
const CUSTOMER: &str = "AARONFIT0001";

/// A line of 32.85 that has a tax of its own.
fn taxed(sequence: i32, amount: &'static str) -> Node {
    with(
        line("T1", CUSTOMER),
        &[("LNITMSEQ", Number(sequence)), ("TAXAMNT", Money(amount))],
    )
}

fn of_line(sequence: i32, amount: &'static str) -> Node {
    with(
        tax("T1", CUSTOMER),
        &[("LNITMSEQ", Number(sequence)), ("STAXAMNT", Money(amount))],
    )
}

fn freight() -> Node {
    with(
        without(without(tax("T1", CUSTOMER), "SALESAMT"), "STAXAMNT"),
        &[
            ("TAXTYPE", Number(1)),
            ("FREIGHT", Money("12.00")),
            ("FRTTXAMT", Money("0.60")),
        ],
    )
}

/// The header of two such lines with taxes of 1.64 and 1.60 and the freight's.
fn closing() -> Node {
    with(
        header("T1", CUSTOMER),
        &[
            ("USINGHEADERLEVELTAXES", Number(0)),
            ("SUBTOTAL", Money("65.70")),
            ("TAXAMNT", Money("3.24")),
            ("FRTTXAMT", Money("0.60")),
            ("TRDISAMT", Money("0")),
            ("DOCAMNT", Money("81.54")),
            ("PYMTRCVD", Money("0")),
        ],
    )
}

async fn whole(client: &mut Connection) {
    done(client, LINE, &taxed(16_384, "1.64")).await;
    done(client, LINE, &taxed(32_768, "1.60")).await;
    done(client, TAX, &of_line(16_384, "1.64")).await;
    done(client, TAX, &freight()).await;
    done(client, TAX, &of_line(32_768, "1.60")).await;
}

/// Sequence, sales, tax, freight tax and their total, row by row.
async fn taxes(client: &mut Connection) -> Vec<String> {
    let sql = "SELECT CAST(LNITMSEQ AS varchar(9)), TAXDTSLS, STAXAMNT, FRTTXAMT, TXDTOTTX FROM SOP10105 ORDER BY LNITMSEQ";
    let rows = rows(client, sql).await.unwrap();
    rows.into_iter().map(|row| row.join(" ")).collect()
}

#[tokio::test]
async fn the_taxes_of_lines_are_summed_up_for_their_document() {
    let sandbox = sandbox().await;
    let mut client = connect(&sandbox).await;
    done(&mut client, LINE, &taxed(16_384, "1.64")).await;
    let before = snapshot(&sandbox);
    done(&mut client, TAX, &of_line(16_384, "1.64")).await;
    assert_eq!(
        changes(&before, &snapshot(&sandbox)),
        "\
+SOP10105 SOPTYPE=2 SOPNUMBE=T1 TAXDTLID=USND-STATE ACTINDX=4 TXABLETX=1 STAXAMNT=1.64 \
ORSLSTAX=1.64 TAXDTSLS=32.85 ORTOTSLS=32.85 TDTTXSLS=32.85 ORTXSLS=32.85 TXDTOTTX=1.64 \
OTTAXPON=1.64
+SOP10105 SOPTYPE=2 SOPNUMBE=T1 LNITMSEQ=16384 TAXDTLID=USND-STATE ACTINDX=4 TXABLETX=1 \
STAXAMNT=1.64 ORSLSTAX=1.64 TAXDTSLS=32.85 ORTOTSLS=32.85 TDTTXSLS=32.85 ORTXSLS=32.85 \
TXDTOTTX=1.64 OTTAXPON=1.64"
    );
    done(&mut client, LINE, &taxed(32_768, "1.60")).await;
    done(&mut client, TAX, &freight()).await;
    let before = snapshot(&sandbox);
    done(&mut client, TAX, &of_line(32_768, "1.60")).await;
    assert_eq!(
        changes(&before, &snapshot(&sandbox)),
        "\
~SOP10105 STAXAMNT=3.24 ORSLSTAX=3.24 TAXDTSLS=77.7 ORTOTSLS=77.7 TDTTXSLS=77.7 ORTXSLS=77.7 \
TXDTOTTX=3.84 OTTAXPON=3.84
+SOP10105 SOPTYPE=2 SOPNUMBE=T1 LNITMSEQ=32768 TAXDTLID=USND-STATE ACTINDX=4 TXABLETX=1 \
STAXAMNT=1.6 ORSLSTAX=1.6 TAXDTSLS=32.85 ORTOTSLS=32.85 TDTTXSLS=32.85 ORTXSLS=32.85 TXDTOTTX=1.6 \
OTTAXPON=1.6"
    );
    done(&mut client, HEADER, &closing()).await;
    let distributed = "SELECT SUM(CRDTAMNT) FROM SOP10102 WHERE DISTTYPE = 9";
    assert_eq!(one(&mut client, distributed).await, "3.84000");
}

#[tokio::test]
async fn sums_of_taxes_that_differ_have_their_codes() {
    let sandbox = sandbox().await;
    let mut client = connect(&sandbox).await;
    let other = with(of_line(16_384, "1.64"), &[("TAXTYPE", Number(2))]);
    done(&mut client, LINE, &taxed(16_384, "1.64")).await;
    refused(&sandbox, &mut client, TAX, &other, codes::TAX_LINE_TYPE).await;
    done(&mut client, LINE, &taxed(32_768, "1.60")).await;
    done(&mut client, TAX, &freight()).await;
    done(&mut client, TAX, &of_line(16_384, "1.64")).await;
    let twice = of_line(16_384, "1.64");
    refused(&sandbox, &mut client, TAX, &twice, codes::TAX_TWICE).await;
    let first_only = with(
        closing(),
        &[("TAXAMNT", Money("1.64")), ("DOCAMNT", Money("79.94"))],
    );
    let code = codes::LINE_TAXES_DIFFER;
    refused(&sandbox, &mut client, HEADER, &first_only, code).await;
    done(&mut client, TAX, &of_line(32_768, "1.60")).await;
    for (column, amount) in [("TAXAMNT", "3.25"), ("FRTTXAMT", "0.61")] {
        let node = with(
            closing(),
            &[(column, Money(amount)), ("DOCAMNT", Money("81.55"))],
        );
        refused(&sandbox, &mut client, HEADER, &node, codes::TAXES_DIFFER).await;
    }
    done(&mut client, HEADER, &closing()).await;
}

#[tokio::test]
async fn sums_follow_lines_that_are_sent_again_or_deleted() {
    let sandbox = sandbox().await;
    let mut client = connect(&sandbox).await;
    whole(&mut client).await;
    done(&mut client, HEADER, &closing()).await;
    let again = with(taxed(32_768, "1.50"), &[("UpdateIfExists", Number(1))]);
    done(&mut client, LINE, &again).await;
    done(&mut client, TAX, &of_line(32_768, "1.50")).await;
    assert_eq!(
        taxes(&mut client).await,
        [
            "0 77.70000 3.14000 0.60000 3.74000",
            "16384 32.85000 1.64000 0.00000 1.64000",
            "32768 32.85000 1.50000 0.00000 1.50000",
        ]
    );
    let delete = "taSopLineDelete";
    let second = with(deletion("T1"), &[("LNITMSEQ", Number(32_768))]);
    done(&mut client, delete, &second).await;
    assert_eq!(
        taxes(&mut client).await,
        [
            "0 44.85000 1.64000 0.60000 2.24000",
            "16384 32.85000 1.64000 0.00000 1.64000",
        ]
    );
    let update = with(
        closing(),
        &[
            ("UpdateExisting", Number(1)),
            ("SUBTOTAL", Money("32.85")),
            ("TAXAMNT", Money("1.64")),
            ("DOCAMNT", Money("47.09")),
        ],
    );
    done(&mut client, HEADER, &update).await;
    done(&mut client, delete, &deletion("T1")).await;
    assert_eq!(
        taxes(&mut client).await,
        ["0 12.00000 0.00000 0.60000 0.60000"]
    );
    let voided = vec![("SOPTYPE", Number(2)), ("SOPNUMBE", Text("T1"))];
    done(&mut client, "taSopDeleteDocument", &voided).await;
    assert!(taxes(&mut client).await.is_empty());
}

#[tokio::test]
async fn the_sum_goes_with_the_only_line_of_its_detail() {
    let sandbox = sandbox().await;
    let mut client = connect(&sandbox).await;
    done(&mut client, LINE, &taxed(16_384, "1.64")).await;
    done(&mut client, TAX, &of_line(16_384, "1.64")).await;
    let header = with(
        closing(),
        &[
            ("SUBTOTAL", Money("32.85")),
            ("TAXAMNT", Money("1.64")),
            ("FRTTXAMT", Money("0")),
            ("DOCAMNT", Money("46.49")),
        ],
    );
    done(&mut client, HEADER, &header).await;
    done(&mut client, "taSopLineDelete", &deletion("T1")).await;
    assert!(taxes(&mut client).await.is_empty());
}

/// A tax row of the document's own.
fn own(changes: &[(&'static str, Element)]) -> Node {
    with(tax("T1", CUSTOMER), changes)
}

#[tokio::test]
async fn a_documents_own_tax_is_replaced_once_it_has_its_header() {
    let sandbox = sandbox().await;
    let mut client = connect(&sandbox).await;
    done(&mut client, LINE, &taxed(16_384, "0")).await;
    // Freight first: its base does not stand in the way of the sales tax.
    done(&mut client, TAX, &freight()).await;
    done(&mut client, TAX, &own(&[])).await;
    refused(&sandbox, &mut client, TAX, &own(&[]), codes::TAX_TWICE).await;
    refused(&sandbox, &mut client, TAX, &freight(), codes::TAX_TWICE).await;
    let header = with(
        closing(),
        &[
            ("USINGHEADERLEVELTAXES", Number(1)),
            ("SUBTOTAL", Money("32.85")),
            ("TAXAMNT", Money("1.64")),
            ("DOCAMNT", Money("47.09")),
        ],
    );
    done(&mut client, HEADER, &header).await;
    let less = [("SALESAMT", Money("30.00")), ("STAXAMNT", Money("1.50"))];
    done(&mut client, TAX, &own(&less)).await;
    assert_eq!(
        taxes(&mut client).await,
        ["0 42.00000 1.50000 0.60000 2.10000"]
    );
    let half = with(
        freight(),
        &[("FREIGHT", Money("6.00")), ("FRTTXAMT", Money("0.30"))],
    );
    done(&mut client, TAX, &half).await;
    assert_eq!(
        taxes(&mut client).await,
        ["0 36.00000 1.50000 0.30000 1.80000"]
    );
    let update = with(
        header,
        &[
            ("UpdateExisting", Number(1)),
            ("FREIGHT", Money("6.00")),
            ("TAXAMNT", Money("1.50")),
            ("FRTTXAMT", Money("0.30")),
            ("DOCAMNT", Money("40.65")),
        ],
    );
    done(&mut client, HEADER, &update).await;
    let distributed = "SELECT SUM(CRDTAMNT) FROM SOP10102 WHERE DISTTYPE = 9";
    assert_eq!(one(&mut client, distributed).await, "1.80000");
}

#[tokio::test]
async fn the_sum_of_lines_is_not_replaced_by_a_tax_of_the_document() {
    let sandbox = sandbox().await;
    let mut client = connect(&sandbox).await;
    whole(&mut client).await;
    done(&mut client, HEADER, &closing()).await;
    refused(&sandbox, &mut client, TAX, &own(&[]), codes::TAX_TWICE).await;
}
