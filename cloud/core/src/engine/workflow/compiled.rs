//! A workflow ready to walk.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::advance::Turn;
use super::model::{AtEnd, ItemFailure, OnDeadLetter, Outcome, Schedule, Semantics};
use crate::domain::event::Source;
use crate::engine::checks::CompiledCheck;
use crate::engine::expression::{Expression, Template};
use crate::engine::mapping;
use crate::engine::retry;

/// A workflow ready to walk.
#[derive(Debug)]
pub struct Compiled {
    pub(super) name: String,
    pub(super) dead_letter: OnDeadLetter,
    pub(super) topics: Vec<String>,
    pub(super) changes: Vec<String>,
    pub(super) schedules: Vec<Schedule>,
    pub(super) called_with: Option<Vec<String>>,
    pub(super) at_end: AtEnd,
    pub(super) longest_days: u32,
    pub(super) when: Option<Expression>,
    pub(super) otherwise: Template,
    pub(super) start: String,
    pub(super) steps: BTreeMap<String, CompiledStep>,
    /// Names of results, in the steps' order.
    pub(super) results: Vec<String>,
}

#[derive(Debug)]
pub(super) struct CompiledStep {
    pub(super) kind: &'static str,
    pub(super) work: Work,
    pub(super) result: Option<String>,
    pub(super) next: Option<String>,
    pub(super) on_error: Option<String>,
    pub(super) timeout_ms: u32,
    pub(super) retry: retry::Policy,
}

#[derive(Debug)]
pub(super) enum Work {
    FindLink(Vec<Question>),
    Branch {
        cases: Vec<(Expression, String)>,
        otherwise: String,
    },
    ReadStore {
        order: Expression,
    },
    Check {
        variables: Vec<(String, Expression)>,
        checks: Vec<CompiledCheck>,
    },
    Set(Vec<(String, Expression)>),
    ReserveLink {
        link: LinkName,
        gp_key: Expression,
    },
    Map(Arc<mapping::Compiled>),
    WriteGp(Write),
    WriteStore {
        order: Expression,
        note: Template,
    },
    Wait(Waiting),
    Parts(Parts),
    Stop(Stop),
}

/// A step that waits.
#[derive(Debug)]
pub(super) struct Waiting {
    pub(super) what: WaitFor,
    pub(super) reason: Template,
}

#[derive(Debug)]
pub(super) enum WaitFor {
    Seconds(Expression),
    Instant(Expression),
    Event {
        topics: Vec<String>,
        seconds: Expression,
        timed_out: String,
    },
    Approval {
        refused: String,
        seconds: Option<Expression>,
        timed_out: Option<String>,
    },
}

impl WaitFor {
    /// Whether something other than the time ends it.
    pub(super) fn can_arrive(&self) -> bool {
        match self {
            Self::Event { .. } | Self::Approval { .. } => true,
            Self::Seconds(_) | Self::Instant(_) => false,
        }
    }
}

/// A step whose work is done by parts of the run.
#[derive(Debug)]
pub(super) enum Parts {
    Each(Box<Each>),
    Call {
        workflow: String,
        given: Vec<(String, Expression)>,
    },
}

/// A step done for each entry of a list.
#[derive(Debug)]
pub(super) struct Each {
    pub(super) items: Expression,
    pub(super) name: String,
    pub(super) key: Option<Expression>,
    pub(super) parallel: u32,
    pub(super) on_failure: ItemFailure,
    pub(super) given: Vec<(String, Expression)>,
    pub(super) collect: bool,
    pub(super) body: Compiled,
}

#[derive(Debug)]
pub(super) struct Stop {
    pub(super) outcome: Outcome,
    pub(super) summary: Template,
    pub(super) result: Option<Expression>,
}

#[derive(Debug)]
pub(super) struct Question {
    pub(super) name: String,
    pub(super) link: LinkName,
}

/// Which link is meant.
#[derive(Debug)]
pub(super) struct LinkName {
    pub(super) kind: Template,
    pub(super) store_scoped: Expression,
    pub(super) store_key: Expression,
}

