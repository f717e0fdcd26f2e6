//! Expressions whose value needs no table: variables, the transaction's state, and what conditions
//! usually are made of them. They are computed here; SQLite computes the others.

#![expect(
    clippy::wildcard_enum_match_arm,
    reason = "what is not known of a foreign syntax tree is left to the compiler"
)]

use sqlparser::ast::{
    BinaryOperator, Expr, Function, FunctionArg, FunctionArgExpr, FunctionArguments,
    Value as Literal,
};

use super::super::value::Value;
use super::state::{State, Variables};

/// The value of an expression; none when it is not one of the plain kind.
pub(super) fn value(expression: &Expr, state: &State, variables: &Variables) -> Option<Value> {
    let of = |expression: &Expr| value(expression, state, variables);
    match expression {
        Expr::Identifier(name) if name.value.starts_with("@@") => {
            match name.value.to_ascii_uppercase().as_str() {
                "@@TRANCOUNT" => Some(Value::Int(state.count())),
                "@@ROWCOUNT" => Some(Value::Int(state.row_count)),
                _ => None,
            }
        }
        Expr::Identifier(name) => variables.find(&name.value).cloned(),
        Expr::Value(literal) => constant(&literal.value),
        Expr::Nested(inner) => of(inner),
        Expr::BinaryOp { left, op, right } => binary(op, &of(left)?, &of(right)?),
        Expr::Function(function) => {
            let name = function.name.0.as_slice();
            let [name] = name else { return None };
            let name = name.as_ident()?.value.to_ascii_uppercase();
            let arguments = arguments(function)?;
            match (name.as_str(), arguments.as_slice()) {
                ("XACT_STATE", []) => Some(Value::Int(state.health())),
                ("SCOPE_IDENTITY", []) => Some(state.scope_identity()),
                ("LTRIM", [text]) => trimmed(&of(text)?, |text| text.trim_start_matches(' ')),
                ("RTRIM", [text]) => trimmed(&of(text)?, |text| text.trim_end_matches(' ')),
                ("ISNULL", [given, otherwise]) => match of(given)? {
                    Value::Null => of(otherwise),
                    given => Some(given),
                },
                _ => None,
            }
        }
        _ => None,
    }
}

fn constant(literal: &Literal) -> Option<Value> {
    match literal {
        Literal::Number(digits, _) => digits.parse::<i32>().ok().map(|n| Value::Int(n.into())),
        Literal::SingleQuotedString(text) => Some(Value::Text(text.clone())),
        _ => None,
    }
}

fn arguments(function: &Function) -> Option<Vec<&Expr>> {
    let FunctionArguments::List(list) = &function.args else {
        return None;
    };
    let plain = |argument| match argument {
        &FunctionArg::Unnamed(FunctionArgExpr::Expr(ref expression)) => Some(expression),
        _ => None,
    };
    list.args.iter().map(plain).collect()
}

fn trimmed(value: &Value, trim: impl Fn(&str) -> &str) -> Option<Value> {
    match value {
        Value::Text(text) => Some(Value::Text(trim(text).to_owned())),
        _ => None,
    }
}

/// An int; a number that is none has another type, and is left to the compiler.
fn whole(number: i64) -> Option<Value> {
    i32::try_from(number).ok().map(|_| Value::Int(number))
}

/// Whole numbers, and texts against the blank one; neither may be NULL.
fn binary(operator: &BinaryOperator, left: &Value, right: &Value) -> Option<Value> {
    let holds = match (left, right) {
        (Value::Int(left), Value::Int(right)) => match operator {
            BinaryOperator::Plus => return whole(left.checked_add(*right)?),
            BinaryOperator::Multiply => return whole(left.checked_mul(*right)?),
            BinaryOperator::Eq => left == right,
            BinaryOperator::NotEq => left != right,
            BinaryOperator::Gt => left > right,
            BinaryOperator::GtEq => left >= right,
            BinaryOperator::Lt => left < right,
            BinaryOperator::LtEq => left <= right,
            BinaryOperator::And => *left != 0 && *right != 0,
            _ => return None,
        },
        (Value::Text(text), Value::Text(blank)) if blank.is_empty() => {
            // Trailing blanks do not count.
            let is_blank = text.bytes().all(|byte| byte == b' ');
            match operator {
                BinaryOperator::Eq => is_blank,
                BinaryOperator::NotEq => !is_blank,
                _ => return None,
            }
        }
        _ => return None,
    };
    Some(Value::Int(holds.into()))
}
