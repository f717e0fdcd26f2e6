//! Journal numbers that agents answered with, kept back until every later report must know them.

use std::collections::HashMap;
use std::time::Duration;

use connect_core::domain::ids::CompanyId;
use connect_proto::tunnel::v1;
use connect_proto::tunnel::v1::command_result::Outcome;
use tokio::time::Instant;

/// An agent's report may be a few seconds older than its last answer. A number held against it
/// sooner would look like a restored database.
const RIPENS: Duration = Duration::from_secs(30);

/// The highest numbers of one session's companies.
#[derive(Debug, Default)]
pub(crate) struct Marks(HashMap<CompanyId, Mark>);

#[derive(Debug)]
struct Mark {
    /// All up to here were answered before `since`.
    ripe: i64,
    highest: i64,
    since: Instant,
}

impl Marks {
    /// Takes in the journal number of an answer.
    pub(crate) fn note(&mut self, company: CompanyId, journal: i64, now: Instant) {
        let mark = self.0.entry(company).or_insert(Mark {
            ripe: 0,
            highest: 0,
            since: now,
        });
        mark.highest = mark.highest.max(journal);
    }

    /// Numbers that may be held against the companies from now on.
    pub(crate) fn ripe(&mut self, now: Instant) -> Vec<(CompanyId, i64)> {
        let mut ripe = Vec::new();
        for (company, mark) in &mut self.0 {
            if now.duration_since(mark.since) < RIPENS {
                continue;
            }
            if mark.ripe > 0 {
                ripe.push((*company, mark.ripe));
            }
            mark.ripe = mark.highest;
            mark.since = now;
        }
        ripe
    }
}

/// Where the effect stands in the company's journal; the last one of a bulk.
pub(crate) fn journal_number(result: &v1::CommandResult) -> Option<i64> {
    match &result.outcome {
        Some(Outcome::Executed(executed)) => Some(executed.journal_number),
        Some(Outcome::Bulk(bulk)) => {
            let executed = bulk.documents.iter().filter_map(|document| {
                if let Some(v1::document_result::Outcome::Executed(executed)) = &document.outcome {
                    Some(executed.journal_number)
                } else {
                    None
                }
            });
            executed.max()
        }
        Some(
            Outcome::Failure(_) | Outcome::Page(_) | Outcome::Described(_) | Outcome::Diagnosis(_),
        )
        | None => None,
    }
}

/// How a command ended, in a word for the metrics.
pub(crate) fn outcome(result: &v1::CommandResult) -> &'static str {
    match &result.outcome {
        Some(Outcome::Executed(executed)) if executed.already_done => "already_done",
        Some(Outcome::Executed(_)) => "executed",
        Some(Outcome::Failure(failure)) => failure.class().as_str_name(),
        Some(
            Outcome::Bulk(_) | Outcome::Page(_) | Outcome::Described(_) | Outcome::Diagnosis(_),
        ) => "answered",
        None => "empty",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    #[test]
    fn a_number_is_told_once_it_is_old_enough() {
        let company = CompanyId(Uuid::from_u128(1));
        let start = Instant::now();
        let mut marks = Marks::default();
        marks.note(company, 7, start);
        marks.note(company, 5, start);
        assert!(marks.ripe(start + RIPENS / 2).is_empty());
        assert!(marks.ripe(start + RIPENS).is_empty());
        marks.note(company, 9, start + RIPENS);
        assert_eq!(marks.ripe(start + RIPENS * 2), [(company, 7)]);
        assert_eq!(marks.ripe(start + RIPENS * 3), [(company, 9)]);
    }
}
