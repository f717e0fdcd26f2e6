//! Serial and lot numbers on sales documents: sent, chosen, replaced, given back and coming back.

use super::super::Sandbox;
use super::super::procedures::sop::codes;
use super::super::session::Session;
use super::super::user::Act;
use super::difference::{changes, snapshot};
use super::sales_documents::{LOCK, deletion, document, done, refused};
use super::{
    Connection, Element, Node, call, code, connect, header, line, one, rows, sandbox, with, without,
};
use Element::{Money, Number, Text};

const LINE: &str = "taSopLineIvcInsert";
const HEADER: &str = "taSopHdrIvcInsert";
const SERIAL: &str = "taSopSerial";
const LOT: &str = "taSopLotAuto";
const CUSTOMER: &str = "AARONFIT0001";

fn serial(number: &'static str) -> Node {
    let mut node = document("T1");
    node.extend([
        ("LNITMSEQ", Number(16_384)),
        ("ITEMNMBR", Text("STK-SCANNER")),
        ("LOCNCODE", Text("WAREHOUSE")),
        ("SERLNMBR", Text(number)),
        ("DOCID", Text("WEBORD")),
    ]);
    node
}

fn lot(number: &'static str, quantity: &'static str) -> Node {
    let mut node = document("T1");
    node.extend([
        ("LNITMSEQ", Number(16_384)),
        ("ITEMNMBR", Text("STK-PASTE")),
        ("LOCNCODE", Text("WAREHOUSE")),
        ("LOTNUMBR", Text(number)),
        ("QUANTITY", Money(quantity)),
        ("DOCID", Text("WEBORD")),
    ]);
    node
}

fn scanners(quantity: &'static str, price: &'static str) -> Node {
    with(
        line("T1", CUSTOMER),
        &[
            ("ITEMNMBR", Text("STK-SCANNER")),
            ("DOCID", Text("WEBORD")),
            ("QUANTITY", Money(quantity)),
            ("UNITPRCE", Money("120")),
            ("XTNDPRCE", Money(price)),
        ],
    )
}

fn pastes(quantity: &'static str, price: &'static str) -> Node {
    with(
        scanners(quantity, price),
        &[("ITEMNMBR", Text("STK-PASTE")), ("UNITPRCE", Money("9.50"))],
    )
}

fn manual(node: Node) -> Node {
    let modes = [
        ("AUTOALLOCATESERIAL", Number(1)),
        ("AUTOALLOCATELOT", Number(1)),
    ];
    with(node, &modes)
}

pub(super) fn again(node: Node) -> Node {
    with(node, &[("UpdateIfExists", Number(1))])
}

/// The header of an order whose lines come to an amount.
pub(super) fn closing(amount: &'static str) -> Node {
    with(
        header("T1", CUSTOMER),
        &[
            ("DOCID", Text("WEBORD")),
            ("SUBTOTAL", Money(amount)),
            ("FREIGHT", Money("0")),
            ("TAXAMNT", Money("0")),
            ("TRDISAMT", Money("0")),
            ("DOCAMNT", Money(amount)),
            ("PYMTRCVD", Money("0")),
        ],
    )
}

/// The numbers of the document by line sequence, with their quantities.
async fn numbers(client: &mut Connection) -> String {
    let sql = "SELECT RTRIM(SERLTNUM) + '=' + CAST(CAST(SERLTQTY AS int) AS varchar(9)) FROM SOP10201 ORDER BY LNITMSEQ, CMPNTSEQ, SLTSQNUM";
    rows(client, sql).await.unwrap().concat().join(" ")
}

/// The serial numbers that are taken.
async fn sold(client: &mut Connection) -> String {
    let sql = "SELECT RTRIM(SERLNMBR) FROM IV00200 WHERE SERLNSLD = 1 ORDER BY SERLNMBR";
    rows(client, sql).await.unwrap().concat().join(" ")
}

/// What is allocated of the two lots.
async fn lots(client: &mut Connection) -> String {
    let sql = "SELECT CAST(CAST(ATYALLOC AS int) AS varchar(9)) FROM IV00300 ORDER BY LOTNUMBR";
    rows(client, sql).await.unwrap().concat().join(" ")
}

