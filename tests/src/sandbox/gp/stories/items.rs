//! Items with their sites, currencies, prices, vendors and kits: what GP's tables hold afterwards.

use super::super::Sandbox;
use super::super::procedures::iv::codes;
use super::difference::{changes, snapshot};
use super::{Connection, Element, Node, call, connect, one, sandbox, with, without};
use Element::{Money, Number, Text};

fn item() -> Node {
    vec![
        ("ITEMNMBR", Text("WEB-MUG")),
        ("ITEMDESC", Text("Enamel mug")),
        ("ITMCLSCD", Text("GEAR")),
        ("UseItemClass", Number(1)),
        ("ITEMSHWT", Money("0.35")),
        ("STNDCOST", Money("4.20")),
        ("CURRCOST", Money("4.20")),
        ("LISTPRCE", Money("12.50")),
        ("IVCOGSACTNUMST", Text("000-4510-01")),
        ("LOCNCODE", Text("WAREHOUSE")),
    ]
}

fn price() -> Node {
    vec![
        ("ITEMNMBR", Text("WEB-MUG")),
        ("PRCLEVEL", Text("RETAIL")),
        ("UOFM", Text("Each")),
        ("TOQTY", Money("9")),
        ("UOMPRICE", Money("12.50")),
    ]
}

fn kit() -> Node {
    vec![
        ("ITEMNMBR", Text("WEB-KIT")),
        ("CMPTITNM", Text("STK-SCANNER")),
        ("CMPITUOM", Text("Each")),
        ("CMPITQTY", Money("2")),
    ]
}

fn vendor() -> Node {
    vec![
        ("ITEMNMBR", Text("WEB-MUG")),
        ("VENDORID", Text("MUGWORKS0001")),
        ("VNDITNUM", Text("M-77")),
        ("MINORQTY", Money("10")),
        ("PRCHSUOM", Text("Each")),
    ]
}

pub(super) async fn accepted(client: &mut Connection, procedure: &str, node: &Node) {
    let answer = call(client, procedure, node).await.unwrap();
    assert_eq!(
        (answer.status, answer.codes()),
        (0, Vec::new()),
        "{procedure}"
    );
}

