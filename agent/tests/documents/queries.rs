//! The named queries against the sandbox GP: values, pages, traps, locks, and what is refused.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use connect_proto::tunnel::v1::ErrorClass;
use serde_json::{Value, json};

use super::asking::Asking;
use super::stage::{Stage, execute, good, number};

#[tokio::test(flavor = "multi_thread")]
async fn every_query_answers_in_every_way_it_can_be_asked() {
    let mut stage = Stage::set().await;
    let mut asking = Asking::begin(&mut stage).await;
    let queries = asking.described().await;
    assert!(queries.len() >= 50, "{}", queries.len());
    for query in &queries {
        let name = query["name"].as_str().unwrap();
        let kind = |parameter: &str| {
            let all = query["parameters"].as_array().unwrap().iter();
            let found = all.clone().find(|each| each["name"] == parameter);
            found.unwrap()["type"].as_str().unwrap().to_owned()
        };
        for way in query["by"].as_array().unwrap() {
            let mut given = Vec::new();
            for parameter in way.as_array().unwrap() {
                let parameter = parameter.as_str().unwrap();
                given.push((parameter, sample(&kind(parameter))));
            }
            let adds = query["parameters"].as_array().unwrap().iter();
            for each in adds.filter(|each| each["type"] == "0 or 1") {
                given.push((each["name"].as_str().unwrap(), "1"));
            }
            let (rows, _) = asking.page(name, &given, (2, "")).await;
            let columns = query["columns"].as_array().unwrap().iter();
            let columns: Vec<_> = columns
                .map(|column| column["name"].as_str().unwrap())
                .collect();
            for row in rows {
                let found: Vec<_> = row.as_object().unwrap().keys().collect();
                assert_eq!(found, columns, "{name}");
            }
        }
    }
}

