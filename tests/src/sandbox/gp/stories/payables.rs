//! Payables vouchers: what GP's tables hold afterwards, and what is refused.

use super::super::procedures::pm::codes;
use super::difference::{changes, snapshot};
use super::{Connection, Element, Node, answered, call, connect, one, sandbox, with, without};
use Element::{Money, Number, Text};
use tiberius::Command;

const TRANSACTION: &str = "taPMTransactionInsert";
const DISTRIBUTION: &str = "taPMDistribution";
const TAX: &str = "taPMTransactionTaxInsert";

pub(super) fn tax() -> Node {
    vec![
        ("VENDORID", Text("ACETRAVE0001")),
        ("VCHRNMBR", Text("V-1")),
        ("DOCTYPE", Number(1)),
        ("BACHNUMB", Text("WEBPM")),
        ("TAXDTLID", Text("USND-STATE")),
        ("TAXAMNT", Money("5.00")),
        ("PCTAXAMT", Money("5.00")),
        ("TDTTXPUR", Money("100.00")),
        ("TXDTTPUR", Money("100.00")),
    ]
}

pub(super) fn transaction() -> Node {
    vec![
        ("BACHNUMB", Text("WEBPM")),
        ("VCHNUMWK", Text("V-1")),
        ("VENDORID", Text("ACETRAVE0001")),
        ("DOCNUMBR", Text("INV-77")),
        ("DOCTYPE", Number(1)),
        ("DOCAMNT", Money("120.00")),
        ("DOCDATE", Text("2026-03-05")),
        ("PSTGDATE", Text("2026-03-06")),
        ("PRCHAMNT", Money("100.00")),
        ("MSCCHAMT", Money("5.00")),
        ("FRTAMNT", Money("12.00")),
        ("TAXAMNT", Money("5.00")),
        ("TRDISAMT", Money("2.00")),
        ("TRXDSCRN", Text("Flights")),
    ]
}

/// A voucher of another number whose distributions the caller sends.
fn distributed() -> Node {
    let changes = [("VCHNUMWK", Text("V-2")), ("DOCNUMBR", Text("INV-78"))];
    let changed = with(transaction(), &changes);
    with(
        changed,
        &[
            ("TAXAMNT", Money("0")),
            ("DOCAMNT", Money("115.00")),
            ("CREATEDIST", Number(0)),
        ],
    )
}

fn purchases() -> Node {
    vec![
        ("DOCTYPE", Number(1)),
        ("VCHRNMBR", Text("V-2")),
        ("VENDORID", Text("ACETRAVE0001")),
        ("DISTTYPE", Number(6)),
        ("DistRef", Text("Trip to Fargo")),
        ("ACTNUMST", Text("000-5100-00")),
        ("DEBITAMT", Money("115.00")),
    ]
}

fn payable() -> Node {
    let changes = [
        ("DISTTYPE", Number(2)),
        ("ACTNUMST", Text("000-2100-00")),
        ("CRDTAMNT", Money("115.00")),
    ];
    without(with(purchases(), &changes), "DEBITAMT")
}

pub(super) async fn succeed(client: &mut Connection, procedure: &str, node: &Node) {
    let answer = call(client, procedure, node).await.unwrap();
    let found = (answer.status, answer.codes());
    assert_eq!(found, (0, Vec::new()), "{procedure}");
}

