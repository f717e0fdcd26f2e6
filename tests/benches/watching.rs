//! What watching a large company costs GP and the agent: 50,000 items over three sites.

use std::time::Duration;

use anyhow::{Context, ensure};
use connect_proto::tunnel::v1::agent_message::Message as FromAgent;
use connect_proto::tunnel::v1::cloud_message::Message as FromCloud;
use connect_proto::tunnel::v1::payload::Content;
use connect_proto::tunnel::v1::{ChangeAck, ChangeBatch, ChangeKind, Watch, Watcher};
use connect_tests::harness::world::COMPANY;
use tokio::time::Instant;

use crate::figure::{Figures, cpu_seconds, resident_mb};
use crate::stage::{PARALLEL, Stage};

const ITEMS: usize = 50_000;
const SITES: [&str; 3] = ["WAREHOUSE", "NORTH", "SOUTH"];
/// Rows of one INSERT.
const ROWS: usize = 500;
/// The time that is measured; looks are taken at the default interval, every second.
const MEASURED: Duration = Duration::from_secs(40);
/// Changes whose way to the cloud is timed, and how long one may take.
const CHANGES: usize = 20;
const TOLD_WITHIN_MS: f64 = 2_000.0;
/// What the design allows the agent.
const ALLOWED_MB: f64 = 60.0;
const WATCHERS: [&str; 9] = [
    "item_quantities",
    "items",
    "item_prices",
    "customers",
    "sales_documents",
    "tracking_numbers",
    "receivables",
    "applied_payments",
    "user_defined_fields",
];

pub(crate) async fn measure(figures: &mut Figures) -> anyhow::Result<()> {
    let mut stage = Stage::set(PARALLEL).await?;
    fill(&stage).await?;
    // What a quantity a second costs by itself.
    let alone = spent(&mut stage, MEASURED / 4).await? * 4.0;
    let begun = Instant::now();
    watch(&stage, &WATCHERS).await;
    let mut left = WATCHERS.len();
    while left > 0 {
        let batch = batch(&mut stage).await?;
        ensure!(batch.kind() == ChangeKind::Baseline, "{:?}", batch.kind());
        left -= usize::from(batch.last);
    }
    let baseline = begun.elapsed().as_secs_f64();
    figures.add("watch.baseline_s", baseline, "s", None);
    let watched = spent(&mut stage, MEASURED).await?;
    let per_minute = |seconds: f64| seconds * 1000.0 * 60.0 / MEASURED.as_secs_f64();
    figures.add(
        "watch.sql_ms_per_min",
        per_minute(watched),
        "ms/min",
        Some(per_minute(alone)),
    );
    let busy = resident_mb(stage.agent.id())?;
    figures.add("agent.busy_mb", busy, "MB", Some(ALLOWED_MB));
    let told = slowest(&mut stage).await?;
    figures.add("watch.change_ms", told, "ms", Some(TOLD_WITHIN_MS));
    Ok(())
}

/// From a change in GP to its arrival at the cloud's end of the tunnel: the slowest of some.
async fn slowest(stage: &mut Stage) -> anyhow::Result<f64> {
    let mut slowest = Duration::ZERO;
    for item in 0..CHANGES {
        let item = format!("BENCH{:06}", ITEMS - 1 - item);
        let sql = format!(
            "UPDATE IV00102 SET QTYONHND = 3 WHERE ITEMNMBR = '{item}' AND LOCNCODE = 'NORTH'"
        );
        let changed = Instant::now();
        stage.gp.sql(COMPANY, &sql).await?;
        loop {
            let batch = batch(stage).await?;
            let content = batch.changes_json.and_then(|payload| payload.content);
            let Some(Content::Inline(bytes)) = content else {
                continue;
            };
            if String::from_utf8_lossy(&bytes).contains(&item) {
                break;
            }
        }
        slowest = slowest.max(changed.elapsed());
    }
    Ok(slowest.as_secs_f64() * 1000.0)
}

async fn fill(stage: &Stage) -> anyhow::Result<()> {
    let names: Vec<String> = (0..ITEMS).map(|item| format!("BENCH{item:06}")).collect();
    for some in names.chunks(ROWS) {
        let items = some
            .iter()
            .map(|item| format!("('{item}', 'An item of the bench', 1)"));
        insert(stage, "IV00101 (ITEMNMBR, ITEMDESC, ITEMTYPE)", items).await?;
        let sites = SITES.iter().map(|site| (2, *site)).chain([(1, "")]);
        for (kind, site) in sites {
            let rows = some
                .iter()
                .map(|item| format!("('{item}', '{site}', {kind}, 10)"));
            insert(
                stage,
                "IV00102 (ITEMNMBR, LOCNCODE, RCRDTYPE, QTYONHND)",
                rows,
            )
            .await?;
        }
    }
    // As long ago as most changes are.
    let old = "UPDATE IV00101 SET DEX_ROW_TS = DATEADD(day, -9, GETUTCDATE())";
    stage.gp.sql(COMPANY, old).await.map(drop)
}

async fn insert(
    stage: &Stage,
    into: &str,
    rows: impl Iterator<Item = String>,
) -> anyhow::Result<()> {
    let rows: Vec<String> = rows.collect();
    let sql = format!("INSERT INTO {into} VALUES {}", rows.join(", "));
    stage.gp.sql(COMPANY, &sql).await.map(drop)
}

async fn watch(stage: &Stage, names: &[&str]) {
    let watchers = names.iter().map(|name| Watcher {
        name: (*name).to_owned(),
        interval_ms: 0,
        sweep_seconds: 0,
    });
    let watch = Watch {
        company: COMPANY.to_owned(),
        watchers: watchers.collect(),
    };
    stage.session.send(FromCloud::Watch(watch)).await;
}

/// The next batch, acknowledged.
async fn batch(stage: &mut Stage) -> anyhow::Result<ChangeBatch> {
    loop {
        let received =
            tokio::time::timeout(Duration::from_mins(2), stage.session.from_agent.recv());
        let message = received.await?.context("the agent is gone")?;
        let FromAgent::Changes(batch) = message else {
            continue;
        };
        let ack = ChangeAck {
            company: batch.company.clone(),
            watcher: batch.watcher.clone(),
            sequence: batch.sequence,
        };
        stage.session.send(FromCloud::ChangeAck(ack)).await;
        return Ok(batch);
    }
}

/// Processor time that the sandbox's server spends while a quantity changes every second.
async fn spent(stage: &mut Stage, time: Duration) -> anyhow::Result<f64> {
    let server = stage.gp.process.id();
    let before = cpu_seconds(server)?;
    let until = Instant::now() + time;
    let mut item = 0;
    while Instant::now() < until {
        item += 1;
        let sql = format!(
            "UPDATE IV00102 SET QTYONHND = QTYONHND - 1 WHERE ITEMNMBR = 'BENCH{:06}' \
             AND LOCNCODE = 'NORTH'",
            item * 37 % ITEMS
        );
        stage.gp.sql(COMPANY, &sql).await?;
        let next = Instant::now() + Duration::from_secs(1);
        while let Ok(told) = tokio::time::timeout_at(next, batch(stage)).await {
            told?;
        }
    }
    Ok(cpu_seconds(server)? - before)
}
