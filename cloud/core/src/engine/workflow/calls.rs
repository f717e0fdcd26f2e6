//! Whether workflows that call each other fit together.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::compiled::Compiled;
use crate::engine::problem::{Problem, Problems};

/// Checks one workflow's calls against all others; tells what is wrong with them.
pub(in crate::engine) fn check(
    name: &str,
    workflows: &BTreeMap<String, Arc<Compiled>>,
) -> Vec<Problem> {
    let mut problems = Problems::default();
    let calls = workflows
        .get(name)
        .map_or_else(Vec::new, |workflow| workflow.calls());
    for (place, called, given) in calls {
        let Some(target) = workflows.get(called) else {
            problems.add(&place, format!("there is no workflow `{called}`"));
            continue;
        };
        let Some(wanted) = target.called_with() else {
            let message = format!("`{called}` cannot be called: its trigger has no `called_with`");
            problems.add(&place, message);
            continue;
        };
        if target.waits_for_an_event() {
            let message = format!(
                "`{called}` waits for an event: that cannot come while the run that calls it holds \
                 the record"
            );
            problems.add(&place, message);
        }
        for missing in wanted.iter().filter(|name| !given.contains(&name.as_str())) {
            problems.add(&place, format!("`{called}` must be handed `{missing}`"));
        }
        for extra in given
            .iter()
            .filter(|name| !wanted.iter().any(|own| own == *name))
        {
            problems.add(&place, format!("`{called}` takes no `{extra}`"));
        }
    }
    if let Some(circle) = circle(name, workflows, &mut Vec::new()) {
        problems.add("steps", format!("the calls {circle} go in a circle"));
    }
    problems.finish(None::<()>).err().unwrap_or_default()
}

/// A way of calls from a workflow back to itself.
fn circle<'a>(
    name: &'a str,
    workflows: &'a BTreeMap<String, Arc<Compiled>>,
    open: &mut Vec<&'a str>,
) -> Option<String> {
    if open.first() == Some(&name) {
        let way: Vec<&str> = open.iter().copied().chain([name]).collect();
        return Some(way.join(" > "));
    }
    if open.contains(&name) {
        return None;
    }
    open.push(name);
    let calls = workflows
        .get(name)
        .map_or_else(Vec::new, |workflow| workflow.calls());
    let found = calls
        .into_iter()
        .find_map(|(_, called, _)| circle(called, workflows, open));
    open.pop();
    found
}
