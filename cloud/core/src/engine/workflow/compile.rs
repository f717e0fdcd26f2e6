//! Turns a workflow's JSON into something to walk, or tells all that is wrong with it.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::compiled::Compiled;
use super::model::{FORMAT, Step, Workflow};
use super::steps::{self, Place};
use super::{graph, trigger};
use crate::engine::mapping;
use crate::engine::problem::{Problem, Problems};

/// The mappings a workflow may use, by name.
pub type Mappings = BTreeMap<String, Arc<mapping::Compiled>>;

/// Records every run has.
pub(super) const RECORDS: [&str; 4] = ["event", "store", "profile", "company"];

/// Days a run gets when its workflow does not say.
const LONGEST_DAYS: u32 = 90;

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
    trigger::check(&workflow.trigger, &mut problems);
    if workflow
        .longest_days
        .is_some_and(|days| !(1..=366).contains(&days))
    {
        problems.add("longest_days", "must lie between 1 and 366");
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
    let mut known: Vec<String> = RECORDS.iter().map(|name| (*name).into()).collect();
    let trigger = &workflow.trigger;
    let when = problems.optional("trigger.when", trigger.when.as_ref(), &known);
    let otherwise = problems.template("trigger.otherwise", &trigger.otherwise, &known);
    for name in trigger.called_with.iter().flatten() {
        problems.name("trigger.called_with", name, &mut known);
    }
    let place = Place {
        location: "steps".into(),
        depth: 0,
    };
    let steps = steps::compile(&workflow.steps, &place, known, mappings, problems);
    Some(Compiled {
        name: workflow.name.clone(),
        dead_letter: workflow.dead_letter,
        topics: trigger.topics.clone(),
        changes: trigger.changes.clone(),
        schedules: trigger.schedules.clone(),
        called_with: trigger.called_with.clone(),
        at_end: workflow.at_end.clone(),
        longest_days: workflow.longest_days.unwrap_or(LONGEST_DAYS),
        when,
        otherwise: otherwise?,
        start: workflow.start.clone(),
        results: results(&workflow.steps),
        steps,
    })
}

/// The names of what steps give, in the steps' order.
pub(super) fn results(steps: &[Step]) -> Vec<String> {
    let results = steps.iter().filter_map(|step| step.result.clone());
    results.collect()
}
