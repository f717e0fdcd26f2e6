//! What the named queries give of the sandbox GP's rows: values, states, and the traps in between.

use serde_json::{Value, json};

use super::asking::{Asking, has};
use super::stage::{Stage, execute, good, number};

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

/// A voided document left in both tables, one number under two types, one on hold, and a header
/// that GP never saved.
async fn trapped(stage: &Stage) {
    let header = |table: &str, key: &str, (columns, values): (&str, &str)| {
        format!(
            "INSERT INTO dbo.{table} (SOPTYPE, SOPNUMBE, DOCDATE, CUSTNMBR, CSTPONBR{columns}) \
             VALUES ({key}, '2025-03-04', 'READ01', 'WEB-1'{values})"
        )
    };
    let line = |table: &str, number: &str| {
        format!(
            "INSERT INTO dbo.{table} (SOPTYPE, SOPNUMBE, LNITMSEQ, ITEMNMBR) \
             VALUES (2, '{number}', 16384, 'X')"
        )
    };
    let hold = |hold: &str, removed: i32| {
        format!(
            "INSERT INTO dbo.SOP10104 (SOPTYPE, SOPNUMBE, PRCHLDID, DELETE1) \
             VALUES (2, 'HELD1', '{hold}', {removed})"
        )
    };
    let voided = (", VOIDSTTS, TRXSORCE", ", 1, 'SLSVD1'");
    for sql in [
        header("SOP10100", "2, 'BOTH1'", voided),
        header("SOP30200", "2, 'BOTH1'", voided),
        header("SOP10100", "2, 'SAME1'", (", DOCAMNT", ", 10")),
        header("SOP30200", "3, 'SAME1'", (", DOCAMNT", ", 20")),
        header("SOP10100", "2, 'HELD1'", (", INTEGRATIONID", ", 'nop-7'")),
        "INSERT INTO dbo.SOP10100 (SOPTYPE, SOPNUMBE, CSTPONBR) VALUES (2, 'GHOST1', 'WEB-1')"
            .to_owned(),
        line("SOP10200", "GHOST1"),
        line("SOP10200", "BOTH1"),
        line("SOP30300", "BOTH1"),
        hold("CREDIT", 0),
        hold("OLD", 1),
        "INSERT INTO dbo.SOP00100 (PRCHLDID, DSCRIPTN, POSTPHOL) \
         VALUES ('CREDIT', 'Credit hold', 1)"
            .to_owned(),
    ] {
        stage.sql(&sql).await;
    }
}

