//! Fiscal years of calendar months, all open.

use jiff::civil;

use super::super::clock;
use super::super::error::Stop;
use super::super::value::{Value, moment, ticks};
use super::Seed;

/// The first fiscal year.
const FIRST: i16 = 2024;

impl Seed<'_, '_> {
    /// Years up to the next one. A row of series 0 stands for a period as a whole and holds a flag
    /// for each series: financial, sales, purchasing, inventory, payroll, project.
    pub(super) fn periods(&mut self) -> Result<(), Stop> {
        let last = moment(clock::today()).year() + 1;
        for year in FIRST..=last {
            let cells = [
                ("YEAR1", i64::from(year).into()),
                ("FSTFSCDY", day(civil::date(year, 1, 1))),
                ("LSTFSCDY", day(civil::date(year, 12, 31))),
                ("NUMOFPER", 12.into()),
            ];
            self.add("SY40101", &cells)?;
            for month in 1..=12_i8 {
                let first = civil::date(year, month, 1);
                let cells = [
                    ("FORIGIN", 1.into()),
                    ("YEAR1", i64::from(year).into()),
                    ("PERIODID", i64::from(month).into()),
                    ("PERNAME", format!("Period {month}").as_str().into()),
                    ("PERIODDT", day(first)),
                    ("PERDENDT", day(first.last_of_month())),
                ];
                self.add("SY40100", &cells)?;
            }
        }
        Ok(())
    }
}

fn day(date: civil::Date) -> Value {
    Value::Time(ticks(date.to_datetime(civil::Time::midnight())))
}

/// A day as the shared lists write it; no day is GP's empty date.
pub(super) fn day_of(text: &str) -> Value {
    text.parse().map_or(Value::Time(0), day)
}
