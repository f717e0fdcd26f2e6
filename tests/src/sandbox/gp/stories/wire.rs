//! Logins, TLS and exact values on the wire.

use rust_decimal::Decimal;
use tiberius::{AuthMethod, Client, EncryptionLevel, Query};
use tokio::net::TcpStream;
use tokio_util::compat::TokioAsyncWriteCompatExt;

use super::super::USER;
use super::{code, connect, one, open, options, rows, sandbox};

#[tokio::test]
async fn every_kind_of_encryption_logs_in() {
    let sandbox = sandbox().await;
    let file = tempfile::Builder::new().suffix(".pem").tempfile().unwrap();
    std::fs::write(file.path(), &sandbox.certificate_pem).unwrap();
    for level in [
        EncryptionLevel::NotSupported,
        EncryptionLevel::Off,
        EncryptionLevel::On,
        EncryptionLevel::Required,
        EncryptionLevel::Strict,
    ] {
        let mut options = options(&sandbox, "TWO");
        options.encryption(level);
        options.trust_cert_ca(file.path().display());
        let mut client = open(options)
            .await
            .unwrap_or_else(|error| panic!("{level:?}: {error}"));
        assert_eq!(
            one(&mut client, "SELECT DB_NAME()").await,
            "TWO",
            "{level:?}"
        );
        // More than one packet each way.
        let long = "x".repeat(20_000);
        assert_eq!(one(&mut client, &format!("SELECT '{long}'")).await, long);
    }
}

#[tokio::test]
async fn a_wrong_password_or_database_is_refused() {
    let sandbox = sandbox().await;
    let mut wrong = options(&sandbox, "TWO");
    wrong.authentication(AuthMethod::sql_server(USER, "guess"));
    let error = open(wrong).await.err().unwrap();
    assert_eq!(code(&error), 18_456);
    let error = open(options(&sandbox, "NOPE")).await.err().unwrap();
    assert_eq!(code(&error), 4060);
}

#[tokio::test]
async fn money_goes_round_exactly() {
    let sandbox = sandbox().await;
    let mut client = connect(&sandbox).await;
    rows(
        &mut client,
        "CREATE TABLE dbo.Money (Id int NOT NULL PRIMARY KEY, Amount numeric(19,5) NOT NULL)",
    )
    .await
    .unwrap();
    let amounts = [
        "0.00000",
        "0.00001",
        "-0.00001",
        "-44.49000",
        "12345678901234.56789",
        "99999999999999.99999",
        "-99999999999999.99999",
    ];
    for (id, amount) in (0_i32..).zip(amounts) {
        let amount: Decimal = amount.parse().unwrap();
        let mut query = Query::new("INSERT INTO dbo.Money (Id, Amount) VALUES (@P1, @P2)");
        query.bind(id);
        query.bind(amount);
        query.execute(&mut client).await.unwrap();
        let mut query = Query::new("SELECT Amount FROM dbo.Money WHERE Id = @P1 AND Amount = @P2");
        query.bind(id);
        query.bind(amount);
        let row = query
            .query(&mut client)
            .await
            .unwrap()
            .into_row()
            .await
            .unwrap()
            .unwrap();
        let back: Decimal = row.get(0).unwrap();
        assert_eq!((back, back.scale()), (amount, 5));
    }
    assert_eq!(
        one(
            &mut client,
            "SELECT SUM(Amount) FROM dbo.Money WHERE Id IN (1, 3)"
        )
        .await,
        "-44.48999"
    );
    let error = rows(
        &mut client,
        "INSERT INTO dbo.Money VALUES (90, 100000000000000)",
    )
    .await
    .err()
    .unwrap();
    assert_eq!(code(&error), 8115);
}

#[tokio::test]
async fn text_is_padded_and_compared_as_gp_does() {
    let sandbox = sandbox().await;
    let mut client = connect(&sandbox).await;
    let found = rows(
        &mut client,
        "SELECT CUSTNMBR, CREATDDT FROM RM00101 WHERE CUSTNMBR = 'aaronfit0001   '",
    )
    .await
    .unwrap();
    assert_eq!(found[0][0], "AARONFIT0001   ");
    rows(
        &mut client,
        "UPDATE RM00101 SET CNTCPRSN = N'Łukasz Köln' WHERE CUSTNMBR = 'AARONFIT0001'",
    )
    .await
    .unwrap();
    assert_eq!(
        one(
            &mut client,
            "SELECT RTRIM(CNTCPRSN) FROM RM00101 WHERE CUSTNMBR = 'AARONFIT0001'"
        )
        .await,
        "?ukasz Köln"
    );
}

#[tokio::test]
async fn a_client_that_stops_a_waiting_statement_can_go_on() {
    let sandbox = sandbox().await;
    let mut client = connect(&sandbox).await;
    let waiting = client.simple_query("WAITFOR DELAY '00:00:30'");
    let stopped = tokio::time::timeout(std::time::Duration::from_millis(100), waiting)
        .await
        .is_err();
    assert!(stopped);
    client.cancel_query().await.unwrap();
    assert_eq!(one(&mut client, "SELECT 7").await, "7");
}

#[tokio::test]
async fn an_offline_server_refuses_connections() {
    let sandbox = sandbox().await;
    let mut client = connect(&sandbox).await;
    sandbox
        .server
        .offline
        .store(true, std::sync::atomic::Ordering::Relaxed);
    sandbox.server.kick_all();
    assert!(rows(&mut client, "SELECT 1").await.is_err());
    let options = options(&sandbox, "TWO");
    let stream = TcpStream::connect(options.get_addr()).await.unwrap();
    assert!(
        Box::pin(Client::connect(options, stream.compat_write()))
            .await
            .is_err()
    );
}
