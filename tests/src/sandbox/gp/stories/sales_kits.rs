//! Kits on sales documents: exploded by GP or sent with their components, held and given back.

use super::super::procedures::sop::codes;
use super::difference::{changes, snapshot};
use super::sales_documents::{LOCK, deletion, document, done, refused};
use super::sales_tracked::{again, closing};
use super::{Connection, Element, Node, connect, line, one, rows, sandbox, with, without};
use Element::{Money, Number, Text};

const LINE: &str = "taSopLineIvcInsert";
const HEADER: &str = "taSopHdrIvcInsert";
const COMPONENT: &str = "taSopLineIvcInsertComponent";

/// Makes a kit of one scanner and three pieces of paste.
async fn make_kit(client: &mut Connection) {
    let item = vec![
        ("ITEMNMBR", Text("WEB-KIT")),
        ("ITEMDESC", Text("Scanner kit")),
        ("ITMCLSCD", Text("GEAR")),
        ("UseItemClass", Number(1)),
        ("ITEMTYPE", Number(3)),
    ];
    done(client, "taUpdateCreateItemRcd", &item).await;
    for (component, quantity) in [("STK-SCANNER", "1"), ("STK-PASTE", "3")] {
        let part = vec![
            ("ITEMNMBR", Text("WEB-KIT")),
            ("CMPTITNM", Text(component)),
            ("CMPITUOM", Text("Each")),
            ("CMPITQTY", Money(quantity)),
        ];
        done(client, "taCreateKitItemRcd", &part).await;
    }
}

fn kits(quantity: &'static str, price: &'static str) -> Node {
    with(
        line("T1", "AARONFIT0001"),
        &[
            ("ITEMNMBR", Text("WEB-KIT")),
            ("DOCID", Text("WEBORD")),
            ("QUANTITY", Money(quantity)),
            ("UNITPRCE", Money("140")),
            ("XTNDPRCE", Money(price)),
        ],
    )
}

/// A kit whose components the caller sends.
fn sent_whole() -> Node {
    with(kits("1", "140"), &[("KitCompMan", Number(1))])
}

fn component() -> Node {
    let mut node = document("T1");
    node.extend([
        ("LNITMSEQ", Number(16_384)),
        ("ITEMNMBR", Text("STK-PASTE")),
        ("QUANTITY", Money("4")),
        ("CUSTNMBR", Text("AARONFIT0001")),
        ("DOCID", Text("WEBORD")),
    ]);
    node
}

/// Component sequence, quantity, what is to be invoiced, allocated and back ordered, line by line.
async fn parts(client: &mut Connection) -> Vec<String> {
    let sql = "SELECT CAST(CMPNTSEQ AS varchar(9)), CAST(CAST(QUANTITY AS int) AS varchar(9)), CAST(CAST(QTYTOINV AS int) AS varchar(9)), CAST(CAST(ATYALLOC AS int) AS varchar(9)), CAST(CAST(QTYTBAOR AS int) AS varchar(9)) FROM SOP10200 ORDER BY LNITMSEQ, CMPNTSEQ";
    let rows = rows(client, sql).await.unwrap();
    rows.into_iter().map(|row| row.join(" ")).collect()
}

/// What is allocated of everything, and the numbers that are taken.
async fn held(client: &mut Connection) -> String {
    let allocated = one(client, "SELECT CAST(SUM(ATYALLOC) AS int) FROM IV00102").await;
    let serials = one(client, "SELECT COUNT(*) FROM IV00200 WHERE SERLNSLD = 1").await;
    let lots = one(client, "SELECT CAST(SUM(ATYALLOC) AS int) FROM IV00300").await;
    let numbers = one(client, "SELECT COUNT(*) FROM SOP10201").await;
    format!("{allocated} {serials} {lots} {numbers}")
}

