//! Formulas of the common kinds, computed without the language's interpreter: with the same
//! results, many times faster.

mod calls;
mod compile;
mod evaluate;
mod item;
mod lists;
mod node;
mod numbers;
mod operators;
mod rules;
#[cfg(test)]
mod tests;
mod texts;

use rhai::AST;

use super::facts::Facts;
use crate::engine::value::Value;
use compile::Compiler;
use evaluate::Run;
use node::Node;

/// A formula in its native form.
#[derive(Debug)]
pub(super) struct Native(Node);

impl Native {
    /// Compiles a formula; none where it needs the language.
    pub(super) fn compile(ast: &AST) -> Option<Self> {
        Compiler::compile(ast).map(Self)
    }

    /// Computes the formula; none where that is an error, or could go beyond a bound.
    pub(super) fn evaluate(&self, facts: &Facts) -> Option<Value> {
        Some(Run::new(facts).item(&self.0)?.into_value())
    }

    /// Computes a formula that gives yes or no; none also where it gives something else.
    pub(super) fn holds(&self, facts: &Facts) -> Option<bool> {
        Run::new(facts).truth(&self.0)
    }
}
