//! What in GP's set-up is in a document's way is told at once, before anything is called.

use connect_proto::tunnel::v1::command_result::Outcome;
use connect_proto::tunnel::v1::{ClosedPeriod, ErrorClass, Failure};

use super::stage::{Order, Stage, execute, good, number, refused, result};
use super::support::Session;

fn receipt(posted: &str) -> String {
    format!(
        "<eConnect><RMCashReceiptsType><taRMCashReceiptInsert>\
         <CUSTNMBR>AARONFIT0001</CUSTNMBR><DOCNUMBR/><DOCDATE>2025-03-04</DOCDATE>\
         <ORTRXAMT>44.49</ORTRXAMT><GLPOSTDT>{posted}</GLPOSTDT><BACHNUMB>WEBCASH</BACHNUMB>\
         <CSHRCTYP>0</CSHRCTYP><CHEKBKID>UPTOWN TRUST</CHEKBKID></taRMCashReceiptInsert>\
         </RMCashReceiptsType></eConnect>"
    )
}

fn texts(failure: &Failure) -> Vec<&str> {
    let texts = failure.errors.iter();
    texts.map(|error| error.text.as_str()).collect()
}

async fn keys(session: &mut Session) -> Vec<(String, String)> {
    match result(session).await.outcome {
        Some(Outcome::Executed(executed)) => {
            let keys = executed.keys.into_iter();
            keys.map(|key| (key.element, key.value)).collect()
        }
        other => panic!("executed, not {other:?}"),
    }
}