#[tokio::test]
async fn an_order_sells_the_serial_numbers_that_were_sent() {
    let sandbox = sandbox().await;
    let mut client = connect(&sandbox).await;
    let before = snapshot(&sandbox);
    done(&mut client, SERIAL, &serial("SCAN002")).await;
    done(&mut client, SERIAL, &serial("SCAN003")).await;
    done(&mut client, LINE, &manual(scanners("2", "240"))).await;
    done(&mut client, HEADER, &closing("240")).await;
    let told = changes(&before, &snapshot(&sandbox));
    let own: Vec<_> = told
        .lines()
        .filter(|line| !line.contains("SOP10100") && !line.contains("SOP10102"))
        .collect();
    assert_eq!(
        own.join("\n"),
        "\
~IV00102 ATYALLOC=2
~IV00102 ATYALLOC=2
~IV00200 SERLNSLD=1
~IV00200 SERLNSLD=1
+SOP10200 SOPTYPE=2 SOPNUMBE=T1 LNITMSEQ=16384 ITEMNMBR=STK-SCANNER ITEMDESC=Hand scanner \
UOFM=Each LOCNCODE=WAREHOUSE UNITCOST=60 ORUNTCST=60 UNITPRCE=120 ORUNTPRC=120 XTNDPRCE=240 \
OXTNDPRC=240 REMPRICE=240 OREPRICE=240 EXTDCOST=120 OREXTCST=120 QUANTITY=2 ATYALLOC=2 QTYREMAI=2 \
QTYTOINV=2 QTYFULFI=2 QTYSLCTD=2 QTYBSUOM=1 EXTQTYAL=2 CURRNIDX=1007 DECPLQTY=1 DECPLCUR=3 \
ODECPLCU=3
+SOP10201 SOPTYPE=2 SOPNUMBE=T1 LNITMSEQ=16384 QTYTYPE=1 SERLTNUM=SCAN002 SERLTQTY=1 SLTSQNUM=1 \
DATERECD=today DTSEQNUM=32768 UNITCOST=60 ITEMNMBR=STK-SCANNER
+SOP10201 SOPTYPE=2 SOPNUMBE=T1 LNITMSEQ=16384 QTYTYPE=1 SERLTNUM=SCAN003 SERLTQTY=1 SLTSQNUM=2 \
DATERECD=today DTSEQNUM=49152 UNITCOST=60 ITEMNMBR=STK-SCANNER
+SY00500 GLPOSTDT=2026-03-05 BCHSOURC=Sales Entry BACHNUMB=WEB20260305 SERIES=3 NUMOFTRX=1 \
BACHFREQ=1 BCHTOTAL=240 MODIFDT=today CREATDDT=today ORIGIN=1"
    );
}

#[tokio::test]
async fn an_order_sells_the_oldest_lots_where_none_are_sent() {
    let sandbox = sandbox().await;
    let mut client = connect(&sandbox).await;
    let before = snapshot(&sandbox);
    done(&mut client, LINE, &pastes("12", "114")).await;
    assert_eq!(
        changes(&before, &snapshot(&sandbox)),
        "\
~IV00102 ATYALLOC=12
~IV00102 ATYALLOC=12
~IV00300 ATYALLOC=10
~IV00300 ATYALLOC=2
+SOP10200 SOPTYPE=2 SOPNUMBE=T1 LNITMSEQ=16384 ITEMNMBR=STK-PASTE ITEMDESC=Thermal paste \
UOFM=Each LOCNCODE=WAREHOUSE UNITCOST=4 ORUNTCST=4 UNITPRCE=9.5 ORUNTPRC=9.5 XTNDPRCE=114 \
OXTNDPRC=114 REMPRICE=114 OREPRICE=114 EXTDCOST=48 OREXTCST=48 QUANTITY=12 ATYALLOC=12 \
QTYREMAI=12 QTYTOINV=12 QTYFULFI=12 QTYSLCTD=12 QTYBSUOM=1 EXTQTYAL=12 CURRNIDX=1007 DECPLQTY=1 \
DECPLCUR=3 ODECPLCU=3
+SOP10201 SOPTYPE=2 SOPNUMBE=T1 LNITMSEQ=16384 QTYTYPE=1 SERLTNUM=LOT-A SERLTQTY=10 SLTSQNUM=1 \
DATERECD=today DTSEQNUM=16384 UNITCOST=4 ITEMNMBR=STK-PASTE
+SOP10201 SOPTYPE=2 SOPNUMBE=T1 LNITMSEQ=16384 QTYTYPE=1 SERLTNUM=LOT-B SERLTQTY=2 SLTSQNUM=2 \
DATERECD=today DTSEQNUM=32768 UNITCOST=4 ITEMNMBR=STK-PASTE"
    );
}

#[tokio::test]
async fn a_void_or_a_deletion_gives_the_numbers_back() {
    for way in [
        "taSopVoidDocument",
        "taSopDeleteDocument",
        "taSopLineDelete",
    ] {
        let sandbox = sandbox().await;
        let mut client = connect(&sandbox).await;
        let pastes = with(pastes("12", "114"), &[("LNITMSEQ", Number(32_768))]);
        done(&mut client, LINE, &scanners("2", "240")).await;
        done(&mut client, LINE, &pastes).await;
        done(&mut client, HEADER, &closing("354")).await;
        assert_eq!(
            numbers(&mut client).await,
            "SCAN001=1 SCAN002=1 LOT-A=10 LOT-B=2"
        );
        assert_eq!(sold(&mut client).await, "SCAN001 SCAN002");
        assert_eq!(lots(&mut client).await, "10 2");
        if way == "taSopLineDelete" {
            let gone = with(deletion("T1"), &[("ITEMNMBR", Text("STK-SCANNER"))]);
            done(&mut client, way, &gone).await;
            assert_eq!(numbers(&mut client).await, "LOT-A=10 LOT-B=2");
            let gone = with(deletion("T1"), &[("ITEMNMBR", Text("STK-PASTE"))]);
            done(&mut client, way, &gone).await;
        } else {
            done(&mut client, way, &document("T1")).await;
        }
        assert_eq!(numbers(&mut client).await, "", "{way}");
        assert_eq!(sold(&mut client).await, "", "{way}");
        assert_eq!(lots(&mut client).await, "0 0", "{way}");
        let allocated = "SELECT SUM(ATYALLOC) FROM IV00102";
        assert_eq!(one(&mut client, allocated).await, "0.00000", "{way}");
    }
}

