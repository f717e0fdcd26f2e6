//! When a schedule's next time is.

use croner::Cron;
use croner::parser::{CronParser, Seconds, Year};
use jiff::tz::TimeZone;
use jiff::{Timestamp, Zoned};

use super::model::{Missed, Schedule};
use crate::domain::time::Micros;

/// A time is missed when nothing ran for so long after it.
const LATE_SECONDS: i64 = 5 * 60;

/// A schedule ready to be asked.
#[derive(Debug)]
pub struct Times {
    cron: Cron,
    zone: TimeZone,
    missed: Missed,
}

/// What a look at a schedule came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Look {
    /// The time to start work for now.
    pub start: Option<Micros>,
    /// The next time; none: there is none.
    pub next: Option<Micros>,
}

impl Times {
    /// Reads a schedule; `zone` is the store's.
    ///
    /// Times are those of clocks on the wall there: one that a change to summer time leaves out
    /// comes right after the change, one that a change back repeats comes once.
    pub fn read(schedule: &Schedule, zone: &str) -> Result<Self, String> {
        let parser = CronParser::builder()
            .seconds(Seconds::Disallowed)
            .year(Year::Disallowed)
            .build();
        let cron = parser
            .parse(&schedule.cron)
            .map_err(|error| format!("`{}` is no schedule: {error}", schedule.cron))?;
        let name = schedule.zone.as_deref().unwrap_or(zone).trim();
        let zone = TimeZone::get(name)
            .map_err(|_| format!("`{name}` is no time zone such as America/Chicago"))?;
        Ok(Self {
            cron,
            zone,
            missed: schedule.missed,
        })
    }

    /// Gives the first time after an instant.
    pub fn after(&self, at: Micros) -> Option<Micros> {
        let at = self.zoned(at)?;
        let next = self.cron.find_next_occurrence(&at, false).ok()?;
        Some(Micros(next.timestamp().as_microsecond()))
    }

    /// Looks at a schedule whose next time was `due`.
    ///
    /// The next time is counted from the last one, never from the clock alone: a clock set back
    /// brings no time twice, one set forward, or a stop of the program, leaves at most those out
    /// that the schedule says may be.
    pub fn look(&self, due: Micros, now: Micros) -> Look {
        if now < due {
            return Look {
                start: None,
                next: Some(due),
            };
        }
        let next = self.after(now.max(due));
        let late = now > due.plus_seconds(LATE_SECONDS);
        let start = match self.missed {
            Missed::Skip if late => self
                .last_before(now)
                .filter(|last| *last >= due && now <= last.plus_seconds(LATE_SECONDS)),
            Missed::RunOnce | Missed::Skip => Some(due),
        };
        Look { start, next }
    }

    fn last_before(&self, now: Micros) -> Option<Micros> {
        let now = self.zoned(now)?;
        let last = self.cron.find_previous_occurrence(&now, true).ok()?;
        Some(Micros(last.timestamp().as_microsecond()))
    }

    fn zoned(&self, at: Micros) -> Option<Zoned> {
        let at = Timestamp::from_microsecond(at.0).ok()?;
        Some(at.to_zoned(self.zone.clone()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn times(cron: &str, zone: &str, missed: Missed) -> Times {
        let schedule = Schedule {
            cron: cron.into(),
            zone: None,
            missed,
        };
        Times::read(&schedule, zone).unwrap()
    }

    fn at(text: &str) -> Micros {
        Micros(text.parse::<Timestamp>().unwrap().as_microsecond())
    }

    fn days(times: &Times, from: &str, count: usize) -> Vec<String> {
        let mut at = at(from);
        let mut found = Vec::new();
        for _ in 0..count {
            at = times.after(at).unwrap();
            found.push(Timestamp::from_microsecond(at.0).unwrap().to_string());
        }
        found
    }

    #[test]
    fn a_time_that_summer_time_leaves_out_comes_after_the_change() {
        let nightly = times("30 2 * * *", "America/Chicago", Missed::RunOnce);
        assert_eq!(
            days(&nightly, "2026-03-07T00:00:00Z", 3),
            [
                "2026-03-07T08:30:00Z",
                "2026-03-08T08:00:00Z",
                "2026-03-09T07:30:00Z"
            ]
        );
    }

    #[test]
    fn a_time_that_the_change_back_repeats_comes_once() {
        let nightly = times("30 1 * * *", "America/Chicago", Missed::RunOnce);
        assert_eq!(
            days(&nightly, "2026-10-31T12:00:00Z", 2),
            ["2026-11-01T06:30:00Z", "2026-11-02T07:30:00Z"]
        );
    }

    #[test]
    fn weekdays_are_named() {
        let mornings = times("0 6 * * MON-FRI", "UTC", Missed::RunOnce);
        assert_eq!(
            days(&mornings, "2026-11-27T07:00:00Z", 1),
            ["2026-11-30T06:00:00Z"]
        );
    }

    #[test]
    fn a_clock_set_back_brings_no_time_twice() {
        let hourly = times("0 * * * *", "UTC", Missed::RunOnce);
        let due = at("2026-11-27T10:00:00Z");
        let first = hourly.look(due, at("2026-11-27T10:00:01Z"));
        assert_eq!(first.start, Some(due));
        let next = first.next.unwrap();
        assert_eq!(next, at("2026-11-27T11:00:00Z"));
        let again = hourly.look(next, at("2026-11-27T09:59:00Z"));
        assert_eq!((again.start, again.next), (None, Some(next)));
    }

    #[test]
    fn missed_times_are_made_up_once_or_left_out() {
        let due = at("2026-11-27T10:00:00Z");
        let late = at("2026-11-27T14:30:00Z");
        let next = Some(at("2026-11-27T15:00:00Z"));
        let once = times("0 * * * *", "UTC", Missed::RunOnce).look(due, late);
        assert_eq!((once.start, once.next), (Some(due), next));
        let skipping = times("0 * * * *", "UTC", Missed::Skip);
        let skipped = skipping.look(due, late);
        assert_eq!((skipped.start, skipped.next), (None, next));
        // What is due just now is not one of those that were missed.
        let fresh = skipping.look(due, at("2026-11-27T14:01:00Z"));
        assert_eq!(fresh.start, Some(at("2026-11-27T14:00:00Z")));
    }

    #[test]
    fn what_is_no_schedule_is_told() {
        for cron in ["", "* * * *", "61 * * * *", "0 0 6 * * *", "every day"] {
            let schedule = Schedule {
                cron: cron.into(),
                zone: None,
                missed: Missed::RunOnce,
            };
            assert!(Times::read(&schedule, "UTC").is_err(), "{cron}");
        }
        let schedule = Schedule {
            cron: "0 6 * * *".into(),
            zone: Some("Fargo".into()),
            missed: Missed::RunOnce,
        };
        let why = Times::read(&schedule, "UTC").unwrap_err();
        assert!(why.contains("Fargo"), "{why}");
    }

    #[test]
    fn a_day_that_never_comes_has_no_next_time() {
        assert_eq!(
            times("0 0 31 2 *", "UTC", Missed::RunOnce).after(Micros(0)),
            None
        );
    }
}
