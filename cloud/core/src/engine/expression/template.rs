//! Texts with formulas in braces: `Order {order.id} differs by {difference}`.

use super::{Expression, ExpressionError, Facts};
use crate::engine::value::Value;

/// A compiled text. `{{` stands for a brace.
#[derive(Debug)]
pub struct Template {
    parts: Vec<Part>,
}

#[derive(Debug)]
enum Part {
    Literal(String),
    Formula(Expression),
}

impl Template {
    /// Compiles a text over the variables `known`.
    pub fn compile(text: &str, known: &[String]) -> Result<Self, ExpressionError> {
        let mut parts = Vec::new();
        let mut literal = String::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once('{') {
            literal.push_str(before);
            if let Some(after) = after.strip_prefix('{') {
                literal.push('{');
                rest = after;
                continue;
            }
            let Some((formula, after)) = split_formula(after) else {
                return Err(ExpressionError::new(text, "a brace is not closed"));
            };
            parts.push(Part::Literal(std::mem::take(&mut literal)));
            parts.push(Part::Formula(Expression::compile(formula, known)?));
            rest = after;
        }
        literal.push_str(rest);
        parts.push(Part::Literal(literal));
        Ok(Self { parts })
    }

    /// Writes the text; nothing is written as `nothing`.
    pub fn render(&self, facts: &mut Facts) -> Result<String, ExpressionError> {
        let mut text = String::new();
        for part in &self.parts {
            match part {
                Part::Literal(literal) => text.push_str(literal),
                Part::Formula(formula) => match formula.evaluate(facts)? {
                    Value::Null => text.push_str("nothing"),
                    value @ (Value::Bool(_)
                    | Value::Number(_)
                    | Value::Text(_)
                    | Value::List(_)
                    | Value::Map(_)) => text.push_str(&value.to_string()),
                },
            }
        }
        Ok(text)
    }

    /// Gives the paths its formulas read.
    pub fn reads(&self) -> impl Iterator<Item = &str> {
        let reads = self.formulas().flat_map(Expression::reads);
        reads.map(String::as_str)
    }

    /// Gives its formulas.
    pub(super) fn formulas(&self) -> impl Iterator<Item = &Expression> {
        self.parts.iter().filter_map(|part| match part {
            Part::Literal(_) => None,
            Part::Formula(formula) => Some(formula),
        })
    }
}

/// Splits at the brace that closes the formula; braces and quotes inside it are its own.
fn split_formula(text: &str) -> Option<(&str, &str)> {
    let (mut depth, mut quoted, mut escaped) = (0_u32, false, false);
    for (place, character) in text.char_indices() {
        match character {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            '{' if !quoted => depth += 1,
            '}' if !quoted && depth == 0 => return Some((&text[..place], &text[place + 1..])),
            '}' if !quoted => depth -= 1,
            _ => {}
        }
    }
    None
}
