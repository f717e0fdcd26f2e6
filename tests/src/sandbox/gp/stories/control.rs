//! What tests read and order over HTTP.

use serde_json::{Value, json};

use super::{call, connect, customer, one, open, options, rows, sandbox};

async fn post(sandbox: &super::Sandbox, path: &str, body: &Value) -> reqwest::Response {
    reqwest::Client::new()
        .post(format!("{}{path}", sandbox.control_url()))
        .json(body)
        .send()
        .await
        .unwrap()
}

async fn get(sandbox: &super::Sandbox, path: &str) -> Value {
    reqwest::get(format!("{}{path}", sandbox.control_url()))
        .await
        .unwrap()
        .json()
        .await
        .unwrap()
}

#[tokio::test]
async fn tables_show_committed_rows_only() {
    let sandbox = sandbox().await;
    let mut client = connect(&sandbox).await;
    client.begin_transaction().await.unwrap();
    rows(&mut client, "DELETE FROM SY03000 WHERE SHIPMTHD = 'MAIL'")
        .await
        .unwrap();
    rows(&mut client, "UPDATE SY03000 SET CARRIER = 'x'")
        .await
        .unwrap();
    rows(
        &mut client,
        "INSERT INTO SY03000 (SHIPMTHD) VALUES ('BOAT')",
    )
    .await
    .unwrap();
    let names = |rows: &Value| -> Vec<String> {
        rows.as_array()
            .unwrap()
            .iter()
            .map(|row| {
                format!(
                    "{}{}",
                    row["SHIPMTHD"].as_str().unwrap(),
                    row["CARRIER"].as_str().unwrap()
                )
            })
            .collect()
    };
    assert_eq!(
        names(&get(&sandbox, "/tables/TWO/SY03000").await),
        ["GROUND", "MAIL", "LOCAL DELIVERY", "NEXT DAY", "PICKUP"]
    );
    client.commit_transaction().await.unwrap();
    assert_eq!(
        names(&get(&sandbox, "/tables/TWO/SY03000").await),
        ["GROUNDx", "LOCAL DELIVERYx", "NEXT DAYx", "PICKUPx", "BOAT"]
    );
    let customer = &get(&sandbox, "/tables/TWO/RM00101").await[0];
    assert_eq!(
        (customer["CRLMTAMT"].clone(), customer["CREATDDT"].clone()),
        (json!("0.00000"), json!("1900-01-01T00:00:00.000"))
    );
}

#[tokio::test]
async fn a_restore_brings_the_past_back_under_a_new_fork() {
    let sandbox = sandbox().await;
    let mut client = connect(&sandbox).await;
    let fork = "SELECT CAST(recovery_fork_guid AS varchar(36)) FROM sys.database_recovery_status WHERE database_id = DB_ID()";
    let before = one(&mut client, fork).await;
    rows(&mut client, "CREATE TABLE dbo.Notes (Id int IDENTITY(1,1) NOT NULL PRIMARY KEY, Word varchar(20) NOT NULL)").await.unwrap();
    rows(&mut client, "INSERT INTO dbo.Notes (Word) VALUES ('kept')")
        .await
        .unwrap();
    client.begin_transaction().await.unwrap();
    rows(&mut client, "INSERT INTO dbo.Notes (Word) VALUES ('open'); UPDATE dbo.Notes SET Word = 'changed' WHERE Id = 1").await.unwrap();
    assert!(
        post(&sandbox, "/backup/TWO", &json!({"name": "monday"}))
            .await
            .status()
            .is_success()
    );
    client.commit_transaction().await.unwrap();
    call(&mut client, "taUpdateCreateCustomerRcd", &customer("W1"))
        .await
        .unwrap();
    let answer = post(
        &sandbox,
        "/restore/TWO",
        &json!({"name": "monday", "into": "TWO"}),
    )
    .await;
    assert!(
        answer.status().is_success(),
        "{}",
        answer.text().await.unwrap()
    );
    assert!(rows(&mut client, "SELECT 1").await.is_err());
    let mut client = connect(&sandbox).await;
    assert_eq!(
        rows(&mut client, "SELECT Id, Word FROM dbo.Notes")
            .await
            .unwrap(),
        [["1", "kept"]]
    );
    assert_eq!(
        one(
            &mut client,
            "SELECT COUNT(*) FROM RM00101 WHERE CUSTNMBR = 'W1'"
        )
        .await,
        "0"
    );
    assert_ne!(one(&mut client, fork).await, before);
    call(&mut client, "taUpdateCreateCustomerRcd", &customer("W1"))
        .await
        .unwrap();
    assert_eq!(
        one(
            &mut client,
            "SELECT COUNT(*) FROM RM00101 WHERE CUSTNMBR = 'W1'"
        )
        .await,
        "1"
    );
    // A copy over the other company carries its data, not its name.
    assert!(
        post(
            &sandbox,
            "/restore/TWO2",
            &json!({"name": "monday", "into": "TWO2"})
        )
        .await
        .status()
        .is_success()
    );
    let mut other = open(options(&sandbox, "TWO2")).await.unwrap();
    assert_eq!(
        rows(&mut other, "SELECT DB_NAME(), Word FROM dbo.Notes")
            .await
            .unwrap(),
        [["TWO2", "kept"]]
    );
}

#[tokio::test]
async fn statements_logins_names_and_counts() {
    let sandbox = sandbox().await;
    let mut client = connect(&sandbox).await;
    call(&mut client, "taUpdateCreateCustomerRcd", &customer("W1"))
        .await
        .unwrap();
    let stats = get(&sandbox, "/stats").await;
    assert_eq!(stats["procedures"]["taUpdateCreateCustomerRcd"], 1);
    assert_eq!(stats["connections"], 1);
    assert!(stats["cpu_seconds"].as_f64().is_some());
    let answer: Value = post(&sandbox, "/sql", &json!({"db": "TWO", "sql": "UPDATE SY03000 SET CARRIER = 'x'; SELECT COUNT(*) AS n FROM SY03000 WHERE CARRIER = 'x'"})).await.json().await.unwrap();
    assert_eq!(
        (
            answer["results"][0]["affected"].clone(),
            answer["results"][1]["rows"][0]["n"].clone()
        ),
        (json!(5), json!(5))
    );
    let wrong = post(
        &sandbox,
        "/sql",
        &json!({"db": "TWO", "sql": "SELECT nothing"}),
    )
    .await;
    assert_eq!(wrong.status(), 400);
    post(&sandbox, "/rename-server", &json!({"name": "OTHER\\GP"})).await;
    let mut renamed = connect(&sandbox).await;
    assert_eq!(
        one(
            &mut renamed,
            "SELECT CAST(SERVERPROPERTY('ServerName') AS nvarchar(128))"
        )
        .await,
        "OTHER\\GP"
    );
    post(&sandbox, "/login", &json!({"refuse": true})).await;
    assert!(open(options(&sandbox, "TWO")).await.is_err());
    post(&sandbox, "/login", &json!({"refuse": false})).await;
    assert!(open(options(&sandbox, "TWO")).await.is_ok());
}