/// An order of which hardly anything is in order; a line that is no item of GP is.
fn wrong_everywhere() -> String {
    let line = |item: &str, unit: &str, site: &str, more: &str| {
        format!(
            "<taSopLineIvcInsert><SOPTYPE>2</SOPTYPE><SOPNUMBE/><CUSTNMBR>AARONFIT0001</CUSTNMBR>\
             <DOCDATE>2025-03-04</DOCDATE><LOCNCODE>{site}</LOCNCODE><ITEMNMBR>{item}</ITEMNMBR>\
             <UNITPRCE>1</UNITPRCE><XTNDPRCE>1</XTNDPRCE><QUANTITY>1</QUANTITY>{more}\
             <UOFM>{unit}</UOFM></taSopLineIvcInsert>"
        )
    };
    format!(
        "<eConnect><SOPTransactionType><taSopLineIvcInsert_Items>{}{}{}{}{}\
         </taSopLineIvcInsert_Items><taSopLineIvcTaxInsert_Items><taSopLineIvcTaxInsert>\
         <SOPTYPE>2</SOPTYPE><SOPNUMBE/><CUSTNMBR>AARONFIT0001</CUSTNMBR>\
         <TAXDTLID>NO-SUCH-TAX</TAXDTLID></taSopLineIvcTaxInsert></taSopLineIvcTaxInsert_Items>\
         <taSopHdrIvcInsert><SOPTYPE>2</SOPTYPE><DOCID>STDORD</DOCID><SOPNUMBE/>\
         <LOCNCODE>WAREHOUSE</LOCNCODE><DOCDATE>2025-03-04</DOCDATE>\
         <CUSTNMBR>AARONFIT0001</CUSTNMBR><SLPRSNID>NOBODY</SLPRSNID>\
         <BACHNUMB>WEB20250304</BACHNUMB></taSopHdrIvcInsert></SOPTransactionType></eConnect>",
        line("100XLG", "Each", "WAREHOUSE", ""),
        line("HA100G", "Barrel", "NORTH", ""),
        line("CORDG", "Each", "WAREHOUSE", ""),
        line("NOSUCH", "Each", "WAREHOUSE", ""),
        line("Gift wrap", "Each", "WAREHOUSE", "<NONINVEN>1</NONINVEN>"),
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn everything_in_the_way_is_told_at_once_and_nothing_is_called() {
    let mut stage = Stage::set().await;
    let mut session = stage.agent(None).await;
    stage
        .sql(
            "UPDATE RM00101 SET INACTIVE = 1 WHERE CUSTNMBR = 'AARONFIT0001'; \
             UPDATE IV00101 SET INACTIVE = 1 WHERE ITEMNMBR = '100XLG'; \
             UPDATE IV40700 SET INACTIVE = 1 WHERE LOCNCODE = 'NORTH'; \
             UPDATE IV00101 SET ITEMTYPE = 2 WHERE ITEMNMBR IN ('HA100G', 'CORDG'); \
             UPDATE IV00102 SET QTYONHND = 0 WHERE ITEMNMBR = 'HA100G'; \
             INSERT INTO SY00500 (BCHSOURC, BACHNUMB, BCHSTTUS) \
             VALUES ('Sales Entry', 'WEB20250304', 1)",
        )
        .await;
    let document = wrong_everywhere();
    session.send(execute("c1", "p1", &document)).await;
    let failure = refused(&mut session).await;
    assert_eq!(
        (failure.class(), failure.code.as_str()),
        (ErrorClass::BusinessRule, "gp_setup")
    );
    assert_eq!(
        texts(&failure),
        [
            "Item 100XLG is inactive",
            "Item HA100G is discontinued, and none of it is left",
            "Unit of measure Barrel of item HA100G is not in the item's unit of measure schedule",
            "Site NORTH is inactive",
            "Item NOSUCH is not in GP",
            "Unit of measure Each of item NOSUCH is not in the item's unit of measure schedule",
            "Tax detail NO-SUCH-TAX is not in GP",
            "Customer AARONFIT0001 is inactive",
            "Salesperson NOBODY is not in GP",
            "Batch WEB20250304 (Sales Entry) is being posted, or its posting was interrupted.",
        ]
    );
    let site = &failure.errors[3];
    assert_eq!(
        (
            site.element.as_str(),
            site.value.as_str(),
            site.node.as_str()
        ),
        (
            "LOCNCODE",
            "NORTH",
            "SOPTransactionType/taSopLineIvcInsert_Items/taSopLineIvcInsert[2]"
        )
    );
    assert!(failure.errors.iter().all(|error| !error.repair.is_empty()));
    assert!(
        failure.message.contains("10 reasons"),
        "{}",
        failure.message
    );
    assert_eq!(stage.calls("taSopLineIvcInsert").await, 0);
    assert!(stage.rows("connect.Journal").await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hold_refuses_new_orders_only_and_not_what_was_written_before() {
    let mut stage = Stage::set().await;
    let mut session = stage.agent(None).await;
    session.send(execute("c1", "h1", &good("H1"))).await;
    let first = number(&mut session, false).await;
    stage
        .sql("UPDATE RM00101 SET HOLD = 1 WHERE CUSTNMBR IN ('WH1', 'WH2', 'AARONFIT0001')")
        .await;
    session.send(execute("c2", "h1", &good("H1"))).await;
    assert_eq!(number(&mut session, true).await, first);
    session.send(execute("c3", "h2", &good("H1"))).await;
    let failure = refused(&mut session).await;
    assert_eq!(texts(&failure), ["Customer WH1 is on hold"]);
    assert!(failure.errors[0].repair.contains("CKHOLD 0"));
    // The owner's mapping may let it through, and money is taken from anybody.
    let through = good("H1").replace("<CSTPONBR>", "<CKHOLD>0</CKHOLD><CSTPONBR>");
    session.send(execute("c4", "h2", &through)).await;
    assert_ne!(number(&mut session, false).await, first);
    session
        .send(execute("c5", "h3", &receipt("2025-03-04")))
        .await;
    assert_eq!(keys(&mut session).await[0].0, "DOCNUMBR");
}

/// Id, posting date, what the profile says, and what the refusal does.
const CLOSED: [(&str, &str, ClosedPeriod, ErrorClass, &str); 4] = [
    (
        "c1",
        "2025-03-31",
        ClosedPeriod::Unspecified,
        ErrorClass::BusinessRule,
        "Period 3, which holds 2025-03-31, is closed for Sales",
    ),
    (
        "c2",
        "2025-03-01",
        ClosedPeriod::Wait,
        ErrorClass::Busy,
        "Period 3, which holds 2025-03-01, is closed for Sales",
    ),
    (
        "c3",
        "2024-12-31",
        ClosedPeriod::Refuse,
        ErrorClass::BusinessRule,
        "Period 12, which holds 2024-12-31, is closed for Sales",
    ),
    (
        "c4",
        "2019-06-01",
        ClosedPeriod::NextOpenDay,
        ErrorClass::BusinessRule,
        "No fiscal period holds 2019-06-01",
    ),
];

#[tokio::test(flavor = "multi_thread")]
async fn a_closed_period_refuses_waits_or_moves_the_posting_date() {
    let mut stage = Stage::set().await;
    let mut session = stage.agent(None).await;
    stage
        .sql(
            "UPDATE SY40100 SET PSERIES_2 = 1 WHERE YEAR1 = 2025 AND PERIODID IN (3, 4); \
             UPDATE SY40101 SET HISTORYR = 1 WHERE YEAR1 = 2024",
        )
        .await;
    let sent = |id: &str, posted: &str, policy: ClosedPeriod| {
        let mut order = Order::new(id, id, &receipt(posted));
        order.body.closed_period = policy.into();
        order.command()
    };
    for (id, posted, policy, class, text) in CLOSED {
        session.send(sent(id, posted, policy)).await;
        let failure = refused(&mut session).await;
        assert_eq!(texts(&failure), [text]);
        assert_eq!(
            (failure.class(), failure.code.as_str()),
            (class, "period_closed")
        );
        assert_eq!(failure.retry_after_ms > 0, class == ErrorClass::Busy);
    }
    assert!(stage.rows("RM10201").await.is_empty());
    for already_done in [false, true] {
        session
            .send(sent("c5", "2025-03-31", ClosedPeriod::NextOpenDay))
            .await;
        let told = keys(&mut session).await;
        let moved = ("GLPOSTDT".to_owned(), "2025-05-01".to_owned());
        assert!(told.contains(&moved), "{already_done} {told:?}");
    }
    let receipts = stage.rows("RM10201").await;
    assert_eq!(receipts.len(), 1);
    let date = |name: &str| receipts[0][name].as_str().unwrap()[..10].to_owned();
    assert_eq!(
        (date("GLPOSTDT"), date("DOCDATE")),
        ("2025-05-01".to_owned(), "2025-03-04".to_owned())
    );
    // Another series of the same period is open, and an opened period takes what waited.
    stage.sql("UPDATE SY40100 SET PSERIES_2 = 0").await;
    session
        .send(sent("c2", "2025-03-01", ClosedPeriod::Wait))
        .await;
    keys(&mut session).await;
}

/// A receipt in a currency, with a rate of its own or none.
fn in_currency(currency: &str, day: &str, rate: &str) -> String {
    let rate = match rate {
        "" => String::new(),
        rate => format!("<XCHGRATE>{rate}</XCHGRATE>"),
    };
    let receipt = receipt(day).replace("2025-03-04", day);
    let more = format!("</CHEKBKID><CURNCYID>{currency}</CURNCYID>{rate}");
    receipt.replace("</CHEKBKID>", &more)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_currency_without_a_rate_for_the_day_is_told_with_table_and_day() {
    let mut stage = Stage::set().await;
    let mut session = stage.agent(None).await;
    for (id, currency, day, expected) in [
        ("c1", "Z-NONE", "2025-03-04", "Currency Z-NONE is not in GP"),
        (
            "c2",
            "Z-C$",
            "2025-03-04",
            "Currency Z-C$ has no exchange table",
        ),
        (
            "c3",
            "Z-UK",
            "2025-03-04",
            "No rate of Z-UK had begun by 2025-03-04 in exchange table Z-UK-SELL",
        ),
        (
            "c4",
            "Z-EURO",
            "2024-12-31",
            "No rate of Z-EURO had begun by 2024-12-31 in exchange table Z-EURO-SELL",
        ),
    ] {
        session
            .send(execute(id, id, &in_currency(currency, day, "")))
            .await;
        let failure = refused(&mut session).await;
        assert_eq!(texts(&failure), [expected]);
        assert_eq!(failure.code, "gp_setup");
        assert_eq!(failure.errors[0].element, "CURNCYID");
        assert!(failure.errors[0].repair.contains("then replay"));
    }
    assert_eq!(stage.calls("taRMCashReceiptInsert").await, 0);
    // With a rate of GP's or its own the document is written.
    for (id, currency, rate) in [("c5", "Z-EURO", ""), ("c6", "Z-UK", "1.29")] {
        let document = in_currency(currency, "2025-03-04", rate);
        session.send(execute(id, id, &document)).await;
        assert_eq!(keys(&mut session).await[0].0, "DOCNUMBR");
    }
    session
        .send(execute("c7", "c7", &in_currency("Z-US$", "2025-03-04", "")))
        .await;
    assert_eq!(keys(&mut session).await[0].0, "DOCNUMBR");
}
