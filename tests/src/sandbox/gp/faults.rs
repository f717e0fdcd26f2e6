//! Faults ordered for procedure calls.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use serde::Deserialize;

use super::procedures::call::Argument;
use super::value::Value;

/// When a fault strikes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Default)]
#[serde(rename_all = "lowercase")]
pub enum When {
    #[default]
    Before,
    After,
}

/// What a fault does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// The procedure answers with a code.
    Error,
    /// The procedure raises a SQL error.
    Raise,
    /// The procedure rolls the transaction back by itself and answers 0.
    #[serde(rename = "rollback_return_0")]
    RollbackReturn0,
    /// The procedure answers 0 and leaves a transaction that can only be rolled back.
    Doom,
    Delay,
    Disconnect,
    Deadlock,
    LockTimeout,
}

/// An order for a fault.
#[derive(Debug, Clone, Deserialize)]
pub struct Fault {
    #[serde(default = "any")]
    pub procedure: String,
    #[serde(default)]
    pub when: When,
    pub kind: Kind,
    #[serde(default)]
    pub code: i32,
    #[serde(default)]
    pub text: String,
    #[serde(default)]
    pub ms: u64,
    #[serde(default = "once")]
    pub times: u32,
    /// Elements whose values must be these for the fault to strike.
    #[serde(default, rename = "match")]
    pub elements: HashMap<String, String>,
}

/// Named instead of a procedure, the fault strikes at the client's commit.
const COMMIT: &str = "COMMIT";

fn any() -> String {
    "*".to_owned()
}

fn once() -> u32 {
    1
}

/// The faults ordered and not used up.
#[derive(Debug, Default)]
pub struct Faults(Mutex<Vec<Fault>>);

impl Faults {
    /// Orders a fault.
    pub fn add(&self, fault: Fault) {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(fault);
    }

    /// Takes all orders back.
    pub fn clear(&self) {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clear();
    }

    /// The fault that strikes this call now, if any; it is used up by one.
    pub fn strike(&self, procedure: &str, when: When, arguments: &[Argument]) -> Option<Fault> {
        self.take(|fault| {
            fault.when == when
                && (fault.procedure == "*" || fault.procedure.eq_ignore_ascii_case(procedure))
                && fault
                    .elements
                    .iter()
                    .all(|(name, value)| matches(arguments, name, value))
        })
    }

    /// Whether the connection shall end at a commit that the client asks for; `*` means calls only.
    pub fn ends_commit(&self, when: When) -> bool {
        let found = self.take(|fault| {
            fault.when == when
                && fault.kind == Kind::Disconnect
                && fault.procedure.eq_ignore_ascii_case(COMMIT)
        });
        found.is_some()
    }

    fn take(&self, strikes: impl Fn(&Fault) -> bool) -> Option<Fault> {
        let mut faults = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let position = faults.iter().position(strikes)?;
        let fault = faults[position].clone();
        faults[position].times = faults[position].times.saturating_sub(1);
        if faults[position].times == 0 {
            faults.remove(position);
        }
        Some(fault)
    }
}

fn matches(arguments: &[Argument], element: &str, wanted: &str) -> bool {
    let name = format!("@I_v{element}");
    let found = arguments
        .iter()
        .find(|argument| argument.name.eq_ignore_ascii_case(&name));
    found.is_some_and(|argument| match &argument.value {
        Value::Text(text) => text.trim_end().eq_ignore_ascii_case(wanted.trim_end()),
        Value::Int(number) => number.to_string() == wanted,
        Value::Numeric(number) => super::value::Numeric::parse(wanted)
            .is_some_and(|other| other.decimal() == number.decimal()),
        Value::Null | Value::Float(_) | Value::Bytes(_) | Value::Time(_) => false,
    })
}
