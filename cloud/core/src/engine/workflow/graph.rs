//! Whether the steps of a workflow make a graph that can be walked.

use std::collections::{BTreeMap, BTreeSet};

use super::model::{Body, Step, StepKind, Workflow};
use crate::engine::problem::Problems;

/// Checks that the steps make a graph without a way back in which every step is reached, and that
/// every way from the start ends with a `stop`.
pub(super) fn check(workflow: &Workflow, problems: &mut Problems) {
    let graph = Graph::of(&workflow.steps, "steps", problems);
    let reached = graph.walk("start", &workflow.start, problems);
    for step in &workflow.steps {
        let goes_on = !matches!(step.kind, StepKind::Branch { .. } | StepKind::Stop { .. });
        if goes_on && step.next.is_none() && reached.contains(step.key.as_str()) {
            let location = format!("steps.{}", step.key);
            problems.add(&location, "needs `next`, or a stop in its place");
        }
    }
    let mut all = reached;
    let ends = &workflow.at_end;
    for (location, first) in [
        ("at_end.succeeded", &ends.succeeded),
        ("at_end.failed", &ends.failed),
    ] {
        if let Some(first) = first {
            all.extend(graph.walk(location, first, problems));
        }
    }
    graph.unreached(&all, problems);
}

/// Checks the steps for the entries of a list: they may end anywhere.
pub(super) fn check_body(body: &Body, location: &str, problems: &mut Problems) {
    let graph = Graph::of(&body.steps, &format!("{location}.steps"), problems);
    let reached = graph.walk(&format!("{location}.start"), &body.start, problems);
    graph.unreached(&reached, problems);
}

/// Steps by their keys.
struct Graph<'a> {
    location: String,
    steps: BTreeMap<&'a str, &'a Step>,
}

impl<'a> Graph<'a> {
    fn of(list: &'a [Step], location: &str, problems: &mut Problems) -> Self {
        let mut steps: BTreeMap<&str, &Step> = BTreeMap::new();
        for step in list {
            if steps.insert(&step.key, step).is_some() {
                problems.add(&format!("{location}.{}", step.key), "the key is taken");
            }
        }
        for step in list {
            for to in ways(step) {
                if !steps.contains_key(to) {
                    let message = format!("leads to `{to}`, which is no step");
                    problems.add(&format!("{location}.{}", step.key), message);
                }
            }
        }
        Self {
            location: location.to_owned(),
            steps,
        }
    }

    /// Gives all steps reached from the first one.
    fn walk(&self, location: &str, first: &'a str, problems: &mut Problems) -> BTreeSet<&'a str> {
        if !self.steps.contains_key(first) {
            problems.add(location, format!("`{first}` is no step"));
            return self.steps.keys().copied().collect();
        }
        let mut walk = Walk {
            steps: self.steps.clone(),
            done: BTreeSet::new(),
            open: Vec::new(),
            circle: None,
        };
        walk.visit(first);
        if let Some(circle) = walk.circle {
            problems.add(&self.location, format!("the way {circle} goes in a circle"));
        }
        walk.done
    }

    fn unreached(&self, reached: &BTreeSet<&str>, problems: &mut Problems) {
        for key in self.steps.keys() {
            if !reached.contains(key) {
                problems.add(&format!("{}.{key}", self.location), "is never reached");
            }
        }
    }
}

struct Walk<'a> {
    steps: BTreeMap<&'a str, &'a Step>,
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
    match &step.kind {
        StepKind::Branch { cases, otherwise } => {
            ways.extend(cases.iter().map(|case| case.to.as_str()));
            ways.push(otherwise);
        }
        StepKind::WaitForEvent { timed_out, .. } => ways.push(timed_out),
        StepKind::Approval {
            refused, timed_out, ..
        } => {
            ways.push(refused);
            ways.extend(timed_out.as_deref());
        }
        StepKind::FindLink { .. }
        | StepKind::ReadStore { .. }
        | StepKind::Check { .. }
        | StepKind::Set { .. }
        | StepKind::ReserveLink { .. }
        | StepKind::Map { .. }
        | StepKind::WriteGp { .. }
        | StepKind::WriteStore { .. }
        | StepKind::Wait { .. }
        | StepKind::WaitUntil { .. }
        | StepKind::ForEach { .. }
        | StepKind::Call { .. }
        | StepKind::Stop { .. } => {}
    }
    ways
}
