//! Transactions that meet on a row, a key or in a circle.

use std::time::Duration;

use super::{code, connect, next_number, one, rows, sandbox};

const SHORT: Duration = Duration::from_millis(150);

#[tokio::test]
async fn a_duplicate_key_waits_for_its_owner() {
    let sandbox = sandbox().await;
    let (mut first, mut second) = (connect(&sandbox).await, connect(&sandbox).await);
    let insert = "INSERT INTO SY03000 (SHIPMTHD) VALUES ('BOAT')";
    first.begin_transaction().await.unwrap();
    rows(&mut first, insert).await.unwrap();
    let blocked = tokio::spawn(async move {
        let outcome = rows(&mut second, insert)
            .await
            .map_err(|error| code(&error));
        (second, outcome)
    });
    tokio::time::sleep(SHORT).await;
    assert!(!blocked.is_finished());
    first.commit_transaction().await.unwrap();
    let (mut second, outcome) = blocked.await.unwrap();
    assert_eq!(outcome.err(), Some(2627));

    first.begin_transaction().await.unwrap();
    rows(&mut first, "DELETE FROM SY03000 WHERE SHIPMTHD = 'BOAT'")
        .await
        .unwrap();
    let blocked = tokio::spawn(async move {
        rows(&mut second, insert)
            .await
            .map_err(|error| code(&error))
    });
    tokio::time::sleep(SHORT).await;
    assert!(!blocked.is_finished());
    first.commit_transaction().await.unwrap();
    assert_eq!(blocked.await.unwrap().err(), None);
}

#[tokio::test]
async fn readers_wait_for_writers_unless_they_ask_not_to() {
    let sandbox = sandbox().await;
    let (mut writer, mut reader) = (connect(&sandbox).await, connect(&sandbox).await);
    writer.begin_transaction().await.unwrap();
    rows(
        &mut writer,
        "UPDATE RM00101 SET HOLD = 1 WHERE CUSTNMBR = 'WEBCUST'",
    )
    .await
    .unwrap();
    rows(&mut reader, "SET LOCK_TIMEOUT 100").await.unwrap();
    for sql in [
        "SELECT HOLD FROM RM00101 WHERE CUSTNMBR = 'WEBCUST'",
        "SELECT COUNT(*) FROM RM00101 WHERE HOLD = 0",
        "SELECT COUNT(*) FROM RM00101 WHERE HOLD = 1",
        "UPDATE RM00101 SET HOLD = 0 WHERE CUSTNMBR = 'WEBCUST'",
        "SELECT 1 WHERE EXISTS (SELECT 1 FROM RM00101 WHERE HOLD = 1)",
    ] {
        let error = rows(&mut reader, sql)
            .await
            .err()
            .unwrap_or_else(|| panic!("{sql} did not wait"));
        assert_eq!(code(&error), 1222, "{sql}");
    }
    assert_eq!(
        one(
            &mut reader,
            "SELECT HOLD FROM RM00101 WHERE CUSTNMBR = 'AARONFIT0001'"
        )
        .await,
        "0"
    );
    assert_eq!(
        one(
            &mut reader,
            "SELECT HOLD FROM RM00101 WITH (NOLOCK) WHERE CUSTNMBR = 'WEBCUST'"
        )
        .await,
        "1"
    );
    assert_eq!(
        one(&mut reader, "SELECT COUNT(*) FROM RM00101 WITH (READPAST)").await,
        "4"
    );
    writer.rollback_transaction().await.unwrap();
    assert_eq!(
        one(&mut reader, "SELECT COUNT(*) FROM RM00101 WHERE HOLD = 0").await,
        "5"
    );
}

#[tokio::test]
async fn an_update_lock_keeps_other_update_locks_away() {
    let sandbox = sandbox().await;
    let (mut first, mut second) = (connect(&sandbox).await, connect(&sandbox).await);
    let locked = "SELECT SHIPMTHD FROM SY03000 WITH (UPDLOCK, HOLDLOCK) WHERE SHIPMTHD = 'MAIL'";
    let missing = "SELECT SHIPMTHD FROM SY03000 WITH (UPDLOCK, HOLDLOCK) WHERE SHIPMTHD = 'SLED'";
    first.begin_transaction().await.unwrap();
    rows(&mut first, locked).await.unwrap();
    rows(&mut first, missing).await.unwrap();
    rows(&mut second, "SET LOCK_TIMEOUT 100").await.unwrap();
    assert_eq!(code(&rows(&mut second, locked).await.err().unwrap()), 1222);
    assert_eq!(
        one(
            &mut second,
            "SELECT RTRIM(SHIPMTHD) FROM SY03000 WHERE SHIPMTHD = 'MAIL'"
        )
        .await,
        "MAIL"
    );
    let insert = "INSERT INTO SY03000 (SHIPMTHD) VALUES ('SLED')";
    assert_eq!(code(&rows(&mut second, insert).await.err().unwrap()), 1222);
    rows(&mut first, insert).await.unwrap();
    first.commit_transaction().await.unwrap();
}

