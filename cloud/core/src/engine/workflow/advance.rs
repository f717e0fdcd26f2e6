//! The walk: from where a run stands and what happened to the next thing to do.

use std::sync::Arc;

use super::action::{Action, Happened, RunInput, StepNote};
use super::compile::{Compiled, CompiledStep};
use super::state::{Phase, State};
use super::{requests, told};
use crate::domain::event::Source;
use crate::domain::failure::{Failure, FailureClass};
use crate::domain::run::StepState;
use crate::domain::time::Micros;
use crate::engine::checks::{is_true, unreadable};
use crate::engine::expression::Facts;
use crate::engine::retry::{self, Decision, Tries};
use crate::engine::schema;
use crate::engine::value::Value;

/// What one advance came to.
#[derive(Clone, Debug, PartialEq)]
pub struct Advanced {
    /// Where the run now stands.
    pub state: State,
    /// What was done at steps, for people.
    pub steps: Vec<StepNote>,
    /// What must be done next.
    pub action: Action,
}

/// Makes the state of a run that has not begun.
pub fn start(_workflow: &Compiled, input: RunInput) -> State {
    State::new(input)
}

/// Takes in what happened, does all steps that have no effect, and tells what must be done next.
///
/// What does not fit the state (an answer to another step, a timer that has not come) changes
/// nothing: the action is told again.
pub fn advance(workflow: &Compiled, state: State, happened: Happened, now: Micros) -> Advanced {
    let mut walker = Walker::new(state);
    let (steps, action) = walker.advance(workflow, happened, now);
    Advanced {
        state: walker.state,
        steps,
        action,
    }
}

/// A run that is advanced several times in a row: what formulas read stays ready in between.
#[derive(Debug)]
pub struct Walker {
    state: State,
    facts: Option<Facts>,
}

impl Walker {
    /// A run that stands there.
    pub fn new(state: State) -> Self {
        Self { state, facts: None }
    }

    /// Where it stands.
    pub fn state(&self) -> &State {
        &self.state
    }

    /// The same as [`advance`], over the state kept here.
    pub fn advance(
        &mut self,
        workflow: &Compiled,
        happened: Happened,
        now: Micros,
    ) -> (Vec<StepNote>, Action) {
        let state = &mut self.state;
        let facts = &mut self.facts;
        let facts = facts.get_or_insert_with(|| told::facts(workflow, state));
        let mut walk = Walk {
            workflow,
            state,
            facts,
            steps: Vec::new(),
            now,
        };
        let action = walk.take(happened);
        (walk.steps, action)
    }
}

/// A run while it is advanced.
pub(super) struct Walk<'a> {
    workflow: &'a Compiled,
    pub(super) state: &'a mut State,
    pub(super) facts: &'a mut Facts,
    steps: Vec<StepNote>,
    pub(super) now: Micros,
}

/// Where the walk goes on.
pub(super) enum Turn {
    To(String),
    Stay(Action),
}

