//! Two thousand documents through two agents of one company, while everything around them breaks.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::path::PathBuf;
use std::process::Child;
use std::time::Duration;

use connect_agent::crash::POINTS;
use connect_proto::tunnel::v1::agent_message::Message as FromAgent;
use connect_proto::tunnel::v1::cloud_message::Message as FromCloud;
use connect_proto::tunnel::v1::command_result::Outcome;
use connect_proto::tunnel::v1::{CloudMessage, Executed};
use connect_proto::tunnel::v1::{CommandResult, ErrorClass, ResultAck};
use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};
use rust_decimal::Decimal;
use serde_json::{Value, json};

use super::numbers::journal;
use super::stage::{Stage, execute, long, order};
use super::support::Session;

const DOCUMENTS: usize = 2_000;
/// On its way at once, over both agents.
const AT_ONCE: usize = 16;
/// A document that is refused for so long is never written.
const MOST_ATTEMPTS: u32 = 300;
/// Nothing is heard for so long only when something hangs.
const PATIENCE: Duration = Duration::from_mins(1);

/// What a document is, and how its record tells the job.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Order,
    Journal,
    Receipt,
    /// An order of an item that GP does not know.
    Refused,
}

impl Kind {
    fn of(job: usize) -> Self {
        match job % 20 {
            0 => Self::Refused,
            1 | 2 => Self::Journal,
            3 | 4 => Self::Receipt,
            5.. => Self::Order,
        }
    }

    /// The element that holds the document's number.
    fn element(self) -> &'static str {
        match self {
            Self::Order | Self::Refused => "SOPNUMBE",
            Self::Journal => "JRNENTRY",
            Self::Receipt => "DOCNUMBR",
        }
    }
}

fn key(job: usize) -> String {
    format!("T{job}")
}

fn batch(job: usize) -> String {
    format!("TORTURE{}", job % 5)
}

fn document(job: usize) -> String {
    let (key, batch) = (key(job), batch(job));
    match Kind::of(job) {
        // Of one line to seven: alike ones go together.
        Kind::Order => {
            let lines = i64::try_from(job % 7).unwrap() + 1;
            long(&key, lines).replace("WEB20250304", &batch)
        }
        Kind::Refused => order(&key, "NOSUCHITEM", "1.00", "3.00").replace("WEB20250304", &batch),
        Kind::Journal => journal("", "12.34").replace("Fees", &key),
        Kind::Receipt => format!(
            "<eConnect><RMCashReceiptsType><taRMCashReceiptInsert>\
             <CUSTNMBR>AARONFIT0001</CUSTNMBR><DOCNUMBR/><DOCDATE>2025-03-04</DOCDATE>\
             <ORTRXAMT>0.{:02}</ORTRXAMT><GLPOSTDT>2025-03-04</GLPOSTDT>\
             <BACHNUMB>WEBCASH</BACHNUMB><CSHRCTYP>0</CSHRCTYP>\
             <CHEKBKID>UPTOWN TRUST</CHEKBKID><CHEKNMBR>{key}</CHEKNMBR>\
             </taRMCashReceiptInsert></RMCashReceiptsType></eConnect>",
            job % 97 + 1
        ),
    }
}

/// One of the two agents.
struct Side {
    config: PathBuf,
    process: Child,
    session: Session,
}

impl Drop for Side {
    fn drop(&mut self) {
        self.process.kill().ok();
        self.process.wait().ok();
    }
}

/// What came of a wait.
enum Heard {
    Result(usize, Box<CommandResult>),
    Dead(usize),
}

struct Torture {
    stage: Stage,
    sides: Vec<Side>,
    random: StdRng,
    waiting: VecDeque<usize>,
    /// Command and agent, with the job.
    under_way: HashMap<(String, usize), usize>,
    attempts: HashMap<usize, u32>,
    /// The number of each written document.
    written: BTreeMap<usize, String>,
    refused: usize,
    commands: u32,
    deaths: usize,
}

impl Torture {
    async fn begin() -> Self {
        let mut stage = Stage::set().await;
        let mut sides = Vec::new();
        for config in [stage.config(), stage.twin()] {
            let process = stage.start(&config, None);
            let session = stage.cloud.session().await;
            sides.push(Side {
                config,
                process,
                session,
            });
        }
        Self {
            stage,
            sides,
            random: StdRng::seed_from_u64(20_260_304),
            waiting: (0..DOCUMENTS).collect(),
            under_way: HashMap::new(),
            attempts: HashMap::new(),
            written: BTreeMap::new(),
            refused: 0,
            commands: 0,
            deaths: 0,
        }
    }

    fn done(&self) -> usize {
        self.written.len() + self.refused
    }

