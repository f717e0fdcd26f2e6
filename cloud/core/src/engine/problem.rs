//! What is wrong with a mapping or workflow, told while it is edited.

use std::fmt;

use super::expression::{Expression, ExpressionError, Template};

/// One thing wrong, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Where: `nodes.line.elements.XTNDPRCE`, `steps.find_order.next`.
    pub location: String,
    /// What.
    pub message: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.location, self.message)
    }
}

/// Collects problems while something is compiled.
#[derive(Debug, Default)]
pub(super) struct Problems {
    list: Vec<Problem>,
}

impl Problems {
    /// Notes a problem.
    pub(super) fn add(&mut self, location: &str, message: impl Into<String>) {
        self.list.push(Problem {
            location: location.into(),
            message: message.into(),
        });
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

    /// Notes paths that the records of a store do not have.
    fn paths<'r>(&mut self, location: &str, reads: impl Iterator<Item = &'r str>) {
        for path in reads {
            if let Err(message) = super::schema::check_path(path) {
                self.add(location, message);
            }
        }
    }

    /// Gives what was compiled if nothing was wrong.
    pub(super) fn finish<T>(self, compiled: Option<T>) -> Result<T, Vec<Problem>> {
        match compiled {
            Some(compiled) if self.list.is_empty() => Ok(compiled),
            Some(_) | None => Err(self.list),
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
