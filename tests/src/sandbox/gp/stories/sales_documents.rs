//! Sales documents after they were written: voided, deleted, held, tracked.

use std::collections::BTreeMap;

use super::super::procedures::sop::codes;
use super::difference::{Snapshot, changes, snapshot};
use super::{
    Connection, Element, Node, call, connect, header, line, one, payment, rows, sandbox, tax, with,
};
use Element::{Money, Number, Owned, Text};

const STOCK: &str = "SELECT SUM(ATYALLOC) FROM IV00102 WHERE ITEMNMBR = 'ACCS-CRD-12WH'";
pub(super) const LOCK: &str = "INSERT INTO tempdb..DEX_LOCK (session_id, row_id, table_path_name) SELECT 9, DEX_ROW_ID, 'TWO.dbo.SOP10100' FROM SOP10100";

/// Calls a procedure that must succeed.
pub(super) async fn done(client: &mut Connection, procedure: &str, node: &Node) {
    let answer = call(client, procedure, node).await.unwrap();
    assert_eq!(
        (answer.status, answer.codes()),
        (0, Vec::new()),
        "{procedure}"
    );
}

/// Calls a procedure that must refuse with one code and change nothing.
pub(super) async fn refused(
    sandbox: &super::Sandbox,
    client: &mut Connection,
    procedure: &str,
    node: &Node,
    code: i32,
) {
    let before = snapshot(sandbox);
    let answer = call(client, procedure, node).await.unwrap();
    assert_eq!(answer.codes(), [code], "{procedure} {node:?}");
    assert_eq!(changes(&before, &snapshot(sandbox)), "", "{code}");
}

/// An order that allocates three pieces and has a tax row and a deposit of 10.00.
pub(super) async fn order(client: &mut Connection, number: &str) {
    let web = [("DOCID", Text("WEBORD"))];
    let line = with(line(number, "AARONFIT0001"), &web);
    done(client, "taSopLineIvcInsert", &line).await;
    let tax = tax(number, "AARONFIT0001");
    done(client, "taSopLineIvcTaxInsert", &tax).await;
    let payment = payment(number, "AARONFIT0001");
    done(client, "taCreateSopPaymentInsertRecord", &payment).await;
    let header = with(header(number, "AARONFIT0001"), &web);
    done(client, "taSopHdrIvcInsert", &header).await;
}

/// A node that names a document and nothing else.
pub(super) fn document(number: &str) -> Node {
    vec![
        ("SOPTYPE", Number(2)),
        ("SOPNUMBE", Owned(number.to_owned())),
    ]
}

fn cells<'s>(from: &'s Snapshot, table: &str) -> BTreeMap<&'s str, &'s str> {
    let row = from.iter().find(|((name, _), _)| name == table).unwrap().1;
    let cells = row.iter();
    cells
        .map(|(name, text)| (name.as_str(), text.as_str()))
        .collect()
}

/// What a row of a history table holds otherwise than the work row it came from.
fn moved(before: &Snapshot, work: &str, after: &Snapshot, history: &str) -> String {
    let (old, new) = (cells(before, work), cells(after, history));
    let mut names: Vec<_> = old.keys().chain(new.keys()).copied().collect();
    names.sort_unstable();
    names.dedup();
    let other = names.iter().filter(|name| old.get(*name) != new.get(*name));
    let told: Vec<_> = other
        .map(|name| format!("{name}={}", new.get(name).unwrap_or(&"none")))
        .collect();
    told.join(" ")
}

