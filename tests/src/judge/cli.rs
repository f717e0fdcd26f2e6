//! The `judge` command: reads both back doors, compares, and says what it found.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context as _;
use serde_json::{Value, json};

use super::{Report, judge, tables};

/// Compares a sandbox shop with a sandbox GP.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Where GP's back door is.
    #[arg(long)]
    gp_control: String,
    /// Where the shop's back door is.
    #[arg(long)]
    store_control: String,
    /// The profile orders were imported by.
    #[arg(long)]
    profile: PathBuf,
    /// The company database they went to.
    #[arg(long)]
    company: String,
    /// Where the shop's days begin and end.
    #[arg(long, default_value = "UTC")]
    store_time_zone: String,
    /// So many orders were promised: none fewer, none more, none refused.
    #[arg(long)]
    expect_orders: Option<u64>,
    /// Print one JSON object instead of lines.
    #[arg(long)]
    json: bool,
}

/// Judges, prints, and succeeds only when there was nothing to find.
pub async fn run(args: Args) -> anyhow::Result<ExitCode> {
    let profile = std::fs::read_to_string(&args.profile)
        .with_context(|| format!("cannot read {}", args.profile.display()))?;
    let profile: Value = serde_json::from_str(&profile).context("the profile is not JSON")?;
    let client = reqwest::Client::builder().build()?;
    let shop = fetch(&client, &format!("{}/orders", args.store_control)).await?;
    let mut books = BTreeMap::new();
    for table in tables() {
        let url = format!("{}/tables/{}/{table}", args.gp_control, args.company);
        books.insert((*table).to_owned(), fetch(&client, &url).await?);
    }
    let mut report = judge(&shop, &books, &profile, &args.store_time_zone)?;
    if let Some(orders) = args.expect_orders {
        report.hold_to(orders);
    }
    print(&report, args.json)?;
    Ok(if report.is_clean() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

async fn fetch(client: &reqwest::Client, url: &str) -> anyhow::Result<Value> {
    let response = client
        .get(url)
        .send()
        .await
        .with_context(|| format!("no answer from {url}"))?;
    let response = response.error_for_status()?;
    response
        .json()
        .await
        .with_context(|| format!("{url} does not answer in JSON"))
}

fn print(report: &Report, as_json: bool) -> std::io::Result<()> {
    let mut out = std::io::stdout().lock();
    if as_json {
        return writeln!(out, "{}", json!(report));
    }
    for finding in &report.findings {
        let (subject, field) = (&finding.subject, &finding.field);
        writeln!(
            out,
            "{subject}: {field}: expected {}, found {}",
            finding.expected, finding.found
        )?;
    }
    writeln!(
        out,
        "{} comparisons over {} orders ({} of them refused): {} findings",
        report.comparisons,
        report.orders,
        report.refused,
        report.findings.len()
    )
}
