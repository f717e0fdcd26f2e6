//! Vendors and the checks written to them: what GP's tables hold afterwards, and what is refused.

use super::super::procedures::pm::codes;
use super::difference::{changes, snapshot};
use super::payables::{refused, succeed};
use super::{Element, Node, connect, sandbox, with, without};
use Element::{Money, Number, Text};

const VENDOR: &str = "taUpdateCreateVendorRcd";

fn vendor() -> Node {
    vec![
        ("VENDORID", Text("WEBPARTS0001")),
        ("VENDNAME", Text("Web Parts and Wires Incorporated")),
        ("VADDCDPR", Text("MAIN")),
        ("VNDCNTCT", Text("Greg Powell")),
        ("ADDRESS1", Text("9 Mill Road")),
        ("CITY", Text("Fargo")),
        ("ZIPCODE", Text("58102")),
        ("PHNUMBR3", Text("70155501020000")),
        ("PYMTRMID", Text("Net 30")),
        ("TRDDISCT", Money("2.5")),
        ("PMAPACTNUMST", Text("000-2100-00")),
        ("NOTETEXT", Text("Calls back")),
    ]
}

#[tokio::test]
async fn a_vendor_is_made_with_its_address_and_summary() {
    let sandbox = sandbox().await;
    let mut client = connect(&sandbox).await;
    let before = snapshot(&sandbox);
    succeed(&mut client, VENDOR, &vendor()).await;
    let expected = "\
+PM00200 VENDORID=WEBPARTS0001 VENDNAME=Web Parts and Wires Incorporated \
VNDCHKNM=Web Parts and Wires Incorporated VENDSHNM=Web Parts and W VADDCDPR=MAIN VADCDPAD=MAIN \
VADCDSFR=MAIN VADCDTRO=MAIN VNDCNTCT=Greg Powell ADDRESS1=9 Mill Road CITY=Fargo ZIPCODE=58102 \
PHONE3=70155501020000 VENDSTTS=1 TRDDISCT=250 TEN99TYPE=1 PYMTRMID=Net 30 KPCALHST=1 KGLDSTHS=1 \
KPERHIST=1 KPTRXHST=1 PMAPINDX=401 NOTEINDX=1 MODIFDT=today CREATDDT=today FREEONBOARD=1
+PM00201 VENDORID=WEBPARTS0001
+PM00300 VENDORID=WEBPARTS0001 ADRSCODE=MAIN VNDCNTCT=Greg Powell ADDRESS1=9 Mill Road CITY=Fargo \
ZIPCODE=58102 PHONE3=70155501020000
+SY03900 NOTEINDX=1 DATE1=today TIME1=1900-01-01 TXTFIELD=Calls back";
    assert_eq!(changes(&before, &snapshot(&sandbox)), expected);
}

#[tokio::test]
async fn a_new_vendor_takes_what_its_class_has_and_was_not_sent() {
    let sandbox = sandbox().await;
    let mut client = connect(&sandbox).await;
    let before = snapshot(&sandbox);
    let of_class = vec![
        ("VENDORID", Text("CLASSED0001")),
        ("VENDNAME", Text("Classed")),
        ("VNDCLSID", Text("USA-US-M")),
        ("UseVendorClass", Number(1)),
        ("SHIPMTHD", Text("MAIL")),
    ];
    succeed(&mut client, VENDOR, &of_class).await;
    let expected = "\
+PM00200 VENDORID=CLASSED0001 VENDNAME=Classed VNDCHKNM=Classed VENDSHNM=Classed VNDCLSID=USA-US-M \
SHIPMTHD=MAIL VENDSTTS=1 CURNCYID=Z-US$ TEN99TYPE=1 MINORDER=25 PYMTRMID=2% 10/Net 30 KPTRXHST=1 \
PMPRCHIX=402 MODIFDT=today CREATDDT=today FREEONBOARD=1
+PM00201 VENDORID=CLASSED0001";
    assert_eq!(changes(&before, &snapshot(&sandbox)), expected);
}

