//! The walk: from where a run stands and what happened to the next thing to do.

use std::sync::Arc;

use super::action::{Action, Edit, Happened, RunInput, StepNote};
use super::compiled::{Compiled, CompiledStep};
use super::state::{At, Phase, State};
use super::waits::InWaiting;
use super::{requests, told};
use crate::domain::event::Source;
use crate::domain::failure::{Failure, FailureClass};
use crate::domain::run::StepState;
use crate::domain::time::Micros;
use crate::engine::checks::unreadable;
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
        let body = state
            .input
            .part
            .as_ref()
            .and_then(|part| part.body.as_deref());
        let workflow = body.map_or(workflow, |path| workflow.body(path).unwrap_or(workflow));
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
    pub(super) workflow: &'a Compiled,
    pub(super) state: &'a mut State,
    pub(super) facts: &'a mut Facts,
    steps: Vec<StepNote>,
    pub(super) now: Micros,
}

/// Where the walk goes on.
pub(super) enum Turn {
    /// On to that step.
    To(String),
    /// No step comes next.
    End,
    /// Something must be done outside.
    Stay(Action),
}

/// Bytes an answer may have that a run keeps.
const MOST_ANSWER: usize = 16 * 1024 * 1024;

impl Walk<'_> {
    fn take(&mut self, happened: Happened) -> Action {
        let phase = self.state.phase.clone();
        match phase {
            Phase::New => self.begin(),
            Phase::Asked {
                step,
                attempt,
                tries,
            } => self.asked(step, attempt, tries, happened),
            Phase::Pausing {
                step,
                attempt,
                tries,
                until,
                ..
            } if self.now >= until => self.walk_from(step, attempt, tries),
            Phase::Pausing {
                step,
                until,
                reason,
                ..
            } => Action::Pause {
                step,
                until,
                reason,
            },
            Phase::Waiting {
                step: key,
                attempt,
                until,
                reason,
            } => self.waiting(
                InWaiting {
                    key,
                    attempt,
                    until,
                    reason,
                },
                happened,
            ),
            Phase::Items { step, .. } => self.items(&step, happened),
            Phase::Succeeded { summary } => Action::Succeed {
                summary,
                result: Value::Null,
            },
            Phase::Stopped { summary } => Action::Stop {
                summary,
                result: Value::Null,
            },
            Phase::Dead { failure, at } => match happened {
                Happened::Resumed { edits } => self.resumed(at, edits),
                Happened::Answer { .. }
                | Happened::Begin
                | Happened::Due
                | Happened::Arrived { .. }
                | Happened::Items { .. } => Action::Dead { failure },
            },
        }
    }

    /// Takes the answer to what was asked for; what does not fit has it asked again.
    fn asked(&mut self, step: String, attempt: u32, tries: Tries, happened: Happened) -> Action {
        match happened {
            Happened::Answer {
                step: answered,
                outcome,
            } if answered == step => self.answered(&step, attempt, tries, outcome),
            Happened::Answer { .. }
            | Happened::Begin
            | Happened::Due
            | Happened::Arrived { .. }
            | Happened::Items { .. }
            | Happened::Resumed { .. } => self.walk_from(step, attempt, tries),
        }
    }

    /// Goes on from the step a dead run failed at, with what a person put right.
    fn resumed(&mut self, at: Option<At>, edits: Vec<Edit>) -> Action {
        let mut names: Vec<String> = edits.iter().map(|edit| root(&edit.path).into()).collect();
        names.dedup();
        self.state.input.edits.extend(edits);
        for name in names {
            if let Some(value) = self.state.results.get(&name) {
                let value = Arc::unwrap_or_clone(Arc::clone(value));
                self.remember(&name, value);
            }
        }
        match at {
            Some(at) => {
                let attempt = at.attempt.saturating_add(1);
                self.walk_from(at.step, attempt, Tries::default())
            }
            None => self.begin(),
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
                        self.state.phase = Phase::Stopped {
                            summary: summary.clone(),
                        };
                        Action::Stop {
                            summary,
                            result: Value::Null,
                        }
                    }
                    Err(failure) => self.dead(failure, None),
                }
            }
            Err(failure) => self.dead(failure, None),
        }
    }

    /// Tells whether the event is one the workflow takes. What a person asks for always is.
    fn wanted(&mut self) -> Result<bool, Failure> {
        let event = &self.state.input.event;
        let asked = match event.source {
            Source::Manual | Source::Replay | Source::Schedule => true,
            Source::Webhook | Source::Poll | Source::Change => false,
        };
        if asked || self.state.input.part.is_some() {
            return Ok(true);
        }
        if !self.workflow.listens_to(event.source, &event.topic) {
            return Ok(false);
        }
        match &self.workflow.when {
            Some(when) => when
                .holds(self.facts)
                .map_err(|error| unreadable("trigger", &error)),
            None => Ok(true),
        }
    }

    /// Goes from step to step until something must be done outside.
    pub(super) fn walk_from(&mut self, first: String, attempt: u32, tries: Tries) -> Action {
        let (mut key, mut attempt, mut tries) = (first, attempt, tries);
        loop {
            match self.step(&key, attempt, tries) {
                Turn::To(next) => key = next,
                Turn::Stay(action) => return action,
                Turn::End => return self.done(),
            }
            (attempt, tries) = (1, Tries::default());
        }
    }

    fn step(&mut self, key: &str, attempt: u32, tries: Tries) -> Turn {
        let workflow = self.workflow;
        let Some(step) = workflow.steps.get(key) else {
            let message = format!("the workflow {} has no step {key}", workflow.name);
            let failure = Failure::new(FailureClass::Bug, "unknown_step", message);
            return Turn::Stay(self.dead(failure, Some(at(key, attempt))));
        };
        if let Some(failure) = self.took_too_long() {
            return Turn::Stay(self.dead(failure, Some(at(key, attempt))));
        }
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
            Ok(None) => match self.pure(key, step, attempt, tries) {
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
            Ok(value) => self.came_through(key, step, attempt, tries, value),
            Err(failure) => self.failed(key, step, attempt, tries, failure),
        };
        self.turned(turn)
    }

    /// Keeps what a step gave, unless it is too large to be kept.
    pub(super) fn came_through(
        &mut self,
        key: &str,
        step: &CompiledStep,
        attempt: u32,
        tries: Tries,
        value: Value,
    ) -> Turn {
        let json = value.to_json();
        if json.len() > MOST_ANSWER {
            let message = format!(
                "The step {key} gave {} MiB; a run keeps up to {} MiB of an answer.",
                json.len() / 1024 / 1024,
                MOST_ANSWER / 1024 / 1024
            );
            let failure = Failure::new(FailureClass::InvalidData, "answer_too_large", message);
            return self.failed(key, step, attempt, tries, failure);
        }
        let note = self.note(key, step.kind, attempt, StepState::Succeeded);
        note.output = Some(json);
        self.keep(step, value);
        step.after()
    }

    pub(super) fn turned(&mut self, turn: Turn) -> Action {
        match turn {
            Turn::To(next) => self.walk_from(next, 1, Tries::default()),
            Turn::Stay(action) => action,
            Turn::End => self.done(),
        }
    }

    /// Decides what becomes of a run whose step failed.
    pub(super) fn failed(
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
                Turn::Stay(Action::Pause {
                    step: key.into(),
                    until,
                    reason,
                })
            }
            Decision::GiveUp => self.give_up(key, step, attempt, failure),
        }
    }

    /// Takes the step's way for errors, or ends the run.
    pub(super) fn give_up(
        &mut self,
        key: &str,
        step: &CompiledStep,
        attempt: u32,
        failure: Failure,
    ) -> Turn {
        match &step.on_error {
            Some(to) => {
                self.remember("failure", told::failure(&failure));
                Turn::To(to.clone())
            }
            None => Turn::Stay(self.dead(failure, Some(at(key, attempt)))),
        }
    }

    /// Keeps a step's result under its name.
    pub(super) fn keep(&mut self, step: &CompiledStep, mut value: Value) {
        if let Some(name) = &step.result {
            schema::complete(name, &mut value);
            self.remember(name, value);
        }
    }

    pub(super) fn remember(&mut self, name: &str, mut value: Value) {
        for edit in &self.state.input.edits {
            if root(&edit.path) == name {
                put(&mut value, edit);
            }
        }
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

    fn seed(&self) -> u64 {
        self.state.input.run.0.as_u64_pair().1
    }
}

fn at(step: &str, attempt: u32) -> At {
    At {
        step: step.to_owned(),
        attempt,
    }
}

/// The name an edit's path begins with.
fn root(path: &str) -> &str {
    path.split(['.', '[']).next().unwrap_or_default()
}

/// Puts an edit in its place; one whose place is not there changes nothing.
fn put(value: &mut Value, edit: &Edit) {
    let place = match edit.path.split_once('.') {
        Some((_, rest)) => value.at_mut(rest),
        None => Some(value),
    };
    if let Some(place) = place {
        *place = edit.value.clone();
    }
}
