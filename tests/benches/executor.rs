//! Documents per second of the agent's executor, journal and all, against the bare calls.

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use connect_proto::econnect::{self, Document, Limits};
use connect_proto::tunnel::v1::command::Body;
use connect_proto::tunnel::v1::command_result::Outcome;
use connect_proto::tunnel::v1::payload::Content;
use connect_proto::tunnel::v1::{CommandResult, ExecuteDocument, Payload, Semantics};

use crate::direct::Direct;
use crate::figure::{Figures, cpu_seconds, per_one, per_second};
use crate::stage::{PARALLEL, Stage};

const ROUNDS: usize = 13;
const DOCUMENTS: usize = 250;
/// How else the documents are given to the agent: one after another, and more at once than cores.
const OTHERWISE: [usize; 3] = [1, 4, 16];
/// Rounds and documents of those.
const FEWER: (usize, usize) = (13, 150);
/// Lines of the large order, each of them 179.85.
const LINES: usize = 1_000;
/// An order of three lines of an invented customer, as the packaged flow makes it; `{po}` is in
/// its keys.
const ORDER: &str = include_str!("order.xml");

pub(crate) async fn measure(figures: &mut Figures) -> anyhow::Result<()> {
    let mut bench = Bench::set(PARALLEL).await?;
    let (ours, bare, ratio) = bench.rounds(ROUNDS, DOCUMENTS).await?;
    let documents = ROUNDS * DOCUMENTS;
    figures.add(
        "executor.docs_per_s",
        per_second(documents, ours.took),
        "documents/s",
        Some(per_second(documents, bare.took)),
    );
    figures.add("executor.ratio", ratio, "x", Some(1.0));
    let mut cpu = |name: &str, ours: f64, bare: f64| {
        let [ours, bare] = [ours, bare].map(|seconds| per_one(seconds * 1000.0, documents));
        figures.add(name, ours, "ms/document", Some(bare));
    };
    cpu("executor.client_cpu_ms", ours.client, bare.client);
    cpu("executor.sandbox_gp_cpu_ms", ours.gp, bare.gp);
    bench.large(figures).await?;
    drop(bench);
    for parallel in OTHERWISE {
        let mut bench = Bench::set(parallel).await?;
        let (rounds, each) = FEWER;
        let (ours, bare, ratio) = bench.rounds(rounds, each).await?;
        let documents = rounds * each;
        figures.add(
            &format!("executor.docs_per_s_{parallel}"),
            per_second(documents, ours.took),
            "documents/s",
            Some(per_second(documents, bare.took)),
        );
        figures.add(&format!("executor.ratio_{parallel}"), ratio, "x", Some(1.0));
    }
    Ok(())
}

/// The agent's stage, and connections of the bench's own beside it.
struct Bench {
    stage: Stage,
    connections: Vec<Direct>,
    /// Enough that the agent never waits for the next one.
    in_flight: usize,
}

impl Bench {
    async fn set(parallel: usize) -> anyhow::Result<Self> {
        let stage = Stage::set(parallel).await?;
        let mut connections = Vec::new();
        for _ in 0..parallel {
            connections.push(Box::pin(Direct::open(&stage.gp)).await?);
        }
        let mut bench = Self {
            stage,
            connections,
            in_flight: parallel * 2,
        };
        bench.executed("wa", 100).await?;
        bench.directly("wb", 100).await?;
        Ok(bench)
    }

    /// What ours and the bare calls spent, and the median of the rounds' ratios.
    async fn rounds(&mut self, rounds: usize, each: usize) -> anyhow::Result<(Spent, Spent, f64)> {
        // In turn, so that tables grow and the machine warms alike for both.
        let (mut ours, mut bare) = (Spent::default(), Spent::default());
        let mut ratios = Vec::with_capacity(rounds);
        for round in 0..rounds {
            let before = Spent::read(&self.stage)?;
            let our_time = self.executed(&format!("a{round}"), each).await?;
            ours.add(&Spent::read(&self.stage)?, &before, our_time);
            let before = Spent::read(&self.stage)?;
            let time = self.directly(&format!("b{round}"), each).await?;
            bare.add(&Spent::read(&self.stage)?, &before, time);
            ratios.push(our_time.as_secs_f64() / time.as_secs_f64());
        }
        // Of the rounds, so that one in which the machine was busy elsewhere does not count.
        ratios.sort_by(f64::total_cmp);
        Ok((ours, bare, ratios[rounds / 2]))
    }