#[tokio::test]
async fn a_voucher_is_whole_in_every_table_it_touches() {
    let sandbox = sandbox().await;
    let mut client = connect(&sandbox).await;
    let before = snapshot(&sandbox);
    succeed(&mut client, TAX, &tax()).await;
    succeed(&mut client, TRANSACTION, &transaction()).await;
    let expected = "\
+PM00400 CNTRLNUM=V-1 DCSTATUS=1 DOCTYPE=1 VENDORID=ACETRAVE0001 DOCNUMBR=INV-77 \
DUEDATE=2026-03-05 BCHSOURC=PM_Trxent DOCDATE=2026-03-05
+PM10000 BACHNUMB=WEBPM BCHSOURC=PM_Trxent VCHNUMWK=V-1 VENDORID=ACETRAVE0001 DOCNUMBR=INV-77 \
DOCTYPE=1 DOCAMNT=120 DOCDATE=2026-03-05 PSTGDATE=2026-03-06 VADDCDPR=PRIMARY VADCDTRO=PRIMARY \
PYMTRMID=Net 30 DUEDATE=2026-03-05 PRCHAMNT=100 CHRGAMNT=120 CURNCYID=Z-US$ TRXDSCRN=Flights \
TRDISAMT=2 TAXAMNT=5 FRTAMNT=12 MSCCHAMT=5 CURTRXAM=120 VCHRNMBR=V-1 MODIFDT=today \
Tax_Date=2026-03-05
+PM10100 VCHRNMBR=V-1 DSTSQNUM=16384 CRDTAMNT=120 DSTINDX=401 DISTTYPE=2 VENDORID=ACETRAVE0001 \
PSTGDATE=2026-03-06 INTERID=TWO CURNCYID=Z-US$ CURRNIDX=1007 ORCRDAMT=120
+PM10100 VCHRNMBR=V-1 DSTSQNUM=32768 DEBITAMT=100 DSTINDX=402 DISTTYPE=6 VENDORID=ACETRAVE0001 \
PSTGDATE=2026-03-06 INTERID=TWO CURNCYID=Z-US$ CURRNIDX=1007 ORDBTAMT=100
+PM10100 VCHRNMBR=V-1 DSTSQNUM=49152 CRDTAMNT=2 DSTINDX=403 DISTTYPE=7 VENDORID=ACETRAVE0001 \
PSTGDATE=2026-03-06 INTERID=TWO CURNCYID=Z-US$ CURRNIDX=1007 ORCRDAMT=2
+PM10100 VCHRNMBR=V-1 DSTSQNUM=65536 DEBITAMT=5 DSTINDX=404 DISTTYPE=8 VENDORID=ACETRAVE0001 \
PSTGDATE=2026-03-06 INTERID=TWO CURNCYID=Z-US$ CURRNIDX=1007 ORDBTAMT=5
+PM10100 VCHRNMBR=V-1 DSTSQNUM=81920 DEBITAMT=12 DSTINDX=405 DISTTYPE=9 VENDORID=ACETRAVE0001 \
PSTGDATE=2026-03-06 INTERID=TWO CURNCYID=Z-US$ CURRNIDX=1007 ORDBTAMT=12
+PM10100 VCHRNMBR=V-1 DSTSQNUM=98304 DEBITAMT=5 DSTINDX=4 DISTTYPE=10 VENDORID=ACETRAVE0001 \
PSTGDATE=2026-03-06 INTERID=TWO CURNCYID=Z-US$ CURRNIDX=1007 ORDBTAMT=5
+PM10500 VCHRNMBR=V-1 DOCTYPE=1 BACHNUMB=WEBPM TAXDTLID=USND-STATE TAXAMNT=5 ORTAXAMT=5 PCTAXAMT=5 \
ACTINDX=4 TDTTXPUR=100 TXDTTPUR=100 VENDORID=ACETRAVE0001 CURRNIDX=1007
+SY00500 GLPOSTDT=2026-03-06 BCHSOURC=PM_Trxent BACHNUMB=WEBPM SERIES=4 NUMOFTRX=1 BACHFREQ=1 \
BCHTOTAL=120 MODIFDT=today CREATDDT=today ORIGIN=1";
    assert_eq!(changes(&before, &snapshot(&sandbox)), expected);
}

