//! Steps whose work is done by parts: an entry of a list each, or another workflow.

use std::collections::BTreeMap;

use super::action::{Action, Happened, Items, Part, StartItems};
use super::advance::{Turn, Walk};
use super::compiled::{CompiledStep, Each, Parts, Work};
use super::model::ItemFailure;
use super::state::Phase;
use crate::domain::failure::{Failure, FailureClass, Fault};
use crate::domain::run::StepState;
use crate::engine::checks::unreadable;
use crate::engine::expression::Expression;
use crate::engine::retry::Tries;
use crate::engine::value::Value;

/// Parts begun in one transition.
const CHUNK: usize = 500;
/// Parts of one step.
const MOST_ITEMS: usize = 100_000;
/// Bytes that one part is handed.
const MOST_GIVEN: usize = 1024 * 1024;

impl Walk<'_> {
    /// Begins a step that is done by parts.
    pub(super) fn begin_items(
        &mut self,
        key: &str,
        step: &CompiledStep,
        parts: &Parts,
        attempt: u32,
        tries: Tries,
    ) -> Result<Turn, Failure> {
        let total = match parts {
            Parts::Call { .. } => 1,
            Parts::Each(each) => self.list(key, each)?.len(),
        };
        let note = self.note(key, step.kind, attempt, StepState::Intended);
        note.input = Some(format!("{total} to do"));
        if total == 0 {
            return Ok(self.all_ended(key, step, attempt, tries, Items::default()));
        }
        self.state.phase = Phase::Items {
            step: key.to_owned(),
            attempt,
            tries,
            begun: 0,
            total: u32::try_from(total).unwrap_or(u32::MAX),
        };
        self.more_items(key, step, parts).map(Turn::Stay)
    }

    /// Goes on with a step that is done by parts.
    pub(super) fn items(&mut self, key: &str, happened: Happened) -> Action {
        let Phase::Items {
            attempt,
            tries,
            begun,
            total,
            ..
        } = self.state.phase
        else {
            return self.walk_from(key.to_owned(), 1, Tries::default());
        };
        let found = self.workflow.steps.get(key);
        let Some((step, parts)) = found.and_then(|step| Some((step, step.work.parts()?))) else {
            return self.walk_from(key.to_owned(), attempt, tries);
        };
        match happened {
            Happened::Items { step: of, items } if of == key && begun == total => {
                let turn = self.all_ended(key, step, attempt, tries, items);
                self.turned(turn)
            }
            Happened::Items { .. }
            | Happened::Answer { .. }
            | Happened::Begin
            | Happened::Due
            | Happened::Arrived { .. }
            | Happened::Resumed { .. } => {
                if begun == total {
                    return Action::AwaitItems {
                        step: key.to_owned(),
                        total,
                        collect: parts.collect(),
                    };
                }
                match self.more_items(key, step, parts) {
                    Ok(action) => action,
                    Err(failure) => {
                        let turn = self.failed(key, step, attempt, tries, failure);
                        self.turned(turn)
                    }
                }
            }
        }
    }

    /// The next parts to begin.
    fn more_items(
        &mut self,
        key: &str,
        step: &CompiledStep,
        parts: &Parts,
    ) -> Result<Action, Failure> {
        let Phase::Items { begun: first, .. } = self.state.phase else {
            return Err(Failure::new(
                FailureClass::Bug,
                "items",
                "no parts are begun",
            ));
        };
        let (workflow, made, parallel, stop) = match parts {
            Parts::Call { workflow, given } => {
                let part = self.part(key, None, given)?;
                (Some(workflow.clone()), vec![part], 1, false)
            }
            Parts::Each(each) => {
                let made = self.entries(key, each, first)?;
                let stop = each.on_failure == ItemFailure::Stop;
                (None, made, each.parallel, stop)
            }
        };
        let after = first.saturating_add(u32::try_from(made.len()).unwrap_or(u32::MAX));
        if let Phase::Items { begun, .. } = &mut self.state.phase {
            *begun = after;
        }
        Ok(Action::StartItems(StartItems {
            step: key.to_owned(),
            kind: step.kind,
            workflow,
            first,
            parts: made,
            parallel,
            stop,
        }))
    }

    /// The parts of the next entries of the list.
    fn entries(&mut self, key: &str, each: &Each, first: u32) -> Result<Vec<Part>, Failure> {
        let list = self.list(key, each)?;
        let mut made = Vec::new();
        for (place, entry) in list
            .into_iter()
            .enumerate()
            .skip(first as usize)
            .take(CHUNK)
        {
            let place = Value::from(i64::try_from(place + 1).unwrap_or(i64::MAX));
            let mark = self.facts.mark();
            self.facts.set(&each.name, entry.clone());
            self.facts.set("index", place.clone());
            let part = self.entry(key, each, entry, place);
            self.facts.reset(mark);
            made.push(part?);
        }
        Ok(made)
    }

    fn entry(
        &mut self,
        key: &str,
        each: &Each,
        entry: Value,
        place: Value,
    ) -> Result<Part, Failure> {
        let wrong = |error| unreadable(key, &error);
        let name = match &each.key {
            Some(formula) => formula.evaluate(self.facts).map_err(wrong)?,
            None => place.clone(),
        };
        let name = match &name {
            Value::Number(_) | Value::Text(_) => name.plain(),
            Value::Null | Value::Bool(_) | Value::List(_) | Value::Map(_) => String::new(),
        };
        if name.is_empty() {
            let message = format!("An entry of the step {key} has no name: its key is blank.");
            return Err(Failure::new(FailureClass::InvalidData, "item_key", message));
        }
        let mut part = self.part(key, Some(&name), &each.given)?;
        part.given.insert(each.name.clone(), entry);
        part.given.insert("index".to_owned(), place);
        let size: usize = part.given.values().map(|value| value.to_json().len()).sum();
        if size > MOST_GIVEN {
            let message = format!("An entry of the step {key} is larger than 1 MiB.");
            return Err(Failure::new(
                FailureClass::InvalidData,
                "item_too_large",
                message,
            ));
        }
        Ok(part)
    }

    fn part(
        &mut self,
        key: &str,
        name: Option<&str>,
        given: &[(String, Expression)],
    ) -> Result<Part, Failure> {
        let mut values = BTreeMap::new();
        for (name, formula) in given {
            let value = formula.evaluate(self.facts);
            values.insert(
                name.clone(),
                value.map_err(|error| unreadable(name, &error))?,
            );
        }
        let own = match name {
            Some(name) => format!("{key}:{name}"),
            None => key.to_owned(),
        };
        let whole = self.state.input.part.as_ref();
        let path = whole.map_or_else(|| own.clone(), |whole| format!("{}/{own}", whole.path));
        let outer = whole.and_then(|whole| whole.body.as_deref());
        let body = match outer {
            Some(outer) => format!("{outer}/{key}"),
            None => key.to_owned(),
        };
        Ok(Part {
            path,
            body: name.map(|_| body),
            given: values,
        })
    }

    fn list(&mut self, key: &str, each: &Each) -> Result<Vec<Value>, Failure> {
        let value = each.items.evaluate(self.facts);
        match value.map_err(|error| unreadable(key, &error))? {
            Value::List(list) if list.len() <= MOST_ITEMS => Ok(list),
            Value::Null => Ok(Vec::new()),
            Value::List(list) => {
                let message = format!(
                    "The step {key} goes through {} entries; {MOST_ITEMS} are the most.",
                    list.len()
                );
                Err(Failure::new(
                    FailureClass::InvalidData,
                    "too_many_items",
                    message,
                ))
            }
            other @ (Value::Bool(_) | Value::Number(_) | Value::Text(_) | Value::Map(_)) => {
                let message = format!("The step {key} goes through {}, not a list.", other.kind());
                Err(Failure::new(FailureClass::InvalidData, "no_list", message))
            }
        }
    }

    /// Decides what the ends of all parts come to.
    fn all_ended(
        &mut self,
        key: &str,
        step: &CompiledStep,
        attempt: u32,
        tries: Tries,
        items: Items,
    ) -> Turn {
        let each = match step.work.parts() {
            Some(Parts::Each(each)) => each,
            Some(Parts::Call { .. }) | None => {
                if let Some((_, failure)) = items.failures.into_iter().next() {
                    return self.part_failed(key, step, attempt, failure);
                }
                let value = items.results.into_iter().next().unwrap_or_default();
                return self.came_through(key, step, attempt, tries, value);
            }
        };
        if items.failed > 0 && each.on_failure != ItemFailure::Continue {
            return self.part_failed(key, step, attempt, some_failed(key, &items));
        }
        let count = |count: u32| Value::from(i64::from(count));
        let mut entries = vec![
            ("total", count(items.succeeded.saturating_add(items.failed))),
            ("succeeded", count(items.succeeded)),
            ("failed", count(items.failed)),
        ];
        if each.collect {
            entries.push(("results", Value::List(items.results)));
        }
        self.came_through(key, step, attempt, tries, Value::map(entries))
    }

    /// A part has used up its own tries: the whole does not try again by itself.
    fn part_failed(
        &mut self,
        key: &str,
        step: &CompiledStep,
        attempt: u32,
        failure: Failure,
    ) -> Turn {
        let note = self.note(key, step.kind, attempt, StepState::Failed);
        note.failure = Some(failure.clone());
        self.give_up(key, step, attempt, failure)
    }
}

