//! Checks: what must hold, and what to tell people when it does not.

use serde::{Deserialize, Serialize};

use super::expression::{Expression, ExpressionError, Facts, Template};
use super::must::{self, Must};
use super::problem::Problems;
use super::repeat::{CompiledForEach, ForEach};
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
    /// A formula that must be true; either this or `must`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub require: Option<String>,
    /// What a field must be; what is told then need not be said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub must: Option<Must>,
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
    #[serde(default)]
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
    /// It goes on, and people are told.
    Warn,
}

/// A compiled check.
#[derive(Debug)]
pub(super) struct CompiledCheck {
    name: String,
    for_each: Option<CompiledForEach>,
    when: Option<Expression>,
    test: Test,
    otherwise: Otherwise,
    class: FailureClass,
    code: String,
    message: Template,
    field: Template,
    value: Option<Expression>,
    repair: Template,
}

#[derive(Debug)]
enum Test {
    Formula(Expression),
    Field(must::Compiled),
}

/// How a set of checks came out.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// All hold that must; these do not and need not.
    Holds(Vec<Fault>),
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
        let test = test(check, &location, &known, problems);
        let message = problems.template(&place("message"), &check.message, &known);
        let field = problems.template(&place("field"), &check.field, &known);
        let value = problems.optional(&place("value"), check.value.as_ref(), &known);
        let repair = problems.template(&place("repair"), &check.repair, &known);
        problems.leave(scope);
        let untold = check.code.is_empty() || check.repair.is_empty();
        if check.otherwise == Otherwise::Fail && check.must.is_none() && untold {
            problems.add(&location, "a check that can fail needs `code` and `repair`");
        }
        if check.must.is_none() && check.message.is_empty() {
            problems.add(&location, "must have a `message`");
        }
        Some(Self {
            name: check.name.clone(),
            for_each: match for_each {
                Some(each) => Some(each?),
                None => None,
            },
            when,
            test: test?,
            otherwise: check.otherwise,
            class: check.class,
            code: check.code.clone(),
            message: message?,
            field: field?,
            value,
            repair: repair?,
        })
    }

    /// Gives what is wrong, or tells why to stop.
    fn run(&self, facts: &mut Facts) -> Result<Verdict, ExpressionError> {
        let mut faults = Vec::new();
        let Some(each) = &self.for_each else {
            return self.run_once(facts);
        };
        let mark = facts.mark();
        for (index, entry) in each.entries(facts)?.into_iter().enumerate() {
            each.enter(facts, index, entry);
            let verdict = self.run_once(facts);
            facts.reset(mark);
            match verdict? {
                stop @ Verdict::Stop(_) => return Ok(stop),
                Verdict::Holds(more) => faults.extend(more),
            }
        }
        Ok(Verdict::Holds(faults))
    }

    fn run_once(&self, facts: &mut Facts) -> Result<Verdict, ExpressionError> {
        if let Some(when) = &self.when
            && !when.holds(facts)?
        {
            return Ok(Verdict::Holds(Vec::new()));
        }
        let broken = match &self.test {
            Test::Formula(formula) if formula.holds(facts)? => None,
            Test::Formula(_) => Some(must::Broken::default()),
            Test::Field(field) => field.broken(facts),
        };
        let Some(broken) = broken else {
            return Ok(Verdict::Holds(Vec::new()));
        };
        let or = |own: String, told: String| if own.is_empty() { told } else { own };
        let message = or(self.message.render(facts)?, broken.message);
        if self.otherwise == Otherwise::Stop {
            return Ok(Verdict::Stop(message));
        }
        let value = match &self.value {
            Some(value) => Some(value.evaluate(facts)?.to_string()),
            None => broken.value,
        };
        let field = or(self.field.render(facts)?, broken.field);
        let repair = or(
            self.repair.render(facts)?,
            format!("Correct {field} at its source. Then replay."),
        );
        let fault = Fault {
            code: or(self.code.clone(), broken.code.to_owned()),
            message,
            field: Some(field).filter(|field| !field.is_empty()),
            value,
            repair,
            ..Fault::default()
        };
        Ok(Verdict::Holds(vec![fault]))
    }
}

fn test(check: &Check, location: &str, known: &[String], problems: &mut Problems) -> Option<Test> {
    match (&check.require, &check.must) {
        (Some(require), None) => problems
            .expression(&format!("{location}.require"), require, known)
            .map(Test::Formula),
        (None, Some(field)) => {
            must::Compiled::compile(field, &format!("{location}.must"), known, problems)
                .map(Test::Field)
        }
        (Some(_), Some(_)) | (None, None) => {
            problems.add(location, "needs one of `require` and `must`");
            None
        }
    }
}

/// Runs checks in order; all that fail are told together, those that only warn are given back.
pub(super) fn run<'a>(
    checks: impl IntoIterator<Item = &'a CompiledCheck>,
    facts: &mut Facts,
) -> Result<Verdict, Failure> {
    let (mut faults, mut warnings): (Vec<Fault>, Vec<Fault>) = Default::default();
    let mut class = None;
    for check in checks {
        match check.run(facts) {
            Ok(Verdict::Holds(more)) if check.otherwise == Otherwise::Warn => warnings.extend(more),
            Ok(Verdict::Holds(more)) => faults.extend(more),
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
        (Some(_) | None, Some(_) | None) => Ok(Verdict::Holds(warnings)),
    }
}

/// Tells that a formula could not be computed from the data.
pub(super) fn unreadable(what: &str, error: &ExpressionError) -> Failure {
    let place = error.position.map(|at| format!(" (at character {at})"));
    let place = place.unwrap_or_default();
    let message = format!("{what} cannot be computed: {}{place}", error.message);
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
