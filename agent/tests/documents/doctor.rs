//! The doctor compiles every statement on the server, and says what to do about one that does not.

use super::stage::Stage;

#[tokio::test(flavor = "multi_thread")]
async fn every_statement_is_compiled_on_the_server_and_none_is_run() {
    let stage = Stage::set().await;
    let said = examined(&stage);
    for expected in [
        "ok   TWO: statements: ",
        "ok   TWO: SELECT on DYNAMICS.dbo.taErrorCode: granted",
        "ok   TWO: SELECT on DYNAMICS.dbo.SY01500: granted",
        "ok   clock: this machine's clock is ",
        "takes another 16 MiB",
    ] {
        assert!(said.contains(expected), "no {expected} in {said}");
    }
    assert!(stage.rows("connect.Journal").await.is_empty());
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

fn examined(stage: &Stage) -> String {
    let doctor = stage.command(&["doctor"]).output().expect("runs");
    String::from_utf8_lossy(&doctor.stdout).into_owned()
}
