//! Inventory through the agent: an item with its price list, and stock that GP numbers.

use connect_proto::tunnel::v1::command_result::Outcome;
use serde_json::Value;

use super::stage::{Stage, execute, refused, result};
use super::support::Session;

const ITEM: &str = "<eConnect><IVItemMasterType>\
    <taUpdateCreateItemRcd><ITEMNMBR>WEB-MUG</ITEMNMBR><ITEMDESC>Enamel mug</ITEMDESC>\
    <ITMCLSCD>GEAR</ITMCLSCD><UseItemClass>1</UseItemClass></taUpdateCreateItemRcd>\
    <taIVCreateItemPriceListLine_Items><taIVCreateItemPriceListLine><ITEMNMBR>WEB-MUG</ITEMNMBR>\
    <PRCLEVEL>RETAIL</PRCLEVEL><UOFM>Each</UOFM><UOMPRICE>12.50</UOMPRICE>\
    </taIVCreateItemPriceListLine></taIVCreateItemPriceListLine_Items>\
    <taIVCreateItemPriceListHeader><ITEMNMBR>WEB-MUG</ITEMNMBR><PRCLEVEL>RETAIL</PRCLEVEL>\
    <UOFM>Each</UOFM></taIVCreateItemPriceListHeader>\
    <taItemSite_Items><taItemSite><ITEMNMBR>WEB-MUG</ITEMNMBR><LOCNCODE>NORTH</LOCNCODE>\
    </taItemSite></taItemSite_Items></IVItemMasterType></eConnect>";

/// Two scanners that come in under a number of GP's.
fn scanners(quantity: &str) -> String {
    let serial = |number: &str| {
        format!(
            "<taIVTransactionSerialInsert><IVDOCNBR/><IVDOCTYP>1</IVDOCTYP>\
             <ITEMNMBR>STK-SCANNER</ITEMNMBR><SERLNMBR>{number}</SERLNMBR>\
             <LNSEQNBR>16384</LNSEQNBR><LOCNCODE>WAREHOUSE</LOCNCODE></taIVTransactionSerialInsert>"
        )
    };
    format!(
        "<eConnect><IVInventoryTransactionType><taIVTransactionSerialInsert_Items>{}{}\
         </taIVTransactionSerialInsert_Items><taIVTransactionLineInsert_Items>\
         <taIVTransactionLineInsert><IVDOCNBR/><IVDOCTYP>1</IVDOCTYP>\
         <ITEMNMBR>STK-SCANNER</ITEMNMBR><LNSEQNBR>16384</LNSEQNBR><TRXQTY>{quantity}</TRXQTY>\
         <TRXLOCTN>WAREHOUSE</TRXLOCTN></taIVTransactionLineInsert>\
         </taIVTransactionLineInsert_Items><taIVTransactionHeaderInsert>\
         <BACHNUMB>WEBSTOCK</BACHNUMB><IVDOCNBR/><IVDOCTYP>1</IVDOCTYP><DOCDATE>2025-03-04</DOCDATE>\
         </taIVTransactionHeaderInsert></IVInventoryTransactionType></eConnect>",
        serial("SCAN004"),
        serial("SCAN005"),
    )
}

/// The key of a document by its element.
pub(super) async fn key(session: &mut Session, element: &str, already_done: bool) -> String {
    match result(session).await.outcome {
        Some(Outcome::Executed(executed)) => {
            assert_eq!(executed.already_done, already_done);
            let key = executed.keys.iter().find(|key| key.element == element);
            key.expect(element).value.clone()
        }
        other => panic!("executed, not {other:?}"),
    }
}

async fn of_mug(stage: &Stage, table: &str) -> Vec<Value> {
    let mut rows = stage.rows(table).await;
    rows.retain(|row| row["ITEMNMBR"] == "WEB-MUG");
    rows
}

#[tokio::test(flavor = "multi_thread")]
async fn an_item_arrives_with_its_price_list_and_site() {
    let mut stage = Stage::set().await;
    let mut session = stage.agent(None).await;
    for (id, already_done) in [("c1", false), ("c2", true)] {
        session.send(execute(id, "i1", ITEM)).await;
        assert_eq!(key(&mut session, "ITEMNMBR", already_done).await, "WEB-MUG");
    }
    let items = of_mug(&stage, "IV00101").await;
    assert_eq!(items.len(), 1);
    assert_eq!(items[0]["SELNGUOM"], "Each");
    let prices = of_mug(&stage, "IV00108").await;
    assert_eq!(prices.len(), 1);
    assert_eq!(prices[0]["UOMPRICE"], "12.50000");
    let sites = of_mug(&stage, "IV00102").await;
    assert!(sites.iter().any(|row| row["LOCNCODE"] == "NORTH"));
    assert_eq!(sites.len(), 2, "the site and the overall row");
}

#[tokio::test(flavor = "multi_thread")]
async fn stock_gets_gp_s_number_on_every_node_and_keeps_it() {
    let mut stage = Stage::set().await;
    let mut session = stage.agent(None).await;
    // Two serial numbers are not three scanners.
    session.send(execute("c1", "s1", &scanners("3"))).await;
    let failure = refused(&mut session).await;
    assert_eq!(failure.errors[0].code, 95_254, "{failure:?}");
    assert!(stage.rows("IV10002").await.is_empty());
    for (id, already_done) in [("c2", false), ("c3", true)] {
        session.send(execute(id, "s1", &scanners("2"))).await;
        let number = key(&mut session, "IVDOCNBR", already_done).await;
        assert_eq!(number, "ADJ0000000001", "the refused number is used again");
    }
    for (table, count) in [("IV10000", 1), ("IV10001", 1), ("IV10002", 2)] {
        let rows = stage.rows(table).await;
        assert_eq!(rows.len(), count, "{table}");
        let numbered = rows.iter().all(|row| row["IVDOCNBR"] == "ADJ0000000001");
        assert!(numbered, "{table}");
    }
    let batches = stage.rows("SY00500").await;
    let batch = batches.iter().find(|row| row["BACHNUMB"] == "WEBSTOCK");
    assert_eq!(batch.unwrap()["BCHSOURC"], "IV_Trxent");
    stage
        .sql("UPDATE SY00500 SET BCHSTTUS = 1 WHERE BACHNUMB = 'WEBSTOCK'")
        .await;
    let others = scanners("2").replace("SCAN00", "SCAN01");
    session.send(execute("c4", "s2", &others)).await;
    assert_eq!(refused(&mut session).await.code, "batch_closed");
}
