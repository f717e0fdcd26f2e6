//! Adjustments and transfers of stock: what GP's tables hold afterwards, and what is refused.

use super::super::procedures::iv::codes;
use super::difference::{changes, snapshot};
use super::items::{accepted, refused};
use super::{Element, Node, answered, call, connect, one, sandbox, with, without};
use Element::{Money, Number, Text};
use tiberius::Command;

const SERIAL: &str = "taIVTransactionSerialInsert";
const LOT: &str = "taIVTransactionLotInsert";
const LINE: &str = "taIVTransactionLineInsert";
const HEADER: &str = "taIVTransactionHeaderInsert";
pub(super) const MOVED_SERIAL: &str = "taIVTransferSerialInsert";
pub(super) const MOVED_LOT: &str = "taIVTransferLotInsert";
pub(super) const MOVED_LINE: &str = "taIVTransferLineInsert";
pub(super) const MOVED_HEADER: &str = "taIVTransferHeaderInsert";

fn serial() -> Node {
    vec![
        ("IVDOCNBR", Text("ADJ0000000001")),
        ("IVDOCTYP", Number(1)),
        ("ITEMNMBR", Text("STK-SCANNER")),
        ("SERLNMBR", Text("SCAN004")),
        ("LNSEQNBR", Number(16_384)),
        ("LOCNCODE", Text("WAREHOUSE")),
    ]
}

fn lot() -> Node {
    vec![
        ("IVDOCNBR", Text("ADJ0000000001")),
        ("IVDOCTYP", Number(1)),
        ("ITEMNMBR", Text("STK-PASTE")),
        ("LOTNUMBR", Text("LOT-B")),
        ("SERLTQTY", Money("5")),
        ("ADJTYPE", Number(1)),
        ("LOCNCODE", Text("WAREHOUSE")),
    ]
}

fn line() -> Node {
    vec![
        ("IVDOCNBR", Text("ADJ0000000001")),
        ("IVDOCTYP", Number(1)),
        ("ITEMNMBR", Text("100XLG")),
        ("TRXQTY", Money("-4")),
        ("TRXLOCTN", Text("WAREHOUSE")),
    ]
}

fn header() -> Node {
    vec![
        ("BACHNUMB", Text("WEBSTOCK")),
        ("IVDOCNBR", Text("ADJ0000000001")),
        ("IVDOCTYP", Number(1)),
        ("DOCDATE", Text("2026-03-05")),
    ]
}

pub(super) fn moved_lot() -> Node {
    without(
        with(
            without(lot(), "IVDOCTYP"),
            &[
                ("IVDOCNBR", Text("TFR0000000001")),
                ("LOTNUMBR", Text("LOT-A")),
                ("SERLTQTY", Money("4")),
            ],
        ),
        "ADJTYPE",
    )
}

pub(super) fn moved_line() -> Node {
    vec![
        ("IVDOCNBR", Text("TFR0000000001")),
        ("ITEMNMBR", Text("STK-PASTE")),
        ("TRXQTY", Money("4")),
        ("TRXLOCTN", Text("WAREHOUSE")),
        ("TRNSTLOC", Text("NORTH")),
    ]
}

pub(super) fn moved_header() -> Node {
    with(
        without(header(), "IVDOCTYP"),
        &[("IVDOCNBR", Text("TFR0000000001"))],
    )
}

