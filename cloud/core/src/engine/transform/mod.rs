//! Transforms: changes made to a value on its way into a document.
//!
//! Each transform's documentation and code stand together in one [`Entry`]; the catalogue of all of
//! them is what API, console and documentation show, and its examples are its tests.

mod catalogue;
mod compile;
mod currency;
mod dates;
mod html;
mod identifiers;
mod nop;
mod numbers;
mod parameters;
mod people;
mod phone;
mod places;
mod street;
mod text;
mod transliterate;

#[cfg(test)]
mod tests;

use rust_decimal::Decimal;
use thiserror::Error;

use super::expression::Facts;
use super::value::Value;
pub use catalogue::{entries, entry};
pub use compile::Transform;
pub(super) use compile::{Compiled, compile};
use parameters::Arguments;
pub(super) use parameters::pattern;
pub use parameters::{Parameter, ParameterKind};

/// The longest text a transform may make, in bytes.
const LONGEST: usize = 16 * 1024 * 1024;

/// One transform: its documentation and its code.
#[derive(Debug)]
pub struct Entry {
    /// As mappings call it.
    pub name: &'static str,
    /// Where people look for it.
    pub group: Group,
    /// For people, a few words.
    pub title: &'static str,
    /// For people, what it does and when it refuses.
    pub says: &'static str,
    /// What it works on.
    pub takes: Kind,
    /// What it makes.
    pub gives: Kind,
    /// What it can be told, the most important first.
    pub parameters: &'static [Parameter],
    /// The parameter that says how many characters are left at most, where one does.
    pub longest: Option<&'static str>,
    /// How it is used, with what comes out.
    pub examples: &'static [Example],
    run: fn(&mut Call<'_>, Value) -> Result<Value, Wrong>,
}

/// Where people look for a transform.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Group {
    /// Characters.
    Text,
    /// Amounts and quantities.
    Numbers,
    /// Days and instants.
    Dates,
    /// Countries, states, postal codes, streets.
    Addresses,
    /// Names, phones, e-mail addresses.
    People,
    /// Ids.
    Identifiers,
    /// What only nopCommerce writes so.
    Nop,
}

/// What a transform works on or makes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Characters; a number counts as its digits.
    Text,
    /// An exact number; a text counts where it is one.
    Number,
    /// A day such as `2026-03-05`.
    Date,
    /// An instant such as `2026-03-05T15:18:22Z`.
    Instant,
    /// Values in order.
    List,
    /// Values by name.
    Group,
}

impl Kind {
    /// Tells whether what works on this kind can take that one.
    pub(super) fn takes(self, other: Self) -> bool {
        let whole = |kind| matches!(kind, Self::List | Self::Group);
        match (self, other) {
            _ if self == other => true,
            _ if whole(self) || whole(other) => false,
            (Self::Text, _)
            | (_, Self::Text)
            | (Self::Date, Self::Instant)
            | (Self::Instant, Self::Date) => true,
            (Self::Number | Self::Date | Self::Instant | Self::List | Self::Group, _) => false,
        }
    }

    /// Names it for people.
    pub(super) fn shown(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Number => "a number",
            Self::Date => "a day",
            Self::Instant => "an instant",
            Self::List => "a list",
            Self::Group => "a group of fields",
        }
    }
}

/// One use of a transform.
#[derive(Clone, Copy, Debug)]
pub struct Example {
    /// The transform as a mapping has it, in JSON.
    pub written: &'static str,
    /// JSON of what goes in.
    pub from: &'static str,
    /// JSON of what comes out, or the code of the refusal.
    pub gives: Result<&'static str, &'static str>,
}

/// Why a transform gives nothing.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{message}")]
pub struct Wrong {
    /// Stable.
    pub code: &'static str,
    /// What is wrong, for people.
    pub message: String,
    /// What to do.
    pub repair: String,
}

impl Wrong {
    pub(super) fn new(
        code: &'static str,
        message: impl Into<String>,
        repair: impl Into<String>,
    ) -> Self {
        Self {
            code,
            message: message.into(),
            repair: repair.into(),
        }
    }
}

/// What transforms did to a value.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Notes {
    /// Every change: `truncate 60: "…" became "…"`; unless nobody reads them.
    pub(super) steps: Vec<String>,
    untold: bool,
    /// What people should know though it went on.
    pub(super) warnings: Vec<Warned>,
}

impl Notes {
    /// Makes notes that keep the warnings alone.
    pub(super) fn of_warnings() -> Self {
        Self {
            untold: true,
            ..Self::default()
        }
    }
}

