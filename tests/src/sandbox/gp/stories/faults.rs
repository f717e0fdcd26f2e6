//! Faults ordered through the control API.

use serde_json::json;

use super::{call, code, connect, customer, one, sandbox};

async fn order(sandbox: &super::Sandbox, fault: serde_json::Value) {
    let url = format!("{}/faults", sandbox.control_url());
    let answer = reqwest::Client::new()
        .post(url)
        .json(&fault)
        .send()
        .await
        .unwrap();
    assert!(
        answer.status().is_success(),
        "{}",
        answer.text().await.unwrap()
    );
}

#[tokio::test]
async fn a_procedure_rolls_back_by_itself_and_says_nothing() {
    let sandbox = sandbox().await;
    let mut client = connect(&sandbox).await;
    order(&sandbox, json!({"procedure": "taUpdateCreateCustomerRcd", "when": "after", "kind": "rollback_return_0"})).await;
    client.begin_transaction().await.unwrap();
    let answer = call(&mut client, "taUpdateCreateCustomerRcd", &customer("W1"))
        .await
        .unwrap();
    assert_eq!((answer.status, answer.codes()), (0, Vec::new()));
    assert_eq!(one(&mut client, "SELECT @@TRANCOUNT").await, "0");
    assert_eq!(
        one(
            &mut client,
            "SELECT COUNT(*) FROM RM00101 WHERE CUSTNMBR = 'W1'"
        )
        .await,
        "0"
    );
    let again = call(&mut client, "taUpdateCreateCustomerRcd", &customer("W1"))
        .await
        .unwrap();
    assert_eq!(again.status, 0);
    assert_eq!(
        one(
            &mut client,
            "SELECT COUNT(*) FROM RM00101 WHERE CUSTNMBR = 'W1'"
        )
        .await,
        "1"
    );
}

#[tokio::test]
async fn faults_strike_the_calls_they_match() {
    let sandbox = sandbox().await;
    let mut client = connect(&sandbox).await;
    order(&sandbox, json!({"kind": "error", "code": 67, "text": "67 235 ", "times": 2, "match": {"CUSTNMBR": "W2"}})).await;
    for _ in 0..2 {
        assert_eq!(
            call(&mut client, "taUpdateCreateCustomerRcd", &customer("W1"))
                .await
                .unwrap()
                .status,
            0
        );
        assert_eq!(
            call(&mut client, "taUpdateCreateCustomerRcd", &customer("W2"))
                .await
                .unwrap()
                .codes(),
            [67, 235]
        );
    }
    assert_eq!(
        call(&mut client, "taUpdateCreateCustomerRcd", &customer("W2"))
            .await
            .unwrap()
            .status,
        0
    );
    for (kind, number) in [
        ("raise", 50_000),
        ("deadlock", 1205),
        ("lock_timeout", 1222),
    ] {
        order(&sandbox, json!({"kind": kind, "text": "on order"})).await;
        let error = call(&mut client, "taUpdateCreateCustomerRcd", &customer("W3"))
            .await
            .err()
            .unwrap();
        assert_eq!(code(&error), number);
    }
    order(&sandbox, json!({"kind": "disconnect", "when": "after"})).await;
    assert!(
        call(&mut client, "taUpdateCreateCustomerRcd", &customer("W4"))
            .await
            .is_err()
    );
    let mut other = connect(&sandbox).await;
    assert_eq!(
        one(
            &mut other,
            "SELECT COUNT(*) FROM RM00101 WHERE CUSTNMBR = 'W4'"
        )
        .await,
        "1"
    );
}
