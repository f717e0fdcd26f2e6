//! Walks a workflow to its end with a world that is played: nothing is read or written anywhere.

use std::collections::BTreeMap;

use super::action::{
    Action, Awaited, Happened, Items, LinkQuery, Part, RunInput, StartItems, StepNote,
};
use super::advance::{Walker, start};
use super::compiled::Compiled;
use crate::domain::failure::{Failure, FailureClass};
use crate::domain::time::Micros;
use crate::engine::value::Value;

/// Advances after which a rehearsal is given up.
const MOST_ADVANCES: usize = 5_000;
/// Parts of one step that are rehearsed; the others are taken to come through.
const MOST_PARTS: usize = 20;

/// What the world answers, by the key of the step that asks: `lines/note` within a list.
#[derive(Clone, Debug, Default)]
pub struct World {
    /// Answers of steps.
    pub answers: BTreeMap<String, Value>,
}

/// What a rehearsal came to.
#[derive(Clone, Debug, PartialEq)]
pub struct Rehearsal {
    /// What was done at steps, in order; those of parts with their paths.
    pub steps: Vec<(String, StepNote)>,
    /// Documents that would have been written: path of the step, and XML.
    pub documents: Vec<(String, String)>,
    /// How it ended: what people would read, or why it would be dead.
    pub end: Result<String, Failure>,
}

/// Walks a workflow from its beginning; `workflows` are those it may call.
///
/// A read without an answer is a failure that says so. Other effects come through: no links are
/// known, reservations are won, documents and notes are taken. Times pass at once, events come,
/// people say yes, unless an answer says otherwise.
pub fn rehearse(
    workflow: &Compiled,
    workflows: &dyn Fn(&str) -> Option<std::sync::Arc<Compiled>>,
    input: RunInput,
    world: &World,
    now: Micros,
) -> Rehearsal {
    let mut stage = Stage {
        workflows,
        world,
        rehearsal: Rehearsal {
            steps: Vec::new(),
            documents: Vec::new(),
            end: Ok(String::new()),
        },
        advances: 0,
        now,
    };
    let end = stage.play(workflow, input, "");
    let mut rehearsal = stage.rehearsal;
    rehearsal.end = end.map(|(summary, _)| summary);
    rehearsal
}

struct Stage<'a> {
    workflows: &'a dyn Fn(&str) -> Option<std::sync::Arc<Compiled>>,
    world: &'a World,
    rehearsal: Rehearsal,
    advances: usize,
    now: Micros,
}

/// What people would read, and what the run would give.
type End = Result<(String, Value), Failure>;

