//! Checks what starts a workflow.

use super::model::Trigger;
use super::schedule;
use crate::engine::problem::Problems;

/// Notes what is wrong with a trigger.
pub(super) fn check(trigger: &Trigger, problems: &mut Problems) {
    for (place, schedule) in trigger.schedules.iter().enumerate() {
        if let Err(why) = schedule::Times::read(schedule, "UTC") {
            problems.add(&format!("trigger.schedules[{place}]"), why);
        }
    }
    for topic in &trigger.topics {
        if topic.trim().is_empty() {
            problems.add("trigger.topics", "a topic is blank");
        }
    }
}
