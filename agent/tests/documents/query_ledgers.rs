//! What the named queries give of the ledgers: receivables, journals, payables and the bank.

use serde_json::json;

use super::asking::{Asking, has};
use super::stage::Stage;

async fn insert(stage: &Stage, rows: &[(&str, &str, &str)]) {
    for (table, columns, values) in rows {
        let sql = format!("INSERT INTO dbo.{table} ({columns}) VALUES ({values})");
        stage.sql(&sql).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn receivables_are_read_unposted_open_and_paid_off() {
    const POSTED: &str = "CUSTNMBR, RMDTYPAL, DOCNUMBR, DOCDATE, CURTRXAM, VOIDSTTS";
    const SALE: &str = "RMDTYPAL, RMDNUMWK, DOCNUMBR, CUSTNMBR, ACCTAMNT";
    const RECEIPT: &str = "RMDTYPAL, DOCNUMBR, CUSTNMBR, CURTRXAM, CSHRCTYP";
    const APPLIED: &str = "CUSTNMBR, APFRDCTY, APFRDCNM, APTODCTY, APTODCNM, APPTOAMT";
    let mut stage = Stage::set().await;
    let rows = [
        (
            "RM20101",
            POSTED,
            "'READ01', 1, 'INV1', '2025-03-04', 40, 0",
        ),
        ("RM30101", POSTED, "'READ01', 9, 'PAY0', '2025-03-01', 0, 1"),
        ("RM10301", SALE, "1, 'SLS1', 'INV2', 'READ01', 60"),
        ("RM10201", RECEIPT, "9, 'PAY2', 'READ01', 30, 2"),
        ("RM20201", APPLIED, "'READ01', 9, 'PAY1', 1, 'INV1', 60"),
        ("RM30201", APPLIED, "'READ01', 9, 'PAY0', 1, 'INV0', 5"),
    ];
    insert(&stage, &rows).await;
    let mut asking = Asking::begin(&mut stage).await;
    let customer = [("CUSTNMBR", "READ01")];
    let rows = asking.all("receivables", &customer).await;
    let open = json!({
        "transaction_state": "open", "document_type": "sale or invoice", "DOCNUMBR": "INV1",
        "CURTRXAM": "40.00000", "voided": false, "AGNGBUKT": 0,
    });
    has(&rows[0], &open);
    let paid = json!({"transaction_state": "history", "document_type": "payment", "voided": true,
        "AGNGBUKT": null});
    has(&rows[1], &paid);
    let typed = [customer[0], ("RMDTYPAL", "9")];
    assert_eq!(asking.all("receivables", &typed).await.len(), 1);
    let rows = asking.all("receivables_work", &customer).await;
    let sale = json!({"kind": "sale", "number": "SLS1", "DOCNUMBR": "INV2",
        "CURTRXAM": "60.00000", "payment_kind": null});
    has(&rows[0], &sale);
    let receipt = json!({"kind": "cash receipt", "number": "PAY2", "payment_kind": "payment card"});
    has(&rows[1], &receipt);
    let rows = asking.all("applied", &customer).await;
    let open = json!({"transaction_state": "open", "APFRDCNM": "PAY1", "APTODCNM": "INV1",
        "APPTOAMT": "60.00000"});
    has(&rows[0], &open);
    let paid =
        json!({"transaction_state": "history", "APFRDCNM": "PAY0", "to_type": "sale or invoice"});
    has(&rows[1], &paid);
    let to = [("APTODCTY", "1"), ("APTODCNM", "INV1")];
    assert_eq!(asking.all("applied", &to).await.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn journals_are_read_unposted_open_and_closed() {
    const WORK: &str = "BCHSOURC, BACHNUMB, JRNENTRY, TRXDATE, REFRENCE, SERIES";
    const OPEN: &str = "OPENYEAR, JRNENTRY, ACTINDX, TRXDATE, ORDOCNUM, DEBITAMT, CRDTAMNT";
    const LINE: &str = "BACHNUMB, JRNENTRY, SQNCLINE, ACTINDX, DEBITAMT, CRDTAMNT";
    let mut stage = Stage::set().await;
    let rows = [
        (
            "GL10000",
            WORK,
            "'GL_Normal', 'G1', 901, '2025-03-04', 'Web', 2",
        ),
        ("GL10001", LINE, "'G1', 901, 16384, 1, 12.5, 0"),
        ("GL10001", LINE, "'G1', 901, 32768, 2, 0, 12.5"),
        ("GL20000", OPEN, "2025, 902, 1, '2025-03-04', 'INV1', 7, 0"),
        ("GL20000", OPEN, "2025, 902, 1, '2025-03-04', 'INV1', 0, 7"),
        (
            "GL30000",
            "HSTYEAR, JRNENTRY, TRXDATE",
            "2019, 903, '2019-03-04'",
        ),
    ];
    insert(&stage, &rows).await;
    let mut asking = Asking::begin(&mut stage).await;
    let rows = asking.all("journals_work", &[("JRNENTRY", "901")]).await;
    let line = json!({
        "BACHNUMB": "G1", "REFRENCE": "Web", "TRXDATE": "2025-03-04", "DEBITAMT": "12.50000",
        "CRDTAMNT": "0.00000", "series_name": "financial", "RVRSNGDT": null,
    });
    has(&rows[0], &line);
    let account = rows[0]["ACTNUMST"].as_str();
    assert!(account.is_some_and(|account| !account.is_empty()));
    assert_eq!(rows.len(), 2);
    // The two lines differ in nothing that a ledger orders by; no page loses one.
    let given = [("ORDOCNUM", "INV1")];
    let (first, token) = asking.page("journals_open", &given, (1, "")).await;
    let (second, end) = asking.page("journals_open", &given, (1, &token)).await;
    has(&first[0], &json!({"year": 2025, "DEBITAMT": "7.00000"}));
    has(&second[0], &json!({"year": 2025, "CRDTAMNT": "7.00000"}));
    assert_eq!(end, "");
    let days = [("from", "2019-01-01"), ("to", "2019-12-31")];
    let rows = asking.all("journals_history", &days).await;
    has(&rows[0], &json!({"year": 2019, "JRNENTRY": 903}));
}

#[tokio::test(flavor = "multi_thread")]
async fn payables_and_bank_transactions_are_read_in_every_state() {
    const WORK: &str = "BCHSOURC, BACHNUMB, VCHNUMWK, VENDORID, DOCTYPE, CHRGAMNT";
    const OPEN: &str = "VCHRNMBR, VENDORID, DOCTYPE, CURTRXAM, HOLD, VOIDED";
    const BANK: &str = "CMRECNUM, CHEKBKID, CMTrxNum, CMTrxType, TRXDATE, TRXAMNT";
    const RECEIPT: &str = "CMRECNUM, CHEKBKID, receiptdate, DEPOSITED, depositnumber, SRCDOCNUM";
    let mut stage = Stage::set().await;
    let rows = [
        ("PM10000", WORK, "'PM_Trxent', 'P1', '00001', 'VEN1', 1, 9"),
        ("PM20000", OPEN, "'00002', 'VEN1', 1, 3, 1, 0"),
        ("PM30200", OPEN, "'00003', 'VEN1', 6, 0, 0, 1"),
        ("CM20200", BANK, "17, 'BANK', 'DEP1', 1, '2025-03-04', 55"),
        (
            "CM20300",
            RECEIPT,
            "18, 'BANK', '2025-03-04', 1, 'DEP1', 'PAY1'",
        ),
    ];
    insert(&stage, &rows).await;
    let mut asking = Asking::begin(&mut stage).await;
    let rows = asking.all("payables", &[("VENDORID", "VEN1")]).await;
    let work = json!({"transaction_state": "work", "VCHRNMBR": "00001", "on_account": "9.00000",
        "hold": null});
    has(&rows[0], &work);
    let open = json!({"transaction_state": "open", "VCHRNMBR": "00002", "CURTRXAM": "3.00000", "hold": true});
    has(&rows[1], &open);
    let paid = json!({"transaction_state": "history", "document_type": "payment", "voided": true});
    has(&rows[2], &paid);
    let rows = asking
        .all("bank_transactions", &[("CHEKBKID", "BANK")])
        .await;
    let deposit = json!({"CMRECNUM": "17.00000", "transaction_type": "deposit",
        "TRXAMNT": "55.00000"});
    has(&rows[0], &deposit);
    let rows = asking
        .all("deposited_receipts", &[("SRCDOCNUM", "PAY1")])
        .await;
    let receipt = json!({"DEPOSITED": true, "depositnumber": "DEP1",
        "receiptdate": "2025-03-04"});
    has(&rows[0], &receipt);
}