#[tokio::test]
async fn an_adjustment_is_whole_in_every_table_it_touches() {
    let sandbox = sandbox().await;
    let mut client = connect(&sandbox).await;
    let before = snapshot(&sandbox);
    for number in ["SCAN004", "SCAN005"] {
        let new = with(serial(), &[("SERLNMBR", Text(number))]);
        accepted(&mut client, SERIAL, &new).await;
    }
    let scanners = with(
        line(),
        &[
            ("ITEMNMBR", Text("STK-SCANNER")),
            ("TRXQTY", Money("2")),
            ("UNITCOST", Money("61.50")),
        ],
    );
    accepted(&mut client, LINE, &scanners).await;
    accepted(&mut client, LINE, &line()).await;
    let gone = with(
        serial(),
        &[
            ("SERLNMBR", Text("SCAN001")),
            ("ADJTYPE", Number(1)),
            ("LNSEQNBR", Number(49_152)),
        ],
    );
    accepted(&mut client, SERIAL, &gone).await;
    let lost = with(
        line(),
        &[("ITEMNMBR", Text("STK-SCANNER")), ("TRXQTY", Money("-1"))],
    );
    accepted(&mut client, LINE, &lost).await;
    accepted(&mut client, HEADER, &header()).await;
    let expected = "\
~IV00102 ATYALLOC=4
~IV00102 ATYALLOC=4
~IV00102 ATYALLOC=1
~IV00102 ATYALLOC=1
~IV00200 SERLNSLD=1
+IV10000 BACHNUMB=WEBSTOCK BCHSOURC=IV_Trxent IVDOCNBR=ADJ0000000001 IVDOCTYP=1 \
DOCDATE=2026-03-05 MODIFDT=today GLPOSTDT=2026-03-05 POSTTOGL=1 TRXQTYTL=-3
+IV10001 IVDOCNBR=ADJ0000000001 IVDOCTYP=1 ITEMNMBR=STK-SCANNER LNSEQNBR=16384 UOFM=Each QTYBSUOM=1 \
TRXQTY=2 UNITCOST=61.5 EXTDCOST=123 TRXLOCTN=WAREHOUSE TRFQTYTY=1 TRTQTYTY=1 IVIVINDX=3 IVIVOFIX=8 \
DECPLCUR=3 DECPLQTY=1
+IV10001 IVDOCNBR=ADJ0000000001 IVDOCTYP=1 ITEMNMBR=100XLG LNSEQNBR=32768 UOFM=Each QTYBSUOM=1 \
TRXQTY=-4 UNITCOST=29.98 EXTDCOST=-119.92 TRXLOCTN=WAREHOUSE TRFQTYTY=1 TRTQTYTY=1 IVIVINDX=3 \
IVIVOFIX=8 DECPLCUR=3 DECPLQTY=1
+IV10001 IVDOCNBR=ADJ0000000001 IVDOCTYP=1 ITEMNMBR=STK-SCANNER LNSEQNBR=49152 UOFM=Each QTYBSUOM=1 \
TRXQTY=-1 UNITCOST=60 EXTDCOST=-60 TRXLOCTN=WAREHOUSE TRFQTYTY=1 TRTQTYTY=1 IVIVINDX=3 IVIVOFIX=8 \
DECPLCUR=3 DECPLQTY=1
+IV10002 IVDOCNBR=ADJ0000000001 IVDOCTYP=1 ITEMNMBR=STK-SCANNER LNSEQNBR=16384 SLTSQNUM=1 \
SERLTNUM=SCAN004 SERLTQTY=1
+IV10002 IVDOCNBR=ADJ0000000001 IVDOCTYP=1 ITEMNMBR=STK-SCANNER LNSEQNBR=16384 SLTSQNUM=2 \
SERLTNUM=SCAN005 SERLTQTY=1
+IV10002 IVDOCNBR=ADJ0000000001 IVDOCTYP=1 ITEMNMBR=STK-SCANNER LNSEQNBR=49152 SLTSQNUM=3 \
SERLTNUM=SCAN001 SERLTQTY=1 DATERECD=today DTSEQNUM=16384 UNITCOST=60 RCTSEQNM=1
+SY00500 GLPOSTDT=2026-03-05 BCHSOURC=IV_Trxent BACHNUMB=WEBSTOCK SERIES=5 NUMOFTRX=1 BACHFREQ=1 \
BCHTOTAL=-3 MODIFDT=today CREATDDT=today ORIGIN=1";
    assert_eq!(changes(&before, &snapshot(&sandbox)), expected);
}

