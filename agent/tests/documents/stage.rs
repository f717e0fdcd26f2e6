//! Sandbox GP, a small cloud and the agent's own processes, ready for a test.

use std::path::{Path, PathBuf};
use std::process::{Child, Command as Process, Stdio};
use std::time::{Duration, Instant};

use connect_proto::tunnel::v1::agent_message::Message as FromAgent;
use connect_proto::tunnel::v1::cloud_message::Message as FromCloud;
use connect_proto::tunnel::v1::command::Body;
use connect_proto::tunnel::v1::command_result::Outcome;
use connect_proto::tunnel::v1::payload::Content;
use connect_proto::tunnel::v1::{
    Command, CommandResult, CompanyState, ExecuteDocument, Failure, Hello, Payload, ResultAck,
    RunQuery, Semantics,
};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::support::{Cloud, Session};

const NOW: i64 = 4_000_000_000_000;

/// Sandbox GP, small cloud and the agent's directory.
pub(crate) struct Stage {
    dir: tempfile::TempDir,
    gp: Child,
    control: Control,
    pub(crate) cloud: Cloud,
    agent: Option<Child>,
}

/// Where the sandbox takes orders.
#[derive(Debug, Clone)]
pub(crate) struct Control(String);

impl Stage {
    pub(crate) async fn set() -> Self {
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
        let control = Control(said["control"].as_str().unwrap().replace("http://", ""));
        let stage = Self {
            dir,
            gp,
            control,
            cloud,
            agent: None,
        };
        stage.write_config(&said);
        stage.prepare("TWO").await;
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
    async fn prepare(&self, company: &str) {
        let script = self.command(&["sql", "--install-script"]).output().unwrap();
        let script = String::from_utf8(script.stdout).unwrap();
        for batch in script.split("\nGO\n") {
            if !batch.trim().is_empty() {
                self.sql_in(company, batch).await;
            }
        }
    }

    /// Serves GP's second company too: another currency, other document ids and sites, and a
    /// collation that compares case.
    pub(crate) async fn serve_second(&self) {
        self.prepare("TWO2").await;
        self.configure("[[gp.companies]]\ndatabase = 'TWO2'\n");
    }

    pub(crate) fn command(&self, arguments: &[&str]) -> Process {
        let mut command = Process::new(env!("CARGO_BIN_EXE_connect-agent"));
        command.arg("--config").arg(self.config()).args(arguments);
        command
    }

    /// Starts an agent by its file; its log is the stage's.
    pub(crate) fn start(&self, config: &Path, crash_point: Option<&str>) -> Child {
        let log = std::fs::File::options()
            .append(true)
            .create(true)
            .open(self.dir.path().join("agent.log"))
            .unwrap();
        let mut command = Process::new(env!("CARGO_BIN_EXE_connect-agent"));
        command.arg("--config").arg(config).arg("run").stderr(log);
        if let Some(point) = crash_point {
            command.env("CONNECT_CRASH_POINT", point);
        }
        command.spawn().unwrap()
    }

    /// Where its files are.
    pub(crate) fn directory(&self) -> &Path {
        self.dir.path()
    }

    /// The agent's file.
    pub(crate) fn config(&self) -> PathBuf {
        self.dir.path().join("agent.toml")
    }

    /// The file of a second agent with the same identity and company and a state of its own.
    pub(crate) fn twin(&self) -> PathBuf {
        let (state, of_twin) = (self.dir.path().join("state"), self.dir.path().join("twin"));
        std::fs::create_dir(&of_twin).unwrap();
        for file in std::fs::read_dir(&state).unwrap() {
            let file = file.unwrap();
            std::fs::copy(file.path(), of_twin.join(file.file_name())).unwrap();
        }
        let text = std::fs::read_to_string(self.config()).unwrap();
        let text = text.replace(state.to_str().unwrap(), of_twin.to_str().unwrap());
        let config = self.dir.path().join("twin.toml");
        std::fs::write(&config, text).unwrap();
        config
    }

    /// Starts the agent and takes its session, ready to work.
    pub(crate) async fn agent(&mut self, crash_point: Option<&str>) -> Session {
        self.agent = Some(self.start(&self.config(), crash_point));
        let mut session = self.cloud.session().await;
        let hello = hello(&mut session).await;
        let company = &hello.companies[0];
        assert_eq!(company.state(), CompanyState::Ready, "{}", company.detail);
        session
    }

    /// Waits until the agent has died by itself.
    pub(crate) fn wait_for_death(&mut self) {
        let mut agent = self.agent.take().unwrap();
        let until = Instant::now() + Duration::from_secs(20);
        while agent.try_wait().unwrap().is_none() {
            assert!(Instant::now() < until, "the crash point was not passed");
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    pub(crate) fn kill_agent(&mut self) {
        if let Some(mut agent) = self.agent.take() {
            agent.kill().unwrap();
            agent.wait().unwrap();
        }
    }

    pub(crate) async fn sql(&self, sql: &str) -> Value {
        self.sql_in("TWO", sql).await
    }

    pub(crate) async fn sql_in(&self, company: &str, sql: &str) -> Value {
        self.http("POST", "/sql", &json!({"db": company, "sql": sql}))
            .await
    }

    pub(crate) async fn fault(&self, fault: Value) {
        self.http("POST", "/faults", &fault).await;
    }

    pub(crate) async fn clear_faults(&self) {
        self.http("DELETE", "/faults", &Value::Null).await;
    }

    /// Requests that the server has answered.
    pub(crate) async fn requests(&self) -> u64 {
        self.statistic("requests").await
    }

    /// Connections that the server has now.
    pub(crate) async fn connections(&self) -> u64 {
        self.statistic("connections").await
    }

    /// Logins that were tried.
    pub(crate) async fn logins(&self) -> u64 {
        self.statistic("logins").await
    }

    /// Ends every connection.
    pub(crate) async fn restart_server(&self) {
        for offline in [true, false] {
            self.http("POST", "/server", &json!({"offline": offline}))
                .await;
        }
    }

    /// Calls of a procedure so far.
    pub(crate) async fn calls(&self, procedure: &str) -> u64 {
        let stats = self.http("GET", "/stats", &Value::Null).await;
        stats["procedures"][procedure].as_u64().unwrap_or_default()
    }

    async fn statistic(&self, name: &str) -> u64 {
        let stats = self.http("GET", "/stats", &Value::Null).await;
        stats[name].as_u64().unwrap()
    }

    pub(crate) async fn rows(&self, table: &str) -> Vec<Value> {
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
    pub(crate) async fn documents(&self, order: &str) -> Vec<Value> {
        let mut rows = self.rows("SOP10100").await;
        rows.retain(|row| row["CSTPONBR"] == order);
        rows
    }

    pub(crate) async fn http(&self, method: &str, path: &str, body: &Value) -> Value {
        self.control.http(method, path, body).await
    }

    /// The sandbox's control API, for a task of its own.
    pub(crate) fn control(&self) -> Control {
        self.control.clone()
    }

    /// What the agent has logged.
    pub(crate) fn log(&self) -> String {
        std::fs::read_to_string(self.dir.path().join("agent.log")).unwrap()
    }

    /// Adds to the agent's file, from its next start on.
    pub(crate) fn configure(&self, more: &str) {
        let text = std::fs::read_to_string(self.config()).unwrap();
        std::fs::write(self.config(), text + more).unwrap();
    }
}

impl Control {
    pub(crate) async fn http(&self, method: &str, path: &str, body: &Value) -> Value {
        let body = if body.is_null() {
            String::new()
        } else {
            body.to_string()
        };
        let request = format!(
            "{method} {path} HTTP/1.1\r\nHost: {}\r\nContent-Type: application/json\r\n\
             Content-Length: {}\r\nConnection: close\r\n\r\n{body}",
            self.0,
            body.len()
        );
        let mut stream = TcpStream::connect(&self.0).await.unwrap();
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

async fn ready_file(path: &Path) -> Value {
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

pub(crate) async fn hello(session: &mut Session) -> Hello {
    let pick = |message| {
        if let FromAgent::Hello(hello) = message {
            Some(hello)
        } else {
            None
        }
    };
    session.next(pick).await
}

pub(crate) fn execute(id: &str, key: &str, document: &str) -> FromCloud {
    Order::new(id, key, document).command()
}

/// A command with what differs from the usual.
pub(crate) struct Order {
    id: String,
    company: &'static str,
    timeout_ms: u32,
    pub(crate) body: ExecuteDocument,
}

impl Order {
    pub(crate) fn new(id: &str, key: &str, document: &str) -> Self {
        let inline = Content::Inline(document.as_bytes().to_vec());
        let body = ExecuteDocument {
            effect_key: key.to_owned(),
            document: Some(Payload {
                content: Some(inline),
            }),
            semantics: Semantics::Once.into(),
            ..ExecuteDocument::default()
        };
        Self {
            id: id.to_owned(),
            company: "TWO",
            timeout_ms: 20_000,
            body,
        }
    }

    pub(crate) fn in_company(mut self, company: &'static str) -> Self {
        self.company = company;
        self
    }

    pub(crate) fn within(mut self, timeout_ms: u32) -> Self {
        self.timeout_ms = timeout_ms;
        self
    }

    pub(crate) fn gapless(mut self) -> Self {
        self.body.gapless = true;
        self
    }

    /// May join so many next batches.
    pub(crate) fn next_batches(mut self, next_batches: u32) -> Self {
        self.body.next_batches = next_batches;
        self
    }

    /// May bring the effect about again with a higher revision.
    pub(crate) fn revision(mut self, revision: i64) -> Self {
        self.body.semantics = Semantics::Update.into();
        self.body.revision = revision;
        self
    }

    pub(crate) fn command(self) -> FromCloud {
        FromCloud::Command(Command {
            command_id: self.id,
            company: self.company.to_owned(),
            lane: self.body.effect_key.clone(),
            timeout_ms: self.timeout_ms,
            body: Some(Body::Execute(self.body)),
            ..Command::default()
        })
    }
}

/// Asks for the document ids of the company.
pub(crate) fn query(id: &str) -> FromCloud {
    FromCloud::Command(Command {
        command_id: id.to_owned(),
        company: "TWO".to_owned(),
        timeout_ms: 5_000,
        body: Some(Body::Query(RunQuery {
            name: "setup.document_ids".to_owned(),
            ..RunQuery::default()
        })),
        ..Command::default()
    })
}

pub(crate) async fn result(session: &mut Session) -> CommandResult {
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

pub(crate) async fn refused(session: &mut Session) -> Failure {
    match result(session).await.outcome {
        Some(Outcome::Failure(failure)) => failure,
        other => panic!("a failure, not {other:?}"),
    }
}

pub(crate) async fn number(session: &mut Session, already_done: bool) -> String {
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
pub(crate) fn order(po: &str, item: &str, unit: &str, extended: &str) -> String {
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

pub(crate) fn good(po: &str) -> String {
    order(po, "100XLG", "59.95", "179.85")
}

/// The good order with its line so many times, 179.85 each.
pub(crate) fn long(po: &str, lines: i64) -> String {
    let good = good(po);
    let (before, rest) = good.split_once("<taSopLineIvcInsert>").unwrap();
    let (line, after) = rest.split_once("</taSopLineIvcInsert>").unwrap();
    let line = |number: i64| {
        let line = line.replace("16384", &(16_384 * number).to_string());
        format!("<taSopLineIvcInsert>{line}</taSopLineIvcInsert>")
    };
    let lines: Vec<_> = (1..=lines).map(line).collect();
    let total = rust_decimal::Decimal::new(17_985, 2) * rust_decimal::Decimal::from(lines.len());
    let amounts = |element: &str| format!("<{element}>179.85</{element}>");
    let mut after = after.to_owned();
    for element in ["SUBTOTAL", "DOCAMNT"] {
        let sum = format!("<{element}>{total}</{element}>");
        after = after.replace(&amounts(element), &sum);
    }
    [before, &lines.concat(), &after].concat()
}