#[tokio::test]
async fn a_kit_is_exploded_into_its_components() {
    let sandbox = sandbox().await;
    let mut client = connect(&sandbox).await;
    make_kit(&mut client).await;
    let before = snapshot(&sandbox);
    let ship = [
        ("ReqShipDate", Text("2026-03-09")),
        ("SHIPMTHD", Text("GROUND")),
    ];
    done(&mut client, LINE, &with(kits("2", "280"), &ship)).await;
    assert_eq!(
        changes(&before, &snapshot(&sandbox)),
        "\
~IV00102 ATYALLOC=2
~IV00102 ATYALLOC=2
~IV00102 ATYALLOC=6
~IV00102 ATYALLOC=6
~IV00200 SERLNSLD=1
~IV00200 SERLNSLD=1
~IV00300 ATYALLOC=6
+SOP10200 SOPTYPE=2 SOPNUMBE=T1 LNITMSEQ=16384 ITEMNMBR=WEB-KIT ITEMDESC=Scanner kit UOFM=Each \
LOCNCODE=WAREHOUSE UNITCOST=72 ORUNTCST=72 UNITPRCE=140 ORUNTPRC=140 XTNDPRCE=280 OXTNDPRC=280 \
REMPRICE=280 OREPRICE=280 EXTDCOST=144 OREXTCST=144 INVINDX=3 QUANTITY=2 QTYREMAI=2 QTYTOINV=2 \
QTYBSUOM=1 ReqShipDate=2026-03-09 SHIPMTHD=GROUND CURRNIDX=1007 DECPLQTY=1 DECPLCUR=3 ODECPLCU=3
+SOP10200 SOPTYPE=2 SOPNUMBE=T1 LNITMSEQ=16384 CMPNTSEQ=16384 ITEMNMBR=STK-SCANNER ITEMDESC=Hand \
scanner UOFM=Each LOCNCODE=WAREHOUSE UNITCOST=60 ORUNTCST=60 EXTDCOST=120 OREXTCST=120 QUANTITY=2 \
ATYALLOC=2 QTYREMAI=2 QTYTOINV=2 QTYFULFI=2 QTYSLCTD=2 QTYBSUOM=1 EXTQTYAL=2 \
ReqShipDate=2026-03-09 SHIPMTHD=GROUND CURRNIDX=1007 DECPLQTY=1 DECPLCUR=3 ODECPLCU=3
+SOP10200 SOPTYPE=2 SOPNUMBE=T1 LNITMSEQ=16384 CMPNTSEQ=32768 ITEMNMBR=STK-PASTE ITEMDESC=Thermal \
paste UOFM=Each LOCNCODE=WAREHOUSE UNITCOST=4 ORUNTCST=4 EXTDCOST=24 OREXTCST=24 QUANTITY=6 \
ATYALLOC=6 QTYREMAI=6 QTYTOINV=6 QTYFULFI=6 QTYSLCTD=6 QTYBSUOM=1 EXTQTYAL=6 \
ReqShipDate=2026-03-09 SHIPMTHD=GROUND CURRNIDX=1007 DECPLQTY=1 DECPLCUR=3 ODECPLCU=3
+SOP10201 SOPTYPE=2 SOPNUMBE=T1 LNITMSEQ=16384 CMPNTSEQ=16384 QTYTYPE=1 SERLTNUM=SCAN001 \
SERLTQTY=1 SLTSQNUM=1 DATERECD=today DTSEQNUM=16384 UNITCOST=60 ITEMNMBR=STK-SCANNER
+SOP10201 SOPTYPE=2 SOPNUMBE=T1 LNITMSEQ=16384 CMPNTSEQ=16384 QTYTYPE=1 SERLTNUM=SCAN002 \
SERLTQTY=1 SLTSQNUM=2 DATERECD=today DTSEQNUM=32768 UNITCOST=60 ITEMNMBR=STK-SCANNER
+SOP10201 SOPTYPE=2 SOPNUMBE=T1 LNITMSEQ=16384 CMPNTSEQ=32768 QTYTYPE=1 SERLTNUM=LOT-A SERLTQTY=6 \
SLTSQNUM=1 DATERECD=today DTSEQNUM=16384 UNITCOST=4 ITEMNMBR=STK-PASTE"
    );
    let before = snapshot(&sandbox);
    done(&mut client, HEADER, &closing("280")).await;
    let told = changes(&before, &snapshot(&sandbox));
    let tables: Vec<_> = told
        .lines()
        .filter_map(|line| line.split(' ').next())
        .collect();
    assert_eq!(tables.join(" "), "+SOP10100 +SOP10102 +SOP10102 +SY00500");
    let cost = "SELECT EXTDCOST FROM SOP10100";
    assert_eq!(one(&mut client, cost).await, "144.00000");
}