#[tokio::test]
async fn a_credit_memo_turns_the_sides_and_sent_distributions_are_kept() {
    let sandbox = sandbox().await;
    let mut client = connect(&sandbox).await;
    let before = snapshot(&sandbox);
    let memo = with(
        distributed(),
        &[
            ("VCHNUMWK", Text("V-9")),
            ("DOCNUMBR", Text("CR-9")),
            ("DOCTYPE", Number(5)),
            ("CREATEDIST", Number(1)),
        ],
    );
    succeed(&mut client, TRANSACTION, &memo).await;
    let told = changes(&before, &snapshot(&sandbox));
    assert!(
        told.contains("DEBITAMT=115 DSTINDX=401 DISTTYPE=2"),
        "{told}"
    );
    assert!(
        told.contains("CRDTAMNT=100 DSTINDX=402 DISTTYPE=6"),
        "{told}"
    );
    assert!(told.contains("DEBITAMT=2 DSTINDX=403 DISTTYPE=7"), "{told}");
    let before = snapshot(&sandbox);
    succeed(&mut client, DISTRIBUTION, &purchases()).await;
    succeed(&mut client, DISTRIBUTION, &payable()).await;
    let expected = "\
+PM10100 VCHRNMBR=V-2 DSTSQNUM=16384 DEBITAMT=115 DSTINDX=402 DISTTYPE=6 VENDORID=ACETRAVE0001 \
INTERID=TWO CURNCYID=Z-US$ CURRNIDX=1007 ORDBTAMT=115 DistRef=Trip to Fargo
+PM10100 VCHRNMBR=V-2 DSTSQNUM=32768 CRDTAMNT=115 DSTINDX=401 DISTTYPE=2 VENDORID=ACETRAVE0001 \
INTERID=TWO CURNCYID=Z-US$ CURRNIDX=1007 ORCRDAMT=115 DistRef=Trip to Fargo";
    assert_eq!(changes(&before, &snapshot(&sandbox)), expected);
    let before = snapshot(&sandbox);
    succeed(&mut client, TRANSACTION, &distributed()).await;
    let told = changes(&before, &snapshot(&sandbox));
    assert!(!told.contains("+PM10100"), "{told}");
    assert!(told.contains("~PM10100 PSTGDATE=2026-03-06"), "{told}");
    assert!(told.contains("~SY00500 NUMOFTRX=2 BCHTOTAL=230"), "{told}");
}

#[tokio::test]
async fn what_is_wrong_with_a_voucher_has_its_code_and_leaves_nothing() {
    let sandbox = sandbox().await;
    let mut client = connect(&sandbox).await;
    let known = [("VCHNUMWK", Text("KNOWN")), ("DOCNUMBR", Text("KNOWN"))];
    let known = with(distributed(), &known);
    let known = with(known, &[("CREATEDIST", Number(1))]);
    succeed(&mut client, TRANSACTION, &known).await;
    succeed(&mut client, TAX, &tax()).await;
    succeed(&mut client, DISTRIBUTION, &purchases()).await;
    let before = snapshot(&sandbox);
    for (changed, code) in [
        (("DOCTYPE", Number(6)), codes::TYPE),
        (("VENDORID", Text("NOBODY")), codes::VENDOR),
        (("VENDORID", Text("CLOSEDWI0001")), codes::VENDOR_INACTIVE),
        (("VENDORID", Text("HALTEDPA0001")), codes::VENDOR_HOLD),
        (("VCHNUMWK", Text("KNOWN")), codes::VOUCHER_EXISTS),
        (("DOCNUMBR", Text("KNOWN")), codes::DOCUMENT_EXISTS),
        (("FRTAMNT", Money("-1")), codes::NEGATIVE),
        (("DOCAMNT", Money("120.01")), codes::SUM),
        (("CHEKAMNT", Money("1")), codes::PAID),
        (("CHRGAMNT", Money("1")), codes::CHARGE),
        (("PYMTRMID", Text("NEVER")), codes::TERMS),
        (("SHIPMTHD", Text("PIGEON")), codes::SHIPPING),
        (("PCHSCHID", Text("NOSCHED")), codes::SCHEDULE),
        (("CHEKBKID", Text("NOWHERE")), codes::CHECKBOOK),
        (("BatchCHEKBKID", Text("NOWHERE")), codes::CHECKBOOK),
        (("CURNCYID", Text("Z-NONE")), codes::CURRENCY),
        (("CURNCYID", Text("Z-UK")), codes::NO_RATE),
        (("TAXAMNT", Money("4.00")), codes::TAXES_DIFFER),
        (("CREATEDIST", Number(2)), codes::CREATE_DISTRIBUTIONS),
        (("CREATEDIST", Number(0)), codes::DISTRIBUTIONS_MISSING),
        (("DOCTYPE", Number(2)), codes::CHILD_VENDOR),
        (("BACHNUMB", Text("OTHER")), codes::CHILD_VENDOR),
        (("VCHNUMWK", Text("V-2")), codes::DISTRIBUTIONS_SENT),
    ] {
        let node = with(transaction(), std::slice::from_ref(&changed));
        refused(&mut client, TRANSACTION, &node, code).await;
    }
    refused(&mut client, TRANSACTION, &distributed(), codes::UNBALANCED).await;
    assert_eq!(changes(&before, &snapshot(&sandbox)), "");
    succeed(&mut client, DISTRIBUTION, &payable()).await;
    let before = snapshot(&sandbox);
    let more = [("DOCAMNT", Money("116.00")), ("PRCHAMNT", Money("101.00"))];
    let node = with(distributed(), &more);
    refused(&mut client, TRANSACTION, &node, codes::PAYABLE_DIFFERS).await;
    assert_eq!(changes(&before, &snapshot(&sandbox)), "");
}