/// Something people should know though it went on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Warned {
    /// Stable.
    pub(super) code: &'static str,
    /// What.
    pub(super) message: String,
}

/// One application of a transform.
struct Call<'a> {
    arguments: Arguments<'a>,
    notes: &'a mut Notes,
}

impl Call<'_> {
    fn warn(&mut self, code: &'static str, message: impl Into<String>) {
        self.notes.warnings.push(Warned {
            code,
            message: message.into(),
        });
    }

    /// Tells in the trace what a change rests on.
    fn remark(&mut self, text: String) {
        self.notes.steps.push(text);
    }
}

/// Applies transforms in order. Nothing stays nothing, and a blank text blank.
pub(super) fn apply(
    transforms: &[Compiled],
    value: Value,
    facts: &mut Facts,
    notes: &mut Notes,
) -> Result<Value, Wrong> {
    let mut value = value;
    for transform in transforms {
        if is_blank(&value) {
            break;
        }
        value = transform.apply(value, facts, notes)?;
    }
    Ok(value)
}

fn is_blank(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Text(text) => text.trim().is_empty(),
        Value::Bool(_) | Value::Number(_) | Value::List(_) | Value::Map(_) => false,
    }
}

/// Gives a value as the kind a transform works on.
fn taken(kind: Kind, value: Value) -> Result<Value, Wrong> {
    match kind {
        Kind::Text | Kind::Date | Kind::Instant => as_text(value).map(Value::Text),
        Kind::Number => as_number(&value).map(Value::Number),
        Kind::List if value.as_list().is_some() => Ok(value),
        Kind::Group if value.as_map().is_some() => Ok(value),
        Kind::List | Kind::Group => Err(other_kind(kind, &value)),
    }
}

fn as_text(value: Value) -> Result<String, Wrong> {
    match value {
        Value::Text(text) => Ok(text),
        Value::Number(number) => Ok(number.normalize().to_string()),
        Value::Bool(yes) => Ok(i32::from(yes).to_string()),
        Value::Null => Ok(String::new()),
        Value::List(_) | Value::Map(_) => Err(other_kind(Kind::Text, &value)),
    }
}

fn as_number(value: &Value) -> Result<Decimal, Wrong> {
    match value {
        Value::Number(number) => Ok(*number),
        Value::Text(text) => match text.trim().parse() {
            Ok(number) => Ok(number),
            Err(_) => Err(Wrong::new(
                "not_a_number",
                format!("\"{}\" is not a number", shortened(text)),
                "Correct the value, or read it with `number` first.",
            )),
        },
        Value::Bool(yes) => Ok(i64::from(*yes).into()),
        Value::Null | Value::List(_) | Value::Map(_) => Err(other_kind(Kind::Number, value)),
    }
}

/// Says of a list or a group that an element holds a single value.
pub(super) fn not_one(value: &Value) -> Wrong {
    Wrong::new(
        "not_one_value",
        format!("it holds a single value, not {}", value.kind()),
        "Correct the rule: name one field, or join the entries.",
    )
}

fn other_kind(kind: Kind, value: &Value) -> Wrong {
    let wanted = match kind {
        Kind::Date | Kind::Instant => Kind::Text.shown(),
        Kind::Text | Kind::Number | Kind::List | Kind::Group => kind.shown(),
    };
    Wrong::new(
        "other_kind",
        format!("it takes {wanted}, not {}", value.kind()),
        "Correct the rule: name the single field to take.",
    )
}

/// Gives the text of a value that [`taken`] made one of.
fn text_of(value: Value) -> String {
    match value {
        Value::Text(text) => text,
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::List(_) | Value::Map(_) => {
            String::new()
        }
    }
}

/// Gives the number of a value that [`taken`] made one of.
fn number_of(value: &Value) -> Decimal {
    value.as_number().unwrap_or_default()
}

/// Refuses a value, or leaves it with a warning where the transform was told to.
fn refuse(
    call: &mut Call<'_>,
    text: String,
    code: &'static str,
    what: &str,
) -> Result<Value, Wrong> {
    let message = format!("\"{}\" {what}", shortened(&text));
    if call.arguments.text("otherwise") == "keep" {
        call.warn(code, message);
        return Ok(Value::Text(text));
    }
    let repair = "Correct the value at its source, or have the mapping keep it.";
    Err(Wrong::new(code, message, repair))
}

/// Cuts a text to what people can read in one go.
fn shortened(text: &str) -> String {
    match text.char_indices().nth(60) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}
