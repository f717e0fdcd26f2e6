//! Change tracking as SQL Server has it: in the order of commits, by primary key, from a version on.

use super::{Connection, code, connect, one, rows, sandbox};

async fn run(client: &mut Connection, sql: &str) {
    rows(client, sql).await.unwrap();
}

async fn version(client: &mut Connection) -> String {
    one(client, "SELECT CHANGE_TRACKING_CURRENT_VERSION()").await
}

/// Item and operation of what changed behind a version.
async fn changed(client: &mut Connection, since: &str) -> Vec<String> {
    let sql = format!(
        "SELECT c.ITEMNMBR, c.SYS_CHANGE_OPERATION \
         FROM CHANGETABLE(CHANGES dbo.IV00101, {since}) AS c ORDER BY c.SYS_CHANGE_VERSION"
    );
    let found = rows(client, &sql).await.unwrap();
    let told = found
        .iter()
        .map(|row| format!("{} {}", row[0].trim_end(), row[1]));
    told.collect()
}

#[tokio::test]
async fn changes_are_told_by_key_in_the_order_of_their_commits() {
    let sandbox = sandbox().await;
    let mut client = connect(&sandbox).await;
    assert_eq!(version(&mut client).await, "NULL");
    let refused = rows(
        &mut client,
        "ALTER TABLE dbo.IV00101 ENABLE CHANGE_TRACKING",
    )
    .await;
    assert_eq!(code(&refused.unwrap_err()), 22_115);
    let on = "ALTER DATABASE TWO SET CHANGE_TRACKING = ON (CHANGE_RETENTION = 2 DAYS, AUTO_CLEANUP = ON)";
    run(&mut client, on).await;
    assert_eq!(version(&mut client).await, "0");
    let none = "SELECT * FROM CHANGETABLE(CHANGES dbo.IV00101, 0) AS c";
    let refused = rows(&mut client, none).await.unwrap_err();
    assert_eq!(code(&refused), 22_105);
    run(
        &mut client,
        "ALTER TABLE dbo.IV00101 ENABLE CHANGE_TRACKING WITH (TRACK_COLUMNS_UPDATED = ON)",
    )
    .await;
    let valid = "SELECT CHANGE_TRACKING_MIN_VALID_VERSION(OBJECT_ID('dbo.IV00101'))";
    assert_eq!(one(&mut client, valid).await, "0");
    let listed = "SELECT OBJECT_NAME(object_id) FROM sys.change_tracking_tables";
    assert_eq!(one(&mut client, listed).await, "IV00101");
    // Begun first, committed last: it is told last.
    let mut slow = connect(&sandbox).await;
    slow.begin_transaction().await.unwrap();
    let rename =
        |item: &str| format!("UPDATE IV00101 SET ITEMDESC = 'x' WHERE ITEMNMBR = '{item}'");
    run(&mut slow, &rename("CORDG")).await;
    run(&mut client, &rename("100XLG")).await;
    run(&mut client, "INSERT INTO IV00101 (ITEMNMBR) VALUES ('NEW')").await;
    assert_eq!(changed(&mut client, "0").await, ["100XLG U", "NEW I"]);
    assert_eq!(version(&mut client).await, "2");
    slow.commit_transaction().await.unwrap();
    assert_eq!(changed(&mut client, "2").await, ["CORDG U"]);
    // One version for a transaction, and none for what was taken back or never there.
    client.begin_transaction().await.unwrap();
    run(&mut client, &rename("HA100G")).await;
    run(&mut client, "DELETE FROM IV00101 WHERE ITEMNMBR = 'NEW'").await;
    run(
        &mut client,
        "INSERT INTO IV00101 (ITEMNMBR) VALUES ('BRIEF')",
    )
    .await;
    run(&mut client, "DELETE FROM IV00101 WHERE ITEMNMBR = 'BRIEF'").await;
    client.commit_transaction().await.unwrap();
    let mut last = changed(&mut client, "3").await;
    last.sort();
    assert_eq!(last, ["HA100G U", "NEW D"]);
    assert_eq!(version(&mut client).await, "4");
    client.begin_transaction().await.unwrap();
    run(&mut client, &rename("100XLG")).await;
    client.rollback_transaction().await.unwrap();
    assert!(changed(&mut client, "4").await.is_empty());
    // Joined to what is there now, as who follows changes does.
    let joined = "SELECT c.ITEMNMBR, i.ITEMDESC FROM CHANGETABLE(CHANGES dbo.IV00101, 3) AS c \
                  LEFT JOIN dbo.IV00101 i ON i.ITEMNMBR = c.ITEMNMBR WHERE i.ITEMNMBR IS NULL";
    assert_eq!(one(&mut client, joined).await.trim_end(), "NEW");
    // Switched off and on again it knows nothing of before.
    run(
        &mut client,
        "ALTER TABLE dbo.IV00101 DISABLE CHANGE_TRACKING",
    )
    .await;
    let refused = rows(&mut client, none).await.unwrap_err();
    assert_eq!(code(&refused), 22_105);
    run(
        &mut client,
        "ALTER TABLE dbo.IV00101 ENABLE CHANGE_TRACKING",
    )
    .await;
    assert_eq!(one(&mut client, valid).await, "4");
    assert!(changed(&mut client, "0").await.is_empty());
}
