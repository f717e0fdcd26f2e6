//! The trace: for everything a mapping made, which rule made it, from what, by which steps.

use std::borrow::Cow;
use std::io::{self, Write};

use serde::{Deserialize, Serialize};

use crate::engine::expression::Facts;
use crate::engine::value::Value;

/// The longest value told in a trace.
const LONGEST: usize = 200;

/// How a document came about. What stands in the mapping is borrowed from it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trace<'m> {
    /// The mapping.
    pub mapping: Cow<'m, str>,
    /// Values computed first, in order.
    pub variables: Vec<VariableTrace<'m>>,
    /// Nodes, in the document's order.
    pub nodes: Vec<NodeTrace<'m>>,
    /// What people should know though the document was made.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<Warning>,
}

/// Something people should know though the document was made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Warning {
    /// Stable.
    pub code: String,
    /// Path of the node in the document; empty where it is about no node.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub node: String,
    /// The element; empty where it is about none.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub element: String,
    /// What.
    pub message: String,
}

/// How a value came about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct VariableTrace<'m> {
    /// Its name.
    pub name: Cow<'m, str>,
    /// The formula.
    pub expression: Cow<'m, str>,
    /// What it read.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub reads: Vec<Read<'m>>,
    /// What came out, as text.
    pub value: String,
}

/// How a node came about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NodeTrace<'m> {
    /// Path of the node in the document.
    pub node: String,
    /// The rule that made it.
    pub rule: Cow<'m, str>,
    /// Its elements, in order.
    pub elements: Vec<ElementTrace<'m>>,
}

/// How an element came about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ElementTrace<'m> {
    /// The element.
    pub element: Cow<'m, str>,
    /// Its text; none where it is present and empty.
    pub value: Option<String>,
    /// `constant`, `path`, `expression` or `template`.
    pub source: Cow<'m, str>,
    /// The constant, path or formula.
    pub from: Cow<'m, str>,
    /// What it read.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub reads: Vec<Read<'m>>,
    /// Changes made to the text: `truncate 60: "…" became "…"`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub transforms: Vec<String>,
}

/// A value that was read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Read<'m> {
    /// Where from.
    pub path: Cow<'m, str>,
    /// What, as text; none where there was nothing.
    pub value: Option<String>,
}

/// Tells what stood at paths.
pub(super) fn reads<'m>(paths: impl IntoIterator<Item = &'m str>, facts: &Facts) -> Vec<Read<'m>> {
    paths.into_iter().map(|path| read(path, facts)).collect()
}

/// Tells what stood at a path.
pub(super) fn read<'m>(path: &'m str, facts: &Facts) -> Read<'m> {
    Read::of(path, facts.find(path).unwrap_or(&Value::Null))
}

impl<'m> Read<'m> {
    /// A value that stood at a path.
    pub(super) fn of(path: impl Into<Cow<'m, str>>, value: &Value) -> Self {
        Self {
            path: path.into(),
            value: (!value.is_null()).then(|| shorten(value)),
        }
    }
}

/// Writes a value, cut where it is long.
pub(super) fn shorten(value: &Value) -> String {
    let text = match value {
        Value::List(list) if list.len() > 50 => format!("a list of {}", list.len()),
        Value::Map(_) | Value::List(_) => beginning(value),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Text(_) => value.to_string(),
    };
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}

/// The value's JSON, written no further than it may be told.
fn beginning(value: &Value) -> String {
    let mut beginning = Beginning {
        bytes: Vec::with_capacity(LONGEST + 40),
        characters: 0,
    };
    let written = serde_json::to_writer(&mut beginning, value);
    debug_assert!(
        written.is_ok() || beginning.characters > LONGEST,
        "{written:?}"
    );
    String::from_utf8_lossy(&beginning.bytes).into_owned()
}

/// Takes bytes until their characters are more than can be told.
struct Beginning {
    bytes: Vec<u8>,
    characters: usize,
}

impl Write for Beginning {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.characters > LONGEST {
            return Err(io::ErrorKind::WriteZero.into());
        }
        // In UTF-8 all bytes of a character but its first begin with these bits.
        let begin = bytes
            .iter()
            .filter(|byte| **byte & 0b1100_0000 != 0b1000_0000);
        self.characters += begin.count();
        self.bytes.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_values_are_cut_and_short_ones_whole() {
        let short = Value::from_json(r#"{"a":[1,"é"]}"#).unwrap();
        assert_eq!(shorten(&short), r#"{"a":[1,"é"]}"#);
        let entry = Value::Text("é".repeat(30));
        let long = Value::List(vec![entry.clone(); 50]);
        let whole: String = long.to_json().chars().take(LONGEST).collect();
        assert_eq!(shorten(&long), format!("{whole}…"));
        assert_eq!(shorten(&Value::List(vec![entry; 51])), "a list of 51");
    }
}
