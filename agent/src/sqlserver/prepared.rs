//! The texts that one connection has prepared, with the server's handles.

use std::collections::HashMap;

use super::connection::TextCall;

/// Mappings give a handful of element sets for each node; more than this is no mapping's doing.
const MOST: usize = 400;

/// Handles by text. They live as long as their connection.
#[derive(Debug, Default)]
pub(super) struct Prepared {
    known: HashMap<String, Entry>,
}

#[derive(Debug)]
struct Entry {
    declarations: String,
    handle: i32,
}

impl Prepared {
    /// The handle of a text with its declarations, if it was prepared before.
    pub(super) fn handle(&self, call: &TextCall<'_>) -> Option<i32> {
        let entry = self.known.get(call.text)?;
        (entry.declarations == call.declarations).then_some(entry.handle)
    }

    /// Whether nothing more is prepared: texts go whole then.
    pub(super) fn is_full(&self) -> bool {
        self.known.len() >= MOST
    }

    /// Remembers a handle the server gave.
    pub(super) fn keep(&mut self, text: &str, declarations: &str, handle: i64) {
        let Ok(handle) = i32::try_from(handle) else {
            return;
        };
        let entry = Entry {
            declarations: declarations.to_owned(),
            handle,
        };
        self.known.insert(text.to_owned(), entry);
    }
}
