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
use crate::figure::{Figures, per_second};
use crate::stage::{PARALLEL, Stage};

const ROUNDS: usize = 6;
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
    let (mut ours, mut bare) = (Duration::ZERO, Duration::ZERO);
    for round in 0..ROUNDS {
        ours += executed(&mut stage, &format!("a{round}"), DOCUMENTS).await?;
        let (took, back) = directly(connections, &format!("b{round}"), DOCUMENTS).await?;
        bare += took;
        connections = back;
    }
    let (ours, bare) = (
        per_second(ROUNDS * DOCUMENTS, ours),
        per_second(ROUNDS * DOCUMENTS, bare),
    );
    figures.add("executor.docs_per_s", ours, "documents/s", Some(bare));
    figures.add("executor.ratio", bare / ours, "x", Some(1.0));
    Ok(())
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