#[tokio::test]
async fn a_line_chooses_no_more_numbers_than_are_allocated_and_fulfilled() {
    let sandbox = sandbox().await;
    let mut client = connect(&sandbox).await;
    let columns = "SELECT ATYALLOC, QTYFULFI, QTYSLCTD FROM SOP10200";
    // The standard order allocates with its batch, five pieces override the three there are.
    for (changes, expected, taken) in [
        (vec![("DOCID", Text("STDORD"))], ["0.00000"; 3], ""),
        (
            vec![("QTYFULFI", Money("1"))],
            ["2.00000", "1.00000", "1.00000"],
            "SCAN001=1",
        ),
        (
            vec![("QTYFULFI", Money("0"))],
            ["2.00000", "0.00000", "0.00000"],
            "",
        ),
        (vec![("DROPSHIP", Number(1))], ["0.00000"; 3], ""),
        (
            vec![("QUANTITY", Money("5")), ("XTNDPRCE", Money("600"))],
            ["5.00000", "3.00000", "3.00000"],
            "SCAN001=1 SCAN002=1 SCAN003=1",
        ),
    ] {
        let node = again(with(scanners("2", "240"), &changes));
        done(&mut client, LINE, &node).await;
        let found = rows(&mut client, columns).await.unwrap();
        assert_eq!(found, [expected], "{changes:?}");
        assert_eq!(numbers(&mut client).await, taken, "{changes:?}");
    }
    one(
        &mut client,
        "UPDATE SOP40200 SET USPFULPR = 1 WHERE DOCID = 'WEBORD'",
    )
    .await;
    let waits = with(scanners("2", "240"), &[("SOPNUMBE", Text("T2"))]);
    done(&mut client, LINE, &waits).await;
    let later = "SELECT QTYFULFI FROM SOP10200 WHERE SOPNUMBE = 'T2'";
    assert_eq!(one(&mut client, later).await, "0.00000");
}

#[tokio::test]
async fn a_line_sent_again_keeps_its_numbers_or_chooses_anew() {
    let sandbox = sandbox().await;
    let mut client = connect(&sandbox).await;
    done(&mut client, SERIAL, &serial("SCAN003")).await;
    let mixed = [("AUTOALLOCATESERIAL", Number(2))];
    done(&mut client, LINE, &with(scanners("2", "240"), &mixed)).await;
    assert_eq!(numbers(&mut client).await, "SCAN003=1 SCAN001=1");
    done(&mut client, LINE, &again(scanners("3", "360"))).await;
    assert_eq!(numbers(&mut client).await, "SCAN003=1 SCAN001=1 SCAN002=1");
    done(&mut client, LINE, &again(scanners("1", "120"))).await;
    assert_eq!(numbers(&mut client).await, "SCAN001=1");
    assert_eq!(sold(&mut client).await, "SCAN001");
    let north = again(with(scanners("1", "120"), &[("LOCNCODE", Text("NORTH"))]));
    refused(
        &sandbox,
        &mut client,
        LINE,
        &manual(north.clone()),
        codes::NUMBERS_DIFFER,
    )
    .await;
    done(&mut client, LINE, &north).await;
    assert_eq!(numbers(&mut client).await, "");
    assert_eq!(sold(&mut client).await, "");
}

