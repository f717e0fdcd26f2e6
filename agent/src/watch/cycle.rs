//! A watcher's cycle: a look by its means, or a full read that proves nothing was missed.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;
use std::time::Duration;

use connect_proto::tunnel::v1::ChangeKind;
use serde_json::{Map, Value};
use thiserror::Error;

use super::compare::{self, Change, Row};
use super::telling::{Counts, Telling};
use crate::clock::Clock;
use crate::sqlserver::{
    self, By, Company, GROUPS_AT_ONCE, Looked, Mark, QueryError, Reach, SqlError, Watched,
};
use crate::state::{Progress, SeenError, group_of};

/// Rows look otherwise when the agent is another one.
const SHAPE: &str = env!("CARGO_PKG_VERSION");
/// Every so many looks one is wide: a transaction of more than a minute shows that much later.
const WIDE_EVERY: u32 = 20;
/// How long looks may go on before their mark is written down although nothing changed.
const MARK_KEPT_EVERY_MS: i64 = 300_000;

/// Why a cycle came to no end.
#[derive(Debug, Error)]
pub(super) enum Broken {
    #[error("the cloud did not acknowledge what it was told")]
    NotTold,
    #[error("{0}")]
    Query(#[from] QueryError),
    #[error("{0}")]
    Sql(#[from] SqlError),
    #[error("{0}")]
    State(String),
}

impl From<SeenError> for Broken {
    fn from(error: SeenError) -> Self {
        Self::State(error.to_string())
    }
}

/// A watcher's cycles, with what they know from one to the next.
#[derive(Debug)]
pub(super) struct Cycles {
    company: Arc<Company>,
    watched: &'static Watched,
    clock: Clock,
    telling: Telling,
    /// Groups that were looked at, with what their change showed by.
    done: HashMap<String, i64>,
    /// Groups that somebody held when they were to be read.
    held: BTreeSet<String>,
    /// When the mark was written down last.
    kept_unix_ms: i64,
    /// Looks since the last wide one.
    looks: u32,
    /// By what means it looks, once that is chosen.
    by: Option<By>,
}

impl Cycles {
    pub(super) fn new(
        company: Arc<Company>,
        watched: &'static Watched,
        clock: Clock,
        telling: Telling,
    ) -> Self {
        Self {
            company,
            watched,
            clock,
            telling,
            done: HashMap::new(),
            held: BTreeSet::new(),
            kept_unix_ms: 0,
            looks: 0,
            by: None,
        }
    }

    /// By what means changes are noticed; none before the first cycle.
    pub(super) fn by(&self) -> Option<By> {
        self.by
    }

    /// Does what is due, with a full read after so long.
    pub(super) async fn next(&mut self, sweep: Duration) -> Result<(), Broken> {
        let progress = self.telling.seen.progress(&self.telling.scope)?;
        let incarnation = self.company.incarnation();
        let anew = progress.incarnation != incarnation || progress.shape != SHAPE;
        self.telling.progress = if anew {
            let progress = Progress {
                incarnation,
                shape: SHAPE.to_owned(),
                ..Progress::default()
            };
            self.telling.seen.forget(&self.telling.scope, &progress)?;
            self.done.clear();
            self.held.clear();
            progress
        } else {
            let before = &self.telling.progress;
            if before.by == progress.by && before.mark > progress.mark {
                Progress {
                    mark: before.mark,
                    open_since: before.open_since,
                    ..progress
                }
            } else {
                progress
            }
        };
        let now = self.clock.now_unix_ms();
        let swept = self.telling.progress.swept_unix_ms;
        let sweep = i64::try_from(sweep.as_millis()).unwrap_or(i64::MAX);
        let by = self.chosen().await?;
        if swept == 0 {
            self.begin_again(by).await?;
            self.full_read(ChangeKind::Baseline, now).await
        } else if self.telling.progress.by != by.name() || self.telling.progress.owed {
            // What another means counted says nothing now.
            self.begin_again(by).await?;
            self.full_read(ChangeKind::Sweep, now).await
        } else if now.saturating_sub(swept) >= sweep {
            self.full_read(ChangeKind::Sweep, now).await
        } else if self.look(by).await? {
            Ok(())
        } else {
            self.by = None;
            let by = self.chosen().await?;
            self.begin_again(by).await?;
            self.full_read(ChangeKind::Sweep, now).await
        }
    }

    /// The means, chosen with the first cycle and again when it is lost.
    async fn chosen(&mut self) -> Result<By, Broken> {
        if let Some(by) = self.by {
            return Ok(by);
        }
        let by = sqlserver::choose(&self.company, self.watched).await?;
        self.by = Some(by);
        Ok(by)
    }

    /// What changes while everything is read shows in the look after it. That the read is owed is
    /// written down first: one that does not come to its end is begun again, not passed over.
    async fn begin_again(&mut self, by: By) -> Result<(), Broken> {
        let newest = sqlserver::newest(&self.company, self.watched, by).await?;
        let again = Progress {
            by: by.name().to_owned(),
            mark: newest.at,
            open_since: newest.open_since,
            owed: true,
            ..self.telling.progress.clone()
        };
        let before = std::mem::replace(&mut self.telling.progress, again);
        if let Err(broken) = self.telling.remember(Vec::new()).await {
            self.telling.progress = before;
            return Err(broken);
        }
        self.done.clear();
        Ok(())
    }

    /// Looks at what shows as changed since the last look; false when that is not known any more.
    async fn look(&mut self, by: By) -> Result<bool, Broken> {
        let mark = Mark {
            at: self.telling.progress.mark,
            open_since: self.telling.progress.open_since,
        };
        let reach = if self.looks == 0 {
            Reach::Wide
        } else {
            Reach::Narrow
        };
        let looked = sqlserver::noticed(&self.company, self.watched, by, mark, reach);
        let Looked::Noticed(noticed) = looked.await? else {
            return Ok(false);
        };
        let mut shown: BTreeMap<String, i64> = BTreeMap::new();
        for (group, by) in noticed.groups {
            let last = shown.entry(group).or_insert(by);
            *last = by.max(*last);
        }
        if reach == Reach::Wide || by == By::ChangeTracking {
            self.done.retain(|group, _| shown.contains_key(group));
        }
        let new = shown
            .iter()
            .filter(|(group, by)| self.done.get(*group) != Some(*by));
        let mut groups: BTreeSet<String> = new.map(|(group, _)| group.clone()).collect();
        groups.extend(self.held.iter().cloned());
        let groups: Vec<String> = groups.into_iter().collect();
        let mut counts = Counts::default();
        self.groups(ChangeKind::Changes, &groups, &mut counts)
            .await?;
        for group in groups.iter().filter(|group| !self.held.contains(*group)) {
            // A stamp of just now may be given once more.
            if let Some(by) = shown.get(group).filter(|by| **by <= noticed.final_up_to) {
                self.done.insert(group.clone(), *by);
            }
        }
        self.telling.progress.mark = noticed.mark.at;
        self.telling.progress.open_since = noticed.mark.open_since;
        self.looks = (self.looks + 1) % WIDE_EVERY;
        let now = self.clock.now_unix_ms();
        if now - self.kept_unix_ms >= MARK_KEPT_EVERY_MS {
            self.telling.remember(Vec::new()).await?;
            self.kept_unix_ms = now;
        }
        Ok(true)
    }

    /// Compares the rows of groups and tells what differs.
    async fn groups(
        &mut self,
        kind: ChangeKind,
        groups: &[String],
        counts: &mut Counts,
    ) -> Result<(), Broken> {
        for some in groups.chunks(GROUPS_AT_ONCE) {
            let rows = self.read(some).await?;
            counts.seen += u64::try_from(rows.len()).unwrap_or_default();
            let rows = compare::named(self.watched, rows);
            let mut known = HashMap::new();
            for group in some.iter().filter(|group| !self.held.contains(*group)) {
                known.extend(self.telling.seen.group(&self.telling.scope, group)?);
            }
            let mut changes = compare::deletes(self.watched, &rows, known.keys());
            changes.extend(compare::upserts(self.watched, rows, &known));
            self.own(&mut changes);
            self.telling.tell(kind, changes, counts).await?;
        }
        Ok(())
    }

    /// Reads groups; those whose rows somebody holds wait for the next cycle.
    async fn read(&mut self, groups: &[String]) -> Result<Vec<Map<String, Value>>, Broken> {
        let all: Vec<&str> = groups.iter().map(String::as_str).collect();
        match sqlserver::rows_of(&self.company, self.watched, &all).await {
            Err(QueryError::Sql(error)) if error.is_lock() => {}
            read => {
                let read = read?;
                self.held.retain(|group| !groups.contains(group));
                return Ok(read);
            }
        }
        let mut rows = Vec::new();
        for group in groups {
            match sqlserver::rows_of(&self.company, self.watched, &[group]).await {
                Ok(read) => {
                    self.held.remove(group);
                    rows.extend(read);
                }
                Err(QueryError::Sql(error)) if error.is_lock() => {
                    self.held.insert(group.clone());
                }
                Err(error) => return Err(error.into()),
            }
        }
        Ok(rows)
    }

    /// Reads everything that is not settled, page by page, and finds what vanished.
    async fn full_read(&mut self, kind: ChangeKind, begun_unix_ms: i64) -> Result<(), Broken> {
        let mut counts = Counts::default();
        let mut met = HashSet::new();
        let mut token = String::new();
        loop {
            let page = sqlserver::rows_behind(&self.company, self.watched, token).await?;
            let total = page.rows.len();
            let open = page.rows.into_iter();
            let open: Vec<_> = open
                .take_while(|row| !compare::is_settled(self.watched, row))
                .collect();
            let ends = open.len() < total || page.next_page_token.is_empty();
            counts.seen += u64::try_from(open.len()).unwrap_or_default();
            let rows = compare::named(self.watched, open);
            met.extend(rows.keys().map(|name| short(name)));
            let changes = self.changed(rows)?;
            self.telling.tell(kind, changes, &mut counts).await?;
            if ends {
                break;
            }
            token = page.next_page_token;
        }
        let vanished = self.vanished(&met)?;
        self.groups(kind, &vanished, &mut counts).await?;
        self.telling.progress.swept_unix_ms = begun_unix_ms;
        self.telling.progress.owed = false;
        self.telling.end(kind, counts).await
    }

    fn changed(&self, rows: BTreeMap<String, Row>) -> Result<Vec<Change>, Broken> {
        let (seen, scope) = (&self.telling.seen, &self.telling.scope);
        let known = seen.fingerprints(scope, rows.keys())?;
        let mut changes = compare::upserts(self.watched, rows, &known);
        self.own(&mut changes);
        Ok(changes)
    }

    /// Groups of known rows that a full read did not meet.
    fn vanished(&self, met: &HashSet<u64>) -> Result<Vec<String>, Broken> {
        let known = self.telling.seen.rows(&self.telling.scope)?;
        let gone = known.iter().filter(|(name, fingerprint)| {
            compare::is_met_by_full_reads(*fingerprint) && !met.contains(&short(name))
        });
        let groups: BTreeSet<String> = gone.map(|(name, _)| group_of(name).to_owned()).collect();
        Ok(groups.into_iter().collect())
    }

    fn own(&self, changes: &mut [Change]) {
        for change in changes {
            if self.company.wrote(self.watched.group, &change.told.group) {
                change.json["own"] = Value::Bool(true);
            }
        }
    }
}

/// A name in few bytes, for the set of all that were met.
fn short(name: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    name.hash(&mut hasher);
    hasher.finish()
}