#[tokio::test]
async fn a_transfer_is_whole_in_every_table_it_touches() {
    let sandbox = sandbox().await;
    let mut client = connect(&sandbox).await;
    let before = snapshot(&sandbox);
    accepted(&mut client, MOVED_LOT, &moved_lot()).await;
    accepted(&mut client, MOVED_LINE, &moved_line()).await;
    accepted(&mut client, MOVED_HEADER, &moved_header()).await;
    let expected = "\
~IV00102 ATYALLOC=4
~IV00102 ATYALLOC=4
~IV00300 ATYALLOC=4
+IV10000 BACHNUMB=WEBSTOCK BCHSOURC=IV_Trans IVDOCNBR=TFR0000000001 IVDOCTYP=3 DOCDATE=2026-03-05 \
MODIFDT=today GLPOSTDT=2026-03-05 TRXQTYTL=4
+IV10001 IVDOCNBR=TFR0000000001 IVDOCTYP=3 ITEMNMBR=STK-PASTE LNSEQNBR=16384 UOFM=Each QTYBSUOM=1 \
TRXQTY=4 UNITCOST=4 EXTDCOST=16 TRXLOCTN=WAREHOUSE TRNSTLOC=NORTH TRFQTYTY=1 TRTQTYTY=1 IVIVINDX=3 \
IVIVOFIX=8 DECPLCUR=3 DECPLQTY=1
+IV10002 IVDOCNBR=TFR0000000001 IVDOCTYP=3 ITEMNMBR=STK-PASTE LNSEQNBR=16384 SLTSQNUM=1 \
SERLTNUM=LOT-A SERLTQTY=4 DATERECD=today DTSEQNUM=16384 UNITCOST=4 RCTSEQNM=1
+SY00500 GLPOSTDT=2026-03-05 BCHSOURC=IV_Trans BACHNUMB=WEBSTOCK SERIES=5 NUMOFTRX=1 BACHFREQ=1 \
BCHTOTAL=4 MODIFDT=today CREATDDT=today ORIGIN=1";
    assert_eq!(changes(&before, &snapshot(&sandbox)), expected);
}