pub(super) async fn refused(client: &mut Connection, procedure: &str, node: &Node, code: i32) {
    let answer = call(client, procedure, node).await.unwrap();
    assert!(answer.codes().contains(&code), "{code}: {answer:?}");
}

#[tokio::test]
async fn what_is_wrong_with_a_tax_or_distribution_has_its_code_and_leaves_nothing() {
    let sandbox = sandbox().await;
    let mut client = connect(&sandbox).await;
    let known = [("VCHNUMWK", Text("KNOWN")), ("CREATEDIST", Number(1))];
    let known = with(distributed(), &known);
    succeed(&mut client, TRANSACTION, &known).await;
    succeed(
        &mut client,
        TAX,
        &with(tax(), &[("TAXDTLID", Text("USND-FARGO"))]),
    )
    .await;
    let first = with(purchases(), &[("DSTSQNUM", Number(500))]);
    succeed(&mut client, DISTRIBUTION, &first).await;
    let inactive = "UPDATE GL00100 SET ACTIVE = 0 WHERE ACTINDX = 404";
    one(&mut client, inactive).await;
    let before = snapshot(&sandbox);
    for (changed, code) in [
        (("DOCTYPE", Number(6)), codes::TAX_TYPE),
        (("VENDORID", Text("NOBODY")), codes::TAX_VENDOR),
        (("TAXDTLID", Text("NODETAIL")), codes::TAX_DETAIL),
        (("TAXDTLID", Text("USND-FARGO")), codes::TAX_TWICE),
        (("FRTTXAMT", Money("1")), codes::TAX_SUM),
        (("TDTTXPUR", Money("-1")), codes::TAX_NEGATIVE),
        (("ACTNUMST", Text("999-0000-00")), codes::TAX_ACCOUNT),
        (("ACTINDX", Number(404)), codes::TAX_ACCOUNT_INACTIVE),
        (("VCHRNMBR", Text("KNOWN")), codes::TAX_VOUCHER),
    ] {
        let node = with(tax(), std::slice::from_ref(&changed));
        refused(&mut client, TAX, &node, code).await;
        assert_eq!(changes(&before, &snapshot(&sandbox)), "", "{code}");
    }
    let by_index = without(purchases(), "ACTNUMST");
    refused(
        &mut client,
        DISTRIBUTION,
        &by_index,
        codes::DIST_ACCOUNT_MISSING,
    )
    .await;
    for (changed, code) in [
        (("DOCTYPE", Number(7)), codes::DIST_DOCUMENT),
        (("VENDORID", Text("NOBODY")), codes::DIST_VENDOR),
        (("DISTTYPE", Number(24)), codes::DIST_TYPE),
        (("ACTNUMST", Text("999-0000-00")), codes::DIST_ACCOUNT),
        (
            ("ACTNUMST", Text("000-5170-00")),
            codes::DIST_ACCOUNT_INACTIVE,
        ),
        (("CRDTAMNT", Money("1")), codes::DIST_SIDES),
        (("DEBITAMT", Money("-1")), codes::DIST_SIDES),
        (("DEBITAMT", Money("0")), codes::DIST_SIDES),
        (("DSTSQNUM", Number(500)), codes::DIST_TWICE),
        (("VCHRNMBR", Text("KNOWN")), codes::DIST_VOUCHER),
    ] {
        let node = with(purchases(), std::slice::from_ref(&changed));
        refused(&mut client, DISTRIBUTION, &node, code).await;
        assert_eq!(changes(&before, &snapshot(&sandbox)), "", "{code}");
    }
}

