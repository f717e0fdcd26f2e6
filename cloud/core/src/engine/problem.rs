//! What is wrong with a mapping or workflow, told while it is edited.

use std::fmt;
use std::sync::Arc;

use serde::Serialize;

use super::expression::{Expression, ExpressionError, Template};
use super::lookup::{self, Lookups};
use super::schema::{self, Field};

/// One thing wrong, and where.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Problem {
    /// How bad it is.
    pub severity: Severity,
    /// Where: `nodes.line.elements.XTNDPRCE`, `steps.find_order.next`.
    pub location: String,
    /// What.
    pub message: String,
}

/// How bad a problem is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// It cannot be published.
    Error,
    /// It may refuse some work.
    Warning,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.location, self.message)
    }
}

/// Collects problems while something is compiled, and knows what it is compiled against.
#[derive(Debug, Default)]
pub(super) struct Problems {
    list: Vec<Problem>,
    lookups: Lookups,
    /// Names that stand for a path of a record: an entry of a list, a variable that is a field.
    aliases: Vec<(String, String)>,
}

impl Problems {
    /// Compiles against these lookup tables.
    pub(super) fn with(lookups: &Lookups) -> Self {
        Self {
            lookups: lookups.clone(),
            ..Self::default()
        }
    }

    /// Notes a problem.
    pub(super) fn add(&mut self, location: &str, message: impl Into<String>) {
        self.note(Severity::Error, location, message.into());
    }

    /// Notes what may refuse some work.
    pub(super) fn warn(&mut self, location: &str, message: impl Into<String>) {
        self.note(Severity::Warning, location, message.into());
    }

    fn note(&mut self, severity: Severity, location: &str, message: String) {
        self.list.push(Problem {
            severity,
            location: location.into(),
            message,
        });
    }

    /// Finds a lookup table, noting that there is none.
    pub(super) fn lookup(&mut self, location: &str, name: &str) -> Option<Arc<lookup::Compiled>> {
        let found = self.lookups.get(name).cloned();
        if found.is_none() {
            self.add(location, format!("there is no lookup table `{name}`"));
        }
        found
    }

    /// Adds a name that formulas may use, noting that it is none; it hides an older one.
    pub(super) fn name(&mut self, location: &str, name: &str, known: &mut Vec<String>) {
        let plain = |c: char| c.is_ascii_alphanumeric() || c == '_';
        if name.is_empty()
            || !name.chars().all(plain)
            || name.starts_with(|c: char| c.is_ascii_digit())
        {
            let message = format!("`{name}` is not a name: letters, digits and _ are");
            self.add(location, message);
        }
        known.push(name.to_owned());
        self.aliases.push((name.to_owned(), name.to_owned()));
    }

    /// Remembers that a name stands for a path, if it is one of a record.
    pub(super) fn alias(&mut self, name: &str, path: &str) {
        let path = self.resolved(path);
        if schema::field(&path).is_some() {
            self.aliases.push((name.to_owned(), path));
        }
    }

    /// Marks the names of now, to come back to with [`Self::leave`].
    pub(super) fn scope(&self) -> usize {
        self.aliases.len()
    }

    /// Forgets the names that came after the mark.
    pub(super) fn leave(&mut self, scope: usize) {
        self.aliases.truncate(scope);
    }

    /// Tells what stands at a path, where that is fixed.
    pub(super) fn field(&self, path: &str) -> Option<Field> {
        schema::field(&self.resolved(path))
    }

    /// Compiles a formula, noting what is wrong with it.
    pub(super) fn expression(
        &mut self,
        location: &str,
        text: &str,
        known: &[String],
    ) -> Option<Expression> {
        let compiled = self.noted(location, Expression::compile(text, known))?;
        self.paths(location, compiled.reads().iter().map(String::as_str));
        Some(compiled)
    }

    /// Compiles an optional formula; `None` where there is none or it is wrong.
    pub(super) fn optional(
        &mut self,
        location: &str,
        text: Option<&String>,
        known: &[String],
    ) -> Option<Expression> {
        self.expression(location, text?, known)
    }

    /// Compiles a text with formulas, noting what is wrong with it.
    pub(super) fn template(
        &mut self,
        location: &str,
        text: &str,
        known: &[String],
    ) -> Option<Template> {
        let compiled = self.noted(location, Template::compile(text, known))?;
        self.paths(location, compiled.reads());
        Some(compiled)
    }

    /// Notes that a path begins with no record, or names a field its record does not have.
    pub(super) fn path(&mut self, location: &str, path: &str, known: &[String]) -> bool {
        let root = path.split(['.', '[']).next().unwrap_or_default();
        let found = known.iter().any(|name| name == root);
        if found {
            self.paths(location, std::iter::once(path));
        } else {
            self.add(location, format!("there is no record `{root}`"));
        }
        found
    }

    /// Notes paths that the records do not have.
    fn paths<'r>(&mut self, location: &str, reads: impl Iterator<Item = &'r str>) {
        for path in reads {
            if schema::check_path(&self.resolved(path)).is_err() {
                self.add(location, format!("there is no field `{path}`"));
            }
        }
    }

    /// Gives what was compiled if nothing was wrong but what may refuse some work.
    pub(super) fn finish<T>(mut self, compiled: Option<T>) -> Result<T, Vec<Problem>> {
        self.list.sort_by_key(|problem| problem.severity);
        match compiled {
            Some(compiled) if self.is_sound() => Ok(compiled),
            Some(_) | None => Err(self.list),
        }
    }

    /// Gives what may refuse some work.
    pub(super) fn warnings(&self) -> Vec<Problem> {
        let warnings = self.list.iter();
        let warnings = warnings.filter(|problem| problem.severity == Severity::Warning);
        warnings.cloned().collect()
    }

    fn is_sound(&self) -> bool {
        self.list
            .iter()
            .all(|problem| problem.severity == Severity::Warning)
    }

    fn resolved(&self, path: &str) -> String {
        let end = path.find(['.', '[']).unwrap_or(path.len());
        let (root, rest) = path.split_at(end);
        match self.aliases.iter().rev().find(|(name, _)| name == root) {
            Some((_, stands_for)) => format!("{stands_for}{rest}"),
            None => path.to_owned(),
        }
    }

    fn noted<T>(&mut self, location: &str, result: Result<T, ExpressionError>) -> Option<T> {
        match result {
            Ok(compiled) => Some(compiled),
            Err(error) => {
                self.add(location, error.to_string());
                None
            }
        }
    }
}
