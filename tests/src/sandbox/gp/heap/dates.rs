//! DATEADD, DATEDIFF, DATEPART and the text styles of CONVERT.

use jiff::ToSpan;

use super::super::value::{DAY, moment, ticks, time_text};

type Outcome = Result<i64, (i32, String)>;

const SECOND: i64 = 10_000_000;

fn unknown(part: &str) -> (i32, String) {
    (50001, format!("sandbox: not supported: date part {part}"))
}

/// The length of a date part with a fixed length.
fn fixed(part: &str) -> Option<i64> {
    Some(match part {
        "day" | "dd" | "d" | "dayofyear" | "dy" | "y" | "weekday" | "dw" => DAY,
        "week" | "wk" | "ww" => DAY * 7,
        "hour" | "hh" => SECOND * 3600,
        "minute" | "mi" | "n" => SECOND * 60,
        "second" | "ss" | "s" => SECOND,
        "millisecond" | "ms" => SECOND / 1000,
        "microsecond" | "mcs" => 10,
        _ => return None,
    })
}

fn months(part: &str) -> Option<i64> {
    Some(match part {
        "year" | "yy" | "yyyy" => 12,
        "quarter" | "qq" | "q" => 3,
        "month" | "mm" | "m" => 1,
        _ => return None,
    })
}

/// DATEADD.
pub fn add(part: &str, count: i64, start: i64) -> Outcome {
    if let Some(length) = fixed(part) {
        return Ok(start + length * count);
    }
    let months = months(part).ok_or_else(|| unknown(part))?;
    moment(start)
        .checked_add((months * count).months())
        .map(ticks)
        .map_err(|_| {
            (
                517,
                "Adding a value to a datetime column caused an overflow.".to_owned(),
            )
        })
}

/// DATEDIFF: boundaries crossed.
pub fn difference(part: &str, from: i64, to: i64) -> Outcome {
    if let Some(length) = fixed(part) {
        return Ok(to.div_euclid(length) - from.div_euclid(length));
    }
    let months = months(part).ok_or_else(|| unknown(part))?;
    let count = |at: i64| {
        let date = moment(at).date();
        (i64::from(date.year()) * 12 + i64::from(date.month()) - 1).div_euclid(months)
    };
    Ok(count(to) - count(from))
}

/// DATEPART.
pub fn part(part: &str, at: i64) -> Outcome {
    let when = moment(at);
    Ok(match part {
        "year" | "yy" | "yyyy" => i64::from(when.year()),
        "month" | "mm" | "m" => i64::from(when.month()),
        "day" | "dd" | "d" => i64::from(when.day()),
        "hour" | "hh" => i64::from(when.hour()),
        "minute" | "mi" | "n" => i64::from(when.minute()),
        "second" | "ss" | "s" => i64::from(when.second()),
        "millisecond" | "ms" => i64::from(when.subsec_nanosecond()) / 1_000_000,
        _ => return Err(unknown(part)),
    })
}

/// CONVERT of a time to text with a style number.
pub fn styled(at: i64, style: i64) -> String {
    let when = moment(at);
    match style {
        101 => when.strftime("%m/%d/%Y").to_string(),
        112 => when.strftime("%Y%m%d").to_string(),
        23 => when.strftime("%Y-%m-%d").to_string(),
        108 | 8 => when.strftime("%H:%M:%S").to_string(),
        120 | 20 => when.strftime("%Y-%m-%d %H:%M:%S").to_string(),
        126 | 127 => when.strftime("%Y-%m-%dT%H:%M:%S%.3f").to_string(),
        _ => time_text(at),
    }
}