#[tokio::test]
async fn national_text_cannot_probe_an_index_of_plain_text() {
    let sandbox = sandbox().await;
    let (mut writer, mut reader) = (connect(&sandbox).await, connect(&sandbox).await);
    writer.begin_transaction().await.unwrap();
    let touch = "UPDATE SY03000 SET CARRIER = 'x' WHERE SHIPMTHD = 'MAIL'";
    rows(&mut writer, touch).await.unwrap();
    rows(&mut reader, "SET LOCK_TIMEOUT 100").await.unwrap();
    let bare = "SELECT SHIPMTHD FROM SY03000 WHERE SHIPMTHD = @P1";
    let blocked = reader.query(bare, &[&"GROUND"]).await.err();
    assert_eq!(code(&blocked.unwrap()), 1222);
    let update = "UPDATE SY03000 SET CARRIER = 'y' WHERE SHIPMTHD = @P1";
    let blocked = reader.execute(update, &[&"GROUND"]).await;
    assert_eq!(code(&blocked.err().unwrap()), 1222);
    let cast = "SELECT SHIPMTHD FROM SY03000 WHERE SHIPMTHD = CAST(@P1 AS char(15))";
    let found = reader.query(cast, &[&"GROUND"]).await.unwrap();
    assert_eq!(found.into_first_result().await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_deadlock_has_one_victim_who_loses_everything() {
    let sandbox = sandbox().await;
    let (mut first, mut second) = (connect(&sandbox).await, connect(&sandbox).await);
    let touch = |name: &str| format!("UPDATE SY03000 SET CARRIER = 'x' WHERE SHIPMTHD = '{name}'");
    first.begin_transaction().await.unwrap();
    second.begin_transaction().await.unwrap();
    rows(&mut first, &touch("MAIL")).await.unwrap();
    rows(&mut second, &touch("GROUND")).await.unwrap();
    let waiting = touch("GROUND");
    let waits = tokio::spawn(async move {
        let outcome = rows(&mut first, &waiting)
            .await
            .map_err(|error| code(&error));
        (first, outcome)
    });
    tokio::time::sleep(SHORT).await;
    let error = rows(&mut second, &touch("MAIL")).await.err().unwrap();
    assert_eq!(code(&error), 1205);
    assert_eq!(one(&mut second, "SELECT @@TRANCOUNT").await, "0");
    let (mut first, outcome) = waits.await.unwrap();
    assert_eq!(outcome.err(), None);
    first.commit_transaction().await.unwrap();
    assert_eq!(
        one(
            &mut second,
            "SELECT COUNT(*) FROM SY03000 WHERE CARRIER = 'x'"
        )
        .await,
        "2"
    );
}

#[tokio::test]
async fn a_number_row_is_held_until_the_transaction_ends() {
    let sandbox = sandbox().await;
    let (mut first, mut second) = (connect(&sandbox).await, connect(&sandbox).await);
    first.begin_transaction().await.unwrap();
    assert_eq!(next_number(&mut first).await, "ORDST2228");
    let waits = tokio::spawn(async move { next_number(&mut second).await });
    tokio::time::sleep(SHORT).await;
    assert!(!waits.is_finished());
    first.rollback_transaction().await.unwrap();
    assert_eq!(waits.await.unwrap(), "ORDST2228");
    assert_eq!(next_number(&mut first).await, "ORDST2229");
}

#[tokio::test]
async fn a_lost_connection_gives_everything_back() {
    let sandbox = sandbox().await;
    let (mut first, mut second) = (connect(&sandbox).await, connect(&sandbox).await);
    first.begin_transaction().await.unwrap();
    rows(&mut first, "DELETE FROM SY03000").await.unwrap();
    drop(first);
    assert_eq!(one(&mut second, "SELECT COUNT(*) FROM SY03000").await, "5");
}