#[tokio::test]
async fn a_known_vendor_changes_field_by_field() {
    let sandbox = sandbox().await;
    let mut client = connect(&sandbox).await;
    succeed(&mut client, VENDOR, &vendor()).await;
    let before = snapshot(&sandbox);
    let update = vec![
        ("VENDORID", Text("WEBPARTS0001")),
        ("ADDRESS1", Text("10 Mill Road")),
        ("VNDCNTCT", Text("")),
        ("HOLD", Number(1)),
        ("PMAPACTNUMST", Text("")),
    ];
    succeed(&mut client, VENDOR, &update).await;
    let expected = "\
~PM00200 ADDRESS1=10 Mill Road HOLD=1 VNDCNTCT=none PMAPINDX=none
~PM00300 ADDRESS1=10 Mill Road VNDCNTCT=none";
    assert_eq!(changes(&before, &snapshot(&sandbox)), expected);
    let before = snapshot(&sandbox);
    let own = with(
        update,
        &[("CreateAddress", Number(0)), ("CITY", Text("Hope"))],
    );
    succeed(&mut client, VENDOR, &own).await;
    let expected = "~PM00200 CITY=Hope";
    assert_eq!(changes(&before, &snapshot(&sandbox)), expected);
}

#[tokio::test]
async fn what_is_wrong_with_a_vendor_has_its_code_and_leaves_nothing() {
    let sandbox = sandbox().await;
    let mut client = connect(&sandbox).await;
    let before = snapshot(&sandbox);
    for (changed, code) in [
        (("UpdateIfExists", Number(2)), codes::VENDOR_UPDATE),
        (("VENDNAME", Text("")), codes::VENDOR_NAME),
        (("VNDCLSID", Text("NOCLASS")), codes::VENDOR_CLASS),
        (("UseVendorClass", Number(1)), codes::VENDOR_CLASS_MISSING),
        (("UseVendorClass", Number(2)), codes::VENDOR_USE_CLASS),
        (("VENDSTTS", Number(4)), codes::VENDOR_STATUS),
        (("HOLD", Number(2)), codes::VENDOR_ON_HOLD),
        (("PYMTRMID", Text("NEVER")), codes::VENDOR_TERMS),
        (("SHIPMTHD", Text("PIGEON")), codes::VENDOR_SHIPPING),
        (("TAXSCHID", Text("NOSCHED")), codes::VENDOR_SCHEDULE),
        (("CHEKBKID", Text("NOWHERE")), codes::VENDOR_CHECKBOOK),
        (("CURNCYID", Text("Z-NONE")), codes::VENDOR_CURRENCY),
        (("PMAPACTNUMST", Text("999-0000-00")), codes::VENDOR_ACCOUNT),
        (("VADDCDPR", Text("")), codes::VENDOR_ADDRESS_CODE),
        (("CreateAddress", Number(2)), codes::VENDOR_CREATE_ADDRESS),
        (("TRDDISCT", Money("100.01")), codes::VENDOR_PERCENT),
        (("MINPYPCT", Money("-1")), codes::VENDOR_PERCENT),
        (("CRLMTDLR", Money("-1")), codes::VENDOR_NEGATIVE),
    ] {
        let node = with(vendor(), std::slice::from_ref(&changed));
        refused(&mut client, VENDOR, &node, code).await;
        assert_eq!(changes(&before, &snapshot(&sandbox)), "", "{code}");
    }
    let nameless = without(vendor(), "VENDNAME");
    refused(&mut client, VENDOR, &nameless, codes::VENDOR_NAME).await;
    let known = [
        ("VENDORID", Text("ACETRAVE0001")),
        ("UpdateIfExists", Number(0)),
    ];
    let known = with(vendor(), &known);
    refused(&mut client, VENDOR, &known, codes::VENDOR_EXISTS).await;
    assert_eq!(changes(&before, &snapshot(&sandbox)), "");
}

const CHECK: &str = "taPMManualCheck";
const DISTRIBUTION: &str = "taPMDistribution";