#[tokio::test]
async fn a_kit_gives_back_what_its_components_held() {
    for way in [
        "taSopVoidDocument",
        "taSopDeleteDocument",
        "taSopLineDelete",
    ] {
        let sandbox = sandbox().await;
        let mut client = connect(&sandbox).await;
        make_kit(&mut client).await;
        done(&mut client, LINE, &kits("2", "280")).await;
        done(&mut client, HEADER, &closing("280")).await;
        // Two scanners and six pieces of paste, each at the site and overall.
        assert_eq!(held(&mut client).await, "16 2 6 3");
        let kit = [("ITEMNMBR", Text("WEB-KIT"))];
        let node = if way == "taSopLineDelete" {
            with(deletion("T1"), &kit)
        } else {
            document("T1")
        };
        done(&mut client, way, &node).await;
        assert_eq!(held(&mut client).await, "0 0 0 0", "{way}");
        assert!(parts(&mut client).await.is_empty(), "{way}");
        let history = "SELECT COUNT(*) FROM SOP30300";
        let expected = if way == "taSopVoidDocument" { "3" } else { "0" };
        assert_eq!(one(&mut client, history).await, expected, "{way}");
    }
}

#[tokio::test]
async fn a_short_component_makes_the_kit_short() {
    let sandbox = sandbox().await;
    let mut client = connect(&sandbox).await;
    make_kit(&mut client).await;
    // Three scanners are there, so three kits.
    for (option, expected) in [
        (2, ["0 5 5 0 0", "16384 5 5 5 0", "32768 15 15 15 0"]),
        (4, ["0 5 3 0 2", "16384 5 3 3 2", "32768 15 9 9 6"]),
        (3, ["0 5 0 0 5", "16384 5 0 0 5", "32768 15 0 0 15"]),
        (6, ["0 5 3 0 0", "16384 5 3 3 0", "32768 15 9 9 0"]),
    ] {
        let node = again(with(kits("5", "700"), &[("QtyShrtOpt", Number(option))]));
        done(&mut client, LINE, &node).await;
        assert_eq!(parts(&mut client).await, expected, "{option}");
    }
    assert_eq!(held(&mut client).await, "24 3 9 4");
    let by_batch = again(with(kits("5", "700"), &[("DOCID", Text("STDORD"))]));
    done(&mut client, LINE, &by_batch).await;
    assert_eq!(held(&mut client).await, "0 0 0 0");
}

#[tokio::test]
async fn a_kit_that_changed_is_exploded_anew() {
    let sandbox = sandbox().await;
    let mut client = connect(&sandbox).await;
    make_kit(&mut client).await;
    done(&mut client, LINE, &kits("1", "140")).await;
    done(&mut client, LINE, &again(kits("3", "420"))).await;
    assert_eq!(
        parts(&mut client).await,
        ["0 3 3 0 0", "16384 3 3 3 0", "32768 9 9 9 0"]
    );
    assert_eq!(held(&mut client).await, "24 3 9 4");
    one(
        &mut client,
        "DELETE FROM IV00104 WHERE CMPTITNM = 'STK-SCANNER'",
    )
    .await;
    done(&mut client, LINE, &again(kits("3", "420"))).await;
    assert_eq!(parts(&mut client).await, ["0 3 3 0 0", "32768 9 9 9 0"]);
    assert_eq!(held(&mut client).await, "18 0 9 1");
    let cost = "SELECT EXTDCOST FROM SOP10200 WHERE CMPNTSEQ = 0";
    assert_eq!(one(&mut client, cost).await, "36.00000");
}

