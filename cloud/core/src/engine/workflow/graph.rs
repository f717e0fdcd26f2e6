//! Whether the steps of a workflow make a graph that can be walked.

use std::collections::{BTreeMap, BTreeSet};

use super::model::{Step, StepKind, Workflow};
use crate::engine::problem::Problems;

/// Checks that the steps make a graph without a way back in which every step is reached.
pub(super) fn check(workflow: &Workflow, problems: &mut Problems) {
    let mut steps: BTreeMap<&str, &Step> = BTreeMap::new();
    for step in &workflow.steps {
        if steps.insert(&step.key, step).is_some() {
            problems.add(&format!("steps.{}", step.key), "the key is taken");
        }
        if ways(step).is_empty() && !matches!(step.kind, StepKind::Stop { .. }) {
            problems.add(
                &format!("steps.{}", step.key),
                "leads nowhere; end with a stop",
            );
        }
        for to in ways(step) {
            if !workflow.steps.iter().any(|step| step.key == to) {
                let message = format!("leads to `{to}`, which is no step");
                problems.add(&format!("steps.{}", step.key), message);
            }
        }
    }
    if !steps.contains_key(workflow.start.as_str()) {
        problems.add("start", format!("`{}` is no step", workflow.start));
        return;
    }
    let mut walk = Walk {
        steps: &steps,
        done: BTreeSet::new(),
        open: Vec::new(),
        circle: None,
    };
    walk.visit(&workflow.start);
    if let Some(circle) = walk.circle {
        problems.add("steps", format!("the way {circle} goes in a circle"));
    }
    let reached = walk.done;
    for step in &workflow.steps {
        if !reached.contains(step.key.as_str()) {
            problems.add(&format!("steps.{}", step.key), "is never reached");
        }
    }
}

struct Walk<'a> {
    steps: &'a BTreeMap<&'a str, &'a Step>,
    done: BTreeSet<&'a str>,
    open: Vec<&'a str>,
    circle: Option<String>,
}

impl<'a> Walk<'a> {
    fn visit(&mut self, key: &'a str) {
        if let Some(place) = self.open.iter().position(|open| *open == key) {
            let mut circle = self.open[place..].to_vec();
            circle.push(key);
            self.circle = Some(circle.join(" > "));
            return;
        }
        let Some(step) = self.steps.get(key) else {
            return;
        };
        if !self.done.insert(key) {
            return;
        }
        self.open.push(key);
        for to in ways(step) {
            self.visit(to);
        }
        self.open.pop();
    }
}

/// Gives all steps that may come after a step.
fn ways(step: &Step) -> Vec<&str> {
    let mut ways: Vec<&str> = step
        .next
        .iter()
        .chain(&step.on_error)
        .map(String::as_str)
        .collect();
    if let StepKind::Branch { cases, otherwise } = &step.kind {
        ways.extend(cases.iter().map(|case| case.to.as_str()));
        ways.push(otherwise);
    }
    ways
}
