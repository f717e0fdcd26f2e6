//! How a run ends, and what is done then.

use super::action::Action;
use super::advance::Walk;
use super::state::{At, Ending, Phase};
use super::told;
use crate::domain::failure::{Failure, FailureClass};
use crate::engine::retry::Tries;
use crate::engine::value::Value;

impl Walk<'_> {
    /// Ends a run that needs a person, to go on from there.
    pub(super) fn dead(&mut self, mut failure: Failure, at: Option<At>) -> Action {
        failure.step = at.as_ref().map(|at| at.step.clone());
        self.end(Ending::Dead { failure, at })
    }

    /// Ends a run after a step that nothing comes after.
    pub(super) fn done(&mut self) -> Action {
        self.end(Ending::Succeeded {
            summary: "done".into(),
            result: Value::Null,
        })
    }

    /// Ends the run, after what is done at its end. What fails there changes nothing about how it
    /// ends: its steps tell.
    pub(super) fn end(&mut self, ending: Ending) -> Action {
        if let Some(first) = self.state.ending.take() {
            return self.ended(first);
        }
        let at_end = &self.workflow.at_end;
        let handler = match &ending {
            Ending::Succeeded { .. } => at_end.succeeded.clone(),
            Ending::Dead { failure, .. } => {
                let handler = at_end.failed.clone();
                if handler.is_some() {
                    self.remember("failure", told::failure(failure));
                }
                handler
            }
            Ending::Stopped { .. } => None,
        };
        match handler {
            Some(first) => {
                self.state.ending = Some(ending);
                self.walk_from(first, 1, Tries::default())
            }
            None => self.ended(ending),
        }
    }

    fn ended(&mut self, ending: Ending) -> Action {
        match ending {
            Ending::Succeeded { summary, result } => {
                self.state.phase = Phase::Succeeded {
                    summary: summary.clone(),
                };
                Action::Succeed { summary, result }
            }
            Ending::Stopped { summary, result } => {
                self.state.phase = Phase::Stopped {
                    summary: summary.clone(),
                };
                Action::Stop { summary, result }
            }
            Ending::Dead { failure, at } => {
                self.state.phase = Phase::Dead {
                    failure: failure.clone(),
                    at,
                };
                Action::Dead { failure }
            }
        }
    }

    /// Says of a run that it took longer than its workflow allows.
    pub(super) fn took_too_long(&self) -> Option<Failure> {
        let began = self.state.input.began;
        let days = self.workflow.longest_days;
        let over = self.now > began.plus_seconds(i64::from(days) * 24 * 60 * 60);
        // A snapshot may be older than the time it began; what is done at the end is done.
        if began.0 == 0 || !over || self.state.ending.is_some() {
            return None;
        }
        let message = format!("The run took longer than {days} days, as its workflow allows.");
        Some(Failure::new(
            FailureClass::BusinessRule,
            "run_too_long",
            message,
        ))
    }
}