    /// Sends what is waiting; every tenth command goes to both agents at once.
    async fn send(&mut self) {
        while self.under_way.len() < AT_ONCE {
            let Some(job) = self.waiting.pop_front() else {
                return;
            };
            if self.written.contains_key(&job) {
                continue;
            }
            let attempts = self.attempts.entry(job).or_default();
            *attempts += 1;
            assert!(*attempts < MOST_ATTEMPTS, "{} is never written", key(job));
            self.commands += 1;
            let id = format!("c{}", self.commands);
            let both = self.random.random_range(0..10) == 0;
            let one = self.random.random_range(0..self.sides.len());
            for side in 0..self.sides.len() {
                if both || side == one {
                    let message = Some(execute(&id, &key(job), &document(job)));
                    // An agent that has just died is noticed when it is listened to.
                    let to_agent = &self.sides[side].session.to_agent;
                    to_agent.send(Ok(CloudMessage { message })).await.ok();
                    self.under_way.insert((id.clone(), side), job);
                }
            }
        }
    }

    async fn listen(&mut self) -> Heard {
        loop {
            let (left, right) = self.sides.split_at_mut(1);
            let heard = async {
                tokio::select! {
                    message = left[0].session.from_agent.recv() => (0, message),
                    message = right[0].session.from_agent.recv() => (1, message),
                }
            };
            let heard = tokio::time::timeout(PATIENCE, heard).await;
            match heard.expect("an agent answers or dies") {
                (side, None) => return Heard::Dead(side),
                (side, Some(FromAgent::Result(result))) => {
                    return Heard::Result(side, Box::new(result));
                }
                (_, Some(_)) => {}
            }
        }
    }

    /// A job without an answer is tried again, unless it is still on its way elsewhere.
    fn again(&mut self, job: usize) {
        let elsewhere = self.under_way.values().any(|other| *other == job);
        if !elsewhere && !self.written.contains_key(&job) {
            self.waiting.push_back(job);
        }
    }

    async fn result(&mut self, side: usize, result: CommandResult) {
        let command_id = result.command_id.clone();
        let ack = FromCloud::ResultAck(ResultAck {
            command_id: command_id.clone(),
        });
        let message = CloudMessage { message: Some(ack) };
        let to_agent = &self.sides[side].session.to_agent;
        to_agent.send(Ok(message)).await.ok();
        let Some(job) = self.under_way.remove(&(command_id, side)) else {
            return;
        };
        match result.outcome {
            Some(Outcome::Executed(executed)) => self.executed(job, &executed),
            Some(Outcome::Failure(failure)) if Kind::of(job) == Kind::Refused => {
                if failure.class() == ErrorClass::BusinessRule {
                    self.under_way.retain(|_, other| *other != job);
                    self.refused += 1;
                } else {
                    self.again(job);
                }
            }
            Some(Outcome::Failure(failure)) => {
                // The document is sound: GP has nothing to say against it.
                let about_it = ["document_invalid", "gp_setup", "gp_refused", "gp_duplicate"];
                assert!(!about_it.contains(&&*failure.code), "{failure:?}");
                if failure.class() == ErrorClass::Unavailable {
                    // As the cloud's gate does, which closes for longer.
                    tokio::time::sleep(Duration::from_millis(25)).await;
                }
                self.again(job);
            }
            other => panic!("executed or refused, not {other:?}"),
        }
    }

    fn executed(&mut self, job: usize, executed: &Executed) {
        let kind = Kind::of(job);
        assert_ne!(kind, Kind::Refused, "{executed:?}");
        let mut keys = executed.keys.iter();
        let number = keys.find(|key| key.element == kind.element());
        let number = number.expect("a number").value.clone();
        let known = self.written.entry(job).or_insert_with(|| number.clone());
        assert_eq!(*known, number, "one document, one number");
    }

    /// The agent that died comes back, to die elsewhere.
    async fn revive(&mut self, side: usize) {
        self.deaths += 1;
        let lost = self.under_way.keys().filter(|(_, of)| *of == side);
        let lost: Vec<_> = lost.cloned().collect();
        for command in lost {
            if let Some(job) = self.under_way.remove(&command) {
                self.again(job);
            }
        }
        self.sides[side].process.kill().ok();
        self.sides[side].process.wait().unwrap();
        let point = POINTS[self.deaths % POINTS.len()];
        let point = format!("{point}:{}", self.random.random_range(3..40));
        let config = self.sides[side].config.clone();
        self.sides[side].process = self.stage.start(&config, Some(&point));
        self.sides[side].session = self.stage.cloud.session().await;
    }

