//! Orders that are sent again: lines, stock, distributions and batches follow.

use super::super::procedures::sop::codes;
use super::difference::{changes, snapshot};
use super::sales_documents::{done, order, refused};
use super::{Element, Node, connect, header, line, one, rows, sandbox, with};
use Element::{Money, Number, Text};

/// The line of the order, five pieces of it now.
fn five() -> Node {
    with(
        line("C1", "AARONFIT0001"),
        &[
            ("DOCID", Text("WEBORD")),
            ("UpdateIfExists", Number(1)),
            ("QUANTITY", Money("5")),
            ("XTNDPRCE", Money("54.75")),
        ],
    )
}

/// The header of the order with five pieces; the tax row stays as it was.
fn again() -> Node {
    with(
        header("C1", "AARONFIT0001"),
        &[
            ("DOCID", Text("WEBORD")),
            ("UpdateExisting", Number(1)),
            ("SUBTOTAL", Money("54.75")),
            ("DOCAMNT", Money("66.39")),
        ],
    )
}

#[tokio::test]
async fn a_line_sent_again_allocates_the_difference() {
    let sandbox = sandbox().await;
    let mut client = connect(&sandbox).await;
    order(&mut client, "C1").await;
    let before = snapshot(&sandbox);
    done(&mut client, "taSopLineIvcInsert", &five()).await;
    assert_eq!(
        changes(&before, &snapshot(&sandbox)),
        "~IV00102 ATYALLOC=5\n~IV00102 ATYALLOC=5\n\
~SOP10200 XTNDPRCE=54.75 OXTNDPRC=54.75 REMPRICE=54.75 OREPRICE=54.75 EXTDCOST=16.45 OREXTCST=16.45 \
QUANTITY=5 ATYALLOC=5 QTYREMAI=5 QTYTOINV=5 EXTQTYAL=5"
    );
    let all = "SELECT COUNT(*) FROM IV00102 WHERE ITEMNMBR = 'ACCS-CRD-12WH' AND LOCNCODE = 'NORTH' AND ATYALLOC = 2";
    let north = with(
        five(),
        &[
            ("LOCNCODE", Text("NORTH")),
            ("QUANTITY", Money("2")),
            ("XTNDPRCE", Money("21.90")),
        ],
    );
    done(&mut client, "taSopLineIvcInsert", &north).await;
    assert_eq!(one(&mut client, all).await, "1");
    let site = "SELECT ATYALLOC FROM IV00102 WHERE ITEMNMBR = 'ACCS-CRD-12WH' AND RCRDTYPE = 2 AND LOCNCODE = 'WAREHOUSE'";
    assert_eq!(one(&mut client, site).await, "0.00000");
    let overall = "SELECT ATYALLOC FROM IV00102 WHERE ITEMNMBR = 'ACCS-CRD-12WH' AND RCRDTYPE = 1";
    assert_eq!(one(&mut client, overall).await, "2.00000");
}

#[tokio::test]
async fn its_own_allocation_does_not_stand_in_a_lines_way() {
    let sandbox = sandbox().await;
    let mut client = connect(&sandbox).await;
    order(&mut client, "C1").await;
    let five_there = "UPDATE IV00102 SET QTYONHND = 5 WHERE ITEMNMBR = 'ACCS-CRD-12WH'";
    one(&mut client, five_there).await;
    let short = with(five(), &[("QtyShrtOpt", Number(4))]);
    done(&mut client, "taSopLineIvcInsert", &short).await;
    let six = [("QUANTITY", Money("6")), ("XTNDPRCE", Money("65.70"))];
    let sql = "SELECT ATYALLOC, QTYTBAOR FROM SOP10200";
    assert_eq!(
        rows(&mut client, sql).await.unwrap(),
        [["5.00000", "0.00000"]]
    );
    done(&mut client, "taSopLineIvcInsert", &with(short, &six)).await;
    assert_eq!(
        rows(&mut client, sql).await.unwrap(),
        [["5.00000", "1.00000"]]
    );
}

#[tokio::test]
async fn a_line_sent_again_is_the_whole_line() {
    let sandbox = sandbox().await;
    let mut client = connect(&sandbox).await;
    order(&mut client, "C1").await;
    let marked = with(
        five(),
        &[("SHIPMTHD", Text("GROUND")), ("ITEMDESC", Text("Cord"))],
    );
    done(&mut client, "taSopLineIvcInsert", &marked).await;
    let sql = "SELECT RTRIM(SHIPMTHD), RTRIM(ITEMDESC) FROM SOP10200";
    assert_eq!(rows(&mut client, sql).await.unwrap(), [["GROUND", "Cord"]]);
    done(&mut client, "taSopLineIvcInsert", &five()).await;
    assert_eq!(
        rows(&mut client, sql).await.unwrap(),
        [["", "Phone Cord - 12' White"]]
    );
}

#[tokio::test]
async fn a_header_sent_again_makes_distributions_anew_and_may_change_the_batch() {
    let sandbox = sandbox().await;
    let mut client = connect(&sandbox).await;
    order(&mut client, "C1").await;
    done(&mut client, "taSopLineIvcInsert", &five()).await;
    done(&mut client, "taSopHdrIvcInsert", &again()).await;
    let batches = "SELECT RTRIM(BACHNUMB), NUMOFTRX, BCHTOTAL FROM SY00500 ORDER BY BACHNUMB";
    assert_eq!(
        rows(&mut client, batches).await.unwrap(),
        [["WEB20260305", "1", "66.39000"]]
    );
    for (sql, expected) in [
        ("SELECT SUM(DEBITAMT) FROM SOP10102", "68.39000"),
        ("SELECT SUM(CRDTAMNT) FROM SOP10102", "68.39000"),
        (
            "SELECT CRDTAMNT FROM SOP10102 WHERE DISTTYPE = 1",
            "54.75000",
        ),
        ("SELECT ACCTAMNT FROM SOP10100", "56.39000"),
    ] {
        assert_eq!(one(&mut client, sql).await, expected, "{sql}");
    }
    let later = with(again(), &[("BACHNUMB", Text("LATER"))]);
    done(&mut client, "taSopHdrIvcInsert", &later).await;
    assert_eq!(
        rows(&mut client, batches).await.unwrap(),
        [["LATER", "1", "66.39000"], ["WEB20260305", "0", "0.00000"]]
    );
}

#[tokio::test]
async fn what_cannot_be_changed_has_its_code_and_stays() {
    let sandbox = sandbox().await;
    let mut client = connect(&sandbox).await;
    order(&mut client, "C1").await;
    let line = "taSopLineIvcInsert";
    let other = with(five(), &[("ITEMNMBR", Text("100XLG"))]);
    refused(&sandbox, &mut client, line, &other, codes::OTHER_ITEM).await;
    let header = "taSopHdrIvcInsert";
    for (change, code) in [
        (("SOPNUMBE", Text("NONE")), codes::NO_DOCUMENT),
        (("CUSTNMBR", Text("ADVANCED0001")), codes::OTHER_CUSTOMER),
        (("SUBTOTAL", Money("54.75")), codes::SUBTOTAL),
    ] {
        let node = with(again(), &[change]);
        let before = snapshot(&sandbox);
        let answer = super::call(&mut client, header, &node).await.unwrap();
        assert!(answer.codes().contains(&code), "{code}: {answer:?}");
        assert_eq!(changes(&before, &snapshot(&sandbox)), "", "{code}");
    }
    one(&mut client, "UPDATE SOP10200 SET QTYPRINV = 1").await;
    let gone = codes::LINE_TRANSFERRED;
    refused(&sandbox, &mut client, line, &five(), gone).await;
}