#[tokio::test]
async fn a_quote_and_a_return_have_components_too() {
    for (kind, expected) in [(1, "9.00000 0.00000"), (4, "0.00000 6.00000")] {
        let sandbox = sandbox().await;
        let mut client = connect(&sandbox).await;
        make_kit(&mut client).await;
        let mut node = with(
            without(kits("3", "420"), "DOCID"),
            &[("SOPTYPE", Number(kind))],
        );
        if kind == 4 {
            node.extend([("QTYONHND", Money("2")), ("QTYINUSE", Money("1"))]);
            for (number, state) in [("BACK-1", 1), ("BACK-2", 1), ("BACK-3", 3)] {
                let mut serial = document("T1");
                serial.extend([
                    ("LNITMSEQ", Number(16_384)),
                    ("CMPNTSEQ", Number(16_384)),
                    ("ITEMNMBR", Text("STK-SCANNER")),
                    ("SERLNMBR", Text(number)),
                    ("QTYTYPE", Number(state)),
                    ("AUTOCREATESERIAL", Number(1)),
                ]);
                let serial = with(serial, &[("SOPTYPE", Number(4))]);
                done(&mut client, "taSopSerial", &serial).await;
            }
            for (quantity, state) in [("6", 1), ("3", 3)] {
                let mut lot = document("T1");
                lot.extend([
                    ("LNITMSEQ", Number(16_384)),
                    ("CMPNTSEQ", Number(32_768)),
                    ("ITEMNMBR", Text("STK-PASTE")),
                    ("LOTNUMBR", Text("LOT-A")),
                    ("QUANTITY", Money(quantity)),
                    ("QTYTYPE", Number(state)),
                ]);
                let lot = with(lot, &[("SOPTYPE", Number(4))]);
                done(&mut client, "taSopLotAuto", &lot).await;
            }
        }
        done(&mut client, LINE, &node).await;
        let sql = "SELECT QTYTORDR, QTYONHND FROM SOP10200 WHERE CMPNTSEQ = 32768";
        assert_eq!(rows(&mut client, sql).await.unwrap()[0].join(" "), expected);
    }
}

#[tokio::test]
async fn a_caller_sends_the_components_of_a_kit() {
    let sandbox = sandbox().await;
    let mut client = connect(&sandbox).await;
    make_kit(&mut client).await;
    done(&mut client, LINE, &sent_whole()).await;
    assert_eq!(parts(&mut client).await, ["0 1 1 0 0"]);
    refused(
        &sandbox,
        &mut client,
        HEADER,
        &closing("140"),
        codes::KIT_BARE,
    )
    .await;
    let before = snapshot(&sandbox);
    done(&mut client, COMPONENT, &component()).await;
    assert_eq!(
        changes(&before, &snapshot(&sandbox)),
        "\
~IV00102 ATYALLOC=4
~IV00102 ATYALLOC=4
~IV00300 ATYALLOC=4
~SOP10200 UNITCOST=16 ORUNTCST=16 EXTDCOST=16 OREXTCST=16
+SOP10200 SOPTYPE=2 SOPNUMBE=T1 LNITMSEQ=16384 CMPNTSEQ=16384 ITEMNMBR=STK-PASTE ITEMDESC=Thermal \
paste UOFM=Each LOCNCODE=WAREHOUSE UNITCOST=4 ORUNTCST=4 EXTDCOST=16 OREXTCST=16 QUANTITY=4 \
ATYALLOC=4 QTYREMAI=4 QTYTOINV=4 QTYFULFI=4 QTYSLCTD=4 QTYBSUOM=1 EXTQTYAL=4 CURRNIDX=1007 \
DECPLQTY=1 DECPLCUR=3 ODECPLCU=3
+SOP10201 SOPTYPE=2 SOPNUMBE=T1 LNITMSEQ=16384 CMPNTSEQ=16384 QTYTYPE=1 SERLTNUM=LOT-A SERLTQTY=4 \
SLTSQNUM=1 DATERECD=today DTSEQNUM=16384 UNITCOST=4 ITEMNMBR=STK-PASTE"
    );
    let mut serial = document("T1");
    serial.extend([
        ("LNITMSEQ", Number(16_384)),
        ("CMPNTSEQ", Number(32_768)),
        ("ITEMNMBR", Text("STK-SCANNER")),
        ("SERLNMBR", Text("SCAN002")),
    ]);
    done(&mut client, "taSopSerial", &serial).await;
    let scanner = with(
        component(),
        &[
            ("ITEMNMBR", Text("STK-SCANNER")),
            ("QUANTITY", Money("1")),
            ("CMPNTSEQ", Number(32_768)),
            ("AUTOALLOCATESERIAL", Number(1)),
            ("UNITCOST", Money("55.50")),
            ("ITEMDESC", Text("Scanner of the kit")),
        ],
    );
    done(&mut client, COMPONENT, &scanner).await;
    done(&mut client, HEADER, &closing("140")).await;
    assert_eq!(held(&mut client).await, "10 1 4 2");
    let cost = "SELECT EXTDCOST FROM SOP10100";
    assert_eq!(one(&mut client, cost).await, "71.50000");
    let fewer = with(
        again(component()),
        &[("QUANTITY", Money("2")), ("CMPNTSEQ", Number(16_384))],
    );
    done(&mut client, COMPONENT, &fewer).await;
    assert_eq!(held(&mut client).await, "6 1 2 2");
    let gone = with(
        deletion("T1"),
        &[
            ("DeleteType", Number(2)),
            ("CMPNTSEQ", Number(32_768)),
            ("ITEMNMBR", Text("STK-SCANNER")),
        ],
    );
    done(&mut client, "taSopLineDelete", &gone).await;
    assert_eq!(held(&mut client).await, "4 0 2 1");
    let kit = "SELECT EXTDCOST FROM SOP10200 WHERE CMPNTSEQ = 0";
    assert_eq!(one(&mut client, kit).await, "8.00000");
    // The components stay when the kit alone is sent again.
    done(&mut client, LINE, &again(sent_whole())).await;
    assert_eq!(parts(&mut client).await, ["0 1 1 0 0", "16384 2 2 2 0"]);
}

