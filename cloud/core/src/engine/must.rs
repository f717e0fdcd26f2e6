//! What a field must be, as people say it without a formula.

use regex::Regex;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use super::expression::Facts;
use super::problem::Problems;
use super::transform::pattern;
use super::value::Value;

/// What a field must be. Only `filled` minds a field that holds nothing or blanks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Must {
    /// The field at a path must hold something.
    Filled(String),
    /// It must fit a regular expression from its beginning to its end.
    Fit {
        /// The field.
        path: String,
        /// The regular expression.
        pattern: String,
    },
    /// It must be a number no smaller and no larger than these.
    LieWithin {
        /// The field.
        path: String,
        /// The smallest; none for no limit.
        #[serde(default, skip_serializing_if = "Value::is_null")]
        from: Value,
        /// The largest; none for no limit.
        #[serde(default, skip_serializing_if = "Value::is_null")]
        to: Value,
    },
    /// It must be one of these.
    BeOneOf {
        /// The field.
        path: String,
        /// The values, capitals and small letters told apart.
        values: Vec<Value>,
    },
    /// It must have no more characters than this.
    BeNoLongerThan {
        /// The field.
        path: String,
        /// Characters.
        length: u32,
    },
}

/// A rule ready to look.
#[derive(Debug)]
pub(super) struct Compiled {
    path: String,
    test: Test,
}

#[derive(Debug)]
enum Test {
    Filled,
    Fits(Regex),
    Within(Option<Decimal>, Option<Decimal>),
    OneOf(Vec<String>),
    NoLonger(usize),
}

/// What is wrong with a field.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Broken {
    pub(super) code: &'static str,
    pub(super) message: String,
    pub(super) field: String,
    pub(super) value: Option<String>,
}

impl Compiled {
    pub(super) fn compile(
        must: &Must,
        location: &str,
        known: &[String],
        problems: &mut Problems,
    ) -> Option<Self> {
        let (path, test) = match must {
            Must::Filled(path) => (path, Some(Test::Filled)),
            Must::Fit {
                path,
                pattern: text,
            } => {
                let whole = pattern(&format!("^(?:{text})$"));
                let test = whole.map_err(|message| problems.add(location, message));
                (path, test.ok().map(Test::Fits))
            }
            Must::LieWithin { path, from, to } => {
                let (from, to) = (from.as_number(), to.as_number());
                if from.is_none() && to.is_none() {
                    problems.add(location, "needs a number for `from`, `to` or both");
                }
                (path, Some(Test::Within(from, to)))
            }
            Must::BeOneOf { path, values } => {
                if values.is_empty() {
                    problems.add(location, "needs at least one of `values`");
                }
                let values = values.iter().map(Value::plain).collect();
                (path, Some(Test::OneOf(values)))
            }
            Must::BeNoLongerThan { path, length } => {
                (path, usize::try_from(*length).ok().map(Test::NoLonger))
            }
        };
        problems.path(location, path, known);
        let path = path.clone();
        Some(Self { path, test: test? })
    }

    /// Tells what is wrong with the field, if anything.
    pub(super) fn broken(&self, facts: &Facts) -> Option<Broken> {
        let value = facts.find(&self.path).unwrap_or(&Value::Null);
        let text = value.plain();
        let blank = text.is_empty();
        let (code, what) = match &self.test {
            Test::Filled if blank => ("missing_value", "is missing".to_owned()),
            Test::Fits(pattern) if !blank && !pattern.is_match(&text) => {
                ("wrong_pattern", "has not the form it must have".to_owned())
            }
            Test::Within(from, to) if !blank => ("out_of_range", outside(&text, *from, *to)?),
            Test::OneOf(values) if !blank && !values.contains(&text) => (
                "not_in_list",
                format!("must be one of {}", values.join(", ")),
            ),
            Test::NoLonger(most) if text.chars().count() > *most => {
                let have = text.chars().count();
                (
                    "too_long",
                    format!("has {have} characters, at most {most} may be"),
                )
            }
            Test::Filled
            | Test::Fits(_)
            | Test::Within(..)
            | Test::OneOf(_)
            | Test::NoLonger(_) => {
                return None;
            }
        };
        let shown: String = text.chars().take(60).collect();
        let message = if blank {
            format!("{} {what}", self.path)
        } else {
            format!("{} \"{shown}\" {what}", self.path)
        };
        Some(Broken {
            code,
            message,
            field: self.path.clone(),
            value: (!blank).then_some(shown),
        })
    }
}

fn outside(text: &str, from: Option<Decimal>, to: Option<Decimal>) -> Option<String> {
    let Ok(number) = text.parse::<Decimal>() else {
        return Some("is not a number".to_owned());
    };
    if from.is_some_and(|from| number < from) {
        return from.map(|from| format!("is less than {from}"));
    }
    to.filter(|to| number > *to)
        .map(|to| format!("is more than {to}"))
}