#[tokio::test]
async fn voucher_numbers_count_up_and_pass_known_ones() {
    let sandbox = sandbox().await;
    let mut client = connect(&sandbox).await;
    let known = [
        ("VCHNUMWK", Text("00000000000000472")),
        ("CREATEDIST", Number(1)),
    ];
    succeed(&mut client, TRANSACTION, &with(distributed(), &known)).await;
    for (kind, expected) in [
        (0_i16, "00000000000000471"),
        (0, "00000000000000473"),
        (1, "00000000000000238"),
        (2, ""),
    ] {
        let mut command = Command::new("dbo.taGetPMNextVoucherNumber");
        command.bind_out_param("@O_vCNTRLNUM", "");
        command.bind_param("@I_sCNTRLTYP", kind);
        command.bind_out_param("@O_iErrorState", 0_i32);
        let answer = answered(command, &mut client).await.unwrap();
        assert_eq!(answer.outputs[0].trim_end(), expected);
        assert_eq!(answer.outputs[1] == "0", !expected.is_empty());
    }
}

fn address() -> Node {
    vec![
        ("VENDORID", Text("ACETRAVE0001")),
        ("ADRSCODE", Text("REMIT")),
        ("VNDCNTCT", Text("Greg Powell")),
        ("ADDRESS1", Text("123 Riley Street")),
        ("CITY", Text("Fargo")),
        ("ZIPCODE", Text("58102")),
        ("PHNUMBR3", Text("70155501020000")),
        ("SHIPMTHD", Text("GROUND")),
    ]
}

#[tokio::test]
async fn an_address_of_a_vendor_is_made_and_changed_field_by_field() {
    const ADDRESS: &str = "taCreateVendorAddress";
    let sandbox = sandbox().await;
    let mut client = connect(&sandbox).await;
    let before = snapshot(&sandbox);
    succeed(&mut client, ADDRESS, &address()).await;
    let expected = "\
+PM00300 VENDORID=ACETRAVE0001 ADRSCODE=REMIT VNDCNTCT=Greg Powell ADDRESS1=123 Riley Street \
CITY=Fargo ZIPCODE=58102 PHONE3=70155501020000 SHIPMTHD=GROUND";
    assert_eq!(changes(&before, &snapshot(&sandbox)), expected);
    let before = snapshot(&sandbox);
    let update = vec![
        ("VENDORID", Text("ACETRAVE0001")),
        ("ADRSCODE", Text("REMIT")),
        ("ADDRESS1", Text("7 Oak Lane")),
        ("VNDCNTCT", Text("")),
    ];
    succeed(&mut client, ADDRESS, &update).await;
    let expected = "~PM00300 ADDRESS1=7 Oak Lane VNDCNTCT=none";
    assert_eq!(changes(&before, &snapshot(&sandbox)), expected);
    let before = snapshot(&sandbox);
    for (changed, code) in [
        (("VENDORID", Text("NOBODY")), codes::ADDRESS_VENDOR),
        (("UpdateIfExists", Number(0)), codes::ADDRESS_EXISTS),
        (("UpdateIfExists", Number(2)), codes::ADDRESS_UPDATE),
        (("SHIPMTHD", Text("PIGEON")), codes::ADDRESS_SHIPPING),
        (("TAXSCHID", Text("NOSCHED")), codes::ADDRESS_SCHEDULE),
    ] {
        let node = with(address(), std::slice::from_ref(&changed));
        refused(&mut client, ADDRESS, &node, code).await;
        assert_eq!(changes(&before, &snapshot(&sandbox)), "", "{code}");
    }
}
