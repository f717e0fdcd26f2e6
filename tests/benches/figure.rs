//! One measured figure: a line for people, an entry for machines.

use std::path::Path;
use std::time::Duration;

use anyhow::Context;
use serde::{Deserialize, Serialize};

/// Name, value, unit, and what it is to be compared with, measured in the same run.
#[derive(Debug, Serialize, Deserialize)]
struct Figure {
    name: String,
    value: f64,
    unit: String,
    baseline: Option<f64>,
}

/// The figures of a run.
#[derive(Debug, Default)]
pub(crate) struct Figures(Vec<Figure>);

impl Figures {
    /// Prints and keeps a figure.
    pub(crate) fn add(&mut self, name: &str, value: f64, unit: &str, baseline: Option<f64>) {
        let beside = baseline.map_or_else(String::new, |b| format!("   (baseline {b:.2})"));
        println!("{name:<28} {value:>12.2} {unit}{beside}");
        self.0.push(Figure {
            name: name.to_owned(),
            value: (value * 1000.0).round() / 1000.0,
            unit: unit.to_owned(),
            baseline: baseline.map(|b| (b * 1000.0).round() / 1000.0),
        });
    }

    /// Writes the figures into the file; those of other names stay.
    pub(crate) fn join_into(self, file: &Path) -> anyhow::Result<()> {
        let known = std::fs::read_to_string(file).unwrap_or_else(|_| "[]".to_owned());
        let mut all: Vec<Figure> = serde_json::from_str(&known)?;
        all.retain(|old| self.0.iter().all(|new| new.name != old.name));
        all.extend(self.0);
        Ok(std::fs::write(
            file,
            serde_json::to_string_pretty(&all)? + "\n",
        )?)
    }
}

/// The value that `percent` of the samples do not exceed, in milliseconds.
pub(crate) fn percentile_ms(samples: &mut [Duration], percent: usize) -> f64 {
    samples.sort_unstable();
    let at = (samples.len() * percent).div_ceil(100).max(1) - 1;
    samples
        .get(at)
        .map_or(f64::NAN, |sample| sample.as_secs_f64() * 1000.0)
}

/// So many per second.
#[expect(clippy::cast_precision_loss, reason = "counts of a bench are small")]
pub(crate) fn per_second(count: usize, took: Duration) -> f64 {
    count as f64 / took.as_secs_f64().max(1e-9)
}

/// A total's share for each of so many.
#[expect(clippy::cast_precision_loss, reason = "counts of a bench are small")]
pub(crate) fn per_one(total: f64, count: usize) -> f64 {
    total / count as f64
}

/// User and system time of a process; the kernel counts it in hundredths of a second.
pub(crate) fn cpu_seconds(process: u32) -> anyhow::Result<f64> {
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat"))?;
    let (_, fields) = stat.rsplit_once(')').context("no name in stat")?;
    let ticks: u32 = fields
        .split_whitespace()
        .skip(11)
        .take(2)
        .map(|field| field.parse::<u32>().unwrap_or(0))
        .sum();
    Ok(f64::from(ticks) / 100.0)
}

/// Memory of a process that is in use.
pub(crate) fn resident_mb(process: u32) -> anyhow::Result<f64> {
    let status = std::fs::read_to_string(format!("/proc/{process}/status"))?;
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmRSS:"))
        .context("no VmRSS")?;
    let kib: f64 = line.trim().trim_end_matches("kB").trim().parse()?;
    Ok(kib / 1024.0)
}