#[tokio::test]
async fn a_voided_order_goes_to_history_and_gives_back_what_it_held() {
    let sandbox = sandbox().await;
    let mut client = connect(&sandbox).await;
    order(&mut client, "V1").await;
    assert_eq!(one(&mut client, STOCK).await, "6.00000");
    let before = snapshot(&sandbox);
    let void = with(document("V1"), &[("BACHNUMB", Text("WEBUSER"))]);
    done(&mut client, "taSopVoidDocument", &void).await;
    let after = snapshot(&sandbox);
    let told = changes(&before, &after);
    let kept: Vec<_> = told
        .lines()
        .filter(|line| !line.starts_with("+SOP30"))
        .collect();
    // Receivable, deposit, trade discount; sales, freight, tax.
    let mut expected = vec!["~IV00102 ATYALLOC=none"; 2];
    expected.extend(["~SOP10102 TRXSORCE=SLSVT00000001"; 6]);
    expected.extend([
        "~SOP10105 TRXSORCE=SLSVT00000001",
        "~SY00500 NUMOFTRX=none BCHTOTAL=none",
        "-SOP10100",
        "-SOP10103",
        "-SOP10200",
    ]);
    assert_eq!(kept, expected);
    assert_eq!(told.lines().count(), expected.len() + 2);
    assert_eq!(
        moved(&before, "SOP10100", &after, "SOP30200"),
        "ACCTAMNT=44.49 BACHNUMB=WEBUSER DEPRECVD=none ORACTAMT=44.49 ORDEPRVD=none ORPMTRVD=none \
PYMTRCVD=none TRXSORCE=SLSVT00000001 VOIDSTTS=1"
    );
    assert_eq!(
        moved(&before, "SOP10200", &after, "SOP30300"),
        "ATYALLOC=none EXTQTYAL=none TRXSORCE=SLSVT00000001"
    );
}

#[tokio::test]
async fn a_voided_order_keeps_its_deposits_where_they_shall_stay() {
    let sandbox = sandbox().await;
    let mut client = connect(&sandbox).await;
    order(&mut client, "V1").await;
    let void = with(
        document("V1"),
        &[
            ("RemovePayments", Number(0)),
            ("VOIDDATE", Text("2026-04-01")),
        ],
    );
    done(&mut client, "taSopVoidDocument", &void).await;
    let sql = "SELECT h.DEPRECVD, h.ACCTAMNT, p.AMNTPAID, RTRIM(h.BACHNUMB), CONVERT(varchar(10), h.MODIFDT, 120) FROM SOP30200 h JOIN SOP10103 p ON p.SOPNUMBE = h.SOPNUMBE";
    assert_eq!(
        rows(&mut client, sql).await.unwrap(),
        [[
            "10.00000",
            "34.49000",
            "10.00000",
            "WEB20260305",
            "2026-04-01"
        ]]
    );
}

#[tokio::test]
async fn what_cannot_be_voided_or_deleted_has_its_code_and_stays() {
    let sandbox = sandbox().await;
    let mut client = connect(&sandbox).await;
    for number in ["VOIDED", "POSTED", "MOVED"] {
        order(&mut client, number).await;
    }
    for number in ["VOIDED", "POSTED"] {
        done(&mut client, "taSopVoidDocument", &document(number)).await;
    }
    for sql in [
        "UPDATE SOP30200 SET VOIDSTTS = 0 WHERE SOPNUMBE = 'POSTED'",
        "UPDATE SOP10200 SET QTYPRINV = 1 WHERE SOPNUMBE = 'MOVED'",
    ] {
        one(&mut client, sql).await;
    }
    order(&mut client, "FREE").await;
    let pair = [
        (
            "taSopVoidDocument",
            [
                codes::VOID_MISSING,
                codes::VOID_VOIDED,
                codes::VOID_POSTED,
                codes::VOID_TRANSFERRED,
                codes::VOID_TYPE,
                codes::VOID_PAYMENTS,
                codes::VOID_LOCKED,
            ],
        ),
        (
            "taSopDeleteDocument",
            [
                codes::DELETE_MISSING,
                codes::DELETE_POSTED,
                codes::DELETE_POSTED,
                codes::DELETE_TRANSFERRED,
                codes::DELETE_TYPE,
                codes::DELETE_PAYMENTS,
                codes::DELETE_LOCKED,
            ],
        ),
    ];
    for (procedure, [missing, voided, posted, transferred, kind, payments, locked]) in pair {
        for (number, change, code) in [
            ("NONE", ("SOPTYPE", Number(2)), missing),
            ("VOIDED", ("SOPTYPE", Number(2)), voided),
            ("POSTED", ("SOPTYPE", Number(2)), posted),
            ("MOVED", ("SOPTYPE", Number(2)), transferred),
            ("FREE", ("SOPTYPE", Number(7)), kind),
            ("FREE", ("RemovePayments", Number(2)), payments),
        ] {
            let node = with(document(number), &[change]);
            refused(&sandbox, &mut client, procedure, &node, code).await;
        }
        one(&mut client, LOCK).await;
        refused(&sandbox, &mut client, procedure, &document("FREE"), locked).await;
        one(&mut client, "DELETE FROM tempdb..DEX_LOCK").await;
    }
    let paid = with(document("FREE"), &[("RemovePayments", Number(0))]);
    let delete = "taSopDeleteDocument";
    refused(&sandbox, &mut client, delete, &paid, codes::DELETE_PAID).await;
}