#[tokio::test]
async fn a_number_takes_the_place_of_another_one() {
    let sandbox = sandbox().await;
    let mut client = connect(&sandbox).await;
    let pastes = with(pastes("12", "114"), &[("LNITMSEQ", Number(32_768))]);
    done(&mut client, LINE, &scanners("1", "120")).await;
    done(&mut client, LINE, &pastes).await;
    done(&mut client, HEADER, &closing("234")).await;
    let before = snapshot(&sandbox);
    let other = with(
        again(serial("SCAN003")),
        &[("SERLNMBRToReplace", Text("SCAN001"))],
    );
    done(&mut client, SERIAL, &other).await;
    assert_eq!(
        changes(&before, &snapshot(&sandbox)),
        "\
~IV00200 SERLNSLD=none
~IV00200 SERLNSLD=1
+SOP10201 SOPTYPE=2 SOPNUMBE=T1 LNITMSEQ=16384 QTYTYPE=1 SERLTNUM=SCAN003 SERLTQTY=1 SLTSQNUM=1 \
DATERECD=today DTSEQNUM=49152 UNITCOST=60 ITEMNMBR=STK-SCANNER
-SOP10201"
    );
    let place = [("LNITMSEQ", Number(32_768))];
    let more = again(with(lot("LOT-B", "3"), &place));
    refused(&sandbox, &mut client, LOT, &more, codes::LOT_FULFILLED).await;
    let other = with(
        again(with(lot("LOT-C", "10"), &place)),
        &[("LOTNUMBRToReplace", Text("LOT-A"))],
    );
    refused(&sandbox, &mut client, LOT, &other, codes::LOT_UNKNOWN).await;
    let created = with(other, &[("AUTOCREATELOT", Number(1))]);
    done(&mut client, LOT, &created).await;
    assert_eq!(numbers(&mut client).await, "SCAN003=1 LOT-B=2 LOT-C=10");
    assert_eq!(lots(&mut client).await, "0 2");
    let fewer = again(with(lot("LOT-B", "1"), &place));
    done(&mut client, LOT, &fewer).await;
    assert_eq!(lots(&mut client).await, "0 1");
    let fulfilled = "SELECT QTYFULFI FROM SOP10200 WHERE LNITMSEQ = 32768";
    assert_eq!(one(&mut client, fulfilled).await, "11.00000");
    // The line is told the one piece that no lot has any more.
    let whole = again(with(pastes, &[("AUTOALLOCATELOT", Number(2))]));
    done(&mut client, LINE, &whole).await;
    assert_eq!(lots(&mut client).await, "1 1");
    done(&mut client, "taSopDeleteDocument", &document("T1")).await;
    assert_eq!(lots(&mut client).await, "0 0");
    assert_eq!(sold(&mut client).await, "");
}

#[tokio::test]
async fn a_sent_lot_is_taken_from_its_receipts_or_the_oldest_are() {
    let sandbox = sandbox().await;
    let mut client = connect(&sandbox).await;
    done(&mut client, LOT, &lot("", "12")).await;
    assert_eq!(numbers(&mut client).await, "LOT-A=10 LOT-B=2");
    done(&mut client, LINE, &manual(pastes("12", "114"))).await;
    done(&mut client, HEADER, &closing("114")).await;
    done(&mut client, "taSopDeleteDocument", &document("T1")).await;
    one(
        &mut client,
        "UPDATE IV00300 SET EXPNDATE = '2020-01-01' WHERE LOTNUMBR = 'LOT-A'",
    )
    .await;
    done(&mut client, LOT, &lot("", "1")).await;
    done(&mut client, LOT, &lot("LOT-A", "1")).await;
    assert_eq!(numbers(&mut client).await, "LOT-B=1 LOT-A=1");
    let short = with(lot("", "20"), &[("LNITMSEQ", Number(32_768))]);
    refused(&sandbox, &mut client, LOT, &short, codes::LOT_SHORT).await;
    let then = with(short, &[("USERDATE", Text("2019-12-31"))]);
    done(&mut client, LOT, &then).await;
    assert_eq!(lots(&mut client).await, "10 12");
}

/// A node of a return, whose lines come without a document id.
fn returned(node: Node) -> Node {
    with(without(node, "DOCID"), &[("SOPTYPE", Number(4))])
}