/// Each change to a valid node is refused with its code and leaves nothing.
pub(super) async fn refused(
    sandbox: &Sandbox,
    client: &mut Connection,
    procedure: &str,
    valid: &Node,
    cases: &[(&[(&'static str, Element)], i32)],
) {
    let before = snapshot(sandbox);
    for (changed, code) in cases {
        let node = with(valid.clone(), changed);
        let answer = call(client, procedure, &node).await.unwrap();
        assert_eq!(answer.codes(), [*code], "{procedure}: {changed:?}");
        assert_eq!(changes(&before, &snapshot(sandbox)), "", "{changed:?}");
    }
}

#[tokio::test]
async fn an_item_is_whole_in_every_table_it_touches() {
    let sandbox = sandbox().await;
    let mut client = connect(&sandbox).await;
    let before = snapshot(&sandbox);
    accepted(&mut client, "taUpdateCreateItemRcd", &item()).await;
    let expected = "\
+IV00101 ITEMNMBR=WEB-MUG ITEMDESC=Enamel mug ITMSHNAM=Enamel mug ITEMTYPE=1 ITMGEDSC=Enamel mug \
STNDCOST=4.2 CURRCOST=4.2 ITEMSHWT=35 DECPLQTY=1 DECPLCUR=3 ITMTSHID=USAND TAXOPTNS=1 IVIVINDX=3 \
IVCOGSIX=8 ITMCLSCD=GEAR ITMTRKOP=1 ALWBKORD=1 VCTNMTHD=1 UOMSCHDL=PHONE MODIFDT=today \
CREATDDT=today PRCLEVEL=RETAIL LOCNCODE=WAREHOUSE PRICMTHD=1 PRCHSUOM=Each SELNGUOM=Each ABCCODE=1 \
Purchase_Tax_Options=1
+IV00102 ITEMNMBR=WEB-MUG RCRDTYPE=1
+IV00102 ITEMNMBR=WEB-MUG LOCNCODE=WAREHOUSE RCRDTYPE=2
+IV00105 ITEMNMBR=WEB-MUG CURNCYID=Z-US$ CURRNIDX=1007 DECPLCUR=3 LISTPRCE=12.5";
    assert_eq!(changes(&before, &snapshot(&sandbox)), expected);
    // What is absent keeps its value, what is empty is blanked.
    let before = snapshot(&sandbox);
    let update = vec![
        ("ITEMNMBR", Text("WEB-MUG")),
        ("CURRCOST", Money("4.40")),
        ("ITMTSHID", Text("")),
        ("IVCOGSACTNUMST", Text("")),
        ("LISTPRCE", Money("13.00")),
        ("LOCNCODE", Text("NORTH")),
    ];
    accepted(&mut client, "taUpdateCreateItemRcd", &update).await;
    let expected = "\
~IV00101 CURRCOST=4.4 LOCNCODE=NORTH ITMTSHID=none IVCOGSIX=none
+IV00102 ITEMNMBR=WEB-MUG LOCNCODE=NORTH RCRDTYPE=2
~IV00105 LISTPRCE=13";
    assert_eq!(changes(&before, &snapshot(&sandbox)), expected);
}

#[tokio::test]
async fn what_is_wrong_with_an_item_has_its_code_and_leaves_nothing() {
    let sandbox = sandbox().await;
    let mut client = connect(&sandbox).await;
    let cases: &[(&[(&'static str, Element)], i32)] = &[
        (&[("ITEMDESC", Text(""))], codes::ITEM_DESCRIPTION),
        (
            &[("ITMCLSCD", Text("")), ("UOMSCHDL", Text("PHONE"))],
            codes::ITEM_CLASS_MISSING,
        ),
        (&[("ITMCLSCD", Text("BARE"))], codes::ITEM_SCHEDULE_MISSING),
        (
            &[("ITMCLSCD", Text("NONE")), ("UOMSCHDL", Text("PHONE"))],
            codes::ITEM_CLASS,
        ),
        (&[("ITEMTYPE", Number(7))], codes::ITEM_TYPE),
        (&[("ITEMTYPE", Number(0))], codes::ITEM_TYPE),
        (&[("VCTNMTHD", Number(6))], codes::ITEM_VALUATION),
        (&[("ITMTRKOP", Number(4))], codes::ITEM_TRACKING),
        (
            &[("ITMTRKOP", Number(2)), ("ITEMTYPE", Number(5))],
            codes::ITEM_TRACKING,
        ),
        (&[("UOMSCHDL", Text("NONE"))], codes::ITEM_SCHEDULE),
        (&[("TAXOPTNS", Number(4))], codes::ITEM_TAX_OPTION),
        (&[("ITMTSHID", Text("NONE"))], codes::ITEM_TAX_SCHEDULE),
        (&[("PRICMTHD", Number(7))], codes::ITEM_PRICE_METHOD),
        (&[("DECPLQTY", Number(7))], codes::ITEM_DECIMALS),
        (&[("IVIVACTNUMST", Text("9-9-9"))], codes::ITEM_ACCOUNT),
        (&[("LOCNCODE", Text("NONE"))], codes::ITEM_SITE),
        (&[("ALTITEM1", Text("WEB-MUG"))], codes::ITEM_ALTERNATE),
        (&[("ALTITEM2", Text("NONE"))], codes::ITEM_ALTERNATE),
        (&[("PRCHSUOM", Text("Pallet"))], codes::ITEM_PURCHASE_UNIT),
        (&[("CURRCOST", Money("-1"))], codes::ITEM_NEGATIVE),
        (
            &[("ITEMNMBR", Text("100XLG")), ("UpdateIfExists", Number(0))],
            codes::ITEM_EXISTS,
        ),
        (
            &[("ITEMNMBR", Text("100XLG")), ("ITMTRKOP", Number(3))],
            codes::ITEM_STOCKED,
        ),
        (
            &[("ITEMNMBR", Text("100XLG")), ("ITEMTYPE", Number(5))],
            codes::ITEM_STOCKED,
        ),
    ];
    refused(
        &sandbox,
        &mut client,
        "taUpdateCreateItemRcd",
        &item(),
        cases,
    )
    .await;
    // Without stock the tracking may change.
    accepted(&mut client, "taUpdateCreateItemRcd", &item()).await;
    let serial = with(item(), &[("ITMTRKOP", Number(2))]);
    accepted(&mut client, "taUpdateCreateItemRcd", &serial).await;
}

#[tokio::test]
async fn sites_currencies_and_vendors_join_an_item() {
    let sandbox = sandbox().await;
    let mut client = connect(&sandbox).await;
    accepted(&mut client, "taUpdateCreateItemRcd", &item()).await;
    for (id, status) in [("MUGWORKS0001", 1), ("MUGWORKS0002", 2)] {
        let sql = format!("INSERT INTO PM00200 (VENDORID, VENDSTTS) VALUES ('{id}', {status})");
        one(&mut client, &sql).await;
    }
    let site = vec![
        ("ITEMNMBR", Text("WEB-MUG")),
        ("LOCNCODE", Text("NORTH")),
        ("BINNMBR", Text("A-7")),
        ("PRIMVNDR", Text("MUGWORKS0001")),
    ];
    let currency = vec![
        ("ITEMNMBR", Text("WEB-MUG")),
        ("CURNCYID", Text("Z-EURO")),
        ("LISTPRCE", Money("11.00")),
    ];
    let before = snapshot(&sandbox);
    accepted(&mut client, "taItemSite", &site).await;
    accepted(&mut client, "taUpdateCreateItemCurrencyRcd", &currency).await;
    accepted(&mut client, "taCreateItemVendors", &vendor()).await;
    let expected = "\
+IV00102 ITEMNMBR=WEB-MUG LOCNCODE=NORTH BINNMBR=A-7 RCRDTYPE=2 PRIMVNDR=MUGWORKS0001
+IV00103 ITEMNMBR=WEB-MUG VENDORID=MUGWORKS0001 VNDITNUM=M-77 MINORQTY=10 FREEONBOARD=1 \
PRCHSUOM=Each ORDERMULTIPLE=1
+IV00105 ITEMNMBR=WEB-MUG CURNCYID=Z-EURO CURRNIDX=1008 DECPLCUR=3 LISTPRCE=11";
    assert_eq!(changes(&before, &snapshot(&sandbox)), expected);
    let once = ("UpdateIfExists", Number(0));
    let unknown = ("ITEMNMBR", Text("NONE"));
    let cases: &[(&[(&'static str, Element)], i32)] = &[
        (std::slice::from_ref(&unknown), codes::ITEM_SITE_ITEM),
        (&[("LOCNCODE", Text("NONE"))], codes::ITEM_SITE_SITE),
        (&[("PRIMVNDR", Text("NONE"))], codes::ITEM_SITE_VENDOR),
        (std::slice::from_ref(&once), codes::ITEM_SITE_EXISTS),
    ];
    refused(&sandbox, &mut client, "taItemSite", &site, cases).await;
    let cases: &[(&[(&'static str, Element)], i32)] = &[
        (std::slice::from_ref(&unknown), codes::ITEM_CURRENCY_ITEM),
        (&[("CURNCYID", Text("NONE"))], codes::ITEM_CURRENCY_UNKNOWN),
        (&[("DECPLCUR", Number(7))], codes::ITEM_CURRENCY_DECIMALS),
        (&[("LISTPRCE", Money("-1"))], codes::ITEM_CURRENCY_PRICE),
        (std::slice::from_ref(&once), codes::ITEM_CURRENCY_EXISTS),
    ];
    let procedure = "taUpdateCreateItemCurrencyRcd";
    refused(&sandbox, &mut client, procedure, &currency, cases).await;
    let cases: &[(&[(&'static str, Element)], i32)] = &[
        (&[("ITEMNMBR", Text("NONE"))], codes::ITEM_VENDOR_ITEM),
        (&[("VENDORID", Text("NONE"))], codes::ITEM_VENDOR_UNKNOWN),
        (
            &[("VENDORID", Text("MUGWORKS0002"))],
            codes::ITEM_VENDOR_INACTIVE,
        ),
        (&[once], codes::ITEM_VENDOR_EXISTS),
        (
            &[("Last_Currency_ID", Text("NONE"))],
            codes::ITEM_VENDOR_CURRENCY,
        ),
        (&[("PRCHSUOM", Text("Pallet"))], codes::ITEM_VENDOR_UNIT),
        (&[("MAXORDQTY", Money("9"))], codes::ITEM_VENDOR_QUANTITY),
    ];
    refused(
        &sandbox,
        &mut client,
        "taCreateItemVendors",
        &vendor(),
        cases,
    )
    .await;
}

#[tokio::test]
async fn prices_follow_each_other_and_the_header_closes_them() {
    let sandbox = sandbox().await;
    let mut client = connect(&sandbox).await;
    accepted(&mut client, "taUpdateCreateItemRcd", &item()).await;
    let before = snapshot(&sandbox);
    let level = vec![("PRCLEVEL", Text("CLUB")), ("DSCRIPTN", Text("Members"))];
    accepted(&mut client, "taIVCreatePriceLevel", &level).await;
    let club = with(price(), &[("PRCLEVEL", Text("CLUB"))]);
    accepted(&mut client, "taIVCreateItemPriceListLine", &club).await;
    let rest = with(
        without(club.clone(), "TOQTY"),
        &[("UOMPRICE", Money("10.75"))],
    );
    accepted(&mut client, "taIVCreateItemPriceListLine", &rest).await;
    let header = vec![
        ("ITEMNMBR", Text("WEB-MUG")),
        ("PRCLEVEL", Text("CLUB")),
        ("UOFM", Text("Each")),
        ("PRICMTHD", Number(1)),
    ];
    accepted(&mut client, "taIVCreateItemPriceListHeader", &header).await;
    let expected = "\
~IV00101 PRCLEVEL=CLUB
+IV00107 ITEMNMBR=WEB-MUG CURNCYID=Z-US$ PRCLEVEL=CLUB UOFM=Each ROUNDTO=1 UMSLSOPT=2 QTYBSUOM=1
+IV00108 ITEMNMBR=WEB-MUG CURNCYID=Z-US$ PRCLEVEL=CLUB UOFM=Each TOQTY=9 FROMQTY=1 UOMPRICE=12.5 \
QTYBSUOM=1
+IV00108 ITEMNMBR=WEB-MUG CURNCYID=Z-US$ PRCLEVEL=CLUB UOFM=Each TOQTY=999999999999 FROMQTY=10 \
UOMPRICE=10.75 QTYBSUOM=1
+IV40800 PRCLEVEL=CLUB DSCRIPTN=Members CREATDDT=today MODIFDT=today";
    assert_eq!(changes(&before, &snapshot(&sandbox)), expected);
    // The same range again changes its price.
    let before = snapshot(&sandbox);
    let dearer = with(club.clone(), &[("UOMPRICE", Money("12.95"))]);
    accepted(&mut client, "taIVCreateItemPriceListLine", &dearer).await;
    let told = changes(&before, &snapshot(&sandbox));
    assert_eq!(told, "~IV00108 UOMPRICE=12.95");
    let cases: &[(&[(&'static str, Element)], i32)] = &[
        (&[("ITEMNMBR", Text("NONE"))], codes::PRICE_ITEM),
        (&[("CURNCYID", Text("Z-EURO"))], codes::PRICE_CURRENCY),
        (&[("PRCLEVEL", Text("NONE"))], codes::PRICE_LEVEL),
        (&[("UOFM", Text("Pallet"))], codes::PRICE_UNIT),
        (&[("TOQTY", Money("20"))], codes::PRICE_OVERLAP),
        (&[("TOQTY", Money("5"))], codes::PRICE_OVERLAP),
        (&[("UpdateIfExists", Number(0))], codes::PRICE_EXISTS),
        (&[("UOMPRICE", Money("-1"))], codes::PRICE_AMOUNT),
        (&[("ROUNDHOW", Number(4))], codes::PRICE_ROUNDING),
        (&[("UMSLSOPT", Number(4))], codes::PRICE_SALES_OPTION),
    ];
    let procedure = "taIVCreateItemPriceListLine";
    refused(&sandbox, &mut client, procedure, &club, cases).await;
    let cases: &[(&[(&'static str, Element)], i32)] = &[
        (&[("ITEMNMBR", Text("NONE"))], codes::LIST_ITEM),
        (&[("PRICMTHD", Number(7))], codes::LIST_METHOD),
        (&[("PRCLEVEL", Text("NONE"))], codes::LIST_LEVEL),
        (&[("UOFM", Text("Pallet"))], codes::LIST_UNIT),
        (&[("PRCLEVEL", Text("RETAIL"))], codes::LIST_EMPTY),
        (&[("UpdateIfExists", Number(0))], codes::LIST_EXISTS),
    ];
    let procedure = "taIVCreateItemPriceListHeader";
    refused(&sandbox, &mut client, procedure, &header, cases).await;
    let cases: &[(&[(&'static str, Element)], i32)] = &[(&[], codes::LEVEL_EXISTS)];
    refused(&sandbox, &mut client, "taIVCreatePriceLevel", &level, cases).await;
}

#[tokio::test]
async fn a_kit_takes_components_one_by_one() {
    let sandbox = sandbox().await;
    let mut client = connect(&sandbox).await;
    let own = with(
        item(),
        &[("ITEMNMBR", Text("WEB-KIT")), ("ITEMTYPE", Number(3))],
    );
    accepted(&mut client, "taUpdateCreateItemRcd", &own).await;
    let before = snapshot(&sandbox);
    accepted(&mut client, "taCreateKitItemRcd", &kit()).await;
    let paste = with(kit(), &[("CMPTITNM", Text("STK-PASTE"))]);
    accepted(&mut client, "taCreateKitItemRcd", &paste).await;
    let expected = "\
+IV00104 ITEMNMBR=WEB-KIT SEQNUMBR=16384 CMPTITNM=STK-SCANNER CMPITUOM=Each CMPITQTY=2 CMPSERNM=1
+IV00104 ITEMNMBR=WEB-KIT SEQNUMBR=32768 CMPTITNM=STK-PASTE CMPITUOM=Each CMPITQTY=2";
    assert_eq!(changes(&before, &snapshot(&sandbox)), expected);
    let other = ("CMPTITNM", Text("100XLG"));
    let cases: &[(&[(&'static str, Element)], i32)] = &[
        (&[("ITEMNMBR", Text("NONE"))], codes::KIT_ITEM),
        (&[("ITEMNMBR", Text("100XLG"))], codes::KIT_TYPE),
        (&[("CMPTITNM", Text("NONE"))], codes::KIT_COMPONENT),
        (&[("CMPTITNM", Text("WEB-KIT"))], codes::KIT_OF_KITS),
        (
            &[other.clone(), ("CMPITUOM", Text("Pallet"))],
            codes::KIT_UNIT,
        ),
        (&[other, ("CMPITQTY", Money("0"))], codes::KIT_QUANTITY),
        (&[], codes::KIT_EXISTS),
    ];
    refused(&sandbox, &mut client, "taCreateKitItemRcd", &kit(), cases).await;
}
