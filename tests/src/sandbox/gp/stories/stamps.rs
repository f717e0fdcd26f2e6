//! Changes of quantities, prices and units stamp the records they belong to.

use super::super::Sandbox;
use super::{Connection, connect, one, rows, sandbox};

const ITEM: &str = "SELECT DEX_ROW_TS FROM IV00101 WHERE ITEMNMBR = '100XLG'";

async fn stamp(client: &mut Connection, sql: &str) -> String {
    // Stamps of one 300th of a second look alike.
    tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    one(client, sql).await
}

async fn changes_stamp(sandbox: &Sandbox, sql: &str, owner: &str) {
    let mut client = connect(sandbox).await;
    let before = stamp(&mut client, owner).await;
    rows(&mut client, sql).await.unwrap();
    assert_ne!(stamp(&mut client, owner).await, before, "{sql}");
}

#[tokio::test]
async fn what_belongs_to_a_record_stamps_it() {
    let sandbox = sandbox().await;
    let price = "SELECT DEX_ROW_TS FROM IV00107 WHERE ITEMNMBR = '100XLG'";
    let level = "SELECT DEX_ROW_TS FROM IV40800 WHERE PRCLEVEL = 'RETAIL'";
    let units = "SELECT DEX_ROW_TS FROM IV40201 WHERE UOMSCHDL = 'PHONE'";
    let new = "INSERT INTO IV00102 (ITEMNMBR, RCRDTYPE, LOCNCODE) VALUES ('100XLG', 2, 'NEW')";
    for (sql, owner) in [
        (
            "UPDATE IV00102 SET QTYONHND = 5 WHERE ITEMNMBR = '100XLG' AND LOCNCODE = 'WAREHOUSE'",
            ITEM,
        ),
        (new, ITEM),
        (
            "DELETE FROM IV00102 WHERE ITEMNMBR = '100XLG' AND LOCNCODE = 'NEW'",
            ITEM,
        ),
        (
            "UPDATE IV00102 SET ITEMNMBR = 'ELSEWHERE' \
             WHERE ITEMNMBR = '100XLG' AND LOCNCODE = 'NORTH'",
            ITEM,
        ),
        (
            "UPDATE IV00108 SET UOMPRICE = 1 WHERE ITEMNMBR = '100XLG'",
            price,
        ),
        (
            "UPDATE IV00108 SET UOMPRICE = 2 WHERE ITEMNMBR = '100XLG'",
            level,
        ),
        (
            "UPDATE IV40202 SET EQUOMQTY = 1 WHERE UOMSCHDL = 'PHONE'",
            units,
        ),
    ] {
        changes_stamp(&sandbox, sql, owner).await;
    }
}

#[tokio::test]
async fn a_stamp_is_taken_back_with_what_it_was_for_and_others_wait_for_it() {
    let sandbox = sandbox().await;
    let (mut one_user, mut other) = (connect(&sandbox).await, connect(&sandbox).await);
    let before = stamp(&mut one_user, ITEM).await;
    let change = "UPDATE IV00102 SET QTYONHND = 7 WHERE ITEMNMBR = '100XLG'";
    rows(&mut one_user, &format!("BEGIN TRAN; {change}"))
        .await
        .unwrap();
    let waits = format!("SET LOCK_TIMEOUT 50; {ITEM}");
    let error = rows(&mut other, &waits).await.unwrap_err();
    assert_eq!(super::code(&error), 1222);
    rows(&mut one_user, "ROLLBACK TRAN").await.unwrap();
    assert_eq!(one(&mut other, ITEM).await, before);
}