impl Stage<'_> {
    fn play(&mut self, workflow: &Compiled, input: RunInput, within: &str) -> End {
        let mut walker = Walker::new(start(workflow, input));
        let mut happened = Happened::Begin;
        let mut parts = Vec::new();
        loop {
            self.advances += 1;
            if self.advances > MOST_ADVANCES {
                let message = "The rehearsal takes too many steps.";
                return Err(Failure::new(FailureClass::InvalidData, "too_long", message));
            }
            let (notes, action) = walker.advance(workflow, happened, self.now);
            for note in notes {
                self.rehearsal.steps.push((within.to_owned(), note));
            }
            happened = match action {
                Action::Succeed { summary, result } | Action::Stop { summary, result } => {
                    return Ok((summary, result));
                }
                Action::Dead { failure } => return Err(failure),
                Action::StartItems(begun) => {
                    parts.push(begun);
                    Happened::Begin
                }
                Action::AwaitItems { step, .. } => {
                    let begun = std::mem::take(&mut parts);
                    let items = self.items(workflow, walker.state().input(), begun, within);
                    Happened::Items { step, items }
                }
                Action::Pause { until, .. } => {
                    self.now = until;
                    Happened::Due
                }
                Action::Await {
                    step, what, until, ..
                } => self.awaited(step, &what, until, within),
                effect @ (Action::ReadStore { .. }
                | Action::FindLinks { .. }
                | Action::ReserveLink { .. }
                | Action::ExecuteDocument { .. }
                | Action::WriteStore { .. }) => self.effect(effect, within),
            };
        }
    }

    fn awaited(
        &mut self,
        step: String,
        what: &Awaited,
        until: Option<Micros>,
        within: &str,
    ) -> Happened {
        let value = match (self.answer(within, &step), what) {
            (Some(Value::Null), Awaited::Event { .. } | Awaited::Approval) | (_, Awaited::Time) => {
                self.now = until.unwrap_or(self.now);
                return Happened::Due;
            }
            (Some(value), _) => value.clone(),
            (None, Awaited::Approval) => Value::map([
                ("approved", Value::from(true)),
                ("by", "rehearsal".into()),
                ("note", "".into()),
            ]),
            (None, Awaited::Event { topics }) => {
                let topic = topics.first().map(String::as_str).unwrap_or_default();
                Value::map([("topic", Value::from(topic))])
            }
        };
        Happened::Arrived { step, value }
    }

    fn effect(&mut self, action: Action, within: &str) -> Happened {
        let (step, played) = match action {
            Action::ReadStore { step, .. } => {
                let message = format!(
                    "The step {step} reads from the store, which is not there: give what it reads."
                );
                let missing = Failure::new(FailureClass::InvalidData, "no_sample", message);
                (step, Err(missing))
            }
            Action::FindLinks { step, keys } => {
                let none = |query: LinkQuery| (query.name, Value::Null);
                (step, Ok(Value::map(keys.into_iter().map(none))))
            }
            Action::ReserveLink { step, gp_key, .. } => {
                let won = Value::map([
                    ("gp_key", Value::from(gp_key.as_str())),
                    ("complete", false.into()),
                    ("ours", true.into()),
                ]);
                (step, Ok(won))
            }
            Action::ExecuteDocument { step, xml, .. } => {
                let place = path(within, &step);
                self.rehearsal.documents.push((place, xml));
                let taken = Value::map([
                    ("keys", Value::Map(BTreeMap::new())),
                    ("already_done", false.into()),
                    ("payload_differs", false.into()),
                ]);
                (step, Ok(taken))
            }
            Action::WriteStore { step, .. } => {
                (step, Ok(Value::map([("note", Value::from("not written"))])))
            }
            Action::Pause { .. }
            | Action::Await { .. }
            | Action::StartItems(_)
            | Action::AwaitItems { .. }
            | Action::Succeed { .. }
            | Action::Stop { .. }
            | Action::Dead { .. } => return Happened::Begin,
        };
        let outcome = match self.answer(within, &step) {
            Some(given) => Ok(given.clone()),
            None => played,
        };
        Happened::Answer { step, outcome }
    }

    fn items(
        &mut self,
        workflow: &Compiled,
        whole: &RunInput,
        begun: Vec<StartItems>,
        within: &str,
    ) -> Items {
        let mut items = Items::default();
        for start in begun {
            let called = start.workflow.as_deref();
            let called = called.map(|name| (name, (self.workflows)(name)));
            let place = path(within, &start.step);
            for part in start.parts {
                let name = part.path.clone();
                if items.succeeded as usize + items.failed as usize >= MOST_PARTS {
                    items.succeeded += 1;
                    items.results.push(Value::Null);
                    continue;
                }
                let input = part_of(whole, part);
                let end = match &called {
                    Some((_, Some(called))) => self.play(called, input, &place),
                    Some((name, None)) => {
                        let message = format!("There is no workflow {name}.");
                        Err(Failure::new(FailureClass::Bug, "no_workflow", message))
                    }
                    None => self.play(workflow, input, &place),
                };
                match end {
                    Ok((_, result)) => {
                        items.succeeded += 1;
                        items.results.push(result);
                    }
                    Err(failure) => {
                        items.failed += 1;
                        items.failures.push((name, failure));
                    }
                }
            }
        }
        items
    }

    fn answer(&self, within: &str, step: &str) -> Option<&Value> {
        self.world.answers.get(&path(within, step))
    }
}

fn part_of(whole: &RunInput, part: Part) -> RunInput {
    let mut input = whole.clone();
    input.part = Some(part);
    input.event.body = Value::Null;
    input
}

/// Keys of steps within steps: `lines/note`.
fn path(within: &str, step: &str) -> String {
    if within.is_empty() {
        step.to_owned()
    } else {
        format!("{within}/{step}")
    }
}