impl Walk<'_> {
    fn take(&mut self, happened: Happened) -> Action {
        let phase = self.state.phase.clone();
        match phase {
            Phase::New => self.begin(),
            Phase::Asked {
                step,
                attempt,
                tries,
            } => match happened {
                Happened::Answer {
                    step: answered,
                    outcome,
                } if answered == step => self.answered(&step, attempt, tries, outcome),
                Happened::Answer { .. } | Happened::Begin | Happened::Due => {
                    self.walk_from(step, attempt, tries)
                }
            },
            Phase::Pausing {
                step,
                attempt,
                tries,
                until,
                reason,
            } => {
                if self.now >= until {
                    self.walk_from(step, attempt, tries)
                } else {
                    Action::Wait {
                        step,
                        until,
                        reason,
                    }
                }
            }
            Phase::Waiting {
                step,
                until,
                reason,
            } => self.waited(step, until, reason),
            Phase::Succeeded { summary } => Action::Succeed { summary },
            Phase::Stopped { summary } => Action::Stop { summary },
            Phase::Dead { failure } => Action::Dead { failure },
        }
    }

    fn begin(&mut self) -> Action {
        let workflow = self.workflow;
        match self.wanted() {
            Ok(true) => self.walk_from(workflow.start.clone(), 1, Tries::default()),
            Ok(false) => {
                let summary = workflow.otherwise.render(self.facts);
                match summary.map_err(|error| unreadable("trigger", &error)) {
                    Ok(summary) => {
                        self.note("trigger", "trigger", 1, StepState::Skipped);
                        self.end(Phase::Stopped { summary })
                    }
                    Err(failure) => self.end(Phase::Dead { failure }),
                }
            }
            Err(failure) => self.end(Phase::Dead { failure }),
        }
    }

    /// Tells whether the event is one the workflow takes. What a person asks for always is.
    fn wanted(&mut self) -> Result<bool, Failure> {
        let event = &self.state.input.event;
        let asked = matches!(event.source, Source::Manual | Source::Replay);
        if asked {
            return Ok(true);
        }
        if !self.workflow.topics.contains(&event.topic) {
            return Ok(false);
        }
        match &self.workflow.when {
            Some(when) => is_true(when, self.facts).map_err(|error| unreadable("trigger", &error)),
            None => Ok(true),
        }
    }

    /// Goes from step to step until something must be done outside.
    fn walk_from(&mut self, first: String, attempt: u32, tries: Tries) -> Action {
        let (mut key, mut attempt, mut tries) = (first, attempt, tries);
        loop {
            match self.step(&key, attempt, tries) {
                Turn::To(next) => key = next,
                Turn::Stay(action) => return action,
            }
            (attempt, tries) = (1, Tries::default());
        }
    }

    fn step(&mut self, key: &str, attempt: u32, tries: Tries) -> Turn {
        let workflow = self.workflow;
        let Some(step) = workflow.steps.get(key) else {
            let message = format!("the workflow {} has no step {key}", workflow.name);
            let failure = Failure::new(FailureClass::Bug, "unknown_step", message);
            return Turn::Stay(self.end(Phase::Dead { failure }));
        };
        let generation = self.state.input.generation;
        match requests::action(key, step, generation, self.facts) {
            Ok(Some(action)) => {
                let note = self.note(key, step.kind, attempt, StepState::Intended);
                note.input = told::asked_for(&action);
                self.state.phase = Phase::Asked {
                    step: key.into(),
                    attempt,
                    tries,
                };
                Turn::Stay(action)
            }
            Ok(None) => match self.pure(key, step) {
                Ok(turn) => turn,
                Err(failure) => self.failed(key, step, attempt, tries, failure),
            },
            Err(failure) => self.failed(key, step, attempt, tries, failure),
        }
    }

    fn answered(
        &mut self,
        key: &str,
        attempt: u32,
        tries: Tries,
        outcome: Result<Value, Failure>,
    ) -> Action {
        let Some(step) = self.workflow.steps.get(key) else {
            return self.walk_from(key.into(), attempt, tries);
        };
        let turn = match outcome {
            Ok(value) => {
                let note = self.note(key, step.kind, attempt, StepState::Succeeded);
                note.output = Some(value.to_json());
                self.keep(step, value);
                Turn::To(step.next.clone().unwrap_or_default())
            }
            Err(failure) => self.failed(key, step, attempt, tries, failure),
        };
        match turn {
            Turn::To(next) => self.walk_from(next, 1, Tries::default()),
            Turn::Stay(action) => action,
        }
    }

    /// Decides what becomes of a run whose step failed.
    fn failed(
        &mut self,
        key: &str,
        step: &CompiledStep,
        attempt: u32,
        tries: Tries,
        failure: Failure,
    ) -> Turn {
        let note = self.note(key, step.kind, attempt, StepState::Failed);
        note.failure = Some(failure.clone());
        match retry::decide(&step.retry, &failure, tries, self.seed()) {
            Decision::Again {
                after_ms,
                uses_attempt,
            } => {
                let until = self.now.plus_millis(after_ms);
                let reason = failure.message;
                self.state.phase = Phase::Pausing {
                    step: key.into(),
                    attempt: attempt.saturating_add(1),
                    tries: Tries {
                        used: tries.used.saturating_add(uses_attempt.into()),
                        pauses: tries.pauses.saturating_add(1),
                    },
                    until,
                    reason: reason.clone(),
                };
                Turn::Stay(Action::Wait {
                    step: key.into(),
                    until,
                    reason,
                })
            }
            Decision::GiveUp => match &step.on_error {
                Some(to) => {
                    self.remember("failure", told::failure(&failure));
                    Turn::To(to.clone())
                }
                None => Turn::Stay(self.end(Phase::Dead { failure })),
            },
        }
    }

    fn waited(&mut self, key: String, until: Micros, reason: String) -> Action {
        if self.now < until {
            return Action::Wait {
                step: key,
                until,
                reason,
            };
        }
        let Some(step) = self.workflow.steps.get(&key) else {
            return self.walk_from(key, 1, Tries::default());
        };
        self.note(&key, step.kind, 1, StepState::Succeeded);
        self.walk_from(step.next.clone().unwrap_or_default(), 1, Tries::default())
    }

    /// Keeps a step's result under its name.
    pub(super) fn keep(&mut self, step: &CompiledStep, mut value: Value) {
        if let Some(name) = &step.result {
            schema::complete(name, &mut value);
            self.remember(name, value);
        }
    }

    fn remember(&mut self, name: &str, value: Value) {
        let value = Arc::new(value);
        self.facts.set(name, Arc::clone(&value));
        self.state.results.insert(name.into(), value);
    }

    pub(super) fn note(
        &mut self,
        step: &str,
        kind: &str,
        attempt: u32,
        state: StepState,
    ) -> &mut StepNote {
        let index = self.steps.len();
        self.steps.push(StepNote {
            step: step.into(),
            kind: kind.into(),
            attempt,
            state,
            input: None,
            output: None,
            trace: None,
            failure: None,
        });
        &mut self.steps[index]
    }

    pub(super) fn end(&mut self, phase: Phase) -> Action {
        self.state.phase = phase.clone();
        match phase {
            Phase::Succeeded { summary } => Action::Succeed { summary },
            Phase::Stopped { summary } => Action::Stop { summary },
            Phase::Dead { failure } => Action::Dead { failure },
            Phase::New | Phase::Asked { .. } | Phase::Pausing { .. } | Phase::Waiting { .. } => {
                self.take(Happened::Due)
            }
        }
    }

    fn seed(&self) -> u64 {
        self.state.input.run.0.as_u64_pair().1
    }
}
