//! The agent's binary against the sandbox GP: one order in, one document out, whatever dies between.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::path::PathBuf;
use std::process::{Child, Command as Process, Stdio};
use std::time::{Duration, Instant};

use connect_proto::tunnel::v1::agent_message::Message as FromAgent;
use connect_proto::tunnel::v1::cloud_message::Message as FromCloud;
use connect_proto::tunnel::v1::command::Body;
use connect_proto::tunnel::v1::command_result::Outcome;
use connect_proto::tunnel::v1::payload::Content;
use connect_proto::tunnel::v1::{
    Command, CommandResult, CompanyState, ErrorClass, ExecuteDocument, Failure, Hello, Payload,
    ResultAck, Semantics,
};
use serde_json::{Value, json};
use support::{Cloud, Session};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

mod support;

const NOW: i64 = 4_000_000_000_000;

/// Sandbox GP, small cloud and the agent's directory.
struct Stage {
    dir: tempfile::TempDir,
    gp: Child,
    control: String,
    cloud: Cloud,
    agent: Option<Child>,
}

impl Stage {
    async fn set() -> Self {
        connect_agent::install_tls_provider();
        let dir = tempfile::tempdir().unwrap();
        let ready = dir.path().join("gp.ready");
        let gp = Process::new(sandbox())
            .args(["gp", "--ready-file"])
            .arg(&ready)
            .stdout(Stdio::null())
            .spawn()
            .expect("build it first: cargo build -p connect-tests --bin connect-sandbox");
        let said = ready_file(&ready).await;
        let cloud = Cloud::start(NOW, 3_600_000).await;
        let control = said["control"].as_str().unwrap().replace("http://", "");
        let stage = Self {
            dir,
            gp,
            control,
            cloud,
            agent: None,
        };
        stage.write_config(&said);
        stage.prepare_company().await;
        let enrolled = stage
            .command(&["enroll", "--token", "good"])
            .output()
            .unwrap();
        assert!(
            enrolled.status.success(),
            "{}",
            String::from_utf8_lossy(&enrolled.stderr)
        );
        stage
    }

    fn write_config(&self, said: &Value) {
        let dir = self.dir.path();
        let text = |name: &str| said[name].as_str().unwrap().to_owned();
        std::fs::write(dir.join("gp.pem"), text("certificate_pem")).unwrap();
        std::fs::write(dir.join("password"), text("sql_password")).unwrap();
        let gp = format!(
            "[gp]\nserver = '{}'\nca_file = '{dir}/gp.pem'\nuser = '{}'\n\
             password_file = '{dir}/password'\n[[gp.companies]]\ndatabase = 'TWO'\n",
            text("tds").replace(':', ","),
            text("sql_user"),
            dir = dir.display(),
        );
        std::fs::write(dir.join("agent.toml"), self.cloud.config(dir, &gp)).unwrap();
    }

    /// Runs the very script a database administrator gets.
    async fn prepare_company(&self) {
        let script = self.command(&["sql", "--install-script"]).output().unwrap();
        let script = String::from_utf8(script.stdout).unwrap();
        for batch in script.split("\nGO\n") {
            if !batch.trim().is_empty() {
                self.sql(batch).await;
            }
        }
    }

    fn command(&self, arguments: &[&str]) -> Process {
        let mut command = Process::new(env!("CARGO_BIN_EXE_connect-agent"));
        command
            .arg("--config")
            .arg(self.dir.path().join("agent.toml"))
            .args(arguments);
        command
    }

    /// Starts the agent and takes its session, ready to work.
    async fn agent(&mut self, crash_point: Option<&str>) -> Session {
        let log = std::fs::File::options()
            .append(true)
            .create(true)
            .open(self.dir.path().join("agent.log"))
            .unwrap();
        let mut command = self.command(&["run"]);
        command.stderr(log);
        if let Some(point) = crash_point {
            command.env("CONNECT_CRASH_POINT", point);
        }
        self.agent = Some(command.spawn().unwrap());
        let mut session = self.cloud.session().await;
        let hello = hello(&mut session).await;
        let company = &hello.companies[0];
        assert_eq!(company.state(), CompanyState::Ready, "{}", company.detail);
        session
    }

