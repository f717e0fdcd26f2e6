//! Compiles the steps of a workflow.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::compile::{Mappings, RECORDS, results};
use super::compiled::{
    Compiled, CompiledParty, CompiledStep, Each, LinkName, Parts, PartyKey, Question, Stop,
    WaitFor, Waiting, Work, Write,
};
use super::graph;
use super::model::{AtEnd, Body, Case, KeySource, LinkLookup, OnDeadLetter, Step, StepKind};
use crate::engine::checks::{Check, CompiledCheck};
use crate::engine::expression::{Expression, Template};
use crate::engine::mapping::Variable;
use crate::engine::problem::Problems;

/// Steps of one workflow, or of one list's entries.
const MOST_STEPS: usize = 200;
/// Entries of a list worked on at once.
const MOST_PARALLEL: u32 = 32;
/// Lists within lists.
const MOST_DEPTH: u32 = 3;
/// Days for the work on one entry.
const MOST_DAYS: u32 = 366;
/// Time an effect gets when its step does not say.
const TIMEOUT_SECONDS: u32 = 60;

/// Where steps stand.
pub(super) struct Place {
    pub(super) location: String,
    /// How many lists they are within.
    pub(super) depth: u32,
}

/// Compiles steps that know those names, and each other's results.
pub(super) fn compile(
    steps: &[Step],
    place: &Place,
    mut known: Vec<String>,
    mappings: &Mappings,
    problems: &mut Problems,
) -> BTreeMap<String, CompiledStep> {
    if steps.len() > MOST_STEPS {
        problems.add(&place.location, format!("has more than {MOST_STEPS} steps"));
    }
    known.extend(results(steps));
    known.push("failure".into());
    let mut compiler = StepCompiler {
        known,
        mappings,
        problems,
        depth: place.depth,
        location: String::new(),
    };
    let compiled = steps.iter().filter_map(|step| {
        compiler.location = format!("{}.{}", place.location, step.key);
        Some((step.key.clone(), compiler.step(step)?))
    });
    compiled.collect()
}

struct StepCompiler<'a> {
    known: Vec<String>,
    mappings: &'a Mappings,
    problems: &'a mut Problems,
    depth: u32,
    location: String,
}