pub(super) fn check() -> Node {
    vec![
        ("BACHNUMB", Text("WEBPAY")),
        ("PMNTNMBR", Text("P-1")),
        ("VENDORID", Text("ACETRAVE0001")),
        ("DOCNUMBR", Text("20017")),
        ("DOCAMNT", Money("44.49")),
        ("DOCDATE", Text("2026-03-05")),
        ("PSTGDATE", Text("2026-03-06")),
        ("PYENTTYP", Number(0)),
        ("CHEKBKID", Text("UPTOWN TRUST")),
        ("TRXDSCRN", Text("Refund of N1-1001")),
    ]
}

fn side(kind: i32, account: &'static str, side: &'static str) -> Node {
    vec![
        ("DOCTYPE", Number(6)),
        ("VCHRNMBR", Text("P-2")),
        ("VENDORID", Text("ACETRAVE0001")),
        ("DISTTYPE", Number(kind)),
        ("ACTNUMST", Text(account)),
        (side, Money("44.49")),
    ]
}

#[tokio::test]
async fn a_manual_check_is_whole_in_every_table_it_touches() {
    let sandbox = sandbox().await;
    let mut client = connect(&sandbox).await;
    let before = snapshot(&sandbox);
    succeed(&mut client, CHECK, &check()).await;
    let expected = "\
+PM00400 CNTRLNUM=P-1 CNTRLTYP=1 DCSTATUS=1 DOCTYPE=6 VENDORID=ACETRAVE0001 DOCNUMBR=20017 \
CHEKBKID=UPTOWN TRUST BCHSOURC=PM_Payment DOCDATE=2026-03-05
+PM10100 VCHRNMBR=P-1 DSTSQNUM=16384 CNTRLTYP=1 DEBITAMT=44.49 DSTINDX=401 DISTTYPE=2 \
VENDORID=ACETRAVE0001 PSTGDATE=2026-03-06 INTERID=TWO CURNCYID=Z-US$ CURRNIDX=1007 ORDBTAMT=44.49
+PM10100 VCHRNMBR=P-1 DSTSQNUM=32768 CNTRLTYP=1 CRDTAMNT=44.49 DSTINDX=1 DISTTYPE=1 \
VENDORID=ACETRAVE0001 PSTGDATE=2026-03-06 INTERID=TWO CURNCYID=Z-US$ CURRNIDX=1007 ORCRDAMT=44.49
+PM10400 BACHNUMB=WEBPAY BCHSOURC=PM_Payment PMNTNMBR=P-1 VENDORID=ACETRAVE0001 DOCNUMBR=20017 \
DOCTYPE=6 DOCAMNT=44.49 DOCDATE=2026-03-05 PSTGDATE=2026-03-06 CHEKAMNT=44.49 CURNCYID=Z-US$ \
CHEKBKID=UPTOWN TRUST TRXDSCRN=Refund of N1-1001 CURTRXAM=44.49 VCHRNMBR=P-1 CNTRLTYP=1 \
MODIFDT=today
+SY00500 GLPOSTDT=2026-03-06 BCHSOURC=PM_Payment BACHNUMB=WEBPAY SERIES=4 NUMOFTRX=1 BACHFREQ=1 \
BCHTOTAL=44.49 MODIFDT=today CREATDDT=today ORIGIN=1";
    assert_eq!(changes(&before, &snapshot(&sandbox)), expected);
}