#[tokio::test]
async fn what_is_wrong_with_serial_and_lot_numbers_has_its_code_and_leaves_nothing() {
    let sandbox = sandbox().await;
    let mut client = connect(&sandbox).await;
    let sold = "UPDATE IV00200 SET SERLNSLD = 1 WHERE SERLNMBR = 'SCAN003'";
    one(&mut client, sold).await;
    let takes = ("ADJTYPE", Number(1));
    let cases: &[(&[(&'static str, Element)], i32)] = &[
        (&[("IVDOCTYP", Number(3))], codes::SERIAL_TYPE),
        (&[("ITEMNMBR", Text("NONE"))], codes::SERIAL_ITEM),
        (&[("ITEMNMBR", Text("100XLG"))], codes::SERIAL_UNTRACKED),
        (&[("SERLNMBR", Text(""))], codes::SERIAL_BLANK),
        (&[("SERLNMBR", Text("SCAN001"))], codes::SERIAL_EXISTS),
        (std::slice::from_ref(&takes), codes::SERIAL_UNKNOWN),
        (
            &[
                takes.clone(),
                ("SERLNMBR", Text("SCAN001")),
                ("LOCNCODE", Text("NORTH")),
            ],
            codes::SERIAL_UNKNOWN,
        ),
        (
            &[takes.clone(), ("SERLNMBR", Text("SCAN003"))],
            codes::SERIAL_SOLD,
        ),
        (&[("ADJTYPE", Number(2))], codes::SERIAL_DIRECTION),
        (&[("BIN", Text("A"))], codes::SERIAL_BIN),
    ];
    refused(&sandbox, &mut client, SERIAL, &serial(), cases).await;
    let cases: &[(&[(&'static str, Element)], i32)] = &[
        (&[("IVDOCTYP", Number(0))], codes::LOT_TYPE),
        (&[("ITEMNMBR", Text("NONE"))], codes::LOT_ITEM),
        (&[("ITEMNMBR", Text("100XLG"))], codes::LOT_UNTRACKED),
        (&[("SERLTQTY", Money("0"))], codes::LOT_QUANTITY),
        (&[("LOTNUMBR", Text("LOT-Z"))], codes::LOT_UNKNOWN),
        (&[("LOCNCODE", Text("NORTH"))], codes::LOT_UNKNOWN),
        (&[("SERLTQTY", Money("21"))], codes::LOT_SHORT),
        (&[("ADJTYPE", Number(2))], codes::LOT_DIRECTION),
        (&[("BIN", Text("A"))], codes::LOT_BIN),
    ];
    refused(&sandbox, &mut client, LOT, &lot(), cases).await;
    accepted(&mut client, LOT, &lot()).await;
    let again: &[(&[(&'static str, Element)], i32)] = &[(&[], codes::LOT_TWICE)];
    refused(&sandbox, &mut client, LOT, &lot(), again).await;
    let moved = with(
        without(serial(), "IVDOCTYP"),
        &[("SERLNMBR", Text("SCAN002"))],
    );
    let cases: &[(&[(&'static str, Element)], i32)] = &[
        (
            &[("ITEMNMBR", Text("100XLG"))],
            codes::MOVED_SERIAL_UNTRACKED,
        ),
        (
            &[("SERLNMBR", Text("SCAN009"))],
            codes::MOVED_SERIAL_UNKNOWN,
        ),
        (&[("SERLNMBR", Text("SCAN003"))], codes::MOVED_SERIAL_SOLD),
        (&[("QTYTYPE", Number(2))], codes::MOVED_SERIAL_UNKNOWN),
        (&[("QTYTYPE", Number(6))], codes::MOVED_SERIAL_QUANTITY_TYPE),
        (&[("TOBIN", Text("A"))], codes::MOVED_SERIAL_BIN),
    ];
    refused(&sandbox, &mut client, MOVED_SERIAL, &moved, cases).await;
    let cases: &[(&[(&'static str, Element)], i32)] = &[
        (&[("LOTNUMBR", Text("LOT-Z"))], codes::MOVED_LOT_UNKNOWN),
        (&[("SERLTQTY", Money("11"))], codes::MOVED_LOT_SHORT),
        (&[("QTYTYPE", Number(0))], codes::MOVED_LOT_QUANTITY_TYPE),
    ];
    refused(&sandbox, &mut client, MOVED_LOT, &moved_lot(), cases).await;
}

#[tokio::test]
async fn what_is_wrong_with_a_line_or_header_has_its_code_and_leaves_nothing() {
    let sandbox = sandbox().await;
    let mut client = connect(&sandbox).await;
    for sql in [
        "UPDATE IV00101 SET INACTIVE = 1 WHERE ITEMNMBR = 'ACCS-CRD-12WH'",
        "UPDATE IV00101 SET ITEMTYPE = 5 WHERE ITEMNMBR = 'ACCS-CRD-25BK'",
        "INSERT INTO IV40700 (LOCNCODE, INACTIVE) VALUES ('CLOSED', 1)",
        "INSERT INTO IV40700 (LOCNCODE) VALUES ('SOUTH')",
        "UPDATE IV00102 SET QTYONHND = 4 WHERE ITEMNMBR = '100XLG' AND LOCNCODE = 'WAREHOUSE'",
    ] {
        one(&mut client, sql).await;
    }
    let strictly = ("OverrideQty", Number(0));
    let cases: &[(&[(&'static str, Element)], i32)] = &[
        (&[("IVDOCTYP", Number(3))], codes::LINE_TYPE),
        (&[("ITEMNMBR", Text("NONE"))], codes::LINE_ITEM),
        (&[("ITEMNMBR", Text("ACCS-CRD-12WH"))], codes::LINE_INACTIVE),
        (&[("ITEMNMBR", Text("ACCS-CRD-25BK"))], codes::LINE_UNKEPT),
        (&[("TRXLOCTN", Text("NONE"))], codes::LINE_SITE),
        (&[("TRXLOCTN", Text("CLOSED"))], codes::LINE_SITE),
        (&[("TRXLOCTN", Text("SOUTH"))], codes::LINE_UNASSIGNED),
        (&[("UOFM", Text("Pallet"))], codes::LINE_UNIT),
        (&[("TRXQTY", Money("0"))], codes::LINE_QUANTITY),
        (
            &[strictly.clone(), ("TRXQTY", Money("-5"))],
            codes::LINE_SHORT,
        ),
        (&[("UNITCOST", Money("-1"))], codes::LINE_COST),
        (&[("InventoryAccount", Text("9-9-9"))], codes::LINE_ACCOUNT),
        (&[("IVIVOFIX", Number(99))], codes::LINE_ACCOUNT),
        (&[("ITEMNMBR", Text("STK-SCANNER"))], codes::LINE_NUMBERS),
    ];
    refused(&sandbox, &mut client, LINE, &line(), cases).await;
    let none: &[(&[(&'static str, Element)], i32)] = &[(&[], codes::HEADER_NO_LINES)];
    refused(&sandbox, &mut client, HEADER, &header(), none).await;
    // What is there may be taken, and more of it when overridden.
    let all = with(line(), &[strictly, ("LNSEQNBR", Number(16_384))]);
    accepted(&mut client, LINE, &all).await;
    accepted(&mut client, LINE, &line()).await;
    let twice: &[(&[(&'static str, Element)], i32)] =
        &[(&[("LNSEQNBR", Number(16_384))], codes::LINE_TWICE)];
    refused(&sandbox, &mut client, LINE, &line(), twice).await;
    let cases: &[(&[(&'static str, Element)], i32)] = &[
        (&[("IVDOCTYP", Number(3))], codes::HEADER_TYPE),
        (&[("POSTTOGL", Number(2))], codes::HEADER_LEDGER),
    ];
    refused(&sandbox, &mut client, HEADER, &header(), cases).await;
    // A serial number of no line.
    let strange = with(serial(), &[("LNSEQNBR", Number(99))]);
    accepted(&mut client, SERIAL, &strange).await;
    let lost: &[(&[(&'static str, Element)], i32)] = &[(&[], codes::HEADER_NUMBERS)];
    refused(&sandbox, &mut client, HEADER, &header(), lost).await;
    one(&mut client, "DELETE FROM IV10002").await;
    accepted(&mut client, HEADER, &header()).await;
    let known: &[(&[(&'static str, Element)], i32)] = &[(&[], codes::HEADER_DOCUMENT)];
    refused(&sandbox, &mut client, HEADER, &header(), known).await;
    let known: &[(&[(&'static str, Element)], i32)] = &[(&[], codes::LINE_DOCUMENT)];
    refused(&sandbox, &mut client, LINE, &line(), known).await;
    let known: &[(&[(&'static str, Element)], i32)] = &[(&[], codes::SERIAL_DOCUMENT)];
    refused(&sandbox, &mut client, SERIAL, &serial(), known).await;
    let known: &[(&[(&'static str, Element)], i32)] =
        &[(&[("LOTNUMBR", Text("LOT-A"))], codes::LOT_DOCUMENT)];
    refused(&sandbox, &mut client, LOT, &lot(), known).await;
}

#[tokio::test]
async fn what_is_wrong_with_a_transfer_has_its_code_and_leaves_nothing() {
    let sandbox = sandbox().await;
    let mut client = connect(&sandbox).await;
    one(
        &mut client,
        "INSERT INTO IV40700 (LOCNCODE) VALUES ('SOUTH')",
    )
    .await;
    accepted(&mut client, MOVED_LOT, &moved_lot()).await;
    let cases: &[(&[(&'static str, Element)], i32)] = &[
        (&[("ITEMNMBR", Text("NONE"))], codes::MOVED_LINE_ITEM),
        (&[("TRNSTLOC", Text("NONE"))], codes::MOVED_LINE_SITE),
        (&[("TRNSTLOC", Text("SOUTH"))], codes::MOVED_LINE_UNASSIGNED),
        (
            &[("TRNSTLOC", Text("WAREHOUSE"))],
            codes::MOVED_LINE_NOWHERE,
        ),
        (&[("TRTQTYTY", Number(6))], codes::MOVED_LINE_QUANTITY_TYPE),
        (&[("TRXQTY", Money("5"))], codes::MOVED_LINE_NUMBERS),
        (
            &[("TRXLOCTN", Text("NORTH")), ("TRNSTLOC", Text("WAREHOUSE"))],
            codes::MOVED_LINE_NUMBERS,
        ),
        (&[("UOFM", Text("Pallet"))], codes::MOVED_LINE_UNIT),
        (
            &[
                ("ITEMNMBR", Text("100XLG")),
                ("TRXLOCTN", Text("NORTH")),
                ("TRNSTLOC", Text("WAREHOUSE")),
                ("OverrideQty", Number(0)),
            ],
            codes::MOVED_LINE_SHORT,
        ),
    ];
    refused(&sandbox, &mut client, MOVED_LINE, &moved_line(), cases).await;
    let less = with(moved_line(), &[("TRXQTY", Money("-4"))]);
    let answer = call(&mut client, MOVED_LINE, &less).await.unwrap();
    assert!(answer.codes().contains(&codes::MOVED_LINE_QUANTITY));
    let none: &[(&[(&'static str, Element)], i32)] =
        &[(&[("IVDOCNBR", Text("TFR9"))], codes::MOVED_NO_LINES)];
    refused(&sandbox, &mut client, MOVED_HEADER, &moved_header(), none).await;
}

#[tokio::test]
async fn bins_are_refused() {
    let sandbox = sandbox().await;
    let mut client = connect(&sandbox).await;
    let bin = with(
        without(line(), "TRXLOCTN"),
        &[("QUANTITY", Money("4")), ("BIN", Text("A-7"))],
    );
    let bin = without(bin, "TRXQTY");
    let procedure = "taIVTransactionMultiBinInsert";
    let cases: &[(&[(&'static str, Element)], i32)] = &[(&[], codes::BIN_OFF)];
    refused(&sandbox, &mut client, procedure, &bin, cases).await;
    one(&mut client, "UPDATE IV40100 SET ENABLEMULTIBIN = 1").await;
    let cases: &[(&[(&'static str, Element)], i32)] = &[(&[], codes::BIN_UNBUILT)];
    refused(&sandbox, &mut client, procedure, &bin, cases).await;
}

#[tokio::test]
async fn inventory_numbers_count_by_kind_pass_known_ones_and_go_by_places() {
    let sandbox = sandbox().await;
    let mut client = connect(&sandbox).await;
    let second = ("IVDOCNBR", Text("ADJ0000000002"));
    accepted(
        &mut client,
        LINE,
        &with(line(), std::slice::from_ref(&second)),
    )
    .await;
    accepted(&mut client, HEADER, &with(header(), &[second])).await;
    for (kind, increment, expected) in [
        (1_u8, 1_u8, "ADJ0000000001"),
        (1, 1, "ADJ0000000003"),
        (1, 0, "ADJ0000000003"),
        (2, 1, "VAR0000000001"),
        (3, 1, "TFR0000000001"),
        (4, 1, ""),
    ] {
        let mut command = Command::new("dbo.taGetIvNumber");
        command.bind_param("", kind);
        command.bind_param("", increment);
        command.bind_out_param("", "");
        command.bind_out_param("", 0_i32);
        let answer = answered(command, &mut client).await.unwrap();
        assert_eq!(answer.outputs[0], expected);
        assert_eq!(answer.outputs[1] == "0", !expected.is_empty());
    }
}