impl StepCompiler<'_> {
    fn step(&mut self, step: &Step) -> Option<CompiledStep> {
        let plain = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
        if step.key.is_empty() || step.key.len() > 60 || !step.key.chars().all(plain) {
            self.problem("a key is up to 60 letters, digits, _ and -");
        }
        let timeout = step.timeout_seconds.unwrap_or(TIMEOUT_SECONDS);
        if !(1..=3600).contains(&timeout) {
            self.problem("timeout_seconds must lie between 1 and 3600");
        }
        Some(CompiledStep {
            kind: kind_name(&step.kind),
            work: self.work(&step.kind)?,
            result: step.result.clone(),
            next: step.next.clone(),
            on_error: step.on_error.clone(),
            timeout_ms: timeout.saturating_mul(1_000),
            retry: step.retry.clone().unwrap_or_default(),
        })
    }

    fn work(&mut self, kind: &StepKind) -> Option<Work> {
        match kind {
            StepKind::FindLink { links } => self.questions(links),
            StepKind::Branch { cases, otherwise } => self.branch(cases, otherwise),
            StepKind::ReadStore { order } => Some(Work::ReadStore {
                order: self.expression(order)?,
            }),
            StepKind::Check { variables, checks } => Some(self.check(variables, checks)),
            StepKind::Set { values } => {
                let before = self.known.len();
                let formulas = self.variables(values);
                self.known.truncate(before);
                Some(Work::Set(formulas))
            }
            StepKind::ReserveLink {
                kind,
                store_scoped,
                store_key,
                gp_key,
            } => Some(Work::ReserveLink {
                link: self.link(kind, store_scoped, store_key)?,
                gp_key: self.expression(gp_key)?,
            }),
            StepKind::Map { mapping } => {
                if let Some(found) = self.mappings.get(mapping) {
                    return Some(Work::Map(Arc::clone(found)));
                }
                self.problem(&format!("there is no mapping `{mapping}`"));
                None
            }
            StepKind::WriteGp { .. } => self.write(kind),
            StepKind::WriteStore { order, note } => Some(Work::WriteStore {
                order: self.expression(order)?,
                note: self.template(note)?,
            }),
            StepKind::Wait { .. }
            | StepKind::WaitUntil { .. }
            | StepKind::WaitForEvent { .. }
            | StepKind::Approval { .. } => self.wait(kind).map(Work::Wait),
            StepKind::ForEach { .. } => self.for_each(kind),
            StepKind::Call { workflow, given } => {
                let before = self.known.len();
                let given = self.variables(given);
                self.known.truncate(before);
                Some(Work::Parts(Parts::Call {
                    workflow: workflow.clone(),
                    given,
                }))
            }
            StepKind::Stop {
                outcome,
                summary,
                result,
            } => Some(Work::Stop(Stop {
                outcome: *outcome,
                summary: self.template(summary)?,
                result: self.optional(result.as_ref())?,
            })),
        }
    }

    fn wait(&mut self, kind: &StepKind) -> Option<Waiting> {
        let (what, reason) = match kind {
            StepKind::Wait { seconds, reason } => {
                (WaitFor::Seconds(self.expression(seconds)?), reason)
            }
            StepKind::WaitUntil { at, reason } => (WaitFor::Instant(self.expression(at)?), reason),
            StepKind::WaitForEvent {
                topics,
                seconds,
                timed_out,
                reason,
            } => {
                if topics.is_empty() {
                    self.problem("topics: names no topic");
                }
                if self.depth > 0 {
                    self.problem("cannot wait for an event within a list");
                }
                let what = WaitFor::Event {
                    topics: topics.clone(),
                    seconds: self.expression(seconds)?,
                    timed_out: timed_out.clone(),
                };
                (what, reason)
            }
            StepKind::Approval {
                question,
                refused,
                seconds,
                timed_out,
            } => {
                let what = WaitFor::Approval {
                    refused: refused.clone(),
                    seconds: self.optional(seconds.as_ref())?,
                    timed_out: timed_out.clone(),
                };
                (what, question)
            }
            StepKind::FindLink { .. }
            | StepKind::Branch { .. }
            | StepKind::ReadStore { .. }
            | StepKind::Check { .. }
            | StepKind::Set { .. }
            | StepKind::ReserveLink { .. }
            | StepKind::Map { .. }
            | StepKind::WriteGp { .. }
            | StepKind::WriteStore { .. }
            | StepKind::ForEach { .. }
            | StepKind::Call { .. }
            | StepKind::Stop { .. } => return None,
        };
        let reason = self.template(reason)?;
        Some(Waiting { what, reason })
    }

    fn for_each(&mut self, kind: &StepKind) -> Option<Work> {
        let StepKind::ForEach {
            items,
            name,
            key,
            parallel,
            on_failure,
            given,
            collect,
            body,
        } = kind
        else {
            return None;
        };
        if !(1..=MOST_PARALLEL).contains(parallel) {
            self.problem(&format!("parallel must lie between 1 and {MOST_PARALLEL}"));
        }
        if self.depth >= MOST_DEPTH {
            self.problem(&format!("lists within lists go {MOST_DEPTH} deep"));
            return None;
        }
        let items = self.expression(items);
        let (before, scope) = (self.known.len(), self.problems.scope());
        let location = self.location.clone();
        self.problems.name(&location, name, &mut self.known);
        self.problems.name(&location, "index", &mut self.known);
        let key = self.optional(key.as_ref());
        let handed = self.variables(given);
        self.known.truncate(before);
        self.problems.leave(scope);
        let mut names = vec![name.clone(), "index".to_owned()];
        names.extend(given.iter().map(|variable| variable.name.clone()));
        let body = self.body(body, names);
        Some(Work::Parts(Parts::Each(Box::new(Each {
            items: items?,
            name: name.clone(),
            key: key?,
            parallel: *parallel,
            on_failure: *on_failure,
            given: handed,
            collect: *collect,
            body: body?,
        }))))
    }

    /// Compiles the steps for each entry: they know the records of every run and what is handed on.
    fn body(&mut self, body: &Body, names: Vec<String>) -> Option<Compiled> {
        let location = format!("{}.body", self.location);
        graph::check_body(body, &location, self.problems);
        let scope = self.problems.scope();
        let mut known: Vec<String> = RECORDS.iter().map(|name| (*name).into()).collect();
        for name in names {
            self.problems.name(&location, &name, &mut known);
        }
        let place = Place {
            location: format!("{location}.steps"),
            depth: self.depth + 1,
        };
        let steps = compile(&body.steps, &place, known, self.mappings, self.problems);
        self.problems.leave(scope);
        Some(Compiled {
            name: String::new(),
            dead_letter: OnDeadLetter::default(),
            topics: Vec::new(),
            changes: Vec::new(),
            schedules: Vec::new(),
            called_with: None,
            at_end: AtEnd::default(),
            longest_days: MOST_DAYS,
            when: None,
            otherwise: Template::compile("", &[]).ok()?,
            start: body.start.clone(),
            results: results(&body.steps),
            steps,
        })
    }

    /// Compiles values in order; each is known to those after it.
    fn variables(&mut self, variables: &[Variable]) -> Vec<(String, Expression)> {
        let mut formulas = Vec::new();
        for variable in variables {
            let formula = self.expression(&variable.expression);
            self.known.push(variable.name.clone());
            formulas.extend(formula.map(|formula| (variable.name.clone(), formula)));
        }
        formulas
    }

    fn check(&mut self, variables: &[Variable], checks: &[Check]) -> Work {
        let before = self.known.len();
        let variables = self.variables(variables);
        let checks = checks
            .iter()
            .filter_map(|check| {
                CompiledCheck::compile(check, &self.location, &self.known, self.problems)
            })
            .collect();
        self.known.truncate(before);
        Work::Check { variables, checks }
    }

    fn questions(&mut self, links: &[LinkLookup]) -> Option<Work> {
        let mut questions = Vec::new();
        for lookup in links {
            questions.push(Question {
                name: lookup.name.clone(),
                link: self.link(&lookup.kind, &lookup.store_scoped, &lookup.store_key)?,
            });
        }
        Some(Work::FindLink(questions))
    }

    fn branch(&mut self, cases: &[Case], otherwise: &str) -> Option<Work> {
        let mut compiled = Vec::new();
        for case in cases {
            compiled.push((self.expression(&case.when)?, case.to.clone()));
        }
        Some(Work::Branch {
            cases: compiled,
            otherwise: otherwise.into(),
        })
    }

    fn write(&mut self, kind: &StepKind) -> Option<Work> {
        let StepKind::WriteGp {
            document,
            purpose,
            semantics,
            gapless,
            next_batches,
            closed_period,
            links,
        } = kind
        else {
            return None;
        };
        if !self.known.iter().any(|name| name == document) {
            self.problem(&format!("no step makes `{document}`"));
        }
        if purpose.is_empty() || purpose.contains('/') {
            self.problem("purpose must be a word without slashes");
        }
        let gapless = self.optional(gapless.as_ref());
        let next_batches = self.optional(next_batches.as_ref());
        let closed_period = self.optional(closed_period.as_ref());
        let mut parties = Vec::new();
        for party in links {
            parties.push(CompiledParty {
                link: self.link(&party.kind, &party.store_scoped, &party.store_key)?,
                gp_key: match &party.gp_key {
                    KeySource::Element(element) => PartyKey::Element(element.clone()),
                    KeySource::Value(text) => PartyKey::Value(self.expression(text)?),
                },
                when: self.optional(party.when.as_ref())?,
            });
        }
        Some(Work::WriteGp(Write {
            document: document.clone(),
            purpose: purpose.clone(),
            semantics: *semantics,
            gapless: gapless?,
            next_batches: next_batches?,
            closed_period: closed_period?,
            links: parties,
        }))
    }

    /// A formula that may be left out; none when it is wrong.
    #[expect(clippy::option_option, reason = "left out and wrong are two things")]
    fn optional(&mut self, text: Option<&String>) -> Option<Option<Expression>> {
        match text {
            Some(text) => self.expression(text).map(Some),
            None => Some(None),
        }
    }

    fn link(&mut self, kind: &str, store_scoped: &str, store_key: &str) -> Option<LinkName> {
        Some(LinkName {
            kind: self.template(kind)?,
            store_scoped: self.expression(store_scoped)?,
            store_key: self.expression(store_key)?,
        })
    }

    fn expression(&mut self, text: &str) -> Option<Expression> {
        self.problems.expression(&self.location, text, &self.known)
    }

    fn template(&mut self, text: &str) -> Option<Template> {
        self.problems.template(&self.location, text, &self.known)
    }

    fn problem(&mut self, message: &str) {
        self.problems.add(&self.location, message);
    }
}

fn kind_name(kind: &StepKind) -> &'static str {
    match kind {
        StepKind::FindLink { .. } => "find_link",
        StepKind::Branch { .. } => "branch",
        StepKind::ReadStore { .. } => "read_store",
        StepKind::Check { .. } => "check",
        StepKind::Set { .. } => "set",
        StepKind::ReserveLink { .. } => "reserve_link",
        StepKind::Map { .. } => "map",
        StepKind::WriteGp { .. } => "write_gp",
        StepKind::WriteStore { .. } => "write_store",
        StepKind::Wait { .. } => "wait",
        StepKind::WaitUntil { .. } => "wait_until",
        StepKind::WaitForEvent { .. } => "wait_for_event",
        StepKind::Approval { .. } => "approval",
        StepKind::ForEach { .. } => "for_each",
        StepKind::Call { .. } => "call",
        StepKind::Stop { .. } => "stop",
    }
}
