//! The packaged order flow, from event to document, for every kind of order.

#![expect(clippy::unwrap_used, reason = "tests")]

mod support;

use connect_core::domain::event::Source;
use connect_core::domain::failure::{Failure, FailureClass};
use connect_core::engine::workflow::{Action, GpKey, LinkToComplete};
use serde_json::{Value as Json, json};
use support::{World, exact, order, shown};

const TOTALS: &[&str] = &[
    "SUBTOTAL", "FREIGHT", "MISCAMNT", "TAXAMNT", "FRTTXAMT", "MSCTXAMT", "TRDISAMT", "DOCAMNT",
    "PYMTRCVD",
];
const PRICES: &[&str] = &["ITEMNMBR", "QUANTITY", "UNITPRCE", "XTNDPRCE", "LNITMSEQ"];
const TAXES: &[&str] = &["TAXTYPE", "TAXDTLID", "STAXAMNT", "FRTTXAMT", "MSCTXAMT"];
const PAYMENTS: &[&str] = &["DOCAMNT", "PYMTTYPE", "CHEKBKID", "CARDNAME", "AUTHCODE"];

/// Changes fields of an order; numbers keep their digits.
fn with(mut order: Json, changes: &str) -> Json {
    let Json::Object(changes) = exact(changes) else {
        panic!("not an object");
    };
    for (pointer, value) in changes {
        *order.pointer_mut(&format!("/{pointer}")).unwrap() = value;
    }
    order
}

/// The order without tax.
fn untaxed(changes: &str) -> Json {
    let order = with(
        order(),
        r#"{"tax_rates": [], "order_tax": 0, "order_shipping_incl_tax": 12.00,
            "order_total": 168.94}"#,
    );
    with(order, changes)
}

/// Gives one line for each node of a name.
fn rows(world: &World, node: &str, elements: &[&str]) -> Vec<String> {
    let walked = world.walk();
    let nodes = walked.nodes(node);
    nodes.iter().map(|node| shown(node, elements)).collect()
}

fn totals(world: &World) -> String {
    shown(&world.walk().header(), TOTALS)
}

fn dead(order: Json) -> Failure {
    World::new(order).walk().failure().clone()
}

#[test]
fn a_registered_customers_order() {
    let world = World::new(order());
    let walked = world.walk();
    let Action::Succeed { summary } = walked.last() else {
        panic!("{:?}", walked.last());
    };
    assert_eq!(summary, "In GP as ORDST2228.");
    assert_eq!(
        shown(&walked.header(), TOTALS),
        "SUBTOTAL=156.94 FREIGHT=12.00 MISCAMNT=0.00 TAXAMNT=12.95 FRTTXAMT=0.99 MSCTXAMT=0.00 \
         TRDISAMT=0.00 DOCAMNT=182.88 PYMTRCVD=182.88"
    );
    assert_eq!(
        shown(
            &walked.header(),
            &[
                "SOPTYPE", "DOCID", "CUSTNMBR", "CSTPONBR", "BACHNUMB", "DOCDATE", "TAXSCHID",
                "SHIPMTHD", "CURNCYID"
            ]
        ),
        // Placed at 03:18 UTC: the evening before, where the store is.
        "SOPTYPE=2 DOCID=STDORD CUSTNMBR=W000077 CSTPONBR=N1-1042 BACHNUMB=WEB20260304 \
         DOCDATE=2026-03-04 TAXSCHID=USAND SHIPMTHD=GROUND CURNCYID=Z-US$"
    );
    assert_eq!(
        rows(&world, "taSopLineIvcInsert", PRICES),
        [
            "ITEMNMBR=100XLG QUANTITY=2 UNITPRCE=59.95 XTNDPRCE=119.90 LNITMSEQ=16384",
            "ITEMNMBR=HA100G QUANTITY=3 UNITPRCE=12.35 XTNDPRCE=37.04 LNITMSEQ=32768",
        ]
    );
    assert_eq!(
        rows(&world, "taSopLineIvcTaxInsert", TAXES),
        [
            "TAXTYPE=0 TAXDTLID=USND-STATE STAXAMNT=7.85 FRTTXAMT=- MSCTXAMT=-",
            "TAXTYPE=0 TAXDTLID=USND-FARGO STAXAMNT=5.10 FRTTXAMT=- MSCTXAMT=-",
            "TAXTYPE=1 TAXDTLID=USND-STATE STAXAMNT=- FRTTXAMT=0.60 MSCTXAMT=-",
            "TAXTYPE=1 TAXDTLID=USND-FARGO STAXAMNT=- FRTTXAMT=0.39 MSCTXAMT=-",
        ]
    );
    assert_eq!(
        rows(&world, "taCreateSopPaymentInsertRecord", PAYMENTS),
        ["DOCAMNT=182.88 PYMTTYPE=3 CHEKBKID=UPTOWN TRUST CARDNAME=VISA AUTHCODE=CAP-12345678901"]
    );
    assert_eq!(
        rows(&world, "taSopUserDefined", &["SOPTYPE", "USERDEF1"]),
        ["SOPTYPE=2 USERDEF1=1042"]
    );
}