#[tokio::test]
async fn a_return_takes_numbers_back_or_brings_new_ones() {
    let sandbox = sandbox().await;
    let mut client = connect(&sandbox).await;
    one(
        &mut client,
        "UPDATE IV00200 SET SERLNSLD = 1 WHERE SERLNMBR = 'SCAN002'",
    )
    .await;
    one(
        &mut client,
        "UPDATE IV00101 SET LASTGENSN = 'SCAN009' WHERE ITEMNMBR = 'STK-SCANNER'",
    )
    .await;
    let before = snapshot(&sandbox);
    let damaged = with(returned(serial("SCAN002")), &[("QTYTYPE", Number(5))]);
    done(&mut client, SERIAL, &damaged).await;
    let unknown = returned(serial("SCAN007"));
    let code = codes::SERIAL_UNKNOWN;
    refused(&sandbox, &mut client, SERIAL, &unknown, code).await;
    let created = with(unknown, &[("AUTOCREATESERIAL", Number(1))]);
    done(&mut client, SERIAL, &created).await;
    done(
        &mut client,
        SERIAL,
        &with(created.clone(), &[("SERLNMBR", Text(""))]),
    )
    .await;
    for number in ["SCAN001", "SCAN007"] {
        let node = with(
            created.clone(),
            &[("SERLNMBR", Text(number)), ("LNITMSEQ", Number(32_768))],
        );
        let code = codes::SERIAL_STOCKED;
        refused(&sandbox, &mut client, SERIAL, &node, code).await;
    }
    let states = [("QTYONHND", Money("2")), ("QTYDMGED", Money("1"))];
    let scanners = returned(scanners("3", "360"));
    let code = codes::NUMBERS_DIFFER;
    refused(&sandbox, &mut client, LINE, &scanners, code).await;
    let line = with(scanners.clone(), &states);
    done(&mut client, LINE, &line).await;
    let lots = [
        ("LNITMSEQ", Number(32_768)),
        ("MFGDATE", Text("2026-01-01")),
    ];
    let blank = with(returned(lot("", "2")), &lots);
    refused(&sandbox, &mut client, LOT, &blank, codes::LOT_BLANK).await;
    let unknown = with(returned(lot("LOT-N", "2")), &lots);
    refused(&sandbox, &mut client, LOT, &unknown, codes::LOT_UNKNOWN).await;
    let created = with(unknown, &[("AUTOCREATELOT", Number(1))]);
    done(&mut client, LOT, &created).await;
    done(&mut client, LOT, &with(returned(lot("LOT-A", "1")), &lots)).await;
    let line = with(
        returned(pastes("3", "28.50")),
        &[("LNITMSEQ", Number(32_768))],
    );
    let none = with(line.clone(), &[("LNITMSEQ", Number(49_152))]);
    let code = codes::NUMBERS_DIFFER;
    refused(&sandbox, &mut client, LINE, &none, code).await;
    done(&mut client, LINE, &line).await;
    let told = changes(&before, &snapshot(&sandbox));
    let own: Vec<_> = told
        .lines()
        .filter(|line| !line.contains("+SOP10200"))
        .collect();
    assert_eq!(
        own.join("\n"),
        "\
~IV00101 LASTGENSN=SCAN010
+SOP10201 SOPTYPE=4 SOPNUMBE=T1 LNITMSEQ=16384 QTYTYPE=5 SERLTNUM=SCAN002 SERLTQTY=1 SLTSQNUM=1 \
DATERECD=today DTSEQNUM=32768 UNITCOST=60 ITEMNMBR=STK-SCANNER
+SOP10201 SOPTYPE=4 SOPNUMBE=T1 LNITMSEQ=16384 QTYTYPE=1 SERLTNUM=SCAN007 SERLTQTY=1 SLTSQNUM=2 \
ITEMNMBR=STK-SCANNER
+SOP10201 SOPTYPE=4 SOPNUMBE=T1 LNITMSEQ=16384 QTYTYPE=1 SERLTNUM=SCAN010 SERLTQTY=1 SLTSQNUM=3 \
ITEMNMBR=STK-SCANNER
+SOP10201 SOPTYPE=4 SOPNUMBE=T1 LNITMSEQ=32768 QTYTYPE=1 SERLTNUM=LOT-N SERLTQTY=2 SLTSQNUM=1 \
ITEMNMBR=STK-PASTE MFGDATE=2026-01-01
+SOP10201 SOPTYPE=4 SOPNUMBE=T1 LNITMSEQ=32768 QTYTYPE=1 SERLTNUM=LOT-A SERLTQTY=1 SLTSQNUM=2 \
DATERECD=today DTSEQNUM=16384 UNITCOST=4 ITEMNMBR=STK-PASTE"
    );
    let states = again(returned(serial("SCAN002")));
    done(&mut client, SERIAL, &states).await;
    let state = "SELECT QTYTYPE FROM SOP10201 WHERE SERLTNUM = 'SCAN002'";
    assert_eq!(one(&mut client, state).await, "1");
    done(&mut client, LINE, &again(scanners)).await;
    let header = with(
        closing("388.50"),
        &[("SOPTYPE", Number(4)), ("DOCID", Text("RTN"))],
    );
    done(&mut client, HEADER, &header).await;
    let gone = with(document("T1"), &[("SOPTYPE", Number(4))]);
    done(&mut client, "taSopDeleteDocument", &gone).await;
    assert_eq!(numbers(&mut client).await, "");
    assert_eq!(sold(&mut client).await, "SCAN002");
}