/// Type, number and state of documents.
fn brief(rows: &[Value]) -> Vec<String> {
    let told = rows.iter().map(|row| {
        let text = |name: &str| row[name].as_str().unwrap();
        format!(
            "{} {} {}",
            row["SOPTYPE"],
            text("SOPNUMBE"),
            text("transaction_state")
        )
    });
    told.collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_document_shows_once_whatever_state_it_is_left_in() {
    let mut stage = Stage::set().await;
    trapped(&stage).await;
    let mut asking = Asking::begin(&mut stage).await;
    let given = [("CSTPONBR", "WEB-1")];
    let rows = asking.all("sop_documents", &given).await;
    let expected = [
        "2 HELD1 work",
        "2 SAME1 work",
        "2 BOTH1 history",
        "3 SAME1 history",
    ];
    assert_eq!(brief(&rows), expected);
    let held = json!({"holds": 1, "voided": false, "INTEGRATIONID": "nop-7"});
    has(&rows[0], &held);
    let voided = json!({"holds": 0, "voided": true, "INTEGRATIONID": null});
    has(&rows[2], &voided);
    // Every page size gives the same rows in the same order.
    for size in 1..=4 {
        let (mut seen, mut token) = (Vec::new(), String::new());
        loop {
            let (rows, next) = asking.page("sop_documents", &given, (size, &token)).await;
            seen.extend(brief(&rows));
            if next.is_empty() {
                break;
            }
            token = next;
        }
        assert_eq!(seen, expected, "{size} at a time");
    }
    let lines = [("SOPNUMBES", r#"["BOTH1", "GHOST1"]"#)];
    let lines = asking.all("sop_lines", &lines).await;
    assert_eq!(brief(&lines), ["2 BOTH1 history"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_document_that_is_posted_between_two_pages_is_not_missed() {
    let mut stage = Stage::set().await;
    let header = |table: &str, number: &str| {
        format!(
            "INSERT INTO dbo.{table} (SOPTYPE, SOPNUMBE, CUSTNMBR) VALUES (3, '{number}', 'READ01')"
        )
    };
    for number in ["INV1", "INV2", "INV3"] {
        stage.sql(&header("SOP10100", number)).await;
    }
    let mut asking = Asking::begin(&mut stage).await;
    let given = [("CUSTNMBR", "READ01")];
    let (rows, token) = asking.page("sop_documents", &given, (2, "")).await;
    assert_eq!(brief(&rows), ["3 INV1 work", "3 INV2 work"]);
    for number in ["INV1", "INV3"] {
        stage.sql(&header("SOP30200", number)).await;
        let sql = format!("DELETE FROM dbo.SOP10100 WHERE SOPNUMBE = '{number}'");
        stage.sql(&sql).await;
    }
    let (rows, end) = asking.page("sop_documents", &given, (2, &token)).await;
    assert_eq!(brief(&rows), ["3 INV1 history", "3 INV3 history"]);
    assert_eq!(end, "");
}

#[tokio::test(flavor = "multi_thread")]
async fn documents_are_found_by_type_by_day_and_by_the_old_name() {
    let mut stage = Stage::set().await;
    trapped(&stage).await;
    let mut asking = Asking::begin(&mut stage).await;
    let given = [("SOPNUMBE", "SAME1"), ("SOPTYPE", "3")];
    let rows = asking.all("sop_documents", &given).await;
    assert_eq!(brief(&rows), ["3 SAME1 history"]);
    let invoice = json!({"document_type": "invoice", "DOCAMNT": "20.00000"});
    has(&rows[0], &invoice);
    let later = [("CUSTNMBR", "READ01"), ("from", "2025-03-05")];
    assert!(asking.all("sop_documents", &later).await.is_empty());
    let day = [
        ("CUSTNMBR", "READ01"),
        ("from", "2025-03-04"),
        ("to", "2025-03-04"),
    ];
    assert_eq!(asking.all("sop_documents", &day).await.len(), 4);
    let holds = asking.all("sop_holds", &[("SOPNUMBE", "HELD1")]).await;
    let hold = json!({
        "PRCHLDID": "CREDIT", "DSCRIPTN": "Credit hold", "removed": false,
        "holds_posting": true, "holds_transfer": false, "HOLDDATE": null,
    });
    has(&holds[0], &hold);
    let old = json!({"PRCHLDID": "OLD", "removed": true, "holds_posting": null});
    has(&holds[1], &old);
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
        "transaction_state": "work", "SOPTYPE": 2, "document_type": "order", "SOPNUMBE": order,
        "DOCID": "STDORD", "DOCDATE": "2025-03-04", "CUSTNMBR": "WREAD-1",
        "BACHNUMB": "WEB20250304", "DOCAMNT": "179.85000", "voided": false, "POSTEDDT": null,
    });
    has(&rows[0], &expected);
    let lines = asking.all("sop_lines", &[("SOPNUMBE", &order)]).await;
    let line = json!({
        "transaction_state": "work", "LNITMSEQ": 16384, "CMPNTSEQ": 0, "ITEMNMBR": "100XLG",
        "QUANTITY": "3.00000", "UNITPRCE": "59.95000", "XTNDPRCE": "179.85000",
        "NONINVEN": false,
    });
    has(&lines[0], &line);
    let batches = asking.all("batches", &[("BACHNUMB", "WEB20250304")]).await;
    let batch = json!({
        "BCHSOURC": "Sales Entry", "NUMOFTRX": 1, "BCHTOTAL": "179.85000", "series_name": "sales",
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
        [
            text("relation"),
            text("SOPNUMBE"),
            text("transaction_state"),
        ]
        .join(", ")
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
