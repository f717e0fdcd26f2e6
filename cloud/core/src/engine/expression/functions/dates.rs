//! Instants and the dates they fall on.

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, Zoned};
use rhai::{Dynamic, Engine};
use rust_decimal::Decimal;

use super::{Given, fail, text};
use crate::engine::moment;

pub(super) fn register(engine: &mut Engine) {
    engine.register_fn("instant", |value: Dynamic| -> Given<Decimal> {
        let text = text("instant", "the instant", &value)?;
        Ok(instant("instant", &text)?.as_microsecond().into())
    });
    engine.register_fn("local_date", |value: Dynamic, zone: &str| {
        let text = text("local_date", "the instant", &value)?;
        let zoned = zoned("local_date", &text, zone)?;
        Given::Ok(zoned.date().to_string())
    });
    engine.register_fn(
        "format_date",
        |value: Dynamic, zone: &str, pattern: &str| {
            let text = text("format_date", "the instant", &value)?;
            let zoned = zoned("format_date", &text, zone)?;
            Given::Ok(moment::write(pattern, zoned.datetime()))
        },
    );
    engine.register_fn("fill_date", |template: Dynamic, date: Dynamic| {
        let template = text("fill_date", "the template", &template)?;
        let date = text("fill_date", "the date", &date)?;
        filled(&template, &date)
    });
}

/// Reads an instant; one without a zone is UTC, as nopCommerce means it.
pub(in crate::engine::expression) fn instant(helper: &str, text: &str) -> Given<Timestamp> {
    match moment::instant(text) {
        Some(instant) => Ok(instant),
        None if text.trim().is_empty() => fail(format!("{helper}: the instant is nothing")),
        None => fail(format!(
            "{helper}: \"{text}\" is not an instant such as 2025-03-04T15:18:22Z"
        )),
    }
}

/// Reads an instant as it is read on a clock in a time zone.
pub(in crate::engine::expression) fn zoned(helper: &str, text: &str, zone: &str) -> Given<Zoned> {
    let instant = instant(helper, text)?;
    match TimeZone::get(zone) {
        Ok(zone) => Ok(instant.to_zoned(zone)),
        Err(_) => fail(format!(
            "{helper}: \"{zone}\" is not a time zone such as America/Chicago"
        )),
    }
}

/// Replaces each `{pattern}` of a template by the date.
pub(in crate::engine::expression) fn filled(template: &str, date: &str) -> Given<String> {
    let Ok(day) = date.parse::<Date>() else {
        return fail(format!(
            "fill_date: \"{date}\" is not a date such as 2025-03-04"
        ));
    };
    let (mut filled, mut rest) = (String::new(), template);
    while let Some((before, after)) = rest.split_once('{') {
        let Some((pattern, after)) = after.split_once('}') else {
            return fail(format!(
                "fill_date: a brace is not closed in \"{template}\""
            ));
        };
        filled.push_str(before);
        filled.push_str(&moment::write(pattern, day.at(0, 0, 0, 0)));
        rest = after;
    }
    filled.push_str(rest);
    Ok(filled)
}
