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
        "ok   TWO: open transactions: not seen: ",
    ] {
        assert!(said.contains(expected), "no {expected} in {said}");
    }
    assert!(stage.rows("connect.Journal").await.is_empty());
    stage.sql("GRANT VIEW SERVER STATE TO connect_agent").await;
    let seen = "ok   TWO: open transactions: looks reach back to the oldest";
    let said = examined(&stage);
    assert!(said.contains(seen), "{said}");
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
    // Asked for alone, nothing else is looked at.
    let alone = stage.command(&["doctor", "--verify-sql"]).output();
    let alone = alone.expect("runs");
    let told = String::from_utf8_lossy(&alone.stdout).into_owned();
    assert!(!alone.status.success());
    assert!(told.starts_with("FAIL TWO: statements: "), "{told}");
    assert_eq!(told.lines().count(), 2, "{told}");
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
async fn a_way_in_that_fails_is_told_with_its_own_repair() {
    let stage = Stage::set().await;
    let config = std::fs::read_to_string(stage.config()).unwrap();
    let with = |from: &str, to: &str| {
        assert!(config.contains(from), "{config}");
        std::fs::write(stage.config(), config.replace(from, to)).unwrap();
        examined(&stage)
    };
    let authority = format!("ca_file = '{}/gp.pem'\n", stage.directory().display());
    // The sandbox's certificate is signed by itself: no authority of this machine knows it.
    let said = with(&authority, "");
    let (_, print) = said
        .split_once("SHA-256 fingerprint ")
        .unwrap_or_else(|| panic!("{said}"));
    let print = print.get(..95).unwrap().to_owned();
    assert!(said.contains("is not trusted"), "{said}");
    assert!(said.contains("set gp.fingerprint"), "{said}");
    // What the doctor showed works when it is set, and nothing else does.
    let pinned = |print: &str| format!("fingerprint = '{print}'\n");
    let said = with(&authority, &pinned(&print));
    assert!(said.contains("ok   TWO: connection: SQL Server"), "{said}");
    let other = print.replace(['0', '1', '2', '3'], "A");
    let said = with(&authority, &pinned(&other));
    assert!(said.contains("shows another certificate"), "{said}");
    assert!(said.contains(&print), "{said}");
    assert!(said.contains("somebody may stand between"), "{said}");
    let said = with(
        &authority,
        &pinned("a9993e364706816aba3e25717850c26c9cd0d89d"),
    );
    assert!(said.contains("SHA-1 thumbprint"), "{said}");
    let both = with(&authority, &[&authority, &*pinned(&print)].concat());
    assert!(both.contains("judged by it alone"), "{both}");
    // A wrong password is no matter of certificates.
    std::fs::write(stage.directory().join("wrong"), "wrong").unwrap();
    let said = with("/password'\n[[gp", "/wrong'\n[[gp");
    assert!(said.contains("refused the login"), "{said}");
    assert!(said.contains("-> Check the login, its password"), "{said}");
    assert!(!said.contains("certificate of SQL Server"), "{said}");
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
    let said = [doctor.stdout, doctor.stderr].concat();
    String::from_utf8_lossy(&said).into_owned()
}
