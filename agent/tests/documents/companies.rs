//! Two companies of one GP: the second has another currency, its own document ids and sites, and a
//! collation that compares case.

use connect_proto::tunnel::v1::ErrorClass;
use serde_json::Value;

use super::stage::{Order, Stage, execute, good, number, refused};

const SECOND: &str = "TWO2";

/// An order as the second company takes it.
fn order(po: &str, item: &str) -> String {
    good(po)
        .replace("100XLG", item)
        .replace("STDORD", "WEBSHOP")
        .replace("Z-US$", "Z-EURO")
        .replace("WAREHOUSE", "LAGER NORD")
}

async fn rows(stage: &Stage, table: &str) -> Vec<Value> {
    let path = format!("/tables/{SECOND}/{table}");
    let rows = stage.http("GET", &path, &Value::Null).await;
    rows.as_array().cloned().unwrap_or_default()
}

#[tokio::test(flavor = "multi_thread")]
async fn each_company_is_written_by_its_own_set_up() {
    let mut stage = Stage::set().await;
    stage.serve_second().await;
    let mut session = stage.agent(None).await;
    let second = |id: &str, key: &str, document: &str| {
        Order::new(id, key, document).in_company(SECOND).command()
    };
    session.send(execute("c1", "k1", &good("C1"))).await;
    assert_eq!(number(&mut session, false).await, "ORDST2228");
    // The same effect key in another company is another effect.
    session
        .send(second("c2", "k1", &order("C1", "100XLG")))
        .await;
    assert_eq!(number(&mut session, false).await, "SHOP000001");
    session
        .send(second("c3", "k1", &order("C1", "100XLG")))
        .await;
    assert_eq!(number(&mut session, true).await, "SHOP000001");
    let written = rows(&stage, "SOP10100").await;
    assert_eq!(written.len(), 1);
    assert_eq!(
        written[0]["CURNCYID"].as_str().unwrap().trim_end(),
        "Z-EURO"
    );
    // What the first company has is not there: its currency has no table, its id is unknown.
    session.send(second("c4", "k4", &good("C4"))).await;
    let failure = refused(&mut session).await;
    assert_eq!(failure.class(), ErrorClass::BusinessRule);
    assert_eq!(
        failure.errors[0].text,
        "Currency Z-US$ has no exchange table"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_company_that_compares_case_is_asked_as_the_document_writes() {
    let mut stage = Stage::set().await;
    stage.serve_second().await;
    for sql in [
        "UPDATE IV00101 SET ITEMNMBR = 'Cup-red' WHERE ITEMNMBR = '100XLG'",
        "UPDATE IV00102 SET ITEMNMBR = 'Cup-red' WHERE ITEMNMBR = '100XLG'",
        "UPDATE IV00108 SET ITEMNMBR = 'Cup-red' WHERE ITEMNMBR = '100XLG'",
    ] {
        stage.sql_in(SECOND, sql).await;
    }
    let mut session = stage.agent(None).await;
    let second =
        |id: &str, document: &str| Order::new(id, id, document).in_company(SECOND).command();
    session.send(second("c1", &order("B1", "Cup-red"))).await;
    assert_eq!(number(&mut session, false).await, "SHOP000001");
    session.send(second("c2", &order("B2", "cordg"))).await;
    let failure = refused(&mut session).await;
    assert_eq!(failure.errors[0].text, "Item cordg is not in GP");
}
