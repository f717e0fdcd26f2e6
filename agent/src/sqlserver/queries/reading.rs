//! Sees that a text of the owner's file does nothing but read: by its words, without a full parser.

use std::collections::BTreeMap;

use super::declare::Type;

/// Words that no reading of committed rows of this server needs.
const REFUSED: [&str; 53] = [
    "INTO",
    "INSERT",
    "UPDATE",
    "DELETE",
    "MERGE",
    "EXEC",
    "EXECUTE",
    "DROP",
    "ALTER",
    "CREATE",
    "TRUNCATE",
    "GRANT",
    "REVOKE",
    "DENY",
    "BACKUP",
    "RESTORE",
    "SHUTDOWN",
    "WAITFOR",
    "OPENROWSET",
    "OPENQUERY",
    "OPENDATASOURCE",
    "OPENXML",
    "NOLOCK",
    "READUNCOMMITTED",
    "READPAST",
    "UPDLOCK",
    "XLOCK",
    "TABLOCK",
    "TABLOCKX",
    "HOLDLOCK",
    "SERIALIZABLE",
    "REPEATABLEREAD",
    "PAGLOCK",
    "ROWLOCK",
    "DECLARE",
    "SET",
    "USE",
    "GO",
    "KILL",
    "DBCC",
    "BULK",
    "RECONFIGURE",
    "READTEXT",
    "WRITETEXT",
    "UPDATETEXT",
    "BEGIN",
    "COMMIT",
    "ROLLBACK",
    "WITH",
    "OPTION",
    "FOR",
    "COMPUTE",
    "PRINT",
];

/// Sees that a text is one SELECT that only reads.
pub(super) fn check(sql: &str, parameters: &BTreeMap<String, Type>) -> Result<(), String> {
    let words = words(sql)?;
    let is = |word: &Word<'_>, text: &str| matches!(word, Word::Plain(found) if found.eq_ignore_ascii_case(text));
    if !words.first().is_some_and(|word| is(word, "SELECT")) {
        return Err("it must begin with SELECT".to_owned());
    }
    let mut depth = 0_u32;
    for word in &words {
        match word {
            Word::Sign('(') => depth += 1,
            Word::Sign(')') => {
                depth = depth.checked_sub(1).ok_or("a bracket too many is closed")?;
            }
            Word::Sign(';') => return Err("it must be one statement, without a ;".to_owned()),
            Word::Variable(name) if !parameters.contains_key(*name) => {
                return Err(format!("@{name} is not among its parameters"));
            }
            Word::Sign(_) | Word::Variable(_) => {}
            Word::Plain(_) if depth == 0 && is(word, "ORDER") => {
                return Err("the agent orders the rows by page_key; leave ORDER BY out".to_owned());
            }
            Word::Plain(_) => {
                if let Some(refused) = REFUSED.iter().find(|refused| is(word, refused)) {
                    return Err(format!(
                        "{refused} is not for a query that only reads (a column of that name \
                         stands in square brackets)"
                    ));
                }
            }
        }
    }
    if depth > 0 {
        return Err("a bracket is not closed".to_owned());
    }
    let variables = words
        .iter()
        .filter(|word| matches!(word, Word::Variable(_)));
    if variables.count() != sql.matches('@').count() {
        return Err("a text or a name in it must have no @; make it a parameter".to_owned());
    }
    Ok(())
}

/// A piece of a text; texts and names in brackets mean nothing here and are left out.
enum Word<'a> {
    Plain(&'a str),
    Variable(&'a str),
    Sign(char),
}

fn words(sql: &str) -> Result<Vec<Word<'_>>, String> {
    let mut words = Vec::new();
    let mut rest = sql.trim_start();
    while let Some(first) = rest.chars().next() {
        let behind = &rest[first.len_utf8()..];
        rest = match first {
            '\'' | '"' => quoted(behind, first)?,
            '[' => quoted(behind, ']')?,
            '-' if behind.starts_with('-') => return Err(COMMENT.to_owned()),
            '/' if behind.starts_with('*') => return Err(COMMENT.to_owned()),
            '@' => {
                let (name, behind) = name(behind);
                words.push(Word::Variable(name));
                behind
            }
            first if is_part(first) => {
                let (name, behind) = name(rest);
                words.push(Word::Plain(name));
                behind
            }
            first => {
                words.push(Word::Sign(first));
                behind
            }
        };
        rest = rest.trim_start();
    }
    Ok(words)
}

const COMMENT: &str = "it must have no comment; the file's own begin with #";

fn is_part(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '_' | '#' | '$')
}

fn name(text: &str) -> (&str, &str) {
    let end = text.find(|c: char| !(is_part(c) || c == '@'));
    text.split_at(end.unwrap_or(text.len()))
}

/// What is behind a text's end; the end sign twice is part of the text.
fn quoted(text: &str, end: char) -> Result<&str, String> {
    let mut rest = text;
    loop {
        let Some((_, behind)) = rest.split_once(end) else {
            return Err(format!("a {end} is missing"));
        };
        match behind.strip_prefix(end) {
            Some(more) => rest = more,
            None => return Ok(behind),
        }
    }
}