    /// Waits until the agent has died by itself.
    fn wait_for_death(&mut self) {
        let mut agent = self.agent.take().unwrap();
        let until = Instant::now() + Duration::from_secs(20);
        while agent.try_wait().unwrap().is_none() {
            assert!(Instant::now() < until, "the crash point was not passed");
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    fn kill_agent(&mut self) {
        if let Some(mut agent) = self.agent.take() {
            agent.kill().unwrap();
            agent.wait().unwrap();
        }
    }

    async fn sql(&self, sql: &str) -> Value {
        self.http("POST", "/sql", &json!({"db": "TWO", "sql": sql}))
            .await
    }

    async fn fault(&self, fault: Value) {
        self.http("POST", "/faults", &fault).await;
    }

    async fn rows(&self, table: &str) -> Vec<Value> {
        let found = self
            .http("GET", &format!("/tables/TWO/{table}"), &Value::Null)
            .await;
        let rows = if found["rows"].is_array() {
            &found["rows"]
        } else {
            &found
        };
        rows.as_array().unwrap().clone()
    }

    /// The documents of one order of a store.
    async fn documents(&self, order: &str) -> Vec<Value> {
        let mut rows = self.rows("SOP10100").await;
        rows.retain(|row| row["CSTPONBR"] == order);
        rows
    }

    async fn http(&self, method: &str, path: &str, body: &Value) -> Value {
        let body = if body.is_null() {
            String::new()
        } else {
            body.to_string()
        };
        let request = format!(
            "{method} {path} HTTP/1.1\r\nHost: {}\r\nContent-Type: application/json\r\n\
             Content-Length: {}\r\nConnection: close\r\n\r\n{body}",
            self.control,
            body.len()
        );
        let mut stream = TcpStream::connect(&self.control).await.unwrap();
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        let (head, content) = answer.split_once("\r\n\r\n").unwrap();
        let ok = head.starts_with("HTTP/1.1 2");
        assert!(ok, "{path} {body}: {answer}");
        serde_json::from_str(content).unwrap_or(Value::Null)
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        self.kill_agent();
        self.gp.kill().ok();
        self.gp.wait().ok();
        if std::thread::panicking() {
            let log = std::fs::read_to_string(self.dir.path().join("agent.log"));
            eprintln_log(&log.unwrap_or_default());
        }
    }
}

#[expect(clippy::print_stderr, reason = "a failed test shows the agent's log")]
fn eprintln_log(log: &str) {
    eprintln!("--- agent log\n{log}");
}

fn sandbox() -> PathBuf {
    let test = std::env::current_exe().unwrap();
    test.parent()
        .and_then(|deps| deps.parent())
        .unwrap()
        .join("connect-sandbox")
}

async fn ready_file(path: &std::path::Path) -> Value {
    let until = Instant::now() + Duration::from_secs(30);
    loop {
        if let Ok(text) = std::fs::read_to_string(path)
            && let Ok(value) = serde_json::from_str(&text)
        {
            return value;
        }
        assert!(Instant::now() < until, "the sandbox did not come up");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

async fn hello(session: &mut Session) -> Hello {
    let pick = |message| {
        if let FromAgent::Hello(hello) = message {
            Some(hello)
        } else {
            None
        }
    };
    session.next(pick).await
}

fn execute(id: &str, key: &str, document: &str) -> FromCloud {
    let inline = Content::Inline(document.as_bytes().to_vec());
    FromCloud::Command(Command {
        command_id: id.to_owned(),
        company: "TWO".to_owned(),
        lane: key.to_owned(),
        timeout_ms: 20_000,
        body: Some(Body::Execute(ExecuteDocument {
            effect_key: key.to_owned(),
            document: Some(Payload {
                content: Some(inline),
            }),
            semantics: Semantics::Once.into(),
            ..ExecuteDocument::default()
        })),
        ..Command::default()
    })
}

async fn result(session: &mut Session) -> CommandResult {
    let pick = |message| {
        if let FromAgent::Result(result) = message {
            Some(result)
        } else {
            None
        }
    };
    let result = session.next(pick).await;
    let command_id = result.command_id.clone();
    session
        .send(FromCloud::ResultAck(ResultAck { command_id }))
        .await;
    result
}

async fn refused(session: &mut Session) -> Failure {
    match result(session).await.outcome {
        Some(Outcome::Failure(failure)) => failure,
        other => panic!("a failure, not {other:?}"),
    }
}

async fn number(session: &mut Session, already_done: bool) -> String {
    match result(session).await.outcome {
        Some(Outcome::Executed(executed)) => {
            assert_eq!(executed.already_done, already_done);
            let key = executed.keys.iter().find(|key| key.element == "SOPNUMBE");
            key.expect("a number").value.clone()
        }
        other => panic!("executed, not {other:?}"),
    }
}

/// An order of two lines; `item` and `price` vary.
fn order(po: &str, item: &str, unit: &str, extended: &str) -> String {
    format!(
        "<eConnect><SOPTransactionType>\
         <taUpdateCreateCustomerRcd><CUSTNMBR>W{po}</CUSTNMBR><CUSTNAME>Müller &amp; Söhne</CUSTNAME>\
         </taUpdateCreateCustomerRcd>\
         <taSopLineIvcInsert_Items>\
         <taSopLineIvcInsert><SOPTYPE>2</SOPTYPE><SOPNUMBE/><CUSTNMBR>W{po}</CUSTNMBR>\
         <DOCDATE>2025-03-04</DOCDATE><LOCNCODE>WAREHOUSE</LOCNCODE><ITEMNMBR>{item}</ITEMNMBR>\
         <UNITPRCE>{unit}</UNITPRCE><XTNDPRCE>{extended}</XTNDPRCE><QUANTITY>3</QUANTITY>\
         <LNITMSEQ>16384</LNITMSEQ><QtyShrtOpt>2</QtyShrtOpt><CURNCYID>Z-US$</CURNCYID>\
         </taSopLineIvcInsert></taSopLineIvcInsert_Items>\
         <taSopHdrIvcInsert><SOPTYPE>2</SOPTYPE><DOCID>STDORD</DOCID><SOPNUMBE/>\
         <LOCNCODE>WAREHOUSE</LOCNCODE><DOCDATE>2025-03-04</DOCDATE><CUSTNMBR>W{po}</CUSTNMBR>\
         <CSTPONBR>{po}</CSTPONBR><SUBTOTAL>{extended}</SUBTOTAL><DOCAMNT>{extended}</DOCAMNT>\
         <BACHNUMB>WEB20250304</BACHNUMB><CURNCYID>Z-US$</CURNCYID></taSopHdrIvcInsert>\
         </SOPTransactionType></eConnect>"
    )
}

fn good(po: &str) -> String {
    order(po, "100XLG", "59.95", "179.85")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_document_is_written_once_and_its_answer_repeated() {
    let mut stage = Stage::set().await;
    let mut session = stage.agent(None).await;
    assert_eq!(stage.cloud.counts.lock().unwrap().enrolled, 1);
    session.send(execute("c1", "k1", &good("P1"))).await;
    let first = number(&mut session, false).await;
    session.send(execute("c2", "k1", &good("P1"))).await;
    assert_eq!(number(&mut session, true).await, first);
    session
        .send(execute("c3", "k1", &order("P1", "100XLG", "1.00", "3.00")))
        .await;
    match result(&mut session).await.outcome {
        Some(Outcome::Executed(executed)) => {
            assert!(executed.already_done && executed.payload_differs);
        }
        other => panic!("executed, not {other:?}"),
    }
    let documents = stage.documents("P1").await;
    assert_eq!(documents.len(), 1);
    assert_eq!(documents[0]["SOPNUMBE"], first);
    assert_eq!(documents[0]["DOCAMNT"].as_str(), Some("179.85000"));
}

#[tokio::test(flavor = "multi_thread")]
async fn amounts_arrive_exactly() {
    let mut stage = Stage::set().await;
    let mut session = stage.agent(None).await;
    // A third of the largest amount that GP's numeric(19,5) and three pieces leave room for.
    let cases = [
        ("A1", "0.01", "0.03"),
        ("A2", "1.50", "4.50"),
        ("A3", "3333333333.33", "9999999999.99"),
    ];
    for (po, unit, extended) in cases {
        session
            .send(execute(po, po, &order(po, "100XLG", unit, extended)))
            .await;
        let sop_number = number(&mut session, false).await;
        let lines = stage.rows("SOP10200").await;
        let line = lines
            .iter()
            .find(|line| line["SOPNUMBE"] == *sop_number)
            .expect("a line");
        assert_eq!(
            line["XTNDPRCE"].as_str(),
            Some(format!("{extended}000").as_str())
        );
        assert_eq!(
            line["UNITPRCE"].as_str(),
            Some(format!("{unit}000").as_str())
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_names_codes_field_and_repair_and_leaves_nothing_but_the_number() {
    let mut stage = Stage::set().await;
    let mut session = stage.agent(None).await;
    let wrong = good("R1").replace("<DOCAMNT>179.85", "<DOCAMNT>179.86");
    session.send(execute("c1", "r1", &wrong)).await;
    let failure = refused(&mut session).await;
    assert_eq!(failure.class(), ErrorClass::InvalidData, "{failure:?}");
    let error = failure
        .errors
        .iter()
        .find(|error| error.code == 235)
        .expect("code 235");
    assert_eq!(
        (error.element.as_str(), error.value.as_str()),
        ("DOCAMNT", "179.86")
    );
    assert!(!error.repair.is_empty() && !error.text.is_empty());
    assert_eq!(error.node, "SOPTransactionType/taSopHdrIvcInsert");
    assert!(stage.documents("R1").await.is_empty());
    assert!(stage.rows("SOP10200").await.is_empty());
    let reserved = stage.rows("connect.Journal").await;
    assert_eq!(reserved.len(), 1);
    session.send(execute("c2", "r1", &good("R1"))).await;
    let taken = number(&mut session, false).await;
    assert!(
        reserved[0]["Numbers"].as_str().unwrap().contains(&taken),
        "the number is used again"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_server_could_not_take_is_refused_before_the_first_call() {
    let mut stage = Stage::set().await;
    let mut session = stage.agent(None).await;
    let long = good("L1").replace("<BACHNUMB>WEB20250304", "<BACHNUMB>WEB20250304-TOO-LONG");
    let wrong = long.replace("<QUANTITY>3", "<QUANTITY>three");
    session.send(execute("c1", "l1", &wrong)).await;
    let failure = refused(&mut session).await;
    assert_eq!(failure.class(), ErrorClass::InvalidData);
    let elements: Vec<_> = failure
        .errors
        .iter()
        .map(|error| error.element.as_str())
        .collect();
    assert!(
        elements.contains(&"BACHNUMB") && elements.contains(&"QUANTITY"),
        "{elements:?}"
    );
    assert!(stage.rows("connect.Journal").await.is_empty());
    session
        .send(execute(
            "c2",
            "l2",
            &good("L2").replace("taSopHdrIvcInsert", "taEvil"),
        ))
        .await;
    assert_eq!(refused(&mut session).await.class(), ErrorClass::InvalidData);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_procedure_that_rolls_back_by_itself_leaves_nothing() {
    let mut stage = Stage::set().await;
    let mut session = stage.agent(None).await;
    for procedure in [
        "taUpdateCreateCustomerRcd",
        "taSopLineIvcInsert",
        "taSopHdrIvcInsert",
    ] {
        stage
            .fault(json!({"procedure": procedure, "when": "after", "kind": "rollback_return_0", "times": 1}))
            .await;
        session
            .send(execute(procedure, procedure, &good("B1")))
            .await;
        let failure = refused(&mut session).await;
        assert_eq!(failure.code, "rolled_back_by_procedure", "{failure:?}");
        assert!(stage.documents("B1").await.is_empty());
        assert!(stage.rows("SOP10200").await.is_empty());
        let customers = stage.rows("RM00101").await;
        assert!(
            !customers.iter().any(|row| row["CUSTNMBR"] == "WB1"),
            "after {procedure}"
        );
    }
    session
        .send(execute("last", "taSopHdrIvcInsert", &good("B1")))
        .await;
    number(&mut session, false).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn locks_and_a_lost_connection_are_overcome_within_the_command() {
    let mut stage = Stage::set().await;
    let mut session = stage.agent(None).await;
    for (index, kind) in ["deadlock", "lock_timeout", "disconnect"]
        .into_iter()
        .enumerate()
    {
        stage
            .fault(json!({"procedure": "taSopHdrIvcInsert", "when": "before", "kind": kind, "times": 1}))
            .await;
        let key = format!("d{index}");
        session
            .send(execute(&key, &key, &good(&key.to_uppercase())))
            .await;
        number(&mut session, false).await;
        assert_eq!(
            stage.documents(&key.to_uppercase()).await.len(),
            1,
            "{kind}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restored_company_is_not_written() {
    let mut stage = Stage::set().await;
    let mut session = stage.agent(None).await;
    stage
        .http("POST", "/backup/TWO", &json!({"name": "b"}))
        .await;
    session.send(execute("c1", "k1", &good("S1"))).await;
    number(&mut session, false).await;
    stage
        .http("POST", "/restore/TWO", &json!({"name": "b", "into": "TWO"}))
        .await;
    session.send(execute("c2", "k2", &good("S2"))).await;
    let failure = refused(&mut session).await;
    assert_eq!(failure.class(), ErrorClass::Parked, "{failure:?}");
    assert!(stage.documents("S2").await.is_empty());
    let bound = stage
        .command(&["rebind", "--company", "TWO", "--as", "restored"])
        .output()
        .unwrap();
    assert!(
        bound.status.success(),
        "{}",
        String::from_utf8_lossy(&bound.stderr)
    );
    let ready = |message| {
        let FromAgent::Company(report) = message else {
            return None;
        };
        (report.state() == CompanyState::Ready).then_some(())
    };
    session.next(ready).await;
    session.send(execute("c3", "k2", &good("S2"))).await;
    number(&mut session, false).await;
}

#[cfg(feature = "crash-points")]
#[tokio::test(flavor = "multi_thread")]
async fn killed_at_each_crash_point_there_is_one_document_in_the_end() {
    let mut stage = Stage::set().await;
    for (index, point) in connect_agent::crash::POINTS.iter().enumerate() {
        let (key, po) = (format!("x{index}"), format!("X{index}"));
        let session = stage.agent(Some(point)).await;
        session
            .send(execute(&format!("{key}-1"), &key, &good(&po)))
            .await;
        stage.wait_for_death();
        drop(session);
        let mut session = stage.agent(None).await;
        session
            .send(execute(&format!("{key}-2"), &key, &good(&po)))
            .await;
        let sop_number = result(&mut session).await;
        assert!(
            matches!(sop_number.outcome, Some(Outcome::Executed(_))),
            "{point}: {sop_number:?}"
        );
        assert_eq!(stage.documents(&po).await.len(), 1, "{point}");
        stage.kill_agent();
        drop(session);
    }
    let doctor = stage.command(&["doctor"]).output().unwrap();
    let said = String::from_utf8_lossy(&doctor.stdout).into_owned();
    assert!(doctor.status.success(), "{said}");
}
