//! The named queries against the sandbox GP: ways to ask, pages, locks, and what is refused.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use connect_proto::tunnel::v1::ErrorClass;
use serde_json::json;

use super::asking::{Asking, has};
use super::stage::Stage;

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
    let asked = async {
        tokio::time::sleep(Duration::from_millis(500)).await;
        let began = Instant::now();
        let given = [("CUSTNMBR", "READ01")];
        let failure = asking.refused("customers", &given, "").await;
        let waited = began.elapsed();
        // Rows that nobody holds are read meanwhile.
        assert!(!asking.all("items", &[]).await.is_empty());
        (failure, waited)
    };
    let (_, (failure, waited)) = tokio::join!(control.http("POST", "/sql", &holding), asked);
    assert_eq!(
        (failure.class(), failure.code.as_str()),
        (ErrorClass::Busy, "locked")
    );
    for words in ["Query customers", "2000 ms", "gp.lock_timeout_ms"] {
        assert!(failure.message.contains(words), "{}", failure.message);
    }
    let limit = Duration::from_millis(1_800)..Duration::from_secs(4);
    assert!(limit.contains(&waited), "{waited:?}");
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
