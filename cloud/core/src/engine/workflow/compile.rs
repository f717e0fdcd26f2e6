//! Turns a workflow's JSON into something to walk, or tells all that is wrong with it.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::graph;
use super::model::{
    Case, FORMAT, KeySource, LinkLookup, OnDeadLetter, Outcome, Semantics, Step, StepKind, Workflow,
};
use crate::engine::checks::{Check, CompiledCheck};
use crate::engine::expression::{Expression, Template};
use crate::engine::mapping::{self, Variable};
use crate::engine::problem::{Problem, Problems};
use crate::engine::retry;

/// The mappings a workflow may use, by name.
pub type Mappings = BTreeMap<String, Arc<mapping::Compiled>>;

/// Records every run has.
pub(super) const RECORDS: [&str; 4] = ["event", "store", "profile", "company"];

/// Time an effect gets when its step does not say.
const TIMEOUT_SECONDS: u32 = 60;

/// A workflow ready to walk.
#[derive(Debug)]
pub struct Compiled {
    pub(super) name: String,
    pub(super) dead_letter: OnDeadLetter,
    pub(super) topics: Vec<String>,
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
    Wait {
        seconds: Expression,
        reason: Template,
    },
    Stop {
        outcome: Outcome,
        summary: Template,
    },
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

    /// Tells what a dead letter does to the work behind it.
    pub fn dead_letter(&self) -> OnDeadLetter {
        self.dead_letter
    }
}

/// Compiles a workflow: every step known, reachable, without a way back, every mapping there.
pub fn compile(json: &str, mappings: &Mappings) -> Result<Compiled, Vec<Problem>> {
    let mut problems = Problems::default();
    let workflow: Workflow = match serde_json::from_str(json) {
        Ok(workflow) => workflow,
        Err(error) => {
            problems.add("workflow", error.to_string());
            return problems.finish(None);
        }
    };
    if workflow.format != FORMAT {
        problems.add("format", format!("must be {FORMAT}"));
    }
    if workflow.trigger.topics.is_empty() {
        problems.add("trigger.topics", "needs at least one topic");
    }
    graph::check(&workflow, &mut problems);
    let compiled = compile_parts(&workflow, mappings, &mut problems);
    problems.finish(compiled)
}

fn compile_parts(
    workflow: &Workflow,
    mappings: &Mappings,
    problems: &mut Problems,
) -> Option<Compiled> {
    let records: Vec<String> = RECORDS.iter().map(|name| (*name).into()).collect();
    let trigger = &workflow.trigger;
    let when = problems.optional("trigger.when", trigger.when.as_ref(), &records);
    let otherwise = problems.template("trigger.otherwise", &trigger.otherwise, &records);
    let results: Vec<String> = workflow
        .steps
        .iter()
        .filter_map(|step| step.result.clone())
        .collect();
    let mut known = records;
    known.extend(results.iter().cloned());
    known.push("failure".into());
    let mut compiler = StepCompiler {
        known,
        mappings,
        problems,
        location: String::new(),
    };
    let steps = workflow
        .steps
        .iter()
        .filter_map(|step| Some((step.key.clone(), compiler.step(step)?)))
        .collect();
    Some(Compiled {
        name: workflow.name.clone(),
        dead_letter: workflow.dead_letter,
        topics: trigger.topics.clone(),
        when,
        otherwise: otherwise?,
        start: workflow.start.clone(),
        steps,
        results,
    })
}

struct StepCompiler<'a> {
    known: Vec<String>,
    mappings: &'a Mappings,
    problems: &'a mut Problems,
    location: String,
}

impl StepCompiler<'_> {
    fn step(&mut self, step: &Step) -> Option<CompiledStep> {
        self.location = format!("steps.{}", step.key);
        let needs_next = !matches!(step.kind, StepKind::Branch { .. } | StepKind::Stop { .. });
        if needs_next && step.next.is_none() {
            self.problem("needs `next`");
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
            StepKind::Wait { seconds, reason } => Some(Work::Wait {
                seconds: self.expression(seconds)?,
                reason: self.template(reason)?,
            }),
            StepKind::Stop { outcome, summary } => Some(Work::Stop {
                outcome: *outcome,
                summary: self.template(summary)?,
            }),
        }
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
        StepKind::Stop { .. } => "stop",
    }
}
