//! Steps without an effect: they ride along with the next one that has.

use super::advance::{Turn, Walk};
use super::compiled::{CompiledStep, Stop, Work};
use super::model::Outcome;
use super::state::Ending;
use super::told;
use crate::domain::failure::{Failure, FailureClass};
use crate::domain::run::StepState;
use crate::engine::checks::{self, Verdict, unreadable};
use crate::engine::expression::Expression;
use crate::engine::mapping;
use crate::engine::retry::Tries;
use crate::engine::value::Value;

impl Walk<'_> {
    /// Does a step that has no effect.
    pub(super) fn pure(
        &mut self,
        key: &str,
        step: &CompiledStep,
        attempt: u32,
        tries: Tries,
    ) -> Result<Turn, Failure> {
        match &step.work {
            Work::Branch { cases, otherwise } => self.branch(key, step, cases, otherwise),
            Work::Check { variables, checks } => {
                let mark = self.facts.mark();
                let verdict = self.check(variables, checks);
                self.facts.reset(mark);
                Ok(self.checked(key, step, verdict?))
            }
            Work::Set(values) => self.set(key, step, values),
            Work::Map(mapping) => self.map(key, step, mapping),
            Work::Wait(waiting) => self.wait(key, step, waiting, attempt),
            Work::Parts(parts) => self.begin_items(key, step, parts, attempt, tries),
            Work::Stop(stop) => self.stop(key, step, stop),
            Work::FindLink(_)
            | Work::ReadStore { .. }
            | Work::ReserveLink { .. }
            | Work::WriteGp(_)
            | Work::WriteStore { .. } => Err(Failure::new(
                FailureClass::Bug,
                "no_action",
                format!("the step {key} asks for nothing"),
            )),
        }
    }

    fn stop(&mut self, key: &str, step: &CompiledStep, stop: &Stop) -> Result<Turn, Failure> {
        let wrong = |error| unreadable(key, &error);
        let summary = stop.summary.render(self.facts).map_err(wrong)?;
        let result = match &stop.result {
            Some(formula) => formula.evaluate(self.facts).map_err(wrong)?,
            None => Value::Null,
        };
        let note = self.note(key, step.kind, 1, StepState::Succeeded);
        note.output = Some(summary.clone());
        let ending = match stop.outcome {
            Outcome::Succeeded => Ending::Succeeded { summary, result },
            Outcome::NothingToDo => Ending::Stopped { summary, result },
        };
        Ok(Turn::Stay(self.end(ending)))
    }

    fn branch(
        &mut self,
        key: &str,
        step: &CompiledStep,
        cases: &[(Expression, String)],
        otherwise: &str,
    ) -> Result<Turn, Failure> {
        let mut to = otherwise;
        for (when, target) in cases {
            if when
                .holds(self.facts)
                .map_err(|error| unreadable(key, &error))?
            {
                to = target;
                break;
            }
        }
        let note = self.note(key, step.kind, 1, StepState::Succeeded);
        note.output = Some(to.to_owned());
        Ok(Turn::To(to.to_owned()))
    }

    fn checked(&mut self, key: &str, step: &CompiledStep, verdict: Verdict) -> Turn {
        let note = self.note(key, step.kind, 1, StepState::Succeeded);
        match verdict {
            Verdict::Holds(warnings) => {
                if !warnings.is_empty() {
                    note.output = Some(told::warnings(&warnings));
                }
                step.after()
            }
            Verdict::Stop(summary) => {
                note.output = Some(summary.clone());
                Turn::Stay(self.end(Ending::Stopped {
                    summary,
                    result: Value::Null,
                }))
            }
        }
    }

    fn check(
        &mut self,
        variables: &[(String, Expression)],
        checks: &[checks::CompiledCheck],
    ) -> Result<Verdict, Failure> {
        for (name, formula) in variables {
            let value = formula
                .evaluate(self.facts)
                .map_err(|error| unreadable(name, &error))?;
            self.facts.set(name, value);
        }
        checks::run(checks, self.facts)
    }

    fn set(
        &mut self,
        key: &str,
        step: &CompiledStep,
        values: &[(String, Expression)],
    ) -> Result<Turn, Failure> {
        let mark = self.facts.mark();
        let mut made = Vec::new();
        for (name, formula) in values {
            let value = formula
                .evaluate(self.facts)
                .map_err(|error| unreadable(name, &error))?;
            self.facts.set(name, value.clone());
            made.push((name.clone(), value));
        }
        self.facts.reset(mark);
        let value = Value::map(made);
        let note = self.note(key, step.kind, 1, StepState::Succeeded);
        note.output = Some(value.to_json());
        self.keep(step, value);
        Ok(step.after())
    }

    fn map(
        &mut self,
        key: &str,
        step: &CompiledStep,
        mapping: &mapping::Compiled,
    ) -> Result<Turn, Failure> {
        let (document, trace) = mapping::evaluate(mapping, self.facts)?;
        let xml = connect_proto::econnect::write(&document);
        let note = self.note(key, step.kind, 1, StepState::Succeeded);
        note.output = Some(xml.clone());
        note.trace = serde_json::to_string(&trace).ok();
        self.keep(step, Value::map([("xml", Value::Text(xml))]));
        Ok(step.after())
    }
}
