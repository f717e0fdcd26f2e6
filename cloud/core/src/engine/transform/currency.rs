//! The transform of amounts in another currency.

use jiff::civil::Date;
use rust_decimal::Decimal;

use super::numbers::decimals_of;
use super::parameters::{Parameter, ParameterKind};
use super::{Call, Entry, Example, Group, Kind, Value, Wrong, number_of};
use crate::engine::rounding;

pub(super) static ENTRIES: &[Entry] = &[Entry {
    name: "convert_currency",
    group: Group::Numbers,
    title: "Convert to another currency",
    says: "Converts an amount by the rate in force on a day: the newest that is not younger. Rates \
           are rows of from, to, rate, and perhaps date and source; where only the other way is \
           there it is divided by. The amount is rounded half up to the decimals of the currency \
           it is converted to, and the trace tells rate and source.",
    takes: Kind::Number,
    gives: Kind::Number,
    parameters: &[
        Parameter {
            name: "to",
            kind: ParameterKind::Text,
            default: None,
            says: "The currency to convert to, three letters.",
        },
        Parameter {
            name: "from",
            kind: ParameterKind::Text,
            default: None,
            says: "The currency the amount is in; often the formula store.currency.",
        },
        Parameter {
            name: "rates",
            kind: ParameterKind::Rows,
            default: None,
            says: "The rates: a formula for a list, from GP, the store or an HTTP step.",
        },
        Parameter {
            name: "on",
            kind: ParameterKind::Text,
            default: Some(r#""""#),
            says: "The day, such as 2026-03-05; without one the newest rate is taken.",
        },
    ],
    longest: None,
    examples: &[
        Example {
            written: r#"{"convert_currency": {"from": "EUR", "to": "USD", "on": "2026-03-05", "rates": [
                {"from": "EUR", "to": "USD", "rate": 1.10, "date": "2026-01-01", "source": "GP"},
                {"from": "EUR", "to": "USD", "rate": 1.25, "date": "2026-03-01", "source": "GP"},
                {"from": "EUR", "to": "USD", "rate": 1.50, "date": "2026-04-01", "source": "GP"}]}}"#,
            from: "10.02",
            gives: Ok("12.53"),
        },
        Example {
            written: r#"{"convert_currency": {"from": "USD", "to": "JPY", "rates": [{"from": "JPY", "to": "USD", "rate": "0.008"}]}}"#,
            from: "10",
            gives: Ok("1250"),
        },
        Example {
            written: r#"{"convert_currency": {"from": "USD", "to": "USD", "rates": []}}"#,
            from: "10",
            gives: Ok("10.00"),
        },
        Example {
            written: r#"{"convert_currency": {"from": "USD", "to": "EUR", "rates": []}}"#,
            from: "10",
            gives: Err("no_rate"),
        },
    ],
    run: |call, value| convert(call, number_of(&value)).map(Value::Number),
}];

/// A rate that fits, with the day it is of.
struct Rate {
    date: Option<Date>,
    factor: Decimal,
    /// Whether it is the rate of the other way.
    turned: bool,
    source: String,
}

fn convert(call: &mut Call<'_>, amount: Decimal) -> Result<Decimal, Wrong> {
    let from = call.arguments.text("from").trim().to_uppercase();
    let to = call.arguments.text("to").trim().to_uppercase();
    let decimals = decimals_of(&to)?;
    decimals_of(&from)?;
    let converted = if from == to {
        Some(amount)
    } else {
        let rate = rate(call, &from, &to)?;
        call.remark(told(&from, &to, &rate));
        if rate.turned {
            amount.checked_div(rate.factor)
        } else {
            amount.checked_mul(rate.factor)
        }
    };
    let converted = converted.ok_or_else(|| {
        let repair = "Correct the amount or the rate.";
        Wrong::new("too_large", "the amount becomes too large", repair)
    })?;
    Ok(rounding::half_up(converted, decimals))
}

fn told(from: &str, to: &str, rate: &Rate) -> String {
    let (one, other) = if rate.turned { (to, from) } else { (from, to) };
    let date = rate.date.map(|date| format!(" of {date}"));
    let by = if rate.source.is_empty() {
        String::new()
    } else {
        format!(" by {}", rate.source)
    };
    let date = date.unwrap_or_default();
    format!("1 {one} is {} {other}{date}{by}", rate.factor)
}

/// Finds the newest rate that is not younger than the day; of one day the direct one.
fn rate(call: &Call<'_>, from: &str, to: &str) -> Result<Rate, Wrong> {
    let on = call.arguments.text("on").trim();
    let day = on.get(..10).unwrap_or(on).parse::<Date>().ok();
    if day.is_none() && !on.is_empty() {
        let message = format!("\"{on}\" is not a day such as 2026-03-05");
        return Err(Wrong::new("not_a_date", message, "Correct the day."));
    }
    let rates = call.arguments.rows("rates").iter();
    let rates = rates.filter_map(|row| read(row, from, to));
    let rates = rates.filter(|rate| match (rate.date, day) {
        (Some(date), Some(day)) => date <= day,
        (None, _) | (_, None) => true,
    });
    let newest = rates.max_by_key(|rate| (rate.date, !rate.turned));
    newest.ok_or_else(|| {
        let when = if on.is_empty() {
            String::new()
        } else {
            format!(" on {on}")
        };
        let message = format!("there is no rate from {from} to {to}{when}");
        let repair = format!("Add a rate from {from} to {to} where rates are kept.");
        Wrong::new("no_rate", message, repair)
    })
}

fn read(row: &Value, from: &str, to: &str) -> Option<Rate> {
    let is = |name: &str, code: &str| {
        let own = row.get(name).and_then(Value::as_text);
        own.is_some_and(|own| own.trim().eq_ignore_ascii_case(code))
    };
    let turned = if is("from", from) && is("to", to) {
        false
    } else if is("from", to) && is("to", from) {
        true
    } else {
        return None;
    };
    let factor = super::as_number(row.get("rate")?).ok()?;
    let date = row.text_at("date").and_then(|date| {
        let date = date.trim();
        date.get(..10).unwrap_or(date).parse().ok()
    });
    (factor > Decimal::ZERO).then(|| Rate {
        date,
        factor,
        turned,
        source: row.text_at("source").unwrap_or_default().to_owned(),
    })
}
