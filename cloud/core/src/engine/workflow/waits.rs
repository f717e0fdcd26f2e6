//! Steps that wait: for a time, an event, a person.

use super::action::{Action, Awaited, Happened};
use super::advance::{Turn, Walk};
use super::compiled::{CompiledStep, WaitFor, Waiting, Work};
use super::state::Phase;
use crate::domain::failure::{Failure, FailureClass};
use crate::domain::run::StepState;
use crate::domain::time::Micros;
use crate::engine::checks::unreadable;
use crate::engine::expression::Expression;
use crate::engine::moment;
use crate::engine::retry::Tries;
use crate::engine::value::Value;

/// Days a step waits at most.
const MOST_DAYS: i64 = 366;

impl Walk<'_> {
    /// Begins to wait, as the step says.
    pub(super) fn wait(
        &mut self,
        key: &str,
        step: &CompiledStep,
        waiting: &Waiting,
        attempt: u32,
    ) -> Result<Turn, Failure> {
        let until = match &waiting.what {
            WaitFor::Seconds(seconds) | WaitFor::Event { seconds, .. } => {
                Some(self.seconds(key, seconds)?)
            }
            WaitFor::Instant(at) => Some(self.instant(key, at)?),
            WaitFor::Approval { seconds, .. } => match seconds {
                Some(seconds) => Some(self.seconds(key, seconds)?),
                None => None,
            },
        };
        let reason = waiting.reason.render(self.facts);
        let reason = reason.map_err(|error| unreadable(key, &error))?;
        let note = self.note(key, step.kind, attempt, StepState::Intended);
        note.input = Some(reason.clone());
        self.state.phase = Phase::Waiting {
            step: key.to_owned(),
            attempt,
            until,
            reason: reason.clone(),
        };
        Ok(Turn::Stay(awaiting(key, waiting, until, reason)))
    }

    /// Goes on with a run that waits, if what happened is what it waits for.
    pub(super) fn waiting(&mut self, phase: InWaiting, happened: Happened) -> Action {
        let InWaiting {
            key,
            attempt,
            until,
            reason,
        } = phase;
        let workflow = self.workflow;
        let Some(step) = workflow.steps.get(&key) else {
            return self.walk_from(key, attempt, Tries::default());
        };
        let Work::Wait(wait) = &step.work else {
            return self.walk_from(key, attempt, Tries::default());
        };
        match happened {
            Happened::Arrived { step: of, value } if of == key && wait.what.can_arrive() => {
                self.arrived(&key, step, wait, attempt, value)
            }
            Happened::Arrived { .. }
            | Happened::Answer { .. }
            | Happened::Begin
            | Happened::Due
            | Happened::Items { .. }
            | Happened::Resumed { .. } => match until {
                Some(until) if self.now >= until => self.time_is_up(&key, step, wait, attempt),
                Some(_) | None => awaiting(&key, wait, until, reason),
            },
        }
    }

    fn arrived(
        &mut self,
        key: &str,
        step: &CompiledStep,
        waiting: &Waiting,
        attempt: u32,
        value: Value,
    ) -> Action {
        let said_no = value.get("approved") == Some(&Value::Bool(false));
        let note = self.note(key, step.kind, attempt, StepState::Succeeded);
        note.output = Some(value.to_json());
        self.keep(step, value);
        match &waiting.what {
            WaitFor::Approval { refused, .. } if said_no => {
                self.walk_from(refused.clone(), 1, Tries::default())
            }
            WaitFor::Approval { .. }
            | WaitFor::Event { .. }
            | WaitFor::Seconds(_)
            | WaitFor::Instant(_) => self.turned(step.after()),
        }
    }

    fn time_is_up(
        &mut self,
        key: &str,
        step: &CompiledStep,
        waiting: &Waiting,
        attempt: u32,
    ) -> Action {
        let note = self.note(key, step.kind, attempt, StepState::Succeeded);
        let way = match &waiting.what {
            WaitFor::Event { timed_out, .. } => timed_out,
            WaitFor::Approval {
                timed_out, refused, ..
            } => timed_out.as_ref().unwrap_or(refused),
            WaitFor::Seconds(_) | WaitFor::Instant(_) => return self.turned(step.after()),
        };
        note.output = Some("it did not come in time".into());
        self.keep(step, Value::Null);
        self.walk_from(way.clone(), 1, Tries::default())
    }

    fn seconds(&mut self, key: &str, formula: &Expression) -> Result<Micros, Failure> {
        let value = formula.evaluate(self.facts);
        let value = value.map_err(|error| unreadable(key, &error))?;
        let seconds = value.as_number().map(|number| number.ceil());
        let seconds = seconds.and_then(|number| i64::try_from(number).ok());
        match seconds {
            Some(seconds) if seconds <= MOST_SECONDS => Ok(self.now.plus_seconds(seconds.max(0))),
            Some(_) => Err(wrong_time(key, &format!("more than {MOST_DAYS} days"))),
            None => Err(wrong_time(key, value.kind())),
        }
    }

    fn instant(&mut self, key: &str, formula: &Expression) -> Result<Micros, Failure> {
        let value = formula.evaluate(self.facts);
        let value = value.map_err(|error| unreadable(key, &error))?;
        let at = value.as_text().and_then(moment::instant);
        match at.map(|at| Micros(at.as_microsecond())) {
            Some(at) if at <= self.now.plus_seconds(MOST_SECONDS) => Ok(at),
            Some(_) => Err(wrong_time(key, &format!("more than {MOST_DAYS} days"))),
            None => Err(wrong_time(key, "no instant such as 2026-03-05T06:00:00Z")),
        }
    }
}

const MOST_SECONDS: i64 = MOST_DAYS * 24 * 60 * 60;

/// A run that waits at a step.
pub(super) struct InWaiting {
    pub(super) key: String,
    pub(super) attempt: u32,
    pub(super) until: Option<Micros>,
    pub(super) reason: String,
}

fn awaiting(key: &str, waiting: &Waiting, until: Option<Micros>, reason: String) -> Action {
    let what = match &waiting.what {
        WaitFor::Event { topics, .. } => Awaited::Event {
            topics: topics.clone(),
        },
        WaitFor::Approval { .. } => Awaited::Approval,
        WaitFor::Seconds(_) | WaitFor::Instant(_) => Awaited::Time,
    };
    Action::Await {
        step: key.to_owned(),
        what,
        until,
        reason,
    }
}

fn wrong_time(key: &str, what: &str) -> Failure {
    let message = format!("The step {key} waits for {what}.");
    Failure::new(FailureClass::InvalidData, "wait", message)
}
