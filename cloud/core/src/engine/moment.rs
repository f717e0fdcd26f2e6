//! Reading instants and writing times by a pattern.

use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use jiff::{Timestamp, Zoned};

use crate::domain::time::Micros;

/// Reads an instant; one without a zone is UTC, as nopCommerce means it.
pub(super) fn instant(text: &str) -> Option<Timestamp> {
    let text = text.trim();
    text.parse::<Timestamp>().ok().or_else(|| {
        let plain = text.parse::<DateTime>().ok()?;
        Some(plain.to_zoned(TimeZone::UTC).ok()?.timestamp())
    })
}

/// Writes an instant as text.
pub fn text(at: Micros) -> String {
    Timestamp::from_microsecond(at.0)
        .map(|at| at.to_string())
        .unwrap_or_default()
}

/// Reads an instant as it is read on a clock in a time zone; says what is none.
pub(super) fn zoned(text: &str, zone: &str) -> Result<Zoned, String> {
    let zone = TimeZone::get(zone.trim())
        .map_err(|_| format!("\"{zone}\" is not a time zone such as America/Chicago"))?;
    let shown: String = text.chars().take(60).collect();
    let wrong = || format!("\"{shown}\" is not an instant such as 2026-03-05T15:18:22Z");
    Ok(instant(text).ok_or_else(wrong)?.to_zoned(zone))
}

/// Writes a time by a pattern of `yyyy`, `yy`, `MM`, `dd`, `HH`, `mm`, `ss`; all else stays.
pub(super) fn write(pattern: &str, at: DateTime) -> String {
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