#[tokio::test]
async fn a_deleted_order_leaves_only_its_batch() {
    let sandbox = sandbox().await;
    let mut client = connect(&sandbox).await;
    order(&mut client, "KEPT").await;
    let before = snapshot(&sandbox);
    let mut own = document("GONE");
    own.push(("USERDEF1", Text("1001")));
    done(&mut client, "taSopUserDefined", &own).await;
    order(&mut client, "GONE").await;
    let mut tracked = document("GONE");
    tracked.push(("Tracking_Number", Text("1Z999")));
    done(&mut client, "taSopTrackingNum", &tracked).await;
    let held = "SELECT COUNT(*) FROM SOP10102 WHERE SOPNUMBE = 'GONE'";
    assert_eq!(one(&mut client, held).await, "6");
    done(&mut client, "taSopDeleteDocument", &document("GONE")).await;
    assert_eq!(changes(&before, &snapshot(&sandbox)), "");
    done(&mut client, "taSopDeleteDocument", &document("KEPT")).await;
    let batch = "SELECT NUMOFTRX, BCHTOTAL FROM SY00500 WHERE BACHNUMB = 'WEB20260305'";
    assert_eq!(rows(&mut client, batch).await.unwrap(), [["0", "0.00000"]]);
}

/// A node that deletes the line of the phone cord.
pub(super) fn deletion(number: &str) -> Node {
    let mut node = document(number);
    node.push(("ITEMNMBR", Text("ACCS-CRD-12WH")));
    node.push(("DeleteType", Number(1)));
    node
}

