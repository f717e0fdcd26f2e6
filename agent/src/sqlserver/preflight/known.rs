//! Good answers of the last minute; what is in the way is asked for every time.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::periods::Day;
use super::rates::Wanted;
use super::subjects::Key;

/// How long a good answer counts. GP's own procedures have the last word.
const FRESH: Duration = Duration::from_mins(1);
/// More than the busiest company names in that time.
const MOST: usize = 20_000;

/// What a company's set-up was found to be in order about.
#[derive(Debug, Default)]
pub(in super::super) struct Known {
    pub(super) records: Seen<Key>,
    pub(super) days: Seen<Day>,
    pub(super) rates: Seen<Wanted>,
}

/// Things with the moment they were seen.
#[derive(Debug)]
pub(super) struct Seen<T>(Mutex<HashMap<T, Instant>>);

impl<T> Default for Seen<T> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<T: Eq + Hash> Seen<T> {
    pub(super) fn has(&self, thing: &T) -> bool {
        let seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        seen.get(thing).is_some_and(|when| when.elapsed() < FRESH)
    }

    pub(super) fn keep(&self, things: impl Iterator<Item = T>) {
        let now = Instant::now();
        let mut seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if seen.len() >= MOST {
            seen.retain(|_, when| when.elapsed() < FRESH);
        }
        if seen.len() < MOST {
            seen.extend(things.map(|thing| (thing, now)));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_seen_is_forgotten_after_a_while() {
        let seen = Seen::default();
        seen.keep(std::iter::once(7));
        assert!(seen.has(&7) && !seen.has(&8));
        let old = Instant::now().checked_sub(FRESH).unwrap();
        seen.0.lock().unwrap().insert(7, old);
        assert!(!seen.has(&7));
    }
}
