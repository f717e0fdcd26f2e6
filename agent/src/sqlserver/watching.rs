//! What watchers of a company say of themselves, and what they must know of our own writing.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use connect_proto::econnect::Document;
use connect_proto::tunnel::v1::{DocumentKey, WatcherReport};

/// A change that shows later than this after our own writing is somebody else's.
const OWN_FOR: Duration = Duration::from_mins(1);
/// Elements that name the records watchers look at.
const NAMES: [&str; 4] = ["CUSTNMBR", "ITEMNMBR", "SOPNUMBE", "DOCNUMBR"];

/// A company's side of its watchers.
#[derive(Debug, Default)]
pub(super) struct Watching {
    reports: Mutex<BTreeMap<String, WatcherReport>>,
    written: Mutex<Written>,
}

/// Records of our own writing, in two spans of time: looking through all of them with each document
/// took a sixth of the agent's time.
#[derive(Debug)]
struct Written {
    /// When the newer span began.
    begun: Instant,
    newer: HashMap<(&'static str, String), Instant>,
    older: HashMap<(&'static str, String), Instant>,
}

impl Default for Written {
    fn default() -> Self {
        Self {
            begun: Instant::now(),
            newer: HashMap::new(),
            older: HashMap::new(),
        }
    }
}

impl Written {
    /// Forgets the older span once nothing in it counts any more.
    fn turn(&mut self, now: Instant) {
        if now.duration_since(self.begun) >= OWN_FOR {
            self.older = std::mem::take(&mut self.newer);
            self.begun = now;
        }
    }

    fn when(&self, record: &(&'static str, String)) -> Option<Instant> {
        let newer = self.newer.get(record);
        newer.or_else(|| self.older.get(record)).copied()
    }
}

impl Watching {
    pub(super) fn report(&self, report: WatcherReport) {
        let mut reports = self.reports.lock().unwrap_or_else(PoisonError::into_inner);
        reports.insert(report.name.clone(), report);
    }

    pub(super) fn reports(&self) -> Vec<WatcherReport> {
        let reports = self.reports.lock().unwrap_or_else(PoisonError::into_inner);
        reports.values().cloned().collect()
    }

    /// Remembers for a while which records a document wrote.
    pub(super) fn written(&self, document: &Document, keys: &[DocumentKey]) {
        let now = Instant::now();
        let mut written = self.written.lock().unwrap_or_else(PoisonError::into_inner);
        written.turn(now);
        let nodes = document.transactions.iter().flat_map(|t| &t.nodes);
        for node in nodes {
            for name in NAMES {
                if let Some(value) = node.text(name) {
                    written.newer.insert((name, known(value)), now);
                }
            }
        }
        for key in keys {
            if let Some(name) = NAMES.iter().find(|name| **name == key.element) {
                written.newer.insert((name, known(&key.value)), now);
            }
        }
    }

    pub(super) fn wrote(&self, element: &str, value: &str) -> bool {
        let written = self.written.lock().unwrap_or_else(PoisonError::into_inner);
        let name = NAMES.iter().find(|name| **name == element);
        let when = name.and_then(|name| written.when(&(*name, known(value))));
        when.is_some_and(|when| when.elapsed() < OWN_FOR)
    }
}

fn known(value: &str) -> String {
    value.trim_end().to_uppercase()
}

#[cfg(test)]
mod tests {
    use connect_proto::econnect::{Node, Transaction};

    use super::*;

    #[test]
    fn records_that_a_document_names_are_our_own_for_a_while() {
        let watching = Watching::default();
        let node = Node::new("taSopLineIvcInsert").with("ITEMNMBR", "100xlg");
        let document = Document::new().with(Transaction::new("SOPTransactionType").with(node));
        let key = DocumentKey {
            element: "SOPNUMBE".to_owned(),
            value: "ORDST2228".to_owned(),
            ..DocumentKey::default()
        };
        watching.written(&document, &[key]);
        assert!(watching.wrote("ITEMNMBR", "100XLG"));
        assert!(watching.wrote("SOPNUMBE", "ORDST2228"));
        assert!(!watching.wrote("CUSTNMBR", "100XLG"));
        let old = Instant::now().checked_sub(OWN_FOR).unwrap();
        for when in watching.written.lock().unwrap().newer.values_mut() {
            *when = old;
        }
        assert!(!watching.wrote("ITEMNMBR", "100XLG"));
        // What no longer counts is forgotten a span later.
        let next = |watching: &Watching| {
            watching.written.lock().unwrap().begun = old;
            watching.written(&Document::new(), &[]);
            let written = watching.written.lock().unwrap();
            written.newer.len() + written.older.len()
        };
        assert_eq!((next(&watching), next(&watching)), (2, 0));
    }
}