#[tokio::test]
async fn a_deleted_line_gives_back_stock_and_the_header_sent_again_closes_the_rest() {
    let sandbox = sandbox().await;
    let mut client = connect(&sandbox).await;
    let web = [("DOCID", Text("WEBORD"))];
    let second = with(
        line("L1", "AARONFIT0001"),
        &[
            ("DOCID", Text("WEBORD")),
            ("LNITMSEQ", Number(32_768)),
            ("QUANTITY", Money("1")),
            ("XTNDPRCE", Money("10.95")),
            ("CMMTTEXT", Text("Gift wrapped")),
        ],
    );
    done(
        &mut client,
        "taSopLineIvcInsert",
        &with(line("L1", "AARONFIT0001"), &web),
    )
    .await;
    done(&mut client, "taSopLineIvcInsert", &second).await;
    let whole = with(
        header("L1", "AARONFIT0001"),
        &[
            ("DOCID", Text("WEBORD")),
            ("SUBTOTAL", Money("43.80")),
            ("TAXAMNT", Money("0")),
            ("PYMTRCVD", Money("0")),
            ("DOCAMNT", Money("53.80")),
        ],
    );
    done(&mut client, "taSopHdrIvcInsert", &whole).await;
    let delete = "taSopLineDelete";
    for (change, code) in [
        (("SOPTYPE", Number(2)), codes::LINE_DELETE_AMBIGUOUS),
        (("SOPTYPE", Number(9)), codes::LINE_DELETE_SOPTYPE),
        (("SOPNUMBE", Text("NONE")), codes::LINE_DELETE_DOCUMENT),
        (("ITEMNMBR", Text("100XLG")), codes::LINE_DELETE_MISSING),
        (("LNITMSEQ", Number(1)), codes::LINE_DELETE_MISSING),
        (("DeleteType", Number(2)), codes::LINE_DELETE_COMPONENT),
    ] {
        let node = with(deletion("L1"), &[change]);
        let answer = call(&mut client, delete, &node).await.unwrap();
        assert!(answer.codes().contains(&code), "{code}: {answer:?}");
    }
    let named = with(deletion("L1"), &[("LNITMSEQ", Number(32_768))]);
    for (change, code) in [
        (("DeleteType", Number(3)), codes::LINE_DELETE_TYPE),
        (
            ("RecreateDist", Number(1)),
            codes::LINE_DELETE_DISTRIBUTIONS,
        ),
    ] {
        let node = with(named.clone(), &[change]);
        refused(&sandbox, &mut client, delete, &node, code).await;
    }
    let before = snapshot(&sandbox);
    done(&mut client, delete, &named).await;
    assert_eq!(
        changes(&before, &snapshot(&sandbox)),
        "~IV00102 ATYALLOC=3\n~IV00102 ATYALLOC=3\n-SOP10200\n-SOP10202"
    );
    let again = with(
        whole,
        &[
            ("UpdateExisting", Number(1)),
            ("SUBTOTAL", Money("32.85")),
            ("DOCAMNT", Money("42.85")),
        ],
    );
    done(&mut client, "taSopHdrIvcInsert", &again).await;
    let batch = "SELECT NUMOFTRX, BCHTOTAL FROM SY00500 WHERE BACHNUMB = 'WEB20260305'";
    assert_eq!(rows(&mut client, batch).await.unwrap(), [["1", "42.85000"]]);
}

fn hold_master() -> Node {
    vec![
        ("PRCHLDID", Text("FRAUD")),
        ("DSCRIPTN", Text("Possible fraud")),
        ("PASSWORD", Text("Access")),
        ("XFERPHOL", Number(1)),
        ("FUFIPHOL", Number(1)),
        ("HOLDDATE", Text("2026-03-05")),
        ("USER2ENT", Text("web")),
    ]
}

fn hold(number: &str) -> Node {
    let mut node = document(number);
    node.extend([
        ("PRCHLDID", Text("FRAUD")),
        ("USERID", Text("web")),
        ("HOLDDATE", Text("2026-03-06")),
        ("TIME1", Text("1900-01-01 08:30:00")),
    ]);
    node
}

#[tokio::test]
async fn a_process_hold_is_made_and_changed_field_by_field() {
    let sandbox = sandbox().await;
    let mut client = connect(&sandbox).await;
    let master = "taCreateProcessHold";
    let before = snapshot(&sandbox);
    done(&mut client, master, &hold_master()).await;
    assert_eq!(
        changes(&before, &snapshot(&sandbox)),
        "+SOP00100 PRCHLDID=FRAUD DSCRIPTN=Possible fraud PASSWORD=Access XFERPHOL=1 FUFIPHOL=1 \
USER2ENT=web CREATDDT=2026-03-05 MODIFDT=today"
    );
    for (change, code) in [
        (("PRCHLDID", Text("FRAUD")), codes::MASTER_EXISTS),
        (("PRCHLDID", Text("fraud")), codes::MASTER_EXISTS),
    ] {
        let node = with(hold_master(), &[change]);
        refused(&sandbox, &mut client, master, &node, code).await;
    }
    let other = with(
        hold_master(),
        &[("PRCHLDID", Text("OTHER")), ("PRINPHOL", Number(2))],
    );
    refused(&sandbox, &mut client, master, &other, codes::MASTER_FLAG).await;
    let before = snapshot(&sandbox);
    let change = vec![
        ("PRCHLDID", Text("FRAUD")),
        ("POSTPHOL", Number(1)),
        ("FUFIPHOL", Number(0)),
        ("UpdateIfExistsMaster", Number(1)),
    ];
    done(&mut client, master, &change).await;
    assert_eq!(
        changes(&before, &snapshot(&sandbox)),
        "~SOP00100 POSTPHOL=1 FUFIPHOL=none"
    );
}