#[tokio::test]
async fn what_is_wrong_with_a_kit_has_its_code_and_leaves_nothing() {
    let sandbox = sandbox().await;
    let mut client = connect(&sandbox).await;
    make_kit(&mut client).await;
    for (changes, code) in [
        (vec![("KitCompMan", Number(2))], codes::KIT_MANUAL),
        (
            vec![("KitCompMan", Number(1)), ("LNITMSEQ", Number(0))],
            codes::KIT_SEQUENCE,
        ),
        (vec![("AUTOALLOCATELOT", Number(1))], codes::NUMBERS_DIFFER),
        (vec![("AUTOALLOCATESERIAL", Number(7))], codes::NUMBERS_MODE),
        (
            vec![("INVINDX", Text("9-9-9"))],
            codes::DISTRIBUTION_ACCOUNT,
        ),
    ] {
        let node = with(kits("1", "140"), &changes);
        refused(&sandbox, &mut client, LINE, &node, code).await;
    }
    for (change, undo, code) in [
        (
            "UPDATE IV00101 SET INACTIVE = 1 WHERE ITEMNMBR = 'STK-PASTE'",
            "UPDATE IV00101 SET INACTIVE = 0 WHERE ITEMNMBR = 'STK-PASTE'",
            codes::KIT_PART,
        ),
        (
            "UPDATE IV00102 SET LOCNCODE = 'MOON' WHERE ITEMNMBR = 'STK-PASTE' AND LOCNCODE = 'WAREHOUSE'",
            "UPDATE IV00102 SET LOCNCODE = 'WAREHOUSE' WHERE ITEMNMBR = 'STK-PASTE' AND LOCNCODE = 'MOON'",
            codes::KIT_PART_SITE,
        ),
        (
            "UPDATE IV00104 SET CMPITUOM = 'Barrel' WHERE CMPTITNM = 'STK-PASTE'",
            "UPDATE IV00104 SET CMPITUOM = 'Each' WHERE CMPTITNM = 'STK-PASTE'",
            codes::KIT_PART_UNIT,
        ),
        (
            "DELETE FROM IV00104",
            "DELETE FROM IV00104",
            codes::KIT_EMPTY,
        ),
    ] {
        one(&mut client, change).await;
        refused(&sandbox, &mut client, LINE, &kits("1", "140"), code).await;
        one(&mut client, undo).await;
    }
}