fn sample(kind: &str) -> &'static str {
    match kind {
        kind if kind.starts_with("JSON array") => r#"["A", "B"]"#,
        kind if kind.contains("char") => "A",
        "datetime" => "2025-03-04",
        _ => "1",
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn values_come_trimmed_typed_and_without_gp_s_empty_dates() {
    let mut stage = Stage::set().await;
    for sql in [
        "INSERT INTO dbo.RM00101 (CUSTNMBR, CUSTNAME, CUSTCLAS, CRLMTTYP, CRLMTAMT, CUSTDISC, \
         HOLD, PRCLEVEL, CREATDDT, PRSTADCD) VALUES ('READ01', 'Read & Söhne', 'CLASS', 2, 1500.5, \
         250, 1, 'RETAIL', '2025-03-04', 'PRIMARY')",
        "INSERT INTO dbo.RM00103 (CUSTNMBR, CUSTBLNC) VALUES ('READ01', 99.95)",
        "INSERT INTO dbo.RM00101 (CUSTNMBR) VALUES ('READ02')",
        "INSERT INTO dbo.RM00102 (CUSTNMBR, ADRSCODE, CITY) VALUES ('READ01', 'PRIMARY', 'Köln')",
        "INSERT INTO dbo.RM00102 (CUSTNMBR, ADRSCODE) VALUES ('READ01', 'WAREHOUSE')",
        "INSERT INTO dbo.SY01200 (Master_Type, Master_ID, ADRSCODE, INET1, EmailToAddress) VALUES \
         ('CUS', 'READ01', 'PRIMARY', 'anna@example.com', 'a@example.com;b@example.com')",
        "INSERT INTO dbo.SY01200 (Master_Type, Master_ID, ADRSCODE, INET1) VALUES \
         ('VEN', 'READ01', 'WAREHOUSE', 'vendor@example.com')",
        "UPDATE dbo.IV00101 SET ITEMSHWT = 125, DECPLQTY = 3, DECPLCUR = 1, ITEMTYPE = 2, \
         ITMTRKOP = 2, TAXOPTNS = 3, INACTIVE = 1 WHERE ITEMNMBR = '100XLG'",
    ] {
        stage.sql(sql).await;
    }
    let mut asking = Asking::begin(&mut stage).await;
    let customers = [("CUSTNMBRS", r#"["READ02", "READ01", "NOBODY"]"#)];
    let rows = asking.all("customers", &customers).await;
    assert_eq!(rows.len(), 2);
    let expected = json!({
        "CUSTNMBR": "READ01", "CUSTNAME": "Read & Söhne", "CUSTCLAS": "CLASS", "CRLMTTYP": 2,
        "credit_limit": "amount", "CRLMTAMT": "1500.50000", "discount_percent": "2.50",
        "HOLD": true, "INACTIVE": false, "PRCLEVEL": "RETAIL", "CREATDDT": "2025-03-04",
        "MODIFDT": null, "PRSTADCD": "PRIMARY", "CNTCPRSN": "", "CUSTBLNC": "99.95000",
    });
    has(&rows[0], &expected);
    assert!(rows[0]["DEX_ROW_TS"].as_str().unwrap().ends_with('Z'));
    has(
        &rows[1],
        &json!({"CUSTNMBR": "READ02", "credit_limit": "no credit", "CUSTBLNC": null}),
    );

    let rows = asking
        .all("customer_addresses", &[("CUSTNMBR", "READ01")])
        .await;
    let mail = json!({
        "ADRSCODE": "PRIMARY", "CITY": "Köln", "INET1": "anna@example.com",
        "EmailToAddress": "a@example.com;b@example.com",
    });
    has(&rows[0], &mail);
    has(&rows[1], &json!({"ADRSCODE": "WAREHOUSE", "INET1": null}));
    let rows = asking
        .all("customer_addresses", &[("INET1", "ANNA@example.com")])
        .await;
    has(
        &rows[0],
        &json!({"CUSTNMBR": "READ01", "ADRSCODE": "PRIMARY"}),
    );

    let rows = asking.all("items", &[("ITEMNMBR", "100xlg")]).await;
    let item = json!({
        "ITEMNMBR": "100XLG", "ITEMDESC": "Green Phone", "item_type": "discontinued",
        "discontinued": true, "INACTIVE": true, "weight": "1.25", "quantity_decimals": 2,
        "currency_decimals": 0, "tracking": "serial numbers", "tax_option": "base on customers",
        "UOMSCHDL": "PHONE", "BASEUOFM": "Each",
    });
    has(&rows[0], &item);
}

/// The row has these values among others.
fn has(row: &Value, expected: &Value) {
    for (name, value) in expected.as_object().unwrap() {
        assert_eq!(&row[name], value, "{name} of {row}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_give_every_row_once_while_others_write() {
    let mut stage = Stage::set().await;
    for number in 0..20 {
        let sql = format!("INSERT INTO dbo.RM00101 (CUSTNMBR) VALUES ('PAGE{number:02}0')");
        stage.sql(&sql).await;
    }
    let mut asking = Asking::begin(&mut stage).await;
    let before = asking.all("customers", &[]).await;
    let before: BTreeSet<_> = before
        .iter()
        .map(|row| row["CUSTNMBR"].to_string())
        .collect();
    let (mut seen, mut token, mut pages) = (Vec::new(), String::new(), 0);
    loop {
        let (rows, next) = asking.page("customers", &[], (7, &token)).await;
        assert!(rows.len() <= 7 && (rows.len() == 7 || next.is_empty()));
        seen.extend(rows.iter().map(|row| row["CUSTNMBR"].to_string()));
        // Beside rows already given, before and behind them; and one that is gone.
        for number in [1, 9, 19] {
            let sql = format!(
                "INSERT INTO dbo.RM00101 (CUSTNMBR) VALUES ('PAGE{number:02}{}')",
                pages + 1
            );
            stage.sql(&sql).await;
        }
        pages += 1;
        if next.is_empty() {
            break;
        }
        token = next;
    }
    let once: BTreeSet<_> = seen.iter().cloned().collect();
    assert_eq!(once.len(), seen.len(), "a row came twice");
    assert!(before.is_subset(&once), "a row was left out");
    let mut ordered = seen.clone();
    ordered.sort();
    assert_eq!(ordered, seen);
    assert!(pages >= 3, "{pages}");
    // The last row of a page may be deleted: the next page begins behind where it was.
    let (rows, token) = asking.page("customers", &[], (2, "")).await;
    let last = rows[1]["CUSTNMBR"].as_str().unwrap();
    stage
        .sql(&format!(
            "DELETE FROM dbo.RM00101 WHERE CUSTNMBR = '{last}'"
        ))
        .await;
    let (next, _) = asking.page("customers", &[], (1, &token)).await;
    assert!(next[0]["CUSTNMBR"].as_str().unwrap() > last);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_document_shows_once_whatever_state_it_is_left_in() {
    let mut stage = Stage::set().await;
    let header = |table: &str, kind: i32, number: &str, further: &str, values: &str| {
        format!(
            "INSERT INTO dbo.{table} (SOPTYPE, SOPNUMBE, DOCDATE, CUSTNMBR, CSTPONBR{further}) \
             VALUES ({kind}, '{number}', '2025-03-04', 'READ01', 'WEB-1'{values})"
        )
    };
    let voided = (", VOIDSTTS, TRXSORCE", ", 1, 'SLSVD1'");
    for sql in [
        header("SOP10100", 2, "BOTH1", voided.0, voided.1),
        header("SOP30200", 2, "BOTH1", voided.0, voided.1),
        header("SOP10100", 2, "SAME1", ", DOCAMNT", ", 10"),
        header("SOP30200", 3, "SAME1", ", DOCAMNT", ", 20"),
        header("SOP10100", 2, "HELD1", ", INTEGRATIONID", ", 'nop-7'"),
        "INSERT INTO dbo.SOP10100 (SOPTYPE, SOPNUMBE, CSTPONBR) VALUES (2, 'GHOST1', 'WEB-1')".to_owned(),
        "INSERT INTO dbo.SOP10200 (SOPTYPE, SOPNUMBE, LNITMSEQ, ITEMNMBR) VALUES (2, 'GHOST1', 16384, 'X')".to_owned(),
        "INSERT INTO dbo.SOP10200 (SOPTYPE, SOPNUMBE, LNITMSEQ, ITEMNMBR) VALUES (2, 'BOTH1', 16384, 'X')".to_owned(),
        "INSERT INTO dbo.SOP30300 (SOPTYPE, SOPNUMBE, LNITMSEQ, ITEMNMBR) VALUES (2, 'BOTH1', 16384, 'X')".to_owned(),
        "INSERT INTO dbo.SOP10104 (SOPTYPE, SOPNUMBE, PRCHLDID, DELETE1) VALUES (2, 'HELD1', 'CREDIT', 0)".to_owned(),
        "INSERT INTO dbo.SOP10104 (SOPTYPE, SOPNUMBE, PRCHLDID, DELETE1) VALUES (2, 'HELD1', 'OLD', 1)".to_owned(),
        "INSERT INTO dbo.SOP00100 (PRCHLDID, DSCRIPTN, POSTPHOL) VALUES ('CREDIT', 'Credit hold', 1)".to_owned(),
    ] {
        stage.sql(&sql).await;
    }
    let mut asking = Asking::begin(&mut stage).await;
    let brief = |rows: &[Value]| -> Vec<String> {
        let told = rows.iter().map(|row| {
            let state = row["state"].as_str().unwrap();
            format!(
                "{} {} {state}",
                row["SOPTYPE"],
                row["SOPNUMBE"].as_str().unwrap()
            )
        });
        told.collect()
    };
    let rows = asking.all("sop_documents", &[("CSTPONBR", "WEB-1")]).await;
    let expected = [
        "2 HELD1 work",
        "2 SAME1 work",
        "2 BOTH1 history",
        "3 SAME1 history",
    ];
    assert_eq!(brief(&rows), expected);
    has(
        &rows[0],
        &json!({"holds": 1, "voided": false, "INTEGRATIONID": "nop-7"}),
    );
    has(
        &rows[2],
        &json!({"holds": 0, "voided": true, "INTEGRATIONID": null}),
    );
    // Every page size gives the same rows in the same order.
    for size in 1..=4 {
        let (mut seen, mut token) = (Vec::new(), String::new());
        loop {
            let given = [("CSTPONBR", "WEB-1")];
            let (rows, next) = asking.page("sop_documents", &given, (size, &token)).await;
            seen.extend(brief(&rows));
            if next.is_empty() {
                break;
            }
            token = next;
        }
        assert_eq!(seen, expected, "{size} at a time");
    }
    let rows = asking
        .all("sop_documents", &[("SOPNUMBE", "SAME1"), ("SOPTYPE", "3")])
        .await;
    assert_eq!(brief(&rows), ["3 SAME1 history"]);
    has(
        &rows[0],
        &json!({"document_type": "invoice", "DOCAMNT": "20.00000"}),
    );
    let days = [("CUSTNMBR", "READ01"), ("from", "2025-03-05")];
    assert!(asking.all("sop_documents", &days).await.is_empty());
    let days = [
        ("CUSTNMBR", "READ01"),
        ("from", "2025-03-04"),
        ("to", "2025-03-04"),
    ];
    assert_eq!(asking.all("sop_documents", &days).await.len(), 4);
    let lines = asking
        .all("sop_lines", &[("SOPNUMBES", r#"["BOTH1", "GHOST1"]"#)])
        .await;
    assert_eq!(brief(&lines), ["2 BOTH1 history"]);
    let holds = asking.all("sop_holds", &[("SOPNUMBE", "HELD1")]).await;
    let hold = json!({
        "PRCHLDID": "CREDIT", "DSCRIPTN": "Credit hold", "removed": false,
        "holds_posting": true, "holds_transfer": false, "HOLDDATE": null,
    });
    has(&holds[0], &hold);
    has(
        &holds[1],
        &json!({"PRCHLDID": "OLD", "removed": true, "holds_posting": null}),
    );
    let rows = asking.all("sop_document", &[("SOPNUMBE", "SAME1")]).await;
    let first = json!({
        "SOPTYPE": 2, "SOPNUMBE": "SAME1", "DOCID": "", "DOCDATE": "2025-03-04T00:00:00",
        "CUSTNMBR": "READ01", "BACHNUMB": "", "DOCAMNT": "10.00000", "CSTPONBR": "WEB-1",
    });
    assert_eq!((rows.len(), &rows[0]), (2, &first));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_written_order_is_read_back_with_all_that_belongs_to_it() {
    let mut stage = Stage::set().await;
    let mut asking = Asking::begin(&mut stage).await;
    asking
        .session
        .send(execute("c1", "k1", &good("READ-1")))
        .await;
    let order = number(&mut asking.session, false).await;
    let rows = asking.all("sop_documents", &[("CSTPONBR", "READ-1")]).await;
    let expected = json!({
        "state": "work", "SOPTYPE": 2, "document_type": "order", "SOPNUMBE": order,
        "DOCID": "STDORD", "DOCDATE": "2025-03-04", "CUSTNMBR": "WREAD-1",
        "BACHNUMB": "WEB20250304", "DOCAMNT": "179.85000", "voided": false, "POSTEDDT": null,
    });
    has(&rows[0], &expected);
    let lines = asking.all("sop_lines", &[("SOPNUMBE", &order)]).await;
    let line = json!({
        "state": "work", "LNITMSEQ": 16384, "CMPNTSEQ": 0, "ITEMNMBR": "100XLG",
        "QUANTITY": "3.00000", "UNITPRCE": "59.95000", "XTNDPRCE": "179.85000",
        "NONINVEN": false,
    });
    has(&lines[0], &line);
    let batches = asking.all("batches", &[("BACHNUMB", "WEB20250304")]).await;
    let batch = json!({
        "BCHSOURC": "Sales Entry", "NUMOFTRX": 1, "BCHTOTAL": "179.85000", "series": "sales",
        "status": "available", "marked_to_post": false, "user_at_work": null,
    });
    has(&batches[0], &batch);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_chain_is_followed_from_order_to_invoice_and_return() {
    let mut stage = Stage::set().await;
    for (table, kind, number, origin, master, customer) in [
        ("SOP30200", 2, "ORD1", (0, ""), 7, "READ01"),
        ("SOP30200", 6, "FUL1", (2, "ORD1"), 7, "READ01"),
        ("SOP10100", 6, "FUL2", (2, "ORD1"), 0, "READ01"),
        ("SOP30200", 3, "INV1", (6, "FUL1"), 7, "READ01"),
        ("SOP10100", 3, "INV2", (6, "FUL2"), 0, "READ01"),
        ("SOP10100", 4, "RET1", (0, ""), 7, "READ01"),
        ("SOP10100", 2, "ORD2", (0, ""), 7, "OTHER"),
        ("SOP10100", 2, "ORD3", (0, ""), 0, "READ01"),
    ] {
        let sql = format!(
            "INSERT INTO dbo.{table} (SOPTYPE, SOPNUMBE, ORIGTYPE, ORIGNUMB, MSTRNUMB, CUSTNMBR) \
             VALUES ({kind}, '{number}', {}, '{}', {master}, '{customer}')",
            origin.0, origin.1
        );
        stage.sql(&sql).await;
    }
    let mut asking = Asking::begin(&mut stage).await;
    let rows = asking
        .all("sop_chain", &[("SOPNUMBE", "ORD1"), ("SOPTYPE", "2")])
        .await;
    let told = rows.iter().map(|row| {
        let text = |name: &str| row[name].as_str().unwrap();
        [text("relation"), text("SOPNUMBE"), text("state")].join(", ")
    });
    let expected = [
        "itself, ORD1, history",
        "made from it, FUL2, work",
        "made from it, FUL1, history",
        "made from those, INV2, work",
        "made from those, INV1, history",
        "same master number, RET1, work",
        "same master number, FUL1, history",
        "same master number, INV1, history",
    ];
    assert_eq!(told.collect::<Vec<_>>(), expected);
    let rows = asking
        .all("sop_chain", &[("SOPNUMBE", "ORD3"), ("SOPTYPE", "2")])
        .await;
    assert_eq!(rows.len(), 1, "no master number is none");
    let found = asking.all("sop_documents", &[("MSTRNUMB", "7")]).await;
    assert_eq!(found.len(), 5);
    assert!(
        asking
            .all("sop_documents", &[("MSTRNUMB", "0")])
            .await
            .is_empty()
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn net_quantities_leave_out_what_is_asked_for_and_not_allocated() {
    let mut stage = Stage::set().await;
    let line = |kind: i32, number: &str, site: &str, columns: &str, values: &str| {
        format!(
            "INSERT INTO dbo.SOP10200 (SOPTYPE, SOPNUMBE, LNITMSEQ, ITEMNMBR, LOCNCODE, \
             QTYBSUOM{columns}) VALUES ({kind}, '{number}', 16384, '100XLG', '{site}'{values})"
        )
    };
    let asked = ", QUANTITY, ATYALLOC, QTYCANCE";
    for sql in [
        "UPDATE dbo.IV00102 SET QTYONHND = 100, ATYALLOC = 10, QTYBKORD = 3, QTYONORD = 5 \
         WHERE ITEMNMBR = '100XLG' AND LOCNCODE = 'WAREHOUSE'"
            .to_owned(),
        line(2, "N1", "WAREHOUSE", asked, ", 1, 12, 10, 1"),
        line(3, "N2", "WAREHOUSE", asked, ", 12, 2, 0, 0"),
        line(6, "N3", "NORTH", asked, ", 1, 50, 0, 0"),
        line(1, "N4", "WAREHOUSE", asked, ", 1, 500, 0, 0"),
        line(2, "N5", "WAREHOUSE", ", QUANTITY, DROPSHIP", ", 1, 500, 1"),
    ] {
        stage.sql(&sql).await;
    }
    let mut asking = Asking::begin(&mut stage).await;
    let given = [("ITEMNMBR", "100XLG"), ("LOCNCODE", "WAREHOUSE")];
    let rows = asking.all("item_quantities", &given).await;
    let expected = json!({
        "QTYONHND": "100.00000", "ATYALLOC": "10.00000", "available": "90.00000",
        "QTYBKORD": "3.00000", "QTYONORD": "5.00000", "available_net": null,
    });
    has(&rows[0], &expected);
    assert_eq!(rows[0].get("available_net"), None);
    let given = [given[0], given[1], ("net", "1")];
    let rows = asking.all("item_quantities", &given).await;
    // 90 less one piece of the order, less two dozen of the invoice.
    has(
        &rows[0],
        &json!({"available": "90.00000", "available_net": "65.00000"}),
    );
    let sites = asking
        .all("item_quantities", &[("ITEMNMBR", "100XLG")])
        .await;
    assert!(sites.iter().all(|row| row["LOCNCODE"] != ""), "sites only");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_ledgers_are_read_in_every_state() {
    let mut stage = Stage::set().await;
    for sql in [
        "INSERT INTO dbo.RM20101 (CUSTNMBR, RMDTYPAL, DOCNUMBR, DOCDATE, ORTRXAMT, CURTRXAM) VALUES ('READ01', 1, 'INV1', '2025-03-04', 100, 40)",
        "INSERT INTO dbo.RM30101 (CUSTNMBR, RMDTYPAL, DOCNUMBR, DOCDATE, ORTRXAMT, VOIDSTTS) VALUES ('READ01', 9, 'PAY0', '2025-03-01', 5, 1)",
        "INSERT INTO dbo.RM10301 (RMDTYPAL, RMDNUMWK, DOCNUMBR, CUSTNMBR, DOCAMNT, ACCTAMNT) VALUES (1, 'SLS1', 'INV2', 'READ01', 70, 60)",
        "INSERT INTO dbo.RM10201 (RMDTYPAL, DOCNUMBR, CUSTNMBR, ORTRXAMT, CURTRXAM, CSHRCTYP) VALUES (9, 'PAY2', 'READ01', 30, 30, 2)",
        "INSERT INTO dbo.RM20201 (CUSTNMBR, APFRDCTY, APFRDCNM, APTODCTY, APTODCNM, APPTOAMT) VALUES ('READ01', 9, 'PAY1', 1, 'INV1', 60)",
        "INSERT INTO dbo.RM30201 (CUSTNMBR, APFRDCTY, APFRDCNM, APTODCTY, APTODCNM, APPTOAMT) VALUES ('READ01', 9, 'PAY0', 1, 'INV0', 5)",
        "INSERT INTO dbo.GL10000 (BCHSOURC, BACHNUMB, JRNENTRY, TRXDATE, REFRENCE, SERIES) VALUES ('GL_Normal', 'G1', 901, '2025-03-04', 'Web', 2)",
        "INSERT INTO dbo.GL10001 (BACHNUMB, JRNENTRY, SQNCLINE, ACTINDX, DEBITAMT) VALUES ('G1', 901, 16384, 1, 12.5)",
        "INSERT INTO dbo.GL10001 (BACHNUMB, JRNENTRY, SQNCLINE, ACTINDX, CRDTAMNT) VALUES ('G1', 901, 32768, 2, 12.5)",
        "INSERT INTO dbo.GL20000 (OPENYEAR, JRNENTRY, ACTINDX, TRXDATE, DEBITAMT, ORDOCNUM) VALUES (2025, 902, 1, '2025-03-04', 7, 'INV1')",
        "INSERT INTO dbo.GL20000 (OPENYEAR, JRNENTRY, ACTINDX, TRXDATE, CRDTAMNT, ORDOCNUM) VALUES (2025, 902, 1, '2025-03-04', 7, 'INV1')",
        "INSERT INTO dbo.GL30000 (HSTYEAR, JRNENTRY, ACTINDX, TRXDATE, DEBITAMT) VALUES (2019, 903, 1, '2019-03-04', 8)",
        "INSERT INTO dbo.PM10000 (BCHSOURC, BACHNUMB, VCHNUMWK, VENDORID, DOCTYPE, DOCNUMBR, DOCAMNT, CHRGAMNT) VALUES ('PM_Trxent', 'P1', '00001', 'VEN1', 1, 'A1', 9, 9)",
        "INSERT INTO dbo.PM20000 (VCHRNMBR, VENDORID, DOCTYPE, DOCNUMBR, DOCAMNT, CURTRXAM, HOLD) VALUES ('00002', 'VEN1', 1, 'A2', 8, 3, 1)",
        "INSERT INTO dbo.PM30200 (VCHRNMBR, VENDORID, DOCTYPE, DOCNUMBR, DOCAMNT, VOIDED) VALUES ('00003', 'VEN1', 6, 'A3', 7, 1)",
        "INSERT INTO dbo.CM20200 (CMRECNUM, CHEKBKID, CMTrxNum, CMTrxType, TRXDATE, TRXAMNT) VALUES (17, 'BANK', 'DEP1', 1, '2025-03-04', 55)",
        "INSERT INTO dbo.CM20300 (CMRECNUM, CHEKBKID, RCPTNMBR, receiptdate, RCPTAMT, DEPOSITED, depositnumber, SRCDOCNUM) VALUES (18, 'BANK', 'R1', '2025-03-04', 55, 1, 'DEP1', 'PAY1')",
    ] {
        stage.sql(sql).await;
    }
    let mut asking = Asking::begin(&mut stage).await;
    let rows = asking.all("receivables", &[("CUSTNMBR", "READ01")]).await;
    let open = json!({
        "state": "open", "document_type": "sale or invoice", "DOCNUMBR": "INV1",
        "CURTRXAM": "40.00000", "voided": false,
    });
    has(&rows[0], &open);
    has(
        &rows[1],
        &json!({"state": "history", "document_type": "payment", "voided": true}),
    );
    let typed = [("CUSTNMBR", "READ01"), ("RMDTYPAL", "9")];
    assert_eq!(asking.all("receivables", &typed).await.len(), 1);
    let rows = asking
        .all("receivables_work", &[("CUSTNMBR", "READ01")])
        .await;
    let sale =
        json!({"kind": "sale", "number": "SLS1", "DOCNUMBR": "INV2", "CURTRXAM": "60.00000"});
    has(&rows[0], &sale);
    has(
        &rows[1],
        &json!({"kind": "cash receipt", "number": "PAY2", "payment_kind": "payment card"}),
    );
    let rows = asking.all("applied", &[("CUSTNMBR", "READ01")]).await;
    has(
        &rows[0],
        &json!({"state": "open", "APFRDCNM": "PAY1", "APTODCNM": "INV1", "APPTOAMT": "60.00000"}),
    );
    has(
        &rows[1],
        &json!({"state": "history", "APFRDCNM": "PAY0", "to_type": "sale or invoice"}),
    );
    let to = [("APTODCTY", "1"), ("APTODCNM", "INV1")];
    assert_eq!(asking.all("applied", &to).await.len(), 1);

    let rows = asking.all("journals_work", &[("JRNENTRY", "901")]).await;
    let line = json!({
        "BACHNUMB": "G1", "REFRENCE": "Web", "TRXDATE": "2025-03-04", "DEBITAMT": "12.50000",
        "CRDTAMNT": "0.00000", "series": "financial", "RVRSNGDT": null,
    });
    has(&rows[0], &line);
    assert!(
        rows[0]["ACTNUMST"]
            .as_str()
            .is_some_and(|account| !account.is_empty())
    );
    assert_eq!(rows.len(), 2);
    // The two lines differ in nothing a ledger knows; no page loses one.
    let (first, token) = asking
        .page("journals_open", &[("ORDOCNUM", "INV1")], (1, ""))
        .await;
    let (second, end) = asking
        .page("journals_open", &[("ORDOCNUM", "INV1")], (1, &token))
        .await;
    has(&first[0], &json!({"year": 2025, "DEBITAMT": "7.00000"}));
    has(&second[0], &json!({"year": 2025, "CRDTAMNT": "7.00000"}));
    assert_eq!(end, "");
    let days = [("from", "2019-01-01"), ("to", "2019-12-31")];
    has(
        &asking.all("journals_history", &days).await[0],
        &json!({"year": 2019, "JRNENTRY": 903}),
    );

    let rows = asking.all("payables", &[("VENDORID", "VEN1")]).await;
    has(
        &rows[0],
        &json!({"state": "work", "VCHRNMBR": "00001", "on_account": "9.00000", "hold": null}),
    );
    has(
        &rows[1],
        &json!({"state": "open", "VCHRNMBR": "00002", "CURTRXAM": "3.00000", "hold": true}),
    );
    has(
        &rows[2],
        &json!({"state": "history", "document_type": "payment", "voided": true}),
    );
    let rows = asking
        .all("bank_transactions", &[("CHEKBKID", "BANK")])
        .await;
    has(
        &rows[0],
        &json!({"CMRECNUM": "17.00000", "transaction_type": "deposit", "TRXAMNT": "55.00000"}),
    );
    let rows = asking
        .all("deposited_receipts", &[("SRCDOCNUM", "PAY1")])
        .await;
    has(
        &rows[0],
        &json!({"DEPOSITED": true, "depositnumber": "DEP1", "receiptdate": "2025-03-04"}),
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_batch_tells_its_state_and_who_is_at_work_in_it() {
    let mut stage = Stage::set().await;
    stage
        .sql("INSERT INTO dbo.SY00500 (BCHSOURC, BACHNUMB, SERIES, BCHSTTUS, MKDTOPST, NUMOFTRX, CREATDDT) \
              VALUES ('Sales Entry', 'OLD', 3, 7, 1, 4, DATEADD(day, -10, CAST(GETDATE() AS date)))")
        .await;
    let at_work = |company: &str, user: &str| {
        let sql = format!(
            "INSERT INTO dbo.SY00800 (BCHSOURC, BACHNUMB, CMPNYNAM, USERID) \
             VALUES ('Sales Entry', 'OLD', '{company}', '{user}')"
        );
        json!({"db": "DYNAMICS", "sql": sql})
    };
    for activity in [
        at_work("Fabrikam, Inc.", "sa"),
        at_work("Fabrikam Test", "else"),
    ] {
        stage.http("POST", "/sql", &activity).await;
    }
    let mut asking = Asking::begin(&mut stage).await;
    let rows = asking.all("batches", &[("SERIES", "3")]).await;
    let expected = json!({
        "BACHNUMB": "OLD", "BCHSTTUS": 7, "status": "posting interrupted", "marked_to_post": true,
        "NUMOFTRX": 4, "user_at_work": "sa", "age_days": 10, "unchanged_days": null,
    });
    assert_eq!(rows.len(), 1);
    has(&rows[0], &expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn set_up_lists_are_those_of_the_world() {
    let mut stage = Stage::set().await;
    let mut asking = Asking::begin(&mut stage).await;
    let ids = asking.all("setup.document_ids", &[]).await;
    let order = ids.iter().find(|id| id["DOCID"] == "STDORD").unwrap();
    has(order, &json!({"SOPTYPE": 2, "document_type": "order"}));
    let companies = asking.all("companies", &[]).await;
    has(
        &companies[0],
        &json!({"CMPANYID": -1, "INTERID": "TWO", "CMPNYNAM": "Fabrikam, Inc."}),
    );
    assert_eq!(companies, asking.all("setup.companies", &[]).await);
    let currencies = asking.all("setup.currencies", &[]).await;
    let functional: Vec<_> = currencies
        .iter()
        .filter(|each| each["functional"] == true)
        .collect();
    assert_eq!(functional.len(), 1);
    has(
        functional[0],
        &json!({"CURNCYID": "Z-US$", "ISOCURRC": "USD", "currency_decimals": 2}),
    );
    for list in [
        "sites",
        "price_levels",
        "tax_schedules",
        "tax_details",
        "payment_terms",
        "cards",
        "shipping_methods",
        "checkbooks",
        "accounts",
        "units",
        "fiscal_periods",
    ] {
        let rows = asking.all(&format!("setup.{list}"), &[]).await;
        assert!(!rows.is_empty(), "{list}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_waits_for_a_locked_row_no_longer_than_it_may_and_says_so() {
    let mut stage = Stage::set().await;
    stage
        .sql("INSERT INTO dbo.RM00101 (CUSTNMBR, CUSTNAME) VALUES ('READ01', 'before')")
        .await;
    let mut asking = Asking::begin(&mut stage).await;
    let holding = json!({"db": "TWO", "sql":
        "BEGIN TRAN; UPDATE dbo.RM00101 SET CUSTNAME = 'dirty' WHERE CUSTNMBR = 'READ01'; \
         WAITFOR DELAY '00:00:05'; ROLLBACK"});
    let control = stage.control();
    let holder = tokio::spawn(async move { control.http("POST", "/sql", &holding).await });
    tokio::time::sleep(Duration::from_millis(500)).await;
    let began = Instant::now();
    let failure = asking
        .refused("customers", &[("CUSTNMBR", "READ01")], "")
        .await;
    let waited = began.elapsed();
    assert_eq!(
        (failure.class(), failure.code.as_str()),
        (ErrorClass::Busy, "locked")
    );
    for words in ["Query customers", "2000 ms", "gp.lock_timeout_ms"] {
        assert!(failure.message.contains(words), "{}", failure.message);
    }
    let limit = Duration::from_millis(1_800)..Duration::from_secs(4);
    assert!(limit.contains(&waited), "{waited:?}");
    // Rows that nobody holds are read meanwhile.
    assert!(!asking.all("items", &[]).await.is_empty());
    holder.await.unwrap();
    let rows = asking.all("customers", &[("CUSTNMBR", "READ01")]).await;
    has(&rows[0], &json!({"CUSTNAME": "before"}));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_asked_is_refused_by_its_name() {
    let mut stage = Stage::set().await;
    let mut asking = Asking::begin(&mut stage).await;
    let (_, token) = asking.page("items", &[], (1, "")).await;
    for (name, given, token, code, words) in [
        ("nothing", &[][..], "", "unknown_query", "nothing"),
        (
            "customers",
            &[("NAME", "A")],
            "",
            "unknown_parameter",
            "NAME",
        ),
        ("sop_lines", &[], "", "missing_parameter", "SOPNUMBE"),
        (
            "sop_chain",
            &[("SOPNUMBE", "A")],
            "",
            "missing_parameter",
            "SOPTYPE",
        ),
        (
            "items",
            &[("ITEMNMBR", "A"), ("ITMCLSCD", "B")],
            "",
            "parameters_not_together",
            "ITMCLSCD",
        ),
        (
            "sop_documents",
            &[("SOPTYPE", "x")],
            "",
            "bad_parameter",
            "SOPTYPE",
        ),
        ("customers", &[], "500", "bad_page_token", "token"),
        ("customers", &[], &token, "bad_page_token", "another query"),
        (
            "items",
            &[("ITMCLSCD", "B")],
            &token,
            "bad_page_token",
            "other parameters",
        ),
        ("own.nothing", &[], "", "unknown_query", "own.nothing"),
    ] {
        let failure = asking.refused(name, given, token).await;
        assert_eq!(failure.code, code, "{name} {given:?}");
        assert!(failure.message.contains(words), "{}", failure.message);
    }
    let (rows, _) = asking.page("items", &[], (100_000, "")).await;
    assert!(rows.len() <= 5_000);
}