#[tokio::test]
async fn what_is_wrong_with_a_serial_number_has_its_code_and_leaves_nothing() {
    let sandbox = sandbox().await;
    let mut client = connect(&sandbox).await;
    one(
        &mut client,
        "UPDATE IV00200 SET SERLNSLD = 1 WHERE SERLNMBR = 'SCAN003'",
    )
    .await;
    done(&mut client, SERIAL, &serial("SCAN001")).await;
    let override_it = [
        ("AUTOCREATESERIAL", Number(1)),
        ("LNITMSEQ", Number(32_768)),
    ];
    done(&mut client, SERIAL, &with(serial("SCAN050"), &override_it)).await;
    for (changes, code) in [
        (vec![("SOPTYPE", Number(1))], codes::SERIAL_TYPE),
        (vec![("SOPTYPE", Number(5))], codes::SERIAL_TYPE),
        (vec![("SOPTYPE", Number(7))], codes::SERIAL_TYPE),
        (vec![("LNITMSEQ", Number(-1))], codes::SERIAL_SEQUENCE),
        (vec![("CMPNTSEQ", Number(-1))], codes::SERIAL_SEQUENCE),
        (vec![("ITEMNMBR", Text("NONE"))], codes::SERIAL_ITEM),
        (
            vec![("ITEMNMBR", Text("STK-PASTE"))],
            codes::SERIAL_UNTRACKED,
        ),
        (vec![("LOCNCODE", Text("MOON"))], codes::SERIAL_SITE),
        (vec![("LOCNCODE", Text("NORTH"))], codes::SERIAL_UNKNOWN),
        (vec![("QTYTYPE", Number(6))], codes::SERIAL_QUANTITY_TYPE),
        (vec![("QTYTYPE", Number(5))], codes::SERIAL_QUANTITY_TYPE),
        (vec![("BIN", Text("A1"))], codes::SERIAL_BIN),
        (vec![("CREATEBIN", Number(1))], codes::SERIAL_BIN),
        (vec![("DROPSHIP", Number(1))], codes::SERIAL_DROP_SHIP),
        (vec![("QUANTITY", Money("2"))], codes::SERIAL_QUANTITY),
        (vec![("QTYFULFI", Money("-1"))], codes::SERIAL_QUANTITY),
        (vec![("QTYFULFI", Money("2"))], codes::FULFILLED),
        (vec![("DOCID", Text("STDORD"))], codes::FULFILLED),
        (vec![("SERLNMBR", Text(""))], codes::SERIAL_BLANK),
        (vec![("SERLNMBR", Text("SCAN001"))], codes::SERIAL_TWICE),
        (
            vec![("SERLNMBR", Text("SCAN001")), ("LNITMSEQ", Number(32_768))],
            codes::SERIAL_SOLD,
        ),
        (vec![("SERLNMBR", Text("SCAN003"))], codes::SERIAL_SOLD),
        (vec![("SERLNMBR", Text("SCAN050"))], codes::SERIAL_SOLD),
        (vec![("SERLNMBR", Text("SCAN099"))], codes::SERIAL_UNKNOWN),
        (
            vec![("SERLNMBRToReplace", Text("SCAN001"))],
            codes::SERIAL_REPLACED,
        ),
        (
            vec![
                ("SERLNMBRToReplace", Text("SCAN002")),
                ("UpdateIfExists", Number(1)),
            ],
            codes::SERIAL_REPLACED,
        ),
    ] {
        let node = with(serial("SCAN002"), &changes);
        refused(&sandbox, &mut client, SERIAL, &node, code).await;
    }
    one(&mut client, "DELETE FROM SOP10201 WHERE LNITMSEQ = 32768").await;
    done(&mut client, LINE, &manual(scanners("1", "120"))).await;
    let full = serial("SCAN002");
    refused(&sandbox, &mut client, SERIAL, &full, codes::FULFILLED).await;
    let north = with(full.clone(), &[("LOCNCODE", Text("NORTH"))]);
    refused(&sandbox, &mut client, SERIAL, &north, codes::SERIAL_OTHER).await;
    done(&mut client, HEADER, &closing("120")).await;
    refused(&sandbox, &mut client, SERIAL, &full, codes::SERIAL_DOCUMENT).await;
    one(&mut client, LOCK).await;
    let locked = again(with(full.clone(), &[("LNITMSEQ", Number(32_768))]));
    refused(&sandbox, &mut client, SERIAL, &locked, codes::SERIAL_LOCKED).await;
    one(&mut client, "DELETE FROM tempdb..DEX_LOCK").await;
    done(&mut client, SERIAL, &locked).await;
    let update = with(closing("120"), &[("UpdateExisting", Number(1))]);
    refused(&sandbox, &mut client, HEADER, &update, codes::NUMBERS_STRAY).await;
    done(&mut client, "taSopVoidDocument", &document("T1")).await;
    assert_eq!(sold(&mut client).await, "SCAN003");
    refused(
        &sandbox,
        &mut client,
        SERIAL,
        &again(full),
        codes::SERIAL_DOCUMENT,
    )
    .await;
}

