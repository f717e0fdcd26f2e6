//! Expressions: one formula over named values, exact and bounded.

mod convert;
mod facts;
mod functions;
mod language;
mod native;
mod path;
mod reads;
mod template;
#[cfg(test)]
mod tests;

use std::fmt;

use rhai::{AST, Dynamic, EvalAltResult, Position, Scope};
use thiserror::Error;

use super::value::Value;
pub use facts::Facts;
pub(super) use facts::Name;
pub use functions::{Function, FunctionGroup};
use native::Native;
pub(super) use path::{Path, Shared};
pub use template::Template;

/// A compiled formula.
///
/// It can read the values it is given, call helper functions and use closures over lists; it
/// cannot assign, loop, define functions, or reach anything outside. Steps, depth and the size of
/// what it makes are bounded.
pub struct Expression {
    text: String,
    ast: AST,
    native: Option<Native>,
    reads: Vec<String>,
    /// Where it is a path and nothing else.
    path: Option<Path>,
}

/// Why a formula is not one, or gave nothing.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{message} ({}in: {expression})", self.place())]
pub struct ExpressionError {
    /// The formula.
    pub expression: String,
    /// The character at fault, counted from 1, where that is known.
    pub position: Option<usize>,
    /// What is wrong, naming the fields that hold nothing where that is the cause.
    pub message: String,
}

impl Expression {
    /// Compiles a formula over the variables `known`.
    pub fn compile(text: &str, known: &[String]) -> Result<Self, ExpressionError> {
        let mut scope = Scope::new();
        for name in known {
            scope.push_dynamic(name.as_str(), Dynamic::UNIT);
        }
        let ast = language::engine()
            .compile_expression_with_scope(&scope, text)
            .map_err(|error| {
                let position = error.position();
                ExpressionError::new(text, error.err_type().to_string()).at(position)
            })?;
        if let Some(name) = reads::unknown_function(&ast) {
            return Err(ExpressionError::new(
                text,
                format!("there is no function `{name}`"),
            ));
        }
        let reads = reads::of(&ast, known);
        let path = reads.first().filter(|path| **path == *text.trim());
        Ok(Self {
            text: text.into(),
            native: Native::compile(&ast),
            ast,
            path: path.map(|path| Path::new(path)),
            reads,
        })
    }

    /// Computes the formula over the facts.
    pub fn evaluate(&self, facts: &mut Facts) -> Result<Value, ExpressionError> {
        let native = self.native.as_ref();
        if let Some(value) = native.and_then(|native| native.evaluate(facts)) {
            return Ok(value);
        }
        self.interpret(facts)
    }

    /// Computes a formula that must give yes or no.
    pub(super) fn holds(&self, facts: &mut Facts) -> Result<bool, ExpressionError> {
        if let Some(native) = &self.native
            && let Some(holds) = native.holds(facts)
        {
            return Ok(holds);
        }
        match self.evaluate(facts)? {
            Value::Bool(yes) => Ok(yes),
            other @ (Value::Null
            | Value::Number(_)
            | Value::Text(_)
            | Value::List(_)
            | Value::Map(_)) => Err(ExpressionError::new(
                &self.text,
                format!("gives {} where yes or no is wanted", other.kind()),
            )),
        }
    }

    /// Computes the formula without copying a list or a group of fields it may be the path of.
    pub(super) fn share(&self, facts: &mut Facts) -> Result<Shared, ExpressionError> {
        if let Some(path) = &self.path
            && let Some(Value::List(_) | Value::Map(_)) = facts.at(path)
            && let Some(shared) = facts.shared(path)
        {
            return Ok(shared);
        }
        self.evaluate(facts).map(Shared::from)
    }

    /// Computes the formula by the language, which also knows what is wrong.
    fn interpret(&self, facts: &mut Facts) -> Result<Value, ExpressionError> {
        let scope = facts.scope();
        let length = scope.len();
        let result = language::evaluate(&self.ast, scope);
        scope.rewind(length);
        let result = result.map_err(|error| {
            let position = error.unwrap_inner().position();
            ExpressionError::new(&self.text, self.explain(&error, facts)).at(position)
        });
        convert::to_value(result?).map_err(|message| ExpressionError::new(&self.text, message))
    }