#[derive(Debug)]
pub(super) struct Write {
    pub(super) document: String,
    pub(super) purpose: String,
    pub(super) semantics: Semantics,
    pub(super) gapless: Option<Expression>,
    pub(super) next_batches: Option<Expression>,
    pub(super) closed_period: Option<Expression>,
    pub(super) links: Vec<CompiledParty>,
}

#[derive(Debug)]
pub(super) struct CompiledParty {
    pub(super) link: LinkName,
    pub(super) gp_key: PartyKey,
    pub(super) when: Option<Expression>,
}

#[derive(Debug)]
pub(super) enum PartyKey {
    Element(String),
    Value(Expression),
}

impl Compiled {
    /// Gives the workflow's name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Gives the topics it listens to.
    pub fn topics(&self) -> &[String] {
        &self.topics
    }

    /// Gives when it starts by itself.
    pub fn schedules(&self) -> &[Schedule] {
        &self.schedules
    }

    /// Gives the watchers of GP it listens to.
    pub fn changes(&self) -> &[String] {
        &self.changes
    }

    /// Tells whether it takes events of a topic that came from there.
    pub fn listens_to(&self, source: Source, topic: &str) -> bool {
        match source {
            Source::Change => topic
                .strip_prefix("gp.")
                .is_some_and(|watcher| self.changes.iter().any(|own| own == watcher)),
            Source::Webhook | Source::Poll | Source::Manual | Source::Replay => {
                self.topics.iter().any(|own| own == topic)
            }
            Source::Schedule => false,
        }
    }

    /// Tells what a dead letter does to the work behind it.
    pub fn dead_letter(&self) -> OnDeadLetter {
        self.dead_letter
    }

    /// Gives the names it must be handed when it is called; none when nobody may call it.
    pub(in crate::engine) fn called_with(&self) -> Option<&[String]> {
        self.called_with.as_deref()
    }

    /// Tells whether a step waits for an event about the run's record.
    pub(in crate::engine) fn waits_for_an_event(&self) -> bool {
        let mut steps = self.steps.values();
        steps.any(|step| match &step.work {
            Work::Wait(waiting) => match waiting.what {
                WaitFor::Event { .. } => true,
                WaitFor::Seconds(_) | WaitFor::Instant(_) | WaitFor::Approval { .. } => false,
            },
            Work::FindLink(_)
            | Work::Branch { .. }
            | Work::ReadStore { .. }
            | Work::Check { .. }
            | Work::Set(_)
            | Work::ReserveLink { .. }
            | Work::Map(_)
            | Work::WriteGp(_)
            | Work::WriteStore { .. }
            | Work::Parts(_)
            | Work::Stop(_) => false,
        })
    }

    /// Lists the workflows it calls: where, which, and the names of what it hands over.
    pub(in crate::engine) fn calls(&self) -> Vec<(String, &str, Vec<&str>)> {
        let mut calls = Vec::new();
        for (key, step) in &self.steps {
            match step.work.parts() {
                Some(Parts::Call { workflow, given }) => {
                    let names = given.iter().map(|(name, _)| name.as_str()).collect();
                    calls.push((format!("steps.{key}"), workflow.as_str(), names));
                }
                Some(Parts::Each(each)) => {
                    let inner = each.body.calls().into_iter();
                    let within = |(place, workflow, names)| {
                        (format!("steps.{key}.body.{place}"), workflow, names)
                    };
                    calls.extend(inner.map(within));
                }
                None => {}
            }
        }
        calls
    }

    /// Finds the steps done for each entry by the keys of their `for_each` steps: `orders/lines`.
    pub(super) fn body(&self, path: &str) -> Option<&Self> {
        path.split('/').try_fold(self, |workflow, key| {
            match workflow.steps.get(key)?.work.parts()? {
                Parts::Each(each) => Some(&each.body),
                Parts::Call { .. } => None,
            }
        })
    }
}

impl CompiledStep {
    /// Where the run goes on when the step came through.
    pub(super) fn after(&self) -> Turn {
        match &self.next {
            Some(next) => Turn::To(next.clone()),
            None => Turn::End,
        }
    }
}