fn some_failed(key: &str, items: &Items) -> Failure {
    let all = items.succeeded.saturating_add(items.failed);
    let first = items.failures.first();
    let example = first.map(|(name, failure)| format!(" {name}: {}", failure.message));
    let message = format!(
        "{} of {all} entries of {key} failed.{}",
        items.failed,
        example.unwrap_or_default()
    );
    let mut failure = Failure::new(FailureClass::BusinessRule, "items_failed", message);
    failure.faults = items
        .failures
        .iter()
        .map(|(name, failure)| Fault {
            code: failure.code.clone(),
            message: failure.message.clone(),
            field: Some(name.clone()),
            repair: "Repair the entry's own dead letter, or this one: it goes on with those that \
                     failed."
                .into(),
            ..Fault::default()
        })
        .collect();
    failure
}

impl Work {
    /// Gives the parts that do the step's work, where parts do.
    pub(super) fn parts(&self) -> Option<&Parts> {
        match self {
            Self::Parts(parts) => Some(parts),
            Self::FindLink(_)
            | Self::Branch { .. }
            | Self::ReadStore { .. }
            | Self::Check { .. }
            | Self::Set(_)
            | Self::ReserveLink { .. }
            | Self::Map(_)
            | Self::WriteGp(_)
            | Self::WriteStore { .. }
            | Self::Wait(_)
            | Self::Stop(_) => None,
        }
    }
}

impl Parts {
    /// Whether what the parts give is wanted.
    fn collect(&self) -> bool {
        match self {
            Self::Each(each) => each.collect,
            Self::Call { .. } => true,
        }
    }
}