    /// One order of a thousand lines, the best of three.
    async fn large(&mut self, figures: &mut Figures) -> anyhow::Result<()> {
        let (mut ours, mut bare) = (Duration::MAX, Duration::MAX);
        for round in 0..3 {
            let key = format!("l{round}");
            let start = Instant::now();
            self.stage.send(key.clone(), body(&key, large(&key))).await;
            done(&self.stage.result().await)?;
            ours = ours.min(start.elapsed());
            let document =
                econnect::read(large(&format!("m{round}")).as_bytes(), &Limits::default())?;
            let start = Instant::now();
            let connection = self.connections.first_mut().context("no connection")?;
            connection.write(&document).await?;
            bare = bare.min(start.elapsed());
        }
        let [ours, bare] = [ours, bare].map(|time| time.as_secs_f64() * 1000.0);
        figures.add("executor.lines1000_ms", ours, "ms", Some(bare));
        Ok(())
    }

    async fn executed(&mut self, round: &str, count: usize) -> anyhow::Result<Duration> {
        let start = Instant::now();
        let mut sent = 0;
        for answered in 0..count {
            while sent < count && sent - answered < self.in_flight {
                let key = format!("{round}-{sent}");
                let body = body(&key, order(&key));
                self.stage.send(key, body).await;
                sent += 1;
            }
            done(&self.stage.result().await)?;
        }
        Ok(start.elapsed())
    }

    async fn directly(&mut self, round: &str, count: usize) -> anyhow::Result<Duration> {
        let document = |number| {
            let xml = order(&format!("{round}-{number}"));
            Ok(econnect::read(xml.as_bytes(), &Limits::default())?)
        };
        let documents: anyhow::Result<Vec<Document>> = (0..count).map(document).collect();
        let documents = Arc::new(std::sync::Mutex::new(documents?));
        let start = Instant::now();
        let mut tasks = tokio::task::JoinSet::new();
        for mut connection in std::mem::take(&mut self.connections) {
            let documents = Arc::clone(&documents);
            tasks.spawn(async move {
                loop {
                    let next = documents.lock().ok().and_then(|mut left| left.pop());
                    let Some(document) = next else {
                        return anyhow::Ok(connection);
                    };
                    connection.write(&document).await?;
                }
            });
        }
        while let Some(done) = tasks.join_next().await {
            self.connections.push(done??);
        }
        Ok(start.elapsed())
    }
}

/// Time taken, and processor time of the clients (agent and bench) and of the sandbox GP, in seconds.
#[derive(Default)]
struct Spent {
    took: Duration,
    client: f64,
    gp: f64,
}

impl Spent {
    fn read(stage: &Stage) -> anyhow::Result<Self> {
        Ok(Self {
            took: Duration::ZERO,
            client: cpu_seconds(stage.agent.id())? + cpu_seconds(std::process::id())?,
            gp: cpu_seconds(stage.gp.process.id())?,
        })
    }

    fn add(&mut self, now: &Self, before: &Self, took: Duration) {
        self.took += took;
        self.client += now.client - before.client;
        self.gp += now.gp - before.gp;
    }
}

fn order(po: &str) -> String {
    ORDER.replace("{po}", po)
}

/// The order with its first line a thousand times, and the totals that follow.
fn large(po: &str) -> String {
    const LINE: &str = "      <taSopLineIvcInsert>";
    const END: &str = "    </taSopLineIvcInsert_Items>";
    let order = order(po);
    let (before, rest) = order.split_once(LINE).unwrap_or_default();
    let (line, _) = rest.split_once(LINE).unwrap_or_default();
    let (_, after) = order.split_once(END).unwrap_or_default();
    let mut text = before.to_owned();
    for number in 1..=LINES {
        let sequence = format!("<LNITMSEQ>{}<", number * 16_384);
        let line = line.replace("<LNITMSEQ>16384<", &sequence);
        text.extend([LINE, &line, "\n"]);
    }
    text.push_str(END);
    text.push_str(
        &after
            .replace("289.76", "179850.00")
            .replace("325.67", "179885.91"),
    );
    text
}

fn body(key: &str, xml: String) -> Body {
    Body::Execute(ExecuteDocument {
        effect_key: format!("TWO/bench/order:{key}/order/1"),
        document: Some(Payload {
            content: Some(Content::Inline(xml.into_bytes())),
        }),
        semantics: Semantics::Once.into(),
        ..ExecuteDocument::default()
    })
}

fn done(result: &CommandResult) -> anyhow::Result<()> {
    let executed = matches!(result.outcome, Some(Outcome::Executed(_)));
    ensure!(executed, "not executed: {:?}", result.outcome);
    Ok(())
}
