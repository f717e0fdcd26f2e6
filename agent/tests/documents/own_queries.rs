//! Queries of the owner's file: listed, paged, read-only, and refused at start when they are wrong.

use serde_json::json;

use super::asking::Asking;
use super::stage::Stage;

const DUE: &str = r#"
[queries.due]
text = "Orders of a customer."
sql = "SELECT SOPNUMBE, DOCAMNT, DOCDATE, ReqShipDate FROM dbo.SOP10100 WHERE SOPTYPE = 2 AND CUSTNMBR = @customer"
parameters = { customer = "varchar(15)" }
page_key = ["SOPNUMBE"]

[queries.same]
sql = "SELECT CUSTNMBR, SOPNUMBE FROM dbo.SOP10100"
page_key = ["CUSTNMBR"]

[queries.companies]
sql = "SELECT CMPANYID, CMPNYNAM FROM {system}.dbo.SY01500"
page_key = ["CMPANYID"]
"#;

#[tokio::test(flavor = "multi_thread")]
async fn an_owner_s_query_is_listed_and_paged_like_the_agent_s_own() {
    let mut stage = Stage::set().await;
    stage.configure(DUE);
    for number in 1..=5 {
        let sql = format!(
            "INSERT INTO dbo.SOP10100 (SOPTYPE, SOPNUMBE, CUSTNMBR, DOCAMNT, DOCDATE) \
             VALUES (2, 'OWN{number}', 'READ01', {number}.5, '2025-03-04')"
        );
        stage.sql(&sql).await;
    }
    let mut asking = Asking::begin(&mut stage).await;
    let described = asking.described().await;
    let due = described
        .iter()
        .find(|query| query["name"] == "own.due")
        .unwrap();
    assert_eq!(due["text"], "Orders of a customer.");
    let parameter = json!({
        "name": "customer", "type": "varchar(15)", "required": true, "default": null,
    });
    assert_eq!(due["parameters"], json!([parameter]));

    let given = [("customer", "READ01")];
    let (mut seen, mut token) = (Vec::new(), String::new());
    loop {
        let (rows, next) = asking.page("own.due", &given, (2, &token)).await;
        seen.extend(rows);
        if next.is_empty() {
            break;
        }
        token = next;
    }
    assert_eq!(seen.len(), 5);
    let first = json!({
        "SOPNUMBE": "OWN1", "DOCAMNT": "1.50000", "DOCDATE": "2025-03-04T00:00:00",
        "ReqShipDate": null,
    });
    assert_eq!(seen[0], first);
    let none = asking
        .all("own.due", &[("customer", "x' OR '1' = '1")])
        .await;
    assert!(none.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_owner_s_query_is_asked_with_what_it_needs_and_nothing_else() {
    let mut stage = Stage::set().await;
    stage.configure(DUE);
    let mut asking = Asking::begin(&mut stage).await;
    let companies = asking.all("own.companies", &[]).await;
    assert!(
        companies
            .iter()
            .any(|each| each["CMPNYNAM"] == "Fabrikam, Inc.")
    );
    for (name, given, code, words) in [
        ("own.due", &[][..], "missing_parameter", "customer"),
        (
            "own.due",
            &[("customer", "A"), ("x", "B")],
            "unknown_parameter",
            "x",
        ),
        (
            "own.due",
            &[("customer", "1234567890123456")],
            "bad_parameter",
            "customer",
        ),
        ("due", &[], "unknown_query", "due"),
    ] {
        let failure = asking.refused(name, given, "").await;
        assert_eq!(failure.code, code, "{name}");
        assert!(failure.message.contains(words), "{}", failure.message);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_key_that_does_not_tell_rows_apart_loses_none_of_them() {
    let mut stage = Stage::set().await;
    stage.configure(DUE);
    for number in 1..=3 {
        let sql = format!(
            "INSERT INTO dbo.SOP10100 (SOPTYPE, SOPNUMBE, CUSTNMBR) VALUES (2, 'O{number}', 'READ01')"
        );
        stage.sql(&sql).await;
    }
    let mut asking = Asking::begin(&mut stage).await;
    assert_eq!(
        asking.all("own.same", &[]).await.len(),
        3,
        "one page needs no key"
    );
    let failure = asking.query_size("own.same", 2).await;
    assert_eq!(failure.code, "row_not_readable");
    assert!(failure.message.contains("page_key"), "{}", failure.message);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_owner_sees_every_text_and_the_doctor_compiles_it() {
    let stage = Stage::set().await;
    stage.configure(DUE);
    let printed = stage.command(&["sql"]).output().unwrap();
    let printed = String::from_utf8(printed.stdout).unwrap();
    for expected in [
        "-- query sop_documents by CSTPONBR;",
        "-- needs: SELECT on dbo.SOP10100, dbo.SOP10104, dbo.SOP30200",
        "FROM DYNAMICS.dbo.SY01500 s",
        "-- query own.due (of this agent's owner, rolled back afterwards);",
        "CUSTNMBR = CAST(@P2 AS varchar(15))",
    ] {
        assert!(printed.contains(expected), "no {expected} in {printed}");
    }
    let doctor = stage.command(&["doctor"]).output().unwrap();
    let said = String::from_utf8_lossy(&doctor.stdout).into_owned();
    assert!(said.contains("ok   TWO: statements: "), "{said}");
    stage.configure(
        "\n[queries.gone]\nsql = 'SELECT NOSUCH FROM dbo.RM00101'\npage_key = ['NOSUCH']\n",
    );
    let doctor = stage.command(&["doctor"]).output().unwrap();
    let said = String::from_utf8_lossy(&doctor.stdout).into_owned();
    assert!(
        said.contains("FAIL TWO: statements: query own.gone"),
        "{said}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_query_is_refused_at_start_by_its_key() {
    for (query, key) in [
        (
            "sql = 'DELETE FROM dbo.RM00101'\npage_key = ['CUSTNMBR']",
            "queries.bad.sql",
        ),
        (
            "sql = 'SELECT 1 AS A'\npage_key = []",
            "queries.bad.page_key",
        ),
        (
            "sql = 'SELECT 1 AS A'\npage_key = ['A']\nparameters = { p = 'xml' }",
            "queries.bad.parameters.p",
        ),
        ("sql = 'SELECT 1 AS A'", "page_key"),
    ] {
        let stage = Stage::set().await;
        stage.configure(&format!("\n[queries.bad]\n{query}\n"));
        let started = stage.command(&["run"]).output().unwrap();
        assert!(!started.status.success());
        let said = String::from_utf8_lossy(&started.stderr).into_owned();
        assert!(said.contains(key), "no {key} in {said}");
    }
}