#[tokio::test]
async fn a_document_is_put_under_a_hold_and_freed_again() {
    let sandbox = sandbox().await;
    let mut client = connect(&sandbox).await;
    let procedure = "taSopUpdateCreateProcessHold";
    for number in ["VOIDED", "HELD"] {
        order(&mut client, number).await;
    }
    done(&mut client, "taSopVoidDocument", &document("VOIDED")).await;
    let unknown = codes::HOLD_UNKNOWN;
    refused(&sandbox, &mut client, procedure, &hold("HELD"), unknown).await;
    done(&mut client, "taCreateProcessHold", &hold_master()).await;
    for (change, code) in [
        (("SOPTYPE", Number(0)), codes::HOLD_SOPTYPE),
        (("SOPNUMBE", Text("NONE")), codes::HOLD_DOCUMENT),
        (("SOPNUMBE", Text("VOIDED")), codes::HOLD_POSTED),
        (("DELETE1", Number(2)), codes::HOLD_ACTION),
        (("XFERPHOL", Number(2)), codes::HOLD_FLAG),
    ] {
        let node = with(hold("HELD"), &[change]);
        refused(&sandbox, &mut client, procedure, &node, code).await;
    }
    let free = with(
        hold("HELD"),
        &[("DELETE1", Number(1)), ("PASSWORD", Text("Access"))],
    );
    let absent = codes::HOLD_ABSENT;
    refused(&sandbox, &mut client, procedure, &free, absent).await;
    let before = snapshot(&sandbox);
    done(&mut client, procedure, &hold("HELD")).await;
    assert_eq!(
        changes(&before, &snapshot(&sandbox)),
        "+SOP10104 SOPTYPE=2 SOPNUMBE=HELD PRCHLDID=FRAUD USERID=web HOLDDATE=2026-03-06 \
TIME1=1900-01-01"
    );
    let twice = codes::HOLD_TWICE;
    refused(&sandbox, &mut client, procedure, &hold("HELD"), twice).await;
    let wrong = with(free.clone(), &[("PASSWORD", Text("access"))]);
    let password = codes::HOLD_PASSWORD;
    refused(&sandbox, &mut client, procedure, &wrong, password).await;
    one(&mut client, LOCK).await;
    let locked = codes::HOLD_LOCKED;
    refused(&sandbox, &mut client, procedure, &free, locked).await;
    one(&mut client, "DELETE FROM tempdb..DEX_LOCK").await;
    let before = snapshot(&sandbox);
    let freed = with(free.clone(), &[("HOLDDATE", Text("2026-03-07"))]);
    done(&mut client, procedure, &freed).await;
    assert_eq!(
        changes(&before, &snapshot(&sandbox)),
        "~SOP10104 DELETE1=1 HOLDDATE=2026-03-07"
    );
    refused(&sandbox, &mut client, procedure, &free, absent).await;
    done(&mut client, procedure, &hold("HELD")).await;
    let state = "SELECT DELETE1 FROM SOP10104";
    assert_eq!(one(&mut client, state).await, "0");
}

