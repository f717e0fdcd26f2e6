//! Steps without an effect: they ride along with the next one that has.

use super::action::Action;
use super::advance::{Turn, Walk};
use super::compile::{CompiledStep, Work};
use super::model::Outcome;
use super::state::Phase;
use super::told;
use crate::domain::failure::{Failure, FailureClass};
use crate::domain::run::StepState;
use crate::engine::checks::{self, Verdict, is_true, unreadable};
use crate::engine::expression::{Expression, Template};
use crate::engine::mapping;
use crate::engine::value::Value;

impl Walk<'_> {
    /// Does a step that has no effect.
    pub(super) fn pure(&mut self, key: &str, step: &CompiledStep) -> Result<Turn, Failure> {
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
            Work::Wait { seconds, reason } => self.wait(key, step, seconds, reason),
            Work::Stop { outcome, summary } => {
                let summary = summary.render(self.facts);
                let summary = summary.map_err(|error| unreadable(key, &error))?;
                let note = self.note(key, step.kind, 1, StepState::Succeeded);
                note.output = Some(summary.clone());
                let phase = match outcome {
                    Outcome::Succeeded => Phase::Succeeded { summary },
                    Outcome::NothingToDo => Phase::Stopped { summary },
                };
                Ok(Turn::Stay(self.end(phase)))
            }
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

    fn branch(
        &mut self,
        key: &str,
        step: &CompiledStep,
        cases: &[(Expression, String)],
        otherwise: &str,
    ) -> Result<Turn, Failure> {
        let mut to = otherwise;
        for (when, target) in cases {
            if is_true(when, self.facts).map_err(|error| unreadable(key, &error))? {
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
                Turn::To(step.next.clone().unwrap_or_default())
            }
            Verdict::Stop(summary) => {
                note.output = Some(summary.clone());
                Turn::Stay(self.end(Phase::Stopped { summary }))
            }
        }
    }

    fn wait(
        &mut self,
        key: &str,
        step: &CompiledStep,
        seconds: &Expression,
        reason: &Template,
    ) -> Result<Turn, Failure> {
        let wrong = |error| unreadable(key, &error);
        let seconds = seconds.evaluate(self.facts).map_err(wrong)?;
        let Some(seconds) = seconds
            .as_number()
            .and_then(|number| i64::try_from(number).ok())
        else {
            let message = format!("the step {key} waits for {}", seconds.kind());
            return Err(Failure::new(FailureClass::InvalidData, "wait", message));
        };
        let reason = reason.render(self.facts).map_err(wrong)?;
        let until = self.now.plus_seconds(seconds.max(0));
        let note = self.note(key, step.kind, 1, StepState::Intended);
        note.input = Some(reason.clone());
        let step = key.to_owned();
        self.state.phase = Phase::Waiting {
            step: step.clone(),
            until,
            reason: reason.clone(),
        };
        Ok(Turn::Stay(Action::Wait {
            step,
            until,
            reason,
        }))
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
        Ok(Turn::To(step.next.clone().unwrap_or_default()))
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
        Ok(Turn::To(step.next.clone().unwrap_or_default()))
    }
}