#[tokio::test]
async fn what_is_wrong_with_a_component_has_its_code_and_leaves_nothing() {
    let sandbox = sandbox().await;
    let mut client = connect(&sandbox).await;
    make_kit(&mut client).await;
    done(&mut client, LINE, &sent_whole()).await;
    let other = with(line("T1", "AARONFIT0001"), &[("LNITMSEQ", Number(32_768))]);
    done(&mut client, LINE, &other).await;
    let first = with(component(), &[("CMPNTSEQ", Number(16_384))]);
    done(&mut client, COMPONENT, &first).await;
    for (changes, code) in [
        (
            vec![("CUSTNMBR", Text("NOBODY"))],
            codes::COMPONENT_CUSTOMER,
        ),
        (vec![("LNITMSEQ", Number(32_768))], codes::COMPONENT_LINE),
        (vec![("LNITMSEQ", Number(49_152))], codes::COMPONENT_LINE),
        (vec![("CMPNTSEQ", Number(16_384))], codes::COMPONENT_EXISTS),
        (vec![("ITEMNMBR", Text("NONE"))], codes::COMPONENT_ITEM),
        (vec![("ITEMNMBR", Text("WEB-KIT"))], codes::COMPONENT_KIT),
        (vec![("CMPITUOM", Text("Barrel"))], codes::COMPONENT_UNIT),
        (vec![("LOCNCODE", Text("MOON"))], codes::COMPONENT_SITE),
        (vec![("QUANTITY", Money("0"))], codes::COMPONENT_QUANTITY),
        (vec![("QTYCANCE", Money("5"))], codes::COMPONENT_QUANTITY),
        (vec![("QtyShrtOpt", Number(7))], codes::COMPONENT_SHORTAGE),
        (vec![("QTYONHND", Money("4"))], codes::COMPONENT_RETURNED),
        (vec![("UNITCOST", Money("-1"))], codes::COMPONENT_COST),
        (vec![("CURNCYID", Text("NONE"))], codes::COMPONENT_CURRENCY),
        (vec![("AUTOALLOCATELOT", Number(9))], codes::COMPONENT_MODE),
        (
            vec![("AUTOALLOCATELOT", Number(1))],
            codes::COMPONENT_NUMBERS,
        ),
    ] {
        let node = with(component(), &changes);
        refused(&sandbox, &mut client, COMPONENT, &node, code).await;
    }
    let scanner = again(with(first.clone(), &[("ITEMNMBR", Text("STK-SCANNER"))]));
    let code = codes::COMPONENT_OTHER;
    refused(&sandbox, &mut client, COMPONENT, &scanner, code).await;
    for (change, undo, code) in [
        (
            "UPDATE SOP10200 SET QTYPRINV = 1 WHERE CMPNTSEQ = 16384",
            "UPDATE SOP10200 SET QTYPRINV = 0",
            codes::COMPONENT_TRANSFERRED,
        ),
        (
            "UPDATE IV00101 SET INACTIVE = 1 WHERE ITEMNMBR = 'STK-PASTE'",
            "UPDATE IV00101 SET INACTIVE = 0 WHERE ITEMNMBR = 'STK-PASTE'",
            codes::COMPONENT_INACTIVE,
        ),
        (
            "UPDATE IV00102 SET LOCNCODE = 'MOON' WHERE ITEMNMBR = 'STK-PASTE' AND LOCNCODE = 'WAREHOUSE'",
            "UPDATE IV00102 SET LOCNCODE = 'WAREHOUSE' WHERE ITEMNMBR = 'STK-PASTE' AND LOCNCODE = 'MOON'",
            codes::COMPONENT_UNASSIGNED,
        ),
    ] {
        one(&mut client, change).await;
        let node = again(first.clone());
        refused(&sandbox, &mut client, COMPONENT, &node, code).await;
        one(&mut client, undo).await;
    }
    done(&mut client, HEADER, &closing("172.85")).await;
    let late = component();
    let code = codes::COMPONENT_DOCUMENT;
    refused(&sandbox, &mut client, COMPONENT, &late, code).await;
    one(&mut client, LOCK).await;
    let code = codes::COMPONENT_LOCKED;
    refused(&sandbox, &mut client, COMPONENT, &again(late.clone()), code).await;
    let kind = with(late, &[("SOPTYPE", Number(7))]);
    let answer = super::call(&mut client, COMPONENT, &kind).await.unwrap();
    assert_eq!(
        answer.codes(),
        [codes::COMPONENT_TYPE, codes::COMPONENT_LINE]
    );
}
