//! What agents notice in GP: says what they shall watch, and stores what they tell.

use std::collections::HashMap;

use aws_lc_rs::digest::{SHA256, digest};
use connect_core::domain::agent::Company;
use connect_core::domain::change::{Change, Found, FullRead, Told, Watch};
use connect_core::domain::ids::{ChangeId, CompanyId};
use connect_proto::tunnel::v1;
use connect_proto::tunnel::v1::payload::Content;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::auth::Identity;
use crate::app::Services;
use crate::error::{Error, Result};

/// What each company of a session was told to watch.
#[derive(Debug, Default)]
pub(crate) struct Watching {
    told: HashMap<CompanyId, Vec<Watch>>,
}

impl Watching {
    /// What the companies of an agent are to be told now: what is wanted has changed, or was never
    /// told on this session.
    pub(crate) async fn news(
        &mut self,
        services: &Services,
        identity: &Identity,
        companies: impl Iterator<Item = &String>,
    ) -> Result<Vec<v1::Watch>> {
        let mut news = Vec::new();
        for name in companies {
            let Some(company) = company(services, identity, name).await? else {
                continue;
            };
            let watches = services.database.watches();
            let wanted = watches.list(identity.tenant(), company.id).await?;
            let told = self.told.get(&company.id);
            // An agent that is told nothing watches nothing.
            let same = told.map_or(wanted.is_empty(), |told| *told == wanted);
            if !same {
                news.push(message(name, &wanted));
                self.told.insert(company.id, wanted);
            }
        }
        Ok(news)
    }
}

fn message(company: &str, wanted: &[Watch]) -> v1::Watch {
    let watchers = wanted.iter().map(|watch| v1::Watcher {
        name: watch.watcher.clone(),
        interval_ms: u32::try_from(watch.interval_ms).unwrap_or_default(),
        sweep_seconds: u32::try_from(watch.sweep_seconds).unwrap_or_default(),
    });
    v1::Watch {
        company: company.to_owned(),
        watchers: watchers.collect(),
    }
}

async fn company(services: &Services, identity: &Identity, name: &str) -> Result<Option<Company>> {
    let companies = services.database.companies();
    let found = companies.find_by_database(identity.tenant(), identity.id(), name);
    Ok(found.await?)
}

/// One change as the agent writes it.
#[derive(Debug, Deserialize)]
struct Noticed<'b> {
    change: Kind,
    #[serde(borrow)]
    key: &'b RawValue,
    #[serde(borrow)]
    row: Option<&'b RawValue>,
    #[serde(default)]
    own: bool,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Kind {
    Upsert,
    Delete,
}

/// Stores a batch; the acknowledgement is due once this returns one. A batch of a binding that is
/// not the one known is left alone: a person decides about the company first.
pub(crate) async fn take(
    services: &Services,
    identity: &Identity,
    batch: &v1::ChangeBatch,
) -> Result<Option<v1::ChangeAck>> {
    let Some(company) = company(services, identity, &batch.company).await? else {
        return Ok(None);
    };
    if company.incarnation.as_deref() != Some(batch.incarnation.as_str()) {
        return Ok(None);
    }
    let told = read(services, &company, batch)?;
    let first = batch.kind() == v1::ChangeKind::Baseline;
    let stored = services.database.changes().insert(told, first).await?;
    let count = u64::try_from(stored).unwrap_or_default();
    metrics::counter!("gp_changes_total", "watcher" => batch.watcher.clone()).increment(count);
    if batch.last {
        let count = |rows: u64| i64::try_from(rows).unwrap_or(i64::MAX);
        let read = FullRead {
            at: services.clock.now(),
            rows_seen: count(batch.rows_seen),
            rows_changed: count(batch.rows_changed),
        };
        let watches = services.database.watches();
        let kept = watches.full_read(company.tenant, company.id, &batch.watcher, read);
        kept.await?;
        tracing::info!(
            company = batch.company,
            watcher = batch.watcher,
            kind = batch.kind().as_str_name(),
            rows.seen = batch.rows_seen,
            rows.changed = batch.rows_changed,
            "A watcher has read everything"
        );
    }
    Ok(Some(v1::ChangeAck {
        company: batch.company.clone(),
        watcher: batch.watcher.clone(),
        sequence: batch.sequence,
    }))
}

fn read(services: &Services, company: &Company, batch: &v1::ChangeBatch) -> Result<Vec<Told>> {
    let content = batch
        .changes_json
        .as_ref()
        .and_then(|payload| payload.content.as_ref());
    let Some(Content::Inline(bytes)) = content else {
        return Err(unreadable("it brings its changes by another way"));
    };
    let noticed: Vec<Noticed<'_>> =
        serde_json::from_slice(bytes).map_err(|error| unreadable(&error.to_string()))?;
    let found = match batch.kind() {
        v1::ChangeKind::Sweep => Found::Sweep,
        v1::ChangeKind::Baseline => Found::Baseline,
        v1::ChangeKind::Changes | v1::ChangeKind::Unspecified => Found::Look,
    };
    let received = services.clock.now();
    // Of one record told twice in a batch the later is what it is now.
    let mut places: HashMap<String, usize> = HashMap::new();
    let mut told: Vec<Told> = Vec::with_capacity(noticed.len());
    for each in noticed {
        let row = match each.change {
            Kind::Upsert => each.row.map(|row| row.get().to_owned()),
            Kind::Delete => None,
        };
        let record = each.key.get().to_owned();
        let new = Told {
            digest: row.as_deref().map(fingerprint),
            change: Change {
                tenant: company.tenant,
                id: ChangeId(services.ids.next()),
                company: company.id,
                watcher: batch.watcher.clone(),
                record: record.clone(),
                content: row,
                own: each.own,
                found,
                received,
            },
        };
        if let Some(place) = places.get(&record) {
            told[*place] = new;
        } else {
            places.insert(record, told.len());
            told.push(new);
        }
    }
    Ok(told)
}

/// A row's stamp changes without anything else in it.
fn fingerprint(row: &str) -> Vec<u8> {
    let parsed: serde_json::Result<serde_json::Map<String, serde_json::Value>> =
        serde_json::from_str(row);
    let text = match parsed {
        Ok(mut row) => {
            row.remove("DEX_ROW_TS");
            serde_json::Value::Object(row).to_string()
        }
        Err(_) => row.to_owned(),
    };
    digest(&SHA256, text.as_bytes()).as_ref().to_vec()
}

fn unreadable(why: &str) -> Error {
    Error::internal(anyhow::anyhow!("a change batch cannot be read: {why}"))
}
