//! What a transform can be told.

use std::collections::BTreeMap;

use jiff::tz::TimeZone;
use regex::{Regex, RegexBuilder};
use rust_decimal::Decimal;

use super::Wrong;
use crate::engine::value::Value;

/// The most bytes a compiled pattern may take.
const PATTERN_SIZE: usize = 1024 * 1024;

/// One thing a transform can be told.
#[derive(Clone, Copy, Debug)]
pub struct Parameter {
    /// Its name.
    pub name: &'static str,
    /// What it may be.
    pub kind: ParameterKind,
    /// JSON of what holds when it is not said; none: it must be said.
    pub default: Option<&'static str>,
    /// For people.
    pub says: &'static str,
}

/// What a parameter may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ParameterKind {
    /// Characters.
    Text,
    /// A whole number from 0 to this.
    Count(u32),
    /// A whole number from minus this to this.
    Whole(u32),
    /// An exact number.
    Number,
    /// One of these words.
    Choice(&'static [&'static str]),
    /// A regular expression. It cannot come from a formula.
    Pattern,
    /// A time zone such as `America/Chicago`.
    Zone,
    /// Texts by text. They cannot come from a formula.
    Names,
    /// A list of groups of fields, mostly from a formula.
    Rows,
}

impl ParameterKind {
    /// Tells whether a formula may give it.
    pub fn takes_formula(self) -> bool {
        match self {
            Self::Text
            | Self::Count(_)
            | Self::Whole(_)
            | Self::Number
            | Self::Choice(_)
            | Self::Rows
            | Self::Zone => true,
            Self::Pattern | Self::Names => false,
        }
    }

    /// Tells what is wrong with an argument.
    pub(super) fn check(self, value: &Value) -> Result<(), String> {
        let good = match self {
            Self::Text => value.as_text().is_some(),
            Self::Count(most) => whole(value).is_some_and(|n| (0..=i64::from(most)).contains(&n)),
            Self::Whole(most) => whole(value).is_some_and(|n| n.abs() <= i64::from(most)),
            Self::Number => number(value).is_some(),
            Self::Choice(words) => value.as_text().is_some_and(|word| words.contains(&word)),
            Self::Zone => value
                .as_text()
                .is_some_and(|name| TimeZone::get(name).is_ok()),
            Self::Names => value
                .as_map()
                .is_some_and(|map| map.values().all(|name| name.as_text().is_some())),
            Self::Rows => value
                .as_list()
                .is_some_and(|rows| rows.iter().all(|row| row.as_map().is_some())),
            Self::Pattern => match value.as_text().map(pattern) {
                Some(Ok(_)) => true,
                Some(Err(message)) => return Err(message),
                None => false,
            },
        };
        if good {
            Ok(())
        } else {
            Err(format!("must be {}, not {}", self.wanted(), shown(value)))
        }
    }

    fn wanted(self) -> String {
        match self {
            Self::Text => "a text".into(),
            Self::Count(most) => format!("a whole number from 0 to {most}"),
            Self::Whole(most) => format!("a whole number from -{most} to {most}"),
            Self::Number => "a number".into(),
            Self::Choice(words) => format!("one of {}", words.join(", ")),
            Self::Pattern => "a regular expression".into(),
            Self::Zone => "a time zone such as America/Chicago".into(),
            Self::Names => "a group of texts".into(),
            Self::Rows => "a list of groups of fields".into(),
        }
    }
}

/// Compiles a regular expression of bounded size; matching takes linear time.
pub(in crate::engine) fn pattern(text: &str) -> Result<Regex, String> {
    RegexBuilder::new(text)
        .size_limit(PATTERN_SIZE)
        .build()
        .map_err(|error| format!("is not a regular expression: {error}"))
}

fn whole(value: &Value) -> Option<i64> {
    let number = number(value)?;
    number.fract().is_zero().then_some(number)?.try_into().ok()
}

fn number(value: &Value) -> Option<Decimal> {
    match value {
        Value::Number(number) => Some(*number),
        Value::Text(text) => text.trim().parse().ok(),
        Value::Null | Value::Bool(_) | Value::List(_) | Value::Map(_) => None,
    }
}

fn shown(value: &Value) -> String {
    let text = value.to_json();
    match text.char_indices().nth(40) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}

/// The arguments of one application, each checked by its parameter.
pub(super) struct Arguments<'a> {
    pub(super) fixed: &'a BTreeMap<&'static str, Value>,
    pub(super) computed: BTreeMap<&'static str, Value>,
    pub(super) pattern: Option<&'a Regex>,
}

impl Arguments<'_> {
    fn find(&self, name: &str) -> Option<&Value> {
        self.computed.get(name).or_else(|| self.fixed.get(name))
    }

    pub(super) fn text(&self, name: &str) -> &str {
        self.find(name).and_then(Value::as_text).unwrap_or_default()
    }

    pub(super) fn count(&self, name: &str) -> usize {
        let number = self.find(name).and_then(whole).unwrap_or_default();
        usize::try_from(number).unwrap_or_default()
    }

    pub(super) fn whole(&self, name: &str) -> i64 {
        self.find(name).and_then(whole).unwrap_or_default()
    }

    pub(super) fn number(&self, name: &str) -> Decimal {
        self.find(name).and_then(number).unwrap_or_default()
    }

    pub(super) fn rows(&self, name: &str) -> &[Value] {
        self.find(name).and_then(Value::as_list).unwrap_or_default()
    }

    /// Gives the text known under a name, if any.
    pub(super) fn named(&self, parameter: &str, name: &str) -> Option<&str> {
        self.find(parameter)?.get(name)?.as_text()
    }

    /// The compiled pattern; a transform that has none in its parameters must not ask.
    pub(super) fn pattern(&self) -> Result<&Regex, Wrong> {
        self.pattern.ok_or_else(|| {
            Wrong::new(
                "no_pattern",
                "the transform has no pattern",
                "Correct the mapping.",
            )
        })
    }
}
