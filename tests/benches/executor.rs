//! Documents per second of the agent's executor, journal and all, against the bare calls.

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::ensure;
use connect_proto::econnect::{self, Document, Limits};
use connect_proto::tunnel::v1::command::Body;
use connect_proto::tunnel::v1::command_result::Outcome;
use connect_proto::tunnel::v1::payload::Content;
use connect_proto::tunnel::v1::{ExecuteDocument, Payload, Semantics};

use crate::direct::Direct;
use crate::figure::{Figures, cpu_seconds, per_one, per_second};
use crate::stage::{PARALLEL, Stage};

const ROUNDS: usize = 13;
const DOCUMENTS: usize = 250;
/// Enough that the agent never waits for the next one.
const IN_FLIGHT: usize = PARALLEL * 2;
/// An order of three lines of an invented customer, as the packaged flow makes it; `{po}` is in
/// its keys.
const ORDER: &str = include_str!("order.xml");

pub(crate) async fn measure(figures: &mut Figures) -> anyhow::Result<()> {
    let mut stage = Stage::set().await?;
    let mut connections = Vec::new();
    for _ in 0..PARALLEL {
        connections.push(Box::pin(Direct::open(&stage.gp)).await?);
    }
    executed(&mut stage, "wa", 100).await?;
    connections = directly(connections, "wb", 100).await?.1;
    // In turn, so that tables grow and the machine warms alike for both.
    let (mut ours, mut bare) = (Spent::default(), Spent::default());
    let mut ratios = Vec::with_capacity(ROUNDS);
    for round in 0..ROUNDS {
        let before = Spent::read(&stage)?;
        let our_time = executed(&mut stage, &format!("a{round}"), DOCUMENTS).await?;
        ours.add(&Spent::read(&stage)?, &before, our_time);
        let before = Spent::read(&stage)?;
        let (time, back) = directly(connections, &format!("b{round}"), DOCUMENTS).await?;
        bare.add(&Spent::read(&stage)?, &before, time);
        connections = back;
        ratios.push(our_time.as_secs_f64() / time.as_secs_f64());
    }
    let documents = ROUNDS * DOCUMENTS;
    let (our_rate, bare_rate) = (
        per_second(documents, ours.took),
        per_second(documents, bare.took),
    );
    figures.add(
        "executor.docs_per_s",
        our_rate,
        "documents/s",
        Some(bare_rate),
    );
    // Of the rounds, so that one in which the machine was busy elsewhere does not count.
    ratios.sort_by(f64::total_cmp);
    figures.add("executor.ratio", ratios[ROUNDS / 2], "x", Some(1.0));
    let mut cpu = |name: &str, ours: f64, bare: f64| {
        let [ours, bare] = [ours, bare].map(|seconds| per_one(seconds * 1000.0, documents));
        figures.add(name, ours, "ms/document", Some(bare));
    };
    cpu("executor.client_cpu_ms", ours.client, bare.client);
    cpu("executor.sandbox_gp_cpu_ms", ours.gp, bare.gp);
    Ok(())
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

fn order(round: &str, number: usize) -> String {
    ORDER.replace("{po}", &format!("{round}-{number}"))
}

async fn executed(stage: &mut Stage, round: &str, count: usize) -> anyhow::Result<Duration> {
    let start = Instant::now();
    let mut sent = 0;
    for answered in 0..count {
        while sent < count && sent - answered < IN_FLIGHT {
            stage
                .send(format!("{round}-{sent}"), execute(round, sent))
                .await;
            sent += 1;
        }
        let result = stage.result().await;
        let executed = matches!(result.outcome, Some(Outcome::Executed(_)));
        ensure!(executed, "not executed: {:?}", result.outcome);
    }
    Ok(start.elapsed())
}

fn execute(round: &str, number: usize) -> Body {
    let inline = Content::Inline(order(round, number).into_bytes());
    Body::Execute(ExecuteDocument {
        effect_key: format!("TWO/bench/order:{round}-{number}/order/1"),
        document: Some(Payload {
            content: Some(inline),
        }),
        semantics: Semantics::Once.into(),
        ..ExecuteDocument::default()
    })
}

async fn directly(
    connections: Vec<Direct>,
    round: &str,
    count: usize,
) -> anyhow::Result<(Duration, Vec<Direct>)> {
    let documents: anyhow::Result<Vec<Document>> = (0..count)
        .map(|number| {
            Ok(econnect::read(
                order(round, number).as_bytes(),
                &Limits::default(),
            )?)
        })
        .collect();
    let documents = Arc::new(std::sync::Mutex::new(documents?));
    let start = Instant::now();
    let mut tasks = tokio::task::JoinSet::new();
    for mut connection in connections {
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
    let mut back = Vec::new();
    while let Some(done) = tasks.join_next().await {
        back.push(done??);
    }
    Ok((start.elapsed(), back))
}
