//! Checks: what must hold, and what to tell people when it does not.

use serde::{Deserialize, Serialize};

use super::expression::{Expression, ExpressionError, Facts, Template};
use super::problem::Problems;
use super::repeat::{CompiledForEach, ForEach};
use super::value::Value;
use crate::domain::failure::{Failure, FailureClass, Fault};

/// One check.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Check {
    /// Its name.
    pub name: String,
    /// Makes it once for each entry of a list.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub for_each: Option<ForEach>,
    /// A formula: false leaves the check out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub when: Option<String>,
    /// A formula that must be true.
    pub require: String,
    /// What happens when it is not.
    #[serde(default)]
    pub otherwise: Otherwise,
    /// Class of the failure.
    #[serde(default = "invalid_data")]
    pub class: FailureClass,
    /// Stable code of the failure.
    #[serde(default)]
    pub code: String,
    /// What is wrong: a text with formulas in braces.
    pub message: String,
    /// The field at fault: a text with formulas in braces.
    #[serde(default)]
    pub field: String,
    /// A formula for its value.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
    /// What to do: a text with formulas in braces.
    #[serde(default)]
    pub repair: String,
}

fn invalid_data() -> FailureClass {
    FailureClass::InvalidData
}

/// What happens when a check does not hold.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Otherwise {
    /// The run needs a person.
    #[default]
    Fail,
    /// There is rightly nothing to do.
    Stop,
}

/// A compiled check.
#[derive(Debug)]
pub(super) struct CompiledCheck {
    name: String,
    for_each: Option<CompiledForEach>,
    when: Option<Expression>,
    require: Expression,
    otherwise: Otherwise,
    class: FailureClass,
    code: String,
    message: Template,
    field: Template,
    value: Option<Expression>,
    repair: Template,
}

/// How a set of checks came out.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// All hold.
    Holds,
    /// There is rightly nothing to do.
    Stop(String),
}

impl CompiledCheck {
    pub(super) fn compile(
        check: &Check,
        location: &str,
        known: &[String],
        problems: &mut Problems,
    ) -> Option<Self> {
        let location = format!("{location}.{}", check.name);
        let mut known = known.to_vec();
        let scope = problems.scope();
        let place = |part: &str| format!("{location}.{part}");
        let for_each = check
            .for_each
            .as_ref()
            .map(|each| CompiledForEach::compile(each, &location, &mut known, problems));
        let when = problems.optional(&place("when"), check.when.as_ref(), &known);
        let require = problems.expression(&place("require"), &check.require, &known);
        let message = problems.template(&place("message"), &check.message, &known);
        let field = problems.template(&place("field"), &check.field, &known);
        let value = problems.optional(&place("value"), check.value.as_ref(), &known);
        let repair = problems.template(&place("repair"), &check.repair, &known);
        problems.leave(scope);
        if check.otherwise == Otherwise::Fail && (check.code.is_empty() || check.repair.is_empty())
        {
            problems.add(&location, "a check that can fail needs `code` and `repair`");
        }
        Some(Self {
            name: check.name.clone(),
            for_each: match for_each {
                Some(each) => Some(each?),
                None => None,
            },
            when,
            require: require?,
            otherwise: check.otherwise,
            class: check.class,
            code: check.code.clone(),
            message: message?,
            field: field?,
            value,
            repair: repair?,
        })
    }

    /// Adds what is wrong to the faults, or tells why to stop.
    fn run(&self, facts: &mut Facts, faults: &mut Vec<Fault>) -> Result<Verdict, ExpressionError> {
        let Some(each) = &self.for_each else {
            return self.run_once(facts, faults);
        };
        let mark = facts.mark();
        for (index, entry) in each.entries(facts)?.into_iter().enumerate() {
            each.enter(facts, index, entry);
            let verdict = self.run_once(facts, faults);
            facts.reset(mark);
            if let stop @ Verdict::Stop(_) = verdict? {
                return Ok(stop);
            }
        }
        Ok(Verdict::Holds)
    }

    fn run_once(
        &self,
        facts: &mut Facts,
        faults: &mut Vec<Fault>,
    ) -> Result<Verdict, ExpressionError> {
        if let Some(when) = &self.when
            && !is_true(when, facts)?
        {
            return Ok(Verdict::Holds);
        }
        if is_true(&self.require, facts)? {
            return Ok(Verdict::Holds);
        }
        let message = self.message.render(facts)?;
        if self.otherwise == Otherwise::Stop {
            return Ok(Verdict::Stop(message));
        }
        let value = match &self.value {
            Some(value) => Some(value.evaluate(facts)?.to_string()),
            None => None,
        };
        faults.push(Fault {
            code: self.code.clone(),
            message,
            field: Some(self.field.render(facts)?).filter(|field| !field.is_empty()),
            value,
            repair: self.repair.render(facts)?,
            ..Fault::default()
        });
        Ok(Verdict::Holds)
    }
}

/// Computes a formula that must give yes or no.
pub(super) fn is_true(expression: &Expression, facts: &mut Facts) -> Result<bool, ExpressionError> {
    match expression.evaluate(facts)? {
        Value::Bool(yes) => Ok(yes),
        other @ (Value::Null
        | Value::Number(_)
        | Value::Text(_)
        | Value::List(_)
        | Value::Map(_)) => Err(ExpressionError {
            expression: expression.text().into(),
            message: format!("gives {} where yes or no is wanted", other.kind()),
        }),
    }
}

/// Runs checks in order; all that fail are told together.
pub(super) fn run<'a>(
    checks: impl IntoIterator<Item = &'a CompiledCheck>,
    facts: &mut Facts,
) -> Result<Verdict, Failure> {
    let mut faults: Vec<Fault> = Vec::new();
    let mut class = None;
    for check in checks {
        match check.run(facts, &mut faults) {
            Ok(Verdict::Holds) => {}
            Ok(stop @ Verdict::Stop(_)) if faults.is_empty() => return Ok(stop),
            Ok(Verdict::Stop(_)) => break,
            // A check may rest on an earlier one that failed; that one says what is wrong.
            Err(_) if !faults.is_empty() => break,
            Err(error) => return Err(unreadable(&check.name, &error)),
        }
        if !faults.is_empty() && class.is_none() {
            class = Some(check.class);
        }
    }
    match (class, faults.first()) {
        (Some(class), Some(first)) => {
            let mut failure = Failure::new(class, &first.code, first.message.clone());
            failure.faults = faults;
            Err(failure)
        }
        (Some(_) | None, Some(_) | None) => Ok(Verdict::Holds),
    }
}

/// Tells that a formula could not be computed from the data.
pub(super) fn unreadable(what: &str, error: &ExpressionError) -> Failure {
    let message = format!("{what} cannot be computed: {}", error.message);
    Failure::new(FailureClass::InvalidData, "expression", message.clone()).with_fault(Fault {
        code: "expression".into(),
        message,
        field: Some(what.into()),
        value: Some(error.expression.clone()),
        repair: "Complete the fields named, in the store or the profile, or correct the formula."
            .into(),
        ..Fault::default()
    })
}