#[tokio::test]
async fn what_is_wrong_with_a_lot_number_has_its_code_and_leaves_nothing() {
    let sandbox = sandbox().await;
    let mut client = connect(&sandbox).await;
    done(&mut client, LOT, &lot("LOT-A", "4")).await;
    for (changes, code) in [
        (vec![("SOPTYPE", Number(1))], codes::LOT_TYPE),
        (vec![("LNITMSEQ", Number(-1))], codes::LOT_SEQUENCE),
        (vec![("ITEMNMBR", Text("NONE"))], codes::LOT_ITEM),
        (
            vec![("ITEMNMBR", Text("STK-SCANNER"))],
            codes::LOT_UNTRACKED,
        ),
        (vec![("LOCNCODE", Text("MOON"))], codes::LOT_SITE),
        (vec![("LOCNCODE", Text("NORTH"))], codes::LOT_UNKNOWN),
        (vec![("QTYTYPE", Number(2))], codes::LOT_QUANTITY_TYPE),
        (vec![("BIN", Text("A1"))], codes::LOT_BIN),
        (vec![("DROPSHIP", Number(1))], codes::LOT_DROP_SHIP),
        (vec![("QUANTITY", Money("0"))], codes::LOT_QUANTITY),
        (vec![("QTYFULFI", Money("-1"))], codes::LOT_QUANTITY),
        (vec![("QTYFULFI", Money("6"))], codes::LOT_FULFILLED),
        (vec![("DOCID", Text("STDORD"))], codes::LOT_FULFILLED),
        (vec![("UOFM", Text("Barrel"))], codes::LOT_UNIT),
        (vec![("LOTNUMBR", Text("LOT-X"))], codes::LOT_UNKNOWN),
        (vec![("DATERECD", Text("2020-01-01"))], codes::LOT_UNKNOWN),
        (vec![("QUANTITY", Money("21"))], codes::LOT_SHORT),
        (vec![("LOTNUMBR", Text("LOT-A"))], codes::LOT_TWICE),
        (
            vec![("LOTNUMBRToReplace", Text("LOT-A"))],
            codes::LOT_REPLACED,
        ),
    ] {
        let node = with(lot("LOT-B", "5"), &changes);
        refused(&sandbox, &mut client, LOT, &node, code).await;
    }
    let other = with(manual(pastes("4", "38")), &[("LNITMSEQ", Number(32_768))]);
    done(&mut client, LINE, &manual(pastes("4", "38"))).await;
    let north = with(lot("LOT-B", "1"), &[("LOCNCODE", Text("NORTH"))]);
    refused(&sandbox, &mut client, LOT, &north, codes::LOT_OTHER).await;
    refused(&sandbox, &mut client, LINE, &other, codes::NUMBERS_DIFFER).await;
    done(&mut client, HEADER, &closing("38")).await;
    let late = lot("LOT-B", "1");
    refused(&sandbox, &mut client, LOT, &late, codes::LOT_DOCUMENT).await;
    one(&mut client, LOCK).await;
    refused(&sandbox, &mut client, LOT, &again(late), codes::LOT_LOCKED).await;
}

#[tokio::test]
async fn a_line_refuses_numbers_that_are_not_its_own() {
    let sandbox = sandbox().await;
    let mut client = connect(&sandbox).await;
    let two = scanners("2", "240");
    for (mode, code) in [(1, codes::NUMBERS_DIFFER), (3, codes::NUMBERS_MODE)] {
        let node = with(two.clone(), &[("AUTOALLOCATESERIAL", Number(mode))]);
        refused(&sandbox, &mut client, LINE, &node, code).await;
    }
    for fulfilled in ["3", "4"] {
        let node = with(two.clone(), &[("QTYFULFI", Money(fulfilled))]);
        refused(&sandbox, &mut client, LINE, &node, codes::NUMBERS_DIFFER).await;
    }
    let beyond = with(scanners("4", "480"), &[("QTYFULFI", Money("4"))]);
    refused(&sandbox, &mut client, LINE, &beyond, codes::NUMBERS_DIFFER).await;
    done(&mut client, SERIAL, &serial("SCAN001")).await;
    done(&mut client, SERIAL, &serial("SCAN002")).await;
    refused(&sandbox, &mut client, LINE, &two, codes::NUMBERS_MODE).await;
    let one_piece = manual(scanners("1", "120"));
    refused(
        &sandbox,
        &mut client,
        LINE,
        &one_piece,
        codes::NUMBERS_DIFFER,
    )
    .await;
    done(&mut client, LINE, &line("T1", CUSTOMER)).await;
    let header = closing("32.85");
    refused(&sandbox, &mut client, HEADER, &header, codes::NUMBERS_STRAY).await;
}

#[tokio::test]
async fn numbers_count_base_units_and_lines_their_own() {
    let sandbox = sandbox().await;
    let mut client = connect(&sandbox).await;
    let unit = "INSERT INTO IV40202 (UOMSCHDL, UOFM, EQUIVUOM, SEQNUMBR, EQUOMQTY, QTYBSUOM) VALUES ('PHONE', 'Box', 'Each', 2, 5, 5)";
    rows(&mut client, unit).await.unwrap();
    let boxes = [("UOFM", Text("Box"))];
    done(&mut client, LOT, &with(lot("LOT-B", "2"), &boxes)).await;
    done(&mut client, LOT, &lot("LOT-A", "5")).await;
    let line = with(manual(pastes("3", "28.50")), &boxes);
    done(&mut client, LINE, &line).await;
    assert_eq!(numbers(&mut client).await, "LOT-B=10 LOT-A=5");
    let columns = "SELECT ATYALLOC, QTYFULFI, QTYSLCTD, QTYBSUOM FROM SOP10200";
    assert_eq!(
        rows(&mut client, columns).await.unwrap(),
        [["3.00000", "3.00000", "3.00000", "5.00000"]]
    );
    let fewer = again(with(lot("LOT-B", "1"), &boxes));
    done(&mut client, LOT, &fewer).await;
    let fulfilled = "SELECT QTYFULFI FROM SOP10200";
    assert_eq!(one(&mut client, fulfilled).await, "2.00000");
    assert_eq!(lots(&mut client).await, "5 5");
}