    /// Gives the formula as written.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Gives the path the formula is, where it is one and nothing else.
    pub fn path(&self) -> Option<&str> {
        self.path.as_ref().map(Path::text)
    }

    /// Gives the paths the formula reads, such as `order.order_total`.
    pub fn reads(&self) -> &[String] {
        &self.reads
    }

    fn explain(&self, error: &EvalAltResult, facts: &Facts) -> String {
        let message = plain(error);
        let is_nothing = |path: &&String| facts.find(path).is_none_or(Value::is_null);
        let nothing: Vec<&str> = self
            .reads
            .iter()
            .filter(is_nothing)
            .map(String::as_str)
            .collect();
        if nothing.is_empty() {
            message
        } else {
            format!("{message}; empty: {}", nothing.join(", "))
        }
    }
}

impl fmt::Debug for Expression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Expression").field(&self.text).finish()
    }
}

impl ExpressionError {
    /// Says what is wrong with a formula as a whole.
    pub(super) fn new(expression: &str, message: impl Into<String>) -> Self {
        Self {
            expression: expression.into(),
            position: None,
            message: message.into(),
        }
    }

    fn at(mut self, position: Position) -> Self {
        // A formula on several lines is counted through.
        let line = position.line().unwrap_or(1);
        let before: usize = self
            .expression
            .split_inclusive('\n')
            .take(line.saturating_sub(1))
            .map(|line| line.chars().count())
            .sum();
        self.position = position.position().map(|column| before + column);
        self
    }

    fn place(&self) -> String {
        let place = self.position.map(|at| format!("at character {at} "));
        place.unwrap_or_default()
    }
}

const TOO_MANY_STEPS: &str = "it takes too many steps";

/// Puts an evaluation error in words for people who write formulas.
#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "the language's own errors read well as they are"
)]
fn plain(error: &EvalAltResult) -> String {
    match error.unwrap_inner() {
        EvalAltResult::ErrorFunctionNotFound(signature, _)
            if signature.contains("(),") || signature.contains("())") =>
        {
            let name = signature.split(' ').next().unwrap_or_default();
            format!("`{name}` was given nothing")
        }
        EvalAltResult::ErrorFunctionNotFound(signature, _) => not_for(signature),
        EvalAltResult::ErrorDotExpr(message, _) if message.ends_with("for type '()'") => {
            let name = message.split('\'').nth(1).unwrap_or_default();
            format!("the field `{name}` is asked of nothing")
        }
        EvalAltResult::ErrorPropertyNotFound(name, _) => format!("there is no field `{name}`"),
        EvalAltResult::ErrorTooManyOperations(_) | EvalAltResult::ErrorTerminated(..) => {
            TOO_MANY_STEPS.into()
        }
        EvalAltResult::ErrorDataTooLarge(what, _) => format!("it makes too much: {what}"),
        EvalAltResult::ErrorDataRace(..) => {
            "a closure cannot read the record whose list it goes through: \
             name what it needs in a variable first"
                .into()
        }
        EvalAltResult::ErrorArithmetic(message, _) => message.clone(),
        EvalAltResult::ErrorRuntime(message, _) => message.to_string(),
        other => without_position(other),
    }
}

/// Says of a function's name and the kinds it was given that it cannot take them.
fn not_for(signature: &str) -> String {
    let (name, kinds) = signature.split_once(" (").unwrap_or((signature, ""));
    let kinds = kinds.trim_end_matches(')').split(", ").map(|kind| {
        match kind.split(" | ").next().unwrap_or(kind) {
            "&str" | "ImmutableString" | "String" | "char" => "text",
            "i64" | "Decimal" | "decimal" => "a number",
            "array" | "Array" => "a list",
            "map" | "Map" => "a group of fields",
            "bool" => "yes/no",
            "()" => "nothing",
            _ => "that",
        }
    });
    let kinds: Vec<&str> = kinds.collect();
    format!("`{name}` cannot take {}", kinds.join(" and "))
}

fn without_position(error: &EvalAltResult) -> String {
    let text = error.to_string();
    match error.position() {
        Position::NONE => text,
        position => text.replace(&format!(" ({position})"), ""),
    }
}

/// Gives every function formulas may call.
pub fn functions() -> &'static [Function] {
    functions::FUNCTIONS
}
