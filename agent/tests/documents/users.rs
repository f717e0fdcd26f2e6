//! A day of GP's users as the agent sees it: an order becomes an invoice, is packed and posted.

use connect_proto::tunnel::v1::cloud_message::Message as FromCloud;
use connect_proto::tunnel::v1::{Watch, Watcher};
use rust_decimal::Decimal;
use serde_json::{Value, json};

use super::asking::{Asking, has};
use super::stage::{Stage, execute, good, number};
use super::watching::{baseline, changes, watch};

async fn act(stage: &Stage, act: Value) -> Value {
    let mut order = act;
    order["db"] = json!("TWO");
    stage.http("POST", "/user", &order).await
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_is_invoiced_packed_and_posted() {
    let mut stage = Stage::set().await;
    let mut asking = Asking::begin(&mut stage).await;
    let session = &mut asking.session;
    session.send(execute("c1", "k1", &good("DAY1"))).await;
    let order = number(session, false).await;
    let at_site = |rows: Vec<Value>| {
        let mut rows = rows.into_iter();
        let found = rows.find(|row| row["ITEMNMBR"] == "100XLG" && row["LOCNCODE"] == "WAREHOUSE");
        let row = found.expect("the item at the site");
        let money = |column: &str| row[column].as_str().unwrap().parse::<Decimal>().unwrap();
        (money("QTYONHND"), money("ATYALLOC"))
    };
    let (on_hand, allocated) = at_site(stage.rows("IV00102").await);
    assert!(
        allocated >= Decimal::from(3),
        "the order holds its three pieces"
    );
    let transfer = json!({"act": "transfer_order", "number": order});
    let invoice = act(&stage, transfer).await["SOPNUMBE"].clone();
    let invoice = invoice.as_str().unwrap();
    // The pieces are the invoice's now.
    assert_eq!(at_site(stage.rows("IV00102").await), (on_hand, allocated));
    let parcel = json!({"act": "add_tracking", "kind": 3, "number": invoice, "tracking": "1Z-9"});
    act(&stage, parcel).await;
    let post = json!({"act": "post_batch", "batch": "WEB20250304"});
    assert_eq!(act(&stage, post).await, json!({"posted": 1}));
    let after = at_site(stage.rows("IV00102").await);
    assert_eq!(
        after,
        (on_hand - Decimal::from(3), allocated - Decimal::from(3))
    );
    let batches = stage.rows("SY00500").await;
    assert!(batches.iter().all(|row| row["BACHNUMB"] != "WEB20250304"));

    let of_order = [("SOPNUMBE", &*order), ("SOPTYPE", "2")];
    let chain = asking.all("sop_chain", &of_order).await;
    let numbers: Vec<&str> = chain
        .iter()
        .filter_map(|row| row["SOPNUMBE"].as_str())
        .collect();
    assert!(
        numbers.contains(&&*order) && numbers.contains(&invoice),
        "{chain:?}"
    );
    let of_invoice = [("SOPNUMBE", invoice), ("SOPTYPE", "3")];
    let found = asking.all("sop_documents", &of_invoice).await;
    let expected =
        json!({"transaction_state": "history", "DOCAMNT": "179.85000", "ORIGNUMB": order});
    has(&found[0], &expected);
    let parcels = asking.all("sop_tracking", &of_invoice).await;
    has(&parcels[0], &json!({"Tracking_Number": "1Z-9"}));
    let open = asking.all("receivables", &[("CUSTNMBR", "WDAY1")]).await;
    has(
        &open[0],
        &json!({"DOCNUMBR": invoice, "CURTRXAM": "179.85000"}),
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_users_do_is_noticed() {
    let mut stage = Stage::set().await;
    let mut session = stage.agent(None).await;
    session.send(execute("c1", "k1", &good("DAY2"))).await;
    let order = number(&mut session, false).await;
    let watcher = |name: &str| Watcher {
        name: name.to_owned(),
        interval_ms: 250,
        sweep_seconds: 0,
    };
    for (name, done, key, expected) in [
        (
            "item_quantities",
            json!({"act": "receive", "item": "CORDG", "site": "WAREHOUSE", "quantity": "5"}),
            json!({"ITEMNMBR": "CORDG", "LOCNCODE": "WAREHOUSE"}),
            json!({}),
        ),
        (
            "item_prices",
            json!({"act": "change_price", "item": "100XLG", "level": "RETAIL", "unit": "Each", "price": "61.5"}),
            json!({"ITEMNMBR": "100XLG", "PRCLEVEL": "RETAIL", "UOFM": "Each"}),
            json!({"UOMPRICE": "61.50000"}),
        ),
        (
            "sales_documents",
            json!({"act": "void_document", "kind": 2, "number": order}),
            json!({"SOPNUMBE": order, "SOPTYPE": 2}),
            json!({"voided": true, "transaction_state": "history"}),
        ),
    ] {
        let watch = Watch {
            company: "TWO".to_owned(),
            watchers: vec![watcher(name)],
        };
        session.send(FromCloud::Watch(watch)).await;
        super::watching::baseline(&mut session, name).await;
        act(&stage, done).await;
        let (_, told) = changes(&mut session).await;
        assert_eq!(told.len(), 1, "{told:?}");
        has(&told[0]["key"], &key);
        has(&told[0]["row"], &expected);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_balance_shows_by_the_document_that_was_posted() {
    let mut stage = Stage::set().await;
    let mut session = stage.agent(None).await;
    session.send(execute("c1", "k1", &good("BAL"))).await;
    let order = number(&mut session, false).await;
    let invoice = json!({"act": "transfer_order", "number": order});
    act(&stage, invoice).await;
    watch(&session, &["customers"], 0).await;
    baseline(&mut session, "customers").await;
    let post = json!({"act": "post_batch", "batch": "WEB20250304"});
    act(&stage, post).await;
    let (_, told) = changes(&mut session).await;
    assert_eq!(told[0]["key"], json!({"CUSTNMBR": "WBAL"}));
    assert_eq!(told[0]["row"]["CUSTBLNC"], "179.85000");
}