    /// Lets something break at the next opportunity.
    async fn break_something(&mut self) {
        let procedures = [
            "taSopHdrIvcInsert",
            "taSopLineIvcInsert",
            "taUpdateCreateCustomerRcd",
            "taGLTransactionHeaderInsert",
            "taRMCashReceiptInsert",
        ];
        let procedure = procedures[self.random.random_range(0..procedures.len())];
        let when = ["before", "after"][self.random.random_range(0..2)];
        let fault = match self.random.random_range(0..12) {
            0 | 1 => json!({"procedure": "COMMIT", "kind": "disconnect"}),
            2 => json!({"kind": "rollback_return_0"}),
            3 => json!({"kind": "rollback_return_0", "code": 266}),
            4 => json!({"kind": "doom"}),
            5 => {
                json!({"kind": "raise", "code": 3902, "text": "The COMMIT TRANSACTION request has no corresponding BEGIN TRANSACTION."})
            }
            6 => {
                json!({"kind": "raise", "code": 3903, "text": "The ROLLBACK TRANSACTION request has no corresponding BEGIN TRANSACTION."})
            }
            7 => json!({"kind": "deadlock"}),
            8 => json!({"kind": "lock_timeout"}),
            9 => json!({"kind": "disconnect"}),
            10 => json!({"kind": "delay", "ms": 50}),
            _ => return self.break_more().await,
        };
        let mut fault = fault;
        fault["when"] = json!(when);
        if fault["procedure"].is_null() {
            fault["procedure"] = json!(procedure);
        }
        self.stage.fault(fault).await;
    }

    async fn break_more(&mut self) {
        if self.random.random_range(0..2) == 0 {
            self.stage.restart_server().await;
        } else {
            let side = self.random.random_range(0..self.sides.len());
            self.sides[side].process.kill().unwrap();
        }
    }

    /// Works until every document is written or refused.
    async fn work(&mut self) {
        let mut next = 12;
        while self.done() < DOCUMENTS {
            self.send().await;
            match self.listen().await {
                Heard::Dead(side) => self.revive(side).await,
                Heard::Result(side, result) => self.result(side, *result).await,
            }
            if self.done() >= next {
                self.break_something().await;
                next += 12;
            }
        }
    }
}

fn text(row: &Value, column: &str) -> String {
    row[column].as_str().map_or_else(
        || row[column].to_string(),
        |text| text.trim_end().to_owned(),
    )
}

/// The rows' numbers by the key of their job; a key that is there twice fails.
fn by_key(rows: &[Value], key: &str, number: &str) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    for row in rows.iter().filter(|row| text(row, key).starts_with('T')) {
        let before = found.insert(text(row, key), text(row, number));
        assert_eq!(before, None, "twice: {row}");
    }
    found
}

#[tokio::test(flavor = "multi_thread")]
async fn two_thousand_documents_are_written_once_each_whatever_breaks() {
    let mut torture = Torture::begin().await;
    torture.work().await;
    assert!(torture.deaths > 20, "{} deaths", torture.deaths);
    torture.sides.clear();
    let stage = &torture.stage;
    let orders = stage.rows("SOP10100").await;
    let mut found = by_key(&orders, "CSTPONBR", "SOPNUMBE");
    found.extend(by_key(&stage.rows("GL10000").await, "REFRENCE", "JRNENTRY"));
    found.extend(by_key(&stage.rows("RM10201").await, "CHEKNMBR", "DOCNUMBR"));
    let said = torture.written.iter();
    let said: BTreeMap<_, _> = said
        .map(|(job, number)| (key(*job), number.clone()))
        .collect();
    assert_eq!(found, said);
    // Every line is there once.
    let mut lines: BTreeMap<String, usize> = BTreeMap::new();
    for line in stage.rows("SOP10200").await {
        *lines.entry(text(&line, "SOPNUMBE")).or_default() += 1;
    }
    let sent = torture.written.iter();
    let sent = sent.filter(|(job, _)| matches!(Kind::of(**job), Kind::Order));
    let sent: BTreeMap<_, _> = sent
        .map(|(job, number)| (number.clone(), job % 7 + 1))
        .collect();
    assert_eq!(lines, sent);
    // Rows and journal agree.
    let journal = stage.rows("connect.Journal").await;
    let mut recorded = BTreeMap::new();
    for row in &journal {
        assert_eq!(row["State"], 1, "{row}");
        recorded.insert(text(row, "EffectKey"), text(row, "Numbers"));
    }
    assert_eq!(journal.len(), said.len());
    for (key, number) in &said {
        assert!(
            recorded[key].contains(number.as_str()),
            "{key}: {number} is not {}",
            recorded[key]
        );
    }
    // Batches count what is in them and nothing else.
    for header in stage.rows("SY00500").await {
        let name = text(&header, "BACHNUMB");
        let inside = orders.iter().filter(|row| text(row, "BACHNUMB") == name);
        let amounts = inside.map(|row| text(row, "DOCAMNT").parse::<Decimal>().unwrap());
        let amounts: Vec<Decimal> = amounts.collect();
        if name.starts_with("TORTURE") {
            assert_eq!(header["NUMOFTRX"], amounts.len(), "{header}");
            let total: Decimal = text(&header, "BCHTOTAL").parse().unwrap();
            assert_eq!(total, amounts.into_iter().sum::<Decimal>(), "{header}");
        }
    }
}