#[tokio::test]
async fn a_payment_by_card_takes_the_distributions_that_were_sent() {
    let sandbox = sandbox().await;
    let mut client = connect(&sandbox).await;
    // A voucher of the same number is another document.
    let voucher = with(
        side(6, "000-5100-00", "DEBITAMT"),
        &[("DOCTYPE", Number(1))],
    );
    succeed(&mut client, DISTRIBUTION, &voucher).await;
    let payable = side(2, "000-2100-00", "DEBITAMT");
    succeed(&mut client, DISTRIBUTION, &payable).await;
    let by_card = with(
        without(check(), "CHEKBKID"),
        &[
            ("PMNTNMBR", Text("P-2")),
            ("PYENTTYP", Number(2)),
            ("CARDNAME", Text("VISA")),
            ("CREATEDIST", Number(0)),
        ],
    );
    refused(&mut client, CHECK, &by_card, codes::PAYMENT_UNBALANCED).await;
    succeed(
        &mut client,
        DISTRIBUTION,
        &side(1, "000-5100-00", "CRDTAMNT"),
    )
    .await;
    let more = with(by_card.clone(), &[("DOCAMNT", Money("44.50"))]);
    refused(&mut client, CHECK, &more, codes::PAYMENT_PAYABLE_DIFFERS).await;
    let before = snapshot(&sandbox);
    let made = with(by_card.clone(), &[("CREATEDIST", Number(1))]);
    refused(&mut client, CHECK, &made, codes::PAYMENT_DIST_SENT).await;
    assert_eq!(changes(&before, &snapshot(&sandbox)), "");
    succeed(&mut client, CHECK, &by_card).await;
    let told = changes(&before, &snapshot(&sandbox));
    assert_eq!(told.matches("~PM10100 PSTGDATE=2026-03-06").count(), 2);
    assert!(told.contains("PYENTTYP=2 CARDNAME=VISA"), "{told}");
    assert!(!told.contains("CHEKAMNT"), "{told}");
}

#[tokio::test]
async fn what_is_wrong_with_a_payment_has_its_code_and_leaves_nothing() {
    let sandbox = sandbox().await;
    let mut client = connect(&sandbox).await;
    let other = [("PMNTNMBR", Text("KNOWN")), ("DOCNUMBR", Text("20001"))];
    succeed(&mut client, CHECK, &with(check(), &other)).await;
    let before = snapshot(&sandbox);
    for (changed, code) in [
        (("PYENTTYP", Number(3)), codes::PAYMENT_TYPE),
        (("DOCAMNT", Money("0")), codes::PAYMENT_AMOUNT),
        (("PYENTTYP", Number(2)), codes::PAYMENT_CARD),
        (("CARDNAME", Text("NOCARD")), codes::PAYMENT_CARD),
        (("CHEKBKID", Text("")), codes::PAYMENT_CHECKBOOK),
        (("CHEKBKID", Text("NOWHERE")), codes::PAYMENT_CHECKBOOK),
        (("BatchCHEKBKID", Text("NOWHERE")), codes::PAYMENT_CHECKBOOK),
        (("CURNCYID", Text("Z-NONE")), codes::PAYMENT_CURRENCY),
        (("CURNCYID", Text("Z-UK")), codes::PAYMENT_NO_RATE),
        (("PMNTNMBR", Text("KNOWN")), codes::PAYMENT_EXISTS),
        (("DOCNUMBR", Text("20001")), codes::PAYMENT_CHECK_EXISTS),
        (("VENDORID", Text("NOBODY")), codes::PAYMENT_VENDOR),
        (
            ("VENDORID", Text("CLOSEDWI0001")),
            codes::PAYMENT_VENDOR_INACTIVE,
        ),
        (
            ("VENDORID", Text("HALTEDPA0001")),
            codes::PAYMENT_VENDOR_HOLD,
        ),
        (("CREATEDIST", Number(0)), codes::PAYMENT_DIST_MISSING),
        (("CREATEDIST", Number(2)), codes::PAYMENT_CREATE_DIST),
    ] {
        let node = with(check(), std::slice::from_ref(&changed));
        refused(&mut client, CHECK, &node, code).await;
        assert_eq!(changes(&before, &snapshot(&sandbox)), "", "{code}");
    }
    let of_other = with(
        side(2, "000-2100-00", "DEBITAMT"),
        &[("VCHRNMBR", Text("P-1"))],
    );
    succeed(&mut client, DISTRIBUTION, &of_other).await;
    let strange = with(check(), &[("VENDORID", Text("ADVANCED0001"))]);
    let answer = super::call(&mut client, CHECK, &strange).await.unwrap();
    assert!(
        answer.codes().contains(&codes::PAYMENT_DIST_VENDOR),
        "{answer:?}"
    );
}
