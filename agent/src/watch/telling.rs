//! Brings changes to the cloud: one batch at a time, remembered when it is acknowledged.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use connect_proto::tunnel::v1::agent_message::Message as FromAgent;
use connect_proto::tunnel::v1::payload::Content;
use connect_proto::tunnel::v1::{ChangeBatch, ChangeKind, Payload};
use serde_json::Value;
use tokio::sync::mpsc;

use super::compare::Change;
use super::cycle::Broken;
use crate::state::{Progress, Seen, Told};

/// A batch has at most so many rows, and about so many bytes: it travels within a message.
const MOST_ROWS: usize = 500;
const MOST_BYTES: usize = 200 * 1024;
/// An acknowledgement that takes longer is not waited for: the batch is told again.
const ACKNOWLEDGED_WITHIN: Duration = Duration::from_mins(1);

/// Where a watcher's batches go, and how far they have come.
#[derive(Debug)]
pub(super) struct Telling {
    pub(super) company: String,
    pub(super) watcher: &'static str,
    pub(super) scope: String,
    pub(super) seen: Arc<Seen>,
    pub(super) tell: mpsc::UnboundedSender<FromAgent>,
    pub(super) acknowledged: mpsc::UnboundedReceiver<i64>,
    /// Numbers batches. None is used twice while the agent runs: an acknowledgement must not be
    /// taken for that of a batch told instead.
    pub(super) sequence: Arc<AtomicI64>,
    pub(super) progress: Progress,
}

/// A cycle's counts.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Counts {
    pub(super) seen: u64,
    pub(super) changed: u64,
}

impl Telling {
    /// Tells changes in as many batches as they need, and remembers each that was acknowledged.
    pub(super) async fn tell(
        &mut self,
        kind: ChangeKind,
        changes: Vec<Change>,
        counts: &mut Counts,
    ) -> Result<(), Broken> {
        counts.changed += u64::try_from(changes.len()).unwrap_or_default();
        for part in parts(changes) {
            self.batch(kind, part, *counts, false).await?;
        }
        Ok(())
    }

    /// Tells that a full read has ended, and remembers when it was begun.
    pub(super) async fn end(&mut self, kind: ChangeKind, counts: Counts) -> Result<(), Broken> {
        self.batch(kind, Vec::new(), counts, true).await
    }

    async fn batch(
        &mut self,
        kind: ChangeKind,
        changes: Vec<Change>,
        counts: Counts,
        last: bool,
    ) -> Result<(), Broken> {
        let sequence = self.sequence.fetch_add(1, Ordering::Relaxed) + 1;
        let (told, rows): (Vec<Told>, Vec<Value>) = changes
            .into_iter()
            .map(|change| (change.told, change.json))
            .unzip();
        let batch = ChangeBatch {
            company: self.company.clone(),
            watcher: self.watcher.to_owned(),
            sequence,
            changes_json: Some(Payload {
                content: Some(Content::Inline(Value::Array(rows).to_string().into_bytes())),
            }),
            kind: kind.into(),
            incarnation: self.progress.incarnation.clone(),
            rows_seen: counts.seen,
            rows_changed: counts.changed,
            last,
        };
        self.tell
            .send(FromAgent::Changes(batch))
            .map_err(|_| Broken::NotTold)?;
        self.wait_for(sequence).await?;
        self.remember(told).await
    }

    async fn wait_for(&mut self, sequence: i64) -> Result<(), Broken> {
        let until = tokio::time::Instant::now() + ACKNOWLEDGED_WITHIN;
        loop {
            tokio::select! {
                biased;
                acknowledged = self.acknowledged.recv() => match acknowledged {
                    Some(found) if found == sequence => return Ok(()),
                    // Of a batch that was not waited for any more.
                    Some(_) => {}
                    None => return Err(Broken::NotTold),
                },
                () = tokio::time::sleep_until(until) => return Err(Broken::NotTold),
            }
        }
    }

    /// Writes down what was acknowledged; the disk may take its time.
    pub(super) async fn remember(&self, told: Vec<Told>) -> Result<(), Broken> {
        let (seen, scope) = (Arc::clone(&self.seen), self.scope.clone());
        let progress = self.progress.clone();
        let written =
            tokio::task::spawn_blocking(move || seen.acknowledged(&scope, &progress, &told));
        match written.await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(error)) => Err(Broken::State(error.to_string())),
            Err(error) => Err(Broken::State(error.to_string())),
        }
    }
}

fn parts(changes: Vec<Change>) -> Vec<Vec<Change>> {
    let mut parts: Vec<Vec<Change>> = Vec::new();
    let mut bytes = MOST_BYTES;
    for change in changes {
        let size = change.json.to_string().len();
        let full = parts.last().is_none_or(|part| part.len() >= MOST_ROWS);
        if full || bytes + size > MOST_BYTES {
            parts.push(Vec::new());
            bytes = 0;
        }
        bytes += size;
        if let Some(part) = parts.last_mut() {
            part.push(change);
        }
    }
    parts
}