#[tokio::test]
async fn two_orders_cannot_sell_the_same_piece() {
    let sandbox = sandbox().await;
    let (mut first, mut second) = (connect(&sandbox).await, connect(&sandbox).await);
    let other = with(serial("SCAN001"), &[("SOPNUMBE", Text("T2"))]);
    first.begin_transaction().await.unwrap();
    done(&mut first, SERIAL, &serial("SCAN001")).await;
    rows(&mut second, "SET LOCK_TIMEOUT 100").await.unwrap();
    let waited = call(&mut second, SERIAL, &other).await;
    assert_eq!(code(&waited.unwrap_err()), 1222);
    first.commit_transaction().await.unwrap();
    let sold = codes::SERIAL_SOLD;
    refused(&sandbox, &mut second, SERIAL, &other, sold).await;
    let line = with(scanners("2", "240"), &[("SOPNUMBE", Text("T2"))]);
    done(&mut second, LINE, &line).await;
    let chosen = "SELECT RTRIM(SERLTNUM) FROM SOP10201 WHERE SOPNUMBE = 'T2' ORDER BY SLTSQNUM";
    let chosen = rows(&mut second, chosen).await.unwrap();
    assert_eq!(chosen.concat(), ["SCAN002", "SCAN003"]);
}

#[tokio::test]
async fn only_what_goes_out_of_stock_chooses_numbers() {
    for (kind, document, expected) in [
        (1, "STDQTE", ""),
        (2, "WEBORD", "SCAN001=1 SCAN002=1"),
        (3, "STDINV", "SCAN001=1 SCAN002=1"),
        (5, "BKO", ""),
        (6, "FULORD", "SCAN001=1 SCAN002=1"),
    ] {
        let sandbox = sandbox().await;
        let mut client = connect(&sandbox).await;
        let kind = [("SOPTYPE", Number(kind))];
        let line = with(without(scanners("2", "240"), "DOCID"), &kind);
        done(&mut client, LINE, &line).await;
        let header = with(with(closing("240"), &kind), &[("DOCID", Text(document))]);
        done(&mut client, HEADER, &header).await;
        assert_eq!(numbers(&mut client).await, expected, "{document}");
        let void = with(self::document("T1"), &kind);
        done(&mut client, "taSopVoidDocument", &void).await;
        assert_eq!(sold(&mut client).await, "", "{document}");
    }
}

async fn acted(sandbox: &Sandbox, act: Act) -> serde_json::Value {
    let (_alive, mut session) = Session::detached(&sandbox.server, "TWO").unwrap();
    act.done(&mut session).await.unwrap()
}

#[tokio::test]
async fn pieces_go_on_into_the_invoice_and_leave_the_stock_when_it_is_posted() {
    let sandbox = sandbox().await;
    let mut client = connect(&sandbox).await;
    done(&mut client, SERIAL, &serial("SCAN002")).await;
    done(&mut client, LINE, &manual(scanners("1", "120"))).await;
    let second = [("LNITMSEQ", Number(32_768))];
    done(&mut client, LINE, &with(pastes("12", "114"), &second)).await;
    done(&mut client, HEADER, &closing("234")).await;
    let transfer = Act::TransferOrder {
        number: "T1".to_owned(),
    };
    let invoice = acted(&sandbox, transfer).await["SOPNUMBE"].clone();
    assert_eq!(
        numbers(&mut client).await,
        "SCAN002=1 LOT-A=10 LOT-B=2",
        "each once"
    );
    let of = "SELECT COUNT(*) FROM SOP10201 WHERE SOPTYPE = 3 AND SOPNUMBE = ";
    let of = format!("{of}'{}'", invoice.as_str().unwrap());
    assert_eq!(one(&mut client, &of).await, "3");
    assert_eq!(sold(&mut client).await, "SCAN002");
    let post = Act::PostBatch {
        batch: "WEB20260305".to_owned(),
        source: None,
    };
    acted(&sandbox, post).await;
    let left = "SELECT COUNT(*) FROM IV00200 WHERE SERLNMBR = 'SCAN002'";
    assert_eq!(one(&mut client, left).await, "0");
    assert_eq!(lots(&mut client).await, "0 0");
    let gone = "SELECT CAST(CAST(QTYSOLD AS int) AS varchar(9)) + '/' + CAST(LTNUMSLD AS varchar(9)) \
                FROM IV00300 ORDER BY LOTNUMBR";
    let gone = rows(&mut client, gone).await.unwrap().concat();
    assert_eq!(gone, ["10/1", "2/0"]);
    let posted = "SELECT COUNT(*) FROM SOP10201 WHERE POSTED = 1";
    assert_eq!(one(&mut client, posted).await, "3");
}
