//! Transforms of days and instants.

use jiff::civil::Date;
use jiff::{ToSpan, Zoned};

use super::parameters::{Parameter, ParameterKind};
use super::{Call, Entry, Example, Group, Kind, Value, Wrong, shortened, text_of};
use crate::engine::moment;

const PATTERN: &str = "`yyyy`, `yy`, `MM`, `dd`, `HH`, `mm` and `ss` stand for year to second; \
                       everything else stands for itself.";

pub(super) static ENTRIES: &[Entry] = &[
    Entry {
        name: "local_date",
        group: Group::Dates,
        title: "The day somewhere",
        says: "Gives the day on which an instant falls in a time zone. An instant without a zone \
               is UTC, as nopCommerce means it.",
        takes: Kind::Instant,
        gives: Kind::Date,
        parameters: &[ZONE],
        longest: None,
        examples: &[
            Example {
                written: r#"{"local_date": "America/Chicago"}"#,
                from: r#""2026-03-05T03:18:22.727""#,
                gives: Ok(r#""2026-03-04""#),
            },
            Example {
                written: r#"{"local_date": "UTC"}"#,
                from: r#""yesterday""#,
                gives: Err("not_an_instant"),
            },
        ],
        run: |call, value| {
            let zoned = zoned(call, &text_of(value))?;
            Ok(Value::Text(zoned.date().to_string()))
        },
    },
    Entry {
        name: "local_time",
        group: Group::Dates,
        title: "Day and time somewhere",
        says: "Writes an instant as it is read on a clock in a time zone.",
        takes: Kind::Instant,
        gives: Kind::Text,
        parameters: &[
            ZONE,
            Parameter {
                name: "pattern",
                kind: ParameterKind::Text,
                default: Some(r#""yyyy-MM-ddTHH:mm:ss""#),
                says: PATTERN,
            },
        ],
        longest: None,
        examples: &[Example {
            written: r#"{"local_time": {"zone": "Europe/Berlin", "pattern": "dd.MM.yyyy HH:mm"}}"#,
            from: r#""2026-07-05T03:18:22Z""#,
            gives: Ok(r#""05.07.2026 05:18""#),
        }],
        run: |call, value| {
            let at = zoned(call, &text_of(value))?.datetime();
            Ok(Value::Text(moment::write(
                call.arguments.text("pattern"),
                at,
            )))
        },
    },
    Entry {
        name: "read_date",
        group: Group::Dates,
        title: "Read a day",
        says: "Reads a day written by a pattern; also the day of a longer text that begins so.",
        takes: Kind::Text,
        gives: Kind::Date,
        parameters: &[Parameter {
            name: "pattern",
            kind: ParameterKind::Text,
            default: Some(r#""yyyy-MM-dd""#),
            says: PATTERN,
        }],
        longest: None,
        examples: &[
            Example {
                written: r#"{"read_date": "MM/dd/yyyy"}"#,
                from: r#""03/05/2026""#,
                gives: Ok(r#""2026-03-05""#),
            },
            Example {
                written: r#"{"read_date": "dd.MM.yyyy"}"#,
                from: r#""31.02.2026""#,
                gives: Err("not_a_date"),
            },
        ],
        run: |call, value| {
            let (text, pattern) = (text_of(value), call.arguments.text("pattern"));
            let day = read(pattern, text.trim()).ok_or_else(|| not_a_date(&text, pattern))?;
            Ok(Value::Text(day.to_string()))
        },
    },
    Entry {
        name: "write_date",
        group: Group::Dates,
        title: "Write a day",
        says: "Writes a day by a pattern.",
        takes: Kind::Date,
        gives: Kind::Text,
        parameters: &[Parameter {
            name: "pattern",
            kind: ParameterKind::Text,
            default: None,
            says: PATTERN,
        }],
        longest: None,
        examples: &[Example {
            written: r#"{"write_date": "yyyyMMdd"}"#,
            from: r#""2026-03-05""#,
            gives: Ok(r#""20260305""#),
        }],
        run: |call, value| {
            let at = day(&text_of(value))?.at(0, 0, 0, 0);
            Ok(Value::Text(moment::write(
                call.arguments.text("pattern"),
                at,
            )))
        },
    },
    Entry {
        name: "add_days",
        group: Group::Dates,
        title: "So many days later",
        says: "Gives the day so many days later, or earlier where the number is negative.",
        takes: Kind::Date,
        gives: Kind::Date,
        parameters: &[Parameter {
            name: "days",
            kind: ParameterKind::Whole(36_500),
            default: None,
            says: "How many days.",
        }],
        longest: None,
        examples: &[Example {
            written: r#"{"add_days": 30}"#,
            from: r#""2026-02-01""#,
            gives: Ok(r#""2026-03-03""#),
        }],
        run: |call, value| {
            let text = text_of(value);
            let later = day(&text)?.checked_add(call.arguments.whole("days").days());
            let later = later.map_err(|_| not_a_date(&text, "a day of the years 1 to 9999"))?;
            Ok(Value::Text(later.to_string()))
        },
    },
];

const ZONE: Parameter = Parameter {
    name: "zone",
    kind: ParameterKind::Zone,
    default: None,
    says: "The time zone, such as America/Chicago; often the formula store.time_zone.",
};

fn zoned(call: &Call<'_>, text: &str) -> Result<Zoned, Wrong> {
    let zoned = moment::zoned(text, call.arguments.text("zone"));
    zoned.map_err(|message| {
        Wrong::new(
            "not_an_instant",
            message,
            "Correct the value at its source.",
        )
    })
}

fn day(text: &str) -> Result<Date, Wrong> {
    read("yyyy-MM-dd", text.trim()).ok_or_else(|| not_a_date(text, "yyyy-MM-dd"))
}

fn not_a_date(text: &str, pattern: &str) -> Wrong {
    Wrong::new(
        "not_a_date",
        format!("\"{}\" is not a day written as {pattern}", shortened(text)),
        "Correct the value, or the pattern in the mapping.",
    )
}

/// Reads what a pattern says of a day at the beginning of a text.
fn read(pattern: &str, text: &str) -> Option<Date> {
    let (mut year, mut month, mut day) = (None, None, None);
    let (mut pattern, mut rest) = (pattern, text);
    while let Some(first) = pattern.chars().next() {
        let found = ["yyyy", "yy", "MM", "dd"];
        let Some(name) = found.into_iter().find(|name| pattern.starts_with(name)) else {
            rest = rest.strip_prefix(first)?;
            pattern = &pattern[first.len_utf8()..];
            continue;
        };
        let digits = rest.get(..name.len())?;
        let number: i16 = digits
            .bytes()
            .all(|byte| byte.is_ascii_digit())
            .then(|| digits.parse().ok())??;
        match name {
            "yyyy" => year = Some(number),
            "yy" => year = Some(number + if number < 70 { 2000 } else { 1900 }),
            "MM" => month = i8::try_from(number).ok(),
            _ => day = i8::try_from(number).ok(),
        }
        rest = &rest[name.len()..];
        pattern = &pattern[name.len()..];
    }
    let another = rest.chars().next().is_some_and(|c| c.is_ascii_digit());
    (!another).then(|| Date::new(year?, month?, day?).ok())?
}
