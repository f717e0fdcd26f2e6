//! Instants and the dates they fall on.

use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use jiff::{Timestamp, Zoned};
use rhai::{Dynamic, Engine};
use rust_decimal::Decimal;

use super::{Given, fail, text};

pub(super) fn register(engine: &mut Engine) {
    engine.register_fn("instant", |value: Dynamic| -> Given<Decimal> {
        Ok(instant("instant", &value)?.as_microsecond().into())
    });
    engine.register_fn("local_date", |value: Dynamic, zone: &str| {
        let zoned = zoned("local_date", &value, zone)?;
        Given::Ok(zoned.date().to_string())
    });
    engine.register_fn(
        "format_date",
        |value: Dynamic, zone: &str, pattern: &str| {
            let zoned = zoned("format_date", &value, zone)?;
            Given::Ok(write(pattern, zoned.datetime()))
        },
    );
    engine.register_fn("fill_date", |template: Dynamic, date: Dynamic| {
        fill(&template, &date)
    });
}

/// Reads an instant; one without a zone is UTC, as nopCommerce means it.
fn instant(helper: &str, value: &Dynamic) -> Given<Timestamp> {
    let text = text(helper, "the instant", value)?;
    let text = text.trim();
    if let Ok(instant) = text.parse::<Timestamp>() {
        return Ok(instant);
    }
    let plain = text.parse::<DateTime>().ok();
    match plain.and_then(|plain| plain.to_zoned(TimeZone::UTC).ok()) {
        Some(zoned) => Ok(zoned.timestamp()),
        None if text.is_empty() => fail(format!("{helper}: the instant is nothing")),
        None => fail(format!(
            "{helper}: \"{text}\" is not an instant such as 2025-03-04T15:18:22Z"
        )),
    }
}

fn zoned(helper: &str, value: &Dynamic, zone: &str) -> Given<Zoned> {
    let instant = instant(helper, value)?;
    match TimeZone::get(zone) {
        Ok(zone) => Ok(instant.to_zoned(zone)),
        Err(_) => fail(format!(
            "{helper}: \"{zone}\" is not a time zone such as America/Chicago"
        )),
    }
}

/// Replaces each `{pattern}` of a template by the date.
fn fill(template: &Dynamic, date: &Dynamic) -> Given<String> {
    let template = text("fill_date", "the template", template)?;
    let date = text("fill_date", "the date", date)?;
    let Ok(day) = date.parse::<Date>() else {
        return fail(format!(
            "fill_date: \"{date}\" is not a date such as 2025-03-04"
        ));
    };
    let (mut filled, mut rest) = (String::new(), template.as_str());
    while let Some((before, after)) = rest.split_once('{') {
        let Some((pattern, after)) = after.split_once('}') else {
            return fail(format!(
                "fill_date: a brace is not closed in \"{template}\""
            ));
        };
        filled.push_str(before);
        filled.push_str(&write(pattern, day.at(0, 0, 0, 0)));
        rest = after;
    }
    filled.push_str(rest);
    Ok(filled)
}

/// Writes a date by a pattern of `yyyy`, `yy`, `MM`, `dd`, `HH`, `mm`, `ss`; all else stays.
fn write(pattern: &str, at: DateTime) -> String {
    let parts: [(&str, String); 7] = [
        ("yyyy", format!("{:04}", at.year())),
        ("yy", format!("{:02}", at.year() % 100)),
        ("MM", format!("{:02}", at.month())),
        ("dd", format!("{:02}", at.day())),
        ("HH", format!("{:02}", at.hour())),
        ("mm", format!("{:02}", at.minute())),
        ("ss", format!("{:02}", at.second())),
    ];
    let (mut text, mut rest) = (String::new(), pattern);
    while let Some(character) = rest.chars().next() {
        if let Some((name, value)) = parts.iter().find(|(name, _)| rest.starts_with(name)) {
            text.push_str(value);
            rest = &rest[name.len()..];
        } else {
            text.push(character);
            rest = &rest[character.len_utf8()..];
        }
    }
    text
}
