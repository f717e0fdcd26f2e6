//! The doctor compiles every statement on the server, and says what to do about one that does not.

use serde_json::json;

use super::stage::Stage;

#[tokio::test(flavor = "multi_thread")]
async fn every_statement_is_compiled_on_the_server_and_none_is_run() {
    let stage = Stage::set().await;
    let said = examined(&stage);
    for expected in [
        "statements compile, and queries give what is expected",
        "ok   TWO: SELECT on DYNAMICS.dbo.taErrorCode: granted",
        "ok   TWO: SELECT on DYNAMICS.dbo.SY01500: granted",
        "ok   TWO: SELECT on DYNAMICS.dbo.MC00100: granted",
        "ok   clock: this machine's clock is ",
        "takes another 16 MiB",
        "ok   TWO: watcher items: changes show by GP's time stamps",
        "ok   TWO: watcher tracking_numbers: new rows show by their number",
    ] {
        assert!(said.contains(expected), "no {expected} in {said}");
    }
    assert!(stage.rows("connect.Journal").await.is_empty());
    // Another version's table: everything compiles, and the rows would be misread.
    stage.sql("DROP TABLE SOP10107").await;
    stage
        .sql(
            "CREATE TABLE SOP10107 (SOPTYPE smallint, SOPNUMBE char(21), \
             Tracking_Number numeric(19,5), DEX_ROW_ID int IDENTITY(1,1))",
        )
        .await;
    let said = examined(&stage);
    let expected = "query sop_tracking: column Tracking_Number is numeric(19,5); \
                    Tracking_Number is read as text";
    assert!(said.contains(expected), "{said}");
    stage.sql("DROP TABLE SOP30200").await;
    let said = examined(&stage);
    let found = said
        .lines()
        .skip_while(|line| !line.starts_with("FAIL TWO: statements: "));
    let found: Vec<_> = found.take(2).collect();
    let [failed, repair] = found.as_slice() else {
        panic!("no finding in {said}");
    };
    assert!(
        failed.contains("query sop_documents by CSTPONBR"),
        "{failed}"
    );
    assert!(failed.contains("SOP30200"), "{failed}");
    assert!(repair.contains("->"), "{repair}");
}

#[tokio::test(flavor = "multi_thread")]
async fn rights_are_proven_by_calls_that_leave_nothing() {
    let stage = Stage::set().await;
    let tables = ["SOP10100", "SOP40200", "GL40000", "RM00101", "SY00500"];
    let mut before = Vec::new();
    for table in tables {
        before.push(stage.rows(table).await);
    }
    let said = examined(&stage);
    for procedure in [
        "taSopHdrIvcInsert",
        "taGetSopNumber",
        "taIVTransferHeaderInsert",
    ] {
        let expected =
            format!("ok   TWO: procedure {procedure}: may be executed, and is as in the catalogue");
        assert!(said.contains(&expected), "{said}");
        assert!(stage.calls(procedure).await > 0, "{procedure}");
    }
    for (table, rows) in tables.into_iter().zip(before) {
        assert_eq!(stage.rows(table).await, rows, "{table}");
    }
    let text = "The SELECT permission was denied on the object 'PARTNER01', database 'TWO'.";
    for (fault, detail, advice) in [
        (
            json!({"kind": "raise", "code": 229, "text": text}),
            "PARTNER01",
            "--rights dyngrp",
        ),
        (
            json!({"kind": "lock_timeout"}),
            "Lock request time out",
            "run the doctor again",
        ),
    ] {
        let mut fault = fault;
        fault["procedure"] = json!("taSopHdrIvcInsert");
        stage.fault(fault).await;
        let said = examined(&stage);
        let mut lines = said.lines();
        let failed = lines.find(|line| line.starts_with("FAIL TWO: procedure taSopHdrIvcInsert"));
        assert!(failed.is_some_and(|line| line.contains(detail)), "{said}");
        assert!(
            lines.next().is_some_and(|line| line.contains(advice)),
            "{said}"
        );
    }
}

fn examined(stage: &Stage) -> String {
    let doctor = stage.command(&["doctor"]).output().expect("runs");
    String::from_utf8_lossy(&doctor.stdout).into_owned()
}