#[tokio::test]
async fn a_tracking_number_belongs_to_a_document_in_work_or_history() {
    let sandbox = sandbox().await;
    let mut client = connect(&sandbox).await;
    let procedure = "taCreateSOPTrackingInfo";
    order(&mut client, "SENT").await;
    let mut node = document("SENT");
    node.push(("Tracking_Number", Text("1Z999AA10123456784")));
    let none = with(node.clone(), &[("SOPNUMBE", Text("NONE"))]);
    let missing = codes::TRACKING_DOCUMENT;
    refused(&sandbox, &mut client, procedure, &none, missing).await;
    let before = snapshot(&sandbox);
    done(&mut client, procedure, &node).await;
    assert_eq!(
        changes(&before, &snapshot(&sandbox)),
        "+SOP10107 SOPNUMBE=SENT SOPTYPE=2 Tracking_Number=1Z999AA10123456784"
    );
    let twice = codes::TRACKING_TWICE;
    refused(&sandbox, &mut client, procedure, &node, twice).await;
    done(&mut client, "taSopVoidDocument", &document("SENT")).await;
    let second = with(node, &[("Tracking_Number", Text("1Z999AA10123456785"))]);
    done(&mut client, procedure, &second).await;
}

fn commission(number: &str) -> Node {
    let mut node = document(number);
    node.extend([
        ("SLPRSNID", Text("PAUL W.")),
        ("SALSTERR", Text("TERRITORY 1")),
        ("COMPRCNT", Money("3.00")),
        ("PRCTOSAL", Money("60")),
        ("COMMAMNT", Money("0.59")),
        ("CUSTNMBR", Text("AARONFIT0001")),
    ]);
    node
}

#[tokio::test]
async fn commissions_share_a_sale_and_go_with_its_document() {
    let sandbox = sandbox().await;
    let mut client = connect(&sandbox).await;
    let procedure = "taSopCommissions";
    let empty = snapshot(&sandbox);
    done(&mut client, procedure, &commission("P1")).await;
    assert_eq!(
        changes(&empty, &snapshot(&sandbox)),
        "+SOP10101 SOPTYPE=2 SOPNUMBE=P1 SLPRSNID=PAUL W. SALSTERR=TERRITORY 1 COMPRCNT=300 \
PRCTOSAL=6000 COMMAMNT=0.59 OCOMMAMT=0.59 CURRNIDX=1007"
    );
    let sandra = with(commission("P1"), &[("SLPRSNID", Text("SANDRA M."))]);
    for (node, change, code) in [
        (
            commission("P1"),
            ("SOPTYPE", Number(2)),
            vec![codes::COMMISSION_TWICE, codes::COMMISSION_SHARES],
        ),
        (
            sandra.clone(),
            ("SOPTYPE", Number(2)),
            vec![codes::COMMISSION_SHARES],
        ),
    ] {
        let before = snapshot(&sandbox);
        let answer = call(&mut client, procedure, &with(node, &[change]))
            .await
            .unwrap();
        assert_eq!(answer.codes(), code);
        assert_eq!(changes(&before, &snapshot(&sandbox)), "");
    }
    for (change, code) in [
        (("SOPTYPE", Number(0)), codes::COMMISSION_SOPTYPE),
        (("CUSTNMBR", Text("NOBODY")), codes::COMMISSION_CUSTOMER),
        (("SLPRSNID", Text("NOBODY")), codes::COMMISSION_SALESPERSON),
        (("SLPRSNID", Text("OLD S.")), codes::SALESPERSON_INACTIVE),
        (("SALSTERR", Text("MOON")), codes::COMMISSION_TERRITORY),
        (("COMPRCNT", Money("100.01")), codes::COMMISSION_PERCENT),
        (("COMMAMNT", Money("-1")), codes::COMMISSION_NEGATIVE),
        (("CURNCYID", Text("NONE")), codes::COMMISSION_CURRENCY),
        (("LNITMSEQ", Number(16_384)), codes::COMMISSION_LINE),
    ] {
        let node = with(commission("P2"), &[change]);
        refused(&sandbox, &mut client, procedure, &node, code).await;
    }
    let rest = with(sandra, &[("PRCTOSAL", Money("40"))]);
    done(&mut client, procedure, &rest).await;
    order(&mut client, "P1").await;
    done(&mut client, "taSopDeleteDocument", &document("P1")).await;
    let left = "SELECT COUNT(*) FROM SOP10101";
    assert_eq!(one(&mut client, left).await, "0");
}
