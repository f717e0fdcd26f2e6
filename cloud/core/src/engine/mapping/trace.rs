//! The trace: for everything a mapping made, which rule made it, from what, by which steps.

use serde::{Deserialize, Serialize};

use crate::engine::expression::Facts;
use crate::engine::value::Value;

/// The longest value told in a trace.
const LONGEST: usize = 200;

/// How a document came about.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trace {
    /// The mapping.
    pub mapping: String,
    /// Values computed first, in order.
    pub variables: Vec<VariableTrace>,
    /// Elements, in the document's order.
    pub elements: Vec<ElementTrace>,
}

/// How a value came about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct VariableTrace {
    /// Its name.
    pub name: String,
    /// The formula.
    pub expression: String,
    /// What it read.
    pub reads: Vec<Read>,
    /// What came out, as text.
    pub value: String,
}

/// How an element came about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ElementTrace {
    /// Path of the node in the document.
    pub node: String,
    /// The element.
    pub element: String,
    /// Its text; none where it is present and empty.
    pub value: Option<String>,
    /// The rule that made it.
    pub rule: String,
    /// `constant`, `path`, `expression` or `template`.
    pub source: String,
    /// The constant, path or formula.
    pub from: String,
    /// What it read.
    pub reads: Vec<Read>,
    /// Changes made to the text: `truncate 60: "…" became "…"`.
    pub transforms: Vec<String>,
}

/// A value that was read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Read {
    /// Where from.
    pub path: String,
    /// What, as text; none where there was nothing.
    pub value: Option<String>,
}

/// Tells what stood at paths.
pub(super) fn reads(paths: &[String], facts: &Facts) -> Vec<Read> {
    let read = |path: &String| Read {
        path: path.clone(),
        value: facts
            .find(path)
            .filter(|value| !value.is_null())
            .map(shorten),
    };
    paths.iter().map(read).collect()
}

/// Writes a value, cut where it is long.
pub(super) fn shorten(value: &Value) -> String {
    let text = match value {
        Value::List(list) if list.len() > 50 => format!("a list of {}", list.len()),
        Value::Map(_)
        | Value::List(_)
        | Value::Null
        | Value::Bool(_)
        | Value::Number(_)
        | Value::Text(_) => value.to_string(),
    };
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}
